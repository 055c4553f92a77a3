/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The marks of sections on pages: shapes that differ, for who cannot tell the colours. */
#pragma once

#include <stdio.h>

#include "lib/qc/report.h"

extern const char html_marks[]; /* once a page, behind <body>: the marks are drawn there and used by name */

void html_mark(FILE *out, enum status status);
