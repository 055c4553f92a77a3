/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report as one self-contained page: key figures, FastQC's order and marks, by which limits each was given, plots as SVG, and
 * every table (of a very long one 2000 rows); no script, nothing from outside. See fqcluster.report(5).
 */
#pragma once

#include <stdio.h>

#include "lib/base/error.h"
#include "lib/qc/report.h"

/* 0 or negative errno of the stream with a sentence. The same bytes for the same report: no time, no host. */
int report_html_write(FILE *out, const struct report *report, struct error *err);
