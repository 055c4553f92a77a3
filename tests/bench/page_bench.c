/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a finished job's page takes, from counters that are there: deriving the report, and writing its page. Reads of 150 bases of
 * a whole flow cell's tiles, the most work that short reads make. Prints the median of RUNS, the page's size and the goal.
 *
 *     page_bench
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html.h"
#include "lib/qc/text.h"
#include "tests/unit/qc/made.h"

#define RUNS 41
#define LENGTH 150
#define GOAL_MS 50.0
#define READS_LEAST 2000 /* of fewer each would be overrepresented */

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* Counters of so many tiles, qualities of each falling along the read, with noise. */
static struct counters *count(size_t tiles)
{
	size_t n = tiles * (READS_LEAST / tiles + 2);
	struct made_read *reads = calloc(n, sizeof *reads);
	struct counters *counters;
	uint32_t seed = 1;

	if (!reads)
		abort();
	for (size_t i = 0; i < n; i++) {
		char *name = NULL, *sequence = calloc(1, LENGTH + 1), *quality = calloc(1, LENGTH + 1);

		if (!sequence || !quality || asprintf(&name, "A00187:188:HJ5VNDSXX:1:%zu:1:%zu", 1101 + i % tiles, i) < 0)
			abort();
		for (uint32_t p = 0; p < LENGTH; p++) {
			sequence[p] = "ACGT"[next(&seed) % 4];
			quality[p] = (char)('!' + 40 - p / 8 - next(&seed) % 8);
		}
		reads[i] = (struct made_read){name, sequence, quality, 1};
	}
	counters = made_counters(reads, n, COMPAT_0_12_1);
	for (size_t i = 0; i < n; i++) {
		free((char *)reads[i].name);
		free((char *)reads[i].sequence);
		free((char *)reads[i].quality);
	}
	free(reads);
	return counters;
}

typedef int (*write_fn)(FILE *out, const struct report *report, struct error *err);

/* Milliseconds of one writer; the bytes it wrote. */
static double write_once(const struct report *report, write_fn write, size_t *ret_n)
{
	_cleanup_(freep) char *text = NULL;
	struct error err;
	double start = now_ms();
	FILE *out = open_memstream(&text, ret_n);

	if (!out || write(out, report, &err) < 0 || fclose(out) != 0)
		abort();
	return now_ms() - start;
}

static void measure(const char *name, const struct counters *counters)
{
	double derive[RUNS], page[RUNS], text[RUNS];
	size_t page_n = 0, text_n = 0;

	for (size_t i = 0; i < RUNS; i++) {
		_cleanup_(reportp) struct report *report = NULL;
		struct report_options options = made_options();
		struct error err;
		double start = now_ms();

		options.name = "bench.fq";
		if (report_make(counters, &options, &report, &err) < 0)
			abort();
		derive[i] = now_ms() - start;
		page[i] = write_once(report, report_html_write, &page_n);
		text[i] = write_once(report, report_text_write, &text_n);
	}
	qsort(derive, RUNS, sizeof *derive, by_time);
	qsort(page, RUNS, sizeof *page, by_time);
	qsort(text, RUNS, sizeof *text, by_time);
	printf("%-12s derived %6.1f ms  page %6.1f ms, %4zu kB (goal <= %.0f ms: %s)  text %6.1f ms, %5zu kB\n", name, derive[RUNS / 2],
	       page[RUNS / 2], page_n / 1000, GOAL_MS, page[RUNS / 2] <= GOAL_MS ? "yes" : "NO", text[RUNS / 2], text_n / 1000);
}

int main(void)
{
	static const size_t tiles[] = {1, 96, 704, 2500};

	for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; i++) {
		_cleanup_(counters_freep) struct counters *counters = count(tiles[i]);
		char name[32];

		(void)snprintf(name, sizeof name, "%zu tile%s", tiles[i], tiles[i] == 1 ? "" : "s");
		measure(name, counters);
	}
	return 0;
}
