/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a module warns and fails: see limits.h. */
#include "lib/qc/limits.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/qc/list_file.h"

#define BLANKS " \t\f\v"
#define NUMBER_MAX 64

/* What a module has: warn and error, ignore, or all three; and its limits as FastQC ships them. */
static const struct limit_row {
	const char *name;
	bool judges, ignores;
	struct limit usual;
} limit_rows[_LIMIT_MAX] = {
	[LIMIT_DUPLICATION] = {"duplication", true, true, {.warn = 70, .error = 50}},
	[LIMIT_KMER] = {"kmer", true, true, {.warn = 2, .error = 5, .ignore = 1}},
	[LIMIT_N_CONTENT] = {"n_content", true, true, {.warn = 5, .error = 20}},
	[LIMIT_OVERREPRESENTED] = {"overrepresented", true, true, {.warn = 0.1, .error = 1}},
	[LIMIT_QUALITY_BASE_LOWER] = {"quality_base_lower", true, false, {.warn = 10, .error = 5}},
	[LIMIT_QUALITY_BASE_MEDIAN] = {"quality_base_median", true, false, {.warn = 25, .error = 20}},
	[LIMIT_SEQUENCE] = {"sequence", true, true, {.warn = 10, .error = 20}},
	[LIMIT_GC_SEQUENCE] = {"gc_sequence", true, true, {.warn = 15, .error = 30}},
	[LIMIT_QUALITY_SEQUENCE] = {"quality_sequence", true, true, {.warn = 27, .error = 20}},
	[LIMIT_TILE] = {"tile", true, true, {.warn = 5, .error = 10}},
	[LIMIT_SEQUENCE_LENGTH] = {"sequence_length", true, true, {.warn = 1, .error = 1}},
	[LIMIT_ADAPTER] = {"adapter", true, true, {.warn = 5, .error = 10}},
	[LIMIT_QUALITY_BASE] = {"quality_base", false, true, {0}},
};

void limits_default(struct limits *limits)
{
	for (size_t i = 0; i < _LIMIT_MAX; i++)
		limits->of[i] = limit_rows[i].usual;
}

static bool span_is(const struct span *span, const char *word)
{
	return span->n == strlen(word) && memcmp(span->text, word, span->n) == 0;
}

int limits_number(const struct span *span, double *ret)
{
	char text[NUMBER_MAX], *end;
	double number;

	if (span->n >= sizeof text)
		return -EINVAL;
	memcpy(text, span->text, span->n);
	text[span->n] = '\0';
	if (strspn(text, "0123456789.+-eE") != span->n)
		return -EINVAL;
	number = strtod(text, &end);
	if (end == text || *end || !isfinite(number))
		return -EINVAL;
	*ret = number;
	return 0;
}

int limits_line(struct limits *limits, const struct list_file *file, struct span line, struct error *err)
{
	struct span name = list_file_word(&line, BLANKS), kind = list_file_word(&line, BLANKS);
	struct span number = list_file_word(&line, BLANKS);
	const struct limit_row *row;
	struct limit *limit;
	double *field;
	size_t i = 0;

	if (number.n == 0 || list_file_word(&line, BLANKS).n > 0)
		return list_file_wrong(file, err, "right is a module, warn, error or ignore, and a number");
	while (i < _LIMIT_MAX && !span_is(&name, limit_rows[i].name))
		i++;
	if (i == _LIMIT_MAX)
		return list_file_wrong(file, err, "there is no module \"%s\"",
		                       text_escape_bytes((char[128]){0}, 128, name.text, name.n));
	row = &limit_rows[i];
	limit = &limits->of[i];
	if (row->judges && span_is(&kind, "warn"))
		field = &limit->warn;
	else if (row->judges && span_is(&kind, "error"))
		field = &limit->error;
	else if (row->ignores && span_is(&kind, "ignore"))
		field = &limit->ignore;
	else
		return list_file_wrong(file, err, "of %s there is %s, but no \"%s\"", row->name,
		                       !row->judges ? "ignore" : row->ignores ? "warn, error and ignore" : "warn and error",
		                       text_escape_bytes((char[128]){0}, 128, kind.text, kind.n));
	if (limits_number(&number, field) < 0)
		return list_file_wrong(file, err, "\"%s\" is no number",
		                       text_escape_bytes((char[128]){0}, 128, number.text, number.n));
	return 0;
}

int limits_read(struct limits *limits, const char *text, size_t n, const char *name, struct error *err)
{
	struct list_file file = list_file_open(text, n, name);
	struct limits read = *limits;
	struct span line;

	while (list_file_line(&file, &line) > 0) {
		int r = *line.text && strchr(BLANKS, *line.text)
		                ? list_file_wrong(&file, err, "the line begins with a blank, and FastQC passes over such lines")
		                : limits_line(&read, &file, line, err);

		if (r < 0)
			return r;
	}
	*limits = read;
	return 0;
}
