/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl probe: can a node open a path, and is it the same file there as here? */
#include <errno.h>
#include <stdio.h>

#include "ctl/list.h"
#include "ctl/probe.h"
#include "ctl/verb.h"
#include "lib/base/text.h"
#include "lib/fastq/kind.h"

#define LOOK_MS 10000 /* for the file here */

struct probe_options {
	bool all;
};

static const struct option_row probe_rows[] = {
	{.long_name = "all", .letter = 'a', .type = OPTION_BOOL, .help = "Ask every node.", OPTION_FIELD(struct probe_options, all)},
};

static const struct option_table probe_table = {
	.name = "probe",
	.rows = probe_rows,
	.n = sizeof probe_rows / sizeof *probe_rows,
	.settings_size = sizeof(struct probe_options),
};

static const struct table_column columns[] = {
	{"NODE", "node", false},     {"OPENS", "answer", false}, {"BYTES", "bytes", true},
	{"KIND", "kind", false},     {NULL, "errno", true},      {"REASON", "reason", false},
};

static int row_add(struct table *table, const fq_Probed *row, struct error *err)
{
	const bool told = row->answer == fq_ProbeAnswer_PROBE_OPENED || row->size > 0;
	char bytes[24], number[16];
	int r;

	(void)snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)row->size);
	(void)snprintf(number, sizeof number, "%d", row->error_number);
	r = table_text(table, row->node);
	r = r < 0 ? r : table_text(table, probe_answer_name(row->answer));
	r = r < 0 ? r : table_number(table, told ? bytes : "-", row->size);
	r = r < 0 ? r : table_text(table, row->kind > 0 && row->kind < _FILE_KIND_MAX ? file_kind_name((enum file_kind)row->kind) : "-");
	r = r < 0 ? r : table_number(table, number, row->error_number > 0 ? (uint64_t)row->error_number : 0);
	r = r < 0 ? r : table_text(table, row->text);
	return r < 0 ? error_oom(err) : 0;
}

static int print(struct call *call, const struct probe_answers *answers, struct error *err)
{
	struct table *table = NULL;
	int r = table_new(columns, sizeof columns / sizeof *columns, &table);

	if (r < 0)
		return error_oom(err);
	for (size_t i = 0; r == 0 && i < answers->n; i++)
		r = row_add(table, &answers->rows[i], err);
	if (r == 0)
		r = list_show(call, table, err);
	table_free(table);
	return r;
}

/* The exit status: whether all of them can. */
static int verdict(const struct probe_answers *answers, const char *path, struct error *err)
{
	size_t can = 0;

	for (size_t i = 0; i < answers->n; i++)
		can += answers->rows[i].answer == fq_ProbeAnswer_PROBE_OPENED;
	if (answers->n == 0)
		return error_set(err, -ENODEV, ERROR_UNAVAILABLE, "there is no node to ask");
	return can == answers->n ? 0 : error_set(err, -ENOENT, ERROR_NO_INPUT, "%zu of %zu nodes can open %s as it is here; "
	                                         "'fqctl doctor %s' says what to do", can, answers->n, TEXT(path), TEXT(path));
}

static int ask(struct call *call, struct client *client, const char *node, const struct probe_file *file, struct error *err)
{
	struct probe_answers answers;
	int r;

	if (!file->here && client->welcome.nonce.size > 0 && client->welcome.role != fq_Role_ROLE_ADMIN) {
		*err = file->error;
		return file->why;
	}
	if (!file->here)
		say(call, "%s", file->error.text);
	r = probe_ask(client, node, file, &answers, err);
	if (r < 0)
		return r;
	r = print(call, &answers, err);
	if (r == 0)
		r = verdict(&answers, file->path, err);
	probe_answers_deinit(&answers);
	return r;
}

static int check_arguments(const struct call *call, bool all, struct error *err)
{
	char node[sizeof((fq_Probe){0}.node)];

	if (call->arguments_n != (all ? 1 : 2))
		return error_set(err, -EINVAL, ERROR_USAGE, "probe needs NODE and PATH, or --all and PATH; 'fqctl nodes' lists the nodes");
	return all ? 0 : client_node_name(call->arguments[0], node, sizeof node, err);
}

static int run(struct call *call, struct error *err)
{
	const bool all = ((const struct probe_options *)call->options)->all;
	struct probe_file file = {0};
	struct client client = {0};
	int r = check_arguments(call, all, err);

	if (r == 0)
		r = probe_file_look(call->arguments[all ? 0 : 1], LOOK_MS, &file, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = ask(call, &client, all ? NULL : call->arguments[0], &file, err);
	client_close(&client);
	probe_file_deinit(&file);
	return r;
}

const struct verb verb_probe = {
	.name = "probe",
	.arguments = "[NODE] PATH",
	.arguments_min = 1,
	.arguments_max = 2,
	.help = "Ask whether a node can open a file, and whether it is the one here.",
	.detail = "PATH is a file; a node opens it under its absolute path. OPENS is yes, no, other (another file is there), silent (it "
	          "does not answer), down, old (its program cannot be asked) or busy. Exit status 66: one of them cannot. NODE is a name "
	          "of 'fqctl nodes'; with --all PATH stands alone.",
	.example = "fqctl probe -h coord node1 reads.fastq.gz\n"
	           "fqctl probe -h coord --all reads.fastq.gz",
	.table = &probe_table,
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.probe/1",
	.run = run,
};
