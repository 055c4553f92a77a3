/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars and curves: see draw.h. */
#include "ctl/draw.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

bool draw_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void put(char *out, size_t size, const char *text)
{
	if (strlen(out) + strlen(text) < size)
		(void)strcat(out, text);
}

char *draw_bar(char *out, size_t size, unsigned columns, double part, const char *track, bool utf8)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	unsigned filled, n = 0;

	part = part > 0 ? part < 1 ? part : 1 : 0;
	filled = (unsigned)(part * columns * 8);
	out[0] = '\0';
	for (; n < filled / 8; n++)
		put(out, size, utf8 ? "█" : "#");
	if (utf8 && n < columns && filled % 8) {
		put(out, size, eighths[filled % 8]);
		n++;
	}
	for (; n < columns; n++)
		put(out, size, utf8 ? track : ".");
	return out;
}

char *draw_curve(char *out, size_t size, unsigned columns, const uint64_t *values, size_t n, bool utf8)
{
	static const char *const heights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {"_", ".", "-", "-", "=", "=", "^", "^"};
	size_t from = n > columns ? n - columns : 0;
	uint64_t most = 0;

	out[0] = '\0';
	for (size_t i = from; i < n; i++)
		most = values[i] > most ? values[i] : most;
	for (size_t i = n - from; i < columns; i++)
		put(out, size, " ");
	for (size_t i = from; i < n; i++) {
		/* The lowest step is 0, and 0 only. */
		unsigned step = values[i] == 0 ? 0 : 1 + (unsigned)((double)values[i] * 6.0 / (double)most);

		put(out, size, (utf8 ? heights : plain)[step]);
	}
	return out;
}

void pace_add(struct pace *pace, uint64_t now_ms, uint64_t count)
{
	unsigned last = (pace->next + PACE_SAMPLES - 1) % PACE_SAMPLES;

	if (pace->n > 0 && count < pace->counts[last])
		pace->n = 0; /* begun anew */
	if (pace->n > 1 && now_ms - pace->ms[(last + PACE_SAMPLES - 1) % PACE_SAMPLES] < PACE_STEP_MS)
		pace->next = last; /* the last one is of the same moment */
	else if (pace->n < PACE_SAMPLES)
		pace->n++;
	pace->ms[pace->next] = now_ms;
	pace->counts[pace->next] = count;
	pace->next = (pace->next + 1) % PACE_SAMPLES;
}

uint64_t pace_rate(const struct pace *pace)
{
	unsigned last = (pace->next + PACE_SAMPLES - 1) % PACE_SAMPLES;
	unsigned first = (pace->next + PACE_SAMPLES - pace->n) % PACE_SAMPLES;
	uint64_t ms = pace->n > 1 ? pace->ms[last] - pace->ms[first] : 0;

	return ms > 0 ? (uint64_t)((double)(pace->counts[last] - pace->counts[first]) * 1000 / (double)ms) : 0;
}

char *draw_left(char out[32], uint64_t left, uint64_t rate)
{
	uint64_t seconds = rate > 0 ? left / rate + (left % rate > 0) : 0;

	if (rate == 0 || seconds > 999ULL * 86400)
		(void)snprintf(out, 32, "-");
	else if (seconds < 60)
		(void)snprintf(out, 32, "%us", (unsigned)seconds);
	else
		(void)text_elapsed(out, seconds * 1000);
	return out;
}
