/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log line of a daemon: one line on standard error with the syslog level in front as systemd reads it ("<6>...")
 * where standard error is the journal, and without it elsewhere. It is printable ASCII whatever is put into it. Only the daemons
 * log; code in lib/ returns errors.
 *
 * A line may be about an event, a job, a node: log_event() says so beside the sentence. A sink (daemon/journal.h) tells that to the
 * journal in fields of their own; in the line it is not seen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

/* Lines above this level are not written; LOG_INFO at start. */
void log_set_level(int level);

/* Whether lines of this level are written. */
bool log_wanted(int level);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a line is about; what is 0 or NULL is not told. Texts may be foreign and of any length, and need to live as long as the call. */
struct log_about {
	int event;                                /* of the daemons' table (daemon/events.h) */
	uint64_t job, file, slice, lease;         /* LOG_ID() each, as files and slices begin at 0 */
	uint64_t generation;                      /* LOG_ID(): start of a coordinator */
	uint64_t files, slices, records, elapsed_ms; /* how many, and for how long: LOG_ID() too */
	const char *owner, *path, *node;
	const char *peer, *address;               /* the name of a key, and where it is used */
};

#define LOG_ID(number) ((uint64_t)(number) + 1)

void log_event(int level, const struct log_about *about, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Printable ASCII for n bytes that may be anything: a newline becomes a space, others \xHH. How many bytes, at most size; no zero. */
size_t log_escape(const char *line, size_t n, char *out, size_t size);

/*
 * Takes the lines while standard error is the journal: without a level in front and without a newline. False: it could not, the line
 * goes to standard error. about is NULL for a line of log_line(). A sink is the process's own, not that of a program that it executes.
 */
typedef bool log_sink(int level, const char *line, const struct log_about *about);
void log_set_sink(log_sink *sink);

/* Whether standard error is the journal. */
bool log_is_journal(void);

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
