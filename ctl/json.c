/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON as fqctl prints it: see json.h. */
#include "ctl/json.h"

#include <time.h>

#include "lib/base/text.h"

void json_text(FILE *out, const char *text)
{
	char safe[5000];

	(void)fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text_sentence(safe, sizeof safe, text); *p; p++) {
		if (*p == '"' || *p == '\\')
			(void)fprintf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f || *p == '<')
			(void)fprintf(out, "\\u%04x", *p);
		else
			(void)fputc(*p, out);
	}
	(void)fputc('"', out);
}

void json_time(FILE *out, uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char text[32];

	if (ms > 0 && gmtime_r(&seconds, &parts) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) > 0)
		(void)fprintf(out, "\"%s.%03uZ\"", text, (unsigned)(ms % 1000));
	else
		(void)fputs("null", out);
}
