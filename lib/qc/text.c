/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as FastQC's text files: see text.h. */
#include "lib/qc/text.h"

#include <ctype.h>
#include <inttypes.h>

#include "lib/qc/java_number.h"
#include "lib/qc/print.h"

/* A foreign text as it is, but for control characters: one of these would make another line or column. */
static void text_write(FILE *out, const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, out);
}

static void cell_write(FILE *out, const struct cell *cell, enum java java)
{
	char text[DECIMAL_MAX];

	switch (cell->kind) {
	case CELL_TEXT:
		text_write(out, cell->text);
		break;
	case CELL_NUMBER:
		fprintf(out, "%" PRIu64, cell->number);
		break;
	case CELL_DOUBLE:
		fputs(java_double(text, cell->real, java), out);
		break;
	case CELL_FLOAT:
		fputs(java_float(text, (float)cell->real, java), out);
		break;
	}
}

static void section_write(FILE *out, const struct section *section, enum java java)
{
	fprintf(out, ">>%s\t%s\n", section->name, status_name(section->status));
	if (section->note.name) {
		fprintf(out, "#%s\t", section->note.name);
		cell_write(out, &section->note.value, java);
		fputc('\n', out);
	}
	for (size_t i = 0; i < section->columns_n; i++) {
		fputc(i == 0 ? '#' : '\t', out);
		text_write(out, section->columns[i]);
	}
	if (section->columns_n > 0)
		fputc('\n', out);
	for (size_t i = 0; i < section->rows_n * section->columns_n; i++) {
		cell_write(out, &section->cells[i], java);
		fputc((i + 1) % section->columns_n > 0 ? '\t' : '\n', out);
	}
	fputs(">>END_MODULE\n", out);
}

static int data_print(FILE *out, const void *data)
{
	const struct report *report = data;
	size_t n;
	const struct section *sections = report_sections(report, &n);

	fprintf(out, "##FastQC\t%s\n", compat_name(report_compat(report)));
	for (size_t i = 0; i < n && !ferror(out); i++)
		section_write(out, &sections[i], report_options(report)->java);
	return 0;
}

static int summary_print(FILE *out, const void *data)
{
	const struct report *report = data;
	size_t n;
	const struct section *sections = report_sections(report, &n);

	for (size_t i = 0; i < n; i++) {
		for (const char *c = status_name(sections[i].status); *c; c++)
			fputc(toupper((unsigned char)*c), out);
		fprintf(out, "\t%s\t", sections[i].name);
		text_write(out, report_options(report)->name);
		fputc('\n', out);
	}
	return 0;
}

int report_text_write(FILE *out, const struct report *report, struct error *err)
{
	return print_numbers(out, data_print, report, "the report", err);
}

int report_summary_write(FILE *out, const struct report *report, struct error *err)
{
	return print_numbers(out, summary_print, report, "the summary", err);
}
