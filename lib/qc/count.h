/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting one slice: the one place where reader and counters meet, for worker children and for fqctl's own cores. */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/split.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"

struct slice_count {
	enum slice_outcome outcome;  /* SLICE_END, SLICE_UNSURE or SLICE_FAULT */
	struct slice_seam seam;      /* SLICE_END, SLICE_FAULT */
	struct slice_fault fault;    /* SLICE_FAULT */
	struct counters *counters;   /* SLICE_END only; the receiver's to free */

	/* SLICE_END of a slice of gzip that has a point and is no rest: see slice_reader_split(). */
	struct split_report report;
	uint8_t *window; /* SPLIT_WINDOW bytes, the receiver's to free; NULL of all other slices */
};

/*
 * Called about every 16 MiB of input with the file bytes of the slice taken in so far; a non-zero return (a negative
 * errno such as -ECANCELED) ends the count with that value.
 */
typedef int (*count_progress_fn)(void *data, uint64_t bytes);

/*
 * Counts the slice by these modules and rules with what is known of the text before it; rules and prior NULL as in counters_new().
 * 0 with *ret filled, or negative errno: -ENOMEM, or what progress returned.
 */
int count_slice(int fd, const struct slice_task *task, uint32_t modules, const struct count_rules *rules,
                const struct prior *prior, count_progress_fn progress, void *data, struct slice_count *ret,
                struct error *err);
void slice_count_deinit(struct slice_count *count);
