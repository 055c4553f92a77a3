/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the text before a slice when its count begins. Some numbers depend on it: which reads are sampled (every
 * tenth of the file), which sequences are tracked (the first 100,000 different ones). A slice is counted with whatever is
 * known; where that was not enough, merging says so (MERGE_LACKS) and the slice is counted again for those modules, with
 * everything known (assembly.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/qc/tracked.h"

#define TILE_FIELD_UNKNOWN (-1) /* no sampled read lies before */
#define TILE_FIELD_NONE 0       /* the file has no tiles: given up */

/* All zero bytes but tile_field: nothing is known. */
struct prior {
	bool first;         /* the slice begins with the file: nothing lies before it */
	/* first: the file may come behind others (follow.h), so its counters keep the ordinal of each tracked sequence as well. */
	bool ordinals;
	bool known;         /* reads, qualities and tile_field are known; always so where first */
	uint64_t reads;     /* records before the slice */
	uint64_t qualities; /* of these, with a quality of at least one byte */
	int tile_field;     /* which field (from 0) of a header has the tile, as the file's first sampled read fixed it */
	/* The file's tracked sequences, all of them (the 100,000th lies before the slice, or the whole file was seen); NULL: not known. */
	struct tracked *tracked;
};

/* Nothing is known; and: nothing lies before. */
#define PRIOR_UNKNOWN ((struct prior){.tile_field = TILE_FIELD_UNKNOWN})
#define PRIOR_FIRST ((struct prior){.first = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN})
