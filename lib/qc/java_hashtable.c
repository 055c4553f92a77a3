/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a java.util.Hashtable: see java_hash.h. */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/java_hash.h"

#define NONE UINT32_MAX

struct hashtable {
	size_t buckets, limit; /* keys at which it grows */
	uint32_t *first;       /* key of each bucket */
	uint32_t *next;        /* by key */
};

static void key_push(struct hashtable *table, uint32_t code, uint32_t key)
{
	uint32_t *first = &table->first[(code & 0x7fffffff) % table->buckets];

	table->next[key] = *first;
	*first = key;
}

static int buckets_make(struct hashtable *table, size_t buckets)
{
	table->first = malloc(buckets * sizeof *table->first);
	if (!table->first)
		return -ENOMEM;
	for (size_t i = 0; i < buckets; i++)
		table->first[i] = NONE;
	table->buckets = buckets;
	table->limit = buckets * 3 / 4;
	return 0;
}

/* Old buckets are moved from the last to the first, which turns their order around. */
static int hashtable_grow(struct hashtable *table, const uint32_t *codes)
{
	_cleanup_(freep) uint32_t *old = table->first;
	size_t i = table->buckets;
	int r = buckets_make(table, 2 * table->buckets + 1);

	while (r == 0 && i-- > 0) {
		uint32_t next;

		for (uint32_t key = old[i]; key != NONE; key = next) {
			next = table->next[key];
			key_push(table, codes[key], key);
		}
	}
	return r;
}

int java_hashtable_order(const uint32_t *codes, size_t n, size_t capacity, size_t *ret_order)
{
	_cleanup_(freep) uint32_t *next = calloc(n + 1, sizeof *next);
	struct hashtable table = {.next = next};
	size_t at = 0;
	int r;

	if (n >= NONE)
		return -EINVAL;
	r = next ? buckets_make(&table, capacity) : -ENOMEM;
	for (uint32_t key = 0; r == 0 && key < n; key++) {
		if (key >= table.limit)
			r = hashtable_grow(&table, codes);
		if (r == 0)
			key_push(&table, codes[key], key);
	}
	for (size_t i = table.buckets; r == 0 && i-- > 0;)
		for (uint32_t key = table.first[i]; key != NONE; key = table.next[key])
			ret_order[at++] = key;
	free(table.first);
	return r;
}
