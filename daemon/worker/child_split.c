/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child's part in one gzip stream: see child_split.h. Memory: what split.h says, or the map of a text. */
#include "daemon/worker/child_split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/split_save.h"
#include "lib/fastq/symbol.h"

static void split_freep(struct split **split)
{
	*split = split_free(*split);
}

/* ---- scouts */

/* Text that does not fit, or cannot be written, is not kept: it is decoded again. */
static uint64_t save(const struct split *split, const struct child_task *task, int text)
{
	uint64_t n = split_saved_size(split);

	return n <= split_saved_max(task->text_max) && split_save(split, text) == 0 ? n : 0;
}

static int inflate(struct split *split, count_progress_fn progress, void *data, struct error *err)
{
	int r;

	while ((r = split_step(split)) == SPLIT_MORE) {
		r = progress(data, split_progress(split));
		if (r != 0)
			return error_set(err, r < 0 ? r : -ECANCELED, ERROR_JOB, "it was ended from outside");
	}
	return r == -ENOMEM ? SPLIT_LARGE : r; /* what there is does not do for so much text */
}

int child_scout(const struct child_task *task, const struct child_files *files, struct arena_pool *pool, count_progress_fn progress,
                void *data, struct child_report *ret, uint8_t **ret_blob, struct error *err)
{
	const struct split_task split_task = {
	    .file_size = task->slice.file_size,
	    .begin = task->slice.begin,
	    .end = task->slice.end,
	    .text_max = task->text_max,
	};
	_cleanup_(split_freep) struct split *split = NULL;
	struct child_report report = {.magic = CHILD_MAGIC, .kind = REPORT_INFLATED};
	size_t n = 0;
	int r;

	r = split_new(files->file, &split_task, pool, &split, err);
	if (r < 0)
		return r;
	r = inflate(split, progress, data, err);
	if (r < 0)
		return r;
	report.outcome = (uint32_t)r;
	if (r == SPLIT_FAULT)
		report.fault = *split_fault(split);
	if (r == SPLIT_DONE) {
		if (split_pack_window(split, ret_blob, &n) < 0)
			return error_oom(err);
		split_report_put(split_report(split), report.split);
		report.blob_n = n;
		report.text_n = save(split, task, files->text);
	}
	*ret = report;
	return 0;
}

/* ---- counts */

struct split *child_text(const struct child_task *task, const struct child_files *files, struct arena_pool *pool)
{
	_cleanup_(split_freep) struct split *split = NULL;

	if (task->text_n == 0 || !task->has_point ||
	    split_load(files->text, task->text_n, task->slice.file_size, pool, &split) < 0 || !split_place(split, &task->point))
		return NULL;
	return TAKE(split);
}

int child_add_split(const struct child_task *task, const struct slice_count *count, struct child_report *report, uint8_t **blob)
{
	_cleanup_(freep) uint8_t *window = NULL;
	uint8_t *both;
	size_t n = 0;

	if (!task->has_point || count->outcome != SLICE_END || !count->window)
		return 0;
	split_report_put(&count->report, report->split);
	if (count->report.next_header)
		return 0;
	if (window_pack(count->window, SPLIT_WINDOW, &window, &n) < 0)
		return -ENOMEM;
	both = realloc(*blob, report->blob_n + n);
	if (!both)
		return -ENOMEM;
	memcpy(both + report->blob_n, window, n);
	*blob = both;
	report->blob_n += n;
	report->window_n = n;
	return 0;
}
