/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles by growing number: see tile_set.h. */
#include "lib/qc/tile_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

void tile_set_deinit(struct tile_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		tile_cells_deinit(set->entries[i].cells);
		free(set->entries[i].cells);
	}
	free(set->entries);
	*set = (struct tile_set){0};
}

/*
 * The place of the first tile whose number is not below this one: without a branch that depends on numbers, which come in any
 * order.
 */
static size_t entry_place(const struct tile_set *set, int32_t number)
{
	const struct tile_entry *from = set->entries;
	size_t n = set->n;

	if (n == 0)
		return 0;
	while (n > 1) {
		size_t half = n / 2;

		from += from[half - 1].number < number ? half : 0;
		n -= half;
	}
	return (size_t)(from - set->entries) + (from->number < number);
}

static int entry_insert(struct tile_set *set, size_t place, int32_t number, uint64_t first)
{
	struct tile_cells *cells;

	if (set->n == set->size) {
		size_t size = set->size > 0 ? 2 * set->size : 8;
		struct tile_entry *entries = reallocarray(set->entries, size, sizeof *entries);

		if (!entries)
			return -ENOMEM;
		set->entries = entries;
		set->size = size;
	}
	cells = calloc(1, sizeof *cells);
	if (!cells)
		return -ENOMEM;
	cells->lowest = 255;
	cells->first = first;
	memmove(set->entries + place + 1, set->entries + place, (set->n - place) * sizeof *set->entries);
	set->entries[place] = (struct tile_entry){.number = number, .cells = cells};
	set->n++;
	return 0;
}

int tile_set_find(struct tile_set *set, int32_t number, size_t limit, uint64_t first, struct tile_cells **ret)
{
	size_t place = entry_place(set, number);

	if (place == set->n || set->entries[place].number != number) {
		int r;

		if (set->n >= limit)
			return TILE_SET_FULL;
		r = entry_insert(set, place, number, first);
		if (r < 0)
			return r;
	}
	*ret = set->entries[place].cells;
	return 0;
}

/* A tile of the set is to have so many positions. */
static int set_grow(struct tile_set *set, const struct tile_cells *cells, uint32_t positions)
{
	uint64_t grown;

	if (positions <= cells->positions)
		return 0;
	grown = set->positions + (positions - cells->positions);
	if (grown > TILE_SET_POSITIONS_MAX)
		return TILE_SET_FULL;
	set->positions = grown;
	return 0;
}

int tile_set_add(struct tile_set *set, struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces,
                 size_t n, bool split)
{
	uint32_t longest = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		longest = pieces[i].n > longest ? pieces[i].n : longest;
	r = set_grow(set, cells, longest);
	while (r == 0 && n > 0) {
		size_t now = n < TILE_PIECES ? n : TILE_PIECES;

		r = tile_cells_add(cells, loops, pieces, now, split);
		pieces += now;
		n -= now;
	}
	return r;
}

int tile_set_merge(struct tile_set *into, const struct tile_set *from, size_t limit, uint64_t before)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++) {
		const struct tile_cells *cells = from->entries[i].cells;
		uint64_t first = cells->first + before;
		struct tile_cells *tile;

		r = tile_set_find(into, from->entries[i].number, limit, first, &tile);
		if (r == 0)
			r = set_grow(into, tile, cells->positions);
		if (r == 0)
			r = tile_cells_merge(tile, cells);
		if (r == 0 && first < tile->first)
			tile->first = first;
	}
	return r;
}
