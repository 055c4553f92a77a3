/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A user of a worker's host who is not fqctl: intruder SOCKET WHAT [N]
 *
 *     root      says HELLO as root, uid 0, vouched for; prints the owner of the first job that STATUS lists with all set
 *     admin, worker, none   says HELLO in this role; prints the answer
 *     join      says JOIN; prints the answer
 *     token     a client that asks for a token
 *     counts    a client that sends RESULT
 *     early     HELLO and STATUS in one write, read only then; prints the first answer
 *     garbage   bytes that are no frame; prints the answer
 *     later     HELLO, WELCOME, then bytes that are no frame
 *     mute N    N connections that say nothing; prints how many are told something or ended, and stays
 *     busy N    N connections that are greeted; prints how many were, and stays
 *     deaf N    asks for job N again and again and reads nothing; stays
 *     slow N    asks SLOW times for job N, in one breath, and reads a little at a time; prints how many results came whole, and bytes
 *     hasty N   N times HELLO, and away without an answer
 *
 * "stays": until its standard input ends.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/dial.h"

#define WAIT_MS 15000
#define MANY 400
#define SLOW 40
#define QUIET_MS 300
#define QUIET_TURNS 3

static const char *path;
static struct connection *volatile all[MANY];
static size_t all_n;

static void fail(const struct error *err) __attribute__((noreturn));
static void fail(const struct error *err)
{
	(void)printf("%s\n", err->text);
	exit(0);
}

static void stay(void)
{
	char byte;

	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
}

/* They end with the process, and are no leaks. */
static struct connection *dialled(void)
{
	struct connection *connection;
	struct error err = {0};
	int fd;

	if (dial_unix(path, &fd, &err) < 0 || connection_new_plain(fd, &connection, &err) < 0)
		fail(&err);
	all[all_n++ % MANY] = connection;
	return connection;
}

static int greet(struct connection *connection, fq_Role role, const char *name, bool vouched, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);

	hello->role = role;
	hello->slots = 4;
	hello->vouched = vouched;
	(void)snprintf(hello->name, sizeof hello->name, "%s", name);
	return dial_hello(connection, hello, WAIT_MS, welcome, err);
}

static struct connection *greeted(void)
{
	struct connection *connection = dialled();
	struct error err = {0};

	if (greet(connection, fq_Role_ROLE_CLIENT, "x", false, &err) < 0)
		fail(&err);
	return connection;
}

/* The next frame's name, or why there is none. */
static void tell(struct connection *connection)
{
	struct error err = {0};
	struct frame frame;

	if (dial_wait(connection, WAIT_MS, &frame, &err) < 0)
		fail(&err);
	(void)printf("%s\n", message_name(frame.type));
}

static void send_raw(struct connection *connection, const void *bytes, size_t n)
{
	(void)send(connection_fd(connection), bytes, n, MSG_NOSIGNAL);
}

/* ---- what it does */

static void as_root(void)
{
	struct connection *connection = dialled();
	_cleanup_(freep) fq_Job *job = calloc(1, sizeof *job);
	struct error err = {0};
	struct frame frame;

	if (greet(connection, fq_Role_ROLE_CLIENT, "root", true, &err) < 0)
		fail(&err);
	(void)connection_send(connection, fq_Type_STATUS, 5, &(fq_JobsRequest){.all = true});
	while (dial_wait(connection, WAIT_MS, &frame, &err) == 0 && frame.type == fq_Type_JOB)
		if (message_decode(frame.type, frame.payload, frame.n, job, &err) == 0)
			(void)printf("%s has %s\n", job->owner, job->name);
}

static void as_role(fq_Role role)
{
	struct connection *connection = dialled();
	struct error err = {0};

	(void)printf("%s\n", greet(connection, role, "w1", true, &err) < 0 ? err.text : "WELCOME");
}

static void asks(uint16_t type)
{
	struct connection *connection = greeted();
	_cleanup_(freep) void *message = calloc(1, message_struct_size(type) + 1);

	(void)connection_send(connection, type, 5, message);
	tell(connection);
}

static void joins(void)
{
	struct connection *connection = dialled();

	(void)connection_send(connection, fq_Type_JOIN, 0, &(fq_Join){.secret = "0123", .name = "x@y"});
	tell(connection);
}

static void is_early(void)
{
	struct connection *connection = dialled();
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);

	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = PROTO_VERSION;
	hello->role = fq_Role_ROLE_CLIENT;
	(void)connection_send(connection, fq_Type_HELLO, 0, hello);
	(void)connection_send(connection, fq_Type_NODES, 5, NULL);
	tell(connection);
	tell(connection);
}

static void talks(bool late)
{
	struct connection *connection = late ? greeted() : dialled();
	char garbage[4096];

	memset(garbage, 'x', sizeof garbage);
	send_raw(connection, garbage, sizeof garbage);
	tell(connection);
}

static void stands(size_t n, bool mute)
{
	struct connection **of = calloc(n, sizeof(struct connection *));
	size_t counted = 0;
	struct error err = {0};
	struct frame frame;

	for (size_t i = 0; i < n; i++) {
		of[i] = dialled();
		counted += !mute && greet(of[i], fq_Role_ROLE_CLIENT, "x", false, &err) == 0;
	}
	/* Until nothing came for a while: a busy machine takes its time. */
	for (int quiet = 0; mute && quiet < QUIET_TURNS; quiet++) {
		(void)poll(NULL, 0, QUIET_MS);
		for (size_t i = 0; i < n; i++) {
			if (!of[i] || dial_wait(of[i], 1, &frame, &err) == -ETIMEDOUT)
				continue;
			of[i] = NULL; /* it stays open */
			counted++;
			quiet = 0;
		}
	}
	(void)printf("%zu %s\n", counted, err.text);
	stay();
}

static void is_deaf(uint64_t job)
{
	struct connection *connection = greeted();
	struct error err = {0};

	connection_set_reading(connection, false);
	for (int i = 0; i < MANY; i++)
		(void)connection_send(connection, fq_Type_FETCH, 5, &(fq_JobsRequest){.job = job});
	while (!connection_flushed(connection) && connection_run(connection, &err) >= 0) {
		struct pollfd at = {.fd = connection_fd(connection), .events = POLLOUT};

		if (poll(&at, 1, 500) == 0)
			break;
	}
	(void)printf("%zu bytes wait\n", connection_queued(connection));
	stay();
}

static void is_slow(uint64_t job)
{
	struct connection *connection = greeted();
	size_t ends = 0, bytes = 0;
	struct error err = {0};
	struct frame frame;

	for (int i = 0; i < SLOW; i++)
		(void)connection_send(connection, fq_Type_FETCH, 5, &(fq_JobsRequest){.job = job});
	for (unsigned int i = 0; ends < SLOW && dial_wait(connection, WAIT_MS, &frame, &err) == 0; i++) {
		ends += frame.type == fq_Type_END;
		bytes += frame.n;
		if (i % 5 == 4)
			(void)poll(NULL, 0, 20);
		if (i == 4) {
			(void)printf("begins\n");
			(void)fflush(stdout);
		}
	}
	(void)printf("%zu of %d, %zu bytes %s\n", ends, SLOW, bytes, err.text);
}

static void is_hasty(size_t n)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct error err = {0};

	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = PROTO_VERSION;
	hello->role = fq_Role_ROLE_CLIENT;
	for (size_t i = 0; i < n; i++) {
		struct connection *connection = dialled();

		(void)connection_send(connection, fq_Type_HELLO, 0, hello);
		(void)connection_run(connection, &err);
		(void)connection_free(connection);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;

	path = argc > 1 ? argv[1] : "";
	if (strcmp(what, "root") == 0)
		as_root();
	else if (strcmp(what, "admin") == 0)
		as_role(fq_Role_ROLE_ADMIN);
	else if (strcmp(what, "worker") == 0)
		as_role(fq_Role_ROLE_WORKER);
	else if (strcmp(what, "none") == 0)
		as_role(fq_Role_ROLE_NONE);
	else if (strcmp(what, "join") == 0)
		joins();
	else if (strcmp(what, "token") == 0)
		asks(fq_Type_TOKEN);
	else if (strcmp(what, "counts") == 0)
		asks(fq_Type_DRAINING);
	else if (strcmp(what, "early") == 0)
		is_early();
	else if (strcmp(what, "garbage") == 0 || strcmp(what, "later") == 0)
		talks(what[0] == 'l');
	else if (strcmp(what, "mute") == 0 || strcmp(what, "busy") == 0)
		stands(n, what[0] == 'm');
	else if (strcmp(what, "deaf") == 0)
		is_deaf(n);
	else if (strcmp(what, "slow") == 0)
		is_slow(n);
	else if (strcmp(what, "hasty") == 0)
		is_hasty(n);
	else
		return 64;
	return 0;
}
