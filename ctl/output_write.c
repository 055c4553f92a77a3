/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the result of a file in all its forms: see output.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/outbox.h"
#include "ctl/output.h"
#include "ctl/output_run.h"
#include "lib/base/cleanup.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"
#include "lib/qc/archive.h"
#include "lib/qc/html.h"
#include "lib/qc/json.h"
#include "lib/qc/text.h"

static const enum phred phreds[] = {
	[OUTPUT_PHRED_33] = PHRED_33, [OUTPUT_PHRED_64] = PHRED_64, [OUTPUT_PHRED_AUTO] = PHRED_AUTO};

static struct csv_options csv_of(const struct output_options *options)
{
	return (struct csv_options){
		.phred = options->phred_given ? phreds[options->phred] : PHRED_33,
		.base = (uint32_t)options->base,
		.header = options->header,
		.crlf = options->crlf,
		.error_mean = options->error_mean,
	};
}

#define REPORTS                                                                                                            \
	(OUTPUT_SET(OUTPUT_FASTQC) | OUTPUT_SET(OUTPUT_TEXT) | OUTPUT_SET(OUTPUT_JSON) | OUTPUT_SET(OUTPUT_HTML) | OUTPUT_SET(OUTPUT_TSV))

uint32_t output_modules(const struct output_options *options, const struct reporting *reporting)
{
	struct csv_options csv = csv_of(options);

	if (options->forms & REPORTS || reporting->fail_on) /* which have what CSV needs */
		return reporting_modules(reporting);
	return csv_modules(&csv);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* One result on its way to all of its files. */
struct writing {
	const struct output_options *options;
	const struct reporting *reporting;
	const char *path;
	size_t n;
	const struct counters *counters;
	struct report *report; /* NULL where no form needs it */
};

static void writing_deinit(struct writing *writing)
{
	report_free(writing->report);
}

/* Counters that were made for another form, or by another version, of an earlier job. */
static int counters_check(const struct writing *writing, struct error *err)
{
	uint32_t has = counters_modules(writing->counters);
	uint32_t lacks = output_modules(writing->options, writing->reporting) & ~has;
	enum compat compat = counters_rules(writing->counters)->compat;

	if (has & COUNT_QUALITY_TABLE)
		lacks &= ~COUNT_QUALITY_SUM;
	if (lacks == COUNT_KMERS)
		return error_set(err, -ENODATA, ERROR_USAGE,
		                 "%s was counted without k-mers, which the limits ask for: submit it with these limits",
		                 TEXT(writing->path));
	if (lacks)
		return error_set(err, -ENODATA, ERROR_USAGE, "%s was counted for %s only: submit it anew, with --as and what it shall be shown as",
		                 TEXT(writing->path), has & COUNT_QUALITY_TABLE ? "csv with --error-mean" : "csv");
	if (writing->options->forms & REPORTS && writing->reporting->compat_given &&
	    writing->reporting->rules.compat != compat)
		return error_set(err, -ENODATA, ERROR_USAGE,
		                 "%s was counted as FastQC %s does: fetch it so, or submit it with --compat %s",
		                 TEXT(writing->path), compat_name(compat), compat_name(writing->reporting->rules.compat));
	return 0;
}

static int report_start(struct writing *writing, struct report_options *shown, struct error *err)
{
	int r;

	*shown = writing->reporting->shown;
	if (!shown->name)
		shown->name = last_part(writing->path);
	shown->phred = phreds[writing->options->phred];
	r = report_make(writing->counters, shown, &writing->report, err);
	if (r < 0)
		error_prefix(err, "%s: ", TEXT(writing->path));
	return r;
}

static int write_csv(FILE *out, const void *data, struct error *err)
{
	const struct writing *writing = data;
	struct csv_options csv = csv_of(writing->options);

	return csv_write(out, writing->counters, &csv, err);
}

static int write_text(FILE *out, const void *data, struct error *err)
{
	return report_text_write(out, ((const struct writing *)data)->report, err);
}

static int write_json(FILE *out, const void *data, struct error *err)
{
	return report_json_write(out, ((const struct writing *)data)->report, err);
}

static int write_html(FILE *out, const void *data, struct error *err)
{
	return report_html_write(out, ((const struct writing *)data)->report, err);
}

static const outbox_writer writers[_OUTPUT_FORM_MAX] = {
	[OUTPUT_CSV] = write_csv, [OUTPUT_TEXT] = write_text, [OUTPUT_JSON] = write_json, [OUTPUT_HTML] = write_html};

struct bytes {
	const uint8_t *bytes;
	size_t n;
};

static int write_bytes(FILE *out, const void *data, struct error *err)
{
	const struct bytes *bytes = data;

	if (fwrite(bytes->bytes, 1, bytes->n, out) != bytes->n)
		return error_set(err, -EIO, ERROR_CANT_CREATE, "cannot be written: %s", strerror(errno));
	return 0;
}

/* Standard output: of several files each CSV stands behind the file's name; reports have it within. */
static int write_stdout(const struct writing *writing, enum output_form form, struct error *err)
{
	int r;

	if (form == OUTPUT_CSV && writing->n > 1) {
		char shown[4 * PATH_MAX];

		(void)printf("%s%s", text_escape(shown, sizeof shown, writing->path), writing->options->crlf ? "\r\n" : "\n");
	}
	r = writers[form](stdout, writing, err);
	if (r < 0)
		(void)stdout_excuse(err);
	return r;
}

/* Where the files of a zip go. */
struct unpacking {
	struct outbox *outbox;
	const char *place;  /* of the folder */
	const char *folder; /* of the outbox, for it */
};

/* "NAME_fastqc/", "NAME_fastqc/Icons/", "NAME_fastqc/summary.txt": folders come before what is in them. */
static int unpack_entry(void *data, const char *name, const uint8_t *bytes, size_t n, struct error *err)
{
	struct unpacking *unpacking = data;
	struct bytes content = {.bytes = bytes, .n = n};
	const char *below = strchr(name, '/');
	_cleanup_(freep) char *path = NULL;
	size_t length;

	if (!unpacking->folder)
		return outbox_folder(unpacking->outbox, unpacking->place, &unpacking->folder, err);
	if (asprintf(&path, "%s%s", unpacking->folder, below ? below : "/") < 0) {
		path = NULL;
		return error_oom(err);
	}
	length = strlen(path);
	if (path[length - 1] != '/')
		return outbox_write(unpacking->outbox, path, write_bytes, &content, err);
	path[length - 1] = '\0';
	return outbox_subfolder(unpacking->outbox, path, err);
}

/* The zip and what it holds; place is that of NAME_fastqc. */
static int put_archive(const struct writing *writing, struct outbox *outbox, const char *place, struct error *err)
{
	struct unpacking unpacking = {.outbox = outbox, .place = place};
	const struct output_options *options = writing->options;
	_cleanup_(freep) uint8_t *zip = NULL;
	_cleanup_(freep) char *name = NULL;
	struct bytes content = {0};
	int r;

	if (asprintf(&name, "%s.zip", place) < 0) {
		name = NULL;
		return error_oom(err);
	}
	r = report_archive_make(writing->report, last_part(place), &zip, &content.n, err);
	content.bytes = zip;
	if (r == 0 && options->extract)
		r = report_archive_unpack(zip, content.n, unpack_entry, &unpacking, err);
	if (r == 0 && !options->delete)
		r = outbox_write(outbox, name, write_bytes, &content, err);
	return r;
}

static int put_fastqc(const struct writing *writing, struct outbox *outbox, const char *place, struct error *err)
{
	_cleanup_(freep) char *page = NULL;
	int r;

	if (asprintf(&page, "%s.html", place) < 0) {
		page = NULL;
		return error_oom(err);
	}
	r = put_archive(writing, outbox, place, err);
	return r < 0 ? r : outbox_write(outbox, page, write_html, writing, err);
}

/* With --delete no zip of an earlier run may stand beside the new folder. */
static int drop_zip(const struct writing *writing, struct error *err)
{
	_cleanup_(freep) char *place = NULL, *name = NULL;

	if (output_place(writing->options, counters_rules(writing->counters)->compat, OUTPUT_FASTQC, writing->path, writing->n,
	                 &place) < 0 ||
	    asprintf(&name, "%s.zip", place) < 0) {
		name = NULL;
		return error_oom(err);
	}
	if (unlink(name) < 0 && errno != ENOENT)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be deleted: %s", TEXT(name), strerror(errno));
	return 0;
}

static int put_form(const struct writing *writing, struct outbox *outbox, enum output_form form, struct error *err)
{
	enum compat compat = counters_rules(writing->counters)->compat;
	_cleanup_(freep) char *place = NULL;

	if (output_place(writing->options, compat, form, writing->path, writing->n, &place) < 0)
		return error_oom(err);
	if (!place)
		return write_stdout(writing, form, err);
	return form == OUTPUT_FASTQC ? put_fastqc(writing, outbox, place, err)
	                             : outbox_write(outbox, place, writers[form], writing, err);
}

int output_write(const struct output_options *options, const struct reporting *reporting, const char *path, size_t n,
                 const struct counters *counters, struct error *err)
{
	struct writing writing _cleanup_(writing_deinit) = {
		.options = options, .reporting = reporting, .path = path, .n = n, .counters = counters};
	struct outbox outbox _cleanup_(outbox_deinit) = {0};
	struct report_options shown;
	int r = counters_check(&writing, err);

	if (r == 0 && (options->forms & REPORTS || reporting->fail_on))
		r = report_start(&writing, &shown, err);
	if (r == 0 && options->folder[0] && options->run)
		r = output_apart_make(&options->run->apart, options->folder, path, err);
	for (enum output_form form = 0; r == 0 && form < _OUTPUT_FORM_MAX; form++)
		if (form != OUTPUT_TSV && options->forms & OUTPUT_SET(form))
			r = put_form(&writing, &outbox, form, err);
	if (r == 0)
		r = outbox_commit(&outbox, err);
	if (r == 0 && writing.report && output_run_add(options, reporting, path, n, writing.report) < 0)
		r = error_oom(err);
	if (r < 0 || !(options->forms & OUTPUT_SET(OUTPUT_FASTQC)))
		return r;
	return options->delete ? drop_zip(&writing, err) : 0;
}

void output_announce(const struct output_options *options, const char *path)
{
	if (options->announce && options->forms & OUTPUT_SET(OUTPUT_FASTQC))
		(void)printf("Analysis complete for %s\n", TEXT(last_part(path)));
}
