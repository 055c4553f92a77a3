/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Claims and increments of reads: see gc_model.h.
 *
 * In whole numbers: (g - 1/2) * 100 / L rounded half up is floor((200 g - 100 + L) / 2L). FastQC does it in
 * doubles, which comes to the same: the quotient is rounded correctly, one that is half of an odd number is a
 * double itself, and all others are at least 1 / 2L away from such a half.
 */
#include "lib/qc/gc_model.h"

#include <stdlib.h>

struct gc_claim gc_claim_of(uint32_t length, uint32_t gc)
{
	uint64_t all = length, middle = 200ULL * gc + all;

	return (struct gc_claim){
	    .first = gc == 0 ? 0 : (uint8_t)((middle - 100) / (2 * all)),
	    .last = gc == length ? 100 : (uint8_t)((middle + 100) / (2 * all)),
	};
}

/*
 * The g that claim p lie between the smallest whose last percentage is at least p, 200 g >= L (2 p - 1) - 100, and the
 * largest whose first percentage is at most p, 200 g < L (2 p + 1) + 100.
 */
uint32_t gc_sharers(uint32_t length, unsigned int percentage)
{
	uint64_t all = length, above = all * (2ULL * percentage + 1) + 99, highest = above / 200, lowest = 0;
	uint64_t twice = 2 * all;

	if (above > twice + 199)
		lowest = (above - twice) / 200;
	return (uint32_t)((highest < all ? highest : all) - lowest + 1);
}

const struct gc_model *gc_model_make(struct gc_models *models, uint32_t length)
{
	struct gc_model *model = malloc(sizeof *model + (length + 1ULL) * sizeof model->claims[0]);

	if (!model)
		return NULL;
	for (unsigned int p = 0; p < GC_BINS; p++) {
		uint32_t sharers = gc_sharers(length, p);

		model->increments[p] = sharers > 0 ? 1.0 / sharers : 0;
	}
	for (uint32_t gc = 0; gc <= length; gc++)
		model->claims[gc] = gc_claim_of(length, gc);
	models->models[gc_length_number(length)] = model;
	return model;
}

void gc_models_deinit(struct gc_models *models)
{
	for (size_t i = 0; i < GC_SMALL_LENGTHS; i++)
		free(models->models[i]);
	*models = (struct gc_models){0};
}
