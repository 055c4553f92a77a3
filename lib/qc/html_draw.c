/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the plots of sections share: see html_draw.h. */
#include "lib/qc/html_draw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/html_text.h"

/* "10-14", or "7" */
static struct base_group group_read(const char *label)
{
	struct base_group group = {0};
	char *end;

	group.from = group.to = strtoull(label, &end, 10);
	if (*end == '-')
		group.to = strtoull(end + 1, NULL, 10);
	return group.to < group.from ? (struct base_group){0} : group;
}

int draw_init(struct draw *draw, const struct section *section, const struct limits *limits)
{
	*draw = (struct draw){.section = section, .limits = limits, .n = section->rows_n};
	draw->columns = calloc(section->columns_n + 1, sizeof *draw->columns);
	draw->groups = calloc(draw->n + 1, sizeof *draw->groups);
	if (!draw->columns || !draw->groups)
		return -ENOMEM;
	for (size_t i = 0; i < section->columns_n; i++) {
		draw->columns[i] = calloc(draw->n + 1, sizeof **draw->columns);
		if (!draw->columns[i])
			return -ENOMEM;
		for (size_t row = 0; row < draw->n; row++)
			draw->columns[i][row] = html_value(&section->cells[row * section->columns_n + i]);
	}
	for (size_t row = 0; row < draw->n; row++) {
		const struct cell *cell = &section->cells[row * section->columns_n + (section->id == SECTION_TILES ? 1 : 0)];

		if (cell->kind == CELL_TEXT)
			draw->groups[row] = group_read(cell->text);
	}
	return 0;
}

void draw_deinit(struct draw *draw)
{
	for (size_t i = 0; draw->columns && draw->columns[i]; i++)
		free(draw->columns[i]);
	free(draw->columns);
	free(draw->groups);
	*draw = (struct draw){0};
}

struct extent draw_extent(const struct draw *draw, size_t first, size_t last)
{
	struct extent extent = {(double)NAN, (double)NAN};

	for (size_t i = first; i <= last; i++)
		for (size_t row = 0; row < draw->n; row++) {
			double value = draw->columns[i][row];

			if (!isfinite(value))
				continue;
			extent.lowest = fmin(value, extent.lowest);
			extent.highest = fmax(value, extent.highest);
		}
	return isnan(extent.lowest) ? (struct extent){0} : extent;
}

void draw_key_begin(FILE *out)
{
	fputs("<ul class=\"keys\">\n", out);
}

void draw_key(FILE *out, const char *class, const char *name, const struct cell *most)
{
	fputs("<li><svg viewBox=\"0 0 30 12\" aria-hidden=\"true\">", out);
	if (strncmp(class, "key-bar ", 8) == 0)
		fprintf(out, "<path class=\"bar %s\" d=\"M9 1H21V11H9Z\"/>", class + 8);
	else if (strcmp(class, "key-box") == 0)
		fputs("<path class=\"whisker\" d=\"M1 6H29M1 3V9M29 3V9\"/><path class=\"box\" d=\"M7 1H23V11H7Z\"/>"
		      "<path class=\"median\" d=\"M16 1V11\"/>", out);
	else
		fprintf(out, "<path class=\"line %s\" d=\"M1 6H29\"/>", class);
	fputs("</svg> ", out);
	html_text(out, name);
	if (most) {
		fputs(" <b>", out);
		html_cell(out, most);
		fputs("&#160;%</b>", out);
	}
	fputs("</li>\n", out);
}

void draw_key_end(FILE *out)
{
	fputs("</ul>\n", out);
}
