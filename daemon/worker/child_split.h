/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a child does for slices of one gzip stream besides counting: scouts inflate (lib/fastq/split.h), and counts take up what they
 * have left.
 */
#pragma once

#include "daemon/worker/ipc.h"
#include "lib/base/error.h"
#include "lib/fastq/arena.h"
#include "lib/fastq/split.h"
#include "lib/qc/count.h"

/*
 * A scout: inflates task->slice into the text and fills the report, with its blob. 0, or negative with a sentence (as progress returned
 * where that is not 0).
 */
int child_scout(const struct child_task *task, const struct child_files *files, struct arena_pool *pool, count_progress_fn progress,
                void *data, struct child_report *ret, uint8_t **ret_blob, struct error *err);

/*
 * Before a count: its text, placed at the point; NULL where there is none, or none that fits, and it is decoded from the point. Why not
 * is of no interest: the result is the same.
 */
struct split *child_text(const struct child_task *task, const struct child_files *files, struct arena_pool *pool);

/* After it: what it says of gzip into the report, and the window behind its counters in the blob. 0 or -ENOMEM. */
int child_add_split(const struct child_task *task, const struct slice_count *count, struct child_report *report, uint8_t **blob);
