/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a read costs the module of tracked sequences, in nanoseconds: alone on the machine's caches, and where between two
 * batches as much other memory is read as a reader and the other modules would (1 MiB). And how long slices take to come
 * together, in milliseconds.
 *
 *     sequences_bench [WORD]     only what has this word in its name
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/sequences_state.h"

#define READ 150
#define LINE (READ + 10)
#define OTHER_BYTES (1u << 20)

/* Reads are made of numbers: the same number, the same read. */
struct kind {
	const char *name;
	uint64_t numbers;     /* different reads; 0: no two are the same */
	unsigned int strange; /* per cent of the reads that are none of these */
	enum sequences_form form;
	uint64_t before, reads; /* not measured, then measured */
};

static const struct kind kinds[] = {
	{"diverse, first 100,000", 0, 0, SEQUENCES_FIRST, 0, 100000},
	{"diverse, behind them", 0, 0, SEQUENCES_FIRST, 120000, 1000000},
	{"200 amplicons", 200, 0, SEQUENCES_FIRST, 1000, 1000000},
	{"90,000 fragments, again and again", 90000, 0, SEQUENCES_FIRST, 900000, 1000000},
	{"90,000 fragments, 1 % of errors, slice", 90000, 1, SEQUENCES_OWN, 900000, 1000000},
	{"diverse, slice, 262,144 keys", 0, 0, SEQUENCES_OWN, 0, OWN_MAX},
	{"diverse, slice, behind them", 0, 0, SEQUENCES_OWN, OWN_MAX + 1000, 1000000},
	{"diverse, list known", 0, 0, SEQUENCES_COUNTED, 120000, 1000000},
	{"100,000 fragments, list known", 100000, 0, SEQUENCES_COUNTED, 120000, 1000000},
	{"half of 100,000 fragments, list known", 100000, 50, SEQUENCES_COUNTED, 120000, 1000000},
};

static double now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9ULL;
	return x ^ x >> 32;
}

static void read_make(uint64_t number, uint8_t *ret)
{
	for (size_t i = 0; i < READ; i++) {
		static const char letters[] = "ACGT";
		uint64_t bits = i % 16 == 0 ? scramble(number + (i << 40)) : 0;

		if (i % 16 == 0)
			for (size_t k = 0; k < 16 && i + k < READ; k++)
				ret[i + k] = (uint8_t)letters[bits >> (4 * k) & 3];
	}
}

struct feed {
	const struct kind *kind;
	uint64_t made;
	uint8_t text[BATCH_MAX * LINE + BATCH_SLACK];
	struct batch batch;
	uint64_t other[OTHER_BYTES / sizeof(uint64_t)];
	uint64_t sink; /* what is read for its own sake */
};

/* The next batch, of at most n reads. */
static void feed_next(struct feed *feed, uint64_t n)
{
	feed->batch.n = n < BATCH_MAX ? (uint32_t)n : BATCH_MAX;
	for (uint32_t i = 0; i < feed->batch.n; i++) {
		uint64_t draw = scramble(++feed->made), number = feed->made + (1ULL << 32);

		if (feed->kind->numbers > 0 && draw % 100 >= feed->kind->strange)
			number = draw / 100 % feed->kind->numbers;
		read_make(number, feed->text + i * LINE);
		feed->batch.records[i] = (struct record){.sequence = feed->text + i * LINE, .length = READ};
	}
}

static void others_read(struct feed *feed)
{
	for (size_t i = 0; i < OTHER_BYTES / sizeof(uint64_t); i += 8)
		feed->sink += feed->other[i];
}

/* As the reader did just before. */
static void text_read(struct feed *feed)
{
	for (size_t i = 0; i < feed->batch.n * LINE; i += 64)
		feed->sink += feed->text[i];
}

/* Seconds for that many reads; those of each batch in *ret_each, where it is asked for. */
static double add(struct counters *counters, struct feed *feed, uint64_t reads, bool others, double *ret_each)
{
	double seconds = 0;

	for (uint64_t done = 0; done < reads; done += feed->batch.n) {
		double start, took;

		feed_next(feed, reads - done);
		if (others)
			others_read(feed);
		text_read(feed);
		start = now(CLOCK_MONOTONIC);
		if (counters_add(counters, &feed->batch) < 0)
			abort();
		took = now(CLOCK_MONOTONIC) - start;
		seconds += took;
		if (ret_each)
			*ret_each++ = took;
	}
	return seconds;
}

static struct counters *counters_of(const struct prior *prior)
{
	struct counters *counters;

	if (counters_new(COUNT_SEQUENCES, NULL, prior, &counters) < 0)
		abort();
	return counters;
}

/* The list of the first 100,000 reads of this kind. */
static struct tracked *list_make(struct feed *feed)
{
	struct counters *first = counters_of(&PRIOR_FIRST);
	const struct sequences *sequences = counters_state(first, MODULE_SEQUENCES);
	struct kind all = {.numbers = 0};
	const struct kind *kind = feed->kind;
	struct tracked *list;

	feed->kind = &all;
	if (kind->numbers > 0)
		for (uint64_t i = 0; i < kind->numbers; i += feed->batch.n) {
			feed_next(feed, kind->numbers - i);
			for (uint32_t k = 0; k < feed->batch.n; k++)
				read_make(i + k, feed->text + k * LINE);
			if (counters_add(first, &feed->batch) < 0)
				abort();
		}
	else
		(void)add(first, feed, TRACKED_MAX, false, NULL);
	if (sequences_tracked(sequences, &list) < 0)
		abort();
	feed->kind = kind;
	counters_free(first);
	return list;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds a read: the best of a few runs, or of their batches the median where all are alike; other programs may run. */
static double measure(struct feed *feed, bool others)
{
	const struct kind *kind = feed->kind;
	size_t batches = (size_t)((kind->reads + BATCH_MAX - 1) / BATCH_MAX), runs = kind->before > 0 ? 1 : 7;
	double best = 1e9, *each = calloc(batches, sizeof *each);
	struct tracked *list = kind->form == SEQUENCES_COUNTED ? list_make(feed) : NULL;

	if (!each)
		abort();
	for (size_t i = 0; i < runs; i++) {
		struct prior prior = kind->form == SEQUENCES_FIRST ? PRIOR_FIRST : PRIOR_UNKNOWN;
		struct counters *counters;
		double seconds;

		feed->made = 0;
		prior.tracked = list;
		counters = counters_of(&prior);
		(void)add(counters, feed, kind->before, others, NULL);
		seconds = add(counters, feed, kind->reads, others, each);
		counters_free(counters);
		qsort(each, batches, sizeof *each, by_value);
		if (kind->before > 0)
			seconds = each[batches / 2] / BATCH_MAX * (double)kind->reads;
		best = seconds < best ? seconds : best;
	}
	tracked_free(list);
	free(each);
	return 1e9 * best / (double)kind->reads;
}

/* A beginning of 60,000 keys and a slice of 262,144: packed, unpacked, merged. */
static void bench_merge(struct feed *feed)
{
	const struct kind diverse = {.numbers = 0};
	struct counters *first = counters_of(&PRIOR_FIRST), *own = counters_of(&PRIOR_UNKNOWN), *back;
	double start[5];
	uint32_t lacks;
	uint8_t *bytes;
	size_t n;

	feed->kind = &diverse;
	feed->made = 0;
	(void)add(first, feed, 60000, false, NULL);
	(void)add(own, feed, OWN_MAX, false, NULL);
	start[0] = now(CLOCK_PROCESS_CPUTIME_ID);
	if (counters_pack(own, &bytes, &n) < 0)
		abort();
	start[1] = now(CLOCK_PROCESS_CPUTIME_ID);
	if (counters_unpack(bytes, n, &back, NULL) < 0)
		abort();
	start[2] = now(CLOCK_PROCESS_CPUTIME_ID);
	if (counters_merge(first, back, &lacks) < 0 || lacks)
		abort();
	start[3] = now(CLOCK_PROCESS_CPUTIME_ID);
	if (counters_merge(first, back, &lacks) < 0 || lacks)
		abort();
	start[4] = now(CLOCK_PROCESS_CPUTIME_ID);
	printf("\nslice of 262,144 keys: %zu bytes; pack %.2f ms, unpack %.2f ms, merge %.2f ms, and once more %.2f ms\n", n,
	       1e3 * (start[1] - start[0]), 1e3 * (start[2] - start[1]), 1e3 * (start[3] - start[2]),
	       1e3 * (start[4] - start[3]));
	free(bytes);
	counters_free(first);
	counters_free(own);
	counters_free(back);
}

int main(int argc, char **argv)
{
	struct feed *feed = calloc(1, sizeof *feed);

	if (!feed)
		return 1;
	(void)mallopt(M_MMAP_THRESHOLD, 32 << 20); /* freed memory stays warm, as in a worker's child */
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	printf("ns a read of %d bases%19s %8s %8s\n", READ, "", "alone", "shared");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		feed->kind = &kinds[i];
		if (argc > 1 && !strstr(kinds[i].name, argv[1]))
			continue;
		printf("%-40s %8.1f", kinds[i].name, measure(feed, false));
		printf(" %8.1f\n", measure(feed, true));
	}
	if (argc < 2)
		bench_merge(feed);
	if (feed->sink == 1)
		printf("\n"); /* so that nothing of it is left out */
	free(feed);
	return 0;
}
