/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The map of tiles: a row for each, a column for each group of positions. The classes of its colours begin at the limits, and at a
 * fifth and two fifths of that of warning.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html_draw.h"
#include "lib/qc/html_text.h"
#include "lib/qc/plot_heat.h"

enum { TILE, DEVIATION = 2 };

/* Rows of the table that have the first one's tile: all tiles have as many groups. */
static size_t groups_of(const struct draw *draw)
{
	size_t n = 1;

	while (n < draw->n && draw->columns[TILE][n] == draw->columns[TILE][0])
		n++;
	return n;
}

/* Limits may be anything a user wrote; classes grow all the same. */
static void steps_make(const struct limit *limit, double steps[4])
{
	double warn = fabs(limit->warn), fail = fabs(limit->error);

	steps[0] = warn / 5;
	steps[1] = warn * 2 / 5;
	steps[2] = warn;
	steps[3] = fmax(warn, fail);
}

/* The colours from below the average to above it. */
static void scale_write(FILE *out, const double steps[4])
{
	fputs("<ul class=\"keys heat\">\n<li>Against the average:</li>\n", out);
	for (int class = 0; class < HEAT_CLASSES; class++) {
		int from = class < 4 ? 3 - class : class - 5;

		fprintf(out, "<li><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"h%d\" width=\"12\" height=\"12\"/></svg> ", class);
		if (class == HEAT_CLASSES / 2) {
			fputs("between", out);
		} else {
			fputs(class < 4 ? "&#60;&#160;&#8722;" : "&#62;&#160;+", out);
			html_real(out, steps[from]);
		}
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void note_write(FILE *out, const struct heat *heat)
{
	size_t rows = heat_shared_rows(heat), columns = heat_shared_columns(heat);

	if (rows == 1 && columns == 1)
		return;
	fputs("<p class=\"note\">", out);
	if (rows > 1)
		fprintf(out, "%zu neighbouring tiles share a row", rows);
	if (columns > 1)
		fprintf(out, "%s%zu groups of positions share a column", rows > 1 ? ", " : "", columns);
	fputs("; the one that deviates most is shown.</p>\n", out);
}

int draw_tiles(FILE *out, const struct draw *draw)
{
	size_t columns = groups_of(draw), rows = draw->n / columns;
	_cleanup_(freep) const char **labels = calloc(rows + 1, sizeof *labels);
	struct heat heat = {.rows = rows, .columns = columns, .values = draw->columns[DEVIATION]};
	_cleanup_(freep) char *numbers = calloc(rows + 1, 24);
	struct plot plot;

	if (!labels || !numbers)
		return -ENOMEM;
	for (size_t row = 0; row < rows; row++) {
		(void)snprintf(numbers + row * 24, 24, "%.0f", draw->columns[TILE][row * columns]);
		labels[row] = numbers + row * 24;
	}
	heat.labels = labels;
	steps_make(&draw->limits->of[LIMIT_TILE], heat.steps);
	scale_write(out, heat.steps);
	plot_open(&plot, out, draw->section->key, "Quality of tiles by position",
	          "A map with a row for each tile and a column for each position, coloured by the deviation from the average of all tiles.");
	fputs("<text class=\"name\" x=\"2\" y=\"18\">tile</text>\n", out);
	plot_heat(&plot, &heat);
	plot_bands(&plot, columns);
	plot_axis_groups(&plot, "position in the read (bases)", draw->groups, columns);
	plot_close(&plot);
	note_write(out, &heat);
	return 0;
}
