/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often something is done: see rate.h. */
#include "lib/base/rate.h"

bool rate_take(struct rate *rate, uint64_t now, uint64_t span, uint32_t most, uint64_t *ret_left_out)
{
	if (rate->done == 0 || now - rate->begun >= span) {
		rate->begun = now;
		rate->done = 0;
	}
	if (rate->done == most) {
		rate->left_out++;
		return false;
	}
	rate->done++;
	*ret_left_out = rate->left_out;
	rate->left_out = 0;
	return true;
}
