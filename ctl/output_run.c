/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page and the table of a run: see output_run.h. */
#include "ctl/output_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/outbox.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

void output_run_init(struct output_run *run)
{
	*run = (struct output_run){0};
	(void)pthread_mutex_init(&run->lock, NULL);
}

void output_run_deinit(struct output_run *run)
{
	run_deinit(&run->run);
	for (size_t i = 0; i < run->groups_n; i++)
		free(run->groups[i].path);
	free(run->groups);
	output_apart_deinit(&run->apart);
	for (size_t i = 0; i < run->below_n; i++)
		free(run->below[i]);
	free(run->below);
	(void)pthread_mutex_destroy(&run->lock);
}

bool output_run_page(const struct output_options *options, size_t n)
{
	return options->folder[0] && n > 1 && (options->forms & (OUTPUT_SET(OUTPUT_HTML) | OUTPUT_SET(OUTPUT_FASTQC)));
}

/* The page of the file, beside that of the run: a new string. 0 or -ENOMEM. */
static int link_make(const struct output_options *options, enum compat compat, const char *path, size_t n, char **ret)
{
	enum output_form form = options->forms & OUTPUT_SET(OUTPUT_HTML) ? OUTPUT_HTML : OUTPUT_FASTQC;
	_cleanup_(freep) char *place = NULL;
	const char *name;

	if (output_place(options, compat, form, path, n, &place) < 0)
		return -ENOMEM;
	name = place + strlen(options->folder) + 1; /* it is in that folder, or one below */
	if (asprintf(ret, "%s%s", name, form == OUTPUT_FASTQC ? ".html" : "") < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* "warn of Per base sequence content, fail of min_q30 (71.2)" from this status on. */
static void faults_list(char *out, size_t size, const struct report *report, enum status from)
{
	const struct profile *profile = report_options(report)->profile;
	struct demanded demanded[_DEMAND_MAX];
	size_t n, at = 0;
	const struct section *sections = report_sections(report, &n);

	out[0] = '\0';
	for (size_t i = 0; i < n && at < size; i++)
		if (sections[i].id != SECTION_BASIC && sections[i].status >= from)
			at += (size_t)snprintf(out + at, size - at, "%s%s of %s", at > 0 ? ", " : "", status_name(sections[i].status),
			                       sections[i].name);
	n = profile ? profile_judge(profile, report_figures(report), demanded) : 0;
	for (size_t i = 0; i < n && at < size; i++)
		if (demanded[i].status >= from)
			at += (size_t)snprintf(out + at, size - at, "%s%s of %s (%.4g)", at > 0 ? ", " : "",
			                       status_name(demanded[i].status), demanded[i].name, demanded[i].value);
}

/* Keeps what is to be told of a file that the gate stops. With the lock. */
static int gate_add(struct output_run *run, const struct reporting *reporting, const char *path, const struct report *report)
{
	enum status from = reporting->fail_on == FAIL_ON_WARN ? STATUS_WARN : STATUS_FAIL;
	char faults[ERROR_TEXT_MAX / 2];
	char **below;

	if (reporting->fail_on == FAIL_ON_NEVER || profile_verdict(report) < from)
		return 0;
	below = reallocarray(run->below, run->below_n + 1, sizeof *below);
	if (!below)
		return -ENOMEM;
	run->below = below;
	faults_list(faults, sizeof faults, report, from);
	if (asprintf(&below[run->below_n], "%s: %s", TEXT(path), faults) < 0)
		return -ENOMEM;
	run->below_n++;
	return 0;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void gate_tell(struct output_run *run)
{
	if (run->below_n > 1) /* threads came in any order */
		qsort(run->below, run->below_n, sizeof *run->below, text_order);
	for (size_t i = 0; i < run->below_n; i++) {
		struct error error;

		(void)error_set(&error, 0, ERROR_JOB, "%s", run->below[i]);
		complain(&error);
	}
}

int output_run_group(struct output_run *run, const char *path, uint32_t members)
{
	struct output_group *groups = reallocarray(run->groups, run->groups_n + 1, sizeof *groups);

	if (!groups)
		return -ENOMEM;
	run->groups = groups;
	groups[run->groups_n] = (struct output_group){.path = strdup(path), .members = members};
	return groups[run->groups_n].path ? run->groups_n++, 0 : -ENOMEM;
}

/* 0: it is a file. */
static uint32_t members_of(const struct output_run *run, const char *path)
{
	for (size_t i = 0; i < run->groups_n; i++)
		if (strcmp(run->groups[i].path, path) == 0)
			return run->groups[i].members;
	return 0;
}

int output_run_add(const struct output_options *options, const struct reporting *reporting, const char *path, size_t n,
                   const struct report *report)
{
	struct output_run *run = options->run;
	_cleanup_(freep) char *link = NULL;
	bool page = output_run_page(options, n);
	int r = 0;

	if (!run)
		return 0;
	if (page)
		r = link_make(options, report_compat(report), path, n, &link);
	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&run->lock);
	run->files = n;
	if (page || options->forms & OUTPUT_SET(OUTPUT_TSV))
		r = run_add(&run->run, path, reporting->shown.name, link, members_of(run, path), report);
	if (r == 0)
		r = gate_add(run, reporting, path, report);
	(void)pthread_mutex_unlock(&run->lock);
	return r;
}

static int table_write(FILE *out, const void *data, struct error *err)
{
	return run_tsv_write(out, &((const struct output_run *)data)->run, err);
}

static int page_write(FILE *out, const void *data, struct error *err)
{
	const struct output_run *run = data;

	return run_html_write(out, &run->run, run->files, err);
}

/* In the folder of the results. */
static int put(const struct output_options *options, struct outbox *outbox, const char *name, outbox_writer writer, struct error *err)
{
	_cleanup_(freep) char *place = NULL;

	if (asprintf(&place, "%s/%s", options->folder, name) < 0) {
		place = NULL;
		return error_oom(err);
	}
	return outbox_write(outbox, place, writer, options->run, err);
}

int output_run_end(const struct output_options *options, struct error *err)
{
	struct outbox outbox _cleanup_(outbox_deinit) = {0};
	struct output_run *run = options->run;
	int r = 0;

	if (!run)
		return 0;
	gate_tell(run);
	if (run->run.n == 0)
		return run->below_n > 0 ? OUTPUT_BELOW : 0;
	run_sort(&run->run);
	if (output_run_page(options, run->files))
		r = put(options, &outbox, OUTPUT_INDEX, page_write, err);
	if (r == 0 && options->forms & OUTPUT_SET(OUTPUT_TSV)) {
		if (options->folder[0])
			r = put(options, &outbox, OUTPUT_TABLE, table_write, err);
		else if (options->file[0])
			r = outbox_write(&outbox, options->file, table_write, run, err);
		else
			r = table_write(stdout, run, err);
	}
	if (r == 0)
		r = outbox_commit(&outbox, err);
	return r < 0 ? r : run->below_n > 0 ? OUTPUT_BELOW : 0;
}
