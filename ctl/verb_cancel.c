/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl cancel: ends jobs that have not ended yet. A coordinator that starts anew meanwhile, or goes back to its last commit because
 * its disk was full, is asked again: then the job may have been cancelled by the first question.
 */
#include <stdio.h>

#include "ctl/job.h"
#include "lib/base/clock.h"

struct cancel_options {
	char *reason;
};

static const struct option_row cancel_rows[] = {
	{.long_name = "reason", .argument = "TEXT", .type = OPTION_STRING, .largest = 255,
	 .help = "Why; stands in the job's error.", OPTION_FIELD(struct cancel_options, reason)},
};

static const struct option_table cancel_table = {
	.name = "cancel",
	.rows = cancel_rows,
	.n = sizeof cancel_rows / sizeof *cancel_rows,
	.settings_size = sizeof(struct cancel_options),
};

/* Whether it is as it should be after all. */
static bool is_cancelled(struct client *client, uint64_t id)
{
	const fq_JobsRequest request = {.job = id};
	struct error error;
	fq_Job job = {0};

	return client_list(client, fq_Type_STATUS, &request, job_only, &job, &error) == 0 && job.state == fq_JobState_JOB_CANCELLED;
}

/* Also of a coordinator that is there and cannot serve for a while. */
static int begin(struct call *call, struct client *client, struct error *err)
{
	int r = client_open(client, &call->settings, err);

	if (r == 0 || err->class != ERROR_TEMPORARY)
		return r;
	say(call, "%s; trying again", err->text);
	return client_return(client, clock_monotonic_ms() + JOB_PATIENCE_MS, err);
}

static int cancel(struct call *call, struct client *client, const fq_JobsRequest *request, struct error *err)
{
	const uint64_t end = clock_monotonic_ms() + JOB_PATIENCE_MS;
	bool again = false;
	int r;

	for (;;) {
		r = client_call(client, fq_Type_CANCEL, request, fq_Type_DONE, NULL, err);
		if (r < 0 && again && err->class == ERROR_USAGE && is_cancelled(client, request->job))
			return 0;
		if (r == 0 || (!client_lost(r, err) && err->class != ERROR_TEMPORARY) || clock_monotonic_ms() >= end)
			return r;
		say(call, "%s; trying again", err->text);
		again = true;
		r = client_return(client, end, err);
		if (r < 0)
			return r;
	}
}

static int run(struct call *call, struct error *err)
{
	const struct cancel_options *options = call->options;
	struct failures failures = {0};
	struct client client = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err);

	if (r == 0)
		r = begin(call, &client, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		fq_JobsRequest request = {0};

		(void)snprintf(request.reason, sizeof request.reason, "%s", options->reason);
		r = client_job_number(call->arguments[i], &request.job, err);
		if (r == 0)
			r = failures_pass(&failures, cancel(call, &client, &request, err), err);
	}
	client_close(&client);
	return r < 0 ? r : (int)failures.class;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Cancel jobs of yours; an administrator may cancel any.",
	.detail = "What is counted of them now is given up; other jobs go on. One that has ended already, or is not there, is told (exit "
	          "status 64, 66) and costs the others nothing.",
	.example = "fqctl cancel -h coord --reason \"wrong run\" 18",
	.table = &cancel_table,
	.run = run,
};
