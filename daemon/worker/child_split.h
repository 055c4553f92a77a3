/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a child does for slices of one gzip stream besides counting: scouts inflate (lib/fastq/split.h), their text is kept, and counts
 * take it up. What has no room is decoded again.
 */
#pragma once

#include "daemon/worker/ipc.h"
#include "lib/base/error.h"
#include "lib/fastq/arena.h"
#include "lib/fastq/split.h"
#include "lib/qc/count.h"

#define CHILD_TEXTS_MAX 64

/* All zeros but for pool.most: none. */
struct child_texts {
	struct child_text {
		struct text_key key;
		struct split *split;
		uint64_t bytes;
	} list[CHILD_TEXTS_MAX]; /* in the order in which they came */
	size_t n;
	uint64_t bytes;
	struct arena_pool pool;
};

/*
 * A scout: inflates task->slice, keeps the text, and fills the report, with its blob. 0, or negative with a sentence (as progress
 * returned where that is not 0).
 */
int child_scout(struct child_texts *texts, const struct child_task *task, int file, count_progress_fn progress, void *data,
                struct child_report *ret, uint8_t **ret_blob, struct error *err);

/* Before a count: its text, placed at the point, which stays where it is; NULL: there is none that fits, and it is decoded from there. */
struct split *child_text(struct child_texts *texts, const struct child_task *task);

/* After it: what it says of gzip into the report, and the window behind its counters in the blob. 0 or -ENOMEM. */
int child_add_split(const struct child_task *task, const struct slice_count *count, struct child_report *report, uint8_t **blob);

/* What FORGET says; or that the slice of a task was counted. */
void child_forget(struct child_texts *texts, const struct child_task *task);
void child_texts_deinit(struct child_texts *texts);
