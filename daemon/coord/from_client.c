/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client asks that changes something, or fetches a result. Looking is show.c's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* ---- CANCEL, NODE_DRAIN, NODE_RESUME */

void from_cancel(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	struct event event = {.kind = EVENT_CANCEL};
	struct job_row row;
	struct error error;
	char reason[256];
	int r = may_find(session, request->job, &row, &error);

	if (r == 0 && row.state > JOB_RUNNING)
		r = error_set(&error, -EALREADY, ERROR_USAGE, "job %llu has ended already; there is nothing to cancel",
		              (unsigned long long)request->job);
	if (r < 0) {
		session_fail(session, tag, &error);
		return;
	}
	if (strcmp(row.owner, session->name) != 0)
		log_event(LOG_NOTICE, &(struct log_about){.job = LOG_ID(row.id), .owner = row.owner, .peer = session->name},
		          "%s cancels job %llu of %s", session->name, (unsigned long long)row.id, row.owner);
	event.request = request_number(session, tag, fq_Type_CANCEL);
	event.cancel.job = request->job;
	event.cancel.owner = session->name;
	event.cancel.admin = session->role == fq_Role_ROLE_ADMIN;
	event.cancel.reason = text_escape(reason, sizeof reason, request->reason);
	drive(session->server, &event);
}

/* A worker that joined under the name may come yet, though none has since the coordinator's start: it can be drained for then. */
static bool worker_joined(const struct server *server, const char *name)
{
	for (size_t i = 0; i < server->peers.n; i++)
		if (server->peers.rows[i].role == fq_Role_ROLE_WORKER && strcmp(server->peers.rows[i].name, name) == 0)
			return true;
	return false;
}

/* A name that is mistyped is told, and makes no node. */
static int node_check(const struct server *server, const char *name, enum event_kind kind, struct error *err)
{
	if (coord_has_node(server->coord, name) || (kind == EVENT_DRAIN && worker_joined(server, name)))
		return 0;
	if (kind == EVENT_RESUME)
		return error_set(err, -ENOENT, ERROR_USAGE, "there is no node '%s'; 'fqctl nodes' lists them", name);
	return error_set(err, -ENOENT, ERROR_USAGE, "there is no node '%s', and no worker has joined under that name; 'fqctl nodes' and "
	                 "'fqctl peers' list them", name);
}

static void node_event(struct session *session, uint16_t tag, uint16_t type, enum event_kind kind, const fq_NodeRequest *request)
{
	struct event event = {.kind = kind, .request = request_number(session, tag, type)};
	char name[NODE_NAME_MAX], reason[256];
	struct error error;

	event.drain.node = text_escape(name, sizeof name, request->name);
	if (node_check(session->server, name, kind, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	if (kind == EVENT_RESUME)
		distrust_forget(session->server);
	event.drain.reason = text_escape(reason, sizeof reason, request->reason);
	log_event(LOG_NOTICE,
	          &(struct log_about){
			  .event = kind == EVENT_DRAIN ? TOLD_NODE_DRAINED : TOLD_NODE_RESUMED, .node = name, .peer = session->name},
	          "%s %s node %s%s%.200s", session->name, kind == EVENT_DRAIN ? "drains" : "resumes", name, reason[0] ? ": " : "", reason);
	drive(session->server, &event);
	server_status(session->server);
}

void from_node_drain(struct session *session, uint16_t tag, const void *message)
{
	node_event(session, tag, fq_Type_NODE_DRAIN, EVENT_DRAIN, message);
}

void from_node_resume(struct session *session, uint16_t tag, const void *message)
{
	node_event(session, tag, fq_Type_NODE_RESUME, EVENT_RESUME, message);
}

/* ---- FETCH */

static int fetch_check(struct session *session, uint64_t id, struct job_row *ret, struct error *err)
{
	int r = may_find(session, id, ret, err);

	if (r < 0)
		return r;
	if (ret->state <= JOB_RUNNING)
		return error_set(err, -EAGAIN, ERROR_TEMPORARY, "job %llu has not ended yet", (unsigned long long)id);
	return 0;
}

static void fetch_send(struct session *session, uint16_t tag, fq_FileResult *head, uint8_t *bytes, size_t n)
{
	head->blob_bytes = n;
	session->sending.busy = true;
	session->sending.since_ms = server_now(session->server);
	session->sending.from = connection_bytes_out(peer_connection(session->peer));
	(void)peer_send_blob(session->peer, fq_Type_FILE_RESULT, tag, head, bytes, n);
}

/* A small one, at once. */
static int fetch_small(struct session *session, uint16_t tag, fq_FileResult *head, struct error *err)
{
	const void *bytes;
	uint8_t *copy;
	size_t n;
	int r = store_result(session->server->store, head->job, head->file, &bytes, &n, err);

	if (r != 0)
		return r < 0 ? r : 0;
	copy = malloc(n);
	if (!copy)
		return error_oom(err);
	memcpy(copy, bytes, n);
	r = digest_sha256(copy, n, NULL, 0, head->blob_sha256);
	if (r < 0) {
		free(copy);
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	}
	fetch_send(session, tag, head, copy, n);
	return 0;
}

static void fetch_read(void *data)
{
	listing_more(data);
}

/* A large one, when it is read. */
static int fetch_large(struct session *session, uint16_t tag, fq_FileResult *head, struct error *err)
{
	struct reading *reading = &session->sending.reading;

	if (!reading->done) {
		*reading = (struct reading){.job = head->job, .file = head->file, .hashed = true, .done = fetch_read, .data = session};
		reading_begin(session->server, reading);
		return LISTING_WAITS;
	}
	reading->done = NULL;
	if (reading->r != 0) {
		*err = reading->error;
		return reading->r < 0 ? reading->r : 0;
	}
	memcpy(head->blob_sha256, reading->sha256, sizeof reading->sha256);
	fetch_send(session, tag, head, TAKE(reading->bytes), reading->n);
	return 0;
}

/* Sends the result of one file, if it has one and there is room for it. */
static int fetch_file(struct session *session, uint16_t tag, uint64_t job, uint32_t file, struct error *err)
{
	_cleanup_(freep) fq_FileResult *head = calloc(1, sizeof *head);
	struct store *store = session->server->store;
	struct file_row row;
	size_t n;
	int r;

	if (!head)
		return error_oom(err);
	if (session->sending.busy || session->sending.claim.state == CLAIM_WAITS || session->sending.reading.waits)
		return LISTING_WAITS;
	r = store_find_file(store, job, file, &row, err);
	if (r != 0 || row.role == FILE_SECOND) /* that one's is a part of another one's */
		return r < 0 ? r : 0;
	head->job = job;
	head->file = file;
	head->records = row.records;
	head->bases = row.bases;
	(void)snprintf(head->path, sizeof head->path, "%s", row.path);
	if (row.facts.bgzf_unended)
		(void)snprintf(head->warning, sizeof head->warning,
		               "ends without BGZF's end-of-file block; the copy may be incomplete");
	r = store_result_size(store, job, file, &n, err);
	if (r != 0)
		return r < 0 ? r : 0; /* a file that failed */
	if (session->sending.claim.state == CLAIM_NONE && !memory_out(session, n))
		return LISTING_WAITS;
	return n < LABOUR_BYTES ? fetch_small(session, tag, head, err) : fetch_large(session, tag, head, err);
}

static int fetch_more(struct session *session, struct listing *listing, struct error *err)
{
	int r = 1;

	if (listing->file < listing->files)
		r = fetch_file(session, listing->tag, listing->cursor, listing->file, err);
	listing->file += r == 0;
	if (r != LISTING_WAITS && !session->sending.busy)
		memory_out_done(session); /* it was granted what is not there any more */
	return r;
}

void from_fetch(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	struct listing listing = {.more = fetch_more, .tag = tag, .cursor = request->job};
	struct job_row row;
	struct error error;

	if (fetch_check(session, request->job, &row, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	listing.files = session->proto >= 3 ? row.files : row.inputs;
	listing_begin(session, &listing);
}
