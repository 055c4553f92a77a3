/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What it costs to read a gzip file in slices: split_bench FILE [SLICE_BYTES [ROUNDS [count]]].
 *
 * Against the sequential inflater in the same run, on the processor's time: finding, decoding to symbols, resolving to text with
 * CRC. With `count` FastQC's modules are counted too: in slices when
 * they are resolved, and by the sequential way, whose inflating and counting have a core each. Then, from the measured times of the
 * slices, when the last one would be done with so many slots: a slice is resolved once it is decoded and the window before it has come.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/boundary.h"
#include "lib/fastq/source.h"
#include "lib/fastq/split.h"
#include "lib/fastq/symbol.h"
#include "lib/qc/count.h"
#include "lib/qc/rules.h"

struct slice {
	double decode, window, resolve; /* seconds */
	bool pointed;                   /* read in one pass: decode is 0 */
	uint64_t text;
};

struct totals {
	double sequential, counted, find, decode, window, resolve, pointed; /* counted: sequential, with counting */
	uint64_t text, sequential_text, held, pointed_n;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint8_t to[SLICE_BUFFER];
static struct arena_pool pool = {.most = 1000}; /* a slot has one for all its slices */

static bool counting;

/* The same, counted. */
static uint64_t count(int fd, const struct slice_task *task, struct split_report *ret_report, uint8_t window[SPLIT_WINDOW])
{
	struct slice_count counted = {0};
	struct count_rules rules;

	rules_default(&rules, COMPAT_0_11_9);
	if (count_slice(fd, task, COUNT_ALL & ~COUNT_KMERS, &rules, NULL, NULL, NULL, &counted, NULL) < 0 || counted.outcome == SLICE_FAULT) {
		fprintf(stderr, "the file is damaged, or memory is out\n");
		exit(65);
	}
	if (counted.outcome == SLICE_UNSURE) {
		fprintf(stderr, "a slice has no record that can be told: larger ones would have\n");
		exit(65);
	}
	if (ret_report) {
		*ret_report = counted.report;
		memcpy(window, counted.window, SPLIT_WINDOW);
	}
	slice_count_deinit(&counted);
	return 0;
}

/* All text of a task's source, up to its limit; the bytes. */
static uint64_t drain(int fd, const struct slice_task *task, struct split_report *ret_report, uint8_t window[SPLIT_WINDOW])
{
	struct source *source = NULL;
	struct marks marks = {0};
	uint64_t text = 0;
	int r;

	if (source_new(fd, task, &source) < 0)
		exit(71);
	source_begin(source, 0);
	do {
		size_t n = 0;

		r = source_fill(source, to, sizeof to, &marks, &n);
		text += n;
		marks_forget(&marks, text);
	} while (r == SOURCE_TEXT && source_limit(source) == UINT64_MAX);
	if (r == SOURCE_FAULT || r < 0) {
		fprintf(stderr, "the file is damaged\n");
		exit(65);
	}
	if (ret_report) {
		const uint8_t *last;

		*ret_report = *source_split(source, &last);
		memcpy(window, last, SPLIT_WINDOW);
	}
	source_free(source);
	marks_deinit(&marks);
	return text;
}

static void find_all(int fd, uint64_t size, uint64_t slice_size, struct totals *totals)
{
	static uint8_t packed[128 << 10];
	double start = now(), took;

	for (uint64_t at = slice_size; at < size; at += slice_size) {
		struct boundary found;
		ssize_t n = pread(fd, packed, sizeof packed, (off_t)at);

		if (n > 2 * BOUNDARY_AHEAD)
			(void)boundary_find(packed, 0, 8 * ((uint64_t)n - BOUNDARY_AHEAD), &found); /* only its time matters */
	}
	took = now() - start;
	totals->find = totals->find == 0 || took < totals->find ? took : totals->find;
}

static void next_point(struct split_point *point, const struct split_report *report, uint8_t window[SPLIT_WINDOW])
{
	uint64_t within = point->within + report->text, member = point->member;

	if (report->head_ends) {
		within = report->tail.length;
		member = report->tail_member;
	}
	*point = (struct split_point){.bit = report->next_bit, .header = report->next_header, .member = member, .within = within};
	point->window = window + SPLIT_WINDOW - split_window_size(point);
}

static void run_slice(int fd, const struct split_task *task, struct split_point *point, uint8_t window[SPLIT_WINDOW], struct slice *slice,
                      struct totals *totals)
{
	struct slice_task read = {
	    .kind = FILE_GZIP, .file_size = task->file_size, .begin = task->begin, .end = task->end, .read_max = READ_MAX_DEFAULT};
	struct split *split = NULL;
	struct split_report report;
	uint8_t next[SPLIT_WINDOW];
	double start = now();
	int r = SPLIT_UNSURE;

	*slice = (struct slice){0};
	if (point->bit >= 8 * task->end)
		return;
	if (task->begin > 0) {
		if (split_new(fd, task, &pool, &split, NULL) < 0)
			exit(71);
		while ((r = split_step(split)) == SPLIT_MORE)
			;
		slice->decode = now() - start;
		totals->held = split_held(split) > totals->held ? split_held(split) : totals->held;
	}
	read.point = point;
	if (r == SPLIT_DONE && split_place(split, point)) {
		uint8_t before[SPLIT_WINDOW];

		read.split = split;
		memset(before, 0, sizeof before);
		memcpy(before + SPLIT_WINDOW - split_window_size(point), point->window, split_window_size(point));
		start = now();
		if (split_symbols(split))
			(void)symbols_resolve(split_symbols(split), 0, before, SPLIT_WINDOW, next);
		slice->window = now() - start;
	} else {
		slice->pointed = true;
		totals->pointed_n++;
	}
	start = now();
	(void)(counting ? count : drain)(fd, &read, &report, next);
	slice->resolve = now() - start;
	slice->text = report.text;
	split_free(split);
	memcpy(window, next, SPLIT_WINDOW);
	next_point(point, &report, window);
}

/* When the last slice is done with so many slots, which take slices in order and keep them until they are resolved. */
static double path(const struct slice *slices, uint64_t n, unsigned int slots)
{
	double *free_at = calloc(slots, sizeof *free_at), windows = 0, last = 0;

	if (!free_at)
		exit(71);
	for (uint64_t i = 0; i < n; i++) {
		unsigned int best = 0;
		double ready;

		for (unsigned int k = 1; k < slots; k++)
			best = free_at[k] < free_at[best] ? k : best;
		ready = free_at[best] + slices[i].decode;
		ready = ready > windows ? ready : windows;
		free_at[best] = ready + slices[i].resolve;
		windows = slices[i].pointed ? free_at[best] : ready + slices[i].window;
		last = free_at[best] > last ? free_at[best] : last;
	}
	free(free_at);
	return last;
}

/* The least of each, as other processes disturb. */
static void keep_least(struct slice *least, const struct slice *slice, bool first)
{
	if (first) {
		*least = *slice;
		return;
	}
	least->decode = slice->decode < least->decode ? slice->decode : least->decode;
	least->window = slice->window < least->window ? slice->window : least->window;
	least->resolve = slice->resolve < least->resolve ? slice->resolve : least->resolve;
}

static void run(int fd, uint64_t size, uint64_t slice_size, struct slice *slices, uint64_t n, bool first, struct totals *totals)
{
	struct slice_task whole = {.kind = FILE_GZIP, .file_size = size, .end = size, .read_max = READ_MAX_DEFAULT};
	struct split_point point = {.header = true};
	uint8_t window[SPLIT_WINDOW];
	struct slice slice;
	double start = now(), took;

	totals->sequential_text = drain(fd, &whole, NULL, NULL);
	took = now() - start;
	totals->sequential = first || took < totals->sequential ? took : totals->sequential;
	start = now();
	if (counting)
		(void)count(fd, &whole, NULL, NULL);
	took = now() - start;
	totals->counted = first || took < totals->counted ? took : totals->counted;
	find_all(fd, size, slice_size, totals);
	for (uint64_t i = 0; i < n; i++) {
		struct split_task task = {.file_size = size, .begin = i * slice_size, .end = (i + 1) * slice_size, .text_max = 1ULL << 30};

		if (task.end > size)
			task.end = size;
		run_slice(fd, &task, &point, window, &slice, totals);
		keep_least(&slices[i], &slice, first);
		totals->text += slice.text;
	}
}

/* How long the sequential way takes: with counting on a core of its own, if that is wanted. */
static double sequential_wall(const struct totals *t)
{
	double counting_alone = t->counted - t->sequential;

	return counting_alone > t->sequential ? counting_alone : t->sequential;
}

static void print(const char *path_name, const struct totals *t, const struct slice *slices, uint64_t n, uint64_t slice_size,
                  unsigned int rounds)
{
	double mega = (double)t->sequential_text / 1e6, all = t->decode + t->window + t->resolve + t->pointed;
	double base = counting ? t->counted : t->sequential, wall = sequential_wall(t);

	printf("%s: %.0f MB of text, %llu slices of %llu bytes, %llu of them in one pass\n", path_name, mega, (unsigned long long)n,
	       (unsigned long long)slice_size, (unsigned long long)(t->pointed_n / rounds));
	printf("sequential, with CRC   %6.0f MB/s\n", mega / t->sequential);
	if (counting)
		printf("  and counted on a second core: %.0f MB/s, %.2f s of the processor's time\n", mega / wall, t->counted);
	printf("split%s %6.0f MB/s, %.2f times the processor's time of the sequential way\n", counting ? " and counted  " : "               ",
	       mega / all, all / base);
	printf("  in passes over the file: decoding to symbols %.2f (of it finding %.3f), windows %.4f, resolving with CRC%s "
	       "%.2f, in one pass %.2f\n",
	       t->decode / t->sequential, t->find / t->sequential, t->window / t->sequential,
	       counting ? " and counting" : "", t->resolve / t->sequential, t->pointed / t->sequential);
	for (unsigned int slots = 2; slots <= 64; slots *= 2)
		printf("%2u slots: %.1f times faster than the sequential way%s\n", slots, wall / path(slices, n, slots),
		       counting ? " on two cores" : "");
}

int main(int argc, char **argv)
{
	uint64_t slice_size = argc > 2 ? strtoull(argv[2], NULL, 10) : 4u << 20, n;
	unsigned int rounds = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 3;
	_cleanup_(closep) int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	_cleanup_(freep) struct slice *slices = NULL;
	struct totals t = {0};
	struct rusage usage;
	struct stat st;

	counting = argc > 4 && strcmp(argv[4], "count") == 0;
	if (fd < 0 || slice_size == 0 || fstat(fd, &st) < 0 || rounds == 0) {
		fprintf(stderr, "usage: split_bench FILE [SLICE_BYTES [ROUNDS [count]]]\n");
		return 64;
	}
	n = ((uint64_t)st.st_size + slice_size - 1) / slice_size;
	slices = calloc((size_t)n, sizeof *slices);
	if (!slices)
		return 71;
	for (unsigned int i = 0; i < rounds; i++)
		run(fd, (uint64_t)st.st_size, slice_size, slices, n, i == 0, &t);
	for (uint64_t i = 0; i < n; i++) {
		t.decode += slices[i].decode;
		t.window += slices[i].window;
		*(slices[i].pointed ? &t.pointed : &t.resolve) += slices[i].resolve;
	}
	if (!counting && t.text != rounds * t.sequential_text) {
		fprintf(stderr, "%llu bytes of text, wanted %llu\n", (unsigned long long)t.text, (unsigned long long)t.sequential_text);
		return 70;
	}
	getrusage(RUSAGE_SELF, &usage);
	print(argv[1], &t, slices, n, slice_size, rounds);
	printf("a slice holds %llu bytes at most; process %ld KiB\n", (unsigned long long)t.held, usage.ru_maxrss);
	return 0;
}
