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
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"
#include "tests/unit/qc/pool.h"
#include "tests/unit/tap.h"

#define TRACKED_LOW 40
#define OWN_LOW 60
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

/* ---- states */

struct rig {
	const struct kind *kind;
	struct count_rules rules;
	struct reads reads;
	uint64_t seed;
};

static struct sequences *state_new(const struct count_rules *rules, const struct prior *prior)
{
	struct sequences *state = calloc(1, sizeof *state);

	if (!state || module_sequences.init(state, rules, prior) < 0)
		abort();
	state->tracked_max = TRACKED_LOW;
	state->own_max = OWN_LOW;
	return state;
}

static struct sequences *state_free(struct sequences *state)
{
	if (state)
		module_sequences.deinit(state);
	free(state);
	return NULL;
}

static void statep(struct sequences **state)
{
	state_free(*state);
}

static void trackedp(struct tracked **tracked)
{
	tracked_free(*tracked);
}

static void packerp(struct packer *packer)
{
	free(packer->bytes);
}

/* Reads [from, to), in batches of random size. */
static struct sequences *count(struct rig *rig, size_t from, size_t to, const struct prior *prior)
{
	struct sequences *state = state_new(&rig->rules, prior);
	struct batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		abort();
	while (from < to) {
		uint32_t most = 1 + (uint32_t)random_below(&rig->seed, 3) * 60;

		for (batch->n = 0; batch->n < most && from < to; from++)
			batch->records[batch->n++] = rig->reads.records[from];
		if (module_sequences.add(state, batch) < 0)
			abort();
	}
	free(batch);
	return state;
}

static void pack(const struct sequences *state, struct packer *ret)
{
	*ret = (struct packer){0};
	if (module_sequences.pack(state, ret) < 0)
		abort();
}

/* The same state after a journey; NULL where it is refused. */
static struct sequences *travel(const struct rig *rig, struct sequences *state, struct error *err)
{
	_cleanup_(packerp) struct packer packer = {0};
	struct sequences *got = state_new(&rig->rules, &PRIOR_UNKNOWN);
	struct unpacker unpacker;

	pack(state, &packer);
	state_free(state);
	unpacker = (struct unpacker){packer.bytes, packer.bytes + packer.n};
	if (module_sequences.unpack(got, &unpacker, err) < 0 || unpack_left(&unpacker) > 0)
		return state_free(got);
	return got;
}

static bool same_bytes(const struct sequences *a, const struct sequences *b)
{
	_cleanup_(packerp) struct packer pa = {0}, pb = {0};

	pack(a, &pa);
	pack(b, &pb);
	return pa.n == pb.n && memcmp(pa.bytes, pb.bytes, pa.n) == 0;
}

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

static void test_numbers(const struct rig *rig, const struct sequences *whole)
{
	const char *name = rig->kind->name;
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
		tree->spans[i] = (struct span){count(rig, from, to, i == 0 ? &PRIOR_FIRST : &PRIOR_UNKNOWN), from, to};
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
		struct sequences *again = count(rig, span.from, cut, &prior), *more = count(rig, cut, span.to, &prior);
		struct error err;

		tree->broken = tree->broken || sequences_whole(whole);
		again = travel(rig, again, &err);
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
			tree.spans[i].state = travel(rig, tree.spans[i].state, &err);
		if (random_below(&rig->seed, 2))
			tree.spans[i + 1].state = travel(rig, tree.spans[i + 1].state, &err);
		if (!tree.spans[i].state || !tree.spans[i + 1].state)
			tree.broken = true;
		else
			tree_merge(&tree, i);
	}
	trees_lacking += tree.lacking_n > 0;
	if (!tree.broken)
		tree_patch(rig, &tree);
	same = !tree.broken && same_bytes(tree.spans[0].state, whole);
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

	tree.spans[tree.n++] = (struct span){count(rig, 0, from, &PRIOR_FIRST), 0, from};
	if (sequences_tracked(tree.spans[0].state, &list) < 0)
		abort();
	prior.tracked = list;
	while (tree.n < SPANS_MAX) {
		size_t to = tree.n + 1 == SPANS_MAX ? rig->reads.n : from + random_below(&rig->seed, rig->reads.n - from + 1);

		tree.spans[tree.n++] = (struct span){count(rig, from, to, &prior), from, to};
		from = to;
	}
	while (!tree.broken && tree.n > 1) {
		size_t i = random_below(&rig->seed, tree.n - 1);
		struct error err;

		if (random_below(&rig->seed, 2))
			tree.spans[i + 1].state = travel(rig, tree.spans[i + 1].state, &err);
		if (!tree.spans[i + 1].state)
			tree.broken = true;
		else
			tree_merge(&tree, i);
	}
	same = !tree.broken && tree.lacking_n == 0 && same_bytes(tree.spans[0].state, whole);
	trees_counted++;
	for (size_t i = 0; i < tree.n; i++)
		state_free(tree.spans[i].state);
	return same;
}

static void test_kind(const struct kind *kind, size_t number)
{
	struct rig rig = {.kind = kind, .seed = 2 * number + 1};
	_cleanup_(statep) struct sequences *whole = NULL, *back = NULL;
	size_t tree = 0, counted = 0, trees = 200;
	struct error err = {0};

	rules_default(&rig.rules, kind->compat);
	rig.rules.dup_length = kind->dup_length;
	reads_of_pool(&rig.reads, &kind->pool, number);
	whole = count(&rig, 0, rig.reads.n, &PRIOR_FIRST);
	test_numbers(&rig, whole);
	back = travel(&rig, count(&rig, 0, rig.reads.n, &PRIOR_FIRST), &err);
	ok(back && same_bytes(back, whole), "%s: unpacked and packed again %s", kind->name, err.text);
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

struct forms {
	struct rig rig;
	struct sequences *begun, *full, *own, *over, *counted;
	struct tracked *list;
};

static struct sequences *full_new(struct rig *rig)
{
	return count(rig, 0, rig->reads.n, &PRIOR_FIRST);
}

static void forms_make(struct forms *forms)
{
	struct prior prior = PRIOR_UNKNOWN;

	*forms = (struct forms){.rig = {.kind = &kinds[5], .seed = 1}};
	rules_default(&forms->rig.rules, COMPAT_0_12_1);
	reads_of_pool(&forms->rig.reads, &kinds[5].pool, 5);
	forms->begun = count(&forms->rig, 0, 20, &PRIOR_FIRST);
	forms->full = full_new(&forms->rig);
	forms->own = count(&forms->rig, 20, 40, &PRIOR_UNKNOWN);
	forms->over = count(&forms->rig, 20, 400, &PRIOR_UNKNOWN);
	if (sequences_tracked(forms->full, &forms->list) < 0)
		abort();
	prior.tracked = forms->list;
	forms->counted = count(&forms->rig, 200, 300, &prior);
}

static void forms_deinit(struct forms *forms)
{
	state_free(forms->begun);
	state_free(forms->full);
	state_free(forms->own);
	state_free(forms->over);
	state_free(forms->counted);
	tracked_free(forms->list);
	reads_deinit(&forms->rig.reads);
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
		other = count(&forms->rig, 0, 30, &prior);
		is_int(module_sequences.merge(full, other), -EINVAL, "%s list", shorter ? "a shorter" : "another");
		is_int(module_sequences.merge(forms->counted, other), -EINVAL, "%s list of counted ones",
		       shorter ? "a shorter" : "another");
		full->reads += 30;
		is_int(module_sequences.patch(full, other), -EINVAL, "%s list of a patch", shorter ? "a shorter" : "another");
	}
}

static void test_patches(struct forms *forms)
{
	_cleanup_(statep) struct sequences *into = count(&forms->rig, 0, 20, &PRIOR_FIRST), *again = NULL, *more = NULL;
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
	again = count(&forms->rig, 20, 400, &prior);
	more = count(&forms->rig, 19, 400, &prior);
	is_int(module_sequences.patch(into, more), -EINVAL, "a patch of more reads than are lacking");
	into = travel(&forms->rig, TAKE(into), &err);
	if (!ok(into, "what lacks something travels %s", err.text))
		return;
	is_int(module_sequences.patch(into, again), 0, "the patch");
	ok(sequences_whole(into), "whole");
	is_int(module_sequences.patch(into, again), -EINVAL, "the same patch once more");
}

/* A peer that counts none of the keys that joined from its own slice. */
static void test_hollow_patch(struct forms *forms)
{
	_cleanup_(statep) struct sequences *into = count(&forms->rig, 0, 20, &PRIOR_FIRST), *hollow = NULL;
	_cleanup_(trackedp) struct tracked *list = NULL;
	struct prior prior = PRIOR_UNKNOWN;

	is_int(module_sequences.merge(into, forms->over), MERGE_LACKS, "a slice lacks counts");
	if (sequences_tracked(into, &list) < 0)
		abort();
	prior.tracked = list;
	hollow = count(&forms->rig, 0, 0, &prior);
	hollow->reads = hollow->reads_counted = 380;
	is_int(module_sequences.patch(into, hollow), -EINVAL, "a patch without counts");
}

static void test_overflowing(struct forms *forms)
{
	forms->own->reads = COUNT_TOTAL_MAX - 379;
	forms->own->reads_counted = forms->own->reads;
	is_int(module_sequences.merge(forms->own, forms->over), -EOVERFLOW, "too many reads");
}

/* ---- what unpack refuses */

static const char *const form_names[] = {"a beginning", "a complete beginning", "a slice", "an overflowed slice",
                                         "a counted slice"};

/* Refused with a sentence, or taken and then packed to the very same bytes. */
static bool sound(const struct forms *forms, const uint8_t *bytes, size_t n, bool *ret_taken)
{
	_cleanup_(statep) struct sequences *state = state_new(&forms->rig.rules, &PRIOR_UNKNOWN);
	_cleanup_(packerp) struct packer again = {0};
	struct unpacker unpacker = {bytes, bytes + n};
	struct error err = {0};
	int r = module_sequences.unpack(state, &unpacker, &err);

	*ret_taken = r == 0;
	if (r < 0)
		return r == -EBADMSG && err.text[0] != '\0';
	pack(state, &again);
	return again.n == (size_t)(unpacker.at - bytes) && memcmp(again.bytes, bytes, again.n) == 0;
}

static void test_damage(const struct forms *forms, const struct sequences *state, const char *name)
{
	_cleanup_(packerp) struct packer packer = {0};
	size_t bad = 0, cuts = 0, changes = 0;
	bool taken;

	pack(state, &packer);
	for (size_t i = 0; i < packer.n; i++) {
		_cleanup_(freep) uint8_t *copy = malloc(i + 1);

		if (!copy)
			abort();
		memcpy(copy, packer.bytes, i);
		bad += !sound(forms, copy, i, &taken);
		cuts += taken;
	}
	for (size_t i = 0; i < 8 * packer.n; i++) {
		packer.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		bad += !sound(forms, packer.bytes, packer.n, &taken);
		changes += taken;
		packer.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	is_u64(bad, 0, "%s: refused with a sentence, or canonical", name);
	is_u64(cuts, 0, "%s: no cut is taken", name);
	diag("%s: %zu of %zu changed bits are plausible", name, changes, 8 * packer.n);
}

#define END 0xee

static const struct lie {
	const char *name, *sentence;
	uint8_t bytes[40];
} lies[] = {
	{"an empty beginning", NULL, {0, 0, 0, 0, END}},
	{"a beginning", NULL, {0, 3, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"more reads than keys have", "do not fit", {0, 4, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"fewer reads than keys have", "do not fit", {0, 2, 0, 2, 4, 0, 0, 1, 1, 2, END}},
	{"a key without reads", "do not fit", {0, 2, 0, 2, 4, 0, 0, 1, 0, 2, END}},
	{"an incomplete list that lacks counts", "do not fit", {0, 4, 1, 2, 4, 0, 0, 1, 1, 2, END}},
	{"more lacking than there are", "lack counts", {0, 4, 5, 2, 4, 0, 0, 1, 1, 2, END}},
	{"a key longer than the rules allow", "51 bytes", {0, 3, 0, 2, 0xcc, 1, END}},
	{"too many keys", "number of keys", {0, 100, 0, 41, END}},
	{"an empty slice", NULL, {1, 0, 0, END}},
	{"a slice", NULL, {1, 9, 2, 4, 0, 0, 1, 2, 4, 3, END}},
	{"a slice of more keys than reads", "number of keys", {1, 1, 2, 4, 0, 0, 1, 0, 0, 0, END}},
	{"a first read that never was", "none of the reads has", {1, 9, 2, 4, 0, 0, 1, 8, 8, 0, END}},
	{"reads without a key", "without a key", {1, 9, 2, 4, 0, 0, 1, 2, 4, 2, END}},
	{"reads before a key that have none", "lie before the next", {1, 9, 2, 4, 0, 0, 1, 5, 4, 3, END}},
	{"more of a key than reads", "reads of a key", {1, 9, 2, 4, 0, 0, 1, 2, 9, 3, END}},
	{"all reads before the last key", "more keys than reads", {1, 9, 2, 4, 0, 0, 1, 2, 8, 0, END}},
	{"an overflowed slice of few keys", "too few keys", {2, 9, 2, 4, 0, 0, 1, 2, END}},
	{"counts", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 3, END}},
	{"no counts", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 0, END}},
	{"counts by no list", NULL, {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, END}},
	{"a list that is too long", "tracked sequences is 41", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 41, 0, END}},
	{"more counts than keys", "number of counts", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 3, 4, END}},
	{"a count behind the list", "step of keys", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 36, 3, END}},
	{"counts behind the list", "more keys than there are", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 3, 4, 0, 3, END}},
	{"more counts than reads", "reads of a key", {3, 9, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 4, END}},
	{"counts of no read", "more keys than there are", {3, 5, 1, 2, 3, 4, 5, 6, 7, 8, 40, 2, 3, 4, 35, 0, END}},
	{"a digest that ends", "too early", {3, 9, 1, 2, 3, 4, END}},
	{"another form", "a kind that", {4, 0, 0, END}},
	{"more reads than can be", "number of reads", {1, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, END}},
};

static void test_lie(const struct forms *forms, const struct lie *lie)
{
	_cleanup_(statep) struct sequences *state = state_new(&forms->rig.rules, &PRIOR_UNKNOWN);
	struct unpacker unpacker = {lie->bytes, lie->bytes};
	struct error err = {0};
	bool taken;
	int r;

	while (*unpacker.end != END)
		unpacker.end++;
	r = module_sequences.unpack(state, &unpacker, &err);
	if (lie->sentence)
		ok(r == -EBADMSG && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
	else
		ok(r == 0 && unpack_left(&unpacker) == 0 &&
		       sound(forms, lie->bytes, (size_t)(unpacker.end - lie->bytes), &taken),
		   "%s: is taken %s", lie->name, err.text);
}

/* Reads of the module that are not those of the lengths. */
static void test_check(void)
{
	_cleanup_(countersp) struct counters *counters = counters_make(COUNT_LENGTHS | COUNT_SEQUENCES);
	struct sequences state = {.reads = 0};
	struct error err = {0};

	is_int(module_sequences.check(&state, counters, &err), 0, "as many reads as lengths");
	state.reads = 1;
	is_int(module_sequences.check(&state, counters, &err), -EBADMSG, "more reads than lengths");
	ok(strstr(err.text, "1 reads, where there are 0"), "%s", err.text);
}

static void test_forms(void)
{
	struct forms forms;

	forms_make(&forms);
	test_damage(&forms, forms.begun, form_names[0]);
	test_damage(&forms, forms.full, form_names[1]);
	test_damage(&forms, forms.own, form_names[2]);
	test_damage(&forms, forms.over, form_names[3]);
	test_damage(&forms, forms.counted, form_names[4]);
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&forms, &lies[i]);
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
	test_check();
	return done_testing();
}
