/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slice of an ordinary gzip file, entered in the middle of a member whose text before is not known.
 *
 *     split_new, split_step ... --> text with places that are open, split_report     (any slice, at once)
 *     split_place               <-- the true point, from the chain (split_chain.h)   (in order, 32 KiB each)
 *     slice_reader              --> records, as of every slice; then the report has its checksums too
 *
 * Where blocks begin in deflate data can only be guessed from the middle. What is found decodes on to the slice's end, and the chain
 * believes it only where the slice before ended on exactly that bit. Text is decoded to symbols of 16 bits: a byte, or a
 * reference to one of the 32 KiB before the slice (symbol.h). What depends on no reference is kept as bytes.
 *
 * A slice begins at the first boundary at or behind its `begin` and ends at the first one at or behind its `end`. A boundary
 * is the header of a member, or the first bit of a block of deflate data that can be told from chance: a dynamic or stored one, not
 * its member's last, nor its first, which has the header. A slice in which no boundary is found (long blocks, blocks with fixed
 * codes) is unsure: it waits until the slice before has ended, and is then read from that point in one pass, or is empty.
 *
 * From a point that is known (the file's beginning, a slice that was unsure or wrong, a seek index) there is no split: the task
 * of the reader has the point, and the text is decoded and counted in one pass, in constant memory.
 *
 * Memory: one buffer of compressed bytes, one of symbols, and what is kept: text_max bytes of text, with at most three more
 * for each that is open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/arena.h"
#include "lib/fastq/gzip.h"
#include "lib/fastq/slice.h"

#define SPLIT_WINDOW (32u << 10) /* how far deflate data refers back, in bytes of text */

/*
 * A boundary, and all that is needed to read on from it. The file's end is {8 * file_size, true}. Canonical: a stored block whose
 * own bits and filling are zeros is told by the last three bits before its lengths, as none of those before can be told apart.
 */
struct split_point {
	uint64_t bit;            /* of the file: the first bit of a block, or of a member's header */
	bool header;             /* a member's header (or the file's end): nothing of the text before it is needed */
	uint64_t member;         /* file offset of the header of the member in which it lies; header: bit / 8 */
	uint64_t within;         /* bytes of that member's text before it; header: 0 */
	uint32_t crc;            /* of those bytes; only the reader of a slice that goes to the file's end needs it */
	const uint8_t *window;   /* the last split_window_size() bytes of that text */
};

static inline size_t split_window_size(const struct split_point *point)
{
	return point->within < SPLIT_WINDOW ? (size_t)point->within : SPLIT_WINDOW;
}

/* A run of a member's text, for its CRC. */
struct split_part {
	uint64_t length;
	uint32_t crc;
};

/*
 * What a slice says of itself. Members that begin and end in it are proved by its reader. Of the one that began before (its head)
 * and of the one that goes on behind (its tail) it has a part each; a slice in which no member ends has a head only.
 */
struct split_report {
	uint64_t first_bit, next_bit; /* where its text begins and ends, as in split_point */
	bool first_header, next_header;
	uint32_t reach;               /* how many bytes before its text its symbols refer to, at most */
	uint64_t text;                /* bytes of it */

	struct split_part head;       /* from the beginning of its text; CRCs are there when it was read to its end */
	bool head_ends;               /* then */
	struct gzip_trailer head_trailer;
	uint64_t tail_member;         /* header of the member that it ends in, where head_ends (next_header: next_bit / 8) */
	struct split_part tail;       /* of that member's text */
	bool counted;                 /* the CRCs are there, and members in between are good */
};

struct split_task {
	uint64_t file_size;
	uint64_t begin, end; /* file bytes, 0 < begin < end <= file_size */
	uint64_t text_max;   /* bytes of text that it may keep */
};

enum split_outcome {
	SPLIT_MORE = 0,   /* goes on */
	SPLIT_DONE = 1,   /* the report is complete, but for CRCs */
	SPLIT_UNSURE = 2, /* no boundary from which it decodes to its end: to be read from a known point when its turn comes */
	SPLIT_LARGE = 3,  /* more than text_max: as unsure; smaller slices would do better */
	SPLIT_FAULT = 4,  /* the file cannot be read, or is shorter than planned: split_fault() */
};

struct split;

/*
 * fd and the pool (arena.h; NULL: none), from which memory comes and to which it goes back, stay the caller's and must outlive it.
 * -ENOMEM, or -EINVAL for a task that makes no sense.
 */
int split_new(int fd, const struct split_task *task, struct arena_pool *pool, struct split **ret, struct error *err);
struct split *split_free(struct split *split); /* NULL; takes NULL */

/* A bounded piece of work (some hundred KiB of text, or as much compressed data looked at): an enum split_outcome or -ENOMEM. */
int split_step(struct split *split);
uint64_t split_progress(const struct split *split); /* file bytes of [begin, end) looked at so far */
uint64_t split_held(const struct split *split);     /* bytes of memory that the kept text takes */
const struct split_report *split_report(const struct split *split);
const struct slice_fault *split_fault(const struct split *split);

/*
 * The symbols of the last SPLIT_WINDOW bytes of text before next_bit, packed for a peer: see symbol.h. At SPLIT_DONE; nothing
 * (0 bytes) where next_header. -ENOMEM.
 */
int split_pack_window(const struct split *split, uint8_t **ret, size_t *ret_n);

/* The same as they are: SPLIT_WINDOW of them, or NULL where next_header. */
const uint16_t *split_symbols(const struct split *split);

/*
 * The true point before it, which is copied. true: its text is known now, and a slice_reader may take it (slice_task.split).
 * false: it began elsewhere, or refers to what cannot be.
 */
bool split_place(struct split *split, const struct split_point *point);
