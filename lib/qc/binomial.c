/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The binomial distribution: see binomial.h. It is one less a regularised incomplete beta function, that is a continued
 * fraction (Lentz's algorithm, as Thompson and Barnett changed it) times a factor whose logarithm has that of the beta function in
 * it. The latter is by the method of the NSWC library (A. Didonato and A. Morris, Algorithm 708, ACM TOMS 18, 1992), here for
 * whole numbers only, whose parts gamma(1) and gamma(2) are 1.
 */
#include "lib/qc/binomial.h"

#include <math.h>
#include <stddef.h>

#define HALF_LOG_TWO_PI 0.9189385332046727
#define FRACTION_PRECISION 1e-14
#define FRACTION_TINY 1e-50 /* instead of a zero that would be divided by */

/* Coefficients of what Stirling's formula leaves over, for arguments from 10 upward. */
static const double delta[] = {
	0.08333333333333333,    -2.777777777777778e-5,   7.936507936507937e-8,   -5.952380952380953e-10,  8.417508417508329e-12,
	-1.917526917518546e-13, 6.410256405103255e-15,   -2.955065141253382e-16, 1.7964371635940225e-17,  -1.3922896466162779e-18,
	1.338028550140209e-19,  -1.542460098679661e-20,  1.9770199298095743e-21, -2.3406566479399704e-22, 1.713480149663986e-23,
};
#define DELTA_N (sizeof delta / sizeof *delta)

/* What is left over of log(gamma(b)) less that of log(gamma(a + b)), a <= b. */
static double delta_difference(double a, double b)
{
	double h = a / b, p = h / (1 + h), q = 1 / (1 + h), q2 = q * q;
	double root = 10 / b, t = root * root, w, s[DELTA_N];

	s[0] = 1;
	for (size_t i = 1; i < DELTA_N; i++)
		s[i] = 1 + (q + q2 * s[i - 1]);
	w = delta[DELTA_N - 1] * s[DELTA_N - 1];
	for (size_t i = DELTA_N - 1; i-- > 0;)
		w = t * w + delta[i] * s[i];
	return w * p / b;
}

/* What is left over of log(gamma(a)) and log(gamma(b)) less that of log(gamma(a + b)), 10 <= a <= b. */
static double delta_rest(double a, double b)
{
	double root = 10 / a, t = root * root, z = delta[DELTA_N - 1];

	for (size_t i = DELTA_N - 1; i-- > 0;)
		z = t * z + delta[i];
	return z / a + delta_difference(a, b);
}

/* log(gamma(b)) - log(gamma(a + b)), b at least 10. */
static double log_gamma_difference(double a, double b)
{
	double d = b + (a - 0.5), w = delta_difference(a, b);
	double u = d * log1p(a / b), v = a * (log(b) - 1);

	return u <= v ? (w - u) - v : (w - v) - u;
}

/* log(gamma(a + b)) for a and b of 1 or 2. */
static double log_gamma_sum(double a, double b)
{
	double x = (a - 1) + (b - 1);

	return x <= 0.5 ? 0 : x <= 1.5 ? log1p(x) : log(x * (1 + x));
}

static double log_beta_large(double a, double b)
{
	double w = delta_rest(a, b), h = a / b, c = h / (1 + h);
	double u = -(a - 0.5) * log(c), v = b * log1p(h);

	if (u <= v)
		return (((-0.5 * log(b) + HALF_LOG_TWO_PI) + w) - u) - v;
	return (((-0.5 * log(b) + HALF_LOG_TWO_PI) + w) - v) - u;
}

/* 2 < a < 10, a <= b: gamma(a) is brought down to gamma(1) or gamma(2) factor by factor. */
static double log_beta_middle(double a, double b)
{
	double product = 1, other = 1;

	if (b > 1000) {
		double n = a - 1;

		while (a > 1) {
			a -= 1;
			product *= a / (1 + a / b);
		}
		return (log(product) - n * log(b)) + log_gamma_difference(a, b);
	}
	while (a > 2) {
		double h;

		a -= 1;
		h = a / b;
		product *= h / (1 + h);
	}
	if (b >= 10)
		return log(product) + log_gamma_difference(a, b);
	while (b > 2) {
		b -= 1;
		other *= b / (a + b);
	}
	return log(product) + log(other) + (0 - log_gamma_sum(a, b));
}

/* a of 1 or 2, a <= b. */
static double log_beta_small(double a, double b)
{
	double product = 1;

	if (b >= 10)
		return log_gamma_difference(a, b);
	if (b <= 2)
		return 0 - log_gamma_sum(a, b);
	while (b > 2) {
		b -= 1;
		product *= b / (a + b);
	}
	return log(product) + (0 - log_gamma_sum(a, b));
}

/* The logarithm of the beta function of two whole numbers from 1 upward. */
static double log_beta(double p, double q)
{
	double a = p < q ? p : q, b = p < q ? q : p;

	return a >= 10 ? log_beta_large(a, b) : a > 2 ? log_beta_middle(a, b) : log_beta_small(a, b);
}

/* The n-th partial numerator. */
static double fraction_numerator(unsigned int n, double x, double a, double b)
{
	double m;

	if (n % 2 == 0) {
		m = n / 2.0;
		return (m * (b - m) * x) / ((a + (2 * m) - 1) * (a + (2 * m)));
	}
	m = (n - 1.0) / 2.0;
	return -((a + m) * (a + b + m) * x) / ((a + (2 * m)) * (a + (2 * m) + 1.0));
}

static double not_zero(double x)
{
	return fabs(x) <= FRACTION_TINY ? FRACTION_TINY : x;
}

static double fraction(double x, double a, double b)
{
	double d = 0, c = 1, h = 1;

	for (unsigned int n = 1;; n++) {
		double numerator = fraction_numerator(n, x, a, b), step;

		d = 1 / not_zero(1 + numerator * d);
		c = not_zero(1 + numerator / c);
		step = c * d;
		h *= step;
		if (fabs(step - 1) < FRACTION_PRECISION || !isfinite(h))
			return h;
	}
}

/* The regularised incomplete beta function, a and b whole numbers from 1 upward. */
static double beta_regularised(double x, double a, double b)
{
	if (x > (a + 1) / (2 + b + a) && 1 - x <= (b + 1) / (2 + b + a))
		return 1 - beta_regularised(1 - x, b, a);
	return exp((a * log(x)) + (b * log1p(-x)) - log(a) - log_beta(a, b)) / fraction(x, a, b);
}

double binomial_cumulative(uint64_t trials, double probability, uint64_t hits)
{
	if (hits >= trials)
		return 1;
	return 1 - beta_regularised(probability, (double)hits + 1, (double)(trials - hits));
}
