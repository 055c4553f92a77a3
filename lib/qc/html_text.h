/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts and numbers of the page, which is also well-formed XML. Numbers are rounded for people; print_numbers() sets their locale. */
#pragma once

#include <stdio.h>

#include "lib/qc/report.h"

/* A foreign text, inside an element or a quoted attribute: markup is escaped, bytes that cannot be shown are written as \xNN. */
void html_text(FILE *out, const char *text);

/* Two digits behind the point, none of a whole number; a dash for what is none. */
void html_real(FILE *out, double value);
void html_cell(FILE *out, const struct cell *cell);

/* "12.4 M": so many digits at most (1 to 9) and a prefix of the SI, none below a thousand. */
void html_si(FILE *out, double value, int digits);

/* The value of a cell as a double; NaN of a text that is no number. */
double html_value(const struct cell *cell);
