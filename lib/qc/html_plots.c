/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot of each section: see html_plots.h. Tiles are in html_tiles.c. */
#include "lib/qc/html_plots.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html_draw.h"
#include "lib/qc/html_text.h"
#include "lib/qc/plot_marks.h"

#define QUALITY_TOP 40 /* the scale of qualities reaches at least that, */
#define QUALITY_FAIR 20
#define QUALITY_GOOD 28

static int quality_draw(FILE *out, const struct draw *draw)
{
	enum { MEAN = 1, MEDIAN, LOWER, UPPER, LOW, HIGH };
	const struct boxes boxes = {draw->columns[LOW], draw->columns[LOWER], draw->columns[MEDIAN], draw->columns[UPPER],
	                            draw->columns[HIGH], draw->n};
	struct extent extent = draw_extent(draw, MEAN, HIGH);
	struct plot plot;

	draw_key_begin(out);
	draw_key(out, "key-box", "10th to 90th percentile, quartiles, median", NULL);
	draw_key(out, "mean", "mean", NULL);
	draw_key_end(out);
	plot_open(&plot, out, draw->section->key, "Quality by position", "Boxes of quartiles, whiskers and the mean line, by position.");
	plot.y.from = extent.lowest < 0 ? floor(extent.lowest) : 0;
	plot.y.to = fmax(QUALITY_TOP, ceil(extent.highest));
	plot_bands(&plot, draw->n);
	plot_ground_y(&plot, plot.y.from, QUALITY_FAIR, "poor");
	plot_ground_y(&plot, QUALITY_FAIR, QUALITY_GOOD, "fair");
	plot_ground_y(&plot, QUALITY_GOOD, plot.y.to, "good");
	plot_axis_y(&plot, "Phred quality", 6);
	plot_axis_groups(&plot, "position in the read (bases)", draw->groups, draw->n);
	plot_boxes(&plot, &boxes);
	plot_line(&plot, draw->columns[MEAN], draw->n, 0.5, "mean");
	plot_hover(&plot, draw->section, 0.5);
	plot_close(&plot);
	return 0;
}

static int scores_draw(FILE *out, const struct draw *draw)
{
	const struct limit *limit = &draw->limits->of[LIMIT_QUALITY_SEQUENCE];
	double first = draw->columns[0][0], last = draw->columns[0][draw->n - 1];
	struct plot plot;

	plot_open(&plot, out, draw->section->key, "Reads by mean quality", "A line of the number of reads by their mean quality.");
	plot.x.from = fmin(first, 0) - 0.5;
	plot.x.to = fmax(last, QUALITY_TOP) + 0.5;
	plot.y.to = scale_end(draw_extent(draw, 1, 1).highest, 5);
	plot_ground_x(&plot, plot.x.from, limit->error, "poor");
	plot_ground_x(&plot, limit->error, limit->warn, "fair");
	plot_ground_x(&plot, limit->warn, plot.x.to, "good");
	plot_axis_y(&plot, "reads", 6);
	plot_axis_x(&plot, "mean Phred quality of the read", 12);
	plot_area(&plot, NULL, draw->columns[1], draw->n, first, "s0");
	plot_line(&plot, draw->columns[1], draw->n, first, "s0 d0");
	plot_limit_x(&plot, limit->error, "fail");
	plot_limit_x(&plot, limit->warn, "warn");
	plot_hover(&plot, draw->section, first);
	plot_close(&plot);
	return 0;
}

static int content_draw(FILE *out, const struct draw *draw)
{
	static const char *const classes[] = {"", "s6 d2", "s2 d0", "s1 d3", "s0 d1"}; /* G, A, T, C */
	struct plot plot;

	draw_key_begin(out);
	for (size_t i = 1; i < 5; i++)
		draw_key(out, classes[i], draw->section->columns[i], NULL);
	draw_key_end(out);
	plot_open(&plot, out, draw->section->key, "Bases by position", "A line for each of G, A, T and C, in per cent by position.");
	plot.y.to = fmin(100, fmax(50, scale_end(draw_extent(draw, 1, 4).highest, 5)));
	plot_bands(&plot, draw->n);
	plot_axis_y(&plot, "% of bases", 5);
	plot_axis_groups(&plot, "position in the read (bases)", draw->groups, draw->n);
	for (size_t i = 1; i < 5; i++)
		plot_line(&plot, draw->columns[i], draw->n, 0.5, classes[i]);
	plot_hover(&plot, draw->section, 0.5);
	plot_close(&plot);
	return 0;
}

static int gc_draw(FILE *out, const struct draw *draw)
{
	const double *theory = draw->section->theory;
	double highest = draw_extent(draw, 1, 1).highest;
	struct plot plot;

	for (size_t i = 0; theory && i < draw->n; i++)
		highest = isfinite(theory[i]) ? fmax(highest, theory[i]) : highest;
	draw_key_begin(out);
	draw_key(out, "s0 d0", "reads", NULL);
	draw_key(out, "s1 d1", "normal distribution about the peak", NULL);
	draw_key_end(out);
	plot_open(&plot, out, draw->section->key, "Reads by GC content",
	          "A line of the number of reads by per cent of G and C, and a normal one.");
	plot.x.from = -0.5;
	plot.x.to = 100.5;
	plot.y.to = scale_end(highest, 5);
	plot_axis_y(&plot, "reads", 6);
	plot_axis_x(&plot, "% of G and C in the read", 10);
	plot_area(&plot, NULL, draw->columns[1], draw->n, 0, "s0");
	plot_line(&plot, draw->columns[1], draw->n, 0, "s0 d0");
	if (theory)
		plot_line(&plot, theory, draw->n, 0, "s1 d1");
	plot_hover(&plot, draw->section, 0);
	plot_close(&plot);
	return 0;
}

/* The end of a scale of per cent from 0: what is there, and in any case the limit, that one sees how far it is. */
static double percent_end(double highest, const struct limit *limit)
{
	double shown = highest > limit->warn ? fmax(highest, limit->error * 1.1) : limit->warn * 1.2;

	return fmin(100, scale_end(fmax(highest, fmin(shown, 100)), 5));
}

static int n_draw(FILE *out, const struct draw *draw)
{
	const struct limit *limit = &draw->limits->of[LIMIT_N_CONTENT];
	struct plot plot;

	plot_open(&plot, out, draw->section->key, "N by position", "A line of the per cent of bases that are N, by position.");
	plot.y.to = percent_end(draw_extent(draw, 1, 1).highest, limit);
	plot_bands(&plot, draw->n);
	plot_axis_y(&plot, "% of bases", 6);
	plot_axis_groups(&plot, "position in the read (bases)", draw->groups, draw->n);
	plot_limit_y(&plot, limit->warn, "warn");
	plot_limit_y(&plot, limit->error, "fail");
	plot_area(&plot, NULL, draw->columns[1], draw->n, 0.5, "s1");
	plot_line(&plot, draw->columns[1], draw->n, 0.5, "s1 d0");
	plot_hover(&plot, draw->section, 0.5);
	plot_close(&plot);
	return 0;
}

static int lengths_draw(FILE *out, const struct draw *draw)
{
	struct plot plot;

	plot_open(&plot, out, draw->section->key, "Reads by length", "Bars of the number of reads by length.");
	plot.y.to = scale_end(draw_extent(draw, 1, 1).highest, 5);
	plot_bands(&plot, draw->n);
	plot_axis_y(&plot, "reads", 6);
	plot_axis_groups(&plot, "length of the read (bases)", draw->groups, draw->n);
	plot_bars(&plot, draw->columns[1], draw->n, 0, 1, "s0");
	plot_hover(&plot, draw->section, 0.5);
	plot_close(&plot);
	return 0;
}

static int duplication_draw(FILE *out, const struct draw *draw)
{
	static const char *const classes[] = {"", "s0", "s4"};
	const struct section *section = draw->section;
	size_t series = section->columns_n - 1;
	_cleanup_(freep) const char **names = calloc(draw->n + 1, sizeof *names);
	struct plot plot;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < draw->n; i++)
		names[i] = section->cells[i * section->columns_n].text;
	if (series > 1) {
		draw_key_begin(out);
		draw_key(out, "key-bar s0", "of deduplicated sequences", NULL);
		draw_key(out, "key-bar s4", "of all reads", NULL);
		draw_key_end(out);
	}
	plot_open(&plot, out, section->key, "Reads by copies", "Bars of per cent, by the number of copies of the same sequence.");
	plot.y.to = 100;
	plot_bands(&plot, draw->n);
	plot_axis_y(&plot, series > 1 ? "%" : "% of reads", 5);
	plot_axis_names(&plot, "copies of the same sequence", names, draw->n);
	for (size_t i = 1; i <= series && i < 3; i++)
		plot_bars(&plot, draw->columns[i], draw->n, i - 1, series, classes[i]);
	plot_hover(&plot, section, 0.5);
	plot_close(&plot);
	return 0;
}

/* Colour and style of the series: no two of the first 40 have both the same. */
static const char *series_class(size_t i, char buffer[16])
{
	static const uint8_t colours[] = {0, 1, 2, 3, 4, 6, 5, 7};

	(void)snprintf(buffer, 16, "s%d d%zu", colours[i % 8], i % 5);
	return buffer;
}

static int adapters_draw(FILE *out, const struct draw *draw)
{
	const struct limit *limit = &draw->limits->of[LIMIT_ADAPTER];
	const struct section *section = draw->section;
	char class[16];
	struct plot plot;

	draw_key_begin(out);
	for (size_t i = 1; i < section->columns_n; i++) {
		struct cell most = {.kind = CELL_DOUBLE, .real = draw_extent(draw, i, i).highest};

		draw_key(out, series_class(i - 1, class), section->columns[i], &most);
	}
	draw_key_end(out);
	plot_open(&plot, out, section->key, "Adapters by position",
	          "A line for each adapter: per cent of reads in which it has begun, by position.");
	plot.y.to = percent_end(draw_extent(draw, 1, section->columns_n - 1).highest, limit);
	plot_bands(&plot, draw->n);
	plot_axis_y(&plot, "% of reads", 6);
	plot_axis_groups(&plot, "position in the read (bases)", draw->groups, draw->n);
	plot_limit_y(&plot, limit->warn, "warn");
	plot_limit_y(&plot, limit->error, "fail");
	for (size_t i = 1; i < section->columns_n; i++)
		plot_line(&plot, draw->columns[i], draw->n, 0.5, series_class(i - 1, class));
	plot_hover(&plot, section, 0.5);
	plot_close(&plot);
	return 0;
}

static int kmers_draw(FILE *out, const struct draw *draw)
{
	plot_rows(out, draw->section, 3, "Highest observed over expected, and at which position",
	          "Bars of the highest ratio of observed to expected, a k-mer each.");
	return 0;
}

static int (*const draws[_SECTION_MAX])(FILE *out, const struct draw *draw) = {
	[SECTION_QUALITY] = quality_draw, [SECTION_TILES] = draw_tiles,
	[SECTION_SCORES] = scores_draw,   [SECTION_CONTENT] = content_draw,
	[SECTION_GC] = gc_draw,           [SECTION_N] = n_draw,
	[SECTION_LENGTHS] = lengths_draw, [SECTION_DUPLICATION] = duplication_draw,
	[SECTION_ADAPTERS] = adapters_draw, [SECTION_KMERS] = kmers_draw,
};

bool html_has_plot(const struct section *section)
{
	return section->rows_n > 0 && draws[section->id];
}

int html_plot(FILE *out, const struct section *section, const struct limits *limits)
{
	_cleanup_(draw_deinit) struct draw draw = {0};
	int r = draw_init(&draw, section, limits);

	if (r < 0)
		return r;
	fputs("<figure>\n", out);
	r = draws[section->id](out, &draw);
	if (plot_shared(draw.n) > 1 && section->id != SECTION_TILES)
		fprintf(out, "<p class=\"note\">%zu rows share a column, which shows their lowest and highest value.</p>\n",
		        plot_shared(draw.n));
	fputs("</figure>\n", out);
	return r;
}
