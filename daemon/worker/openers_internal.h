/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between openers.c (the processes, and who gets what) and openers_queue.c (what is asked, and waits). */
#pragma once

#include "daemon/worker/openers.h"

struct opener_item {
	struct opener_item *next;
	struct open_request request;
	int file;
	unsigned int ticks; /* since it was asked, or since an opener has it */
	unsigned int tries; /* openers that have ended over it */
};

/* To the front, as what was asked first; the first one, which is there, leaves the queue. */
void queue_put_back(struct openers *openers, struct opener_item *item);
struct opener_item *queue_pop(struct openers *openers);

/* An opener has ended over it: it is asked of another, but not for ever. */
void queue_ask_again(struct openers *openers, struct opener_item *item);

/* A tick: what waits for as long as one may wait is late. */
void queue_expire(struct openers *openers);

/* All openers hang: everything is late or lost already. It is said, and not waited for. */
void queue_deny(struct openers *openers);

/* Answers that it came to nothing, because it took too long. Frees it. */
void item_late(struct openers *openers, struct opener_item *item);
void item_free(struct opener_item *item);

/* ---- openers.c ---- */

/* The first of the queue goes to one that is idle; where none is alive at all, to a new one. */
void openers_give(struct openers *openers);

/* How many have a request aside of jobs, or hang over one. */
size_t openers_aside(const struct openers *openers);
