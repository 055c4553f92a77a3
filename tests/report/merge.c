/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random files in random slices: counted in random order, each knowing nothing of the text before it; some of them twice, as after
 * a crash, which gives the same bytes; then merged as a random tree of neighbours, now and then packed and unpacked on the way; and
 * what merging lacked counted again and patched. The packed counters are those of one pass over the file, and those of an
 * assembly (lib/qc/assembly.h) of slices that knew more or less.
 *
 *     merge [SEED]     this seed's random file alone
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/chain.h"
#include "lib/qc/assembly.h"
#include "lib/qc/count.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/tiles.h"
#include "tests/report/made.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define SLICES_MAX 100000
#define ROUNDS 250
#define WITHOUT_KMERS (COUNT_ALL & ~COUNT_KMERS) /* slices that do not know their place never have these */

/* Neighbouring slices [first, last], merged. */
struct span {
	uint64_t first, last;
	struct counters *counters;
};

struct run {
	int fd;
	struct count_rules rules;
	uint32_t modules;
	struct chain chain;
	uint64_t seed;
	struct counters **counted; /* by slice */
	uint64_t *qualities;       /* by slice: records that have one */
	uint32_t *lacks;           /* by slice: modules that have to be counted again */
	uint64_t again;            /* slices that were */
};

static void check(bool fact, const char *what)
{
	if (fact)
		return;
	diag("%s", what);
	(void)fflush(stdout);
	abort();
}

static bool same_bytes(const struct counters *a, const struct counters *b)
{
	_cleanup_(freep) uint8_t *bytes = NULL, *others = NULL;
	size_t n, others_n;

	bytes = counters_bytes(a, &n);
	others = counters_bytes(b, &others_n);
	return n == others_n && memcmp(bytes, others, n) == 0;
}

/* As if it had travelled, which what still lacks something cannot. */
static void travel(const struct run *run, struct span *span)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct counters *there;
	struct error err;
	size_t n;

	for (uint64_t i = span->first; i <= span->last; i++)
		if (run->lacks[i])
			return;
	bytes = counters_bytes(span->counters, &n);
	if (counters_unpack(bytes, n, &there, &err) < 0) {
		diag("%s", err.text);
		abort();
	}
	counters_free(span->counters);
	span->counters = there;
}

/* ---- counting */

static void count(struct run *run, const struct slice_task *task, uint32_t modules, const struct prior *prior,
                  struct slice_count *ret)
{
	struct error err;

	if (count_slice(run->fd, task, modules, &run->rules, prior, NULL, NULL, ret, &err) < 0) {
		diag("%s", err.text);
		abort();
	}
}

/* Counts an open slice, sometimes twice. */
static enum chain_outcome count_one(struct run *run, uint64_t i)
{
	_cleanup_(slice_count_deinit) struct slice_count first = {0}, second = {0};
	enum chain_outcome outcome;
	struct slice_task task;
	bool used;

	chain_task(&run->chain, i, READ_MAX_DEFAULT, false, &task);
	count(run, &task, run->modules, NULL, &first);
	if (random_below(&run->seed, 4) == 0) {
		count(run, &task, run->modules, NULL, &second);
		check(first.outcome == second.outcome, "a slice that was counted again ended otherwise");
		check(!first.counters || same_bytes(first.counters, second.counters), "a slice that was counted again has other bytes");
	}
	outcome = chain_offer(&run->chain, i, &task, first.outcome, &first.seam, &first.fault, &used);
	if (used) {
		counters_free(run->counted[i]);
		run->counted[i] = TAKE(first.counters);
	}
	check(outcome != CHAIN_FAULT, "the file is at fault");
	return outcome;
}

/* An open slice, any of them. */
static uint64_t pick(struct run *run)
{
	uint64_t i = random_below(&run->seed, run->chain.n);

	while (run->chain.links[i].state != LINK_OPEN)
		i = (i + 1) % run->chain.n;
	return i;
}

/* ---- merging */

/* Two neighbours become one; what lacks is noted for each slice of the second. */
static void merge(struct run *run, struct span *into, struct span *from)
{
	uint32_t lacks = 0;

	for (int side = 0; side < 2; side++)
		if (random_below(&run->seed, 4) == 0)
			travel(run, side ? into : from);
	check(counters_merge(into->counters, from->counters, &lacks) == 0, "neighbours do not merge");
	for (uint64_t i = from->first; i <= from->last; i++)
		run->lacks[i] |= lacks;
	into->last = from->last;
	from->counters = counters_free(from->counters);
}

/* What is known of the text before slice i now that all of it was seen. */
static void prior_take(const struct run *run, const struct counters *all, uint64_t i, struct prior *ret)
{
	*ret = (struct prior){
		.first = i == 0,
		.known = true,
		.tile_field = tiles_field(counters_state(all, MODULE_TILES)),
	};
	for (uint64_t k = 0; k < i; k++)
		if (!run->chain.links[k].empty) {
			ret->reads += run->chain.links[k].seam.records;
			ret->qualities += run->qualities[k];
		}
	if (sequences_tracked(counters_state(all, MODULE_SEQUENCES), &ret->tracked) < 0)
		abort();
}

static void patch(struct run *run, struct counters *all, uint64_t i)
{
	_cleanup_(slice_count_deinit) struct slice_count again = {0};
	struct slice_task task;
	struct prior prior;

	chain_task(&run->chain, i, READ_MAX_DEFAULT, false, &task);
	task.start_known = true;
	task.start = run->chain.links[i].seam.first;
	prior_take(run, all, i, &prior);
	count(run, &task, run->lacks[i], &prior, &again);
	check(again.counters && counters_patch(all, again.counters) == 0, "what lacked cannot be patched");
	tracked_free(prior.tracked);
	run->again++;
}

/* The file's counters out of those of its slices. */
static struct counters *merge_all(struct run *run)
{
	_cleanup_(freep) struct span *spans = calloc(run->chain.n + 1, sizeof *spans);
	struct counters *all;
	uint64_t n = 0;

	check(spans != NULL, "out of memory");
	for (uint64_t i = 0; i < run->chain.n; i++)
		if (!run->chain.links[i].empty) {
			spans[n++] = (struct span){i, i, TAKE(run->counted[i])};
			run->qualities[i] = tiles_qualities(counters_state(spans[n - 1].counters, MODULE_TILES));
		}
	if (n == 0 && counters_new(run->modules, &run->rules, &PRIOR_FIRST, &spans[n++].counters) < 0)
		abort();
	for (; n > 1; n--) {
		uint64_t at = random_below(&run->seed, n - 1);

		merge(run, &spans[at], &spans[at + 1]);
		memmove(&spans[at + 1], &spans[at + 2], (n - at - 2) * sizeof *spans);
	}
	all = spans[0].counters;
	for (uint64_t i = 0; i < run->chain.n; i++)
		if (run->lacks[i] && !run->chain.links[i].empty)
			patch(run, all, i);
	return all;
}

/* ---- the same by an assembly */

/* Counts a proven slice with what the assembly knows of the text before it by now, or for the second time. */
static struct counters *count_proven(struct run *run, uint64_t i, uint32_t modules, const struct prior *prior)
{
	struct slice_count counted = {0};
	struct slice_task task;

	chain_task(&run->chain, i, READ_MAX_DEFAULT, false, &task);
	task.start_known = true;
	task.start = run->chain.links[i].seam.first;
	count(run, &task, modules, prior, &counted);
	check(counted.outcome == SLICE_END, "a proven slice has no end");
	return counted.counters;
}

/* The file's counters by an assembly: a few slices are counted at a time, then taken in order; then those that are needed again. */
static struct counters *assemble(struct run *run)
{
	struct counters *ahead[4] = {0}, *all = NULL;
	const struct again *again;
	struct assembly *assembly;
	struct prior prior;
	struct error err;
	uint64_t at;
	size_t n;

	check(assembly_new(run->modules, &run->rules, &assembly) == 0, "no assembly");
	while ((at = assembly_n(assembly)) < run->chain.n) {
		uint64_t end = at + 1 + random_below(&run->seed, 4);

		for (uint64_t i = at; i < end && i < run->chain.n; i++) {
			assembly_prior(assembly, i, &prior);
			ahead[i - at] = run->chain.links[i].empty ? NULL : count_proven(run, i, run->modules, &prior);
		}
		for (uint64_t i = at; i < end && i < run->chain.n; i++)
			if (!ahead[i - at])
				assembly_skip(assembly);
			else
				check(assembly_take(assembly, TAKE(ahead[i - at]), &err) == 0, "a slice cannot be taken");
	}
	while (again = assembly_again(assembly, &n), n > 0) {
		struct counters *second;

		again += random_below(&run->seed, n);
		check(assembly_again_prior(assembly, again, &prior) == 0, "no prior for a second count");
		second = count_proven(run, again->slice, again->modules, &prior);
		check(assembly_patch(assembly, again->slice, second, &err) == 0, "a second count cannot be given");
		counters_free(second);
		run->again++;
	}
	check(assembly_result(assembly, &all, &err) == 0, "the assembly has no result");
	assembly_free(assembly);
	return all;
}

/* ---- a file */

/* Of the slices merged as a tree, and by an assembly, which must be the same. */
static struct counters *count_file(struct run *run, uint64_t slice_size)
{
	_cleanup_(counters_freep) struct counters *assembled = NULL;
	enum chain_outcome outcome = CHAIN_MORE;
	struct counters *all;
	struct file_facts facts;
	struct error err;

	if (file_facts_take(run->fd, &facts, &err) < 0 || chain_init(&run->chain, &facts, slice_size, SLICES_MAX, &err) < 0) {
		diag("%s", err.text);
		abort();
	}
	run->counted = calloc(run->chain.n, sizeof *run->counted);
	run->qualities = calloc(run->chain.n, sizeof *run->qualities);
	run->lacks = calloc(run->chain.n, sizeof *run->lacks);
	check(run->counted && run->qualities && run->lacks, "out of memory");
	while (outcome == CHAIN_MORE)
		outcome = count_one(run, pick(run));
	all = merge_all(run);
	assembled = assemble(run);
	check(same_bytes(all, assembled), "an assembly gives other counters");
	for (uint64_t i = 0; i < run->chain.n; i++)
		counters_free(run->counted[i]);
	free(run->counted);
	free(run->qualities);
	free(run->lacks);
	chain_deinit(&run->chain);
	return all;
}

/* Whether the file in such slices has the counters of one pass; adds how many slices were counted again. */
static bool file_same(const struct made_kind *kind, uint32_t modules, enum compat compat, uint64_t slice_size, uint64_t seed,
                      uint64_t *again)
{
	_cleanup_(counters_freep) struct counters *one = NULL, *many = NULL;
	_cleanup_(closep) int fd = -1;
	struct run run = {.modules = modules, .seed = seed};

	if (compat < _COMPAT_MAX)
		rules_default(&run.rules, compat);
	else
		made_rules(&run.rules, &run.seed);
	run.fd = fd = made_file(kind, &run.rules, &run.seed);
	one = count_file(&run, UINT64_MAX);
	many = count_file(&run, slice_size);
	*again += run.again;
	return same_bytes(one, many);
}

static bool random_same(uint64_t number, uint64_t *again)
{
	static const uint64_t sizes[] = {60, 400, 3000, 20000};
	struct made_kind kind;
	uint64_t seed = number * 2654435761u + 1;
	uint64_t size;

	made_kind_draw(&kind, number % 5 ? 400 : 13000, &seed);
	if (kind.reads > 400 && kind.longest > 100)
		kind.reads = 400;
	size = sizes[random_below(&seed, sizeof sizes / sizeof *sizes)];
	if (kind.reads > 400 && size < 3000)
		size = 3000;
	return file_same(&kind, number % 2 ? WITHOUT_KMERS : COUNT_ALL, _COMPAT_MAX, size, seed, again);
}

static void test_random(void)
{
	const char *slow = getenv("FQ_SANITIZERS");
	uint64_t rounds = slow && slow[0] ? ROUNDS / 5 : ROUNDS, again = 0, bad = 0;

	for (uint64_t i = 1; i <= rounds; i++)
		if (!random_same(i, &again)) {
			diag("the random file of seed %" PRIu64, i);
			bad++;
		}
	is_u64(bad, 0, "%" PRIu64 " random files", rounds);
	ok(again > 0, "%" PRIu64 " of their slices were counted again", again);
}

static const struct {
	const char *name;
	struct made_kind kind;
	uint64_t slice_size;
	bool lacks;
} large[] = {
	{"all different: the 100,000th early", {140000, 16, 30, 0, 0, 0, 0, 0}, 64 << 10, false},
	{"few at first: the 100,000th late, in tiles", {160000, 20, 20, 0, 50000, 30, 0, 20}, 64 << 10, true},
	{"few: never 100,000", {60000, 10, 80, 3000, 0, 1100, 50000, 9}, 64 << 10, true},
	{"a slice of more different sequences than it remembers", {640000, 10, 12, 0, 300, 0, 0, 0}, 10 << 20, true},
};

static void test_large(void)
{
	const char *slow = getenv("FQ_SANITIZERS");
	size_t n = slow && slow[0] ? 2 : sizeof large / sizeof *large;

	for (size_t i = 0; i < n; i++)
		for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
			uint64_t again = 0;

			ok(file_same(&large[i].kind, WITHOUT_KMERS, compat, large[i].slice_size, 77 + i, &again), "%s, %s", compat_name(compat),
			   large[i].name);
			ok(compat == COMPAT_0_11_9 || (again > 0) == large[i].lacks, "%" PRIu64 " slices were counted again", again);
		}
}

int main(int argc, char **argv)
{
	uint64_t again = 0;

	if (argc > 1) {
		ok(random_same(strtoull(argv[1], NULL, 10), &again), "the random file of seed %s", argv[1]);
		return done_testing();
	}
	test_random();
	test_large();
	return done_testing();
}
