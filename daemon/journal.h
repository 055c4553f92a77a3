/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a daemon logs as entries of the journal, while standard error is the journal:
 *
 *     MESSAGE             the line, as it is printed elsewhere
 *     PRIORITY            its level
 *     SYSLOG_IDENTIFIER   fqcoordd or fqworkerd
 *     MESSAGE_ID, FQ_EVENT   which event it is (events.h)
 *     FQ_JOB, FQ_NODE, ...   what it is about (struct log_about), as far as that is told
 *
 * Each value is printable ASCII of at most JOURNAL_VALUE_MAX bytes, whatever was put into it; what was changed has \xHH, and the
 * backslash too. The processes that a worker executes have no part in it: they write lines to standard error.
 */
#pragma once

#include <stdbool.h>
#include <sys/uio.h>

#include "lib/base/error.h"
#include "lib/base/log.h"

#define JOURNAL_VALUE_MAX 256
#define JOURNAL_FIELDS_MAX 24
#define JOURNAL_BYTES_MAX (2048 + JOURNAL_FIELDS_MAX * 40 + 5 * JOURNAL_VALUE_MAX)

/* An entry as the journal takes it: "NAME=value" each, without a zero at the end. */
struct journal_entry {
	struct iovec fields[JOURNAL_FIELDS_MAX];
	int fields_n;
	char bytes[JOURNAL_BYTES_MAX];
	size_t bytes_n;
};

/* about: NULL where only the line is known. What has no room is left out, the line never: it is cut to 2048 bytes. */
void journal_fill(struct journal_entry *entry, const char *program, int level, const char *line, const struct log_about *about);

/* From now on what this process logs goes there. program (fqcoordd, fqworkerd) must live as long as the process. */
void journal_open(const char *program);

/* Says why the process ends: as an event on the journal, and elsewhere as any command does. */
void journal_failed(const char *program, const struct error *error);
