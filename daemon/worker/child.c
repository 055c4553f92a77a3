/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child's loop: see child.h. Memory: one slice's reader and counters (lib/qc/count.c) and its packed counters, the texts of scouts
 * (child_split.h), and the brief that it read last; freed memory is kept for the next slice up to WARM_BYTES, and as much for text.
 */
#include "daemon/worker/child.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/cage.h"
#include "daemon/worker/child_split.h"
#include "daemon/worker/known.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/qc/count.h"

#define PROGRESS_MS 200       /* at most so often */
#define WARM_BYTES (32 << 20) /* memory that is kept between slices */
#define WARM_PIECE_MAX                                                                             \
	(4 << 20) /* pieces up to this size come from it; larger ones go back to the system */

static void count_deinitp(struct slice_count *count)
{
	slice_count_deinit(count);
}

static int report(const struct child_report *report)
{
	return ipc_write(CHILD_FD, report, NULL, 0);
}

/* The time of the last progress; a supervisor that is gone ends the count. */
static int on_progress(void *data, uint64_t bytes)
{
	uint64_t *told = data, now = clock_monotonic_ms();
	struct child_report progress = {
	    .magic = CHILD_MAGIC, .kind = REPORT_PROGRESS, .bytes = bytes};

	if (now - *told < PROGRESS_MS)
		return 0;
	*told = now;
	return report(&progress);
}

static int report_failed(int r, const struct error *err)
{
	struct child_report failed = {
	    .magic = CHILD_MAGIC, .kind = REPORT_FAILED, .error_number = -r};

	(void)snprintf(failed.text, sizeof failed.text, "%.*s", CHILD_TEXT_MAX - 1, err->text);
	return report(&failed);
}

/* A report and its blob, of which the window has no digest. */
static int report_blob(struct child_report *report_of, const uint8_t *blob)
{
	int r = 0;

	if (report_of->blob_n > 0)
		r = digest_sha256(blob, report_of->blob_n - report_of->window_n, NULL, 0, report_of->digest);
	return r == 0 ? ipc_write(CHILD_FD, report_of, blob, report_of->blob_n) : r;
}

static struct child_report report_of_count(const struct slice_count *count, size_t n)
{
	return (struct child_report){
	    .magic = CHILD_MAGIC,
	    .kind = REPORT_COUNTED,
	    .outcome = count->outcome,
	    .seam = count->seam,
	    .fault = count->fault,
	    .bases = count->counters ? counters_bases(count->counters) : 0,
	    .blob_n = n,
	};
}

#ifdef FAILPOINTS
static bool struck(const char *how, const struct child_task *task)
{
	const char *who = task->kind == TASK_SCOUT ? "scout" : "child";
	char name[48];

	(void)snprintf(name, sizeof name, "%s-%s-at-%llu", who, how, (unsigned long long)task->slice.begin);
	FAILPOINT(name);
	return FAILPOINT_ON(name);
}

/* Takes memory until there is none, and gives it back, as a count does that fails for it. */
static int hog(struct error *err)
{
	void **all = NULL, **piece;

	while ((piece = malloc(WARM_PIECE_MAX / 2))) {
		memset(piece, 1, WARM_PIECE_MAX / 2);
		*piece = all;
		all = piece;
	}
	while ((piece = all)) {
		all = *piece;
		free(piece);
	}
	return error_oom(err);
}

/*
 * What a hostile slice might do to who counts it: child-crash-at-BYTE and so on, BYTE being where the slice begins; scout-crash-at-BYTE
 * to who inflates it.
 */
static int strike(const struct child_task *task, struct error *err)
{
	if (struck("crash", task))
		(void)raise(SIGSEGV);
	if (struck("abort", task))
		abort();
	while (struck("loop", task))
		continue;
	return struck("hog", task) ? hog(err) : 0;
}
#else
static int strike(const struct child_task *task, struct error *err)
{
	return 0;
}
#endif

/* What a child has for all its tasks. */
struct child {
	struct known known;
	struct child_texts texts;
	uint8_t window[SPLIT_WINDOW]; /* of the task's point */
};

/* Counts one slice and reports. Negative: nobody listens any more. */
static int serve_count(struct child *child, const struct child_task *task, const struct child_files *files)
{
	const struct count_rules *rules = files->brief >= 0 ? &child->known.rules : NULL;
	struct prior prior = task->prior;
	_cleanup_(count_deinitp) struct slice_count count = {0};
	_cleanup_(freep) uint8_t *blob = NULL;
	uint64_t told = clock_monotonic_ms();
	struct slice_task slice = task->slice;
	struct child_report counted = {0};
	struct error err = {0};
	size_t n = 0;
	int r;

	r = strike(task, &err);
	if (r == 0)
		r = known_read(&child->known, task, files->brief, &err);
	prior.tracked = files->brief >= 0 ? child->known.tracked : NULL;
	slice.point = task->has_point ? &task->point : NULL;
	slice.split = child_text(&child->texts, task);
	if (r == 0)
		r = count_slice(files->file, &slice, task->modules, rules, &prior, on_progress, &told, &count, &err);
	if (r == 0 && count.outcome == SLICE_END && counters_pack(count.counters, &blob, &n) < 0)
		r = error_oom(&err);
	if (r == 0) {
		counted = report_of_count(&count, n);
		counted.has_text = slice.split != NULL;
		if (child_add_split(task, &count, &counted, &blob) < 0)
			r = error_oom(&err);
	}
	/* Of no use any more, unless it is to be counted from another start. */
	if (task->has_point && !(r == 0 && count.outcome == SLICE_UNSURE))
		child_forget(&child->texts, task);
	return r < 0 ? report_failed(r, &err) : report_blob(&counted, blob);
}

/* The same of one that is inflated. */
static int serve_scout(struct child *child, const struct child_task *task, int file)
{
	_cleanup_(freep) uint8_t *blob = NULL;
	uint64_t told = clock_monotonic_ms();
	struct child_report inflated;
	struct error err = {0};
	int r;

	r = strike(task, &err);
	if (r == 0)
		r = child_scout(&child->texts, task, file, on_progress, &told, &inflated, &blob, &err);
	return r < 0 ? report_failed(r, &err) : report_blob(&inflated, blob);
}

/* Negative: nobody listens any more, or the supervisor makes no sense. */
static int serve(struct child *child, const struct child_task *task, const struct child_files *files)
{
	switch (task->kind) {
	case TASK_COUNT:
		return serve_count(child, task, files);
	case TASK_SCOUT:
		return serve_scout(child, task, files->file);
	case TASK_FORGET:
		child_forget(&child->texts, task);
		return 0;
	default:
		return -EBADMSG;
	}
}

static int serve_all(void)
{
	struct child_report ready = {.magic = CHILD_MAGIC, .kind = REPORT_READY};
	struct child child = {.texts.pool.most = WARM_BYTES / ARENA_CHUNK};
	int r = report(&ready);

	while (r == 0) {
		struct child_files files = {-1, -1};
		struct child_task task;

		r = ipc_receive_task(CHILD_FD, &task, &files, child.window);
		if (r == 0)
			r = serve(&child, &task, &files);
		closep(&files.file);
		closep(&files.brief);
	}
	known_deinit(&child.known);
	child_texts_deinit(&child.texts);
	return r;
}

/* Libraries that read their configuration when they are first used do so before the door is shut. */
static int warm_up(struct error *err)
{
	uint8_t digest[DIGEST_SIZE];
	int r = digest_sha256("", 0, NULL, 0, digest);

	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}

int child_main(void)
{
	struct error err = {0};
	int r;

	r = cage_enter(CAGE_COUNTER, CHILD_NAME, &err);
	if (r == 0)
		r = warm_up(&err);
	if (r == 0)
		r = cage_lock(CAGE_COUNTER, &err);
	if (r < 0) {
		log_error("%s", err.text);
		return (int)err.class;
	}
	(void)mallopt(M_MMAP_THRESHOLD,
	              WARM_PIECE_MAX); /* where it does not know them, memory is just not warm */
	(void)mallopt(M_TRIM_THRESHOLD, WARM_BYTES);
	r = serve_all();
	return r == 1 || r == -EPIPE || r == -ECONNRESET ? 0 : ERROR_SOFTWARE;
}
