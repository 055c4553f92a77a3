/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting symbols by position straight from the text: of many reads at 64 positions at once, how many have which symbol
 * where. For CPUs on which that is quicker than copying rows and comparing them (quality_kernel.h, count_equal()).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/quality_kernel.h"

#define SYMBOL_PIECES 255 /* most pieces of a call: a count must fit a byte */
#define SYMBOL_ODD UINT32_MAX

/*
 * Adds to sums[s][p] how many of the n pieces have symbols[s] as their byte p, for p below QUALITY_ROW and below the piece's n.
 * Returns how many bytes were counted: fewer than there are where some are none of the symbols; or SYMBOL_ODD, having added
 * nothing, where a byte is 0 or from 128 upward. Symbols differ, and are from 1 to 127.
 */
typedef uint32_t (*symbol_count_fn)(const struct piece *pieces, size_t n, const uint8_t *symbols, size_t symbols_n,
                                    uint16_t (*sums)[QUALITY_ROW]);

/* The quick one, or NULL where this CPU has none. */
symbol_count_fn symbol_count_best(void);

/* The oracle of the quick one. */
uint32_t symbol_count_portable(const struct piece *pieces, size_t n, const uint8_t *symbols, size_t symbols_n,
                               uint16_t (*sums)[QUALITY_ROW]);
