/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a table of bytes by position, for its own files: byte_table.c, byte_table_count.c, byte_table_pack.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/byte_table.h"

/* Makes the blocks up to n. 0 or -ENOMEM. */
int table_reach(struct byte_table *table, size_t n);

/* The block's columns, made where there are none. NULL: out of memory. */
struct table_columns *table_block_columns(struct table_block *block);

/* Adds a row of n bytes; QUALITY_ROW bytes can be read. 0 or -ENOMEM. */
int table_block_add(const struct byte_table *table, struct table_block *block, const uint8_t *bytes, size_t n);

/*
 * Counts bytes [at, at + QUALITY_ROW) of at most SYMBOL_PIECES pieces straight from the text; the table has a kernel for that.
 * 0; -ENOMEM; 1 where the kernel cannot, and nothing was counted.
 */
int table_block_count(const struct byte_table *table, struct table_block *block, const struct piece *pieces, size_t n,
                      uint32_t at);

/* into += what such counting left in the block beside its columns. 0 or -ENOMEM. */
int table_recent_merge(struct table_columns *into, const struct table_block *from);

/* The counts of a byte, made where there are none. NULL: out of memory. */
uint64_t *columns_get(struct table_columns *columns, uint8_t byte);

/* The counts of a byte in a block, made where there are none. NULL: out of memory. */
uint64_t *table_block_counts(struct table_block *block, uint8_t byte);
