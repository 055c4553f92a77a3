/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting on this machine: the same bytes of CSV whatever the threads and slices, and one bad file costs no other. */
#include "ctl/local/local.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include <zlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/csv.h"
#include "tests/unit/tap.h"

#define FILES_MAX 40

struct seen {
	size_t n;               /* calls of done() */
	bool in_order;
	char *csv[FILES_MAX];   /* NULL: failed, or no means were counted */
	uint8_t *packed[FILES_MAX];
	size_t packed_n[FILES_MAX];
	uint64_t again[FILES_MAX];
	uint64_t records[FILES_MAX];
	struct error error[FILES_MAX];
	size_t files;
	uint64_t calls;         /* of progress() */
	bool sane;              /* progress() never told more than there is */
};

static void done(void *data, size_t i, const struct local_result *result)
{
	static const struct csv_options plain = {.phred = PHRED_33};
	struct seen *seen = data;
	size_t n = 0;
	FILE *out;

	seen->in_order = seen->in_order && i == seen->n;
	seen->n++;
	if (i >= FILES_MAX)
		return;
	seen->records[i] = result->records;
	seen->error[i] = result->error;
	seen->again[i] = result->again;
	if (result->counters && counters_pack(result->counters, &seen->packed[i], &seen->packed_n[i]) < 0)
		abort();
	if (!result->counters || !(counters_modules(result->counters) & COUNT_QUALITY_SUM))
		return;
	out = open_memstream(&seen->csv[i], &n);
	if (!out || csv_write(out, result->counters, &plain, NULL) < 0)
		abort();
	(void)fclose(out);
}

static void progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	struct seen *seen = data;

	seen->calls++;
	seen->sane = seen->sane && ended <= seen->files && (bytes > 0 || bytes_done == 0);
}

static void count(const char *const *paths, size_t n, const struct local_options *options, struct seen *ret)
{
	struct local_watch watch = {.done = done, .progress = progress, .data = ret};
	struct error err = {0};

	*ret = (struct seen){.in_order = true, .files = n, .sane = true};
	is_int(local_count(paths, n, options, &watch, &err), 0, "%zu files, %u threads, slices of %llu (%s)", n, options->threads,
	       (unsigned long long)options->slice_size, err.text);
	ok(ret->n == n && ret->in_order && ret->sane, "each file was handed out once, in order");
}

static void seen_deinit(struct seen *seen)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		free(seen->csv[i]);
		free(seen->packed[i]);
	}
}

/* Reads of 1 to longest bases; with a read that has too few qualities before the end, if bad. */
static void make(const char *name, unsigned int reads, unsigned int longest, bool bad)
{
	FILE *out = fopen(name, "we");
	uint64_t seed = longest;

	if (!out)
		abort();
	for (unsigned int i = 0; i < reads; i++) {
		unsigned int bases = 1 + i % longest;

		(void)fprintf(out, "@r%u\n%.*s\n+\n", i, (int)bases,
		              "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT");
		for (unsigned int k = bad && i == reads / 2 ? 1 : 0; k < bases; k++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			(void)fputc((int)('!' + (seed >> 33) % 94), out);
		}
		(void)fputc('\n', out);
	}
	(void)fclose(out);
}

#define FEW 350000 /* reads at the beginning of a few sequences: more than a file's lead */

/* Illumina's headers, and behind the beginning so many different sequences that no slice can remember them all. */
static void make_diverse(const char *name, unsigned int reads)
{
	FILE *out = fopen(name, "we");
	uint64_t seed = reads;

	if (!out)
		abort();
	for (unsigned int i = 0; i < reads; i++) {
		char sequence[13] = "", quality[13] = "";

		for (unsigned int k = 0; k < 12; k++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			sequence[k] = i < FEW || i % 9 == 0 ? "ACGT"[(i / 9 % 5 >> k) & 3] : "ACGT"[seed >> 62];
			quality[k] = (char)('#' + (seed >> 40) % 38);
		}
		(void)fprintf(out, "@M:1:F:1:%u:9:%u\n%s\n+\n%s\n", 1101 + i % 7, i, sequence, quality);
	}
	(void)fclose(out);
}

static struct local_options options_of(uint32_t threads, uint64_t slice_size)
{
	static struct count_rules rules;

	rules_default(&rules, COMPAT_0_12_1);
	return (struct local_options){
		.threads = threads, .modules = COUNT_MEAN, .rules = &rules, .read_max = 1 << 20, .slice_size = slice_size};
}

/* By hand: one read after the other. */
static char *means(const char *name)
{
	uint64_t sum[128] = {0}, reads[128] = {0};
	FILE *in = fopen(name, "re");
	char line[512], *text = NULL;
	size_t n = 0;
	FILE *out;

	for (unsigned int i = 0; in && fgets(line, sizeof line, in); i++)
		for (unsigned int p = 0; i % 4 == 3 && line[p] != '\n'; p++) {
			sum[p] += (unsigned char)line[p];
			reads[p]++;
		}
	if (in)
		(void)fclose(in);
	out = open_memstream(&text, &n);
	if (!out)
		abort();
	for (unsigned int p = 0; p < 128 && reads[p]; p++)
		(void)fprintf(out, "%u,%.10g\n", p, (double)(sum[p] - 33 * reads[p]) / (double)reads[p]);
	(void)fclose(out);
	return text;
}

/* Whether two tables say the same to nine digits. */
static bool agree(const char *a, const char *b)
{
	while (*a && *b) {
		char *next_a, *next_b;
		unsigned long i = strtoul(a, &next_a, 10), j = strtoul(b, &next_b, 10);
		double x, y;

		if (i != j || *next_a != ',' || *next_b != ',')
			return false;
		x = strtod(next_a + 1, &next_a);
		y = strtod(next_b + 1, &next_b);
		if (x - y > 1e-8 || y - x > 1e-8 || *next_a != '\n' || *next_b != '\n')
			return false;
		a = next_a + 1;
		b = next_b + 1;
	}
	return !*a && !*b;
}

static void test_same(void)
{
	static const char *const paths[] = {"a.fq", "b.fq", "empty.fq"};
	static const uint64_t sizes[] = {0, 1000, 4096, 50000, 1 << 30};
	_cleanup_(freep) char *want_a = means("a.fq"), *want_b = means("b.fq");
	struct local_options options = options_of(1, 0);
	struct seen first;

	count(paths, 3, &options, &first);
	ok(first.csv[0] && agree(first.csv[0], want_a) && first.csv[1] && agree(first.csv[1], want_b), "the means are those by hand");
	is_str(first.csv[2], "", "an empty file has no line");
	is_u64(first.records[0], 5000, "records are told");
	for (uint32_t threads = 1; threads <= 4; threads++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct seen seen;

			options = options_of(threads, sizes[i]);
			count(paths, 3, &options, &seen);
			for (size_t k = 0; k < 3; k++)
				is_str(seen.csv[k], first.csv[k], "%s: the same CSV", paths[k]);
			is_u64(seen.records[0], 5000, "and as many records");
			seen_deinit(&seen);
		}
	seen_deinit(&first);
}

static void test_faults(void)
{
	static const char *const paths[] = {"a.fq", "bad.fq", "none.fq", "b.fq", ".", "a.fq", "empty.fq"};
	static const enum error_class want[] = {0, ERROR_DATA, ERROR_NO_INPUT, 0, ERROR_NO_INPUT, 0, 0};

	for (uint32_t threads = 1; threads <= 4; threads++) {
		struct local_options options = options_of(threads, threads == 1 ? 0 : 3000);
		struct seen seen;

		count(paths, 7, &options, &seen);
		for (size_t i = 0; i < 7; i++) {
			is_int(seen.error[i].class, want[i], "%s: %s", paths[i], seen.error[i].text);
			ok((seen.csv[i] != NULL) == (want[i] == ERROR_NONE), "a result or an error, not both");
			ok(want[i] == ERROR_NONE || strstr(seen.error[i].text, paths[i]), "the sentence names the file");
		}
		ok(strstr(seen.error[1].text, "record 2001") != NULL, "and the record: %s", seen.error[1].text);
		ok(seen.csv[0] && seen.csv[5] && strcmp(seen.csv[0], seen.csv[5]) == 0, "the same file twice: the same CSV");
		seen_deinit(&seen);
	}
}

static bool same_counters(const struct seen *a, const struct seen *b, size_t i)
{
	return a->packed[i] && b->packed[i] && a->packed_n[i] == b->packed_n[i] &&
	       memcmp(a->packed[i], b->packed[i], a->packed_n[i]) == 0;
}

/* All that a report needs: the same counters to the byte, however the file was cut. */
static void test_report(void)
{
	static const char *const paths[] = {"some.fq", "a.fq"};
	static const uint64_t sizes[] = {0, 30000, 300000};
	struct local_options options = options_of(1, 1 << 30);
	struct seen first;

	options.modules = COUNT_REPORT;
	count(paths, 2, &options, &first);
	is_u64(first.again[0], 0, "one slice lacks nothing");
	for (uint32_t threads = 1; threads <= 3; threads++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			struct seen seen;

			options.threads = threads;
			options.slice_size = sizes[i];
			count(paths, 2, &options, &seen);
			ok(same_counters(&first, &seen, 0) && same_counters(&first, &seen, 1), "the same counters to the byte");
			ok(threads > 1 || seen.again[0] == 0, "slices in order lack nothing");
			seen_deinit(&seen);
		}
	seen_deinit(&first);
}

/*
 * Behind the lead two threads begin slices before all tracked sequences are known, so some have to be counted again; where the
 * machine gave one thread no time, another try does.
 */
static void test_again(void)
{
	static const char *const paths[] = {"diverse.fq"};
	struct local_options options = options_of(1, 1 << 30);
	uint64_t again = 0;
	struct seen first;

	options.modules = COUNT_REPORT;
	count(paths, 1, &options, &first);
	options = options_of(2, 17000000);
	options.modules = COUNT_REPORT;
	for (int tries = 0; tries < 50 && again == 0; tries++) {
		struct seen seen;

		count(paths, 1, &options, &seen);
		again = seen.again[0];
		ok(same_counters(&first, &seen, 0), "the same counters again");
		seen_deinit(&seen);
	}
	ok(again > 0, "with %llu slices counted twice", (unsigned long long)again);
	seen_deinit(&first);
}

static void pack(const char *name, const char *to)
{
	static char bytes[1 << 16];
	FILE *in = fopen(name, "re");
	gzFile out = gzopen(to, "wb1");
	size_t n;

	if (!in || !out)
		abort();
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		if (gzwrite(out, bytes, (unsigned int)n) <= 0)
			abort();
	if (gzclose(out) != Z_OK)
		abort();
	(void)fclose(in);
}

/* Gzip files are one slice each; with threads left over their text is made ahead, and all is the same. */
static void test_gzip(void)
{
	static const char *const plain[] = {"a.fq", "some.fq", "bad.fq", "empty.fq"};
	static const char *const paths[] = {"a.fq.gz", "some.fq.gz", "bad.fq.gz", "empty.fq.gz"};
	struct local_options options = options_of(1, 1 << 30);
	struct seen first;

	for (size_t i = 0; i < 4; i++)
		pack(plain[i], paths[i]);
	options.modules = COUNT_REPORT;
	count(plain, 4, &options, &first);
	for (uint32_t threads = 1; threads <= 6; threads++) {
		struct seen seen;

		options.threads = threads;
		count(paths, 4, &options, &seen);
		ok(same_counters(&first, &seen, 0) && same_counters(&first, &seen, 1) && same_counters(&first, &seen, 3),
		   "the same counters from gzip");
		is_int(seen.error[2].class, ERROR_DATA, "and the fault: %s", seen.error[2].text);
		ok(strstr(seen.error[2].text, "record 2001") != NULL, "at its record");
		seen_deinit(&seen);
	}
	seen_deinit(&first);
	for (size_t i = 0; i < 4; i++)
		(void)unlink(paths[i]);
}

/* More files than threads, small ones between large ones, and more threads than slices. */
static void test_many(void)
{
	static const char *const names[] = {"b.fq", "empty.fq", "bad.fq", "one.fq"};
	const char *paths[FILES_MAX];
	struct local_options options = options_of(4, 20000);
	struct seen seen;
	size_t good = 0;

	for (size_t i = 0; i < FILES_MAX; i++)
		paths[i] = names[i % 4];
	count(paths, FILES_MAX, &options, &seen);
	for (size_t i = 0; i < FILES_MAX; i++)
		good += i % 4 == 2 ? seen.error[i].class == ERROR_DATA
		                   : seen.csv[i] && strcmp(seen.csv[i], seen.csv[i % 4]) == 0;
	is_u64(good, FILES_MAX, "every file has what it must have");
	seen_deinit(&seen);
	options = options_of(16, 0);
	count(paths + 3, 1, &options, &seen);
	is_str(seen.csv[0], "0,2.0\n", "16 threads for one read");
	seen_deinit(&seen);
	count(paths, 0, &options, &seen);
}

struct written {
	atomic_uint calls[FILES_MAX];
	atomic_uint without; /* calls without counters */
	size_t n, wrong;     /* files told; those not as they should be */
};

static int write_result(void *data, size_t i, const struct local_result *result, struct error *err)
{
	struct written *written = data;

	atomic_fetch_add(&written->calls[i], 1);
	atomic_fetch_add(&written->without, result->counters ? 0 : 1);
	return i % 4 == 1 ? error_set(err, -ENOSPC, ERROR_CANT_CREATE, "no room for %zu", i) : 0;
}

static void tell_result(void *data, size_t i, const struct local_result *result)
{
	static const enum error_class want[] = {0, ERROR_CANT_CREATE, ERROR_DATA, 0};
	struct written *written = data;

	written->wrong += i != written->n || result->error.class != want[i % 4] || result->counters != NULL;
	written->n++;
}

/* write() is called in many threads, once for each file that was counted, and what it says is the file's result. */
static void test_write(void)
{
	static const char *const names[] = {"b.fq", "empty.fq", "bad.fq", "one.fq"};
	struct written written = {0};
	struct local_watch watch = {.write = write_result, .done = tell_result, .data = &written};
	struct local_options options = options_of(4, 20000);
	const char *paths[FILES_MAX];
	struct error err = {0};
	size_t good = 0;

	for (size_t i = 0; i < FILES_MAX; i++)
		paths[i] = names[i % 4];
	is_int(local_count(paths, FILES_MAX, &options, &watch, &err), 0, "files that are written in their threads (%s)", err.text);
	for (size_t i = 0; i < FILES_MAX; i++)
		good += written.calls[i] == (i % 4 == 2 ? 0 : 1);
	is_u64(good, FILES_MAX, "each was written once, and the wrong one never");
	is_u64(written.without, 0, "with its counters");
	is_u64(written.n, FILES_MAX, "all were told");
	is_u64(written.wrong, 0, "in order, with what became of them");
}

static void test_options(void)
{
	static const char *const paths[] = {"a.fq", "one.fq"}, *const bad[] = {"bad.fq"};
	struct local_options options = options_of(2, 0);
	struct seen seen;

	options.read_max = 10;
	count(paths, 2, &options, &seen);
	is_int(seen.error[0].class, ERROR_DATA, "a read above read_max is refused: %s", seen.error[0].text);
	is_str(seen.csv[1], "0,2.0\n", "the shorter one is not");
	seen_deinit(&seen);
	options = options_of(2, 3000);
	options.lenient = true;
	count(bad, 1, &options, &seen);
	ok(seen.csv[0] && seen.records[0] == 4000, "lenient takes a record whose lengths differ");
	seen_deinit(&seen);
	ok(local_cores() >= 1, "there is a core: %u", local_cores());
}

int main(void)
{
	static const char *const names[] = {"a.fq", "b.fq", "bad.fq", "diverse.fq", "empty.fq", "one.fq", "some.fq"};
	const char *tmp = getenv("TMPDIR");
	char folder[PATH_MAX];
	FILE *one;

	(void)snprintf(folder, sizeof folder, "%s/fqlocal.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return skip_all("no temporary folder");
	make("a.fq", 5000, 80, false);
	make("b.fq", 3000, 31, false);
	make("bad.fq", 4000, 50, true);
	make("empty.fq", 0, 1, false);
	make_diverse("some.fq", 60000);
	make_diverse("diverse.fq", FEW + 700000);
	one = fopen("one.fq", "we");
	if (!one || fputs("@r\nA\n+\n#\n", one) < 0 || fclose(one) != 0)
		abort();
	test_same();
	test_report();
	test_again();
	test_faults();
	test_gzip();
	test_many();
	test_write();
	test_options();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unlink(names[i]);
	(void)rmdir(folder);
	return done_testing();
}
