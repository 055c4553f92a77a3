/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker says, as events for the core.
 *
 * A result is believed in steps: its counters arrive whole and with their hash, unpack, are of the job's modules and rules, and
 * add up to the reads and bases that it tells; then the core looks at its seam. A worker that fails one of these is dropped, its
 * slices are lost, and it is not trusted any more (distrust.c).
 *
 * It is taken when there is memory for it (memory.c). One that is larger than any may be is read past, and its slice cannot be
 * counted there: its worker has done nothing wrong.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/convert.h"
#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"

#define COMING_MS 500 /* how often the core hears that a result comes */

#define HELD_MAX (sizeof((fq_Hello){0}.held) / sizeof *(fq_Hello){0}.held)

/* Only to be told: without memory for it there are none to tell. */
static void keep_roots(struct session *session, const fq_Hello *hello)
{
	session->roots_all = hello->roots_n;
	if (hello->roots_count == 0)
		return;
	session->roots = malloc(hello->roots_count * sizeof *session->roots);
	if (!session->roots)
		return;
	memcpy(session->roots, hello->roots, hello->roots_count * sizeof *session->roots);
	session->roots_n = (uint32_t)hello->roots_count;
}

void from_worker_hello(struct session *session, const fq_Hello *hello)
{
	struct slice_id held[HELD_MAX];
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = session->number};

	(void)snprintf(session->name, sizeof session->name, "%s", hello->name);
	if (session->gate_only) {
		log_event(LOG_INFO, &(struct log_about){.event = TOLD_NODE_JOINED, .node = session->name}, "worker %s is there, without slots",
		          session->name);
		return;
	}
	keep_roots(session, hello);
	(void)snprintf(session->batch.engine, sizeof session->batch.engine, "%s", hello->batch_engine);
	(void)snprintf(session->batch.job, sizeof session->batch.job, "%s", hello->batch_job);
	session->batch.ends = hello->batch_ends;
	for (size_t i = 0; i < hello->held_count; i++)
		held[i] = slice_id_from(&hello->held[i]);
	event.hello = (struct node_hello){
		.name = session->name,
		.slots = hello->slots,
		.cores = hello->cores,
		.algorithm = hello->algorithm,
		.proto = session->proto,
		.draining = hello->draining,
		.transient = hello->batch_engine[0] != '\0',
		.held = held,
		.held_n = (uint32_t)hello->held_count,
	};
	memcpy(event.hello.instance, hello->instance, sizeof event.hello.instance);
	memcpy(&event.hello.key, session->pin, sizeof event.hello.key);
	drive(session->server, &event);
	server_status(session->server);
}

void worker_gone(struct session *session)
{
	struct event event = {.kind = EVENT_NODE_GONE, .peer = session->number};

	if (!session->welcome || session->role != fq_Role_ROLE_WORKER)
		return;
	session->welcome = false;
	if (session->gate_only)
		return;
	drive(session->server, &event);
	server_status(session->server);
}

void from_progress(struct session *session, uint16_t tag, const void *message)
{
	const fq_Progress *progress = message;
	struct event event = {.kind = EVENT_PROGRESS, .peer = session->number};

	(void)tag;
	event.progress.id = slice_id_from(&progress->ref);
	event.progress.bytes = progress->bytes;
	drive(session->server, &event);
	job_changed(session->server, progress->ref.job);
}

/* ---- results */

static int result_event(const fq_Result *result, struct event *event, struct error *err)
{
	int r;

	event->result.id = slice_id_from(&result->ref);
	event->result.task.start_known = result->start_known;
	event->result.task.start = place_from_message(&result->start);
	event->result.bases = result->bases;
	r = outcome_from_message(result->outcome, &event->result.outcome, err);
	/* The file's end is the core's to check: it knows the chain. */
	if (r == 0 && event->result.outcome != SLICE_UNSURE)
		r = seam_from_message(&result->seam, INT64_MAX, &event->result.seam, err);
	if (r == 0 && event->result.outcome == SLICE_FAULT)
		r = fault_from_message(&result->fault, &event->result.fault, err);
	if (r == 0 && event->result.outcome == SLICE_END && result->has_report)
		r = report_from_message(&result->report, INT64_MAX / 8, &event->result.report, err);
	event->result.has_report = result->has_report;
	return r;
}

/* The file's bytes are the bound of all that can be counted in them; so no sum of honest numbers and these overflows. */
static int check_room(const struct server *server, const fq_Result *result, const struct slice_seam *seam, struct error *err)
{
	struct file_view view;

	if (!coord_find_file(server->coord, result->ref.job, result->ref.file, &view) || !view.chain ||
	    chain_counts_valid(view.chain, seam, result->bases))
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL,
	                 "it counted %llu reads and %llu bases from byte %llu to byte %llu, where so many cannot be",
	                 (unsigned long long)seam->records, (unsigned long long)result->bases,
	                 (unsigned long long)seam->first.block, (unsigned long long)seam->next.block);
}

static int check_reads(const fq_Result *result, const struct counters *counters, struct error *err)
{
	if (!(counters_modules(counters) & COUNT_LENGTHS) ||
	    (counters_reads(counters) == result->seam.records && counters_bases(counters) == result->bases))
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters hold %llu reads, their seam %llu",
	                 (unsigned long long)counters_reads(counters), (unsigned long long)result->seam.records);
}

/* What is counted in slices of the file. */
static uint32_t modules_wanted(const struct server *server, const struct job_row *row, const fq_SliceRef *ref)
{
	struct file_view view;

	return coord_find_file(server->coord, ref->job, ref->file, &view) && view.row->role == FILE_SECOND ? view.row->modules
	                                                                                                   : row->modules;
}

/* Of a second count some of the job's modules, the core knows which. */
static int check_modules(uint32_t wanted, const fq_Result *result, const struct counters *counters, struct error *err)
{
	uint32_t modules = counters_modules(counters);

	if (result->ref.again ? modules != 0 && (modules & ~wanted) == 0 : modules == wanted)
		return 0;
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters of modules %#x came where %#x were asked for", modules, wanted);
}

static int check_rules(const struct job_row *row, const struct counters *counters, struct error *err)
{
	struct unpacker unpacker = {.at = row->rules};
	struct count_rules rules;
	int r;

	if (!(counters_modules(counters) & COUNT_RULED))
		return 0;
	unpacker.end = row->rules + row->rules_n;
	r = rules_unpack(&rules, &unpacker, err);
	if (r == 0 && !rules_equal(&rules, counters_rules(counters)))
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters came that were counted by other rules than the job's");
	return r;
}

/* A result that came whole, and its counters. */
struct arrived {
	const fq_Result *result;
	const struct blob *blob;
	const struct job_row *row;  /* of an unfinished job, or NULL */
	uint32_t modules;           /* that are counted in this file */
	struct event *event;
	struct counters *counters;  /* once they are unpacked */
};

/*
 * Whether the counters are what the message says of them, and what the job asks for; into the event, which they are and their
 * digest. A labour.
 */
static int result_check(void *data, struct error *err)
{
	struct arrived *arrived = data;
	const fq_Result *result = arrived->result;
	uint8_t digest[DIGEST_SIZE];
	int r;

	r = digest_sha256(arrived->blob->bytes, arrived->blob->n, NULL, 0, digest);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	if (memcmp(digest, result->blob_sha256, sizeof digest) != 0)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL, "counters arrived with another hash than their own");
	r = counters_unpack(arrived->blob->bytes, arrived->blob->n, &arrived->counters, err);
	if (r < 0)
		return r;
	arrived->event->result.modules = counters_modules(arrived->counters);
	r = counters_digest(arrived->counters, arrived->blob->bytes, arrived->event->result.digest);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	r = check_reads(result, arrived->counters, err);
	if (r == 0 && arrived->row)
		r = check_modules(arrived->modules, result, arrived->counters, err);
	if (r == 0 && arrived->row)
		r = check_rules(arrived->row, arrived->counters, err);
	return r;
}

/* The disk is full, and what is left of it for other things: the slice is forgotten, and counted again when there is room. */
static void result_give_back(struct session *session, const fq_SliceRef *ref)
{
	const struct action drop = {.kind = ACTION_SEND_DROP, .peer = session->number, .id = slice_id_from(ref)};
	struct event event = {.kind = EVENT_RETURNED, .peer = session->number};

	event.failed.id = slice_id_from(ref);
	event.failed.untaken = true;
	to_worker(session->server, &drop);
	drive(session->server, &event);
}

/* The file's counters take what is proven by now, so that little is left to be done at its end. A labour. */
struct follow {
	struct server *server;
	const fq_SliceRef *ref;
};

static int follow(void *data, struct error *err)
{
	const struct follow *follow = data;
	struct server *server = follow->server;

	(void)err;
	contexts_follow(&server->contexts, server->store, server->coord, follow->ref->job, follow->ref->file);
	return 0;
}

/* What came is large, or what was owed and is proven by it. */
static bool following_is_long(const struct server *server, const fq_SliceRef *ref, size_t n)
{
	return n >= LABOUR_BYTES || contexts_owed(&server->contexts, server->store, server->coord, ref->job, ref->file) >= LABOUR_BYTES;
}

static void result_drive(struct session *session, struct event *event, struct arrived *arrived)
{
	struct server *server = session->server;
	const fq_Result *result = arrived->result;
	struct follow after = {.server = server, .ref = &result->ref};
	size_t n = arrived->blob->n;

	if (event->result.outcome == SLICE_END)
		server->stash = (struct stash){
			.job = result->ref.job,
			.file = result->ref.file,
			.slice = result->ref.slice,
			.again = result->ref.again,
			.bytes = arrived->blob->bytes,
			.n = n,
			.counters = TAKE(arrived->counters),
			.window = result->window.size > 0 && event->result.window ? result->window.bytes : NULL,
			.window_n = result->window.size,
		};
	drive(server, event);
	counters_free(server->stash.counters);
	server->stash = (struct stash){0};
	if (event->result.outcome == SLICE_END && !server->fallen)
		(void)(following_is_long(server, &result->ref, n) ? labour(server, follow, &after, NULL) : follow(&after, NULL)); /* 0 */
	contexts_let_go(&server->contexts);
	(void)drive_check(server);
}

static void result_take(struct session *session)
{
	_cleanup_(freep) uint8_t *window = NULL;
	struct receiving *receiving = &session->receiving;
	struct arrived arrived = {.result = &receiving->message, .blob = &receiving->blob};
	struct event event = {.kind = EVENT_RESULT, .peer = session->number};
	struct error error;
	int r;

	receiving->open = false;
	if (receiving->message.ref.scout) {
		scout_take(session);
		return;
	}
	room_check(session->server);
	if (store_is_short(session->server->store)) {
		result_give_back(session, &arrived.result->ref);
		blob_deinit(&receiving->blob);
		memory_in_done(session);
		return;
	}
	arrived.row = coord_find_row(session->server->coord, receiving->message.ref.job);
	arrived.modules = arrived.row ? modules_wanted(session->server, arrived.row, &receiving->message.ref) : 0;
	arrived.event = &event;
	r = result_event(&receiving->message, &event, &error);
	if (r == 0 && event.result.outcome == SLICE_END)
		r = result_window(&receiving->message, &window, &error);
	event.result.window = window;
	if (r == 0 && event.result.outcome == SLICE_END)
		r = check_room(session->server, &receiving->message, &event.result.seam, &error);
	if (r == 0 && event.result.outcome == SLICE_END)
		r = receiving->blob.n >= LABOUR_BYTES ? labour(session->server, result_check, &arrived, &error)
		                                      : result_check(&arrived, &error);
	if (r == 0)
		result_drive(session, &event, &arrived);
	else
		session_refuse(session, &error);
	counters_free(arrived.counters);
	blob_deinit(&receiving->blob);
	memory_in_done(session);
}

static struct log_about about_ref(const struct session *session, const fq_SliceRef *ref, int event)
{
	return (struct log_about){
		.event = event, .job = LOG_ID(ref->job), .file = LOG_ID(ref->file), .slice = LOG_ID(ref->slice), .node = session->name};
}

/* A result that is larger than any may be: no other node would make a smaller one. */
static void result_too_large(struct session *session)
{
	struct receiving *receiving = &session->receiving;
	const fq_Result *result = &receiving->message;
	struct event event = {.kind = EVENT_IO_ERROR, .peer = session->number};
	fq_Ref ref = {.has_ref = true, .ref = result->ref};
	const struct log_about about = about_ref(session, &result->ref, TOLD_RESULT_TOO_LARGE);
	char text[ERROR_TEXT_MAX];

	receiving->skip = result->blob_bytes;
	(void)snprintf(text, sizeof text, "the counters of slice %llu take %llu bytes, more than result_max of the coordinator "
	               "(%llu); its reads are too long for that", (unsigned long long)result->ref.slice,
	               (unsigned long long)result->blob_bytes,
	               (unsigned long long)session->server->settings->result_max);
	log_event(LOG_WARNING, &about, "worker %s: job %llu: %s", session->name, (unsigned long long)result->ref.job, text);
	event.failed.id = slice_id_from(&result->ref);
	event.failed.error_number = EFBIG;
	event.failed.text = text;
	drive(session->server, &event);
	session_send(session, fq_Type_RESULT_ACK, 0, &ref); /* it need not keep it */
}

void from_result(struct session *session, uint16_t tag, const void *message)
{
	struct receiving *receiving = &session->receiving;
	struct error error;

	(void)tag;
	if (receiving->open || receiving->skip > 0) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "RESULT within the counters of another");
		session_refuse(session, &error);
		return;
	}
	receiving->message = *(const fq_Result *)message;
	blob_deinit(&receiving->blob);
	if (receiving->message.ref.scout && receiving->message.blob_bytes > SCOUT_BLOB_MAX) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "RESULT of a scout with more symbols than can be");
		session_refuse(session, &error);
		return;
	}
	if (receiving->message.outcome == SLICE_END && receiving->message.blob_bytes == 0 && !receiving->message.ref.scout) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "RESULT without counters");
		session_refuse(session, &error);
		return;
	}
	if (receiving->message.blob_bytes == 0)
		result_take(session);
	else if (receiving->message.blob_bytes > session->server->settings->result_max)
		result_too_large(session);
	else if (memory_in(session, receiving->message.blob_bytes))
		result_begin(session);
}

void result_begin(struct session *session)
{
	struct receiving *receiving = &session->receiving;

	receiving->blob = (struct blob){.want = (size_t)receiving->message.blob_bytes};
	receiving->open = true;
	receiving->moved_ms = server_now(session->server);
}

void result_coming(struct session *session)
{
	struct event event = {.kind = EVENT_COMING, .peer = session->number};
	uint64_t now = server_now(session->server);

	session->receiving.moved_ms = now;
	if (now - session->receiving.told_ms < COMING_MS)
		return;
	session->receiving.told_ms = now;
	drive(session->server, &event);
}

void from_result_data(struct session *session, const struct frame *frame)
{
	struct receiving *receiving = &session->receiving;
	struct error error;
	int r;

	if (receiving->skip > 0 && frame->n <= receiving->skip) {
		receiving->skip -= frame->n;
		return;
	}
	if (!receiving->open) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "DATA that nothing announced");
		session_refuse(session, &error);
		return;
	}
	r = blob_add(&receiving->blob, frame, &error);
	if (r < 0)
		session_refuse(session, &error);
	else if (r > 0)
		result_take(session);
	else
		result_coming(session);
}

/* ---- slices that come back without a result */

/* Of slices that it does not count nothing is said: a worker that lies could fill the journal. */
static bool runs(const struct session *session, const struct slice_id *id)
{
	return coord_node_runs(session->server->coord, session->number, id);
}

void from_crashed(struct session *session, uint16_t tag, const void *message)
{
	const fq_Crashed *crashed = message;
	struct event event = {.kind = EVENT_CRASHED, .peer = session->number};
	const struct log_about about = about_ref(session, &crashed->ref, TOLD_SLICE_CRASHED);

	(void)tag;
	event.failed.id = slice_id_from(&crashed->ref);
	event.failed.signal = (int)(crashed->signal & 0xff);
	event.failed.exit_status = (int)(crashed->exit_status & 0xff);
	if (runs(session, &event.failed.id))
		log_event(LOG_WARNING, &about,
		          "worker %s: the process that counted slice %llu of job %llu ended by %s %d", session->name,
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
	event.failed.id = slice_id_from(&failed->ref);
	event.failed.error_number = failed->error_number;
	event.failed.text = text_sentence(text, sizeof text, failed->text); /* the core tells the journal, with the job */
	drive(session->server, &event);
}

void from_return(struct session *session, uint16_t tag, const void *message)
{
	struct event event = {.kind = EVENT_RETURNED, .peer = session->number};

	(void)tag;
	event.failed.id = slice_id_from(&((const fq_Ref *)message)->ref);
	drive(session->server, &event);
}

void from_draining(struct session *session, uint16_t tag, const void *message)
{
	struct event event = {.kind = EVENT_NODE_DRAINING, .peer = session->number};

	(void)tag;
	(void)message;
	drive(session->server, &event);
}
