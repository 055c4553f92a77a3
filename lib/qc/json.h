/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as JSON: every number at full precision; the schema is fqcluster.report(5). */
#pragma once

#include <stdio.h>

#include "lib/base/error.h"
#include "lib/qc/report.h"

#define REPORT_SCHEMA "fqcluster.report/1"

/* 0 or negative errno of the stream with a sentence. */
int report_json_write(FILE *out, const struct report *report, struct error *err);
