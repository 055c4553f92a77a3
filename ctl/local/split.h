/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One ordinary gzip stream on several cores (split.h): whether, and what threads do for it besides counting.
 *
 *     a link is open --local_split_take--> a thread inflates it into a shelf, without its window --local_split_offer--> HELD
 *     its window is known: PLACED --local_split_take--> any thread counts what the shelf has, and the shelf is free again
 *     the link whose point is known already, before anybody inflated it, is inflated and counted in one pass, without a shelf
 *
 * No thread waits for another: what can be counted goes before what can be inflated, and the lowest link that is not counted needs no
 * shelf. Whatever looks like damage ends the slices: the file is then read as one slice from its beginning, and what that says is true.
 *
 * Memory: shelves, a quarter more than threads, of SPLIT_TEXT_TIMES slices each at most, and of usual slices of 1 MiB some 14 MB of text.
 * Eight threads take 230 MB in all, with counters and what the shelves' pools keep.
 */
#pragma once

#include "ctl/local/local.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/split.h"

struct local_file;
struct piece;
struct slice_count;

/* Where the text of one slice is held. While it is busy, split and pool are that thread's alone. */
struct split_shelf {
	const struct local_file *file; /* whose link it is; NULL: free */
	uint64_t link;
	bool busy;                     /* a thread inflates it, or counts from it */
	struct split *split;
	struct arena_pool pool;
};

/* Of all files together. */
struct split_shelves {
	struct split_shelf *shelves;
	uint32_t n;
};

int split_shelves_init(struct split_shelves *shelves, uint32_t threads); /* -ENOMEM */
void split_shelves_deinit(struct split_shelves *shelves);

/* The size of the slices of a file for which so many threads are free, or 0: one slice. Says in words which and why. */
uint64_t local_split_plan(const struct local_options *options, const struct file_facts *facts, uint32_t threads, char *ret_why,
                          size_t room);

/*
 * All of these with the lock of local.c, but local_split_inflate() and local_split_begin(). The next piece of a file that is split, of
 * links before `end`: true. False: there is none now, or memory is out (*ret_oom).
 */
bool local_split_take(const struct local_options *options, struct local_file *file, uint64_t end, struct piece *ret, bool *ret_oom);

/* Inflates the piece into its shelf: 0, -ENOMEM, or -ECANCELED where the file is stopped. */
int local_split_inflate(struct piece *piece, struct error *err);

/* Before a piece is counted: from its shelf, where it has one. */
void local_split_begin(struct piece *piece);

/* What was inflated. 0; -EBADMSG: the file is to be read as one slice; -ENOMEM. */
int local_split_offer(struct local_file *file, struct piece *piece);

/* What was counted, likewise. *ret_used: the counters are the link's. */
int local_split_offer_count(struct local_file *file, const struct piece *piece, const struct slice_count *count, bool *ret_used);

/* Frees the shelves of the file that are of no use any more: all of them where it is not split (any more). */
void local_split_drop(struct local_file *file);
