/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boxes, bars, and what the pointer is told: see plot_marks.h. */
#include <math.h>
#include <string.h>

#include "lib/qc/html_text.h"
#include "lib/qc/plot_marks.h"

/* Of a band, what is left free on each side. */
#define FREE 0.16
#define BAND_MOST 64 /* units of a band in which bars stand; wider ones have more free */

static void number(const struct plot *plot, const char *before, double at)
{
	fputs(before, plot->out);
	plot_number(plot->out, at);
}

static void box(const struct plot *plot, double left, double right, double top, double bottom)
{
	number(plot, "M", left);
	number(plot, " ", top);
	number(plot, "H", right);
	number(plot, "V", bottom);
	number(plot, "H", left);
	fputc('Z', plot->out);
}

/* The lowest or highest (sign 1) of the values that share the column from i. */
static double extreme(const double *values, size_t n, size_t i, int sign)
{
	double found = (double)NAN;

	for (size_t end = i + plot_shared(n); i < end && i < n; i++)
		if (!isnan(values[i]) && !(sign * values[i] <= sign * found))
			found = values[i];
	return found;
}

void plot_bars(struct plot *plot, const double *values, size_t n, size_t set, size_t sets, const char *class)
{
	size_t step = plot_shared(n);
	double band = (plot_band_from(plot, n) - plot_band_from(plot, 0)) / (double)(n > 0 ? n : 1);
	double used = (1 - 2 * FREE) * (band > BAND_MOST ? BAND_MOST / band : 1);
	double width = used / (double)sets, from = (1 - used) / 2 + width * (double)set;

	fprintf(plot->out, "<path class=\"bar %s\" d=\"", class);
	for (size_t i = 0; i < n; i += step) {
		double value = extreme(values, n, i, 1), left = (double)i + from * (double)step;

		if (!isnan(value) && value > plot->y.from)
			box(plot, scale_at(&plot->x, left), scale_at(&plot->x, left + width * (double)step), scale_at(&plot->y, value),
			    scale_at(&plot->y, plot->y.from));
	}
	fputs("\"/>\n", plot->out);
}

/* ---- boxes by position */

static void whiskers(struct plot *plot, const struct boxes *boxes)
{
	double arm = plot_band_middle(plot, 0) - plot_band_from(plot, 0);

	fputs("<path class=\"whisker\" d=\"", plot->out);
	for (size_t i = 0; i < boxes->n; i++) {
		double x = plot_band_middle(plot, i), ends[] = {boxes->low[i], boxes->high[i]};

		if (isnan(boxes->low[i]) || isnan(boxes->high[i]))
			continue;
		number(plot, "M", x);
		number(plot, " ", scale_at(&plot->y, boxes->low[i]));
		number(plot, "V", scale_at(&plot->y, boxes->high[i]));
		for (size_t k = 0; k < 2; k++) {
			number(plot, "M", x - arm / 2);
			number(plot, " ", scale_at(&plot->y, ends[k]));
			number(plot, "H", x + arm / 2);
		}
	}
	fputs("\"/>\n", plot->out);
}

static void quartiles(struct plot *plot, const struct boxes *boxes)
{
	fputs("<path class=\"box\" d=\"", plot->out);
	for (size_t i = 0; i < boxes->n; i++)
		if (!isnan(boxes->lower[i]) && !isnan(boxes->upper[i]))
			box(plot, scale_at(&plot->x, (double)i + FREE), scale_at(&plot->x, (double)i + 1 - FREE),
			    scale_at(&plot->y, boxes->upper[i]), scale_at(&plot->y, boxes->lower[i]));
	fputs("\"/>\n", plot->out);
}

static void medians(struct plot *plot, const struct boxes *boxes)
{
	fputs("<path class=\"median\" d=\"", plot->out);
	for (size_t i = 0; i < boxes->n; i++) {
		if (isnan(boxes->median[i]))
			continue;
		number(plot, "M", scale_at(&plot->x, (double)i + FREE));
		number(plot, " ", scale_at(&plot->y, boxes->median[i]));
		number(plot, "H", scale_at(&plot->x, (double)i + 1 - FREE));
	}
	fputs("\"/>\n", plot->out);
}

void plot_boxes(struct plot *plot, const struct boxes *boxes)
{
	if (boxes->n > PLOT_COLUMNS_MAX) {
		plot_area(plot, boxes->low, boxes->high, boxes->n, 0.5, "range");
		plot_area(plot, boxes->lower, boxes->upper, boxes->n, 0.5, "quartiles");
		plot_line(plot, boxes->median, boxes->n, 0.5, "median");
		return;
	}
	whiskers(plot, boxes);
	quartiles(plot, boxes);
	medians(plot, boxes);
}

/* ---- the pointer */

static void hover_values(FILE *out, const struct section *section, const struct cell *row)
{
	size_t shown = 0;

	for (size_t i = 1; i < section->columns_n && shown < HOVER_VALUES_MAX; i++) {
		if (section->columns_n > HOVER_VALUES_MAX + 1 && html_value(&row[i]) == 0)
			continue;
		fputs(shown++ > 0 ? ", " : ": ", out);
		html_text(out, section->columns[i]);
		fputc(' ', out);
		html_cell(out, &row[i]);
	}
}

void plot_hover(struct plot *plot, const struct section *section, double x0)
{
	size_t n = section->rows_n;

	if (n > PLOT_COLUMNS_MAX)
		return;
	fputs("<g class=\"hover\">\n", plot->out);
	for (size_t i = 0; i < n; i++) {
		const struct cell *row = section->cells + i * section->columns_n;
		double left = scale_at(&plot->x, x0 + (double)i - 0.5), right = scale_at(&plot->x, x0 + (double)i + 0.5);

		number(plot, "<rect x=\"", left);
		fprintf(plot->out, "\" y=\"%d\" width=\"", PLOT_TOP);
		plot_number(plot->out, right - left);
		fprintf(plot->out, "\" height=\"%d\"><title>", PLOT_BOTTOM - PLOT_TOP);
		html_text(plot->out, section->columns[0]);
		fputc(' ', plot->out);
		html_cell(plot->out, &row[0]);
		hover_values(plot->out, section, row);
		fputs("</title></rect>\n", plot->out);
	}
	fputs("</g>\n", plot->out);
}

/* ---- rows from left to right */

#define ROW 24
#define ROWS_TOP 26
#define ROWS_LEFT 150
#define ROWS_RIGHT 560 /* behind it stands the value */

void plot_rows(FILE *out, const struct section *section, size_t column, const char *title, const char *description)
{
	struct scale scale = {0, 1, ROWS_LEFT, ROWS_RIGHT};

	for (size_t i = 0; i < section->rows_n; i++) {
		double value = html_value(&section->cells[i * section->columns_n + column]);

		if (isfinite(value) && value > scale.to)
			scale.to = value;
	}
	fprintf(out,
	        "<svg class=\"plot\" viewBox=\"0 0 %d %zu\" role=\"img\" aria-labelledby=\"%s_t %s_d\">\n"
	        "<title id=\"%s_t\">%s</title><desc id=\"%s_d\">%s</desc>\n<text class=\"name\" x=\"2\" y=\"16\">%s</text>\n",
	        PLOT_WIDTH, ROWS_TOP + ROW * section->rows_n + 4, section->key, section->key, section->key, title, section->key,
	        description, title);
	for (size_t i = 0; i < section->rows_n; i++) {
		const struct cell *row = section->cells + i * section->columns_n;
		double value = html_value(&row[column]), right = scale_at(&scale, isnan(value) ? 0 : value);
		size_t y = ROWS_TOP + ROW * i;

		fprintf(out, "<text class=\"row code\" x=\"%d\" y=\"%zu\">", ROWS_LEFT - 8, y + 16);
		html_cell(out, &row[0]);
		fprintf(out, "</text><path class=\"bar s0\" d=\"M%d %zuH", ROWS_LEFT, y + 4);
		plot_number(out, right);
		fprintf(out, "v%dH%dZ\"/><text class=\"at\" x=\"", ROW - 8, ROWS_LEFT);
		plot_number(out, right + 6);
		fprintf(out, "\" y=\"%zu\">", y + 16);
		html_cell(out, &row[column]);
		if (column + 1 < section->columns_n) {
			fputs(" at ", out);
			html_cell(out, &row[column + 1]);
		}
		fputs("</text>\n", out);
	}
	fputs("</svg>\n", out);
}
