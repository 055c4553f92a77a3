/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether an ordinary gzip file is counted in slices (core_split.c), and from when until when:
 *
 *     opened -> it pays, or its points are known -> planned -> ... -> merged
 *                                                       `-> slices do not go together, or nobody is left who can -> anew, in one slice
 */
#include <stdlib.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SLOTS_LEAST 4 /* on a cluster in slices is some three times the work of one slice, which a worker counts ahead on two cores */
#define SEEK_SLOTS_LEAST 2
#define SPLITS_MAX 256 /* files at a time: each needs windows in memory */

/* ---- the plan */

/* Slots that count at one time: more of them than cores are no quicker. */
static uint32_t slots_of(const struct node *node)
{
	return node->cores > 0 && node->cores < node->slots ? node->cores : node->slots;
}

/* Slots for one more file, as if all files that are unfinished had as many. */
static uint32_t slots_for(const struct coord *coord)
{
	uint64_t files = 0, slots = 0;

	for (uint32_t j = 0; j < coord->jobs_n; j++)
		files += coord->jobs[j]->row.inputs - coord->jobs[j]->inputs_ended;
	for (uint32_t n = 0; n < coord->nodes_n; n++)
		if (node_takes_work(coord->nodes[n]) && coord->nodes[n]->proto >= SPLIT_PROTO)
			slots += slots_of(coord->nodes[n]);
	return (uint32_t)(slots / (files > 0 ? files : 1));
}

static uint64_t slices_of(uint64_t bytes, uint64_t size)
{
	return bytes / size + (bytes % size != 0);
}

enum file_way split_way(const struct coord *coord, const struct job *job, const struct file *file, uint64_t seek_size,
                        uint64_t *ret_slice_size)
{
	const struct file_facts *facts = &file->row.facts;
	enum split_gzip mode = job->row.split_gzip != SPLIT_GZIP_DEFAULT ? job->row.split_gzip : coord->limits.split_gzip;
	uint32_t slots = slots_for(coord);
	uint64_t bytes = facts->fingerprint.size, size = job->row.slice_size;

	if (facts->kind != FILE_GZIP)
		return WAY_PLAIN;
	if (mode != SPLIT_GZIP_AUTO && mode != SPLIT_GZIP_ALWAYS)
		return WAY_NEVER;
	if (!node_left(coord, job, file, SLICE_ALL, SPLIT_PROTO))
		return WAY_OLD_NODES;
	/* Where points are known it is no more work than in one slice. */
	if (seek_size > 0 && slots >= SEEK_SLOTS_LEAST && (size == 0 || size == seek_size) && coord->splits < SPLITS_MAX) {
		*ret_slice_size = seek_size;
		return WAY_SPLIT;
	}
	if (mode == SPLIT_GZIP_AUTO && (slots < SLOTS_LEAST || coord->splits >= SPLITS_MAX))
		return WAY_FEW_SLOTS;
	if (mode == SPLIT_GZIP_AUTO && bytes < SPLIT_SLOTS_LEAST * SPLIT_SLICE_LEAST)
		return WAY_SMALL;
	if (size == 0)
		size = split_size_choose(bytes, slots > SPLIT_SLOTS_LEAST ? slots : SPLIT_SLOTS_LEAST);
	else if (mode == SPLIT_GZIP_AUTO)
		size = size < SPLIT_SLICE_LEAST ? SPLIT_SLICE_LEAST : size > SPLIT_SLICE_MOST ? SPLIT_SLICE_MOST : size;
	if (size == 0)
		size = SPLIT_SLICE_LEAST;
	while (slices_of(bytes, size) > coord->limits.slices_max)
		size *= 2;
	if (slices_of(bytes, size) < 2)
		return WAY_SMALL;
	*ret_slice_size = size;
	return WAY_SPLIT;
}

uint64_t file_slices(const struct file_row *row, uint64_t slice_size)
{
	return way_cuts(row->way) ? slices_of(row->facts.fingerprint.size, slice_size) : chain_slices(&row->facts, slice_size);
}

/* ---- from when until when */

int split_plan(struct coord *coord, struct file *file, struct error *err)
{
	struct split_chain *split = calloc(1, sizeof *split);
	struct link *links;
	int r;

	if (!split)
		return error_oom(err);
	r = split_chain_init(split, file->row.facts.fingerprint.size, file->row.slice_size, coord->limits.slices_max, err);
	if (r < 0) {
		free(split);
		return r;
	}
	links = calloc((size_t)split->n, sizeof *links);
	if (!links) {
		split_chain_deinit(split);
		free(split);
		return error_oom(err);
	}
	for (uint64_t i = 0; i < split->n; i++)
		links[i] = (struct link){.begin = split->links[i].begin, .end = split->links[i].end};
	file->split = split;
	file->chain = (struct chain){.kind = FILE_GZIP, .file_size = split->file_size, .n = split->n, .links = links};
	coord->splits++;
	split_follow(file, 0, split->n);
	return 0;
}

void split_release(struct coord *coord, struct file *file)
{
	if (!file->split)
		return;
	for (uint64_t i = 0; file->slices && file->row.planned && i < file->chain.n; i++)
		if (file->slices[i].holder)
			text_drop(coord, file, i);
	split_chain_deinit(file->split);
	free(file->split);
	file->split = NULL;
	coord->splits--;
	if (coord->actions) /* otherwise all of it ends */
		splits_wake(coord);
}

void splits_settle(struct coord *coord)
{
	const bool nodes = coord->nodes_changed && coord->splits > 0;

	for (uint32_t j = 0; (coord->splits_look || nodes) && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; !job->ended && f < job->planned_end; f++) {
			struct file *file = &job->files[f];

			if (!file->ended && file->split && !file->merging && nodes && !node_left(coord, job, file, SLICE_ALL, SPLIT_PROTO) &&
			    node_left(coord, job, file, SLICE_ALL, 0))
				split_give_up(coord, job, file);
			else if (!file->ended && file->split && file->split_look && !MUTANT(MUTANT_SPLIT_SCOUT_LOST))
				split_look(coord, job, file);
			file->split_look = false;
		}
	}
	coord->splits_look = false;
}

void splits_wake(struct coord *coord)
{
	for (uint32_t j = 0; coord->splits > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; !job->ended && f < job->planned_end; f++)
			if (!job->files[f].ended && job->files[f].split)
				work_set(coord, job, &job->files[f]);
	}
}

/* ---- giving up */

void split_give_up(struct coord *coord, struct job *job, struct file *file)
{
	struct io_fail *fails = file->fails;
	uint32_t fails_n = 0;
	struct error error = {0};
	int r;

	for (uint32_t i = 0; i < file->fails_n; i++) /* nodes that do not have the file */
		if (fails[i].slice == SLICE_ALL)
			fails[fails_n++] = fails[i];
	file->fails = NULL;
	file->fails_n = 0;
	emit_log(coord, job_trouble(coord, job, LOG_NOTICE), about_slice(TOLD_FILE_ANEW, file, SLICE_ALL, NULL),
	         "job %llu: slices of %s do not go together; it is counted anew, in one", (unsigned long long)job->row.id,
	         TEXT(file->path));
	runs_drop(coord, job, file);
	seek_wrong(coord, file);
	if (!MUTANT(MUTANT_SPLIT_KEEPS))
		emit_merge(coord, ACTION_FORGET_SLICES, file);
	file_release(coord, job, file);
	file->row.way = WAY_GAVE_UP;
	file->outcome = CHAIN_MORE;
	file->next = file->bytes_done = 0;
	r = file_plan(coord, job, file, &error);
	file->fails = fails;
	file->fails_n = fails_n;
	if (r < 0) {
		coord->oom = true; /* one slice is never too many */
		return;
	}
	emit_file(coord, file);
	file_changed(job, file);
	emit_changed(coord, job);
}
