/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forms of results: --as, the names of FastQC's files, what cannot go together, and what is written. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/arguments.h"
#include "ctl/outbox.h"
#include "ctl/output.h"
#include "lib/base/cleanup.h"
#include "lib/qc/prior.h"
#include "tests/unit/ctl/output_setup.h"
#include "tests/unit/tap.h"

static void test_modules(void)
{
	static const struct {
		const char *as;
		bool error_mean;
		double kmer_ignore;
		uint32_t modules;
	} rows[] = {
		{"csv", false, 1, COUNT_MEAN},
		{"csv", true, 1, COUNT_MEAN | COUNT_QUALITY_TABLE},
		{"csv", false, 0, COUNT_MEAN},
		{"text", false, 1, COUNT_REPORT},
		{"json", false, 1, COUNT_REPORT},
		{"html", true, 1, COUNT_REPORT},
		{"fastqc", false, 0, COUNT_REPORT | COUNT_KMERS},
		{"fastqc,csv", false, 1, COUNT_REPORT},
	};
	double before = reporting.limits.of[LIMIT_KMER].ignore;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct output_options options = options_make(rows[i].as, "", "");

		options.error_mean = rows[i].error_mean;
		reporting.limits.of[LIMIT_KMER].ignore = rows[i].kmer_ignore;
		is_u64(output_modules(&options, &reporting), rows[i].modules, "%s: its modules and no more", rows[i].as);
		conf_deinit(&output_table, &options);
	}
	reporting.limits.of[LIMIT_KMER].ignore = before;
}

static void test_forms(void)
{
	static const struct {
		const char *as;
		uint32_t forms; /* 0: refused */
	} rows[] = {
		{"csv", OUTPUT_SET(OUTPUT_CSV)},
		{"json,csv", OUTPUT_SET(OUTPUT_CSV) | OUTPUT_SET(OUTPUT_JSON)},
		{"csv,fastqc,text,json,html,tsv", OUTPUT_SET(_OUTPUT_FORM_MAX) - 1},
		{"csv,csv", OUTPUT_SET(OUTPUT_CSV)},
		{"", 0},
		{"csv,", 0},
		{",csv", 0},
		{"CSV", 0},
		{"cs", 0},
		{"csvx", 0},
		{"csv text", 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct output_options options = {0};
		char line[64], *words[] = {line, line + 1};
		struct conf_arguments arguments = {0};
		const struct option_table *table = &output_table;
		struct error err = {0};
		struct conf conf;
		int r;

		(void)snprintf(line, sizeof line, "p");
		(void)snprintf(line + 1, sizeof line - 1, "--as=%s", rows[i].as);
		r = arguments_parse(&arguments, &table, 1, ARGUMENTS_ALL, 2, words, &err);
		if (r < 0 || conf_init(&conf, &output_table, &options, &err) < 0 || conf_apply(&conf, &arguments, &err) < 0)
			abort();
		r = conf_finish(&conf, &err);
		is_int(r, rows[i].forms ? 0 : -EINVAL, "--as '%s' (%s)", rows[i].as, err.text);
		if (rows[i].forms)
			is_u64(options.forms, rows[i].forms, "means these");
		else
			ok(err.class == ERROR_USAGE && strstr(err.text, "csv, fastqc, text, json, html"), "says what is right");
		conf_deinit(&output_table, &options);
		arguments_deinit(&arguments);
	}
}

/* FastQC takes these endings off, once each and in its order. */
static void test_fastqc_names(void)
{
	static const struct {
		const char *path, *name;
		enum compat compat;
	} rows[] = {
		{"a.fastq.gz", "a", COMPAT_0_12_1},
		{"in/a.fq", "a", COMPAT_0_12_1},
		{"a.b.fq.gz", "a.b", COMPAT_0_12_1},
		{"a.gz.fastq", "a.gz", COMPAT_0_12_1},
		{"a.fq.fastq.txt.bz2.gz", "a", COMPAT_0_12_1},
		{"a.fastq.fastq", "a.fastq", COMPAT_0_12_1},
		{"a.FASTQ", "a.FASTQ", COMPAT_0_12_1},
		{"a.ubam", "a", COMPAT_0_12_1},
		{"a.ubam", "a.ubam", COMPAT_0_11_9},
		{".fastq.gz", "", COMPAT_0_12_1},
		{"afastq", "afastq", COMPAT_0_12_1},
		{"x.fq/a", "a", COMPAT_0_12_1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		_cleanup_(freep) char *name = output_fastqc_name(rows[i].path, rows[i].compat);

		is_str(name, rows[i].name, "%s for %s", rows[i].path, compat_name(rows[i].compat));
	}
}

static void test_places(void)
{
	static const struct {
		enum output_form form;
		const char *folder;
		bool beside;
		const char *path, *place; /* NULL: standard output */
	} rows[] = {
		{OUTPUT_CSV, "d", false, "in/a.fq.gz", "d/a.fq.gz.csv"},
		{OUTPUT_TEXT, "d", false, "in/a.fq.gz", "d/a.fq.gz.fastqc_data.txt"},
		{OUTPUT_JSON, "d", true, "in/a.fq.gz", "d/a.fq.gz.json"},
		{OUTPUT_HTML, "d", false, "in/a.fq.gz", "d/a.fq.gz.html"},
		{OUTPUT_FASTQC, "d", true, "in/a.fq.gz", "d/a_fastqc"},
		{OUTPUT_FASTQC, "", true, "in/deep/a.fq.gz", "in/deep/a_fastqc"},
		{OUTPUT_FASTQC, "", true, "a.fq.gz", "a_fastqc"},
		{OUTPUT_FASTQC, "", false, "in/a.fq.gz", "a_fastqc"},
		{OUTPUT_TEXT, "", true, "in/a.fq.gz", NULL},
		{OUTPUT_CSV, "", true, "in/a.fq.gz", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct output_options options = options_make("csv", "", rows[i].folder);
		_cleanup_(freep) char *place = NULL;

		options.beside = rows[i].beside;
		is_int(output_place(&options, COMPAT_0_12_1, rows[i].form, rows[i].path, 1, &place), 0, "a place");
		if (rows[i].place)
			is_str(place, rows[i].place, "of %s in '%s'", rows[i].path, rows[i].folder);
		else
			ok(!place, "standard output");
		conf_deinit(&output_table, &options);
	}
}

static void test_ways_refused(void)
{
	static const char *const one[] = {"a.fq"}, *const two[] = {"a.fq", "b.fq"}, *const same[] = {"x/a.fq.gz", "y/a.fastq"},
	                        *const twice[] = {"d/../d/a.fq", "d/a.fastq"};
	struct output_options options;
	struct error err;

	is_int(check_as("text", "X", "", one, 1, &err), 0, "-o for one form");
	is_int(check_as("csv,text", "X", "", one, 1, &err), -EINVAL, "-o for two forms: %s", err.text);
	is_int(check_as("fastqc", "X", "", one, 1, &err), -EINVAL, "-o for FastQC's files: %s", err.text);
	is_int(check_as("csv,text", "", "", one, 1, &err), -EINVAL, "two forms on standard output: %s", err.text);
	is_int(check_as("html", "", "", two, 2, &err), -EINVAL, "two pages on standard output: %s", err.text);
	is_int(check_as("html", "", "", one, 1, &err), 0, "one page");
	is_int(check_as("json", "", "", two, 2, &err), 0, "two times JSON");
	is_int(check_as("csv,fastqc,text,json,html", "", "d", two, 2, &err), 0, "everything into a folder");
	is_int(check_as("csv,json,text,html", "", "d", same, 2, &err), 0, "names that differ");
	is_int(check_as("fastqc", "", "d", same, 2, &err), -EINVAL, "two inputs of one FastQC name: %s", err.text);
	ok(strstr(err.text, "x/a.fq.gz") && strstr(err.text, "y/a.fastq"), "both are named");
	is_int(err.class, ERROR_USAGE, "a matter of the command line");
	is_int(check_as("fastqc", "", "", same, 2, &err), -EINVAL, "likewise in the current folder");
	options = options_make("fastqc", "", "");
	options.beside = true;
	is_int(output_check(&options, &reporting, same, 2, &err), 0, "but not beside their inputs");
	is_int(output_check(&options, &reporting, twice, 2, &err), -EINVAL, "unless that is one folder: %s", err.text);
	conf_deinit(&output_table, &options);
	reporting.shown.name = "sample";
	is_int(check_as("text", "", "", two, 2, &err), -EINVAL, "--sample for two files: %s", err.text);
	reporting.shown.name = NULL;
}

/* What a job that was counted for another form or version says. */
static void test_lacks(const struct counters *counters)
{
	struct counters *mean = NULL;
	struct error err = {0};

	if (counters_new(COUNT_MEAN, NULL, &PRIOR_FIRST, &mean) < 0)
		abort();
	ok(write_as("text", "d/t", "", "a.fq", 1, mean, &err) < 0, "no report of means: %s", err.text);
	is_int(err.class, ERROR_USAGE, "a matter of the command line");
	reporting.limits.of[LIMIT_KMER].ignore = 0;
	if (!(counters_modules(counters) & COUNT_KMERS))
		ok(write_as("text", "d/t", "", "a.fq", 1, counters, &err) < 0, "no k-mers: %s", err.text);
	reporting.limits.of[LIMIT_KMER].ignore = 1;
	reporting.compat_given = true;
	reporting.rules.compat = COMPAT_0_11_9;
	ok(write_as("text", "d/t", "", "a.fq", 1, counters, &err) < 0, "another version: %s", err.text);
	is_int(write_as("csv", "d/t", "", "a.fq", 1, counters, &err), 0, "which does not matter for CSV");
	reporting.compat_given = false;
	is_int(write_as("text", "d/t", "", "a.fq", 1, counters, &err), 0, "the version that was counted (%s)", err.text);
	reporting.rules.compat = COMPAT_0_12_1;
	is_u64(entries("d", true), 1, "no other file");
	counters_free(mean);
}

static bool begins(const char *name, const char *with)
{
	char text[4096];

	return strncmp(text_of(name, text), with, strlen(with)) == 0;
}

static unsigned int mode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? st.st_mode & 07777 : 0;
}

static mode_t umask_get(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return mask;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st, (void)kind, (void)place;
	return remove(path);
}

static void remove_tree(const char *path)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0)
		abort();
}

/* All forms at once, and FastQC's folder. */
static void test_reports(const struct counters *counters)
{
	struct output_options options = options_make("csv,fastqc,text,json,html", "", "d");
	struct error err = {0};

	is_int(output_write(&options, &reporting, "in/a.fq.gz", 1, counters, &err), 0, "all forms (%s)", err.text);
	is_u64(entries("d", false), 6, "six files");
	ok(begins("d/a.fq.gz.csv", "0,30.0\n"), "CSV");
	ok(begins("d/a.fq.gz.fastqc_data.txt", "##FastQC\t0.12.1\n"), "text");
	ok(begins("d/a.fq.gz.json", "{"), "JSON");
	ok(begins("d/a.fq.gz.html", "<!"), "page");
	ok(begins("d/a_fastqc.html", "<!"), "FastQC's page");
	ok(begins("d/a_fastqc.zip", "PK"), "FastQC's zip");
	(void)entries("d", true);
	options.forms = OUTPUT_SET(OUTPUT_FASTQC);
	options.extract = true;
	is_int(output_write(&options, &reporting, "a.fq", 1, counters, &err), 0, "unpacked (%s)", err.text);
	is_u64(entries("d", false), 3, "a zip, a page, a folder");
	ok(begins("d/a_fastqc/fastqc_data.txt", "##FastQC\t0.12.1\n"), "with the text in it");
	ok(begins("d/a_fastqc/summary.txt", "PASS\t"), "the summary");
	ok(begins("d/a_fastqc/fastqc_report.html", "<!"), "the page");
	is_u64(mode_of("d/a_fastqc"), 0777 & ~umask_get(), "the folder's bits follow the umask");
	options.delete = true;
	(void)unlink("d/a_fastqc/summary.txt");
	is_int(output_write(&options, &reporting, "a.fq", 1, counters, &err), 0, "over a folder that is there (%s)", err.text);
	ok(begins("d/a_fastqc/summary.txt", "PASS\t"), "what was missing is there again");
	ok(access("d/a_fastqc.zip", F_OK) < 0, "--delete leaves no zip");
	options.extract = options.delete = false;
	is_int(output_write(&options, &reporting, "a\xff\tb.fq", 1, counters, &err), 0, "a name that is no text (%s)", err.text);
	ok(begins("d/a\xff\tb_fastqc.zip", "PK"), "has its zip");
	remove_tree("d/a_fastqc");
	(void)entries("d", true);
	conf_deinit(&output_table, &options);
}

static int write_word(FILE *out, const void *data, struct error *err)
{
	(void)err;
	return fputs(data, out) < 0 ? -EIO : 0;
}

/* A folder by a link, and one whose place is taken while it is written. */
static void test_folder(const struct counters *counters)
{
	struct output_options options = options_make("fastqc", "", "d");
	struct error err = {0};
	const char *folder = NULL;
	char inner[PATH_MAX];

	options.extract = true;
	if (symlink("later", "d/a_fastqc") < 0)
		abort();
	is_int(output_write(&options, &reporting, "a.fq", 1, counters, &err), 0, "by a link to a folder that is not there (%s)", err.text);
	ok(begins("d/later/summary.txt", "PASS\t"), "which is made");
	remove_tree("d/later");
	is_u64(entries("d", true), 3, "a zip, a page, the link");
	conf_deinit(&output_table, &options);

	struct outbox outbox _cleanup_(outbox_deinit) = {0};

	is_int(outbox_folder(&outbox, "d/x", &folder, &err), 0, "a folder (%s)", err.text);
	(void)snprintf(inner, sizeof inner, "%s/below", folder);
	is_int(outbox_subfolder(&outbox, inner, &err), 0, "one in it");
	(void)snprintf(inner, sizeof inner, "%s/below/word", folder);
	is_int(outbox_write(&outbox, inner, write_word, "word", &err), 0, "a file in that");
	if (mkdir("d/x", 0700) < 0 || mkdir("d/x/theirs", 0700) < 0)
		abort();
	ok(outbox_commit(&outbox, &err) < 0, "somebody made one of this name: %s", err.text);
	outbox_deinit(&outbox);
	remove_tree("d/x");
	is_u64(entries("d", false), 0, "nothing of ours is left");
}

int main(void)
{
	struct counters *counters;

	if (!setup_begin())
		return skip_all("no temporary folder");
	counters = counters_make(4);
	test_modules();
	test_forms();
	test_fastqc_names();
	test_places();
	test_ways_refused();
	test_lacks(counters);
	test_reports(counters);
	test_folder(counters);
	counters_free(counters);
	setup_end();
	return done_testing();
}
