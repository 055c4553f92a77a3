/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packed form of a table of bytes by position: the number of positions that any read
 * reaches; then for each position the number of different bytes, and for each of them, by growing
 * value, its distance from the one before (less one; the first one as it is) and its number of
 * reads.
 *
 * A position costs at least 3 bytes packed. Unpacked, a block becomes rows or columns, whichever is
 * smaller: with the bytes that sequencers give some 3 to 10 bytes of memory for a packed one, and
 * at most 160 whatever a peer sends (four bytes of its own at each position of a block, each in
 * more than 255 reads).
 */
#include "lib/qc/byte_table_internal.h"
#include "lib/qc/module.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

/* Reads with any byte at a position of a view's block. */
static uint64_t view_total(const struct table_view *view, size_t position)
{
	uint64_t total = 0;

	for (uint16_t i = 0; i < view->columns.n; i++)
		total += view->columns.counts[i][position];
	return total;
}

/* Positions of the table, from 0, that any read reaches. 0 or -ENOMEM. */
int table_positions(const struct byte_table *table, uint64_t *ret)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	uint64_t n = 0;
	int r;

	if (table->n > 0) {
		r = table_view_take(&view, table, table->n - 1);
		if (r < 0)
			return r;
		while (n < QUALITY_ROW && view_total(&view, n) > 0)
			n++;
		n += (table->n - 1) * (uint64_t)QUALITY_ROW;
	}
	*ret = n;
	return 0;
}

static void position_pack(const struct table_view *view, size_t position, struct packer *packer)
{
	uint64_t n = 0;
	uint32_t smallest = 0;

	for (uint16_t i = 0; i < view->columns.n; i++)
		n += view->columns.counts[i][position] > 0;
	pack_u64(packer, n);
	for (uint16_t i = 0; i < view->columns.n; i++) {
		uint64_t reads = table_view_count(view, view->order[i], position);

		if (reads == 0)
			continue;
		pack_u64(packer, view->order[i] - smallest);
		pack_u64(packer, reads);
		smallest = view->order[i] + 1U;
	}
}

int byte_table_pack(const void *state, struct packer *packer)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	const struct byte_table *table = state;
	uint64_t positions;
	int r;

	r = table_positions(table, &positions);
	if (r < 0)
		return r;
	pack_u64(packer, positions);
	for (uint64_t p = 0; p < positions; p++) {
		r = p % QUALITY_ROW > 0 ? 0
		                        : table_view_take(&view, table, (size_t)(p / QUALITY_ROW));
		if (r < 0)
			return r;
		position_pack(&view, p % QUALITY_ROW, packer);
	}
	return packer->oom ? -ENOMEM : 0;
}

/* ---- unpack: a block is read into a block of columns first, then kept in its smaller form */

/*
 * One position into the columns of block; *reads holds the reads that reach the position before,
 * and then this one.
 */
static int position_unpack(struct table_block *block, size_t position, struct unpacker *unpacker,
                           uint64_t *reads, struct error *err)
{
	uint64_t n, smallest = 0, total = 0;
	int r;

	r = unpack_most(unpacker, 256, "the number of different bytes at a position", &n, err);
	if (r < 0)
		return r;
	if (n == 0)
		return unpack_bad(err, "a position without bytes");
	for (uint64_t i = 0; i < n; i++) {
		uint64_t byte, count, *counts;

		if (smallest > 255)
			return unpack_bad(err, "a byte above 255");
		r = unpack_most(unpacker, 255 - smallest, "a step of byte", &byte, err);
		if (r < 0)
			return r;
		byte += smallest;
		r = unpack_most(unpacker, *reads - total, "a number of reads", &count, err);
		if (r < 0)
			return r;
		if (count == 0)
			return unpack_bad(err, "a byte without reads");
		counts = table_block_counts(block, (uint8_t)byte);
		if (!counts)
			return error_oom(err);
		counts[position] = count;
		total += count;
		smallest = byte + 1;
	}
	*reads = total;
	return 0;
}

/* Reads of the first position of columns, all of whose later positions have no more. */
static uint64_t columns_reads(const struct table_columns *columns)
{
	uint64_t reads = 0;

	for (uint16_t i = 0; i < columns->n; i++)
		reads += columns->counts[i][0];
	return reads;
}

/*
 * The rows that columns stand for: row i has the i-th smallest byte of each position. Returns how
 * many positions each has.
 */
static void columns_to_rows(const struct table_columns *columns,
                            uint8_t rows[QUALITY_ROWS][QUALITY_ROW], uint8_t lengths[QUALITY_ROWS])
{
	uint8_t bytes[256]; /* those that are there, from the smallest */
	size_t bytes_n = 0;

	for (unsigned int byte = 0; byte < 256; byte++)
		if (columns->place[byte] > 0)
			bytes[bytes_n++] = (uint8_t)byte;
	memset(lengths, 0, QUALITY_ROWS);
	for (size_t p = 0; p < QUALITY_ROW; p++) {
		size_t row = 0;

		for (size_t i = 0; i < bytes_n; i++)
			for (uint64_t n = columns->counts[columns->place[bytes[i]] - 1][p]; n > 0; n--) {
				rows[row][p] = bytes[i];
				lengths[row++]++;
			}
	}
}

/*
 * Turns the columns of a fresh block, of no more than QUALITY_ROWS reads, into rows. 0 or -ENOMEM.
 */
static int block_to_rows(const struct byte_table *table, struct table_block *block)
{
	uint8_t rows[QUALITY_ROWS][QUALITY_ROW], lengths[QUALITY_ROWS];
	int r = 0;

	columns_to_rows(block->columns, rows, lengths);
	free(block->columns->counts);
	free(block->columns);
	block->columns = NULL;
	for (size_t i = 0; r >= 0 && i < QUALITY_ROWS && lengths[i] > 0; i++)
		r = table_block_add(table, block, rows[i], lengths[i]);
	return r;
}

static int block_unpack(struct byte_table *table, size_t at, size_t positions,
                        struct unpacker *unpacker, uint64_t *reads, struct error *err)
{
	struct table_block *block;
	uint64_t first;
	int r;

	r = table_reach(table, at + 1);
	if (r < 0)
		return error_oom(err);
	block = &table->blocks[at];
	for (size_t p = 0; p < positions; p++) {
		r = position_unpack(block, p, unpacker, reads, err);
		if (r < 0)
			return r;
	}
	first = columns_reads(block->columns);
	if (first <= QUALITY_ROWS && first <= block->columns->n * sizeof(uint64_t))
		return block_to_rows(table, block) < 0 ? error_oom(err) : 0;
	return 0;
}

int byte_table_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct byte_table *table = state;
	uint64_t positions, most, reads = COUNT_TOTAL_MAX;
	int r;

	most = unpack_left(unpacker) / 3;
	if (most > READ_MAX_DEFAULT)
		most = READ_MAX_DEFAULT;
	r = unpack_most(unpacker, most, "the number of positions", &positions, err);
	for (uint64_t p = 0; r >= 0 && p < positions; p += QUALITY_ROW) {
		size_t n = positions - p < QUALITY_ROW ? (size_t)(positions - p) : QUALITY_ROW;

		r = block_unpack(table, (size_t)(p / QUALITY_ROW), n, unpacker, &reads, err);
	}
	return r;
}

int byte_table_check(const struct byte_table *table, const struct length_table *lengths,
                     struct error *err)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	_cleanup_(reach_deinit) struct reach reach = {0};
	uint64_t positions;

	if (table_positions(table, &positions) < 0 || reach_init(&reach, lengths) < 0)
		return error_oom(err);
	if (positions != reach.longest)
		return unpack_bad(err,
		                  "bytes of %" PRIu64 " positions for reads of up to %" PRIu64,
		                  positions, reach.longest);
	for (uint64_t p = 0; p < positions; p++) {
		uint64_t reads = reach_at(&reach, p);

		if (p % QUALITY_ROW == 0 &&
		    table_view_take(&view, table, (size_t)(p / QUALITY_ROW)) < 0)
			return error_oom(err);
		if (view_total(&view, p % QUALITY_ROW) != reads)
			return unpack_bad(err,
			                  "%" PRIu64 " reads reach position %" PRIu64
			                  ", which has %" PRIu64 " bytes",
			                  reads, p, view_total(&view, p % QUALITY_ROW));
	}
	return 0;
}
