/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints the section ALL OPTIONS of fqctl(1) as the tables have it, for completion.t. After a change of a table this is what must
 * stand in ctl/fqctl.1:
 *
 *     tests/unit/ctl/manual
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verb.h"
#include "lib/base/cleanup.h"

/* Text for troff: a dash is a minus, a tilde itself. A line does not begin with a dot. */
static void put(const char *text)
{
	for (; *text; text++)
		if (*text == '-')
			(void)fputs("\\-", stdout);
		else if (*text == '~')
			(void)fputs("\\(ti", stdout);
		else if (*text == '\\')
			(void)fputs("\\e", stdout);
		else
			(void)fputc(*text, stdout);
}

/* A bound as it is written. */
static char *bound_of(const struct option_row *row, uint64_t bound)
{
	struct option_row any = *row;
	uint64_t settings = 0;
	char *text = NULL;

	any.offset = 0;
	any.smallest = any.largest = 0;
	if (option_set_number(&any, &settings, bound, NULL) < 0 || option_format(&any, &settings, &text) < 0)
		abort();
	return text;
}

static void put_bounds(const struct option_row *row)
{
	_cleanup_(freep) char *smallest = NULL, *largest = NULL;

	if (row->choices) {
		(void)fputs("Right is one of ", stdout);
		put(row->choices);
		(void)fputs(".\n", stdout);
	}
	if ((row->type != OPTION_NUMBER && row->type != OPTION_SIZE && row->type != OPTION_DURATION) || row->largest == 0)
		return;
	smallest = bound_of(row, row->smallest);
	largest = bound_of(row, row->largest);
	(void)printf("Right are %s to %s%s%s.\n", smallest, largest, row->unit ? " " : "", row->unit ? row->unit : "");
}

static void put_option(const struct option_row *row, const void *defaults)
{
	_cleanup_(freep) char *value = NULL;

	(void)fputs(".TP\n.BR ", stdout);
	if (row->letter)
		(void)printf("\\-%c%s", row->letter, row->long_name ? " \", \" " : "");
	if (row->long_name) {
		(void)fputs("\\-\\-", stdout);
		put(row->long_name);
	}
	if (row->argument)
		(void)printf(" \" \\fI%s\\fR\"", row->argument);
	(void)fputc('\n', stdout);
	put(row->help);
	(void)fputc('\n', stdout);
	if (row->type != OPTION_BOOL && option_format(row, defaults, &value) < 0)
		abort();
	if (value && strcmp(value, "\"\"") != 0 && strcmp(value, "[]") != 0) {
		(void)fputs("Default: ", stdout);
		put(value);
		(void)fputs(".\n", stdout);
	}
	put_bounds(row);
	if (row->environment)
		(void)printf("In the environment: %s.\n", row->environment);
}

static void put_table(const struct option_table *table)
{
	void *defaults = calloc(1, table->settings_size);
	struct conf conf;

	if (!defaults || conf_init(&conf, table, defaults, NULL) < 0)
		abort();
	for (size_t i = 0; i < table->n; i++)
		if (table->rows[i].letter || table->rows[i].long_name)
			put_option(&table->rows[i], defaults);
	conf_deinit(table, defaults);
	free(defaults);
}

/* "Of submit, qc, fetch": the verbs that take the table. */
static void put_title(const struct option_table *table)
{
	bool first = true;

	(void)fputs(".SS Of", stdout);
	for (size_t i = 0; verbs[i]; i++) {
		const struct option_table *tables[VERB_TABLES_MAX];
		size_t n = verb_tables(verbs[i], tables), k = 0;

		while (k < n && tables[k] != table)
			k++;
		if (k == n)
			continue;
		(void)printf("%s %s", first ? "" : ",", verbs[i]->name);
		first = false;
	}
	(void)fputc('\n', stdout);
}

int main(void)
{
	const struct option_table *shared[] = {&output_table, &report_table, &rules_table, &slurm_table};

	(void)puts(".SH ALL OPTIONS\n"
	           "What\n.B fqctl VERB \\-\\-help\ntells, for all verbs.\n"
	           "An option of one verb goes before one of the same name or letter of several.\n"
	           "A SIZE is a number of bytes (of bases where it says so), or one with K, M, G or T (powers of 1024) behind it.\n"
	           "A DURATION or TIME is a number of seconds, or one with ms, s, m, h or d behind it.\n"
	           ".SS Of every verb");
	put_table(&client_table);
	put_table(&conf_common_table);
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
		put_title(shared[i]);
		put_table(shared[i]);
	}
	for (size_t i = 0; verbs[i]; i++) {
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || verbs[k]->table == verbs[i]->table;
		if (!verbs[i]->table || again)
			continue;
		put_title(verbs[i]->table);
		put_table(verbs[i]->table);
	}
	return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
