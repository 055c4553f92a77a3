/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See watch_jobs.h. Where the coordinator is away it is asked again later, and nothing is forgotten. */
#include "ctl/watch_jobs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctl/job.h"
#include "ctl/submit.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define SUBMIT_BATCH 16 /* files submitted in a round */
#define ASK_BATCH 32 /* jobs asked for in a round, one after the other */

/* The line of a file. */
static int put(const struct watch_file *file, const char *state, struct error *err)
{
	char path[4 * PATH_MAX];

	(void)text_escape(path, sizeof path, file->path);
	if (file->job)
		(void)printf("%llu\t%s\t%s\n", (unsigned long long)file->job, path, state);
	else
		(void)printf("-\t%s\t%s\n", path, state);
	if (fflush(stdout) != 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "standard output cannot be written: %s", strerror(errno));
	return 0;
}

/* Nothing more is done with it until it changes. */
static int refuse(struct watching *watching, struct watch_file *file, const struct error *error, struct error *err)
{
	failures_add(&watching->failures, error);
	file->state = WATCH_DONE;
	return put(file, "REFUSED", err);
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

static int submit_file(struct watching *watching, size_t at, struct error *err)
{
	struct watch_file *file = watching->tree.files[at];
	const struct watch_file *rival = watch_out_rival(&watching->out, &watching->tree, at);
	struct submission submission = {.uuid = file->uuid, .lenient = watching->options->lenient};
	struct call *call = watching->call;
	char **arguments = call->arguments;
	struct error error = {0};
	int r;

	file->job = 0;
	if (rival) {
		(void)error_set(&error, -EEXIST, ERROR_USAGE, "%s: its reports would replace those of %s", TEXT(file->path), TEXT(rival->path));
		return refuse(watching, file, &error, err);
	}
	call->arguments = &file->path;
	r = submit(call, &submission, &file->job, &error);
	call->arguments = arguments;
	if (r == 0) {
		file->state = WATCH_OPEN;
		watching->open++;
		watching->asked_ms = 0;
		return 0;
	}
	if (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT)
		return away(watching, &error);
	return refuse(watching, file, &error, err);
}

int watch_submit_some(struct watching *watching, struct error *err)
{
	size_t n = 0;
	int r = 0;

	watching->due_ms = UINT64_MAX;
	watching->more = false;
	for (size_t i = 0; r == 0 && i < watching->tree.n; i++) {
		struct watch_file *file = watching->tree.files[i];
		uint64_t due;

		if (file->state != WATCH_GROWS)
			continue;
		if (watch_out_written(&watching->out, file)) {
			file->state = WATCH_DONE;
			continue;
		}
		if (!watch_complete(&watching->tree, file, watching->looked_ms, &due)) {
			if (due < watching->due_ms)
				watching->due_ms = due;
			continue;
		}
		watching->more = true;
		if (n == SUBMIT_BATCH || watching->open >= WATCH_OPEN_MAX || *watching->ended)
			break;
		r = watch_reach(watching, err);
		if (r <= 0)
			return r;
		n++;
		r = submit_file(watching, i, err);
		if (watching->away)
			return r;
		watching->more = false;
	}
	return r;
}

/* An ended job: its results, its line. */
static int settle(struct watching *watching, struct watch_file *file, const fq_Job *job, struct error *err)
{
	const char *state = job_told_name(job_told(job));
	struct error error = {0};
	int r = job_result(job, &error);

	if (r < 0)
		failures_add(&watching->failures, &error);
	else if (watching->out.folder)
		r = watch_out_fetch(&watching->out, &watching->client, file, job, &error);
	if (r < 0 && job->state == fq_JobState_JOB_COMPLETED) {
		if (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT)
			return away(watching, &error);
		failures_add(&watching->failures, &error);
	}
	if (r != 0 && job->state == fq_JobState_JOB_COMPLETED) {
		state = "UNWRITTEN";
		if (watching->failures.class == ERROR_NONE)
			watching->failures.class = r > 0 ? (enum error_class)r : ERROR_CANT_CREATE;
	}
	file->state = WATCH_DONE;
	watching->open--;
	return put(file, state, err);
}

static int ask_file(struct watching *watching, struct watch_file *file, struct error *err)
{
	fq_JobsRequest request = {.job = file->job};
	struct error error = {0};
	fq_Job job = {0};
	int r = client_list(&watching->client, fq_Type_SHOW, &request, job_only, &job, &error);

	if (client_lost(r, &error) || error.class == ERROR_TEMPORARY || error.class == ERROR_TIMEOUT)
		return away(watching, &error);
	if (r < 0) {
		watching->open--;
		return refuse(watching, file, &error, err);
	}
	if (job_ended(job.state))
		return settle(watching, file, &job, err);
	if (!watching->options->once || watching->out.folder)
		return 0;
	file->state = WATCH_DONE; /* with --once nobody waits for it */
	watching->open--;
	return put(file, job_told_name(job_told(&job)), err);
}

int watch_ask_some(struct watching *watching, struct error *err)
{
	uint64_t now = clock_monotonic_ms();
	size_t n = watching->tree.n, asked = 0;
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
		struct watch_file *file = watching->tree.files[watching->asked++ % n];

		if (file->state != WATCH_OPEN)
			continue;
		asked++;
		r = ask_file(watching, file, err) < 0 ? -1 : 1;
	}
	return r < 0 ? -EIO : 0;
}
