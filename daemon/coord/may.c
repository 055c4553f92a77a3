/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of a job a session may know: all where it is its own or an administrator asks; of other people's jobs whose they are, their
 * state and their counts. To everything but STATUS another one's job is a job that is not there, in the same words.
 */
#include <errno.h>
#include <string.h>

#include "daemon/coord/session.h"

static bool may_see(const struct session *session, const char *owner)
{
	return session->role == fq_Role_ROLE_ADMIN || strcmp(owner, session->name) == 0;
}

int may_none(const struct session *session, uint64_t id, struct error *err)
{
	if (session->role == fq_Role_ROLE_ADMIN)
		return error_set(err, -ENOENT, ERROR_NO_INPUT, "there is no job %llu", (unsigned long long)id);
	return error_set(err, -ENOENT, ERROR_NO_INPUT, "there is no job %llu of yours", (unsigned long long)id);
}

int may_find(const struct session *session, uint64_t id, struct job_row *ret, struct error *err)
{
	const struct job_row *row = coord_find_row(session->server->coord, id);
	int r = 0;

	if (row)
		*ret = *row;
	else
		r = store_find_job(session->server->store, id, ret, err);
	if (r < 0)
		return r;
	return r == STORE_NONE || !may_see(session, ret->owner) ? may_none(session, id, err) : 0;
}

void may_conceal(const struct session *session, fq_Job *job)
{
	if (session->proto < 3) {
		job->cached = job->rows = 0;
		job->merge = fq_MergeLevel_MERGE_LEVEL_NONE;
		job->profile[0] = '\0';
	}
	if (!may_see(session, job->owner))
		job_conceal(job);
}

void job_conceal(fq_Job *job)
{
	job->name[0] = '\0';
	job->node_names[0] = '\0';
	job->profile[0] = '\0';
	job->has_error = false;
	job->error = (fq_Error){0};
}
