/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a slice as its reader sees it: a window that moves along the text of a source.
 *
 *     source --> window --> records, which point into it
 *
 * Text comes in behind and is taken in front. What is not taken yet moves to the front of the one buffer, and more text comes
 * in behind it; where the source runs ahead (ahead.h), it is put in front of the next piece, and the text of pieces is not
 * copied, but for records too long to stand in front of one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/ahead.h"
#include "lib/fastq/record.h"
#include "lib/fastq/source.h"

struct window {
	const uint8_t *text; /* [at, n) is not taken yet; behind n are BATCH_SLACK zeros */
	size_t at, n;
	enum text_tail tail;

	uint64_t number; /* of text[0], as the source numbers bytes */
	uint64_t limit;  /* as source_limit() */
	uint64_t offset; /* as source_offset() */
	struct marks marks;
	uint64_t longest; /* bytes that are enough for any record, so that one which needs more is at fault */

	struct source *source;
	bool wants_ahead;
	struct ahead *ahead; /* NULL: text is made when it is asked for */
	uint8_t *own;        /* the one buffer; with a source ahead only for long records */
	size_t capacity;
};

int window_init(struct window *window, int fd, const struct slice_task *task); /* -ENOMEM */
void window_deinit(struct window *window);

/* As source_begin() and source_find_block(). */
void window_begin(struct window *window, uint64_t offset);
enum source_outcome window_find_block(struct window *window, uint64_t from, uint64_t *ret_offset);

/* Adds text, until `want` bytes are not taken yet or no more come. The text may move. 0 or -ENOMEM. */
int window_fill(struct window *window, size_t want);

/* More text behind a piece of a record: twice as much, so that a record of any length is looked at a bounded number of times. */
int window_fill_more(struct window *window);

/* The place of a byte of the text, or of the file's end where p is behind the last. */
struct text_place window_place(const struct window *window, const uint8_t *p);

/* Takes all text before a place: true, or false where the place is not in what is there. Gzip only. */
bool window_seek(struct window *window, struct text_place place);

/* As source_split(). No more text is asked for, or looked at, afterwards. */
const struct split_report *window_split(struct window *window, const uint8_t **ret_window);

/* The byte of the text from which on records belong to the next slice. */
const uint8_t *window_limit(const struct window *window);
