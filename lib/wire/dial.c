/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting on a connection, HELLO and JOIN: see dial.h. The sockets are made in dial_socket.c. */
#include "lib/wire/dial.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/trust.h"

#define JOIN_MS 10000
#define TURN_MS 500
#define LATE_MS 100 /* behind the end of a turn */

static void connection_freep(struct connection **connection)
{
	(void)connection_free(*connection); /* always NULL */
}

static void tls_freep(struct tls **tls)
{
	(void)tls_free(*tls); /* always NULL */
}

/* ---- waiting ---- */

/* How long may still be waited, and for what. */
struct wait {
	uint64_t timeout_ms, begun; /* of the whole; 0: for ever */
	uint64_t dead_ms, heard;    /* since bytes last came; 0: for ever */
	uint64_t bytes;
};

/* Milliseconds left; INT_MAX for ever; or -ETIMEDOUT. */
static int time_left(struct wait *wait, const struct connection *connection, struct error *err)
{
	uint64_t now = clock_monotonic_ms(), left = INT_MAX, bytes = connection_bytes_in(connection);

	if (bytes != wait->bytes)
		wait->heard = now;
	wait->bytes = bytes;
	if (wait->timeout_ms > 0 && now - wait->begun >= wait->timeout_ms)
		return error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE,
		                 "no answer came within %" PRIu64 " ms", wait->timeout_ms);
	if (wait->dead_ms > 0 && now - wait->heard >= wait->dead_ms)
		return error_set(err, -ETIMEDOUT, ERROR_UNAVAILABLE,
		                 "nothing came for %" PRIu64 " ms; the other side seems to be gone",
		                 wait->dead_ms);
	if (wait->timeout_ms > 0 && wait->timeout_ms - (now - wait->begun) < left)
		left = wait->timeout_ms - (now - wait->begun);
	if (wait->dead_ms > 0 && wait->dead_ms - (now - wait->heard) < left)
		left = wait->dead_ms - (now - wait->heard);
	return (int)left;
}

static int fail_of_error(const struct frame *frame, struct error *err)
{
	char text[ERROR_TEXT_MAX];
	fq_Error told;
	int r;

	r = message_decode(frame->type, frame->payload, frame->n, &told, err);
	if (r < 0)
		return r;
	return error_set(
	    err, -EREMOTEIO,
	    told.class > 0 && told.class <= ERROR_CONFIG ? (enum error_class)told.class : ERROR_JOB,
	    "%s",
	    told.text[0] ? text_sentence(text, sizeof text, told.text)
	                 : "the other side refuses it and says no reason");
}

/* The next frame that is the caller's. 1: *ret is one. 0: none yet. */
static int next_frame(struct connection *connection, struct frame *ret, struct error *err)
{
	int r;

	while ((r = connection_take(connection, ret, err)) > 0) {
		switch (ret->type) {
		case fq_Type_PING:
			/* A connection that has ended shows it elsewhere. */
			(void)connection_send(connection, fq_Type_PONG, ret->tag, NULL);
			break;
		case fq_Type_PONG:
			break;
		case fq_Type_ERROR:
			return fail_of_error(ret, err);
		default:
			return 1;
		}
	}
	return r;
}

/* In short turns: of one that lasts for longer than it should this process was not let run, and the other side is not blamed for that. */
static int wait_for_events(struct wait *wait, const struct connection *connection,
                           struct error *err)
{
	struct pollfd poll_fd = {.fd = connection_fd(connection),
	                         .events = connection_events(connection)};
	int left = time_left(wait, connection, err);
	uint64_t due, now;

	if (left < 0)
		return left;
	left = left < TURN_MS ? left : TURN_MS;
	due = clock_monotonic_ms() + (uint64_t)left;
	if (poll(&poll_fd, 1, left) < 0 && errno != EINTR)
		return error_set(err, -errno, ERROR_OS, "poll: %s", strerror(errno));
	now = clock_monotonic_ms();
	if (now > due + LATE_MS)
		wait->heard += now - due;
	return 0;
}

int dial_wait(struct connection *connection, uint64_t timeout_ms, struct frame *ret_frame,
              struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	struct wait wait = {.timeout_ms = timeout_ms,
	                    .begun = now,
	                    .dead_ms = connection_dead(connection),
	                    .heard = now};
	int ran = CONNECTION_AGAIN, r;

	assert(connection);
	wait.bytes = connection_bytes_in(connection);
	for (;;) {
		r = ret_frame ? next_frame(connection, ret_frame, err) : 0;
		if (r != 0)
			return r < 0 ? r : 0;
		if (ran < 0)
			return connection_run(connection, err); /* the same as before, in words */
		if (!ret_frame && connection_ready(connection) && connection_flushed(connection))
			return 0;
		r = ran == CONNECTION_AGAIN ? 0 : wait_for_events(&wait, connection, err);
		if (r < 0)
			return r;
		ran = connection_run(connection, NULL);
	}
}

/* ---- the first words ---- */

static int check_welcome(const fq_Welcome *welcome, struct error *err)
{
	if (welcome->proto < PROTO_VERSION_OLDEST || welcome->proto > message_version())
		return error_set(
		    err, -EPROTO, ERROR_PROTOCOL,
		    "the coordinator (version %s) speaks protocol %u; this program speaks %u to %u",
		    TEXT(welcome->version), welcome->proto, PROTO_VERSION_OLDEST, message_version());
	return 0;
}

/* Waits for a message of one type. */
static int wait_for(struct connection *connection, uint64_t timeout_ms, uint16_t type, void *ret,
                    struct error *err)
{
	struct frame frame;
	int r;

	r = dial_wait(connection, timeout_ms, &frame, err);
	if (r < 0)
		return r;
	if (frame.type != type)
		return error_set(err, -EPROTO, ERROR_PROTOCOL,
		                 "the coordinator sent %s in place of %s", message_name(frame.type),
		                 message_name(type));
	return message_decode(type, frame.payload, frame.n, ret, err);
}

int dial_hello(struct connection *connection, fq_Hello *hello, uint64_t timeout_ms, fq_Welcome *ret,
               struct error *err)
{
	int r;

	assert(connection && hello && ret);
	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = message_version();
	(void)snprintf(hello->version, sizeof hello->version, "%s", PACKAGE_VERSION);
	r = connection_send(connection, fq_Type_HELLO, 0, hello);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "cannot send HELLO: %s", strerror(-r));
	r = wait_for(connection, timeout_ms, fq_Type_WELCOME, ret, err);
	if (r == 0)
		r = check_welcome(ret, err);
	if (r == 0)
		connection_set_dead(connection, ret->dead_ms);
	return r;
}

/* ---- joining ---- */

static int join(struct connection *connection, const char *secret, const char *name, fq_Joined *ret,
                struct error *err)
{
	fq_Join join = {0};
	int r;

	(void)snprintf(join.secret, sizeof join.secret, "%s", secret);
	if ((size_t)snprintf(join.name, sizeof join.name, "%s", name) >= sizeof join.name)
		return error_set(err, -EINVAL, ERROR_USAGE, "the name '%s' is too long",
		                 TEXT(name));
	r = connection_send(connection, fq_Type_JOIN, 1, &join);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "cannot send JOIN: %s", strerror(-r));
	return wait_for(connection, JOIN_MS, fq_Type_JOINED, ret, err);
}

int dial_join(const char *host, uint16_t port, const char *token, const struct key *key,
              const char *name, const char *known_path, fq_Role *ret_role, struct error *err)
{
	_cleanup_(connection_freep) struct connection *connection = NULL;
	_cleanup_(tls_freep) struct tls *tls = NULL;
	char secret[TOKEN_SECRET_MAX];
	uint8_t pin[PIN_SIZE];
	fq_Joined joined;
	int fd, r;

	assert(host && token && key && name && known_path);
	r = token_parse(token, pin, secret, err);
	if (r == 0)
		r = tls_new(key, &tls, err);
	if (r == 0)
		r = dial_tcp(host, port, JOIN_MS, &fd, err);
	if (r == 0)
		r = connection_new_client(tls, fd, pin, &connection, err);
	if (r < 0)
		return r;
	r = join(connection, secret, name, &joined, err);
	if (r == 0)
		r = known_add(known_path, host, port, pin, err);
	if (r == -EKEYREJECTED)
		(void)error_set(err, r, ERROR_DENIED,
		                "its key is not the one that the token names; the token is of "
		                "another coordinator, or this host "
		                "is not the coordinator");
	if (r < 0) {
		error_prefix(err, "cannot join %s:%u: ", TEXT(host), port);
		return r;
	}
	if (ret_role)
		*ret_role = joined.role;
	return 0;
}
