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

/* A scout gets room for its text; a slice of one gzip stream the text that is kept of it, if there is such. */
static int add_text(struct worker *worker, struct held_slice *slice, struct slot_work *work)
{
	const struct text *text = slice->slice.point ? texts_find(&worker->texts, &slice->task.ref) : NULL;
	int r;

	if (text) {
		work->text = text->fd;
		work->text_n = text->n;
	}
	if (slice->text_max == 0)
		return 0;
	r = texts_file(split_saved_max(slice->text_max), &slice->text);
	work->text = slice->text;
	work->text_max = slice->text_max;
	return r;
}

static void give_one(struct worker *worker, struct held_slice *slice, struct slot *slot)
{
	struct slot_work work = {
	    .slice = &slice->slice,
	    .modules = slice->task.modules,
	    .prior = &slice->prior,
	    .brief = slice->brief,
	    .file = slice->file,
	    .text = -1,
	};
	struct error err = {0};
	int r;

	r = add_text(worker, slice, &work);
	if (r == 0)
		r = slot_give(slot, &work);
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
	bool fault = (report->kind == REPORT_COUNTED && report->outcome == SLICE_FAULT) ||
	             (report->kind == REPORT_INFLATED && report->outcome == SPLIT_FAULT);

	return fault && report->fault.kind == FAULT_READ && report->fault.error_number == ESTALE;
}

/* What becomes of texts: of a scout it is there; of a slice that was counted it was used up. */
static void take_text(struct worker *worker, struct held_slice *slice, const struct child_report *report)
{
	const fq_SliceRef *ref = &slice->task.ref;

	if (report->kind == REPORT_INFLATED) {
		slice->text_n = report->text_n;
		return;
	}
	if (!slice->slice.point)
		return;
	log_debug("job %llu: slice %llu was counted %s", (unsigned long long)ref->job, (unsigned long long)ref->slice,
	          report->from_text ? "out of its text" : "from its point on");
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
		take_text(worker, slice, report);
		give_result_of(slice, report, owned, &result);
		give_check(worker, slice, &result, TAKE(owned), (size_t)result.blob_bytes);
	}
	drain_step(worker);
}
