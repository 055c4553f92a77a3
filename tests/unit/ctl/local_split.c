/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gzip files of every kind, good and damaged, counted in slices of every size by any number of threads: the same counters to the byte
 * as one slice, or the same error.
 *
 * FQ_SEED and FQ_FILES (how many files of each kind) look further.
 */
#include "ctl/local/split.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/split_chain.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made_gzip.h"
#include "tests/unit/tap.h"

/* What became of a file. */
struct seen {
	uint8_t *packed; /* counters; NULL where there is an error */
	size_t n;
	uint64_t records, again;
	bool anew;
	struct error error;
	char why[160];
};

static struct count_rules rules;

static void done(void *data, size_t i, const struct local_result *result)
{
	struct seen *seen = (struct seen *)data + i;

	seen->records = result->records;
	seen->again = result->again;
	seen->anew = result->anew;
	seen->error = result->error;
	memcpy(seen->why, result->why, sizeof seen->why);
	if (result->counters && counters_pack(result->counters, &seen->packed, &seen->n) < 0)
		abort();
}

static void count(const char *const *paths, size_t n, const struct local_options *options, struct seen *seen)
{
	struct local_watch watch = {.done = done, .data = seen};
	struct error err = {0};

	memset(seen, 0, n * sizeof *seen);
	if (local_count(paths, n, options, &watch, &err) < 0)
		abort();
}

static void seen_deinit(struct seen *seen)
{
	free(TAKE(seen->packed));
}

static bool same(const struct seen *a, const struct seen *b)
{
	if (!a->packed || !b->packed)
		return !a->packed && !b->packed && a->error.class == b->error.class && strcmp(a->error.text, b->error.text) == 0;
	return a->records == b->records && a->n == b->n && memcmp(a->packed, b->packed, a->n) == 0;
}

static struct local_options options_of(enum split_gzip split, uint32_t threads, uint64_t slice_size)
{
	return (struct local_options){.threads = threads,
	                              .modules = COUNT_REPORT,
	                              .rules = &rules,
	                              .read_max = READ_MAX_DEFAULT,
	                              .slice_size = slice_size,
	                              .split_gzip = split};
}

static void write_file(const char *name, const struct bytes *bytes)
{
	FILE *out = fopen(name, "we");

	if (!out || fwrite(bytes->p, 1, bytes->n, out) != bytes->n || fclose(out) != 0)
		abort();
}

/* ---- made files of every kind */

struct sum {
	uint64_t files, cuts, bad, faults, again, anew;
};

static void try_cut(const struct local_options *options, size_t bytes, const struct seen *whole, const char *name, struct sum *sum)
{
	static const char *const path = "made.gz";
	struct seen cut;

	count(&path, 1, options, &cut);
	sum->cuts++;
	sum->again += cut.again;
	sum->anew += cut.anew;
	if (!same(whole, &cut)) {
		sum->bad++;
		diag("%s: %zu bytes in slices of %" PRIu64 ", %" PRIu32 " threads: %" PRIu64 " records, %s", name, bytes,
		     options->slice_size, options->threads, cut.records, cut.error.text);
		diag("wanted %" PRIu64 " records, %s", whole->records, whole->error.text);
	}
	seen_deinit(&cut);
}

static void try_file(const struct bytes *file, const char *name, unsigned int cuts, uint64_t *random, struct sum *sum)
{
	static const char *const path = "made.gz";
	struct local_options options = options_of(SPLIT_GZIP_NEVER, 1, 0);
	struct seen whole;

	write_file(path, file);
	options.lenient = random_below(random, 5) == 0;
	count(&path, 1, &options, &whole);
	sum->files++;
	sum->faults += whole.error.class != ERROR_NONE;
	options.split_gzip = SPLIT_GZIP_ALWAYS;
	for (unsigned int i = 0; i < cuts && sum->bad < 5; i++) {
		options.slice_size = i == 0 ? file->n / 3 + 1 : 500 + random_below(random, file->n / (1 + i % 4));
		options.threads = 1 + (uint32_t)random_below(random, 5);
		try_cut(&options, file->n, &whole, name, sum);
	}
	seen_deinit(&whole);
}

static void crlf(struct bytes *text)
{
	struct bytes other = {0};

	for (size_t i = 0; i < text->n; i++)
		if (text->p[i] == '\n')
			bytes_add(&other, "\r\n", 2);
		else
			bytes_add(&other, text->p + i, 1);
	bytes_deinit(text);
	*text = other;
}

/* Reads of tens of thousands of bases, so that a slice may lie within one. */
static void make_long(struct bytes *text, size_t size, uint64_t *random)
{
	while (text->n < size) {
		size_t n = 1000 + random_below(random, 60000);

		bytes_add(text, "@long\n", 6);
		for (size_t i = 0; i < n; i++)
			bytes_add(text, &"ACGT"[random_below(random, 4)], 1);
		bytes_add(text, "\n+\n", 3);
		for (size_t i = 0; i < n; i++)
			bytes_add(text, &(char){(char)('!' + random_below(random, 40))}, 1);
		bytes_add(text, "\n", 1);
	}
}

static void try_maker(const struct maker *maker, uint64_t files, uint64_t seed)
{
	struct sum good = {0}, bad = {0};

	for (uint64_t i = 0; i < files; i++) {
		struct bytes text = {0}, file = {0};
		uint64_t random = seed + i;
		char name[80];
		size_t size = random_below(&random, i % 2 ? 600000 : 200000);
		uint64_t text_kind = random_below(&random, 4);

		if (maker->member && maker->member < 100)
			size /= 16;
		if (text_kind == 1)
			make_long(&text, size, &random);
		else
			make_records(&text, size, &random);
		if (text_kind == 2)
			crlf(&text);
		make_gzip_file(&file, maker, &text, &random);
		snprintf(name, sizeof name, "%s, FQ_SEED=%" PRIu64 " FQ_FILES=1", maker->name, seed + i);
		try_file(&file, name, 6, &random, &good);
		if (file.n > 40) {
			damage(&file, &random);
			try_file(&file, name, 3, &random, &bad);
		}
		bytes_deinit(&text);
		bytes_deinit(&file);
	}
	ok(good.bad == 0 && good.faults == 0 && good.anew == 0, "%s: %" PRIu64 " files, %" PRIu64 " cuts, %" PRIu64 " slices counted twice",
	   maker->name, good.files, good.cuts, good.again);
	ok(bad.bad == 0, "the same, damaged: %" PRIu64 " of %" PRIu64 " at fault, %" PRIu64 " cuts, %" PRIu64 " begun anew", bad.faults,
	   bad.files, bad.cuts, bad.anew);
}

/* ---- single matters */

/* The 10,000th read in a slice that is counted while the one before is: it is counted again, from its point. */
static void test_again(void)
{
	static const char *const path = "diverse.gz";
	struct local_options options = options_of(SPLIT_GZIP_NEVER, 1, 0);
	struct bytes text = {0}, file = {0};
	const struct maker maker = {.level = 1};
	uint64_t random = 7, again = 0;
	struct seen whole, cut;
	bool good = true;

	for (unsigned int i = 0; i < 40000; i++) {
		char line[120];
		uint64_t x = random_next(&random);
		int n = sprintf(line, "@M:1:F:1:%u:9:%u\n", 1101 + i % 7, i);

		for (unsigned int k = 0; k < 14; k++)
			line[n++] = "ACGT"[x >> 2 * k & 3];
		n += sprintf(line + n, "\n+\nIIIIIIIIIIIIII\n");
		bytes_add(&text, line, (size_t)n);
	}
	make_gzip_file(&file, &maker, &text, &random);
	write_file(path, &file);
	count(&path, 1, &options, &whole);
	for (int tries = 0; tries < 200 && again == 0; tries++) {
		options = options_of(SPLIT_GZIP_ALWAYS, 3, 25000 + 4000 * (uint64_t)(tries % 8));
		count(&path, 1, &options, &cut);
		again += cut.again;
		good = good && same(&whole, &cut) && !cut.anew;
		seen_deinit(&cut);
	}
	ok(good, "the same counters, with second counts");
	ok(again > 0, "%" PRIu64 " slices were counted again", again);
	seen_deinit(&whole);
	bytes_deinit(&text);
	bytes_deinit(&file);
	(void)unlink(path);
}

/* Several files at a time share the shelves; one of them is damaged. */
static void test_many(uint64_t seed)
{
	static const char *const paths[] = {"0.gz", "1.gz", "2.gz", "3.gz", "4.gz", "5.gz"};
	struct seen whole[6], cut[6];
	uint64_t random = seed;
	size_t bad = 0;

	for (size_t i = 0; i < 6; i++) {
		struct bytes text = {0}, file = {0};

		make_records(&text, 400000, &random);
		make_gzip_file(&file, &makers[i * 3 % makers_n], &text, &random);
		if (i % 3 == 1)
			file.p[file.n - 5] ^= 1;
		write_file(paths[i], &file);
		bytes_deinit(&text);
		bytes_deinit(&file);
	}
	count(paths, 6, &(struct local_options){.threads = 1, .modules = COUNT_REPORT, .rules = &rules, .read_max = 1000,
	                                        .split_gzip = SPLIT_GZIP_NEVER}, whole);
	for (uint32_t threads = 1; threads <= 6; threads++) {
		struct local_options options = options_of(SPLIT_GZIP_ALWAYS, threads, 9000 * threads);

		options.read_max = 1000;
		count(paths, 6, &options, cut);
		for (size_t i = 0; i < 6; i++) {
			bad += !same(&whole[i], &cut[i]) || cut[i].anew != (i % 3 == 1);
			seen_deinit(&cut[i]);
		}
	}
	is_u64(bad, 0, "six files at a time, one to six threads");
	ok(whole[1].error.class != ERROR_NONE && !whole[1].packed, "those that are damaged: %s", whole[1].error.text);
	for (size_t i = 0; i < 6; i++) {
		seen_deinit(&whole[i]);
		(void)unlink(paths[i]);
	}
}

/* Which way a file goes. */
static void test_plan(void)
{
	struct file_facts facts = {.kind = FILE_GZIP, .fingerprint.size = 1ULL << 30};
	struct local_options options = options_of(SPLIT_GZIP_AUTO, 64, 0);
	uint64_t size = local_cores() < 4 ? 0 : SPLIT_SLICE_LEAST;
	char why[160];

	is_u64(local_split_plan(&options, &facts, 64, why, sizeof why), size, "%s", why);
	is_u64(local_split_plan(&options, &facts, 3, why, sizeof why), 0, "%s", why);
	options.split_gzip = SPLIT_GZIP_ALWAYS;
	is_u64(local_split_plan(&options, &facts, 1, why, sizeof why), SPLIT_SLICE_LEAST, "%s", why);
	options.slice_size = 1000;
	is_u64(local_split_plan(&options, &facts, 1, why, sizeof why), 1000, "%s", why);
	options.split_gzip = SPLIT_GZIP_NEVER;
	is_u64(local_split_plan(&options, &facts, 64, why, sizeof why), 0, "%s", why);
	facts.kind = FILE_BGZF;
	options.split_gzip = SPLIT_GZIP_ALWAYS;
	is_u64(local_split_plan(&options, &facts, 64, why, sizeof why), 0, "BGZF is cut by itself");
	is_str(why, "", "and nothing is said of it");
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(void)
{
	uint64_t seed = number_from("FQ_SEED", 1), files = number_from("FQ_FILES", 2);
	const char *tmp = getenv("TMPDIR");
	char folder[PATH_MAX];

	(void)snprintf(folder, sizeof folder, "%s/fqlocal_split.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return skip_all("no temporary folder");
	rules_default(&rules, COMPAT_0_12_1);
	test_plan();
	test_again();
	test_many(seed);
	for (size_t i = 0; i < makers_n; i++)
		try_maker(&makers[i], files, seed);
	(void)unlink("made.gz");
	(void)rmdir(folder);
	return done_testing();
}
