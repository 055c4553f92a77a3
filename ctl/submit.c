/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One submission:
 *
 *     paths made absolute -> SUBMIT, SUBMIT_FILE... -> ACCEPTED (durable) -> WAIT -> FETCH -> output
 *
 * The job's uuid is made here, once: when the connection is lost before ACCEPTED came, the same uuid is sent again and
 * cannot become a second job.
 */
#include "ctl/submit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/job.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/text.h"

/* Absolute, without symbolic links; of a file that is not here (a worker may have it) just absolute. */
static int path_resolve(const char *path, char out[PATH_MAX], struct error *err)
{
	char folder[PATH_MAX];
	int n;

	if (realpath(path, out))
		return 0;
	if (path[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(folder, sizeof folder))
		n = snprintf(out, PATH_MAX, "%s/%s", folder, path);
	else
		return error_set(err, -errno, ERROR_NO_INPUT, "the current folder cannot be told: %s", strerror(errno));
	if (n >= PATH_MAX)
		return error_set(err, -ENAMETOOLONG, ERROR_NO_INPUT, "the path %s is too long", TEXT(path));
	return 0;
}

static int submit_send(struct call *call, struct client *client, const fq_Submit *submit, fq_Accepted *ret,
                       struct error *err)
{
	_cleanup_(freep) void *answer = malloc(message_struct_size_largest());
	uint16_t type;
	int r;

	if (!answer)
		return error_oom(err);
	r = client_ask(client, fq_Type_SUBMIT, submit, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		fq_SubmitFile file = {0};

		r = path_resolve(call->arguments[i], file.path, err);
		if (r == 0)
			r = client_ask(client, fq_Type_SUBMIT_FILE, &file, err);
	}
	if (r == 0)
		r = client_answer(client, &type, answer, NULL, err);
	if (r < 0)
		return r;
	if (type != fq_Type_ACCEPTED)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to SUBMIT", message_name(type));
	*ret = *(const fq_Accepted *)answer;
	return 0;
}

/* What is asked for, under a new uuid. */
static int submit_make(const struct call *call, const struct submission *submission, fq_Submit *ret, struct error *err)
{
	struct packer packer = {0};
	int r = digest_random(ret->uuid, sizeof ret->uuid);

	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	(void)snprintf(ret->name, sizeof ret->name, "%s", submission->name ? submission->name : call->arguments[0]);
	ret->files = (uint32_t)call->arguments_n;
	ret->modules = output_modules(&call->output, &call->reporting);
	ret->lenient = submission->lenient;
	ret->slice_size = submission->slice_size;
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

/* Until the coordinator has accepted, over lost connections. */
static int submit_surely(struct call *call, struct client *client, const struct submission *submission,
                         fq_Accepted *ret, struct error *err)
{
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	int r = message ? submit_make(call, submission, message, err) : error_oom(err);

	if (r < 0)
		return r;
	while (client_lost(r = submit_send(call, client, message, ret, err), err)) {
		say(call, "%s; trying again", err->text);
		r = client_reopen(client, JOB_PATIENCE_MS, err);
		if (r < 0)
			break;
	}
	return r;
}

/* For client_list of SHOW: tells what is wrong with each file. */
static int tell_file(void *data, uint16_t type, const void *message, struct error *err)
{
	const fq_File *file = message;
	struct error error = {0};

	(void)err;
	if (type != fq_Type_FILE || !file->has_error || file->error.class == ERROR_NONE)
		return 0;
	(void)error_set(&error, 0, (enum error_class)file->error.class, "%s", file->error.text);
	failures_add(data, &error);
	return 0;
}

/* An ended job of several files: each that failed is told, and the exit status is the first one's. */
static int result_of_many(struct client *client, const fq_Job *job, struct error *err)
{
	fq_JobsRequest request = {.job = job->job};
	struct failures failures = {0};
	int r = job_result(job, err);

	if (r == 0 || job->state != fq_JobState_JOB_FAILED)
		return r;
	if (client_list(client, fq_Type_SHOW, &request, tell_file, &failures, NULL) < 0 || failures.class == ERROR_NONE)
		return r;
	return (int)failures.class;
}

/* Of one file only a completed job has a result; of several some may have failed. */
static int follow_and_fetch(struct call *call, struct client *client, uint64_t id, struct error *err)
{
	bool many = call->arguments_n > 1;
	int r, failed = 0;
	fq_Job job;

	r = job_follow(call, client, id, &job, err);
	if (r == 0 && (job.state == fq_JobState_JOB_COMPLETED || (job.state == fq_JobState_JOB_FAILED && many)))
		r = failed = job_fetch(call, client, id, call->arguments, call->arguments_n, call->arguments_n, err);
	if (r < 0)
		return r;
	r = many ? result_of_many(client, &job, err) : job_result(&job, err);
	return r != 0 ? r : failed;
}

int submit(struct call *call, const struct submission *submission, uint64_t *ret_job, struct error *err)
{
	struct client client = {0};
	fq_Accepted accepted = {0};
	int r;

	r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = submit_surely(call, &client, submission, &accepted, err);
	if (r == 0) {
		*ret_job = accepted.job;
		if (submission->wait)
			r = follow_and_fetch(call, &client, accepted.job, err);
	}
	client_close(&client);
	return r;
}
