/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The section "Basic Statistics" (FASTQC.md section 1.1). It always passes. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/qc/derive.h"
#include "lib/qc/java_number.h"

static const char *const columns[] = {"Measure", "Value"};

#define ROWS_MAX 8

/* The name of what came from standard input is given as "stdin:NAME". */
static const char *file_name(struct derive *derive)
{
	static const char mark[] = "stdin:";
	const char *name = derive->options->name, *at = strstr(name, mark);

	if (!at)
		return derive_text(derive, "%s", name);
	return derive_text(derive, "%.*s%s", (int)(at - name), name, at + strlen(mark));
}

/* "60.1 kbp": one digit behind the point, cut and not rounded, and none where it is 0. */
static const char *bases_text(struct derive *derive)
{
	static const struct {
		uint64_t from;
		const char *unit;
	} units[] = {{1000000000, "Gbp"}, {1000000, "Mbp"}, {1000, "kbp"}, {1, "bp"}};
	char text[DECIMAL_MAX];
	size_t i = 0, n;

	while (i < 3 && derive->bases < units[i].from)
		i++;
	(void)java_double(text, (double)derive->bases / (double)units[i].from, derive->options->java);
	n = strcspn(text, ".");
	return derive_text(derive, "%.*s %s", (int)(text[n + 1] == '0' ? n : n + 2), text, units[i].unit);
}

/* Per cent of G and C among A, C, G and T, rounded down; 0 where there are none. */
static uint64_t gc_percent(const uint64_t bases[256])
{
	uint64_t gc = bases['G'] + bases['g'] + bases['C'] + bases['c'];
	uint64_t acgt = gc + bases['A'] + bases['a'] + bases['T'] + bases['t'];

	return acgt > 0 ? gc * 100 / acgt : 0;
}

static const char *length_text(struct derive *derive)
{
	if (derive->shortest == derive->longest)
		return derive_text(derive, "%" PRIu64, derive->longest);
	return derive_text(derive, "%" PRIu64 "-%" PRIu64, derive->shortest, derive->longest);
}

int derive_basic(struct derive *derive, struct section *section)
{
	struct cell cells[ROWS_MAX][2];
	size_t n = 0;
	int r;

	cells[n][0] = cell_text("Filename");
	cells[n++][1] = cell_text(file_name(derive));
	cells[n][0] = cell_text("File type");
	cells[n++][1] = cell_text(derive->reads > 0 ? "Conventional base calls" : "null");
	cells[n][0] = cell_text("Encoding");
	cells[n++][1] = cell_text(derive->encoding.name);
	cells[n][0] = cell_text("Total Sequences");
	cells[n++][1] = cell_number(derive->reads);
	if (derive->rules->compat == COMPAT_0_12_1) {
		cells[n][0] = cell_text("Total Bases");
		cells[n++][1] = cell_text(bases_text(derive));
	}
	cells[n][0] = cell_text("Sequences flagged as poor quality");
	cells[n++][1] = cell_number(0);
	cells[n][0] = cell_text("Sequence length");
	cells[n++][1] = cell_text(length_text(derive));
	cells[n][0] = cell_text("%GC");
	cells[n++][1] = cell_number(gc_percent(derive->base_totals));
	r = derive_table(derive, section, columns, 2, n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (cells[i][1].kind == CELL_TEXT && !cells[i][1].text)
			return -ENOMEM;
		memcpy(section_row(section, i), cells[i], sizeof cells[i]);
	}
	return 0;
}
