/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which columns of a table are shown, in which order, and how wide texts are on a terminal: see table.h. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "ctl/table.h"
#include "lib/base/text.h"

static const struct option_row rows[] = {
	{.long_name = "fields", .letter = 'o', .argument = "FIELD,...", .type = OPTION_STRING, .smallest = 1, .largest = 1024,
	 .help = "Columns to show, in this order; --help has their names.", OPTION_FIELD(struct table_options, fields)},
	{.long_name = "sort", .argument = "FIELD,...", .type = OPTION_STRING, .smallest = 1, .largest = 1024,
	 .help = "Sort by these columns; a - before one turns it round.", OPTION_FIELD(struct table_options, sort)},
	{.long_name = "parsable", .letter = 'P', .type = OPTION_BOOL,
	 .help = "Values between pipes, in full and under the names and units of --json.", OPTION_FIELD(struct table_options, pipes)},
};

const struct option_table table_options_table = {
	.name = "table",
	.rows = rows,
	.n = sizeof rows / sizeof *rows,
	.settings_size = sizeof(struct table_options),
};

const char *table_field(const struct table_column *column, char out[32])
{
	(void)snprintf(out, 32, "%.*s", (int)strcspn(column->header, "("), column->header);
	return out;
}

/* The column of this name, as the header or JSON has it; n: there is none. */
static size_t column_find(const struct table_column *columns, size_t n, const char *name)
{
	char field[32];

	for (size_t i = 0; i < n; i++)
		if (columns[i].header && (strcasecmp(table_field(&columns[i], field), name) == 0 ||
		                          strcasecmp(columns[i].header, name) == 0 ||
		                          (columns[i].key && strcasecmp(columns[i].key, name) == 0)))
			return i;
	return n;
}

static int no_column(const struct table_column *columns, size_t n, const char *option, const char *name, struct error *err)
{
	char list[512] = "", field[32];
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof list - 40; i++)
		if (columns[i].header)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", table_field(&columns[i], field));
	return error_set(err, -EINVAL, ERROR_USAGE, "%s: there is no field '%s'; right are %s", option, TEXT(name), list);
}

/* The columns that a text names, with commas between; a - before one where downs is not NULL. */
static int columns_named(const struct table_column *columns, size_t n, const char *option, const char *text, size_t *ret,
                         bool *ret_downs, size_t *ret_n, struct error *err)
{
	char name[64];

	for (const char *at = text;;) {
		size_t length = strcspn(at, ",");
		bool down = ret_downs && at[0] == '-';

		(void)snprintf(name, sizeof name, "%.*s", (int)(length - down), at + down);
		if (*ret_n == TABLE_COLUMNS_MAX)
			return error_set(err, -E2BIG, ERROR_USAGE, "%s: %d fields at most", option, TABLE_COLUMNS_MAX);
		ret[*ret_n] = column_find(columns, n, name);
		if (ret[*ret_n] == n)
			return no_column(columns, n, option, name, err);
		if (ret_downs)
			ret_downs[*ret_n] = down;
		(*ret_n)++;
		if (at[length] == '\0')
			return 0;
		at += length + 1;
	}
}

int table_shape(const struct table_column *columns, size_t n, const struct table_options *options, struct table_shape *ret,
                struct error *err)
{
	size_t sort[TABLE_COLUMNS_MAX];
	bool downs[TABLE_COLUMNS_MAX];
	int r = 0;

	*ret = (struct table_shape){.pipes = options && options->pipes};
	if (options && options->fields[0])
		r = columns_named(columns, n, "--fields", options->fields, ret->shown, NULL, &ret->shown_n, err);
	if (!options || !options->fields[0])
		for (size_t i = 0; i < n && ret->shown_n < TABLE_COLUMNS_MAX; i++)
			if (columns[i].header && !columns[i].extra)
				ret->shown[ret->shown_n++] = i;
	if (r == 0 && options && options->sort[0])
		r = columns_named(columns, n, "--sort", options->sort, sort, downs, &ret->sort_n, err);
	for (size_t i = 0; r == 0 && i < ret->sort_n; i++) {
		ret->sort[i].column = sort[i];
		ret->sort[i].down = downs[i];
	}
	return r;
}

/* Bytes of text that fill at most so many columns, which are *ret_columns. Where the locale cannot read it, a byte is a column. */
static size_t fit(const char *text, unsigned most, unsigned *ret_columns)
{
	size_t left = strlen(text), whole = left;
	mbstate_t state = {0};
	unsigned columns = 0;
	const char *p = text;

	while (left > 0) {
		wchar_t wide;
		size_t n = mbrtowc(&wide, p, left, &state);
		int w;

		if (n > left) {
			*ret_columns = whole < most ? (unsigned)whole : most;
			return *ret_columns;
		}
		w = wcwidth(wide);
		w = w < 0 ? 1 : w; /* a character that the locale does not know */
		if (columns + (unsigned)w > most)
			break;
		columns += (unsigned)w;
		p += n;
		left -= n;
	}
	*ret_columns = columns;
	return (size_t)(p - text);
}

unsigned text_columns(const char *text)
{
	unsigned columns;

	(void)fit(text, 1u << 30, &columns);
	return columns;
}

size_t text_fit(const char *text, unsigned columns)
{
	return fit(text, columns, &(unsigned){0});
}
