/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between peer.c (the loop) and peer_use.c (what owners ask for). */
#pragma once

#include "daemon/peer.h"
#include "daemon/peer_timer.h"

struct peer {
	struct connection *connection;
	const struct peer_callbacks *callbacks;
	void *userdata;
	sd_event *event;
	sd_event_source *io, *timer, *defer;
	struct peer_timer times;
	uint64_t bytes_in, bytes_out;

	bool must_read;
	bool paused;
	bool told_ready;   /* on_ready was called */
	bool told_flushed; /* nothing was sent since on_flushed */
	bool ending;       /* the goodbye has begun; code and why say how on_end is to be called */
	bool failed;       /* no goodbye: on_end at the next wakeup */
	bool ended;        /* on_end was called */
	bool running, freed;
	bool woken; /* the defer source is to run */
	int code;
	struct error why;
};

uint64_t peer_now_ms(const struct peer *peer);

/* Another wakeup soon, for what needs no event. */
void peer_wake(struct peer *peer);

/* Sets the timer to the next deadline; for a later one than it is set to nobody needs to. */
void peer_arm(struct peer *peer);
