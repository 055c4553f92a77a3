/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Scouts: nodes that inflate slices of gzip streams whose place is not known yet (core_split.c), and keep their text.
 *
 * A scout is a run as every other one, with its lease, losses, crashes and stalls. What can be counted goes before what can be
 * inflated; of what can be counted, a slice whose text somebody keeps goes to him, and only where he is busy, and nothing can be inflated
 * either, to somebody else, who decodes it from its point. So no slot waits, and none does work twice as long as there is other work.
 *
 * Bounds: each node keeps TEXTS_PER_SLOT texts a slot, counting those that it is at; slices are inflated at most so far ahead of the proof
 * as this makes use of, which bounds what the coordinator holds of them (some 100 KiB each).
 */
#include <errno.h>

#include "daemon/coord/core_internal.h"

#define TEXTS_PER_SLOT 2
#define AHEAD_LEAST 4
#define AHEAD_MOST 1024 /* slices, of all files together (but for the least) */
#define TEXT_LEAST (1u << 20)

bool node_counts(const struct node *node, const struct job *job, const struct file *file)
{
	return job_fits(job, node) && (!file->split || node->proto >= SPLIT_PROTO || MUTANT(MUTANT_SPLIT_OLD_NODES));
}

/* ---- texts */

struct node *text_holder(const struct coord *coord, const struct file *file, uint64_t i)
{
	return file->slices[i].holder ? node_of_number(coord, file->slices[i].holder) : NULL;
}

void text_keep(struct file *file, uint64_t i, struct node *node)
{
	file->slices[i].holder = node->number;
	node->texts++;
}

void text_gone(struct coord *coord, struct file *file, uint64_t i)
{
	struct node *node = text_holder(coord, file, i);

	file->slices[i].holder = 0;
	if (node)
		node->texts--;
	if (file->split->links[i].state == SPLIT_LINK_PLACED)
		split_chain_lost(file->split, i);
}

void text_drop(struct coord *coord, struct file *file, uint64_t i)
{
	const struct slice_id id = {.job = file->row.job, .file = file->row.file, .slice = i, .scout = true, .split = true};
	const struct node *node = text_holder(coord, file, i);

	if (node && node->peer && coord->actions)
		emit_id(coord, ACTION_SEND_DROP, node->peer, &id);
	text_gone(coord, file, i);
}

void texts_gone(struct coord *coord, struct node *node)
{
	for (uint32_t j = 0; node->texts > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; node->texts > 0 && f < job->planned_end; f++) {
			struct file *file = &job->files[f];

			if (file->ended || !file->split)
				continue;
			for (uint64_t i = file->chain.proven; i < file->chain.n; i++)
				if (file->slices[i].holder == node->number)
					text_gone(coord, file, i);
			split_look(coord, job, file);
		}
	}
}

/* ---- scouts */

void scouts_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i)
{
	const struct slice_id id = {.job = file->row.job, .file = file->row.file, .slice = i, .scout = true, .split = true};

	for (uint32_t n = 0; file->slices[i].scouting > 0 && n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];
		struct run *run = run_find(node, &id);

		if (!run)
			continue;
		if (node->peer)
			emit_id(coord, ACTION_SEND_DROP, node->peer, &run->id);
		run_remove(coord, node, run);
		file->slices[i].scouting--;
		job->running -= job->running > 0;
	}
}

/* Of a file whose next slice's place is known: its scout is slow. */
static bool overdue(const struct coord *coord, const struct file *file)
{
	const struct split_chain *split = file->split;
	const struct slice_id id = {.job = file->row.job, .file = file->row.file, .slice = split->placed, .scout = true, .split = true};

	if (!split->next_known || split->placed == split->n || split->links[split->placed].state != SPLIT_LINK_OPEN ||
	    file->slices[split->placed].scouting == 0)
		return false;
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct run *run = run_find(coord->nodes[n], &id);

		if (run)
			return coord->now_ms - run->begun_ms > coord->limits.straggler_ms;
	}
	return false;
}

void scouts_overdue(struct coord *coord)
{
	for (uint32_t j = 0; coord->splits > 0 && j < coord->jobs_n && !MUTANT(MUTANT_SPLIT_SCOUT_SLOW); j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; !job->ended && f < job->planned_end; f++) {
			struct file *file = &job->files[f];

			if (file->ended || !file->split || !overdue(coord, file))
				continue;
			scouts_drop(coord, job, file, file->split->placed);
			split_look(coord, job, file);
		}
	}
}

void scout_send(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i)
{
	const struct slice_id id = {
		.job = job->row.id, .file = file->row.file, .slice = i, .lease = coord->next_lease++, .scout = true, .split = true};
	const struct link *link = &file->chain.links[i];
	uint64_t most = SPLIT_TEXT_TIMES * (link->end - link->begin);
	struct run *run = run_add(coord, node, &id);
	struct action *action;

	if (!run)
		return;
	run->told = true;
	file->slices[i].scouting++;
	job->running++;
	action = emit(coord, ACTION_SEND_TASK, node->peer);
	action->task.id = id;
	action->task.task = (struct slice_task){
		.kind = FILE_GZIP,
		.file_size = file->chain.file_size,
		.begin = link->begin,
		.end = link->end,
		.read_max = coord->limits.read_max,
		.lenient = job->row.lenient,
	};
	action->task.split = true;
	action->task.text_max = most > TEXT_LEAST ? most : TEXT_LEAST;
	action->task.window_from = UINT64_MAX;
	action->task.path = file->path;
	action->task.facts = &file->row.facts;
	action->task.modules = file_modules(job, file);
	action->task.algorithm = job->row.algorithm;
}

/* ---- who does what next */

uint64_t split_ahead(const struct coord *coord, const struct file *file)
{
	uint64_t most = AHEAD_MOST / (coord->splits > 0 ? coord->splits : 1);
	uint64_t n = (uint64_t)TEXTS_PER_SLOT * coord->split_slots + AHEAD_LEAST, end;

	n = n < most ? n : most;
	end = file->split->proven + (n > AHEAD_LEAST ? n : AHEAD_LEAST);
	return end < file->split->n ? end : file->split->n;
}

static bool inflatable(const struct file *file, uint64_t i)
{
	return i > 0 && !file->seek && file->split->links[i].state == SPLIT_LINK_OPEN && file->slices[i].scouting == 0 &&
	       file->slices[i].running == 0 && !slice_alone(file, i);
}

/* Who keeps the text of a slice may be given it. */
static bool holder_counts(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, const struct node *holder)
{
	return holder && node_takes_new(coord, holder) && node_counts(holder, job, file) && !slice_barred(coord, job, file, i, holder);
}

uint64_t split_take(struct coord *coord, const struct job *job, const struct file *file, const struct node *node, bool leads,
                    bool *ret_barred, bool *ret_scout)
{
	const uint64_t n = file->chain.n, end = split_ahead(coord, file);
	uint64_t inflate = n, others = n;

	for (uint64_t i = file->chain.proven; i < end; i++) {
		const struct node *holder;

		if (takeable(file, i) && (!leads || i == file->chain.proven)) {
			holder = text_holder(coord, file, i);
			if (slice_barred(coord, job, file, i, node) || !node_counts(node, job, file))
				*ret_barred = true;
			else if (holder == node || !holder_counts(coord, job, file, i, holder))
				return i;
			else if (others == n && holder->free == 0)
				others = i;
			else
				*ret_barred = true;
		} else if (inflate == n && inflatable(file, i)) {
			if (!node_counts(node, job, file) || node->scouts + node->texts >= TEXTS_PER_SLOT * node->slots ||
			    slice_barred(coord, job, file, i, node))
				*ret_barred = true;
			else
				inflate = i;
		}
	}
	*ret_scout = inflate < n;
	return inflate < n ? inflate : others;
}
