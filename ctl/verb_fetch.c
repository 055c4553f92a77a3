/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl fetch: the results of an ended job, in any form, from its stored counters. */
#include <errno.h>

#include "ctl/job.h"

static int fetch(struct call *call, struct client *client, uint64_t id, struct error *err)
{
	fq_JobsRequest request = {.job = id};
	size_t n = 0;
	fq_Job job;
	int r;

	/* The first answer of SHOW is the job: its state and how many files it has. */
	r = client_list(client, fq_Type_SHOW, &request, job_only, &job, err);
	if (r < 0)
		return r;
	if (!job_ended(job.state))
		return error_set(err, -EAGAIN, ERROR_TEMPORARY, "job %llu has not ended yet; 'fqctl wait %llu' waits for it",
		                 (unsigned long long)id, (unsigned long long)id);
	r = job_fetch(call, client, id, NULL, job.files + call->arguments_n - 1, &n, err);
	return r < 0 ? r : job_result(&job, err);
}

static int run(struct call *call, struct error *err)
{
	struct client client = {0};
	uint64_t id;
	int r = output_check(&call->output, NULL, 0, err);

	for (size_t i = 0; r == 0 && i < call->arguments_n; i++)
		r = client_job_number(call->arguments[i], &id, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		r = client_job_number(call->arguments[i], &id, err);
		if (r == 0)
			r = fetch(call, &client, id, err);
	}
	client_close(&client);
	return r;
}

const struct verb verb_fetch = {
	.name = "fetch",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Write the results of ended jobs.",
	.detail = "Any form of output can be asked for that the job's counters hold; nothing is counted again.",
	.output = true,
	.run = run,
};
