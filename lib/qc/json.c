/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as JSON: see json.h, and lib/qc/fqcluster.report.5 for what is in it. */
#include "lib/qc/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/decimal.h"
#include "lib/qc/java_number.h"
#include "lib/qc/print.h"
#include "lib/qc/profile.h"

#define REPLACEMENT "\\ufffd" /* for a byte that is no UTF-8 */

/* A foreign text in quotes. */
static void text_write(FILE *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	fputc('"', out);
	while (at < end) {
		uint32_t code;
		size_t n = text_utf8_length(at, (size_t)(end - at), &code);

		if (n == 0)
			fputs(REPLACEMENT, out);
		else if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (int)code);
		else if (code < 0x20 || code == 0x7f || code == '<') /* of a page that it is put into "</script>" would be the end */
			fprintf(out, "\\u%04x", (unsigned int)code);
		else
			(void)fwrite(at, 1, n, out);
		at += n > 0 ? n : 1;
	}
	fputc('"', out);
}

static void cell_write(FILE *out, const struct cell *cell)
{
	char text[DECIMAL_MAX];

	if (cell->kind == CELL_TEXT)
		text_write(out, cell->text);
	else if (cell->kind == CELL_NUMBER)
		fprintf(out, "%" PRIu64, cell->number);
	else if (!isfinite(cell->real))
		fputs("null", out);
	else if (cell->kind == CELL_FLOAT)
		fputs(java_float(text, (float)cell->real, JAVA_19), out);
	else
		fputs(decimal_shortest(text, cell->real), out);
}

static void rows_write(FILE *out, const struct section *section)
{
	fputs("      \"rows\": [", out);
	for (size_t row = 0; row < section->rows_n; row++) {
		fputs(row > 0 ? ",\n        [" : "\n        [", out);
		for (size_t i = 0; i < section->columns_n; i++) {
			if (i > 0)
				fputs(", ", out);
			cell_write(out, &section->cells[row * section->columns_n + i]);
		}
		fputc(']', out);
	}
	fputs(section->rows_n > 0 ? "\n      ]" : "]", out);
}

static void section_write(FILE *out, const struct section *section)
{
	fputs("    {\n      \"key\": ", out);
	text_write(out, section->key);
	fputs(",\n      \"name\": ", out);
	text_write(out, section->name);
	fprintf(out, ",\n      \"status\": \"%s\",\n", status_name(section->status));
	if (section->note.name) {
		fputs("      \"notes\": {", out);
		text_write(out, section->note.name);
		fputs(": ", out);
		cell_write(out, &section->note.value);
		fputs("},\n", out);
	}
	fputs("      \"columns\": [", out);
	for (size_t i = 0; i < section->columns_n; i++) {
		if (i > 0)
			fputs(", ", out);
		text_write(out, section->columns[i]);
	}
	fputs("],\n", out);
	rows_write(out, section);
	fputs("\n    }", out);
}

static const char *phred_name(enum phred phred)
{
	return phred == PHRED_33 ? "33" : phred == PHRED_64 ? "64" : "auto";
}

static void real_write(FILE *out, const char *name, double value)
{
	char text[DECIMAL_MAX];

	fprintf(out, ", \"%s\": %s", name, isfinite(value) ? decimal_shortest(text, value) : "null");
}

/* By whose limits the statuses are, and what became of its demands. */
static void profile_write(FILE *out, const struct report *report)
{
	const struct profile *profile = report_options(report)->profile;
	struct demanded demanded[_DEMAND_MAX];
	size_t n;

	if (!profile)
		return;
	n = profile_judge(profile, report_figures(report), demanded);
	fputs("  \"profile\": {\"name\": ", out);
	text_write(out, profile->name);
	fprintf(out, ", \"status\": \"%s\", \"demands\": [", status_name(profile_verdict(report)));
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%s\n    {\"name\": \"%s\", \"status\": \"%s\"", i > 0 ? "," : "", demanded[i].name,
		        status_name(demanded[i].status));
		real_write(out, "value", demanded[i].value);
		real_write(out, "warn", demanded[i].demand.warn);
		real_write(out, "error", demanded[i].demand.error);
		fputc('}', out);
	}
	fputs("]},\n", out);
}

static void head_write(FILE *out, const struct report *report)
{
	const struct report_options *options = report_options(report);

	fprintf(out, "{\n  \"schema\": \"%s\",\n  \"fastqc\": \"%s\",\n  \"file\": ", REPORT_SCHEMA,
	        compat_name(report_compat(report)));
	text_write(out, options->name);
	fprintf(out, ",\n  \"options\": {\"nogroup\": %s, \"expgroup\": %s, \"min_length\": %" PRIu64 ", \"phred\": \"%s\"},\n",
	        options->nogroup ? "true" : "false", options->expgroup ? "true" : "false", options->min_length,
	        phred_name(options->phred));
	fprintf(out, "  \"reads\": %" PRIu64 ",\n  \"bases\": %" PRIu64 ",\n", report_reads(report), report_bases(report));
	profile_write(out, report);
}

static int report_print(FILE *out, const void *data)
{
	const struct report *report = data;
	size_t n;
	const struct section *sections = report_sections(report, &n);

	head_write(out, report);
	fputs("  \"sections\": [\n", out);
	for (size_t i = 0; i < n && !ferror(out); i++) {
		section_write(out, &sections[i]);
		fputs(i + 1 < n ? ",\n" : "\n", out);
	}
	fputs("  ]\n}\n", out);
	return 0;
}

int report_json_write(FILE *out, const struct report *report, struct error *err)
{
	return print_numbers(out, report_print, report, "the report as JSON", err);
}
