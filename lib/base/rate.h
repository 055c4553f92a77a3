/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often something is done: at most so many times in a span, and how often it was left out. Milliseconds of one clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* All zero bytes: nothing was done yet. */
struct rate {
	uint64_t begun; /* of the present span */
	uint32_t done;  /* in it */
	uint64_t left_out;
};

/*
 * Whether it may be done once more. *ret_left_out: how often it was not since the last time that it was; the caller tells, and it
 * begins at 0 again.
 */
bool rate_take(struct rate *rate, uint64_t now, uint64_t span, uint32_t most, uint64_t *ret_left_out);
