/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection, frames in and out: see connection.h. */
#include "lib/wire/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/wire/queue.h"
#include "lib/wire/stream.h"

#define QUEUE_MAX_DEFAULT (64UL << 20)
#define INPUT_FIRST 4096UL         /* enough for a client's questions */
#define INPUT_MAX (128UL << 10)    /* at least one largest frame; the bound of reading a call */
#define INPUT_RESTRICTED (32UL << 10)
#define READS_MAX 64               /* a call: of a peer that sends its bytes one by one */
#define STAGE_SIZE (16UL << 10)    /* the largest TLS record */
#define WRITE_BUDGET (256UL << 10) /* bytes a call */

_Static_assert(INPUT_MAX > FRAME_HEADER + PAYLOAD_MAX, "the largest frame fits the input buffer");
_Static_assert(INPUT_RESTRICTED > FRAME_HEADER + fq_Hello_size + 1024, "and HELLO the smaller one");

struct connection {
	struct stream stream;
	bool ready;
	bool paused;         /* connection_set_reading() */
	bool reads_on_write; /* TLS must write before it can read on */
	short handshake_events;
	int ended; /* 0, or what connection_run() returned */
	struct error why;
	bool ending, finished; /* connection_end() was called; the other side has been told */
	uint64_t dead_ms, bytes_out;
	const uint16_t *types; /* restricted to these; or NULL */

	uint8_t *input; /* [input_at, input_n) was read and not taken */
	size_t input_size, input_at, input_n;

	struct queue queue;
	size_t stage_at, stage_n; /* taken out of the queue and not written */
	uint8_t stage[STAGE_SIZE];
};

/* ---- making and freeing ---- */

static int new (int fd, struct connection **ret, struct error *err)
{
	struct connection *connection;

	assert(fd >= 0 && ret);
	connection = calloc(1, sizeof *connection);
	if (!connection) {
		closep(&fd);
		return error_oom(err);
	}
	connection->stream.fd = fd;
	connection->queue.max = QUEUE_MAX_DEFAULT;
	*ret = connection;
	return 0;
}

static int new_tls(struct tls *tls, int fd, const uint8_t *pin, struct connection **ret,
                   struct error *err)
{
	struct connection *connection;
	int r = new (fd, &connection, err);

	if (r < 0)
		return r;
	r = tls_stream_new(tls, fd, pin, &connection->stream.tls, err);
	if (r < 0) {
		(void)connection_free(connection); /* always NULL */
		return r;
	}
	connection->handshake_events = pin ? POLLOUT : POLLIN;
	*ret = connection;
	return 0;
}

int connection_new_client(struct tls *tls, int fd, const uint8_t pin[PIN_SIZE],
                          struct connection **ret, struct error *err)
{
	assert(pin);
	return new_tls(tls, fd, pin, ret, err);
}

int connection_new_server(struct tls *tls, int fd, struct connection **ret, struct error *err)
{
	(void)stream_tune(fd); /* a socket that is not TCP needs none of it */
	return new_tls(tls, fd, NULL, ret, err);
}

int connection_new_plain(int fd, struct connection **ret, struct error *err)
{
	int r = new (fd, ret, err);

	if (r == 0)
		(*ret)->ready = true;
	return r;
}

struct connection *connection_free(struct connection *connection)
{
	if (!connection)
		return NULL;
	if (connection->ready && !connection->finished &&
	    (connection->ended == 0 || connection->ended == -ECONNRESET))
		stream_finish(&connection->stream);
	stream_deinit(&connection->stream);
	queue_deinit(&connection->queue);
	free(connection->input);
	free(connection);
	return NULL;
}

/* ---- what is known of it ---- */

int connection_fd(const struct connection *connection)
{
	return connection->stream.fd;
}

void connection_set_queue_max(struct connection *connection, size_t bytes)
{
	connection->queue.max = bytes;
}

void connection_restrict(struct connection *connection, const uint16_t *types)
{
	connection->types = types;
}

void connection_set_reading(struct connection *connection, bool reading)
{
	connection->paused = !reading;
}

bool connection_ready(const struct connection *connection)
{
	return connection->ready;
}

bool connection_peer_pin(const struct connection *connection, uint8_t ret_pin[PIN_SIZE])
{
	const uint8_t *pin = connection->stream.tls && connection->ready
	                         ? tls_stream_pin(connection->stream.tls)
	                         : NULL;

	if (pin)
		memcpy(ret_pin, pin, PIN_SIZE);
	return pin != NULL;
}

uint64_t connection_bytes_in(const struct connection *connection)
{
	return stream_bytes_in(&connection->stream);
}

uint64_t connection_bytes_out(const struct connection *connection)
{
	return connection->bytes_out;
}

size_t connection_queued(const struct connection *connection)
{
	return connection->queue.bytes + (connection->stage_n - connection->stage_at);
}

bool connection_flushed(const struct connection *connection)
{
	return connection_queued(connection) == 0;
}

void connection_set_dead(struct connection *connection, uint64_t ms)
{
	connection->dead_ms = ms;
	connection_set_patience(connection, ms);
}

void connection_set_patience(struct connection *connection, uint64_t ms)
{
	stream_set_patience(&connection->stream, ms);
}

uint64_t connection_dead(const struct connection *connection)
{
	return connection->dead_ms;
}

short connection_events(const struct connection *connection)
{
	short events = connection->paused ? 0 : POLLIN;

	if (connection->ended < 0)
		return 0;
	if (!connection->ready)
		return connection->handshake_events;
	if (!connection_flushed(connection) || connection->reads_on_write)
		events |= POLLOUT;
	return events;
}

/* ---- running ---- */

/* 1: done now or before. 0: waits. */
static int shake_hands(struct connection *connection, struct error *err)
{
	int r;

	if (connection->ready)
		return 1;
	r = stream_handshake(&connection->stream, err);
	if (r < 0)
		return r;
	connection->ready = r == 0;
	connection->handshake_events = r == TLS_WANT_WRITE ? POLLOUT : POLLIN;
	return connection->ready;
}

/* Room behind input_n. 0; 1 where the buffer is full of what the owner has to take first. */
static int make_room(struct connection *connection, struct error *err)
{
	size_t size = connection->input_size ? 2 * connection->input_size : INPUT_FIRST;
	size_t most = connection->types ? INPUT_RESTRICTED : INPUT_MAX;
	uint8_t *input;

	if (connection->input_n < connection->input_size)
		return 0;
	if (size > most)
		return 1;
	input = realloc(connection->input, size);
	if (!input)
		return error_oom(err);
	connection->input = input;
	connection->input_size = size;
	return 0;
}

/* 0: waits for the socket. CONNECTION_AGAIN: there may be more to read. */
static int read_some(struct connection *connection, struct error *err)
{
	size_t left = connection->input_n - connection->input_at, budget = INPUT_MAX, n = 0;
	int r;

	if (connection->input_at > 0 && left > 0)
		memmove(connection->input, connection->input + connection->input_at, left);
	connection->input_at = 0;
	connection->input_n = left;
	for (unsigned int i = 0; budget > 0 && i < READS_MAX; i++) {
		r = make_room(connection, err);
		if (r != 0)
			return r < 0 ? r : CONNECTION_AGAIN;
		r = stream_read(&connection->stream, connection->input + connection->input_n,
		                connection->input_size - connection->input_n, &n, err);
		connection->reads_on_write = r == TLS_WANT_WRITE;
		if (r != 0)
			return r < 0 ? r : 0;
		budget -= n < budget ? n : budget;
		if (!connection->ending)
			connection->input_n += n;
	}
	return CONNECTION_AGAIN;
}

/* 0: all is written, or it waits for the socket. CONNECTION_AGAIN: there is more. */
static int write_some(struct connection *connection, struct error *err)
{
	size_t budget = WRITE_BUDGET, n = 0;
	int r;

	for (;;) {
		if (connection->stage_at == connection->stage_n) {
			connection->stage_at = 0;
			connection->stage_n =
			    queue_take(&connection->queue, connection->stage, STAGE_SIZE);
		}
		if (connection->stage_n == 0)
			break;
		if (budget == 0)
			return CONNECTION_AGAIN;
		r = stream_write(&connection->stream, connection->stage + connection->stage_at,
		                 connection->stage_n - connection->stage_at, &n, err);
		if (r != 0)
			return r < 0 ? r : 0;
		connection->stage_at += n;
		connection->bytes_out += n;
		budget -= n < budget ? n : budget;
	}
	if (connection->ending && !connection->finished) {
		connection->finished = true;
		stream_finish(&connection->stream);
	}
	return 0;
}

static int run(struct connection *connection, struct error *err)
{
	struct error unused;
	int r, w;

	r = shake_hands(connection, err);
	if (r <= 0)
		return r;
	r = connection->paused ? 0 : read_some(connection, err);
	if (r < 0)
		return r;
	w = write_some(connection, err);
	if (w < 0 && r == 0 && !connection->paused)
		(void)read_some(connection, &unused); /* what it said before it went */
	return w < 0 ? w : r > w ? r : w;
}

int connection_run(struct connection *connection, struct error *err)
{
	int r;

	assert(connection);
	if (connection->ended == 0) {
		r = run(connection, &connection->why);
		if (r >= 0)
			return r;
		connection->ended = r;
	}
	if (err)
		*err = connection->why;
	return connection->ended;
}

void connection_push(struct connection *connection)
{
	int r = connection->ready && connection->ended == 0 ? write_some(connection, &connection->why) : 0;

	if (r < 0)
		connection->ended = r;
}

/* ---- frames ---- */

static bool allowed(const struct connection *connection, uint16_t type)
{
	const uint16_t *at = connection->types;

	while (at && *at != fq_Type_TYPE_NONE && *at != type)
		at++;
	return !at || *at == type;
}

int connection_take(struct connection *connection, struct frame *ret, struct error *err)
{
	size_t left = connection->input_n - connection->input_at;
	const uint8_t *at;
	struct frame frame;
	uint32_t n, max;
	uint16_t halves[2];

	assert(ret);
	if (connection->ending || left < FRAME_HEADER)
		return 0;
	at = connection->input + connection->input_at;
	memcpy(&n, at, 4);
	memcpy(halves, at + 4, 4);
	frame = (struct frame){ntohs(halves[0]), ntohs(halves[1]), ntohl(n), at + FRAME_HEADER};
	max = message_payload_max(frame.type);
	if (max == 0)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent a frame of the unknown type %u", frame.type);
	if (!allowed(connection, frame.type))
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent %s before it said who it is", message_name(frame.type));
	if (frame.n > max)
		return error_set(
		    err, -EBADMSG, ERROR_PROTOCOL,
		    "the other side sent a %s of %u bytes; %u are the most that is allowed",
		    message_name(frame.type), frame.n, max);
	if (left - FRAME_HEADER < frame.n)
		return 0;
	connection->input_at += FRAME_HEADER + frame.n;
	*ret = frame;
	return 1;
}

int connection_send(struct connection *connection, uint16_t type, uint16_t tag, const void *message)
{
	uint8_t payload[PAYLOAD_MAX];
	size_t n = 0;
	int r;

	if (connection->ended < 0 || connection->ending)
		return -EPIPE;
	r = message_encode(type, message, payload, sizeof payload, &n);
	return r < 0 ? r : queue_add(&connection->queue, type, tag, payload, n);
}

int connection_forward(struct connection *connection, const struct frame *frame)
{
	if (connection->ended < 0 || connection->ending)
		return -EPIPE;
	return queue_add(&connection->queue, frame->type, frame->tag, frame->payload, frame->n);
}

int connection_send_blob(struct connection *connection, uint16_t type, uint16_t tag,
                         const void *message, uint8_t *blob, size_t n)
{
	struct shared *shared = shared_new(blob, n);

	return shared ? connection_send_shared(connection, type, tag, message, shared) : -ENOMEM;
}

int connection_send_shared(struct connection *connection, uint16_t type, uint16_t tag,
                           const void *message, struct shared *blob)
{
	uint8_t payload[PAYLOAD_MAX];
	size_t payload_n = 0;
	int r = -EPIPE;

	if (connection->ended == 0 && !connection->ending)
		r = message_encode(type, message, payload, sizeof payload, &payload_n);
	if (r == 0)
		return queue_add_blob(&connection->queue, type, tag, payload, payload_n, blob);
	(void)shared_unref(blob); /* always NULL */
	return r;
}

void connection_end(struct connection *connection)
{
	connection->ending = true;
	connection->input_at = connection->input_n = 0;
}
