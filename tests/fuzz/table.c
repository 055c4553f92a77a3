/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables of fqctl with hostile cells: a byte of flags, one for the width of the terminal, then texts that end in zero bytes: --fields,
 * --sort, and cells. Fields are named or refused with a sentence. Whatever is in the cells: JSON is JSON; between pipes each line has as
 * many fields as the first; for people there is a line a row, none wider than the terminal, and rows are in the order asked for.
 */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/table.h"
#include "lib/base/cleanup.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct table_column columns[] = {
	{"NAME", "name", .shrinks = true}, {"COUNT(OF ALL)", "count", .right = true}, {"REASON", "reason", .shrinks = true},
	{NULL, "hidden"},                  {"EXTRA", NULL, .extra = true},
};
#define COLUMNS_N (sizeof columns / sizeof *columns)
#define COUNT_COLUMN 1

enum { AS_JSON = 1, AS_PIPES = 2, AS_BARE = 4 };

static size_t fill(struct table *table, const char *at, const char *end)
{
	size_t cells = 0;

	for (; at < end || cells % COLUMNS_N != 0; cells++) {
		const char *text = at < end ? at : "";

		must((cells % COLUMNS_N == COUNT_COLUMN ? table_count(table, strlen(text)) : table_text(table, text)) == 0);
		at += at < end ? strlen(at) + 1 : 0;
	}
	return cells / COLUMNS_N;
}

static size_t count_of(const char *text, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += text[i] == c;
	return found;
}

static void check_lines(const char *text, size_t n, const struct table_shape *shape)
{
	const char *line = text;
	char copy[8192];

	while (line < text + n) {
		size_t length = strcspn(line, "\n");

		must(line[length] == '\n');
		if (shape->pipes)
			must(count_of(line, length, '|') == shape->shown_n - 1);
		if (!shape->pipes && shape->width && length < sizeof copy) {
			(void)snprintf(copy, sizeof copy, "%.*s", (int)length, line);
			must(text_columns(copy) <= shape->width);
		}
		line += length + 1;
	}
}

/* The first column of the order, where it is of numbers and is shown first. */
static void check_order(const char *text, const struct table_shape *shape)
{
	unsigned long long before = shape->sort_n > 0 && shape->sort[0].down ? (unsigned long long)-1 : 0;

	if (!shape->pipes || shape->sort_n == 0 || shape->sort[0].column != COUNT_COLUMN || shape->shown[0] != COUNT_COLUMN)
		return;
	for (const char *line = shape->bare ? text : text + strcspn(text, "\n") + 1; *line; line += strcspn(line, "\n") + 1) {
		unsigned long long value = strtoull(line, NULL, 10);

		must(shape->sort[0].down ? value <= before : value >= before);
		before = value;
	}
}

static void check(const char *text, size_t n, const struct table_shape *shape, size_t rows)
{
	if (shape->schema) {
		must_be_json(text, n);
		must(text[n - 1] == '\n' && count_of(text, n, '\n') == 1);
		return;
	}
	must_be_text(text, n);
	must(count_of(text, n, '\n') == rows + !shape->bare);
	check_lines(text, n, shape);
	check_order(text, shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *input = malloc(size + 1), *text = NULL;
	struct table_options options = {0};
	struct table_shape shape;
	struct table *table;
	struct error err = {0};
	size_t n = 0, rows;
	FILE *out;
	char *at;

	if (!input || size < 3)
		return 0;
	must(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	memcpy(input, data, size);
	input[size] = '\0';
	options.fields = input + 2;
	options.sort = options.fields + strlen(options.fields) + (options.fields + strlen(options.fields) < input + size);
	at = options.sort + strlen(options.sort) + 1;
	options.pipes = data[0] & AS_PIPES;
	if (table_shape(columns, COLUMNS_N, &options, &shape, &err) < 0) {
		must(err.class == ERROR_USAGE && strncmp(err.text, "--", 2) == 0);
		must_be_text(err.text, strlen(err.text));
		return 0;
	}
	must(shape.shown_n > 0 && shape.shown_n <= TABLE_COLUMNS_MAX && shape.sort_n <= TABLE_COLUMNS_MAX);
	shape.schema = data[0] & AS_JSON ? "fqcluster.table/1" : NULL;
	shape.bare = data[0] & AS_BARE;
	shape.width = data[1];
	must(table_new(columns, COLUMNS_N, &table) == 0);
	rows = fill(table, at, input + size);
	out = open_memstream(&text, &n);
	must(out && table_print(table, &shape, out) == 0 && fclose(out) == 0);
	check(text, n, &shape, rows);
	table_free(table);
	return 0;
}
