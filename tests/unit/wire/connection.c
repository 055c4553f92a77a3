/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lib/wire/connection.c over plain sockets: frames whole and cut, bounds, priority, the end in
 * order.
 */
#include "lib/wire/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

/* Bytes written by hand to a connection. */
struct hand {
	int fd;
	struct connection *connection;
};

static void hand_init(struct hand *hand)
{
	struct error err = {0};
	int fds[2];

	pair_sockets(fds, 0);
	hand->fd = fds[0];
	ok(connection_new_plain(fds[1], &hand->connection, &err) == 0, "a plain connection: %s",
	   err.text);
}

static void hand_deinit(struct hand *hand)
{
	closep(&hand->fd);
	hand->connection = connection_free(hand->connection);
}

static void hand_write(struct hand *hand, const void *bytes, size_t n)
{
	if (send(hand->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		ok(false, "writing %zu bytes: %s", n, strerror(errno));
}

static void test_frames(void)
{
	struct pair pair;
	fq_Error message = {.class = 5, .text = "a sentence"};
	struct frame frame;
	fq_Error got;

	pair_init(&pair, NULL, NULL, NULL, 0);
	ok(connection_ready(pair.client), "plain is ready at once");
	ok(!connection_peer_pin(pair.client, (uint8_t[PIN_SIZE]){0}), "and nobody's key is known");
	is_int(connection_events(pair.client), POLLIN, "reads");
	ok(connection_send(pair.client, fq_Type_ERROR, 77, &message) == 0, "send");
	ok(connection_send(pair.client, fq_Type_END, 78, NULL) == 0, "send an empty one");
	is_int(connection_events(pair.client), POLLIN | POLLOUT, "wants to write");
	ok(!connection_flushed(pair.client), "not flushed");
	is_u64(connection_queued(pair.client), 8 + 14 + 8, "bytes queued");
	pair_run(&pair);
	ok(connection_flushed(pair.client), "flushed");
	frame = pair_take(pair.server);
	ok(frame.type == fq_Type_ERROR && frame.tag == 77, "taken");
	ok(message_decode(frame.type, frame.payload, frame.n, &got, NULL) == 0, "decoded");
	is_str(got.text, "a sentence", "the sentence");
	frame = pair_take(pair.server);
	ok(frame.type == fq_Type_END && frame.tag == 78 && frame.n == 0, "the empty one");
	is_int(pair_take(pair.server).type, 0, "nothing else");
	is_u64(connection_bytes_in(pair.server), 30, "bytes in");
	pair_deinit(&pair);
}

static void test_cut_frames(void)
{
	static const uint8_t bytes[] = {0, 0, 0, 2, 0, 4, 0, 9, 'h', 'i', 0, 0, 0, 0, 0, 1, 0, 0};
	struct error err = {0};
	struct frame frame;
	struct hand hand;

	hand_init(&hand);
	for (size_t i = 0; i < sizeof bytes; i++) {
		int want = i == 9 || i == 17;

		hand_write(&hand, bytes + i, 1);
		if (connection_run(hand.connection, &err) != 0 ||
		    connection_take(hand.connection, &frame, &err) != want)
			ok(false, "after byte %zu: %s", i, err.text);
	}
	ok(frame.type == fq_Type_PING && frame.n == 0, "frames byte by byte");
	hand_write(&hand, bytes, sizeof bytes);
	hand_write(&hand, bytes, 5);
	closep(&hand.fd);
	is_int(connection_run(hand.connection, &err), -ECONNRESET, "the end: %s", err.text);
	ok(connection_take(hand.connection, &frame, &err) == 1 && frame.type == fq_Type_DATA &&
	       frame.tag == 9 && memcmp(frame.payload, "hi", 2) == 0,
	   "what came whole before is taken");
	is_int(connection_take(hand.connection, &frame, &err), 1, "the second too");
	is_int(connection_take(hand.connection, &frame, &err), 0, "the cut one is not");
	is_int(connection_run(hand.connection, &err), -ECONNRESET, "ended for good");
	is_int(connection_send(hand.connection, fq_Type_PING, 0, NULL), -EPIPE,
	       "takes nothing more");
	is_int(connection_events(hand.connection), 0, "waits for nothing");
	hand_deinit(&hand);
}

static void refused(const void *bytes, size_t n, const char *words)
{
	struct error err = {0};
	struct frame frame;
	struct hand hand;

	hand_init(&hand);
	hand_write(&hand, bytes, n);
	ok(connection_run(hand.connection, &err) == 0, "comes in");
	is_int(connection_take(hand.connection, &frame, &err), -EBADMSG, "is refused: %s",
	       err.text);
	is_int(connection_take(hand.connection, &frame, &err), -EBADMSG, "and again");
	ok(strstr(err.text, words) && err.class == ERROR_PROTOCOL && strlen(err.text) < 200,
	   "says '%s'", words);
	hand_deinit(&hand);
}

static void test_bad_frames(void)
{
	refused((uint8_t[]){0, 0, 0, 0, 0, 99, 0, 0}, 8, "unknown type 99");
	refused((uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0}, 8, "unknown type 0");
	refused((uint8_t[]){0, 1, 0, 1, 0, 4, 0, 0}, 8, "a DATA of 65537 bytes");
	refused((uint8_t[]){0xff, 0xff, 0xff, 0xff, 0, 1, 0, 0}, 8, "a PING of 4294967295 bytes");
	refused("GET / HTTP/1.1\r\n\r\n", 18, "unknown type");
}

/*
 * More than the input buffer holds: the reader says that there is more, and takes all of it in
 * pieces.
 */
static void test_flood(void)
{
	struct pair pair;
	struct frame frame;
	size_t frames = 0;
	int r = 0;

	pair_init(&pair, NULL, NULL, NULL, 1 << 20);
	for (int i = 0; i < 60000; i++)
		if (connection_send(pair.client, fq_Type_END, (uint16_t)i, NULL) < 0)
			ok(false, "send %d", i);
	while (frames < 60000 && r >= 0) {
		(void)connection_run(pair.client, NULL);
		r = connection_run(pair.server, &pair.server_error);
		while ((frame = pair_take(pair.server)).type != 0) {
			if (frame.tag != frames)
				ok(false, "frame %zu has tag %u", frames, frame.tag);
			frames++;
		}
	}
	is_u64(frames, 60000, "all frames in order");
	pair_deinit(&pair);
}

/* A blob of several MiB through sockets of the smallest buffers, with PING sent meanwhile. */
static void test_blob(struct side *client, struct side *server, int buffer_size, size_t size)
{
	fq_Result result = {.has_ref = true, .blob_bytes = size};
	_cleanup_(blob_deinit) struct blob blob = {0};
	uint8_t *bytes = malloc(size);
	struct error err = {0};
	struct frame frame;
	bool ping = false, same = true;
	struct pair pair;
	int r = 0;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i % 251);
	pair_init(&pair, client, server, NULL, buffer_size);
	pair_run(&pair);
	ok(connection_send_blob(pair.client, fq_Type_RESULT, 3, &result, bytes, size) == 0,
	   "a blob of %zu bytes", size);
	for (int i = 0; i < 100000 && r == 0; i++) {
		if (connection_run(pair.client, &err) < 0 || connection_run(pair.server, &err) < 0)
			break;
		while (r == 0 && connection_take(pair.server, &frame, &err) > 0) {
			if (frame.type == fq_Type_RESULT)
				r = blob_begin(&blob, size, 16 << 20, &err);
			else if (frame.type == fq_Type_PING)
				ping = true;
			else
				r = blob_add(&blob, &frame, &err);
			if (blob.n > size / 2 && !ping && connection_flushed(pair.server))
				(void)connection_send(pair.client, fq_Type_PING, 0, NULL);
		}
	}
	is_int(r, 1, "is complete: %s", err.text);
	for (size_t i = 0; i < blob.n; i++)
		same &= blob.bytes[i] == i % 251;
	ok(same && blob.n == size, "every byte of it");
	ok(ping, "PING came before its end");
	pair_deinit(&pair);
}

static void test_blob_bounds(void)
{
	struct blob blob = {0};
	struct error err = {0};
	uint8_t bytes[100] = {0};
	struct frame frame = {fq_Type_DATA, 0, 60, bytes};

	is_int(blob_begin(&blob, 101, 100, &err), -EMSGSIZE, "too much: %s", err.text);
	is_int(blob_begin(&blob, 100, 100, &err), 0, "as much as is allowed");
	is_int(blob_add(&blob, &frame, &err), 0, "a part");
	is_int(blob_add(&blob, &frame, &err), -EBADMSG, "more than announced: %s", err.text);
	frame.n = 40;
	is_int(blob_add(&blob, &frame, &err), 1, "the rest");
	blob_deinit(&blob);
}

static void test_queue_bound(void)
{
	struct pair pair;
	size_t sent = 0;
	int r;

	pair_init(&pair, NULL, NULL, NULL, 0);
	connection_set_queue_max(pair.client, 80);
	while ((r = connection_send(pair.client, fq_Type_END, 0, NULL)) == 0)
		sent++;
	is_int(r, -ENOBUFS, "full");
	is_u64(sent, 10, "after 80 bytes");
	is_int(
	    connection_send_blob(pair.client, fq_Type_RESULT, 0, &(fq_Result){0}, malloc(10), 10),
	    -ENOBUFS, "for a blob too");
	pair_run(&pair);
	is_int(connection_send(pair.client, fq_Type_END, 0, NULL), 0, "not full when it was sent");
	pair_deinit(&pair);
}

/*
 * What was queued before connection_end() arrives, then the end; what comes meanwhile is dropped.
 */
static void test_end(struct side *client, struct side *server, const char *how)
{
	struct pair pair;

	pair_init(&pair, client, server, NULL, 0);
	pair_run(&pair);
	ok(connection_send(pair.server, fq_Type_ERROR, 0, &(fq_Error){.class = 77, .text = "go"}) ==
	       0,
	   "%s: ERROR", how);
	connection_end(pair.server);
	is_int(connection_send(pair.server, fq_Type_END, 0, NULL), -EPIPE, "%s: nothing behind it",
	       how);
	ok(connection_send(pair.client, fq_Type_END, 0, NULL) == 0, "%s: the other side talks on",
	   how);
	pair_run(&pair);
	is_int(pair.client_ended, -ECONNRESET, "%s: %s", how, pair.client_error.text);
	is_int(pair_take(pair.client).type, fq_Type_ERROR, "%s: it has the ERROR", how);
	is_int(pair.server_ended, 0, "%s: the one that ended waits for the other", how);
	pair.client = connection_free(pair.client);
	pair_run(&pair);
	is_int(pair.server_ended, -ECONNRESET, "%s: which has closed now: %s", how,
	       pair.server_error.text);
	is_int(pair_take(pair.server).type, 0, "%s: and shows nothing", how);
	pair_deinit(&pair);
}

int main(void)
{
	struct side a, b;

	side_init(&a);
	side_init(&b);
	test_frames();
	test_cut_frames();
	test_bad_frames();
	test_flood();
	test_blob(NULL, NULL, 0, 5 << 20);
	test_blob(NULL, NULL, 2048, 1 << 20);
	test_blob(&a, &b, 0, 5 << 20);
	test_blob(&a, &b, 2048, 1 << 20);
	test_blob_bounds();
	test_queue_bound();
	test_end(NULL, NULL, "plain");
	test_end(&a, &b, "TLS");
	side_deinit(&a);
	side_deinit(&b);
	return done_testing();
}
