/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting pieces of a table's block by the kernel of symbols: by the symbols that are known, and where these are not all that
 * occur, once more when they are. Counts come into 16 bits, and from there into columns.
 */
#include "lib/qc/byte_table_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 127    /* that the kernel tells apart */
#define RECENT_CALLS 257   /* of the kernel, each of at most 255: 257 * 255 = 65535 */

static void recent_settle(struct table_block *block)
{
	for (uint16_t i = 0; i < block->recent_size && i < block->columns->n; i++)
		for (size_t p = 0; p < QUALITY_ROW; p++) {
			block->columns->counts[i][p] += block->recent[i][p];
			block->recent[i][p] = 0;
		}
	block->recent_calls = 0;
}

/* Recent counts for every column. 0; -ENOMEM; 1 where the kernel cannot count a column's byte. */
static int recent_reach(struct table_block *block)
{
	struct table_columns *columns = block->columns;
	uint16_t(*recent)[QUALITY_ROW];

	for (uint16_t i = 0; i < columns->n; i++)
		if (columns->bytes[i] == 0 || columns->bytes[i] > SYMBOLS_MAX)
			return 1;
	if (columns->n <= block->recent_size)
		return 0;
	recent = realloc(block->recent, columns->size * sizeof *recent);
	if (!recent)
		return -ENOMEM;
	memset(recent + block->recent_size, 0,
	       (size_t)(columns->size - block->recent_size) * sizeof *recent);
	block->recent = recent;
	block->recent_size = columns->size;
	return 0;
}

/* Columns for all bytes of the pieces in this block. 0; -ENOMEM; 1 where one is none that the kernel can count. */
static int pieces_learn(struct table_block *block, const struct piece *pieces, size_t n, uint32_t at)
{
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = at; p < pieces[i].n && p < at + QUALITY_ROW; p++) {
			uint8_t byte = pieces[i].bytes[p];

			if (byte == 0 || byte > SYMBOLS_MAX)
				return 1;
			if (block->columns->place[byte] == 0 && !columns_get(block->columns, byte))
				return -ENOMEM;
		}
	return recent_reach(block);
}

/*
 * The block's columns, made where there are none: for the bytes that occur in the block before, since they are hardly ever
 * others here. NULL: out of memory.
 */
static struct table_columns *columns_of(const struct byte_table *table, struct table_block *block)
{
	const struct table_columns *before = block > table->blocks ? block[-1].columns : NULL;

	if (block->columns)
		return block->columns;
	if (!table_block_columns(block))
		return NULL;
	for (uint16_t i = 0; before && i < before->n; i++)
		if (!columns_get(block->columns, before->bytes[i]))
			return NULL;
	return block->columns;
}

int table_block_count(const struct byte_table *table, struct table_block *block, const struct piece *pieces, size_t n,
                      uint32_t at)
{
	struct table_columns *columns = columns_of(table, block);
	int r;

	if (!columns)
		return -ENOMEM;
	r = recent_reach(block);
	if (r != 0)
		return r;
	if (block->recent_calls == RECENT_CALLS)
		recent_settle(block);
	if (!table->count(pieces, n, at, columns->bytes, columns->n, block->recent)) {
		r = pieces_learn(block, pieces, n, at);
		if (r != 0)
			return r;
		(void)table->count(pieces, n, at, columns->bytes, columns->n, block->recent);
	}
	block->recent_calls++;
	return 0;
}

int table_recent_merge(struct table_columns *into, const struct table_block *from)
{
	for (uint16_t i = 0; i < from->recent_size && i < from->columns->n; i++) {
		uint64_t *counts = columns_get(into, from->columns->bytes[i]);

		if (!counts)
			return -ENOMEM;
		for (size_t p = 0; p < QUALITY_ROW; p++)
			counts[p] += from->recent[i][p];
	}
	return 0;
}
