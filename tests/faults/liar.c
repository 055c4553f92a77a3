/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker that lies (liar.h):
 *
 *     liar LIE HOST PORT FOLDER NAME [TOKEN]     FOLDER has key and known coordinators; with a TOKEN the key is enrolled first
 *     liar --list
 *
 * It has one slot, or as many as LIAR_SLOTS says: the more a worker has, the earlier it gets something.
 * Exit status 0 when the coordinator has ended the connection, 1 when anything else went wrong.
 */
#include "tests/faults/liar.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/fastq/symbol.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"

#define WAIT_MS 20000

void liar_must(bool fact, const char *what)
{
	if (fact)
		return;
	(void)fprintf(stderr, "liar: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *what, const char *more)
{
	(void)printf("%s%s\n", what, more);
	(void)fflush(stdout);
}

void liar_lied(void)
{
	say("lied", "");
}

static void ended(const struct error *err) __attribute__((noreturn));
static void ended(const struct error *err)
{
	say("ended: ", err->text);
	exit(0);
}

/* ---- sending */

static void flush(struct liar *liar)
{
	struct error err = {0};

	if (dial_wait(liar->connection, WAIT_MS, NULL, &err) < 0)
		ended(&err);
}

void liar_send(struct liar *liar, uint16_t type, const void *message)
{
	int r = connection_send(liar->connection, type, 0, message);

	liar_must(r == 0 || r == -EPIPE, "a message cannot be queued");
	flush(liar);
}

void liar_send_blob(struct liar *liar, uint16_t type, const void *message, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	int r;

	liar_must(copy != NULL, "memory");
	memcpy(copy, bytes, n);
	r = connection_send_blob(liar->connection, type, 0, message, copy, n);
	liar_must(r == 0 || r == -EPIPE, "a blob cannot be queued");
	flush(liar);
}

/* ---- honest work */

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	liar_must(fd >= 0, path);
	return fd;
}

/* Where its text ended, and the window behind it. */
static void report_split(const struct slice_count *count, const fq_Task *task, fq_Result *result)
{
	_cleanup_(freep) uint8_t *packed = NULL;
	size_t n = 0;

	if (!task->split || !count->window)
		return;
	result->has_report = true;
	report_to_message(&count->report, &result->report);
	if (count->report.next_header)
		return;
	liar_must(window_pack(count->window, SPLIT_WINDOW, &packed, &n) == 0, "packing");
	memcpy(result->window.bytes, packed, n);
	result->window.size = (pb_size_t)n;
}

static void split_freep(struct split **split)
{
	split_free(*split);
}

/* It keeps no text: whoever counts the slice decodes it from its point. */
static void scout(const fq_Task *task, struct answer *ret)
{
	_cleanup_(closep) int fd = open_file(task->path);
	_cleanup_(split_freep) struct split *split = NULL;
	const struct split_task what = {.file_size = task->fingerprint.size, .begin = task->begin, .end = task->end, .text_max = task->text_max};
	struct error err;
	int r;

	liar_must(split_new(fd, &what, NULL, &split, &err) == 0, "a scout");
	do
		r = split_step(split);
	while (r == SPLIT_MORE);
	*ret = (struct answer){.result = {.has_ref = true, .ref = task->ref, .outcome = (uint32_t)r}};
	if (r != SPLIT_DONE)
		return;
	ret->result.has_report = true;
	report_to_message(split_report(split), &ret->result.report);
	liar_must(split_pack_window(split, &ret->blob, &ret->n) == 0, "packing");
	if (ret->n > 0)
		answer_sign(ret);
}

void liar_count(struct liar *liar, const fq_Task *task, uint32_t modules, const struct count_rules *rules, struct answer *ret)
{
	_cleanup_(closep) int fd = open_file(task->path);
	static uint8_t window[SPLIT_WINDOW];
	struct slice_count count = {0};
	struct split_point point;
	struct slice_task slice;
	struct prior prior;
	struct error err;

	liar_must(task_from_message(task, READ_MAX_DEFAULT, &slice, &err) == 0 && prior_from_message(task, &prior, &err) == 0,
	          "a task");
	if (task->split)
		liar_must(point_from_message(&task->point, slice.file_size, window, &point, &err) == 0, "a point");
	slice.point = task->split ? &point : NULL;
	prior.tracked = task->brief ? liar->tracked : NULL;
	liar_must(count_slice(fd, &slice, modules, task->brief ? rules : NULL, &prior, NULL, NULL, &count, &err) == 0, "a slice");
	*ret = (struct answer){.result = {.has_ref = true, .ref = task->ref, .outcome = count.outcome, .has_seam = true,
	                                  .start_known = task->start_known, .has_start = task->has_start, .start = task->start}};
	seam_to_message(&count.seam, &ret->result.seam);
	if (count.outcome == SLICE_END) {
		ret->result.bases = counters_bases(count.counters);
		answer_pack(ret, count.counters);
		report_split(&count, task, &ret->result);
	}
	slice_count_deinit(&count);
}

struct counters *answer_unpack(const struct answer *answer)
{
	struct counters *counters = NULL;

	liar_must(counters_unpack(answer->blob, answer->n, &counters, NULL) == 0, "counters");
	return counters;
}

void answer_pack(struct answer *answer, const struct counters *counters)
{
	free(TAKE(answer->blob));
	liar_must(counters_pack(counters, &answer->blob, &answer->n) == 0, "packing");
	answer_sign(answer);
}

void answer_sign(struct answer *answer)
{
	answer->result.blob_bytes = answer->n;
	liar_must(digest_sha256(answer->blob, answer->n, NULL, 0, answer->result.blob_sha256) == 0, "digest");
}

/* ---- what comes */

static void take_open(struct liar *liar, const fq_Open *open)
{
	_cleanup_(closep) int fd = open_file(open->path);
	fq_Opened opened = {.job = open->job, .file = open->file};
	struct file_facts facts;
	struct error err;

	liar_must(file_facts_take(fd, &facts, &err) == 0, "facts");
	facts_to_message(&facts, &opened);
	if (liar->lie->opened) {
		liar->lie->opened(liar, &opened);
		liar_lied();
	}
	liar_send(liar, fq_Type_OPENED, &opened);
}

static void take_task(struct liar *liar, const fq_Task *task)
{
	struct answer answer;

	if (liar->tasks_n == LIAR_TASKS_MAX)
		liar->tasks_n = 0;
	liar->tasks[liar->tasks_n++] = *task;
	if (liar->lie->task && liar->lie->task(liar, task)) {
		liar_lied();
		return;
	}
	if (task->ref.scout)
		scout(task, &answer);
	else
		liar_count(liar, task, task->modules, &liar->rules, &answer);
	if (liar->lie->result)
		liar->lie->result(liar, task, &answer);
	if (!answer.silent && answer.n > 0)
		liar_send_blob(liar, fq_Type_RESULT, &answer.result, answer.blob, answer.n);
	else if (!answer.silent)
		liar_send(liar, fq_Type_RESULT, &answer.result);
	free(answer.blob);
	if (liar->lie->result || liar->lie->task)
		liar_lied();
}

static void take_brief_data(struct liar *liar, const struct frame *frame)
{
	struct blob *blob = &liar->brief_blob;
	struct unpacker unpacker;
	struct error err;
	int r = blob_add(blob, frame, &err);

	liar_must(r >= 0, "a brief");
	if (r == 0)
		return;
	liar->tracked = tracked_free(liar->tracked);
	unpacker = (struct unpacker){.at = blob->bytes, .end = blob->bytes + blob->n};
	liar_must(rules_unpack(&liar->rules, &unpacker, &err) == 0, "rules");
	liar_must(unpack_left(&unpacker) == 0 || tracked_unpack(&unpacker, &liar->tracked, &err) == 0, "tracked sequences");
	blob_deinit(blob);
}

static void take(struct liar *liar, const struct frame *frame)
{
	_cleanup_(freep) void *message = malloc(message_struct_size_largest());
	struct error err;

	if (frame->type == fq_Type_DATA) {
		take_brief_data(liar, frame);
		return;
	}
	liar_must(message && message_decode(frame->type, frame->payload, frame->n, message, &err) == 0, "a message");
	switch (frame->type) {
	case fq_Type_OPEN:
		take_open(liar, message);
		break;
	case fq_Type_BRIEF:
		liar_must(blob_begin(&liar->brief_blob, ((fq_Brief *)message)->blob_bytes, BRIEF_MAX, &err) == 0, "a brief");
		break;
	case fq_Type_TASK:
		take_task(liar, message);
		break;
	case fq_Type_RESULT_ACK:
		say("acknowledged", "");
		break;
	default: /* DROP, DRAIN, RESUME: it does not care */
		break;
	}
}

/* ---- a connection */

static void connect_to(struct liar *liar)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	_cleanup_(freep) char *known = NULL;
	struct error err = {0};
	uint8_t pin[PIN_SIZE];
	fq_Welcome *welcome = calloc(1, sizeof *welcome); /* the process ends with it */
	int fd = -1;

	liar_must(hello && welcome && asprintf(&known, "%s/known", liar->folder) > 0, "memory");
	liar_must(known_find(known, liar->host, liar->port, pin, &err) == 0, "the coordinator is not known");
	if (dial_tcp(liar->host, liar->port, WAIT_MS, &fd, &err) < 0 ||
	    connection_new_client(liar->tls, fd, pin, &liar->connection, &err) < 0)
		ended(&err);
	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = getenv("LIAR_SLOTS") ? (uint32_t)atoi(getenv("LIAR_SLOTS")) : 1;
	(void)snprintf(hello->name, sizeof hello->name, "%s", liar->name);
	liar_must(digest_random(hello->instance, sizeof hello->instance) == 0, "random bytes");
	if (liar->lie->hello) {
		liar->lie->hello(liar, hello);
		liar_lied();
	}
	if (dial_hello(liar->connection, hello, WAIT_MS, welcome, &err) < 0)
		ended(&err);
	free(welcome);
	say("welcome", "");
	if (liar->lie->welcomed) {
		liar->lie->welcomed(liar);
		liar_lied();
	}
}

static const struct lie *lie_find(const char *name)
{
	for (const struct lie *lie = lies; lie->name; lie++)
		if (strcmp(lie->name, name) == 0)
			return lie;
	for (const struct lie *lie = lies_of_results; lie->name; lie++)
		if (strcmp(lie->name, name) == 0)
			return lie;
	for (const struct lie *lie = lies_of_splits; lie->name; lie++)
		if (strcmp(lie->name, name) == 0)
			return lie;
	return NULL;
}

static int list(void)
{
	for (const struct lie *lie = lies; lie->name; lie++)
		(void)puts(lie->name);
	for (const struct lie *lie = lies_of_results; lie->name; lie++)
		(void)puts(lie->name);
	for (const struct lie *lie = lies_of_splits; lie->name; lie++)
		(void)puts(lie->name);
	return 0;
}

static void enrol(struct liar *liar, const char *token)
{
	_cleanup_(freep) char *key = NULL, *known = NULL;
	struct error err = {0};

	liar_must(asprintf(&key, "%s/key.pem", liar->folder) > 0 && asprintf(&known, "%s/known", liar->folder) > 0, "memory");
	if (key_load_or_make(key, &liar->key, NULL, &err) < 0 || tls_new(liar->key, &liar->tls, &err) < 0 ||
	    (token && dial_join(liar->host, liar->port, token, liar->key, liar->name, known, NULL, &err) < 0)) {
		(void)fprintf(stderr, "liar: %s\n", err.text);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct liar *liar = calloc(1, sizeof *liar);
	struct frame frame;
	struct error err;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	liar_must(argc >= 6 && liar && (liar->lie = lie_find(argv[1])), "usage: liar LIE HOST PORT FOLDER NAME [TOKEN]");
	liar->host = argv[2];
	liar->port = (uint16_t)atoi(argv[3]);
	liar->folder = argv[4];
	liar->name = argv[5];
	(void)signal(SIGPIPE, SIG_IGN);
	enrol(liar, argc > 6 ? argv[6] : NULL);
	connect_to(liar);
	for (;;) {
		if (dial_wait(liar->connection, 0, &frame, &err) < 0)
			ended(&err);
		take(liar, &frame);
	}
}
