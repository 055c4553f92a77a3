/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section's table on the page, of at most HTML_ROWS_MAX rows. */
#pragma once

#include <stdio.h>

#include "lib/qc/report.h"

#define HTML_ROWS_MAX 2000

/* 0 or -ENOMEM. */
int html_table(FILE *out, const struct section *section);
