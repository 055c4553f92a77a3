/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Second counts:
 *
 *     all slices proven -> merging tells which lacked something -> these are handed out again, from their proven starts, for the
 *     modules that lacked it -> each result is saved -> none is left: merged again
 *
 * Leases, crashes, losses and I/O errors of a slice go on as they were. What was proven must be seen again: a result with
 * another seam than the proven one is nonsense.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

static void tell_again(struct coord *coord, const struct file *file)
{
	struct log_about about = about_slice(TOLD_FILE_AGAIN, file, SLICE_ALL, NULL);

	about.slices = LOG_ID(file->again_n);
	emit_log(coord, LOG_DEBUG, about,
	         "job %llu: %llu slices of %s are counted a second time", (unsigned long long)file->row.job,
	         (unsigned long long)file->again_n, TEXT(file->path));
}

void again_begin(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	uint64_t n = event->merged.again_n;
	struct again_slice *again = calloc(n, sizeof *again);

	if (!again) {
		coord->oom = true;
		return;
	}
	for (uint64_t i = 0; i < n; i++) {
		assert(event->merged.again[i].slice < file->chain.n);
		again[i].wanted = event->merged.again[i];
	}
	free(file->again);
	file->again = again;
	file->again_n = file->again_left = n;
	file->again_next = 0;
	if (file->row.again < n + event->merged.again_done)
		file->row.again = n + event->merged.again_done;
	file->row.again_done = file->row.again - n;
	work_set(coord, job, file);
	emit_changed(coord, job);
	tell_again(coord, file);
}

struct again_slice *again_find(const struct file *file, uint64_t slice)
{
	uint64_t low = 0, high = file->again_n;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (file->again[middle].wanted.slice == slice)
			return &file->again[middle];
		if (file->again[middle].wanted.slice < slice)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool again_open(const struct file *file, uint64_t i)
{
	uint64_t slice = file->again[i].wanted.slice;

	return slice_open(file, slice) && !slice_alone(file, slice);
}

uint64_t again_take(const struct coord *coord, const struct job *job, struct file *file, const struct node *node, bool *ret_barred)
{
	while (file->again_next < file->again_n && !again_open(file, file->again_next))
		file->again_next++;
	for (uint64_t i = file->again_next; i < file->again_n; i++) {
		uint64_t slice = file->again[i].wanted.slice;

		if (!again_open(file, i))
			continue;
		if (!slice_barred(coord, job, file, slice, node))
			return slice;
		*ret_barred = true;
	}
	return file->chain.n;
}

void again_opened(struct file *file, uint64_t slice)
{
	const struct again_slice *again = again_find(file, slice);

	if (again && again < file->again + file->again_next && !MUTANT(MUTANT_AGAIN_LOST))
		file->again_next = (uint64_t)(again - file->again);
}

void again_task(const struct file *file, uint64_t slice, struct action *action)
{
	const struct second *wanted = &again_find(file, slice)->wanted;

	action->task.modules = wanted->modules;
	action->task.reads = wanted->reads;
	action->task.qualities = wanted->qualities;
}

/* Whether it is the count of the slice that was proven. */
static bool result_right(const struct file *file, const struct event *event)
{
	const struct slice_seam *proven = &file->chain.links[event->result.id.slice].seam, *seam = &event->result.seam;

	return event->result.outcome == SLICE_END && text_place_equal(seam->first, proven->first) &&
	       text_place_equal(seam->next, proven->next) && seam->records == proven->records;
}

void again_result(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event)
{
	uint64_t i = event->result.id.slice;
	struct again_slice *again = again_find(file, i);
	const struct link *link = &file->chain.links[i];
	struct node *node = node_of_peer(coord, event->peer);
	bool modules_right;

	if (!again || again->done)
		return;
	modules_right = event->result.modules == again->wanted.modules || MUTANT(MUTANT_AGAIN_BY_FIRST);
	if (!result_right(file, event) || (run->told && !modules_right)) {
		slice_absurd(coord, job, file, i, node);
		return;
	}
	if (!modules_right)
		return; /* of an earlier start of the coordinator, whose first count of the slice was lost and lacked other things */
	again->done = true;
	file->again_left--;
	file->row.again_done++;
	node->bytes_done += link->end - link->begin;
	emit_slice(coord, ACTION_SAVE_AGAIN, file, i);
	others_drop(coord, job, file, i);
	counted_by(coord, file, event);
	node_succeeded(coord, node, file, i);
	if (run->id.lease > 0)
		slice_paced(coord, job, file, run);
	audit_add(coord, job, file, i);
	if (file->again_left == 0)
		audits_review(coord, job, file);
}
