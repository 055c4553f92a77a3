/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The axes of a plot: see plot.h. On a narrow screen letters are larger against the rectangle: labels of class "m" are left out there,
 * so that the others have room.
 */
#include <math.h>
#include <string.h>

#include "lib/qc/html_text.h"
#include "lib/qc/plot.h"

#define GAP 40        /* between the middles of labels of positions */
#define GAP_NARROW 84 /* of those that stay on a narrow screen */
#define LABEL_DIGITS 6 /* ticks are round: what rounding adds is behind that */
#define LABEL_Y (PLOT_BOTTOM + 18)
#define TITLE_Y (PLOT_HEIGHT - 6)

/* Where the last label stands, and the last of a narrow screen. */
struct placed {
	double at, narrow;
};

#define NONE_PLACED ((struct placed){-1000, -1000})

static void label_open(struct plot *plot, double at, struct placed *placed)
{
	bool minor = at - placed->narrow < GAP_NARROW;

	placed->at = at;
	placed->narrow = minor ? placed->narrow : at;
	fprintf(plot->out, "<text class=\"x%s\" x=\"", minor ? " m" : "");
	plot_number(plot->out, at);
	fprintf(plot->out, "\" y=\"%d\">", LABEL_Y);
}

static void x_title(struct plot *plot, const char *title)
{
	fprintf(plot->out, "<path class=\"axis\" d=\"M%d %dH%d\"/><text class=\"x name\" x=\"%d\" y=\"%d\">%s</text>\n", PLOT_LEFT,
	        PLOT_BOTTOM, PLOT_RIGHT, (PLOT_LEFT + PLOT_RIGHT) / 2, TITLE_Y, title);
}

void plot_axis_y(struct plot *plot, const char *title, size_t most_ticks)
{
	struct ticks ticks;

	ticks_make(plot->y.from, plot->y.to, most_ticks, &ticks);
	fprintf(plot->out, "<text class=\"name\" x=\"2\" y=\"18\">%s</text>\n<path class=\"grid\" d=\"", title);
	for (size_t i = 0; i < ticks.n; i++) {
		fprintf(plot->out, "M%d ", PLOT_LEFT);
		plot_number(plot->out, scale_at(&plot->y, ticks.at[i]));
		fprintf(plot->out, "H%d", PLOT_RIGHT);
	}
	fputs("\"/>\n", plot->out);
	for (size_t i = 0; i < ticks.n; i++) {
		fprintf(plot->out, "<text class=\"y\" x=\"%d\" y=\"", PLOT_LEFT - 7);
		plot_number(plot->out, scale_at(&plot->y, ticks.at[i]));
		fputs("\">", plot->out);
		html_si(plot->out, ticks.at[i], LABEL_DIGITS);
		fputs("</text>\n", plot->out);
	}
}

void plot_axis_x(struct plot *plot, const char *title, size_t most_ticks)
{
	struct placed placed = NONE_PLACED;
	struct ticks ticks;

	ticks_make(plot->x.from, plot->x.to, most_ticks, &ticks);
	for (size_t i = 0; i < ticks.n; i++) {
		label_open(plot, scale_at(&plot->x, ticks.at[i]), &placed);
		html_si(plot->out, ticks.at[i], LABEL_DIGITS);
		fputs("</text>\n", plot->out);
	}
	x_title(plot, title);
}

static uint64_t width(const struct base_group *group)
{
	return group->to - group->from;
}

/* The groups from `begin` that are as wide as it; returns the one behind them. */
static size_t run_end(const struct base_group *groups, size_t n, size_t begin)
{
	size_t end = begin + 1;

	while (end < n && width(&groups[end]) == width(&groups[begin]))
		end++;
	return end;
}

/*
 * Groups are not all as wide as each other (1 to 9 alone, then tens): in each run of equal ones labels stand at multiples of a round
 * step, and the first group has one.
 */
void plot_axis_groups(struct plot *plot, const char *title, const struct base_group *groups, size_t n)
{
	double band = (PLOT_RIGHT - PLOT_LEFT) / (double)(n > 0 ? n : 1);
	struct placed placed = NONE_PLACED;

	for (size_t begin = 0, end; begin < n; begin = end) {
		double step = step_round((double)(width(&groups[begin]) + 1) * GAP / band);

		step = step < 1 ? 1 : step;
		end = run_end(groups, n, begin);
		for (size_t i = begin; i < end; i++) {
			double at = plot_band_middle(plot, i);

			if (i > 0 && (fmod((double)groups[i].from, step) != 0 || at - placed.at < GAP))
				continue;
			label_open(plot, at, &placed);
			html_si(plot->out, (double)groups[i].from, LABEL_DIGITS);
			fputs("</text>\n", plot->out);
		}
	}
	x_title(plot, title);
}

void plot_axis_names(struct plot *plot, const char *title, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(plot->out, "<text class=\"x%s\" x=\"", i % 2 > 0 ? " m" : "");
		plot_number(plot->out, plot_band_middle(plot, i));
		fprintf(plot->out, "\" y=\"%d\">", LABEL_Y);
		html_text(plot->out, names[i]);
		fputs("</text>\n", plot->out);
	}
	x_title(plot, title);
}

void plot_limit_y(struct plot *plot, double value, const char *word)
{
	double at = scale_at(&plot->y, value);

	if (!(value > plot->y.from && value < plot->y.to))
		return;
	fprintf(plot->out, "<path class=\"limit %s\" d=\"M%d ", word, PLOT_LEFT);
	plot_number(plot->out, at);
	fprintf(plot->out, "H%d\"/><text class=\"limit %s\" x=\"%d\" y=\"", PLOT_RIGHT, word, PLOT_RIGHT - 3);
	plot_number(plot->out, at - 4);
	fprintf(plot->out, "\">%s ", word);
	html_real(plot->out, value);
	fputs("</text>\n", plot->out);
}

void plot_limit_x(struct plot *plot, double value, const char *word)
{
	double at = scale_at(&plot->x, value);

	if (!(value > plot->x.from && value < plot->x.to))
		return;
	fprintf(plot->out, "<path class=\"limit %s\" d=\"M", word);
	plot_number(plot->out, at);
	fprintf(plot->out, " %dV%d\"/><text class=\"limit %s\" x=\"", PLOT_TOP, PLOT_BOTTOM, word);
	plot_number(plot->out, at + 3);
	fprintf(plot->out, "\" y=\"%d\">%s ", PLOT_TOP - 5, word); /* above the frame: no line crosses it */
	html_real(plot->out, value);
	fputs("</text>\n", plot->out);
}

static void ground(struct plot *plot, double x, double y, double right, double bottom, const char *class)
{
	if (!(right > x && bottom > y))
		return;
	fprintf(plot->out, "<rect class=\"%s\" x=\"", class);
	plot_number(plot->out, x);
	fputs("\" y=\"", plot->out);
	plot_number(plot->out, y);
	fputs("\" width=\"", plot->out);
	plot_number(plot->out, right - x);
	fputs("\" height=\"", plot->out);
	plot_number(plot->out, bottom - y);
	fputs("\"/>\n", plot->out);
}

void plot_ground_y(struct plot *plot, double from, double to, const char *class)
{
	ground(plot, PLOT_LEFT, scale_at(&plot->y, to), PLOT_RIGHT, scale_at(&plot->y, from), class);
}

void plot_ground_x(struct plot *plot, double from, double to, const char *class)
{
	ground(plot, scale_at(&plot->x, from), PLOT_TOP, scale_at(&plot->x, to), PLOT_BOTTOM, class);
}
