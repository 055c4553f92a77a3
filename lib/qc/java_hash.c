/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of a java.util.HashMap: see java_hash.h. A map has buckets, a power of two of them; a key goes to the end of its
 * bucket's chain; walking goes bucket by bucket. When there are more keys than three quarters of the buckets these are
 * doubled, by which keys of one bucket keep their order.
 *
 * Not imitated: a chain of more than 8 keys in a table of 64 buckets and more becomes a tree, which may change the order within
 * that bucket. Of 100 sets of 100,000 random keys one has such a chain at all.
 */
#include "lib/qc/java_hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"

#define BUCKETS_FIRST 16
#define BUCKETS_TREES 64 /* in a smaller table a long chain doubles the table */
#define CHAIN_MAX 8

#define NONE UINT32_MAX

struct chain {
	uint32_t first, last, n;
};

struct map {
	struct chain *chains;
	size_t buckets;
	uint32_t *next; /* by key: the one behind it in its chain, or NONE */
};

uint32_t java_hash_text(const uint8_t *bytes, size_t n)
{
	uint32_t code = 0;

	for (size_t i = 0; i < n; i++)
		code = 31 * code + bytes[i];
	return code;
}

uint32_t java_hash_number(int64_t number)
{
	uint64_t bits = (uint64_t)number;

	return number >= INT32_MIN && number <= INT32_MAX ? (uint32_t)bits : (uint32_t)(bits ^ bits >> 32);
}

static struct chain *chain_of(const struct map *map, uint32_t code)
{
	return &map->chains[(code ^ code >> 16) & (map->buckets - 1)];
}

static void chain_append(struct map *map, struct chain *chain, uint32_t key)
{
	map->next[key] = NONE;
	if (chain->n == 0)
		chain->first = key;
	else
		map->next[chain->last] = key;
	chain->last = key;
	chain->n++;
}

/* Twice the buckets. 0 or -ENOMEM. */
static int map_double(struct map *map, const uint32_t *codes)
{
	struct map old = *map;
	struct chain *chains = calloc(2 * old.buckets, sizeof *chains);

	if (!chains)
		return -ENOMEM;
	map->chains = chains;
	map->buckets = 2 * old.buckets;
	for (size_t i = 0; i < old.buckets; i++) {
		uint32_t key = old.chains[i].first;

		for (uint32_t left = old.chains[i].n; left > 0; left--) {
			uint32_t next = map->next[key];

			chain_append(map, chain_of(map, codes[key]), key);
			key = next;
		}
	}
	free(old.chains);
	return 0;
}

static int map_put(struct map *map, const uint32_t *codes, uint32_t key)
{
	struct chain *chain = chain_of(map, codes[key]);
	bool crowded;
	int r = 0;

	chain_append(map, chain, key);
	crowded = chain->n > CHAIN_MAX && map->buckets < BUCKETS_TREES;
	if (crowded)
		r = map_double(map, codes);
	if (r == 0 && key + 1 > map->buckets / 4 * 3)
		r = map_double(map, codes);
	return r;
}

/* Follows a map of few keys through its doublings, some of which long chains cause. 0 or -ENOMEM. */
static int order_few(const uint32_t *codes, size_t n, size_t *ret_order)
{
	_cleanup_(freep) uint32_t *next = calloc(n + 1, sizeof *next);
	struct map map = {.buckets = BUCKETS_FIRST, .next = next};
	size_t at = 0;
	int r = 0;

	map.chains = calloc(map.buckets, sizeof *map.chains);
	if (!next || !map.chains)
		r = -ENOMEM;
	for (uint32_t key = 0; r == 0 && key < n; key++)
		r = map_put(&map, codes, key);
	for (size_t i = 0; r == 0 && i < map.buckets; i++) {
		uint32_t key = map.chains[i].first;

		for (uint32_t left = map.chains[i].n; left > 0; left--, key = map.next[key])
			ret_order[at++] = key;
	}
	free(map.chains);
	return r;
}

/*
 * With more keys than FEW only their number decides how many buckets there are: keys are counted into these, each bucket's in the
 * order in which they came.
 */
#define FEW (BUCKETS_TREES / 2 / 4 * 3)

static int order_many(const uint32_t *codes, size_t n, size_t *ret_order)
{
	_cleanup_(freep) uint32_t *starts = NULL; /* of each bucket; while keys are placed, where its next one goes */
	size_t buckets = BUCKETS_TREES;

	while (n > buckets / 4 * 3)
		buckets *= 2;
	starts = calloc(buckets + 1, sizeof *starts);
	if (!starts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		starts[((codes[i] ^ codes[i] >> 16) & (buckets - 1)) + 1]++;
	for (size_t i = 0; i < buckets; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < n; i++)
		ret_order[starts[(codes[i] ^ codes[i] >> 16) & (buckets - 1)]++] = i;
	return 0;
}

int java_hash_order(const uint32_t *codes, size_t n, size_t *ret_order)
{
	if (n >= NONE)
		return -EINVAL;
	return n > FEW ? order_many(codes, n, ret_order) : order_few(codes, n, ret_order);
}
