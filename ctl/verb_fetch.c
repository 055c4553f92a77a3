/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fqctl fetch: the results of ended jobs, in any form that their counters hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/group_names.h"
#include "ctl/job.h"
#include "ctl/judging.h"
#include "ctl/list.h"
#include "ctl/output_run.h"
#include "lib/base/cleanup.h"

static uint32_t job_rows(const fq_Job *job)
{
	return job->rows > 0 ? job->rows : job->files;
}

/* The jobs and their files, all of which may share one output. */
struct fetching {
	fq_Job *jobs;
	size_t jobs_n;
	char **paths; /* of all jobs' rows, one behind the other; NULL: it has no result of its own */
	size_t n;
	size_t first; /* of the job at hand */
	struct output_run *run;
};

static void fetching_deinit(struct fetching *fetching)
{
	for (size_t i = 0; i < fetching->n; i++)
		free(fetching->paths[i]);
	free(fetching->paths);
	free(fetching->jobs);
}

/* For client_list of SHOW: the job, then its files. */
static int collect(void *data, uint16_t type, const void *message, struct error *err)
{
	struct fetching *fetching = data;
	const fq_File *file = message;
	char **paths, *path;

	if (type == fq_Type_JOB)
		fetching->jobs[fetching->jobs_n] = *(const fq_Job *)message;
	if (type != fq_Type_FILE)
		return 0;
	paths = reallocarray(fetching->paths, fetching->n + 1, sizeof *paths);
	if (!paths)
		return error_oom(err);
	fetching->paths = paths;
	paths[fetching->n++] = NULL;
	if (file->role == fq_FileRole_ROLE_SECOND)
		return 0;
	if (file->role == fq_FileRole_ROLE_GROUP && file->member < fetching->n - fetching->first && paths[fetching->first + file->member])
		path = group_place(paths[fetching->first + file->member], file->path);
	else
		path = strdup(file->path);
	paths[fetching->n - 1] = path;
	if (path && file->role == fq_FileRole_ROLE_GROUP && fetching->run && output_run_group(fetching->run, path, file->of) < 0)
		return error_oom(err);
	return path ? 0 : error_oom(err);
}

static int look(const struct call *call, struct client *client, uint64_t id, struct fetching *fetching, struct error *err)
{
	fq_JobsRequest request = {.job = id};
	const fq_Job *job = &fetching->jobs[fetching->jobs_n];
	size_t before = fetching->first = fetching->n;
	int r = list_ask(call, client, fq_Type_SHOW, &request, collect, fetching, err);

	if (r < 0)
		return r;
	if (!job_ended(job->state))
		return error_set(err, -EAGAIN, ERROR_TEMPORARY, "job %llu has not ended yet; 'fqctl wait %llu' waits for it",
		                 (unsigned long long)id, (unsigned long long)id);
	if (job_rows(job) != fetching->n - before)
		return error_set(err, -EPROTO, ERROR_PROTOCOL, "the coordinator told of %zu of the %u files of job %llu",
		                 fetching->n - before, job_rows(job), (unsigned long long)id);
	fetching->jobs_n++;
	return 0;
}

/* The exit status of the first job that did not complete, or of a file that could not be written. */
static int fetch(struct call *call, struct client *client, const struct fetching *fetching, size_t results, struct error *err)
{
	char *const *paths = fetching->paths;
	struct error later = {0};
	int worst = 0;

	for (size_t i = 0; i < fetching->jobs_n; i++) {
		const fq_Job *job = &fetching->jobs[i];
		int r = judging_of_job(call, client, job, true, err);

		if (r == 0)
			r = job_fetch(call, client, job->job, paths, job_rows(job), results, err);

		if (r < 0)
			return r;
		if (worst == 0)
			worst = r > 0 ? r : job_result(job, &later);
		paths += job_rows(job);
	}
	if (worst < 0)
		*err = later;
	return worst;
}

/* Of those that have results, how many. */
static int names_check(const struct call *call, const struct fetching *fetching, size_t *ret_results, struct error *err)
{
	_cleanup_(freep) const char **names = calloc(fetching->n + 1, sizeof *names);

	if (!names)
		return error_oom(err);
	*ret_results = 0;
	for (size_t i = 0; i < fetching->n; i++)
		if (fetching->paths[i])
			names[(*ret_results)++] = fetching->paths[i];
	return output_check(&call->output, &call->reporting, names, *ret_results, err);
}

static int run(struct call *call, struct error *err)
{
	struct fetching fetching _cleanup_(fetching_deinit) = {.jobs = calloc(call->arguments_n, sizeof(fq_Job)), .run = call->output.run};
	struct client client = {0};
	size_t results = 0;
	uint64_t id;
	int r = fetching.jobs ? output_check(&call->output, &call->reporting, NULL, 0, err) : error_oom(err);

	if (r == 0)
		r = client_job_numbers(call->arguments, call->arguments_n, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	for (size_t i = 0; r == 0 && i < call->arguments_n; i++) {
		(void)client_job_number(call->arguments[i], &id, err); /* was one above */
		r = look(call, &client, id, &fetching, err);
	}
	if (r == 0)
		r = names_check(call, &fetching, &results, err);
	if (r == 0)
		r = fetch(call, &client, &fetching, results, err);
	client_close(&client);
	return r;
}

const struct verb verb_fetch = {
	.name = "fetch",
	.arguments = "ID...",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_MANY,
	.help = "Write the results of ended jobs; nothing is counted again.",
	.detail = "Reports (fastqc, text, json, html) need a job that was submitted for one of them; csv is always there. To standard "
	          "output where neither -o nor --output-dir says otherwise. How numbers are shown and judged is chosen anew.",
	.example = "fqctl fetch -h coord --as text 17\n"
	           "fqctl fetch -h coord --as fastqc,json --nogroup --output-dir reports/ 17",
	.forms = OUTPUT_SET(OUTPUT_CSV),
	.run = run,
};
