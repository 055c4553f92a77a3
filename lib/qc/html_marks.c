/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marks of sections on pages: see html_marks.h. */
#include "lib/qc/html_marks.h"

const char html_marks[] =
	"<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"store\">\n"
	"<symbol id=\"m_pass\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"8\"/><path d=\"M4.4 8.4 7 11 11.8 5.4\"/></symbol>\n"
	"<symbol id=\"m_warn\" viewBox=\"0 0 16 16\"><path class=\"ground\" d=\"M8 .8 15.6 14.6H.4Z\"/><path d=\"M8 5.6V9.6M8 12v.3\"/></symbol>\n"
	"<symbol id=\"m_fail\" viewBox=\"0 0 16 16\"><path class=\"ground\" d=\"M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7Z\"/>"
	"<path d=\"M5 5l6 6M11 5l-6 6\"/></symbol>\n"
	"</svg>\n";

void html_mark(FILE *out, enum status status)
{
	const char *name = status_name(status);

	fprintf(out, "<svg class=\"mark %s\" role=\"img\" aria-label=\"%s\"><title>%s</title><use href=\"#m_%s\"/></svg>", name, name, name, name);
}
