/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the coordinator asks for: one function a message, a table for all. TASK has a file of its own (take_task.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"

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

	texts_drop(&worker->texts, ref); /* its slice is of no use here, or was counted elsewhere */
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
