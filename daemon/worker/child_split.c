/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A child's part in one gzip stream: see child_split.h. Memory: texts of task.text_room bytes, and one that is being inflated (split.h). */
#include "daemon/worker/child_split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/symbol.h"

static void split_freep(struct split **split)
{
	*split = split_free(*split);
}

/* ---- texts */

static bool is_of_file(const struct text_key *a, const struct text_key *b)
{
	return a->job == b->job && a->file == b->file;
}

static void drop_at(struct child_texts *texts, size_t i)
{
	texts->bytes -= texts->list[i].bytes;
	split_free(texts->list[i].split);
	memmove(&texts->list[i], &texts->list[i + 1], (texts->n - i - 1) * sizeof *texts->list);
	texts->n--;
}

static size_t find(const struct child_texts *texts, const struct text_key *key)
{
	size_t i = 0;

	while (i < texts->n && !(is_of_file(&texts->list[i].key, key) && texts->list[i].key.slice == key->slice))
		i++;
	return i;
}

void child_forget(struct child_texts *texts, const struct child_task *task)
{
	size_t i = find(texts, &task->key);

	if (i < texts->n)
		drop_at(texts, i);
	while (task->all && texts->n > 0)
		drop_at(texts, texts->n - 1);
}

void child_texts_deinit(struct child_texts *texts)
{
	while (texts->n > 0)
		drop_at(texts, texts->n - 1);
	arena_pool_deinit(&texts->pool);
}

/* The oldest ones of other files make room, for their jobs may be gone; those of the same file are needed before this one. */
static bool keep(struct child_texts *texts, const struct child_task *task, struct split **split)
{
	const uint64_t bytes = (split_held(*split) + ARENA_CHUNK - 1) / ARENA_CHUNK * ARENA_CHUNK;
	size_t i = 0;

	child_forget(texts, task); /* one that it had of the same slice */
	while (i < texts->n && (texts->bytes + bytes > task->text_room || texts->n == CHILD_TEXTS_MAX)) {
		if (is_of_file(&texts->list[i].key, &task->key))
			i++;
		else
			drop_at(texts, i);
	}
	if (texts->bytes + bytes > task->text_room || texts->n == CHILD_TEXTS_MAX)
		return false;
	texts->list[texts->n++] = (struct child_text){.key = task->key, .split = TAKE(*split), .bytes = bytes};
	texts->bytes += bytes;
	return true;
}

struct split *child_text(struct child_texts *texts, const struct child_task *task)
{
	size_t i = find(texts, &task->key);

	return task->has_point && i < texts->n && split_place(texts->list[i].split, &task->point) ? texts->list[i].split : NULL;
}

/* ---- scouts */

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

int child_scout(struct child_texts *texts, const struct child_task *task, int file, count_progress_fn progress, void *data,
                struct child_report *ret, uint8_t **ret_blob, struct error *err)
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

	r = split_new(file, &split_task, &texts->pool, &split, err);
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
		report.has_text = keep(texts, task, &split);
	}
	*ret = report;
	return 0;
}

/* ---- counts */

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
