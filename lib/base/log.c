/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log line of a daemon: see log.h. The level is the process's own, like standard error itself. */
#include "lib/base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_MAX 2048 /* longer is cut: a line must reach the journal in one write */

static int max_level = LOG_INFO;
static log_sink *sink;

void log_set_level(int level)
{
	max_level = level;
}

/* systemd sets JOURNAL_STREAM=DEVICE:INODE of the stream it gave us; it is the journal while descriptor 2 is still that. */
bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

void log_set_sink(log_sink *new_sink)
{
	sink = new_sink;
}

bool log_wanted(int level)
{
	return LOG_PRI(level) <= max_level;
}

/* A newline would begin a line of another's making, other bytes be a terminal's commands. */
size_t log_escape(const char *line, size_t n, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)line[i];
		const bool plain = (c >= ' ' && c < 0x7f) || c == '\n';

		if (at + (plain ? 1 : 4) > size)
			break;
		if (plain) {
			out[at++] = c == '\n' ? ' ' : (char)c;
		} else {
			memcpy(out + at, (const char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
			at += 4;
		}
	}
	return at;
}

static void tell(int level, const struct log_about *about, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
static void tell(int level, const struct log_about *about, const char *format, va_list args)
{
	char line[LOG_LINE_MAX], out[LOG_LINE_MAX];
	size_t begin = 0, n;
	const bool journal = log_is_journal();

	if (vsnprintf(line, sizeof line, format, args) < 0)
		return;
	if (journal)
		begin = (size_t)snprintf(out, sizeof out, "<%d>", LOG_PRI(level));
	n = begin + log_escape(line, strlen(line), out + begin, sizeof out - begin - 1);
	out[n] = '\0';
	if (journal && sink && sink(LOG_PRI(level), out + begin, about))
		return;
	out[n++] = '\n';
	/* One write, so that lines of several processes do not mix; who cannot log has nobody to tell. */
	if (write(STDERR_FILENO, out, n) < 0)
		return;
}

void log_line(int level, const char *format, ...)
{
	va_list args;

	if (!log_wanted(level))
		return;
	va_start(args, format);
	tell(level, NULL, format, args);
	va_end(args);
}

void log_event(int level, const struct log_about *about, const char *format, ...)
{
	va_list args;

	if (!log_wanted(level))
		return;
	va_start(args, format);
	tell(level, about, format, args);
	va_end(args);
}
