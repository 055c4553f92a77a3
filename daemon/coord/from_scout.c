/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker says of slices of one gzip stream: of those that it has inflated, as events for the core, and the window behind those that
 * it has counted. Nothing of the former is stored; what it says of the text is proved by the chain and by CRCs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/fastq/symbol.h"

_Static_assert(SCOUT_BLOB_MAX == SYMBOLS_PACKED_MAX, "as lib/fastq has it");

struct slice_id slice_id_from(const fq_SliceRef *ref)
{
	return (struct slice_id){
		.job = ref->job, .file = ref->file, .slice = ref->slice, .lease = ref->lease, .again = ref->again,
		.scout = ref->scout, .split = ref->split};
}

/* The window behind a slice of a gzip stream, to be freed; NULL where none is told. */
int result_window(const fq_Result *result, uint8_t **ret, struct error *err)
{
	_cleanup_(freep) uint8_t *window = NULL;
	int r;

	*ret = NULL;
	if (!result->has_report || (result->window.size == 0 && !result->report.next_header))
		return 0;
	window = calloc(1, SPLIT_WINDOW);
	if (!window)
		return error_oom(err);
	r = result->window.size > 0 ? window_unpack(result->window.bytes, result->window.size, window, SPLIT_WINDOW) : 0;
	if (r < 0)
		return r == -ENOMEM ? error_oom(err)
		                    : error_set(err, r, ERROR_PROTOCOL, "it counted a slice with a damaged window behind it");
	*ret = TAKE(window);
	return 0;
}

/* What a scout tells. A fault is the storage's, or that the file has changed: what its text says is nobody's to judge yet. */
static int scout_event(const fq_Result *result, struct event *event, struct error *err)
{
	int r = 0;

	event->result.id = slice_id_from(&result->ref);
	if (result->outcome < SPLIT_DONE || result->outcome > SPLIT_FAULT)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "it inflated a slice with the unknown outcome %u", (unsigned)result->outcome);
	event->result.inflated = (enum split_outcome)result->outcome;
	event->result.outcome = SLICE_UNSURE;
	if (event->result.inflated == SPLIT_FAULT) {
		event->result.outcome = SLICE_FAULT;
		r = fault_from_message(&result->fault, &event->result.fault, err);
		if (r == 0 && event->result.fault.kind != FAULT_READ && event->result.fault.kind != FAULT_CHANGED)
			r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "it inflated a slice and tells of a fault that is for counting to find");
	}
	if (event->result.inflated == SPLIT_DONE && !result->has_report)
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "it inflated a slice and does not report where");
	else if (event->result.inflated == SPLIT_DONE)
		r = report_from_message(&result->report, INT64_MAX / 8, &event->result.report, err);
	event->result.has_report = result->has_report;
	return r;
}

/* Symbols of a scout, to be freed; NULL where there are none. */
static int result_symbols(const fq_Result *result, const struct blob *blob, uint16_t **ret, struct error *err)
{
	_cleanup_(freep) uint16_t *symbols = NULL;
	uint8_t digest[DIGEST_SIZE];
	int r;

	*ret = NULL;
	if (blob->n == 0)
		return 0;
	r = digest_sha256(blob->bytes, blob->n, NULL, 0, digest);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	if (memcmp(digest, result->blob_sha256, sizeof digest) != 0)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "symbols arrived with another hash than their own");
	symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
	if (!symbols)
		return error_oom(err);
	r = symbols_unpack(blob->bytes, blob->n, symbols);
	if (r < 0)
		return r == -ENOMEM ? error_oom(err) : error_set(err, r, ERROR_PROTOCOL, "it inflated a slice with damaged symbols");
	*ret = TAKE(symbols);
	return 0;
}

/* Nothing of it is stored. */
void scout_take(struct session *session)
{
	_cleanup_(freep) uint16_t *symbols = NULL;
	struct receiving *receiving = &session->receiving;
	struct event event = {.kind = EVENT_RESULT, .peer = session->number};
	struct error error;
	int r = scout_event(&receiving->message, &event, &error);

	if (r == 0)
		r = result_symbols(&receiving->message, &receiving->blob, &symbols, &error);
	event.result.symbols = symbols;
	if (r < 0) {
		session_refuse(session, &error);
	} else {
		drive(session->server, &event);
		(void)drive_check(session->server);
	}
	blob_deinit(&receiving->blob);
	memory_in_done(session);
}
