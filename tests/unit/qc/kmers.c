/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * K-mers against a count by the plainest means, in whole files and in slices that are counted again; the binomial distribution and
 * the section against what Java and FastQC print.
 */
#include "lib/qc/kmers.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/binomial.h"
#include "lib/qc/kmers_state.h"
#include "lib/qc/module.h"
#include "lib/qc/prior.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define SLICES_MAX 10

struct kind {
	const char *name;
	size_t n;
	uint32_t size, shortest, longest; /* of a k-mer; of reads */
	const char *letters;
};

static const struct kind kinds[] = {
    {"short reads", 2000, 7, 20, 60, "ACGT"},
    {"reads about as long as a k-mer", 3000, 7, 0, 9, "ACGT"},
    {"reads with N and other letters", 2000, 5, 10, 40, "ACGTACGTN.acgtnR"},
    {"few different k-mers", 2000, 2, 10, 90, "AC"},
    {"long reads", 400, 10, 300, 800, "ACGT"},
    {"fewer reads than are sampled", 49, 7, 20, 60, "ACGT"},
    {"one sampled read", 50, 7, 20, 20, "ACGT"},
};

static void file_make(struct reads *reads, const struct kind *kind, uint64_t seed)
{
	struct reads_kind reads_kind = {.n = kind->n, .shortest = kind->shortest, .longest = kind->longest, .lowest = 0, .highest = 255};
	size_t letters = strlen(kind->letters);
	uint8_t *last;

	reads_make(reads, &reads_kind, seed);
	last = (uint8_t *)reads->records[reads->n - 1].sequence + reads->records[reads->n - 1].length;
	for (uint8_t *at = reads->bytes; at < last; at++)
		*at = (uint8_t)kind->letters[*at % letters];
}

/* ---- the plainest means: from the last read to the first, so that the first occurrence is written last */

struct plain {
	uint8_t letters[KMER_MAX];
	uint64_t count, first;
	uint32_t span;
	uint64_t *positions;
};

static struct plain *plain_find(struct plain **plain, size_t *n, const uint8_t *letters, uint32_t size)
{
	for (size_t i = 0; i < *n; i++)
		if (memcmp((*plain)[i].letters, letters, size) == 0)
			return &(*plain)[i];
	*plain = reallocarray(*plain, *n + 1, sizeof **plain);
	if (!*plain)
		abort();
	(*plain)[*n] = (struct plain){.positions = calloc(KMERS_BASES, sizeof(uint64_t))};
	memcpy((*plain)[*n].letters, letters, size);
	return &(*plain)[(*n)++];
}

static struct plain *plain_count(const struct reads *reads, uint32_t size, size_t *ret_n)
{
	struct plain *plain = NULL;

	*ret_n = 0;
	for (size_t i = reads->n / 50 * 50; i > 0; i -= 50) {
		const struct record *record = &reads->records[i - 1];
		uint32_t n = record->length > 500 ? 500 : record->length;

		for (uint32_t p = n; p-- > 0;) {
			uint8_t letters[KMER_MAX];
			struct plain *kmer;

			for (uint32_t k = 0; k < size && p + size <= n; k++)
				letters[k] = (uint8_t)(record->sequence[p + k] & (record->sequence[p + k] >= 'a' ? 0xdf : 0xff));
			if (p + size > n || memchr(letters, 'N', size))
				continue;
			kmer = plain_find(&plain, ret_n, letters, size);
			kmer->count++;
			kmer->positions[p]++;
			kmer->first = i * KMERS_BASES + p;
			kmer->span = n - size + 1;
		}
	}
	return plain;
}

static void plain_free(struct plain *plain, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(plain[i].positions);
	free(plain);
}

static int plain_compare(const void *a, const void *b)
{
	const struct plain *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static bool kmer_same(const struct kmer *got, const struct plain *want, uint32_t size)
{
	uint32_t span = want->span;

	if (memcmp(got->letters, want->letters, size) != 0 || got->count != want->count)
		return false;
	for (uint32_t p = 0, c = 0; p < KMERS_BASES; p++) {
		bool there = c < got->cells_n && got->cells[c].position == p;

		if ((there ? got->cells[c].reads : 0) != want->positions[p])
			return false;
		c += there;
		if (want->positions[p] > 0 && p >= span)
			span = p + 1;
	}
	return got->span == span;
}

static bool list_same(const struct counters *counters, struct plain *plain, size_t n, uint32_t size)
{
	_cleanup_(freep) struct kmer *list = NULL;
	size_t got_n = 0;

	if (kmers_list(counters_state(counters, MODULE_KMERS), &list, &got_n) != 0 || got_n != n)
		return false;
	if (n > 0)
		qsort(plain, n, sizeof *plain, plain_compare);
	for (size_t i = 0; i < n; i++)
		if (!kmer_same(&list[i], &plain[i], size))
			return false;
	return true;
}

/* ---- slices */

static struct counters *slice_make(const struct reads *reads, uint32_t size, size_t from, size_t to, const struct prior *prior,
                                   uint64_t *seed)
{
	struct counters *counters = NULL;
	struct count_rules rules;

	rules_default(&rules, COMPAT_0_11_9);
	rules.kmer_size = size;
	if (counters_new(COUNT_KMERS, &rules, prior, &counters) < 0)
		abort();
	reads_count(reads, from, to, seed, counters);
	return counters;
}

static struct prior prior_known(size_t reads)
{
	return (struct prior){.first = reads == 0, .known = true, .reads = reads, .qualities = reads, .tile_field = TILE_FIELD_UNKNOWN};
}

/* Slices, one after the other: what was lacking is counted again and patched in from the last to the first. */
static struct counters *slices_count(const struct reads *reads, uint32_t size, uint64_t seed, size_t *ret_again, bool *ret_right)
{
	size_t n = 2 + random_below(&seed, SLICES_MAX - 1), from = 0, lacking[SLICES_MAX][2], lacking_n = 0;
	struct counters *total = NULL;

	*ret_right = true;
	for (size_t i = 0; i < n; i++) {
		size_t to = i == n - 1 ? reads->n : from + random_below(&seed, (reads->n - from) / 2 + 1);
		struct prior prior = i == 0 || random_below(&seed, 3) == 0 ? prior_known(from) : PRIOR_UNKNOWN;
		struct counters *slice = counters_travel(slice_make(reads, size, from, to, &prior, &seed));
		uint32_t lacks = 0;
		bool sampled = to / 50 > from / 50;

		if (!total) {
			total = slice;
		} else {
			*ret_right = counters_merge(total, slice, &lacks) == 0 && *ret_right &&
			             (lacks != 0) == (!prior.known && sampled);
			counters_free(slice);
		}
		if (lacks) {
			lacking[lacking_n][0] = from;
			lacking[lacking_n++][1] = to;
		}
		from = to;
	}
	*ret_again += lacking_n;
	while (lacking_n-- > 0) {
		struct prior prior = prior_known(lacking[lacking_n][0]);
		struct counters *slice = slice_make(reads, size, lacking[lacking_n][0], lacking[lacking_n][1], &prior, &seed);
		struct kmer *list;
		size_t list_n;

		*ret_right = kmers_list(counters_state(total, MODULE_KMERS), &list, &list_n) == -EINVAL && *ret_right;
		*ret_right = counters_patch(total, slice) == 0 && *ret_right;
		counters_free(slice);
	}
	return counters_travel(total);
}

static bool file_right(const struct kind *kind, uint64_t seed, size_t *ret_again)
{
	_cleanup_(counters_freep) struct counters *one = NULL, *cut = NULL;
	_cleanup_(freep) uint8_t *want = NULL, *got = NULL;
	size_t plain_n, want_n, got_n;
	struct plain *plain;
	struct reads reads;
	bool right;

	file_make(&reads, kind, seed);
	plain = plain_count(&reads, kind->size, &plain_n);
	one = slice_make(&reads, kind->size, 0, reads.n, &PRIOR_FIRST, &seed);
	cut = slices_count(&reads, kind->size, seed, ret_again, &right);
	reads_deinit(&reads);
	right = right && list_same(one, plain, plain_n, kind->size) && list_same(cut, plain, plain_n, kind->size);
	plain_free(plain, plain_n);
	want = counters_bytes(one, &want_n);
	got = counters_bytes(cut, &got_n);
	return right && want_n == got_n && memcmp(want, got, got_n) == 0;
}

static void test_files(void)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t right = 0, again = 0;

		for (uint64_t seed = 1; seed <= 20; seed++)
			right += file_right(&kinds[i], seed, &again);
		is_u64(right, 20, "%s: as in one pass (%zu slices counted again)", kinds[i].name, again);
	}
}

static void test_places(void)
{
	struct kind kind = kinds[0];
	struct reads reads;
	uint64_t seed = 5;
	struct prior early = prior_known(100), late = prior_known(300);
	struct counters *a, *b, *unknown;

	file_make(&reads, &kind, 1);
	a = slice_make(&reads, 7, 100, 200, &early, &seed);
	b = slice_make(&reads, 7, 300, 400, &late, &seed);
	unknown = slice_make(&reads, 7, 200, 300, &PRIOR_UNKNOWN, &seed);
	is_int(counters_merge(a, b, &(uint32_t){0}), -EINVAL, "slices with a gap between them do not merge");
	is_int(counters_merge(unknown, b, &(uint32_t){0}), -EINVAL, "nor a slice of a known place into one of an unknown place");
	is_int(counters_patch(a, b), -EINVAL, "nor is a slice patched that was not lacking");
	counters_free(a);
	counters_free(b);
	counters_free(unknown);
	reads_deinit(&reads);
}

/* ---- more k-mers than are kept */

/* As many different k-mers as there may be, in the first reads of a file. */
static void set_fill(struct kmer_set *set)
{
	for (uint32_t i = 0; i < KMER_SET_MAX; i++) {
		struct kmer_first first = {.read = KMERS_EVERY, .offset = 0, .span = 1};
		uint8_t letters[KMER_MAX] = "AAAAAAAAAA";
		struct kmer_entry *entry;

		for (uint32_t k = 0, left = i; k < KMER_MAX; k++, left /= 8)
			letters[k] = (uint8_t)"ACGTRYKM"[left % 8];
		if (kmer_set_find(set, letters, KMER_MAX, &first, &entry) != 0 || kmer_entry_add(set, entry, 0, 1) != 0)
			abort();
	}
}

static void test_full(void)
{
	struct kind kind = {"", 100, KMER_MAX, 10, 10, "S"};
	struct counters *all, *more;
	struct prior late = prior_known(50);
	struct kmer *list = NULL;
	struct reads reads;
	uint64_t seed = 1;
	size_t n = 0;

	file_make(&reads, &kind, 1);
	all = slice_make(&reads, KMER_MAX, 0, 50, &PRIOR_FIRST, &seed);
	more = slice_make(&reads, KMER_MAX, 50, 100, &late, &seed);
	kmer_set_deinit(&((struct kmers *)counters_state(all, MODULE_KMERS))->set);
	set_fill(&((struct kmers *)counters_state(all, MODULE_KMERS))->set);
	is_int(kmers_list(counters_state(all, MODULE_KMERS), &list, &n), 0, "%u different k-mers are listed", KMER_SET_MAX);
	is_u64(n, KMER_SET_MAX, "all of them");
	free(list);
	is_int(counters_merge(all, more, &(uint32_t){0}), 0, "one more comes");
	is_int(kmers_list(counters_state(all, MODULE_KMERS), &list, &n), KMERS_FULL, "and there is no list any more");
	all = counters_travel(all);
	is_int(kmers_list(counters_state(all, MODULE_KMERS), &list, &n), KMERS_FULL, "nor elsewhere");
	counters_free(all);
	counters_free(more);
	reads_deinit(&reads);
}

/* ---- damage */

static bool sound(const uint8_t *bytes, size_t n)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *again = NULL;
	struct error err = {0};
	size_t again_n;
	int r = counters_unpack(bytes, n, &counters, &err);

	if (r < 0)
		return r == -EBADMSG && err.text[0] != '\0';
	again = counters_bytes(counters, &again_n);
	return again_n == n && memcmp(again, bytes, n) == 0;
}

static void crc_put(uint8_t *bytes, size_t n)
{
	uint32_t crc = crc32_add(0, bytes, n - 4);

	for (size_t i = 0; i < 4; i++)
		bytes[n - 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void test_damage(void)
{
	struct kind kind = {"", 200, 3, 4, 9, "ACGT"};
	_cleanup_(freep) uint8_t *bytes = NULL, *copy = NULL;
	struct counters *counters;
	struct reads reads;
	uint64_t seed = 3;
	size_t n, bad = 0;

	file_make(&reads, &kind, 2);
	counters = slice_make(&reads, 3, 0, reads.n, &PRIOR_FIRST, &seed);
	bytes = counters_bytes(counters, &n);
	copy = malloc(n);
	if (!copy)
		abort();
	for (size_t i = 8; i < n; i++) {
		memcpy(copy, bytes, i);
		crc_put(copy, i);
		bad += !sound(copy, i);
	}
	for (size_t i = 0; i < 255 * (n - 4); i++) {
		memcpy(copy, bytes, n);
		copy[i / 255] = (uint8_t)(copy[i / 255] + 1 + i % 255);
		crc_put(copy, n);
		bad += !sound(copy, n);
	}
	is_u64(bad, 0, "%zu damaged bytes are refused with a sentence, or canonical", n);
	counters_free(counters);
	reads_deinit(&reads);
}

/* ---- the binomial distribution */

/* As Apache Commons Math 3.6.1 computes it: the bits of (float)((1 - cumulative) * 4^7). */
static void test_binomial(void)
{
	static const struct {
		uint64_t trials, hits;
		float probability, wanted;
	} rows[] = {
	    {61949, 263, 0x1.8028dcp-9F, 0x1.7c2cbp-14F},
	    {14840, 269, 0x1.65bc6cp-7F, 0x1.28p-34F},
	    {8427, 405, 0x1.3f19e8p-5F, 0x1.b0242p-3F},
	    {839, 12, 0x1.086d0ap-8F, 0x1.b398cp-1F},
	    {306, 39, 0x1.c94544p-5F, 0x1.539418p-7F},
	    {188, 11, 0x1.ba0f66p-7F, 0x1.8445ap-3F},
	    {29, 3, 0x1.def61cp-15F, 0x1.1bep-28F},
	    {21, 3, 0x1.e87756p-12F, 0x1.33edd8p-18F},
	    {38, 7, 0x1.a62572p-7F, 0x1.c39246p-12F},
	    {6, 2, 0x1.82bfeap-10F, 0x1.12ed58p-10F},
	    {7, 4, 0x1.763ea6p-6F, 0x1.0ddc52p-9F},
	    {10, 2, 0x1.1e4b66p-12F, 0x1.4f33f8p-15F},
	    {1928, 4, 0x1.9cc406p-13F, 0x1.8fc218p-1F},
	    {1225, 3, 0x1.5022acp-17F, 0x1.ffe5ap-17F},
	    {1926, 5, 0x1.2fb414p-16F, 0x1.522p-25F},
	    {6, 1, 0x1.34cabcp-12F, 0x1.5ceacp-6F},
	    {4, 2, 0x1.a5048ep-17F, 0x1.1cp-33F},
	    {7, 5, 0x1.91c9cap-4F, 0x1.7f516ep-4F},
	    {3, 1, 0x1.d0104ep-15F, 0x1.3b733p-13F},
	    {2, 1, 0x1.f93c76p-16F, 0x1.f28fccp-17F},
	    {3, 1, 0x1.08f396p-15F, 0x1.9b50bcp-15F},
	    {60, 1, 0x1.aee45ap-17F, 0x1.3940a6p-8F},
	    {12, 1, 0x1.de9414p-12F, 0x1.cbea94p-3F},
	    {15, 1, 0x1.9fac0ep-15F, 0x1.14b5b8p-8F},
	};
	size_t right = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		right += (float)((1 - binomial_cumulative(rows[i].trials, (double)rows[i].probability, rows[i].hits)) * 16384) == rows[i].wanted;
	is_u64(right, sizeof rows / sizeof *rows, "p-values are those of Apache Commons Math");
	ok(binomial_cumulative(5, 0.5, 5) == 1 && binomial_cumulative(0, 0.5, 0) == 1, "all hits, and none of none");
}

int main(void)
{
	test_files();
	test_places();
	test_full();
	test_damage();
	test_binomial();
	return done_testing();
}
