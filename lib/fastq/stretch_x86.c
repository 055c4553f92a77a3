/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stretches of text with open places, by SSE2 and by AVX-512 with VBMI2: see stretch.h. */
#include "lib/fastq/stretch.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <string.h>

/* The bytes of the window that are open, one after the other; the unpackers deal them out. */
static void look_up(const struct stretch *stretch, const uint8_t window[SPLIT_WINDOW], uint8_t *to)
{
	const uint16_t *open = stretch->open;

	for (size_t i = 0; i < stretch->open_n; i += 4) {
		uint64_t four;

		memcpy(&four, open + i, sizeof four);
		to[i] = window[four & (SPLIT_WINDOW - 1)];
		to[i + 1] = window[four >> 16 & (SPLIT_WINDOW - 1)];
		to[i + 2] = window[four >> 32 & (SPLIT_WINDOW - 1)];
		to[i + 3] = window[four >> 48 & (SPLIT_WINDOW - 1)];
	}
}

/* ---- SSE2 */

static __m128i load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* As signed numbers open symbols are below bytes, so the lowest of all is the lowest open one, if there is one. */
static size_t sse2_count(const uint16_t *symbols, size_t n, uint16_t *ret_lowest)
{
	__m128i lowest = _mm_set1_epi16(INT16_MAX);
	int16_t low[8], least = INT16_MAX;
	size_t count = 0, i;

	for (i = 0; i + 16 <= n; i += 16) {
		__m128i a = load(symbols + i), b = load(symbols + i + 8);

		lowest = _mm_min_epi16(lowest, _mm_min_epi16(a, b));
		count += (unsigned int)__builtin_popcount((unsigned int)_mm_movemask_epi8(_mm_packs_epi16(a, b)));
	}
	_mm_storeu_si128((__m128i *)(void *)low, lowest);
	for (unsigned int k = 0; k < 8; k++)
		least = low[k] < least ? low[k] : least;
	for (; i < n; i++) {
		count += symbols[i] >> 15;
		least = (int16_t)symbols[i] < least ? (int16_t)symbols[i] : least;
	}
	*ret_lowest = least < 0 ? (uint16_t)least : 0xffff;
	return count;
}

static void sse2_pack(const uint16_t *symbols, size_t n, struct stretch *ret)
{
	const __m128i low = _mm_set1_epi16(SYMBOL_OPEN - 1);
	uint16_t *open = ret->open, *end = open + ret->open_n;

	memset(ret->mask, 0, (n + 63) / 64 * sizeof *ret->mask);
	for (size_t i = 0; i < n; i += 16) {
		__m128i a = load(symbols + i), b = load(symbols + i + 8);
		uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b));

		if (n - i < 16)
			mask &= (1u << (n - i)) - 1;
		_mm_storeu_si128((__m128i *)(void *)(ret->text + i), _mm_packus_epi16(a, b));
		if (mask == 0)
			continue;
		ret->mask[i / 64] |= (uint64_t)mask << (i % 64);
		if (mask == 0xffff) {
			_mm_storeu_si128((__m128i *)(void *)open, _mm_and_si128(a, low));
			_mm_storeu_si128((__m128i *)(void *)(open + 8), _mm_and_si128(b, low));
			open += 16;
			continue;
		}
		for (; mask && open < end; mask &= mask - 1)
			*open++ = symbols[i + (unsigned int)__builtin_ctz(mask)] & (SYMBOL_OPEN - 1);
	}
}

static void sse2_unpack(const struct stretch *stretch, const uint8_t window[SPLIT_WINDOW], uint8_t *to)
{
	uint8_t bytes[STRETCH_MAX + STRETCH_SLACK];
	const uint8_t *next = bytes;

	memcpy(to, stretch->text, stretch->n);
	if (stretch->open_n == 0)
		return;
	look_up(stretch, window, bytes);
	for (size_t i = 0; i < stretch->n; i += 64) {
		uint64_t mask = stretch->mask[i / 64];

		if (mask == UINT64_MAX) {
			memcpy(to + i, next, 64);
			next += 64;
			continue;
		}
		for (; mask; mask &= mask - 1)
			to[i + (unsigned int)__builtin_ctzll(mask)] = *next++;
	}
}

const struct stretch_ops stretch_sse2_ops = {
    .name = "SSE2",
    .count = sse2_count,
    .pack = sse2_pack,
    .unpack = sse2_unpack,
};

/* ---- AVX-512 */

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))

TARGET static size_t avx512_count(const uint16_t *symbols, size_t n, uint16_t *ret_lowest)
{
	__m512i lowest = _mm512_set1_epi16(INT16_MAX);
	int16_t low[32], least = INT16_MAX;
	size_t count = 0;

	for (size_t i = 0; i < n; i += 32) {
		uint32_t all = n - i < 32 ? (1u << (n - i)) - 1 : UINT32_MAX;
		__m512i v = _mm512_maskz_loadu_epi16(all, (const void *)(symbols + i));

		lowest = _mm512_min_epi16(lowest, v);
		count += (unsigned int)__builtin_popcount(_mm512_movepi16_mask(v));
	}
	_mm512_storeu_si512((void *)low, lowest);
	for (unsigned int k = 0; k < 32; k++)
		least = low[k] < least ? low[k] : least;
	*ret_lowest = least < 0 ? (uint16_t)least : 0xffff;
	return count;
}

TARGET static void avx512_pack(const uint16_t *symbols, size_t n, struct stretch *ret)
{
	const __m512i low = _mm512_set1_epi16(SYMBOL_OPEN - 1);
	uint16_t *open = ret->open;

	for (size_t i = 0; i < n; i += 64) {
		__m512i a = _mm512_loadu_si512((const void *)(symbols + i)), b = _mm512_loadu_si512((const void *)(symbols + i + 32));
		uint64_t all = n - i < 64 ? (1ULL << (n - i)) - 1 : UINT64_MAX;
		__mmask32 of_a = _mm512_movepi16_mask(a) & (__mmask32)all, of_b = _mm512_movepi16_mask(b) & (__mmask32)(all >> 32);

		_mm256_storeu_si256((__m256i *)(void *)(ret->text + i), _mm512_cvtepi16_epi8(a));
		_mm256_storeu_si256((__m256i *)(void *)(ret->text + i + 32), _mm512_cvtepi16_epi8(b));
		ret->mask[i / 64] = of_a | (uint64_t)of_b << 32;
		if (!(of_a | of_b))
			continue;
		_mm512_storeu_si512((void *)open, _mm512_maskz_compress_epi16(of_a, _mm512_and_si512(a, low)));
		open += (unsigned int)__builtin_popcount(of_a);
		_mm512_storeu_si512((void *)open, _mm512_maskz_compress_epi16(of_b, _mm512_and_si512(b, low)));
		open += (unsigned int)__builtin_popcount(of_b);
	}
}

TARGET static void avx512_unpack(const struct stretch *stretch, const uint8_t window[SPLIT_WINDOW], uint8_t *to)
{
	uint8_t bytes[STRETCH_MAX + STRETCH_SLACK];
	const uint8_t *next = bytes;

	if (stretch->open_n == 0) {
		memcpy(to, stretch->text, stretch->n);
		return;
	}
	look_up(stretch, window, bytes);
	for (size_t i = 0; i < stretch->n; i += 64) {
		__m512i text = _mm512_loadu_si512((const void *)(stretch->text + i));
		uint64_t mask = stretch->mask[i / 64];

		text = _mm512_mask_expand_epi8(text, mask, _mm512_loadu_si512((const void *)next));
		_mm512_storeu_si512((void *)(to + i), text);
		next += (unsigned int)__builtin_popcountll(mask);
	}
}

const struct stretch_ops stretch_avx512_ops = {
    .name = "AVX-512",
    .count = avx512_count,
    .pack = avx512_pack,
    .unpack = avx512_unpack,
};
#else
typedef int stretch_x86_is_not_used; /* ISO C wants something in each file */
#endif
