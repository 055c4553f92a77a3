/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files with tiles by a seed, and their tiles by the plainest means: one pass that knows every ordinal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/prior.h"
#include "lib/qc/rules.h"
#include "lib/qc/tiles.h"
#include "tests/unit/qc/reads.h"

#define TILE_NAME_MAX 96

struct tiles_file {
	size_t n;
	struct record *records;
	char (*names)[TILE_NAME_MAX];
	uint8_t *bytes;
};

struct tiles_kind {
	const char *name;
	size_t n;
	uint32_t tiles, shortest, longest;
	uint8_t lowest, highest;
	unsigned int odd;       /* of 1000 headers, so many are of another form than the file's */
	unsigned int bad;       /* ... have no tile */
	unsigned int empty;     /* ... have no quality */
	bool ordered;           /* reads of a tile one after another */
	bool both;              /* headers of 5 and of 7 fields, all with a number in the third and in the fifth */
};

struct plain_tile {
	int32_t number;
	uint64_t first;
	uint32_t positions;
	uint8_t lowest;
	uint64_t *numbers; /* sums, reads, sums64, reads64: longest of each */
};

struct plain {
	int field; /* TILE_FIELD_*, as the first sampled read fixed it */
	bool gone; /* given up */
	uint64_t reads, qualities;
	size_t n;
	struct plain_tile *tiles;
	uint32_t longest;
};

/* All of these abort when out of memory. */
void tiles_file_make(struct tiles_file *file, const struct tiles_kind *kind, uint64_t seed);
void tiles_file_deinit(struct tiles_file *file);

/* Counts the first n reads of the file. */
void plain_count(struct plain *plain, const struct tiles_file *file, size_t n, enum compat compat);
void plain_deinit(struct plain *plain);

/* What is known before a read: as a coordinator that has counted all before it would tell. */
struct prior plain_prior(const struct tiles_file *file, enum compat compat, size_t before);

/* Whether counters of a whole file tell of the tiles what the plain count does. */
bool plain_same(const struct plain *plain, const struct counters *counters, enum compat compat);
