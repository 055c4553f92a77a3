/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time in milliseconds, from the two clocks that this project uses. */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now); /* fails for an unknown clock only */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* For durations and deadlines: only ever goes on. */
static inline uint64_t clock_monotonic_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC);
}

/* For people and rows: since 1970, and may jump. */
static inline uint64_t clock_wall_ms(void)
{
	return clock_read_ms(CLOCK_REALTIME);
}
