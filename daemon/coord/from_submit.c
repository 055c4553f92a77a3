/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SUBMIT and its SUBMIT_FILEs, up to the event for the core: bounds, rules, proofs of reading, and whether the job is there already.
 *
 * Of whom proofs are demanded the option `proof` says. They are checked by the worker that opens the file (lib/fastq/proof.h); here
 * they only have to be there, and get the key that they must have been made with.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"
#include "lib/qc/rules.h"

void submitting_clear(struct submitting *submitting)
{
	for (uint32_t i = 0; i < submitting->n; i++)
		free(submitting->paths[i]);
	for (uint32_t i = 0; submitting->names && i < submitting->n; i++)
		free(submitting->names[i]);
	free(submitting->names);
	groups_deinit(&submitting->groups);
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
	if ((uint32_t)submit->merge >= _MERGE_LEVEL_MAX)
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job asks for groups of files that this coordinator does not know");
	if (submit->files == 0 || submit->files > server->settings->files_max)
		return error_set(err, -EINVAL, ERROR_USAGE, "a job has from 1 to %llu files, not %u",
		                 (unsigned long long)server->settings->files_max, submit->files);
	if (submit->modules == 0 || (submit->modules & ~COUNT_ALL))
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job asks for counts that this coordinator does not know");
	if ((submit->modules & COUNT_ORDERED) && !(submit->modules & COUNT_LENGTHS))
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "the job asks for counts that need the lengths of reads, but not for these");
	if (session_proves(session) && session->proto < 2)
		return error_set(err, -EPROTO, ERROR_PROTOCOL,
		                 "this coordinator wants a proof that you can read the files, and your fqctl (version %s) is too old "
		                 "to give one; use that of version " PACKAGE_VERSION, TEXT(session->version));
	room_check(session->server);
	if (server->hold)
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
	if (submit->merge != fq_MergeLevel_MERGE_LEVEL_NONE)
		submitting->names = calloc(submit->files, sizeof *submitting->names);
	if (session_proves(session))
		submitting->proofs = calloc(submit->files, sizeof *submitting->proofs);
	if (!submitting->paths || (submit->merge != fq_MergeLevel_MERGE_LEVEL_NONE && !submitting->names) ||
	    (session_proves(session) && !submitting->proofs)) {
		(void)error_oom(&error);
		session_refuse(session, &error);
		return;
	}
	submitting->message = *submit;
	submitting->tag = tag;
	submitting->open = true;
	if (memory_submitting(session, &error) < 0) {
		submitting_clear(submitting);
		peer_refuse(session->peer, &error);
	}
}

/* Whether a job that is there asks for the same. */
static int submit_same(struct session *session, const struct job_row *job, struct error *err)
{
	const struct submitting *submitting = &session->submitting;
	const fq_Submit *submit = &submitting->message;
	const uint32_t profiled = submit->profile[0] ? COUNT_KMERS : 0; /* may have been added by it */
	bool same = job->inputs == submitting->n && job->merge == (uint32_t)submit->merge &&
	            (job->modules | profiled) == (submit->modules | profiled) && job->lenient == submit->lenient &&
	            strcmp(job->profile, submit->profile) == 0 &&
	            (submit->profile_text.size == 0 ||
	             (job->limits_n == submit->profile_text.size && memcmp(job->limits, submit->profile_text.bytes, job->limits_n) == 0));
	const uint64_t id = job->id;

	for (uint32_t i = 0; same && i < submitting->n; i++) {
		struct file_row file;
		int r = store_find_file(session->server->store, id, i, &file, err);

		if (r < 0)
			return r;
		same = r == 0 && strcmp(file.path, submitting->paths[i]) == 0;
	}
	return same ? 0 : error_set(err, -EEXIST, ERROR_USAGE,
	                            "job %llu was submitted under this id with other files or to be counted otherwise; give a "
	                            "new job another id", (unsigned long long)id);
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
		r = error_set(&error, -EEXIST, ERROR_DENIED, "another user has a job under this id: give a new job another id");
	if (r == 0)
		r = submit_same(session, &row, &error);
	if (r < 0) {
		session_fail(session, submitting->tag, &error);
		return true;
	}
	if (drive_commit(session->server) < 0) /* it may have come a moment ago */
		return true;
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
	struct error error;

	event.request = request_number(session, submitting->tag, fq_Type_SUBMIT);
	memcpy(row->uuid, submit->uuid, sizeof row->uuid);
	(void)snprintf(row->owner, sizeof row->owner, "%s", session->name);
	(void)text_escape(row->name, sizeof row->name, submit->name);
	row->modules = submit->modules;
	row->algorithm = COUNTERS_ALGORITHM;
	row->lenient = submit->lenient;
	row->fresh = submit->fresh;
	row->split_gzip = (enum split_gzip)submit->split_gzip;
	row->rules = submitting->rules.bytes;
	row->rules_n = (uint32_t)submitting->rules.n;
	row->slice_size = submit->slice_size;
	row->files = submit->files;
	if (submit_profile(session, row, &error) < 0) {
		session_fail(session, submitting->tag, &error);
		return;
	}
	row->merge = (uint32_t)submit->merge;
	event.submit.groups = submitting->groups.items;
	event.submit.groups_n = submitting->groups.n;
	event.submit.paths = (const char *const *)submitting->paths;
	event.submit.proofs = submitting->proofs;
	drive(session->server, &event);
}

/* The file's path, and its proof where one is demanded. */
static int file_add(struct session *session, const fq_SubmitFile *file, struct error *err)
{
	struct submitting *submitting = &session->submitting;
	const uint32_t i = submitting->n;
	struct file_proof *proof;
	int r;

	submitting->bytes += strlen(file->path) + 1;
	if (submitting->names)
		submitting->bytes += strlen(file->name) + 1;
	r = memory_submitting(session, err);
	if (r < 0)
		return r;
	if (submitting->proofs) {
		proof = &submitting->proofs[i];
		if (file->proof.size != sizeof proof->proof)
			return error_set(err, -EPERM, ERROR_DENIED, "there is no proof that the submitter can read file %u of the job",
			                 i + 1);
		*proof = (struct file_proof){.wanted = true, .size = file->size};
		memcpy(proof->proof, file->proof.bytes, sizeof proof->proof);
		r = proof_key(session->nonce, submitting->message.uuid, i, proof->key);
		if (r < 0)
			return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	}
	submitting->paths[i] = strdup(file->path);
	if (submitting->names)
		submitting->names[i] = strdup(file->name[0] ? file->name : file->path);
	if (!submitting->paths[i] || (submitting->names && !submitting->names[i])) {
		free(TAKE(submitting->paths[i]));
		return error_oom(err);
	}
	submitting->n++;
	return 0;
}

/* All files are there: which belong together, as their names say. */
static int groups_find(struct submitting *submitting, struct error *err)
{
	return groups_make((const char *const *)submitting->names, submitting->n, (enum merge_level)submitting->message.merge,
	                   &submitting->groups, err);
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
	if (file_add(session, file, &error) < 0) {
		submitting_clear(submitting);
		session_refuse(session, &error);
		return;
	}
	if (submitting->n < submitting->message.files)
		return;
	if (groups_find(submitting, &error) < 0)
		session_fail(session, tag, &error);
	else if (!submit_known(session))
		submit_drive(session);
	submitting_clear(submitting);
}
