/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What counting G and C and looking for adapters costs: nanoseconds a read on one core, for each inner loop and
 * for the whole modules, of text in the second-level cache (a reader hands over what it has just looked at); and
 * what folding the G and C of a slice into those of the file costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"
#include "lib/qc/sequence_kernel.h"

#define TEXT_BYTES (256u << 10)
#define READS_MAX 16384
#define SECONDS 0.15

static const struct shape {
	const char *name;
	uint32_t shortest, longest;
	unsigned int whole;    /* per cent of the reads that have the longest length */
	unsigned int adapters; /* per cent of the reads that have one, anywhere */
	unsigned int poly;     /* per cent of the reads that end in G, as dark clusters do */
} shapes[] = {
	{"150 bases", 150, 150, 100, 0, 0},
	{"150, 30 % with an adapter", 150, 150, 100, 30, 0},
	{"150, 20 % end in G", 150, 150, 100, 5, 20},
	{"51, all with an adapter", 51, 51, 100, 100, 0},
	{"30 to 150", 30, 150, 55, 5, 0},
	{"250 bases", 250, 250, 100, 5, 0},
	{"35 to 301", 35, 301, 60, 5, 0},
	{"100 to 30,000", 100, 30000, 0, 0, 0},
};

struct text {
	uint8_t bytes[TEXT_BYTES + BATCH_SLACK];
	struct record records[READS_MAX];
	struct sequence sequences[READS_MAX];
	size_t n;
};

/* Of this thread alone: the machine may have more to do. */
static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#define MEASURES_MAX 4096

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *measures, size_t n)
{
	qsort(measures, n, sizeof measures[0], by_size);
	return measures[n / 2];
}

/* Nanoseconds for one of so many reads: the median of some rounds. */
#define MEDIAN(reads, round)                                                                                               \
	({                                                                                                                 \
		static double measures_[MEASURES_MAX];                                                                     \
		double began_ = now();                                                                                     \
		size_t n_ = 0;                                                                                             \
		while (n_ < MEASURES_MAX && (n_ == 0 || now() - began_ < SECONDS)) {                                       \
			double start_ = now();                                                                             \
			round;                                                                                             \
			measures_[n_++] = (now() - start_) * 1e9 / (double)(reads);                                        \
		}                                                                                                          \
		median(measures_, n_);                                                                                     \
	})

static uint64_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static void text_make(struct text *text, const struct shape *shape, const struct count_rules *rules)
{
	uint64_t seed = 1;
	size_t at = 0;

	for (text->n = 0; text->n < READS_MAX; text->n++) {
		uint32_t length = shape->longest;

		if (random_next(&seed) % 100 >= shape->whole)
			length = shape->shortest +
				 (uint32_t)(random_next(&seed) % (shape->longest - shape->shortest + 1));
		if (at + length > TEXT_BYTES)
			break;
		for (uint32_t i = 0; i < length; i++)
			text->bytes[at + i] = (uint8_t)"ACGT"[random_next(&seed) % 4];
		if (random_next(&seed) % 100 < shape->adapters)
			memcpy(text->bytes + at + random_next(&seed) % (length - 11),
			       rules->adapters[random_next(&seed) % rules->adapters_n].sequence, 12);
		if (random_next(&seed) % 100 < shape->poly)
			memset(text->bytes + at + length / 2, 'G', length - length / 2);
		text->records[text->n] = (struct record){.sequence = text->bytes + at, .length = length};
		text->sequences[text->n] = (struct sequence){text->bytes + at, length};
		at += length;
	}
}

static double ns_count_gc(const struct text *text, const struct sequence_kernel *kernel)
{
	static uint32_t counts[READS_MAX];

	return MEDIAN(text->n, kernel->count_gc(text->sequences, text->n, counts));
}

static double ns_find(const struct text *text, const struct sequence_kernel *kernel, const struct count_rules *rules)
{
	static struct adapter_hit hits[READS_MAX * FILTER_ADAPTERS];
	struct filter_adapter adapters[FILTER_ADAPTERS];
	struct adapter_filter filter;

	for (uint32_t i = 0; i < rules->adapters_n; i++)
		adapters[i] = (struct filter_adapter){(const uint8_t *)rules->adapters[i].sequence, 12, i};
	adapter_filter_make(&filter, adapters, rules->adapters_n);
	return MEDIAN(text->n, kernel->find_adapters(&filter, text->sequences, text->n, hits));
}

static struct counters *counters_make(uint32_t modules, bool first)
{
	struct counters *counters;

	if (counters_new(modules, NULL, first ? &PRIOR_FIRST : NULL, &counters) < 0)
		abort();
	return counters;
}

static uint64_t text_count(const struct text *text, struct counters *counters)
{
	static struct batch batch;

	for (size_t i = 0; i < text->n; i += batch.n) {
		batch.n = text->n - i < BATCH_MAX ? (uint32_t)(text->n - i) : BATCH_MAX;
		memcpy(batch.records, text->records + i, batch.n * sizeof batch.records[0]);
		if (counters_add(counters, &batch) < 0)
			abort();
	}
	return text->n;
}

static double ns_module(const struct text *text, uint32_t modules)
{
	struct counters *counters = counters_make(modules, false);
	double ns = MEDIAN(text->n, text_count(text, counters));

	counters_free(counters);
	return ns;
}

/* Of a slice of a million reads. */
static double ns_fold(const struct text *text, double *ret_bytes)
{
	struct counters *slice = counters_make(COUNT_GC, false), *file = counters_make(COUNT_GC, true);
	uint64_t reads = 0;
	double ns;
	uint8_t *bytes;
	size_t n;

	while (reads < 1000000)
		reads += text_count(text, slice);
	if (counters_pack(slice, &bytes, &n) < 0)
		abort();
	free(bytes);
	ns = MEDIAN(reads, (void)counters_merge(file, slice, &(uint32_t){0}));
	counters_free(slice);
	counters_free(file);
	*ret_bytes = (double)n / (double)reads;
	return ns;
}

int main(void)
{
	static struct text text;
	const struct sequence_kernel *kernels;
	struct count_rules rules;
	size_t n;

	rules_default(&rules, COMPAT_0_12_1);
	kernels = sequence_kernels(&n);
	printf("ns a read\n%-26s", "");
	for (size_t i = 0; i < 2 * n; i++)
		printf(" %8s", kernels[i / 2].name);
	printf("   module           fold\n%-26s", "");
	for (size_t i = 0; i < n; i++)
		printf(" %8s %8s", "GC", "adapters");
	printf(" %6s %8s  GC ns  bytes\n", "GC", "adapters");
	for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
		double bytes, fold;

		text_make(&text, &shapes[s], &rules);
		printf("%-26s", shapes[s].name);
		for (size_t i = 0; i < n; i++) {
			bool can = kernels[i].supported();

			printf(" %8.1f %8.1f", can ? ns_count_gc(&text, &kernels[i]) : 0,
			       can ? ns_find(&text, &kernels[i], &rules) : 0);
		}
		fold = ns_fold(&text, &bytes);
		printf(" %6.1f %8.1f %6.2f %6.2f\n", ns_module(&text, COUNT_GC), ns_module(&text, COUNT_ADAPTERS), fold,
		       bytes);
	}
	return 0;
}
