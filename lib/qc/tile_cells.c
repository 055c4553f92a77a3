/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The qualities of one tile by position: see tile_cells.h. */
#include "lib/qc/tile_cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NARROW_MAX (1u << 24) /* reads whose sum (at most 255 each) 32 bits hold */
#define ROOM_STEP 8           /* positions */
#define FEW 4                 /* pieces that are added one by one sooner than together */

void tile_cells_deinit(struct tile_cells *cells)
{
	free(cells->narrow);
	free(cells->wide);
	*cells = (struct tile_cells){.lowest = 255};
}

/* ---- room */

/* A copy of the rows with other measures; what is new is zero. */
static void *rows_copy(const struct tile_cells *cells, const void *old, size_t width, uint32_t room, uint8_t rows)
{
	uint8_t *new = calloc((size_t)room * rows, width);

	if (!new || !old)
		return new;
	for (size_t row = 0; row < cells->rows; row++)
		memcpy(new + row * room * width, (const uint8_t *)old + row * cells->room * width,
		       cells->positions * width);
	return new;
}

static int rows_set(struct tile_cells *cells, uint32_t room, uint8_t rows)
{
	uint32_t *narrow = rows_copy(cells, cells->narrow, sizeof *narrow, room, rows);
	uint64_t *wide = cells->wide ? rows_copy(cells, cells->wide, sizeof *wide, room, rows) : NULL;

	if (!narrow || (cells->wide && !wide)) {
		free(narrow);
		free(wide);
		return -ENOMEM;
	}
	free(cells->narrow);
	free(cells->wide);
	cells->narrow = narrow;
	cells->wide = wide;
	cells->room = room;
	cells->rows = rows;
	return 0;
}

/* So many positions, and the rows of low bytes where low. Longer reads come in ever greater steps, so that copying stays cheap. */
static int cells_reach(struct tile_cells *cells, uint32_t positions, bool low)
{
	uint8_t rows = low || cells->rows == _ROW_MAX ? _ROW_MAX : TILE_ROWS_PLAIN;
	uint32_t room = cells->room;
	int r;

	if (positions > room) {
		room += room / 4;
		room = (positions > room ? positions : room) / ROOM_STEP * ROOM_STEP + ROOM_STEP;
	}
	if (room == 0 || (room == cells->room && rows == cells->rows)) {
		r = 0;
	} else {
		r = rows_set(cells, room, rows);
	}
	if (r == 0 && positions > cells->positions)
		cells->positions = positions;
	return r;
}

static int cells_carry(struct tile_cells *cells)
{
	size_t n = (size_t)cells->room * cells->rows;

	if (!cells->wide)
		cells->wide = calloc(n > 0 ? n : 1, sizeof *cells->wide);
	if (!cells->wide)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		cells->wide[i] += cells->narrow[i];
		cells->narrow[i] = 0;
	}
	cells->narrow_reads = 0;
	return 0;
}

/* ---- adding */

/* Up to a span of the pieces' bytes from a position on; widens the range. */
static void span_add(struct tile_cells *cells, const struct tile_loops *loops, uint32_t at, const struct piece *pieces, size_t n,
                     struct byte_range *range)
{
	uint32_t *sums = cells->narrow + at;
	uint32_t left = cells->positions - at, width = left < QUALITY_SPAN ? left : QUALITY_SPAN;
	uint16_t recent[QUALITY_SPAN] = {0};

	loops->quality->add(recent, pieces, n, range);
	for (uint32_t p = 0; p < width; p++)
		sums[p] += recent[p];
}

/* The same, of bytes below TILE_LOW. */
static void span_add_low(struct tile_cells *cells, const struct tile_loops *loops, uint32_t at, const struct piece *pieces,
                         size_t n)
{
	uint32_t *sums = cells->narrow + (size_t)ROW_LOW_SUMS * cells->room + at;
	uint32_t *reads = cells->narrow + (size_t)ROW_LOW_READS * cells->room + at;
	uint32_t left = cells->positions - at, width = left < QUALITY_SPAN ? left : QUALITY_SPAN;
	uint16_t recent[2][QUALITY_SPAN] = {0};

	loops->tile->add_low(recent[0], recent[1], pieces, n);
	for (uint32_t p = 0; p < width; p++) {
		sums[p] += recent[0][p];
		reads[p] += recent[1][p];
	}
}

/* What of the pieces lies behind a span; returns how many are left. */
static size_t pieces_advance(struct piece *ret, const struct piece *pieces, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (pieces[i].n > QUALITY_SPAN)
			ret[left++] = (struct piece){
			    .bytes = pieces[i].bytes + QUALITY_SPAN,
			    .n = pieces[i].n - QUALITY_SPAN,
			};
	return left;
}

/* Span after span: all bytes, the lowest of which is returned, or those below TILE_LOW. */
static uint8_t spans_add(struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces, size_t n, bool low)
{
	struct byte_range range = {.lowest = 255, .highest = 0};
	struct piece left[TILE_PIECES];

	for (uint32_t at = 0; n > 0; at += QUALITY_SPAN) {
		if (low)
			span_add_low(cells, loops, at, pieces, n);
		else
			span_add(cells, loops, at, pieces, n, &range);
		n = pieces_advance(left, pieces, n);
		pieces = left;
	}
	return range.lowest;
}

/* All bytes; returns the lowest. */
static uint8_t pieces_add(struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces, size_t n)
{
	uint32_t *ends = cells->narrow + (size_t)ROW_ENDS * cells->room;
	uint8_t lowest = 255;

	for (size_t i = 0; i < n; i++)
		ends[pieces[i].n - 1]++;
	if (n > FEW)
		return spans_add(cells, loops, pieces, n, false);
	for (size_t i = 0; i < n; i++) {
		uint8_t now = loops->tile->add_one(cells->narrow, pieces[i]);

		lowest = now < lowest ? now : lowest;
	}
	return lowest;
}

int tile_cells_add(struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces, size_t n, bool split)
{
	uint32_t longest = 0;
	uint8_t lowest;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		longest = pieces[i].n > longest ? pieces[i].n : longest;
	if (cells->narrow_reads + n > NARROW_MAX)
		r = cells_carry(cells);
	if (r == 0 && longest > cells->positions)
		r = cells_reach(cells, longest, split);
	if (r < 0)
		return r;
	cells->reads += n;
	cells->narrow_reads += (uint32_t)n;
	lowest = pieces_add(cells, loops, pieces, n);
	if (lowest < cells->lowest)
		cells->lowest = lowest;
	if (!split || lowest >= TILE_LOW)
		return 0;
	r = cells_reach(cells, cells->positions, true);
	if (r == 0)
		(void)spans_add(cells, loops, pieces, n, true); /* the lowest byte is known */
	return r;
}

int tile_cells_merge(struct tile_cells *into, const struct tile_cells *from)
{
	bool wide = from->wide || (uint64_t)into->narrow_reads + from->narrow_reads > NARROW_MAX;
	int r = 0;

	if (from->positions > 0)
		r = cells_reach(into, from->positions, from->rows == _ROW_MAX);
	if (r == 0 && wide)
		r = cells_carry(into);
	if (r < 0)
		return r;
	for (size_t row = 0; row < from->rows; row++)
		for (uint32_t p = 0; p < from->positions; p++) {
			uint64_t value = tile_cells_get(from, (enum tile_row)row, p);

			if (wide)
				into->wide[row * into->room + p] += value;
			else
				into->narrow[row * into->room + p] += (uint32_t)value;
		}
	if (!wide)
		into->narrow_reads += from->narrow_reads;
	into->reads += from->reads;
	into->empty += from->empty;
	if (from->lowest < into->lowest)
		into->lowest = from->lowest;
	return 0;
}

/* ---- unpacking */

int tile_cells_make(struct tile_cells *cells, uint32_t positions, bool low)
{
	return positions > 0 ? cells_reach(cells, positions, low) : 0;
}

int tile_cells_set(struct tile_cells *cells, enum tile_row row, uint32_t position, uint64_t value)
{
	size_t at = (size_t)row * cells->room + position;

	if (value > UINT32_MAX && !cells->wide) {
		int r = cells_carry(cells);

		if (r < 0)
			return r;
	}
	if (cells->wide)
		cells->wide[at] = value;
	else
		cells->narrow[at] = (uint32_t)value;
	return 0;
}

int tile_cells_settle(struct tile_cells *cells)
{
	if (cells->reads > NARROW_MAX)
		return cells_carry(cells);
	cells->narrow_reads = (uint32_t)cells->reads;
	return 0;
}
