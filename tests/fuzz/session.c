/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a peer says once it is let in: frames into the coordinator's own sessions over a socket pair, with a database of its own in
 * a temporary folder. The first byte says as what it comes: a stranger (which may say HELLO itself), a client, an administrator or
 * a worker; the rest are frames. A job of one file is there, of three slices, and a node that counts none of them, so a worker is
 * given all three; for one kind of worker the file is one gzip stream, and it counts the first slice and inflates the others.
 *
 * Whatever comes, the coordinator goes on: it answers a PING of another session behind all of it, and its state can be loaded again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/session_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TURNS_MAX 2000 /* of the loop, for one input */
#define PIECE 4096
#define STATE_EACH 8       /* inputs: a start of the coordinator takes longer than most of them */
#define OTHER_PEER 1000000 /* the core's number of the node that is no session */

static struct coord_settings settings;
static struct service *service;

static void must(bool fact)
{
	if (!fact)
		abort();
}

/* In place of digest_random() (-Wl,--wrap): an input means the same each time, and leases are those of the corpus. */
int __wrap_digest_random(void *ret, size_t n);
int __wrap_digest_random(void *ret, size_t n)
{
	memset(ret, 0, n);
	return 0;
}

static int clear_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	if (at->level > 0 && !strstr(path, "/key.pem") && !strstr(path, "/ballast"))
		(void)remove(path); /* what is left over shows when the next one is made */
	return 0;
}

/* All but the key and the ballast: these take long to make. */
static void clear_folder(void)
{
	must(nftw(folder, clear_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

/* Once: settings, the loop, a folder. */
static void prepare(void)
{
	static const struct service_callbacks callbacks = {0};
	const char *arguments[] = {"fqcoordd", "--config", "/dev/null", "--state", folder, "--listen", "127.0.0.1:0", NULL};
	struct error err;

	folder_make();
	must(conf_start(&coord_program, 7, (char **)arguments, &settings, NULL, &err) == 0);
	must(service_new(&callbacks, 0, NULL, &service, &err) == 0);
	log_set_level(LOG_EMERG);
}

/* ---- the job */

static void submit(struct server *server, bool split)
{
	static const char *const paths[] = {SESSION_PATH};
	struct event event = {.kind = EVENT_SUBMIT};
	struct job_row *row = &event.submit.row;

	(void)snprintf(row->owner, sizeof row->owner, "uid:%u", SESSION_UID);
	row->modules = COUNT_MEAN;
	row->algorithm = COUNTERS_ALGORITHM;
	row->slice_size = split ? SESSION_SPLIT : SESSION_SLICE;
	row->split_gzip = split ? SPLIT_GZIP_ALWAYS : SPLIT_GZIP_DEFAULT;
	row->files = 1;
	event.submit.paths = paths;
	drive(server, &event);
}

static void open_file(struct server *server, bool split)
{
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = OTHER_PEER};

	event.hello = (struct node_hello){.name = "other", .algorithm = COUNTERS_ALGORITHM, .proto = PROTO_VERSION};
	drive(server, &event);
	submit(server, split);
	event = (struct event){.kind = EVENT_OPENED, .peer = OTHER_PEER};
	event.opened.job = 1;
	session_file_facts(&event.opened.facts);
	if (split) {
		event.opened.facts.kind = FILE_GZIP;
		event.opened.facts.fingerprint.size = SESSION_SLICES * SESSION_SPLIT;
	}
	drive(server, &event);
}

/* ---- the peer */

static void greet_worker(struct session *session)
{
	fq_Hello *hello = calloc(1, sizeof *hello);

	must(hello != NULL);
	hello->role = session->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = SESSION_SLICES;
	(void)snprintf(hello->name, sizeof hello->name, "fuzz");
	session->welcome = true;
	session->proto = PROTO_VERSION;
	peer_set_times(session->peer, settings.ping_ms, settings.dead_ms);
	from_worker_hello(session, hello);
	free(hello);
}

static void greet_client(struct session *session)
{
	fq_Hello *hello = calloc(1, sizeof *hello);

	must(hello != NULL);
	hello->proto_min = hello->proto_max = PROTO_VERSION;
	hello->role = fq_Role_ROLE_CLIENT;
	from_hello(session, 0, hello);
	must(session->welcome);
	free(hello);
}

/* Our end; the other one is a session. */
static int join(struct server *server, uint8_t as)
{
	struct connection *connection;
	struct error err;
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	must(connection_new_plain(fds[1], &connection, &err) == 0);
	must(session_new(server, connection, "", "", as == SESSION_AS_ADMIN ? 0 : SESSION_UID, false, &err) == 0);
	if (as == SESSION_AS_WORKER || as == SESSION_AS_SPLITTER)
		greet_worker(server->sessions);
	else if (as != SESSION_AS_STRANGER)
		greet_client(server->sessions);
	return fds[0];
}

/* ---- the run */

static void drain(int fd)
{
	uint8_t bytes[65536];

	while (recv(fd, bytes, sizeof bytes, 0) > 0)
		continue;
}

static bool turn(void)
{
	int r = sd_event_run(service_event(service), 0);

	must(r >= 0);
	return r > 0;
}

static void feed(struct server *server, int fd, const uint8_t *data, size_t size)
{
	int turns = 0;

	while (size > 0 && turns++ < TURNS_MAX) {
		ssize_t n = send(fd, data, size < PIECE ? size : PIECE, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (errno != EAGAIN) {
			break; /* it has closed */
		}
		(void)turn();
		drain(fd);
	}
	(void)shutdown(fd, SHUT_WR);
	while (turn() && turns++ < TURNS_MAX)
		drain(fd);
	drive_commit(server);
}

/* Another administrator is still answered. */
static void check_alive(struct server *server)
{
	static const uint8_t ping[] = {0, 0, 0, 0, 0, fq_Type_PING, 0, 7};
	_cleanup_(closep) int fd = join(server, SESSION_AS_ADMIN);
	uint8_t bytes[4096];
	ssize_t n = 0, got = 0;
	bool answered = false;

	must(send(fd, ping, sizeof ping, MSG_NOSIGNAL) == sizeof ping);
	for (int turns = 0; !answered && turns < TURNS_MAX; turns++) {
		(void)turn();
		n = recv(fd, bytes + got, sizeof bytes - (size_t)got, 0);
		got += n > 0 ? n : 0;
		for (ssize_t i = 0; i + 8 <= got && !answered; i++)
			answered = bytes[i + 5] == fq_Type_PONG && bytes[i + 7] == 7;
	}
	must(answered);
}

/* What is stored makes sense to the next start. */
static void check_state(void)
{
	struct server server;
	struct error err;

	must(server_init(&server, &settings, service, &err) == 0);
	server_deinit(&server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file_view view;
	struct server server;
	struct error err;
	int fd;

	if (size < 1)
		return 0;
	if (!service)
		prepare();
	clear_folder();
	must(server_init(&server, &settings, service, &err) == 0);
	open_file(&server, data[0] % SESSION_AS_MAX == SESSION_AS_SPLITTER);
	fd = join(&server, data[0] % SESSION_AS_MAX);
	feed(&server, fd, data + 1, size - 1);
	closep(&fd);
	check_alive(&server);
	must(!getenv("FQ_FUZZ_COUNTED") || !coord_find_row(server.coord, 1)); /* frames_corpus.t: the job has ended */
	must(!getenv("FQ_FUZZ_PLACED") || /* where the last slice begins only the scout of the one before has told */
	     (coord_find_file(server.coord, 1, 0, &view) && view.chain->proven == 1 && view.chain->links[2].state == LINK_OPEN));
	server_deinit(&server);
	if (size % STATE_EACH == 0)
		check_state();
	return 0;
}
