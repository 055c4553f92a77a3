/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who opens and counts what next: after every step, until no slot is free or nothing is left to hand out.
 *
 * The job with the fewest running slices goes first (then the older one), its files and slices in order; the node with the
 * most free slots gets it. Cursors (job.open_next, job.work_next, file.next) make a million slices cost nothing: they move
 * forward over what was handed out and are set back by what comes back.
 *
 * Where sequences are tracked, large slices wait for the first one of their file, the lead: it mostly has all sequences that will
 * be tracked, and a slice that was counted without them may have to be counted again. Small slices are not worth the wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

/* ---- opening */

/* The node with the fewest unanswered OPENs that has not failed to open this file; *ret_none: all that are there have. */
static struct node *open_node(const struct coord *coord, const struct job *job, const struct file *file, bool *ret_none)
{
	struct node *best = NULL;
	bool any = false, untried = false;

	for (uint32_t i = 0; i < coord->nodes_n; i++) {
		struct node *node = coord->nodes[i];

		if (!node_takes_work(node) || node->algorithm != job->row.algorithm || (file->row.proof.wanted && node->proto < 2))
			continue;
		any = true;
		if (file_failed_on(file, 0, node->name))
			continue;
		untried = true;
		if (node->opens < OPENS_PER_NODE && (!best || node->opens < best->opens))
			best = node;
	}
	*ret_none = any && !untried;
	return best;
}

static void open_fail(struct coord *coord, struct job *job, struct file *file)
{
	char nodes[256] = "";
	struct error error;

	for (uint32_t i = 0; i < file->fails_n; i++) {
		size_t n = strlen(nodes);

		(void)snprintf(nodes + n, sizeof nodes - n, "%s%s", n ? ", " : "", file->fails[i].node);
	}
	(void)error_set(&error, -ENOENT, file->open_error.class, "no worker can open the file: %.700s (%s)",
	                file->open_error.text, nodes);
	file_fail(coord, job, file, &error);
}

static void schedule_opens(struct coord *coord)
{
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (; !job->ended && job->open_next < job->row.files; job->open_next++) {
			struct file *file = &job->files[job->open_next];
			struct action *action;
			struct node *node;
			bool none;

			if (file->ended || file->row.planned || file->open_peer)
				continue;
			node = open_node(coord, job, file, &none);
			if (none) {
				open_fail(coord, job, file);
				continue;
			}
			if (!node)
				break;
			node->opens++;
			file->open_peer = node->peer;
			file->open_ms = coord->now_ms;
			if (job->open_next >= job->asked_end)
				job->asked_end = job->open_next + 1;
			action = emit(coord, ACTION_SEND_OPEN, node->peer);
			action->open.job = job->row.id;
			action->open.file = file->row.file;
			action->open.path = file->path;
			action->open.proof = &file->row.proof;
		}
	}
}

/* ---- counting */

static bool link_open(const struct file *file, uint64_t i)
{
	return file->chain.links[i].state == LINK_OPEN && file->slices[i].running == 0;
}

/* The beginning of a file tells which sequences are tracked: it goes before the rest. */
static bool waits_for_lead(const struct job *job, const struct file *file)
{
	return (job->row.modules & COUNT_SEQUENCES) &&
	       chain_leads(&file->chain, MUTANT(MUTANT_LEAD_FOR_EVER) ? 0 : file->chain.proven);
}

/* The file's next slice for the node, or chain.n. *ret_barred: there are some, but not now or not for this node. */
static uint64_t file_take(const struct job *job, struct file *file, const struct node *node, bool *ret_barred)
{
	uint64_t n = file->chain.n, first = file->chain.proven;

	if (file->again)
		return again_take(file, node, ret_barred);
	if (waits_for_lead(job, file)) {
		*ret_barred = true;
		first = MUTANT(MUTANT_LEAD_FOR_EVER) ? 0 : first;
		return link_open(file, first) && !file_failed_on(file, first, node->name) ? first : n;
	}
	if (first < n && link_open(file, first) && !file_failed_on(file, first, node->name))
		return first;
	while (file->next < n && !link_open(file, file->next))
		file->next++;
	for (uint64_t i = file->next; i < n; i++) {
		if (!link_open(file, i))
			continue;
		if (!file_failed_on(file, i, node->name))
			return i;
		*ret_barred = true;
	}
	return n;
}

/* The job's next slice for the node: its file, or NULL. */
static struct file *job_take(struct job *job, const struct node *node, uint64_t *ret_slice)
{
	bool whole = true; /* nothing was found in the files from work_next to here */

	if (job->ended || node->algorithm != job->row.algorithm)
		return NULL;
	for (uint32_t f = job->work_next; f < job->planned_end; f++) {
		struct file *file = &job->files[f];
		bool barred = false;

		if (!file->ended && file->slices) {
			*ret_slice = file_take(job, file, node, &barred);
			if (*ret_slice < file->chain.n)
				return file;
		}
		whole = whole && !barred && (file->ended || file->slices);
		if (whole)
			job->work_next = f + 1;
	}
	return NULL;
}

static void hand_out(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i)
{
	struct slice_id id = {
		.job = job->row.id, .file = file->row.file, .slice = i, .lease = coord->next_lease++, .again = file->again};
	struct run *run = run_add(coord, node, &id);
	struct action *action;

	if (!run)
		return;
	file->slices[i].running++;
	job->running++;
	action = emit(coord, ACTION_SEND_TASK, node->peer);
	action->task.id = id;
	action->task.modules = job->row.modules;
	action->task.reads = action->task.qualities = 0;
	if (file->again)
		again_task(file, i, action);
	chain_task(&file->chain, i, coord->limits.read_max, job->row.lenient, &action->task.task);
	run->told = true;
	run->start_known = action->task.task.start_known;
	run->start = action->task.task.start;
	action->task.path = file->path;
	action->task.facts = &file->row.facts;
	action->task.algorithm = job->row.algorithm;
}

/* Gives the node one slice of the job that has the fewest running. */
static bool node_give(struct coord *coord, struct node *node)
{
	struct job *best = NULL;
	struct file *file = NULL;
	uint64_t slice = 0;

	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];
		struct file *found;
		uint64_t i;

		if (best && job->running >= best->running)
			continue;
		found = job_take(job, node, &i);
		if (!found)
			continue;
		best = job;
		file = found;
		slice = i;
	}
	if (!best)
		return false;
	hand_out(coord, node, best, file, slice);
	return true;
}

static uint32_t slots_free(const struct node *node)
{
	uint32_t slots = node->slots + MUTANT(MUTANT_TOO_MANY);

	return node_takes_work(node) && slots > node->runs_n ? slots - node->runs_n : 0;
}

void schedule(struct coord *coord)
{
	if (coord->hold)
		return;
	schedule_opens(coord);
	while (!coord->oom) {
		struct node *best = NULL;

		for (uint32_t i = 0; i < coord->nodes_n; i++)
			if (slots_free(coord->nodes[i]) > (best ? slots_free(best) : 0))
				best = coord->nodes[i];
		if (!best)
			return;
		if (node_give(coord, best))
			continue;
		/* Nothing for the freest one: what is left may be barred from it by an I/O error, but not from others. */
		for (uint32_t i = 0; i < coord->nodes_n && !coord->oom; i++)
			while (coord->nodes[i] != best && slots_free(coord->nodes[i]) > 0 && node_give(coord, coord->nodes[i]))
				continue;
		return;
	}
}
