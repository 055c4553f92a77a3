/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of results, and the names of their files: see output.h and fqctl.1. output_write.c writes them. */
#include "ctl/output.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/given.h"
#include "ctl/output_run.h"
#include "ctl/target.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

static const struct option_row output_rows[] = {
	{.long_name = "as", .argument = "FORMS", .type = OPTION_STRING,
	 .help = "Forms of the result, with commas between: csv (mean Phred score per base position), fastqc (FastQC's "
	         "NAME_fastqc.zip and NAME_fastqc.html), text (its fastqc_data.txt), json, html (one page), tsv (key figures, a "
	         "line a file). Unless said, qc and watch write fastqc, the others csv.",
	 OPTION_FIELD(struct output_options, as)},
	{.long_name = "output", .letter = 'o', .argument = "FILE", .type = OPTION_PATH,
	 .help = "Write one form to FILE; of several input files each to <folder of FILE>/<input name>.<name of FILE>.",
	 OPTION_FIELD(struct output_options, file)},
	{.long_name = "output-dir", .letter = 'd', .argument = "DIR", .type = OPTION_PATH,
	 .help = "Write into DIR: <input name>.csv, .fastqc_data.txt, .json, .html, run.tsv, or FastQC's files; beside several "
	         "pages index.html, which leads to them.",
	 OPTION_FIELD(struct output_options, folder)},
	{.long_name = "extract", .type = OPTION_BOOL, .help = "Unpack NAME_fastqc.zip into the folder NAME_fastqc, too.",
	 OPTION_FIELD(struct output_options, extract)},
	{.long_name = "noextract", .type = OPTION_BOOL, .help = "Do not unpack it; so it is anyway.",
	 OPTION_FIELD(struct output_options, noextract)},
	{.long_name = "delete", .type = OPTION_BOOL, .help = "With --extract: keep the folder and no zip.",
	 OPTION_FIELD(struct output_options, delete)},
	{.long_name = "phred", .argument = "OFFSET", .type = OPTION_CHOICE, .default_text = "auto", .choices = "33|64|auto",
	 .help = "Offset of the quality bytes; auto tells it from the lowest one in the file. CSV takes 33 unless this is "
	         "given.",
	 OPTION_FIELD(struct output_options, phred)},
	{.long_name = "base", .argument = "N", .type = OPTION_NUMBER, .default_text = "0", .largest = 1,
	 .help = "Index of the first position in the CSV.", OPTION_FIELD(struct output_options, base)},
	{.long_name = "header", .type = OPTION_BOOL, .help = "Begin the CSV with a line of column names.",
	 OPTION_FIELD(struct output_options, header)},
	{.long_name = "crlf", .type = OPTION_BOOL, .help = "End the lines of the CSV with CR LF.",
	 OPTION_FIELD(struct output_options, crlf)},
	{.long_name = "error-mean", .type = OPTION_BOOL,
	 .help = "Add a column to the CSV with -10 log10 of the mean error probability.",
	 OPTION_FIELD(struct output_options, error_mean)},
};

static const char *const form_names[_OUTPUT_FORM_MAX] = {"csv", "fastqc", "text", "json", "html", "tsv"};

const char *output_form_name(enum output_form form)
{
	return form_names[form];
}

/* "csv,html" to a set. */
static int forms_parse(const char *text, uint32_t *ret, struct error *err)
{
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ",");
		enum output_form form = 0;

		while (form < _OUTPUT_FORM_MAX && (strlen(form_names[form]) != n || strncmp(form_names[form], at, n) != 0))
			form++;
		if (form == _OUTPUT_FORM_MAX)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "--as %s: '%.*s' is no form; right are csv, fastqc, text, json, html, tsv, with commas "
			                 "between",
			                 TEXT(text), n < 64 ? (int)n : 64, at);
		*ret |= OUTPUT_SET(form);
		at += n;
		if (!*at)
			return 0;
	}
}

static int output_finish(struct conf *conf, struct error *err)
{
	struct output_options *options = conf->settings;
	int r;

	options->phred_given = CONF_SOURCE(conf, struct output_options, phred) != CONF_DEFAULT;
	if (options->extract && options->noextract)
		return error_set(err, -EINVAL, ERROR_USAGE, "give either --extract or --noextract, not both");
	r = given_name(CONF_SOURCE(conf, struct output_options, file), options->file, "-o: the name of the file", err);
	if (r == 0)
		r = given_name(CONF_SOURCE(conf, struct output_options, folder), options->folder, "--output-dir: the name of the folder", err);
	if (r < 0)
		return r;
	if (options->delete && !options->extract)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "--delete keeps no zip, so it needs --extract, which keeps the folder");
	return CONF_SOURCE(conf, struct output_options, as) != CONF_DEFAULT
	           ? forms_parse(options->as, &options->forms, err)
	           : 0;
}

const struct option_table output_table = {
	.name = "output",
	.rows = output_rows,
	.n = sizeof output_rows / sizeof *output_rows,
	.settings_size = sizeof(struct output_options),
	.finish = output_finish,
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *output_fastqc_name(const char *path, enum compat compat)
{
	static const char *const endings[] = {".gz", ".bz2", ".txt", ".fastq", ".fq", ".csfastq", ".sam", ".bam", ".ubam"};
	size_t endings_n = sizeof endings / sizeof *endings - (compat == COMPAT_0_11_9 ? 1 : 0);
	char *name = strdup(last_part(path));
	size_t n = name ? strlen(name) : 0;

	for (size_t i = 0; name && i < endings_n; i++) {
		size_t length = strlen(endings[i]);

		if (n >= length && strcmp(name + n - length, endings[i]) == 0) {
			n -= length;
			name[n] = '\0';
		}
	}
	return name;
}

/* Behind "<folder>/<input name>". */
static const char *form_ending(enum output_form form)
{
	static const char *const endings[_OUTPUT_FORM_MAX] = {".csv", "_fastqc", ".fastqc_data.txt", ".json", ".html", ""};

	return endings[form];
}

/* The folder of a result: "D", or "D/run1" for one of several inputs of a name. NULL: out of memory. */
static char *folder_of(const struct output_options *options, const char *path)
{
	const char *below = options->run ? output_apart_of(&options->run->apart, path) : "";
	char *folder;

	return asprintf(&folder, "%s%s%s", options->folder, below[0] ? "/" : "", below) < 0 ? NULL : folder;
}

static int place_fastqc(const struct output_options *options, enum compat compat, const char *path, char **ret)
{
	_cleanup_(freep) char *name = output_fastqc_name(path, compat), *folder = folder_of(options, path);
	int r;

	if (!name || !folder)
		return -ENOMEM;
	if (options->folder[0])
		r = asprintf(ret, "%s/%s_fastqc", folder, name);
	else
		r = asprintf(ret, "%.*s%s_fastqc", options->beside ? (int)(last_part(path) - path) : 0, path, name);
	return r < 0 ? -ENOMEM : 0;
}

int output_place(const struct output_options *options, enum compat compat, enum output_form form, const char *path,
                 size_t n, char **ret)
{
	const char *name = last_part(options->file);
	_cleanup_(freep) char *folder = folder_of(options, path);
	int r = 0;

	*ret = NULL;
	if (!folder)
		return -ENOMEM;
	if (form == OUTPUT_FASTQC)
		r = place_fastqc(options, compat, path, ret);
	else if (form == OUTPUT_TSV && options->folder[0])
		r = asprintf(ret, "%s/" OUTPUT_TABLE, options->folder);
	else if (options->folder[0])
		r = asprintf(ret, "%s/%s%s", folder, last_part(path), form_ending(form));
	else if (options->file[0] && (n == 1 || form == OUTPUT_TSV))
		r = asprintf(ret, "%s", options->file);
	else if (options->file[0])
		r = asprintf(ret, "%.*s%s.%s", (int)(name - options->file), options->file, last_part(path), name);
	if (r < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

bool output_to_stdout(const struct output_options *options)
{
	return !options->file[0] && !options->folder[0] && !(options->forms & OUTPUT_SET(OUTPUT_FASTQC));
}

static int folder_check(const char *folder, struct error *err)
{
	struct stat st;

	if (stat(folder, &st) < 0 || access(folder, W_OK) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "cannot write into %s: %s", TEXT(folder), strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(err, -ENOTDIR, ERROR_CANT_CREATE, "cannot write into %s: it is no folder", TEXT(folder));
	return 0;
}

/* The folder in which the name lies; where that is not there, it is `name` itself that is wrong, if it is an input. */
static int parent_check(const char *name, bool input, struct error *err)
{
	_cleanup_(freep) char *copy = strdup(name);
	int r = copy ? folder_check(dirname(copy), err) : error_oom(err);

	return input && (r == -ENOENT || r == -ENOTDIR) ? 0 : r;
}

/* The name in full, so that a/x and a/../a/x are one. */
static char *name_in_full(const char *name)
{
	_cleanup_(freep) char *copy = strdup(name), *folder = NULL;
	char *full;

	if (!copy)
		return NULL;
	folder = realpath(dirname(copy), NULL);
	if (!folder)
		return strdup(name);
	return asprintf(&full, "%s/%s", folder, last_part(name)) < 0 ? NULL : full;
}

struct place {
	char *name;
	const char *const *path; /* among the inputs */
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

/* Those of one name in the order of the inputs. */
static int by_name_and_input(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = by_name(a, b);

	return order ? order : (x->path > y->path) - (x->path < y->path);
}

/* a/x.fq and b/x.fq would both become x.fq.csv, x.fastq and x.fq.gz both x_fastqc.zip: the second would replace the first. */
static int names_check(struct place *places, size_t n, struct error *err)
{
	qsort(places, n, sizeof *places, by_name_and_input);
	for (size_t i = 1; i < n; i++)
		if (by_name(&places[i - 1], &places[i]) == 0 && strcmp(*places[i - 1].path, *places[i].path) == 0)
			return error_set(err, -EINVAL, ERROR_USAGE, "%s is there twice, and would be written to %s twice: right is once",
			                 TEXT(*places[i].path), TEXT(last_part(places[i].name)));
		else if (by_name(&places[i - 1], &places[i]) == 0)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "%s and %s: the results of both would be %s; right is one after the other, into "
			                 "folders of their own",
			                 TEXT(*places[i - 1].path), TEXT(*places[i].path), TEXT(last_part(places[i].name)));
	return 0;
}

/* Nor may a result take the place of the run's page. */
static int index_check(const struct output_options *options, enum output_form form, const char *const *paths, size_t n,
                       struct error *err)
{
	if (form != OUTPUT_HTML || !output_run_page(options, n))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(last_part(paths[i]), "index") == 0)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "%s: its report would be index.html, which is the page of the run; count it alone, into a "
			                 "folder of its own",
			                 TEXT(paths[i]));
	return 0;
}

/* The places of all files of this form. */
static int form_check(const struct output_options *options, enum compat compat, enum output_form form,
                      const char *const *paths, size_t n, struct error *err)
{
	_cleanup_(freep) struct place *places = calloc(n + 1, sizeof *places);
	size_t places_n = 0;
	int r = places ? 0 : -ENOMEM;

	if (form == OUTPUT_TSV) /* one for all */
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		_cleanup_(freep) char *name = NULL;

		r = output_place(options, compat, form, paths[i], n, &name);
		if (r < 0 || !name)
			break;
		places[places_n++] = (struct place){.name = name_in_full(name), .path = &paths[i]};
		r = places[places_n - 1].name ? 0 : -ENOMEM;
	}
	r = r < 0 ? error_oom(err) : names_check(places, places_n, err);
	if (r == 0)
		r = index_check(options, form, paths, n, err);
	if (form == OUTPUT_FASTQC && options->beside && !options->folder[0])
		for (size_t i = 0; r == 0 && i < n; i++)
			r = parent_check(paths[i], true, err);
	for (size_t i = 0; i < places_n; i++)
		free(places[i].name);
	return r;
}

/* -o FILE: where it leads, before anything is counted. Of several inputs FILE is only a part of their names. */
static int file_check(const struct output_options *options, size_t n, struct error *err)
{
	struct target target _cleanup_(target_deinit) = {0};
	bool one = n <= 1 || options->forms == OUTPUT_SET(OUTPUT_TSV);
	int r = target_find(options->file, &target, err);

	if (r < 0)
		return r;
	if (target.folder)
		return error_set(err, -EISDIR, ERROR_CANT_CREATE, "-o %s is a folder: right is the name of a file, or --output-dir",
		                 TEXT(options->file));
	if (!target.in_place)
		return parent_check(one ? target.path : options->file, false, err);
	if (!one)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "-o %s is no regular file and takes one result, and there are %zu: right is --output-dir DIR, or no -o, "
		                 "for standard output",
		                 TEXT(options->file), n);
	if (target.descriptor < 0 && access(target.path, W_OK) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(options->file), strerror(errno));
	return 0;
}

/* What cannot go together. */
static int ways_check(const struct output_options *options, const struct reporting *reporting, size_t n,
                      struct error *err)
{
	bool several = (options->forms & (options->forms - 1)) != 0;

	if (options->file[0] && options->folder[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "give either -o FILE or --output-dir DIR, not both");
	if (strcmp(options->file, "-") == 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "-o -: one form goes to standard output where there is no -o (of submit with "
		                 "--wait); a file of this name is ./-");
	if (options->file[0] && (several || options->forms & OUTPUT_SET(OUTPUT_FASTQC)))
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "-o FILE is for one form, and fastqc writes two files: right is --output-dir DIR");
	if (several && !options->folder[0])
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "several forms cannot all go to standard output: right is --output-dir DIR");
	if (n > 1 && options->forms & OUTPUT_SET(OUTPUT_HTML) && !options->file[0] && !options->folder[0])
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "several pages cannot all go to standard output: right is --output-dir DIR");
	if (n > 1 && reporting->shown.name)
		return error_set(err, -EINVAL, ERROR_USAGE, "--sample names one file, and there are %zu", n);
	return 0;
}

int output_check(const struct output_options *options, const struct reporting *reporting, const char *const *paths,
                 size_t n, struct error *err)
{
	int r = ways_check(options, reporting, n, err);

	if (r == 0 && options->file[0])
		r = file_check(options, n, err);
	if (r == 0 && options->folder[0])
		r = folder_check(options->folder, err);
	if (r == 0 && options->folder[0] && options->run && output_apart_find(&options->run->apart, paths, n, reporting->rules.compat) < 0)
		r = error_oom(err);
	for (enum output_form form = 0; r == 0 && form < _OUTPUT_FORM_MAX; form++)
		if (options->forms & OUTPUT_SET(form))
			r = form_check(options, reporting->rules.compat, form, paths, n, err);
	return r;
}
