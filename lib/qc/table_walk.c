/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of bytes position by position: see table_walk.h. */
#include "lib/qc/table_walk.h"

#include <string.h>

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

int table_walk_add(struct table_walk *walk, uint64_t from, uint64_t to, uint64_t counts[256])
{
	while (from < to) {
		size_t block = (size_t)(from / QUALITY_ROW), first = from % QUALITY_ROW;
		size_t n = to - from < QUALITY_ROW - first ? (size_t)(to - from) : QUALITY_ROW - first;
		int r = walk_to(walk, block);

		if (r < 0)
			return r;
		for (uint16_t i = 0; i < walk->view.columns.n; i++) {
			const uint64_t *column = walk->view.columns.counts[i] + first;
			uint64_t sum = 0;

			for (size_t p = 0; p < n; p++)
				sum += column[p];
			counts[walk->view.columns.bytes[i]] += sum;
		}
		from += n;
	}
	return 0;
}

void table_walk_deinit(struct table_walk *walk)
{
	table_view_deinit(&walk->view);
	walk->taken = false;
}

int table_totals(const struct byte_table *table, uint64_t ret_totals[256], struct byte_range *ret_range)
{
	_cleanup_(table_walk_deinit) struct table_walk walk = {.table = table};
	int r;

	memset(ret_totals, 0, 256 * sizeof *ret_totals);
	*ret_range = (struct byte_range){255, 0};
	r = table_walk_add(&walk, 0, (uint64_t)table->n * QUALITY_ROW, ret_totals);
	for (unsigned int byte = 0; r == 0 && byte < 256; byte++) {
		if (ret_totals[byte] == 0)
			continue;
		if (ret_range->lowest == 255)
			ret_range->lowest = (uint8_t)byte;
		ret_range->highest = (uint8_t)byte;
	}
	return r;
}
