/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as FastQC's text files, to the byte. */
#pragma once

#include <stdio.h>

#include "lib/base/error.h"
#include "lib/qc/report.h"

/* fastqc_data.txt; and summary.txt. 0 or negative errno of the stream with a sentence. */
int report_text_write(FILE *out, const struct report *report, struct error *err);
int report_summary_write(FILE *out, const struct report *report, struct error *err);
