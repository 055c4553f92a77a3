/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tracked sequences against a count by the plainest means, and against itself: whatever the slices, what was
 * known of the text before them, and the order in which they come together, the packed bytes are those of one pass. The
 * limits are lowered, so that small files fill and overflow them; tests/unit/qc/assembly.c has the real ones.
 */
#include "lib/qc/sequences.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/sequences_rig.h"
#include "tests/unit/tap.h"

#define SPANS_MAX 9

static const struct kind {
	const char *name;
	enum compat compat;
	uint32_t dup_length;
	struct pool pool;
} kinds[] = {
	{"no reads", COMPAT_0_12_1, 0, {0, 1, 1, 1, false, false}},
	{"one key", COMPAT_0_12_1, 0, {300, 1, 50, 50, false, false}},
	{"fewer keys than are tracked", COMPAT_0_12_1, 0, {300, 38, 20, 60, false, false}},
	{"a few more keys", COMPAT_0_12_1, 0, {300, 45, 20, 60, false, false}},
	{"some slices overflow", COMPAT_0_12_1, 0, {600, 150, 0, 100, true, false}},
	{"nearly all reads differ", COMPAT_0_12_1, 0, {900, 5000, 50, 110, true, false}},
	{"0.11.9 keeps up to 75 bases", COMPAT_0_11_9, 0, {500, 120, 40, 100, true, false}},
	{"short keys", COMPAT_0_12_1, 3, {500, 300, 0, 10, false, false}},
	{"long keys", COMPAT_0_12_1, 120, {400, 200, 50, 120, true, false}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* ---- numbers */

static void test_key_length(void)
{
	static const struct {
		enum compat compat;
		uint32_t dup_length, length, want;
	} rows[] = {
		{COMPAT_0_12_1, 0, 0, 0},      {COMPAT_0_12_1, 0, 50, 50},   {COMPAT_0_12_1, 0, 51, 50},
		{COMPAT_0_12_1, 0, 250, 50},   {COMPAT_0_11_9, 0, 50, 50},   {COMPAT_0_11_9, 0, 51, 51},
		{COMPAT_0_11_9, 0, 75, 75},    {COMPAT_0_11_9, 0, 76, 50},   {COMPAT_0_12_1, 20, 19, 19},
		{COMPAT_0_12_1, 20, 21, 20},   {COMPAT_0_11_9, 60, 59, 59},  {COMPAT_0_11_9, 60, 76, 60},
		{COMPAT_0_12_1, 1000, 999, 999}, {COMPAT_0_12_1, 1000, 1u << 28, 1000},
	};
	struct count_rules rules;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rules_default(&rules, rows[i].compat);
		rules.dup_length = rows[i].dup_length;
		is_u64(sequences_key_length(&rules, rows[i].length), rows[i].want, "%s, %u of %u bases",
		       compat_name(rows[i].compat), rows[i].dup_length, rows[i].length);
	}
}

static void test_numbers(const char *name, const struct rig *rig, const struct sequences *whole)
{
	struct plain_keys plain;
	size_t wrong = 0;

	plain_keys_make(&plain, &rig->reads, &rig->rules, TRACKED_LOW);
	is_u64(sequences_reads(whole), rig->reads.n, "%s: reads", name);
	is_u64(sequences_limit(whole), plain.limit, "%s: the limit", name);
	ok(sequences_first(whole) && sequences_whole(whole), "%s: whole", name);
	ok(sequences_complete(whole) == (plain.n == TRACKED_LOW), "%s: complete or not", name);
	if (is_u64(sequences_n(whole), plain.n, "%s: keys", name))
		for (size_t i = 0; i < plain.n; i++) {
			struct tracked_key key = sequences_key(whole, i);

			wrong += key.n != plain.keys[i].n || memcmp(key.bytes, plain.keys[i].bytes, key.n) != 0 ||
			         sequences_count(whole, i) != plain.keys[i].count;
		}
	is_u64(wrong, 0, "%s: every key and its count", name);
	plain_keys_deinit(&plain);
}

/* ---- slices */

struct span {
	struct sequences *state;
	size_t from, to;
};

struct tree {
	struct span spans[SPANS_MAX], lacking[SPANS_MAX];
	size_t n, lacking_n;
	bool broken;
};

/* How often these trees had it: a test of what never happens is none. */
static size_t trees_lacking, trees_counted;

/* Span i and the one behind it become one. */
static void tree_merge(struct tree *tree, size_t i)
{
	struct span *into = &tree->spans[i], *from = into + 1;
	int r = module_sequences.merge(into->state, from->state);

	if (r == MERGE_LACKS)
		tree->lacking[tree->lacking_n++] = *from;
	else if (r != 0)
		tree->broken = true;
	into->to = from->to;
	state_free(from->state);
	memmove(from, from + 1, (--tree->n - i - 1) * sizeof *from);
}

static void tree_grow(struct rig *rig, struct tree *tree)
{
	size_t n = 1 + random_below(&rig->seed, SPANS_MAX), from = 0;

	*tree = (struct tree){.n = n};
	for (size_t i = 0; i < n; i++) {
		size_t to = i == n - 1 ? rig->reads.n : from + random_below(&rig->seed, rig->reads.n - from + 1);

		if (random_below(&rig->seed, 2) && to > from + 150)
			to = from + 150;
		if (i == n - 1)
			to = rig->reads.n;
		tree->spans[i] = (struct span){state_count(rig, from, to, i == 0 ? &PRIOR_FIRST : &PRIOR_UNKNOWN), from, to};
		from = to;
	}
}

/* Counts the reads of what was lacking with the file's list, in one or two pieces. */
static void tree_patch(struct rig *rig, struct tree *tree)
{
	struct sequences *whole = tree->spans[0].state;
	_cleanup_(trackedp) struct tracked *list = NULL;
	struct prior prior = PRIOR_UNKNOWN;

	if (sequences_tracked(whole, &list) < 0)
		abort();
	prior.tracked = list;
	while (tree->lacking_n > 0) {
		size_t i = random_below(&rig->seed, tree->lacking_n);
		struct span span = tree->lacking[i];
		size_t cut = span.from + random_below(&rig->seed, span.to - span.from + 1);
		struct sequences *again = state_count(rig, span.from, cut, &prior), *more = state_count(rig, cut, span.to, &prior);
		struct error err;

		tree->broken = tree->broken || sequences_whole(whole);
		again = state_travel(rig, again, &err);
		if (!again || module_sequences.merge(again, more) != 0 || module_sequences.patch(whole, again) != 0)
			tree->broken = true;
		state_free(again);
		state_free(more);
		tree->lacking[i] = tree->lacking[--tree->lacking_n];
	}
}

/* Spans of which nothing is known come together in the order of a random tree. */
static bool tree_same(struct rig *rig, const struct sequences *whole)
{
	struct tree tree;
	bool same;

	tree_grow(rig, &tree);
	while (!tree.broken && tree.n > 1) {
		size_t i = random_below(&rig->seed, tree.n - 1);
		struct error err;

		if (random_below(&rig->seed, 2))
			tree.spans[i].state = state_travel(rig, tree.spans[i].state, &err);
		if (random_below(&rig->seed, 2))
			tree.spans[i + 1].state = state_travel(rig, tree.spans[i + 1].state, &err);
		if (!tree.spans[i].state || !tree.spans[i + 1].state)
			tree.broken = true;
		else
			tree_merge(&tree, i);
	}
	trees_lacking += tree.lacking_n > 0;
	if (!tree.broken)
		tree_patch(rig, &tree);
	same = !tree.broken && state_equal(tree.spans[0].state, whole);
	for (size_t i = 0; i < tree.n; i++)
		state_free(tree.spans[i].state);
	return same;
}

/* The file's beginning until the list is complete, then slices that are counted by it, merged in the order of a random tree. */
static bool counted_same(struct rig *rig, const struct sequences *whole)
{
	_cleanup_(trackedp) struct tracked *list = NULL;
	struct prior prior = PRIOR_UNKNOWN;
	struct tree tree = {0};
	size_t from = (size_t)sequences_limit(whole);
	bool same;

	tree.spans[tree.n++] = (struct span){state_count(rig, 0, from, &PRIOR_FIRST), 0, from};
	if (sequences_tracked(tree.spans[0].state, &list) < 0)
		abort();
	prior.tracked = list;
	while (tree.n < SPANS_MAX) {
		size_t to = tree.n + 1 == SPANS_MAX ? rig->reads.n : from + random_below(&rig->seed, rig->reads.n - from + 1);

		tree.spans[tree.n++] = (struct span){state_count(rig, from, to, &prior), from, to};
		from = to;
	}
	while (!tree.broken && tree.n > 1) {
		size_t i = random_below(&rig->seed, tree.n - 1);
		struct error err;

		if (random_below(&rig->seed, 2))
			tree.spans[i + 1].state = state_travel(rig, tree.spans[i + 1].state, &err);
		if (!tree.spans[i + 1].state)
			tree.broken = true;
		else
			tree_merge(&tree, i);
	}
	same = !tree.broken && tree.lacking_n == 0 && state_equal(tree.spans[0].state, whole);
	trees_counted++;
	for (size_t i = 0; i < tree.n; i++)
		state_free(tree.spans[i].state);
	return same;
}

static void test_kind(const struct kind *kind, size_t number)
{
	struct rig rig = {.seed = 2 * number + 1};
	_cleanup_(statep) struct sequences *whole = NULL, *back = NULL;
	size_t tree = 0, counted = 0, trees = 200;
	struct error err = {0};

	rules_default(&rig.rules, kind->compat);
	rig.rules.dup_length = kind->dup_length;
	reads_of_pool(&rig.reads, &kind->pool, number);
	whole = state_count(&rig, 0, rig.reads.n, &PRIOR_FIRST);
	test_numbers(kind->name, &rig, whole);
	back = state_travel(&rig, state_count(&rig, 0, rig.reads.n, &PRIOR_FIRST), &err);
	ok(back && state_equal(back, whole), "%s: unpacked and packed again %s", kind->name, err.text);
	for (size_t i = 0; i < trees; i++)
		tree += tree_same(&rig, whole);
	is_u64(tree, trees, "%s: trees of slices of which nothing is known", kind->name);
	if (sequences_complete(whole)) {
		for (size_t i = 0; i < trees; i++)
			counted += counted_same(&rig, whole);
		is_u64(counted, trees, "%s: trees of slices counted by the list", kind->name);
	}
	reads_deinit(&rig.reads);
}

/* ---- what does not fit together */

static struct sequences *full_new(struct rig *rig)
{
	return state_count(rig, 0, rig->reads.n, &PRIOR_FIRST);
}

static void test_misfits(struct forms *forms)
{
	ok(!forms->own->overflow && forms->over->overflow, "one slice overflows, one does not");
	is_int(module_sequences.merge(forms->full, forms->full), -EINVAL, "two beginnings");
	is_int(module_sequences.merge(forms->own, forms->begun), -EINVAL, "a beginning behind a slice");
	is_int(module_sequences.merge(forms->counted, forms->begun), -EINVAL, "a beginning behind a counted one");
	is_int(module_sequences.merge(forms->begun, forms->counted), -EINVAL, "counted by a list that is not complete");
	is_int(module_sequences.merge(forms->own, forms->counted), -EINVAL, "counted behind a slice");
	is_int(module_sequences.merge(forms->counted, forms->own), -EINVAL, "a slice behind a counted one");
	is_int(module_sequences.merge(forms->counted, forms->over), -EINVAL, "an overflowed one behind a counted one");
	is_int(module_sequences.patch(forms->own, forms->counted), -EINVAL, "a slice is not patched");
	is_int(module_sequences.patch(forms->counted, forms->counted), -EINVAL, "nor a counted one");
	is_int(module_sequences.patch(forms->full, forms->own), -EINVAL, "nor with a slice of its own keys");
	is_int(module_sequences.patch(forms->full, forms->counted), -EINVAL, "what lacks nothing is not patched");
}

/* A list that differs in one key, and one that is shorter. */
static void test_other_lists(struct forms *forms)
{
	struct tracked_key keys[TRACKED_LOW];
	struct prior prior = PRIOR_UNKNOWN;

	for (int i = 0; i < TRACKED_LOW; i++)
		keys[i] = sequences_key(forms->full, (size_t)i);
	for (int shorter = 0; shorter < 2; shorter++) {
		_cleanup_(statep) struct sequences *other = NULL, *full = full_new(&forms->rig);
		_cleanup_(trackedp) struct tracked *list = NULL;

		keys[3] = (struct tracked_key){(const uint8_t *)"ACGT", 4};
		if (tracked_new(keys, shorter ? 3 : TRACKED_LOW, &list) < 0)
			abort();
		prior.tracked = list;
		other = state_count(&forms->rig, 0, 30, &prior);
		is_int(module_sequences.merge(full, other), -EINVAL, "%s list", shorter ? "a shorter" : "another");
		is_int(module_sequences.merge(forms->counted, other), -EINVAL, "%s list of counted ones",
		       shorter ? "a shorter" : "another");
		full->reads += 30;
		is_int(module_sequences.patch(full, other), -EINVAL, "%s list of a patch", shorter ? "a shorter" : "another");
	}
}

static void test_patches(struct forms *forms)
{
	_cleanup_(statep) struct sequences *into = state_count(&forms->rig, 0, 20, &PRIOR_FIRST), *again = NULL, *more = NULL;
	_cleanup_(trackedp) struct tracked *list = NULL;
	struct prior prior = PRIOR_UNKNOWN;
	struct error err = {0};

	is_int(module_sequences.merge(into, forms->over), MERGE_LACKS, "a slice that overflowed lacks counts");
	ok(!sequences_whole(into) && sequences_complete(into), "not whole, but complete");
	is_u64(sequences_reads(into), 400, "its reads are there");
	is_int(module_sequences.merge(into, forms->counted), 0, "more behind it");
	is_int(module_sequences.merge(forms->full, into), -EINVAL, "what lacks something is merged into nothing");
	if (sequences_tracked(into, &list) < 0)
		abort();
	prior.tracked = list;
	again = state_count(&forms->rig, 20, 400, &prior);
	more = state_count(&forms->rig, 19, 400, &prior);
	is_int(module_sequences.patch(into, more), -EINVAL, "a patch of more reads than are lacking");
	into = state_travel(&forms->rig, TAKE(into), &err);
	if (!ok(into, "what lacks something travels %s", err.text))
		return;
	is_int(module_sequences.patch(into, again), 0, "the patch");
	ok(sequences_whole(into), "whole");
	is_int(module_sequences.patch(into, again), -EINVAL, "the same patch once more");
}

/* A peer that counts none of the keys that joined from its own slice. */
static void test_hollow_patch(struct forms *forms)
{
	_cleanup_(statep) struct sequences *into = state_count(&forms->rig, 0, 20, &PRIOR_FIRST), *hollow = NULL;
	_cleanup_(trackedp) struct tracked *list = NULL;
	struct prior prior = PRIOR_UNKNOWN;

	is_int(module_sequences.merge(into, forms->over), MERGE_LACKS, "a slice lacks counts");
	if (sequences_tracked(into, &list) < 0)
		abort();
	prior.tracked = list;
	hollow = state_count(&forms->rig, 0, 0, &prior);
	hollow->reads = hollow->reads_counted = 380;
	is_int(module_sequences.patch(into, hollow), -EINVAL, "a patch without counts");
}

static void test_overflowing(struct forms *forms)
{
	forms->own->reads = COUNT_TOTAL_MAX - 379;
	forms->own->reads_counted = forms->own->reads;
	is_int(module_sequences.merge(forms->own, forms->over), -EOVERFLOW, "too many reads");
}

static void test_forms(void)
{
	struct forms forms;

	forms_make(&forms);
	test_misfits(&forms);
	test_other_lists(&forms);
	test_hollow_patch(&forms);
	test_patches(&forms);
	test_overflowing(&forms);
	forms_deinit(&forms);
}

int main(void)
{
	test_key_length();
	for (size_t i = 0; i < KINDS; i++)
		test_kind(&kinds[i], i);
	ok(trees_lacking > 300, "slices lacked counts in %zu trees", trees_lacking);
	ok(trees_counted > 300, "slices were counted by a list in %zu trees", trees_counted);
	test_forms();
	return done_testing();
}
