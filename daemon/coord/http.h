/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What http.c asks for and answers with: it knows libmicrohttpd and who may ask, the others know what is told. */
#pragma once

#include "daemon/coord/server.h"

/* An answer, in memory to free. */
struct page {
	unsigned int status; /* of HTTP */
	const char *type;    /* Content-Type */
	char *bytes;
	size_t n;
};

#define PAGE_STATUS_OK 200
#define PAGE_STATUS_NONE 404
#define PAGE_STATUS_WRONG 500
#define PAGE_STATUS_NOT_NOW 503

#define PAGE_HTML "text/html; charset=utf-8"

/* Who waits for a page that is made while the loop goes on: http.c's, which has to leave it where it is until it is told. */
struct page_asker {
	struct page_asker *next;
	struct page page;                               /* when it is told: to free; bytes NULL: there is no answer */
	void (*tell)(struct page_asker *asker);         /* called once, never out of page_make() */
	bool (*gone)(const struct page_asker *asker);   /* he has left: the page need not be made */
};

/*
 * http_pages.c: the answer to this path; whole: the asker has shown the token, and is told what an administrator is. 0; PAGE_LATER: the
 * asker will be told; or -ENOMEM.
 */
enum { PAGE_LATER = 1 };
int page_make(struct server *server, const char *path, bool whole, struct page_asker *asker, struct page *ret);

/* http_report.c: the page at /job/PATH, for who has the token, while there is a core. As page_make(). */
int page_of_job(struct server *server, const char *path, struct page_asker *asker, struct page *ret);
/* A sentence for a person; of an error with its status. 0 or -ENOMEM. */
int page_sentence(unsigned int status, const char *sentence, struct page *ret);
int page_failed(const struct error *error, struct page *ret);

/* http_render.c: the report of a file of that path. 0: the asker will be told; or negative with a sentence. */
int render_ask(struct server *server, uint64_t job, uint32_t file, const char *path, struct page_asker *asker, struct error *err);
void renderings_end(struct server *server); /* whoever waits is told that there is no answer */
