/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TASK: a ladder of checks, then the slice is held. */
#include <errno.h>

#include "daemon/convert.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/failpoint.h"
#include "lib/qc/counters.h"

static int check_algorithm(const fq_Task *task, struct error *err)
{
	if (task->algorithm == COUNTERS_ALGORITHM)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL,
	                 "a task asks for algorithm %u; this program has %u", task->algorithm,
	                 COUNTERS_ALGORITHM);
}

/* A coordinator knows how many slots there are; a few more may come when it takes slices away and gives others. */
static int check_room(const struct worker *worker, struct error *err)
{
	size_t most = 2 * worker->settings->slots + 16;

	if (held_waiting(&worker->held) + held_running(&worker->held) < most)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL,
	                 "the coordinator sent more than %zu tasks for %zu slots", most,
	                 (size_t)worker->settings->slots);
}

/* The brief that it says it needs must have come before it over this connection. */
static int check_brief(const struct worker *worker, const fq_Task *task, struct brief **ret, struct error *err)
{
	const struct brief_key key = {.job = task->ref.job, .file = task->ref.file, .number = task->brief};
	const struct briefs_item *item = task->brief ? briefs_find(&worker->briefs, &key) : NULL;

	if (task->brief && !item)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent a task whose brief %u is not there", task->brief);
	if (!item && !task->ref.scout && (task->modules & COUNT_RULED))
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent a task without the rules to count by");
	*ret = item ? item->brief : NULL;
	return 0;
}

static int check_modules(const fq_Task *task, struct error *err)
{
	if ((task->modules != 0 || task->ref.scout) && (task->modules & ~COUNT_ALL) == 0)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL, "a task asks for the counts %#x; this program knows %#x", task->modules,
	                 COUNT_ALL);
}

/* Slices of one gzip stream: where the text begins, or that it is only inflated. */
static int check_split(const fq_Task *task, uint8_t window[SPLIT_WINDOW], struct split_point *ret_point, struct slice_task *slice,
                       struct error *err)
{
	int r;

	if (!task->split)
		return task->has_point ? error_set(err, -EPROTO, ERROR_PROTOCOL, "a task has a point in a file that is in one piece") : 0;
	if (slice->kind != FILE_GZIP || slice->begin >= slice->end || slice->file_size > (uint64_t)INT64_MAX / 8)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "a task asks for a slice of a gzip stream that makes no sense");
	if (task->ref.scout && (task->has_point || slice->begin == 0 || task->text_max == 0))
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "a task asks for what is known to be inflated, or for none of its text");
	if (task->ref.scout)
		return 0;
	r = point_from_message(&task->point, slice->file_size, window, ret_point, err);
	if (r < 0)
		return r;
	if (ret_point->bit < 8 * slice->begin || ret_point->bit >= 8 * slice->end)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "a task has a point that is not within its slice");
	slice->point = ret_point;
	return 0;
}

/* Of text in memory, what this worker gives one slice: each slot's part of what all may have, if all of it were open (split.h). */
static uint64_t text_max_of(const struct worker *worker, const fq_Task *task)
{
	uint64_t most = worker->settings->text_memory / worker->settings->slots / 4, space = worker->settings->slot_limit / 8;

	if (space > 0 && space < most)
		most = space;
	return task->text_max < most ? task->text_max : most > 0 ? most : 1;
}

static int check_task(const struct worker *worker, const fq_Task *task, struct error *err)
{
	int r;

	if (!task->has_ref)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "the coordinator sent a task of no slice");
	r = check_algorithm(task, err);
	if (r == 0)
		r = check_modules(task, err);
	return r == 0 ? check_room(worker, err) : r;
}

int take_task(struct worker *worker, const void *message, struct error *err)
{
	const fq_Task *task = message;
	uint8_t window[SPLIT_WINDOW];
	struct split_point point;
	struct slice_task slice;
	struct prior prior = PRIOR_UNKNOWN;
	struct brief *brief = NULL;
	struct held_slice *held;
	int r;

	r = check_task(worker, task, err);
	if (r == 0)
		r = task_from_message(task, worker->settings->read_max, &slice, err);
	if (r == 0)
		r = check_split(task, window, &point, &slice, err);
	if (r == 0)
		r = prior_from_message(task, &prior, err);
	if (r == 0)
		r = check_brief(worker, task, &brief, err);
	if (r < 0 || held_find(&worker->held, &task->ref))
		return r;
	if (task->ref.again)
		FAILPOINT("task-again");
	held = held_add(&worker->held, task, &slice, &prior, brief);
	if (!held)
		return error_oom(err);
	idle_begin(worker);
	if (task->ref.scout)
		held->text_max = text_max_of(worker, task);
	if (worker->draining)
		drain_return(worker, held);
	else
		give_slots(worker);
	return 0;
}
