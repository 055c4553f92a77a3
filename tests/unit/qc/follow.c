/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that follow each other: each counted for itself, then put together and counted again where that is needed, they give the packed
 * counters of one pass over all of them. With lowered limits of tracked sequences, so that a set is completed by any of the files.
 */
#include "lib/qc/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/assembly.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"
#include "tests/unit/qc/pool.h"
#include "tests/unit/tap.h"

#define FILES_MAX 6
#define PARTS 3 /* slices of a file */

static const struct prior placed = {.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN};

struct rig {
	struct reads reads;
	struct count_rules rules;
	size_t tracked_max; /* 0: the real one */
	size_t cuts[FILES_MAX + 1];
	uint64_t files, seed;
	size_t again[32];   /* second counts, by module */
};

static struct counters *count(struct rig *rig, uint32_t modules, size_t from, size_t to, const struct prior *prior)
{
	struct counters *counters;
	struct sequences *sequences;

	if (counters_new(modules, &rig->rules, prior, &counters) < 0)
		abort();
	sequences = (struct sequences *)counters_state(counters, MODULE_SEQUENCES);
	if (sequences && rig->tracked_max > 0) {
		sequences->tracked_max = rig->tracked_max;
		sequences->own_max = rig->tracked_max + 60;
	}
	reads_count(&rig->reads, from, to, &rig->seed, counters);
	return counters;
}

/* The reads of one file in slices, by an assembly that begins as prior says. Lowered limits are for one slice. */
static struct counters *count_file(struct rig *rig, uint32_t modules, uint64_t file, const struct prior *begin)
{
	size_t from = rig->cuts[file], n = rig->cuts[file + 1] - from, again_n;
	struct counters *counters = NULL;
	struct assembly *assembly;
	struct error err = {0};
	struct prior prior;

	if (rig->tracked_max > 0)
		return count(rig, modules, from, from + n, begin);
	if (assembly_new_at(modules, &rig->rules, begin, &assembly) < 0)
		abort();
	for (uint64_t i = 0; i < PARTS; i++) {
		assembly_prior(assembly, i, &prior);
		if (assembly_take(assembly, counters_travel(count(rig, modules, from + i * n / PARTS, from + (i + 1) * n / PARTS, &prior)),
		                  &err) < 0)
			printf("# %s\n", err.text), abort();
	}
	for (const struct again *again = assembly_again(assembly, &again_n); again_n > 0; again = assembly_again(assembly, &again_n)) {
		uint64_t slice = again->slice;
		_cleanup_(counters_freep) struct counters *second = NULL;

		if (assembly_again_prior(assembly, again, &prior) < 0)
			abort();
		second = count(rig, again->modules, from + slice * n / PARTS, from + (slice + 1) * n / PARTS, &prior);
		if (assembly_patch(assembly, slice, second, &err) < 0)
			printf("# %s\n", err.text), abort();
	}
	if (assembly_result(assembly, &counters, &err) < 0)
		printf("# %s\n", err.text), abort();
	assembly_free(assembly);
	return counters;
}

static void cut(struct rig *rig)
{
	rig->files = 2 + random_below(&rig->seed, FILES_MAX - 1);
	for (uint64_t i = 1; i < rig->files; i++) {
		size_t at = random_below(&rig->seed, 3) ? random_below(&rig->seed, rig->reads.n + 1) : rig->cuts[i - 1] + random_below(&rig->seed, 12);

		rig->cuts[i] = at < rig->cuts[i - 1] ? rig->cuts[i - 1] : at > rig->reads.n ? rig->reads.n : at;
	}
	rig->cuts[rig->files] = rig->reads.n;
}

static struct counters *travel(const struct rig *rig, struct counters *counters)
{
	return rig->tracked_max > 0 ? counters : counters_travel(counters);
}

/* The group's counters by its files'. NULL: it does not go. */
static struct counters *group(struct rig *rig, uint32_t modules)
{
	struct counters *counters = NULL;
	struct assembly *assembly;
	struct error err = {0};
	int r = 0;
	size_t n;

	if (assembly_new_at(modules, &rig->rules, &placed, &assembly) < 0)
		abort();
	for (uint64_t i = 0; r == 0 && i < rig->files; i++) {
		struct counters *file = travel(rig, count_file(rig, modules, i, &placed));

		r = i > 0 ? counters_follow(file) : 0;
		if (r == 0)
			r = assembly_take(assembly, file, &err);
	}
	for (const struct again *again = assembly_again(assembly, &n); r == 0 && n > 0; again = assembly_again(assembly, &n)) {
		_cleanup_(counters_freep) struct counters *second = NULL;
		struct prior prior;

		for (int bit = 0; bit < 32; bit++)
			rig->again[bit] += again->modules >> bit & 1;
		if (assembly_again_prior(assembly, again, &prior) < 0)
			abort();
		second = travel(rig, count_file(rig, again->modules, again->slice, &prior));
		r = assembly_patch(assembly, again->slice, second, &err);
	}
	if (r == 0)
		r = assembly_result(assembly, &counters, &err);
	if (r < 0)
		printf("# %s\n", err.text);
	assembly_free(assembly);
	return counters;
}

static void test_pool(const char *name, enum compat compat, const struct pool *pool, size_t tracked_max, uint32_t modules, size_t times)
{
	struct rig rig = {.tracked_max = tracked_max, .seed = 11};
	_cleanup_(counters_freep) struct counters *whole = NULL;
	_cleanup_(freep) uint8_t *want = NULL;
	size_t want_n, same = 0;

	rules_default(&rig.rules, compat);
	reads_of_pool(&rig.reads, pool, 3);
	whole = count(&rig, modules, 0, rig.reads.n, &placed);
	want = counters_bytes(whole, &want_n);
	for (size_t i = 0; i < times; i++) {
		_cleanup_(counters_freep) struct counters *got = NULL;
		_cleanup_(freep) uint8_t *bytes = NULL;
		size_t n;

		cut(&rig);
		got = group(&rig, modules);
		if (!got)
			continue;
		bytes = counters_bytes(got, &n);
		same += n == want_n && memcmp(bytes, want, n) == 0;
	}
	is_u64(same, times, "%s: the same %zu bytes each time", name, want_n);
	printf("# second counts: gc %zu, tiles %zu, sequences %zu, k-mers %zu\n", rig.again[MODULE_GC], rig.again[MODULE_TILES],
	       rig.again[MODULE_SEQUENCES], rig.again[MODULE_KMERS]);
	reads_deinit(&rig.reads);
}

static void test_refused(void)
{
	static const struct pool pool = {500, 600, 30, 60, false, true};
	struct rig rig = {.seed = 3};
	struct counters *counters;
	struct assembly *assembly;
	struct error err = {0};

	rules_default(&rig.rules, COMPAT_0_12_1);
	reads_of_pool(&rig.reads, &pool, 5);
	counters = count(&rig, COUNT_REPORT, 0, 500, &PRIOR_FIRST);
	is_int(counters_follow(counters), -EINVAL, "a file whose sequences have no ordinals follows nothing");
	if (assembly_new_at(COUNT_REPORT, &rig.rules, &placed, &assembly) < 0)
		abort();
	is_int(assembly_take(assembly, counters, &err), -EINVAL, "nor begins a group: %s", err.text);
	counters = count(&rig, COUNT_REPORT, 0, 500, &PRIOR_UNKNOWN);
	is_int(counters_follow(counters), -EINVAL, "nor does what is no whole file");
	counters_free(counters);
	assembly_free(assembly);
	is_int(assembly_new_at(COUNT_SEQUENCES, &rig.rules, &PRIOR_UNKNOWN, &assembly), -EINVAL, "sequences behind text without a list");
	reads_deinit(&rig.reads);
}

/* Sums of doubles come in the order of files. */
static void test_order(void)
{
	static const struct pool pool = {900, 60, 30, 60, false, true};
	struct rig rig = {.seed = 3, .files = 3, .cuts = {0, 300, 600, 900}};
	struct assembly *assembly;
	struct error err = {0};
	struct prior prior;
	const struct again *again;
	struct counters *second;
	size_t n;

	rules_default(&rig.rules, COMPAT_0_12_1);
	reads_of_pool(&rig.reads, &pool, 5);
	if (assembly_new_at(COUNT_REPORT, &rig.rules, &placed, &assembly) < 0)
		abort();
	for (uint64_t i = 0; i < 3; i++) {
		struct counters *file = count(&rig, COUNT_REPORT, rig.cuts[i], rig.cuts[i + 1], &placed);

		if ((i > 0 && counters_follow(file) < 0) || assembly_take(assembly, file, &err) < 0)
			abort();
	}
	again = assembly_again(assembly, &n);
	is_u64(n, 2, "two files are to be counted again");
	if (n == 2 && assembly_again_prior(assembly, &again[1], &prior) == 0) {
		second = count(&rig, again[1].modules, 600, 900, &prior);
		is_int(assembly_patch(assembly, 2, second, &err), -EINVAL, "the later one first: %s", err.text);
		counters_free(second);
	}
	assembly_free(assembly);
	reads_deinit(&rig.reads);
}

int main(void)
{
	static const struct pool few = {3000, 60, 30, 60, true, true}, many = {3000, 4000, 0, 70, true, true},
				 tiled = {23000, 90, 30, 60, false, true}, odd = {3000, 4000, 0, 70, true, false},
				 large = {300000, 1600000, 20, 30, false, true};

	test_pool("few keys", COMPAT_0_12_1, &few, 100, COUNT_ALL, 40);
	test_pool("many keys", COMPAT_0_12_1, &many, 100, COUNT_ALL, 60);
	test_pool("many keys, 0.11.9", COMPAT_0_11_9, &many, 100, COUNT_ALL, 60);
	test_pool("names without a tile", COMPAT_0_12_1, &odd, 100, COUNT_ALL, 30);
	test_pool("10,000 reads and more with tiles", COMPAT_0_12_1, &tiled, 100, COUNT_ALL, 15);
	test_pool("real limits", COMPAT_0_12_1, &few, 0, COUNT_ALL, 30);
	test_pool("real limits, 0.11.9", COMPAT_0_11_9, &tiled, 0, COUNT_ALL, 8);
	test_pool("a large group", COMPAT_0_12_1, &large, 0, COUNT_REPORT, 3);
	test_pool("means alone", COMPAT_0_12_1, &few, 0, COUNT_MEAN, 10);
	test_refused();
	test_order();
	return done_testing();
}
