/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text that a split slice holds (split.h), in a file of memory, so that another process counts what one has inflated:
 *
 *     split_step ... SPLIT_DONE --split_save--> file of memory --split_load--> split_place, slice_reader
 *
 * Numbers are as this machine has them: both processes are the same program. Who loads believes nothing: whatever bytes there are, it
 * reads and writes within bounds.
 *
 * Memory: who loads maps the file, and has some 100 bytes besides for each 32 KiB of text.
 */
#pragma once

#include "lib/fastq/split.h"

/* A report as numbers, for memory that others wrote. */
#define SPLIT_REPORT_NUMBERS 16
void split_report_put(const struct split_report *report, uint64_t ret[SPLIT_REPORT_NUMBERS]);
int split_report_get(const uint64_t numbers[SPLIT_REPORT_NUMBERS], struct split_report *ret); /* 0, or -EBADMSG: they are none */

/* Bytes that what a slice of so much text_max holds may take in a file. */
static inline uint64_t split_saved_max(uint64_t text_max)
{
	return 4 * text_max + (1u << 20);
}

/* At SPLIT_DONE: bytes of what it holds in a file. */
uint64_t split_saved_size(const struct split *split);

/* Writes them from where the descriptor stands. 0 or negative errno. */
int split_save(const struct split *split, int fd);

/*
 * From the first n bytes of a file that nobody cuts meanwhile: text of a gzip file of this size. pool as in split_new(). What it gives is
 * as at SPLIT_DONE. 0, -EBADMSG where that is no such text, -ENOMEM, or negative errno of mapping it.
 */
int split_load(int fd, uint64_t n, uint64_t file_size, struct arena_pool *pool, struct split **ret);
