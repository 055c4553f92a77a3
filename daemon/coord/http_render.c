/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a file that was counted whole: the same page as fqctl fetch --as html writes, by the limits of the job's profile or
 * FastQC's own. Nobody but those who asked for it waits for it:
 *
 *     asked for -> its turn -> its counters are read (reading.c) -> unpacked and rendered (errand.c) -> a page for each who asks for it
 *
 * One is made at a time, so that no more than one result of RESULT_SHOWN_MAX is in memory, and once for all who ask meanwhile. Where
 * they have all left before it is rendered, it is not.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/coord/http.h"
#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/counters.h"
#include "lib/qc/html.h"
#include "lib/qc/limits.h"
#include "lib/qc/profile.h"
#include "lib/qc/report.h"

#define RESULT_SHOWN_MAX (64u << 20) /* bytes of packed counters */

struct rendering {
	struct rendering *next;
	struct server *server;
	struct page_asker *askers; /* list */
	struct reading reading;    /* its bytes are the thread's while that is on its way */
	char *path;                /* of the file */
	bool judged;
	struct profile profile;    /* where judged */
	atomic_bool unwanted;      /* the coordinator ends */
	/* what was rendered */
	int r;
	struct error error;
	char *bytes;
	size_t n;
};

static void rendering_next(struct server *server);

static struct rendering *rendering_free(struct rendering *rendering)
{
	reading_drop(rendering->server, &rendering->reading);
	free(rendering->path);
	free(rendering->bytes);
	free(rendering);
	return NULL;
}

static void rendering_freep(struct rendering **rendering)
{
	if (*rendering)
		*rendering = rendering_free(*rendering);
}

/* ---- the thread's */

static int report_write(const struct counters *counters, const char *name, const struct profile *profile, FILE *out, struct error *err)
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

static int render(struct rendering *rendering, const struct counters *counters, struct error *err)
{
	const char *slash = strrchr(rendering->path, '/');
	FILE *out = open_memstream(&rendering->bytes, &rendering->n);
	int r;

	if (!out)
		return error_oom(err);
	r = report_write(counters, slash && slash[1] ? slash + 1 : rendering->path, rendering->judged ? &rendering->profile : NULL, out, err);
	if (fclose(out) != 0 && r == 0)
		r = error_oom(err);
	return r;
}

/* A test holds the thread here. */
static void stand(const struct rendering *rendering)
{
	const struct timespec moment = {.tv_nsec = 10000000};

	while (FAILPOINT_ON("render-stands") && !atomic_load(&rendering->unwanted))
		(void)nanosleep(&moment, NULL);
}

static void render_work(void *data)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	struct rendering *rendering = data;
	struct reading *reading = &rendering->reading;
	struct error *err = &rendering->error;
	int r;

	stand(rendering);
	r = counters_unpack(reading->bytes, reading->n, &counters, err);
	free(reading->bytes);
	reading->bytes = NULL;
	if (r == 0 && (counters_modules(counters) & COUNT_REPORT) != COUNT_REPORT)
		r = error_set(err, -ENODATA, ERROR_NO_INPUT, "the file was not counted for a report");
	if (r == 0 && !atomic_load(&rendering->unwanted))
		r = render(rendering, counters, err);
	rendering->r = r;
}

/* ---- who asks */

/* Those who have left are told nothing. True: nobody is left. */
static bool is_left(struct rendering *rendering)
{
	for (struct page_asker **at = &rendering->askers; *at;) {
		struct page_asker *asker = *at;

		if (asker->gone(asker)) {
			*at = asker->next;
			asker->page = (struct page){0};
			asker->tell(asker);
		} else {
			at = &asker->next;
		}
	}
	return !rendering->askers;
}

int page_failed(const struct error *error, struct page *ret)
{
	return page_sentence(error->class == ERROR_NO_INPUT    ? PAGE_STATUS_NONE
	                     : error->class == ERROR_TEMPORARY ? PAGE_STATUS_NOT_NOW
	                                                       : PAGE_STATUS_WRONG,
	                     error->text, ret);
}

/* The page, or a copy of it where another one waits for it too. */
static int page_of(struct rendering *rendering, bool last, struct page *ret)
{
	if (rendering->r < 0)
		return page_failed(&rendering->error, ret);
	*ret = (struct page){.status = PAGE_STATUS_OK, .type = PAGE_HTML, .n = rendering->n};
	ret->bytes = last ? TAKE(rendering->bytes) : malloc(rendering->n + 1);
	if (!ret->bytes)
		return -ENOMEM;
	if (!last)
		memcpy(ret->bytes, rendering->bytes, rendering->n);
	return 0;
}

/* It is the first one: all who ask for it are told, and the next one is begun. */
static void conclude(struct rendering *rendering)
{
	struct server *server = rendering->server;
	struct page_asker *asker;

	server->renderings = rendering->next;
	while ((asker = rendering->askers)) {
		rendering->askers = asker->next;
		if (page_of(rendering, !asker->next, &asker->page) < 0)
			asker->page = (struct page){0};
		asker->tell(asker);
	}
	(void)rendering_free(rendering);
	rendering_next(server);
}

static void on_rendered(void *data)
{
	conclude(data);
}

static void on_read(void *data)
{
	struct rendering *rendering = data;
	struct reading *reading = &rendering->reading;

	rendering->error = reading->error;
	rendering->r = reading->r;
	if (reading->r == STORE_NONE)
		rendering->r = error_set(&rendering->error, -ENOENT, ERROR_NO_INPUT, "the file has no result");
	if (rendering->r == -EFBIG)
		(void)error_set(&rendering->error, -EFBIG, ERROR_NO_INPUT,
		                "the result is too large to be shown here: right is fqctl fetch --as html %llu", (unsigned long long)reading->job);
	if (rendering->r == 0 && !is_left(rendering)) {
		int r = errand_begin(rendering->server, render_work, on_rendered, rendering);

		if (r == 0)
			return; /* from here on it is the thread's */
		rendering->r = error_set(&rendering->error, r, ERROR_OS, "no thread: %s", strerror(-r));
	}
	conclude(rendering);
}

static void rendering_next(struct server *server)
{
	struct rendering *rendering;

	while ((rendering = server->renderings) && is_left(rendering)) {
		server->renderings = rendering->next;
		(void)rendering_free(rendering);
	}
	if (rendering)
		reading_begin(server, &rendering->reading);
}

/* The limits that the job was submitted with. */
static int judge(struct rendering *rendering, const struct server *server, uint64_t job, struct error *err)
{
	const struct job_row *row = coord_find_row(server->coord, job);
	struct job_row ended;
	int r = row ? 0 : store_find_job(server->store, job, &ended, err);

	if (r != 0)
		return r < 0 ? r : 0;
	row = row ? row : &ended;
	if (!row->profile[0])
		return 0;
	r = profile_read(&rendering->profile, row->profile, (const char *)row->limits, row->limits_n, row->profile, err);
	rendering->judged = r == 0;
	return r;
}

static int rendering_new(struct server *server, uint64_t job, uint32_t file, const char *path, struct rendering **ret, struct error *err)
{
	_cleanup_(rendering_freep) struct rendering *rendering = calloc(1, sizeof *rendering);
	int r;

	if (!rendering)
		return error_oom(err);
	rendering->server = server;
	rendering->path = strdup(path);
	if (!rendering->path)
		return error_oom(err);
	rendering->reading =
		(struct reading){.job = job, .file = file, .max = RESULT_SHOWN_MAX, .done = on_read, .data = rendering};
	r = judge(rendering, server, job, err);
	if (r == 0)
		*ret = TAKE(rendering);
	return r;
}

int render_ask(struct server *server, uint64_t job, uint32_t file, const char *path, struct page_asker *asker, struct error *err)
{
	struct rendering **at = &server->renderings;

	while (*at && ((*at)->reading.job != job || (*at)->reading.file != file))
		at = &(*at)->next;
	if (!*at) {
		int r = rendering_new(server, job, file, path, at, err);

		if (r < 0)
			return r;
		if (server->renderings == *at)
			reading_begin(server, &(*at)->reading);
	}
	asker->next = (*at)->askers;
	(*at)->askers = asker;
	return 0;
}

void renderings_end(struct server *server)
{
	if (server->errand) /* it is the first one's */
		atomic_store(&server->renderings->unwanted, true);
	errand_end(server);
	while (server->renderings) {
		struct rendering *rendering = TAKE(server->renderings);

		server->renderings = rendering->next;
		while (rendering->askers) {
			struct page_asker *asker = rendering->askers;

			rendering->askers = asker->next;
			asker->page = (struct page){0};
			asker->tell(asker);
		}
		(void)rendering_free(rendering);
	}
}
