/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection on the event loop: see peer.h.
 *
 * Three sources serve a peer: its socket, one timer for all deadlines (peer_timer.c says which is
 * next), and a defer source for work that needs no event: frames left over, and what the owner has
 * sent. Each of them does the same: work(). enter() and leave() keep the peer alive while one of
 * its callbacks runs.
 */
#include "daemon/peer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/peer_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define FRAMES_BUDGET 64 /* frames a wakeup: about a millisecond of an owner's work */
#define FRAMES_MS 5      /* and where they cost more, so long */
#define TURN_MS 500      /* how often it is looked at, so that the timer tells */
#define LATE_MS 100      /* of a timer: more is time in which this process was not let run */

/* ---- making and freeing ---- */

static void destroy(struct peer *peer)
{
	sd_event_source_disable_unref(peer->io);
	sd_event_source_disable_unref(peer->timer);
	sd_event_source_disable_unref(peer->defer);
	(void)connection_free(peer->connection); /* always NULL */
	sd_event_unref(peer->event);
	free(peer);
}

static void silence(struct peer *peer)
{
	(void)sd_event_source_set_enabled(peer->io, SD_EVENT_OFF); /* switching off does not fail */
	(void)sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(peer->defer, SD_EVENT_OFF);
}

struct peer *peer_free(struct peer *peer)
{
	if (!peer)
		return NULL;
	peer->freed = true;
	silence(peer);
	if (!peer->running)
		destroy(peer);
	return NULL;
}

/* ---- the sources ---- */

static int on_defer(sd_event_source *source, void *userdata);

/*
 * A new source each time: sd-event serves what has been pending for longest first, and a defer source has that from its making, so
 * that an old one would always be before every socket.
 */
void peer_wake(struct peer *peer)
{
	sd_event_source *fresh = NULL;

	if (peer->ended || peer->freed || peer->woken)
		return;
	peer->woken = true;
	if (sd_event_add_defer(peer->event, &fresh, on_defer, peer) < 0) {
		(void)sd_event_source_set_enabled(peer->defer, SD_EVENT_ONESHOT); /* better unfair than not at all */
		return;
	}
	(void)sd_event_source_set_description(fresh, "peer-work"); /* for debugging only */
	sd_event_source_disable_unref(peer->defer);
	peer->defer = fresh;
}

/*
 * Sets the timer to the next deadline. Earlier wakeups than needed do no harm, so nobody calls this
 * for a later one.
 */
void peer_arm(struct peer *peer)
{
	uint64_t at = peer_timer_next(&peer->times), turn = peer_now(peer) + TURN_MS;

	if (!peer->times.greeted && at > turn)
		at = turn; /* otherwise PING is such a turn */
	if (at == UINT64_MAX || peer->ended || peer->freed)
		return;
	(void)sd_event_source_set_time(peer->timer, at * 1000); /* its source exists: cannot fail */
	(void)sd_event_source_set_enabled(peer->timer, SD_EVENT_ONESHOT);
}

/* ---- the end ---- */

/* Only from work(): the owner is not on the stack. */
static void finish(struct peer *peer, int code, const struct error *why)
{
	peer->ended = true;
	silence(peer);
	peer->callbacks->on_end(peer, code, why, peer->userdata);
}

/* Begins the goodbye. */
static void begin_end(struct peer *peer, int code, const struct error *why)
{
	if (peer->ending || peer->failed || peer->ended || peer->freed)
		return;
	peer->ending = true;
	peer->code = code;
	peer->why = *why;
	connection_end(peer->connection);
	peer_timer_goodbye(&peer->times, peer_now(peer), PEER_GOODBYE_MS);
	peer_arm(peer);
	peer_wake(peer);
}

void peer_end(struct peer *peer, const char *reason)
{
	struct error why = {0};

	(void)error_set(&why, 0, ERROR_NONE, "%s", reason); /* returns its argument */
	begin_end(peer, 0, &why);
}

static void send_error_and_end(struct peer *peer, int code, const struct error *err)
{
	(void)peer_send_error(peer, 0, err); /* a peer that takes nothing ends all the same */
	begin_end(peer, code, err);
}

void peer_refuse(struct peer *peer, const struct error *err)
{
	send_error_and_end(peer, 0, err);
}

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
		peer_timer_sent(&peer->times, peer_now(peer));
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

int peer_forward(struct peer *peer, const struct frame *frame)
{
	assert(peer && frame);
	if (peer->ended || peer->freed || peer->failed)
		return -EPIPE;
	return sent(peer, connection_forward(peer->connection, frame));
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

/* ---- work ---- */

static void handle(struct peer *peer, const struct frame *frame)
{
	switch (frame->type) {
	case fq_Type_PING:
		(void)peer_send(peer, fq_Type_PONG, frame->tag, NULL); /* a failure ends the peer */
		break;
	case fq_Type_PONG:
		if (frame->tag != 0 && peer->callbacks->on_pong)
			peer->callbacks->on_pong(peer, frame->tag, peer->userdata);
		break;
	default:
		peer->callbacks->on_frame(peer, frame, peer->userdata);
	}
}

/* Shows frames to the owner. True when some may be left. */
static bool read_frames(struct peer *peer)
{
	struct error err = {0};
	struct frame frame;
	uint64_t began = clock_monotonic_ms();
	int r = 0;

	for (int i = 0; i < FRAMES_BUDGET; i++) {
		if (peer->freed || peer->ending || peer->failed || peer->paused)
			return false;
		r = connection_take(peer->connection, &frame, &err);
		if (r <= 0)
			break;
		handle(peer, &frame);
		if (clock_monotonic_ms() - began >= FRAMES_MS)
			break;
	}
	if (r < 0)
		send_error_and_end(peer, r, &err);
	return r > 0;
}

/* What has come, and what was taken. */
static void note_bytes(struct peer *peer)
{
	uint64_t in = connection_bytes_in(peer->connection), out = connection_bytes_out(peer->connection);
	bool waits = peer->must_read && !connection_flushed(peer->connection);

	if (in != peer->bytes_in)
		peer_timer_heard(&peer->times, peer_now(peer));
	peer_timer_taken(&peer->times, peer_now(peer), out != peer->bytes_out, waits);
	peer->bytes_in = in;
	peer->bytes_out = out;
}

static void tell_flushed(struct peer *peer)
{
	if (peer->told_flushed || peer->ending || !connection_ready(peer->connection) ||
	    !connection_flushed(peer->connection))
		return;
	peer->told_flushed = true;
	if (peer->callbacks->on_flushed)
		peer->callbacks->on_flushed(peer, peer->userdata);
}

/*
 * By edges: sd-event asks the kernel for all that is ready before each thing that it does, and of thousands of sockets that wait for
 * their turn each would be looked at each time. Setting the events again, as is done behind each turn, asks anew for what is left.
 */
static uint32_t io_events(const struct peer *peer)
{
	return (uint32_t)connection_events(peer->connection) | EPOLLET;
}

/* One wakeup: socket, then frames, then what follows from them. */
static void work(struct peer *peer)
{
	struct error err = {0};
	int ran = connection_run(peer->connection, &err);
	bool left;

	note_bytes(peer);
	if (connection_ready(peer->connection) && !peer->told_ready) {
		peer->told_ready = true;
		if (peer->callbacks->on_ready)
			peer->callbacks->on_ready(peer, peer->userdata);
	}
	left = read_frames(peer);
	if (!peer->freed && !left && ran >= 0)
		tell_flushed(peer);
	if (peer->freed)
		return;
	if (peer->failed || (peer->ending && ran < 0))
		finish(peer, peer->code, &peer->why);
	else if (ran < 0 && !left)
		finish(peer, ran, &err);
	else if (ran == CONNECTION_AGAIN || left)
		peer_wake(peer);
	/* On a socket that is watched already: cannot fail. */
	if (!peer->freed && !peer->ended)
		(void)sd_event_source_set_io_events(peer->io, io_events(peer));
}

/* ---- callbacks of the loop ---- */

static void enter(struct peer *peer)
{
	peer->running = true;
}

static void leave(struct peer *peer)
{
	peer->running = false;
	if (peer->freed)
		destroy(peer);
}

/* A paused peer is not read, so that its end shows by the event alone. */
static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct peer *peer = userdata;
	struct error err = {0};

	enter(peer);
	work(peer);
	if (peer->paused && (events & (EPOLLERR | EPOLLHUP)) && !peer->ended && !peer->freed)
		finish(peer, error_set(&err, -ECONNABORTED, ERROR_UNAVAILABLE, "the connection was cut off while it had to wait"),
		       &err);
	leave(peer);
	return 0;
}

static int on_defer(sd_event_source *source, void *userdata)
{
	struct peer *peer = userdata;

	enter(peer);
	peer->woken = false;
	work(peer);
	leave(peer);
	return 0;
}

/* What the deadline that has passed asks for. */
static void act(struct peer *peer)
{
	struct error err = {0};

	switch (peer_timer_due(&peer->times, peer_now(peer), &err)) {
	case PEER_DUE_NOTHING:
		break;
	case PEER_DUE_PING:
		/* Unless bytes are under way, or it does not read. */
		if (connection_flushed(peer->connection))
			(void)peer_send(peer, fq_Type_PING, 0, NULL); /* a failure ends the peer */
		peer_timer_pinged(&peer->times, peer_now(peer));
		break;
	case PEER_DUE_GOODBYE:
		finish(peer, peer->code, &peer->why);
		break;
	case PEER_DUE_END:
		finish(peer, -ETIMEDOUT, &err);
		break;
	}
}

/*
 * What has come while this process was kept from its loop is read first, and that time does not count: the other side is not to be
 * blamed for it, which may have stood still together with this one and has just come to send.
 */
static int on_timer(sd_event_source *source, uint64_t us, void *userdata)
{
	struct peer *peer = userdata;
	uint64_t now = peer_now(peer), due = us / 1000;

	enter(peer);
	work(peer);
	if (now > due + LATE_MS)
		peer_timer_late(&peer->times, now, now - due);
	if (!peer->ended && !peer->freed)
		act(peer);
	peer_arm(peer);
	leave(peer);
	return 0;
}

/* ---- the rest ---- */

static int add_sources(struct peer *peer)
{
	int r;

	r = sd_event_add_io(peer->event, &peer->io, connection_fd(peer->connection),
	                    io_events(peer), on_io, peer);
	if (r >= 0)
		r = sd_event_add_time(peer->event, &peer->timer, CLOCK_MONOTONIC, 0,
		                      PEER_TIMER_ACCURACY_US, on_timer, peer);
	if (r >= 0)
		r = sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(peer->event, &peer->defer, on_defer, peer);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(peer->io, "peer-socket"); /* for debugging only */
	(void)sd_event_source_set_description(peer->timer, "peer-timer");
	(void)sd_event_source_set_description(peer->defer, "peer-work");
	peer->woken = true;
	return 0;
}

int peer_new(sd_event *event, struct connection *connection, const struct peer_callbacks *callbacks,
             uint64_t ping_ms, uint64_t dead_ms, void *userdata, struct peer **ret,
             struct error *err)
{
	struct peer *peer;
	int r;

	assert(event && connection && callbacks && callbacks->on_frame && callbacks->on_end && ret);
	peer = calloc(1, sizeof *peer);
	if (!peer) {
		(void)connection_free(connection); /* always NULL */
		return error_oom(err);
	}
	peer->event = sd_event_ref(event);
	peer->connection = connection;
	peer->callbacks = callbacks;
	peer->userdata = userdata;
	peer->told_flushed = true;
	peer->bytes_in = connection_bytes_in(connection);
	peer_timer_init(&peer->times, peer_now(peer), PEER_GREETING_MS, ping_ms, dead_ms);
	r = add_sources(peer);
	if (r < 0) {
		destroy(peer);
		return error_set(err, r, ERROR_OS, "cannot put a connection on the event loop: %s",
		                 strerror(-r));
	}
	peer_arm(peer);
	*ret = peer;
	return 0;
}
