/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a slice of gzip says of itself (split.h) as numbers, for memory that others wrote. */
#pragma once

#include <stdint.h>

#include "lib/fastq/split.h"

#define SPLIT_REPORT_NUMBERS 16

void split_report_put(const struct split_report *report, uint64_t ret[SPLIT_REPORT_NUMBERS]);
int split_report_get(const uint64_t numbers[SPLIT_REPORT_NUMBERS], struct split_report *ret); /* 0, or -EBADMSG: they are none */
