/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tiles: qualities of sampled reads by tile and position (FASTQC.md sections 1.3 and 2.2). Which reads are sampled
 * depends on how many lie before, which a slice need not know: it then counts each of the ten classes of reads that
 * may be the sampled one, and merging picks the right class.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tiles;

/* One tile of a file from its beginning. Sums are of quality bytes, offset not taken off; reads are sampled ones. */
struct tile {
	int32_t number;
	uint64_t first;      /* ordinal of its first sampled read */
	uint32_t positions;  /* length of its longest sampled quality; perhaps 0 */
	uint8_t lowest;      /* quality byte; 255 where there is none */
	const uint64_t *sums, *reads;     /* by position: all bytes */
	/* By position: bytes from 64 ('@') upward. NULL for 0.12.1 where the tile has bytes below, as no encoding asks for them then. */
	const uint64_t *sums64, *reads64;
};

/*
 * Not shown: there is no tile section (given up as FastQC does, or no sampled read has a quality). Otherwise the tiles by growing
 * number, *ret_n of them, in one piece of memory that is the caller's to free. -ENOMEM; -EINVAL where this is no whole
 * file, or slices are missing that have to be counted again.
 */
int tiles_list(const struct tiles *tiles, struct tile **ret, size_t *ret_n, bool *ret_shown);

/* For prior.h: the field of the header that holds the tile, as the first sampled read fixed it, or TILE_FIELD_*. */
int tiles_field(const struct tiles *tiles);
/* Records, and records whose quality is not empty, in these counters. */
uint64_t tiles_reads(const struct tiles *tiles);
uint64_t tiles_qualities(const struct tiles *tiles);
