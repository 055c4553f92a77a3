/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an owner sends to a peer, and how he lets it wait: see peer.h. None of it calls him back. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/peer_internal.h"

/* ---- sending ---- */

static int sent(struct peer *peer, int r)
{
	if (r < 0 && r != -EPIPE && !peer->ending && !peer->failed) {
		peer->failed = true;
		peer->code = error_set(
		    &peer->why, r, r == -ENOBUFS ? ERROR_UNAVAILABLE : ERROR_SOFTWARE,
		    r == -ENOBUFS ? "the other side does not read: %zu bytes are queued (%s)"
				  : "a message could not be queued behind %zu bytes: %s",
		    connection_queued(peer->connection), strerror(-r));
	}
	if (r == 0) {
		peer_timer_sent(&peer->times, peer_now_ms(peer));
		peer->told_flushed = false;
	}
	peer_wake(peer);
	return r;
}

int peer_send(struct peer *peer, uint16_t type, uint16_t tag, const void *message)
{
	assert(peer);
	if (peer->ended || peer->freed || peer->failed)
		return -EPIPE;
	return sent(peer, connection_send(peer->connection, type, tag, message));
}

int peer_send_shared(struct peer *peer, uint16_t type, uint16_t tag, const void *message,
                     struct shared *blob)
{
	assert(peer && blob);
	if (peer->ended || peer->freed || peer->failed) {
		(void)shared_unref(blob); /* always NULL */
		return -EPIPE;
	}
	return sent(peer, connection_send_shared(peer->connection, type, tag, message, blob));
}

int peer_send_blob(struct peer *peer, uint16_t type, uint16_t tag, const void *message,
                   uint8_t *blob, size_t n)
{
	struct shared *shared = shared_new(blob, n);

	return shared ? peer_send_shared(peer, type, tag, message, shared) : sent(peer, -ENOMEM);
}

int peer_send_error(struct peer *peer, uint16_t tag, const struct error *err)
{
	fq_Error message = {.class = err->class};

	_Static_assert(sizeof message.text == sizeof err->text, "a sentence fits the message");
	memcpy(message.text, err->text, sizeof message.text);
	return peer_send(peer, fq_Type_ERROR, tag, &message);
}

/* ---- times, and waiting ---- */

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
	peer_timer_pause(&peer->times, peer_now_ms(peer), true);
	connection_set_reading(peer->connection, false);
	peer_wake(peer); /* the loop stops to wait for its bytes */
}

void peer_resume(struct peer *peer)
{
	if (!peer->paused)
		return;
	peer->paused = false;
	peer_timer_pause(&peer->times, peer_now_ms(peer), false);
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
