/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Staying with a job and fetching its results: see job.h. */
#include "ctl/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/interrupt.h"
#include "ctl/progress.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/hostlist.h"
#include "lib/base/text.h"

#define RESULT_MAX (1ULL << 30) /* bytes of one file's packed counters */

static const char *const told[JOB_TOLD_MAX][2] = {{"PENDING", "PD"}, {"RUNNING", "R"}, {"COMPLETED", "CD"}, {"FAILED", "F"},
                                                  {"CANCELLED", "CA"}, [JOB_CACHED] = {"CACHED", "CH"}};

const char *job_told_name(uint32_t state)
{
	return state < JOB_TOLD_MAX ? told[state][0] : "UNKNOWN";
}

const char *job_told_short(uint32_t state)
{
	return state < JOB_TOLD_MAX ? told[state][1] : "?";
}

uint32_t job_told(const fq_Job *job)
{
	if (job->state == fq_JobState_JOB_COMPLETED && job->files > 0 && job->cached >= job->files && job->cached >= job->rows)
		return JOB_CACHED; /* rows: of groups as well */
	return job->state < JOB_CACHED ? (uint32_t)job->state : JOB_TOLD_MAX;
}

bool job_ended(fq_JobState state)
{
	return state == fq_JobState_JOB_COMPLETED || state == fq_JobState_JOB_FAILED || state == fq_JobState_JOB_CANCELLED;
}

struct following {
	struct progress progress;
	fq_Job *job;
	char name[300]; /* the job's number and name, once it is known */
	bool named;
};

#define NODES_SHOWN 20 /* columns of a list of nodes */

/* The nodes by name where that is short, else how many. */
static void put_nodes(char detail[128], const fq_Job *job)
{
	char folded[128];

	(void)hostlist_fold(folded, sizeof folded, job->node_names, strlen(job->node_names) == sizeof job->node_names - 1);
	if (folded[0] && strlen(folded) <= NODES_SHOWN)
		(void)text_escape(detail, 128, folded);
	else
		(void)snprintf(detail, 128, "%u node%s", job->nodes, job->nodes == 1 ? "" : "s");
}

static int followed(void *data, uint16_t type, const void *message, struct error *err)
{
	struct following *following = data;
	char detail[128];

	if (type != fq_Type_JOB)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to WAIT", message_name(type));
	*following->job = *(const fq_Job *)message;
	if (!following->named) {
		const char *slash = strrchr(following->job->name, '/');

		following->named = true;
		(void)snprintf(following->name, sizeof following->name, "%llu  %s", (unsigned long long)following->job->job,
		               slash ? slash + 1 : following->job->name);
	}
	if (following->job->state == fq_JobState_JOB_PENDING)
		(void)snprintf(detail, sizeof detail, "waiting%s%s", following->job->reason[0] ? ": " : "",
		               TEXT(following->job->reason));
	else
		put_nodes(detail, following->job);
	progress_show(&following->progress, following->job->bytes, following->job->bytes_done, detail);
	return 0;
}

/* --timeout: it is not the coordinator that did not answer. */
static int too_late(const struct client *client, const fq_Job *job, struct error *err)
{
	char why[80] = "";

	if (job->state == fq_JobState_JOB_PENDING && job->reason[0])
		(void)snprintf(why, sizeof why, " (waiting: %s)", TEXT(job->reason));
	return error_set(err, -ETIMEDOUT, ERROR_TIMEOUT, "the time of --timeout is over; job %llu goes on%s, and 'fqctl follow %s %s %llu' "
	                 "comes back to it", (unsigned long long)job->job, why, client->settings->host.host[0] ? "-h" : "--socket",
	                 client->address, (unsigned long long)job->job);
}

bool job_again(const struct call *call, struct client *client, int *r, struct error *err)
{
	if (!client_lost(*r, err))
		return false;
	say(call, "%s; trying again", err->text);
	*r = client_reopen(client, JOB_PATIENCE_MS, err);
	return *r == 0;
}

int job_follow(struct call *call, struct client *client, uint64_t id, enum client_progress otherwise, fq_Job *ret, struct error *err)
{
	fq_JobsRequest request = {.job = id};
	struct following following = {.job = ret};
	struct sigaction before;
	int r;

	(void)snprintf(following.name, sizeof following.name, "job %llu", (unsigned long long)id);
	progress_begin(&following.progress, &call->settings, following.name, otherwise);
	interrupt_begin(client, id, call->verb->forms ? &call->output : NULL, &before);
	do {
		r = client_list(client, fq_Type_WAIT, &request, followed, &following, err);
		if (client_lost(r, err))
			progress_end(&following.progress);
	} while (job_again(call, client, &r, err));
	progress_end(&following.progress);
	interrupt_end(&before);
	if (r < 0 && err->class == ERROR_TIMEOUT && following.named)
		return too_late(client, ret, err);
	if (r == 0 && !job_ended(ret->state))
		r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator stopped telling of job %llu before its end",
		              (unsigned long long)id);
	return r;
}

int job_result(const fq_Job *job, struct error *err)
{
	enum error_class class = job->error.class ? (enum error_class)job->error.class : ERROR_JOB;

	if (job->state == fq_JobState_JOB_COMPLETED)
		return 0;
	if (job->state == fq_JobState_JOB_CANCELLED)
		return error_set(err, -ECANCELED, ERROR_JOB, "job %llu was cancelled%s%s", (unsigned long long)job->job,
		                 job->error.text[0] ? ": " : "", job->error.text);
	return error_set(err, -EREMOTEIO, class, "job %llu failed: %s", (unsigned long long)job->job,
	                 job->error.text[0] ? job->error.text : "no reason was given");
}

int job_follow_all(struct call *call, enum client_progress otherwise,
                   void (*ended)(const fq_Job *job, const struct error *error, bool first), struct error *err)
{
	struct failures unknown = {0};
	struct client client = {0};
	struct error later = {0};
	int r = client_job_numbers(call->arguments, call->arguments_n, err), worst = 0;

	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		struct error error = {0};
		uint64_t id;
		fq_Job job;
		int result;

		(void)client_job_number(call->arguments[i], &id, err); /* was one above */
		r = job_follow(call, &client, id, otherwise, &job, err);
		if (r < 0) {
			r = failures_pass(&unknown, r, err);
			continue;
		}
		result = job_result(&job, &error);
		if (ended)
			ended(&job, result < 0 ? &error : NULL, worst == 0);
		if (result < 0 && worst == 0) {
			later = error;
			worst = result;
		}
	}
	client_close(&client);
	if (r == 0 && worst < 0) {
		*err = later;
		r = worst;
	}
	return r < 0 ? r : (int)unknown.class;
}

int job_only(void *data, uint16_t type, const void *message, struct error *err)
{
	(void)err;
	if (type == fq_Type_JOB)
		*(fq_Job *)data = *(const fq_Job *)message;
	return 0;
}

/* Takes the DATA behind a FILE_RESULT. */
static int result_take(struct client *client, const fq_FileResult *head, const char *path, struct counters **ret,
                       struct error *err)
{
	_cleanup_(freep) void *room = malloc(message_struct_size_largest());
	struct blob blob _cleanup_(blob_deinit) = {0};
	uint8_t digest[DIGEST_SIZE];
	uint16_t type;
	struct frame frame;
	int r;

	if (!room)
		return error_oom(err);
	r = blob_begin(&blob, head->blob_bytes, RESULT_MAX, err);
	while (r == 0 && blob.n < blob.want) {
		r = client_answer(client, &type, room, &frame, err);
		if (r == 0 && type != fq_Type_DATA)
			r = error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator sent %s within a result",
			              message_name(type));
		if (r == 0)
			r = blob_add(&blob, &frame, err);
		if (r > 0)
			r = 0;
	}
	if (r == 0)
		r = digest_sha256(blob.bytes, blob.n, NULL, 0, digest);
	if (r == 0 && memcmp(digest, head->blob_sha256, sizeof digest) != 0)
		r = error_set(err, -EBADMSG, ERROR_PROTOCOL, "the result of %s arrived damaged", TEXT(path));
	return r < 0 ? r : counters_unpack(blob.bytes, blob.n, ret, err);
}

static void result_write(struct call *call, const fq_FileResult *head, const char *path, size_t files,
                         struct counters *counters, struct failures *failures)
{
	struct error error = {0};

	if (head->warning[0])
		say(call, "warning: %s: %s", TEXT(path), TEXT(head->warning));
	if (output_write(&call->output, &call->reporting, path, files, counters, &error) < 0)
		failures_add(failures, &error);
	else
		output_announce(&call->output, path);
	counters_free(counters);
}

/* In the words of the person; of a group only where it is the one that the person knows of. */
static const char *path_of(const fq_FileResult *result, char *const *paths, size_t paths_n)
{
	const char *path = result->file < paths_n ? paths[result->file] : NULL, *slash = path ? strrchr(path, '/') : NULL;
	const char *last = strrchr(result->path, '/');

	if (result->path[0] == '/') /* a file */
		return path ? path : result->path;
	if (path && strcmp(slash ? slash + 1 : path, result->path) == 0)
		return path;
	return last ? last + 1 : result->path; /* of another kind of groups than this program knows: where it is is no one's to say */
}

/* Those of file *done on, which goes on with each that is written. */
static int fetch_rest(struct call *call, struct client *client, uint64_t id, char *const *paths, size_t paths_n, size_t files,
                      uint32_t *done, struct failures *failures, struct error *err)
{
	_cleanup_(freep) fq_FileResult *answer = malloc(message_struct_size_largest());
	fq_JobsRequest request = {.job = id};
	uint16_t type;
	int r;

	if (!answer)
		return error_oom(err);
	r = client_ask(client, fq_Type_FETCH, &request, err);
	while (r == 0) {
		struct counters *counters = NULL;
		const char *path;

		r = client_answer(client, &type, answer, NULL, err);
		if (r < 0 || type == fq_Type_END)
			break;
		if (type != fq_Type_FILE_RESULT)
			return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator answered %s to FETCH",
			                 message_name(type));
		path = path_of(answer, paths, paths_n);
		r = result_take(client, answer, path, &counters, err);
		if (r == 0 && answer->file < *done) {
			counters_free(counters);
		} else if (r == 0) {
			result_write(call, answer, path, files, counters, failures);
			*done = answer->file + 1;
		}
	}
	return r;
}

int job_fetch(struct call *call, struct client *client, uint64_t id, char *const *paths, size_t paths_n, size_t files,
              struct error *err)
{
	struct failures failures = {0};
	uint32_t done = 0;
	int r;

	do
		r = fetch_rest(call, client, id, paths, paths_n, files, &done, &failures, err);
	while (job_again(call, client, &r, err));
	return r < 0 ? r : (int)failures.class;
}
