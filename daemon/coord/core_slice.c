/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices: what becomes of one that was handed out.
 *
 *     result -> chain_offer: used (saved) or of no use -> the proof moves -> all proven: merge; at fault: the file fails
 *     counted already: it must agree (core_copy.c)
 *
 * What comes back without a result: core_trouble.c.
 *
 * A result is taken also when the slice was taken away from its node meanwhile: what it is worth does not depend on that. But not from
 * a node that was not given the slice. Each slice is taken once, and how much was known of the text before it when it was counted
 * changes what has to be counted again (core_again.c), not what comes out in the end.
 */
#include <errno.h>

#include "daemon/coord/core_internal.h"

bool slice_wanted(const struct file *file, const struct slice_id *id)
{
	const struct again_slice *again;

	if (id->scout)
		return file->split && file->split->links[id->slice].state == SPLIT_LINK_OPEN;
	if (!id->again && file->split) /* it has a place */
		return !file->again && (file->split->links[id->slice].state == SPLIT_LINK_PLACED ||
		                        file->split->links[id->slice].state == SPLIT_LINK_POINTED);
	if (!id->again)
		return !file->again && file->chain.links[id->slice].state < LINK_COUNTED;
	again = again_find(file, id->slice);
	return again && !again->done;
}

bool slice_open(const struct file *file, uint64_t i)
{
	const struct again_slice *again;

	if (file->slices[i].running > 0 || file_held(file))
		return false;
	if (!file->again)
		return file->chain.links[i].state == LINK_OPEN;
	again = again_find(file, i);
	return again && !again->done;
}

/* May be handed out (again). */
static void slice_opened(struct coord *coord, struct job *job, struct file *file, uint64_t i)
{
	if (file->again)
		again_opened(file, i);
	else if (i < file->next)
		file->next = i;
	work_set(coord, job, file);
}

void run_stopped(struct coord *coord, const struct run *run)
{
	const struct slice_id *id = &run->id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);

	if (!file)
		return;
	job->running -= job->running > 0;
	if (run->audit) {
		audit_end(coord, job, file, id->slice);
		return;
	}
	if (id->scout && file->split) {
		file->slices[id->slice].scouting -= file->slices[id->slice].scouting > 0;
		file->split_look = coord->splits_look = true; /* behind what the event is about */
		return;
	}
	file->slices[id->slice].running -= file->slices[id->slice].running > 0;
	slice_opened(coord, job, file, id->slice);
}

/*
 * The node's copy ends. False: there was none under this lease. (It may have been taken away and handed out to the same node
 * anew while the word of its end was on the way: then the new copy goes on.)
 */
bool run_end(struct coord *coord, uint64_t peer, const struct slice_id *id, struct run *ret_run)
{
	struct node *node = node_of_peer(coord, peer);
	struct run *run = run_find(node, id);

	if (!run || (run->id.lease != id->lease && !MUTANT(MUTANT_ANY_LEASE)))
		return false;
	*ret_run = *run;
	run_remove(coord, node, run);
	run_stopped(coord, ret_run);
	return true;
}

struct file *slice_file(struct coord *coord, const struct slice_id *id, struct job **ret_job)
{
	struct file *file = file_find(coord, id->job, id->file, ret_job);

	return file && !file->ended && file->slices && id->slice < file->chain.n && id->split == (file->split != NULL) ? file : NULL;
}

void slice_progress(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	const struct slice_id *id = &event->progress.id;
	struct run *run = run_find(node, id);
	uint64_t passed = coord->now_ms - node->rate_from_ms, bytes;
	struct job *job;
	const struct file *file = slice_file(coord, id, &job);

	if (!run) { /* taken from it long ago */
		emit_id(coord, ACTION_SEND_DROP, event->peer, id);
		return;
	}
	bytes = file ? file->chain.links[id->slice].end - file->chain.links[id->slice].begin : 0;
	bytes = event->progress.bytes < bytes ? event->progress.bytes : bytes; /* nobody counts more than there is */
	if (id->scout && bytes > run->looked) {
		run->looked = bytes;
		run->progress_ms = coord->now_ms;
		node_answers(coord, node);
	} else if (bytes > run->bytes && !id->scout) {
		node->rate_bytes += bytes - run->bytes;
		job->running_bytes += bytes - run->bytes; /* there are bytes: there is a file */
		run->bytes = bytes;
		run->progress_ms = coord->now_ms;
		node_answers(coord, node);
	}
	if (passed >= 1000) {
		node->rate = node->rate_bytes * 1000 / passed;
		node->rate_bytes = 0;
		node->rate_from_ms = coord->now_ms;
	}
}

/* ---- results */

void slice_taken(struct file *file, uint64_t i, uint64_t lease, const struct node *node)
{
	file->slices[i].taken_lease = lease;
	file->slices[i].taken_from = node->number;
}

bool is_taken(const struct file *file, const struct node *node, const struct slice_id *id)
{
	const struct slice *slice = &file->slices[id->slice];

	return id->lease > 0 && slice->taken_lease == id->lease && slice->taken_from == node->number;
}

bool was_taken(struct file *file, const struct node *node, const struct slice_id *id)
{
	if (!is_taken(file, node, id))
		return false;
	file->slices[id->slice].taken_lease = 0;
	return true;
}

/* Other nodes that count the same slice need not go on. */
void others_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i)
{
	const struct slice_id id = {.job = file->row.job, .file = file->row.file, .slice = i, .again = file->again};

	for (uint32_t n = 0; file->slices[i].running > 0 && n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];
		struct run *run = run_find(node, &id);

		if (!run)
			continue;
		if (node->peer && !MUTANT(MUTANT_LOSER_KEEPS))
			emit_id(coord, ACTION_SEND_DROP, node->peer, &run->id);
		slice_taken(file, i, run->id.lease, node);
		run_remove(coord, node, run);
		file->slices[i].running--;
		job->running -= job->running > 0;
	}
}

static void slice_forget(struct coord *coord, struct file *file, uint64_t i)
{
	file->slices[i].saved = false;
	file->slices[i].counted = (struct counted){0};
	if (!MUTANT(MUTANT_NO_FORGET))
		emit_slice(coord, ACTION_FORGET_SLICE, file, i);
}

/* Brings the store in line with what the proof changed: [from, proven) and the link at proven. */
static void settle(struct coord *coord, struct job *job, struct file *file, uint64_t from)
{
	struct chain *chain = &file->chain;

	for (uint64_t i = from; i < chain->proven; i++) {
		if (chain->links[i].empty && !file->slices[i].saved)
			file->bytes_done += chain->links[i].end - chain->links[i].begin;
		else if (chain->links[i].empty)
			slice_forget(coord, file, i);
		others_drop(coord, job, file, i);
		if (!chain->links[i].empty)
			audit_add(coord, job, file, i);
	}
	if (file->outcome == CHAIN_DONE)
		audits_review(coord, job, file);
	if (chain->proven < chain->n && chain->links[chain->proven].state == LINK_OPEN) {
		if (file->slices[chain->proven].saved) {
			file->row.redone++;
			file->bytes_done -= chain->links[chain->proven].end - chain->links[chain->proven].begin;
			slice_forget(coord, file, chain->proven);
		}
		if (!MUTANT(MUTANT_NO_REOPEN)) /* all behind it may have waited for it, too */
			slice_opened(coord, job, file, chain->proven);
	}
	if (!MUTANT(MUTANT_SUMS_STAY))
		file_changed(job, file);
}

void file_advance(struct coord *coord, struct job *job, struct file *file)
{
	struct error error;

	if (file->ended || !file->slices)
		return;
	if (file->outcome == CHAIN_DONE && file->again_left == 0 && !file->merging &&
	    file->audits_n == 0) {
		file->merging = true;
		emit_merge(coord, ACTION_MERGE_FILE, file);
		if (MUTANT(MUTANT_MERGE_TWICE))
			emit_merge(coord, ACTION_MERGE_FILE, file);
	} else if (file->outcome == CHAIN_FAULT) {
		(void)fault_sentence(&file->chain.links[file->chain.proven].fault, file->chain.kind, file->path,
		                     MUTANT(MUTANT_FAULT_ORDINAL) ? 0 : file->chain.records, &error);
		file_fail(coord, job, file, &error);
	}
}

/* What cannot be read, or has changed, is no matter of guesses. True: dealt with. */
static bool result_broken(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	const struct slice_fault *fault = &event->result.fault;
	struct error error;

	if (event->result.outcome != SLICE_FAULT ||
	    (fault->kind != FAULT_CHANGED && fault->kind != FAULT_READ && !MUTANT(MUTANT_FAULT_UNPROVEN)))
		return false;
	(void)fault_sentence(fault, file->chain.kind, file->path, file->chain.records, &error);
	if (fault->kind != FAULT_READ && fault->kind != FAULT_CHANGED)
		file_fail(coord, job, file, &error);
	else if (slice_wanted(file, &event->result.id))
		io_error(coord, job, file, event->result.id.slice, node_of_peer(coord, event->peer),
		         fault->kind == FAULT_READ ? fault->error_number : ERRNO_CHANGED, &error);
	return true;
}

/*
 * Whether it can be the count of what the node was given: the task that it tells is that one, and the seam is one. Only of tasks whose
 * start was proven: a guess that is of no use is made again with the right start anyway.
 */
static bool result_sane(const struct file *file, const struct run *run, const struct event *event)
{
	struct slice_task task = event->result.task;

	if (!run->told || !run->start_known)
		return true;
	if (file->split) /* the rest is split_offer()'s to see */
		return task.start_known && text_place_equal(task.start, run->start) && event->result.outcome != SLICE_UNSURE;
	return task.start_known && text_place_equal(task.start, run->start) && event->result.outcome != SLICE_UNSURE &&
	       chain_seam_valid(&file->chain, event->result.id.slice, &task, event->result.outcome, &event->result.seam);
}

/* Of a file that is split. False: there is nothing more to be done with it. */
static bool result_offer_split(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event,
                               bool *ret_used)
{
	struct node *node = node_of_peer(coord, event->peer);
	uint64_t i = event->result.id.slice;
	bool absurd;

	file->outcome = split_offer(coord, job, file, run, event, ret_used, &absurd);
	if (file->outcome == CHAIN_FAULT && MUTANT(MUTANT_SPLIT_BELIEVED)) {
		file->chain.links[file->chain.proven].fault = (struct slice_fault){.kind = FAULT_GZIP_DATA};
		return false;
	}
	if (file->outcome == CHAIN_FAULT) {
		split_give_up(coord, job, file);
		return false;
	}
	if (absurd)
		slice_absurd(coord, job, file, i, node);
	else if (*ret_used && event->result.outcome != SLICE_UNSURE && file->slices[i].holder == node->number)
		text_gone(coord, file, i); /* it was counted from it */
	else if (*ret_used && event->result.outcome != SLICE_UNSURE && file->slices[i].holder)
		text_drop(coord, file, i);
	return !absurd;
}

/* Who has counted the slice at `proven`; NULL: not known, or gone. */
static const struct node *told_by(const struct coord *coord, const struct file *file, const struct event *event)
{
	const struct counted *counted = &file->slices[file->chain.proven].counted;

	return event->result.id.slice == file->chain.proven ? node_of_peer(coord, event->peer)
	                                                    : counted->node ? node_of_number(coord, counted->node) : NULL;
}

static void result_take(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event)
{
	uint64_t i = event->result.id.slice, from = file->chain.proven;
	struct link *link = &file->chain.links[i];
	struct slice_task task = event->result.task;
	bool used = false;

	task.begin = link->begin;
	task.end = link->end;
	if (file->split && !result_offer_split(coord, job, file, run, event, &used))
		return;
	if (MUTANT(MUTANT_NO_SEAM) && i == file->chain.proven && event->result.outcome == SLICE_END && i > 0)
		file->chain.at = event->result.seam.first;
	if (!file->split)
		file->outcome = chain_offer(&file->chain, i, &task, event->result.outcome, &event->result.seam,
		                            &event->result.fault, &used);
	if (file->outcome == CHAIN_FAULT && word_doubted(coord, job, file, told_by(coord, file, event)))
		used = used && i != file->chain.proven;
	if (used) {
		file->slices[i].bases = event->result.bases;
		node_of_peer(coord, event->peer)->bytes_done += link->end - link->begin;
	}
	if (used && event->result.outcome != SLICE_UNSURE) {
		file->slices[i].saved = true;
		counted_by(coord, file, event);
		if (event->result.outcome == SLICE_END)
			node_succeeded(coord, node_of_peer(coord, event->peer), file, i);
		if (run->id.lease > 0)
			slice_paced(coord, job, file, run);
		file->bytes_done += link->end - link->begin;
		emit_counted(coord, file, i, event);
		others_drop(coord, job, file, i);
	} else {
		file->row.redone += !task.start_known && link->state < LINK_COUNTED;
		slice_opened(coord, job, file, i);
	}
	settle(coord, job, file, from);
}

/* Whether it is the kind of count that the file is at: a first one that comes late is not taken for a second. */
static bool result_of_now(const struct file *file, const struct slice_id *id)
{
	return id->again == (file->again != NULL) || (MUTANT(MUTANT_AGAIN_BY_FIRST) && file->again);
}

/* The file goes on with it. */
static void result_use(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event)
{
	if (file->again)
		again_result(coord, job, file, run, event);
	else if (!result_sane(file, run, event))
		slice_absurd(coord, job, file, event->result.id.slice, node_of_peer(coord, event->peer));
	else
		result_take(coord, job, file, run, event);
	file_advance(coord, job, file);
	if (!file->ended)
		emit_changed(coord, job);
}

/* The file could not be read, or is not the one that was planned: no count of it. */
static bool result_none(const struct event *event)
{
	return event->result.outcome == SLICE_FAULT &&
	       (event->result.fault.kind == FAULT_CHANGED || event->result.fault.kind == FAULT_READ);
}

/* Of an audit it is enough that it agrees. One that failed is the node's fault, since another one could; but for a changed file. */
static void result_audit(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);

	if (result_none(event) ? event->result.fault.kind == FAULT_READ : !result_sane(file, run, event))
		node_failed_alone(coord, node, file, event->result.id.slice);
	else if (!result_none(event) && !copies_disagree(coord, job, file, event))
		node_succeeded(coord, node, file, event->result.id.slice);
}

/* One that nobody waits for is told to be forgotten, with its text. */
static void scout_result(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	const struct node *node = node_of_peer(coord, event->peer);

	if (!file || !file->split || run->id.lease == 0 || node->distrusted || !node_counts(node, job, file))
		emit_id(coord, ACTION_SEND_DROP, event->peer, id);
	else if (event->result.inflated == SPLIT_FAULT)
		(void)result_broken(coord, job, file, event);
	else
		split_inflated(coord, job, file, event);
	emit_id(coord, ACTION_SEND_ACK, event->peer, id);
}

void slice_result(struct coord *coord, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	struct node *node = node_of_peer(coord, event->peer);
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	struct run run = {0};

	(void)run_end(coord, event->peer, id, &run);
	if (id->scout) {
		scout_result(coord, job, file, &run, event);
		slice_ended(coord, id, node);
		return;
	}
	if (file && (node->algorithm == job->row.algorithm || MUTANT(MUTANT_ANY_ALGORITHM)) && !node->distrusted &&
	    (run.id.lease > 0 || was_taken(file, node, id) || node_brought(node, id) || MUTANT(MUTANT_UNASKED))) {
		if (run.audit)
			result_audit(coord, job, file, &run, event);
		else if (result_none(event) || !copies_disagree(coord, job, file, event))
			if (result_of_now(file, id) && !result_broken(coord, job, file, event))
				result_use(coord, job, file, &run, event);
	}
	slice_ended(coord, id, node);
	emit_id(coord, ACTION_SEND_ACK, event->peer, id);
}
