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
		print(verbs[i]->name, &conf_common_table);
		print(verbs[i]->name, &client_table);
		print(verbs[i]->name, verbs[i]->forms ? &output_table : NULL);
		print(verbs[i]->name, verbs[i]->forms ? &report_table : NULL);
		print(verbs[i]->name, verbs[i]->counts ? &rules_table : NULL);
		print(verbs[i]->name, verbs[i]->table);
	}
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
