/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the page says in words: what a section shows, and by which limits it has its mark. */
#pragma once

#include <stdio.h>

#include "lib/qc/report.h"

/* A sentence. */
const char *html_about(enum section_id id);

/* "Lowest lower quartile 2 (position 145-149) ... Warns below 10 or 25, fails below 5 or 20."; nothing of a section that is not judged. */
void html_verdict(FILE *out, const struct section *section, const struct limits *limits);
