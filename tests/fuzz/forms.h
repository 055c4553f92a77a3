/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what a writer made is well-formed, however hostile what it was given: each is asked of all bytes of it, and aborts if not. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

static inline void must(bool fact)
{
	if (!fact)
		__builtin_abort();
}

/* UTF-8 without control characters but tabs and line feeds. */
void must_be_text(const char *text, size_t n);

/*
 * A page of ours: well-formed XML (elements are closed in order, attributes quoted, no bare '<' or '&', only characters that XML has),
 * with just so many scripts of its own and nothing else that would load or run something, and links lead to no other place: into the page, to what the coordinator
 * serves, to a report beside it.
 */
void must_be_page(const char *text, size_t n, size_t scripts);

/* One JSON value (RFC 8259) and white space, and a zero byte behind it. */
void must_be_json(const char *text, size_t n);

/*
 * Text format 0.0.4 of Prometheus: TYPE once before the lines of a metric, which stand together; each series once; buckets of a histogram
 * grow, and the last one is its count.
 */
void must_be_metrics(const char *text, size_t n);
