/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client asks that changes something, or fetches a result. Looking is show.c's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"

/* ---- SUBMIT */

void submitting_clear(struct submitting *submitting)
{
	for (uint32_t i = 0; i < submitting->n; i++)
		free(submitting->paths[i]);
	free(submitting->paths);
	free(submitting->proofs);
	free(submitting->rules.bytes);
	*submitting = (struct submitting){0};
}

static int submit_check(const struct session *session, const fq_Submit *submit, struct error *err)
{
	const struct server *server = session->server;

	if (session->submitting.open)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "SUBMIT within another");
	if (submit->files == 0 || submit->files > server->settings->files_max)
		return error_set(err, -EINVAL, ERROR_USAGE, "a job has from 1 to %llu files, not %u",
		                 (unsigned long long)server->settings->files_max, submit->files);
	if (submit->modules == 0 || (submit->modules & ~COUNT_ALL))
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job asks for counts that this coordinator does not know");
	if ((submit->modules & COUNT_ORDERED) && !(submit->modules & COUNT_LENGTHS))
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job asks for counts that need the lengths of reads, but not for these");
	if (!store_has_room(server->store))
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full; submit again later");
	return 0;
}

/* The job's rules in canonical bytes: what the counters will hold. */
static int submit_rules(const fq_Submit *submit, struct packer *ret, struct error *err)
{
	struct unpacker unpacker = {.at = submit->rules.bytes, .end = submit->rules.bytes + submit->rules.size};
	struct count_rules rules;
	int r;

	if (!(submit->modules & COUNT_RULED))
		return 0;
	if (submit->rules.size == 0)
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job does not say by which rules it is to be counted");
	r = rules_unpack(&rules, &unpacker, err);
	if (r == 0 && unpack_left(&unpacker) > 0)
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "there are bytes behind its end");
	if (r < 0) {
		error_prefix(err, "the job's rules make no sense: ");
		return r;
	}
	rules_pack(&rules, ret);
	return ret->oom ? error_oom(err) : 0;
}

void from_submit(struct session *session, uint16_t tag, const void *message)
{
	struct submitting *submitting = &session->submitting;
	const fq_Submit *submit = message;
	struct error error;

	if (submit_check(session, submit, &error) < 0 || submit_rules(submit, &submitting->rules, &error) < 0) {
		session_refuse(session, &error); /* its SUBMIT_FILEs are on the way */
		return;
	}
	submitting->paths = calloc(submit->files, sizeof *submitting->paths);
	if (!submitting->paths) {
		(void)error_oom(&error);
		session_refuse(session, &error);
		return;
	}
	submitting->message = *submit;
	submitting->tag = tag;
	submitting->open = true;
}

/* The same uuid is the same job, if it is the same owner's. True: answered. */
static bool submit_known(struct session *session)
{
	struct submitting *submitting = &session->submitting;
	fq_Accepted accepted = {.known = true};
	struct job_row row;
	struct error error;
	int r;

	r = store_find_uuid(session->server->store, submitting->message.uuid, &row, &error);
	if (r == STORE_NONE)
		return false;
	if (r == 0 && strcmp(row.owner, session->name) != 0)
		r = error_set(&error, -EEXIST, ERROR_DENIED, "this job's uuid is another user's");
	if (r < 0) {
		session_fail(session, submitting->tag, &error);
		return true;
	}
	drive_commit(session->server); /* it may have come a moment ago */
	accepted.job = row.id;
	session_send(session, fq_Type_ACCEPTED, submitting->tag, &accepted);
	return true;
}

static void submit_drive(struct session *session)
{
	struct submitting *submitting = &session->submitting;
	const fq_Submit *submit = &submitting->message;
	struct event event = {.kind = EVENT_SUBMIT};
	struct job_row *row = &event.submit.row;

	event.request = request_number(session, submitting->tag, fq_Type_SUBMIT);
	memcpy(row->uuid, submit->uuid, sizeof row->uuid);
	(void)snprintf(row->owner, sizeof row->owner, "%s", session->name);
	(void)text_escape(row->name, sizeof row->name, submit->name);
	row->modules = submit->modules;
	row->algorithm = COUNTERS_ALGORITHM;
	row->lenient = submit->lenient;
	row->rules = submitting->rules.bytes;
	row->rules_n = (uint32_t)submitting->rules.n;
	row->slice_size = submit->slice_size;
	row->files = submit->files;
	event.submit.paths = (const char *const *)submitting->paths;
	event.submit.proofs = submitting->proofs;
	drive(session->server, &event);
}

void from_submit_file(struct session *session, uint16_t tag, const void *message)
{
	struct submitting *submitting = &session->submitting;
	const fq_SubmitFile *file = message;
	struct error error;

	if (!submitting->open || tag != submitting->tag) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "SUBMIT_FILE without its SUBMIT");
		session_refuse(session, &error);
		return;
	}
	submitting->bytes += strlen(file->path) + 1;
	submitting->paths[submitting->n] = submitting->bytes <= SUBMIT_PATHS_MAX ? strdup(file->path) : NULL;
	if (!submitting->paths[submitting->n]) {
		(void)error_set(&error, -E2BIG, ERROR_USAGE, "the paths of the job's files are too long altogether");
		session_refuse(session, &error);
		return;
	}
	if (++submitting->n < submitting->message.files)
		return;
	if (!submit_known(session))
		submit_drive(session);
	submitting_clear(submitting);
}

/* ---- CANCEL, NODE_DRAIN, NODE_RESUME */

void from_cancel(struct session *session, uint16_t tag, const void *message)
{
	const fq_JobsRequest *request = message;
	struct event event = {.kind = EVENT_CANCEL};
	struct job_view view;
	struct job_row row;
	struct error error;
	char reason[256];

	if (!coord_find_job(session->server->coord, request->job, &view) &&
	    store_find_job(session->server->store, request->job, &row, &error) == 0) {
		(void)error_set(&error, -EALREADY, ERROR_USAGE, "job %llu has ended already; there is nothing to cancel",
		                (unsigned long long)request->job);
		session_fail(session, tag, &error);
		return;
	}
	event.request = request_number(session, tag, fq_Type_CANCEL);
	event.cancel.job = request->job;
	event.cancel.owner = session->name;
	event.cancel.admin = session->role == fq_Role_ROLE_ADMIN;
	event.cancel.reason = text_escape(reason, sizeof reason, request->reason);
	drive(session->server, &event);
}

static void node_event(struct session *session, uint16_t tag, uint16_t type, enum event_kind kind, const fq_NodeRequest *request)
{
	struct event event = {.kind = kind, .request = request_number(session, tag, type)};
	char name[NODE_NAME_MAX], reason[256];

	event.drain.node = text_escape(name, sizeof name, request->name);
	event.drain.reason = text_escape(reason, sizeof reason, request->reason);
	drive(session->server, &event);
	server_status(session->server);
}

void from_node_drain(struct session *session, uint16_t tag, const void *message)
{
	node_event(session, tag, fq_Type_NODE_DRAIN, EVENT_DRAIN, message);
}

void from_node_resume(struct session *session, uint16_t tag, const void *message)
{
	suspects_forget(session->server);
	node_event(session, tag, fq_Type_NODE_RESUME, EVENT_RESUME, message);
}

/* ---- FETCH */

static int fetch_check(struct session *session, uint64_t id, struct job_row *ret, struct error *err)
{
	struct job_view view;
	int r;

	if (coord_find_job(session->server->coord, id, &view)) {
		*ret = *view.row;
		r = 0;
	} else {
		r = store_find_job(session->server->store, id, ret, err);
	}
	if (r < 0)
		return r;
	if (r == STORE_NONE)
		return error_set(err, -ENOENT, ERROR_NO_INPUT, "there is no job %llu", (unsigned long long)id);
	if (session->role != fq_Role_ROLE_ADMIN && strcmp(ret->owner, session->name) != 0)
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "job %llu belongs to another user; its owner or an administrator may fetch it",
		                 (unsigned long long)id);
	if (ret->state <= JOB_RUNNING)
		return error_set(err, -EAGAIN, ERROR_TEMPORARY, "job %llu has not ended yet", (unsigned long long)id);
	return 0;
}

/* Sends the result of one file, if it has one. */
static int fetch_file(struct session *session, uint16_t tag, uint64_t job, uint32_t file, struct error *err)
{
	_cleanup_(freep) fq_FileResult *head = calloc(1, sizeof *head);
	struct store *store = session->server->store;
	struct file_row row;
	const void *bytes;
	uint8_t *copy;
	size_t n;
	int r;

	if (!head)
		return error_oom(err);
	r = store_find_file(store, job, file, &row, err);
	if (r != 0)
		return r < 0 ? r : 0;
	head->job = job;
	head->file = file;
	head->records = row.records;
	head->bases = row.bases;
	(void)snprintf(head->path, sizeof head->path, "%s", row.path);
	if (row.facts.bgzf_unended)
		(void)snprintf(head->warning, sizeof head->warning,
		               "ends without BGZF's end-of-file block; the copy may be incomplete");
	r = store_result(store, job, file, &bytes, &n, err);
	if (r != 0)
		return r < 0 ? r : 0; /* a file that failed */
	copy = malloc(n);
	if (!copy)
		return error_oom(err);
	memcpy(copy, bytes, n);
	head->blob_bytes = n;
	r = digest_sha256(copy, n, NULL, 0, head->blob_sha256);
	if (r < 0) {
		free(copy);
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	}
	(void)peer_send_blob(session->peer, fq_Type_FILE_RESULT, tag, head, copy, n);
	return 0;
}

static int fetch_more(struct session *session, struct listing *listing, struct error *err)
{
	if (listing->file == listing->files)
		return 1;
	return fetch_file(session, listing->tag, listing->cursor, listing->file++, err);
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
	listing.files = row.files;
	listing_begin(session, &listing);
}
