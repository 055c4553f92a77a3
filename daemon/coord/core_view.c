/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at jobs, files, slices and nodes: see the end of core.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/hostlist.h"

/* Which nodes count for the job now. */
static void view_nodes(const struct coord *coord, const struct job *job, struct job_view *view)
{
	uint32_t left = job->running;
	const char **names = left > 0 ? calloc(coord->nodes_n + 1, sizeof *names) : NULL;

	for (uint32_t n = 0; left > 0 && n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];
		uint32_t before = left;

		for (uint32_t i = 0; left > 0 && i < node->runs_n; i++)
			left -= node->runs[i].id.job == job->row.id;
		if (left == before)
			continue;
		if (names)
			names[view->nodes] = node->name;
		view->nodes++;
	}
	/* One byte less than there is room for: fqctl of older versions takes a full one for one that is cut. */
	if (names)
		(void)hostlist_fold_names(view->node_names, sizeof view->node_names - 1, names, view->nodes);
	free(names);
}

/* Which nodes there are for the job. */
static const char *lacks_nodes(const struct coord *coord, const struct job *job)
{
	bool any = false, right = false, young = false, able = false;

	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];

		if (!node_takes_work(node) || node->slots == 0)
			continue;
		any = true;
		right = right || node->algorithm == job->row.algorithm;
		young = young || job_fits(job, node);
		able = job_fits(job, node) && node_takes_new(coord, node);
		if (able)
			break;
	}
	if (!any)
		return "NoWorkers";
	if (!right)
		return "NoNodeOfAlgorithm";
	if (!young)
		return "NoNodeMerges";
	return able ? NULL : "NodesSuspect";
}

/* Whether a file is to be opened by a node that checks proofs of reading, and all are too old for that. */
static bool lacks_checkers(const struct coord *coord, const struct job *job)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++)
		if (node_takes_work(coord->nodes[n]) && coord->nodes[n]->algorithm == job->row.algorithm && coord->nodes[n]->proto >= 2)
			return false;
	for (uint32_t f = 0; f < job->row.files; f++)
		if (!job->files[f].row.planned && job->files[f].row.proof.wanted)
			return true;
	return false;
}

static const char *waits_for(const struct coord *coord, const struct job *job)
{
	const char *lacks;

	if (job->row.state > JOB_RUNNING || job->running > 0)
		return "";
	lacks = lacks_nodes(coord, job);
	if (lacks)
		return lacks;
	if (lacks_checkers(coord, job))
		return "NoNodeChecksProofs";
	if (job->sums.lacking > 0)
		return "NoNodeSeesPath";
	if (job->open_next < job->row.files && owner_full(coord, job->owner))
		return "OwnerLimit";
	return job->row.state == JOB_PENDING ? "Resources" : "";
}

static void job_look(const struct coord *coord, const struct job *job, struct job_view *ret)
{
	*ret = (struct job_view){
		.row = &job->row,
		.files_done = job->inputs_ended,
		.files_cached = job->sums.known == job->row.files ? job->sums.known : job->sums.cached,
		.bytes = job->sums.bytes,
		.bytes_done = job->sums.bytes_done + job->running_bytes,
		.records = job->sums.records,
		.bases = job->sums.bases,
	};
	if (ret->bytes_done > ret->bytes)
		ret->bytes_done = ret->bytes;
	view_nodes(coord, job, ret);
	(void)snprintf(ret->reason, sizeof ret->reason, "%s", waits_for(coord, job));
}

bool coord_next_job(const struct coord *coord, uint64_t *cursor, struct job_view *ret)
{
	uint32_t i = jobs_from(coord, *cursor + 1);

	if (i == coord->jobs_n)
		return false;
	*cursor = coord->jobs[i]->row.id;
	job_look(coord, coord->jobs[i], ret);
	return true;
}

bool coord_find_job(const struct coord *coord, uint64_t id, struct job_view *ret)
{
	const struct job *job = job_find(coord, id);

	if (job)
		job_look(coord, job, ret);
	return job;
}

const struct job_row *coord_find_row(const struct coord *coord, uint64_t id)
{
	const struct job *job = job_find(coord, id);

	return job ? &job->row : NULL;
}

uint32_t coord_unfinished(const struct coord *coord)
{
	uint32_t n = 0;

	for (uint32_t j = 0; j < coord->jobs_n; j++)
		n += !coord->jobs[j]->ended;
	return n;
}

struct job_tally coord_tally(const struct coord *coord)
{
	struct job_tally tally = {0};

	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		const struct job_row *row = &coord->jobs[j]->row;

		if (coord->jobs[j]->ended)
			continue;
		tally.running += row->state == JOB_RUNNING;
		tally.pending += row->state == JOB_PENDING;
		if (row->state == JOB_PENDING && (tally.oldest_ms == 0 || row->submitted_ms < tally.oldest_ms))
			tally.oldest_ms = row->submitted_ms;
	}
	return tally;
}

bool coord_find_file(const struct coord *coord, uint64_t id, uint32_t index, struct file_view *ret)
{
	struct job *job;
	const struct file *file = file_find(coord, id, index, &job);

	if (!file)
		return false;
	*ret = (struct file_view){
		.row = &file->row,
		.bytes_done = file->ended ? file->row.facts.fingerprint.size : file->bytes_done,
		.chain = file->slices ? &file->chain : NULL,
	};
	for (uint64_t i = file->chain.proven; file->split && i < file->chain.n; i++)
		ret->inflated += file->split->links[i].state == SPLIT_LINK_HELD || file->split->links[i].state == SPLIT_LINK_PLACED;
	return true;
}

/* Of a slice that waits for its place. */
static void look_split(const struct coord *coord, const struct file *file, uint64_t i, struct slice_view *ret)
{
	const struct slice_id sought = {.job = file->row.job, .file = file->row.file, .slice = i, .scout = true};
	const struct node *holder = text_holder(coord, file, i);

	if (file->split->links[i].state == SPLIT_LINK_HELD)
		ret->state = "held";
	if (file->split->links[i].state == SPLIT_LINK_OPEN)
		ret->state = "open";
	if (holder)
		ret->node = holder->name;
	for (uint32_t n = 0; file->slices[i].scouting > 0 && n < coord->nodes_n; n++) {
		if (!run_find(coord->nodes[n], &sought))
			continue;
		ret->state = "inflating";
		ret->node = coord->nodes[n]->name;
	}
}

bool coord_find_slice(const struct coord *coord, uint64_t id, uint32_t index, uint64_t i, struct slice_view *ret)
{
	static const char *const states[] = {"open", "waits", "counted", "proven"};
	struct job *job;
	const struct file *file = file_find(coord, id, index, &job);
	const struct slice_id sought = {.job = id, .file = index, .slice = i, .again = file && file->again};
	const struct link *link;

	if (!file || !file->slices || i >= file->chain.n)
		return false;
	link = &file->chain.links[i];
	*ret = (struct slice_view){
		.state = link->empty ? "empty" : file->again && slice_wanted(file, &sought) ? "again" : states[link->state],
		.node = "",
		.crashes = file->slices[i].crashes,
		.losses = file->slices[i].losses,
	};
	if (file->split)
		look_split(coord, file, i, ret);
	for (uint32_t n = 0; file->slices[i].running > 0 && n < coord->nodes_n; n++) {
		if (!run_find(coord->nodes[n], &sought))
			continue;
		ret->state = "running";
		ret->node = coord->nodes[n]->name;
		break;
	}
	return true;
}

static const char *node_state(const struct node *node)
{
	if (!node->peer)
		return "down";
	if (node->drained || node->draining)
		return node->runs_n ? "drng" : "drain";
	if (node->suspect_ms > 0)
		return "suspect";
	if (node->runs_n == 0)
		return "idle";
	return node->runs_n < node->slots ? "mixed" : "alloc";
}

#define RATE_OLD_MS 5000 /* a node that tells of its progress does so several times a second */

/* Where nothing was told for long the last rate is none of now. */
static uint64_t node_rate(const struct coord *coord, const struct node *node)
{
	uint64_t passed = coord->now_ms - node->rate_from_ms;

	if (node->runs_n == 0)
		return 0;
	return passed < RATE_OLD_MS ? node->rate : node->rate_bytes * 1000 / passed;
}

bool coord_next_node(const struct coord *coord, uint64_t *cursor, struct node_view *ret)
{
	const struct node *node;

	if (*cursor >= coord->nodes_n)
		return false;
	node = coord->nodes[(*cursor)++];
	*ret = (struct node_view){
		.name = node->name,
		.state = node_state(node),
		.reason = node->reason[0] ? node->reason : node->suspicion,
		.peer = node->peer,
		.slots = node->slots,
		.busy = node->runs_n,
		.bytes_done = node->bytes_done,
		.rate = node_rate(coord, node),
		.seen_ms = node->seen_ms,
	};
	for (uint32_t i = 0; i < node->runs_n; i++) {
		bool first = true;

		for (uint32_t k = 0; first && k < i; k++)
			first = node->runs[k].id.job != node->runs[i].id.job;
		ret->jobs += first;
	}
	return true;
}

bool coord_has_node(const struct coord *coord, const char *name)
{
	return node_of_name(coord, name);
}

bool coord_node_runs_since(const struct coord *coord, uint64_t peer, const struct slice_id *id, uint64_t *ret_ms)
{
	struct node *node = node_of_peer(coord, peer);
	const struct run *run = node ? run_find(node, id) : NULL;

	if (!run || run->id.lease != id->lease)
		return false;
	*ret_ms = run->begun_ms;
	return true;
}

bool coord_node_runs(const struct coord *coord, uint64_t peer, const struct slice_id *id)
{
	uint64_t since;

	return coord_node_runs_since(coord, peer, id, &since);
}
