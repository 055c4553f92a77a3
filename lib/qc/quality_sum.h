/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of quality sums: what a mean quality per position is made of. */
#pragma once

#include <stdint.h>

#include "lib/qc/length_table.h"
#include "lib/qc/module.h"
#include "lib/qc/quality_kernel.h"

/*
 * QUALITY_SPAN positions. A sum is sums[p] + recent[p]; recent is moved into sums before it could
 * overflow.
 */
struct quality_block {
	uint64_t sums[QUALITY_SPAN];
	uint16_t recent[QUALITY_SPAN];
	uint32_t recent_n; /* pieces in recent, at most QUALITY_CALLS */
};

struct quality_sum {
	struct length_table
	    lengths; /* of qualities; they are the sequences' unless the input was read leniently */
	struct byte_range
	    range; /* lowest and highest quality byte; 255 and 0 where there is none */
	const struct quality_kernel *kernel;
	struct quality_block **blocks;
	size_t n, size; /* blocks there are; places for them */
};

/* The sum of the quality bytes at a position, which must be below the longest length. */
static inline uint64_t quality_sum_at(const struct quality_sum *state, uint64_t position)
{
	const struct quality_block *block = state->blocks[position / QUALITY_SPAN];

	return block->sums[position % QUALITY_SPAN] + block->recent[position % QUALITY_SPAN];
}
