/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How quick counting is without reading: gigabytes of quality bytes a second on one core, for
 * counters_add() with the mean's modules and with the table, and for each inner loop alone; from
 * RAM (the text is far larger than the caches) and from the second-level cache (a reader hands over
 * what it has just looked at).
 *
 *     count_bench [MEGABYTES]     text in RAM; 400 unless told
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/qc/quality_kernel.h"

#define CACHED_BYTES (256u << 10)
#define HEADER 60 /* bytes of a name, as sequencers write them */

struct shape {
	const char *name;
	uint32_t shortest, longest;
	unsigned int whole; /* per cent of the reads that have the longest length */
	uint8_t lowest, qualities;
};

static const struct shape shapes[] = {
    {"150 bases, 4 qualities", 150, 150, 100, 'A', 4},
    {"150 bases, 40 qualities", 150, 150, 100, '#', 40},
    {"trimmed, 40 qualities", 30, 150, 55, '#', 40},
    {"36 bases, 40 qualities", 36, 36, 100, '#', 40},
    {"1 to 30,000 bases, 50 qualities", 1, 30000, 0, '#', 50},
};

/* A text as it would lie in the reader's buffer, and its records. */
struct text {
	uint8_t *bytes;
	struct record *records;
	size_t n;
	uint64_t qualities; /* bytes of quality in all records */
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t random_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static void text_make(struct text *text, const struct shape *shape, size_t size)
{
	size_t at = 0, all = size / (2 * (shape->shortest + HEADER / 2) + 5) + 1;
	uint64_t seed = 1;

	*text = (struct text){.bytes = malloc(size + BATCH_SLACK),
	                      .records = calloc(all, sizeof *text->records)};
	if (!text->bytes || !text->records)
		abort();
	memset(text->bytes, 'A', size + BATCH_SLACK);
	while (text->n < all) {
		uint32_t length = shape->longest;

		if (random_next(&seed) % 100 >= shape->whole)
			length =
			    shape->shortest +
			    (uint32_t)(random_next(&seed) % (shape->longest - shape->shortest + 1));
		if (at + 2ULL * length + HEADER + 5 > size)
			break;
		at += HEADER + length + 4;
		text->records[text->n++] = (struct record){
		    .quality = text->bytes + at,
		    .length = length,
		    .quality_length = length,
		};
		for (uint32_t i = 0; i < length; i++)
			text->bytes[at++] =
			    (uint8_t)(shape->lowest + random_next(&seed) % shape->qualities);
		at++;
		text->qualities += length;
	}
}

/*
 * Batches of up to BATCH_MAX records but no more than 256 KiB, as a reader with a buffer would
 * give.
 */
static double rate_counters(const struct text *text, uint32_t modules, double seconds)
{
	static struct batch batch;
	struct counters *counters;
	uint64_t done = 0;
	double start, end;

	if (counters_new(modules, NULL, NULL, &counters) < 0)
		abort();
	start = now();
	do {
		for (size_t i = 0; i < text->n; i += batch.n) {
			size_t bytes = 0;

			for (batch.n = 0;
			     batch.n < BATCH_MAX && i + batch.n < text->n && bytes < CACHED_BYTES;
			     batch.n++) {
				batch.records[batch.n] = text->records[i + batch.n];
				bytes += batch.records[batch.n].quality_length;
			}
			if (counters_add(counters, &batch) < 0)
				abort();
		}
		done += text->qualities;
		end = now();
	} while (end - start < seconds);
	counters_free(counters);
	return (double)done / (end - start) / 1e9;
}

/* add() alone, on the first QUALITY_SPAN bytes of each read. */
static double rate_add(const struct text *text, const struct quality_kernel *kernel, double seconds)
{
	struct piece pieces[QUALITY_CALLS];
	struct byte_range range = {255, 0};
	uint16_t sums[QUALITY_SPAN];
	uint64_t done = 0;
	double start = now(), end;

	do {
		for (size_t i = 0, n; i < text->n; i += n) {
			for (n = 0; n < QUALITY_CALLS && i + n < text->n; n++) {
				pieces[n] = (struct piece){text->records[i + n].quality,
				                           text->records[i + n].quality_length};
				done += pieces[n].n < QUALITY_SPAN ? pieces[n].n : QUALITY_SPAN;
			}
			memset(sums, 0, sizeof sums);
			kernel->add(sums, pieces, n, &range);
		}
		end = now();
	} while (end - start < seconds);
	return (double)done / (end - start) / 1e9;
}

static void bench_shape(const struct shape *shape, size_t ram_bytes)
{
	const struct quality_kernel *kernels;
	struct text ram, cached;
	size_t n;

	text_make(&ram, shape, ram_bytes);
	text_make(&cached, shape, CACHED_BYTES);
	kernels = quality_kernels(&n);
	printf("%-34s %7.2f %7.2f %9.2f %7.2f ", shape->name, rate_counters(&ram, COUNT_MEAN, 0.5),
	       rate_counters(&cached, COUNT_MEAN, 0.3), rate_counters(&ram, COUNT_MEAN | COUNT_QUALITY_TABLE, 0.5),
	       rate_counters(&cached, COUNT_MEAN | COUNT_QUALITY_TABLE, 0.3));
	for (size_t i = 0; i < n; i++)
		if (kernels[i].supported())
			printf(" %7.2f", rate_add(&cached, &kernels[i], 0.2));
		else
			printf(" %7s", "-");
	printf("\n");
	free(ram.bytes);
	free(ram.records);
	free(cached.bytes);
	free(cached.records);
}

int main(int argc, char **argv)
{
	size_t megabytes = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 400, n;
	const struct quality_kernel *kernels = quality_kernels(&n);

	printf("GB of quality a second, one core\n%-34s %15s %17s  inner loop, cache\n%-34s %7s "
	       "%7s %9s %7s ",
	       "", "mean", "mean and table", "", "RAM", "cache", "RAM", "cache");
	for (size_t i = 0; i < n; i++)
		printf(" %7s", kernels[i].name);
	printf("\n");
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		bench_shape(&shapes[i], megabytes * 1000000);
	return 0;
}
