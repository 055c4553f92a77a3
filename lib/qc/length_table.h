/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many reads have which length: a plain array for short ones, a hash table for long ones (of
 * which there are few different). Memory: 8 KiB, and 24 to 48 bytes for each different length from
 * LENGTHS_DENSE upward.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/varint.h"

#define LENGTHS_DENSE 1024

struct length_count {
	uint64_t reads; /* 0: a free place of the hash table */
	uint32_t length;
};

/* All zero bytes is the empty table. */
struct length_table {
	uint64_t dense[LENGTHS_DENSE];
	uint32_t dense_n; /* of them, so many may be other than 0: reads of few lengths are looked through often */
	struct length_count *sparse;
	size_t sparse_n, sparse_size; /* used and all places; the size is 0 or a power of two */
	/* Of the hash; a random one, so that nobody can choose lengths that collide. */
	uint64_t multiplier;
};

void length_table_deinit(struct length_table *table);

/* A further read of a length from LENGTHS_DENSE upward, or several. 0 or -ENOMEM. */
int length_table_add_long(struct length_table *table, uint32_t length, uint64_t reads);

static inline int length_table_add(struct length_table *table, uint32_t length)
{
	if (length >= LENGTHS_DENSE)
		return length_table_add_long(table, length, 1);
	table->dense[length]++;
	if (length >= table->dense_n)
		table->dense_n = length + 1;
	return 0;
}

void length_table_totals(const struct length_table *table, uint64_t *ret_reads,
                         uint64_t *ret_bases);

/*
 * 0, -ENOMEM, or -EOVERFLOW where reads or bases would pass COUNT_TOTAL_MAX (nothing is changed
 * then).
 */
int length_table_merge(struct length_table *into, const struct length_table *from);

int length_table_pack(const struct length_table *table, struct packer *packer);
int length_table_unpack(struct length_table *table, struct unpacker *unpacker, struct error *err);

/*
 * The reads that reach a position, for positions asked in growing order. A read of length n reaches
 * positions 0 to n - 1.
 *
 *     reach_init(&reach, table);
 *     for (p = 0; p < reach.longest; p++)
 *             reads = reach_at(&reach, p);
 *     reach_deinit(&reach);
 */
struct reach {
	struct length_count *lengths; /* by growing length */
	size_t n, next;
	uint64_t reads;   /* at least as long as lengths[next] */
	uint64_t longest; /* positions that any read reaches */
};

int reach_init(struct reach *reach, const struct length_table *table); /* 0 or -ENOMEM */
void reach_deinit(struct reach *reach);

static inline uint64_t reach_at(struct reach *reach, uint64_t position)
{
	while (reach->next < reach->n && reach->lengths[reach->next].length <= position)
		reach->reads -= reach->lengths[reach->next++].reads;
	return reach->reads;
}
