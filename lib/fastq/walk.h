/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A walk along a gzip file from one boundary to the next (split.h says what that is), member after member: the text of what is
 * between them to one buffer of bytes or of symbols, which is the caller's, and the events that come with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/deflate.h"
#include "lib/fastq/gzip.h"
#include "lib/fastq/input.h"

#define WALK_PACKED (512u << 10) /* compressed bytes in memory */

enum walk_outcome {
	WALK_TEXT = 0,     /* went on: more text perhaps, or the room is full */
	WALK_BEGIN = 1,    /* a member begins: walk->member */
	WALK_ENDS = 2,     /* a member has ended: walk->trailer */
	WALK_BOUNDARY = 3, /* the first boundary at or behind the slice's end is reached: walk_bit(), walk_at_header(); once */
	WALK_END = 4,      /* the file's end, all zeros behind the last member seen; after WALK_BOUNDARY */
	WALK_BAD = 5,      /* not gzip, not deflate data, or cut short */
	WALK_FAULT = 6,    /* walk->fault: the file cannot be read */
};

enum walk_place {
	WALK_AT_HEADER = 0,
	WALK_IN_MEMBER,
	WALK_AT_TRAILER,
	WALK_IN_PADDING,
	WALK_AT_END,
};

struct walk {
	struct input input;
	uint64_t end;   /* file offset */
	bool told;      /* of the boundary */
	enum walk_place place;
	uint64_t member;
	uint64_t have;  /* bytes of the member's text so far, or more where that is not known */
	struct gzip_trailer trailer;
	struct slice_fault fault;

	uint8_t *packed;
	size_t n;       /* compressed bytes there */
	uint64_t base;  /* file offset of packed[0] */
	uint64_t bit;   /* of packed */
	struct deflate *deflate;
};

int walk_init(struct walk *walk, int fd, uint64_t file_size, uint64_t end); /* -ENOMEM */
void walk_deinit(struct walk *walk);

/* From a member's header, or from a block with so many bytes of text before it that may be referred to. Any number of times. */
void walk_begin(struct walk *walk, uint64_t bit, bool header, uint64_t member, uint64_t have);

/* Where the text goes: to bytes or, where these are NULL, to symbols; n, room and slack as in deflate.h. */
struct walk_room {
	uint8_t *bytes;
	uint16_t *symbols;
	size_t n, room;
};

enum walk_outcome walk_on(struct walk *walk, struct walk_room *room);

/* Reads on until `want` bytes from the one that holds the next bit lie there, or the file ends: INPUT_DATA or INPUT_END. */
enum input_outcome walk_need(struct walk *walk, size_t want);

static inline uint64_t walk_bit(const struct walk *walk)
{
	return 8 * walk->base + walk->bit;
}

static inline bool walk_at_header(const struct walk *walk)
{
	return walk->place == WALK_AT_HEADER || walk->place == WALK_AT_END;
}
