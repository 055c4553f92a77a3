/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts and numbers of the page: see html_text.h. */
#include "lib/qc/html_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

void html_text(FILE *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	while (at < end) {
		uint32_t code = 0;
		size_t n = text_utf8_length(at, (size_t)(end - at), &code);
		bool fit = n > 0 && !text_is_unfit(code);

		n = n > 0 ? n : 1;
		if (fit && (code == '&' || code == '<' || code == '>' || code == '"' || code == '\''))
			fprintf(out, "&#%u;", (unsigned int)code);
		else if (fit)
			(void)fwrite(at, 1, n, out);
		for (size_t i = 0; !fit && i < n; i++)
			fprintf(out, "\\x%02x", at[i]);
		at += n;
	}
}

void html_real(FILE *out, double value)
{
	if (!isfinite(value))
		fputs("&#8211;", out);
	else if (fabs(value) < 1e15 && trunc(value) == value)
		fprintf(out, "%.0f", value + 0.0);
	else
		fprintf(out, fabs(value) >= 0.01 ? "%.2f" : "%.2g", value);
}

void html_cell(FILE *out, const struct cell *cell)
{
	if (cell->kind == CELL_TEXT)
		html_text(out, cell->text);
	else if (cell->kind == CELL_NUMBER)
		fprintf(out, "%" PRIu64, cell->number);
	else
		html_real(out, cell->real);
}

void html_si(FILE *out, double value, int digits)
{
	static const char *const prefixes[] = {"", "&#160;k", "&#160;M", "&#160;G", "&#160;T", "&#160;P", "&#160;E"};
	double full = 1000 - 0.5 * pow(10, 3 - digits); /* what would be printed as 1000 */
	size_t i = 0;

	if (!isfinite(value)) {
		fputs("&#8211;", out);
		return;
	}
	for (; fabs(value) >= full && i + 1 < sizeof prefixes / sizeof prefixes[0]; i++)
		value /= 1000;
	fprintf(out, "%.*g%s", digits, value + 0.0, prefixes[i]);
}

double html_value(const struct cell *cell)
{
	double value;
	char *end;

	if (cell->kind == CELL_NUMBER)
		return (double)cell->number;
	if (cell->kind != CELL_TEXT)
		return cell->real;
	value = strtod(cell->text, &end);
	return end != cell->text && *end == '\0' ? value : (double)NAN;
}
