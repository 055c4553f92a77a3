/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report as one page: see html.h. A summary with links at the left, then section by section its mark, its note and its table,
 * in which numbers are rounded for people (fastqc_data.txt and the JSON have every digit). The style is html_style.h.
 *
 * Of a table of more than TABLE_MAX rows that many are shown, and it says so: of tiles those that deviate most, of others the
 * first.
 */
#include "lib/qc/html.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/html_style.h"
#include "lib/qc/print.h"

#define TABLE_MAX 2000

/* ---- texts and numbers */

static void text_write(FILE *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	while (at < end) {
		uint32_t code = 0;
		size_t n = text_utf8_length(at, (size_t)(end - at), &code);
		bool fit = n > 0 && !text_is_unfit(code);

		n = n > 0 ? n : 1;
		if (fit && (code == '&' || code == '<' || code == '>' || code == '"' || code == '\''))
			fprintf(out, "&#%u;", (unsigned int)code);
		else if (fit)
			(void)fwrite(at, 1, n, out);
		for (size_t i = 0; !fit && i < n; i++)
			fprintf(out, "\\x%02x", at[i]);
		at += n;
	}
}

static void real_write(FILE *out, double value)
{
	if (!isfinite(value))
		fputs("&ndash;", out);
	else if (fabs(value) < 1e15 && trunc(value) == value)
		fprintf(out, "%.0f", value + 0.0);
	else
		fprintf(out, fabs(value) >= 0.01 ? "%.2f" : "%.2g", value);
}

static void cell_write(FILE *out, const struct cell *cell)
{
	if (cell->kind == CELL_TEXT)
		text_write(out, cell->text);
	else if (cell->kind == CELL_NUMBER)
		fprintf(out, "%" PRIu64, cell->number);
	else
		real_write(out, cell->real);
}

static void mark_write(FILE *out, enum status status)
{
	static const char *const signs[] = {"&#10004;", "!", "&#10008;"};

	fprintf(out, "<span class=\"mark %s\" title=\"%s\" aria-label=\"%s\">%s</span>", status_name(status), status_name(status),
	        status_name(status), signs[status]);
}

/* ---- sections */

/* Why a section has no table, where that can be. */
static const char *const empty_reasons[_SECTION_MAX] = {
	[SECTION_OVERREPRESENTED] = "No sequence makes up more of the reads than the limit allows.",
	[SECTION_ADAPTERS] = "No read is long enough for the longest adapter.",
	[SECTION_KMERS] = "No k-mer is enriched.",
};

static int by_deviation(const void *a, const void *b)
{
	const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;
	double far_x = isnan(x[2].real) ? 0 : fabs(x[2].real), far_y = isnan(y[2].real) ? 0 : fabs(y[2].real);

	if (far_x != far_y)
		return far_x > far_y ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int by_place(const void *a, const void *b)
{
	const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;

	return x < y ? -1 : x > y;
}

/* The rows to show, in order; the caller frees. 0 or -ENOMEM. */
static int rows_choose(const struct section *section, const struct cell ***ret, size_t *ret_n)
{
	_cleanup_(freep) const struct cell **rows = calloc(section->rows_n + 1, sizeof *rows);
	size_t n = section->rows_n;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rows[i] = section->cells + i * section->columns_n;
	if (n > TABLE_MAX && section->id == SECTION_TILES) {
		qsort(rows, n, sizeof *rows, by_deviation);
		qsort(rows, TABLE_MAX, sizeof *rows, by_place);
	}
	n = n < TABLE_MAX ? n : TABLE_MAX;
	*ret = TAKE(rows);
	*ret_n = n;
	return 0;
}

/* Numbers stand at the right of their column; what a table has in its first row decides. */
static bool column_is_text(const struct section *section, size_t column)
{
	return column > 0 && section->rows_n > 0 && section->cells[column].kind == CELL_TEXT;
}

static void table_head_write(FILE *out, const struct section *section)
{
	fputs("<table><thead><tr>", out);
	for (size_t i = 0; i < section->columns_n; i++) {
		fputs(column_is_text(section, i) ? "<th class=text>" : "<th>", out);
		text_write(out, section->columns[i]);
	}
	fputs("</thead>\n<tbody>\n", out);
}

static int table_write(FILE *out, const struct section *section)
{
	_cleanup_(freep) const struct cell **rows = NULL;
	size_t n;
	int r = rows_choose(section, &rows, &n);

	if (r < 0)
		return r;
	if (n < section->rows_n)
		fprintf(out, section->id == SECTION_TILES ? "<p>Of %zu rows the %zu that deviate most are shown; fastqc_data.txt has all.</p>\n"
		                                          : "<p>Of %zu rows the first %zu are shown; fastqc_data.txt has all.</p>\n",
		        section->rows_n, n);
	fputs("<div class=scroll tabindex=0>", out);
	table_head_write(out, section);
	for (size_t row = 0; row < n && !ferror(out); row++) {
		fputs("<tr>", out);
		for (size_t i = 0; i < section->columns_n; i++) {
			fputs(i == 0 ? "<th>" : column_is_text(section, i) ? "<td class=text>" : "<td>", out);
			cell_write(out, &rows[row][i]);
		}
		fputc('\n', out);
	}
	fputs("</tbody></table></div>\n", out);
	return 0;
}

static void note_write(FILE *out, const struct note *note)
{
	fputs("<p>", out);
	text_write(out, note->name);
	fputs(": ", out);
	cell_write(out, &note->value);
	fputs("</p>\n", out);
}

static int section_write(FILE *out, const struct section *section)
{
	int r = 0;

	fprintf(out, "<section id=\"%s\">\n<h2>", section->key);
	mark_write(out, section->status);
	fprintf(out, " %s</h2>\n", section->name);
	if (section->note.name)
		note_write(out, &section->note);
	if (section->columns_n > 0)
		r = table_write(out, section);
	else if (empty_reasons[section->id])
		fprintf(out, "<p>%s</p>\n", empty_reasons[section->id]);
	fputs("</section>\n", out);
	return r;
}

/* ---- the page */

static void summary_write(FILE *out, const struct section *sections, size_t n)
{
	fputs("<nav aria-label=\"Summary\">\n<ul>\n", out);
	for (size_t i = 0; i < n; i++) {
		fputs("<li>", out);
		mark_write(out, sections[i].status);
		fprintf(out, " <a href=\"#%s\">%s</a>\n", sections[i].key, sections[i].name);
	}
	fputs("</ul>\n</nav>\n", out);
}

static void head_write(FILE *out, const struct report *report)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      out);
	text_write(out, report_options(report)->name);
	fputs(" &ndash; quality report</title>\n<style>\n", out);
	fputs(html_style, out);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
	text_write(out, report_options(report)->name);
	fprintf(out, "</h1>\n<p>%" PRIu64 " reads, %" PRIu64 " bases</p>\n</header>\n", report_reads(report), report_bases(report));
}

static int page_print(FILE *out, const void *data)
{
	const struct report *report = data;
	size_t n;
	const struct section *sections = report_sections(report, &n);
	int r = 0;

	head_write(out, report);
	summary_write(out, sections, n);
	fputs("<main>\n", out);
	for (size_t i = 0; r == 0 && i < n && !ferror(out); i++)
		r = section_write(out, &sections[i]);
	fprintf(out, "</main>\n<footer>fqcluster %s; sections and numbers as FastQC %s makes them, rounded here</footer>\n", PACKAGE_VERSION,
	        compat_name(report_compat(report)));
	fputs("</body>\n</html>\n", out);
	return r;
}

int report_html_write(FILE *out, const struct report *report, struct error *err)
{
	return print_numbers(out, page_print, report, "the page", err);
}
