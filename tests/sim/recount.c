/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core keeps beside its state (core_index.c), counted anew from the state: the first thing that differs, or NULL. */
#include <string.h>

#include "tests/sim/recount.h"

/* Texts of the job's files that the node keeps. */
static uint32_t texts_recount(const struct job *job, const struct node *node)
{
	uint32_t texts = 0;

	for (uint32_t f = 0; f < job->row.files; f++)
		for (uint64_t i = 0; job->files[f].split && i < job->files[f].chain.n; i++)
			texts += job->files[f].slices[i].holder == node->number;
	return texts;
}

static const char *node_recount(const struct coord *coord, struct node *node)
{
	uint32_t opens = 0, alone = 0, scouts = 0, texts = 0;

	if (node->peer && node_of_peer(coord, node->peer) != node)
		return "a node is not found by its connection";
	for (uint32_t j = 0; j < coord->jobs_n; j++)
		for (uint32_t f = 0; node->peer && f < coord->jobs[j]->row.files; f++)
			opens += coord->jobs[j]->files[f].open_peer == node->peer;
	for (uint32_t i = 0; i < node->runs_n; i++)
		alone += node->runs[i].alone;
	for (uint32_t i = 0; i < node->runs_n; i++)
		scouts += node->runs[i].id.scout;
	for (uint32_t j = 0; j < coord->jobs_n; j++)
		texts += texts_recount(coord->jobs[j], node);
	if (scouts != node->scouts)
		return "scouts on a node";
	if (texts != node->texts)
		return "texts of a node";
	if (opens != node->opens)
		return "unanswered OPENs";
	if (alone != node->alone)
		return "slices alone on a node";
	if (coord->index_stale)
		return NULL;
	if (node->free != slots_free(coord, node))
		return "free slots of a node";
	if ((node->free > 0) != (node->ready_at > 0) || (node->free > 0 && coord->ready[node->ready_at - 1] != node))
		return "a node's place among those with free slots";
	return node->opener == (node_takes_new(coord, node) && node->opens < OPENS_PER_NODE) ? NULL : "who may open files";
}

static const char *nodes_recount(const struct coord *coord)
{
	uint32_t ready = 0, openers = 0, runs = 0;
	const char *wrong = NULL;

	for (uint32_t n = 0; !wrong && n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];

		wrong = node_recount(coord, node);
		ready += node->ready_at > 0;
		openers += node->opener;
		runs += node->runs_n;
		for (uint32_t i = 0; i < node->runs_n; i++)
			if (node->runs[i].progress_ms + coord->limits.stall_ms < coord->due_ms)
				return "a slice stalls before it is looked at";
	}
	if (wrong || coord->index_stale)
		return wrong;
	for (uint32_t i = 1; i < coord->ready_n; i++)
		if (coord->ready[(i - 1) / 2]->free < coord->ready[i]->free)
			return "the order of those with free slots";
	return ready != coord->ready_n ? "nodes with free slots" : openers != coord->openers ? "how many may open files" :
	       runs != coord->runs_n ? "how many slices are counted" : NULL;
}

/* What runs of the job on all nodes, and that it is of files that have not ended. */
static const char *runs_recount(const struct coord *coord, const struct job *job)
{
	uint64_t bytes = 0;
	uint32_t runs = 0;

	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		for (uint32_t i = 0; i < coord->nodes[n]->runs_n; i++) {
			const struct run *run = &coord->nodes[n]->runs[i];

			if (run->id.job != job->row.id)
				continue;
			if (job->files[run->id.file].ended)
				return "a slice of a file that has ended is counted";
			runs++;
			bytes += run->bytes;
		}
	}
	return runs != job->running ? "how many slices of a job are counted" : bytes != job->running_bytes ? "bytes of what is counted" : NULL;
}

static const char *job_recount(const struct coord *coord, const struct job *job)
{
	struct sums all = {0}, sums;
	uint32_t work = 0, alone = 0;

	for (uint32_t f = 0; f < job->row.files; f++) {
		const struct file *file = &job->files[f];

		file_sums(file, &sums);
		all.bytes += sums.bytes;
		all.bytes_done += sums.bytes_done;
		all.records += sums.records;
		all.bases += sums.bases;
		all.lacking += sums.lacking;
		all.cached += sums.cached;
		all.known += sums.known;
		alone += file->alone_n;
		work += job->work[f / 64] >> f % 64 & 1;
		if (!job->ended && job->row.id < coord->open_from && !file->ended && !file->row.planned && !file->open_peer && !file_held(file))
			return "a file is not opened by anybody";
		if (file->open_peer && file->open_ms + coord->limits.open_ms < coord->due_ms)
			return "an OPEN stalls before it is looked at";
	}
	if (memcmp(&all, &job->sums, sizeof all) != 0)
		return "sums of a job";
	return work != job->work_n ? "files in work" : alone != job->alone ? "slices alone of a job" : runs_recount(coord, job);
}

const char *recount(const struct coord *coord)
{
	const char *wrong = nodes_recount(coord);
	uint64_t work = 0;
	uint32_t alone = 0;

	for (uint32_t j = 0; !wrong && j < coord->jobs_n; j++) {
		wrong = job_recount(coord, coord->jobs[j]);
		work += coord->jobs[j]->work_n;
		alone += coord->jobs[j]->alone;
	}
	return wrong ? wrong : work != coord->work_n ? "files in work of all jobs" : alone != coord->alone ? "slices alone of all jobs" : NULL;
}
