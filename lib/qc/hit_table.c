/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads by adapter and position: see hit_table.h. */
#include "lib/qc/hit_table.h"

#include <errno.h>
#include <stdlib.h>

void hit_table_deinit(struct hit_table *table)
{
	free(table->places);
	*table = (struct hit_table){0};
}

/* The place of a pair, or the free place where it belongs. */
static struct hit_count *hit_find(const struct hit_table *table, uint32_t adapter, uint32_t position)
{
	uint64_t key = (uint64_t)adapter << 32 | position;
	size_t mask = table->size - 1, at = (size_t)(key * table->multiplier >> 32) & mask;
	struct hit_count *hit;

	for (;; at = (at + 1) & mask) {
		hit = &table->places[at];
		if (hit->reads == 0 || (hit->position == position && hit->adapter == adapter))
			return hit;
	}
}

static int table_grow(struct hit_table *table)
{
	struct hit_count *old = table->places, *grown;
	size_t old_size = table->size, size = old_size > 0 ? 2 * old_size : 64;

	grown = calloc(size, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	table->places = grown;
	table->size = size;
	table->multiplier = ((uint64_t)(uintptr_t)grown * 0x9e3779b97f4a7c15ULL) | 1; /* the address is random */
	for (size_t i = 0; i < old_size; i++)
		if (old[i].reads > 0)
			*hit_find(table, old[i].adapter, old[i].position) = old[i];
	free(old);
	return 0;
}

int hit_table_add(struct hit_table *table, uint32_t adapter, uint32_t position, uint64_t reads)
{
	struct hit_count *hit;

	if (3 * table->size <= 4 * table->n) {
		int r = table_grow(table);

		if (r < 0)
			return r;
	}
	hit = hit_find(table, adapter, position);
	if (hit->reads == 0) {
		hit->adapter = adapter;
		hit->position = position;
		table->n++;
	}
	hit->reads += reads;
	return 0;
}

int hit_table_merge(struct hit_table *into, const struct hit_table *from)
{
	for (size_t i = 0; i < from->size; i++) {
		const struct hit_count *hit = &from->places[i];
		int r = hit->reads > 0 ? hit_table_add(into, hit->adapter, hit->position, hit->reads) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int by_adapter_and_position(const void *a, const void *b)
{
	const struct hit_count *x = a, *y = b;

	if (x->adapter != y->adapter)
		return x->adapter < y->adapter ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

int hit_table_sorted(const struct hit_table *table, struct hit_count **ret, size_t *ret_n)
{
	struct hit_count *hits = calloc(table->n + 1, sizeof *hits);
	size_t n = 0;

	if (!hits)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->places[i].reads > 0)
			hits[n++] = table->places[i];
	qsort(hits, n, sizeof *hits, by_adapter_and_position);
	*ret = hits;
	*ret_n = n;
	return 0;
}
