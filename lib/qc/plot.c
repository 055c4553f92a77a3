/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scales, ticks and the frame of a plot: see plot.h. Its axes are in plot_axes.c. */
#include "lib/qc/plot.h"

#include <assert.h>
#include <math.h>

#define TOLERANCE 1e-9 /* of a step: what rounding may move a tick beyond its scale */

double scale_at(const struct scale *scale, double value)
{
	double share = (value - scale->from) / (scale->to - scale->from);

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	return scale->at_from + share * (scale->at_to - scale->at_from);
}

double step_round(double least)
{
	double power, share;

	if (!(least > 0) || !isfinite(least))
		return 1;
	power = pow(10, floor(log10(least)));
	share = least / power * (1 - TOLERANCE);
	return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
}

void ticks_make(double from, double to, size_t most, struct ticks *ret)
{
	double step, first;

	assert(most >= 2 && most < TICKS_MAX);
	*ret = (struct ticks){0};
	step = step_round((to - from) / (double)most);
	first = ceil(from / step - TOLERANCE);
	while (ret->n < TICKS_MAX && (first + (double)ret->n) * step <= to + step * TOLERANCE) {
		ret->at[ret->n] = (first + (double)ret->n) * step + 0.0;
		ret->n++;
	}
}

double scale_end(double highest, size_t steps)
{
	double step;

	if (!isfinite(highest) || highest < TOLERANCE)
		return 1;
	step = step_round(highest / (double)steps);
	return ceil(highest / step - TOLERANCE) * step;
}

void plot_number(FILE *out, double at)
{
	double tenths = round(at * 10);

	if (fmod(tenths, 10) == 0)
		fprintf(out, "%.0f", tenths / 10 + 0.0);
	else
		fprintf(out, "%.1f", tenths / 10);
}

void plot_open(struct plot *plot, FILE *out, const char *key, const char *title, const char *description)
{
	*plot = (struct plot){
		.out = out,
		.x = {0, 1, PLOT_LEFT, PLOT_RIGHT},
		.y = {0, 1, PLOT_BOTTOM, PLOT_TOP},
	};
	fprintf(out,
	        "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"%s_t %s_d\">\n"
	        "<title id=\"%s_t\">%s</title><desc id=\"%s_d\">%s</desc>\n",
	        PLOT_WIDTH, PLOT_HEIGHT, key, key, key, title, key, description);
}

void plot_close(struct plot *plot)
{
	fputs("</svg>\n", plot->out);
}

void plot_bands(struct plot *plot, size_t n)
{
	plot->x = (struct scale){0, n > 0 ? (double)n : 1, PLOT_LEFT, PLOT_RIGHT};
}

double plot_band_from(const struct plot *plot, size_t band)
{
	return scale_at(&plot->x, (double)band);
}

double plot_band_middle(const struct plot *plot, size_t band)
{
	return scale_at(&plot->x, (double)band + 0.5);
}
