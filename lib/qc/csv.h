/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The smallest result: mean Phred score per base position, as CSV. Derived here, once, from merged integers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/error.h"
#include "lib/qc/counters.h"

enum phred {
	PHRED_AUTO = 0, /* 64 where the lowest quality byte of the file is 64 or above ('@'), 33 otherwise */
	PHRED_33 = 33,
	PHRED_64 = 64,
};

struct csv_options {
	enum phred phred;
	uint32_t base;    /* index of the first position: 0 or 1 */
	bool header;      /* first a line "position,mean_quality", and ",error_mean_quality" where that is asked for */
	bool crlf;
	bool error_mean;  /* third column: -10 log10(mean error probability); needs COUNT_QUALITY_TABLE */
};

/*
 * The modules that these options need, for a job. Counters with COUNT_QUALITY_TABLE alone, as of COUNT_REPORT, give the same
 * lines.
 */
uint32_t csv_modules(const struct csv_options *options);

/*
 * Writes one line a position, `index,mean`: (sum of quality bytes - offset * reads) / reads that reach the position, one
 * division, in the shortest decimal that reads back to the same double (as Python's repr prints it: 36.0, 5e-05).
 * A file without bases gives no lines, and no header. Whatever the locale, the decimal point is a point.
 * 0; -EINVAL where the counters lack a module; -EIO and the like from the stream.
 */
int csv_write(FILE *out, const struct counters *counters, const struct csv_options *options, struct error *err);
