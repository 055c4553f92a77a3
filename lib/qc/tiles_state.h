/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of the module of tiles, a span of a file's reads. Its files: tiles.c adds, tiles_merge.c merges, tiles_pack.c packs,
 * tiles_list.c tells.
 *
 * Ordinals (from 1) are of all reads (0.11.9) or of those with a quality (0.12.1). Of a span whose place in the file is known,
 * the sampled reads are counted, as one class. Of another one all reads are, in ten classes: class c has the reads whose ordinal
 * within the span is c modulo 10. Where the span's place comes out, one of them is the sampled one (or all are, among the first
 * 10,000 of 0.12.1).
 *
 * Memory: 8 bytes (0.11.9: 16) for each tile and position of each class, which are at most TILES_POSITIONS_MAX in ten classes:
 * more make the span uncounted, and it has to be counted again when its place is known. That is 16 MiB (32 MiB), and 3 MiB for
 * the tiles themselves. Of a file, or of a span of a known place, 3 MiB (0.11.9: 2.4 MiB) for all tiles of 150 bases, and
 * 64 MiB (128 MiB) where reads are as long as TILE_SET_POSITIONS_MAX allows; more positions give the file up, of which FastQC
 * itself could not make a report.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/qc/prior.h"
#include "lib/qc/rules.h"
#include "lib/qc/tile_set.h"

#define TILE_CLASSES 10
#define TILES_POSITIONS_MAX (1u << 21) /* of all classes where there are ten: 1398 tiles of 150 bases */
#define TILES_ALL 10000                /* 0.12.1 samples every read up to this ordinal */
#define TILES_PREFIX_MAX 256           /* longest beginning of a header that is remembered */

struct tile_class {
	struct tile_set set;
	int field; /* that the header of its first read would fix; TILE_FIELD_UNKNOWN: it has no read */
	bool bad;  /* a header failed, or there were too many tiles: no file that samples it has tiles. The set is empty */
};

/* The tile that reads are of at the moment. */
struct tile_run {
	bool known;
	int32_t number;
	uint32_t prefix_n;                      /* names that begin so are of this tile; 0: none is known to */
	uint32_t field_at;                      /* where the tile begins in it */
	uint8_t prefix[TILES_PREFIX_MAX];
	struct tile_cells *cells[TILE_CLASSES]; /* of this tile; NULL: not looked up yet */
};

struct tiles {
	enum compat compat;
	bool known;               /* what lies before the span */
	bool follows;             /* ... was known, but another file comes before it now (follow.h) */
	uint64_t before[2];       /* where known: reads and qualities before the span */
	uint64_t reads, qualities; /* in the span: records, and those whose quality is not empty */
	uint64_t missing;         /* of these reads, those of slices that merging lacked and that were not patched yet */
	/*
	 * The field by which classes are counted; TILE_FIELD_UNKNOWN before the first read that fixes it. TILE_FIELD_NONE: nothing
	 * is counted. Then a known span gives its file up; another one is to be counted again unless its file has given up.
	 */
	int field;
	struct tile_class classes[TILE_CLASSES]; /* the first one alone where known */
	struct tile_loops loops;
	struct tile_run run;
};

/* Reads that have ordinals. */
static inline uint64_t tiles_ordinals(const struct tiles *tiles)
{
	return tiles->compat == COMPAT_0_11_9 ? tiles->reads : tiles->qualities;
}

/* Of these, where known, those before the span. */
static inline uint64_t tiles_before(const struct tiles *tiles)
{
	return tiles->before[tiles->compat == COMPAT_0_11_9 ? 0 : 1];
}

static inline bool tiles_sampled(enum compat compat, uint64_t ordinal)
{
	return ordinal % 10 == 0 || (compat != COMPAT_0_11_9 && ordinal <= TILES_ALL);
}

/* Most tiles that FastQC accepts: it counts them before it adds another. */
static inline size_t tiles_limit(enum compat compat)
{
	return compat == COMPAT_0_11_9 ? 1001 : 2501;
}

/* Bytes below '@' matter to 0.11.9 only, where a tile may be read by an encoding that is not its own. */
static inline bool tiles_split(enum compat compat)
{
	return compat == COMPAT_0_11_9;
}

static inline unsigned int tiles_classes(const struct tiles *tiles)
{
	return tiles->known ? 1 : TILE_CLASSES;
}

struct counters;

uint64_t tiles_positions(const struct tiles *tiles); /* of all classes */

/* Classes go bad, or all of the span is not counted, for good. */
void tile_class_spoil(struct tiles *tiles, struct tile_class *class);
void tiles_uncount(struct tiles *tiles);

int tiles_merge(void *into, const void *from);
int tiles_patch(void *into, const void *from);
int tiles_follow(void *state); /* follow.h */
int tiles_pack(const void *state, struct packer *packer);
int tiles_unpack(void *state, struct unpacker *unpacker, struct error *err);
int tiles_check(const void *state, const struct counters *counters, struct error *err);
