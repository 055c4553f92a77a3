/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs as rows of a table: see job_cells.h. */
#include "ctl/job_cells.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"

uint64_t job_wait_ms(const fq_Job *job)
{
	uint64_t until = job->started_ms ? job->started_ms : job->ended_ms ? job->ended_ms : clock_wall_ms();

	return until > job->submitted_ms ? until - job->submitted_ms : 0;
}

uint64_t job_elapsed_ms(const fq_Job *job)
{
	uint64_t until = job->ended_ms ? job->ended_ms : clock_wall_ms();

	return job->started_ms && until > job->started_ms ? until - job->started_ms : 0;
}

static int put_time(struct table *table, uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char text[64];

	if (ms == 0 || !localtime_r(&seconds, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &parts))
		return table_number(table, "-", ms);
	return table_number(table, text, ms);
}

static int put_elapsed(struct table *table, uint64_t ms)
{
	return table_number(table, text_elapsed((char[32]){0}, ms), ms);
}

static int put_bytes(struct table *table, uint64_t bytes)
{
	return table_number(table, bytes ? text_bytes((char[16]){0}, bytes) : "-", bytes);
}

static int put_reads(struct table *table, uint64_t reads)
{
	return table_number(table, reads ? text_count((char[16]){0}, reads) : "-", reads);
}

static int put_where(struct table *table, const fq_Job *job)
{
	char where[sizeof job->node_names + 8];

	if (job->reason[0])
		(void)snprintf(where, sizeof where, "(%s)", job->reason);
	else /* as much as the message has room for may be a part of them */
		(void)hostlist_fold(where, sizeof where, job->node_names, strlen(job->node_names) == sizeof job->node_names - 1);
	return table_text(table, where);
}

static uint32_t exit_of(const fq_Job *job)
{
	struct error error;

	return job_ended(job->state) && job_result(job, &error) < 0 ? (uint32_t)error.class : 0;
}

static int put_cell(struct table *table, const fq_Job *job, enum job_field field)
{
	switch (field) {
	case FIELD_ID: return table_count(table, job->job);
	case FIELD_NAME: return table_text(table, job->name[0] ? job->name : "-"); /* another one's */
	case FIELD_USER: return table_text(table, job->owner);
	case FIELD_STATE_SHORT: return table_text(table, job_told_short(job_told(job)));
	case FIELD_STATE: return table_text(table, job_told_name(job_told(job)));
	case FIELD_WAIT: return put_elapsed(table, job_wait_ms(job));
	case FIELD_ELAPSED: return put_elapsed(table, job_elapsed_ms(job));
	case FIELD_FILES: return table_count(table, job->files);
	case FIELD_FILES_DONE: return table_count(table, job->files_done);
	case FIELD_READS: return put_reads(table, job->records);
	case FIELD_BASES: return put_reads(table, job->bases);
	case FIELD_BYTES: return put_bytes(table, job->bytes);
	case FIELD_BYTES_DONE: return put_bytes(table, job->bytes_done);
	case FIELD_NODES: return table_number(table, job->nodes ? text_count((char[16]){0}, job->nodes) : "-", job->nodes);
	case FIELD_WHERE: return put_where(table, job);
	case FIELD_REASON: return table_text(table, job->reason);
	case FIELD_EXIT: return table_count(table, exit_of(job));
	case FIELD_SUBMITTED: return put_time(table, job->submitted_ms);
	case FIELD_STARTED: return put_time(table, job->started_ms);
	case FIELD_ENDED: return put_time(table, job->ended_ms);
	case FIELD_PROFILE: return table_text(table, job->profile[0] ? job->profile : "-");
	case FIELD_ERROR: break;
	}
	return table_text(table, job->error.text);
}

int job_cells(struct table *table, const fq_Job *job, const enum job_field *fields, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = put_cell(table, job, fields[i]);
	return r;
}

static int no_state(const char *name, struct error *err)
{
	char list[256] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < JOB_TOLD_MAX && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s (%s)", n > 0 ? ", " : "", job_told_short(i),
		                      job_told_name(i));
	return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no state of a job; right are %s", TEXT(name), list);
}

int job_states_parse(const char *text, uint32_t *ret_states, struct error *err)
{
	char name[32];

	*ret_states = 0;
	for (const char *at = text; *at;) {
		size_t length = strcspn(at, ",");
		uint32_t i = 0;

		(void)snprintf(name, sizeof name, "%.*s", (int)length, at);
		while (i < JOB_TOLD_MAX && strcasecmp(job_told_short(i), name) != 0 &&
		       strcasecmp(job_told_name(i), name) != 0)
			i++;
		if (i == JOB_TOLD_MAX)
			return no_state(name, err);
		*ret_states |= 1u << i | (i == fq_JobState_JOB_COMPLETED) << JOB_CACHED; /* what is CACHED has completed, too */
		at += length + (at[length] == ',');
	}
	return 0;
}
