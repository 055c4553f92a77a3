/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of jobs:
 *
 *     opened by some node -> planned (chain) -> all slices proven -> (some counted again ->) merged -> COMPLETED
 *           |-> its result is kept from an earlier job (core_kept.c) -> COMPLETED
 *           `-> cannot be opened, wrong data, crashes, losses, no node can read it -> FAILED
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define FAILURES_TOLD 16 /* files of a job whose failure has a line of its own in the journal */

/* What counting needs; the row stays until the job is forgotten. */
void file_release(struct coord *coord, struct job *job, struct file *file)
{
	if (file->slices && job->owner)
		job->owner->slices -= file->chain.n;
	split_release(coord, file);
	file->seek = file->seek_next = 0;
	file->seek_bad = false;
	chain_deinit(&file->chain);
	free(file->slices);
	file->slices = NULL;
	free(file->fails);
	file->fails = NULL;
	file->fails_n = 0;
	free(file->open_error);
	file->open_error = NULL;
	coord->doubts -= file->doubt != NULL;
	free(file->doubt);
	file->doubt = NULL;
	free(file->again);
	file->again = NULL;
	file->again_n = file->again_left = 0;
	job->audits -= file->audits_n - file->audits_out;
	coord->audits_out -= file->audits_out;
	free(file->audits);
	file->audits = NULL;
	file->audits_n = file->audits_out = file->audits_room = 0;
	free(file->alone);
	file->alone = NULL;
	job->alone -= file->alone_n;
	coord->alone -= file->alone_n;
	file->alone_n = file->alone_room = 0;
}

/* ---- opening and planning */

/* They are in order of slices, those with all of the file last: the first one of the slice, or behind it. */
static uint32_t fails_from(const struct file *file, uint64_t slice)
{
	uint32_t low = 0, high = file->fails_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (file->fails[middle].slice < slice)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool fails_have(const struct file *file, uint64_t slice, const char *node)
{
	for (uint32_t i = fails_from(file, slice); i < file->fails_n && file->fails[i].slice == slice; i++)
		if (strcmp(file->fails[i].node, node) == 0)
			return true;
	return false;
}

bool file_failed_on(const struct file *file, uint64_t slice, const char *node)
{
	return file->fails_n > 0 && (fails_have(file, slice, node) || fails_have(file, SLICE_ALL, node));
}

bool file_failed_so(const struct file *file, uint64_t slice, int error_number)
{
	for (uint32_t i = 0; i < file->fails_n; i++)
		if (file->fails[i].slice == slice && file->fails[i].error_number == error_number)
			return true;
	return false;
}

int file_fail_add(struct file *file, uint64_t slice, const struct node *node, int error_number)
{
	struct io_fail *fails;
	uint32_t at;

	for (uint32_t i = 0; i < file->fails_n; i++) {
		struct io_fail *fail = &file->fails[i];

		if ((fail->slice != slice && fail->slice != SLICE_ALL) || strcmp(fail->node, node->name) != 0)
			continue;
		if (fail->slice == slice && (errno_lacks(error_number) || error_number == ERRNO_DATA)) /* now it is known why: it answers late */
			fail->error_number = error_number;
		return 0;
	}
	fails = reallocarray(file->fails, file->fails_n + 1, sizeof *fails);
	if (!fails)
		return -ENOMEM;
	file->fails = fails;
	at = slice == SLICE_ALL ? file->fails_n : fails_from(file, slice + 1);
	memmove(&fails[at + 1], &fails[at], (file->fails_n - at) * sizeof *fails);
	fails[at] = (struct io_fail){.slice = slice, .error_number = error_number, .who = node->who, .successes = node->successes};
	(void)snprintf(fails[at].node, sizeof fails->node, "%s", node->name);
	file->fails_n++;
	return 0;
}

/* A node that does not have the file, or has another one there, is given no slice of it; one that only could not open it may be. */
static void fails_of_opening(struct file *file)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < file->fails_n; i++)
		if (errno_lacks(file->fails[i].error_number) && !MUTANT(MUTANT_UNPROVEN_COUNTS))
			file->fails[kept++] = file->fails[i];
	file->fails_n = kept;
}

/* The chain of a file whose row has facts and slice size. */
int file_plan(struct coord *coord, struct job *job, struct file *file, struct error *err)
{
	int r;

	r = way_cuts(file->row.way) ? split_plan(coord, file, err)
	                            : chain_init(&file->chain, &file->row.facts, file->row.slice_size, coord->limits.slices_max, err);
	if (r < 0)
		return r;
	file->slices = calloc(file->chain.n, sizeof *file->slices);
	if (!file->slices)
		return error_oom(err);
	job->owner->slices += file->chain.n;
	fails_of_opening(file);
	if (file->row.file >= job->planned_end)
		job->planned_end = file->row.file + 1;
	work_set(coord, job, file);
	return 0;
}

static void tell_plan(struct coord *coord, const struct file *file, const struct node *node)
{
	struct log_about about = about_slice(TOLD_FILE_PLANNED, file, SLICE_ALL, node);

	about.slices = LOG_ID(file->chain.n);
	emit_log(coord, LOG_DEBUG, about,
	         "job %llu: node %s has opened %s: %s, %llu bytes, %llu slices%s", (unsigned long long)file->row.job, node->name,
	         TEXT(file->path), file_kind_name(file->row.facts.kind), (unsigned long long)file->row.facts.fingerprint.size,
	         (unsigned long long)file->chain.n, file->split ? " of one gzip stream" : "");
}

static void plan(struct coord *coord, struct job *job, struct file *file, const struct node *node, const struct event *opened)
{
	const struct file_facts *facts = &opened->opened.facts;
	struct error error = {0};
	int r;

	if (second_changed(job, file, facts)) {
		(void)error_set(&error, -ESTALE, ERROR_DATA, "%s has changed since it was counted first", TEXT(file->path));
		file_fail(coord, job, file, &error);
		return;
	}
	file->row.facts = *facts;
	file->row.slice_size = job->row.slice_size;
	file->row.way = split_way(coord, job, file, opened->opened.seek.id ? opened->opened.seek.slice_size : 0, &file->row.slice_size);
	if (file->row.slice_size == 0)
		file->row.slice_size = slice_size_choose(facts->kind, facts->fingerprint.size, nodes_slots(coord),
		                                         coord->limits.slice_min, coord->limits.slice_max);
	file->row.slice_size = owner_slice_size(coord, job, file, file->row.slice_size);
	if (file->row.way == WAY_SPLIT && opened->opened.seek.id > 0 && file->row.slice_size == opened->opened.seek.slice_size)
		file->row.way = WAY_INDEX;
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
	if (file->row.way == WAY_INDEX) {
		file->seek = opened->opened.seek.id;
		split_look(coord, job, file);
	}
	tell_plan(coord, file, node);
	file_changed(job, file);
	if (!MUTANT(MUTANT_PLAN_NOT_SAVED))
		emit_file(coord, file);
	job_begin(coord, job);
	emit_changed(coord, job);
}

void file_unopened(struct coord *coord, struct job *job, const struct file *file)
{
	if (file->row.file < job->open_next)
		job->open_next = file->row.file;
	if (job->row.id < coord->open_from)
		coord->open_from = job->row.id;
	coord->opens_review = true;
}

void open_end(struct coord *coord, struct file *file)
{
	struct node *node = node_of_peer(coord, file->open_peer);

	file->open_peer = 0;
	if (!node)
		return;
	node->opens -= node->opens > 0;
	node_refresh(coord, node);
}

/*
 * Why it cannot be opened there is told to the submitter where he named the path alone. Where he had to prove that he read the file,
 * he could learn from it what he cannot see: then it is for the journal.
 */
void file_open_failed(struct coord *coord, struct job *job, struct file *file, struct node *node, int error_number,
                      const struct error *error)
{
	emit_log(coord, job_trouble(coord, job, LOG_NOTICE), about_slice(TOLD_FILE_NOT_OPENED, file, SLICE_ALL, node),
	         "job %llu: node %s: %.400s", (unsigned long long)job->row.id, node->name, error->text);
	if (!file->open_error)
		file->open_error = calloc(1, sizeof *file->open_error);
	if (!file->open_error || file_fail_add(file, SLICE_ALL, node, error_number) < 0) {
		coord->oom = true;
		return;
	}
	if (!file_failed_so(file, SLICE_ALL, ERRNO_DATA) || error_number == ERRNO_DATA)
		*file->open_error = *error;
	file_changed(job, file);
	file_unopened(coord, job, file);
	if (MUTANT(MUTANT_PROOF_ONE))
		file_open_fail(coord, job, file);
}

void file_open_fail(struct coord *coord, struct job *job, struct file *file)
{
	char nodes[256] = "";
	struct error error;

	if (file_failed_so(file, SLICE_ALL, ERRNO_DATA)) { /* who says so could open it */
		error = *file->open_error;
		file_fail(coord, job, file, &error);
		return;
	}
	for (uint32_t i = 0; i < file->fails_n; i++) {
		size_t n = strlen(nodes);

		(void)snprintf(nodes + n, sizeof nodes - n, "%s%s", n ? ", " : "", file->fails[i].node);
	}
	if (file->row.proof.wanted && !MUTANT(MUTANT_PROOF_TELLS))
		(void)error_set(&error, -ENOENT, ERROR_NO_INPUT,
		                "no worker sees at %s the file that you read: it may be missing there, not readable for the service, or "
		                "another file (%s)",
		                TEXT(file->path), nodes);
	else
		(void)error_set(&error, -ENOENT, file->open_error->class, "no worker can open the file: %.700s (%s)",
		                file->open_error->text, nodes);
	file_fail(coord, job, file, &error);
}

/* It is there, the submitter could read it, and it is no FASTQ. */
static bool wrong_data(const struct event *event)
{
	return event->opened.error.class == ERROR_DATA && !event->opened.unproven;
}

void file_opened(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	struct job *job;
	struct file *file = file_find(coord, event->opened.job, event->opened.file, &job);
	int error_number = event->opened.unproven ? ENOENT : event->opened.error_number;
	bool asked = file && file->open_peer == event->peer;

	if (asked)
		open_end(coord, file);
	if (!file || file->ended || file->row.planned)
		return;
	if (!asked && !file_failed_on(file, SLICE_ALL, node->name))
		return; /* nobody has asked it, nor is it late */
	if (node->distrusted) { /* another one is asked */
		if (!file->open_peer)
			file_unopened(coord, job, file);
	} else if (event->opened.error.class == ERROR_NONE) {
		node_succeeded(coord, node, file, SLICE_ALL);
		if (event->opened.kept.id > 0)
			file_kept(coord, job, file, event);
		else
			plan(coord, job, file, node, event);
	} else if (wrong_data(event) && !word_other_left(coord, job, file, SLICE_ALL, node->who)) {
		file_fail(coord, job, file, &event->opened.error);
	} else if (wrong_data(event)) {
		file_open_failed(coord, job, file, node, ERRNO_DATA, &event->opened.error);
		if (word_agreed(coord, job, file, SLICE_ALL, ERRNO_DATA))
			file_open_fail(coord, job, file);
	} else {
		file_open_failed(coord, job, file, node, error_number, &event->opened.error);
	}
}

/* ---- ends */

/* Takes the file's slices away from all nodes. */
void runs_drop(struct coord *coord, struct job *job, const struct file *file)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];

		for (uint32_t i = node->runs_n; i-- > 0;) {
			struct slice_id id = node->runs[i].id;

			if (id.job != file->row.job || id.file != file->row.file)
				continue;
			run_remove(coord, node, &node->runs[i]);
			job->running -= job->running > 0;
			if (node->peer)
				emit_id(coord, ACTION_SEND_DROP, node->peer, &id);
		}
	}
}

void file_end(struct coord *coord, struct job *job, struct file *file)
{
	file->ended = true;
	open_end(coord, file);
	if (file->row.state != JOB_COMPLETED) /* then every one has ended */
		runs_drop(coord, job, file);
	job->files_ended++;
	job->inputs_ended += file->row.role == FILE_ALONE;
	emit_file(coord, file);
	emit_changed(coord, job);
	file_release(coord, job, file);
	file_changed(job, file);
	if (job_grouped(job))
		group_row_ended(coord, job, file);
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
		emit_log(coord, LOG_NOTICE, about_slice(TOLD_FILE_FAILED, file, SLICE_ALL, NULL),
		         "job %llu: %s", (unsigned long long)job->row.id, error->text);
	else if (job->failures_told == FAILURES_TOLD)
		emit_log(coord, LOG_NOTICE, about_job(TOLD_JOB_TROUBLES, job),
		         "job %llu: more files fail; 'fqctl show %llu' tells of all", (unsigned long long)job->row.id,
		         (unsigned long long)job->row.id);
	job->failures_told += job->failures_told <= FAILURES_TOLD;
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}

static void tell_merged(struct coord *coord, const struct file *file)
{
	struct log_about about = about_slice(TOLD_FILE_COMPLETED, file, SLICE_ALL, NULL);

	about.slices = LOG_ID(file->chain.n);
	about.records = LOG_ID(file->row.records);
	emit_log(coord, LOG_DEBUG, about,
	         "job %llu: %s has %llu reads", (unsigned long long)file->row.job, TEXT(file->path), (unsigned long long)file->row.records);
}

void file_merged(struct coord *coord, const struct event *event)
{
	struct job *job;
	struct file *file = file_find(coord, event->merged.job, event->merged.file, &job);

	if (!file || file->ended)
		return;
	file->merging = false;
	if (event->merged.failed) {
		file_fail(coord, job, file, &event->merged.error);
		return;
	}
	if (event->merged.again_n > 0 && file->row.role == FILE_GROUP) {
		group_again(coord, job, file, event);
		return;
	}
	if (event->merged.again_n > 0 && !MUTANT(MUTANT_AGAIN_FORGOTTEN)) {
		again_begin(coord, job, file, event);
		return;
	}
	file->row.state = JOB_COMPLETED;
	file->row.records = event->merged.records;
	file->row.bases = event->merged.bases;
	if (event->merged.kept)
		file_use_kept(coord, file, event->merged.kept);
	tell_merged(coord, file);
	file_end(coord, job, file);
	job_end_if_done(coord, job);
}
