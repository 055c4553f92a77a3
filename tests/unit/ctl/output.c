/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where results go: the names of files, what is refused beforehand, and that a file appears whole or not at all. */
#include "ctl/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/arguments.h"
#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

/* Two reads: IIII and 5I. */
#define WANT "0,30.0\n1,40.0\n2,40.0\n3,40.0\n"

static struct counters *counters_make(uint32_t bases)
{
	struct batch *batch = calloc(1, sizeof *batch);
	uint8_t *quality = calloc(1, bases + BATCH_SLACK);
	struct counters *counters = NULL;

	if (!batch || !quality || counters_new(COUNT_MEAN | COUNT_REPORT, NULL, &PRIOR_FIRST, &counters) < 0)
		abort();
	memset(quality, 'I', bases);
	batch->n = 1;
	batch->records[0] = (struct record){
		.sequence = quality, .quality = quality, .length = bases, .quality_length = bases};
	if (counters_add(counters, batch) < 0)
		abort();
	quality[0] = '5';
	batch->records[0].length = batch->records[0].quality_length = 2;
	if (counters_add(counters, batch) < 0)
		abort();
	free(quality);
	free(batch);
	return counters;
}

static struct output_options options_make(const char *as, const char *file, const char *folder)
{
	struct output_options options;
	struct error err = {0};
	struct conf conf;

	if (conf_init(&conf, &output_table, &options, NULL) < 0 || conf_replace(&options.as, as, NULL) < 0 ||
	    conf_replace(&options.file, file, NULL) < 0 || conf_replace(&options.folder, folder, NULL) < 0)
		abort();
	for (size_t i = 0; i < output_table.n; i++)
		if (strcmp(output_table.rows[i].long_name, "as") == 0)
			conf.source[i] = CONF_COMMAND;
	if (conf_finish(&conf, &err) < 0)
		abort();
	return options;
}

/* FastQC's lists and rules. */
static struct reporting reporting;

static void reporting_make(void)
{
	static struct report_choices report;
	static struct rules_choices rules;
	struct error err = {0};
	struct conf conf;

	if (conf_init(&conf, &report_table, &report, NULL) < 0 || conf_init(&conf, &rules_table, &rules, NULL) < 0 ||
	    reporting_load(&report, &rules, &reporting, &err) < 0)
		abort();
	conf_deinit(&report_table, &report);
	conf_deinit(&rules_table, &rules);
}

static int check_as(const char *as, const char *file, const char *folder, const char *const *paths, size_t n,
                    struct error *err)
{
	struct output_options options = options_make(as, file, folder);
	int r;

	*err = (struct error){0};
	r = output_check(&options, &reporting, paths, n, err);
	conf_deinit(&output_table, &options);
	return r;
}

static int check(const char *file, const char *folder, const char *const *paths, size_t n, struct error *err)
{
	return check_as("csv", file, folder, paths, n, err);
}

static int write_as(const char *as, const char *file, const char *folder, const char *path, size_t n,
                    const struct counters *counters, struct error *err)
{
	struct output_options options = options_make(as, file, folder);
	int r = output_write(&options, &reporting, path, n, counters, err);

	conf_deinit(&output_table, &options);
	return r;
}

static int write_to(const char *file, const char *folder, const char *path, size_t n, const struct counters *counters,
                    struct error *err)
{
	return write_as("csv", file, folder, path, n, counters, err);
}

/* The text of a file, "(none)" where there is none. */
static const char *text_of(const char *name, char text[4096])
{
	FILE *in = fopen(name, "re");

	if (!in)
		return "(none)";
	text[fread(text, 1, 4095, in)] = '\0';
	(void)fclose(in);
	return text;
}

/* Entries of the folder; with remove, they are unlinked. */
static unsigned int entries(const char *folder, bool remove)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' && (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		n++;
		if (remove && unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			abort();
	}
	if (dir)
		(void)closedir(dir);
	return n;
}

static void test_names(const struct counters *counters)
{
	static const struct {
		const char *file, *folder, *path;
		size_t n;
		const char *name;
	} rows[] = {
		{"d/X.csv", "", "in/a.fq", 1, "d/X.csv"},
		{"d/X.csv", "", "in/a.fq", 2, "d/a.fq.X.csv"},
		{"d/X.csv", "", "a.fq.gz", 2, "d/a.fq.gz.X.csv"},
		{"X.csv", "", "/in/deep/a.fq", 2, "a.fq.X.csv"},
		{"X.csv", "", "/in/deep/a.fq", 1, "X.csv"},
		{"", "d", "in/a.fq.gz", 1, "d/a.fq.gz.csv"},
		{"", "d", "a.fq", 2, "d/a.fq.csv"},
		{"", "d/", "a.fq", 2, "d/a.fq.csv"},
		{"", "d", "in/100%s %n.fq", 2, "d/100%s %n.fq.csv"},
	};
	char text[4096];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct error err = {0};

		is_int(write_to(rows[i].file, rows[i].folder, rows[i].path, rows[i].n, counters, &err), 0, "%s, one of %zu (%s)",
		       rows[i].path, rows[i].n, err.text);
		is_str(text_of(rows[i].name, text), WANT, "-o '%s' -d '%s': %s", rows[i].file, rows[i].folder, rows[i].name);
		(void)unlink(rows[i].name);
	}
	is_u64(entries("d", false), 0, "and no other file");
}

static void test_refused(void)
{
	static const char *const two[] = {"x/a.fq", "x/b.fq"}, *const same[] = {"x/a.fq", "b.fq", "y/a.fq"};
	struct error err = {0};

	is_int(check("", "", same, 3, &err), 0, "standard output is always right");
	is_int(check("d/X", "", two, 2, &err), 0, "-o into a folder that is there");
	is_int(check("X", "", two, 2, &err), 0, "-o here");
	is_int(check("", "d", two, 2, &err), 0, "--output-dir that is there");
	is_int(check("", "d", NULL, 0, &err), 0, "inputs not known yet");
	is_int(check("X", "d", two, 2, &err), -EINVAL, "both");
	is_int(err.class, ERROR_USAGE, "%s", err.text);
	is_int(check("no/X", "", two, 2, &err), -ENOENT, "-o into a folder that is not there");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "no", two, 2, &err), -ENOENT, "--output-dir that is not there");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "file", two, 2, &err), -ENOTDIR, "--output-dir that is a file");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	is_int(check("", "d", same, 3, &err), -EINVAL, "two inputs of one name");
	is_int(err.class, ERROR_USAGE, "%s", err.text);
	ok(strstr(err.text, "x/a.fq") && strstr(err.text, "y/a.fq"), "both are named");
	is_int(check("d/X", "", same, 3, &err), -EINVAL, "likewise with -o");
	is_int(check("d/X", "", same, 1, &err), 0, "one input");
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

static void test_bits(const struct counters *counters)
{
	mode_t before = umask(022);

	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "written");
	is_u64(mode_of("d/a"), 0644, "umask 022");
	(void)umask(077);
	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "written over it");
	is_u64(mode_of("d/a"), 0600, "umask 077");
	(void)umask(0);
	is_int(write_to("d/b", "", "a", 1, counters, NULL), 0, "written");
	is_u64(mode_of("d/b"), 0666, "umask 0");
	is_u64(umask(before), 0, "the umask is as it was");
	is_u64(entries("d", true), 2, "two files, nothing beside them");
}

/* A disk that is full in the middle, by the largest size of a file. */
static void test_whole(const struct counters *counters)
{
	struct rlimit before, small;
	struct counters *large = counters_make(20000);
	struct error err = {0};
	char text[4096];

	is_int(write_to("d/a", "", "a", 1, counters, NULL), 0, "a result is there");
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 10000;
	(void)setrlimit(RLIMIT_FSIZE, &small);
	ok(write_to("d/a", "", "a", 1, large, &err) < 0, "a larger one does not fit");
	(void)setrlimit(RLIMIT_FSIZE, &before);
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	ok(strstr(err.text, "d/a") != NULL, "the sentence names the file");
	is_str(text_of("d/a", text), WANT, "the one before is untouched");
	is_u64(entries("d", true), 1, "nothing is left beside it");
	ok(write_to("no/a", "", "a", 1, counters, &err) < 0, "the folder is gone");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	if (mkdir("d/folder", 0700) < 0)
		abort();
	ok(write_to("d/folder", "", "a", 1, counters, &err) < 0, "a folder cannot be written");
	is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
	(void)rmdir("d/folder");
	is_u64(entries("d", true), 0, "nothing is left");
	counters_free(large);
}

static void test_long_name(const struct counters *counters)
{
	char name[NAME_MAX + 3] = "d/", longer[NAME_MAX + 4];
	struct error err = {0};

	memset(name + 2, 'n', NAME_MAX);
	is_int(write_to(name, "", "a", 1, counters, &err), 0, "a name that just fits (%s)", err.text);
	is_u64(entries("d", true), 1, "is there");
	(void)snprintf(longer, sizeof longer, "%sn", name);
	is_int(write_to(longer, "", "a", 1, counters, &err), -ENAMETOOLONG, "one byte more does not");
	is_u64(entries("d", true), 0, "nothing is left");
}

static bool is_kind(const char *name, mode_t kind)
{
	struct stat st;

	return lstat(name, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

/*
 * What is no regular file is written, not replaced. Devices are reached through symbolic links of ours only: a fault must
 * replace the link, not /dev/null of the machine.
 */
static void test_device(const struct counters *counters)
{
	struct error err = {0};
	char text[4096] = "";
	int pipe_end;

	if (mkfifo("d/pipe", 0600) < 0 || symlink("/dev/full", "d/full") < 0)
		abort();
	pipe_end = open("d/pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	is_int(write_to("d/pipe", "", "a", 1, counters, &err), 0, "a pipe is written (%s)", err.text);
	ok(read(pipe_end, text, sizeof text - 1) > 0, "its reader gets something");
	is_str(text, WANT, "the whole table");
	ok(is_kind("d/pipe", S_IFIFO), "and it is a pipe afterwards");
	(void)close(pipe_end);
	if (access("/dev/full", W_OK) < 0) {
		skip("no /dev/full");
	} else {
		ok(write_to("d/full", "", "a", 1, counters, &err) < 0, "a device that takes nothing");
		is_int(err.class, ERROR_CANT_CREATE, "%s", err.text);
		ok(strstr(err.text, "d/full") != NULL, "named");
		ok(is_kind("d/full", S_IFLNK), "and still there");
	}
	is_u64(entries("d", true), 2, "nothing beside them");
}

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
		{"fastqc,csv", false, 1, COUNT_REPORT | COUNT_MEAN},
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
		{"csv,fastqc,text,json,html", OUTPUT_SET(_OUTPUT_FORM_MAX) - 1},
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
	remove_tree("d/a_fastqc");
	(void)entries("d", true);
	conf_deinit(&output_table, &options);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	char folder[PATH_MAX];
	struct counters *counters = counters_make(4);
	FILE *file;

	(void)snprintf(folder, sizeof folder, "%s/fqoutput.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("d", 0700) < 0 || !(file = fopen("file", "we")))
		return skip_all("no temporary folder");
	(void)fclose(file);
	reporting_make();
	test_forms();
	test_fastqc_names();
	test_places();
	test_ways_refused();
	test_names(counters);
	test_refused();
	test_bits(counters);
	test_whole(counters);
	test_long_name(counters);
	test_device(counters);
	test_modules();
	test_lacks(counters);
	test_reports(counters);
	reporting_deinit(&reporting);
	counters_free(counters);
	(void)rmdir("d");
	(void)entries(".", true);
	(void)rmdir(folder);
	return done_testing();
}
