/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the first record begins in a text that was entered in the middle.
 *
 * The line that the text begins with is one of four: header, sequence, '+' or quality. Each of the four is tried on the text
 * by the rules of record.h; a guess is made only where exactly one survives. Qualities may begin with '@' and '+', so a
 * guess can be wrong all the same, and the chain of slices finds that out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/record.h"

/* What the text begins with. */
enum guess_edge {
	EDGE_LINE,    /* the first byte of a line */
	EDGE_WITHIN,  /* the rest of a line, perhaps of no bytes */
	EDGE_UNKNOWN,
};

enum guess_outcome {
	GUESS_MADE = 0,
	GUESS_MORE = 1,   /* more than one can be: try again with more text (never where the text ends) */
	GUESS_UNSURE = 2, /* none can be, or the text is not enough to tell */
};

/* *ret_start is the number of bytes before the first record, n where the text ends before one. */
enum guess_outcome guess_start(const struct record_rules *rules, const uint8_t *text, size_t n,
                               enum text_tail tail, enum guess_edge edge, size_t *ret_start);
