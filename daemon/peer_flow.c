/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast a peer may be: its times, pausing it, and keeping it alive while the loop is busy. See peer.h. */
#include "daemon/peer_internal.h"

uint64_t peer_now(const struct peer *peer)
{
	uint64_t us = 0;

	(void)sd_event_now(peer->event, CLOCK_MONOTONIC, &us); /* fails for an unknown clock only */
	return us / 1000;
}

void peer_set_times(struct peer *peer, uint64_t ping_ms, uint64_t dead_ms)
{
	peer_timer_greet(&peer->times, ping_ms, dead_ms);
	connection_restrict(peer->connection, NULL);
	connection_set_patience(peer->connection, peer->must_read ? dead_ms : PEER_PATIENCE_MS);
	peer_arm(peer);
}

void peer_must_read(struct peer *peer)
{
	peer->must_read = true;
}

void peer_pause(struct peer *peer)
{
	if (peer->paused)
		return;
	peer->paused = true;
	peer_timer_pause(&peer->times, peer_now(peer), true);
	connection_set_reading(peer->connection, false);
	peer_wake(peer); /* the loop stops to wait for its bytes */
}

void peer_resume(struct peer *peer)
{
	if (!peer->paused)
		return;
	peer->paused = false;
	peer_timer_pause(&peer->times, peer_now(peer), false);
	connection_set_reading(peer->connection, true);
	peer_wake(peer);
	peer_arm(peer);
}

void peer_breathe(struct peer *peer, uint64_t now)
{
	if (peer->ended || peer->freed || peer->failed || peer->ending)
		return;
	if (peer_timer_ping_due(&peer->times, now)) {
		if (connection_flushed(peer->connection) &&
		    connection_send(peer->connection, fq_Type_PING, 0, NULL) == 0)
			peer_timer_sent(&peer->times, now);
		peer_timer_pinged(&peer->times, now);
	}
	connection_push(peer->connection);
}

const struct connection *peer_connection(const struct peer *peer)
{
	return peer->connection;
}

uint64_t peer_idle_ms(const struct peer *peer)
{
	return peer_timer_idle(&peer->times, peer_now(peer));
}
