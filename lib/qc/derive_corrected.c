/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many different sequences of a duplication level a file would show if all its reads could be tracked (FASTQC.md section 1.9,
 * step 2): those that were seen are divided by the chance p of seeing one among the first `limit` reads,
 *
 *     p' = product of (reads - i - copies) / (reads - i) for i from 0 to limit - 1, p = 1 - p',
 *
 * one division and one multiplication after the other. No factor exceeds 1, so that p' never grows: FastQC, which takes 0 for
 * p' as soon as it is below a bound, need not be followed step by step. Several levels are calculated side by side, each
 * with the same operations in the same order as alone. And where the gamma function tells that p' ends far below the
 * bound (most levels of many copies), nothing is calculated at all.
 */
#include <math.h>
#include <string.h>

#include "lib/qc/derive.h"

#define LANES 8

typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

/* With up to so many reads the sums of logarithms of safely_below() are right to 1e-3. */
#define READS_GAMMA 1e10

/* p' below this is 0. */
static double bound_of(const struct level *level)
{
	double n = (double)level->sequences;

	return 1.0 - n / (n + 0.01);
}

static double log_factorial(double n)
{
	int sign;

	return lgamma_r(n + 1, &sign);
}

/* Whether p' is certainly below its bound, by a factor of e at least, where rounding plays no part. */
static bool safely_below(const struct level *level, double reads, double limit)
{
	double copies = (double)level->copies;

	if (copies + limit > reads)
		return true; /* a factor is 0 */
	if (reads > READS_GAMMA)
		return false;
	return log_factorial(reads - copies) - log_factorial(reads - copies - limit) - log_factorial(reads) +
	           log_factorial(reads - limit) <
	       log(bound_of(level)) - 1;
}

/* p' of up to LANES levels. */
static void products_make(struct level *const *levels, size_t n, uint64_t reads, uint64_t limit, double ret[LANES])
{
	lanes products, above, below;

	for (size_t i = 0; i < LANES; i++) {
		products[i] = 1;
		below[i] = (double)reads;
		above[i] = i < n ? (double)(reads - levels[i]->copies) : (double)reads;
	}
	for (uint64_t i = 0; i < limit; i++) {
		products *= above / below;
		above -= 1;
		below -= 1;
	}
	memcpy(ret, &products, sizeof products);
}

static void flush(struct level **waiting, size_t n, uint64_t reads, uint64_t limit)
{
	double products[LANES];

	if (n == 0)
		return;
	products_make(waiting, n, reads, limit, products);
	for (size_t i = 0; i < n; i++) {
		double product = products[i] < bound_of(waiting[i]) ? 0 : products[i];

		waiting[i]->corrected = (double)waiting[i]->sequences / (1 - product);
	}
}

void levels_correct(struct level *levels, size_t n, uint64_t reads, uint64_t limit)
{
	struct level *waiting[LANES];
	size_t waiting_n = 0;

	for (size_t i = 0; i < n; i++) {
		struct level *level = &levels[i];

		level->corrected = (double)level->sequences;
		/* Everything was tracked, or there are too few reads for one more sequence of the level. */
		if (limit == reads || reads - level->sequences < limit)
			continue;
		if (safely_below(level, (double)reads, (double)limit))
			continue; /* sequences / (1 - 0) */
		waiting[waiting_n++] = level;
		if (waiting_n < LANES)
			continue;
		flush(waiting, waiting_n, reads, limit);
		waiting_n = 0;
	}
	flush(waiting, waiting_n, reads, limit);
}
