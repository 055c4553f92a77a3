/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting one slice: see count.h. Memory: the reader's, one batch (20 KiB) and the counters. */
#include "lib/qc/count.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

#define PROGRESS_STEP (16ULL << 20) /* file bytes between two calls of progress */

static void readerp(struct slice_reader **reader)
{
	slice_reader_free(*reader);
}

/*
 * Counts batch after batch; returns how the slice ended (an enum slice_outcome other than
 * SLICE_BATCH) or negative errno.
 */
static int count_batches(struct slice_reader *reader, struct counters *counters,
                         count_progress_fn progress, void *data, struct error *err)
{
	uint64_t told = 0;
	struct batch batch;

	for (;;) {
		int r = slice_reader_next(reader, &batch, err);
		uint64_t bytes = slice_reader_progress(reader);

		if (r != SLICE_BATCH)
			return r;
		r = counters_add(counters, &batch);
		if (r < 0)
			return r == -ENOMEM ? error_oom(err) : r;
		if (!progress || bytes - told < PROGRESS_STEP)
			continue;
		told = bytes;
		r = progress(data, bytes);
		if (r != 0)
			return error_set(err, r < 0 ? r : -ECANCELED, ERROR_JOB,
			                 "the count was ended from outside");
	}
}

/* What a slice of gzip says of itself, besides its counters. */
static int take_report(struct slice_reader *reader, struct slice_count *ret)
{
	const uint8_t *window = NULL;
	const struct split_report *report = slice_reader_split(reader, &window);

	if (!report)
		return 0;
	ret->window = malloc(SPLIT_WINDOW);
	if (!ret->window)
		return -ENOMEM;
	memcpy(ret->window, window, SPLIT_WINDOW);
	ret->report = *report;
	return 0;
}

int count_slice(int fd, const struct slice_task *task, uint32_t modules,
                const struct count_rules *rules, const struct prior *prior,
                count_progress_fn progress, void *data, struct slice_count *ret, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(readerp) struct slice_reader *reader = NULL;
	struct prior start = prior ? *prior : PRIOR_UNKNOWN;
	int r;

	if (task->begin == 0 && !start.known) /* otherwise it may lie behind another file (follow.h) */
		start.first = start.known = true;
	r = counters_new(modules, rules, &start, &counters);
	if (r == -EINVAL)
		return error_set(err, r, ERROR_PROTOCOL,
		                 "a task asks for a count that this program does not know");
	if (r < 0)
		return error_oom(err);
	r = slice_reader_new(fd, task, &reader, err);
	if (r < 0)
		return r;
	r = count_batches(reader, counters, progress, data, err);
	if (r < 0)
		return r;
	*ret = (struct slice_count){.outcome = (enum slice_outcome)r};
	if (r == SLICE_END || r == SLICE_FAULT)
		ret->seam = *slice_reader_seam(reader);
	if (r == SLICE_FAULT)
		ret->fault = *slice_reader_fault(reader);
	if (r == SLICE_END && take_report(reader, ret) < 0)
		return error_oom(err);
	if (r == SLICE_END)
		ret->counters = TAKE(counters);
	return 0;
}

void slice_count_deinit(struct slice_count *count)
{
	count->counters = counters_free(count->counters);
	free(count->window);
	count->window = NULL;
}
