/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a read adds to the percentages of G and C (FASTQC.md section 1.6): its length is truncated to L; with g
 * bases G or C it claims the percentages from round((g - 1/2) * 100 / L) to round((g + 1/2) * 100 / L), g +- 1/2
 * kept within 0 and L; to each percentage p that it claims it adds 1 / c, where c is how many of the g from 0 to L
 * claim p.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/gc.h"

/* 1 to 100, then hundreds to 1000, then thousands. */
static inline uint32_t gc_length(uint32_t length)
{
	if (length <= 100)
		return length;
	return length <= 1000 ? length / 100 * 100 : length / 1000 * 1000;
}

#define GC_DYADIC_MAX 100   /* up to here every increment is 1 or 1/2 */
#define GC_SMALL_MAX 1000    /* a length whose model is worth keeping */
#define GC_SMALL_LENGTHS 109 /* lengths up to that are the first of the numbered ones */

/* Lengths that truncating can give, numbered from 0; and back. */
static inline uint32_t gc_length_number(uint32_t length)
{
	if (length <= 100)
		return length - 1;
	return length <= 1000 ? 98 + length / 100 : 107 + length / 1000;
}

static inline uint32_t gc_length_numbered(uint32_t number)
{
	if (number < 100)
		return number + 1;
	return number < GC_SMALL_LENGTHS ? (number - 98) * 100 : (number - 107) * 1000;
}

struct gc_claim {
	uint8_t first, last; /* percentages */
};

/* length is a truncated one of at least 1, gc at most length. */
struct gc_claim gc_claim_of(uint32_t length, uint32_t gc);

/* c of a percentage: at least 1 where any read claims it. */
uint32_t gc_sharers(uint32_t length, unsigned int percentage);

/* The claims and increments of a length up to 1000, worked out once. */
struct gc_model {
	double increments[GC_BINS]; /* 0 where no read claims it */
	struct gc_claim claims[];   /* by gc */
};

/* Those asked for so far, by number of length; all zero bytes is none. */
struct gc_models {
	struct gc_model *models[GC_SMALL_LENGTHS];
};

/*
 * NULL for longer ones, whose claims and increments are to be worked out read by read (and without memory).
 */
const struct gc_model *gc_model_make(struct gc_models *models, uint32_t length);
void gc_models_deinit(struct gc_models *models);

static inline const struct gc_model *gc_model_get(struct gc_models *models, uint32_t length)
{
	const struct gc_model *model;

	if (length > GC_SMALL_MAX)
		return NULL;
	model = models->models[gc_length_number(length)];
	return model ? model : gc_model_make(models, length);
}
