/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told over HTTP, by path: /metrics, /healthz. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/http.h"
#include "daemon/coord/observe.h"

#define STATUS_OK 200
#define STATUS_NONE 404
#define STATUS_NOT_NOW 503

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

static int page_health(const struct server *server, struct page *ret)
{
	if (!server->coord || server->fallen || server->hold)
		return page_sentence(STATUS_NOT_NOW, "the disk of the state folder is full: no job is taken", ret);
	return page_sentence(STATUS_OK, "ok", ret);
}

int page_make(struct server *server, const char *path, bool whole, struct page *ret)
{
	*ret = (struct page){.status = STATUS_OK};
	if (strcmp(path, "/healthz") == 0)
		return page_health(server, ret);
	if (strcmp(path, "/metrics") == 0) {
		ret->type = TYPE_METRICS;
		return page_write(server, write_metrics, whole, ret);
	}
	return page_sentence(STATUS_NONE, "There is no such page: right are /metrics and /healthz.", ret);
}
