/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl follow: the progress of jobs, and how each ended; the exit status is that of the first that did not complete. */
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

static void ended(const fq_Job *job, const struct error *error, bool first)
{
	tell_end(job);
	if (error && !first) /* the first one's is told at the end */
		complain(error);
}

static int run(struct call *call, struct error *err)
{
	return job_follow_all(call, PROGRESS_PLAIN, ended, err);
}

const struct verb verb_follow = {
	.name = "follow",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Show the progress of jobs until they have ended.",
	.detail = "A bar on a terminal, else a line for each 10 %. When fqctl is interrupted the jobs go on; a second ^C cancels "
	          "the job that is shown. The exit status is the jobs'.",
	.example = "fqctl follow -h coord 17",
	.run = run,
};
