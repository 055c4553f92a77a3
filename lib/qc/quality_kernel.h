/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loops over quality bytes, for each kind of CPU. The portable one says what they do; the
 * others must give the same numbers (a test compares all that this machine can run). Which one runs
 * is chosen at run time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUALITY_SPAN 256 /* positions that one call of add() sums */
#define QUALITY_CALLS                                                                              \
	256 /* pieces that can be added before a 16-bit sum could overflow: 256 * 255 < 65536 */
#define QUALITY_ROW 64   /* bytes of a row of count_equal() */
#define QUALITY_ROWS 255 /* most rows of a call: a count must fit a byte */

/* What is left of a read's quality. At least BATCH_SLACK bytes behind it can be read. */
struct piece {
	const uint8_t *bytes;
	uint32_t n; /* at least 1 */
};

struct byte_range {
	uint8_t lowest, highest; /* 255 and 0 where no byte was seen */
};

struct quality_kernel {
	const char *name;
	bool (*supported)(void); /* by this CPU */

	/*
	 * Adds byte p of every piece to sums[p], for the first QUALITY_SPAN bytes of each piece;
	 * widens the range.
	 */
	void (*add)(uint16_t sums[QUALITY_SPAN], const struct piece *pieces, size_t n,
	            struct byte_range *range);

	/* The sum of n bytes. At least BATCH_SLACK bytes behind them can be read. */
	uint64_t (*sum)(const uint8_t *bytes, size_t n);

	/*
	 * For each column of n rows (QUALITY_ROW bytes each, aligned to 64), how many rows have
	 * that byte there.
	 */
	void (*count_equal)(const uint8_t *rows, size_t n, uint8_t byte,
	                    uint8_t ret_counts[QUALITY_ROW]);
};

/* All kernels built in, best first; the last one is the portable one. */
const struct quality_kernel *quality_kernels(size_t *ret_n);

/* The best one that this CPU supports. */
const struct quality_kernel *quality_kernel_best(void);
