/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiles by growing number: those of one class of reads, or of a file. Memory: tile_cells.h, and some 100 bytes a tile. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/tile_cells.h"
#include "lib/qc/varint.h"

/*
 * Positions of all tiles together. FastQC needs some 1240 bytes for each (150 counters of 64 bits and their objects), so this many
 * fill the largest memory that its 0.12.1 can be given (10000 MB).
 */
#define TILE_SET_POSITIONS_MAX (1u << 23)

struct tile_entry {
	int32_t number;
	struct tile_cells *cells;
};

/* All zero bytes is the empty set. */
struct tile_set {
	struct tile_entry *entries;
	size_t n, size;
	uint64_t positions; /* of all tiles; with no quality: 0 */
};

void tile_set_deinit(struct tile_set *set);

/* Outcome: there would be more than the limit of tiles, or more than TILE_SET_POSITIONS_MAX. The set is as before, or of no use. */
#define TILE_SET_FULL 1

/* The tile of this number, made with this first ordinal where it is new. 0, TILE_SET_FULL or -ENOMEM. */
int tile_set_find(struct tile_set *set, int32_t number, size_t limit, uint64_t first, struct tile_cells **ret);

/* tile_cells_add() to a tile of the set. 0, TILE_SET_FULL or -ENOMEM. */
int tile_set_add(struct tile_set *set, struct tile_cells *cells, const struct tile_loops *loops, const struct piece *pieces,
                 size_t n, bool split);

/* into += from, whose ordinals grow by before. 0, TILE_SET_FULL or -ENOMEM. */
int tile_set_merge(struct tile_set *into, const struct tile_set *from, size_t limit, uint64_t before);

/* What is to be true of the tiles of a set that comes from bytes. */
struct tile_set_bounds {
	size_t limit;
	uint64_t reads;       /* of all tiles */
	uint64_t first, last; /* ordinals of reads */
	bool empty;           /* reads without a quality count */
	bool split;           /* bytes below TILE_LOW are asked for */
};

/* Canonical bytes; and back into an empty set, believing nothing: 0, -ENOMEM, or -EBADMSG with a sentence. */
void tile_set_pack(const struct tile_set *set, const struct tile_set_bounds *bounds, struct packer *packer);
int tile_set_unpack(struct tile_set *set, const struct tile_set_bounds *bounds, struct unpacker *unpacker, struct error *err);
