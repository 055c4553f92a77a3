/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of tiles: what a report is made of. */
#include "lib/qc/tiles.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/qc/tiles_state.h"

int tiles_field(const struct tiles *tiles)
{
	return tiles->known ? tiles->field : TILE_FIELD_UNKNOWN;
}

uint64_t tiles_reads(const struct tiles *tiles)
{
	return tiles->reads;
}

uint64_t tiles_qualities(const struct tiles *tiles)
{
	return tiles->qualities;
}

/* The four numbers of each position at rows, which are as long as positions. */
static void rows_fill(const struct tile_cells *cells, uint64_t *rows)
{
	uint64_t *sums = rows, *reads = rows + cells->positions, *sums64 = reads + cells->positions,
		 *reads64 = sums64 + cells->positions, left = cells->reads - cells->empty;

	for (uint32_t p = 0; p < cells->positions; p++) {
		sums[p] = tile_cells_get(cells, ROW_SUMS, p);
		reads[p] = left;
		sums64[p] = sums[p] - tile_cells_get(cells, ROW_LOW_SUMS, p);
		reads64[p] = left - tile_cells_get(cells, ROW_LOW_READS, p);
		left -= tile_cells_get(cells, ROW_ENDS, p);
	}
}

int tiles_list(const struct tiles *tiles, struct tile **ret, size_t *ret_n, bool *ret_shown)
{
	const struct tile_set *set = &tiles->classes[0].set;
	struct tile *list;
	uint64_t *rows;

	if (!tiles->known || tiles_before(tiles) > 0 || tiles->missing > 0)
		return -EINVAL;
	list = malloc((set->n + 1) * sizeof *list + 4 * set->positions * sizeof *rows);
	if (!list)
		return -ENOMEM;
	rows = (uint64_t *)(void *)(list + set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct tile_cells *cells = set->entries[i].cells;
		bool split = tiles_split(tiles->compat) || cells->lowest >= TILE_LOW;

		rows_fill(cells, rows);
		list[i] = (struct tile){
		    .number = set->entries[i].number,
		    .first = cells->first,
		    .positions = cells->positions,
		    .lowest = cells->lowest,
		    .sums = rows,
		    .reads = rows + cells->positions,
		    .sums64 = split ? rows + 2 * (size_t)cells->positions : NULL,
		    .reads64 = split ? rows + 3 * (size_t)cells->positions : NULL,
		};
		rows += 4 * (size_t)cells->positions;
	}
	*ret = list;
	*ret_n = set->n;
	*ret_shown = set->positions > 0;
	return 0;
}
