/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Assemblies: slices that are counted at any time, with whatever is known then, give the packed counters of one pass; and what
 * does not belong to a file is refused. The limits of tracked sequences are lowered for files of a few thousand reads, and real
 * for one of 400,000.
 */
#include "lib/qc/assembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"
#include "tests/unit/qc/pool.h"
#include "tests/unit/tap.h"

#define MODULES (COUNT_LENGTHS | COUNT_TILES | COUNT_SEQUENCES)
#define SLICES_MAX 12
#define AHEAD 4 /* slices that are counted before the one that comes next */

/* A file, its slices [cuts[i], cuts[i + 1]), and how it is counted. */
struct rig {
	struct reads reads;
	struct count_rules rules;
	size_t tracked_max, own_max; /* 0: the real ones */
	size_t cuts[SLICES_MAX + 1];
	uint64_t slices, seed;
	size_t again; /* second counts so far, in all files */
};

static void assemblyp(struct assembly **assembly)
{
	assembly_free(*assembly);
}

static struct counters *count(struct rig *rig, uint32_t modules, size_t from, size_t to, const struct prior *prior)
{
	struct counters *counters;
	struct sequences *sequences;

	if (counters_new(modules, &rig->rules, prior, &counters) < 0)
		abort();
	sequences = (struct sequences *)counters_state(counters, MODULE_SEQUENCES);
	if (sequences && rig->own_max > 0) {
		sequences->tracked_max = rig->tracked_max;
		sequences->own_max = rig->own_max;
	}
	reads_count(&rig->reads, from, to, &rig->seed, counters);
	return counters;
}

static struct counters *count_slice_of(struct rig *rig, uint32_t modules, uint64_t slice, const struct prior *prior)
{
	return count(rig, modules, rig->cuts[slice], rig->cuts[slice + 1], prior);
}

static void cut(struct rig *rig)
{
	size_t from = 0;

	rig->slices = 1 + random_below(&rig->seed, SLICES_MAX);
	for (uint64_t i = 0; i < rig->slices; i++) {
		rig->cuts[i] = from;
		from += random_below(&rig->seed, 2 * (rig->reads.n - from) / (rig->slices - i) + 1);
		if (from > rig->reads.n)
			from = rig->reads.n;
	}
	rig->cuts[rig->slices] = rig->reads.n;
}

/* Through their packed form, where the limits are those that unpack believes in. */
static struct counters *travel(struct rig *rig, struct counters *counters)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct counters *got;
	size_t n;

	if (rig->own_max > 0 || random_below(&rig->seed, 2))
		return counters;
	bytes = counters_bytes(counters, &n);
	counters_free(counters);
	if (counters_unpack(bytes, n, &got, NULL) < 0)
		abort();
	return got;
}

/* ---- the same bytes */

static bool patch_one(struct rig *rig, struct assembly *assembly)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const struct again *list;
	struct again again;
	struct prior prior;
	struct error err;
	size_t n;

	list = assembly_again(assembly, &n);
	if (n == 0)
		return true;
	again = list[random_below(&rig->seed, n)];
	rig->again++;
	if (assembly_again_prior(assembly, &again, &prior) < 0)
		return false;
	counters = travel(rig, count_slice_of(rig, again.modules, again.slice, &prior));
	return assembly_patch(assembly, again.slice, counters, &err) == 0;
}

/* Counts slices in any order, with what is known of the text before them at that time, and takes them in theirs. */
static bool take_all(struct rig *rig, struct assembly *assembly)
{
	struct counters *counted[SLICES_MAX] = {NULL};
	struct error err;
	int r = 0;

	while (r == 0 && assembly_n(assembly) < rig->slices) {
		uint64_t n = assembly_n(assembly), i = n + random_below(&rig->seed, AHEAD);
		struct prior prior;

		if (rig->cuts[n] == rig->cuts[n + 1] && random_below(&rig->seed, 2)) {
			counted[n] = counters_free(counted[n]);
			assembly_skip(assembly);
		} else if (counted[n] && random_below(&rig->seed, 2)) {
			r = assembly_take(assembly, TAKE(counted[n]), &err);
		} else if (i < rig->slices && !counted[i]) {
			assembly_prior(assembly, i, &prior);
			counted[i] = travel(rig, count_slice_of(rig, MODULES, i, &prior));
		}
	}
	for (size_t i = 0; i < SLICES_MAX; i++)
		counters_free(counted[i]);
	return r == 0;
}

static bool assembled_same(struct rig *rig, const uint8_t *want, size_t want_n)
{
	_cleanup_(assemblyp) struct assembly *assembly = NULL;
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct error err;
	size_t n;

	cut(rig);
	while (rig->own_max > 0 && rig->cuts[1] == 0) /* what the assembly makes for an empty slice 0 has the real limits */
		cut(rig);
	if (assembly_new(MODULES, &rig->rules, &assembly) < 0)
		abort();
	if (!take_all(rig, assembly))
		return false;
	for (assembly_again(assembly, &n); n > 0; assembly_again(assembly, &n))
		if (assembly_result(assembly, &counters, &err) != -EBUSY || !patch_one(rig, assembly))
			return false;
	if (assembly_result(assembly, &counters, &err) < 0)
		return false;
	bytes = counters_bytes(counters, &n);
	return n == want_n && memcmp(bytes, want, n) == 0;
}

static void test_file(const char *name, enum compat compat, const struct pool *pool, bool lowered, size_t files, bool lacking)
{
	struct rig rig = {.tracked_max = lowered ? 100 : 0, .own_max = lowered ? 160 : 0, .seed = 77};
	_cleanup_(counters_freep) struct counters *whole = NULL;
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t same = 0, n;

	rules_default(&rig.rules, compat);
	reads_of_pool(&rig.reads, pool, 3);
	whole = count(&rig, MODULES, 0, rig.reads.n, &PRIOR_FIRST);
	bytes = counters_bytes(whole, &n);
	for (size_t i = 0; i < files; i++)
		same += assembled_same(&rig, bytes, n);
	is_u64(same, files, "%s: the same %zu bytes each time", name, n);
	ok((rig.again > 0) == lacking, "%s: %zu second counts", name, rig.again);
	reads_deinit(&rig.reads);
}

/* ---- what is refused */

/* An assembly of three slices whose second one is to be counted again for its sequences. */
static struct assembly *lacking_new(struct rig *rig)
{
	static const struct pool pool = {1200, 2000, 30, 60, false, true};
	struct assembly *assembly;
	struct error err;

	*rig = (struct rig){.tracked_max = 100, .own_max = 160, .slices = 3, .seed = 5};
	rules_default(&rig->rules, COMPAT_0_12_1);
	reads_of_pool(&rig->reads, &pool, 9);
	for (size_t i = 1; i <= 3; i++)
		rig->cuts[i] = 400 * i - (i == 1) * 350;
	if (assembly_new(COUNT_LENGTHS | COUNT_SEQUENCES, &rig->rules, &assembly) < 0)
		abort();
	for (uint64_t i = 0; i < 3; i++) {
		struct prior prior;

		assembly_prior(assembly, i, &prior);
		if (assembly_take(assembly, count_slice_of(rig, COUNT_LENGTHS | COUNT_SEQUENCES, i, &prior), &err) < 0)
			abort();
	}
	return assembly;
}

static void test_again(void)
{
	struct rig rig;
	_cleanup_(assemblyp) struct assembly *assembly = lacking_new(&rig);
	const struct again *again;
	struct counters *counters = NULL;
	struct error err = {0};
	struct prior prior;
	size_t n;

	again = assembly_again(assembly, &n);
	if (!is_u64(n, 1, "one slice of three is to be counted again"))
		return;
	is_u64(again->slice, 1, "the second one");
	is_u64(again->modules, COUNT_SEQUENCES, "for its sequences");
	is_u64(again->reads, 50, "reads before it");
	is_u64(again->records, 750, "reads in it");
	is_int(assembly_result(assembly, &counters, &err), -EBUSY, "%s", err.text);
	is_int(assembly_again_prior(assembly, again, &prior), 0, "what is known for it");
	ok(prior.known && !prior.first && prior.reads == 50 && prior.tracked, "its place and the list");
	counters = count_slice_of(&rig, COUNT_SEQUENCES, 1, &prior);
	is_int(assembly_patch(assembly, 0, counters, &err), -ENOENT, "slice 0 lacks nothing: %s", err.text);
	is_int(assembly_patch(assembly, 3, counters, &err), -ENOENT, "slice 3 is none");
	is_int(assembly_patch(assembly, 1, counters, &err), 0, "slice 1");
	is_int(assembly_patch(assembly, 1, counters, &err), -ENOENT, "slice 1 once more: %s", err.text);
	counters = counters_free(counters);
	is_int(assembly_result(assembly, &counters, &err), 0, "the result");
	is_u64(counters_reads(counters), 1200, "of all reads");
	counters_free(counters);
	is_int(assembly_result(assembly, &counters, &err), -EINVAL, "only once: %s", err.text);
	counters = count_slice_of(&rig, COUNT_LENGTHS | COUNT_SEQUENCES, 1, &PRIOR_UNKNOWN);
	is_int(assembly_take(assembly, counters, &err), -EINVAL, "and nothing comes behind: %s", err.text);
	reads_deinit(&rig.reads);
}

/* Second counts that are not of the slice's records, modules, rules or list. */
static void test_wrong_patches(void)
{
	static const char *const names[] = {"too few reads", "other modules", "other rules", "another list", "no list"};

	for (int i = 0; i < 5; i++) {
		struct rig rig;
		_cleanup_(assemblyp) struct assembly *assembly = lacking_new(&rig);
		_cleanup_(counters_freep) struct counters *counters = NULL;
		struct tracked *list = NULL;
		struct error err = {0};
		struct prior prior;
		size_t n;

		if (assembly_again_prior(assembly, assembly_again(assembly, &n), &prior) < 0)
			abort();
		if (i == 3 && tracked_new(&(struct tracked_key){(const uint8_t *)"A", 1}, 1, &list) < 0)
			abort();
		if (i == 2)
			rig.rules.kmer_size = 5;
		if (i >= 3)
			prior.tracked = list;
		counters = count(&rig, i == 1 ? COUNT_LENGTHS | COUNT_SEQUENCES : COUNT_SEQUENCES, 50, i == 0 ? 799 : 800, &prior);
		is_int(assembly_patch(assembly, 1, counters, &err), -EINVAL, "%s: %s", names[i], err.text);
		tracked_free(list);
		reads_deinit(&rig.reads);
	}
}

/* What cannot be a file's slice 0. */
static void test_wrong_beginnings(void)
{
	static const char *const names[] = {"a slice from the middle", "other modules", "other rules"};

	for (int i = 0; i < 3; i++) {
		struct rig rig = {.seed = 1};
		struct assembly *assembly;
		struct counters *counters;
		struct error err = {0};

		rules_default(&rig.rules, COMPAT_0_12_1);
		if (assembly_new(MODULES, &rig.rules, &assembly) < 0)
			abort();
		if (i == 2)
			rig.rules.dup_length = 20;
		counters = count(&rig, i == 1 ? COUNT_LENGTHS : MODULES, 0, 0, i == 0 ? &PRIOR_UNKNOWN : &PRIOR_FIRST);
		is_int(assembly_take(assembly, counters, &err), -EINVAL, "%s: %s", names[i], err.text);
		is_u64(assembly_n(assembly), 0, "%s: is not taken", names[i]);
		assembly_free(assembly);
	}
}

static void test_sets(void)
{
	struct assembly *assembly = NULL;
	struct counters *counters = NULL;
	struct count_rules rules;
	struct error err;
	struct prior prior;

	rules_default(&rules, COMPAT_0_12_1);
	is_int(assembly_new(1u << 31, &rules, &assembly), -EINVAL, "an unknown module");
	is_int(assembly_new(COUNT_SEQUENCES, &rules, &assembly), -EINVAL, "places of reads that nobody counts");
	ok(!assembly && !assembly_free(NULL), "nothing is made");
	is_int(assembly_new(MODULES, &rules, &assembly), 0, "an assembly");
	assembly_prior(assembly, 0, &prior);
	ok(prior.first && prior.known && !prior.tracked, "nothing lies before slice 0");
	assembly_prior(assembly, 1, &prior);
	ok(!prior.first && !prior.known && !prior.tracked, "nothing is known before slice 1");
	assembly_skip(assembly);
	assembly_prior(assembly, 1, &prior);
	ok(!prior.first && prior.known && prior.reads == 0, "slice 0 was empty");
	is_int(assembly_result(assembly, &counters, &err), 0, "a file without records");
	ok(counters_reads(counters) == 0 && sequences_first(counters_state(counters, MODULE_SEQUENCES)), "its counters");
	counters_free(counters);
	assembly_free(assembly);
}

int main(void)
{
	static const struct pool few = {3000, 60, 30, 60, true, true}, many = {3000, 4000, 0, 70, true, true},
				 tiled = {13000, 90, 30, 60, false, true}, odd = {3000, 4000, 0, 70, true, false},
				 large = {400000, 1600000, 20, 30, false, true};

	test_sets();
	test_file("few keys", COMPAT_0_12_1, &few, true, 60, false);
	test_file("many keys", COMPAT_0_12_1, &many, true, 60, true);
	test_file("many keys, 0.11.9", COMPAT_0_11_9, &many, true, 60, true);
	test_file("names without a tile", COMPAT_0_12_1, &odd, true, 30, true);
	test_file("10,000 reads and more with tiles", COMPAT_0_12_1, &tiled, true, 20, true);
	test_file("small, real limits", COMPAT_0_12_1, &many, false, 30, false);
	test_file("400,000 reads, real limits", COMPAT_0_12_1, &large, false, 5, true);
	test_again();
	test_wrong_patches();
	test_wrong_beginnings();
	return done_testing();
}
