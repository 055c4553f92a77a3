/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times as people give them: see when.h. */
#include "ctl/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/text.h"

/* The beginning of the day so many days before now. */
static int day_begin(uint64_t now_ms, int before, uint64_t *ret_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	struct tm day;

	if (!localtime_r(&seconds, &day))
		return -EINVAL;
	day.tm_hour = day.tm_min = day.tm_sec = 0;
	day.tm_mday -= before;
	day.tm_isdst = -1;
	seconds = mktime(&day);
	*ret_ms = (uint64_t)seconds * 1000;
	return seconds < 0 ? -EINVAL : 0;
}

static int date_parse(const char *text, uint64_t *ret_ms)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct tm date = {.tm_isdst = -1}, normal;
		const char *end = strptime(text, formats[i], &date);
		time_t seconds;

		if (!end || *end)
			continue;
		normal = date;
		seconds = mktime(&normal);
		if (seconds < 0 || normal.tm_mday != date.tm_mday) /* the 31st of a shorter month */
			return -EINVAL;
		*ret_ms = (uint64_t)seconds * 1000;
		return 0;
	}
	return -EINVAL;
}

int when_parse(const char *option, const char *text, uint64_t now_ms, uint64_t *ret_ms, struct error *err)
{
	uint64_t before;
	int r = 0;

	if (strcmp(text, "now") == 0)
		*ret_ms = now_ms;
	else if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0)
		r = day_begin(now_ms, text[0] == 'y', ret_ms);
	else if (text_to_duration(text, &before) == 0 && strspn(text, "0123456789") < strlen(text))
		*ret_ms = before < now_ms ? now_ms - before : 0;
	else
		r = date_parse(text, ret_ms);
	if (r < 0)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "%s: '%s' is no time; right are today, yesterday, now, 2026-11-23, 2026-11-23T14:05:09, or how long "
		                 "ago: 2d, 12h",
		                 option, TEXT(text));
	return 0;
}
