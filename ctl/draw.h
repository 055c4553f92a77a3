/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars and small curves of characters, for progress and top. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool draw_utf8(void); /* whether the terminal's text is UTF-8, as the locale says */

/*
 * A bar of so many columns, of which part (0 to 1) is filled: by eighths in UTF-8, where `track` fills the rest (" " or "░"), else by
 * # and dots. Returns out; cut between characters.
 */
char *draw_bar(char *out, size_t size, unsigned columns, double part, const char *track, bool utf8);

/* The last `columns` of n values as a curve of one line between 0 and the largest of them, spaces before where there are fewer. */
char *draw_curve(char *out, size_t size, unsigned columns, const uint64_t *values, size_t n, bool utf8);

/* How fast a count grows, over the last seconds. */
#define PACE_SAMPLES 16
#define PACE_STEP_MS 500
struct pace {
	uint64_t ms[PACE_SAMPLES], counts[PACE_SAMPLES]; /* a ring */
	unsigned next, n;
};

void pace_add(struct pace *pace, uint64_t now_ms, uint64_t count);
uint64_t pace_rate(const struct pace *pace); /* a second; 0: it does not grow, or is not known yet */

/* "12s", "1:02:03", or "-" where nothing can be said, into out[32]. */
char *draw_left(char out[32], uint64_t left, uint64_t rate);
