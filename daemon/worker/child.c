/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A child's loop: see child.h. Memory: one slice's reader and counters (lib/qc/count.c) and its packed counters, and the brief
 * that it read last; freed memory is kept for the next slice up to WARM_BYTES.
 */
#include "daemon/worker/child.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker/cage.h"
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
	return ipc_write(CHILD_FD, report, sizeof *report);
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

static int report_counted(const struct slice_count *count, uint8_t *blob, size_t n)
{
	struct child_report counted = {
	    .magic = CHILD_MAGIC,
	    .kind = REPORT_COUNTED,
	    .outcome = count->outcome,
	    .seam = count->seam,
	    .fault = count->fault,
	    .bases = count->counters ? counters_bases(count->counters) : 0,
	    .blob_n = n,
	};
	int r = 0;

	if (n > 0)
		r = digest_sha256(blob, n, NULL, 0, counted.digest);
	if (r == 0)
		r = report(&counted);
	return r == 0 ? ipc_write(CHILD_FD, blob, n) : r;
}

#ifdef FAILPOINTS
static bool struck(const char *how, const struct child_task *task)
{
	char name[48];

	(void)snprintf(name, sizeof name, "child-%s-at-%llu", how, (unsigned long long)task->slice.begin);
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

/* What a hostile slice might do to who counts it: child-crash-at-BYTE and so on, BYTE being where the slice begins. */
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

/* Counts one slice and reports. Negative: nobody listens any more. */
static int serve(int file, int brief, const struct child_task *task, struct known *known)
{
	struct prior prior = task->prior;
	_cleanup_(count_deinitp) struct slice_count count = {0};
	_cleanup_(freep) uint8_t *blob = NULL;
	uint64_t told = clock_monotonic_ms();
	struct error err = {0};
	size_t n = 0;
	int r;

	r = strike(task, &err);
	if (r == 0)
		r = known_read(known, task, brief, &err);
	prior.tracked = brief >= 0 ? known->tracked : NULL;
	if (r == 0)
		r = count_slice(file, &task->slice, task->modules, brief >= 0 ? &known->rules : NULL, &prior, on_progress, &told,
		                &count, &err);
	if (r == 0 && count.outcome == SLICE_END) {
		r = counters_pack(count.counters, &blob, &n);
		if (r < 0)
			r = error_oom(&err);
	}
	return r < 0 ? report_failed(r, &err) : report_counted(&count, blob, n);
}

static int serve_all(void)
{
	struct child_report ready = {.magic = CHILD_MAGIC, .kind = REPORT_READY};
	_cleanup_(known_deinit) struct known known = {0};
	int r = report(&ready);

	while (r == 0) {
		_cleanup_(closep) int file = -1, brief = -1;
		struct child_task task;

		r = ipc_receive_task(CHILD_FD, &task, &file, &brief);
		if (r == 0)
			r = serve(file, brief, &task, &known);
	}
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
