/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many light workers in one process, for a coordinator under load: each is a connection of its own (TLS, HELLO, PING), opens the files
 * that it is asked to open, and has counted a slice so many milliseconds after it was given it.
 *
 *     load_workers HOST PORT FOLDER PREFIX COUNT MS [TOKEN]     FOLDER has key and known coordinators; with a TOKEN the key is enrolled
 *
 * They are PREFIX0, PREFIX1 ... of one slot each. What a slice holds is counted by the library, once for all files with the same bytes at
 * the same place: all files are taken to be copies of the first one. "welcome N" is printed when all are there. Ends with its input.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/qc/count.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

#define WAIT_MS 60000
#define SOON_MS 5 /* longest nap while something is being counted */

struct answer {
	fq_Result result;
	uint8_t *blob;
	size_t n;
};

struct load_worker {
	char name[64];
	struct connection *connection;
	struct blob brief;
	bool has_rules;
	struct count_rules rules;
	bool busy;
	fq_Task task;
	uint64_t done_ms;
};

static struct answer known[16]; /* counted before */
static size_t known_n;
static uint64_t lasts_ms;

static void must(bool fact, const char *what)
{
	if (fact)
		return;
	(void)fprintf(stderr, "load_workers: %s\n", what);
	exit(1);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	must(fd >= 0, path);
	return fd;
}

/* ---- counting */

static const struct answer *answer_to(const struct load_worker *worker)
{
	const fq_Task *task = &worker->task;
	_cleanup_(closep) int fd = -1;
	struct slice_count count = {0};
	struct answer *answer;
	struct slice_task slice;
	struct prior prior;
	struct error err;

	for (size_t i = 0; i < known_n; i++)
		if (known[i].result.ref.slice == task->ref.slice && known[i].result.start_known == task->start_known)
			return &known[i];
	must(known_n < sizeof known / sizeof *known, "files of many slices are not for this");
	fd = open_file(task->path);
	must(task_from_message(task, READ_MAX_DEFAULT, &slice, &err) == 0 && prior_from_message(task, &prior, &err) == 0, "a task");
	prior.tracked = NULL;
	must(count_slice(fd, &slice, task->modules, worker->has_rules ? &worker->rules : NULL, &prior, NULL, NULL, &count, &err) == 0 &&
	     count.outcome == SLICE_END, "a slice");
	answer = &known[known_n++];
	answer->result = (fq_Result){.has_ref = true, .ref = task->ref, .outcome = count.outcome, .has_seam = true,
	                             .start_known = task->start_known, .has_start = task->has_start, .start = task->start};
	seam_to_message(&count.seam, &answer->result.seam);
	answer->result.bases = counters_bases(count.counters);
	must(counters_pack(count.counters, &answer->blob, &answer->n) == 0, "packing");
	answer->result.blob_bytes = answer->n;
	must(digest_sha256(answer->blob, answer->n, NULL, 0, answer->result.blob_sha256) == 0, "a digest");
	slice_count_deinit(&count);
	return answer;
}

static void finish(struct load_worker *worker)
{
	const struct answer *answer = answer_to(worker);
	fq_Result result = answer->result;
	uint8_t *copy = malloc(answer->n);

	must(copy != NULL, "memory");
	memcpy(copy, answer->blob, answer->n);
	result.ref = worker->task.ref;
	worker->busy = false;
	must(connection_send_blob(worker->connection, fq_Type_RESULT, 0, &result, copy, answer->n) == 0, "a result cannot be queued");
}

/* ---- what comes */

static void take_open(const struct load_worker *worker, const fq_Open *open)
{
	_cleanup_(closep) int fd = open_file(open->path);
	fq_Opened opened = {.job = open->job, .file = open->file};
	struct file_facts facts;
	struct error err;

	must(file_facts_take(fd, &facts, &err) == 0, "facts");
	facts_to_message(&facts, &opened);
	must(connection_send(worker->connection, fq_Type_OPENED, 0, &opened) == 0, "OPENED cannot be queued");
}

static void take_brief(struct load_worker *worker, const struct frame *frame)
{
	struct unpacker unpacker;
	struct error err;
	int r = blob_add(&worker->brief, frame, &err);

	must(r >= 0, "a brief");
	if (r == 0)
		return;
	unpacker = (struct unpacker){.at = worker->brief.bytes, .end = worker->brief.bytes + worker->brief.n};
	must(rules_unpack(&worker->rules, &unpacker, &err) == 0, "rules");
	worker->has_rules = true;
	blob_deinit(&worker->brief);
}

static void take(struct load_worker *worker, const struct frame *frame)
{
	_cleanup_(freep) void *message = NULL;
	struct error err = {0};

	if (frame->type == fq_Type_DATA) {
		take_brief(worker, frame);
		return;
	}
	if (frame->type == fq_Type_PING) {
		must(connection_send(worker->connection, fq_Type_PONG, frame->tag, NULL) == 0, "PONG cannot be queued");
		return;
	}
	message = malloc(message_struct_size_largest());
	must(message != NULL, "memory");
	must(message_decode(frame->type, frame->payload, frame->n, message, &err) == 0, "a message");
	switch (frame->type) {
	case fq_Type_OPEN:
		take_open(worker, message);
		break;
	case fq_Type_BRIEF:
		must(blob_begin(&worker->brief, ((fq_Brief *)message)->blob_bytes, BRIEF_MAX, &err) == 0, "a brief");
		break;
	case fq_Type_TASK:
		must(!worker->busy, "two tasks at once");
		worker->task = *(fq_Task *)message;
		worker->busy = true;
		worker->done_ms = clock_monotonic_ms() + lasts_ms / 2 + (uint64_t)random() % (lasts_ms + 1);
		break;
	case fq_Type_DROP:
		if (worker->busy && worker->task.ref.lease == ((fq_Ref *)message)->ref.lease)
			worker->busy = false;
		break;
	case fq_Type_ERROR:
		must(false, ((fq_Error *)message)->text);
		break;
	default: /* it is acknowledged, drained */
		break;
	}
}

static void run(struct load_worker *worker)
{
	struct frame frame;
	struct error err = {0};
	int r;

	do {
		r = connection_run(worker->connection, &err);
		must(r >= 0, err.text);
		while (connection_take(worker->connection, &frame, &err) > 0)
			take(worker, &frame);
	} while (r == CONNECTION_AGAIN);
	connection_push(worker->connection);
}

/* ---- */

static void begin(struct load_worker *worker, struct tls *tls, const char *host, uint16_t port, const uint8_t pin[PIN_SIZE])
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);
	struct error err = {0};
	int fd;

	must(hello && welcome, "memory");
	must(dial_tcp(host, port, WAIT_MS, &fd, &err) == 0 && connection_new_client(tls, fd, pin, &worker->connection, &err) == 0, err.text);
	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = 1;
	(void)snprintf(hello->name, sizeof hello->name, "%s", worker->name);
	must(digest_random(hello->instance, sizeof hello->instance) == 0, "random bytes");
	must(dial_hello(worker->connection, hello, WAIT_MS, welcome, &err) == 0, err.text);
}

/* What is to be done now, and what comes within so many milliseconds (-1: a long time). False: the input has ended. */
static bool serve(struct load_worker *workers, size_t n, struct pollfd *polls, int wait_ms)
{
	uint64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < n; i++) {
		if (workers[i].busy && workers[i].done_ms <= now)
			finish(&workers[i]);
		if (connection_queued(workers[i].connection) > 0)
			connection_push(workers[i].connection);
		if (workers[i].busy && wait_ms < 0)
			wait_ms = SOON_MS;
		polls[i] = (struct pollfd){.fd = connection_fd(workers[i].connection), .events = connection_events(workers[i].connection)};
	}
	polls[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	must(poll(polls, n + 1, wait_ms) >= 0 || errno == EINTR, "poll");
	for (size_t i = 0; i < n; i++)
		if (polls[i].revents)
			run(&workers[i]);
	return !polls[n].revents;
}

int main(int argc, char **argv)
{
	struct load_worker *workers;
	struct pollfd *polls;
	struct tls *tls = NULL;
	struct key *key = NULL;
	char *key_path, *known_path;
	uint8_t pin[PIN_SIZE];
	struct error err = {0};
	uint16_t port;
	size_t n;

	must(argc == 7 || argc == 8, "usage: load_workers HOST PORT FOLDER PREFIX COUNT MS [TOKEN]");
	(void)signal(SIGPIPE, SIG_IGN);
	port = (uint16_t)atoi(argv[2]);
	n = strtoul(argv[5], NULL, 10);
	lasts_ms = strtoul(argv[6], NULL, 10);
	workers = calloc(n, sizeof *workers);
	polls = calloc(n + 1, sizeof *polls);
	must(workers && polls && asprintf(&key_path, "%s/key.pem", argv[3]) > 0 && asprintf(&known_path, "%s/known", argv[3]) > 0, "memory");
	must(key_load_or_make(key_path, &key, NULL, &err) == 0 && tls_new(key, &tls, &err) == 0, err.text);
	must(argc < 8 || dial_join(argv[1], port, argv[7], key, argv[4], known_path, NULL, &err) == 0, err.text);
	must(known_find(known_path, argv[1], port, pin, &err) == 0, "the coordinator is not known");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(workers[i].name, sizeof workers[i].name, "%s%zu", argv[4], i);
		begin(&workers[i], tls, argv[1], port, pin);
		(void)serve(workers, i + 1, polls, 0); /* the others are pinged meanwhile */
	}
	(void)printf("welcome %zu\n", n);
	(void)fflush(stdout);
	while (serve(workers, n, polls, -1))
		continue;
	return 0; /* the process ends with all that it has */
}
