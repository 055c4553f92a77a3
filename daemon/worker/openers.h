/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor's openers (opener.h): requests in, answers out, and never a wait.
 *
 *     openers_ask --> queue --> an idle opener, soon a new one up to OPENERS_MAX --> on_answer
 *                                    `-- silent for the limit: -ETIMEDOUT; it is killed, and HUNG until it has ended
 *
 * One opener is kept warm, so that the usual request is one round trip; others end when they were not needed for a while. One that hangs
 * over a dead file system may not end when it is killed; it is left, and counts. When all of them hang, nothing is opened any more until
 * one has ended: each request is answered with -ETIMEDOUT and a sentence at once. Requests aside of jobs get at most OPENERS_ASIDE_MAX of
 * the openers, also of those that hang, so that questions never keep jobs from being opened.
 *
 * Memory: OPENERS_QUEUE_MAX requests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "conf/option.h"
#include "daemon/worker/opener_ipc.h"
#include "daemon/worker/process.h"

#define OPENERS_MAX 8
#define OPENERS_QUEUE_MAX 4096
#define OPENERS_ASIDE_MAX 2
#define OPENERS_TICKS 8 /* of which the limit is made: only time in which the loop runs counts */

enum opener_state {
	OPENER_DOWN,
	OPENER_IDLE,
	OPENER_BUSY,
	OPENER_HUNG,    /* was killed for its silence, and has not ended */
	OPENER_ENDING,  /* has closed its socket or spoken nonsense, and was killed; its end has not come */
	OPENER_LEAVING, /* is not needed any more, and ends */
};

struct opener_item; /* a request on its way */

struct openers;

struct opener {
	struct openers *openers;
	enum opener_state state;
	struct process process;
	sd_event_source *io;
	struct opener_item *item; /* BUSY */
	bool aside;               /* BUSY, HUNG: over a request aside of jobs */
};

struct openers_callbacks {
	/* The answer; a descriptor (SLICE with r 0, else -1) is the receiver's. Called from the loop only. */
	void (*on_answer)(const struct open_request *request, const struct open_answer *answer, int fd, void *userdata);
	/* In a new process, between fork and exec. */
	void (*on_forked)(void *userdata);
};

struct openers {
	sd_event *event;
	const char *program;
	char **arguments; /* of a new process, ended by NULL */
	uint64_t limit_ms;
	const struct openers_callbacks *callbacks;
	void *userdata;

	struct opener all[OPENERS_MAX];
	struct opener_item *first, *last; /* the queue */
	size_t queued, aside; /* aside: how many of them are */
	sd_event_source *timer; /* ticks while there is something to wait for */
	sd_event_source *hurry; /* while something waits for an opener */
	sd_event_source *calm;  /* while more than one is idle */
	bool told;              /* that all of them hang */
};

/*
 * Starts the warm one. roots, program and callbacks must live as long. 0 or negative with a sentence; openers_deinit() in either
 * case.
 */
int openers_init(struct openers *openers, sd_event *event, const char *program, const struct conf_list *roots, uint64_t limit_ms,
                 const struct openers_callbacks *callbacks, void *userdata, struct error *err);
void openers_deinit(struct openers *openers);

/*
 * Asks; the descriptor (CHECK; else -1) stays the caller's. 0, and the answer comes later from the loop, or -ENOMEM, -ENOBUFS (the
 * queue is full), -EBUSY (aside, and as many as may be are on their way or hang) or the errno of duplicating the descriptor.
 */
int openers_ask(struct openers *openers, const struct open_request *request, int file);

/* How many do not answer. */
size_t openers_hung(const struct openers *openers);
