/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on standard error: see progress.h. */
#include "ctl/progress.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

#define BAR_CELLS 24
#define DRAW_MS 100
#define PLAIN_STEP 10 /* percent */

void progress_begin(struct progress *progress, const struct client_settings *settings, const char *name)
{
	const char *terminal = getenv("TERM"), *slash = strrchr(name, '/');

	*progress = (struct progress){.kind = settings->progress, .name = slash ? slash + 1 : name, .began_ms = clock_monotonic_ms()};
	if (settings->quiet)
		progress->kind = PROGRESS_NONE;
	if (progress->kind == PROGRESS_AUTO)
		progress->kind = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0 ? PROGRESS_BAR
		                                                                                    : PROGRESS_NONE;
}

/* Cells of a bar, eighths by the block elements where the terminal's text is UTF-8. */
static void bar_format(char *out, size_t size, double part)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	unsigned filled = (unsigned)(part * BAR_CELLS * 8), cells = filled / 8, n = 0;

	out[0] = '\0';
	for (; n < cells; n++)
		(void)strncat(out, utf8 ? "█" : "#", size - strlen(out) - 1);
	if (utf8 && n < BAR_CELLS && filled % 8) {
		(void)strncat(out, eighths[filled % 8], size - strlen(out) - 1);
		n++;
	}
	for (; n < BAR_CELLS; n++)
		(void)strncat(out, utf8 ? " " : ".", size - strlen(out) - 1);
}

static void show_bar(const struct progress *progress, uint64_t bytes, uint64_t done, uint64_t ms, const char *detail)
{
	double part = bytes ? (double)done / (double)bytes : 0;
	uint64_t rate = ms ? done * 1000 / ms : 0;
	char bar[BAR_CELLS * 4 + 1], all[16], got[16], speed[16], left[32] = "-", name[64];
	struct winsize window = {0};

	bar_format(bar, sizeof bar, part);
	if (rate > 0)
		(void)text_elapsed(left, (bytes - done) / rate * 1000);
	(void)fprintf(stderr, "\r%s  %s %3d%%  %s/%s  %s/s  %s%seta %s", text_escape(name, sizeof name, progress->name), bar,
	              (int)(part * 100), text_bytes(got, done), text_bytes(all, bytes), text_bytes(speed, rate), detail,
	              detail[0] ? "  " : "", left);
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0)
		(void)fputs("\033[K", stderr);
	(void)fflush(stderr);
}

void progress_show(struct progress *progress, uint64_t bytes, uint64_t bytes_done, const char *detail)
{
	uint64_t now = clock_monotonic_ms(), done = bytes_done > bytes ? bytes : bytes_done;
	uint32_t percent = bytes ? (uint32_t)(done * 100 / bytes) : 0;

	if (progress->kind == PROGRESS_BAR && (!progress->drawn || now - progress->drawn_ms >= DRAW_MS)) {
		show_bar(progress, bytes, done, now - progress->began_ms, detail);
		progress->drawn = true;
		progress->drawn_ms = now;
	} else if (progress->kind == PROGRESS_PLAIN && percent / PLAIN_STEP > progress->said / PLAIN_STEP) {
		char name[64], all[16];

		(void)fprintf(stderr, "%s %u%% of %s\n", text_escape(name, sizeof name, progress->name), percent,
		              text_bytes(all, bytes));
		progress->said = percent;
	}
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		(void)fputs("\r\033[K", stderr);
	progress->drawn = false;
}
