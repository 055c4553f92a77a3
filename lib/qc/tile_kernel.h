/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inner loops over the qualities of a tile, beside those of quality_kernel.h, for each kind of CPU; the portable one says what
 * they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/quality_kernel.h"

#define TILE_LOW 64     /* '@': where FastQC's other encoding begins */
#define TILE_PIECES 255 /* most pieces of a call of add_low(): a count must fit a byte */

struct tile_kernel {
	const char *name;
	bool (*supported)(void); /* by this CPU */

	/* Adds byte p of the piece to sums[p], for all its bytes; returns the lowest. */
	uint8_t (*add_one)(uint32_t *sums, struct piece piece);

	/*
	 * Of the bytes below TILE_LOW among the first QUALITY_SPAN of each piece: adds byte p to sums[p] and one to reads[p].
	 */
	void (*add_low)(uint16_t sums[QUALITY_SPAN], uint16_t reads[QUALITY_SPAN], const struct piece *pieces, size_t n);
};

/* All kernels built in, best first; the last one is the portable one. */
const struct tile_kernel *tile_kernels(size_t *ret_n);

/* The best one that this CPU supports. */
const struct tile_kernel *tile_kernel_best(void);
