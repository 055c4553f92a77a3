/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices into slots, and what comes of them to the coordinator.
 *
 *     open -> fingerprint = the task's? -> count -> fingerprint = the task's still? -> RESULT
 *       |             |                      |                 `-> RESULT: FAULT_CHANGED
 *       `-> IO_ERROR  `-> FAULT_CHANGED      `-> CRASHED, IO_ERROR (out of memory)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/worker/open.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define PROGRESS_MS 150        /* PROGRESS of a slot at most so often; children speak each 200 ms */
#define SEND_AHEAD (1UL << 20) /* bytes that may be queued when another result is added */

/* ---- what did not become a result: told once and forgotten ---- */

static void tell_io_error(struct worker *worker, struct held_slice *slice, int error_number,
                          const char *text)
{
	fq_IoError message = {
	    .has_ref = true, .ref = slice->task.ref, .error_number = error_number};

	(void)snprintf(message.text, sizeof message.text, "%s", text);
	log_warning("job %llu: %s", (unsigned long long)slice->task.ref.job, text);
	(void)uplink_send(worker->uplink, fq_Type_IO_ERROR,
	                  &message); /* unheard, the slice counts as lost */
	held_remove(&worker->held, slice);
	worker_changed(worker);
}

/* ---- results ---- */

static void begin_result(const struct held_slice *slice, enum slice_outcome outcome, fq_Result *ret)
{
	*ret = (fq_Result){
	    .has_ref = true,
	    .ref = slice->task.ref,
	    .outcome = outcome,
	    .start_known = slice->slice.start_known,
	    .has_start = slice->slice.start_known,
	};
	place_to_message(slice->slice.start, &ret->start);
}

/* A result may wait behind others: that its slice is counted is told at once. */
static void tell_counted(struct worker *worker, const struct held_slice *slice)
{
	fq_Progress progress = {
	    .has_ref = true, .ref = slice->task.ref, .bytes = slice->slice.end - slice->slice.begin};

	(void)uplink_send(worker->uplink, fq_Type_PROGRESS, &progress); /* the result does as well */
}

static void finish(struct worker *worker, struct held_slice *slice, const fq_Result *result,
                   uint8_t *blob, size_t n)
{
	if (n > 0)
		tell_counted(worker, slice);
	held_finish(&worker->held, slice, result, blob, n);
	worker_changed(worker);
	give_results(worker);
}

static void finish_changed(struct worker *worker, struct held_slice *slice)
{
	struct slice_seam seam = {.first = {.block = slice->slice.begin},
	                          .next = {.block = slice->slice.begin}};
	struct slice_fault fault = {.kind = FAULT_CHANGED, .at = seam.first};
	fq_Result result;

	log_warning("job %llu: %s has changed since it was planned",
	            (unsigned long long)slice->task.ref.job, TEXT(slice->task.path));
	begin_result(slice, SLICE_FAULT, &result);
	result.has_seam = result.has_fault = true;
	seam_to_message(&seam, &result.seam);
	fault_to_message(&fault, &result.fault);
	finish(worker, slice, &result, NULL, 0);
}

static void finish_counted(struct worker *worker, struct held_slice *slice,
                           const struct child_report *report, uint8_t *blob)
{
	enum slice_outcome outcome =
	    (enum slice_outcome)report->outcome; /* checked by ipc_check_report() */
	fq_Result result;

	begin_result(slice, outcome, &result);
	result.has_seam = outcome != SLICE_UNSURE;
	if (result.has_seam)
		seam_to_message(&report->seam, &result.seam);
	result.has_fault = outcome == SLICE_FAULT;
	if (result.has_fault)
		fault_to_message(&report->fault, &result.fault);
	if (outcome == SLICE_END) {
		result.bases = report->bases;
		result.blob_bytes = report->blob_n;
		memcpy(result.blob_sha256, report->digest, sizeof result.blob_sha256);
	}
	finish(worker, slice, &result, blob, blob ? (size_t)report->blob_n : 0);
}

/* ---- the fingerprint, before and after ---- */

#define CHANGED 1

/* 0, CHANGED, or negative with a sentence. */
static int compare_fingerprint(const struct held_slice *slice, int fd, struct error *err)
{
	struct fingerprint planned, now;
	int r;

	fingerprint_from_message(&slice->task.fingerprint, &planned);
	r = fingerprint_take(fd, &now, err);
	if (r < 0) {
		error_prefix(err, "%s ", TEXT(slice->task.path));
		return r;
	}
	return fingerprint_equal(&planned, &now) ? 0 : CHANGED;
}

/* ---- slots ---- */

static struct slot *idle_slot(const struct worker *worker)
{
	for (size_t i = 0; i < worker->slots_begun; i++)
		if (worker->slots[i].state == SLOT_IDLE)
			return &worker->slots[i];
	return NULL;
}

static void give_one(struct worker *worker, struct held_slice *slice, struct slot *slot)
{
	_cleanup_(closep) int fd = -1;
	struct error err = {0};
	int r;

	r = open_beneath(&worker->settings->roots, slice->task.path, &fd, &err);
	if (r == 0)
		r = compare_fingerprint(slice, fd, &err);
	if (r == CHANGED) {
		finish_changed(worker, slice);
		return;
	}
	if (r == 0) {
		r = slot_give(slot, &slice->slice, slice->task.modules, &slice->prior, fd, slice->brief);
		if (r < 0)
			(void)error_set(&err, r, ERROR_OS, "%s cannot be given to a child: %s",
			                TEXT(slice->task.path), strerror(-r));
	}
	if (r < 0) {
		tell_io_error(worker, slice, -r, err.text);
		return;
	}
	held_begin(&worker->held, slice, slot, take_fd(&fd), worker_now_ms(worker));
	worker_changed(worker);
}

void give_slots(struct worker *worker)
{
	struct held_slice *slice;
	struct slot *slot;

	while (!held_full(&worker->held) && (slot = idle_slot(worker)) &&
	       (slice = held_first(&worker->held, HELD_WAITING)))
		give_one(worker, slice, slot);
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
	if (now - slice->told_ms < PROGRESS_MS)
		return;
	slice->told_ms = now;
	progress.ref = slice->task.ref;
	(void)uplink_send(worker->uplink, fq_Type_PROGRESS,
	                  &progress); /* the next one does as well */
}

void give_report(struct slot *slot, const struct child_report *report, uint8_t *blob,
                 void *userdata)
{
	_cleanup_(freep) uint8_t *owned = blob;
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_slot(&worker->held, slot);
	char text[CHILD_TEXT_MAX], why[ERROR_TEXT_MAX];
	struct error err = {0};
	int r;

	if (!slice)
		return;
	if (report->kind == REPORT_FAILED) {
		(void)snprintf(why, sizeof why, "%s: %s", TEXT(slice->task.path),
		               text_escape(text, sizeof text, report->text));
		tell_io_error(worker, slice, report->error_number, why);
	} else {
		r = compare_fingerprint(slice, slice->file, &err);
		if (r < 0)
			tell_io_error(worker, slice, -r, err.text);
		else if (r == CHANGED)
			finish_changed(worker, slice);
		else
			finish_counted(worker, slice, report, TAKE(owned));
	}
	drain_step(worker);
}

void give_crash(struct slot *slot, int signal, int exit_status, void *userdata)
{
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_slot(&worker->held, slot);
	fq_Crashed message = {
	    .has_ref = true, .signal = (uint32_t)signal, .exit_status = (uint32_t)exit_status};

	if (!slice)
		return;
	message.ref = slice->task.ref;
	(void)uplink_send(worker->uplink, fq_Type_CRASHED,
	                  &message); /* unheard, the slice counts as lost */
	held_remove(&worker->held, slice);
	worker_changed(worker);
	drain_step(worker);
}

/* ---- sending ---- */

/* A copy of the counters travels, since they may have to be sent again. */
static int send_result(struct peer *peer, const struct held_slice *slice)
{
	uint8_t *copy;

	if (slice->blob_n == 0)
		return peer_send(peer, fq_Type_RESULT, 0, &slice->result);
	copy = malloc(slice->blob_n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, slice->blob, slice->blob_n);
	return peer_send_blob(peer, fq_Type_RESULT, 0, &slice->result, copy, slice->blob_n);
}

void give_results(struct worker *worker)
{
	struct peer *peer = uplink_peer(worker->uplink);
	struct held_slice *slice;
	int r = 0;

	while (r == 0 && peer && connection_queued(peer_connection(peer)) < SEND_AHEAD &&
	       (slice = held_first(&worker->held, HELD_COUNTED))) {
		r = send_result(peer, slice);
		slice->sent = r == 0;
	}
	if (r == -ENOMEM)
		uplink_reset(worker->uplink,
		             "out of memory for sending a result"); /* and tries again */
}
