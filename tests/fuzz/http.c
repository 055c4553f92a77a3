/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator's HTTP side, from the bytes of a request to those of the answer, over a unix socket that it listens on. The core has a
 * node and a job whose owner, name, path and reason come from the input: its first byte is flags (AS_*), the next four strings end in
 * zero bytes, the rest is what is sent. Besides, the pages are asked for as they should be.
 *
 * Whatever is asked and whatever things are called: an answer has a status that is known, and the length and the headers that it says;
 * HTML is well-formed and without scripts, metrics can be scraped, other text is text; and without the token nothing is told but whether
 * the coordinator is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef HAVE_MICROHTTPD

#define TURNS_MAX 2000
#define TOKEN "0123456789abcdef-the-token"
#define ANSWER_MAX (4u << 20)

enum {
	AS_GUARDED = 1,  /* there is a token */
	AS_ENDED = 2,    /* the job was cancelled with the reason */
	AS_COUNTED = 4,  /* and its file has a result all the same */
	AS_DRAINED = 8,  /* the node has the reason */
	AS_FULL = 16,    /* the disk is */
};

struct request_parts {
	uint8_t flags;
	char owner[OWNER_MAX], name[JOB_NAME_MAX], path[4096], reason[300];
};

static struct coord_settings settings;
static struct service *service;
static char token_path[128];

/* ---- the coordinator */

static int clear_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	if (at->level > 0 && !strstr(path, "/key.pem") && !strstr(path, "/ballast"))
		(void)remove(path);
	return 0;
}

static void prepare(void)
{
	static const struct service_callbacks callbacks = {0};
	const char *arguments[] = {"fqcoordd", "--config", "/dev/null", "--state", folder, "--listen", "127.0.0.1:0", NULL};
	struct error err;

	folder_make();
	(void)snprintf(token_path, sizeof token_path, "%s/status.token", folder);
	must(conf_start(&coord_program, 7, (char **)arguments, &settings, NULL, &err) == 0);
	free(settings.status_token);
	settings.status_token = strdup(token_path);
	must(settings.status_token && service_new(&callbacks, 0, NULL, &service, &err) == 0);
	log_set_level(LOG_EMERG);
}

static void token_write(void)
{
	_cleanup_(closep) int fd = open(token_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && write(fd, TOKEN "\n", strlen(TOKEN) + 1) == (ssize_t)strlen(TOKEN) + 1);
}

/* A socket without a name in any folder; the kernel gives it one. */
static int listen_here(struct sockaddr_un *at, socklen_t *at_n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	must(fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof at->sun_family) == 0 && listen(fd, 8) == 0);
	*at_n = sizeof *at;
	must(getsockname(fd, (struct sockaddr *)at, at_n) == 0);
	return fd;
}

/* ---- the job */

static void job_make(struct server *server, const struct request_parts *parts)
{
	const char *paths[] = {parts->path};
	struct event event = {.kind = EVENT_SUBMIT};
	struct job_row *row = &event.submit.row;
	struct packer rules = {0};
	struct count_rules *usual = malloc(sizeof *usual);

	must(usual != NULL);
	rules_default(usual, COMPAT_0_12_1);
	rules_pack(usual, &rules);
	memcpy(row->owner, parts->owner, sizeof row->owner);
	memcpy(row->name, parts->name, sizeof row->name);
	row->modules = COUNT_REPORT;
	row->algorithm = COUNTERS_ALGORITHM;
	row->rules = rules.bytes;
	row->rules_n = (uint32_t)rules.n;
	row->files = 1;
	event.submit.paths = paths;
	drive(server, &event);
	free(rules.bytes);
	free(usual);
}

static void job_end(struct server *server, const struct request_parts *parts)
{
	struct event event = {.kind = EVENT_CANCEL};
	struct file_row row = {.job = 1, .path = parts->path, .state = JOB_COMPLETED};
	struct counters *counters = NULL;
	uint8_t *packed = NULL;
	struct error err;
	size_t n = 0;

	event.cancel.job = 1;
	event.cancel.admin = true;
	event.cancel.owner = "";
	event.cancel.reason = parts->reason;
	drive(server, &event);
	if (!(parts->flags & AS_COUNTED))
		return;
	must(counters_new(COUNT_REPORT, NULL, &PRIOR_FIRST, &counters) == 0 && counters_pack(counters, &packed, &n) == 0);
	must(store_save_file(server->store, &row, &err) == 0 && store_save_result(server->store, 1, 0, packed, n, &err) == 0);
	free(packed);
	counters_free(counters);
}

static void core_fill(struct server *server, const struct request_parts *parts)
{
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = 1000000};

	event.hello = (struct node_hello){.name = "node-1", .slots = 3, .algorithm = COUNTERS_ALGORITHM, .proto = PROTO_VERSION};
	drive(server, &event);
	if (parts->flags & AS_DRAINED) {
		event = (struct event){.kind = EVENT_DRAIN};
		event.drain.node = "node-1";
		event.drain.reason = parts->reason;
		drive(server, &event);
	}
	job_make(server, parts);
	if (parts->flags & AS_ENDED)
		job_end(server, parts);
	must(drive_commit(server) == 0);
	server->hold = (parts->flags & AS_FULL) != 0;
}

/* ---- asking */

/* True: it has closed. */
static bool receive(int fd, char *answer, size_t *n)
{
	ssize_t got = -1;

	while (*n < ANSWER_MAX && (got = recv(fd, answer + *n, ANSWER_MAX - *n, 0)) > 0)
		*n += (size_t)got;
	return got == 0;
}

/*
 * What comes back until it closes, with a zero byte behind it; of who does not stay only until nothing more comes at once. Reports, which
 * are made in a thread, are told to those who stay.
 */
static char *ask(const struct sockaddr_un *at, socklen_t at_n, const void *request, size_t size, bool stays, size_t *ret_n)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const char *rest = request;
	char *answer = malloc(ANSWER_MAX + 1);
	size_t n = 0;

	must(answer && fd >= 0 && connect(fd, (const struct sockaddr *)at, at_n) == 0);
	for (int turns = 0, still = 0; turns < TURNS_MAX && still < 4; turns++) {
		ssize_t sent = size > 0 ? send(fd, rest, size, MSG_NOSIGNAL) : 0;
		size_t before = n;
		int r;

		if (sent > 0) {
			rest += sent;
			size -= (size_t)sent;
		} else if (size > 0 && errno != EAGAIN) {
			size = 0; /* it has closed */
		}
		if (size == 0 && !stays)
			(void)shutdown(fd, SHUT_WR);
		r = sd_event_run(service_event(service), stays ? UINT64_MAX : 0);
		must(r >= 0);
		if (receive(fd, answer, &n))
			break;
		still = r == 0 && n == before && size == 0 ? still + 1 : 0;
	}
	must(n < ANSWER_MAX);
	answer[n] = '\0';
	*ret_n = n;
	return answer;
}

/* ---- what is right */

static bool body_is(const char *head, const char *type)
{
	char line[128];

	(void)snprintf(line, sizeof line, "Content-Type: %s\r\n", type);
	return strcasestr(head, line) != NULL;
}

static void check_body(const char *head, const char *body, size_t n)
{
	if (body_is(head, "text/html; charset=utf-8"))
		must_be_page(body, n, 0);
	else if (body_is(head, "text/plain; version=0.0.4; charset=utf-8"))
		must_be_metrics(body, n);
	else
		must_be_text(body, n);
}

/* The first answer of possibly several; returns its status, 0: there is none. */
static int check_answer(const char *answer, size_t n, bool head_only)
{
	const char *end = strstr(answer, "\r\n\r\n"), *length;
	char head[4096];
	size_t body_n;
	int status = 0;

	if (end && strncmp(answer, "HTTP/1.1 100 ", 13) == 0) /* "Expect: 100-continue": another head follows */
		return check_answer(end + 4, n - (size_t)(end + 4 - answer), head_only);
	if (n == 0)
		return 0;
	must(end && (size_t)(end - answer) + 4 < sizeof head && sscanf(answer, "HTTP/1.%*d %d", &status) == 1);
	(void)snprintf(head, sizeof head, "%.*s", (int)(end + 4 - answer), answer);
	length = strcasestr(head, "\r\nContent-Length: ");
	must(status >= 200 && status < 600 && length);
	body_n = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
	if (strcasestr(head, "Content-Security-Policy: ")) /* ours, not one of libmicrohttpd's own */
		must(strcasestr(head, "X-Content-Type-Options: nosniff") && strcasestr(head, "Cache-Control: no-store"));
	else
		must(status >= 400);
	if (!head_only && strcasestr(head, "Content-Security-Policy: ")) {
		must((size_t)(answer + n - end) >= 4 + body_n);
		check_body(head, end + 4, body_n);
	}
	return status;
}

static void check_page(const struct sockaddr_un *at, socklen_t at_n, const struct request_parts *parts, const char *path, int wants)
{
	_cleanup_(freep) char *answer = NULL;
	char request[256];
	size_t n;
	int status, size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sConnection: close\r\n\r\n", path,
	                    parts->flags & AS_GUARDED ? "Authorization: Bearer " TOKEN "\r\n" : "");

	answer = ask(at, at_n, request, (size_t)size, true, &n);
	status = check_answer(answer, n, false);
	must(status == wants || (parts->flags & AS_FULL && wants == 200 && status == 503)); /* the coordinator looks now and then itself */
}

static void check_pages(const struct sockaddr_un *at, socklen_t at_n, const struct request_parts *parts)
{
	const bool guarded = parts->flags & AS_GUARDED, counted = parts->flags & AS_ENDED && parts->flags & AS_COUNTED;

	check_page(at, at_n, parts, "/", 200);
	check_page(at, at_n, parts, "/metrics", 200);
	check_page(at, at_n, parts, "/healthz", 200);
	check_page(at, at_n, parts, "/job/1", guarded ? 200 : 404);
	check_page(at, at_n, parts, "/job/1/0/report.html", guarded && counted ? 200 : 404);
}

/* Whether the input shows the token: mutations of a seed do. */
static bool has_token(const uint8_t *data, size_t size)
{
	return memmem(data, size, "uthorization", 12) || memmem(data, size, "UTHORIZATION", 12);
}

static void run(struct server *server, const struct request_parts *parts, const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *answer = NULL;
	struct sockaddr_un at;
	struct error err;
	socklen_t at_n;
	size_t n;
	int status;

	if (parts->flags & AS_GUARDED)
		token_write();
	must(http_init(server, listen_here(&at, &at_n), &err) == 0);
	check_pages(&at, at_n, parts);
	answer = ask(&at, at_n, data, size, false, &n);
	status = check_answer(answer, n, memmem(data, size, "HEAD", 4) != NULL);
	if (parts->flags & AS_GUARDED && !has_token(data, size))
		must(status == 0 || status >= 400 || memmem(data, size, "/healthz", 8));
	check_page(&at, at_n, parts, "/healthz", 200); /* it goes on */
}

static void take(const uint8_t **data, size_t *size, char *ret, size_t room)
{
	size_t n = strnlen((const char *)*data, *size), kept = n < room ? n : room - 1;

	memcpy(ret, *data, kept);
	n += n < *size;
	*data += n;
	*size -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_parts parts = {0};
	struct server server;
	struct error err;

	if (size < 1)
		return 0;
	if (!service)
		prepare();
	parts.flags = *data++;
	size--;
	take(&data, &size, parts.owner, sizeof parts.owner);
	take(&data, &size, parts.name, sizeof parts.name);
	parts.path[0] = '/'; /* the core takes no other */
	take(&data, &size, parts.path + 1, sizeof parts.path - 1);
	take(&data, &size, parts.reason, sizeof parts.reason);
	must(nftw(folder, clear_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
	must(server_init(&server, &settings, service, &err) == 0);
	core_fill(&server, &parts);
	run(&server, &parts, data, size);
	server_deinit(&server);
	return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool told;

	(void)data;
	(void)size;
	if (!told)
		fputs("# fqcoordd was built without libmicrohttpd: nothing is asked\n", stderr);
	told = true;
	return 0;
}

#endif
