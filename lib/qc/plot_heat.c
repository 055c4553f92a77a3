/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A map of deviations: see plot_heat.h. A path for each class: neighbouring cells of a row are one stroke as wide as the row,
 * counted in cells, so that numbers are short; what does not deviate costs nothing.
 */
#include "lib/qc/plot_heat.h"

#include <math.h>
#include <stdint.h>

#include "lib/qc/html_text.h"

#define LABEL_GAP 22 /* between labels of rows */

static size_t shared(size_t n, size_t most)
{
	return n > most ? (n + most - 1) / most : 1;
}

size_t heat_shared_rows(const struct heat *heat)
{
	return shared(heat->rows, HEAT_ROWS_MAX);
}

size_t heat_shared_columns(const struct heat *heat)
{
	return shared(heat->columns, HEAT_COLUMNS_MAX);
}

int heat_class(const struct heat *heat, double value)
{
	int far = 0;

	while (far < 4 && fabs(value) > heat->steps[far])
		far++;
	return value < 0 ? 4 - far : 4 + far;
}

/* Places of the map and their classes; by_rows x by_columns cells share one. */
struct places {
	size_t rows, columns, by_rows, by_columns;
	uint8_t classes[HEAT_ROWS_MAX][HEAT_COLUMNS_MAX];
};

/* The class of the value of a place that deviates most; 4, which is not drawn, where there is none. */
static int place_class(const struct heat *heat, const struct places *places, size_t row, size_t column)
{
	double most = 0;

	for (size_t r = row * places->by_rows; r < (row + 1) * places->by_rows && r < heat->rows; r++)
		for (size_t c = column * places->by_columns; c < (column + 1) * places->by_columns && c < heat->columns; c++) {
			double value = heat->values[r * heat->columns + c];

			if (fabs(value) > fabs(most))
				most = value;
		}
	return heat_class(heat, most);
}

static void places_make(struct places *places, const struct heat *heat)
{
	places->by_rows = heat_shared_rows(heat);
	places->by_columns = heat_shared_columns(heat);
	places->rows = (heat->rows + places->by_rows - 1) / places->by_rows;
	places->columns = (heat->columns + places->by_columns - 1) / places->by_columns;
	for (size_t row = 0; row < places->rows; row++)
		for (size_t column = 0; column < places->columns; column++)
			places->classes[row][column] = (uint8_t)place_class(heat, places, row, column);
}

/* Cells [column, end) of a row; pen: the column where it stands in this row, or -1. */
static void run_write(FILE *out, size_t row, size_t column, size_t end, long *pen)
{
	if (*pen < 0)
		fprintf(out, "M%zu %zuh%zu", column, row, end - column);
	else
		fprintf(out, "m%ld 0h%zu", (long)column - *pen, end - column);
	*pen = (long)end;
}

static void class_write(FILE *out, const struct places *places, int class)
{
	fprintf(out, "<path class=\"h%d\" d=\"", class);
	for (size_t row = 0; row < places->rows; row++) {
		const uint8_t *classes = places->classes[row];
		long pen = -1;

		for (size_t c = 0, end; c < places->columns; c = end) {
			end = c + 1;
			if (classes[c] != class)
				continue;
			while (end < places->columns && classes[end] == class)
				end++;
			run_write(out, row, c, end, &pen);
		}
	}
	fputs("\"/>\n", out);
}

/* A label wherever there is room, at the middle of its row. */
static void labels_write(struct plot *plot, const struct heat *heat, const struct places *places)
{
	double room = (PLOT_BOTTOM - PLOT_TOP) / (double)places->rows;
	size_t every = room >= LABEL_GAP ? 1 : (size_t)ceil(LABEL_GAP / room);

	for (size_t row = 0; row < places->rows; row += every) {
		fprintf(plot->out, "<text class=\"y\" x=\"%d\" y=\"", PLOT_LEFT - 7);
		plot_number(plot->out, scale_at(&plot->y, (double)row + 0.5));
		fputs("\">", plot->out);
		html_text(plot->out, heat->labels[row * places->by_rows]);
		fputs("</text>\n", plot->out);
	}
}

void plot_heat(struct plot *plot, const struct heat *heat)
{
	struct places places;

	places_make(&places, heat);
	plot->x = (struct scale){0, (double)(places.columns > 0 ? places.columns : 1), PLOT_LEFT, PLOT_RIGHT};
	plot->y = (struct scale){0, (double)(places.rows > 0 ? places.rows : 1), PLOT_TOP, PLOT_BOTTOM};
	fprintf(plot->out, "<rect class=\"h4\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", PLOT_LEFT, PLOT_TOP,
	        PLOT_RIGHT - PLOT_LEFT, PLOT_BOTTOM - PLOT_TOP);
	fprintf(plot->out, "<g class=\"map\" transform=\"translate(%d %.7g) scale(%.7g %.7g)\">\n", PLOT_LEFT,
	        scale_at(&plot->y, 0.5), scale_at(&plot->x, 1) - PLOT_LEFT, scale_at(&plot->y, 1) - PLOT_TOP);
	for (int class = 0; class < HEAT_CLASSES; class++)
		if (class != HEAT_CLASSES / 2)
			class_write(plot->out, &places, class);
	fputs("</g>\n", plot->out);
	if (places.rows > 0)
		labels_write(plot, heat, &places);
}
