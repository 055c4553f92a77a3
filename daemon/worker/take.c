/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the coordinator asks for: one function a message, a table for all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/qc/counters.h"

/* ---- OPEN ---- */

static int take_open(struct worker *worker, const void *message, struct error *err)
{
	const fq_Open *open = message;

	if (open->proof_wanted && (open->proof_key.size != PROOF_SIZE || open->proof.size != PROOF_SIZE))
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator wants a proof of reading checked that is none");
	idle_begin(worker);
	give_facts(worker, open);
	return 0;
}

/* ---- TASK: a ladder ---- */

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
	if (!item && (task->modules & COUNT_RULED))
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent a task without the rules to count by");
	*ret = item ? item->brief : NULL;
	return 0;
}

static int check_modules(const fq_Task *task, struct error *err)
{
	if (task->modules != 0 && (task->modules & ~COUNT_ALL) == 0)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL, "a task asks for the counts %#x; this program knows %#x", task->modules,
	                 COUNT_ALL);
}

static int take_task(struct worker *worker, const void *message, struct error *err)
{
	const fq_Task *task = message;
	struct slice_task slice;
	struct prior prior = PRIOR_UNKNOWN;
	struct brief *brief = NULL;
	struct held_slice *held;
	int r;

	if (!task->has_ref)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the coordinator sent a task of no slice");
	r = task_from_message(task, worker->settings->read_max, &slice, err);
	if (r == 0)
		r = prior_from_message(task, &prior, err);
	if (r == 0)
		r = check_algorithm(task, err);
	if (r == 0)
		r = check_modules(task, err);
	if (r == 0)
		r = check_brief(worker, task, &brief, err);
	if (r == 0)
		r = check_room(worker, err);
	if (r < 0 || held_find(&worker->held, &task->ref))
		return r;
	if (task->ref.again)
		FAILPOINT("task-again");
	held = held_add(&worker->held, task, &slice, &prior, brief);
	if (!held)
		return error_oom(err);
	idle_begin(worker);
	if (worker->draining)
		drain_return(worker, held);
	else
		give_slots(worker);
	return 0;
}

/* ---- the end of a slice ---- */

static int take_ack(struct worker *worker, const void *message, struct error *err)
{
	struct held_slice *slice = held_find(&worker->held, &((const fq_Ref *)message)->ref);

	if (!slice || slice->state != HELD_DONE)
		return 0; /* of a slice that was dropped meanwhile */
	held_remove(&worker->held, slice);
	idle_begin(worker);
	give_slots(worker);
	drain_step(worker);
	return 0;
}

void take_drop(struct worker *worker, const fq_SliceRef *ref)
{
	struct held_slice *slice = held_find(&worker->held, ref);

	if (!slice)
		return;
	if (slice->state == HELD_RUNNING)
		slot_stop(slice->slot);
	held_remove(&worker->held, slice);
	idle_begin(worker);
	worker_changed(worker);
}

static int take_dropped(struct worker *worker, const void *message, struct error *err)
{
	take_drop(worker, &((const fq_Ref *)message)->ref);
	give_slots(worker);
	drain_step(worker);
	return 0;
}

/* ---- DRAIN, RESUME: the coordinator gives nothing, what is in hand is finished ---- */

static int take_drain(struct worker *worker, const void *message, struct error *err)
{
	if (!worker->paused)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_WORKER_PAUSED},
		          "drained by the coordinator: %zu slices are still in hand",
		          held_waiting(&worker->held) + held_running(&worker->held));
	worker->paused = true;
	worker_changed(worker);
	return 0;
}

static int take_resume(struct worker *worker, const void *message, struct error *err)
{
	if (worker->paused)
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_WORKER_RESUMED}, "resumed by the coordinator");
	worker->paused = false;
	worker_changed(worker);
	return 0;
}

/* ---- the table and the dispatcher ---- */

struct take_row {
	uint16_t type;
	int (*take)(struct worker *worker, const void *message,
	            struct error *err); /* negative: it makes no sense */
};

static const struct take_row take_rows[] = {
    {fq_Type_OPEN, take_open},    {fq_Type_TASK, take_task},   {fq_Type_RESULT_ACK, take_ack},
    {fq_Type_DROP, take_dropped}, {fq_Type_DRAIN, take_drain}, {fq_Type_RESUME, take_resume},
    {fq_Type_BRIEF, take_brief},  {fq_Type_LOOK, take_look},
};

static const struct take_row *row_of(uint16_t type)
{
	for (size_t i = 0; i < sizeof take_rows / sizeof *take_rows; i++)
		if (take_rows[i].type == type)
			return &take_rows[i];
	return NULL;
}

static int dispatch(struct worker *worker, const struct frame *frame, struct error *err)
{
	const struct take_row *row = row_of(frame->type);
	_cleanup_(freep) void *message = NULL;
	int r;

	if (worker->settings->gate_only) /* it has neither openers nor slots */
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "%s is not for a worker that counts nothing", message_name(frame->type));
	if (frame->type == fq_Type_DATA)
		return take_brief_data(worker, frame, err);
	if (!row)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "%s is not for a worker",
		                 message_name(frame->type));
	message = malloc(message_struct_size(frame->type));
	if (!message)
		return error_oom(err);
	r = message_decode(frame->type, frame->payload, frame->n, message, err);
	return r < 0 ? r : row->take(worker, message, err);
}

void take_frame(const struct frame *frame, void *userdata)
{
	struct worker *worker = userdata;
	struct peer *peer = uplink_peer(worker->uplink);
	struct error err = {0};

	if (dispatch(worker, frame, &err) < 0)
		peer_refuse(peer, &err);
}
