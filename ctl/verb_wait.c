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
	.run = run,
};
