/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker says, as events for the core.
 *
 * A result is believed in steps: its counters arrive whole and with their hash, unpack, are of the job's modules and rules, and
 * add up to the reads and bases that it tells; then the core looks at its seam. A worker that fails one of these is dropped, its slices are lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"

#define HELD_MAX (sizeof((fq_Hello){0}.held) / sizeof *(fq_Hello){0}.held)

static struct slice_id id_from(const fq_SliceRef *ref)
{
	return (struct slice_id){
		.job = ref->job, .file = ref->file, .slice = ref->slice, .lease = ref->lease, .again = ref->again};
}

/* What it said makes no sense: it is dropped. */
static void refuse(struct session *session, struct error *error)
{
	log_warning("worker %s is dropped: %s", session->name, error->text);
	peer_refuse(session->peer, error);
}

void from_worker_hello(struct session *session, const fq_Hello *hello)
{
	struct slice_id held[HELD_MAX];
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = session->number};

	(void)snprintf(session->name, sizeof session->name, "%s", hello->name);
	for (size_t i = 0; i < hello->held_count; i++)
		held[i] = id_from(&hello->held[i]);
	event.hello = (struct node_hello){
		.name = session->name,
		.slots = hello->slots,
		.algorithm = hello->algorithm,
		.proto = session->proto,
		.draining = hello->draining,
		.held = held,
		.held_n = (uint32_t)hello->held_count,
	};
	memcpy(event.hello.instance, hello->instance, sizeof event.hello.instance);
	drive(session->server, &event);
	server_status(session->server);
}

void worker_gone(struct session *session)
{
	struct event event = {.kind = EVENT_NODE_GONE, .peer = session->number};

	if (!session->welcome || session->role != fq_Role_ROLE_WORKER)
		return;
	session->welcome = false;
	drive(session->server, &event);
	server_status(session->server);
}

void from_opened(struct session *session, uint16_t tag, const void *message)
{
	const fq_Opened *opened = message;
	struct event event = {.kind = EVENT_OPENED, .peer = session->number};
	bool class_known = opened->error.class == ERROR_JOB ||
	                   (opened->error.class >= ERROR_USAGE && opened->error.class <= ERROR_CONFIG);
	struct error error;

	(void)tag;
	event.opened.job = opened->job;
	event.opened.file = opened->file;
	if (opened->has_error) {
		event.opened.error_number = opened->error_number;
		event.opened.unproven = opened->unproven;
		event.opened.error.class = class_known ? (enum error_class)opened->error.class : ERROR_NO_INPUT;
		(void)text_sentence(event.opened.error.text, sizeof event.opened.error.text, opened->error.text);
	} else if (facts_from_message(opened, &event.opened.facts, &error) < 0) {
		refuse(session, &error);
		return;
	}
	drive(session->server, &event);
}

void from_progress(struct session *session, uint16_t tag, const void *message)
{
	const fq_Progress *progress = message;
	struct event event = {.kind = EVENT_PROGRESS, .peer = session->number};

	(void)tag;
	event.progress.id = id_from(&progress->ref);
	event.progress.bytes = progress->bytes;
	drive(session->server, &event);
	job_changed(session->server, progress->ref.job);
}

/* ---- results */

static int result_event(const fq_Result *result, struct event *event, struct error *err)
{
	int r;

	event->result.id = id_from(&result->ref);
	event->result.task.start_known = result->start_known;
	event->result.task.start = place_from_message(&result->start);
	event->result.bases = result->bases;
	r = outcome_from_message(result->outcome, &event->result.outcome, err);
	/* The file's end is the core's to check: it knows the chain. */
	if (r == 0 && event->result.outcome != SLICE_UNSURE)
		r = seam_from_message(&result->seam, INT64_MAX, &event->result.seam, err);
	if (r == 0 && event->result.outcome == SLICE_FAULT)
		r = fault_from_message(&result->fault, &event->result.fault, err);
	return r;
}

static int check_reads(const fq_Result *result, const struct counters *counters, struct error *err)
{
	if (!(counters_modules(counters) & COUNT_LENGTHS) ||
	    (counters_reads(counters) == result->seam.records && counters_bases(counters) == result->bases))
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters hold %llu reads, their seam %llu",
	                 (unsigned long long)counters_reads(counters), (unsigned long long)result->seam.records);
}

/* Of a second count some of the job's modules, the core knows which. */
static int check_modules(const struct job_row *row, const fq_Result *result, const struct counters *counters, struct error *err)
{
	uint32_t modules = counters_modules(counters);

	if (result->ref.again ? modules != 0 && (modules & ~row->modules) == 0 : modules == row->modules)
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters of modules %#x came where %#x were asked for", modules,
	                 row->modules);
}

static int check_rules(const struct job_row *row, const struct counters *counters, struct error *err)
{
	struct unpacker unpacker = {.at = row->rules, .end = row->rules + row->rules_n};
	struct count_rules rules;
	int r;

	if (!(counters_modules(counters) & COUNT_RULED))
		return 0;
	r = rules_unpack(&rules, &unpacker, err);
	if (r == 0 && !rules_equal(&rules, counters_rules(counters)))
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters came that were counted by other rules than the job's");
	return r;
}

/* Whether the counters are what the message says of them, and what the job asks for; into the event, which they are and their digest. */
static int result_check(const struct server *server, const fq_Result *result, const struct blob *blob, struct event *event,
                        struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const struct job_row *row = coord_find_row(server->coord, result->ref.job);
	uint8_t digest[DIGEST_SIZE];
	int r;

	r = digest_sha256(blob->bytes, blob->n, NULL, 0, digest);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	if (memcmp(digest, result->blob_sha256, sizeof digest) != 0)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters arrived with another hash than their own");
	r = counters_unpack(blob->bytes, blob->n, &counters, err);
	if (r < 0)
		return r;
	event->result.modules = counters_modules(counters);
	r = counters_digest(counters, blob->bytes, event->result.digest);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	r = check_reads(result, counters, err);
	if (r == 0 && row)
		r = check_modules(row, result, counters, err);
	if (r == 0 && row)
		r = check_rules(row, counters, err);
	return r;
}

static void result_take(struct session *session)
{
	struct receiving *receiving = &session->receiving;
	const fq_Result *result = &receiving->message;
	struct event event = {.kind = EVENT_RESULT, .peer = session->number};
	struct error error;

	receiving->open = false;
	if (result_event(result, &event, &error) < 0 ||
	    (event.result.outcome == SLICE_END &&
	     result_check(session->server, result, &receiving->blob, &event, &error) < 0)) {
		refuse(session, &error);
		return;
	}
	if (event.result.outcome == SLICE_END)
		session->server->stash = (struct stash){
			.job = result->ref.job,
			.file = result->ref.file,
			.slice = result->ref.slice,
			.again = result->ref.again,
			.bytes = receiving->blob.bytes,
			.n = receiving->blob.n,
		};
	drive(session->server, &event);
	session->server->stash = (struct stash){0};
	blob_deinit(&receiving->blob);
}

void from_result(struct session *session, uint16_t tag, const void *message)
{
	struct receiving *receiving = &session->receiving;
	struct error error;

	(void)tag;
	if (receiving->open) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "RESULT within the counters of another");
		refuse(session, &error);
		return;
	}
	receiving->message = *(const fq_Result *)message;
	blob_deinit(&receiving->blob);
	if (receiving->message.outcome == SLICE_END && receiving->message.blob_bytes == 0) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "RESULT without counters");
		refuse(session, &error);
		return;
	}
	if (receiving->message.blob_bytes == 0) {
		result_take(session);
		return;
	}
	if (blob_begin(&receiving->blob, receiving->message.blob_bytes, session->server->settings->result_max, &error) < 0) {
		refuse(session, &error);
		return;
	}
	receiving->open = true;
}

void from_result_data(struct session *session, const struct frame *frame)
{
	struct error error;
	int r;

	if (!session->receiving.open) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "DATA that nothing announced");
		peer_refuse(session->peer, &error);
		return;
	}
	r = blob_add(&session->receiving.blob, frame, &error);
	if (r < 0)
		refuse(session, &error);
	else if (r > 0)
		result_take(session);
}

/* ---- slices that come back without a result */

void from_crashed(struct session *session, uint16_t tag, const void *message)
{
	const fq_Crashed *crashed = message;
	struct event event = {.kind = EVENT_CRASHED, .peer = session->number};

	(void)tag;
	event.failed.id = id_from(&crashed->ref);
	event.failed.signal = (int)(crashed->signal & 0xff);
	event.failed.exit_status = (int)(crashed->exit_status & 0xff);
	log_warning("worker %s: the process that counted slice %llu of job %llu ended by %s %d", session->name,
	            (unsigned long long)crashed->ref.slice, (unsigned long long)crashed->ref.job,
	            event.failed.signal ? "signal" : "exit status",
	            event.failed.signal ? event.failed.signal : event.failed.exit_status);
	drive(session->server, &event);
}

void from_io_error(struct session *session, uint16_t tag, const void *message)
{
	const fq_IoError *failed = message;
	struct event event = {.kind = EVENT_IO_ERROR, .peer = session->number};
	char text[ERROR_TEXT_MAX];

	(void)tag;
	event.failed.id = id_from(&failed->ref);
	event.failed.error_number = failed->error_number;
	event.failed.text = text_sentence(text, sizeof text, failed->text);
	log_warning("worker %s: %s", session->name, text);
	drive(session->server, &event);
}

void from_return(struct session *session, uint16_t tag, const void *message)
{
	struct event event = {.kind = EVENT_RETURNED, .peer = session->number};

	(void)tag;
	event.failed.id = id_from(&((const fq_Ref *)message)->ref);
	drive(session->server, &event);
}

void from_draining(struct session *session, uint16_t tag, const void *message)
{
	struct event event = {.kind = EVENT_NODE_DRAINING, .peer = session->number};

	(void)tag;
	(void)message;
	drive(session->server, &event);
}
