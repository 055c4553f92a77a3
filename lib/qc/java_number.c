/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as Java prints them: see java_number.h. */
#include "lib/qc/java_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PLAIN_SMALLEST 1e-3 /* from here up to PLAIN_END a number is printed without an exponent */
#define PLAIN_END 1e7

/*
 * Powers of two that JDK 17 prints with more digits than they need, of those that a report can hold: in it nothing but a count
 * is so large, and no count is above 2^55 (COUNT_TOTAL_MAX).
 */
static const struct {
	double power;
	const char *digits;
} long_powers[] = {
	{0x1p-62, "21684043449710089"}, {0x1p-61, "43368086899420177"}, {0x1p-45, "28421709430404007"},
	{0x1p-44, "56843418860808015"}, {0x1p-31, "46566128730773926"}, {0x1p-24, "59604644775390625"},
	{0x1p55, "36028797018963968"},
};

/* What needs no digits: not a number, infinite, zero. False for others. */
static bool special_print(char *out, double value)
{
	if (!isnan(value) && !isinf(value) && value != 0)
		return false;
	strcpy(out, isnan(value) ? "NaN" : isinf(value) ? "Infinity" : "0.0");
	return true;
}

static void plain_print(char *out, const struct decimal *decimal)
{
	int n = decimal->n, whole = decimal->exponent + 1; /* digits before the point */

	if (whole <= 0)
		(void)snprintf(out, DECIMAL_MAX, "0.%.*s%s", -whole, "00", decimal->digits);
	else if (n <= whole)
		(void)snprintf(out, DECIMAL_MAX, "%s%.*s.0", decimal->digits, whole - n, "000000");
	else
		(void)snprintf(out, DECIMAL_MAX, "%.*s.%s", whole, decimal->digits, decimal->digits + whole);
}

static void decimal_print(char *out, const struct decimal *decimal, double value)
{
	if (value >= PLAIN_SMALLEST && value < PLAIN_END)
		plain_print(out, decimal);
	else
		(void)snprintf(out, DECIMAL_MAX, "%c.%sE%d", decimal->digits[0], decimal->n > 1 ? decimal->digits + 1 : "0",
		               decimal->exponent);
}

char *java_double(char out[DECIMAL_MAX], double value, enum java java)
{
	struct decimal decimal;
	char *at = out;

	if (signbit(value) && !isnan(value))
		*at++ = '-';
	value = fabs(value);
	if (special_print(at, value))
		return out;
	decimal_find(&decimal, value);
	for (size_t i = 0; java == JAVA_17 && i < sizeof long_powers / sizeof long_powers[0]; i++)
		if (value == long_powers[i].power) {
			strcpy(decimal.digits, long_powers[i].digits);
			decimal.n = DECIMAL_DIGITS;
		}
	decimal_print(at, &decimal, value);
	return out;
}

char *java_float(char out[DECIMAL_MAX], float value)
{
	struct decimal decimal;
	char *at = out;

	if (signbit(value) && !isnan(value))
		*at++ = '-';
	value = fabsf(value);
	if (special_print(at, (double)value))
		return out;
	decimal_find_float(&decimal, value);
	decimal_print(at, &decimal, (double)value);
	return out;
}
