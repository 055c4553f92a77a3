/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a job, by a file in a folder of its own that is gone afterwards: see diff_job.h. */
#include "ctl/diff_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/job.h"
#include "ctl/judging.h"
#include "ctl/leftovers.h"
#include "ctl/list.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

struct place {
	char *folder, *file;
	int folder_leftover, file_leftover;
};

bool diff_job_named(const char *word, uint64_t *ret_job)
{
	return access(word, F_OK) < 0 && text_to_number(word, ret_job) == 0 && *ret_job > 0;
}

static void place_deinit(struct place *place)
{
	if (place->file)
		(void)unlink(place->file);
	if (place->folder)
		(void)rmdir(place->folder);
	leftover_done(place->file_leftover);
	leftover_done(place->folder_leftover);
	free(place->file);
	free(place->folder);
}

static int place_init(struct place *place, struct error *err)
{
	const char *parent = getenv("TMPDIR");
	_cleanup_(freep) char *folder = NULL;

	if (asprintf(&folder, "%s/fqctl.XXXXXX", parent && parent[0] ? parent : "/tmp") < 0) {
		folder = NULL;
		return error_oom(err);
	}
	if (!mkdtemp(folder))
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s: no folder can be made: %s", TEXT(folder), strerror(errno));
	place->folder_leftover = leftover_add(folder);
	place->folder = TAKE(folder);
	if (asprintf(&place->file, "%s/fastqc_data.txt", place->folder) < 0) {
		place->file = NULL;
		return error_oom(err);
	}
	place->file_leftover = leftover_add(place->file);
	return 0;
}

/* A report as FastQC makes it where nothing else is said. */
static int reporting_usual(struct call *call, struct error *err)
{
	struct report_choices choices = {0};
	struct conf conf;
	int r = conf_init(&conf, &report_table, &choices, err);

	if (r == 0)
		r = conf_finish(&conf, err);
	if (r == 0) {
		reporting_deinit(&call->reporting);
		r = reporting_load(&choices, NULL, &call->reporting, err);
	}
	conf_deinit(&report_table, &choices);
	return r;
}

static int job_check(struct call *call, struct client *client, uint64_t id, struct error *err)
{
	fq_JobsRequest request = {.job = id};
	fq_Job job = {0};
	int r = list_ask(call, client, fq_Type_SHOW, &request, job_only, &job, err);

	if (r < 0)
		return r;
	if (!job_ended(job.state))
		return error_set(err, -EAGAIN, ERROR_TEMPORARY, "job %llu has not ended yet; 'fqctl wait %llu' waits for it",
		                 (unsigned long long)id, (unsigned long long)id);
	r = job_result(&job, err);
	if (r == 0 && job.modules != 0 && (job.modules & COUNT_REPORT) != COUNT_REPORT)
		r = error_set(err, -EINVAL, ERROR_USAGE, "job %llu was counted for csv only and has no report: right is a job that was submitted for "
		              "one, as by 'fqctl submit --as text'", (unsigned long long)id);
	if (r == 0 && job.files != 1)
		r = error_set(err, -EINVAL, ERROR_USAGE,
		              "job %llu has %u files: right is a job of one, or the files that 'fqctl fetch --as text' writes",
		              (unsigned long long)id, job.files);
	return r < 0 ? r : judging_of_job(call, client, &job, false, err);
}

int diff_job_text(struct call *call, uint64_t job, char **ret, size_t *ret_n, struct error *err)
{
	struct place place _cleanup_(place_deinit) = {.folder_leftover = -1, .file_leftover = -1};
	struct output_options before = call->output;
	char none[] = "";
	struct client client = {0};
	int r = place_init(&place, err);

	if (r == 0)
		r = reporting_usual(call, err);
	if (r == 0)
		r = client_open(&client, &call->settings, err);
	if (r == 0)
		r = job_check(call, &client, job, err);
	if (r == 0) {
		call->output = (struct output_options){.forms = OUTPUT_SET(OUTPUT_TEXT), .as = none, .file = place.file, .folder = none,
		                                       .phred = OUTPUT_PHRED_AUTO};
		r = job_fetch(call, &client, job, NULL, 0, 1, err);
		call->output = before;
		if (r > 0)
			r = error_set(err, -ENODATA, (enum error_class)r, "job %llu has no report to compare", (unsigned long long)job);
	}
	client_close(&client);
	return r < 0 ? r : list_text(place.file, ret, ret_n, err);
}
