/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By which limits the results of a job are judged: the profile that is recorded with it, unless another one is asked for. */
#pragma once

#include "ctl/client.h"
#include "ctl/verb.h"

/* Before a submission: what the coordinator is too old to be told of is judged by here. 0 or negative with a sentence. */
int judging_begin(struct call *call, const struct client *client, struct error *err);

/*
 * Before the results of this job are fetched: sets call->reporting. other: --profile and --limits of the call are not what the job was
 * submitted with, so that they come first, and it is said that they do. 0 or negative with a sentence.
 */
int judging_of_job(struct call *call, struct client *client, const fq_Job *job, bool other, struct error *err);
