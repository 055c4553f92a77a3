/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of a slice: RESULT, CRASHED or IO_ERROR, kept until it is acknowledged, and sent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/events.h"
#include "daemon/worker/worker_internal.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SEND_AHEAD (1UL << 20) /* bytes that may be queued when another result is added */

/* ---- results ---- */

static void begin_result(const struct held_slice *slice, uint32_t outcome, fq_Result *ret)
{
	*ret = (fq_Result){.has_ref = true, .ref = slice->task.ref, .outcome = outcome};
	if (slice->task.ref.scout)
		return;
	ret->start_known = ret->has_start = slice->slice.start_known;
	place_to_message(slice->slice.start, &ret->start);
}

static void add_report(const struct child_report *report, fq_Result *ret)
{
	struct split_report split;

	if (split_report_get(report->split, &split) < 0)
		return; /* which it is was checked by ipc_check_report() */
	ret->has_report = true;
	report_to_message(&split, &ret->report);
}

static void add_fault(const struct slice_fault *fault, fq_Result *ret)
{
	ret->has_fault = true;
	fault_to_message(fault, &ret->fault);
}

static void result_of_scout(const struct child_report *report, fq_Result *ret)
{
	if (report->outcome == SPLIT_DONE)
		add_report(report, ret);
	if (report->outcome == SPLIT_FAULT)
		add_fault(&report->fault, ret);
}

static void result_of_count(const struct held_slice *slice, const struct child_report *report, const uint8_t *blob, fq_Result *ret)
{
	ret->has_seam = report->outcome != SLICE_UNSURE;
	if (ret->has_seam)
		seam_to_message(&report->seam, &ret->seam);
	if (report->outcome == SLICE_FAULT)
		add_fault(&report->fault, ret);
	if (report->outcome != SLICE_END)
		return;
	ret->bases = report->bases;
	if (slice->slice.point)
		add_report(report, ret);
	if (report->window_n > 0)
		memcpy(ret->window.bytes, blob + ret->blob_bytes, report->window_n);
	ret->window.size = (pb_size_t)report->window_n;
}

void give_result_of(const struct held_slice *slice, const struct child_report *report, const uint8_t *blob, fq_Result *ret)
{
	begin_result(slice, report->outcome, ret); /* checked by ipc_check_report() */
	ret->blob_bytes = report->blob_n - report->window_n;
	if (ret->blob_bytes > 0)
		memcpy(ret->blob_sha256, report->digest, sizeof ret->blob_sha256);
	if (report->kind == REPORT_INFLATED)
		result_of_scout(report, ret);
	else
		result_of_count(slice, report, blob, ret);
}

/* ---- ends ---- */

/* A result may wait behind others on its way, one without counters, too: that its slice is done with is told at once. */
static void tell_counted(struct worker *worker, const struct held_slice *slice)
{
	fq_Progress progress = {
	    .has_ref = true, .ref = slice->task.ref, .bytes = slice->slice.end - slice->slice.begin};

	(void)uplink_send(worker->uplink, fq_Type_PROGRESS, &progress); /* its result does as well */
}

static void finish(struct worker *worker, struct held_slice *slice, const struct held_end *end)
{
	texts_drop(&worker->texts, &slice->task.ref); /* it came to nothing */
	if (end->type == fq_Type_RESULT)
		tell_counted(worker, slice);
	held_finish(&worker->held, slice, end);
	worker_changed(worker);
	give_results(worker);
}

void give_counted(struct worker *worker, struct held_slice *slice)
{
	tell_counted(worker, slice);
	held_checked(&worker->held, slice);
}

void give_changed(struct worker *worker, struct held_slice *slice)
{
	struct slice_seam seam = {.first = {.block = slice->slice.begin}, .next = {.block = slice->slice.begin}};
	struct slice_fault fault = {.kind = FAULT_CHANGED, .at = seam.first};
	struct held_end end = {.type = fq_Type_RESULT};
	const struct log_about about = about_held(TOLD_FILE_CHANGED, slice);
	const bool scout = slice->task.ref.scout;

	log_event(LOG_WARNING, &about,
	          "job %llu: %s has changed since it was planned", (unsigned long long)slice->task.ref.job, TEXT(slice->task.path));
	begin_result(slice, scout ? (uint32_t)SPLIT_FAULT : (uint32_t)SLICE_FAULT, &end.result);
	add_fault(&fault, &end.result);
	end.result.has_seam = !scout;
	if (!scout)
		seam_to_message(&seam, &end.result.seam);
	finish(worker, slice, &end);
}

void give_io_error(struct worker *worker, struct held_slice *slice, int error_number, const char *text)
{
	struct held_end end = {.type = fq_Type_IO_ERROR};
	const struct log_about about = about_held(error_number == ETIMEDOUT ? TOLD_SLICE_STALLED : TOLD_SLICE_UNREADABLE, slice);

	end.io_error = (fq_IoError){.has_ref = true, .ref = slice->task.ref, .error_number = error_number};
	(void)snprintf(end.io_error.text, sizeof end.io_error.text, "%s", text);
	log_event(LOG_WARNING, &about, "job %llu: %s", (unsigned long long)slice->task.ref.job, text);
	finish(worker, slice, &end);
}

void give_crash(struct slot *slot, int signal, int exit_status, void *userdata)
{
	struct worker *worker = userdata;
	struct held_slice *slice = held_of_slot(&worker->held, slot);
	struct held_end end = {.type = fq_Type_CRASHED};
	struct log_about about;

	if (!slice)
		return;
	about = about_held(TOLD_SLICE_CRASHED, slice);
	log_event(LOG_WARNING, &about,
	          "job %llu: %s bytes %llu to %llu of %s ended its process", (unsigned long long)slice->task.ref.job,
	          slice->task.ref.scout ? "inflating" : "counting",
	          (unsigned long long)slice->slice.begin, (unsigned long long)slice->slice.end, TEXT(slice->task.path));
	end.crashed = (fq_Crashed){
	    .has_ref = true, .ref = slice->task.ref, .signal = (uint32_t)signal, .exit_status = (uint32_t)exit_status};
	finish(worker, slice, &end);
	drain_step(worker);
}

/* ---- sending ---- */

/* A copy of the counters travels, since they may have to be sent again. */
static int send_end(struct peer *peer, const struct held_slice *slice)
{
	const void *message = slice->end.type == fq_Type_RESULT    ? (const void *)&slice->end.result
	                      : slice->end.type == fq_Type_CRASHED ? (const void *)&slice->end.crashed
	                                                           : (const void *)&slice->end.io_error;
	uint8_t *copy;

	if (slice->blob_n == 0)
		return peer_send(peer, slice->end.type, 0, message);
	copy = malloc(slice->blob_n);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, slice->blob, slice->blob_n);
	return peer_send_blob(peer, slice->end.type, 0, message, copy, slice->blob_n);
}

void give_results(struct worker *worker)
{
	struct peer *peer = uplink_peer(worker->uplink);
	struct held_slice *slice;
	int r = 0;

	while (r == 0 && peer && connection_queued(peer_connection(peer)) < SEND_AHEAD &&
	       (slice = held_first(&worker->held, HELD_DONE))) {
		r = send_end(peer, slice);
		slice->sent = r == 0;
		if (r == 0 && slice->end.type != fq_Type_RESULT && worker->proto < PROTO_KEEPS_FAILURES)
			held_remove(&worker->held, slice);
	}
	if (r == -ENOMEM)
		uplink_reset(worker->uplink,
		             "out of memory for sending a result"); /* and tries again */
}
