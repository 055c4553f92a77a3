/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map of deviations, row by row, in the frame of a plot (plot.h). */
#pragma once

#include "lib/qc/plot.h"

#define HEAT_ROWS_MAX 180    /* of more, neighbours share a row */
#define HEAT_COLUMNS_MAX 100 /* likewise; so a map has at most some 120 kB */
#define HEAT_CLASSES 9

struct heat {
	size_t rows, columns;
	const double *values;      /* row by row; NaN: none */
	const char *const *labels; /* of the rows */
	double steps[4];           /* where classes of deviation begin, up and down, growing */
};

/*
 * Cells by class: h0 to h3 are below the average (h0 farthest), h4 about it (nothing is drawn), h5 to h8 above it. Where cells share
 * a place, it shows the value that deviates most. plot->x is set to the columns. Labels of rows are left out where there is no room.
 */
void plot_heat(struct plot *plot, const struct heat *heat);

/* The class of a value, 0 to HEAT_CLASSES - 1. */
int heat_class(const struct heat *heat, double value);

/* Rows, and columns, that share a place. */
size_t heat_shared_rows(const struct heat *heat);
size_t heat_shared_columns(const struct heat *heat);
