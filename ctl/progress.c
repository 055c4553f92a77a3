/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on standard error: see progress.h. */
#include "ctl/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/table.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define BAR_MOST 24 /* columns */
#define BAR_LEAST 6
#define NAME_MOST 60
#define NAME_LEAST 8
#define DRAW_MS 100
#define PLAIN_STEP 10 /* percent */

void progress_begin(struct progress *progress, const struct client_settings *settings, const char *name,
                    enum client_progress otherwise)
{
	const char *terminal = getenv("TERM"), *slash = strrchr(name, '/');

	*progress = (struct progress){.kind = settings->progress, .name = slash ? slash + 1 : name};
	if (settings->quiet)
		progress->kind = PROGRESS_NONE;
	if (progress->kind == PROGRESS_AUTO)
		progress->kind = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0 ? PROGRESS_BAR : otherwise;
}

/* What stands behind the bar. */
static void figures(char *out, size_t size, const struct progress *progress, uint64_t bytes, uint64_t done, const char *detail)
{
	uint64_t rate = pace_rate(&progress->pace);
	char all[16], got[16], speed[16], left[32];
	unsigned percent = bytes ? (unsigned)((double)done * 100 / (double)bytes) : 0;

	(void)snprintf(out, size, "%3u%%  %s/%s  %s/s  %s%seta %s", percent, text_bytes(got, done), text_bytes(all, bytes),
	               text_bytes(speed, rate), detail, detail[0] ? "  " : "", draw_left(left, bytes - done, rate));
}

char *progress_line(char *out, size_t size, const struct progress *progress, uint64_t bytes, uint64_t done, const char *detail,
                    unsigned columns, bool utf8)
{
	char name[NAME_MOST * 4 + 8], behind[256], bar[BAR_MOST * 4 + 1];
	unsigned bar_columns = BAR_MOST, room = columns > 3 ? columns - 3 : columns ? 1 : 1000, taken, name_columns;

	(void)text_sentence(name, sizeof name, progress->name); /* it may have been escaped where it was put together */
	name[text_fit(name, NAME_MOST)] = '\0';
	name_columns = text_columns(name);
	figures(behind, sizeof behind, progress, bytes, done, detail);
	taken = text_columns(behind) + 2 + 1; /* the spaces around the bar */
	if (taken + NAME_LEAST + BAR_LEAST > room) {
		figures(behind, sizeof behind, progress, bytes, done, "");
		taken = text_columns(behind) + 2 + 1;
	}
	if (taken + name_columns + bar_columns > room)
		bar_columns = taken + name_columns + BAR_LEAST < room ? room - taken - name_columns : BAR_LEAST;
	if (taken + name_columns + bar_columns > room) {
		name_columns = taken + bar_columns + NAME_LEAST < room ? room - taken - bar_columns : NAME_LEAST;
		name[text_fit(name, name_columns)] = '\0';
	}
	(void)snprintf(out, size, "%s  %s %s", name, draw_bar(bar, sizeof bar, bar_columns, bytes ? (double)done / (double)bytes : 0, " ", utf8),
	               behind);
	out[text_fit(out, room)] = '\0';
	return out;
}

static void show_bar(const struct progress *progress, uint64_t bytes, uint64_t done, const char *detail)
{
	struct winsize window = {0};
	char line[1024];
	bool terminal = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0;

	(void)fprintf(stderr, "\r%s%s", progress_line(line, sizeof line, progress, bytes, done, detail, window.ws_col, draw_utf8()),
	              terminal ? "\033[K" : "");
	(void)fflush(stderr);
}

void progress_show(struct progress *progress, uint64_t bytes, uint64_t bytes_done, const char *detail)
{
	uint64_t now = clock_monotonic_ms(), done = bytes_done > bytes ? bytes : bytes_done;
	uint32_t percent = bytes ? (uint32_t)((double)done * 100 / (double)bytes) : 0;

	pace_add(&progress->pace, now, done);
	if (progress->kind == PROGRESS_BAR && (!progress->drawn || now - progress->drawn_ms >= DRAW_MS)) {
		show_bar(progress, bytes, done, detail);
		progress->drawn = true;
		progress->drawn_ms = now;
	} else if (progress->kind == PROGRESS_PLAIN && percent / PLAIN_STEP > progress->said / PLAIN_STEP) {
		uint64_t rate = pace_rate(&progress->pace);
		char name[64], all[16], speed[16], left[32];

		(void)fprintf(stderr, "%s  %u%% of %s  %s/s%s%s  eta %s\n", text_sentence(name, sizeof name, progress->name), percent,
		              text_bytes(all, bytes), text_bytes(speed, rate), detail[0] ? "  " : "", detail,
		              draw_left(left, bytes - done, rate));
		progress->said = percent;
	}
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		(void)fputs("\r\033[K", stderr);
	progress->drawn = false;
}
