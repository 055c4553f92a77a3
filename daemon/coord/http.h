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

/*
 * http_pages.c: the answer to this path; whole: the asker has shown the token, and is told what an administrator is. 0, or -ENOMEM.
 */
int page_make(struct server *server, const char *path, bool whole, struct page *ret);
#define PAGE_HTML "text/html; charset=utf-8"

/* http_report.c: the page at /job/PATH, for who has the token, while there is a core. 0 or -ENOMEM. */
int page_of_job(struct server *server, const char *path, struct page *ret);
/* A sentence for a person. 0 or -ENOMEM. */
int page_sentence(unsigned int status, const char *sentence, struct page *ret);
