/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a table says about itself: --help and --dump-config. Texts are wrapped at a width that fits each terminal. */
#include "conf/print.h"

#include <errno.h>
#include <string.h>

#include "lib/base/cleanup.h"

#define WIDTH 80
#define INDENT 28 /* column of the sentences */

static int dump(FILE *out, const struct conf *conf, const char *indent)
{
	for (size_t i = 0; i < conf->table->n; i++) {
		const struct option_row *row = &conf->table->rows[i];
		_cleanup_(freep) char *value = NULL;
		int r;

		if (!row->key)
			continue;
		r = option_format(row, conf->settings, &value);
		if (r < 0)
			return r;
		if (fprintf(out, "%s%s = %s;\n", indent, row->key, value) < 0)
			return -EIO;
	}
	return 0;
}

int conf_dump(FILE *out, const struct conf *conf)
{
	int r = dump(out, conf, "");

	if (r < 0 || !conf->group)
		return r;
	if (fprintf(out, "%s = {\n", conf->group->table->name) < 0)
		return -EIO;
	r = dump(out, conf->group, "\t");
	if (r < 0)
		return r;
	return fputs("};\n", out) < 0 ? -EIO : 0;
}

/* Words of text from column on, continued below at indent. */
static void put_wrapped(FILE *out, const char *text, size_t column, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (!first && column + 1 + n > WIDTH) {
			(void)fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		column += n + !first;
		(void)fprintf(out, "%s%.*s", first ? "" : " ", (int)n, text);
		first = false;
		text += n + (text[n] == ' ');
	}
	(void)fputc('\n', out);
}

/* "  -h, --host HOST[:PORT]" padded to INDENT, or on a line of its own. */
static void put_names(FILE *out, const struct option_row *row)
{
	char names[128];
	int n;

	n = snprintf(names, sizeof names, "  %c%c%s%s%s%s%s", row->letter ? '-' : ' ',
	             row->letter ? row->letter : ' ',
	             row->letter && row->long_name ? ", "
	             : row->long_name              ? "  "
	                                           : "",
	             row->long_name ? "--" : "", row->long_name ? row->long_name : "",
	             row->argument ? " " : "", row->argument ? row->argument : "");
	if (n + 2 > INDENT)
		(void)fprintf(out, "%s\n%*s", names, INDENT, "");
	else
		(void)fprintf(out, "%-*s", INDENT, names);
}

/* The sentence, and in brackets what the row says beyond it: "(8M; 1 to 1T)". */
static int put_option(FILE *out, const struct option_row *row, const char *value)
{
	const char *hidden[] = {"", "\"\"", "false", "[]"};
	char text[1024];
	bool shown = value && row->argument;

	for (size_t i = 0; shown && i < sizeof hidden / sizeof *hidden; i++)
		shown = strcmp(value, hidden[i]) != 0;
	(void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s%s", row->help,
	               row->choices ? " One of " : "", row->choices ? row->choices : "",
	               row->choices ? "." : "", shown ? " (default: " : "", shown ? value : "",
	               shown && row->unit ? " " : "", shown && row->unit ? row->unit : "",
	               shown ? ")" : "");
	put_names(out, row);
	put_wrapped(out, text, INDENT, INDENT);
	return 0;
}

/* Without the quotes that a file needs. */
static char *unquoted(char *value)
{
	size_t n = strlen(value);

	if (n < 2 || value[0] != '"')
		return value;
	value[n - 1] = '\0';
	return value + 1;
}

int conf_help_options(FILE *out, const struct option_table *table)
{
	_cleanup_(freep) void *defaults = calloc(1, table->settings_size);
	struct conf conf;
	int r;

	if (!defaults)
		return -ENOMEM;
	r = conf_init(&conf, table, defaults, NULL);
	for (size_t i = 0; i < table->n && r >= 0; i++) {
		_cleanup_(freep) char *value = NULL;

		if (!table->rows[i].long_name && !table->rows[i].letter)
			continue;
		r = option_format(&table->rows[i], defaults, &value);
		if (r >= 0)
			r = put_option(out, &table->rows[i], unquoted(value));
	}
	conf_deinit(table, defaults);
	return r >= 0 && ferror(out) ? -EIO : r;
}

static void put_lines(FILE *out, const char *text)
{
	while (*text) {
		_cleanup_(freep) char *line = strndup(text, strcspn(text, "\n"));

		if (line)
			put_wrapped(out, line, 0, 0);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

void conf_help_values(FILE *out, const struct option_table *const *tables, size_t tables_n)
{
	bool size = false, duration = false;

	for (size_t i = 0; i < tables_n; i++)
		for (size_t k = 0; k < tables[i]->n; k++) {
			size = size || tables[i]->rows[k].type == OPTION_SIZE;
			duration = duration || tables[i]->rows[k].type == OPTION_DURATION;
		}
	if (size || duration)
		(void)fputc('\n', out);
	if (size)
		put_lines(out, "A SIZE is a number of bytes (of bases where it says so), or one with K, M, G or T (powers of 1024) behind it.");
	if (duration)
		put_lines(out, "A DURATION or TIME is a number of seconds, or one with ms, s, m, h or d behind it.");
}

int conf_help(FILE *out, const char *usage, const char *summary,
              const struct option_table *const *tables, const char *const *titles, size_t tables_n)
{
	(void)fprintf(out, "Usage: %s\n", usage);
	put_lines(out, summary);
	for (size_t i = 0; i < tables_n; i++) {
		int r;

		if (i == 0 || titles[i])
			(void)fputc('\n', out);
		if (titles[i])
			(void)fprintf(out, "%s\n", titles[i]);
		r = conf_help_options(out, tables[i]);
		if (r < 0)
			return r;
	}
	conf_help_values(out, tables, tables_n);
	return ferror(out) ? -EIO : 0;
}
