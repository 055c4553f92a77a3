/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices into slots, and what comes of them:
 *
 *     opener: open, fingerprint = the task's? -> slot: count -> opener: fingerprint = the opened one still? -> RESULT
 *       |            |                            |                   `-> RESULT: FAULT_CHANGED
 *       `-> IO_ERROR `-> RESULT: FAULT_CHANGED    `-> CRASHED, IO_ERROR (out of memory, no progress)
 *
 * A file is opened when there is a slot for it, and while the file of one slice is looked at again its slot has the next.
 */
#include <errno.h>
#include <string.h>

#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define PROGRESS_MS 150 /* PROGRESS of a slot at most so often; children speak each 200 ms */

/* ---- slots ---- */

static struct slot *idle_slot(const struct worker *worker, size_t *ret_n)
{
	struct slot *idle = NULL;

	*ret_n = 0;
	for (size_t i = 0; i < worker->slots_begun; i++) {
		if (worker->slots[i].state != SLOT_IDLE)
			continue;
		if (!idle)
			idle = &worker->slots[i];
		++*ret_n;
	}
	return idle;
}

static void give_one(struct worker *worker, struct held_slice *slice, struct slot *slot)
{
	struct error err = {0};
	int r;

	r = slot_give(slot, &slice->slice, slice->task.modules, &slice->prior, slice->file, slice->brief);
	if (r < 0) {
		(void)error_set(&err, r, ERROR_OS, "%s cannot be given to a child: %s", TEXT(slice->task.path), strerror(-r));
		give_io_error(worker, slice, -r, err.text);
		return;
	}
	held_begin(&worker->held, slice, slot, worker_now_ms(worker));
	stall_begin(slice);
	worker_changed(worker);
}

void give_slots(struct worker *worker)
{
	struct held_slice *slice;
	struct slot *slot;
	size_t idle;

	while ((slot = idle_slot(worker, &idle)) && (slice = held_first(&worker->held, HELD_OPEN)))
		give_one(worker, slice, slot);
	while (!held_full(&worker->held) && idle > worker->held.n[HELD_OPENING] && (slice = held_first(&worker->held, HELD_WAITING)))
		give_opening(worker, slice);
}

/* ---- what slots say ---- */

void give_progress(struct slot *slot, uint64_t bytes, void *userdata)
{
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_slot(&worker->held, slot);
	uint64_t now = worker_now_ms(worker);
	fq_Progress progress = {.has_ref = true, .bytes = bytes};

	if (!slice || bytes <= slice->bytes || bytes > slice->slice.end - slice->slice.begin)
		return;
	slice->bytes = bytes;
	slice->bytes_ms = now;
	stall_begin(slice);
	if (now - slice->told_ms < PROGRESS_MS)
		return;
	slice->told_ms = now;
	progress.ref = slice->task.ref;
	(void)uplink_send(worker->uplink, fq_Type_PROGRESS,
	                  &progress); /* the next one does as well */
}

static bool is_stale(const struct child_report *report)
{
	return report->kind == REPORT_COUNTED && report->outcome == SLICE_FAULT && report->fault.kind == FAULT_READ &&
	       report->fault.error_number == ESTALE;
}

void give_report(struct slot *slot, const struct child_report *report, uint8_t *blob, void *userdata)
{
	_cleanup_(freep) uint8_t *owned = blob;
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_slot(&worker->held, slot);
	char text[CHILD_TEXT_MAX], why[ERROR_TEXT_MAX];
	fq_Result result;

	if (!slice)
		return;
	if (report->kind == REPORT_FAILED) {
		(void)snprintf(why, sizeof why, "%s: %s", TEXT(slice->task.path), text_escape(text, sizeof text, report->text));
		give_io_error(worker, slice, report->error_number, why);
	} else if (!is_stale(report) || !give_reopen(worker, slice)) {
		give_result_of(slice, report, &result);
		give_check(worker, slice, &result, TAKE(owned), blob ? (size_t)report->blob_n : 0);
	}
	drain_step(worker);
}
