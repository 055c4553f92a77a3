/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl wait: until the jobs have ended; the exit status is that of the first that did not complete. */
#include "ctl/job.h"

static int run(struct call *call, struct error *err)
{
	return job_follow_all(call, PROGRESS_NONE, NULL, err);
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Wait until jobs have ended; the exit status is the jobs'.",
	.detail = "That of the first one that failed: 65 no valid FASTQ, 66 a file that no node can open, 1 cancelled; 0 where all have "
	          "completed. With --timeout 124 when that is over; the jobs go on. 'fqctl follow' shows the progress, too.",
	.example = "fqctl wait -h coord --timeout 1h 17",
	.run = run,
};
