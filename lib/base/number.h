/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number of 64 bits as eight bytes, the lowest first, on any machine. */
#pragma once

#include <stdint.h>

static inline void number_put(uint8_t *p, uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t number_get(const uint8_t *p)
{
	uint64_t value = 0;

	for (unsigned int i = 8; i-- > 0;)
		value = value << 8 | p[i];
	return value;
}
