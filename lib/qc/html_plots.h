/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plot of each section, with its legend, drawn of the section's cells. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/qc/report.h"

/* Whether there is one: not of tables without rows, of basic statistics and of overrepresented sequences. */
bool html_has_plot(const struct section *section);

/* A <figure>. 0 or -ENOMEM. */
int html_plot(FILE *out, const struct section *section, const struct limits *limits);
