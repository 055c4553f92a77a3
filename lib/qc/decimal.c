/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shortest decimals: see decimal.h. */
#include "lib/qc/decimal.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE_MAX 1e15 /* whole numbers below are printed as they are */

/*
 * A kind of number: with digits_max digits every one reads back, and every decimal of digits_sure digits is told from its
 * neighbours.
 */
struct precision {
	int digits_max, digits_sure;
	bool (*reads_back)(const char *text, double value);
};

static bool reads_back_double(const char *text, double value)
{
	return strtod(text, NULL) == value;
}

static bool reads_back_float(const char *text, double value)
{
	return strtof(text, NULL) == (float)value;
}

static const struct precision precision_double = {DECIMAL_DIGITS, 15, reads_back_double};
static const struct precision precision_float = {9, 6, reads_back_float};

/* The decimal of n digits that is nearest to value, which is finite and positive. */
static void decimal_round(struct decimal *decimal, double value, int n)
{
	char text[DECIMAL_MAX];

	(void)snprintf(text, sizeof text, "%.*e", n - 1, value);
	decimal->digits[0] = text[0];
	memcpy(decimal->digits + 1, text + 2, (size_t)n - 1);
	decimal->digits[n] = '\0';
	decimal->n = n;
	decimal->exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
}

/* The next larger decimal of as many digits. */
static void decimal_next(struct decimal *decimal)
{
	int i = decimal->n - 1;

	while (i >= 0 && decimal->digits[i] == '9')
		decimal->digits[i--] = '0';
	if (i >= 0) {
		decimal->digits[i]++;
		return;
	}
	decimal->digits[0] = '1';
	decimal->exponent++;
}

static bool decimal_reads_back(const struct decimal *decimal, const struct precision *precision, double value)
{
	char text[DECIMAL_MAX];

	(void)snprintf(text, sizeof text, "%se%d", decimal->digits, decimal->exponent - (decimal->n - 1));
	return precision->reads_back(text, value);
}

/*
 * At a power of two the numbers below lie closer than those above: there the nearest decimal of n digits, being smaller, may
 * not read back while the next larger one does.
 */
static bool decimal_try(struct decimal *decimal, const struct precision *precision, double value, int n)
{
	decimal_round(decimal, value, n);
	if (decimal_reads_back(decimal, precision, value))
		return true;
	decimal_next(decimal);
	return decimal_reads_back(decimal, precision, value);
}

/* Most means need 16 or 17 digits: only when 15 are enough is there anything shorter to look for. */
static void decimal_search(struct decimal *decimal, const struct precision *precision, double value)
{
	int most = precision->digits_max, sure = precision->digits_sure;
	int n = decimal_try(decimal, precision, value, sure) ? 1 : sure + 1;

	while (n < most && !decimal_try(decimal, precision, value, n))
		n++;
	if (n == most)
		(void)decimal_try(decimal, precision, value, n);
	while (decimal->n > 1 && decimal->digits[decimal->n - 1] == '0')
		decimal->digits[--decimal->n] = '\0';
}

/* ---- the quick way for the numbers of reports: whole numbers of 128 bits, no trials */

#define QUICK_LEAST 1e-3 /* from here to below WHOLE_MAX all that follows fits */

typedef unsigned __int128 u128;

/* A positive double of the range as mantissa * 2^-shift, and the power of ten that makes 17 digits of it. */
struct scaled {
	u128 value;     /* mantissa * 10^ten; what follows is in the same unit, 2^-shift * 10^-ten */
	u128 half;      /* half the distance to the next double */
	int shift, ten;
	bool even;      /* the mantissa: numbers exactly between two doubles read back as this one */
};

/* False at a power of two, whose neighbours are not equally far. */
static bool scale(struct scaled *scaled, double value)
{
	int exponent, ten = 16 - (int)floor(log10(value));
	uint64_t mantissa = (uint64_t)ldexp(frexp(value, &exponent), 53), power = 1;

	if (mantissa == 1ULL << 52)
		return false;
	for (int i = 0; i < ten; i++)
		power *= 10;
	*scaled = (struct scaled){
		.value = (u128)mantissa * power,
		.half = power / 2,
		.shift = 53 - exponent,
		.ten = ten,
		.even = mantissa % 2 == 0,
	};
	return scaled->shift > 0;
}

/* The multiple of step (in units of 10^-ten) that is nearest to the value; false where two are equally near. */
static bool nearest(const struct scaled *scaled, uint64_t step, uint64_t *ret)
{
	u128 below = (uint64_t)(scaled->value >> scaled->shift) / step * step, above = below + step;
	u128 to_below = scaled->value - (below << scaled->shift), to_above = (above << scaled->shift) - scaled->value;

	*ret = (uint64_t)(to_below < to_above ? below : above);
	return to_below != to_above;
}

/* The shortest decimal between the midpoints to the neighbours, or false where another way must be gone. */
static bool decimal_quick(struct decimal *decimal, double value)
{
	uint64_t least, most, step = 1, number;
	struct scaled scaled;
	u128 low, high, unit;

	if (value < QUICK_LEAST || value >= WHOLE_MAX || !scale(&scaled, value))
		return false;
	unit = (u128)1 << scaled.shift;
	low = scaled.value - scaled.half;
	high = scaled.value + scaled.half;
	least = (uint64_t)((low + unit - 1) >> scaled.shift);
	most = (uint64_t)(high >> scaled.shift);
	if (!scaled.even && low % unit == 0)
		least++;
	if (!scaled.even && high % unit == 0)
		most--;
	if (least > most)
		return false;
	while (most / (step * 10) * (step * 10) >= least)
		step *= 10;
	if (!nearest(&scaled, step, &number) || number < least || number > most)
		return false;
	decimal->n = snprintf(decimal->digits, sizeof decimal->digits, "%" PRIu64, number / step);
	decimal->exponent = decimal->n - 1 - scaled.ten;
	while (step > 1) {
		step /= 10;
		decimal->exponent++;
	}
	return true;
}

void decimal_find(struct decimal *decimal, double value)
{
	if (!decimal_quick(decimal, value))
		decimal_search(decimal, &precision_double, value);
}

void decimal_find_float(struct decimal *decimal, float value)
{
	decimal_search(decimal, &precision_float, (double)value);
}

static void decimal_print(char out[DECIMAL_MAX], const struct decimal *decimal)
{
	const char *digits = decimal->digits;
	int n = decimal->n, whole = decimal->exponent + 1; /* digits before the point */

	if (whole > 16 || whole < -3)
		(void)snprintf(out, DECIMAL_MAX, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "",
		               digits + 1, decimal->exponent < 0 ? '-' : '+',
		               abs(decimal->exponent));
	else if (whole <= 0)
		(void)snprintf(out, DECIMAL_MAX, "0.%.*s%s", -whole, "000", digits);
	else if (n <= whole)
		(void)snprintf(out, DECIMAL_MAX, "%s%.*s.0", digits, whole - n, "0000000000000000");
	else
		(void)snprintf(out, DECIMAL_MAX, "%.*s.%s", whole, digits, digits + whole);
}

char *decimal_shortest(char out[DECIMAL_MAX], double value)
{
	struct decimal decimal;
	char *at = out;

	if (signbit(value) && !isnan(value))
		*at++ = '-';
	if (isnan(value) || isinf(value) || value == 0) {
		strcpy(at, isnan(value) ? "nan" : isinf(value) ? "inf" : "0.0");
		return out;
	}
	if (fabs(value) < WHOLE_MAX && trunc(value) == value) {
		(void)snprintf(out, DECIMAL_MAX, "%.1f", value);
		return out;
	}
	decimal_find(&decimal, fabs(value));
	decimal_print(at, &decimal);
	return out;
}
