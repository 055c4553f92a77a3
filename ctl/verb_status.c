/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl status: a line a job. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/job_cells.h"
#include "ctl/list.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"

struct status_options {
	bool all;
	char *user, *state;
	uint64_t watch_ms;
};

static const struct option_row status_rows[] = {
	{.long_name = "all", .letter = 'a', .type = OPTION_BOOL, .help = "Ended jobs too.",
	 OPTION_FIELD(struct status_options, all)},
	{.long_name = "user", .letter = 'u', .argument = "USER", .type = OPTION_STRING, .smallest = 1, .largest = 64,
	 .help = "Only this user's jobs.", OPTION_FIELD(struct status_options, user)},
	{.long_name = "state", .letter = 't', .argument = "STATE,...", .type = OPTION_STRING, .smallest = 1, .largest = 255,
	 .help = "Only jobs in these states, short or long; ended ones too where one of them is an end.",
	 OPTION_FIELD(struct status_options, state)},
	{.long_name = "watch", .letter = 'w', .argument = "SECONDS", .type = OPTION_DURATION, .default_text = "0",
	 .largest = 86400000, .help = "List again and again with this pause, until interrupted; 0 lists once.",
	 OPTION_FIELD(struct status_options, watch_ms)},
};

static const struct option_table status_table = {
	.name = "status",
	.rows = status_rows,
	.n = sizeof status_rows / sizeof *status_rows,
	.settings_size = sizeof(struct status_options),
};

static const struct table_column columns[] = {
	{.header = "JOBID", .key = "id", .right = true},
	{.header = "NAME", .key = "name", .shrinks = true},
	{.header = "USER", .key = "user"},
	{.header = "ST"},
	{.header = "STATE", .key = "state", .extra = true},
	{.header = "TIME", .key = "elapsed_ms", .right = true},
	{.header = "FILES", .key = "files", .right = true},
	{.header = "DONE", .key = "files_done", .right = true},
	{.header = "READS", .key = "reads", .right = true},
	{.header = "BASES", .key = "bases", .right = true, .extra = true},
	{.header = "BYTES", .key = "bytes", .right = true, .extra = true},
	{.header = "BYTES_DONE", .key = "bytes_done", .right = true, .extra = true},
	{.header = "NODES", .key = "nodes", .right = true},
	{.header = "NODELIST(REASON)", .key = "nodelist"},
	{.header = "REASON", .key = "reason", .extra = true},
	{.header = "WAIT", .key = "wait_ms", .right = true, .extra = true},
	{.header = "SUBMITTED", .key = "submitted_ms", .extra = true},
	{.header = "STARTED", .key = "started_ms", .extra = true},
	{.header = "ENDED", .key = "ended_ms", .extra = true},
	{.header = "ERROR", .key = "error", .extra = true},
	{.header = "PROFILE", .key = "profile", .extra = true},
};

/* Of the columns. */
static const enum job_field fields[] = {
	FIELD_ID,    FIELD_NAME,  FIELD_USER,       FIELD_STATE_SHORT, FIELD_STATE, FIELD_ELAPSED, FIELD_FILES, FIELD_FILES_DONE,
	FIELD_READS, FIELD_BASES, FIELD_BYTES,      FIELD_BYTES_DONE,  FIELD_NODES, FIELD_WHERE,   FIELD_REASON, FIELD_WAIT,
	FIELD_SUBMITTED, FIELD_STARTED, FIELD_ENDED, FIELD_ERROR, FIELD_PROFILE,
};
_Static_assert(sizeof fields / sizeof *fields == sizeof columns / sizeof *columns, "a field for each column");

struct wanted {
	const char *user;
	uint32_t states; /* 0: all */
	struct table *table;
	struct failures unknown;
	size_t known; /* of those that were named */
};

static int row_add(void *data, uint16_t type, const void *message, struct error *err)
{
	struct wanted *wanted = data;
	const fq_Job *job = message;

	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to STATUS", message_name(type));
	wanted->known++;
	if ((wanted->user[0] && strcmp(wanted->user, job->owner) != 0) ||
	    (wanted->states && !(wanted->states >> job_told(job) & 1)))
		return 0;
	return job_cells(wanted->table, job, fields, sizeof fields / sizeof *fields) < 0 ? error_oom(err) : 0;
}

static int ask(struct call *call, struct client *client, struct wanted *wanted, struct error *err)
{
	const struct status_options *options = call->options;
	fq_JobsRequest request = {.all = options->all};
	int r = 0;

	for (uint32_t i = 0; i < JOB_TOLD_MAX; i++)
		request.all = request.all || ((wanted->states >> i & 1) && (i == JOB_CACHED || job_ended((fq_JobState)i)));
	if (call->arguments_n == 0)
		return list_ask(call, client, fq_Type_STATUS, &request, row_add, wanted, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		r = client_job_number(call->arguments[i], &request.job, err);
		if (r == 0)
			r = list_ask(call, client, fq_Type_STATUS, &request, row_add, wanted, err);
		if (options->watch_ms == 0) /* where it is told once */
			r = failures_pass(&wanted->unknown, r, err);
	}
	return r;
}

static int list(struct call *call, struct client *client, struct wanted *wanted, struct error *err)
{
	int r = table_new(columns, sizeof columns / sizeof *columns, &wanted->table);

	if (r < 0)
		return error_oom(err);
	r = ask(call, client, wanted, err);
	if (r == 0 && (wanted->known > 0 || wanted->unknown.class == ERROR_NONE))
		r = list_show(call, wanted->table, err);
	wanted->table = table_free(wanted->table);
	return r;
}

/* Until the next look, answering pings meanwhile; on a terminal the next one begins at the top. */
static int pass(struct client *client, uint64_t ms, struct error *err)
{
	bool clear = isatty(STDOUT_FILENO);
	struct timespec pause = {.tv_nsec = 200 * 1000000L};
	int r = stdout_finish(err);

	for (; r == 0 && ms > 200; ms -= 200) {
		(void)nanosleep(&pause, NULL);
		r = client_idle(client, err);
		if (client_lost(r, err))
			r = 0; /* the next question comes back to the coordinator */
	}
	pause.tv_nsec = (long)ms * 1000000L;
	(void)nanosleep(&pause, NULL);
	(void)fputs(clear ? "\033[H\033[J" : "\n", stdout);
	return r;
}

static int run(struct call *call, struct error *err)
{
	const struct status_options *options = call->options;
	struct wanted wanted = {.user = options->user};
	struct client client = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err);

	if (r == 0)
		r = job_states_parse(options->state, &wanted.states, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0 && options->watch_ms > 0 && isatty(STDOUT_FILENO))
		(void)fputs("\033[H\033[J", stdout);
	while (r == 0) {
		r = list(call, &client, &wanted, err);
		if (r < 0 || options->watch_ms == 0)
			break;
		r = pass(&client, options->watch_ms, err);
	}
	client_close(&client);
	return r < 0 ? r : (int)wanted.unknown.class;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "[ID...]",
	.arguments_max = ARGUMENTS_MANY,
	.help = "List jobs: those waiting and running, or the ones named.",
	.detail = "ST is PD (waits), R (runs), CD (completed), F (failed), CA (cancelled) or CH (cached). TIME is how long it has run; "
	          "NODELIST(REASON) on which nodes, or why it waits. Without --all those that have ended are left out. Of other people's "
	          "jobs only owner, state and counts are told.",
	.example = "fqctl status -h coord --all\n"
	           "fqctl status -h coord --json 17",
	.table = &status_table,
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.jobs/1",
	.run = run,
};
