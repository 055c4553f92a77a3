/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What packing needs of the inside of a table of bytes by position. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/byte_table.h"

/* Makes the blocks up to n. 0 or -ENOMEM. */
int table_reach(struct byte_table *table, size_t n);

/* Adds a row of n bytes; QUALITY_ROW bytes can be read. 0 or -ENOMEM. */
int table_block_add(const struct quality_kernel *kernel, struct table_block *block,
                    const uint8_t *bytes, size_t n);

/* The counts of a byte in a block, made where there are none. NULL: out of memory. */
uint64_t *table_block_counts(struct table_block *block, uint8_t byte);
