/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tiles: packing. Reads; reads with a quality; reads that are missing; whether the place is known, and then reads
 * and qualities before it; the field and one. Then of one class its tiles, unless nothing is counted. Of ten classes, for each
 * that has a read, from that of the first read on: its field, and unless nothing is counted whether it is bad, and the tiles
 * where it is not.
 */
#include <errno.h>
#include <inttypes.h>

#include "lib/qc/lengths.h"
#include "lib/qc/module.h"
#include "lib/qc/tiles_state.h"

/* Reads of a file up to this ordinal that are sampled. */
static uint64_t sampled(enum compat compat, uint64_t ordinal)
{
	if (compat == COMPAT_0_11_9)
		return ordinal / 10;
	return ordinal <= TILES_ALL ? ordinal : TILES_ALL + (ordinal - TILES_ALL) / 10;
}

/* What the tiles of a class have to keep to. */
static struct tile_set_bounds class_bounds(const struct tiles *tiles, unsigned int c)
{
	uint64_t n = tiles_ordinals(tiles), before = tiles->known ? tiles_before(tiles) : 0;
	struct tile_set_bounds bounds = {
	    .limit = tiles_limit(tiles->compat),
	    .first = before + 1,
	    .last = before + n,
	    .empty = tiles->compat == COMPAT_0_11_9,
	    .split = tiles_split(tiles->compat),
	};

	if (tiles->known)
		bounds.reads = sampled(tiles->compat, before + n) - sampled(tiles->compat, before);
	else
		bounds.reads = (n + TILE_CLASSES - (c > 0 ? c : TILE_CLASSES)) / TILE_CLASSES;
	return bounds;
}

static void classes_pack(const struct tiles *tiles, struct packer *packer)
{
	for (unsigned int i = 1; i <= TILE_CLASSES && i <= tiles_ordinals(tiles); i++) {
		const struct tile_class *class = &tiles->classes[i % TILE_CLASSES];
		struct tile_set_bounds bounds = class_bounds(tiles, i % TILE_CLASSES);

		pack_u64(packer, (uint64_t)class->field);
		if (tiles->field == TILE_FIELD_NONE)
			continue;
		pack_byte(packer, class->bad);
		if (!class->bad)
			tile_set_pack(&class->set, &bounds, packer);
	}
}

int tiles_pack(const void *state, struct packer *packer)
{
	const struct tiles *tiles = state;
	struct tile_set_bounds bounds = class_bounds(tiles, 0);

	pack_u64(packer, tiles->reads);
	pack_u64(packer, tiles->qualities);
	pack_u64(packer, tiles->missing);
	pack_byte(packer, tiles->known);
	if (tiles->known) {
		pack_u64(packer, tiles->before[0]);
		pack_u64(packer, tiles->before[1]);
	}
	pack_u64(packer, (uint64_t)(tiles->field + 1));
	if (!tiles->known)
		classes_pack(tiles, packer);
	else if (tiles->field != TILE_FIELD_NONE)
		tile_set_pack(&tiles->classes[0].set, &bounds, packer);
	return packer->oom ? -ENOMEM : 0;
}

/* ---- unpacking */

static int flag_unpack(struct unpacker *unpacker, bool *ret, struct error *err)
{
	uint8_t byte;
	int r = unpack_byte(unpacker, &byte, err);

	if (r < 0)
		return r;
	if (byte > 1)
		return unpack_bad(err, "a flag of tiles that is neither 0 nor 1");
	*ret = byte;
	return 0;
}

static int field_check(int field, struct error *err)
{
	if (field != TILE_FIELD_UNKNOWN && field != TILE_FIELD_NONE && field != 2 && field != 4)
		return unpack_bad(err, "a header's field %d has no tile", field);
	return 0;
}

static int head_unpack(struct tiles *tiles, struct unpacker *unpacker, struct error *err)
{
	uint64_t field = 0;
	int r;

	r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the reads of tiles", &tiles->reads, err);
	if (r == 0)
		r = unpack_most(unpacker, tiles->reads, "the reads with a quality", &tiles->qualities, err);
	if (r == 0)
		r = unpack_most(unpacker, tiles->reads, "the missing reads of tiles", &tiles->missing, err);
	if (r == 0)
		r = flag_unpack(unpacker, &tiles->known, err);
	if (r == 0 && tiles->known) {
		r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the reads before", &tiles->before[0], err);
		if (r == 0)
			r = unpack_most(unpacker, tiles->before[0], "the qualities before", &tiles->before[1], err);
	}
	if (r == 0)
		r = unpack_most(unpacker, 5, "the field of tiles", &field, err);
	if (r < 0)
		return r;
	tiles->field = (int)field - 1;
	if (tiles->missing > 0)
		return unpack_bad(err, "the tiles of %" PRIu64 " reads are missing", tiles->missing);
	return field_check(tiles->field, err);
}

static int class_unpack(struct tiles *tiles, unsigned int c, struct unpacker *unpacker, struct error *err)
{
	struct tile_class *class = &tiles->classes[c];
	struct tile_set_bounds bounds = class_bounds(tiles, c);
	uint64_t field;
	int r;

	r = unpack_most(unpacker, 4, "the field of a class of tiles", &field, err);
	if (r < 0)
		return r;
	class->field = (int)field;
	r = field_check(class->field, err);
	if (r < 0 || tiles->field == TILE_FIELD_NONE)
		return r;
	r = flag_unpack(unpacker, &class->bad, err);
	if (r < 0 || class->bad)
		return r;
	return tile_set_unpack(&class->set, &bounds, unpacker, err);
}

static int classes_unpack(struct tiles *tiles, struct unpacker *unpacker, struct error *err)
{
	for (unsigned int i = 1; i <= TILE_CLASSES && i <= tiles_ordinals(tiles); i++) {
		int r = class_unpack(tiles, i % TILE_CLASSES, unpacker, err);

		if (r < 0)
			return r;
		if (tiles_positions(tiles) > TILES_POSITIONS_MAX)
			return unpack_bad(err, "more than %u positions of tiles", TILES_POSITIONS_MAX);
	}
	return 0;
}

int tiles_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct tiles *tiles = state;
	struct tile_set_bounds bounds;
	int r;

	r = head_unpack(tiles, unpacker, err);
	if (r < 0)
		return r;
	bounds = class_bounds(tiles, 0);
	if (tiles->field == TILE_FIELD_UNKNOWN && (tiles->known ? bounds.reads : tiles_ordinals(tiles)) > 0)
		return unpack_bad(err, "sampled reads have not fixed the field of tiles");
	if (!tiles->known)
		return classes_unpack(tiles, unpacker, err);
	if (tiles->field == TILE_FIELD_NONE)
		return 0;
	return tile_set_unpack(&tiles->classes[0].set, &bounds, unpacker, err);
}

int tiles_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct tiles *tiles = state;
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	uint64_t reads, bases;

	if (!lengths)
		return 0;
	length_table_totals(&lengths->table, &reads, &bases);
	if (reads != tiles->reads)
		return unpack_bad(err, "%" PRIu64 " reads, but %" PRIu64 " of tiles", reads, tiles->reads);
	return 0;
}
