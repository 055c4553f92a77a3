/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two reports side by side: statuses, and by how much the numbers of a section differ at most. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/qc/told.h"

struct diff_section {
	enum section_id id;
	int a, b;                   /* enum status, or -1: the report has no such section */
	bool compared;              /* both have rows that can be compared */
	double most;                /* greatest difference of two values of a row */
	double value_a, value_b;    /* there */
	const char *row, *column;   /* where: texts up to a tab; of tiles row has two fields */
	size_t only_a, only_b;      /* rows that one has alone */
};

/*
 * Compares one section of both, in the columns whose names both have. Of reads by score, GC and length, values are per cent of all reads, and a row that is missing is 0;
 * so it is of overrepresented sequences. 0 or -ENOMEM.
 */
int diff_section(const struct told *a, const struct told *b, enum section_id id, struct diff_section *ret);

/* Whether the status of b is worse; a section that is gone or new is neither. */
bool diff_worse(const struct diff_section *diff);
