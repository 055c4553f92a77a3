/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gzip files of every kind in slices of every size, by workers that do things in any order, against the same file in one slice:
 * number and content of the records, and kind and place of the fault, must be the same always.
 *
 * FQ_SEED and FQ_FILES (how many files of each kind: 4, with sanitizers a large and a small one) look further.
 */
#include "lib/fastq/split.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/fastq/drive_split.h"
#include "tests/unit/fastq/made_gzip.h"
#include "tests/unit/tap.h"

/* ---- cuts */

struct sum {
	uint64_t files, cuts, bad, faults;
	struct split_tally tally;
};

static bool same(const struct driven *a, const struct driven *b)
{
	return a->code == b->code && a->records == b->records && a->digest == b->digest && a->fault.kind == b->fault.kind &&
	       text_place_equal(a->fault.at, b->fault.at) && a->fault.record == b->fault.record && strcmp(a->err.text, b->err.text) == 0;
}

static void try_cut(const struct bytes *file, const struct driven *whole, const struct split_options *options, const char *name,
                    struct sum *sum)
{
	int fd = memory_file(file->p, file->n);
	struct driven cut;

	drive_split(fd, "made", options, &cut, &sum->tally);
	sum->cuts++;
	/* The number of a fault's record is counted from the slice that it is in. */
	cut.fault.record = whole->fault.record;
	if (!same(whole, &cut)) {
		sum->bad++;
		diag("%s: slices of %" PRIu64 " of %zu bytes, seed %" PRIu64 ": code %d %s", name, options->slice_size, file->n,
		     options->seed, cut.code, cut.err.text);
		diag("records %" PRIu64 ", wanted %" PRIu64 " %s; digest %d; fault %d at %" PRIu64 "+%" PRIu64 ", wanted %d at %" PRIu64
		     "+%" PRIu64,
		     cut.records, whole->records, whole->err.text, cut.digest == whole->digest, cut.fault.kind, cut.fault.at.block,
		     cut.fault.at.within, whole->fault.kind, whole->fault.at.block, whole->fault.at.within);
	}
	close(fd);
}

static void try_file(const struct bytes *file, const char *name, unsigned int cuts, uint64_t *random, struct sum *sum)
{
	struct drive_options whole_options = {.lenient = random_below(random, 5) == 0};
	int fd = memory_file(file->p, file->n);
	struct driven whole;

	drive(fd, "made", &whole_options, &whole);
	close(fd);
	sum->files++;
	if (whole.code < 0 || whole.kind != FILE_GZIP)
		return;
	sum->faults += whole.code == CHAIN_FAULT;
	for (unsigned int i = 0; i < cuts && sum->bad < 5; i++) {
		struct split_options options = {
		    .slice_size = i == 0 ? file->n / 3 + 1 : 500 + random_below(random, file->n / (1 + i % 4)),
		    .text_max = i % 5 == 4 ? 100000 : 64u << 20,
		    .seed = random_next(random),
		    .lenient = whole_options.lenient,
		    .lose = i % 3 == 2,
		    .ahead = i % 4 == 3,
		};

		try_cut(file, &whole, &options, name, sum);
	}
}

static void report(const struct sum *sum, const char *name)
{
	ok(sum->bad == 0, "%s: %" PRIu64 " files (%" PRIu64 " at fault), %" PRIu64 " cuts", name, sum->files, sum->faults, sum->cuts);
	diag("%" PRIu64 " inflated (%" PRIu64 " unsure, %" PRIu64 " large), %" PRIu64 " placed, %" PRIu64 " from a point, %" PRIu64
	     " empty, %" PRIu64 " rests",
	     sum->tally.inflated, sum->tally.unsure, sum->tally.large, sum->tally.placed, sum->tally.pointed, sum->tally.empty,
	     sum->tally.rests);
}

static void try_maker(const struct maker *maker, uint64_t files, uint64_t seed)
{
	struct sum good = {0}, bad = {0};

	for (uint64_t i = 0; i < files; i++) {
		uint64_t random = seed + i;
		struct bytes text = {0}, file = {0};
		char name[80];

		size_t size = random_below(&random, i % 2 ? 1500000 : 300000);

		make_records(&text, maker->member && maker->member < 100 ? size / 16 : size, &random);
		make_gzip_file(&file, maker, &text, &random);
		snprintf(name, sizeof name, "%s, FQ_SEED=%" PRIu64 " FQ_FILES=1", maker->name, seed + i);
		try_file(&file, name, 8, &random, &good);
		if (file.n > 40) {
			damage(&file, &random);
			try_file(&file, name, 3, &random, &bad);
		}
		bytes_deinit(&text);
		bytes_deinit(&file);
	}
	report(&good, maker->name);
	is_u64(good.faults, 0, "none of these is at fault");
	if (files >= 4)
		ok((good.tally.placed > 0) == (maker->strategy != Z_FIXED), "slices begin by themselves, but with fixed codes");
	report(&bad, "the same, damaged");
}

/* Text that is packed a thousand times smaller: a slice keeps no more than it may, and the file is read all the same. */
static void try_bomb(void)
{
	struct split_task task = {.text_max = 1 << 20};
	struct split_options options = {.slice_size = 8000, .text_max = 1 << 20, .seed = 1};
	struct drive_options whole_options = {0};
	const struct maker maker = {.level = 9, .memory = 1};
	struct bytes text = {0}, file = {0};
	struct split_tally tally = {0};
	struct driven whole, cut;
	struct split *split = NULL;
	uint64_t random = 1, most = 0;
	uint8_t *line = malloc(10 << 20);
	int fd, r = SPLIT_MORE;

	assert(line);
	memset(line, 'A', 10 << 20);
	bytes_add(&text, "@a\n", 3);
	bytes_add(&text, line, 10 << 20);
	bytes_add(&text, "\n+\n", 3);
	bytes_add(&text, line, 10 << 20);
	bytes_add(&text, "\n", 1);
	make_gzip_file(&file, &maker, &text, &random);
	fd = memory_file(file.p, file.n);
	task.file_size = task.end = file.n;
	task.begin = 500;
	if (split_new(fd, &task, NULL, &split, NULL) == 0)
		while ((r = split_step(split)) == SPLIT_MORE)
			most = split_held(split) > most ? split_held(split) : most;
	is_int(r, SPLIT_LARGE, "%zu bytes of text in %zu are too many for a slice", text.n, file.n);
	ok(most > 0 && most <= 4 * task.text_max + (256u << 10), "it held %" PRIu64 " bytes", most);
	split_free(split);
	drive(fd, "made", &whole_options, &whole);
	drive_split(fd, "made", &options, &cut, &tally);
	ok(whole.code == CHAIN_DONE && same(&whole, &cut), "the file is read");
	ok(tally.large > 0, "%" PRIu64 " slices of it from a known point", tally.pointed);
	close(fd);
	bytes_deinit(&text);
	bytes_deinit(&file);
	free(line);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(void)
{
	const char *slow = getenv("FQ_SANITIZERS");
	uint64_t seed = number_from("FQ_SEED", 1), files = number_from("FQ_FILES", slow && *slow ? 2 : 4);

	try_bomb();
	for (size_t i = 0; i < makers_n; i++)
		try_maker(&makers[i], files, seed);
	return done_testing();
}
