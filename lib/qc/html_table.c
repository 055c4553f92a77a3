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
	if (n > HTML_ROWS_MAX && section->id == SECTION_TILES) {
		qsort(rows, n, sizeof *rows, by_deviation);
		qsort(rows, HTML_ROWS_MAX, sizeof *rows, by_place);
	}
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
