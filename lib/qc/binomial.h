/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The binomial distribution as FastQC has it from Apache Commons Math 3: the same steps, so that the same digits come out. */
#pragma once

#include <stdint.h>

/* The probability of at most `hits` hits in so many trials, each of which hits with this probability (above 0, at most 1). */
double binomial_cumulative(uint64_t trials, double probability, uint64_t hits);
