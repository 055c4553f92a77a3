/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scales, ticks and marks of plots: for any values, coordinates are finite and within the frame, and ticks are round. */
#include "lib/qc/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html_text.h"
#include "lib/qc/plot_heat.h"
#include "lib/qc/plot_marks.h"
#include "tests/unit/tap.h"

/* What a function prints; the caller frees. */
struct sheet {
	char *text;
	size_t n;
	struct plot plot;
};

static struct sheet *sheet_new(double from, double to, size_t bands)
{
	struct sheet *sheet = calloc(1, sizeof *sheet);
	FILE *out = sheet ? open_memstream(&sheet->text, &sheet->n) : NULL;

	if (!out)
		abort();
	plot_open(&sheet->plot, out, "k", "t", "d");
	sheet->plot.y.from = from;
	sheet->plot.y.to = to;
	plot_bands(&sheet->plot, bands);
	return sheet;
}

/* The text is whole from here on. */
static void sheet_close(struct sheet *sheet)
{
	fclose(sheet->plot.out);
}

static void sheetp(struct sheet **sheet)
{
	free((*sheet)->text);
	free(*sheet);
}

static void test_scale(void)
{
	const struct scale scale = {10, 20, 244, 32};
	static const struct {
		double value, at;
	} cases[] = {{10, 244}, {20, 32}, {15, 138}, {9, 244}, {21, 32}, {1e300, 32}, {-1e300, 244}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(scale_at(&scale, cases[i].value) == cases[i].at, "%g is at %g", cases[i].value, cases[i].at);
	ok(scale_at(&scale, (double)INFINITY) == 32 && scale_at(&scale, -(double)INFINITY) == 244, "infinity is at an end");
}

/* Whether it is 1, 2 or 5 times a power of ten. */
static bool round_step(double step)
{
	double share = step / pow(10, floor(log10(step) + 1e-9));

	return fabs(share - 1) < 1e-6 || fabs(share - 2) < 1e-6 || fabs(share - 5) < 1e-6;
}

static void test_steps(void)
{
	static const struct {
		double least, step;
	} cases[] = {{1, 1}, {1.0001, 2}, {2, 2}, {3, 5}, {5, 5}, {5.1, 10}, {0.03, 0.05}, {1234, 2000}, {0, 1}, {-3, 1}, {0.1, 0.1}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(fabs(step_round(cases[i].least) - cases[i].step) < cases[i].step * 1e-9, "a step of %g for %g", cases[i].step,
		   cases[i].least);
	ok(step_round((double)NAN) == 1 && step_round((double)INFINITY) == 1, "1 for what is no number");
}

/* What is wrong with the ticks of a scale; NULL: nothing. */
static const char *ticks_wrong(double from, double to, size_t most)
{
	struct ticks ticks;
	double step;

	ticks_make(from, to, most, &ticks);
	if (ticks.n > most + 1)
		return "too many";
	if (ticks.n < 2)
		return most < 5 ? NULL : "too few";
	step = ticks.at[1] - ticks.at[0];
	for (size_t i = 0; i < ticks.n; i++) {
		if (ticks.at[i] < from - step * 1e-6 || ticks.at[i] > to + step * 1e-6)
			return "outside";
		if (i > 0 && fabs(ticks.at[i] - ticks.at[i - 1] - step) > step * 1e-6)
			return "uneven";
		if (fabs(ticks.at[i] / step - nearbyint(ticks.at[i] / step)) > 1e-6)
			return "no multiples of their step";
	}
	return round_step(step) ? NULL : "not round";
}

static void test_ticks(void)
{
	uint64_t seed = 4711, wrong = 0;

	for (int i = 0; i < 20000; i++) {
		double size, from;
		size_t most;
		const char *why;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		size = pow(10, (double)(seed >> 40) / (1 << 24) * 27 - 9);
		from = (seed >> 20 & 3) == 0 ? 0 : size * ((double)(seed >> 16 & 0xff) / 16 - 8);
		most = 2 + (seed >> 33) % (TICKS_MAX - 3);
		why = ticks_wrong(from, from + size, most);
		if (why && wrong++ == 0)
			diag("[%g, %g], at most %zu: %s", from, from + size, most, why);
	}
	is_u64(wrong, 0, "20,000 scales: few, round, even ticks within them");
}

static void test_ends(void)
{
	static const struct {
		double highest, end;
	} cases[] = {{0, 1}, {1, 1}, {11300, 15000}, {100, 100}, {97.5, 100}, {3, 3}, {(double)NAN, 1}, {(double)INFINITY, 1}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(scale_end(cases[i].highest, 5) == cases[i].end, "a scale for %g ends at %g", cases[i].highest, cases[i].end);
	ok(scale_end(3.6e16, 5) >= 3.6e16 && scale_end(3.6e16, 5) <= 5e16, "and one for 2^55 reads");
}

static void written_is(double value, const char *want)
{
	_cleanup_(freep) char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	plot_number(out, value);
	fclose(out);
	is_str(text, want, "%g", value);
}

static void si_is(double value, int digits, const char *want)
{
	_cleanup_(freep) char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	html_si(out, value, digits);
	fclose(out);
	is_str(text, want, "%g to %d digits", value, digits);
}

static void test_numbers(void)
{
	written_is(0, "0");
	written_is(-0.04, "0");
	written_is(12.34, "12.3");
	written_is(12.96, "13");
	written_is(-3.25, "-3.3");
	si_is(0, 3, "0");
	si_is(999, 3, "999");
	si_is(999.4, 3, "999");
	si_is(999.6, 3, "1&#160;k");
	si_is(999999, 3, "1&#160;M");
	si_is(38211004, 3, "38.2&#160;M");
	si_is(10250, 6, "10.25&#160;k");
	si_is(36028797018963968.0, 3, "36&#160;P");
	si_is((double)NAN, 3, "&#8211;");
}

static void test_lines(void)
{
	const double values[] = {0, 10, (double)NAN, 5, (double)NAN, (double)NAN, 10, 20, 30};
	_cleanup_(sheetp) struct sheet *sheet = sheet_new(0, 20, 9), *all = sheet_new(0, 1, 3000), *none = sheet_new(0, 1, 2);
	static double many[3000];
	const double nothing[] = {(double)NAN, (double)NAN};

	plot_line(&sheet->plot, values, 9, 0.5, "a");
	sheet_close(sheet);
	ok(strstr(sheet->text, "<path class=\"line a\" d=\"M86.2 244 154.7 138M257.3 191H325.8M496.9 138 565.3 32 633.8 32\"/>"),
	   "a line ends where a value is none, a lonely one is a dash, one beyond the scale is at its edge: %s", sheet->text);
	for (size_t i = 0; i < 3000; i++)
		many[i] = 0.5;
	many[1234] = 0;
	many[1237] = 1;
	plot_line(&all->plot, many, 3000, 0.5, "a");
	sheet_close(all);
	ok(strstr(all->text, " 305.5 244 306.1 32 ") != NULL, "of columns that are shared the extremes are shown, in their order");
	ok(strlen(all->text) < 300 * 30, "and no more");
	plot_line(&none->plot, nothing, 2, 0.5, "a");
	plot_area(&none->plot, NULL, nothing, 2, 0.5, "a");
	sheet_close(none);
	ok(strstr(none->text, "<path class=\"line a\" d=\"\"/>\n<path class=\"area a\" d=\"\"/>"), "of no value there is nothing");
}

static void test_areas(void)
{
	const double low[] = {0, 5, (double)NAN, 2}, high[] = {10, 15, 20, 4};
	_cleanup_(sheetp) struct sheet *sheet = sheet_new(0, 20, 4);

	plot_area(&sheet->plot, low, high, 4, 0.5, "a");
	sheet_close(sheet);
	ok(strstr(sheet->text, "d=\"M129 138 283 85 283 191 129 244ZM514 201.6 668 201.6 668 222.8 514 222.8Z\"/>"),
	   "an area goes there and back, and has gaps: %s", sheet->text);
}

static void test_bars(void)
{
	const double values[] = {0, 10, (double)NAN, 25}, one[] = {1};
	_cleanup_(sheetp) struct sheet *sheet = sheet_new(0, 20, 4), *wide = sheet_new(0, 1, 1);

	plot_bars(&sheet->plot, values, 4, 0, 1, "a");
	sheet_close(sheet);
	ok(strstr(sheet->text, "d=\"M261.2 138H304.8V244H261.2ZM569.2 32H612.8V244H569.2Z\""),
	   "bars stand on the bottom and reach to the top at most; of 0 there is none: %s", sheet->text);
	plot_bars(&wide->plot, one, 1, 0, 1, "a");
	sheet_close(wide);
	ok(strstr(wide->text, "d=\"M338.2 32H381.8V244H338.2Z\""), "a lonely bar is not as wide as the frame: %s", wide->text);
}

static void test_classes(void)
{
	const struct heat heat = {.steps = {1, 2, 5, 10}};
	static const struct {
		double value;
		int class;
	} cases[] = {{0, 4}, {1, 4}, {1.1, 5}, {-1.1, 3}, {2, 5}, {5.1, 7}, {-5, 2}, {-5.1, 1}, {10.1, 8}, {-1e9, 0}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		is_int(heat_class(&heat, cases[i].value), cases[i].class, "a deviation of %g", cases[i].value);
	is_int(heat_class(&heat, (double)NAN), 4, "one that is none");
}

static void test_heat(void)
{
	static const char *const labels[] = {"1", "2"};
	const double values[] = {0, -3, -3, 0, 9, 0, 0, 0, 0, -3};
	const struct heat heat = {.rows = 2, .columns = 5, .values = values, .labels = labels, .steps = {1, 2, 5, 10}};
	_cleanup_(sheetp) struct sheet *sheet = sheet_new(0, 1, 1);

	plot_heat(&sheet->plot, &heat);
	sheet_close(sheet);
	ok(strstr(sheet->text, "<path class=\"h2\" d=\"M1 0h2M4 1h1\"/>"), "neighbours are one stroke");
	ok(strstr(sheet->text, "<path class=\"h7\" d=\"M4 0h1\"/>"), "each class has its path");
	ok(strstr(sheet->text, "translate(52 85) scale(123.2 106)"), "rows and columns fill the frame: %s", sheet->text);
}

/* 2501 tiles of 2000 positions, one cell of which deviates. */
static void test_large_heat(void)
{
	const size_t rows = 2501, columns = 2000;
	_cleanup_(freep) double *values = calloc(rows * columns, sizeof *values);
	_cleanup_(freep) const char **labels = calloc(rows, sizeof *labels);
	struct heat heat = {.rows = rows, .columns = columns, .values = values, .labels = labels, .steps = {1, 2, 5, 10}};
	_cleanup_(sheetp) struct sheet *sheet = sheet_new(0, 1, 1);

	if (!values || !labels)
		abort();
	for (size_t i = 0; i < rows; i++)
		labels[i] = "1101";
	values[1400 * columns + 1999] = -20;
	plot_heat(&sheet->plot, &heat);
	sheet_close(sheet);
	ok(strstr(sheet->text, "<path class=\"h0\" d=\"M99 100h1\"/>"), "one bad cell of five million is seen");
	ok(sheet->n < 4000, "and the others cost nothing: %zu bytes", sheet->n);
}

int main(void)
{
	test_scale();
	test_steps();
	test_ticks();
	test_ends();
	test_numbers();
	test_lines();
	test_areas();
	test_bars();
	test_classes();
	test_heat();
	test_large_heat();
	return done_testing();
}
