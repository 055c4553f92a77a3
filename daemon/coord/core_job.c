/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Jobs and their files:
 *
 *     submit -> PENDING -> each file: opened by some node -> planned (chain) -> all slices proven -> merged -> COMPLETED
 *                                     `-> cannot be opened, wrong data, crashes, losses -> FAILED
 *     all files ended -> the job has ended, and is forgotten here at the next step
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

struct job *job_find(const struct coord *coord, uint64_t id)
{
	uint32_t low = 0, high = coord->jobs_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (coord->jobs[middle]->row.id == id)
			return coord->jobs[middle];
		if (coord->jobs[middle]->row.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct file *file_find(const struct coord *coord, uint64_t id, uint32_t file, struct job **ret_job)
{
	struct job *job = job_find(coord, id);

	if (!job || file >= job->row.files)
		return NULL;
	*ret_job = job;
	return &job->files[file];
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
	job = calloc(1, sizeof *job);
	if (job)
		job->files = calloc(row->files, sizeof *job->files);
	if (!job || !job->files) {
		free(job);
		return -ENOMEM;
	}
	job->row = *row;
	while (i > 0 && coord->jobs[i - 1]->row.id > row->id)
		i--;
	memmove(&coord->jobs[i + 1], &coord->jobs[i], (coord->jobs_n - i) * sizeof *coord->jobs);
	coord->jobs[i] = job;
	coord->jobs_n++;
	if (row->id >= coord->next_job)
		coord->next_job = row->id + 1;
	*ret = job;
	return 0;
}

/* What counting needs; the row stays until the job is forgotten. */
void file_release(struct file *file)
{
	chain_deinit(&file->chain);
	free(file->slices);
	file->slices = NULL;
	free(file->fails);
	file->fails = NULL;
	file->fails_n = 0;
}

void job_free(struct job *job)
{
	for (uint32_t i = 0; i < job->row.files; i++) {
		file_release(&job->files[i]);
		free(job->files[i].path);
	}
	free(job->files);
	free(job);
}

void jobs_reap(struct coord *coord)
{
	uint32_t kept = 0;

	if (!coord->reap)
		return;
	for (uint32_t i = 0; i < coord->jobs_n; i++) {
		if (coord->jobs[i]->ended)
			job_free(coord->jobs[i]);
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
	uint32_t owned = 0;

	for (uint32_t i = 0; i < coord->jobs_n; i++)
		owned += strcmp(coord->jobs[i]->row.owner, row->owner) == 0;
	if (row->files == 0 || row->files > coord->limits.files_max)
		return error_set(err, -EINVAL, ERROR_USAGE, "a job has from 1 to %u files, not %u", coord->limits.files_max,
		                 row->files);
	for (uint32_t i = 0; i < row->files; i++)
		if (event->submit.paths[i][0] != '/')
			return error_set(err, -EINVAL, ERROR_USAGE, "the path '%s' is not absolute",
			                 TEXT(event->submit.paths[i]));
	if (owned >= coord->limits.jobs_max)
		return error_set(err, -EDQUOT, ERROR_TEMPORARY,
		                 "%s has %u unfinished jobs, which is the most; submit again when some have ended", row->owner,
		                 owned);
	return 0;
}

static int submit_add(struct coord *coord, const struct event *event, struct job **ret)
{
	struct job_row row = event->submit.row;
	int r;

	row.id = coord->next_job;
	row.state = JOB_PENDING;
	row.submitted_ms = coord->wall_ms;
	r = job_add(coord, &row, ret);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < row.files; i++) {
		struct file *file = &(*ret)->files[i];

		file->path = strdup(event->submit.paths[i]);
		if (!file->path)
			return -ENOMEM;
		file->row = (struct file_row){.job = row.id, .file = i, .path = file->path, .state = JOB_PENDING};
	}
	return 0;
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
}

/* ---- opening and planning */

bool file_failed_on(const struct file *file, uint64_t slice, const char *node)
{
	for (uint32_t i = 0; i < file->fails_n; i++)
		if (file->fails[i].slice == slice && strcmp(file->fails[i].node, node) == 0)
			return true;
	return false;
}

int file_fail_add(struct file *file, uint64_t slice, const char *node)
{
	struct io_fail *fails;

	if (file_failed_on(file, slice, node))
		return 0;
	fails = reallocarray(file->fails, file->fails_n + 1, sizeof *fails);
	if (!fails)
		return -ENOMEM;
	file->fails = fails;
	fails[file->fails_n].slice = slice;
	(void)snprintf(fails[file->fails_n].node, sizeof fails->node, "%s", node);
	file->fails_n++;
	return 0;
}

/* The chain of a file whose row has facts and slice size. */
int file_plan(struct coord *coord, struct job *job, struct file *file, struct error *err)
{
	int r;

	r = chain_init(&file->chain, &file->row.facts, file->row.slice_size, coord->limits.slices_max, err);
	if (r < 0)
		return r;
	file->slices = calloc(file->chain.n, sizeof *file->slices);
	if (!file->slices)
		return error_oom(err);
	free(file->fails); /* of opening */
	file->fails = NULL;
	file->fails_n = 0;
	if (file->row.file >= job->planned_end)
		job->planned_end = file->row.file + 1;
	return 0;
}

static void plan(struct coord *coord, struct job *job, struct file *file, const struct file_facts *facts)
{
	struct error error = {0};
	int r;

	file->row.facts = *facts;
	file->row.slice_size = job->row.slice_size;
	if (file->row.slice_size == 0)
		file->row.slice_size = slice_size_choose(facts->kind, facts->fingerprint.size, nodes_slots(coord),
		                                         coord->limits.slice_min, coord->limits.slice_max);
	r = file_plan(coord, job, file, &error);
	if (r == -ENOMEM) {
		coord->oom = true;
		return;
	}
	if (r < 0) {
		error_prefix(&error, "%s: ", TEXT(file->path));
		file_fail(coord, job, file, &error);
		return;
	}
	file->row.planned = true;
	file->row.state = JOB_RUNNING;
	if (!MUTANT(MUTANT_PLAN_NOT_SAVED))
		emit_file(coord, file);
	if (job->row.state == JOB_PENDING) {
		job->row.state = JOB_RUNNING;
		job->row.started_ms = coord->wall_ms;
		emit_job(coord, job);
	}
	if (file->row.file < job->work_next)
		job->work_next = file->row.file;
	emit_changed(coord, job);
}

void file_opened(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	struct job *job;
	struct file *file = file_find(coord, event->opened.job, event->opened.file, &job);

	node->opens -= node->opens > 0;
	if (!file || file->ended || file->row.planned)
		return;
	if (file->open_peer == event->peer)
		file->open_peer = 0;
	if (event->opened.error.class == ERROR_NONE) {
		plan(coord, job, file, &event->opened.facts);
		return;
	}
	if (event->opened.error.class == ERROR_DATA) { /* it is there, and is no FASTQ */
		file_fail(coord, job, file, &event->opened.error);
		return;
	}
	file->open_error = event->opened.error;
	if (file_fail_add(file, 0, node->name) < 0)
		coord->oom = true;
	if (file->row.file < job->open_next)
		job->open_next = file->row.file;
}

/* ---- ends */

/* Takes the file's slices away from all nodes. */
static void runs_drop(struct coord *coord, struct job *job, const struct file *file)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];

		for (uint32_t i = node->runs_n; i-- > 0;) {
			struct slice_id id = node->runs[i].id;

			if (id.job != file->row.job || id.file != file->row.file)
				continue;
			run_remove(node, &node->runs[i]);
			job->running -= job->running > 0;
			if (node->peer)
				emit_id(coord, ACTION_SEND_DROP, node->peer, &id);
		}
	}
}

static void file_end(struct coord *coord, struct job *job, struct file *file)
{
	file->ended = true;
	file->open_peer = 0;
	runs_drop(coord, job, file);
	job->files_ended++;
	emit_file(coord, file);
	emit_changed(coord, job);
	file_release(file);
}

void file_fail(struct coord *coord, struct job *job, struct file *file, const struct error *error)
{
	if (file->ended)
		return;
	file->row.state = JOB_FAILED;
	file->row.error = *error;
	if (file->row.planned)
		emit_merge(coord, ACTION_FORGET_SLICES, file);
	emit_log(coord, LOG_NOTICE, "job %llu: %s", (unsigned long long)job->row.id, error->text);
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}

void file_merged(struct coord *coord, const struct event *event)
{
	struct job *job;
	struct file *file = file_find(coord, event->merged.job, event->merged.file, &job);

	if (!file || file->ended)
		return;
	if (event->merged.failed) {
		file_fail(coord, job, file, &event->merged.error);
		return;
	}
	file->row.state = JOB_COMPLETED;
	file->row.records = event->merged.records;
	file->row.bases = event->merged.bases;
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}

/* Of several failed files the gravest error is the job's: the highest class, then the first file. */
static const struct error *worst_error(const struct job *job, uint32_t *ret_failed)
{
	const struct error *worst = NULL;

	*ret_failed = 0;
	for (uint32_t i = 0; i < job->row.files; i++) {
		const struct file_row *row = &job->files[i].row;

		if (row->state != JOB_FAILED)
			continue;
		++*ret_failed;
		if (!worst || row->error.class > worst->class)
			worst = &row->error;
	}
	return worst;
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
	emit_log(coord, LOG_INFO, "job %llu of %s has %s", (unsigned long long)job->row.id, job->row.owner,
	         worst ? "failed" : "completed");
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

		if (file->ended)
			continue;
		file->row.state = JOB_CANCELLED;
		if (file->row.planned && !MUTANT(MUTANT_CANCEL_KEEPS))
			emit_merge(coord, ACTION_FORGET_SLICES, file);
		file_end(coord, job, file);
	}
	job->row.state = JOB_CANCELLED;
	(void)error_set(&job->row.error, -ECANCELED, ERROR_JOB, "%s",
	                event->cancel.reason && event->cancel.reason[0] ? event->cancel.reason : "by its owner's wish");
	job->row.ended_ms = coord->wall_ms;
	job->ended = coord->reap = true;
	emit_job(coord, job);
	emit_changed(coord, job);
	emit_granted(coord, event->request, job->row.id);
}
