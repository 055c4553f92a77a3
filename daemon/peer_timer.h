/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The deadlines of a peer, as pure arithmetic: what is due when. All times are milliseconds of one
 * monotonic clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

#define PEER_TIMER_ACCURACY_US 10000

struct peer_timer {
	uint64_t ping, dead;        /* spans; 0: never */
	uint64_t greeting, goodbye; /* deadlines; 0: none */
	uint64_t heard, sent, pinged;
	uint64_t waits;             /* since when bytes wait and none was taken; UINT64_MAX: none wait */
	uint64_t greeting_span; /* for the sentence */
	bool greeted, paused;
};

enum peer_due {
	PEER_DUE_NOTHING = 0,
	PEER_DUE_PING,
	PEER_DUE_GOODBYE, /* the goodbye has lasted long enough */
	PEER_DUE_END,     /* silent for too long, never greeted, or it does not read: err has the sentence */
};

void peer_timer_init(struct peer_timer *timer, uint64_t now, uint64_t greeting, uint64_t ping,
                     uint64_t dead);
void peer_timer_greet(struct peer_timer *timer, uint64_t ping, uint64_t dead);
void peer_timer_goodbye(struct peer_timer *timer, uint64_t now, uint64_t span);
void peer_timer_heard(struct peer_timer *timer, uint64_t now);
void peer_timer_sent(struct peer_timer *timer, uint64_t now);
/* Whether bytes wait for the other side, and whether it has taken some. */
void peer_timer_taken(struct peer_timer *timer, uint64_t now, bool taken, bool waits);
/* While it is paused it cannot be heard, and is not blamed. */
void peer_timer_pause(struct peer_timer *timer, uint64_t now, bool paused);
/* This process was not let run for so long: the other side could not be heard, and is not blamed for that time. */
void peer_timer_late(struct peer_timer *timer, uint64_t now, uint64_t late);
void peer_timer_pinged(struct peer_timer *timer, uint64_t now);

/* When something is due next; UINT64_MAX: never. */
uint64_t peer_timer_next(const struct peer_timer *timer);

enum peer_due peer_timer_due(const struct peer_timer *timer, uint64_t now, struct error *err);

/* Whether PING is due, whatever else may be. */
bool peer_timer_ping_due(const struct peer_timer *timer, uint64_t now);

uint64_t peer_timer_idle(const struct peer_timer *timer, uint64_t now);
