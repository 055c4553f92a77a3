/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See watch_jobs.h. Where the coordinator is away it is asked again later, and nothing is forgotten. */
#include "ctl/watch_jobs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/job.h"
#include "ctl/submit.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"

#define SUBMIT_BATCH 16 /* jobs submitted in a round */
#define ASK_BATCH 32 /* jobs asked for in a round, one after the other */

/* A line of a set: of a file, or a group. */
static int put(const struct watch_set *set, const char *of, const char *state, struct error *err)
{
	char path[4 * PATH_MAX];

	(void)text_escape(path, sizeof path, of);
	if (set->files[0]->job)
		(void)printf("%llu\t%s\t%s\n", (unsigned long long)set->files[0]->job, path, state);
	else
		(void)printf("-\t%s\t%s\n", path, state);
	return stdout_finish(err);
}

/* The same line of all of its files. */
static int put_all(const struct watch_set *set, const char *state, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->n; i++)
		r = put(set, set->files[i]->path, state, err);
	return r;
}

static void set_state(const struct watch_set *set, enum watch_state state)
{
	for (size_t i = 0; i < set->n; i++)
		set->files[i]->state = state;
}

static void set_job(const struct watch_set *set, uint64_t job)
{
	for (size_t i = 0; i < set->n; i++)
		set->files[i]->job = job;
}

/* Whoever finds results beside a file that failed would take them for those of what the file is now. */
static void tell_old(struct watching *watching, const struct watch_set *set, const char *path)
{
	_cleanup_(freep) char *place = watch_out_place(&watching->out, set, path);

	if (place)
		say(watching->call, "%s is of what %s was before; take it away", TEXT(place), TEXT(path));
}

/* Nothing more is done with it until it changes. */
static int refuse(struct watching *watching, const struct watch_set *set, const struct error *error, struct error *err)
{
	failures_add(&watching->failures, error);
	set_state(set, WATCH_DONE);
	for (size_t i = 0; i < set->n; i++)
		tell_old(watching, set, set->files[i]->path);
	return put_all(set, "REFUSED", err);
}

static void close_client(struct watching *watching)
{
	client_close(&watching->client);
	watching->client = (struct client){0};
}

static int away(struct watching *watching, const struct error *error)
{
	if (!watching->away)
		say(watching->call, "%s; waiting for the coordinator", error->text);
	watching->away = true;
	watching->tried_ms = clock_monotonic_ms();
	close_client(watching);
	return 0;
}

int watch_reach(struct watching *watching, struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	struct error error = {0};
	int r;

	if (watching->client.connection && client_idle(&watching->client, &error) == 0)
		return 1;
	close_client(watching);
	if (watching->away && now < watching->tried_ms + WATCH_AWAY_MS)
		return 0;
	r = client_open(&watching->client, &watching->call->settings, &error);
	if (r < 0 && !watching->tried_ms && !client_lost(r, &error) && error.class != ERROR_TEMPORARY) {
		*err = error;
		return r;
	}
	watching->tried_ms = now;
	if (r < 0)
		return away(watching, &error);
	if (watching->away)
		say(watching->call, "the coordinator is there");
	watching->away = false;
	return 1;
}

/* A folder for results on storage that comes and goes is waited for: refused, its files would be nobody's until somebody watches anew. */
static bool waits_for_folder(struct watching *watching)
{
	const char *folder = watching->out.folder;
	bool was = watching->unwritable;

	watching->unwritable = folder && !watching->options->once && access(folder, W_OK) < 0;
	if (watching->unwritable && !was)
		say(watching->call, "cannot write into %s: %s; waiting for that", TEXT(folder), strerror(errno));
	else if (was && !watching->unwritable)
		say(watching->call, "%s can be written into", TEXT(folder));
	return watching->unwritable;
}

/*
 * The files of the set in place of the call's arguments. A group without one of its files would be a part that looks like the whole, so
 * that the others are not submitted either where one cannot be read.
 */
static int submit_as(struct call *call, const struct submission *submission, const struct watch_set *set, const struct watch_rows *rows,
                     uint64_t *ret_job, struct error *err)
{
	char **arguments = call->arguments;
	size_t n = call->arguments_n;
	int r;

	call->arguments = rows->paths;
	call->arguments_n = set->n;
	r = submit(call, submission, ret_job, err);
	call->arguments = arguments;
	call->arguments_n = n;
	if (r > 0)
		return error_set(err, -ENOENT, (enum error_class)r,
		                 "the %zu files that are counted together with %s were not submitted: each must be readable here", set->n,
		                 TEXT(set->files[0]->path));
	return r;
}

static int submit_set(struct watching *watching, const struct watch_set *set, struct error *err)
{
	const struct watch_options *options = watching->options;
	struct submission submission = {.uuid = set->files[0]->uuid, .lenient = options->lenient, .merge = options->merge,
	                                .one_of_many = true};
	struct watch_rows rows _cleanup_(watch_rows_deinit) = {0};
	const struct watch_file *rival = NULL;
	const char *path = NULL;
	struct error error = {0};
	uint64_t job = 0;
	int r = watch_rows_make(&watching->tree, set, &rows, &error);

	set_job(set, 0);
	if (r == 0)
		rival = watch_out_rival(&watching->out, &watching->tree, set, &rows, &path);
	if (rival)
		r = error_set(&error, -EEXIST, ERROR_USAGE, "%s: its reports would replace those of %s", TEXT(path), TEXT(rival->path));
	if (r < 0)
		return refuse(watching, set, &error, err);
	r = submit_as(watching->call, &submission, set, &rows, &job, &error);
	if (r == 0) {
		set_job(set, job);
		set_state(set, WATCH_OPEN);
		watching->open++;
		watching->asked_ms = 0;
		return 0;
	}
	if (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT)
		return away(watching, &error);
	return refuse(watching, set, &error, err);
}

int watch_submit_some(struct watching *watching, struct error *err)
{
	size_t n = 0;
	int r = 0;

	watching->due_ms = UINT64_MAX;
	watching->more = false;
	for (size_t i = 0; r == 0 && i < watching->tree.sets_n; i++) {
		const struct watch_set *set = &watching->tree.sets[i];
		uint64_t due;

		if (set->n == 0 || set->files[0]->state != WATCH_GROWS)
			continue;
		if (watch_out_written(&watching->out, &watching->tree, set)) {
			set_state(set, WATCH_DONE);
			continue;
		}
		if (!watch_set_complete(&watching->tree, set, watching->looked_ms, &due)) {
			if (due < watching->due_ms)
				watching->due_ms = due;
			continue;
		}
		if (waits_for_folder(watching)) {
			watching->due_ms = clock_monotonic_ms() + WATCH_AWAY_MS;
			return 0;
		}
		watching->more = true;
		if (n == SUBMIT_BATCH || watching->open >= WATCH_OPEN_MAX || *watching->ended)
			break;
		r = watch_reach(watching, err);
		if (r <= 0)
			return r;
		n++;
		r = submit_set(watching, set, err);
		if (watching->away)
			return r;
		watching->more = false;
	}
	return r;
}

/* What became of each row of a job, from SHOW. */
struct told_rows {
	const char **states;
	size_t n;
	struct failures *failures; /* of its files and groups */
};

static int row_told(void *data, uint16_t type, const void *message, struct error *err)
{
	struct told_rows *told = data;
	const fq_File *file = message;
	struct error error = {0};

	(void)err;
	if (type != fq_Type_FILE || file->file >= told->n)
		return 0;
	told->states[file->file] = job_told_name(file->cached && file->state == fq_JobState_JOB_COMPLETED ? JOB_CACHED
	                                                                                                  : (uint32_t)file->state);
	if (file->role == fq_FileRole_ROLE_SECOND || !file->has_error || file->error.class == ERROR_NONE) /* its group tells */
		return 0;
	(void)error_set(&error, 0, (enum error_class)file->error.class, "%s", file->error.text);
	failures_add(told->failures, &error);
	return 0;
}

/* An ended job: its results, its lines. */
static int settle(struct watching *watching, const struct watch_set *set, const fq_Job *job, const struct watch_rows *rows,
                  const char **states, struct error *err)
{
	struct told_rows told = {.states = states, .n = rows->n, .failures = &watching->failures};
	bool many = rows->n > 1, some = job->state == fq_JobState_JOB_COMPLETED || (many && job->state == fq_JobState_JOB_FAILED);
	fq_JobsRequest request = {.job = job->job};
	struct error error = {0};
	int r = 0, failed = job_result(job, &error);

	if (failed < 0 && (!many || job->state != fq_JobState_JOB_FAILED))
		failures_add(&watching->failures, &error);
	if (some && watching->out.folder)
		r = watch_out_fetch(&watching->out, &watching->client, set, rows, job, &error);
	states[0] = job_told_name(job_told(job));
	if (many && !client_lost(r, &error)) {
		int asked = client_list(&watching->client, fq_Type_SHOW, &request, row_told, &told, &error);

		r = asked < 0 ? asked : r;
	}
	if (r < 0 && (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT))
		return away(watching, &error);
	if (r < 0)
		failures_add(&watching->failures, &error);
	if (r != 0 && watching->failures.class == ERROR_NONE)
		watching->failures.class = r > 0 ? (enum error_class)r : ERROR_CANT_CREATE;
	set_state(set, WATCH_DONE);
	watching->open--;
	for (size_t i = 0, e = 0; e == 0 && i < rows->n; i++) {
		const char *state = states[i] ? states[i] : states[0];
		bool failed_row = strcmp(state, "FAILED") == 0 || strcmp(state, "CANCELLED") == 0;

		if (failed_row && rows->paths[i])
			tell_old(watching, set, rows->paths[i]);
		e = rows->paths[i] && put(set, rows->paths[i], r != 0 && some && (!states[i] || !failed_row) ? "UNWRITTEN" : state, err) < 0;
		if (e)
			return -EIO;
	}
	return 0;
}

static int settle_set(struct watching *watching, const struct watch_set *set, const fq_Job *job, struct error *err)
{
	struct watch_rows rows _cleanup_(watch_rows_deinit) = {0};
	_cleanup_(freep) const char **states = NULL;
	int r = watch_rows_make(&watching->tree, set, &rows, err);

	if (r < 0)
		return r;
	states = calloc(rows.n + 1, sizeof *states);
	return states ? settle(watching, set, job, &rows, states, err) : error_oom(err);
}

static int ask_set(struct watching *watching, const struct watch_set *set, struct error *err)
{
	fq_JobsRequest request = {.job = set->files[0]->job};
	struct error error = {0};
	fq_Job job = {0};
	int r = client_list(&watching->client, fq_Type_SHOW, &request, job_only, &job, &error);

	if (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT)
		return away(watching, &error);
	if (r < 0) {
		watching->open--;
		return refuse(watching, set, &error, err);
	}
	if (job_ended(job.state))
		return settle_set(watching, set, &job, err);
	if (!watching->options->once || watching->out.folder)
		return 0;
	set_state(set, WATCH_DONE); /* with --once nobody waits for it */
	watching->open--;
	return put_all(set, job_told_name(job_told(&job)), err);
}

int watch_ask_some(struct watching *watching, struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	size_t n = watching->tree.sets_n, asked = 0;
	int r;

	if (watching->open == 0) {
		close_client(watching);
		return 0;
	}
	if (now < watching->asked_ms + WATCH_ASK_MS)
		return 0;
	watching->asked_ms = now;
	r = watch_reach(watching, err);
	for (size_t i = 0; r > 0 && i < n && asked < ASK_BATCH && watching->open > 0 && !watching->away && !*watching->ended; i++) {
		const struct watch_set *set = &watching->tree.sets[watching->asked++ % n];

		if (set->n == 0 || set->files[0]->state != WATCH_OPEN)
			continue;
		asked++;
		r = ask_set(watching, set, err) < 0 ? -1 : 1;
	}
	return r < 0 ? -EIO : 0;
}
