/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of a java.util.HashMap: see java_hash.h. A map has buckets, a power of two of them; a key goes to the end of its
 * bucket's chain; walking goes bucket by bucket. When there are more keys than three quarters of the buckets these are
 * doubled, by which keys of one bucket keep their order.
 *
 * A chain of more than 8 keys becomes a tree (java_tree.h), or doubles a table of fewer than 64 buckets. The keys of a tree stay in a
 * chain, too: a new one stands behind the one below which it was put, and the root stands first. Where doubling parts a tree, each
 * part of more than 6 becomes a tree of its own, a smaller one a chain again.
 */
#include "lib/qc/java_hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"

#define BUCKETS_FIRST 16
#define BUCKETS_TREES 64 /* in a smaller table a long chain doubles the table */
#define CHAIN_MAX 8
#define PART_MAX 6 /* of a tree that is parted: no tree any more */

struct chain {
	uint32_t first, last, n;
	uint32_t root; /* JAVA_NONE: it is no tree; `last` is that of no tree */
};

struct map {
	struct chain *chains;
	size_t buckets;
	uint32_t *next; /* by key: the one behind it in its chain, or JAVA_NONE */
	struct java_trees trees;
	size_t keys_n;
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

static struct chain *chain_of(const struct map *map, uint32_t key)
{
	return &map->chains[java_spread(map->trees.codes[key]) & (map->buckets - 1)];
}

static struct chain *chains_new(size_t n)
{
	struct chain *chains = calloc(n, sizeof *chains);

	for (size_t i = 0; chains && i < n; i++)
		chains[i].root = JAVA_NONE;
	return chains;
}

static void chain_append(struct map *map, struct chain *chain, uint32_t key)
{
	map->next[key] = JAVA_NONE;
	if (chain->n == 0)
		chain->first = key;
	else
		map->next[chain->last] = key;
	chain->last = key;
	chain->n++;
}

/* The root of a tree stands first. */
static void root_to_front(struct map *map, struct chain *chain)
{
	uint32_t before = chain->first;

	if (before == chain->root)
		return;
	while (map->next[before] != chain->root)
		before = map->next[before];
	map->next[before] = map->next[chain->root];
	map->next[chain->root] = chain->first;
	chain->first = chain->root;
}

/* 0 or -ENOMEM. */
static int chain_to_tree(struct map *map, struct chain *chain)
{
	uint32_t parent;

	if (!map->trees.nodes)
		map->trees.nodes = calloc(map->keys_n, sizeof *map->trees.nodes);
	if (!map->trees.nodes)
		return -ENOMEM;
	chain->root = JAVA_NONE;
	for (uint32_t key = chain->first; key != JAVA_NONE; key = map->next[key])
		chain->root = java_tree_insert(&map->trees, chain->root, key, &parent);
	root_to_front(map, chain);
	return 0;
}

static void tree_put(struct map *map, struct chain *chain, uint32_t key)
{
	uint32_t parent;

	chain->root = java_tree_insert(&map->trees, chain->root, key, &parent);
	map->next[key] = map->next[parent];
	map->next[parent] = key;
	chain->n++;
	root_to_front(map, chain);
}

/* What became of a tree when its keys were parted: a tree of its own, unless there are few; the same one where all are in one part. */
static int part_settle(struct map *map, struct chain *part, const struct chain *other, uint32_t root)
{
	if (part->n <= PART_MAX)
		return 0;
	if (other->n > 0)
		return chain_to_tree(map, part);
	part->root = root;
	return 0;
}

/* Twice the buckets. 0 or -ENOMEM. */
static int map_double(struct map *map)
{
	struct map old = *map;
	struct chain *chains = chains_new(2 * old.buckets);
	int r = 0;

	if (!chains)
		return -ENOMEM;
	map->chains = chains;
	map->buckets = 2 * old.buckets;
	for (size_t i = 0; r == 0 && i < old.buckets; i++) {
		struct chain *low = &chains[i], *high = &chains[i + old.buckets];
		uint32_t key = old.chains[i].first, root = old.chains[i].root;

		for (uint32_t left = old.chains[i].n; left > 0; left--) {
			uint32_t next = map->next[key];

			chain_append(map, chain_of(map, key), key);
			key = next;
		}
		if (root == JAVA_NONE)
			continue;
		r = part_settle(map, low, high, root);
		if (r == 0)
			r = part_settle(map, high, low, root);
	}
	free(old.chains);
	return r;
}

/* 0 or -ENOMEM. */
static int map_put(struct map *map, uint32_t key)
{
	struct chain *chain = chain_of(map, key);
	int r = 0;

	if (chain->root != JAVA_NONE) {
		tree_put(map, chain, key);
	} else {
		chain_append(map, chain, key);
		if (chain->n > CHAIN_MAX)
			r = map->buckets < BUCKETS_TREES ? map_double(map) : chain_to_tree(map, chain);
	}
	if (r == 0 && key + 1 > map->buckets / 4 * 3)
		r = map_double(map);
	return r;
}

int java_hash_order(const uint32_t *codes, size_t n, java_compare *compare, const void *keys, size_t *ret_order)
{
	_cleanup_(freep) uint32_t *next = calloc(n + 1, sizeof *next);
	struct map map = {.chains = chains_new(BUCKETS_FIRST), .buckets = BUCKETS_FIRST, .next = next, .keys_n = n,
	                  .trees = {NULL, codes, compare, keys}};
	size_t at = 0;
	int r = n >= JAVA_NONE ? -EINVAL : next && map.chains ? 0 : -ENOMEM;

	for (uint32_t key = 0; r == 0 && key < n; key++)
		r = map_put(&map, key);
	for (size_t i = 0; r == 0 && i < map.buckets; i++) {
		uint32_t key = map.chains[i].first;

		for (uint32_t left = map.chains[i].n; left > 0; left--, key = map.next[key])
			ret_order[at++] = key;
	}
	free(map.trees.nodes);
	free(map.chains);
	return r;
}
