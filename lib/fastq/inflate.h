/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Raw deflate data to text, by the fastest library that the build has: as a stream of any length, or one whole BGZF
 * block. Header, CRC and length around it are the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inflater;

int inflater_new(struct inflater **ret); /* -ENOMEM */
struct inflater *inflater_free(struct inflater *inflater);
void inflater_reset(struct inflater *inflater); /* for the next member */

/*
 * To go on in the middle of a member: behind `used` bits of the byte `first` (0 to 7; the next input begins behind that byte, with
 * `used` 0 at it), and with the n bytes of text before it (at most 32 KiB).
 */
int inflater_enter(struct inflater *inflater, uint8_t first, unsigned int used, const uint8_t *window, size_t n); /* -ENOMEM */

struct inflate_io {
	const uint8_t *in;
	size_t in_n;
	uint8_t *out;
	size_t out_n;
};

enum inflate_outcome {
	INFLATE_MORE = 0, /* the input is used up or the room is full */
	INFLATE_END = 1,  /* the end of the deflate data */
	INFLATE_BAD = 2,  /* not deflate data; what came out before is good as far as it goes */
};

/*
 * Decodes from io->in to io->out and moves both on. At INFLATE_END io->in may go back behind where it was at the call, by
 * at most INFLATE_BACK bytes: they were looked at too early. The caller keeps so many bytes in front of the input.
 */
#define INFLATE_BACK 8
enum inflate_outcome inflater_run(struct inflater *inflater, struct inflate_io *io);

struct block_inflater;

int block_inflater_new(struct block_inflater **ret); /* -ENOMEM */
struct block_inflater *block_inflater_free(struct block_inflater *inflater);

/* Whether the in_n bytes are deflate data of exactly out_n bytes of text, which are then in out. */
bool block_inflate(struct block_inflater *inflater, const uint8_t *in, size_t in_n, uint8_t *out,
                   size_t out_n);
