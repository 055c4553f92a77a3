/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes by position: see byte_table.h; the packed form is byte_table_pack.c. */
#include "lib/qc/byte_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/byte_table_internal.h"
#include "lib/qc/module.h"

/* ---- columns */

/* The counts of a byte, made where there are none. NULL: out of memory. */
uint64_t *columns_get(struct table_columns *columns, uint8_t byte)
{
	if (columns->place[byte] == 0) {
		if (columns->n == columns->size) {
			uint16_t size = columns->size > 0 ? (uint16_t)(2 * columns->size) : 4;
			void *counts = realloc(columns->counts, size * sizeof *columns->counts);

			if (!counts)
				return NULL;
			columns->counts = counts;
			columns->size = size;
		}
		memset(columns->counts[columns->n], 0, sizeof *columns->counts);
		columns->bytes[columns->n] = byte;
		columns->place[byte] = ++columns->n;
	}
	return columns->counts[columns->place[byte] - 1];
}

/* Makes columns for all bytes of the rows. 0 or -ENOMEM. */
static int columns_learn(struct table_columns *columns, const uint8_t *rows, size_t n)
{
	for (size_t i = 0; i < n * QUALITY_ROW; i++)
		if (columns->place[rows[i]] == 0 && !columns_get(columns, rows[i]))
			return -ENOMEM;
	return 0;
}

static int columns_merge(struct table_columns *into, const struct table_columns *from)
{
	for (uint16_t i = 0; i < from->n; i++) {
		uint64_t *counts = columns_get(into, from->bytes[i]);

		if (!counts)
			return -ENOMEM;
		for (size_t p = 0; p < QUALITY_ROW; p++)
			counts[p] += from->counts[i][p];
	}
	return 0;
}

/* Adds one column of small counts; returns their sum. */
static uint32_t column_add(uint64_t counts[QUALITY_ROW], const uint8_t more[QUALITY_ROW])
{
	uint32_t total = 0;

	for (size_t p = 0; p < QUALITY_ROW; p++) {
		counts[p] += more[p];
		total += more[p];
	}
	return total;
}

/*
 * Counts the rows by comparing them with every byte known so far. Where that does not account for
 * all of them, unknown bytes are learned and counted too.
 */
static int columns_count(struct table_columns *columns, const struct quality_kernel *kernel,
                         const uint8_t *rows, size_t n)
{
	uint32_t counted = 0, all = (uint32_t)(n * QUALITY_ROW);

	for (uint16_t i = 0; counted < all; i++) {
		uint8_t counts[QUALITY_ROW];

		if (i == columns->n && columns_learn(columns, rows, n) < 0)
			return -ENOMEM;
		kernel->count_equal(rows, n, columns->bytes[i], counts);
		counted += column_add(columns->counts[i], counts);
	}
	return 0;
}

/* Takes off what short rows were filled up with. */
static void columns_unfill(struct table_columns *columns, uint8_t filling, const uint8_t *lengths,
                           size_t n)
{
	uint64_t *counts = columns->counts[columns->place[filling] - 1];
	uint32_t ends[QUALITY_ROW + 1] = {0}, ended = 0;

	for (size_t i = 0; i < n; i++)
		ends[lengths[i]]++;
	for (size_t p = 0; p < QUALITY_ROW; p++) {
		ended += ends[p];
		counts[p] -= ended;
	}
}

/* ---- blocks */

struct table_columns *table_block_columns(struct table_block *block)
{
	if (!block->columns)
		block->columns = calloc(1, sizeof *block->columns);
	return block->columns;
}

static void block_deinit(struct table_block *block)
{
	if (block->columns)
		free(block->columns->counts);
	free(block->columns);
	free(block->recent);
	free(block->rows);
	free(block->lengths);
}

static int block_grow(struct table_block *block)
{
	size_t size = block->rows_size > 0 ? 2 * (size_t)block->rows_size : 1;
	uint8_t *rows = aligned_alloc(QUALITY_ROW, size * QUALITY_ROW), *lengths = NULL;

	if (rows)
		lengths = realloc(block->lengths, size);
	if (!lengths) {
		free(rows);
		return -ENOMEM;
	}
	if (block->rows_n > 0)
		memcpy(rows, block->rows, (size_t)block->rows_n * QUALITY_ROW);
	free(block->rows);
	block->rows = rows;
	block->lengths = lengths;
	block->rows_size = (uint16_t)size;
	return 0;
}

/* Counts the rows by the kernel that reads text. 0; -ENOMEM; 1 where it cannot. */
static int rows_count(const struct byte_table *table, struct table_block *block)
{
	struct piece pieces[QUALITY_ROWS];

	for (size_t i = 0; i < block->rows_n; i++)
		pieces[i] = (struct piece){block->rows + i * QUALITY_ROW, block->lengths[i]};
	return table_block_count(table, block, pieces, block->rows_n, 0);
}

/* Moves the counts of the rows into columns. 0 or -ENOMEM. */
static int block_settle(const struct byte_table *table, struct table_block *block)
{
	int r = table->count ? rows_count(table, block) : 1;

	if (r < 0)
		return r;
	if (r == 1) {
		if (!table_block_columns(block))
			return -ENOMEM;
		r = columns_count(block->columns, table->kernel, block->rows, block->rows_n);
		if (r < 0)
			return r;
		columns_unfill(block->columns, block->rows[0], block->lengths, block->rows_n);
	}
	block->rows_n = 0;
	return 0;
}

/* A further row of a block, to be filled by the caller. 0 or -ENOMEM. */
static int block_row(const struct byte_table *table, struct table_block *block,
                     uint8_t **ret_row)
{
	int r = 0;

	if (block->rows_n == QUALITY_ROWS)
		r = block_settle(table, block);
	else if (block->rows_n == block->rows_size)
		r = block_grow(block);
	if (r < 0)
		return r;
	*ret_row = block->rows + (size_t)block->rows_n++ * QUALITY_ROW;
	return 0;
}

int table_block_add(const struct byte_table *table, struct table_block *block,
                    const uint8_t *bytes, size_t n)
{
	uint8_t *row;
	int r = block_row(table, block, &row);

	if (r < 0)
		return r;
	memcpy(row, bytes, QUALITY_ROW);
	block->lengths[block->rows_n - 1] = (uint8_t)n;
	if (n < QUALITY_ROW)
		memset(row + n, block->rows[0], QUALITY_ROW - n);
	return 0;
}

uint64_t *table_block_counts(struct table_block *block, uint8_t byte)
{
	struct table_columns *columns = table_block_columns(block);

	return columns ? columns_get(columns, byte) : NULL;
}

int table_reach(struct byte_table *table, size_t n)
{
	if (n > table->size) {
		size_t size = n > 2 * table->size ? n : 2 * table->size;
		struct table_block *blocks = realloc(table->blocks, size * sizeof *blocks);

		if (!blocks)
			return -ENOMEM;
		memset(blocks + table->size, 0, (size - table->size) * sizeof *blocks);
		table->blocks = blocks;
		table->size = size;
	}
	if (n > table->n)
		table->n = n;
	return 0;
}

/* ---- the table */

void byte_table_init(void *state)
{
	struct byte_table *table = state;

	table->kernel = quality_kernel_best();
	table->count = symbol_count_best();
}

void byte_table_deinit(void *state)
{
	struct byte_table *table = state;

	for (size_t i = 0; i < table->n; i++)
		block_deinit(&table->blocks[i]);
	free(table->blocks);
}

_Static_assert(BATCH_SLACK >= QUALITY_ROW,
               "a row is copied whole: there are as many bytes behind a piece");

#define DENSE_MIN 32 /* reads for which counting straight from the text pays */

/* Bytes from `at` on of the pieces that have any, as rows. 0 or -ENOMEM. */
static int block_add_rows(const struct byte_table *table, struct table_block *block, const struct piece *pieces, size_t n,
                          uint32_t at)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint32_t left = pieces[i].n > at ? pieces[i].n - at : 0;

		if (left > 0)
			r = table_block_add(table, block, pieces[i].bytes + at, left < QUALITY_ROW ? left : QUALITY_ROW);
	}
	return r;
}

/* What of the pieces lies in the block, straight from the text or in rows. 0 or -ENOMEM. */
static int block_add(const struct byte_table *table, struct table_block *block, const struct piece *pieces, size_t n,
                     uint32_t at)
{
	size_t parts = (n + SYMBOL_PIECES - 1) / SYMBOL_PIECES;
	bool dense = table->count && n >= DENSE_MIN;

	for (; n > 0; parts--) { /* parts of about one size */
		size_t now = (n + parts - 1) / parts;
		int r = dense ? table_block_count(table, block, pieces, now, at) : 1;

		if (r == 1)
			r = block_add_rows(table, block, pieces, now, at);
		if (r < 0)
			return r;
		pieces += now;
		n -= now;
	}
	return 0;
}

/* Keeps the pieces that go on behind `at`; returns how many these are. */
static size_t pieces_keep(struct piece *pieces, size_t n, uint32_t at)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (pieces[i].n > at)
			pieces[kept++] = pieces[i];
	return kept;
}

/* Blocks between two looks at which pieces have ended: a piece that has costs little until then. */
#define KEEP_BLOCKS 4

int byte_table_add(struct byte_table *table, struct piece *pieces, size_t n)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < n; i++)
		longest = pieces[i].n > longest ? pieces[i].n : longest;
	for (uint32_t at = 0; at < longest; at += QUALITY_ROW) {
		size_t block = at / QUALITY_ROW;
		int r = block < table->n ? 0 : table_reach(table, block + 1);

		if (r == 0)
			r = block_add(table, &table->blocks[block], pieces, n, at);
		if (r < 0)
			return r;
		if (block % KEEP_BLOCKS == KEEP_BLOCKS - 1)
			n = pieces_keep(pieces, n, at + QUALITY_ROW);
	}
	return 0;
}

static int block_merge(const struct byte_table *table, struct table_block *into,
                       const struct table_block *from)
{
	int r;

	if (from->columns) {
		if (!table_block_columns(into))
			return -ENOMEM;
		r = columns_merge(into->columns, from->columns);
		if (r == 0)
			r = table_recent_merge(into->columns, from);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < from->rows_n; i++) {
		r = table_block_add(table, into, from->rows + i * QUALITY_ROW, from->lengths[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Those that have a byte at the first position, which each row has. */
static uint64_t table_reads(const struct byte_table *table)
{
	const struct table_block *block = table->blocks;
	uint64_t reads = table->n > 0 ? block->rows_n : 0;

	for (uint16_t i = 0; table->n > 0 && block->columns && i < block->columns->n; i++)
		reads += block->columns->counts[i][0] + (i < block->recent_size ? block->recent[i][0] : 0);
	return reads;
}

int byte_table_merge(void *into_state, const void *from_state)
{
	struct byte_table *into = into_state;
	const struct byte_table *from = from_state;
	uint64_t into_reads = table_reads(into), from_reads = table_reads(from);
	int r;

	if (from_reads > COUNT_TOTAL_MAX || into_reads > COUNT_TOTAL_MAX - from_reads)
		return -EOVERFLOW;
	r = table_reach(into, from->n);
	for (size_t i = 0; r >= 0 && i < from->n; i++)
		r = block_merge(into, &into->blocks[i], &from->blocks[i]);
	return r;
}

/* ---- views */

int table_view_take(struct table_view *view, const struct byte_table *table, size_t at)
{
	const struct table_block *block = at < table->n ? &table->blocks[at] : NULL;
	struct table_columns *columns = &view->columns;
	uint16_t n = 0;
	int r;

	columns->n = 0;
	memset(columns->place, 0, sizeof columns->place);
	if (!block)
		return 0;
	if (block->columns) {
		r = columns_merge(columns, block->columns);
		if (r == 0)
			r = table_recent_merge(columns, block);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < block->rows_n; i++)
		for (size_t p = 0; p < block->lengths[i]; p++) {
			uint64_t *counts = columns_get(columns, block->rows[i * QUALITY_ROW + p]);

			if (!counts)
				return -ENOMEM;
			counts[p]++;
		}
	for (unsigned int byte = 0; byte < 256; byte++)
		if (columns->place[byte] > 0)
			view->order[n++] = (uint8_t)byte;
	return 0;
}

void table_view_deinit(struct table_view *view)
{
	free(view->columns.counts);
	*view = (struct table_view){0};
}
