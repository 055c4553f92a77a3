/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many reads have which adapter first at which position: a hash table, as reads may be long and hits are few.
 * Memory: 22 to 43 bytes for each pair that occurs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/varint.h"

struct hit_count {
	uint64_t reads; /* 0: a free place */
	uint32_t adapter, position;
};

/* All zero bytes is the empty table. */
struct hit_table {
	struct hit_count *places;
	size_t n, size;      /* used and all places; the size is 0 or a power of two */
	uint64_t multiplier; /* of the hash; a random one, so that nobody can choose positions that collide */
};

void hit_table_deinit(struct hit_table *table);

/* 0 or -ENOMEM. */
int hit_table_add(struct hit_table *table, uint32_t adapter, uint32_t position, uint64_t reads);
int hit_table_merge(struct hit_table *into, const struct hit_table *from);

/* All, by growing adapter and position; the caller frees. 0 or -ENOMEM. */
int hit_table_sorted(const struct hit_table *table, struct hit_count **ret, size_t *ret_n);
