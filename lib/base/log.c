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

void log_set_level(int level)
{
	max_level = level;
}

/* systemd sets JOURNAL_STREAM=DEVICE:INODE of the stream it gave us; it is the journal while descriptor 2 is still that. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

bool log_wanted(int level)
{
	return LOG_PRI(level) <= max_level;
}

/*
 * Printable ASCII, whatever was put into the line: a newline would begin a line of another's making (a space takes its place), other
 * bytes a terminal's commands. How many bytes.
 */
static size_t escape(const char *line, size_t n, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < n && at + 4 <= size; i++) {
		const unsigned char c = (unsigned char)line[i];

		if (c >= ' ' && c < 0x7f) {
			out[at++] = (char)c;
		} else if (c == '\n') {
			out[at++] = ' ';
		} else {
			memcpy(out + at, (const char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
			at += 4;
		}
	}
	return at;
}

void log_line(int level, const char *format, ...)
{
	char line[LOG_LINE_MAX], out[LOG_LINE_MAX];
	size_t n = 0;
	va_list args;
	int printed;

	if (!log_wanted(level))
		return;
	if (stderr_is_journal())
		n = (size_t)snprintf(line, sizeof line, "<%d>", LOG_PRI(level));
	va_start(args, format);
	printed = vsnprintf(line + n, sizeof line - n - 1, format, args);
	va_end(args);
	if (printed < 0)
		return;
	n += strlen(line + n);
	n = escape(line, n, out, sizeof out - 1);
	out[n++] = '\n';
	/* One write, so that lines of several processes do not mix; who cannot log has nobody to tell. */
	if (write(STDERR_FILENO, out, n) < 0)
		return;
}
