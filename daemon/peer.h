/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection on the daemon's event loop: the other side, seen as frames that come, frames that
 * go, and one end.
 *
 *     socket ready --> connection_run --> on_ready once --> on_frame for each frame --> on_end once
 *     peer_send -----> queue -----------> written together, behind the reading
 *
 * PING and PONG are handled here and not seen by the owner, but for PONGs that he wants (on_pong): PING is sent when nothing was sent,
 * or nothing has come (a client that only listens), for ping_ms; the peer ends when not a byte has
 * come for dead_ms, or when it was not greeted (peer_set_times) within PEER_GREETING_MS. A wakeup
 * does a bounded piece of work; what is left is done in later ones, so that one busy peer starves
 * nobody.
 *
 * An owner who has enough on its hands lets the peer wait (peer_pause): nothing is read from it then,
 * and the deadline of its silence stands still, since it cannot be heard. What tells that it is gone
 * is then the kernel, to which PING is not acknowledged.
 *
 * Every function may be called from inside any callback, also peer_end() and peer_free() of the
 * same peer: callbacks run only from the event loop, never from within a function of this file, and
 * what a callback frees lives until it returns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/base/error.h"
#include "lib/wire/connection.h"

#define PEER_GREETING_MS 5000 /* from peer_new() to the first peer_set_times() */
#define PEER_GOODBYE_MS 1000  /* from peer_end() to on_end at most */
#define PEER_PATIENCE_MS 600000 /* how long one that may pause may keep this side from sending */

struct peer;

struct peer_callbacks {
	/*
	 * The handshake is done: connection_peer_pin(peer_connection(peer)) tells who it is. May be
	 * NULL.
	 */
	void (*on_ready)(struct peer *peer, void *userdata);

	/*
	 * A whole frame, DATA too; its payload is not decoded yet and valid until the callback
	 * returns or sends.
	 */
	void (*on_frame)(struct peer *peer, const struct frame *frame, void *userdata);

	/*
	 * The last callback, called once: r is 0 after peer_end(), else the negative errno of
	 * connection_run(), -ETIMEDOUT (nothing came for dead_ms, it was not greeted in time, or it
	 * took nothing for dead_ms: peer_must_read), -ENOBUFS (too much waits for it) or -EBADMSG (what it sent is no frame); err has the sentence.
	 * The owner calls peer_free() now or later.
	 */
	void (*on_end)(struct peer *peer, int r, const struct error *err, void *userdata);

	/*
	 * All that was sent is out of the queue: an owner with much to send (a long list, many
	 * results) sends its next piece now, and so never holds more than that piece in memory. May
	 * be NULL.
	 */
	void (*on_flushed)(struct peer *peer, void *userdata);

	/*
	 * The answer to a PING with this tag (not 0), which the owner has sent: the other side has taken all that
	 * was sent before it, and all that it had sent by then has been shown. May be NULL.
	 */
	void (*on_pong)(struct peer *peer, uint16_t tag, void *userdata);
};

/*
 * Puts a connection on the loop and takes it over (also on failure). Frames may be sent at once.
 * Before the greeting its deadline and dead_ms count, and no PING is sent. 0 for ping_ms or
 * dead_ms: never. callbacks must live as long as the peer.
 */
int peer_new(sd_event *event, struct connection *connection, const struct peer_callbacks *callbacks,
             uint64_t ping_ms, uint64_t dead_ms, void *userdata, struct peer **ret,
             struct error *err);

/* Closes at once what is not closed yet, without on_end. Takes NULL, returns NULL. */
struct peer *peer_free(struct peer *peer);

/*
 * The other side is greeted (WELCOME was sent or has come): lifts the greeting's deadline and the
 * restriction of its frames (connection_restrict), and sets the times.
 */
void peer_set_times(struct peer *peer, uint64_t ping_ms, uint64_t dead_ms);

/*
 * The other side always reads (the coordinator's peers do; the coordinator itself may pause): if it
 * takes nothing for dead_ms although something waits for it, it is ended, by the kernel too.
 */
void peer_must_read(struct peer *peer);

/* No frame is shown and nothing is read until peer_resume(); a second call changes nothing. */
void peer_pause(struct peer *peer);
void peer_resume(struct peer *peer);

/*
 * For an owner that is kept from its loop by long work: sends PING where it is due, and what waits
 * to be sent as far as the socket takes it. Calls nobody back.
 */
void peer_breathe(struct peer *peer, uint64_t now_ms);

const struct connection *peer_connection(const struct peer *peer);

/* Milliseconds since a byte last came. */
uint64_t peer_idle_ms(const struct peer *peer);

/*
 * As connection_send() and connection_send_blob(). On failure (-ENOBUFS: it does not read) the peer
 * is ended from the loop by itself, so that an owner who has no better idea may ignore the result.
 * A peer that has ended takes nothing: -EPIPE.
 */
int peer_send(struct peer *peer, uint16_t type, uint16_t tag, const void *message);
int peer_send_blob(struct peer *peer, uint16_t type, uint16_t tag, const void *message,
                   uint8_t *blob, size_t n);
int peer_send_shared(struct peer *peer, uint16_t type, uint16_t tag, const void *message,
                     struct shared *blob);

/* As connection_forward(), and otherwise as peer_send(). */
int peer_forward(struct peer *peer, const struct frame *frame);

/* Answers the request with this tag by ERROR: class and sentence of err. */
int peer_send_error(struct peer *peer, uint16_t tag, const struct error *err);

/*
 * No more frames are shown to the owner; what is queued is still sent (for at most
 * PEER_GOODBYE_MS), then the connection is closed in order and on_end called with r 0 and the
 * reason. A second call changes nothing.
 */
void peer_end(struct peer *peer, const char *reason);

/* Sends ERROR without a tag, then as peer_end() with the same sentence. */
void peer_refuse(struct peer *peer, const struct error *err);
