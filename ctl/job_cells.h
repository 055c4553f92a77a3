/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tables of jobs (status, history) have of a job, cell by cell. */
#pragma once

#include "ctl/job.h"
#include "ctl/table.h"

enum job_field {
	FIELD_ID,
	FIELD_NAME,
	FIELD_USER,
	FIELD_STATE_SHORT,
	FIELD_STATE,
	FIELD_WAIT,
	FIELD_ELAPSED,
	FIELD_FILES,
	FIELD_FILES_DONE,
	FIELD_READS,
	FIELD_BASES,
	FIELD_BYTES,
	FIELD_BYTES_DONE,
	FIELD_NODES,
	FIELD_WHERE, /* the nodes, or (why it waits) */
	FIELD_REASON,
	FIELD_EXIT,
	FIELD_SUBMITTED,
	FIELD_STARTED,
	FIELD_ENDED,
	FIELD_ERROR,
	FIELD_PROFILE,
};

/* A row: these fields of the job, in the order of the table's columns. 0 or -ENOMEM. */
int job_cells(struct table *table, const fq_Job *job, const enum job_field *fields, size_t n);

/* Milliseconds until it started, and since then until its end or now. */
uint64_t job_wait_ms(const fq_Job *job);
uint64_t job_elapsed_ms(const fq_Job *job);

/* Which fq_JobState a person means: bits by "PD,running"; -EINVAL with a sentence. */
int job_states_parse(const char *text, uint32_t *ret_states, struct error *err);
