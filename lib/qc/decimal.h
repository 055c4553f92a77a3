/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people and other programs expect them. */
#pragma once

#define DECIMAL_MAX 40
#define DECIMAL_DIGITS 17 /* with so many every double reads back */

/* digits[0].digits[1]...digits[n - 1] times ten to the exponent; no zero at the end but the only digit. */
struct decimal {
	char digits[DECIMAL_DIGITS + 1];
	int n;
	int exponent;
};

/* The shortest decimal that reads back to the same number, finite and above 0, and of those the nearest one. */
void decimal_find(struct decimal *decimal, double value);
void decimal_find_float(struct decimal *decimal, float value);

/*
 * The shortest decimal that reads back to the same double, and of those the nearest one, as
 * Python's repr() prints it: "36.0", "32.63915044997766", "5e-05", "1e+16", "-0.25", "nan", "inf".
 * The decimal point is that of the current locale: the caller sees to the "C" one. Returns out.
 */
char *decimal_shortest(char out[DECIMAL_MAX], double value);
