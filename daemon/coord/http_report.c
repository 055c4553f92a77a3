/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A job's files, and what is asked of a report, which http_render.c makes. Only who has the token comes here (http_pages.c).
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
#include "lib/qc/counters.h"
#include "lib/qc/html_style.h"
#include "lib/qc/html_text.h"

#define FILES_SHOWN_MAX 1000

/* ---- a report */

static int page_report(struct server *server, uint64_t job, uint32_t file, struct page_asker *asker, struct page *ret)
{
	struct file_row row;
	struct error error;
	_cleanup_(freep) char *path = NULL;
	int r = store_find_file(server->store, job, file, &row, &error);

	if (r == STORE_NONE || (r == 0 && row.state != JOB_COMPLETED))
		return page_sentence(PAGE_STATUS_NONE, "There is no such file of a job, or it has not been counted whole.", ret);
	if (r < 0)
		return page_failed(&error, ret);
	path = strdup(row.path);
	if (!path)
		return -ENOMEM;
	r = render_ask(server, job, file, path, asker, &error);
	return r < 0 ? page_failed(&error, ret) : PAGE_LATER;
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
		return page_sentence(PAGE_STATUS_NONE, "There is no such job.", ret);
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
	*ret = (struct page){.status = PAGE_STATUS_OK, .type = PAGE_HTML, .bytes = bytes, .n = n};
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

int page_of_job(struct server *server, const char *path, struct page_asker *asker, struct page *ret)
{
	uint64_t job = 0, file = 0;
	bool report;

	if (!path_split(path, &job, &file, &report))
		return page_sentence(PAGE_STATUS_NONE, "There is no such page: right are /job/ID and /job/ID/FILE/report.html.", ret);
	return report ? page_report(server, job, (uint32_t)file, asker, ret) : page_job(server, job, ret);
}
