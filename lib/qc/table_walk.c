/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of bytes position by position: see table_walk.h. */
#include "lib/qc/table_walk.h"

#include "lib/base/cleanup.h"

static int walk_to(struct table_walk *walk, size_t block)
{
	int r;

	if (walk->taken && walk->block == block)
		return 0;
	r = table_view_take(&walk->view, walk->table, block);
	walk->block = block;
	walk->taken = r == 0;
	return r;
}

int table_walk_column(struct table_walk *walk, uint64_t position, struct table_column *ret)
{
	int r = walk_to(walk, (size_t)(position / QUALITY_ROW));

	if (r < 0)
		return r;
	ret->n = 0;
	ret->total = 0;
	for (uint16_t i = 0; i < walk->view.columns.n; i++) {
		uint8_t byte = walk->view.order[i];
		uint64_t count = table_view_count(&walk->view, byte, position % QUALITY_ROW);

		if (count == 0)
			continue;
		ret->bytes[ret->n] = byte;
		ret->counts[ret->n++] = count;
		ret->total += count;
	}
	return 0;
}

void table_walk_deinit(struct table_walk *walk)
{
	table_view_deinit(&walk->view);
	walk->taken = false;
}

/* Whether the byte that is i-th in the view's columns occurs at any position. */
static bool view_has(const struct table_view *view, uint16_t i)
{
	for (size_t p = 0; p < QUALITY_ROW; p++)
		if (view->columns.counts[i][p] > 0)
			return true;
	return false;
}

int table_range(const struct byte_table *table, struct byte_range *ret)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	struct byte_range range = {255, 0};

	for (size_t block = 0; block < table->n; block++) {
		int r = table_view_take(&view, table, block);

		if (r < 0)
			return r;
		for (uint16_t i = 0; i < view.columns.n; i++) {
			uint8_t byte = view.columns.bytes[i];

			if ((byte >= range.lowest && byte <= range.highest) || !view_has(&view, i))
				continue;
			range.lowest = byte < range.lowest ? byte : range.lowest;
			range.highest = byte > range.highest ? byte : range.highest;
		}
	}
	*ret = range;
	return 0;
}
