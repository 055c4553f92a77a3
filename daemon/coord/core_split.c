/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ordinary gzip files in slices (lib/fastq/split_chain.h):
 *
 *     OPEN --a scout inflates it and keeps the text--> HELD --the slices before tell where it begins--> PLACED --counted--> COUNTED
 *       `--it is known where it begins, or no scout could do anything with it--> POINTED --counted in one pass, by anybody--^
 *
 * The file's `chain` follows this one, so that nothing else needs to know: what is PLACED or POINTED is LINK_OPEN there, what is to be
 * inflated or waits for its place is LINK_WAITS. Symbols and windows that the chain holds do not depend on who inflated: where a text is
 * lost with its node, the slice stays HELD, and is read from its point when that is known.
 *
 * Whatever does not go together (a damaged file, a false boundary that came through, a node that lies) ends in the file being counted anew,
 * in one slice: what is said of it then is true. So a result never rests on a doubt.
 *
 * A start of the coordinator goes on behind the last slice that was proven: each slice's row has its report and the window behind it.
 * Where an index is kept, it tells of those that are missing: what was counted behind them is of use, too, and it is asked on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"

bool split_leads(const struct file *file)
{
	const struct split_chain *split = file->split;

	/* As of BGZF, which is compressed as far. */
	return split->proven < split->n && split->n > 1 &&
	       chain_lead_goes_on(FILE_BGZF, split->links[0].end, split->links[split->proven].begin, split->records);
}

/* ---- what others see */

static enum link_state state_of(const struct split_chain *split, uint64_t i)
{
	const struct split_link *link = &split->links[i];

	switch (link->state) {
	case SPLIT_LINK_PLACED:
	case SPLIT_LINK_POINTED:
		return link->unsure && i != split->proven ? LINK_WAITS : LINK_OPEN;
	case SPLIT_LINK_COUNTED:
		return LINK_COUNTED;
	case SPLIT_LINK_PROVEN:
		return LINK_PROVEN;
	default:
		return LINK_WAITS;
	}
}

/* The file's chain, as far as links [from, to) and the proof go. */
void split_follow(struct file *file, uint64_t from, uint64_t to)
{
	const struct split_chain *split = file->split;
	struct chain *chain = &file->chain;

	for (uint64_t i = from; i < to && i < split->n; i++) {
		const struct split_link *link = &split->links[i];

		chain->links[i].state = state_of(split, i);
		chain->links[i].empty = link->empty;
		chain->links[i].seam = link->seam;
		chain->links[i].fault = link->fault;
	}
	chain->proven = split->proven;
	chain->at = split->at;
	chain->records = split->records;
}

/* ---- offers */

/* Links that have a place now: no scout is of use any more, and a text only where it is theirs. */
static void placed(struct coord *coord, struct job *job, struct file *file, uint64_t from)
{
	struct split_chain *split = file->split;

	for (uint64_t i = from; i < split->placed; i++) {
		scouts_drop(coord, job, file, i);
		if (split->links[i].state == SPLIT_LINK_PLACED && !file->slices[i].holder)
			split_chain_lost(split, i);
		else if (split->links[i].state != SPLIT_LINK_PLACED && file->slices[i].holder)
			text_drop(coord, file, i);
	}
}

/*
 * What can be said without anybody: where the first one without a place begins, and that a slice which goes alone has no scouts. But not
 * where an index is to be asked: it knows the end, too, without which all behind it would wait until it is counted.
 */
static int advance(struct coord *coord, struct file *file)
{
	struct split_chain *split = file->split;
	uint64_t i;
	bool used;
	int r = 0;

	while (r == 0 && !file->seek && (i = split->placed) < split->n && split->next_known && split->links[i].state == SPLIT_LINK_OPEN &&
	       file->slices[i].scouting == 0 && file->slices[i].running == 0) {
		if (!slice_alone(file, i)) {
			(void)split_chain_point(split, i);
			break;
		}
		r = split_chain_offer_inflated(split, i, SPLIT_UNSURE, NULL, NULL, &used);
	}
	if (r < 0)
		coord->oom = true;
	return r;
}

/* The index is asked for what is to come, a few at a time: the answer asks on. */
#define ASKED_AT_ONCE 8
static void index_ask(struct coord *coord, struct file *file)
{
	const struct split_chain *split = file->split;
	uint64_t end = split_ahead(coord, file);

	if (file->seek_next < split->proven)
		file->seek_next = split->proven;
	for (int n = 0; file->seek && n < ASKED_AT_ONCE && file->seek_next < end; file->seek_next++) {
		struct action *action;

		if (split->links[file->seek_next].state != SPLIT_LINK_OPEN)
			continue;
		n++;
		action = emit(coord, ACTION_FIND_POINT, 0);
		action->find.job = file->row.job;
		action->find.file = file->row.file;
		action->find.slice = file->seek_next;
		action->find.seek = file->seek;
	}
}

/* After each change: link i, and from where on others may have changed. */
static void changed(struct coord *coord, struct job *job, struct file *file, uint64_t i, uint64_t was_proven, uint64_t was_placed)
{
	const struct split_chain *split = file->split;

	(void)advance(coord, file);
	placed(coord, job, file, was_placed);
	split_follow(file, was_proven, split->placed + 1);
	split_follow(file, i, i + 1);
	index_ask(coord, file);
	work_set(coord, job, file);
}

void split_look(struct coord *coord, struct job *job, struct file *file)
{
	const struct split_chain *split = file->split;

	changed(coord, job, file, split->proven, split->proven, split->placed);
}

/* A count that is of no use although its slice waits for one: could an honest node have sent it? Only a guess that turned out wrong. */
static bool absurd(const struct split_chain *split, const struct run *run, const struct event *event)
{
	uint64_t i = event->result.id.slice;
	const struct split_link *link = &split->links[i];

	if (i < split->proven || (link->state != SPLIT_LINK_PLACED && link->state != SPLIT_LINK_POINTED))
		return false;
	if (run->told && run->start_known)
		return true;
	return event->result.outcome != SLICE_UNSURE && (i != split->proven || text_place_equal(event->result.seam.first, split->at));
}

/*
 * What was decoded from the point is not what a scout, or an index, has told of the slice: one of the two is wrong, and nobody can tell
 * which.
 */
static bool misfits(const struct split_chain *split, const struct event *event)
{
	uint64_t i = event->result.id.slice;
	const struct split_link *link = &split->links[i];
	const struct split_report *held = &link->report, *report = &event->result.report;

	if (event->result.outcome != SLICE_END || !event->result.has_report || i < split->proven ||
	    (link->state != SPLIT_LINK_PLACED && link->state != SPLIT_LINK_POINTED) || (i + 1 == split->placed && !split->next_known))
		return false;
	return report->first_bit == link->point.bit && (report->next_bit != held->next_bit || report->text != held->text ||
	                                                report->head.length != held->head.length || report->tail.length != held->tail.length);
}

enum chain_outcome split_offer(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event,
                               bool *ret_used, bool *ret_absurd)
{
	struct split_chain *split = file->split;
	uint64_t i = event->result.id.slice, proven = split->proven, placed_before = split->placed;
	struct slice_task task = event->result.task;
	int r;

	task.rest = false;
	task.start_known = run->told ? run->start_known : task.start_known;
	*ret_absurd = false;
	r = split_chain_offer_counted(split, i, &task, event->result.outcome, &event->result.seam, &event->result.fault,
	                              event->result.has_report ? &event->result.report : NULL, event->result.window, ret_used);
	if (r < 0) {
		coord->oom = true;
		*ret_used = false;
		return CHAIN_MORE;
	}
	if (split->rest || (!*ret_used && misfits(split, event) && !MUTANT(MUTANT_SPLIT_BLAMED)))
		return CHAIN_FAULT;
	*ret_absurd = !*ret_used && absurd(split, run, event);
	file->chain.links[i].start_known = task.start_known;
	changed(coord, job, file, i, proven, placed_before);
	return (enum chain_outcome)r;
}

void split_inflated(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	struct split_chain *split = file->split;
	struct node *node = node_of_peer(coord, event->peer);
	uint64_t i = event->result.id.slice, proven = split->proven, placed_before = split->placed;
	enum split_outcome outcome = event->result.inflated;
	uint16_t *symbols = NULL;
	bool used = false, open = split->links[i].state == SPLIT_LINK_OPEN;
	int r;

	if (event->result.symbols) {
		symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
		if (!symbols) {
			coord->oom = true;
			return;
		}
		memcpy(symbols, event->result.symbols, SPLIT_WINDOW * sizeof *symbols);
	}
	if (open && outcome == SPLIT_DONE)
		text_keep(file, i, node); /* it may be placed at once */
	r = split_chain_offer_inflated(split, i, outcome, &event->result.report, symbols, &used);
	if (r < 0) {
		coord->oom = true;
		return;
	}
	if (open && !used) { /* no such report can be */
		text_drop(coord, file, i);
		slice_absurd(coord, job, file, i, node);
		if (file->ended || !file->split)
			return;
	} else if (!open && outcome == SPLIT_DONE) {
		emit_id(coord, ACTION_SEND_DROP, event->peer, &event->result.id);
	}
	changed(coord, job, file, i, proven, placed_before);
}

/* What is counted from its points does not go together, or no such point can be: nobody is to be told them again. */
void seek_wrong(struct coord *coord, struct file *file)
{
	if (!file->seek)
		return;
	if (!MUTANT(MUTANT_SEEK_STAYS))
		emit(coord, ACTION_DROP_SEEK, 0)->find.seek = file->seek;
	file->seek = 0;
	file->row.way = WAY_SPLIT; /* scouts do the rest */
	emit_file(coord, file);
}

/*
 * As if it had been inflated by somebody who has forgotten its text: so its point is known, and that of the next one. *ret_used: false
 * where no such point can be.
 */
static int pointed(struct file *file, const struct event *event, bool *ret_used)
{
	struct split_report report = event->point.report;
	uint16_t *symbols = NULL;

	report.counted = false;
	report.reach = 0;
	if (event->point.found && !report.next_header) {
		symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
		if (!symbols)
			return -ENOMEM;
		for (uint32_t k = 0; k < SPLIT_WINDOW; k++)
			symbols[k] = event->point.window[k];
	}
	return split_chain_offer_inflated(file->split, event->point.slice, event->point.found ? SPLIT_DONE : SPLIT_UNSURE, &report,
	                                  symbols, ret_used);
}

void split_pointed(struct coord *coord, const struct event *event)
{
	struct job *job;
	struct file *file = file_find(coord, event->point.job, event->point.file, &job);
	uint64_t i = event->point.slice, proven, placed_before;
	bool used = true;

	if (!file || file->ended || !file->split || i >= file->split->n)
		return;
	proven = file->split->proven;
	placed_before = file->split->placed;
	if (!event->point.gone && file->seek && file->split->links[i].state == SPLIT_LINK_OPEN && pointed(file, event, &used) < 0)
		coord->oom = true;
	if (event->point.gone || !used)
		seek_wrong(coord, file);
	changed(coord, job, file, i, proven, placed_before);
}

bool split_seam_valid(const struct file *file, const struct slice_task *task, enum slice_outcome outcome, const struct slice_seam *seam)
{
	const struct text_place *first = &seam->first, *next = &seam->next;
	bool before = first->block < next->block || (first->block == next->block && first->within < next->within);

	if (first->block > file->chain.file_size || (task->start_known && !text_place_equal(*first, task->start)))
		return false;
	if (outcome == SLICE_FAULT)
		return true;
	return next->block <= file->chain.file_size && (seam->records == 0 ? text_place_equal(*first, *next) : before);
}

/* ---- tasks */

void split_task(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, struct action *action)
{
	const struct split_chain *split = file->split;

	split_chain_count_task(split, i, coord->limits.read_max, job->row.lenient, &action->task.task);
	action->task.split = true;
	action->task.point = split->links[i].point;
	action->task.task.point = NULL;
	action->task.window_from = UINT64_MAX;
	if (i >= split->proven)
		return;
	action->task.task.start_known = true;
	action->task.task.start = i > 0 ? split->links[i].seam.first : (struct text_place){0};
	action->task.point.window = NULL; /* the chain has forgotten it */
	if (split_window_size(&action->task.point) == 0)
		return;
	action->task.window_from = i - 1;
	while (!MUTANT(MUTANT_SPLIT_WINDOW) && action->task.window_from > 0 && split->links[action->task.window_from].empty)
		action->task.window_from--;
}

/* ---- loading */

void split_load(struct coord *coord, struct file *file, const struct slice_row *row)
{
	struct split_chain *split = file->split;
	uint64_t i = row->slice;
	const struct slice_task task = {.start_known = row->start_known};
	bool used;
	int r;

	if (split->rest || file->outcome == CHAIN_FAULT)
		return;
	(void)split_chain_point(split, i); /* rows come in order: the one before has told where it begins */
	r = split_chain_offer_counted(split, i, &task, row->fault.kind ? SLICE_FAULT : SLICE_END, &row->seam, &row->fault, row->report,
	                              row->window, &used);
	if (r < 0) {
		coord->oom = true;
		return;
	}
	file->outcome = split->rest ? CHAIN_FAULT : (enum chain_outcome)r;
	if (file->outcome == CHAIN_FAULT)
		return; /* given up when all is loaded */
	file->chain.links[i].start_known = row->start_known;
	split_follow(file, 0, split->placed + 1);
}

/* Nobody has the text: it is counted from its point. */
void split_load_point(struct coord *coord, struct job *job, struct file *file, const struct event *point)
{
	struct split_chain *split = file->split;
	uint64_t placed_before = split->placed;
	bool used = true;

	if (!file->seek || file->seek_bad || file->outcome == CHAIN_FAULT || split->links[point->point.slice].state != SPLIT_LINK_OPEN)
		return;
	if (!point->point.gone && pointed(file, point, &used) < 0)
		coord->oom = true;
	file->seek_bad = point->point.gone || !used;
	placed(coord, job, file, placed_before);
}

void split_loaded(struct coord *coord, struct file *file)
{
	if (file->seek_bad)
		seek_wrong(coord, file);
	file->seek_bad = false;
	if (!file->split || file->seek || file->row.way != WAY_INDEX)
		return;
	file->row.way = WAY_SPLIT; /* it has gone with its result */
	emit_file(coord, file);
}
