/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many workers to start and which to end, as a pure function of what is seen: no clock, no Slurm, no coordinator.
 *
 * More are started at once; fewer are held only when fewer were wanted for `idle`, and by ending those that have been idle for as long.
 * Never more than max are there: those that wait and those that are ending count. Whoever cannot be asked is not guessed: without a list
 * from Slurm this is not called.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELASTIC_PAUSE_FIRST_MS 10000 /* after a start of workers of which none came up, the next one waits, each time twice as long */
#define ELASTIC_PAUSE_LARGEST_MS 600000

struct elastic_rules {
	uint64_t min, max, bytes_per_worker, idle_ms, settle_ms;
};

enum elastic_is {
	ELASTIC_PENDING,  /* waits at Slurm */
	ELASTIC_STARTING, /* runs there, and is no node yet */
	ELASTIC_BUSY,
	ELASTIC_IDLE,
	ELASTIC_ENDING,   /* was told to end */
};

struct elastic_worker {
	enum elastic_is is;
	uint64_t since_ms; /* that it is so */
};

struct elastic_seen {
	uint64_t now_ms;
	uint64_t bytes; /* still to be counted, of files that were opened */
	uint64_t jobs;  /* unfinished */
	const struct elastic_worker *workers;
	size_t n;
};

/* What has to be known from one look to the next; {0} at the start. */
struct elastic_state {
	uint64_t begun_ms;    /* of the first look; 0: there was none */
	uint64_t over_ms;     /* since when fewer are wanted than are there; 0: they are not */
	uint64_t next_ms;     /* none are started before */
	uint64_t pause_ms;    /* that the next start without success costs */
};

struct elastic_decision {
	uint64_t want;
	uint64_t start; /* so many new ones */
	size_t end_n;   /* and these are ended: ends[] has their places, room for n */
};

void elastic_decide(const struct elastic_rules *rules, const struct elastic_seen *seen, struct elastic_state *state,
                    struct elastic_decision *ret, size_t *ends);

/* How the start came out that was decided; failed: it is not known what became of it. */
void elastic_started(const struct elastic_rules *rules, uint64_t now_ms, bool failed, struct elastic_state *state);
