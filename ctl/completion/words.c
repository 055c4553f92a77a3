/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can stand behind fqctl, for completion: the verb table as two functions that bash and zsh both read. It runs when fqctl is
 * built; bash.sh and zsh.sh stand behind its output and say what to make of it.
 *
 *     _fqctl_verbs            a line a verb:      NAME <tab> KIND of its first argument <tab> that of the others <tab> sentence
 *     _fqctl_options VERB     a line an option:   NAMES <tab> KIND of its value <tab> sentence    (VERB '': before a verb)
 *
 * NAMES are one or two with a space between. KIND is a dash where nothing follows, otherwise one of
 *
 *     file   folder   host   job   node   peer   any WHAT   words WORD...   list WORD...   (a list has commas between words)
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/verb.h"

/* "one|two", up to a space if there is one. */
static void put_words(const char *words)
{
	(void)fputs("words", stdout);
	for (const char *word = words; *word && *word != ' '; word += strcspn(word, "| ") + (word[strcspn(word, "| ")] == '|'))
		(void)printf(" %.*s", (int)strcspn(word, "| "), word);
}

static void put_forms(void)
{
	(void)fputs("list", stdout);
	for (enum output_form form = 0; form < _OUTPUT_FORM_MAX; form++)
		(void)printf(" %s", output_form_name(form));
}

/* The kind of an option's value. */
static void put_value(const struct option_row *row)
{
	if (row->type == OPTION_BOOL)
		(void)fputc('-', stdout);
	else if (row->choices)
		put_words(row->choices);
	else if (strcmp(row->argument, "FORMS") == 0)
		put_forms();
	else if (row->type == OPTION_ADDRESS)
		(void)fputs("host", stdout);
	else if (strcmp(row->argument, "DIR") == 0)
		(void)fputs("folder", stdout);
	else if (row->type == OPTION_PATH)
		(void)fputs("file", stdout);
	else
		(void)printf("any %s", row->argument);
}

/* The kind of arguments as a verb's usage has them. */
static const char *arguments_kind(const char *arguments)
{
	static const struct {
		const char *word, *kind;
	} kinds[] = {{"FILE", "file"}, {"DIR", "folder"}, {"ID", "job"}, {"NODE", "node"}, {"PIN", "peer"}, {"HOST", "host"}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strstr(arguments, kinds[i].word))
			return kinds[i].kind;
	return "-";
}

/* Of a verb that does several things its first argument says which: "list|rm [ID...]". */
static void put_arguments(const char *arguments)
{
	if (islower((unsigned char)arguments[0])) {
		put_words(arguments);
		arguments += strcspn(arguments, " ");
	} else {
		(void)fputs(arguments_kind(arguments), stdout);
	}
	(void)printf("\t%s", arguments_kind(arguments));
}

static void put_verbs(void)
{
	(void)fputs("_fqctl_verbs() {\n\tcat <<'END'\n", stdout);
	for (size_t i = 0; verbs[i]; i++) {
		(void)printf("%s\t", verbs[i]->name);
		put_arguments(verbs[i]->arguments);
		(void)printf("\t%s\n", verbs[i]->help);
	}
	(void)fputs("END\n}\n\n", stdout);
}

static void put_option(const struct option_row *row)
{
	if (row->letter)
		(void)printf("-%c%s", row->letter, row->long_name ? " " : "");
	(void)printf("%s%s\t", row->long_name ? "--" : "", row->long_name ? row->long_name : "");
	put_value(row);
	(void)printf("\t%s\n", row->help);
}

static void put_options(const struct verb *verb)
{
	const struct option_table *tables[VERB_TABLES_MAX];
	struct option_row rows[OPTION_ROWS_MAX];
	size_t n = verb_tables(verb, tables);

	(void)printf("\t%s) cat <<'END' ;;\n", verb ? verb->name : "''");
	for (size_t i = 0; i < n; i++) {
		const struct option_table table = verb_table_shown(tables, n, i, rows);

		for (size_t k = 0; k < table.n; k++)
			if (table.rows[k].letter || table.rows[k].long_name)
				put_option(&table.rows[k]);
	}
	(void)fputs("END\n", stdout);
}

int main(void)
{
	put_verbs();
	(void)fputs("_fqctl_options() {\n\tcase $1 in\n", stdout);
	put_options(NULL);
	for (size_t i = 0; verbs[i]; i++)
		put_options(verbs[i]);
	(void)fputs("\tesac\n}\n\n", stdout);
	return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
