/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who opens and counts what next: after every step, until no slot is free or nothing is left to hand out.
 *
 * The job with the fewest running slices goes first (then the older one), its files and slices in order; the node with the
 * most free slots gets it. Cursors (job.open_next, file.next) and the set of files with something to hand out (job.work) make a
 * million slices cost nothing: they pass over what was handed out and are set back by what comes back. Which node is the freest, and
 * whether one can be asked to open something, is known without a look at all of them (core_index.c).
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

/* What came out of looking for a node. */
struct asked {
	struct node *node; /* NULL: none may be asked now */
	bool none;         /* all that are there have failed to open the file */
	bool barred;       /* one that has room has */
};

/* One with the fewest unanswered OPENs that has not failed to open this file; in the order of names, from *turn on. */
static struct asked open_node(struct coord *coord, const struct job *job, const struct file *file, uint32_t *turn)
{
	struct asked asked = {0};
	bool any = false, untried = false;

	for (uint32_t i = 0; i < coord->nodes_n; i++) {
		uint32_t n = (*turn + i) % coord->nodes_n;
		struct node *node = coord->nodes[n];

		if (!node_takes_work(node) || !job_fits(job, node) || (file->row.proof.wanted && node->proto < 2))
			continue;
		any = true;
		if (file_failed_on(file, SLICE_ALL, node->name)) {
			asked.barred = asked.barred || node->opener;
			continue;
		}
		untried = true;
		if (!node->opener || (asked.node && node->opens >= asked.node->opens))
			continue;
		asked.node = node;
		if (node->opens > coord->opens_least)
			continue;
		*turn = n + 1;
		break;
	}
	asked.none = any && !untried;
	if (asked.node && !asked.barred && asked.node->opens > coord->opens_least)
		coord->opens_least = asked.node->opens;
	return asked;
}

static void open_send(struct coord *coord, struct job *job, struct file *file, struct node *node)
{
	struct action *action;

	node->opens++;
	node_refresh(coord, node);
	file->open_peer = node->peer;
	file->open_ms = coord->now_ms;
	due_by(coord, coord->now_ms + coord->limits.open_ms);
	if (file->row.file >= job->asked_end)
		job->asked_end = file->row.file + 1;
	action = emit(coord, ACTION_SEND_OPEN, node->peer);
	action->open.job = job->row.id;
	action->open.file = file->row.file;
	action->open.path = file->path;
	action->open.proof = &file->row.proof;
}

/* Going through all that is to be opened. */
struct opening {
	uint32_t turn; /* place of the node that is looked at first: those before it were asked just now */
	/* a kind of job for which no node has room, as another one has told: no need to look at all nodes again */
	bool full;
	uint32_t algorithm;
	bool proof, grouped;
};

static bool is_full(const struct coord *coord, const struct opening *opening, const struct job *job, const struct file *file)
{
	return coord->openers == 0 ||
	       (opening->full && job->row.algorithm == opening->algorithm && file->row.proof.wanted == opening->proof &&
	        job_grouped(job) == opening->grouped);
}

/* Has its files opened in order, as far as nodes have room. */
static void job_opens(struct coord *coord, struct job *job, struct opening *opening)
{
	for (; !job->ended && job->open_next < job->row.files && !owner_full(coord, job->owner); job->open_next++) {
		struct file *file = &job->files[job->open_next];
		struct asked asked;

		if (file->ended || file->row.planned || file->open_peer || file_held(file))
			continue;
		if (is_full(coord, opening, job, file) && file->fails_n == 0)
			return;
		asked = open_node(coord, job, file, &opening->turn);
		if (asked.none) {
			file_open_fail(coord, job, file);
			continue;
		}
		if (!asked.node) {
			if (!asked.barred) {
				opening->full = true;
				opening->algorithm = job->row.algorithm;
				opening->proof = file->row.proof.wanted;
				opening->grouped = job_grouped(job);
			}
			return;
		}
		open_send(coord, job, file, asked.node);
	}
}

static void schedule_opens(struct coord *coord)
{
	struct opening opening = {0};
	bool first = true;

	if (coord->openers == 0 && !coord->opens_review)
		return;
	for (uint32_t j = jobs_from(coord, coord->open_from); j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		if (coord->openers == 0 && !coord->opens_review)
			return;
		job_opens(coord, job, &opening);
		first = first && (job->ended || job->open_next == job->row.files);
		if (first)
			coord->open_from = job->row.id + 1;
	}
	coord->opens_review = false;
}

/* ---- counting */

/* To be handed out, and not alone (core_alone.c). */
bool takeable(const struct file *file, uint64_t i)
{
	return slice_open(file, i) && !slice_alone(file, i);
}

/* The beginning of a file tells which sequences are tracked: it goes before the rest. */
static bool waits_for_lead(const struct job *job, const struct file *file)
{
	if (!(job->row.modules & COUNT_SEQUENCES) || file->row.role != FILE_ALONE)
		return false;
	return file->split ? split_leads(file) : chain_leads(&file->chain, MUTANT(MUTANT_LEAD_FOR_EVER) ? 0 : file->chain.proven);
}

/* Nothing else of the file is left than audits, and second counts. */
static uint64_t rest_take(const struct coord *coord, const struct job *job, struct file *file, const struct node *node, bool *ret_barred)
{
	uint64_t n = file->chain.n, i;

	if (!node_counts(node, job, file)) {
		*ret_barred = true;
		return n;
	}
	i = file->again ? again_take(coord, job, file, node, ret_barred) : n;
	return i < n ? i : audit_take(file, node);
}

/*
 * The file's next slice for the node, or chain.n. *ret_barred: there are some, but not now or not for this node. *ret_scout: it is to be
 * inflated.
 */
static uint64_t file_take(struct coord *coord, const struct job *job, struct file *file, const struct node *node, bool *ret_barred,
                          bool *ret_scout)
{
	uint64_t n = file->chain.n, first = file->chain.proven;

	if (file->audits_n > file->audits_out)
		*ret_barred = true;
	if (file->outcome == CHAIN_DONE)
		return rest_take(coord, job, file, node, ret_barred);
	if (file->split)
		return split_take(coord, job, file, node, waits_for_lead(job, file), ret_barred, ret_scout);
	if (waits_for_lead(job, file)) { /* its end puts the file into work again */
		first = MUTANT(MUTANT_LEAD_FOR_EVER) ? 0 : first;
		if (!takeable(file, first))
			return n;
		if (!slice_barred(coord, job, file, first, node))
			return first;
		*ret_barred = true;
		return n;
	}
	if (first < n && takeable(file, first)) {
		if (!slice_barred(coord, job, file, first, node))
			return first;
		*ret_barred = true;
	}
	while (file->next < n && !takeable(file, file->next))
		file->next++;
	for (uint64_t i = file->next; i < n; i++) {
		if (!takeable(file, i))
			continue;
		if (!slice_barred(coord, job, file, i, node))
			return i;
		*ret_barred = true;
	}
	return n;
}

/* The job's next slice for the node: its file, or NULL. */
static struct file *job_take(struct coord *coord, struct job *job, const struct node *node, uint64_t *ret_slice, bool *ret_scout)
{
	*ret_scout = false;
	if (job->ended || !job_fits(job, node))
		return NULL;
	for (uint32_t f = work_next(job, 0); f < job->row.files; f = work_next(job, f + 1)) {
		struct file *file = &job->files[f];
		bool barred = false;

		if (!file->ended && file->slices) {
			*ret_slice = file_take(coord, job, file, node, &barred, ret_scout);
			if (*ret_slice < file->chain.n)
				return file;
		}
		if (!barred || MUTANT(MUTANT_BARRED_LOST))
			work_clear(coord, job, f);
	}
	return NULL;
}

void hand_out(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i)
{
	struct slice_id id = {
		.job = job->row.id, .file = file->row.file, .slice = i, .lease = coord->next_lease++, .again = file->again,
		.split = file->split};
	struct run *run = run_add(coord, node, &id);
	struct action *action;

	if (!run)
		return;
	run->audit = !slice_wanted(file, &id);
	run->alone = slice_alone(file, i);
	node->alone += run->alone;
	node_refresh(coord, node);
	if (run->audit) {
		audit_begun(coord, job, file, i);
		emit_log(coord, LOG_DEBUG, about_slice(TOLD_SLICE_AUDITED, file, i, node),
		         "job %llu: node %s audits slice %llu of %s", (unsigned long long)job->row.id, node->name, (unsigned long long)i,
		         TEXT(file->path));
	} else {
		file->slices[i].running++;
	}
	job->running++;
	if (file->split && !run->audit && file->slices[i].running == 1 && file->slices[i].holder && file->slices[i].holder != node->number)
		text_drop(coord, file, i); /* who keeps it is busy */
	action = emit(coord, ACTION_SEND_TASK, node->peer);
	action->task.id = id;
	action->task.modules = file_modules(job, file);
	action->task.reads = action->task.qualities = 0;
	if (file->again)
		again_task(file, i, action);
	if (file->split)
		split_task(coord, job, file, i, action);
	else
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
	bool scout = false, found_scout;

	for (uint32_t j = 0; coord->work_n > 0 && j < coord->jobs_n && !(best && best->running == 0); j++) {
		struct job *job = coord->jobs[j];
		struct file *found;
		uint64_t i;

		if (job->work_n == 0 || (best && job->running >= best->running))
			continue;
		found = job_take(coord, job, node, &i, &found_scout);
		if (!found)
			continue;
		best = job;
		file = found;
		slice = i;
		scout = found_scout;
	}
	if (!best)
		return false;
	if (scout)
		scout_send(coord, node, best, file, slice);
	else
		hand_out(coord, node, best, file, slice);
	return true;
}

uint32_t slots_free(const struct coord *coord, const struct node *node)
{
	uint32_t slots = node->slots + MUTANT(MUTANT_TOO_MANY);

	return node_takes_new(coord, node) && node->alone == 0 && slots > node->runs_n ? slots - node->runs_n : 0;
}

/* What is to be counted, to the freest nodes. */
static void schedule_slices(struct coord *coord)
{
	const struct node *best = NULL;

	while (!coord->oom && coord->work_n > 0) {
		struct node *node = node_freest(coord);

		if (!node)
			return;
		if (node_give(coord, node))
			continue;
		best = node;
		break;
	}
	/* Nothing for the freest one: what is left may be barred from it by an I/O error, but not from others. */
	for (uint32_t i = 0; i < coord->nodes_n && coord->work_n > 0 && !coord->oom; i++)
		while (coord->nodes[i] != best && coord->nodes[i]->free > 0 && node_give(coord, coord->nodes[i]))
			continue;
}

/* The file's audits that the node can do, as long as it has slots. */
static void give_audits(struct coord *coord, struct node *node, struct job *job, struct file *file)
{
	while (node_counts(node, job, file) && slots_free(coord, node) > 0 && file->audits_n > file->audits_out && !coord->oom) {
		uint64_t i = audit_take(file, node);

		if (i == file->chain.n)
			return;
		hand_out(coord, node, job, file, i);
	}
}

/* Audits of files that are still being counted, where nothing else is to do. */
static void schedule_audits(struct coord *coord, const struct node *emptied)
{
	for (uint32_t j = 0; coord->ready_n > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t n = 0; n < coord->nodes_n && job->audits > 0 && !job->ended; n++) {
			struct node *node = coord->nodes[n];

			if (node == emptied || !job_fits(job, node))
				continue;
			for (uint32_t f = work_next(job, 0); f < job->row.files && node->free > 0; f = work_next(job, f + 1))
				give_audits(coord, node, job, &job->files[f]);
		}
	}
}

/* Nothing more is given to it in this step. */
static void empty(struct coord *coord, struct node *node)
{
	struct node *before = coord->emptied;

	coord->emptied = node;
	if (before)
		node_refresh(coord, before);
	if (node)
		node_refresh(coord, node);
}

void schedule(struct coord *coord)
{
	struct node *emptied;
	bool look;

	nodes_refresh(coord);
	if (coord->hold && !MUTANT(MUTANT_HOLD_IGNORED))
		return;
	schedule_opens(coord);
	look = stragglers_look(coord);
	emptied = schedule_alone(coord);
	if (look && MUTANT(MUTANT_STRAGGLER_EARLY))
		schedule_stragglers(coord, emptied);
	empty(coord, emptied);
	schedule_slices(coord);
	schedule_audits(coord, emptied);
	if (look)
		schedule_stragglers(coord, emptied);
	empty(coord, NULL);
}
