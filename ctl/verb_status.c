/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl status: a line a job. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/job.h"
#include "ctl/table.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

struct status_options {
	bool all;
};

static const struct option_row status_rows[] = {
	{.long_name = "all", .letter = 'a', .type = OPTION_BOOL, .help = "Ended jobs too.",
	 OPTION_FIELD(struct status_options, all)},
};

static const struct option_table status_table = {
	.name = "status",
	.rows = status_rows,
	.n = sizeof status_rows / sizeof *status_rows,
	.settings_size = sizeof(struct status_options),
};

static const struct table_column columns[] = {
	{"JOBID", "id", true},      {"NAME", "name", false},   {"USER", "user", false}, {"ST", NULL, false},
	{NULL, "state", false},     {"TIME", "elapsed_ms", true}, {"FILES", "files", true}, {"DONE", "files_done", true},
	{"READS", "reads", true},   {NULL, "bases", true},     {NULL, "bytes", true},   {NULL, "bytes_done", true},
	{"NODES", "nodes", true},   {"NODELIST(REASON)", "nodelist", false}, {NULL, "error", false},
};

static uint64_t elapsed_of(const fq_Job *job)
{
	uint64_t end = job->ended_ms ? job->ended_ms : clock_wall_ms();

	return job->started_ms && end > job->started_ms ? end - job->started_ms : 0;
}

static int number(struct table *table, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	return table_number(table, text, value);
}

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct table *table = data;
	const fq_Job *job = message;
	char reads[16], time[32], where[300];
	int r;

	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to STATUS", message_name(type));
	if (job->reason[0])
		(void)snprintf(where, sizeof where, "(%s)", job->reason);
	else
		(void)snprintf(where, sizeof where, "%s", job->node_names);
	r = number(table, job->job);
	r = r < 0 ? r : table_text(table, job->name[0] ? job->name : "-"); /* another one's */
	r = r < 0 ? r : table_text(table, job->owner);
	r = r < 0 ? r : table_text(table, job_state_told_short(job));
	r = r < 0 ? r : table_text(table, job_state_told(job));
	r = r < 0 ? r : table_number(table, text_elapsed(time, elapsed_of(job)), elapsed_of(job));
	r = r < 0 ? r : number(table, job->files);
	r = r < 0 ? r : number(table, job->files_done);
	r = r < 0 ? r : table_number(table, text_count(reads, job->records), job->records);
	r = r < 0 ? r : number(table, job->bases);
	r = r < 0 ? r : number(table, job->bytes);
	r = r < 0 ? r : number(table, job->bytes_done);
	r = r < 0 ? r : number(table, job->nodes);
	r = r < 0 ? r : table_text(table, where);
	r = r < 0 ? r : table_text(table, job->error.text);
	return r < 0 ? error_oom(err) : 0;
}

static int list(struct call *call, struct client *client, struct table *table, struct error *err)
{
	const struct status_options *options = call->options;
	fq_JobsRequest request = {.all = options->all};
	int r = 0;

	if (call->arguments_n == 0)
		return client_list(client, fq_Type_STATUS, &request, row_add, table, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		r = client_job_number(call->arguments[i], &request.job, err);
		if (r == 0)
			r = client_list(client, fq_Type_STATUS, &request, row_add, table, err);
	}
	return r;
}

static int run(struct call *call, struct error *err)
{
	struct client client = {0};
	struct table *table = NULL;
	int r = table_new(columns, sizeof columns / sizeof *columns, &table);

	if (r < 0)
		return error_oom(err);
	r = client_job_numbers(call->arguments, call->arguments_n, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = list(call, &client, table, err);
	if (r == 0 && (call->settings.json ? table_json(table, stdout, "fqcluster.jobs/1")
	                                   : table_print(table, stdout, call->settings.no_header)) < 0)
		r = error_set(err, -EIO, ERROR_CANT_CREATE, "standard output cannot be written");
	client_close(&client);
	table_free(table);
	return r;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "[ID...]",
	.arguments_max = ARGUMENTS_MANY,
	.help = "List jobs: those waiting and running, or the ones named.",
	.table = &status_table,
	.json = true,
	.run = run,
};
