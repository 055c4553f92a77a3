/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of jobs:
 *
 *     opened by some node -> planned (chain) -> all slices proven -> (some counted again ->) merged -> COMPLETED
 *           `-> cannot be opened, wrong data, crashes, losses, no node can read it -> FAILED
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define FAILURES_TOLD 16 /* files of a job whose failure has a line of its own in the journal */

/* What counting needs; the row stays until the job is forgotten. */
void file_release(struct file *file)
{
	chain_deinit(&file->chain);
	free(file->slices);
	file->slices = NULL;
	free(file->fails);
	file->fails = NULL;
	file->fails_n = 0;
	free(file->again);
	file->again = NULL;
	file->again_n = file->again_left = 0;
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

void file_end(struct coord *coord, struct job *job, struct file *file)
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
	if (file->row.planned && !(MUTANT(MUTANT_AGAIN_KEPT) && file->again))
		emit_merge(coord, ACTION_FORGET_SLICES, file);
	if (job->failures_told < FAILURES_TOLD)
		emit_log(coord, LOG_NOTICE, "job %llu: %s", (unsigned long long)job->row.id, error->text);
	else if (job->failures_told == FAILURES_TOLD)
		emit_log(coord, LOG_NOTICE, "job %llu: more files fail; 'fqctl show %llu' tells of all", (unsigned long long)job->row.id,
		         (unsigned long long)job->row.id);
	job->failures_told += job->failures_told <= FAILURES_TOLD;
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
	if (event->merged.again_n > 0 && !MUTANT(MUTANT_AGAIN_FORGOTTEN)) {
		again_begin(coord, job, file, event);
		return;
	}
	file->row.state = JOB_COMPLETED;
	file->row.records = event->merged.records;
	file->row.bases = event->merged.bases;
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}
