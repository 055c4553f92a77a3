/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports of reads that a test writes down. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/counters.h"
#include "lib/qc/report.h"

struct made_read {
	const char *name, *sequence, *quality;
	size_t copies; /* 0 is one */
};

/* Counters of all that a report needs, of a whole file of these n reads. Aborts when out of memory, as all of these. */
struct counters *made_counters(const struct made_read *reads, size_t n, enum compat compat);

/* Everything as it usually is; the limits and the contaminants live as long as the program. */
struct report_options made_options(void);

/* The report of such counters, or NULL with the sentence and the code of the failure. */
struct report *made_report(const struct made_read *reads, size_t n, enum compat compat, const struct report_options *options,
                           struct error *err, int *ret_code);

/* A section, or NULL where it is left out. */
const struct section *report_section(const struct report *report, enum section_id id);
const struct cell *section_cell(const struct section *section, size_t row, size_t column);

void reportp(struct report **report);
