/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl wait: until the jobs have ended; the exit status is that of the first that did not complete. */
#include "ctl/job.h"

static int run(struct call *call, struct error *err)
{
	struct client client = {0};
	struct error later = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err), worst = 0;
	uint64_t id;

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		fq_Job job;

		(void)client_job_number(call->arguments[i], &id, err); /* was one above */
		r = job_follow(call, &client, id, PROGRESS_NONE, &job, err);
		if (r == 0 && worst == 0)
			worst = job_result(&job, &later);
	}
	client_close(&client);
	if (r == 0 && worst < 0) {
		*err = later;
		r = worst;
	}
	return r;
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Wait until jobs have ended; the exit status is the jobs'.",
	.run = run,
};
