/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By which limits results are judged: see judging.h. */
#include "ctl/judging.h"

#include <string.h>

#include "ctl/job.h"
#include "ctl/profiles.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

int judging_begin(struct call *call, const struct client *client, struct error *err)
{
	if (!call->reporting.asked[0] || client->welcome.proto >= PROTO_PROFILES)
		return 0;
	say(call, "the coordinator (version %s) is too old to record a profile: it judges only what is written here", client->welcome.version);
	return reporting_judge_here(&call->reporting, err);
}

static bool is_same(const struct profile_entry *a, const struct profile_entry *b)
{
	return strcmp(a->name, b->name) == 0 && a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

/* Whether what is asked for now is not what was recorded is said once a job. */
static void tell_other(const struct call *call, const fq_Job *job, const char *other)
{
	say(call, "job %llu was submitted with profile %s: what is written now is judged by %s instead", (unsigned long long)job->job,
	    TEXT(job->profile), other);
}

static int asked_load(struct call *call, struct client *client, const fq_Job *job, const struct profile_entry *recorded, struct error *err)
{
	struct reporting *reporting = &call->reporting;
	struct profile_entry named _cleanup_(profile_entry_deinit) = {0};
	const struct profile_entry *asked = reporting->own.text ? &reporting->own : &named;
	struct profile profile;
	int r = 0;

	if (!reporting->own.text)
		r = client->welcome.proto >= PROTO_PROFILES ? profile_ask(client, 0, reporting->asked, &named, err)
		                                            : profile_here(reporting->asked, &named, err);
	if (r == 0)
		r = profile_of(asked, &profile, err);
	if (r < 0)
		return r;
	reporting_judge(reporting, &profile);
	if (recorded->text && !is_same(asked, recorded))
		tell_other(call, job, strcmp(asked->name, recorded->name) != 0 ? TEXT(asked->name) : "what that name means today");
	return 0;
}

static int judge(struct call *call, struct client *client, const fq_Job *job, bool other, struct error *err)
{
	struct profile_entry recorded _cleanup_(profile_entry_deinit) = {0};
	struct reporting *reporting = &call->reporting;
	struct profile profile;
	int r = 0;

	if (reporting->limits_given) {
		if (job->profile[0])
			tell_other(call, job, "the file of --limits");
		return 0;
	}
	if (job->profile[0])
		r = profile_ask(client, job->job, "", &recorded, err);
	if (r < 0)
		return r;
	if (other && reporting->asked[0])
		return asked_load(call, client, job, &recorded, err);
	if (!job->profile[0]) {
		if (!reporting->asked[0])
			reporting_judge(reporting, NULL);
		return 0; /* of an older coordinator: judging_begin() */
	}
	r = profile_of(&recorded, &profile, err);
	if (r == 0)
		reporting_judge(reporting, &profile);
	return r;
}

/* Who has written the results of another job for a while is perhaps connected no more. */
int judging_of_job(struct call *call, struct client *client, const fq_Job *job, bool other, struct error *err)
{
	int r;

	do
		r = judge(call, client, job, other, err);
	while (job_again(call, client, &r, err));
	return r;
}
