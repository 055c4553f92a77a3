/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sums of G and C are the doubles that adding read by read gives, as FastQC does: for any cut of the file and
 * any order in which neighbours are merged; and folding counts is adding one by one, whatever double it starts
 * from.
 */
#include "lib/qc/gc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/gc_segment.h"
#include "lib/qc/module.h"
#include "tests/unit/qc/damage.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

/* ---- the plainest means */

/* By the definition, in doubles: the percentages that gc of length bases claim. */
static void plain_claim(uint32_t length, uint32_t gc, int *ret_first, int *ret_last)
{
	double low = gc - 0.5, high = gc + 0.5;

	low = low < 0 ? 0 : low;
	high = high > length ? length : high;
	*ret_first = (int)floor(low * 100 / length + 0.5);
	*ret_last = (int)floor(high * 100 / length + 0.5);
}

static void plain_sharers(uint32_t length, uint32_t sharers[GC_BINS])
{
	memset(sharers, 0, GC_BINS * sizeof sharers[0]);
	for (uint32_t gc = 0; gc <= length; gc++) {
		int first, last;

		plain_claim(length, gc, &first, &last);
		for (int p = first; p <= last; p++)
			sharers[p]++;
	}
}

/* The increments of lengths met so far. */
struct plain {
	double *increments[300000]; /* by truncated length; none is longer */
	double sums[GC_BINS];
};

static void plain_add(struct plain *plain, const struct record *record)
{
	uint32_t length = record->length, gc = 0, sharers[GC_BINS];
	int first, last;

	if (length > 1000)
		length -= length % 1000;
	else if (length > 100)
		length -= length % 100;
	if (length == 0)
		return;
	if (!plain->increments[length]) {
		plain->increments[length] = calloc(GC_BINS, sizeof(double));
		if (!plain->increments[length])
			abort();
		plain_sharers(length, sharers);
		for (int p = 0; p < GC_BINS; p++)
			plain->increments[length][p] = 1.0 / sharers[p];
	}
	for (uint32_t i = 0; i < length; i++)
		gc += strchr("GCgc", record->sequence[i]) != NULL;
	plain_claim(length, gc, &first, &last);
	for (int p = first; p <= last; p++)
		plain->sums[p] += plain->increments[length][p];
}

static void plain_deinit(struct plain *plain)
{
	for (size_t i = 0; i < sizeof plain->increments / sizeof plain->increments[0]; i++)
		free(plain->increments[i]);
	free(plain);
}

static void test_model(void)
{
	bool claims = true, shares = true, numbers = true;

	for (uint32_t number = 0; number < GC_SMALL_LENGTHS + 300; number += number < GC_SMALL_LENGTHS + 9 ? 1 : 37) {
		uint32_t length = gc_length_numbered(number), sharers[GC_BINS];

		numbers = numbers && gc_length(length) == length && gc_length_number(length) == number;
		for (uint32_t gc = 0; claims && gc <= length; gc++) {
			struct gc_claim claim = gc_claim_of(length, gc);
			int first, last;

			plain_claim(length, gc, &first, &last);
			claims = claim.first == first && claim.last == last;
		}
		plain_sharers(length, sharers);
		for (unsigned int p = 0; p < GC_BINS; p++) {
			shares = shares && gc_sharers(length, p) == sharers[p];
			shares = shares && (length > GC_DYADIC_MAX || sharers[p] == 1 || sharers[p] == 2);
		}
	}
	ok(numbers, "lengths have their numbers");
	ok(claims, "claims are as defined");
	ok(shares, "and so are the shares; up to 100 bases they are 1 and 1/2");
	is_u64(gc_length(99), 99, "99 bases");
	is_u64(gc_length(199), 100, "199 bases are 100");
	is_u64(gc_length(999), 900, "999 bases are 900");
	is_u64(gc_length(1999), 1000, "1999 bases are 1000");
	is_u64(gc_sharers(200, 50), 3, "200 bases: thirds");
	is_u64(gc_sharers(2000, 50), 21, "2000 bases: 21 share a percentage");
}

/* ---- folding against adding one by one */

/* A sum as it may stand before a segment, from 0 to beyond `most`. */
static double start_draw(uint64_t *seed, double most)
{
	static const double increments[] = {1.0, 0.5, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 11, 1.0 / 21, 1.0 / 6, 1.0 / 1001};
	double x = 0;
	int exponent;

	if (random_below(seed, 8) == 0)
		return 0;
	for (uint64_t n = random_below(seed, 40); n > 0; n--)
		x += increments[random_below(seed, sizeof increments / sizeof increments[0])];
	if (random_below(seed, 2))
		return x;
	/* just below a power of two, with any last bits */
	(void)frexp(most, &exponent);
	x = ldexp(1.0, (int)random_below(seed, (uint64_t)exponent + 1));
	for (uint64_t n = random_below(seed, 50); n > 0; n--)
		x = nextafter(x, 0);
	for (uint64_t n = random_below(seed, 30); n > 0 && x > 1; n--)
		x -= 0.5;
	return x;
}

/* n increments of halves in random order at percentage p, folded and one by one. */
static bool dyadic_same(uint64_t n, double start, uint64_t *seed)
{
	struct segment segment = {.kind = SEGMENT_DYADIC, .reads = n};
	double sums[GC_BINS] = {0}, x = start;
	unsigned int p = (unsigned int)random_below(seed, GC_BINS), bias = (unsigned int)random_below(seed, 5);

	for (uint64_t i = 0; i < n; i++) {
		uint8_t halves = random_below(seed, 4) < bias ? 2 : 1;

		if (i == 0)
			segment.first[p] = halves;
		segment.counts[p] += halves;
		x += halves / 2.0;
	}
	sums[p] = start;
	segment_fold(&segment, NULL, sums);
	return memcmp(&sums[p], &x, sizeof x) == 0;
}

static bool run_same(uint64_t n, double start, uint64_t *seed)
{
	uint32_t length = gc_length_numbered(GC_DYADIC_MAX + (uint32_t)random_below(seed, 40));
	unsigned int p = (unsigned int)random_below(seed, GC_BINS);
	struct segment segment = {.kind = SEGMENT_RUN, .length = length, .reads = n};
	double sums[GC_BINS] = {0}, x = start, increment = 1.0 / gc_sharers(length, p);

	segment.counts[p] = n;
	for (uint64_t i = 0; i < n; i++)
		x += increment;
	sums[p] = start;
	segment_fold(&segment, NULL, sums);
	return memcmp(&sums[p], &x, sizeof x) == 0;
}

static void test_fold(void)
{
	uint64_t seed = 17, dyadic = 0, runs = 0;

	for (int i = 0; i < 40000; i++) {
		uint64_t n = random_below(&seed, i % 100 == 0 ? 20000 : 60);
		double most = i % 3 == 0 ? 1LL << 48 : 1000;

		dyadic += !dyadic_same(n, start_draw(&seed, most), &seed);
		runs += !run_same(n, start_draw(&seed, most), &seed);
	}
	is_u64(dyadic, 0, "halves and ones in any order, from any sum");
	is_u64(runs, 0, "equal increments, from any sum");
	ok(dyadic_same(5000000, 1.0 / 3, &seed) && run_same(5000000, 0.3, &seed), "millions of them");
}

/* Reads in three streams, appended to each other: as in one, and as they were. */
static bool stream_same(uint64_t seed)
{
	struct gc_stream once = {0}, pieces[3] = {0};
	uint32_t lengths[60], gcs[60];
	struct gc_cursor cursor;
	size_t at = 0;
	bool same;

	for (size_t i = 0; i < 60; i++) {
		bool again = i > 0 && random_below(&seed, 2);

		lengths[i] = again ? lengths[i - 1] : gc_length_numbered((uint32_t)random_below(&seed, 300));
		gcs[i] = (uint32_t)random_below(&seed, lengths[i] + 1);
		if (gc_stream_add(&once, lengths[i], gcs[i]) < 0 || gc_stream_add(&pieces[i / 20], lengths[i], gcs[i]) < 0)
			abort();
	}
	if (gc_stream_append(&pieces[0], &pieces[1]) < 0 || gc_stream_append(&pieces[0], &pieces[2]) < 0)
		abort();
	same = once.n == pieces[0].n && memcmp(once.bytes, pieces[0].bytes, once.n) == 0;
	for (cursor = gc_stream_read(&once); gc_cursor_next(&cursor) == GC_READ; at++)
		same = same && at < 60 && cursor.length == lengths[at] && cursor.gc == gcs[at];
	for (size_t i = 0; i < 3; i++)
		gc_stream_deinit(&pieces[i]);
	gc_stream_deinit(&once);
	return same && at == 60;
}

static void test_stream(void)
{
	bool same = true;

	for (uint64_t seed = 1; same && seed <= 300; seed++)
		same = stream_same(seed * 7919);
	ok(same, "streams of reads");
}

/* ---- whole counts */

static const struct kind {
	const char *name;
	struct reads_kind reads;
	uint32_t whole; /* per cent of the reads that are cut to `length` where they are longer */
	uint32_t length;
	double bytes; /* most bytes a read of a slice, packed, when there are many */
} kinds[] = {
	{"reads up to 199", {4000, 0, 199, 'A', 'T'}, 0, 0, 0.2},
	{"reads of 150", {4000, 150, 150, 'A', 'T'}, 0, 0, 0.2},
	{"reads of 250", {4000, 250, 250, 'A', 'T'}, 0, 0, 0.2},
	{"reads of 250, a few trimmed", {4000, 30, 290, 'A', 'T'}, 95, 250, 2},
	{"reads of 100 to 400", {4000, 100, 400, 'A', 'T'}, 0, 0, 4},
	{"reads up to 5000", {1500, 1, 5000, 'A', 'T'}, 0, 0, 5},
	{"short ones, then a long one", {2000, 0, 201, 'A', 'T'}, 0, 0, 4},
	{"a few very long ones", {4, 100000, 250000, 'A', 'T'}, 0, 0, 100},
	{"empty ones", {5, 0, 0, 'A', 'T'}, 0, 0, 100},
};

static void reads_draw(struct reads *reads, const struct kind *kind, uint64_t seed)
{
	size_t n = 0;

	reads_make(reads, &kind->reads, seed);
	for (size_t i = 0; i < reads->n; i++)
		n += reads->records[i].length;
	for (size_t i = 0; i < n; i++)
		reads->bytes[i] = (uint8_t)"ACGTacgtNGC"[random_below(&seed, 11)];
	for (size_t i = 0; i < reads->n; i++) {
		struct record *record = &reads->records[i];

		if (random_below(&seed, 100) < kind->whole && record->length > kind->length)
			record->length = record->quality_length = kind->length;
	}
}

static struct counters *gc_make(bool first)
{
	struct counters *counters = NULL;

	if (counters_new(COUNT_LENGTHS | COUNT_GC, NULL, first ? &PRIOR_FIRST : NULL, &counters) < 0)
		abort();
	return counters;
}

static bool sums_same(const struct counters *counters, const double sums[GC_BINS])
{
	double got[GC_BINS];

	return gc_bins(counters_state(counters, MODULE_GC), got) && memcmp(got, sums, sizeof got) == 0;
}

/* The reads in random pieces, random neighbours merged until one is left. */
static struct counters *merge_randomly(const struct reads *reads, bool first, uint64_t seed)
{
	struct counters *pieces[12];
	size_t n = 2 + random_below(&seed, 11), from = 0;

	for (size_t i = 0; i < n; i++) {
		size_t to = i == n - 1 ? reads->n : from + random_below(&seed, reads->n - from + 1);

		pieces[i] = gc_make(i == 0 && first);
		reads_count(reads, from, to, &seed, pieces[i]);
		from = to;
	}
	for (; n > 1; n--) {
		size_t a = random_below(&seed, n - 1);

		if (random_below(&seed, 2))
			pieces[a] = counters_travel(pieces[a]);
		if (random_below(&seed, 2))
			pieces[a + 1] = counters_travel(pieces[a + 1]);
		if (counters_merge(pieces[a], pieces[a + 1], &(uint32_t){0}) < 0)
			abort();
		counters_free(pieces[a + 1]);
		memmove(&pieces[a + 1], &pieces[a + 2], (n - a - 2) * sizeof pieces[0]);
	}
	return pieces[0];
}

static void test_merges(const struct kind *kind, const struct reads *reads, const double sums[GC_BINS],
                        const struct counters *once)
{
	_cleanup_(freep) uint8_t *want = counters_bytes(once, &(size_t){0});
	bool same = true, canonical = true;

	for (uint64_t seed = 1; seed <= 25; seed++) {
		_cleanup_(counters_freep) struct counters *merged = merge_randomly(reads, true, seed * 99991);
		_cleanup_(counters_freep) struct counters *behind = merge_randomly(reads, false, seed * 77773);
		_cleanup_(counters_freep) struct counters *begin = gc_make(true);
		_cleanup_(freep) uint8_t *bytes = NULL;
		size_t n;

		bytes = counters_bytes(merged, &n);
		canonical = canonical && memcmp(bytes, want, n) == 0;
		same = same && sums_same(merged, sums);
		if (counters_merge(begin, behind, &(uint32_t){0}) < 0)
			abort();
		same = same && sums_same(begin, sums);
	}
	ok(same, "%s: the same sums for any cut and order of merging", kind->name);
	ok(canonical, "%s: the same bytes", kind->name);
}

static void test_kind(const struct kind *kind)
{
	_cleanup_(counters_freep) struct counters *once = gc_make(true), *slice = gc_make(false);
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct plain *plain = calloc(1, sizeof *plain);
	double sums[GC_BINS];
	struct reads reads;
	uint64_t seed = 5;
	size_t n;

	if (!plain)
		abort();
	reads_draw(&reads, kind, 3);
	for (size_t i = 0; i < reads.n; i++)
		plain_add(plain, &reads.records[i]);
	reads_count(&reads, 0, reads.n, &seed, once);
	ok(sums_same(once, plain->sums), "%s: sums in one pass", kind->name);
	test_merges(kind, &reads, plain->sums, once);
	reads_count(&reads, 0, reads.n, &seed, slice);
	ok(!gc_bins(counters_state(slice, MODULE_GC), sums), "%s: a slice has no sums", kind->name);
	bytes = counters_bytes(slice, &n);
	ok((double)n < 5000 + kind->bytes * (double)reads.n, "%s: %zu reads pack into %zu bytes", kind->name, reads.n, n);
	plain_deinit(plain);
	reads_deinit(&reads);
}

/*
 * Some long reads, then few short ones, whose first increments meet sums below 1, where their order still matters.
 */
static bool early_same(struct plain *plain, uint64_t seed)
{
	_cleanup_(counters_freep) struct counters *first = gc_make(true), *second = gc_make(false), *third = gc_make(false);
	const struct kind kind = {"", {16, 200, 300 + 900 * (uint32_t)(seed % 7), 'A', 'T'}, 0, 0, 0};
	size_t of_long = 1 + random_below(&seed, 4), of_second = random_below(&seed, 4);
	struct reads reads;
	bool same;

	memset(plain->sums, 0, sizeof plain->sums);
	reads_draw(&reads, &kind, seed);
	for (size_t i = 0; i < reads.n; i++) {
		if (i >= of_long)
			reads.records[i].length = 1 + (uint32_t)random_below(&seed, random_below(&seed, 2) ? 2 : 199);
		plain_add(plain, &reads.records[i]);
	}
	reads_count(&reads, 0, of_long, &seed, first);
	reads_count(&reads, of_long, of_long + of_second, &seed, second);
	reads_count(&reads, of_long + of_second, reads.n, &seed, third);
	if (counters_merge(second, third, &(uint32_t){0}) < 0 || counters_merge(first, second, &(uint32_t){0}) < 0)
		abort();
	same = sums_same(first, plain->sums);
	reads_deinit(&reads);
	return same;
}

static void test_early(void)
{
	struct plain *plain = calloc(1, sizeof *plain);
	uint64_t bad = 0;

	if (!plain)
		abort();
	for (uint64_t seed = 1; seed <= 4000; seed++)
		bad += !early_same(plain, seed * 31);
	is_u64(bad, 0, "few short reads behind few long ones");
	plain_deinit(plain);
}

/* More stream than the first slice keeps. */
static void test_long_first(void)
{
	_cleanup_(counters_freep) struct counters *once = gc_make(true), *merged = gc_make(true);
	const struct kind kind = {"", {1000, 300, 350, 'A', 'T'}, 50, 200, 0};
	_cleanup_(freep) uint8_t *bytes = NULL, *more = NULL;
	uint64_t seed = 1;
	struct reads reads;
	size_t n, more_n;

	reads_draw(&reads, &kind, 8);
	for (int i = 0; i < 900; i++) {
		_cleanup_(counters_freep) struct counters *slice = gc_make(false);

		reads_count(&reads, 0, reads.n, &seed, once);
		reads_count(&reads, 0, reads.n, &seed, slice);
		if (counters_merge(merged, slice, &(uint32_t){0}) < 0)
			abort();
	}
	bytes = counters_bytes(once, &n);
	more = counters_bytes(merged, &more_n);
	ok(n == more_n && memcmp(bytes, more, n) == 0, "900000 reads of mixed lengths in one slice and in many");
	reads_deinit(&reads);
}

static void test_order(void)
{
	_cleanup_(counters_freep) struct counters *first = gc_make(true), *second = gc_make(true);

	is_int(counters_merge(first, second, &(uint32_t){0}), -EINVAL, "no two begin with the file");
}

static void test_damage(void)
{
	static const struct kind some[] = {
	    {"150", {30, 20, 150, 'A', 'T'}, 0, 0, 0},
	    {"250", {30, 250, 250, 'A', 'T'}, 0, 0, 0},
	    {"mixed", {60, 80, 2500, 'A', 'T'}, 0, 0, 0},
	};

	for (size_t i = 0; i < 6; i++) {
		_cleanup_(counters_freep) struct counters *counters = NULL;
		struct reads reads;
		uint64_t seed = 1;

		if (counters_new(COUNT_GC, NULL, i % 2 ? &PRIOR_FIRST : NULL, &counters) < 0)
			abort();
		reads_draw(&reads, &some[i / 2], 4);
		reads_count(&reads, 0, reads.n, &seed, counters);
		reads_deinit(&reads);
		damage_test(counters, some[i / 2].name);
	}
}

int main(void)
{
	test_model();
	test_fold();
	test_stream();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		test_kind(&kinds[i]);
	test_early();
	test_long_first();
	test_order();
	test_damage();
	return done_testing();
}
