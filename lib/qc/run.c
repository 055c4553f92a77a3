/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a run, and its table: see run.h. */
#include "lib/qc/run.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/decimal.h"
#include "lib/qc/print.h"

#define FIELD_MAX (4 * 4096)

static void sections_learn(struct run_row *row, const struct report *report)
{
	size_t n;
	const struct section *sections = report_sections(report, &n);

	for (size_t i = 0; i < _SECTION_MAX; i++)
		row->status[i] = RUN_NO_STATUS;
	for (size_t i = 0; i < n; i++) {
		const struct section *section = &sections[i];

		row->status[section->id] = (int)section->status;
		if (section->id == SECTION_DUPLICATION && section->note.name)
			row->duplication = 100 - section->note.value.real;
		if (section->id == SECTION_ADAPTERS)
			row->adapters = section->judged[0].value;
	}
}

int run_add(struct run *run, const char *path, const char *sample, const char *link, uint32_t members, const struct report *report)
{
	struct run_row row = {
		.path = strdup(path),
		.link = link ? strdup(link) : NULL,
		.members = members,
		.figures = *report_figures(report),
		.verdict = profile_verdict(report),
		.duplication = (double)NAN,
		.adapters = (double)NAN,
	};

	if (run->n == run->room) {
		struct run_row *rows = reallocarray(run->rows, run->room ? 2 * run->room : 16, sizeof *rows);

		if (rows) {
			run->rows = rows;
			run->room = run->room ? 2 * run->room : 16;
		}
	}
	if (!row.path || (link && !row.link) || run->n == run->room) {
		free(row.path);
		free(row.link);
		return -ENOMEM;
	}
	name_parse(path, &row.name);
	if (report_options(report)->profile)
		(void)snprintf(row.profile, sizeof row.profile, "%s", report_options(report)->profile->name);
	if (sample)
		(void)snprintf(row.name.sample, sizeof row.name.sample, "%s", sample);
	row.length = row.figures.reads > 0 ? (double)row.figures.bases / (double)row.figures.reads : (double)NAN;
	sections_learn(&row, report);
	run->rows[run->n++] = row;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct run_row *x = a, *y = b;
	int order = name_order(&x->name, &y->name);

	return order ? order : strcmp(x->path, y->path);
}

void run_sort(struct run *run)
{
	if (run->n > 1)
		qsort(run->rows, run->n, sizeof *run->rows, by_name);
}

void run_deinit(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		free(run->rows[i].path);
		free(run->rows[i].link);
	}
	free(run->rows);
	*run = (struct run){0};
}

/* ---- the table */

static void text_field(FILE *out, const char *text)
{
	char shown[FIELD_MAX];

	fputs(text[0] ? text_escape(shown, sizeof shown, text) : "NA", out);
}

static void whole_field(FILE *out, uint64_t number)
{
	if (number > 0)
		fprintf(out, "\t%" PRIu64, number);
	else
		fputs("\tNA", out);
}

static void real_field(FILE *out, double value)
{
	char text[DECIMAL_MAX];

	fprintf(out, "\t%s", isfinite(value) ? decimal_shortest(text, value) : "NA");
}

static void row_write(FILE *out, const struct run_row *row)
{
	text_field(out, row->path);
	fputc('\t', out);
	text_field(out, row->name.sample);
	whole_field(out, row->name.lane);
	fputc('\t', out);
	text_field(out, row->name.read);
	whole_field(out, row->name.set);
	fprintf(out, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, row->figures.reads, row->figures.bases, row->figures.shortest,
	        row->figures.longest);
	real_field(out, row->length);
	real_field(out, row->figures.quality_mean);
	real_field(out, row->figures.q30);
	real_field(out, row->figures.gc);
	real_field(out, row->duplication);
	real_field(out, row->adapters);
	for (size_t i = SECTION_QUALITY; i < _SECTION_MAX; i++)
		fprintf(out, "\t%s", row->status[i] == RUN_NO_STATUS ? "NA" : status_name((enum status)row->status[i]));
	fprintf(out, "\t%" PRIu32, row->members > 0 ? row->members : 1);
	fputc('\n', out);
}

static int table_print(FILE *out, const void *data)
{
	const struct run *run = data;

	fputs("file\tsample\tlane\tread\tset\treads\tbases\tshortest\tlongest\tmean_length\tmean_quality\tq30_percent\tgc_percent"
	      "\tduplication_percent\tadapter_percent",
	      out);
	for (size_t i = SECTION_QUALITY; i < _SECTION_MAX; i++)
		fprintf(out, "\t%s", section_key((enum section_id)i));
	fputs("\tfiles\n", out);
	for (size_t i = 0; i < run->n && !ferror(out); i++)
		row_write(out, &run->rows[i]);
	return 0;
}

int run_tsv_write(FILE *out, const struct run *run, struct error *err)
{
	return print_numbers(out, table_print, run, "the table of the run", err);
}
