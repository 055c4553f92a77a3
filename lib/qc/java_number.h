/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as Java prints them: Double.toString and Float.toString (FASTQC.md section 0.4). */
#pragma once

#include "lib/qc/decimal.h"

/* Whose Double.toString: up to JDK 18 a few powers of two have more digits than they need. */
enum java { JAVA_17, JAVA_19 };

/* "36.0", "1.2345678E7", "NaN", "-Infinity"; the caller sees to the "C" locale (decimal.h). Return out. */
char *java_double(char out[DECIMAL_MAX], double value, enum java java);
char *java_float(char out[DECIMAL_MAX], float value, enum java java);
