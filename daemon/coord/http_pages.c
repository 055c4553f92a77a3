/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told over HTTP, by path: /, /metrics, /healthz; /job/ is http_report.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/http.h"
#include "daemon/coord/observe.h"
#include "daemon/coord/session.h"
#include "daemon/coord/status_page.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"

#define KEPT_MS 1000   /* a page is given again for so long: who asks often gets the same one */
#define ENDED_LOOK 200 /* jobs, from the last, among which those that have ended are looked for */

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"

int page_sentence(unsigned int status, const char *sentence, struct page *ret)
{
	int n;

	*ret = (struct page){.status = status, .type = TYPE_TEXT};
	n = asprintf(&ret->bytes, "%s\n", sentence);
	ret->n = n > 0 ? (size_t)n : 0;
	return n < 0 ? -ENOMEM : 0;
}

typedef int (*page_writer)(FILE *out, struct server *server, const struct metrics_look *look, bool whole, struct error *err);

static int page_write(struct server *server, page_writer writer, bool whole, struct page *ret)
{
	struct metrics_look look;
	struct error error;
	FILE *out = NULL;
	int r = look_now(server, &look);

	if (r == 0)
		out = open_memstream(&ret->bytes, &ret->n);
	if (r == 0 && !out)
		r = -ENOMEM;
	if (r == 0)
		r = writer(out, server, &look, whole, &error);
	if (out && fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	look_deinit(&look);
	if (r < 0) {
		free(ret->bytes);
		ret->bytes = NULL;
	}
	return r;
}

static int write_metrics(FILE *out, struct server *server, const struct metrics_look *look, bool whole, struct error *err)
{
	(void)whole;
	return metrics_write(out, &server->metrics, look, err);
}

/* ---- the status page */

/* Another one's job, as STATUS tells it. 0 and *n is one more, or nothing is. */
static int job_add(struct server *server, uint64_t id, bool whole, fq_Job *jobs, uint32_t *n, struct error *err)
{
	int r = job_message(server, id, &jobs[*n], err);

	if (r != 0)
		return r == STORE_NONE ? 0 : r;
	if (!whole)
		job_conceal(&jobs[*n]);
	++*n;
	return 0;
}

static int jobs_gather(struct server *server, struct overview *status, struct error *err)
{
	struct job_view view;
	uint64_t cursor = 0, last = server->metrics.job_last;
	int r = 0;

	while (r == 0 && status->open_n < STATUS_OPEN_MAX && coord_next_job(server->coord, &cursor, &view))
		if (view.row->state <= JOB_RUNNING)
			r = job_add(server, cursor, status->whole, status->open, &status->open_n, err);
	for (uint64_t id = last; r == 0 && id > 0 && last - id < ENDED_LOOK && status->ended_n < STATUS_ENDED_MAX; id--) {
		const struct job_row *row = coord_find_row(server->coord, id);

		if (!row || row->state > JOB_RUNNING)
			r = job_add(server, id, status->whole, status->ended, &status->ended_n, err);
	}
	return r;
}

static int write_status(FILE *out, struct server *server, const struct metrics_look *look, bool whole, struct error *err)
{
	_cleanup_(freep) fq_Job *open = calloc(STATUS_OPEN_MAX, sizeof *open);
	_cleanup_(freep) fq_Job *ended = calloc(STATUS_ENDED_MAX, sizeof *ended);
	struct overview status = {.metrics = &server->metrics, .look = look, .open = open, .ended = ended, .whole = whole};
	int r = 0;

	if (!open || !ended)
		return error_oom(err);
	if (look->serving)
		r = jobs_gather(server, &status, err);
	return r < 0 ? r : status_page_write(out, &status, err);
}

static int page_status(struct server *server, bool whole, struct page *ret)
{
	struct page_kept *kept = &server->status_kept;
	uint64_t now = clock_monotonic_ms();
	int r;

	if (!kept->bytes || kept->whole != whole || now - kept->made_ms >= KEPT_MS) {
		free(kept->bytes);
		*kept = (struct page_kept){.whole = whole, .made_ms = now};
		r = page_write(server, write_status, whole, ret);
		if (r < 0)
			return r;
		kept->bytes = ret->bytes;
		kept->n = ret->n;
	}
	ret->type = PAGE_HTML;
	ret->n = kept->n;
	ret->bytes = malloc(kept->n + 1);
	if (!ret->bytes)
		return -ENOMEM;
	memcpy(ret->bytes, kept->bytes, kept->n + 1); /* a NUL is behind it */
	return 0;
}

/* ---- by path */

static int page_health(const struct server *server, struct page *ret)
{
	if (!server->coord || server->fallen || server->hold)
		return page_sentence(PAGE_STATUS_NOT_NOW, "the disk of the state folder is full: no job is taken", ret);
	return page_sentence(PAGE_STATUS_OK, "ok", ret);
}

int page_make(struct server *server, const char *path, bool whole, struct page_asker *asker, struct page *ret)
{
	*ret = (struct page){.status = PAGE_STATUS_OK};
	if (strcmp(path, "/healthz") == 0)
		return page_health(server, ret);
	if (strcmp(path, "/") == 0)
		return page_status(server, whole, ret);
	if (strcmp(path, "/metrics") == 0) {
		ret->type = TYPE_METRICS;
		return page_write(server, write_metrics, whole, ret);
	}
	if (whole && strncmp(path, "/job/", 5) == 0 && server->coord && !server->fallen)
		return page_of_job(server, path + 5, asker, ret);
	return page_sentence(PAGE_STATUS_NONE, "There is no such page: right are / and /metrics and /healthz.", ret);
}
