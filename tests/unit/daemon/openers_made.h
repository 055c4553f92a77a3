/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For test_worker_openers*.c: a supervisor's openers, which are real processes of fqworkerd, and a file for them to open. Whatever
 * cannot be set up, and anything that does not happen, ends the test program.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "daemon/worker/openers.h"

struct made {
	sd_event *event;
	struct openers openers;
	char program[4096], path[64]; /* fqworkerd, the file */
	uint64_t asked;
	/* the last answer */
	size_t answers;
	struct open_answer answer;
	int fd;
	bool in_order;
	rlim_t descriptors; /* that a new opener may have, or 0 */
};

void made_begin(struct made *made);
void made_end(struct made *made);

void made_fail(const char *what) __attribute__((noreturn));

/* Until so many answers have come since the beginning. */
void made_run_until(struct made *made, size_t answers);

/* Asks; and waits for the answer, whose r it is. */
void made_ask(struct made *made, enum open_kind kind, const char *of, const struct fingerprint *planned, int file);
int made_answer_of(struct made *made, enum open_kind kind, const char *of, const struct fingerprint *planned, int file);

/* How many have not ended. */
size_t made_alive(const struct made *made);

/* The last one that waits for a request. */
struct opener *made_last_idle(struct made *made);

/* Sends a signal to one that is there, or kills all. */
void made_strike(const struct opener *opener, int signal);
void made_kill_all(struct made *made);
