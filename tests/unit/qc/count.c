/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole files through reader, chain and counters, in slices of many sizes and in any order: the
 * packed counters are those of one slice, and the CSV is that of tests/oracle/mean.py, which reads
 * four lines a record.
 *
 *     count [FILE...]     these files instead of made ones
 */
#include "lib/qc/assembly.h"
#include "lib/qc/count.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/chain.h"
#include "lib/qc/csv.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define SLICES_MAX 100000
#define MODULES (COUNT_ALL & ~COUNT_KMERS) /* those that need no second count here */

struct made_file {
	const char *name;
	struct reads_kind reads;
	const char *line_end;
	bool cut_last;       /* no line end behind the last line */
	const char *packing; /* a shell command from standard input to standard output, or NULL */
};

static const struct made_file made_files[] = {
    {"plain", {200, 0, 150, '!', '~'}, "\n"},
    {"CRLF", {60, 1, 120, '#', 'K'}, "\r\n"},
    {"CR", {60, 1, 120, '#', 'K'}, "\r", true},
    {"no final line end", {60, 30, 100, '#', 'K'}, "\n", true},
    {"long reads", {20, 1, 9000, '"', 'T'}, "\n"},
    {"no reads", {0, 1, 1, '!', '~'}, "\n"},
    {"reads of one base", {50, 1, 1, '+', '@'}, "\n"},
    {"Phred+64", {80, 90, 100, '@', 'h'}, "\n"},
    {"gzip", {300, 0, 150, '!', '~'}, "\n", false, "gzip -c"},
    {"gzip members", {300, 0, 150, '!', '~'}, "\n", false, "split -b 7001 --filter='gzip -c'"},
    {"BGZF", {2000, 0, 150, '!', '~'}, "\n", false, "bgzip -c"},
};

static const uint64_t slice_sizes[] = {UINT64_MAX, 131, 1000, 4096, 65536};

/* ---- a file */

static void made_write(const struct made_file *made, const char *path)
{
	struct reads reads;
	char command[256];
	FILE *f;

	(void)snprintf(command, sizeof command, "%s > '%s'", made->packing ? made->packing : "cat",
	               path);
	f = popen(command, "w");
	if (!f)
		abort();
	reads_make(&reads, &made->reads, 77);
	for (size_t i = 0; i < reads.n; i++) {
		const struct record *record = &reads.records[i];
		bool last = made->cut_last && i == reads.n - 1;
		uint64_t seed = i + 1;

		fprintf(f, "@read%zu%s", i, made->line_end);
		for (uint32_t p = 0; p < record->length; p++)
			fputc("ACGTN"[random_below(&seed, 5)], f);
		fprintf(f, "%s+%s%.*s%s", made->line_end, made->line_end, (int)record->length,
		        record->quality, last ? "" : made->line_end);
	}
	reads_deinit(&reads);
	if (pclose(f) != 0)
		abort();
}

/* ---- through the chain */

struct local {
	int fd;
	struct chain chain;
	struct counters **counters; /* of each slice, NULL where there are none */
	struct count_rules rules;
	uint64_t seed, counts;
};

static void drop(struct local *local, uint64_t i)
{
	local->counters[i] = counters_free(local->counters[i]);
}

/* An open slice, any of them; there is one as long as the chain wants more. */
static uint64_t pick(struct local *local)
{
	uint64_t i = random_below(&local->seed, local->chain.n);

	for (uint64_t tries = 0; tries < local->chain.n; tries++, i = (i + 1) % local->chain.n)
		if (local->chain.links[i].state == LINK_OPEN)
			return i;
	abort();
}

static enum chain_outcome count_one(struct local *local, uint64_t i)
{
	uint64_t proven = local->chain.proven;
	enum chain_outcome outcome;
	struct slice_count count;
	struct slice_task task;
	struct error err;
	bool used;

	chain_task(&local->chain, i, READ_MAX_DEFAULT, false, &task);
	if (count_slice(local->fd, &task, MODULES, NULL, NULL, NULL, NULL, &count, &err) < 0) {
		diag("%s", err.text);
		return CHAIN_FAULT;
	}
	local->counts++;
	outcome =
	    chain_offer(&local->chain, i, &task, count.outcome, &count.seam, &count.fault, &used);
	if (used) {
		drop(local, i);
		local->counters[i] = TAKE(count.counters);
	}
	slice_count_deinit(&count);
	for (; proven < local->chain.proven; proven++)
		if (local->chain.links[proven].empty)
			drop(local, proven);
	if (outcome == CHAIN_MORE && local->chain.links[local->chain.proven].state == LINK_OPEN)
		drop(local, local->chain.proven);
	return outcome;
}

static struct counters *merge_all(struct local *local)
{
	struct assembly *assembly;
	struct counters *all;
	struct error err;

	if (assembly_new(MODULES, &local->rules, &assembly) < 0)
		abort();
	for (uint64_t i = 0; i < local->chain.n; i++) {
		if (!local->counters[i])
			assembly_skip(assembly);
		else if (assembly_take(assembly, TAKE(local->counters[i]), &err) < 0)
			abort();
	}
	if (assembly_result(assembly, &all, &err) < 0)
		abort();
	assembly_free(assembly);
	return all;
}

/* The counters of the file, or NULL with a line of comment. */
static struct counters *count_file(const char *path, uint64_t slice_size, uint64_t seed)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct local local = {.fd = fd, .seed = seed};
	enum chain_outcome outcome = CHAIN_MORE;
	struct counters *all = NULL;
	struct file_facts facts;
	struct error err = {0};

	if (fd < 0 || file_facts_take(fd, &facts, &err) < 0 ||
	    chain_init(&local.chain, &facts, slice_size, SLICES_MAX, &err) < 0) {
		diag("%s: %s", path, fd < 0 ? strerror(errno) : err.text);
		return NULL;
	}
	rules_default(&local.rules, COMPAT_0_12_1);
	local.counters = calloc(local.chain.n, sizeof *local.counters);
	if (!local.counters)
		abort();
	while (outcome == CHAIN_MORE)
		outcome = count_one(&local, pick(&local));
	if (outcome == CHAIN_DONE)
		all = merge_all(&local);
	for (uint64_t i = 0; i < local.chain.n; i++)
		drop(&local, i);
	free(local.counters);
	chain_deinit(&local.chain);
	return all;
}

/* ---- comparison */

static void compare_oracle(const char *name, const char *path, const struct counters *counters,
                           const struct csv_options *options, const char *arguments)
{
	const char *top = getenv("FQ_TOP_SRCDIR");
	char command[4096];
	struct error err = {0};
	FILE *compare;

	/*
	 * cmp's standard input is the oracle's output; ours comes on the shell's, which is 3 there
	 */
	(void)snprintf(command, sizeof command,
	               "exec 3<&0; python3 '%s/tests/oracle/mean.py' %s -- '%s' | cmp - /dev/fd/3",
	               top ? top : ".", arguments, path);
	compare = popen(command, "w");
	if (!compare)
		abort();
	is_int(csv_write(compare, counters, options, &err), 0, "%s: csv %s", name, err.text);
	is_int(pclose(compare), 0, "%s: the oracle's lines%s%s", name, arguments[0] ? " with " : "",
	       arguments);
}

static void test_file(const char *name, const char *path, bool python)
{
	_cleanup_(counters_freep) struct counters *whole = count_file(path, UINT64_MAX, 1);
	_cleanup_(freep) uint8_t *want = NULL;
	size_t want_n;

	if (!ok(whole != NULL, "%s: counts", name))
		return;
	want = counters_bytes(whole, &want_n);
	for (size_t i = 1; i < sizeof slice_sizes / sizeof slice_sizes[0]; i++) {
		_cleanup_(counters_freep) struct counters *sliced =
		    count_file(path, slice_sizes[i], i * 31);
		_cleanup_(freep) uint8_t *got = NULL;
		size_t got_n = 0;

		got = sliced ? counters_bytes(sliced, &got_n) : NULL;
		ok(got && got_n == want_n && memcmp(got, want, want_n) == 0,
		   "%s: the same in slices of %" PRIu64, name, slice_sizes[i]);
	}
	if (!python) {
		skip("there is no python3 for the oracle");
		return;
	}
	compare_oracle(name, path, whole, &(struct csv_options){.phred = PHRED_33}, "");
	compare_oracle(name, path, whole,
	               &(struct csv_options){PHRED_AUTO, .base = 1, .header = true, .crlf = true,
	                                     .error_mean = true},
	               "--phred auto --base 1 --header --crlf --error-mean");
}

/* ---- progress, and ends other than a good one */

static int ends_at_once(void *data, uint64_t bytes)
{
	*(uint64_t *)data = bytes;
	return -ECANCELED;
}

static int counts_calls(void *data, uint64_t bytes)
{
	++*(uint64_t *)data;
	return bytes > 0 ? 0 : -EINVAL;
}

static void test_progress(const char *path)
{
	const struct made_file made = {"40 MB", {130000, 150, 150, '#', 'K'}, "\n"};
	_cleanup_(closep) int fd = -1;
	struct slice_count count = {0};
	struct slice_task task;
	struct file_facts facts;
	struct chain chain;
	uint64_t bytes = 0, calls = 0;
	struct error err = {0};

	made_write(&made, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_facts_take(fd, &facts, &err) < 0 ||
	    chain_init(&chain, &facts, UINT64_MAX, 1, &err) < 0)
		abort();
	chain_task(&chain, 0, READ_MAX_DEFAULT, false, &task);
	is_int(count_slice(fd, &task, COUNT_MEAN, NULL, NULL, ends_at_once, &bytes, &count, &err), -ECANCELED,
	       "progress ends it");
	ok(bytes >= 16 << 20 && bytes < 20 << 20, "after about 16 MiB: %" PRIu64, bytes);
	is_int(count_slice(fd, &task, COUNT_MEAN, NULL, NULL, counts_calls, &calls, &count, &err), 0,
	       "or lets it go on");
	is_u64(calls, 2, "two calls for %" PRIu64 " bytes", facts.fingerprint.size);
	is_int(count.outcome, SLICE_END, "to its end");
	is_u64(counters_reads(count.counters), 130000, "with all reads");
	slice_count_deinit(&count);
	is_int(count_slice(fd, &task, 1u << 30, NULL, NULL, NULL, NULL, &count, &err), -EINVAL,
	       "an unknown module: %s", err.text);
	chain_deinit(&chain);
}

/* Both halves of one gzip stream, the second from where the first ended. */
static void test_gzip_slices(const char *path)
{
	const struct made_file made = {"gzip", {20000, 150, 150, '#', 'K'}, "\n", false, "gzip -6"};
	struct split_point point = {.header = true};
	struct slice_task task = {.kind = FILE_GZIP, .read_max = READ_MAX_DEFAULT, .point = &point};
	_cleanup_(closep) int fd = -1;
	struct slice_count first = {0}, second = {0};
	struct error err = {0};

	made_write(&made, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		abort();
	task.file_size = (uint64_t)lseek(fd, 0, SEEK_END);
	task.end = task.file_size / 2;
	is_int(count_slice(fd, &task, COUNT_MEAN, NULL, NULL, NULL, NULL, &first, &err), 0, "half a gzip stream");
	ok(first.outcome == SLICE_END && first.window && first.report.counted && first.report.next_bit >= 8 * task.end,
	   "says where it ended");
	point = (struct split_point){.bit = first.report.next_bit, .within = first.report.text};
	point.window = first.window + SPLIT_WINDOW - split_window_size(&point);
	task.begin = task.end;
	task.end = task.file_size;
	task.start_known = true;
	task.start = first.seam.next;
	is_int(count_slice(fd, &task, COUNT_MEAN, NULL, NULL, NULL, NULL, &second, &err), 0, "the other half");
	ok(second.outcome == SLICE_END && second.report.head_ends && second.report.next_header, "ends with the file");
	is_u64(counters_reads(first.counters) + counters_reads(second.counters), 20000, "all reads are in both");
	slice_count_deinit(&first);
	slice_count_deinit(&second);
	ok(!first.window, "the window is freed");
}

static void test_fault(const char *path)
{
	_cleanup_(fclosep) FILE *f = fopen(path, "w+");
	struct slice_task task = {.kind = FILE_PLAIN, .read_max = 100};
	struct slice_count count;
	struct error err = {0};

	if (!f)
		abort();
	task.file_size = task.end = (uint64_t)fprintf(f, "@a\nACGT\n+\nIIII\n@b\nACGT\n+\nIII\n");
	fflush(f);
	is_int(count_slice(fileno(f), &task, COUNT_MEAN, NULL, NULL, NULL, NULL, &count, &err), 0,
	       "a fault is an outcome");
	is_int(count.outcome, SLICE_FAULT, "of its own");
	is_int(count.fault.kind, FAULT_LENGTHS, "that says what it is");
	is_u64(count.fault.record, 1, "and where");
	ok(!count.counters, "and has no counters");
	slice_count_deinit(&count);
}

int main(int argc, char **argv)
{
	bool python = system("python3 -c '' >/dev/null 2>&1") == 0;
	bool bgzip = system("bgzip --version >/dev/null 2>&1") == 0;
	char folder[] = "/tmp/fqcluster-count-XXXXXX", path[64];

	for (int i = 1; i < argc; i++)
		test_file(argv[i], argv[i], python);
	if (argc > 1)
		return done_testing();
	if (!mkdtemp(folder))
		abort();
	(void)snprintf(path, sizeof path, "%s/made", folder);
	for (size_t i = 0; i < sizeof made_files / sizeof made_files[0]; i++) {
		const struct made_file *made = &made_files[i];

		if (!bgzip && made->packing && strcmp(made->packing, "bgzip -c") == 0) {
			skip("there is no bgzip to make BGZF with");
			continue;
		}
		made_write(made, path);
		test_file(made->name, path, python);
	}
	test_gzip_slices(path);
	test_progress(path);
	test_fault(path);
	(void)unlink(path);
	(void)rmdir(folder);
	return done_testing();
}
