/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a connection lets the other side do: before it is known who it is, by many small records, while nothing is to be read;
 * what TCP is told of it; and one copy of bytes for many connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/wire/dial.h"
#include "lib/wire/queue.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

static struct side client, server;

static const uint16_t first_types[] = {fq_Type_HELLO, fq_Type_JOIN, fq_Type_TYPE_NONE};

/* ---- before HELLO */

/* The header of a frame whose payload never comes. */
static void send_header(int fd, uint32_t n, uint16_t type)
{
	const uint8_t header[FRAME_HEADER] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n,
	                                      (uint8_t)(type >> 8), (uint8_t)type, 0, 0};

	ok(send(fd, header, sizeof header, MSG_NOSIGNAL) == FRAME_HEADER, "the header of %s", message_name(type));
}

static void test_stranger_type(uint16_t type, bool allowed)
{
	struct pair pair;
	struct frame frame;
	struct error err = {0};
	int r;

	pair_init(&pair, NULL, NULL, NULL, 0);
	connection_restrict(pair.server, first_types);
	send_header(connection_fd(pair.client), 100, type);
	(void)connection_run(pair.server, &err);
	r = connection_take(pair.server, &frame, &err);
	is_int(r, allowed ? 0 : -EBADMSG, "is %s %s", allowed ? "waited for" : "refused by its header alone:", err.text);
	connection_restrict(pair.server, NULL);
	is_int(connection_take(pair.server, &frame, &err), 0, "of a known side it is waited for");
	pair_deinit(&pair);
}

static void test_stranger_hello(void)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 0);
	connection_restrict(pair.server, first_types);
	hello->held_count = sizeof hello->held / sizeof *hello->held;
	for (pb_size_t i = 0; i < hello->held_count; i++)
		hello->held[i] = (fq_SliceRef){UINT64_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, true};
	ok(connection_send(pair.client, fq_Type_HELLO, 0, hello) == 0, "the largest HELLO");
	pair_run(&pair);
	is_int(pair_take(pair.server).type, fq_Type_HELLO, "comes whole");
	pair_deinit(&pair);
}

static void test_stranger_flood(void)
{
	struct pair pair;
	uint64_t in;

	pair_init(&pair, NULL, NULL, NULL, 1 << 20);
	connection_restrict(pair.server, first_types);
	for (int i = 0; i < 20000; i++)
		(void)connection_send(pair.client, fq_Type_JOIN, 0, &(fq_Join){.secret = "0123456789"});
	(void)connection_run(pair.client, NULL);
	(void)connection_run(pair.server, NULL);
	in = connection_bytes_in(pair.server);
	ok(in > 0 && in <= 32 << 10, "of a stranger who sends all the time so much is taken in: %llu bytes", (unsigned long long)in);
	connection_restrict(pair.server, NULL);
	(void)connection_run(pair.server, NULL);
	in = connection_bytes_in(pair.server);
	ok(in > 32 << 10 && in <= 128 << 10, "and so much of one who is known: %llu", (unsigned long long)in);
	pair_deinit(&pair);
}

/* ---- many small records */

static void test_records(void)
{
	unsigned int frames = 0;
	struct pair pair;

	pair_init(&pair, &client, &server, NULL, 1 << 20);
	pair_run(&pair);
	for (int i = 0; i < 500; i++) {
		(void)connection_send(pair.client, fq_Type_END, 0, NULL);
		connection_push(pair.client);
	}
	is_int(connection_run(pair.server, NULL), CONNECTION_AGAIN, "of 500 small records not all are read at once");
	while (pair_take(pair.server).type == fq_Type_END)
		frames++;
	ok(frames > 0 && frames <= 64, "but a bounded number: %u", frames);
	for (int i = 0; i < 100; i++) {
		(void)connection_run(pair.server, NULL);
		while (pair_take(pair.server).type == fq_Type_END)
			frames++;
	}
	is_u64(frames, 500, "and then the others");
	pair_deinit(&pair);
}

/* ---- not reading */

static void test_pause(struct side *a, struct side *b, const char *how)
{
	struct pair pair;

	pair_init(&pair, a, b, NULL, 0);
	pair_run(&pair);
	connection_set_reading(pair.server, false);
	(void)connection_send(pair.client, fq_Type_END, 7, NULL);
	(void)connection_run(pair.client, NULL);
	ok(!(connection_events(pair.server) & POLLIN), "%s: it does not wait for bytes", how);
	is_int(connection_run(pair.server, NULL), 0, "%s: it runs", how);
	is_int(pair_take(pair.server).type, 0, "%s: and reads nothing", how);
	(void)connection_send(pair.server, fq_Type_PING, 0, NULL);
	pair_run(&pair);
	is_int(pair_take(pair.client).type, fq_Type_PING, "%s: but sends", how);
	connection_set_reading(pair.server, true);
	pair_run(&pair);
	is_int(pair_take(pair.server).tag, 7, "%s: nothing was lost", how);
	pair_deinit(&pair);
}

/* ---- shared bytes */

static void test_shared(void)
{
	enum { N = 300000 };
	struct shared *shared = shared_new(calloc(1, N), N);
	struct pair pairs[3];
	size_t got = 0;

	for (int i = 0; i < 3; i++) {
		pair_init(&pairs[i], NULL, NULL, NULL, 0);
		ok(connection_send_shared(pairs[i].server, fq_Type_BRIEF, 0, &(fq_Brief){.number = 1, .blob_bytes = N},
		                          shared_ref(shared)) == 0, "a connection sends them");
	}
	is_u64(shared->holders, 4, "one copy for all");
	pairs[2].server = connection_free(pairs[2].server);
	is_u64(shared->holders, 3, "a connection that ends lets go");
	for (int i = 0; i < 1000 && got < 2UL * N; i++) {
		for (int k = 0; k < 2; k++) {
			struct frame frame;

			(void)connection_run(pairs[k].server, NULL);
			(void)connection_run(pairs[k].client, NULL);
			while ((frame = pair_take(pairs[k].client)).type)
				got += frame.type == fq_Type_DATA ? frame.n : 0;
		}
	}
	is_u64(got, 2 * N, "both others have them whole");
	is_u64(shared->holders, 1, "and let go when they were sent");
	pairs[0].server = connection_free(pairs[0].server);
	is_int(connection_send_shared(pairs[1].server, fq_Type_TYPE_NONE, 0, NULL, shared), -EINVAL, "a failure lets go, too");
	for (int i = 0; i < 3; i++)
		pair_deinit(&pairs[i]);
}

/* ---- TCP */

static int number_of(int fd, int level, int option)
{
	int number = -1;
	socklen_t n = sizeof number;

	return getsockopt(fd, level, option, &number, &n) < 0 ? -errno : number;
}

static void is_tuned(const struct connection *connection, const char *which)
{
	int fd = connection_fd(connection), n;

	is_int(number_of(fd, IPPROTO_TCP, TCP_NODELAY), 1, "%s: no delay", which);
	is_int(number_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1, "%s: keepalive", which);
	ok(number_of(fd, IPPROTO_TCP, TCP_KEEPIDLE) <= 30, "%s: soon", which);
	ok(number_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) > 0, "%s: bytes that are not acknowledged end it", which);
	n = number_of(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT);
	ok(n > 0 && n <= 256 << 10, "%s: little waits in the kernel: %d", which, n);
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s: closed on exec", which);
	ok(fcntl(fd, F_GETFL) & O_NONBLOCK, "%s: does not block", which);
}

static void test_tcp(void)
{
	_cleanup_(closep) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	struct connection *dialled = NULL, *accepted = NULL;
	struct error err = {0};
	int fd = -1;

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, 5) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &n) < 0 || dial_tcp("127.0.0.1", ntohs(at.sin_port), 5000, &fd, &err) < 0 ||
	    connection_new_client(client.tls, fd, server.pin, &dialled, &err) < 0 ||
	    connection_new_server(server.tls, accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), &accepted, &err) < 0) {
		ok(false, "no connection over loopback: %s", err.text);
		return;
	}
	is_tuned(dialled, "dialled");
	is_tuned(accepted, "accepted");
	connection_set_dead(dialled, 3210);
	is_int(number_of(connection_fd(dialled), IPPROTO_TCP, TCP_USER_TIMEOUT), 3210, "the kernel has the dead time");
	connection_set_patience(accepted, 4321);
	is_int(number_of(connection_fd(accepted), IPPROTO_TCP, TCP_USER_TIMEOUT), 4321, "or another one");
	dialled = connection_free(dialled);
	accepted = connection_free(accepted);
}

int main(void)
{
	side_init(&client);
	side_init(&server);
	test_stranger_type(fq_Type_RESULT, false);
	test_stranger_type(fq_Type_DATA, false);
	test_stranger_type(fq_Type_PING, false);
	test_stranger_type(fq_Type_JOIN, true);
	test_stranger_hello();
	test_stranger_flood();
	test_records();
	test_pause(NULL, NULL, "plain");
	test_pause(&client, &server, "TLS");
	test_shared();
	test_tcp();
	side_deinit(&client);
	side_deinit(&server);
	return done_testing();
}
