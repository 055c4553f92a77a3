/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's frame: made, loaded, stepped. See core.h for the contract and core_internal.h for the parts. */
#include "daemon/coord/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"

#ifdef COORD_MUTANTS
enum coord_mutant coord_mutant;
#endif

int coord_new(const struct coord_limits *limits, struct coord **ret)
{
	struct coord *coord = calloc(1, sizeof *coord);

	if (!coord)
		return -ENOMEM;
	coord->limits = *limits;
	coord->next_job = 1;
	coord->next_lease = 1;
	coord->due_ms = UINT64_MAX;
	*ret = coord;
	return 0;
}

struct coord *coord_free(struct coord *coord)
{
	if (!coord)
		return NULL;
	coord->actions = NULL; /* nobody is told any more */
	for (uint32_t i = 0; i < coord->jobs_n; i++)
		job_free(coord, coord->jobs[i]);
	for (uint32_t i = 0; i < coord->nodes_n; i++)
		node_free(coord->nodes[i]);
	free(coord->jobs);
	free(coord->owners);
	free(coord->nodes);
	free(coord->ready);
	free(coord);
	return NULL;
}

/* ---- loading */

int coord_load_node(struct coord *coord, const char *name, const char *reason)
{
	return node_load(coord, name, reason);
}

int coord_load_job(struct coord *coord, const struct job_row *row, struct error *err)
{
	struct job_row all = *row;
	struct job *job;
	int r;

	if (all.inputs == 0 || all.inputs > all.files)
		all.inputs = all.files; /* of a database of before there were groups */
	if (row->state > JOB_RUNNING || row->files == 0 || job_find(coord, row->id))
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the database has job %llu in a state that makes no sense",
		                 (unsigned long long)row->id);
	r = job_add(coord, &all, &job);
	if (r < 0)
		return error_oom(err);
	job->renewed = coord->limits.algorithm != 0 && row->algorithm != coord->limits.algorithm && !MUTANT(MUTANT_OLD_ALGORITHM);
	return 0;
}

int coord_load_file(struct coord *coord, const struct file_row *row, struct error *err)
{
	struct job *job;
	struct file *file = file_find(coord, row->job, row->file, &job);

	if (!file || file->path || !row->path)
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the database has file %u of job %llu, which makes no sense",
		                 row->file, (unsigned long long)row->job);
	file->row = *row;
	file->row.path = file->path = strdup(row->path);
	if (!file->path)
		return error_oom(err);
	job->files_loaded++;
	if (row->state > JOB_RUNNING) {
		file->ended = true;
		job->files_ended++;
		job->inputs_ended += file->row.role == FILE_ALONE;
		file_changed(job, file);
		return 0;
	}
	return row->planned && !job->renewed ? file_plan(coord, job, file, err) : 0;
}

int coord_load_slice(struct coord *coord, const struct slice_row *row, struct error *err)
{
	struct job *job;
	struct file *file = file_find(coord, row->job, row->file, &job);
	struct slice_task task = {.start_known = row->start_known, .start = row->seam.first};
	bool used;

	if (file && job->renewed)
		return 0; /* forgotten when all is loaded */
	if (!file || file->ended || !file->slices || row->slice >= file->chain.n)
		return error_set(err, -EINVAL, ERROR_SOFTWARE,
		                 "the database has slice %llu of file %u of job %llu, which makes no sense",
		                 (unsigned long long)row->slice, row->file, (unsigned long long)row->job);
	task.begin = file->chain.links[row->slice].begin;
	task.end = file->chain.links[row->slice].end;
	if (file->split)
		split_load(coord, file, row);
	else
		file->outcome = chain_offer(&file->chain, row->slice, &task, row->fault.kind ? SLICE_FAULT : SLICE_END, &row->seam,
		                            &row->fault, &used);
	file->slices[row->slice].saved = true;
	file->slices[row->slice].bases = row->bases;
	return coord->oom ? error_oom(err) : 0;
}

bool coord_load_seek(struct coord *coord, uint64_t id, uint32_t index, uint64_t seek, uint64_t slice_size)
{
	struct job *job;
	struct file *file = file_find(coord, id, index, &job);

	if (!file || !file->split || job->row.fresh || file->row.slice_size != slice_size || MUTANT(MUTANT_SEEK_FORGOTTEN))
		return false;
	file->seek = seek;
	file->row.way = WAY_INDEX;
	return true;
}

int coord_load_point(struct coord *coord, const struct event *point, struct error *err)
{
	struct job *job;
	struct file *file = file_find(coord, point->point.job, point->point.file, &job);

	if (file && file->split && point->point.slice < file->split->n)
		split_load_point(coord, job, file, point);
	return coord->oom ? error_oom(err) : 0;
}

int coord_load_trouble(struct coord *coord, const struct trouble_row *row, struct error *err)
{
	struct job *job;
	struct file *file = file_find(coord, row->job, row->file, &job);

	if (file && job->renewed)
		return 0;
	if (!file || file->ended || !file->slices || row->slice >= file->chain.n)
		return error_set(err, -EINVAL, ERROR_SOFTWARE,
		                 "the database has trouble with slice %llu of file %u of job %llu, which makes no sense",
		                 (unsigned long long)row->slice, row->file, (unsigned long long)row->job);
	file->slices[row->slice].crashes = (uint8_t)row->crashes;
	file->slices[row->slice].losses = (uint16_t)row->losses;
	file->slices[row->slice].crash_lease = row->lease;
	file->slices[row->slice].crashed_by = row->crashes > 0 ? WHO_SEVERAL : 0;
	file->slices[row->slice].lost_by = row->losses > 0 ? WHO_SEVERAL : 0;
	if (row->losses >= LOSSES_ALONE)
		alone_add(coord, job, file, row->slice);
	return coord->oom ? error_oom(err) : 0;
}

/* Rows of slices that are not wanted any more go; complete chains are merged. */
static void file_loaded(struct coord *coord, struct job *job, struct file *file)
{
	if (file->ended || !file->slices)
		return;
	split_loaded(coord, file);
	if (file->split && file->outcome == CHAIN_FAULT) {
		split_give_up(coord, job, file);
		return;
	}
	for (uint64_t i = 0; i < file->chain.n; i++) {
		const struct link *link = &file->chain.links[i];

		if (file->slices[i].saved && (link->empty || link->state == LINK_OPEN || link->state == LINK_WAITS)) {
			file->slices[i].saved = false;
			emit_slice(coord, ACTION_FORGET_SLICE, file, i);
		}
		if (link->state >= LINK_COUNTED && (!link->empty || i < file->chain.proven))
			file->bytes_done += link->end - link->begin;
	}
	if (file->split)
		split_look(coord, job, file);
	file_changed(job, file);
	file_advance(coord, job, file);
}

int coord_loaded(struct coord *coord, uint64_t generation, uint64_t next_job, uint64_t now_ms, struct actions *actions)
{
	coord->first_lease = MUTANT(MUTANT_LEASES_AGAIN) ? 0 : generation << 32;
	coord->next_lease = coord->first_lease + 1 + (MUTANT(MUTANT_LEASES_AGAIN) || MUTANT(MUTANT_GENERATION) ? 0 : coord->limits.secret >> 33);
	coord->actions = actions;
	coord->now_ms = now_ms;
	if (next_job > coord->next_job)
		coord->next_job = next_job;
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		if (job->files_loaded < job->row.files)
			return -EINVAL;
		if (groups_link(job) < 0)
			return -EINVAL;
		if (job->renewed)
			job_renew(coord, job);
		for (uint32_t f = 0; f < job->row.files; f++)
			file_loaded(coord, job, &job->files[f]);
		if (!MUTANT(MUTANT_GROUP_RESTART))
			groups_loaded(coord, job);
		job_end_if_done(coord, job);
	}
	return coord->oom ? -ENOMEM : 0;
}

/* ---- stepping */

static void node_says(struct coord *coord, struct node *node, const struct event *event)
{
	if (event->kind != EVENT_PROGRESS) /* that tells whether it makes any */
		node_answers(coord, node);
	switch (event->kind) {
	case EVENT_OPENED:
		file_opened(coord, event);
		break;
	case EVENT_PROGRESS:
		slice_progress(coord, event);
		break;
	case EVENT_COMING:
		node_coming(coord, node);
		break;
	case EVENT_RESULT:
		slice_result(coord, event);
		break;
	case EVENT_CRASHED:
		slice_crashed(coord, event);
		break;
	case EVENT_IO_ERROR:
		slice_io_error(coord, event);
		break;
	case EVENT_RETURNED:
		slice_returned(coord, event);
		break;
	default:
		break;
	}
}

static void step_node(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);

	if (event->kind == EVENT_NODE_HELLO) {
		node_hello(coord, event);
		return;
	}
	if (!node)
		return; /* a peer that was replaced, or never said hello */
	node->seen_ms = coord->now_ms;
	if (event->kind == EVENT_NODE_GONE)
		node_gone(coord, node);
	else if (event->kind == EVENT_NODE_DRAINING)
		node_draining(coord, node);
	else
		node_says(coord, node, event);
}

int coord_step(struct coord *coord, const struct event *event, struct actions *actions)
{
	jobs_reap(coord);
	coord->actions = actions;
	coord->now_ms = event->now_ms;
	coord->wall_ms = event->wall_ms;
	switch (event->kind) {
	case EVENT_TICK:
		break;
	case EVENT_SUBMIT:
		job_submit(coord, event);
		break;
	case EVENT_CANCEL:
		job_cancel(coord, event);
		break;
	case EVENT_DRAIN:
		node_drain(coord, event);
		break;
	case EVENT_RESUME:
		node_resume(coord, event);
		break;
	case EVENT_HOLD:
		coord->hold = event->hold;
		break;
	case EVENT_POINT:
		split_pointed(coord, event);
		break;
	case EVENT_MERGED:
		file_merged(coord, event);
		break;
	default:
		step_node(coord, event);
		break;
	}
	node_stalls(coord);
	splits_settle(coord);
	words_settle(coord);
	audits_settle(coord);
	schedule(coord);
	return coord->oom ? -ENOMEM : 0;
}

uint64_t coord_deadline(const struct coord *coord)
{
	uint64_t stragglers = stragglers_deadline(coord);

	return stragglers < coord->due_ms ? stragglers : coord->due_ms;
}
