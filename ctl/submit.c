/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One submission:
 *
 *     paths made absolute, proofs of reading -> SUBMIT, SUBMIT_FILE... -> ACCEPTED (durable) -> WAIT -> FETCH -> output
 *
 * The job's uuid is made here, once, or given by the person: when the connection is lost, or fqctl ended, before ACCEPTED came,
 * the same uuid is sent again and cannot become a second job.
 */
#include "ctl/submit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/group_names.h"
#include "ctl/job.h"
#include "ctl/judging.h"
#include "ctl/profiles.h"
#include "ctl/proofs.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

/* The files that are submitted: those that can be read, in the order in which they were named. */
struct inputs {
	char **names;             /* the command line's */
	size_t *places;           /* of each, among all arguments */
	size_t n;
	struct proof_file *files; /* for the connection that there is */
	struct failures failures; /* of those that cannot be */
	size_t failed;            /* the place of the first of them */
};

static void inputs_deinit(struct inputs *inputs)
{
	proofs_free(inputs->files, inputs->n);
	free(inputs->names);
	free(inputs->places);
}

static int inputs_init(const struct call *call, struct inputs *ret, struct error *err)
{
	ret->names = calloc(call->arguments_n, sizeof *ret->names);
	ret->places = calloc(call->arguments_n, sizeof *ret->places);
	if (!ret->names || !ret->places)
		return error_oom(err);
	ret->n = call->arguments_n;
	for (size_t i = 0; i < ret->n; i++) {
		ret->names[i] = call->arguments[i];
		ret->places[i] = i;
	}
	return 0;
}

/* Takes out those that cannot be read here and tells why; how many. */
static size_t inputs_drop(struct inputs *inputs)
{
	size_t kept = 0, n = inputs->n;

	for (size_t i = 0; i < n; i++) {
		if (inputs->files[i].error.class == ERROR_NONE) {
			inputs->places[kept] = inputs->places[i];
			inputs->names[kept++] = inputs->names[i];
			continue;
		}
		if (inputs->failures.class == ERROR_NONE)
			inputs->failed = inputs->places[i];
		failures_add(&inputs->failures, &inputs->files[i].error);
	}
	if (kept == n)
		return 0;
	proofs_free(inputs->files, n);
	inputs->files = NULL;
	inputs->n = kept;
	return n - kept;
}

/*
 * The proofs of all files for this connection. Of several files the ones that cannot be read cost the others nothing, where fqctl
 * stays to tell so; the others then have other numbers, and other proofs. 0, an exit status where nothing is left to be submitted,
 * or negative with a sentence.
 */
static int inputs_prove(struct client *client, const struct submission *submission, const uint8_t uuid[16],
                        struct inputs *inputs, struct error *err)
{
	int r;

	do {
		proofs_free(TAKE(inputs->files), inputs->n);
		r = proofs_make(client, uuid, inputs->names, inputs->n, &inputs->files, err);
		if (r < 0)
			return r;
		if (inputs->n == 1 && inputs->failures.class == ERROR_NONE && inputs->files[0].error.class != ERROR_NONE) {
			*err = inputs->files[0].error;
			return -ENOENT;
		}
		r = inputs_drop(inputs) > 0;
	} while (r > 0 && inputs->n > 0 && submission->wait);
	return r > 0 ? (int)inputs->failures.class : 0;
}

static int submit_send(struct client *client, const fq_Submit *submit, const struct inputs *inputs, fq_Accepted *ret,
                       struct error *err)
{
	_cleanup_(freep) void *answer = malloc(message_struct_size_largest());
	_cleanup_(freep) fq_SubmitFile *message = calloc(1, sizeof *message);
	bool proven = client->welcome.nonce.size > 0;
	uint16_t type;
	int r;

	if (!answer || !message)
		return error_oom(err);
	r = client_ask(client, fq_Type_SUBMIT, submit, err);
	for (size_t i = 0; r == 0 && i < inputs->n; i++) {
		const struct proof_file *file = &inputs->files[i];

		(void)snprintf(message->path, sizeof message->path, "%s", file->path);
		message->size = file->size;
		message->proof.size = proven ? sizeof file->proof : 0;
		memcpy(message->proof.bytes, file->proof, sizeof file->proof);
		if (submit->merge != fq_MergeLevel_MERGE_LEVEL_NONE)
			(void)snprintf(message->name, sizeof message->name, "%s", inputs->names[i]);
		r = client_ask(client, fq_Type_SUBMIT_FILE, message, err);
	}
	if (r == 0)
		r = client_answer(client, &type, answer, NULL, err);
	if (r < 0)
		return r;
	FAILPOINT("submit-answered");
	if (type != fq_Type_ACCEPTED)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to SUBMIT", message_name(type));
	*ret = *(const fq_Accepted *)answer;
	return 0;
}

/* Who names a profile wants verdicts, so that a report is counted whatever form is written now. An older coordinator is not told of it. */
static void put_profile(const struct reporting *reporting, const struct client *client, fq_Submit *ret)
{
	if (!reporting->asked[0])
		return;
	ret->modules |= reporting_modules(reporting);
	if (client->welcome.proto < PROTO_PROFILES)
		return;
	(void)snprintf(ret->profile, sizeof ret->profile, "%s", reporting->asked);
	ret->profile_text.size = (pb_size_t)reporting->own.n;
	if (reporting->own.n > 0)
		memcpy(ret->profile_text.bytes, reporting->own.text, reporting->own.n);
}

/* What is asked for, under a new uuid unless one was given. */
static int submit_make(const struct call *call, const struct client *client, const struct submission *submission, fq_Submit *ret,
                       struct error *err)
{
	struct packer packer = {0};
	int r = submission->uuid ? 0 : digest_random(ret->uuid, sizeof ret->uuid);

	if (submission->uuid)
		memcpy(ret->uuid, submission->uuid, sizeof ret->uuid);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	(void)snprintf(ret->name, sizeof ret->name, "%s", submission->name ? submission->name : call->arguments[0]);
	ret->modules = output_modules(&call->output, &call->reporting);
	put_profile(&call->reporting, client, ret);
	ret->lenient = submission->lenient;
	ret->fresh = submission->fresh;
	ret->split_gzip = submission->split_gzip;
	ret->slice_size = submission->slice_size;
	ret->merge = (fq_MergeLevel)submission->merge;
	if (!(ret->modules & COUNT_RULED))
		return 0;
	rules_pack(&call->reporting.rules, &packer);
	if (packer.oom || packer.n > sizeof ret->rules.bytes) {
		free(packer.bytes);
		return error_oom(err);
	}
	memcpy(ret->rules.bytes, packer.bytes, packer.n);
	ret->rules.size = (pb_size_t)packer.n;
	free(packer.bytes);
	return 0;
}

/* Until the coordinator has accepted, over lost connections, of which each has its own nonce. As inputs_prove(). */
static int submit_surely(struct call *call, struct client *client, const struct submission *submission, struct inputs *inputs,
                         fq_Accepted *ret, struct error *err)
{
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	int r = message ? submit_make(call, client, submission, message, err) : error_oom(err);

	if (r < 0)
		return r;
	do {
		r = inputs_prove(client, submission, message->uuid, inputs, err);
		message->files = (uint32_t)inputs->n;
		if (r == 0)
			r = submit_send(client, message, inputs, ret, err);
	} while (job_again(call, client, &r, err));
	return r;
}

struct failed_files {
	struct failures failures;
	uint32_t first; /* its number in the job */
	uint32_t next;  /* those before it have been told */
};

/* For client_list of SHOW: tells what is wrong with each file. */
static int tell_file(void *data, uint16_t type, const void *message, struct error *err)
{
	struct failed_files *failed = data;
	const fq_File *file = message;
	struct error error = {0};

	(void)err;
	if (type != fq_Type_FILE || file->role == fq_FileRole_ROLE_SECOND || /* its group tells */
	    !file->has_error || file->error.class == ERROR_NONE || file->file < failed->next)
		return 0;
	failed->next = file->file + 1;
	(void)error_set(&error, 0, (enum error_class)file->error.class, "%s", file->error.text);
	if (failed->failures.class == ERROR_NONE)
		failed->first = file->file;
	failures_add(&failed->failures, &error);
	return 0;
}

/* Who has written results for a while is perhaps connected no more. */
static int tell_failed(struct call *call, struct client *client, uint64_t id, struct failed_files *failed)
{
	const fq_JobsRequest request = {.job = id};
	struct error error = {0};
	int r;

	do
		r = client_list(client, fq_Type_SHOW, &request, tell_file, failed, &error);
	while (job_again(call, client, &r, &error));
	return r;
}

/* An ended job of several files: each that failed is told, and the exit status is that of the first one on the command line. */
static int result_of_many(struct call *call, struct client *client, const struct inputs *inputs, const fq_Job *job, struct error *err)
{
	struct failed_files failed = {0};
	int r = job_result(job, err);

	if (r == 0)
		return (int)inputs->failures.class;
	if (job->state != fq_JobState_JOB_FAILED || tell_failed(call, client, job->job, &failed) < 0 || failed.failures.class == ERROR_NONE)
		return r;
	if (inputs->failures.class != ERROR_NONE && (failed.first >= inputs->n || inputs->failed < inputs->places[failed.first]))
		return (int)inputs->failures.class;
	return (int)failed.failures.class;
}

/* That, or which part of it, was not counted now. */
static void tell_cached(const struct call *call, const fq_Job *job)
{
	if (job_told(job) == JOB_CACHED)
		say(call, "job %llu: CACHED: counted by an earlier job", (unsigned long long)job->job);
	else if (job->cached > 0)
		say(call, "job %llu: %s, %u of %u files CACHED: counted by an earlier job", (unsigned long long)job->job,
		    job_told_name(job_told(job)), job->cached, job->files);
}

static int fetch_results(struct call *call, struct client *client, const struct inputs *inputs, uint64_t id, enum merge_level merge,
                         struct error *err)
{
	struct group_names names _cleanup_(group_names_deinit) = {0};
	_cleanup_(freep) char **rows = NULL;
	size_t n;
	int r = group_names_make(&names, (const char *const *)inputs->names, inputs->n, merge, err);

	if (r < 0)
		return r;
	rows = group_names_rows(&names, inputs->names, inputs->n, &n);
	return rows ? job_fetch(call, client, id, rows, n, call->arguments_n + names.groups.n, err) : error_oom(err);
}

/* Of one file only a completed job has a result; of several some may have failed. */
static int follow_and_fetch(struct call *call, struct client *client, const struct inputs *inputs, uint64_t id, enum merge_level merge,
                            struct error *err)
{
	bool many = call->arguments_n > 1;
	int r, failed = 0;
	fq_Job job;

	r = job_follow(call, client, id, PROGRESS_NONE, &job, err);
	if (r == 0 && (job.state == fq_JobState_JOB_COMPLETED || (job.state == fq_JobState_JOB_FAILED && many)))
		r = judging_of_job(call, client, &job, false, err);
	if (r == 0 && (job.state == fq_JobState_JOB_COMPLETED || (job.state == fq_JobState_JOB_FAILED && many)))
		r = failed = fetch_results(call, client, inputs, id, merge, err);
	if (r < 0)
		return r;
	r = many ? result_of_many(call, client, inputs, &job, err) : job_result(&job, err);
	tell_cached(call, &job);
	return r != 0 ? r : failed;
}

/* Before anything is counted: where results will go. */
static int names_check(const struct call *call, const struct submission *submission, struct error *err)
{
	struct group_names names _cleanup_(group_names_deinit) = {0};
	int r = group_names_make(&names, (const char *const *)call->arguments, call->arguments_n, submission->merge, err);

	return r < 0 ? r
	             : group_names_check(&names, &call->output, &call->reporting, (const char *const *)call->arguments, call->arguments_n,
	                                 err);
}

int submit(struct call *call, const struct submission *submission, uint64_t *ret_job, struct error *err)
{
	struct inputs inputs _cleanup_(inputs_deinit) = {0};
	struct client client = {0};
	fq_Accepted accepted = {0};
	int r;

	r = names_check(call, submission, err);
	if (r == 0)
		r = inputs_init(call, &inputs, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0 && submission->merge != MERGE_NONE && client.welcome.proto < 3)
		r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator is too old for --merge (it speaks protocol %u, right is 3)",
		              client.welcome.proto);
	if (r == 0)
		r = judging_begin(call, &client, err);
	if (r == 0)
		r = submit_surely(call, &client, submission, &inputs, &accepted, err);
	if (r > 0 && !submission->one_of_many)
		say(call, "nothing was submitted");
	if (r == 0) {
		*ret_job = accepted.job;
		if (submission->wait)
			r = follow_and_fetch(call, &client, &inputs, accepted.job, submission->merge, err);
	}
	client_close(&client);
	return r;
}
