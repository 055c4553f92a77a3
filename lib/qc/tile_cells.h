/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The qualities of one tile by position. Sums are kept in 32 bits and carried over into 64 where a tile has so many reads, which
 * few have: 8 bytes a position, 16 where bytes below '@' are asked for, of a carried tile three times as much.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/tile_kernel.h"

enum tile_row {
	ROW_SUMS,      /* by position: sum of the bytes */
	ROW_ENDS,      /* reads whose last byte is there */
	ROW_LOW_SUMS,  /* as ROW_SUMS, of bytes below TILE_LOW */
	ROW_LOW_READS, /* reads with such a byte there */
	_ROW_MAX,
};

#define TILE_ROWS_PLAIN 2 /* rows of a tile where bytes below TILE_LOW are not asked for, or none came */

/* All zero bytes but lowest is a tile without reads. */
struct tile_cells {
	uint64_t reads, empty; /* all reads, those without a quality among them */
	uint64_t first;        /* ordinal of the first read */
	uint32_t positions;    /* of the longest quality */
	uint32_t room;         /* positions of each row, rows one behind another */
	uint8_t rows;          /* TILE_ROWS_PLAIN or _ROW_MAX; 0 where room is 0 */
	uint8_t lowest;        /* 255: no byte */
	uint32_t narrow_reads; /* in narrow */
	uint32_t *narrow;
	uint64_t *wide; /* what was carried over; or NULL */
};

void tile_cells_deinit(struct tile_cells *cells);

struct tile_loops {
	const struct quality_kernel *quality;
	const struct tile_kernel *tile;
};

/* Adds the pieces (none is empty, at most TILE_PIECES of them). split: bytes below TILE_LOW are asked for. 0 or -ENOMEM. */
int tile_cells_add(struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces, size_t n, bool split);

/* into += from, but for the first ordinal. 0 or -ENOMEM. */
int tile_cells_merge(struct tile_cells *into, const struct tile_cells *from);

static inline uint64_t tile_cells_get(const struct tile_cells *cells, enum tile_row row, uint32_t position)
{
	size_t at = (size_t)row * cells->room + position;

	if (row >= cells->rows)
		return 0;
	return cells->narrow[at] + (cells->wide ? cells->wide[at] : 0);
}

/*
 * For unpacking a tile without rows: zero rows for so many positions; one number of them; and, when all are set and reads is
 * right, the end. 0 or -ENOMEM.
 */
int tile_cells_make(struct tile_cells *cells, uint32_t positions, bool low);
int tile_cells_set(struct tile_cells *cells, enum tile_row row, uint32_t position, uint64_t value);
int tile_cells_settle(struct tile_cells *cells);
