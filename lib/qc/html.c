/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report as one page: see html.h. A head with key figures, a summary with links at the left, then a card for each section: its mark,
 * what it shows, by which limits it is judged, its plot (html_plots.h) and its table (html_table.h). The style is html_style.h.
 *
 * The page is well-formed XML but for its first line, so that a strict parser can check it.
 */
#include "lib/qc/html.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "lib/qc/html_marks.h"
#include "lib/qc/html_plots.h"
#include "lib/qc/html_style.h"
#include "lib/qc/html_table.h"
#include "lib/qc/html_text.h"
#include "lib/qc/decimal.h"
#include "lib/qc/html_words.h"
#include "lib/qc/print.h"
#include "lib/qc/profile.h"

#define FIGURE_EXACT 100000 /* below it a figure of the head has all its digits */

/* ---- sections */

static int table_write(FILE *out, const struct section *section)
{
	bool folded = html_has_plot(section);
	int r;

	if (section->rows_n == 0)
		return 0;
	if (folded)
		fprintf(out, "<details><summary>Table: %zu row%s</summary>\n", section->rows_n, section->rows_n == 1 ? "" : "s");
	r = html_table(out, section);
	if (folded)
		fputs("</details>\n", out);
	return r;
}

static const char *const words[] = {"Pass", "Warn", "Fail"};

static void verdict_write(FILE *out, const struct section *section, const struct limits *limits)
{
	if (section->id == SECTION_BASIC)
		return;
	fprintf(out, "<p class=\"verdict\"><b class=\"%s\">%s</b> ", status_name(section->status), words[section->status]);
	html_verdict(out, section, limits);
	fputs("</p>\n", out);
}

static int section_write(FILE *out, const struct section *section, const struct limits *limits)
{
	int r = 0;

	fprintf(out, "<section id=\"%s\" class=\"card\">\n<h2>", section->key);
	html_mark(out, section->status);
	fprintf(out, "%s</h2>\n<p class=\"about\">%s</p>\n", section->name, html_about(section->id));
	verdict_write(out, section, limits);
	if (html_has_plot(section))
		r = html_plot(out, section, limits);
	if (r == 0)
		r = table_write(out, section);
	fputs("</section>\n", out);
	return r;
}

/* ---- the page */

static void summary_write(FILE *out, const struct section *sections, size_t n)
{
	size_t with[3] = {0};

	for (size_t i = 0; i < n; i++)
		with[sections[i].status]++;
	fputs("<nav aria-label=\"Summary\">\n<p class=\"tally\">", out);
	for (int status = STATUS_PASS; status <= STATUS_FAIL; status++)
		fprintf(out, "<span class=\"%s\"><b>%zu</b> %s</span> ", status_name((enum status)status), with[status],
		        status_name((enum status)status));
	fputs("</p>\n<ul>\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<li><a href=\"#%s\">", sections[i].key);
		html_mark(out, sections[i].status);
		fprintf(out, "%s</a></li>\n", sections[i].name);
	}
	fputs("</ul>\n</nav>\n", out);
}

static void figure_si(FILE *out, const char *name, uint64_t number)
{
	fprintf(out, "<div title=\"%" PRIu64 "\"><dt>%s</dt><dd>", number, name);
	if (number < FIGURE_EXACT)
		fprintf(out, "%" PRIu64, number);
	else
		html_si(out, (double)number, 3);
	fputs("</dd></div>\n", out);
}

static void figure_real(FILE *out, const char *name, double value, const char *unit)
{
	fprintf(out, "<div><dt>%s</dt><dd>", name);
	if (isfinite(value))
		fprintf(out, "%.1f%s", value + 0.0, unit);
	else
		fputs("&#8211;", out);
	fputs("</dd></div>\n", out);
}

static void figures_write(FILE *out, const struct figures *figures)
{
	fputs("<dl class=\"figures\">\n", out);
	figure_si(out, "Reads", figures->reads);
	figure_si(out, "Bases", figures->bases);
	fputs("<div><dt>Read length</dt><dd>", out);
	if (figures->shortest != figures->longest)
		fprintf(out, "%" PRIu64 "&#8211;", figures->shortest);
	fprintf(out, "%" PRIu64 "</dd></div>\n", figures->longest);
	figure_real(out, "Mean quality", figures->quality_mean, "");
	figure_real(out, "Q30 and above", figures->q30, "<small>&#160;%</small>");
	figure_real(out, "GC", figures->gc, "<small>&#160;%</small>");
	fputs("</dl>\n", out);
}

/* "; fails below 70" */
static void bound_write(FILE *out, const char *verb, const struct demanded *demanded, double bound)
{
	char text[DECIMAL_MAX];

	if (isfinite(bound))
		fprintf(out, "; %s %s %s", verb, strncmp(demanded->name, "max", 3) == 0 ? "above" : "below", decimal_shortest(text, bound));
}

/* By whose limits the marks are, and what became of the demands on the whole file. */
static void profile_write(FILE *out, const struct report *report)
{
	const struct profile *profile = report_options(report)->profile;
	struct demanded demanded[_DEMAND_MAX];
	enum status status = STATUS_PASS;
	size_t n;

	if (!profile)
		return;
	status = profile_verdict(report);
	fprintf(out, "<p class=\"verdict\" id=\"profile\"><b class=\"%s\">%s</b> by the limits of profile <b>", status_name(status),
	        words[status]);
	html_text(out, profile->name);
	fputs("</b></p>\n", out);
	n = profile_judge(profile, report_figures(report), demanded);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "<p class=\"verdict\"><b class=\"%s\">%s</b> %s: ", status_name(demanded[i].status), words[demanded[i].status],
		        demanded[i].name);
		if (isfinite(demanded[i].value))
			fprintf(out, demanded[i].value == floor(demanded[i].value) ? "%.0f" : "%.1f", demanded[i].value);
		else
			fputs("there are no bases", out);
		bound_write(out, "warns", &demanded[i], demanded[i].demand.warn);
		bound_write(out, "fails", &demanded[i], demanded[i].demand.error);
		fputs("</p>\n", out);
	}
}

static void head_write(FILE *out, const struct report *report)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>",
	      out);
	html_text(out, report_options(report)->name);
	fputs(" &#8211; quality report</title>\n<style>\n", out);
	fputs(html_style, out);
	fputs("</style>\n</head>\n<body>\n", out);
	fputs(html_marks, out);
	fputs("<header>\n<p class=\"kind\">Sequencing quality report</p>\n<h1>", out);
	html_text(out, report_options(report)->name);
	fputs("</h1>\n", out);
	figures_write(out, report_figures(report));
	profile_write(out, report);
	fputs("</header>\n", out);
}

static int page_print(FILE *out, const void *data)
{
	const struct report *report = data;
	size_t n;
	const struct section *sections = report_sections(report, &n);
	int r = 0;

	head_write(out, report);
	summary_write(out, sections, n);
	fputs("<main>\n", out);
	for (size_t i = 0; r == 0 && i < n && !ferror(out); i++)
		r = section_write(out, &sections[i], report_options(report)->limits);
	fprintf(out,
	        "</main>\n<footer>fqcluster %s. Sections, numbers and marks are those of FastQC %s, rounded here; fastqc_data.txt and the "
	        "JSON have every digit.</footer>\n",
	        PACKAGE_VERSION, compat_name(report_compat(report)));
	fputs("</body>\n</html>\n", out);
	return r;
}

int report_html_write(FILE *out, const struct report *report, struct error *err)
{
	return print_numbers(out, page_print, report, "the page", err);
}
