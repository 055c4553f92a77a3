/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs: submit -> PENDING -> a file is planned -> RUNNING -> all files have ended -> COMPLETED or FAILED. One that has ended
 * is forgotten here at the next step.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define TROUBLES_TOLD 32 /* lines of a job about what went wrong on nodes; more of them are details */

uint32_t jobs_from(const struct coord *coord, uint64_t id)
{
	uint32_t low = 0, high = coord->jobs_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (coord->jobs[middle]->row.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct job *job_find(const struct coord *coord, uint64_t id)
{
	uint32_t i = jobs_from(coord, id);

	return i < coord->jobs_n && coord->jobs[i]->row.id == id ? coord->jobs[i] : NULL;
}

struct file *file_find(const struct coord *coord, uint64_t id, uint32_t file, struct job **ret_job)
{
	struct job *job = job_find(coord, id);

	if (!job || file >= job->row.files)
		return NULL;
	*ret_job = job;
	return &job->files[file];
}

/* With copies of rules and limits; its files are empty. */
static struct job *job_new(const struct job_row *row)
{
	struct job *job = calloc(1, sizeof *job);

	if (!job)
		return NULL;
	job->row = *row;
	job->rules = malloc((size_t)row->rules_n + row->limits_n + 1);
	job->files = calloc(row->files, sizeof *job->files);
	job->work = calloc((row->files + 63) / 64, sizeof *job->work);
	if (!job->rules || !job->files || !job->work) {
		free(job->rules);
		free(job->work);
		free(job->files);
		free(job);
		return NULL;
	}
	if (row->rules_n > 0)
		memcpy(job->rules, row->rules, row->rules_n);
	job->row.rules = row->rules_n > 0 ? job->rules : NULL;
	if (row->limits_n > 0)
		memcpy(job->rules + row->rules_n, row->limits, row->limits_n);
	job->row.limits = row->limits_n > 0 ? job->rules + row->rules_n : NULL;
	return job;
}

/* Adds it at its place by id; its files have no paths yet. */
int job_add(struct coord *coord, const struct job_row *row, struct job **ret)
{
	struct job *job;
	uint32_t i = coord->jobs_n;

	if (coord->jobs_n == coord->jobs_room) {
		uint32_t room = coord->jobs_room ? 2 * coord->jobs_room : 16;
		struct job **jobs = reallocarray(coord->jobs, room, sizeof(struct job *));

		if (!jobs)
			return -ENOMEM;
		coord->jobs = jobs;
		coord->jobs_room = room;
	}
	job = job_new(row);
	if (!job)
		return -ENOMEM;
	while (i > 0 && coord->jobs[i - 1]->row.id > row->id)
		i--;
	memmove(&coord->jobs[i + 1], &coord->jobs[i], (coord->jobs_n - i) * sizeof *coord->jobs);
	coord->jobs[i] = job;
	coord->jobs_n++;
	if (owner_add(coord, job) < 0)
		return -ENOMEM;
	if (row->id >= coord->next_job)
		coord->next_job = row->id + 1;
	*ret = job;
	return 0;
}

void job_free(struct coord *coord, struct job *job)
{
	for (uint32_t i = 0; i < job->row.files; i++) {
		file_release(coord, job, &job->files[i]);
		free(job->files[i].path);
	}
	owner_remove(coord, job);
	coord->work_n -= job->work_n;
	free(job->work);
	free(job->files);
	free(job->rules);
	free(job);
}

void jobs_reap(struct coord *coord)
{
	uint32_t kept = 0;

	if (!coord->reap)
		return;
	for (uint32_t i = 0; i < coord->jobs_n; i++) {
		if (coord->jobs[i]->ended)
			job_free(coord, coord->jobs[i]);
		else
			coord->jobs[kept++] = coord->jobs[i];
	}
	coord->jobs_n = kept;
	coord->reap = false;
}

/* ---- submit */

static int submit_check(const struct coord *coord, const struct event *event, struct error *err)
{
	const struct job_row *row = &event->submit.row;

	if (row->files == 0 || row->files > coord->limits.files_max)
		return error_set(err, -EINVAL, ERROR_USAGE, "a job has from 1 to %u files, not %u", coord->limits.files_max,
		                 row->files);
	for (uint32_t i = 0; i < row->files; i++)
		if (event->submit.paths[i][0] != '/')
			return error_set(err, -EINVAL, ERROR_USAGE, "the path '%s' is not absolute",
			                 TEXT(event->submit.paths[i]));
	return owner_check(coord, row, err);
}

static int submit_add(struct coord *coord, const struct event *event, struct job **ret)
{
	struct job_row row = event->submit.row;
	int r;

	row.id = coord->next_job;
	row.state = JOB_PENDING;
	row.submitted_ms = coord->wall_ms;
	row.inputs = row.files;
	row.files += groups_rows(event->submit.groups, event->submit.groups_n);
	r = job_add(coord, &row, ret);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < row.inputs; i++) {
		struct file *file = &(*ret)->files[i];

		file->path = strdup(event->submit.paths[i]);
		if (!file->path)
			return -ENOMEM;
		file->row = (struct file_row){.job = row.id, .file = i, .path = file->path, .state = JOB_PENDING};
		if (event->submit.proofs)
			file->row.proof = event->submit.proofs[i];
	}
	return groups_make_rows(*ret, event->submit.groups, event->submit.groups_n);
}

void job_submit(struct coord *coord, const struct event *event)
{
	struct error error = {0};
	struct job *job;

	if (submit_check(coord, event, &error) < 0) {
		emit_refused(coord, event->request, &error);
		return;
	}
	if (submit_add(coord, event, &job) < 0) {
		coord->oom = true;
		return;
	}
	if (MUTANT(MUTANT_REPLY_BEFORE_SAVE))
		emit_granted(coord, event->request, job->row.id);
	emit_job(coord, job);
	for (uint32_t i = 0; i < job->row.files; i++)
		emit_file(coord, &job->files[i]);
	if (!MUTANT(MUTANT_REPLY_BEFORE_SAVE))
		emit_granted(coord, event->request, job->row.id);
	emit_log(coord, LOG_INFO, about_job(TOLD_JOB_SUBMITTED, job),
	         "job %llu of %s was submitted: %u file%s", (unsigned long long)job->row.id, job->row.owner, job->row.inputs,
	         job->row.inputs == 1 ? "" : "s");
}

void job_begin(struct coord *coord, struct job *job)
{
	if (job->row.state != JOB_PENDING)
		return;
	job->row.state = JOB_RUNNING;
	job->row.started_ms = coord->wall_ms;
	emit_job(coord, job);
}

/* ---- ends */

/* Of several failed files the gravest error is the job's: the highest class, then the first file. */
static const struct error *worst_error(const struct job *job, uint32_t *ret_failed)
{
	const struct error *worst = NULL;

	*ret_failed = 0;
	for (uint32_t i = 0; i < job->row.files; i++) {
		const struct file_row *row = &job->files[i].row;

		if (row->state != JOB_FAILED || row->role == FILE_SECOND) /* then its group has failed too */
			continue;
		++*ret_failed;
		if (!worst || row->error.class > worst->class)
			worst = &row->error;
	}
	return worst;
}

static void tell_end(struct coord *coord, const struct job *job, uint32_t failed)
{
	struct log_about about = about_job(failed > 0 ? TOLD_JOB_FAILED : TOLD_JOB_COMPLETED, job);
	const uint64_t ms = job->row.ended_ms > job->row.submitted_ms ? job->row.ended_ms - job->row.submitted_ms : 0;
	char took[32], of[48] = "", troubles[48] = "", cached[64] = "";
	uint64_t reads = 0;
	uint32_t known = 0;

	for (uint32_t i = 0; i < job->row.inputs; i++)
		reads += job->files[i].row.records, known += job->files[i].row.cached && job->files[i].row.role == FILE_ALONE;
	about.records = LOG_ID(reads);
	about.elapsed_ms = LOG_ID(ms);
	if (failed > 0)
		(void)snprintf(of, sizeof of, "%u of ", failed);
	if (job->troubles > 0)
		(void)snprintf(troubles, sizeof troubles, "; %u times a node was slow or failed", job->troubles);
	if (known > 0)
		(void)snprintf(cached, sizeof cached, "; %u counted by an earlier job", known);
	emit_log(coord, failed > 0 ? LOG_NOTICE : LOG_INFO, about,
	         "job %llu of %s has %s: %s%u file%s, %llu reads, in %s%s%s", (unsigned long long)job->row.id,
	         job->row.owner, failed > 0 ? "failed" : "completed", of, job->row.inputs, job->row.inputs == 1 ? "" : "s",
	         (unsigned long long)reads, text_elapsed(took, ms), cached, troubles);
}

void job_end_if_done(struct coord *coord, struct job *job)
{
	const struct error *worst;
	uint32_t failed;

	if (job->ended || job->files_ended < job->row.files)
		return;
	worst = worst_error(job, &failed);
	job->row.state = worst ? JOB_FAILED : JOB_COMPLETED;
	if (worst) {
		job->row.error = *worst;
		if (failed > 1) {
			size_t n = strlen(job->row.error.text);

			(void)snprintf(job->row.error.text + n, sizeof job->row.error.text - n, " (and %u more file%s)",
			               failed - 1, failed == 2 ? "" : "s");
		}
	}
	job->row.ended_ms = coord->wall_ms;
	job->ended = coord->reap = true;
	emit_job(coord, job);
	emit_changed(coord, job);
	tell_end(coord, job, failed);
}

static void tell_cancel(struct coord *coord, const struct job *job, const char *who)
{
	struct log_about about = about_job(TOLD_JOB_CANCELLED, job);

	about.peer = who;
	emit_log(coord, LOG_INFO, about,
	         "job %llu of %s was cancelled by %s: %.300s", (unsigned long long)job->row.id, job->row.owner, who, job->row.error.text);
}

void job_cancel(struct coord *coord, const struct event *event)
{
	struct job *job = job_find(coord, event->cancel.job);
	struct error error;

	if (!job || job->ended) {
		(void)error_set(&error, -ENOENT, ERROR_NO_INPUT, "there is no unfinished job %llu",
		                (unsigned long long)event->cancel.job);
		emit_refused(coord, event->request, &error);
		return;
	}
	if (!event->cancel.admin && strcmp(job->row.owner, event->cancel.owner) != 0) {
		(void)error_set(&error, -EPERM, ERROR_DENIED, "job %llu belongs to another user; its owner or an administrator may "
		                "cancel it", (unsigned long long)event->cancel.job);
		emit_refused(coord, event->request, &error);
		return;
	}
	for (uint32_t i = 0; i < job->row.files; i++) {
		struct file *file = &job->files[i];

		if (file->ended || (MUTANT(MUTANT_CANCEL_ENDS_LATER) && job->running > 0))
			continue;
		file->row.state = JOB_CANCELLED;
		if (file->row.planned && !MUTANT(MUTANT_CANCEL_KEEPS) && !(MUTANT(MUTANT_AGAIN_KEPT) && file->again))
			emit_merge(coord, ACTION_FORGET_SLICES, file);
		file_end(coord, job, file);
	}
	job->row.state = JOB_CANCELLED;
	(void)error_set(&job->row.error, -ECANCELED, ERROR_JOB, "%s",
	                event->cancel.reason && event->cancel.reason[0] ? event->cancel.reason : "by its owner's wish");
	job->row.ended_ms = coord->wall_ms;
	job->ended = coord->reap = !MUTANT(MUTANT_CANCEL_ENDS_LATER) || job->files_ended == job->row.files;
	emit_job(coord, job);
	emit_changed(coord, job);
	emit_granted(coord, event->request, job->row.id);
	tell_cancel(coord, job, event->cancel.owner);
}

/* ---- what goes wrong on the way */

int job_trouble(struct coord *coord, struct job *job, int level)
{
	if (job->troubles++ < TROUBLES_TOLD)
		return level;
	if (job->troubles == TROUBLES_TOLD + 1)
		emit_log(coord, LOG_NOTICE, about_job(TOLD_JOB_TROUBLES, job),
		         "job %llu: more goes wrong on nodes than these %d lines tell: its last line has the number, --verbose tells all",
		         (unsigned long long)job->row.id, TROUBLES_TOLD);
	return LOG_DEBUG;
}

/* ---- of an older algorithm */

/* Files that failed stay so: what is wrong with them is not in their counters. */
static void file_renew(struct coord *coord, struct job *job, struct file *file)
{
	if (file->row.state == JOB_FAILED)
		return;
	if (file->row.planned)
		emit_merge(coord, ACTION_FORGET_SLICES, file);
	job->files_ended -= file->ended;
	job->inputs_ended -= file->ended && file->row.role == FILE_ALONE;
	file->ended = false;
	file->row.state = JOB_PENDING;
	file->row.planned = file->row.cached = false;
	file->row.way = WAY_PLAIN;
	file->row.records = file->row.bases = file->row.redone = file->row.again = file->row.again_done = 0;
	file->row.modules = 0;
	file_changed(job, file);
	emit_file(coord, file);
}

void job_renew(struct coord *coord, struct job *job)
{
	emit_log(coord, LOG_NOTICE, about_job(TOLD_JOB_BEGINS_ANEW, job),
	         "job %llu of %s was begun with algorithm %u, this coordinator has %u: it begins anew", (unsigned long long)job->row.id,
	         job->row.owner, job->row.algorithm, coord->limits.algorithm);
	for (uint32_t i = 0; i < job->row.files; i++)
		file_renew(coord, job, &job->files[i]);
	job->row.algorithm = coord->limits.algorithm;
	job->row.state = JOB_PENDING;
	job->row.started_ms = 0;
	emit_job(coord, job);
}
