/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A job's files, and the report of a file that was counted whole: the same page as fqctl fetch --as html writes, by the limits of the
 * job's profile or FastQC's own.
 * Only who has the token comes here (http_pages.c). Rendering is a labour, of one report at a time; a result that would take long is
 * fetched by fqctl.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/http.h"
#include "daemon/coord/session.h"
#include "daemon/coord/status_page.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/counters.h"
#include "lib/qc/html.h"
#include "lib/qc/html_style.h"
#include "lib/qc/html_text.h"
#include "lib/qc/limits.h"
#include "lib/qc/profile.h"
#include "lib/qc/report.h"

#define RESULT_SHOWN_MAX (64u << 20) /* bytes of packed counters */
#define FILES_SHOWN_MAX 1000

#define STATUS_OK 200
#define STATUS_NONE 404
#define STATUS_WRONG 500

/* ---- a report */

struct rendering {
	struct store *store;
	uint64_t job;
	uint32_t file;
	char *path; /* of the file */
	bool judged;
	struct profile profile; /* where judged */
	char *bytes;
	size_t n;
};

static int render(const struct counters *counters, const char *name, const struct profile *profile, FILE *out, struct error *err)
{
	struct contaminants *contaminants = NULL;
	struct report *report = NULL;
	struct limits limits;
	struct report_options options = {.name = name, .phred = PHRED_AUTO, .limits = &limits, .profile = profile};
	int r;

	limits_default(&limits);
	if (profile)
		limits = profile->limits;
	if (!(counters_modules(counters) & COUNT_KMERS))
		limits.of[LIMIT_KMER].ignore = 1;
	if (contaminants_default(&contaminants) < 0)
		return error_oom(err);
	options.contaminants = contaminants;
	r = report_make(counters, &options, &report, err);
	if (r == 0)
		r = report_html_write(out, report, err);
	report_free(report);
	contaminants_free(contaminants);
	return r;
}

static int render_result(struct rendering *rendering, const struct counters *counters, struct error *err)
{
	const char *slash = strrchr(rendering->path, '/');
	FILE *out = open_memstream(&rendering->bytes, &rendering->n);
	int r;

	if (!out)
		return error_oom(err);
	r = render(counters, slash && slash[1] ? slash + 1 : rendering->path, rendering->judged ? &rendering->profile : NULL, out, err);
	if (fclose(out) != 0 && r == 0)
		r = error_oom(err);
	return r;
}

static int render_work(void *data, struct error *err)
{
	struct rendering *rendering = data;
	struct counters *counters = NULL;
	const void *bytes;
	size_t n;
	int r = store_result(rendering->store, rendering->job, rendering->file, &bytes, &n, err);

	if (r == STORE_NONE)
		return error_set(err, -ENOENT, ERROR_NO_INPUT, "the file has no result");
	if (r == 0 && n > RESULT_SHOWN_MAX)
		r = error_set(err, -EFBIG, ERROR_NO_INPUT, "the result is too large to be shown here: right is fqctl fetch --as html %" PRIu64,
		              rendering->job);
	if (r == 0)
		r = counters_unpack(bytes, n, &counters, err);
	if (r == 0 && (counters_modules(counters) & COUNT_REPORT) != COUNT_REPORT)
		r = error_set(err, -ENODATA, ERROR_NO_INPUT, "the file was not counted for a report");
	if (r == 0)
		r = render_result(rendering, counters, err);
	counters_free(counters);
	return r;
}

/* The limits that the job was submitted with. */
static int render_judge(struct rendering *rendering, const struct server *server, struct error *err)
{
	const struct job_row *row = coord_find_row(server->coord, rendering->job);
	struct job_row ended;
	int r = row ? 0 : store_find_job(server->store, rendering->job, &ended, err);

	if (r != 0)
		return r < 0 ? r : 0;
	row = row ? row : &ended;
	if (!row->profile[0])
		return 0;
	r = profile_read(&rendering->profile, row->profile, (const char *)row->limits, row->limits_n, row->profile, err);
	rendering->judged = r == 0;
	return r;
}

static int page_failed(const struct error *error, struct page *ret)
{
	return page_sentence(error->class == ERROR_NO_INPUT ? STATUS_NONE : STATUS_WRONG, error->text, ret);
}

static int page_report(struct server *server, uint64_t job, uint32_t file, struct page *ret)
{
	struct rendering rendering = {.store = server->store, .job = job, .file = file};
	struct file_row row;
	struct error error;
	int r = store_find_file(server->store, job, file, &row, &error);

	if (r == STORE_NONE || (r == 0 && row.state != JOB_COMPLETED))
		return page_sentence(STATUS_NONE, "There is no such file of a job, or it has not been counted whole.", ret);
	if (r < 0)
		return page_failed(&error, ret);
	rendering.path = strdup(row.path);
	if (!rendering.path)
		return -ENOMEM;
	r = render_judge(&rendering, server, &error);
	if (r == 0)
		r = labour(server, render_work, &rendering, &error);
	free(rendering.path);
	if (r < 0) {
		free(rendering.bytes);
		return page_failed(&error, ret);
	}
	*ret = (struct page){.status = STATUS_OK, .type = PAGE_HTML, .bytes = rendering.bytes, .n = rendering.n};
	return 0;
}

/* ---- a job's files */

static void file_write(FILE *out, const fq_Job *job, const struct file_row *row)
{
	static const char *const states[] = {"pending", "running", "completed", "failed", "cancelled"};
	static const char *const classes[] = {"dim", "busy", "pass", "fail", "dim"};
	const bool report = row->state == JOB_COMPLETED && (job->modules & COUNT_REPORT) == COUNT_REPORT;

	fprintf(out, "<tr><th class=\"text\">%u</th><td class=\"text\"><span class=\"dot %s\"></span>%s</td><td>", row->file, classes[row->state],
	        states[row->state]);
	html_si(out, (double)row->records, 3);
	fputs("</td><td class=\"text\">", out);
	if (report)
		fprintf(out, "<a href=\"/job/%" PRIu64 "/%u/report.html\">report</a>", row->job, row->file);
	fputs("</td><td class=\"wide\">", out);
	html_text(out, row->path);
	if (row->error.class != ERROR_NONE) {
		fputs("<br/>", out);
		html_text(out, row->error.text);
	}
	fputs("</td></tr>\n", out);
}

static int files_write(FILE *out, struct server *server, const fq_Job *job, struct error *err)
{
	for (uint32_t i = 0; i < job->rows && i < FILES_SHOWN_MAX; i++) {
		struct file_view view;
		struct file_row row;
		int r = 0;

		if (coord_find_file(server->coord, job->job, i, &view))
			row = *view.row;
		else
			r = store_find_file(server->store, job->job, i, &row, err);
		if (r < 0)
			return r;
		if (r == 0 && row.role != FILE_SECOND)
			file_write(out, job, &row);
	}
	return 0;
}

static int job_write(FILE *out, struct server *server, const fq_Job *job, struct error *err)
{
	int r;

	fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	        "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	        "<link rel=\"icon\" href=\"data:,\"/>\n<title>job %" PRIu64 "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n"
	        "<header>\n<p class=\"kind\"><a href=\"/\">Status</a></p>\n<h1>Job %" PRIu64 " of ", job->job, html_style, status_style, job->job);
	html_text(out, job->owner);
	fputs("</h1>\n", out);
	if (job->profile[0]) {
		fputs("<p class=\"kind\">By the limits of profile ", out);
		html_text(out, job->profile);
		fputs("</p>\n", out);
	}
	fputs("</header>\n<main>\n<section class=\"card\">\n<h2>Files</h2>\n"
	      "<div class=\"scroll\" tabindex=\"0\"><table class=\"files\"><thead><tr><th>File</th><th class=\"text\">State</th><th>Reads</th>"
	      "<th class=\"text\">Report</th><th class=\"text\">Path</th></tr></thead>\n<tbody>\n", out);
	r = files_write(out, server, job, err);
	fputs("</tbody></table></div>\n", out);
	if (job->rows > FILES_SHOWN_MAX)
		fprintf(out, "<p class=\"note\">The first %d of %u; fqctl show %" PRIu64 " tells all.</p>\n", FILES_SHOWN_MAX, job->rows, job->job);
	fputs("</section>\n</main>\n</body>\n</html>\n", out);
	return r;
}

static int page_job(struct server *server, uint64_t id, struct page *ret)
{
	_cleanup_(freep) fq_Job *job = calloc(1, sizeof *job);
	struct error error;
	char *bytes = NULL;
	size_t n = 0;
	FILE *out;
	int r;

	if (!job)
		return -ENOMEM;
	r = job_message(server, id, job, &error);
	if (r == STORE_NONE)
		return page_sentence(STATUS_NONE, "There is no such job.", ret);
	if (r < 0)
		return page_failed(&error, ret);
	out = open_memstream(&bytes, &n);
	if (!out)
		return -ENOMEM;
	r = job_write(out, server, job, &error);
	if (fclose(out) != 0 || r < 0) {
		free(bytes);
		return r < 0 ? page_failed(&error, ret) : -ENOMEM;
	}
	*ret = (struct page){.status = STATUS_OK, .type = PAGE_HTML, .bytes = bytes, .n = n};
	return 0;
}

/* ---- by path */

/* "12/0/report.html": the pieces; false: it is no such path. */
static bool path_split(const char *path, uint64_t *ret_job, uint64_t *ret_file, bool *ret_report)
{
	char pieces[64], *job = pieces, *file, *last;

	if (strlen(path) >= sizeof pieces)
		return false;
	(void)snprintf(pieces, sizeof pieces, "%s", path);
	file = strchr(job, '/');
	*ret_report = file != NULL;
	if (!file)
		return text_to_number(job, ret_job) == 0;
	*file++ = '\0';
	last = strchr(file, '/');
	if (!last)
		return false;
	*last++ = '\0';
	return text_to_number(job, ret_job) == 0 && text_to_number(file, ret_file) == 0 && *ret_file < UINT32_MAX &&
	       strcmp(last, "report.html") == 0;
}

int page_of_job(struct server *server, const char *path, struct page *ret)
{
	uint64_t job = 0, file = 0;
	bool report;

	if (!path_split(path, &job, &file, &report))
		return page_sentence(STATUS_NONE, "There is no such page: right are /job/ID and /job/ID/FILE/report.html.", ret);
	return report ? page_report(server, job, (uint32_t)file, ret) : page_job(server, job, ret);
}
