/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl history: a line for each job that has ended, oldest first; or what they come to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/given.h"
#include "ctl/history.h"
#include "ctl/job_cells.h"
#include "ctl/list.h"
#include "ctl/when.h"
#include "lib/base/clock.h"

struct history_options {
	char *start, *end, *user, *state;
	uint64_t limit;
	bool stats;
};

static const struct option_row history_rows[] = {
	{.long_name = "start", .letter = 'S', .argument = "TIME", .type = OPTION_STRING, .smallest = 1, .largest = 64,
	 .help = "Jobs that ended at this time or later: now, today, yesterday, 2026-11-23, 2026-11-23T14:05:09, or how long ago (2d).",
	 OPTION_FIELD(struct history_options, start)},
	{.long_name = "end", .letter = 'E', .argument = "TIME", .type = OPTION_STRING, .smallest = 1, .largest = 64,
	 .help = "Jobs that ended before this time.", OPTION_FIELD(struct history_options, end)},
	{.long_name = "user", .letter = 'u', .argument = "USER", .type = OPTION_STRING, .smallest = 1, .largest = 64,
	 .help = "Only this user's jobs.", OPTION_FIELD(struct history_options, user)},
	{.long_name = "state", .letter = 't', .argument = "STATE,...", .type = OPTION_STRING, .smallest = 1, .largest = 255,
	 .help = "Only jobs that ended in these states, short or long.", OPTION_FIELD(struct history_options, state)},
	{.long_name = "limit", .letter = 'n', .argument = "N", .type = OPTION_NUMBER, .default_text = "1000", .largest = 10000000,
	 .unit = "jobs", .help = "Only the newest N jobs of this time, before users and states are chosen; 0 is all.",
	 OPTION_FIELD(struct history_options, limit)},
	{.long_name = "stats", .type = OPTION_BOOL,
	 .help = "Not the jobs but what they come to: how many in which state, reads, bytes, time they waited and took.",
	 OPTION_FIELD(struct history_options, stats)},
};

static const struct option_table history_table = {
	.name = "history",
	.rows = history_rows,
	.n = sizeof history_rows / sizeof *history_rows,
	.settings_size = sizeof(struct history_options),
};

static const struct table_column columns[] = {
	{.header = "JOBID", .key = "id", .right = true},
	{.header = "NAME", .key = "name", .shrinks = true},
	{.header = "USER", .key = "user"},
	{.header = "FILES", .key = "files", .right = true},
	{.header = "READS", .key = "reads", .right = true},
	{.header = "BASES", .key = "bases", .right = true, .extra = true},
	{.header = "BYTES", .key = "bytes", .right = true},
	{.header = "WAIT", .key = "wait_ms", .right = true},
	{.header = "ELAPSED", .key = "elapsed_ms", .right = true},
	{.header = "STATE", .key = "state"},
	{.header = "EXIT", .key = "exit_code", .right = true},
	{.header = "SUBMITTED", .key = "submitted_ms", .extra = true},
	{.header = "STARTED", .key = "started_ms", .extra = true},
	{.header = "ENDED", .key = "ended_ms", .extra = true},
	{.header = "ERROR", .key = "error", .extra = true},
	{.header = "PROFILE", .key = "profile", .extra = true},
};

/* Of the columns. */
static const enum job_field fields[] = {
	FIELD_ID,    FIELD_NAME, FIELD_USER,      FIELD_FILES,   FIELD_READS, FIELD_BASES, FIELD_BYTES, FIELD_WAIT, FIELD_ELAPSED,
	FIELD_STATE, FIELD_EXIT, FIELD_SUBMITTED, FIELD_STARTED, FIELD_ENDED, FIELD_ERROR, FIELD_PROFILE,
};
_Static_assert(sizeof fields / sizeof *fields == sizeof columns / sizeof *columns, "a field for each column");

struct wanted {
	fq_JobsRequest request;
	uint64_t from_ms, until_ms; /* 0: whenever */
	const char *user;
	uint32_t states; /* 0: all */
	uint32_t told;   /* jobs of this time */
	struct history history;
};

/* An older coordinator tells of all jobs: what was asked for is looked at here again. */
static int take(void *data, uint16_t type, const void *message, struct error *err)
{
	struct wanted *wanted = data;
	const fq_Job *job = message;

	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to STATUS", message_name(type));
	if (!job_ended(job->state) || job->ended_ms < wanted->from_ms ||
	    (wanted->until_ms && job->ended_ms >= wanted->until_ms))
		return 0;
	wanted->told++;
	if ((wanted->user[0] && strcmp(wanted->user, job->owner) != 0) || (wanted->states && !(wanted->states >> job_told(job) & 1)))
		return 0;
	return history_add(&wanted->history, job) < 0 ? error_oom(err) : 0;
}

static int by_end(const void *a, const void *b)
{
	const fq_Job *x = a, *y = b;

	if (x->ended_ms != y->ended_ms)
		return x->ended_ms > y->ended_ms ? 1 : -1;
	return (x->job > y->job) - (x->job < y->job);
}

static int show(const struct call *call, struct wanted *wanted, struct error *err)
{
	struct table *table = NULL;
	int r = table_new(columns, sizeof columns / sizeof *columns, &table);

	if (wanted->history.n > 0)
		qsort(wanted->history.jobs, wanted->history.n, sizeof *wanted->history.jobs, by_end);
	for (size_t i = 0; r == 0 && i < wanted->history.n; i++)
		r = job_cells(table, &wanted->history.jobs[i], fields, sizeof fields / sizeof *fields);
	r = r < 0 ? error_oom(err) : list_show(call, table, err);
	table_free(table);
	return r;
}

static int stats(const struct call *call, const struct wanted *wanted, struct error *err)
{
	struct history_sums sums;

	if (history_sum(&wanted->history, &sums) < 0)
		return error_oom(err);
	if (call->settings.json)
		history_sums_json(&sums, stdout);
	else
		history_sums_print(&sums, stdout);
	return 0;
}

static int parse(const struct history_options *options, struct wanted *ret, struct error *err)
{
	uint64_t now = clock_wall_ms();
	int r = job_states_parse(options->state, &ret->states, err);

	if (r == 0 && (ret->states >> fq_JobState_JOB_PENDING & 1 || ret->states >> fq_JobState_JOB_RUNNING & 1))
		r = error_set(err, -EINVAL, ERROR_USAGE, "--state %s: history lists jobs that have ended, as CD, F, CA or CH; 'fqctl status' lists the "
		              "others", options->state);

	ret->user = options->user;
	if (r == 0 && options->start[0])
		r = when_parse("--start", options->start, now, &ret->from_ms, err);
	if (r == 0 && options->end[0])
		r = when_parse("--end", options->end, now, &ret->until_ms, err);
	if (r == 0 && options->end[0] && ret->until_ms <= ret->from_ms)
		r = error_set(err, -EINVAL, ERROR_USAGE, "--end %s is not behind --start %s", options->end, options->start);
	ret->request = (fq_JobsRequest){
		.all = true, .from_ms = ret->from_ms ? ret->from_ms : 1, .until_ms = ret->until_ms, .limit = (uint32_t)options->limit};
	return r;
}

static int run(struct call *call, struct error *err)
{
	const struct history_options *options = call->options;
	struct client client = {0};
	struct wanted wanted = {0};
	int r = parse(options, &wanted, err);

	if (r == 0 && options->stats)
		r = given_no_table(call, "history --stats", err);

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0 && client.welcome.proto < 3)
		wanted.request = (fq_JobsRequest){.all = true};
	if (r == 0)
		r = list_ask(call, &client, fq_Type_STATUS, &wanted.request, take, &wanted, err);
	if (r == 0)
		r = options->stats ? stats(call, &wanted, err) : show(call, &wanted, err);
	if (r == 0 && options->limit > 0 && wanted.told == options->limit)
		say(call, "these are the newest %llu jobs; --limit, --start and --end tell of others", (unsigned long long)options->limit);
	client_close(&client);
	history_deinit(&wanted.history);
	return r;
}

const struct verb verb_history = {
	.name = "history",
	.arguments = "",
	.help = "List jobs that have ended: how long they took, and how they ended.",
	.detail = "Without --start as far back as the coordinator keeps them. Of other people's jobs names are not told.",
	.example = "fqctl history -h coord -S today\n"
	           "fqctl history -h coord -S yesterday -E today --stats",
	.table = &history_table,
	.json = true,
	.columns = columns,
	.columns_n = sizeof columns / sizeof *columns,
	.schema = "fqcluster.history/1",
	.run = run,
};
