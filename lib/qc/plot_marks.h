/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is drawn into the frame of a plot (plot.h). Values stand at x0, x0 + 1, x0 + 2 ... of the horizontal scale (in bands: x0 is
 * 0.5); NaN has no mark. Of more than PLOT_COLUMNS_MAX values, neighbours share a column: its lowest and its highest are drawn.
 */
#pragma once

#include "lib/qc/plot.h"
#include "lib/qc/report.h"

/* Values that share a column. */
size_t plot_shared(size_t n);

/* A line through n values; class is its colour and style ("s2 d0"). A value without neighbours is a dash as wide as its place. */
void plot_line(struct plot *plot, const double *values, size_t n, double x0, const char *class);

/* The area between two lines of n values; low NULL: from the bottom of the frame. */
void plot_area(struct plot *plot, const double *low, const double *high, size_t n, double x0, const char *class);

/* Upright bars of n values from the bottom of the frame, of `sets` that stand side by side in a band that of number `set`. */
void plot_bars(struct plot *plot, const double *values, size_t n, size_t set, size_t sets, const char *class);

/* By position: quartiles as boxes, 10th and 90th percentile as whiskers, medians. All n long. */
struct boxes {
	const double *low, *lower, *median, *upper, *high;
	size_t n;
};

void plot_boxes(struct plot *plot, const struct boxes *boxes);

/*
 * For the pointer: over each row of the section a column of the frame that tells its values ("10-14 - G: 25.1, A: 24.2"), at most
 * HOVER_VALUES_MAX of them, those that are not 0. Nothing of more than PLOT_COLUMNS_MAX rows.
 */
#define HOVER_VALUES_MAX 8
void plot_hover(struct plot *plot, const struct section *section, double x0);

/* Bars from left to right, of a row of the section each: its first column is the label, `column` the value; height as needed. */
void plot_rows(FILE *out, const struct section *section, size_t column, const char *title, const char *description);
