/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices: what becomes of one that was handed out.
 *
 *     result -> chain_offer: used (saved) or of no use -> the proof moves -> all proven: merge; at fault: the file fails
 *     crash, loss, I/O error, returned -> counted, and open again for any node, until a limit is reached
 *
 * A result is taken whatever its lease: each slice is taken once, and how much was known of the text before it when it was
 * counted changes what has to be counted again (core_again.c), not what comes out in the end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

bool slice_wanted(const struct file *file, const struct slice_id *id)
{
	const struct again_slice *again;

	if (!id->again)
		return !file->again && file->chain.links[id->slice].state < LINK_COUNTED;
	again = again_find(file, id->slice);
	return again && !again->done;
}

/* May be handed out (again). */
static void slice_opened(struct job *job, struct file *file, uint64_t i)
{
	if (file->again)
		again_opened(file, i);
	else if (i < file->next)
		file->next = i;
	if (file->row.file < job->work_next)
		job->work_next = file->row.file;
}

void slice_stopped(struct coord *coord, const struct slice_id *id)
{
	struct job *job;
	struct file *file = file_find(coord, id->job, id->file, &job);

	if (!file || file->ended || !file->slices || id->slice >= file->chain.n)
		return;
	file->slices[id->slice].running -= file->slices[id->slice].running > 0;
	job->running -= job->running > 0;
	slice_opened(job, file, id->slice);
}

/*
 * The node's copy ends. False: there was none under this lease. (It may have been taken away and handed out to the same node
 * anew while the word of its end was on the way: then the new copy goes on.)
 */
static bool run_end(struct coord *coord, uint64_t peer, const struct slice_id *id, struct run *ret_run)
{
	struct node *node = node_of_peer(coord, peer);
	struct run *run = run_find(node, id);

	if (!run || (run->id.lease != id->lease && !MUTANT(MUTANT_ANY_LEASE)))
		return false;
	*ret_run = *run;
	run_remove(node, run);
	slice_stopped(coord, id);
	return true;
}

/* The unfinished file and slice that an event of a worker is about, or NULL. */
static struct file *slice_file(struct coord *coord, const struct slice_id *id, struct job **ret_job)
{
	struct file *file = file_find(coord, id->job, id->file, ret_job);

	return file && !file->ended && file->slices && id->slice < file->chain.n ? file : NULL;
}

static void range_fail(struct coord *coord, struct job *job, struct file *file, uint64_t i, const char *what)
{
	const struct link *link = &file->chain.links[i];
	struct error error;

	(void)error_set(&error, -EIO, ERROR_SOFTWARE, "%s: the slice of bytes %llu to %llu %s", TEXT(file->path),
	                (unsigned long long)link->begin, (unsigned long long)link->end, what);
	file_fail(coord, job, file, &error);
}

void slice_lost(struct coord *coord, const struct slice_id *id, const char *node)
{
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	char what[160];

	if (!file)
		return;
	slice_stopped(coord, id);
	if (!slice_wanted(file, id))
		return;
	file->slices[id->slice].losses++;
	emit_trouble(coord, file, id->slice);
	if (file->slices[id->slice].losses < coord->limits.losses_max)
		return;
	(void)snprintf(what, sizeof what, "was lost %u times with the node that counted it, the last time with %s",
	               file->slices[id->slice].losses, node);
	range_fail(coord, job, file, id->slice, what);
}

void slice_returned(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	struct run run;

	node->draining = true; /* only who is about to end gives slices back */
	(void)run_end(coord, event->peer, &event->failed.id, &run);
}

void slice_crashed(struct coord *coord, const struct event *event)
{
	const struct slice_id *id = &event->failed.id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	struct run run;
	char what[160];

	if (!run_end(coord, event->peer, id, &run) || !file || MUTANT(MUTANT_NO_CRASH_LIMIT))
		return;
	file->slices[id->slice].crashes++;
	emit_trouble(coord, file, id->slice);
	if (file->slices[id->slice].crashes < coord->limits.crashes_max)
		return;
	(void)snprintf(what, sizeof what, "ended the process that counted it %u times (the last time by %s %d)",
	               file->slices[id->slice].crashes, event->failed.signal ? "signal" : "exit status",
	               event->failed.signal ? event->failed.signal : event->failed.exit_status);
	range_fail(coord, job, file, id->slice, what);
}

/* Nodes that could still try a slice that failed on others. */
static uint32_t nodes_left(const struct coord *coord, const struct file *file, uint64_t slice)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < coord->nodes_n; i++)
		n += node_takes_work(coord->nodes[i]) && !file_failed_on(file, slice, coord->nodes[i]->name);
	return n;
}

static void io_error(struct coord *coord, struct job *job, struct file *file, uint64_t slice, const struct node *node,
                     const struct error *error)
{
	struct error sentence = *error;
	uint32_t failed = 0;

	if (file_fail_add(file, slice, node->name) < 0) {
		coord->oom = true;
		return;
	}
	for (uint32_t i = 0; i < file->fails_n; i++)
		failed += file->fails[i].slice == slice;
	if ((failed < 2 && nodes_left(coord, file, slice) > 0) || MUTANT(MUTANT_IO_FOREVER))
		return;
	if (failed > 1) {
		size_t n = strlen(sentence.text);

		(void)snprintf(sentence.text + n, sizeof sentence.text - n, " (on %u nodes)", failed);
	}
	file_fail(coord, job, file, &sentence);
}

void slice_io_error(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	const struct slice_id *id = &event->failed.id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	const struct link *link;
	struct error error;
	struct run run;

	if (!run_end(coord, event->peer, id, &run) || !file)
		return;
	link = &file->chain.links[id->slice];
	(void)error_set(&error, -EIO, error_class_of_errno(event->failed.error_number), "%.800s, in the slice of bytes %llu to %llu",
	                event->failed.text, (unsigned long long)link->begin, (unsigned long long)link->end);
	io_error(coord, job, file, id->slice, node, &error);
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
	if (bytes > run->bytes) {
		node->rate_bytes += bytes - run->bytes;
		run->bytes = bytes;
		run->progress_ms = coord->now_ms;
	}
	if (passed >= 1000) {
		node->rate = node->rate_bytes * 1000 / passed;
		node->rate_bytes = 0;
		node->rate_from_ms = coord->now_ms;
	}
}

/* ---- results */

/* Other nodes that count the same slice need not go on. */
void others_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i)
{
	const struct slice_id id = {.job = file->row.job, .file = file->row.file, .slice = i, .again = file->again};

	for (uint32_t n = 0; file->slices[i].running > 0 && n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];
		struct run *run = run_find(node, &id);

		if (!run)
			continue;
		if (node->peer)
			emit_id(coord, ACTION_SEND_DROP, node->peer, &run->id);
		run_remove(node, run);
		file->slices[i].running--;
		job->running -= job->running > 0;
	}
}

static void slice_forget(struct coord *coord, struct file *file, uint64_t i)
{
	file->slices[i].saved = false;
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
	}
	if (chain->proven < chain->n && chain->links[chain->proven].state == LINK_OPEN) {
		if (file->slices[chain->proven].saved) {
			file->row.redone++;
			file->bytes_done -= chain->links[chain->proven].end - chain->links[chain->proven].begin;
			slice_forget(coord, file, chain->proven);
		}
		if (!MUTANT(MUTANT_NO_REOPEN))
			slice_opened(job, file, chain->proven);
	}
}

void file_advance(struct coord *coord, struct job *job, struct file *file)
{
	struct error error;

	if (file->ended || !file->slices)
		return;
	if (file->outcome == CHAIN_DONE && file->again_left == 0) {
		emit_merge(coord, ACTION_MERGE_FILE, file);
		if (MUTANT(MUTANT_MERGE_TWICE))
			emit_merge(coord, ACTION_MERGE_FILE, file);
	} else if (file->outcome == CHAIN_FAULT) {
		(void)fault_sentence(&file->chain.links[file->chain.proven].fault, file->chain.kind, file->path,
		                     MUTANT(MUTANT_FAULT_ORDINAL) ? 0 : file->chain.records, &error);
		file_fail(coord, job, file, &error);
	}
}

/* A file that was read wrongly is no matter of guesses. True: dealt with. */
static bool result_broken(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	const struct slice_fault *fault = &event->result.fault;
	struct error error;

	if (event->result.outcome != SLICE_FAULT ||
	    (fault->kind != FAULT_CHANGED && fault->kind != FAULT_READ && !MUTANT(MUTANT_FAULT_UNPROVEN)))
		return false;
	(void)fault_sentence(fault, file->chain.kind, file->path, file->chain.records, &error);
	if (fault->kind != FAULT_READ)
		file_fail(coord, job, file, &error);
	else if (slice_wanted(file, &event->result.id))
		io_error(coord, job, file, event->result.id.slice, node_of_peer(coord, event->peer), &error);
	return true;
}

void slice_absurd(struct coord *coord, struct job *job, struct file *file, uint64_t i, const struct node *node)
{
	const struct link *link = &file->chain.links[i];
	struct error error;

	(void)error_set(&error, -EBADMSG, ERROR_PROTOCOL, "%s: %s tells of bytes %llu to %llu what cannot be", TEXT(file->path),
	                node->name, (unsigned long long)link->begin, (unsigned long long)link->end);
	emit_log(coord, LOG_WARNING, "job %llu: %s", (unsigned long long)job->row.id, error.text);
	io_error(coord, job, file, i, node, &error);
}

/*
 * Whether it cannot be the count of what the node was given: the task that it tells is another one, or the seam is none.
 * Only of tasks whose start was proven: a guess that is of no use is made again with the right start anyway. True: dealt
 * with, as what cannot be read there.
 */
static bool result_absurd(struct coord *coord, struct job *job, struct file *file, const struct run *run,
                          const struct event *event)
{
	uint64_t i = event->result.id.slice;
	struct slice_task task = event->result.task;

	if (!run->told || !run->start_known)
		return false;
	if (task.start_known && text_place_equal(task.start, run->start) && event->result.outcome != SLICE_UNSURE &&
	    chain_seam_valid(&file->chain, i, &task, event->result.outcome, &event->result.seam))
		return false;
	slice_absurd(coord, job, file, i, node_of_peer(coord, event->peer));
	return true;
}

static void result_take(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	uint64_t i = event->result.id.slice, from = file->chain.proven;
	struct link *link = &file->chain.links[i];
	struct slice_task task = event->result.task;
	bool used = false;

	task.begin = link->begin;
	task.end = link->end;
	if (MUTANT(MUTANT_NO_SEAM) && i == file->chain.proven && event->result.outcome == SLICE_END && i > 0)
		file->chain.at = event->result.seam.first;
	file->outcome = chain_offer(&file->chain, i, &task, event->result.outcome, &event->result.seam,
	                            &event->result.fault, &used);
	if (used) {
		file->slices[i].bases = event->result.bases;
		node_of_peer(coord, event->peer)->bytes_done += link->end - link->begin;
	}
	if (used && event->result.outcome != SLICE_UNSURE) {
		file->slices[i].saved = true;
		file->bytes_done += link->end - link->begin;
		emit_slice(coord, ACTION_SAVE_SLICE, file, i);
		others_drop(coord, job, file, i);
	} else {
		file->row.redone += !task.start_known && link->state < LINK_COUNTED;
		slice_opened(job, file, i);
	}
	settle(coord, job, file, from);
}

/* Whether it is the kind of count that the file is at: a first one that comes late is not taken for a second. */
static bool result_of_now(const struct file *file, const struct slice_id *id)
{
	return id->again == (file->again != NULL) || (MUTANT(MUTANT_AGAIN_BY_FIRST) && file->again);
}

void slice_result(struct coord *coord, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	struct run run = {0};

	(void)run_end(coord, event->peer, id, &run);
	if (file && node_of_peer(coord, event->peer)->algorithm == job->row.algorithm && result_of_now(file, id) &&
	    !result_broken(coord, job, file, event)) {
		if (file->again)
			again_result(coord, job, file, &run, event);
		else if (!result_absurd(coord, job, file, &run, event))
			result_take(coord, job, file, event);
		file_advance(coord, job, file);
		if (!file->ended)
			emit_changed(coord, job);
	}
	emit_id(coord, ACTION_SEND_ACK, event->peer, id);
}
