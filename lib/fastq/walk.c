/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A walk along a gzip file: see walk.h. Five places, each a function that does a bounded piece of work. */
#include "lib/fastq/walk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/bits.h"

int walk_init(struct walk *walk, int fd, uint64_t file_size, uint64_t end)
{
	*walk = (struct walk){.input = {.fd = fd, .size = file_size}, .end = end};
	walk->packed = malloc(WALK_PACKED + DEFLATE_IN_SLACK);
	if (!walk->packed || deflate_new(&walk->deflate) < 0)
		return -ENOMEM;
	memset(walk->packed, 0, WALK_PACKED + DEFLATE_IN_SLACK);
	return 0;
}

void walk_deinit(struct walk *walk)
{
	free(walk->packed);
	deflate_free(walk->deflate);
	*walk = (struct walk){0};
}

void walk_begin(struct walk *walk, uint64_t bit, bool header, uint64_t member, uint64_t have)
{
	uint64_t byte = bit / 8;

	if (byte < walk->base || byte > walk->base + walk->n) {
		walk->base = walk->input.at = byte;
		walk->n = 0;
	}
	walk->bit = bit - 8 * walk->base;
	walk->member = member;
	walk->have = have;
	walk->place = header ? WALK_AT_HEADER : WALK_IN_MEMBER;
	walk->told = false;
	deflate_reset(walk->deflate);
}

enum input_outcome walk_need(struct walk *walk, size_t want)
{
	size_t at = (size_t)(walk->bit / 8), got;

	assert(want <= WALK_PACKED);
	if (walk->n - at >= want)
		return INPUT_DATA;
	memmove(walk->packed, walk->packed + at, walk->n - at);
	walk->base += at;
	walk->n -= at;
	walk->bit %= 8;
	while (walk->n < want) {
		enum input_outcome k =
		    input_read(&walk->input, walk->packed + walk->n, WALK_PACKED - walk->n, &got, &walk->fault);

		if (k != INPUT_DATA)
			return k;
		walk->n += got;
	}
	return INPUT_DATA;
}

/* At the first boundary at or behind the slice's end: tells of it, once. */
static bool tells_boundary(struct walk *walk)
{
	if (walk->told || walk_bit(walk) < 8 * walk->end)
		return false;
	return walk->told = true;
}

static enum walk_outcome step_header(struct walk *walk)
{
	size_t want = BGZF_HEADER_MIN;
	struct gzip_header header;

	for (;;) {
		enum input_outcome k = walk_need(walk, want);
		const uint8_t *p = walk->packed + walk->bit / 8;
		size_t n = walk->n - (size_t)(walk->bit / 8);

		if (k == INPUT_FAULT)
			return WALK_FAULT;
		if (n == 0) {
			walk->place = WALK_AT_END;
			return WALK_TEXT;
		}
		if (p[0] == 0 && walk_bit(walk) > 0) {
			walk->place = WALK_IN_PADDING;
			return WALK_TEXT;
		}
		if (tells_boundary(walk))
			return WALK_BOUNDARY;
		switch (gzip_header_parse(p, n, &header)) {
		case GZIP_HEADER_GOOD:
			walk->member = walk_bit(walk) / 8;
			walk->have = 0;
			walk->bit += 8 * (uint64_t)header.length;
			walk->place = WALK_IN_MEMBER;
			deflate_reset(walk->deflate);
			return WALK_BEGIN;
		case GZIP_HEADER_BAD:
			return WALK_BAD;
		case GZIP_HEADER_SHORT:
			if (k == INPUT_END || n >= GZIP_HEADER_MAX)
				return WALK_BAD;
			want = n + 1;
		}
	}
}

/*
 * Whether the block that begins at the next bit is one that is looked for (boundary.h), so that a slice may end here. Of a stored one
 * whose first bits and filling are all zeros only the last three bits count from now on.
 */
static bool is_boundary(struct walk *walk)
{
	uint64_t last = (walk->bit + 3 + 7) / 8 * 8 - 3, filling = last + 3 - walk->bit, bits;

	if (last + 3 > 8 * (uint64_t)walk->n)
		return false;
	bits = bits_at(walk->packed, walk->bit);
	if ((bits & 7) == 4)
		return true;
	if ((bits & ((1u << filling) - 1)) != 0)
		return false;
	walk->bit = last;
	return true;
}

static enum walk_outcome step_member(struct walk *walk, struct walk_room *room)
{
	enum input_outcome k = walk_need(walk, DEFLATE_IN_KEEP);
	struct deflate_io io = {
	    .in = walk->packed,
	    .in_n = walk->n,
	    .bit = walk->bit,
	    .last = walk->base + walk->n == walk->input.size,
	    .room = room->room,
	    .n = room->n,
	    .have = walk->have,
	};
	enum deflate_outcome outcome;

	if (k == INPUT_FAULT)
		return WALK_FAULT;
	outcome = room->bytes ? deflate_bytes(walk->deflate, &io, room->bytes) : deflate_symbols(walk->deflate, &io, room->symbols);
	if (outcome == DEFLATE_BAD)
		return WALK_BAD;
	walk->bit = io.bit;
	walk->have += io.n - room->n;
	room->n = io.n;
	if (outcome == DEFLATE_END) {
		walk->place = WALK_AT_TRAILER;
	} else if (outcome == DEFLATE_BLOCK) {
		if (walk_need(walk, 8) == INPUT_FAULT)
			return WALK_FAULT;
		if (is_boundary(walk) && tells_boundary(walk))
			return WALK_BOUNDARY;
	} else if (outcome == DEFLATE_INPUT) {
		/* What is left is kept; a block's codes are decoded to the last 32 bytes, so this reads on. */
		if (walk_need(walk, walk->n - (size_t)(walk->bit / 8) + 1) == INPUT_FAULT)
			return WALK_FAULT;
	}
	return WALK_TEXT;
}

static enum walk_outcome step_trailer(struct walk *walk)
{
	walk->bit = (walk->bit + 7) / 8 * 8;
	switch (walk_need(walk, GZIP_TRAILER_SIZE)) {
	case INPUT_FAULT:
		return WALK_FAULT;
	case INPUT_END:
		return WALK_BAD;
	case INPUT_DATA:
		break;
	}
	walk->trailer = gzip_trailer_read(walk->packed + walk->bit / 8);
	walk->bit += 8 * GZIP_TRAILER_SIZE;
	walk->place = WALK_AT_HEADER;
	return WALK_ENDS;
}

static enum walk_outcome step_padding(struct walk *walk)
{
	size_t at;

	if (walk_need(walk, 1) == INPUT_FAULT)
		return WALK_FAULT;
	for (at = (size_t)(walk->bit / 8); at < walk->n; at++)
		if (walk->packed[at] != 0)
			return WALK_BAD;
	walk->bit = 8 * (uint64_t)at;
	if (walk_bit(walk) == 8 * walk->input.size)
		walk->place = WALK_AT_END;
	return WALK_TEXT;
}

enum walk_outcome walk_on(struct walk *walk, struct walk_room *room)
{
	switch (walk->place) {
	case WALK_AT_HEADER:
		return step_header(walk);
	case WALK_IN_MEMBER:
		return step_member(walk, room);
	case WALK_AT_TRAILER:
		return step_trailer(walk);
	case WALK_IN_PADDING:
		return step_padding(walk);
	case WALK_AT_END:
		return tells_boundary(walk) ? WALK_BOUNDARY : WALK_END;
	}
	return WALK_BAD;
}
