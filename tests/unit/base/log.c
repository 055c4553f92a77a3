/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/base/log.h: what reaches standard error, with and without the journal behind it. */
#include "lib/base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

static const struct log_about *with_about;

/* What log_line(level, "%s", text) writes to standard error; JOURNAL_STREAM names it when journal is set. */
static const char *logged(char *out, size_t size, bool journal, int level, const char *text)
{
	_cleanup_(closep) int file = memfd_create("log", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	char stream[64] = "1:2";
	struct stat st;
	ssize_t n;

	if (file < 0 || saved < 0 || fstat(file, &st) < 0 || dup2(file, STDERR_FILENO) < 0)
		return "cannot redirect standard error";
	if (journal)
		(void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
		               (uintmax_t)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	if (with_about)
		log_event(level, with_about, "%s", text);
	else
		log_line(level, "%s", text);
	(void)unsetenv("JOURNAL_STREAM");
	(void)dup2(saved, STDERR_FILENO);
	n = pread(file, out, size - 1, 0);
	out[n > 0 ? n : 0] = '\0';
	return out;
}

static char taken[4096];
static bool refuses;

static bool take(int level, const char *line, const struct log_about *about)
{
	if (refuses)
		return false;
	(void)snprintf(taken, sizeof taken, "%d %s %d %s", level, line, about ? about->event : -1, about && about->node ? about->node : "-");
	return true;
}

static const char *taken_of(bool journal, int level, const char *text)
{
	char out[4096];

	taken[0] = '\0';
	(void)logged(out, sizeof out, journal, level, text);
	if (out[0])
		(void)snprintf(taken, sizeof taken, "a line: %.99s", out);
	return taken;
}

static void sinks(void)
{
	char out[4096];

	log_set_sink(take);
	is_str(taken_of(true, LOG_ERR, "a\nb"), "3 a b -1 -", "a sink takes the line, without level and newline");
	is_str(taken_of(false, LOG_ERR, "up"), "a line: up\n", "but not where there is no journal");
	is_str(taken_of(true, LOG_DEBUG, "detail"), "", "nor what is below the level");
	refuses = true;
	is_str(taken_of(true, LOG_ERR, "up"), "a line: <3>up\n", "what it does not take is a line");
	refuses = false;
	with_about = &(const struct log_about){.event = 7, .node = "w1"};
	is_str(taken_of(true, LOG_INFO, "up"), "6 up 7 w1", "it is told what a line is about");
	is_str(logged(out, sizeof out, false, LOG_INFO, "up"), "up\n", "which the line does not tell");
	with_about = NULL;
	log_set_sink(NULL);
}

int main(void)
{
	char out[4096], longest[3000];
	size_t n;

	is_str(logged(out, sizeof out, false, LOG_INFO, "up"), "up\n", "a terminal gets the line");
	is_str(logged(out, sizeof out, true, LOG_INFO, "up"), "<6>up\n",
	       "the journal gets the level");
	is_str(logged(out, sizeof out, true, LOG_ERR, "down"), "<3>down\n", "and that of an error");
	is_str(logged(out, sizeof out, true, LOG_DEBUG, "detail"), "", "debug is off at start");
	is_str(logged(out, sizeof out, true, LOG_ERR, "a\nb"), "<3>a b\n",
	       "one line stays one line");
	is_str(logged(out, sizeof out, false, LOG_ERR, "\x1b[2J\x9b\t\xc3\xa9\x7f."), "\\x1b[2J\\x9b\\x09\\xc3\\xa9\\x7f.\n",
	       "nothing but printable ASCII");
	is_str(logged(out, sizeof out, false, LOG_ERR, ""), "\n", "an empty line");

	sinks();
	log_set_level(LOG_DEBUG);
	is_str(logged(out, sizeof out, false, LOG_DEBUG, "detail"), "detail\n", "debug on");
	log_set_level(LOG_WARNING);
	is_str(logged(out, sizeof out, false, LOG_NOTICE, "up"), "", "below the level");
	is_str(logged(out, sizeof out, false, LOG_WARNING, "hot"), "hot\n", "at the level");

	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	n = strlen(logged(out, sizeof out, true, LOG_ERR, longest));
	ok(n > 1000 && n < sizeof longest && out[n - 1] == '\n', "a long line is cut and ends");
	memset(longest, '\x1b', sizeof longest - 1);
	n = strlen(logged(out, sizeof out, true, LOG_ERR, longest));
	ok(n > 1000 && n < sizeof longest && out[n - 1] == '\n' && strncmp(out, "<3>\\x1b", 7) == 0 && !strchr(out, 0x1b),
	   "and one that grows by its escapes");
	return done_testing();
}
