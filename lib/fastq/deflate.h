/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deflate data (RFC 1951) block by block, from any bit to any bit: to bytes where the text before is known, to symbols
 * (symbol.h) where it is not. A decoder of our own, as libraries neither stop at a block's end nor tell bytes from references.
 *
 * It takes what zlib takes and nothing else. It looks at no byte outside in[0, in_n + DEFLATE_IN_SLACK), and writes nothing
 * outside the room and DEFLATE_OUT_SLACK units behind it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFLATE_IN_SLACK 16   /* bytes behind the input that may be read; what is in them does not matter */
#define DEFLATE_OUT_SLACK 384 /* units behind the room that may be written */
#define DEFLATE_HISTORY (32u << 10)

struct deflate;

int deflate_new(struct deflate **ret); /* -ENOMEM */
struct deflate *deflate_free(struct deflate *deflate);

enum deflate_outcome {
	DEFLATE_ROOM = 0,  /* the room is full */
	DEFLATE_INPUT = 1, /* the input is used up, but for less than DEFLATE_IN_KEEP bytes that come again with more */
	DEFLATE_BLOCK = 2, /* a block has ended; the next one begins at `bit` */
	DEFLATE_END = 3,   /* the last block has ended, at `bit` */
	DEFLATE_BAD = 4,   /* not deflate data; what the call wrote is not text */
};

#define DEFLATE_IN_KEEP 512 /* more than the header of a block */

struct deflate_io {
	const uint8_t *in;
	size_t in_n;
	uint64_t bit;    /* of `in`: where to go on */
	bool last;       /* nothing comes behind the input: at its end the data is bad, not short */
	size_t room, n;  /* units of output: where it is full (by less than DEFLATE_OUT_SLACK exceeded), and how many are there */
	uint64_t have;   /* units before text[n] that may be referred to, and must be there; at most DEFLATE_HISTORY count */
};

/* The next call begins with the header of a block. */
void deflate_reset(struct deflate *deflate);

/*
 * Decodes on, to text[io->n, io->room), and moves io->bit and io->n on. Returns at the end of each block.
 */
enum deflate_outcome deflate_bytes(struct deflate *deflate, struct deflate_io *io, uint8_t *text);
enum deflate_outcome deflate_symbols(struct deflate *deflate, struct deflate_io *io, uint16_t *text);
