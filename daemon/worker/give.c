/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices into slots, and what comes of them:
 *
 *     opener: open, fingerprint = the task's? -> slot: count -> opener: fingerprint = the opened one still? -> RESULT
 *       |            |                            |                   `-> RESULT: FAULT_CHANGED
 *       `-> IO_ERROR `-> RESULT: FAULT_CHANGED    `-> CRASHED, IO_ERROR (out of memory, no progress)
 *
 * A scout (texts.h) goes the same way: it is inflated instead of counted.
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

/* Of those that are free the one that keeps the fewest texts, as these are best counted where they are. */
static struct slot *idle_slot(const struct worker *worker, size_t *ret_n)
{
	struct slot *idle = NULL;
	size_t least = SIZE_MAX;

	*ret_n = 0;
	for (size_t i = 0; i < worker->slots_begun; i++) {
		size_t n;

		if (!slot_is_free(&worker->slots[i]))
			continue;
		++*ret_n;
		n = texts_of(&worker->texts, &worker->slots[i]);
		if (n < least)
			idle = &worker->slots[i];
		least = n < least ? n : least;
	}
	return idle;
}

/* Bytes that the texts may take which a slot's child keeps. */
static uint64_t text_room(const struct worker_settings *settings)
{
	uint64_t room = settings->text_memory / settings->slots, space = settings->slot_limit / 4;

	return space > 0 && space < room ? space : room;
}

static void give_one(struct worker *worker, struct held_slice *slice, struct slot *slot)
{
	const struct slot_work work = {
	    .slice = &slice->slice,
	    .modules = slice->task.modules,
	    .prior = &slice->prior,
	    .brief = slice->brief,
	    .file = slice->file,
	    .scout = slice->task.ref.scout,
	    .key = texts_key(&slice->task.ref),
	    .text_max = slice->text_max,
	    .text_room = text_room(worker->settings),
	};
	struct error err = {0};
	int r;

	r = slot_give(slot, &work);
	if (r == -EAGAIN)
		return; /* another slot takes it, or this one's next child */
	if (r < 0) {
		(void)error_set(&err, r, ERROR_OS, "%s cannot be given to a child: %s", TEXT(slice->task.path), strerror(-r));
		give_io_error(worker, slice, -r, err.text);
		return;
	}
	held_begin(&worker->held, slice, slot, worker_now_ms(worker));
	stall_begin(slice);
	worker_changed(worker);
}

/* A slice whose text is kept by a child that is idle. */
static struct held_slice *next_of_text(const struct worker *worker, struct slot **ret)
{
	if (worker->texts.n == 0)
		return NULL;
	for (struct held_slice *slice = worker->held.first; slice; slice = slice->next) {
		struct slot *slot;

		if (slice->state != HELD_OPEN || !slice->slice.point)
			continue;
		slot = texts_slot(&worker->texts, &slice->task.ref);
		if (slot && slot_is_free(slot)) {
			*ret = slot;
			return slice;
		}
	}
	return NULL;
}

void give_slots(struct worker *worker)
{
	struct held_slice *slice;
	struct slot *slot;
	size_t idle;

	while ((slice = next_of_text(worker, &slot)))
		give_one(worker, slice, slot);
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
	bool fault = (report->kind == REPORT_COUNTED && report->outcome == SLICE_FAULT) ||
	             (report->kind == REPORT_INFLATED && report->outcome == SPLIT_FAULT);

	return fault && report->fault.kind == FAULT_READ && report->fault.error_number == ESTALE;
}

/* What becomes of texts: of a scout it is there; of a slice that was counted it was used up, or is to be forgotten by another child. */
static void take_text(struct worker *worker, const struct held_slice *slice, struct slot *slot, const struct child_report *report)
{
	const fq_SliceRef *ref = &slice->task.ref;

	if (report->kind == REPORT_INFLATED && report->has_text)
		texts_keep(&worker->texts, ref, slot);
	if (report->kind != REPORT_COUNTED || !slice->slice.point)
		return;
	log_debug("job %llu: slice %llu was counted %s", (unsigned long long)ref->job, (unsigned long long)ref->slice,
	          report->has_text ? "out of its text" : "from its point on");
	if (report->outcome != SLICE_UNSURE)
		texts_drop(&worker->texts, ref);
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
		take_text(worker, slice, slot, report);
		give_result_of(slice, report, owned, &result);
		give_check(worker, slice, &result, TAKE(owned), (size_t)result.blob_bytes);
	}
	drain_step(worker);
}
