/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters of all modules that do not belong to a file are refused by merging and patching, never added: of other rules, other
 * modules, another place, a second beginning; what nothing lacks, what was given already, what was counted by another list of
 * sequences. And every bit of packed counters, changed under a right CRC: refused by unpacking, by merging, or the sum is
 * sound still.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/fingerprint.h"
#include "lib/qc/count.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/tiles.h"
#include "tests/report/made.h"
#include "tests/unit/qc/damage.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

/* A file of two slices, the second of which has the 10,000th read in its middle: 0.12.1 has to count its tiles again. */
struct pair {
	int fd;
	struct count_rules rules;
	struct slice_task tasks[2];
	struct slice_seam seams[2];
	struct counters *first, *second;
	struct prior prior; /* before the second, when all was seen */
};

static struct counters *count(struct pair *pair, int slice, const struct count_rules *rules, const struct prior *prior,
                              uint32_t modules)
{
	struct slice_count counted = {0};
	struct error err = {0};

	if (count_slice(pair->fd, &pair->tasks[slice], modules, rules, prior, NULL, NULL, &counted, &err) < 0 ||
	    counted.outcome != SLICE_END) {
		diag("%s", err.text);
		abort();
	}
	pair->seams[slice] = counted.seam;
	return counted.counters;
}

static void pair_init(struct pair *pair, uint64_t reads)
{
	const struct made_kind kind = {reads, 12, 40, 0, 0, 5, 0, 10};
	uint64_t seed = 4711;
	struct file_facts facts;
	struct error err;

	*pair = (struct pair){0};
	rules_default(&pair->rules, COMPAT_0_12_1);
	pair->fd = made_file(&kind, &pair->rules, &seed);
	if (file_facts_take(pair->fd, &facts, &err) < 0)
		abort();
	pair->tasks[0] = (struct slice_task){.kind = FILE_PLAIN, .file_size = facts.fingerprint.size,
	                                     .end = facts.fingerprint.size / 3, .start_known = true, .read_max = 1000};
	pair->first = count(pair, 0, &pair->rules, NULL, COUNT_ALL);
	pair->tasks[1] = pair->tasks[0];
	pair->tasks[1].begin = pair->tasks[0].end;
	pair->tasks[1].end = facts.fingerprint.size;
	pair->tasks[1].start = pair->seams[0].next;
	pair->second = count(pair, 1, &pair->rules, NULL, COUNT_ALL);
	pair->prior = (struct prior){
		.known = true,
		.reads = counters_reads(pair->first),
		.qualities = tiles_qualities(counters_state(pair->first, MODULE_TILES)),
		.tile_field = tiles_field(counters_state(pair->first, MODULE_TILES)),
	};
}

static void pair_deinit(struct pair *pair)
{
	counters_free(pair->first);
	counters_free(pair->second);
	closep(&pair->fd);
}

static struct counters *copy(const struct counters *counters)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct counters *ret;
	size_t n;

	bytes = counters_bytes(counters, &n);
	if (counters_unpack(bytes, n, &ret, NULL) < 0)
		abort();
	return ret;
}

static void merge_is(const struct counters *into, const struct counters *from, int want, const char *name)
{
	_cleanup_(counters_freep) struct counters *all = copy(into);
	uint32_t lacks;

	is_int(counters_merge(all, from, &lacks), want, "merge: %s", name);
}

/* ---- what does not belong to the file */

static void test_rules(struct pair *pair)
{
	static const char *const names[] = {"another version", "other lengths of keys", "other k-mers", "an adapter less",
	                                    "another adapter", "an adapter of another name"};

	for (int i = 0; i < 6; i++) {
		_cleanup_(counters_freep) struct counters *other = NULL;
		struct count_rules rules = pair->rules;

		if (i == 0)
			rules.compat = COMPAT_0_11_9;
		else if (i == 1)
			rules.dup_length = 20;
		else if (i == 2)
			rules.kmer_size = 6;
		else if (i == 3)
			rules.adapters_n--;
		else if (i == 4)
			rules.adapters[1].sequence[0] = 'C';
		else
			rules.adapters[1].name[0] = 'x';
		other = count(pair, 1, &rules, NULL, COUNT_ALL);
		merge_is(pair->first, other, -EINVAL, names[i]);
	}
}

static void test_places(struct pair *pair)
{
	_cleanup_(counters_freep) struct counters *fewer = NULL, *elsewhere = NULL, *beginning = NULL;
	struct prior wrong = pair->prior;

	merge_is(pair->first, pair->second, 0, "the slice behind it fits");
	fewer = count(pair, 1, &pair->rules, NULL, COUNT_ALL & ~COUNT_SCORES);
	merge_is(pair->first, fewer, -EINVAL, "a module less");
	merge_is(fewer, pair->second, -EINVAL, "a module more");
	wrong.reads++;
	wrong.qualities++;
	elsewhere = count(pair, 1, &pair->rules, &wrong, COUNT_ALL);
	merge_is(pair->first, elsewhere, -EINVAL, "a slice that was counted for another place");
	beginning = count(pair, 1, &pair->rules, &PRIOR_FIRST, COUNT_ALL);
	merge_is(pair->first, beginning, -EINVAL, "a second beginning of the file");
	merge_is(pair->first, pair->first, -EINVAL, "the beginning once more");
}

static void test_patches(struct pair *pair)
{
	_cleanup_(counters_freep) struct counters *all = copy(pair->first), *patch = NULL, *wrong = NULL;
	struct prior other = pair->prior;
	uint32_t lacks = 0;

	patch = count(pair, 1, &pair->rules, &pair->prior, COUNT_TILES);
	is_int(counters_patch(all, patch), -EINVAL, "patch: where nothing lacks");
	counters_free(all);
	all = copy(pair->first);
	is_int(counters_merge(all, pair->second, &lacks), 0, "the second slice is merged");
	if (!ok((lacks & COUNT_TILES) != 0, "and its tiles lack"))
		return;
	wrong = count(pair, 1, &pair->rules, &pair->prior, COUNT_LENGTHS);
	is_int(counters_patch(all, wrong), -EINVAL, "patch: of a module that nobody lacks");
	wrong = counters_free(wrong);
	wrong = count(pair, 1, &pair->rules, NULL, COUNT_TILES);
	is_int(counters_patch(all, wrong), -EINVAL, "patch: that knows no more than the first count");
	wrong = counters_free(wrong);
	other.reads += 200;
	other.qualities += 200;
	wrong = count(pair, 1, &pair->rules, &other, COUNT_TILES);
	is_int(counters_patch(all, wrong), -EINVAL, "patch: of reads beyond the end");
	is_int(counters_patch(all, patch), 0, "patch: the right one");
	is_int(counters_patch(all, patch), -EINVAL, "patch: the right one again");
}

/* The digest names the list by which a slice was counted: any other list is another digest. */
static void test_lists(void)
{
	struct pair pair;
	_cleanup_(counters_freep) struct counters *counted = NULL;
	struct tracked *list;
	struct tracked_key key = {(const uint8_t *)"ACGT", 4};

	pair_init(&pair, 600);
	if (tracked_new(&key, 1, &list) < 0)
		abort();
	pair.prior.tracked = list;
	counted = count(&pair, 1, &pair.rules, &pair.prior, COUNT_ALL);
	merge_is(pair.first, counted, -EINVAL, "a slice that was counted by a list of its own");
	tracked_free(list);
	pair_deinit(&pair);
}

/* ---- changed bits */

/* 0: refused somewhere; 1: taken, and the sum is sound; -1: taken, and it is not. */
static int changed(const struct counters *first, const uint8_t *bytes, size_t n)
{
	_cleanup_(counters_freep) struct counters *from = NULL, *all = NULL, *again = NULL;
	_cleanup_(freep) uint8_t *sum = NULL;
	uint64_t reads;
	uint32_t lacks;
	size_t sum_n;

	if (counters_unpack(bytes, n, &from, NULL) < 0)
		return 0;
	all = copy(first);
	reads = counters_reads(all) + counters_reads(from);
	if (counters_merge(all, from, &lacks) < 0)
		return 0;
	sum = counters_bytes(all, &sum_n);
	return counters_reads(all) == reads && (lacks || counters_unpack(sum, sum_n, &again, NULL) == 0) ? 1 : -1;
}

static void test_bits(void)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t n, taken = 0, bad = 0;
	struct pair pair;

	pair_init(&pair, 24);
	bytes = counters_bytes(pair.second, &n);
	for (size_t i = 0; i < 8 * n; i++) {
		int r;

		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		damage_put_crc(bytes, n);
		r = changed(pair.first, bytes, n);
		taken += r > 0;
		bad += r < 0;
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	is_u64(bad, 0, "%zu changed bits: no sum that is not sound", 8 * n);
	diag("%zu of them are as plausible as what was counted", taken);
	pair_deinit(&pair);
}

int main(void)
{
	struct pair pair;

	pair_init(&pair, 13000);
	test_places(&pair);
	test_rules(&pair);
	test_patches(&pair);
	pair_deinit(&pair);
	test_lists();
	test_bits();
	return done_testing();
}
