/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packed tiles: their number; then for each, by growing number, its distance from the one before (less one; the first one as it
 * is), the first ordinal's distance from the bound, reads without a quality where such count, and positions. Where there are
 * any: the lowest byte; reads by length, as the number of different lengths, then each length's distance from the one before
 * (less one) and its reads; sums by position, each as its difference from the one before. Where bytes below TILE_LOW are asked
 * for and the lowest is one: for each position, reads with such a byte and the sum of these bytes.
 */
#include "lib/qc/tile_set.h"

#include <errno.h>
#include <inttypes.h>

#include "lib/qc/module.h"

static void ends_pack(const struct tile_cells *cells, struct packer *packer)
{
	uint32_t n = 0, before = 0;

	for (uint32_t p = 0; p < cells->positions; p++)
		n += tile_cells_get(cells, ROW_ENDS, p) > 0;
	pack_u64(packer, n);
	for (uint32_t p = 0; p < cells->positions; p++) {
		uint64_t reads = tile_cells_get(cells, ROW_ENDS, p);

		if (reads == 0)
			continue;
		pack_u64(packer, p - before);
		pack_u64(packer, reads);
		before = p + 1;
	}
}

static void cells_pack(const struct tile_cells *cells, bool split, struct packer *packer)
{
	uint64_t before = 0;

	pack_byte(packer, cells->lowest);
	ends_pack(cells, packer);
	for (uint32_t p = 0; p < cells->positions; p++) {
		uint64_t sum = tile_cells_get(cells, ROW_SUMS, p);

		pack_s64(packer, (int64_t)(sum - before));
		before = sum;
	}
	if (!split || cells->lowest >= TILE_LOW)
		return;
	for (uint32_t p = 0; p < cells->positions; p++) {
		pack_u64(packer, tile_cells_get(cells, ROW_LOW_READS, p));
		pack_u64(packer, tile_cells_get(cells, ROW_LOW_SUMS, p));
	}
}

void tile_set_pack(const struct tile_set *set, const struct tile_set_bounds *bounds, struct packer *packer)
{
	pack_u64(packer, set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct tile_cells *cells = set->entries[i].cells;

		if (i == 0)
			pack_s64(packer, set->entries[i].number);
		else
			pack_u64(packer, (uint64_t)((int64_t)set->entries[i].number - set->entries[i - 1].number - 1));
		pack_u64(packer, cells->first - bounds->first);
		if (bounds->empty)
			pack_u64(packer, cells->empty);
		pack_u64(packer, cells->positions);
		if (cells->positions > 0)
			cells_pack(cells, bounds->split, packer);
	}
}

/* ---- unpacking */

static int number_unpack(const struct tile_set *set, struct unpacker *unpacker, int32_t *ret, struct error *err)
{
	int64_t first, before = set->n > 0 ? set->entries[set->n - 1].number : 0;
	uint64_t step;
	int r;

	if (set->n == 0) {
		r = unpack_s64(unpacker, &first, err);
		if (r < 0)
			return r;
		if (first < INT32_MIN || first > INT32_MAX)
			return unpack_bad(err, "a tile's number exceeds 32 bits");
		*ret = (int32_t)first;
		return 0;
	}
	if (before == INT32_MAX)
		return unpack_bad(err, "a tile's number exceeds 32 bits");
	r = unpack_most(unpacker, (uint64_t)(INT32_MAX - 1 - before), "a step of tiles", &step, err);
	if (r == 0)
		*ret = (int32_t)(before + 1 + (int64_t)step);
	return r;
}

/* Where a tile's reads end: the number of its reads with a quality, and room for its rows. */
static int ends_unpack(struct tile_cells *cells, uint32_t positions, bool low, uint64_t most, struct unpacker *unpacker,
                       struct error *err)
{
	uint64_t n, step, reads, p = 0;
	int r;

	r = unpack_most(unpacker, positions, "the number of lengths of a tile", &n, err);
	if (r < 0)
		return r;
	if (tile_cells_make(cells, positions, low) < 0)
		return error_oom(err);
	for (uint64_t i = 0; i < n; i++, p++) {
		if (p == positions)
			return unpack_bad(err, "a read beyond its tile's positions");
		r = unpack_most(unpacker, positions - 1 - p, "a step of lengths", &step, err);
		if (r == 0)
			r = unpack_most(unpacker, most - cells->reads, "the reads of a tile", &reads, err);
		if (r < 0)
			return r;
		if (reads == 0)
			return unpack_bad(err, "a length without reads");
		p += step;
		if (tile_cells_set(cells, ROW_ENDS, (uint32_t)p, reads) < 0)
			return error_oom(err);
		cells->reads += reads;
	}
	if (p != positions)
		return unpack_bad(err, "a tile with positions that no read reaches");
	return 0;
}

static int sums_unpack(struct tile_cells *cells, uint64_t reads, struct unpacker *unpacker, struct error *err)
{
	uint64_t sum = 0;
	int64_t step;

	for (uint32_t p = 0; p < cells->positions; p++) {
		int r = unpack_s64(unpacker, &step, err);

		if (r < 0)
			return r;
		sum += (uint64_t)step;
		if (sum < reads * cells->lowest || sum > reads * 255)
			return unpack_bad(err, "a tile's quality sum of position %" PRIu32 " cannot be", p);
		if (tile_cells_set(cells, ROW_SUMS, p, sum) < 0)
			return error_oom(err);
		reads -= tile_cells_get(cells, ROW_ENDS, p);
	}
	return 0;
}

/* The rest of a position's reads and its sum, of which low ones are known, are of bytes from TILE_LOW upward. */
static int low_unpack(struct tile_cells *cells, uint64_t reads, struct unpacker *unpacker, struct error *err)
{
	uint64_t low_reads, low_sum;

	for (uint32_t p = 0; p < cells->positions; p++) {
		uint64_t sum = tile_cells_get(cells, ROW_SUMS, p);
		int r = unpack_most(unpacker, reads, "the reads of a low quality", &low_reads, err);

		if (r == 0)
			r = unpack_most(unpacker, low_reads * (TILE_LOW - 1), "a sum of low qualities", &low_sum, err);
		if (r < 0)
			return r;
		if (low_sum < low_reads * cells->lowest || low_sum > sum ||
		    sum - low_sum < (reads - low_reads) * TILE_LOW || sum - low_sum > (reads - low_reads) * 255)
			return unpack_bad(err, "a tile's low qualities of position %" PRIu32 " cannot be", p);
		if (tile_cells_set(cells, ROW_LOW_READS, p, low_reads) < 0 ||
		    tile_cells_set(cells, ROW_LOW_SUMS, p, low_sum) < 0)
			return error_oom(err);
		reads -= tile_cells_get(cells, ROW_ENDS, p);
	}
	return 0;
}

static int cells_unpack(struct tile_set *set, struct tile_cells *cells, uint64_t most, bool split,
                        struct unpacker *unpacker, struct error *err)
{
	uint64_t positions;
	int r;

	r = unpack_most(unpacker, TILE_SET_POSITIONS_MAX - set->positions, "the positions of tiles", &positions, err);
	if (r < 0 || positions == 0)
		return r;
	if (positions > unpack_left(unpacker))
		return unpack_bad(err, "%" PRIu64 " positions in %zu bytes", positions, unpack_left(unpacker));
	set->positions += positions;
	r = unpack_byte(unpacker, &cells->lowest, err);
	split = split && cells->lowest < TILE_LOW;
	if (r == 0)
		r = ends_unpack(cells, (uint32_t)positions, split, most, unpacker, err);
	if (r == 0)
		r = sums_unpack(cells, cells->reads, unpacker, err);
	if (r == 0 && split)
		r = low_unpack(cells, cells->reads, unpacker, err);
	return r;
}

static int tile_unpack(struct tile_set *set, const struct tile_set_bounds *bounds, uint64_t most, struct unpacker *unpacker,
                       uint64_t *ret_reads, struct error *err)
{
	struct tile_cells *cells;
	uint64_t first = 0, empty = 0;
	int32_t number = 0;
	int r;

	r = number_unpack(set, unpacker, &number, err);
	if (r == 0)
		r = unpack_most(unpacker, bounds->last - bounds->first, "the first read of a tile", &first, err);
	if (r == 0 && bounds->empty)
		r = unpack_most(unpacker, most, "the reads of a tile", &empty, err);
	if (r < 0)
		return r;
	r = tile_set_find(set, number, bounds->limit, bounds->first + first, &cells);
	if (r < 0)
		return error_oom(err);
	r = cells_unpack(set, cells, most - empty, bounds->split, unpacker, err);
	if (r < 0)
		return r;
	cells->empty = empty;
	cells->reads += empty;
	if (cells->reads == 0)
		return unpack_bad(err, "a tile without reads");
	if (tile_cells_settle(cells) < 0)
		return error_oom(err);
	*ret_reads = cells->reads;
	return 0;
}

int tile_set_unpack(struct tile_set *set, const struct tile_set_bounds *bounds, struct unpacker *unpacker, struct error *err)
{
	uint64_t n, reads = 0, left = bounds->reads;
	int r;

	r = unpack_most(unpacker, bounds->limit, "the number of tiles", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		r = tile_unpack(set, bounds, left, unpacker, &reads, err);
		left -= r == 0 ? reads : 0;
	}
	if (r == 0 && left > 0)
		return unpack_bad(err, "%" PRIu64 " sampled reads are of no tile", left);
	return r;
}
