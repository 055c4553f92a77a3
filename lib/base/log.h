/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log line of a daemon: one line on standard error with the syslog level in front as systemd reads it ("<6>...")
 * where standard error is the journal, and without it elsewhere. It is printable ASCII whatever is put into it. Only the daemons log; code in lib/ returns errors.
 */
#pragma once

#include <stdbool.h>
#include <syslog.h> /* LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */

/* Lines above this level are not written; LOG_INFO at start. */
void log_set_level(int level);

/* Whether lines of this level are written. */
bool log_wanted(int level);

void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
