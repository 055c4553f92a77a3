/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packed form of the table of qualities by position, and what packing needs of the table's
 * inside.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/quality_table.h"

int quality_table_pack(const void *state, struct packer *packer);
int quality_table_unpack(void *state, struct unpacker *unpacker, struct error *err);
int quality_table_check(const void *state, const struct counters *counters, struct error *err);

/* Makes the blocks up to n. 0 or -ENOMEM. */
int table_reach(struct quality_table *table, size_t n);

/* Adds a row of n bytes; QUALITY_ROW bytes can be read. 0 or -ENOMEM. */
int table_block_add(const struct quality_kernel *kernel, struct table_block *block,
                    const uint8_t *bytes, size_t n);

/* The counts of a byte in a block, made where there are none. NULL: out of memory. */
uint64_t *table_block_counts(struct table_block *block, uint8_t byte);
