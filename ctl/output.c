/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where results go: see output.h. The rules of names are those of the CSV contract (fqctl.1). */
#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

static const struct option_row output_rows[] = {
	{.long_name = "as", .argument = "FORM", .type = OPTION_CHOICE, .default_text = "csv", .choices = "csv",
	 .help = "Form of the result; csv is the mean Phred score per base position.", OPTION_FIELD(struct output_options, form)},
	{.long_name = "output", .letter = 'o', .argument = "FILE", .type = OPTION_PATH,
	 .help = "Write to FILE; of several input files each to <folder of FILE>/<input name>.<name of FILE>.",
	 OPTION_FIELD(struct output_options, file)},
	{.long_name = "output-dir", .letter = 'd', .argument = "DIR", .type = OPTION_PATH,
	 .help = "Write each result to DIR/<input name>.csv.", OPTION_FIELD(struct output_options, folder)},
	{.long_name = "phred", .argument = "OFFSET", .type = OPTION_CHOICE, .default_text = "33", .choices = "33|64|auto",
	 .help = "Offset of the quality bytes; auto tells it from the lowest one in the file.",
	 OPTION_FIELD(struct output_options, phred)},
	{.long_name = "base", .argument = "N", .type = OPTION_NUMBER, .default_text = "0", .largest = 1,
	 .help = "Index of the first position.", OPTION_FIELD(struct output_options, base)},
	{.long_name = "header", .type = OPTION_BOOL, .help = "Begin the CSV with a line of column names.",
	 OPTION_FIELD(struct output_options, header)},
	{.long_name = "crlf", .type = OPTION_BOOL, .help = "End lines with CR LF.", OPTION_FIELD(struct output_options, crlf)},
	{.long_name = "error-mean", .type = OPTION_BOOL,
	 .help = "Add a column with -10 log10 of the mean error probability.",
	 OPTION_FIELD(struct output_options, error_mean)},
};

const struct option_table output_table = {
	.name = "output",
	.rows = output_rows,
	.n = sizeof output_rows / sizeof *output_rows,
	.settings_size = sizeof(struct output_options),
};

static struct csv_options csv_of(const struct output_options *options)
{
	static const enum phred phreds[] = {PHRED_33, PHRED_64, PHRED_AUTO};

	return (struct csv_options){
		.phred = phreds[options->phred],
		.base = (uint32_t)options->base,
		.header = options->header,
		.crlf = options->crlf,
		.error_mean = options->error_mean,
	};
}

uint32_t output_modules(const struct output_options *options)
{
	struct csv_options csv = csv_of(options);

	return csv_modules(&csv);
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

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int by_last_part(const void *a, const void *b)
{
	return strcmp(last_part(*(const char *const *)a), last_part(*(const char *const *)b));
}

/* a/x.fq and b/x.fq would both become x.fq.csv, and the second would replace the first. */
static int names_check(const char *const *paths, size_t n, struct error *err)
{
	_cleanup_(freep) const char **sorted = calloc(n, sizeof *sorted);

	if (!sorted)
		return error_oom(err);
	memcpy(sorted, paths, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_last_part);
	for (size_t i = 1; i < n; i++)
		if (by_last_part(&sorted[i - 1], &sorted[i]) == 0)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "%s and %s: results of files of one name cannot go into one folder; count them one by one",
			                 TEXT(sorted[i - 1]), TEXT(sorted[i]));
	return 0;
}

int output_check(const struct output_options *options, const char *const *paths, size_t n, struct error *err)
{
	int r;

	if (options->file[0] && options->folder[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "give either -o FILE or --output-dir DIR, not both");
	if (n > 1 && (options->file[0] || options->folder[0])) {
		r = names_check(paths, n, err);
		if (r < 0)
			return r;
	}
	if (options->file[0]) {
		_cleanup_(freep) char *copy = strdup(options->file);

		return copy ? folder_check(dirname(copy), err) : error_oom(err);
	}
	return options->folder[0] ? folder_check(options->folder, err) : 0;
}

/* The name of the file to write, or NULL for standard output; the caller frees. */
static int destination(const struct output_options *options, const char *path, size_t n, char **ret)
{
	const char *input = last_part(path);
	int r = 0;

	*ret = NULL;
	if (options->folder[0]) {
		r = asprintf(ret, "%s/%s.csv", options->folder, input);
	} else if (options->file[0] && n == 1) {
		r = asprintf(ret, "%s", options->file);
	} else if (options->file[0]) {
		const char *name = last_part(options->file);

		r = asprintf(ret, "%.*s%s.%s", (int)(name - options->file), options->file, input, name);
	}
	if (r < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Standard output: the table, behind the file's name where there are several. */
static int write_stdout(const struct output_options *options, const char *title, const struct counters *counters,
                        struct error *err)
{
	struct csv_options csv = csv_of(options);

	if (title) {
		char shown[4 * PATH_MAX];

		(void)printf("%s%s", text_escape(shown, sizeof shown, title), options->crlf ? "\r\n" : "\n");
	}
	return csv_write(stdout, counters, &csv, err);
}

static int write_stream(FILE *out, const struct output_options *options, const char *name, const struct counters *counters,
                        struct error *err)
{
	struct csv_options csv = csv_of(options);
	int r = csv_write(out, counters, &csv, err);

	if (r < 0)
		error_prefix(err, "%s: ", TEXT(name));
	return r;
}

static int refuse(const char *name, int code, struct error *err)
{
	return error_set(err, code, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(name), strerror(-code));
}

/* A device or a pipe is written as it is; only a regular file can be replaced. */
static int write_device(const struct output_options *options, const char *name, const struct counters *counters,
                        struct error *err)
{
	FILE *out = fopen(name, "we");
	int r;

	if (!out)
		return refuse(name, -errno, err);
	r = write_stream(out, options, name, counters, err);
	if (fclose(out) != 0 && r == 0)
		r = refuse(name, -errno, err);
	return r;
}

/* Beside its place, and then renamed: it is there whole or not at all. */
static int write_file(const struct output_options *options, const char *name, const struct counters *counters,
                      struct error *err)
{
	_cleanup_(freep) char *temporary = NULL;
	mode_t mask = umask(0);
	FILE *out;
	int fd, r;

	(void)umask(mask);
	/* Not NAME.XXXXXX, which may be too long where NAME just fits. */
	if (asprintf(&temporary, "%.*s.fqctl.XXXXXX", (int)(last_part(name) - name), name) < 0) {
		temporary = NULL;
		return error_oom(err);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return refuse(name, -errno, err);
	out = fdopen(fd, "w");
	if (!out) {
		r = refuse(name, -errno, err);
		(void)close(fd);
	} else {
		r = write_stream(out, options, name, counters, err);
		if (r == 0 && fchmod(fd, 0666 & ~mask) < 0)
			r = refuse(name, -errno, err);
		if (fclose(out) != 0 && r == 0)
			r = refuse(name, -errno, err);
	}
	if (r == 0 && rename(temporary, name) < 0)
		r = refuse(name, -errno, err);
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

int output_write(const struct output_options *options, const char *path, size_t n, const struct counters *counters,
                 struct error *err)
{
	_cleanup_(freep) char *name = NULL;
	struct stat st;

	if (destination(options, path, n, &name) < 0)
		return error_oom(err);
	if (!name)
		return write_stdout(options, n > 1 ? path : NULL, counters, err);
	if (stat(name, &st) == 0 && !S_ISREG(st.st_mode))
		return write_device(options, name, counters, err);
	return write_file(options, name, counters, err);
}
