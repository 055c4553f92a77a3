/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plots as SVG inside a page. A plot is a rectangle of PLOT_WIDTH x PLOT_HEIGHT units that is shown as wide as there is room; marks
 * lie in its inner part, the frame. What it looks like (colours, line styles, size of letters) is the page's style, by class.
 *
 *     plot_open -> plot_axis_* -> marks (plot_marks.h, plot_heat.h) -> plot_close
 *
 * Every coordinate is finite and within the rectangle, whatever the values are: a value that is none has no mark, one beyond its
 * scale is drawn at the edge. Nothing depends on anything but the arguments.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "lib/qc/base_groups.h"

#define PLOT_WIDTH 680
#define PLOT_HEIGHT 290
#define PLOT_LEFT 52
#define PLOT_RIGHT 668
#define PLOT_TOP 32
#define PLOT_BOTTOM 244
#define PLOT_COLUMNS_MAX 300 /* of more, neighbours share a column, which shows their lowest and highest value */

/* Values [from, to] on [at_from, at_to] of the rectangle; from < to. */
struct scale {
	double from, to;
	double at_from, at_to;
};

/* Finite, between at_from and at_to. The value must not be NaN. */
double scale_at(const struct scale *scale, double value);

#define TICKS_MAX 16

/* Values to write at an axis, from the lowest. */
struct ticks {
	size_t n;
	double at[TICKS_MAX];
};

/* 1, 2 or 5 times a power of ten: the smallest that is at least as much. 1 of what is not above 0, or not finite. */
double step_round(double least);

/* Whole multiples of a round step within [from, to], at most `most` (2 to TICKS_MAX - 1) steps; from < to, both finite. */
void ticks_make(double from, double to, size_t most, struct ticks *ret);

/* A round end of a scale from 0 that shows `highest` with some `steps` ticks; 1 of less than 1e-9, and of what is not finite. */
double scale_end(double highest, size_t steps);

struct plot {
	FILE *out;
	struct scale x, y;
};

/* Opens the figure and its <svg>; key (of the section) makes its ids, title and description are plain texts of ours. */
void plot_open(struct plot *plot, FILE *out, const char *key, const char *title, const char *description);
void plot_close(struct plot *plot);

/* A coordinate with at most one digit behind the point. */
void plot_number(FILE *out, double at);

/* ---- axes: lines across the frame, labels, and the title of what is measured */

void plot_axis_y(struct plot *plot, const char *title, size_t most_ticks);
void plot_axis_x(struct plot *plot, const char *title, size_t most_ticks);

/* An axis of n equal bands: where one is, and its middle. plot->x is set to [0, n]. */
void plot_bands(struct plot *plot, size_t n);
double plot_band_from(const struct plot *plot, size_t band);
double plot_band_middle(const struct plot *plot, size_t band);

/* Labels of some of the bands, which are groups of positions (or lengths): round ones, as many as there is room for. */
void plot_axis_groups(struct plot *plot, const char *title, const struct base_group *groups, size_t n);
/* All labels, every second only where there is room. */
void plot_axis_names(struct plot *plot, const char *title, const char *const *names, size_t n);

/* A line across at a limit, with its word ("warn 5"); nothing where it lies beyond the scale. */
void plot_limit_y(struct plot *plot, double value, const char *word);
void plot_limit_x(struct plot *plot, double value, const char *word);

/* Coloured ground between two values; class: "good", "fair", "poor". */
void plot_ground_y(struct plot *plot, double from, double to, const char *class);
void plot_ground_x(struct plot *plot, double from, double to, const char *class);
