/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings for people, a line each and below it what to do, and as JSON ("fqcluster.doctor/1", described in fqctl(1)). */
#include <errno.h>

#include "ctl/doctor/doctor.h"
#include "ctl/json.h"
#include "lib/base/text.h"

static const char *mark_name(enum mark mark)
{
	static const char *const names[] = {"skip", "ok", "warn", "bad"};

	return names[mark];
}

static const char *mark_colour(enum mark mark)
{
	static const char *const colours[] = {"\033[2m", "\033[32m", "\033[33m", "\033[1;31m"};

	return colours[mark];
}

int doctor_print(const struct findings *findings, bool colour, FILE *out)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *row = &findings->rows[i];

		(void)fprintf(out, "%s%-4s%s  %-9s %s\n", colour ? mark_colour(row->mark) : "", mark_name(row->mark),
		              colour ? "\033[0m" : "", row->check, SENTENCE(row->found));
		if (row->advice[0])
			(void)fprintf(out, "                -> %s\n", SENTENCE(row->advice));
	}
	return ferror(out) ? -EIO : 0;
}

int doctor_json(const struct findings *findings, FILE *out)
{
	(void)fprintf(out, "{\"schema\":\"fqcluster.doctor/1\",\"mark\":\"%s\",\"rows\":[", mark_name(findings_worst(findings)));
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *row = &findings->rows[i];

		(void)fprintf(out, "%s{\"check\":\"%s\",\"mark\":\"%s\",\"found\":", i ? "," : "", row->check, mark_name(row->mark));
		json_text(out, row->found);
		(void)fputs(",\"advice\":", out);
		json_text(out, row->advice);
		(void)fputc('}', out);
	}
	(void)fputs("]}\n", out);
	return ferror(out) ? -EIO : 0;
}
