/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The red-black trees that a java.util.HashMap makes of its long chains. Only where a key comes to stand and which key is the root
 * matter here: the map's order within the bucket follows from these. A key is its number; its place goes by its spread hash code as
 * a signed number, and of equal ones by what the keys say.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JAVA_NONE UINT32_MAX

/* Orders two keys of equal hash codes as their compareTo() does: below, at or above 0. */
typedef int java_compare(const void *keys, size_t a, size_t b);

struct java_tree_node {
	uint32_t parent, child[2]; /* JAVA_NONE: there is none */
	bool red;
};

struct java_trees {
	struct java_tree_node *nodes; /* by key; each key is in one tree at most */
	const uint32_t *codes;        /* by key: its hash code */
	java_compare *compare;        /* NULL: equal codes are ordered by number */
	const void *keys;
};

/* hashCode() as a map uses it. */
static inline uint32_t java_spread(uint32_t code)
{
	return code ^ code >> 16;
}

/* Puts a key into the tree of this root (JAVA_NONE: a new one). Returns the root; *ret_parent is below which key it was put. */
uint32_t java_tree_insert(struct java_trees *trees, uint32_t root, uint32_t key, uint32_t *ret_parent);
