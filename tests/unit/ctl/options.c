/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints what the tables of fqctl's verbs say, for help.t: VERB, --LONG-NAME, -LETTER (or a dash) and the help sentence, by tabs. */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/verb.h"

static void print(const char *verb, const struct option_table *table)
{
	for (size_t i = 0; table && i < table->n; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->long_name || row->letter)
			(void)printf("%s\t--%s\t-%c\t%s\n", verb, row->long_name ? row->long_name : "", row->letter ? row->letter : '-',
			             row->help ? row->help : "");
	}
}

int main(void)
{
	for (size_t i = 0; verbs[i]; i++) {
		const struct option_table *tables[VERB_TABLES_MAX];
		size_t n = verb_tables(verbs[i], tables);

		for (size_t k = 0; k < n; k++)
			print(verbs[i]->name, tables[k]);
	}
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
