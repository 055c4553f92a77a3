/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verb table of fqctl, and what the options of a verb are. */
#include <string.h>

#include "ctl/verb.h"

const struct verb *const verbs[] = {
	&verb_submit, &verb_qc,    &verb_watch, &verb_status, &verb_history, &verb_top, &verb_show,  &verb_wait, &verb_follow,
	&verb_fetch,  &verb_cancel, &verb_nodes,
	&verb_drain,  &verb_resume, &verb_probe,  &verb_check,  &verb_diff, &verb_profile, &verb_token, &verb_join, &verb_peers,
	&verb_revoke, &verb_cache, &verb_ping,  &verb_doctor, &verb_slurm, NULL,
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

size_t verb_tables(const struct verb *verb, const struct option_table *tables[VERB_TABLES_MAX])
{
	size_t n = 0;

	tables[n++] = &conf_common_table;
	tables[n++] = &client_table;
	if (verb && verb->forms) {
		tables[n++] = &output_table;
		tables[n++] = &report_table;
	}
	if (verb && verb->counts)
		tables[n++] = &rules_table;
	if (verb && verb->columns)
		tables[n++] = &table_options_table;
	if (verb && verb->slurm)
		tables[n++] = &slurm_table;
	if (verb && verb->table)
		tables[n++] = verb->table;
	return n;
}

struct option_table verb_table_shown(const struct option_table *const *tables, size_t n, size_t at, struct option_row *rows)
{
	struct option_table shown = *tables[at];

	memcpy(rows, shown.rows, shown.n * sizeof *rows);
	for (size_t i = 0; i < shown.n; i++)
		for (size_t k = at + 1; k < n; k++)
			for (size_t m = 0; m < tables[k]->n; m++) {
				const struct option_row *row = &tables[k]->rows[m];

				if (rows[i].letter == row->letter)
					rows[i].letter = 0;
				if (rows[i].long_name && row->long_name && strcmp(rows[i].long_name, row->long_name) == 0)
					rows[i].long_name = NULL;
			}
	shown.rows = rows;
	return shown;
}
