/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who opens and counts what next: after every step, until no slot is free or nothing is left to hand out.
 *
 * The job with the fewest running slices goes first (then the older one), its files and slices in order; the node with the
 * most free slots gets it. Cursors (job.open_next, job.work_next, file.next) make a million slices cost nothing: they move
 * forward over what was handed out and are set back by what comes back.
 *
 * What was lost often goes first, alone (core_alone.c). Where a slot is free and nothing is left to be counted, it goes to audits
 * (core_audit.c), then to copies of slow slices (core_straggler.c).
 *
 * Where sequences are tracked, large slices wait for the first one of their file, the lead: it mostly has all sequences that will
 * be tracked, and a slice that was counted without them may have to be counted again. Small slices are not worth the wait.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
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
		if (file_failed_on(file, SLICE_ALL, node->name))
			continue;
		untried = true;
		if (node_takes_new(coord, node) && node->opens < OPENS_PER_NODE && (!best || node->opens < best->opens))
			best = node;
	}
	*ret_none = any && !untried;
	return best;
}

static void schedule_opens(struct coord *coord)
{
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (; !job->ended && job->open_next < job->row.files && !owner_full(coord, job->owner); job->open_next++) {
			struct file *file = &job->files[job->open_next];
			struct action *action;
			struct node *node;
			bool none;

			if (file->ended || file->row.planned || file->open_peer)
				continue;
			node = open_node(coord, job, file, &none);
			if (none) {
				file_open_fail(coord, job, file);
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

/* To be handed out, and not alone (core_alone.c). */
static bool takeable(const struct file *file, uint64_t i)
{
	return slice_open(file, i) && !slice_alone(file, i);
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

	if (file->audits_n > file->audits_out)
		*ret_barred = true;
	if (file->outcome == CHAIN_DONE) { /* nothing else of it is left than audits, and second counts */
		uint64_t i = file->again ? again_take(file, node, ret_barred) : n;

		return i < n ? i : audit_take(file, node);
	}
	if (waits_for_lead(job, file)) {
		*ret_barred = true;
		first = MUTANT(MUTANT_LEAD_FOR_EVER) ? 0 : first;
		return takeable(file, first) && !file_failed_on(file, first, node->name) ? first : n;
	}
	if (first < n && takeable(file, first) && !file_failed_on(file, first, node->name))
		return first;
	while (file->next < n && !takeable(file, file->next))
		file->next++;
	for (uint64_t i = file->next; i < n; i++) {
		if (!takeable(file, i))
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

void hand_out(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i)
{
	struct slice_id id = {
		.job = job->row.id, .file = file->row.file, .slice = i, .lease = coord->next_lease++, .again = file->again};
	struct run *run = run_add(coord, node, &id);
	struct action *action;

	if (!run)
		return;
	run->audit = !slice_wanted(file, &id);
	run->alone = slice_alone(file, i);
	node->alone += run->alone;
	if (run->audit) {
		audit_begun(coord, job, file, i);
		emit_log(coord, LOG_DEBUG, about_slice(TOLD_SLICE_AUDITED, file, i, node),
		         "job %llu: node %s audits slice %llu of %s", (unsigned long long)job->row.id, node->name, (unsigned long long)i,
		         TEXT(file->path));
	} else {
		file->slices[i].running++;
	}
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

uint32_t slots_free(const struct coord *coord, const struct node *node)
{
	uint32_t slots = node->slots + MUTANT(MUTANT_TOO_MANY);

	return node_takes_new(coord, node) && node->alone == 0 && slots > node->runs_n ? slots - node->runs_n : 0;
}

/* What is to be counted, to the freest nodes; one of them is to become empty instead. */
static void schedule_slices(struct coord *coord, const struct node *emptied)
{
	while (!coord->oom) {
		struct node *best = NULL;

		for (uint32_t i = 0; i < coord->nodes_n; i++)
			if (coord->nodes[i] != emptied && slots_free(coord, coord->nodes[i]) > (best ? slots_free(coord, best) : 0))
				best = coord->nodes[i];
		if (!best)
			return;
		if (node_give(coord, best))
			continue;
		/* Nothing for the freest one: what is left may be barred from it by an I/O error, but not from others. */
		for (uint32_t i = 0; i < coord->nodes_n && !coord->oom; i++)
			while (coord->nodes[i] != best && coord->nodes[i] != emptied && slots_free(coord, coord->nodes[i]) > 0 &&
			       node_give(coord, coord->nodes[i]))
				continue;
		return;
	}
}

/* The file's audits that the node can do, as long as it has slots. */
static void give_audits(struct coord *coord, struct node *node, struct job *job, struct file *file)
{
	while (slots_free(coord, node) > 0 && file->audits_n > file->audits_out && !coord->oom) {
		uint64_t i = audit_take(file, node);

		if (i == file->chain.n)
			return;
		hand_out(coord, node, job, file, i);
	}
}

/* Audits of files that are still being counted, where nothing else is to do. */
static void schedule_audits(struct coord *coord, const struct node *emptied)
{
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t n = 0; n < coord->nodes_n && job->audits > 0 && !job->ended; n++) {
			struct node *node = coord->nodes[n];

			if (node == emptied || node->algorithm != job->row.algorithm)
				continue;
			for (uint32_t f = job->work_next; f < job->planned_end && slots_free(coord, node) > 0; f++)
				give_audits(coord, node, job, &job->files[f]);
		}
	}
}

void schedule(struct coord *coord)
{
	const struct node *emptied;
	bool look;

	if (coord->hold && !MUTANT(MUTANT_HOLD_IGNORED))
		return;
	schedule_opens(coord);
	look = stragglers_look(coord);
	emptied = schedule_alone(coord);
	if (look && MUTANT(MUTANT_STRAGGLER_EARLY))
		schedule_stragglers(coord, emptied);
	schedule_slices(coord, emptied);
	schedule_audits(coord, emptied);
	if (look)
		schedule_stragglers(coord, emptied);
}
