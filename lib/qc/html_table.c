/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A section's table: see html_table.h. Of a longer one HTML_ROWS_MAX rows are shown, and it says so: of tiles those that deviate
 * most, of others the first.
 */
#include "lib/qc/html_table.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html_text.h"

static double deviation(const struct cell *row)
{
	return isnan(row[2].real) ? 0 : fabs(row[2].real);
}

/* Whether a row is the first to be left out: it deviates less than another, or as much and stands behind it. */
static bool is_less(const struct cell *row, const struct cell *other)
{
	double a = deviation(row), b = deviation(other);

	return a != b ? a < b : row > other;
}

/* Lets the row at i of a heap, whose top is to be left out first, sink to its place. */
static void heap_sink(const struct cell **rows, size_t n, size_t i)
{
	for (size_t next; (next = 2 * i + 1) < n; i = next) {
		const struct cell *row = rows[i];

		if (next + 1 < n && is_less(rows[next + 1], rows[next]))
			next++;
		if (!is_less(rows[next], row))
			return;
		rows[i] = rows[next];
		rows[next] = row;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct cell *x = *(const struct cell *const *)a, *y = *(const struct cell *const *)b;

	return x < y ? -1 : x > y;
}

/* Of all rows the `most` that deviate most, first and in the order of the table. */
static void rows_select(const struct cell **rows, size_t n, size_t most)
{
	for (size_t i = most; i-- > 0;)
		heap_sink(rows, most, i);
	for (size_t i = most; i < n; i++)
		if (is_less(rows[0], rows[i])) {
			rows[0] = rows[i];
			heap_sink(rows, most, 0);
		}
	qsort(rows, most, sizeof *rows, by_place);
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
	if (n > HTML_ROWS_MAX && section->id == SECTION_TILES)
		rows_select(rows, n, HTML_ROWS_MAX);
	n = n < HTML_ROWS_MAX ? n : HTML_ROWS_MAX;
	*ret = TAKE(rows);
	*ret_n = n;
	return 0;
}

/* Numbers stand at the right of their column; what a table has in its first row decides. */
static bool column_is_text(const struct section *section, size_t column)
{
	return column > 0 && section->rows_n > 0 && section->cells[column].kind == CELL_TEXT;
}

static void head_write(FILE *out, const struct section *section)
{
	fputs("<table><thead><tr>", out);
	for (size_t i = 0; i < section->columns_n; i++) {
		fputs(column_is_text(section, i) ? "<th class=\"text\">" : "<th>", out);
		html_text(out, section->columns[i]);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

static void row_write(FILE *out, const struct section *section, const struct cell *row)
{
	fputs("<tr>", out);
	for (size_t i = 0; i < section->columns_n; i++) {
		fputs(i == 0 ? "<th>" : column_is_text(section, i) ? "<td class=\"text\">" : "<td>", out);
		html_cell(out, &row[i]);
		fputs(i == 0 ? "</th>" : "</td>", out);
	}
	fputs("</tr>\n", out);
}

int html_table(FILE *out, const struct section *section)
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
	fprintf(out, "<div class=\"scroll %s\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">", section->key, section->name);
	head_write(out, section);
	for (size_t row = 0; row < n && !ferror(out); row++)
		row_write(out, section, rows[row]);
	fputs("</tbody></table></div>\n", out);
	return 0;
}
