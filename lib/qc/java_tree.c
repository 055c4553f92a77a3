/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Red-black trees of a hash map's keys: see java_tree.h. The usual insertion: two red ones in a row are recoloured or turned. */
#include "lib/qc/java_tree.h"

static bool is_red(const struct java_trees *trees, uint32_t key)
{
	return key != JAVA_NONE && trees->nodes[key].red;
}

/* Whether a key belongs on the right of another one. */
static bool goes_right(const struct java_trees *trees, uint32_t key, uint32_t other)
{
	int32_t a = (int32_t)java_spread(trees->codes[key]), b = (int32_t)java_spread(trees->codes[other]);

	if (a != b)
		return a > b;
	return trees->compare ? trees->compare(trees->keys, key, other) > 0 : key > other;
}

/* Turns a key down to one side: its child of the other side takes its place. Returns the root. */
static uint32_t turn(struct java_trees *trees, uint32_t root, uint32_t key, bool right)
{
	struct java_tree_node *nodes = trees->nodes;
	uint32_t up = nodes[key].child[!right], parent = nodes[key].parent, inner = nodes[up].child[right];

	nodes[key].child[!right] = inner;
	if (inner != JAVA_NONE)
		nodes[inner].parent = key;
	nodes[up].child[right] = key;
	nodes[key].parent = up;
	nodes[up].parent = parent;
	if (parent == JAVA_NONE)
		return up;
	nodes[parent].child[nodes[parent].child[1] == key] = up;
	return root;
}

/* Makes the tree right again above a key that was put in red. Returns the root. */
static uint32_t balance(struct java_trees *trees, uint32_t root, uint32_t key)
{
	struct java_tree_node *nodes = trees->nodes;

	while (is_red(trees, nodes[key].parent)) {
		uint32_t parent = nodes[key].parent, above = nodes[parent].parent;
		bool right = nodes[above].child[1] == parent;
		uint32_t uncle = nodes[above].child[!right];

		if (is_red(trees, uncle)) {
			nodes[parent].red = nodes[uncle].red = false;
			nodes[above].red = true;
			key = above;
			continue;
		}
		if (nodes[parent].child[!right] == key) {
			root = turn(trees, root, parent, right);
			parent = key;
		}
		nodes[parent].red = false;
		nodes[above].red = true;
		root = turn(trees, root, above, !right);
		break;
	}
	nodes[root].red = false;
	return root;
}

uint32_t java_tree_insert(struct java_trees *trees, uint32_t root, uint32_t key, uint32_t *ret_parent)
{
	uint32_t parent = JAVA_NONE;
	bool right = false;

	for (uint32_t at = root; at != JAVA_NONE; at = trees->nodes[at].child[right]) {
		parent = at;
		right = goes_right(trees, key, at);
	}
	trees->nodes[key] = (struct java_tree_node){parent, {JAVA_NONE, JAVA_NONE}, true};
	*ret_parent = parent;
	if (parent == JAVA_NONE)
		root = key;
	else
		trees->nodes[parent].child[right] = key;
	return balance(trees, root, key);
}
