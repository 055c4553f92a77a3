/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See paragraph.h. */
#include "tests/unit/conf/paragraph.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "lib/base/cleanup.h"

#define WIDTH 78 /* of the shipped file's comments */

/* The default as the file would have it, of all rows: settings after conf_init. */
void *new_defaults(const struct option_table *table)
{
	void *settings = calloc(1, table->settings_size);
	struct conf conf;

	if (!settings || conf_init(&conf, table, settings, NULL) < 0)
		abort();
	return settings;
}

void free_defaults(const struct option_table *table, void *settings)
{
	conf_deinit(table, settings);
	free(settings);
}

static char *value_of(const struct option_row *row, const void *settings)
{
	char *value = NULL;

	if (option_format(row, settings, &value) < 0)
		abort();
	return value;
}

/* A bound as the file would have it. */
static char *bound_of(const struct option_row *row, uint64_t bound)
{
	struct option_row free_row = *row;
	uint64_t settings = 0;

	free_row.offset = 0;
	free_row.smallest = free_row.largest = 0;
	if (option_set_number(&free_row, &settings, bound, NULL) < 0)
		abort();
	return value_of(&free_row, &settings);
}

bool is_quantity(const struct option_row *row)
{
	return row->type == OPTION_NUMBER || row->type == OPTION_SIZE ||
	       row->type == OPTION_DURATION;
}

/* The row's paragraph in the shipped file. */
void put_shipped(FILE *out, const struct option_row *row, const char *value)
{
	size_t column = 0;

	for (const char *s = row->help; *s;) {
		size_t n = strcspn(s, " ");

		if (column == 0 || column + 1 + n > WIDTH) {
			(void)fputs(column > 0 ? "\n#" : "#", out);
			column = 1;
		}
		(void)fprintf(out, " %.*s", (int)n, s);
		column += 1 + n;
		s += n + (s[n] == ' ');
	}
	if (row->choices)
		(void)fprintf(out, "\n# One of %s.", row->choices);
	(void)fprintf(out, "\n#%s = %s;\n", row->key, value);
}

void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '-')
			(void)fputs("\\-", out);
		else if (*text == '~')
			(void)fputs("\\(ti", out);
		else if (*text == '\\')
			(void)fputs("\\e", out);
		else
			(void)fputc(*text, out);
}

static void put_bounds(FILE *out, const struct option_row *row)
{
	_cleanup_(freep) char *smallest = NULL, *largest = NULL;

	if (is_quantity(row)) {
		smallest = bound_of(row, row->smallest);
		largest = bound_of(row, row->largest);
		(void)fprintf(out, "Right are %s to %s%s%s.\n", smallest, largest,
		              row->unit ? " " : "", row->unit ? row->unit : "");
	}
	if (row->choices) {
		(void)fputs("Right is one of ", out);
		put_escaped(out, row->choices);
		(void)fputs(".\n", out);
	}
}

/* The row's paragraph in the man page. */
void put_manual(FILE *out, const struct option_row *row, const char *value)
{
	(void)fprintf(out, ".TP\n.B %s\n", row->key);
	put_escaped(out, row->help);
	(void)fputc('\n', out);
	if (strcmp(value, "\"\"") != 0) {
		(void)fputs("Default: ", out);
		put_escaped(out, value);
		(void)fputs(".\n", out);
	}
	put_bounds(out, row);
	if (row->long_name) {
		(void)fputs("On the command line: ", out);
		if (row->letter)
			(void)fprintf(out, "\\-%c, ", row->letter);
		(void)fputs("\\-\\-", out);
		put_escaped(out, row->long_name);
		(void)fputs(".\n", out);
	}
	if (row->environment)
		(void)fprintf(out, "In the environment: %s.\n", row->environment);
}

char *paragraph_of(const struct option_row *row, const void *settings, put_row put)
{
	_cleanup_(freep) char *value = value_of(row, settings);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	put(out, row, value);
	(void)fclose(out);
	return text;
}

/* ---- a group */

void put_shipped_group(FILE *out, const struct option_row *row, const char *value)
{
	char *text = NULL, *line, *save = NULL;
	size_t n = 0;
	FILE *plain = open_memstream(&text, &n);

	if (!plain)
		abort();
	put_shipped(plain, row, value);
	(void)fclose(plain);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		(void)fprintf(out, "#\t%s\n", strncmp(line, "# ", 2) == 0 ? line : line + 1);
	free(text);
}

void put_manual_group(FILE *out, const struct option_row *row, const char *value)
{
	struct option_row named = *row;
	char key[64];

	(void)snprintf(key, sizeof key, "elastic.%s", row->key);
	named.key = key;
	put_manual(out, &named, value);
}

void print_paragraphs(const struct option_table *table, put_row put)
{
	void *settings = new_defaults(table);

	for (size_t i = 0; i < table->n; i++) {
		_cleanup_(freep) char *paragraph = NULL;

		if (!table->rows[i].key)
			continue;
		paragraph = paragraph_of(&table->rows[i], settings, put);
		(void)printf("%s%s", put == put_shipped ? "\n" : "", paragraph);
	}
	if (table->group) {
		if (put == put_shipped)
			(void)printf("\n#%s = {\n", table->group->name);
		print_paragraphs(table->group, put == put_manual ? put_manual_group : put_shipped_group);
		if (put == put_shipped)
			(void)puts("#};");
	}
	free_defaults(table, settings);
}
