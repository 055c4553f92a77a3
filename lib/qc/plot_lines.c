/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines and areas: see plot_marks.h. */
#include <math.h>
#include <stdbool.h>

#include "lib/qc/plot_marks.h"

size_t plot_shared(size_t n)
{
	return n > PLOT_COLUMNS_MAX ? (n + PLOT_COLUMNS_MAX - 1) / PLOT_COLUMNS_MAX : 1;
}

/* The lowest and the highest of the values that share a column. */
struct column {
	size_t low, high; /* which values */
	bool any;
};

static struct column column_of(const double *values, size_t n, size_t begin)
{
	size_t end = begin + plot_shared(n);
	struct column column = {0};

	for (size_t i = begin; i < end && i < n; i++) {
		if (isnan(values[i]))
			continue;
		if (!column.any)
			column = (struct column){i, i, true};
		if (values[i] < values[column.low])
			column.low = i;
		if (values[i] > values[column.high])
			column.high = i;
	}
	return column;
}

static void at(const struct plot *plot, double x, double y)
{
	plot_number(plot->out, scale_at(&plot->x, x));
	fputc(' ', plot->out);
	plot_number(plot->out, scale_at(&plot->y, y));
}

static void vertex(const struct plot *plot, const double *values, size_t i, double x0, bool first)
{
	fputc(first ? 'M' : ' ', plot->out);
	at(plot, x0 + (double)i, values[i]);
}

/* A lonely value: a path of one point would be invisible. */
static void dash(const struct plot *plot, const double *values, size_t i, double x0)
{
	fputc('M', plot->out);
	at(plot, x0 + (double)i - 0.5, values[i]);
	fputc('H', plot->out);
	plot_number(plot->out, scale_at(&plot->x, x0 + (double)i + 0.5));
}

void plot_line(struct plot *plot, const double *values, size_t n, double x0, const char *class)
{
	size_t step = plot_shared(n);
	bool open = false;

	fprintf(plot->out, "<path class=\"line %s\" d=\"", class);
	for (size_t i = 0; i < n; i += step) {
		struct column column = column_of(values, n, i);
		size_t first = column.low < column.high ? column.low : column.high;
		size_t second = column.low < column.high ? column.high : column.low;

		if (column.any && !open && first == second && (i + step >= n || !column_of(values, n, i + step).any)) {
			dash(plot, values, first, x0);
		} else if (column.any) {
			vertex(plot, values, first, x0, !open);
			if (second != first)
				vertex(plot, values, second, x0, false);
		}
		open = column.any;
	}
	fputs("\"/>\n", plot->out);
}

/* One closed piece of an area: columns [begin, end), of which all have values. */
static void piece(const struct plot *plot, const double *low, const double *high, size_t n, size_t begin, size_t end, double x0)
{
	size_t step = plot_shared(n);
	double reach = end - begin > 1 ? 0 : 0.5; /* of a lonely value to both sides */

	fputc('M', plot->out);
	for (size_t c = begin; c < end; c++) {
		double x = x0 + (double)(c * step), y = high[column_of(high, n, c * step).high];

		if (c > begin)
			fputc(' ', plot->out);
		at(plot, x - reach, y);
		if (reach > 0) {
			fputc(' ', plot->out);
			at(plot, x + reach, y);
		}
	}
	for (size_t c = end; c-- > begin;) {
		double x = x0 + (double)(c * step), y = low ? low[column_of(low, n, c * step).low] : plot->y.from;

		fputc(' ', plot->out);
		at(plot, x + reach, y);
		if (reach > 0) {
			fputc(' ', plot->out);
			at(plot, x - reach, y);
		}
	}
	fputc('Z', plot->out);
}

void plot_area(struct plot *plot, const double *low, const double *high, size_t n, double x0, const char *class)
{
	size_t step = plot_shared(n), columns = (n + step - 1) / step;

	fprintf(plot->out, "<path class=\"area %s\" d=\"", class);
	for (size_t c = 0, end; c < columns; c = end + 1) {
		for (end = c; end < columns && column_of(high, n, end * step).any && (!low || column_of(low, n, end * step).any);)
			end++;
		if (end > c)
			piece(plot, low, high, n, c, end, x0);
	}
	fputs("\"/>\n", plot->out);
}
