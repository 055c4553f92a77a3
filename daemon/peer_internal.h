/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer behind peer.h, for its own files: peer.c (life, sending, work) and peer_flow.c (times, pausing). */
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

/* The loop's time, monotonic milliseconds. */
uint64_t peer_now(const struct peer *peer);

/* The peer has work that no event will tell; its timer is set to what is due next. */
void peer_wake(struct peer *peer);
void peer_arm(struct peer *peer);
