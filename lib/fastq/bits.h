/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bits of a byte string, from the lowest bit of its first byte, as deflate data has them. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint64_t bits_load(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* At least 57 bits from bit `at` on; looks at the 8 bytes from the one that holds it. */
static inline uint64_t bits_at(const uint8_t *p, uint64_t at)
{
	return bits_load(p + at / 8) >> (at % 8);
}
