/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as Java prints them: see java_number.h. */
#include "lib/qc/java_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PLAIN_SMALLEST 1e-3 /* from here up to PLAIN_END a number is printed without an exponent */
#define PLAIN_END 1e7

/* A power of two that JDK 17 prints with more digits than it needs. */
struct long_power {
	double power;
	const char *digits;
};

/* Those that a report can hold: in it nothing but a count is so large, and no count is above 2^55 (COUNT_TOTAL_MAX). */
static const struct long_power double_powers[] = {
	{0x1p-62, "21684043449710089"}, {0x1p-61, "43368086899420177"}, {0x1p-45, "28421709430404007"},
	{0x1p-44, "56843418860808015"}, {0x1p-31, "46566128730773926"}, {0x1p-24, "59604644775390625"},
	{0x1p55, "36028797018963968"},
};

/* Those that a p-value of k-mers can be. */
static const struct long_power float_powers[] = {
	{0x1p-38, "36379788"}, {0x1p-37, "72759576"}, {0x1p-27, "74505806"},
};

/* Floats that JDK 17 prints as whole numbers, cut where their 24 bits tell no more. */
#define FLOAT_WHOLE 0x1p25f
#define FLOAT_WHOLE_END 0x1p62f

/* What needs no digits: not a number, infinite, zero. False for others. */
static bool special_print(char *out, double value)
{
	if (!isnan(value) && !isinf(value) && value != 0)
		return false;
	strcpy(out, isnan(value) ? "NaN" : isinf(value) ? "Infinity" : "0.0");
	return true;
}

/* Takes the digits of a power of two from the table, where it is there. */
static void decimal_lengthen(struct decimal *decimal, double value, const struct long_power *powers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (value == powers[i].power) {
			decimal->n = (int)strlen(powers[i].digits);
			memcpy(decimal->digits, powers[i].digits, (size_t)decimal->n + 1);
		}
}

/* The digits of a float from FLOAT_WHOLE upward as JDK 17 has them. */
static void decimal_find_whole(struct decimal *decimal, float value)
{
	int bits = 0, cut, n;
	uint64_t whole = (uint64_t)value, unit = 1;
	char digits[24];

	(void)frexpf(value, &bits); /* value is below 2^bits */
	cut = (bits - 26) * 30103 / 100000; /* digits that a bit beyond the 24 is worth: log10(2) */
	for (int i = 0; i < cut; i++)
		unit *= 10;
	n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)(whole / unit + (whole % unit >= unit / 2 && unit > 1)));
	decimal->exponent = n - 1 + cut;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	memcpy(decimal->digits, digits, (size_t)n);
	decimal->digits[n] = '\0';
	decimal->n = n;
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
	if (java == JAVA_17)
		decimal_lengthen(&decimal, value, double_powers, sizeof double_powers / sizeof double_powers[0]);
	decimal_print(at, &decimal, value);
	return out;
}

char *java_float(char out[DECIMAL_MAX], float value, enum java java)
{
	struct decimal decimal;
	char *at = out;

	if (signbit(value) && !isnan(value))
		*at++ = '-';
	value = fabsf(value);
	if (special_print(at, (double)value))
		return out;
	if (java == JAVA_17 && value >= FLOAT_WHOLE && value < FLOAT_WHOLE_END)
		decimal_find_whole(&decimal, value);
	else
		decimal_find_float(&decimal, value);
	if (java == JAVA_17)
		decimal_lengthen(&decimal, (double)value, float_powers, sizeof float_powers / sizeof float_powers[0]);
	decimal_print(at, &decimal, (double)value);
	return out;
}
