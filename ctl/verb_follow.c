/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl follow: the progress of jobs, and how each ended; the exit status is that of the first that did not complete. */
#include <errno.h>
#include <stdio.h>

#include "ctl/job.h"
#include "ctl/job_cells.h"
#include "lib/base/text.h"

static void tell_end(const fq_Job *job)
{
	char reads[16], elapsed[32];

	(void)printf("%llu  %s  %s  %s reads  %s\n", (unsigned long long)job->job, SENTENCE(job->name), job_told_name(job_told(job)),
	             text_count(reads, job->records), text_elapsed(elapsed, job_elapsed_ms(job)));
	(void)fflush(stdout);
}

static int run(struct call *call, struct error *err)
{
	struct client client = {0};
	struct error later = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err), worst = 0;
	uint64_t id;

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		struct error error = {0};
		fq_Job job;

		(void)client_job_number(call->arguments[i], &id, err); /* was one above */
		r = job_follow(call, &client, id, PROGRESS_PLAIN, &job, err);
		if (r < 0)
			break;
		tell_end(&job);
		if (job_result(&job, &error) < 0 && worst == 0) {
			later = error;
			worst = -EREMOTEIO;
		} else if (error.class != ERROR_NONE) {
			complain(&error);
		}
	}
	client_close(&client);
	if (r == 0 && worst < 0) {
		*err = later;
		r = worst;
	}
	return r;
}

const struct verb verb_follow = {
	.name = "follow",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Show the progress of jobs until they have ended.",
	.detail = "A bar on a terminal, else a line for each 10 %. When fqctl is interrupted the jobs go on; a second ^C cancels "
	          "the job that is shown. The exit status is the jobs'.",
	.run = run,
};
