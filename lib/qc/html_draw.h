/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the plots of sections share: the table as columns of doubles, and legends. */
#pragma once

#include <stdio.h>

#include "lib/qc/plot.h"
#include "lib/qc/report.h"

/* A section that is to be drawn. */
struct draw {
	const struct section *section;
	const struct limits *limits;
	size_t n;                   /* rows */
	double **columns;           /* of the table, n values each; NaN: a text */
	struct base_group *groups;  /* what the column of positions or lengths says: "10-14"; of what is none [0, 0] */
};

/* 0 or -ENOMEM; deinit in any case. */
int draw_init(struct draw *draw, const struct section *section, const struct limits *limits);
void draw_deinit(struct draw *draw);

/* The lowest and highest finite value of some columns; 0 where there are none. */
struct extent {
	double lowest, highest;
};

struct extent draw_extent(const struct draw *draw, size_t first, size_t last);

/* A legend, above the plot: what each class of line (or "key-...") is; most: its highest value in per cent, or NULL. */
void draw_key_begin(FILE *out);
void draw_key(FILE *out, const char *class, const char *name, const struct cell *most);
void draw_key_end(FILE *out);

/* The map of tiles. 0 or -ENOMEM. */
int draw_tiles(FILE *out, const struct draw *draw);
