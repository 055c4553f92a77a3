/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source that runs in a thread of its own, ahead of the one who takes its text: where a core is free, inflating and
 * counting need not wait for each other.
 *
 *     source --thread--> a ring of pieces --> ahead_next()
 *
 * The text, the marks, the limit and the end are those of the source, piece by piece.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/marks.h"
#include "lib/fastq/source.h"

#define AHEAD_PIECES 4           /* of the ring */
#define AHEAD_TEXT (256u << 10)  /* text of a piece, at most */
#define AHEAD_BEFORE (64u << 10) /* bytes in front of a piece's text, for the taker */

struct ahead_piece {
	uint8_t *text;      /* behind its n bytes are BATCH_SLACK zeros */
	size_t n;
	struct marks marks; /* of the members that begin in it */
	uint64_t limit;     /* source_limit() and source_offset() when it was made */
	uint64_t offset;
	int outcome;        /* of source_fill() */
};

struct ahead;

/*
 * Starts the thread on a source that has begun; nobody else may use the source before the outcome was another than SOURCE_TEXT,
 * or before ahead_free(). -ENOMEM, or the errno of a thread that cannot be had.
 */
int ahead_new(struct source *source, struct ahead **ret);
struct ahead *ahead_free(struct ahead *ahead); /* NULL; takes NULL. Ends the thread, wherever it is */

/*
 * Waits for the next piece; returns its outcome. The n_before bytes at `before` (at most AHEAD_BEFORE) are put in front of its text;
 * they may lie in the piece before, which is given back. A piece whose outcome is not SOURCE_TEXT has no text, is the last one, and
 * leaves the one before where it is.
 */
int ahead_next(struct ahead *ahead, const uint8_t *before, size_t n_before,
               const struct ahead_piece **ret);
