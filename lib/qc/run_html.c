/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a run: see run.h. A head with totals, then one table, a row a file: names, figures with small bars, and a mark for each
 * section that links to it in the file's report.
 *
 * It reads fully without a script. A small one, which the page's policy knows by its hash, lets the table be sorted: each cell has in
 * data-v the number by which it is sorted, or none where it is always last. As the report the page is well-formed XML.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "lib/qc/html_marks.h"
#include "lib/qc/html_style.h"
#include "lib/qc/html_text.h"
#include "lib/qc/print.h"
#include "lib/qc/run.h"

static const char style[] =
	"body { display: block; max-width: 100rem; }\n"
	".verdict { margin-bottom: .8rem; }\n"
	".runs { padding: 0; overflow: hidden; }\n"
	".runs .scroll { max-height: none; width: auto; margin: 0; border: 0; border-radius: 0; }\n"
	".runs table { width: 100%; font-size: 14px; }\n"
	".runs th, .runs td { padding: .32rem .7rem; }\n"
	".runs thead th { vertical-align: bottom; padding-top: .6rem; padding-bottom: .5rem; }\n"
	".runs tbody th { position: sticky; left: 0; background: inherit; max-width: 22rem; overflow: hidden; text-overflow: ellipsis; }\n"
	".runs tbody tr { background: var(--card); }\n.runs tbody tr:nth-child(even) { background: var(--soft); }\n"
	".runs tbody tr.new td, .runs tbody tr.new th { border-top: 1px solid var(--line); }\n"
	".runs small { display: block; color: var(--dim); font-size: 12px; font-weight: 400; overflow: hidden; text-overflow: ellipsis; }\n"
	".runs td.share { background: linear-gradient(var(--c), var(--c)) no-repeat .7rem calc(100% - 2px) / calc((100% - 1.4rem) * var(--w)) 3px;"
	" min-width: 5.2rem; }\n"
	".share { --c: var(--s0); }\n.share.warn { --c: var(--warn); color: inherit; }\n.share.fail { --c: var(--fail); color: inherit; }\n"
	".share.pass { --c: var(--s0); color: inherit; }\n"
	".runs .sign { padding: .32rem .2rem; text-align: center; }\n"
	".sign span { writing-mode: vertical-rl; transform: rotate(180deg); display: inline-block; }\n"
	".sign a { display: inline-block; line-height: 0; }\n"
	".sign .mark { vertical-align: middle; }\n.sign .pass { opacity: .55; }\n"
	"thead button { all: unset; cursor: pointer; }\n"
	"thead button:hover { color: var(--link); }\n"
	"thead button:focus-visible { outline: 2px solid var(--link); }\n"
	"th[aria-sort] button { color: var(--link); }\n"
	"@media (max-width: 40rem) { .runs tbody th { max-width: 9rem; } }\n"
	"@page { size: landscape; margin: 12mm; }\n"
	"@media print { .runs .scroll { overflow: visible; } .runs table { font-size: 8pt; } .runs th, .runs td { padding: .1rem .3rem; }"
	" .runs tbody th { position: static; max-width: none; } .runs tbody tr { break-inside: avoid; } .card { break-inside: auto; }"
	" thead { display: table-header-group; } .sign .mark { width: 10px; height: 10px; } .runs td.share { min-width: 0; } }\n";

/* No "<" and no "&", which XML would read. Its hash, as the policy wants it, is held by tests/cluster/66-run.t. */
#define SCRIPT_HASH "QuvhC5VmCtnJNKDBNPcgOQuERCTEaFgCcY/soBJQIL8="
static const char script[] =
	"(function () {\n"
	"\tvar table = document.querySelector('.runs table'), body = table.tBodies[0], rows = Array.from(body.rows);\n"
	"\tvar heads = Array.from(table.tHead.rows[0].cells);\n"
	"\tfunction value(row, column) { var v = row.cells[column].dataset.v; return v === undefined ? null : Number(v); }\n"
	"\theads.forEach(function (head, column) {\n"
	"\t\tvar button = document.createElement('button');\n"
	"\t\tbutton.type = 'button';\n"
	"\t\tbutton.title = 'Sort by this';\n"
	"\t\tbutton.append(...head.childNodes);\n"
	"\t\thead.append(button);\n"
	"\t\tbutton.onclick = function () {\n"
	"\t\t\tvar first = column === 0 ? 'ascending' : 'descending', other = column === 0 ? 'descending' : 'ascending';\n"
	"\t\t\tvar order = head.getAttribute('aria-sort') === first ? other : first, sign = order === 'ascending' ? 1 : -1;\n"
	"\t\t\theads.forEach(function (h) { h.removeAttribute('aria-sort'); });\n"
	"\t\t\thead.setAttribute('aria-sort', order);\n"
	"\t\t\trows.slice().sort(function (a, b) {\n"
	"\t\t\t\tvar x = value(a, column), y = value(b, column);\n"
	"\t\t\t\treturn x === null || y === null ? (x === null) - (y === null) : sign * (x - y);\n"
	"\t\t\t}).forEach(function (row) { row.className = ''; body.append(row); });\n"
	"\t\t};\n"
	"\t});\n"
	"})();\n";

static const char *const short_names[_SECTION_MAX] = {
	[SECTION_QUALITY] = "Quality",
	[SECTION_TILES] = "Tiles",
	[SECTION_SCORES] = "Scores",
	[SECTION_CONTENT] = "Content",
	[SECTION_GC] = "GC",
	[SECTION_N] = "N",
	[SECTION_LENGTHS] = "Lengths",
	[SECTION_DUPLICATION] = "Duplication",
	[SECTION_OVERREPRESENTED] = "Overrepres.",
	[SECTION_ADAPTERS] = "Adapters",
	[SECTION_KMERS] = "K-mers",
};

/* What the page is made of, and which columns it has. */
struct page {
	const struct run *run;
	size_t files;
	bool lane, read, set;
	bool section[_SECTION_MAX];
	uint64_t reads_most;
};

/* Of all rows together. */
struct totals {
	uint64_t reads, bases;
	double q30;
	size_t samples, failing, files, groups;
};

static void columns_choose(struct page *page)
{
	for (size_t i = 0; i < page->run->n; i++) {
		const struct run_row *row = &page->run->rows[i];

		page->lane |= row->name.lane > 0;
		page->read |= row->name.read[0] != '\0';
		page->set |= row->name.set > 1;
		for (size_t k = SECTION_QUALITY; k < _SECTION_MAX; k++)
			page->section[k] |= row->status[k] != RUN_NO_STATUS;
		if (row->members == 0 && row->figures.reads > page->reads_most)
			page->reads_most = row->figures.reads;
	}
}

static bool same_sample(const struct run *run, size_t i)
{
	return i > 0 && strcmp(run->rows[i].name.sample, run->rows[i - 1].name.sample) == 0;
}

/* Whether a file before it has the same sample. */
static bool sample_counted(const struct run *run, size_t i)
{
	for (; same_sample(run, i); i--)
		if (run->rows[i - 1].members == 0)
			return true;
	return false;
}

/* Whether a neighbour has the same names in all columns. */
static bool ambiguous(const struct run *run, size_t i)
{
	return (i > 0 && name_order(&run->rows[i].name, &run->rows[i - 1].name) == 0) ||
	       (i + 1 < run->n && name_order(&run->rows[i].name, &run->rows[i + 1].name) == 0);
}

static struct totals totals_of(const struct run *run)
{
	struct totals totals = {0};
	double weight = 0;

	for (size_t i = 0; i < run->n; i++) {
		const struct run_row *row = &run->rows[i];
		totals.groups += row->members > 0;
		if (row->members > 0) /* its files are there themselves */
			continue;
		totals.files++;
		totals.reads += row->figures.reads;
		totals.bases += row->figures.bases;
		totals.samples += !sample_counted(run, i);
		if (isfinite(row->figures.q30)) {
			totals.q30 += row->figures.q30 * (double)row->figures.bases;
			weight += (double)row->figures.bases;
		}
		totals.failing += row->verdict == STATUS_FAIL;
	}
	totals.q30 = weight > 0 ? totals.q30 / weight : (double)NAN;
	return totals;
}

/* ---- the head */

static void figure_count(FILE *out, const char *name, uint64_t number)
{
	fprintf(out, "<div title=\"%" PRIu64 "\"><dt>%s</dt><dd>", number, name);
	if (number < 100000)
		fprintf(out, "%" PRIu64, number);
	else
		html_si(out, (double)number, 3);
	fputs("</dd></div>\n", out);
}

/* By whose limits the marks are; nothing where all are by FastQC's. */
static void profiles_write(FILE *out, const struct run *run)
{
	size_t told = 0;

	for (size_t i = 0; i < run->n; i++) {
		const char *profile = run->rows[i].profile;
		bool before = !profile[0];

		for (size_t k = 0; !before && k < i; k++)
			before = strcmp(run->rows[k].profile, profile) == 0;
		if (before)
			continue;
		fputs(told++ == 0 ? "<p class=\"kind\" id=\"profiles\">Marks are by the limits of profile " : ", ", out);
		html_text(out, profile);
	}
	if (told > 1)
		fputs("; each report says of which", out);
	fputs(told > 0 ? "</p>\n" : "", out);
}

static void head_write(FILE *out, const struct page *page)
{
	struct totals totals = totals_of(page->run);

	fprintf(out,
	        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	        "script-src 'sha256-" SCRIPT_HASH "'; img-src data:\"/>\n"
	        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	        "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>%zu files &#8211; quality of a run</title>\n<style>\n%s%s"
	        "</style>\n</head>\n<body>\n%s<header>\n<p class=\"kind\">Sequencing quality of a run</p>\n"
	        "<h1>%zu sample%s, %zu file%s</h1>\n",
	        totals.files, html_style, style, html_marks, totals.samples, totals.samples == 1 ? "" : "s", totals.files,
	        totals.files == 1 ? "" : "s");
	if (page->files > page->run->n)
		fprintf(out, "<p class=\"verdict\"><b class=\"fail\">Incomplete</b> %zu of the %zu files%s that were asked for "
		             "have no result.</p>\n",
		        page->files - page->run->n, page->files, totals.groups > 0 ? " and groups" : "");
	profiles_write(out, page->run);
	fputs("<dl class=\"figures\">\n", out);
	figure_count(out, "Samples", totals.samples);
	figure_count(out, "Files", totals.files);
	if (totals.groups > 0)
		figure_count(out, "Groups", totals.groups);
	figure_count(out, "Reads", totals.reads);
	figure_count(out, "Bases", totals.bases);
	fputs("<div><dt>Q30 and above</dt><dd>", out);
	if (isfinite(totals.q30))
		fprintf(out, "%.1f<small>&#160;%%</small>", totals.q30);
	else
		fputs("&#8211;", out);
	fprintf(out, "</dd></div>\n<div><dt>Files with a fail</dt><dd%s>%zu</dd></div>\n</dl>\n</header>\n",
	        totals.failing > 0 ? " class=\"fail\"" : "", totals.failing);
}

/* ---- the table */

static void columns_write(FILE *out, const struct page *page)
{
	fputs("<thead><tr><th scope=\"col\">Sample</th>", out);
	if (page->lane)
		fputs("<th scope=\"col\">Lane</th>", out);
	if (page->read)
		fputs("<th scope=\"col\">Read</th>", out);
	if (page->set)
		fputs("<th scope=\"col\">Set</th>", out);
	fputs("<th scope=\"col\">Reads</th><th scope=\"col\">Bases</th><th scope=\"col\">Mean length</th><th scope=\"col\">Mean quality</th>"
	      "<th scope=\"col\">Q30&#160;%</th><th scope=\"col\">GC&#160;%</th><th scope=\"col\">Duplicates&#160;%</th>"
	      "<th scope=\"col\">Adapters&#160;%</th>",
	      out);
	for (size_t i = SECTION_QUALITY; i < _SECTION_MAX; i++)
		if (page->section[i])
			fprintf(out, "<th scope=\"col\" class=\"sign\" title=\"%s\"><span>%s</span></th>", section_name((enum section_id)i), short_names[i]);
	fputs("</tr></thead>\n", out);
}

static void whole_cell(FILE *out, uint64_t number)
{
	if (number > 0)
		fprintf(out, "<td data-v=\"%" PRIu64 "\">%" PRIu64 "</td>", number, number);
	else
		fputs("<td>&#8211;</td>", out);
}

static void count_cell(FILE *out, uint64_t number, uint64_t most)
{
	fprintf(out, "<td data-v=\"%" PRIu64 "\" title=\"%" PRIu64 "\"", number, number);
	if (most > 0)
		fprintf(out, " class=\"share\" style=\"--w:%.4g\"", (double)number / (double)most);
	fputc('>', out);
	if (number < 100000)
		fprintf(out, "%" PRIu64, number);
	else
		html_si(out, (double)number, 3);
	fputs("</td>", out);
}

/* share: a bar, of 100; status: its colour, or RUN_NO_STATUS. */
static void real_cell(FILE *out, double value, bool share, int status)
{
	if (!isfinite(value)) {
		fputs("<td>&#8211;</td>", out);
		return;
	}
	fprintf(out, "<td data-v=\"%.6g\"", value + 0.0);
	if (share)
		fprintf(out, " class=\"share%s%s\" style=\"--w:%.4g\"", status == RUN_NO_STATUS ? "" : " ",
		        status == RUN_NO_STATUS ? "" : status_name((enum status)status), fmin(fmax(value, 0), 100) / 100);
	fprintf(out, ">%.1f</td>", value + 0.0);
}

/* A link beside the page: bytes that mean something in an address are %-escaped. */
static void link_write(FILE *out, const char *link)
{
	for (; *link; link++)
		if (strchr("-._~/", *link) || (*link >= '0' && *link <= '9') || ((*link | 32) >= 'a' && (*link | 32) <= 'z'))
			fputc(*link, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*link);
}

static void sign_cell(FILE *out, const struct run_row *row, enum section_id id)
{
	if (row->status[id] == RUN_NO_STATUS) {
		fputs("<td class=\"sign\">&#8211;</td>", out);
		return;
	}
	fprintf(out, "<td class=\"sign\" data-v=\"%d\">", row->status[id]);
	if (row->link) {
		fputs("<a href=\"", out);
		link_write(out, row->link);
		fprintf(out, "#%s\" title=\"%s: %s\">", section_key(id), section_name(id), status_name((enum status)row->status[id]));
	}
	html_mark(out, (enum status)row->status[id]);
	fputs(row->link ? "</a></td>" : "</td>", out);
}

static void name_cell(FILE *out, const struct page *page, size_t i)
{
	const struct run_row *row = &page->run->rows[i];
	const char *name = row->name.sample[0] ? row->name.sample : row->path;

	fprintf(out, "<th scope=\"row\" data-v=\"%zu\" title=\"", i);
	html_text(out, row->path);
	fputs("\">", out);
	if (row->link) {
		fputs("<a href=\"", out);
		link_write(out, row->link);
		fputs("\">", out);
	}
	html_text(out, name);
	fputs(row->link ? "</a>" : "", out);
	if (row->members > 0)
		fprintf(out, "<small>%" PRIu32 " files together</small>", row->members);
	if (ambiguous(page->run, i)) {
		fputs("<small>", out);
		html_text(out, row->path);
		fputs("</small>", out);
	}
	fputs("</th>", out);
}

static void row_write(FILE *out, const struct page *page, size_t i)
{
	const struct run_row *row = &page->run->rows[i];

	fputs(i == 0 || same_sample(page->run, i) ? "<tr>" : "<tr class=\"new\">", out);
	name_cell(out, page, i);
	if (page->lane)
		whole_cell(out, row->name.lane);
	if (page->read && row->name.read[0])
		fprintf(out, "<td data-v=\"%d\">%s</td>", row->name.read[0] * 10 + row->name.read[1] - '0', row->name.read);
	else if (page->read)
		fputs("<td>&#8211;</td>", out);
	if (page->set)
		whole_cell(out, row->name.set);
	count_cell(out, row->figures.reads, row->members > 0 ? 0 : page->reads_most);
	count_cell(out, row->figures.bases, 0);
	real_cell(out, row->length, false, RUN_NO_STATUS);
	real_cell(out, row->figures.quality_mean, false, RUN_NO_STATUS);
	real_cell(out, row->figures.q30, true, row->status[SECTION_QUALITY]);
	real_cell(out, row->figures.gc, true, row->status[SECTION_GC]);
	real_cell(out, row->duplication, true, row->status[SECTION_DUPLICATION]);
	real_cell(out, row->adapters, true, row->status[SECTION_ADAPTERS]);
	for (size_t k = SECTION_QUALITY; k < _SECTION_MAX; k++)
		if (page->section[k])
			sign_cell(out, row, (enum section_id)k);
	fputs("</tr>\n", out);
}

static int page_print(FILE *out, const void *data)
{
	struct page page = *(const struct page *)data;

	columns_choose(&page);
	head_write(out, &page);
	fputs("<main>\n<div class=\"card runs\"><div class=\"scroll\" tabindex=\"0\">\n<table>\n", out);
	columns_write(out, &page);
	fputs("<tbody>\n", out);
	for (size_t i = 0; i < page.run->n && !ferror(out); i++)
		row_write(out, &page, i);
	fprintf(out,
	        "</tbody>\n</table>\n</div></div>\n</main>\n<footer>fqcluster %s. A mark leads to its section in the file&#8217;s report; bars of "
	        "reads are of the most in a file, others of 100&#160;%%, in the colour of the section&#8217;s mark. Duplicates: reads that are not "
	        "the first of their kind. Adapters: the most of any, at any position.</footer>\n<script>",
	        PACKAGE_VERSION);
	fputs(script, out);
	fputs("</script>\n</body>\n</html>\n", out);
	return 0;
}

int run_html_write(FILE *out, const struct run *run, size_t files, struct error *err)
{
	struct page page = {.run = run, .files = files};

	return print_numbers(out, page_print, &page, "the page of the run", err);
}
