/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting symbols by position straight from the text: of many reads at 64 positions at once, how many have which symbol
 * where. For CPUs on which that is quicker than copying rows and comparing them (quality_kernel.h, count_equal()).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/quality_kernel.h"

#define SYMBOL_PIECES 255 /* most pieces of a call: a count must fit a byte */

/*
 * Looks at bytes [at, at + QUALITY_ROW) of each of the n pieces, as far as it has them. Where all of these are symbols, adds to
 * sums[s][p] how many pieces have symbols[s] as their byte at + p, and returns true; otherwise adds nothing and returns
 * false. Symbols differ, and are from 1 to 127.
 */
typedef bool (*symbol_count_fn)(const struct piece *pieces, size_t n, uint32_t at, const uint8_t *symbols, size_t symbols_n,
                                uint16_t (*sums)[QUALITY_ROW]);

/* The quick one, or NULL where this CPU has none. */
symbol_count_fn symbol_count_best(void);

/* The oracle of the quick one. */
bool symbol_count_portable(const struct piece *pieces, size_t n, uint32_t at, const uint8_t *symbols, size_t symbols_n,
                           uint16_t (*sums)[QUALITY_ROW]);
