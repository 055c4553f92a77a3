/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of what doctor has found. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/doctor/doctor.h"

struct finding *finding_add(struct findings *findings, const char *check, enum mark mark, const char *format, ...)
{
	static struct finding spare; /* written, and never read */
	struct finding *rows = reallocarray(findings->rows, findings->n + 1, sizeof *rows), *row;
	va_list args;

	if (!rows) {
		findings->oom = true;
		return &spare;
	}
	findings->rows = rows;
	row = &rows[findings->n++];
	*row = (struct finding){.check = check, .mark = mark};
	va_start(args, format);
	(void)vsnprintf(row->found, sizeof row->found, format, args);
	va_end(args);
	return row;
}

void finding_advise(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(finding->advice, sizeof finding->advice, format, args);
	va_end(args);
}

enum mark findings_worst(const struct findings *findings)
{
	enum mark worst = MARK_OK;

	for (size_t i = 0; i < findings->n; i++)
		if (findings->rows[i].mark > worst)
			worst = findings->rows[i].mark;
	return worst;
}

void findings_deinit(struct findings *findings)
{
	free(findings->rows);
	*findings = (struct findings){0};
}
