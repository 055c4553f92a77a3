/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress on standard error: a bar on a terminal, a line every 10 % for --progress=plain, nothing in a pipe. */
#pragma once

#include <stdint.h>

#include "conf/client_settings.h"
#include "ctl/draw.h"

struct progress {
	enum client_progress kind; /* BAR, PLAIN or NONE: never AUTO */
	const char *name;          /* what is counted */
	struct pace pace;          /* of bytes */
	uint64_t drawn_ms;
	uint32_t said;             /* PLAIN: the last percentage said */
	bool drawn;                /* a bar stands on the line */
};

/* otherwise: what AUTO is where standard error is no terminal: PLAIN or NONE. */
void progress_begin(struct progress *progress, const struct client_settings *settings, const char *name,
                    enum client_progress otherwise);

/* detail: further words behind the rate ("6 nodes", "waiting: NoWorkers"), or "". Draws at most ten times a second. */
void progress_show(struct progress *progress, uint64_t bytes, uint64_t bytes_done, const char *detail);

/* Clears the bar, so that messages and results begin on an empty line. */
void progress_end(struct progress *progress);

/*
 * The line of a bar for a terminal of so many columns (0: not known): name, bar, percent, bytes, rate, detail, time left. Where that
 * is too long the bar gets shorter, then the name, then the detail goes. Two columns stay free, for the ^C that a terminal shows.
 * Returns out.
 */
char *progress_line(char *out, size_t size, const struct progress *progress, uint64_t bytes, uint64_t done, const char *detail,
                    unsigned columns, bool utf8);
