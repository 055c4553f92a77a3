/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of bytes position by position, in growing order: one block of it is looked at at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/qc/byte_table.h"

/* All zero bytes but table is the beginning. */
struct table_walk {
	const struct byte_table *table;
	struct table_view view;
	size_t block;
	bool taken; /* view shows block */
};

/* The reads of one position by byte, for the n bytes that occur there, by growing byte. */
struct table_column {
	uint16_t n;
	uint8_t bytes[256];
	uint64_t counts[256];
	uint64_t total;
};

/* 0 or -ENOMEM. A position that is not there has no bytes. */
int table_walk_column(struct table_walk *walk, uint64_t position, struct table_column *ret);

/* Adds the reads of the positions [from, to) to counts, by byte. 0 or -ENOMEM. */
int table_walk_add(struct table_walk *walk, uint64_t from, uint64_t to, uint64_t counts[256]);
void table_walk_deinit(struct table_walk *walk);

/* The bytes of all positions of a table, by byte; the lowest and the highest of them, or 255 and 0. 0 or -ENOMEM. */
int table_totals(const struct byte_table *table, uint64_t ret_totals[256], struct byte_range *ret_range);
