/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spans of bytes for x86-64: 16, 32 or 64 bytes a step, to be inlined into loops for one kind of processor; which of those may be
 * called is span.c's business.
 *
 * Each step makes a bitmap of the bytes that end the span; the first set bit is the answer, unless it lies behind end
 * (the bytes read there are slack). "Outside '!'..'~'" is one unsigned compare of byte - '!' with '~' - '!'.
 */
#pragma once

#include "lib/fastq/span.h"

#ifdef __x86_64__
#define SPAN_X86 1
#include <immintrin.h>

extern const struct span_ops span_sse2_ops;
extern const struct span_ops span_avx2_ops;
extern const struct span_ops span_avx512_ops;

#define TARGET_SSE2 __attribute__((target("sse2")))
#define TARGET_AVX2 __attribute__((target("avx2,bmi")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi,bmi2")))
#define SPAN_INLINE static inline __attribute__((always_inline))

/* One function that walks [p, end) by `step` bytes until mask() shows a byte. */
#define SPAN_FIND(name, isa, step, mask, ctz)                                                      \
	isa SPAN_INLINE const uint8_t *name(const uint8_t *p, const uint8_t *end)                  \
	{                                                                                          \
		for (; p < end; p += step) {                                                       \
			__auto_type found = mask(p);                                               \
                                                                                                   \
			if (found) {                                                               \
				p += ctz(found);                                                   \
				return p < end ? p : end;                                          \
			}                                                                          \
		}                                                                                  \
		return end;                                                                        \
	}

/* ---- SSE2 */

SPAN_INLINE unsigned int sse2_line(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
	                           _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));

	return (unsigned int)_mm_movemask_epi8(hit);
}

SPAN_INLINE __m128i sse2_from(const uint8_t *p)
{
	return _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('!'));
}

SPAN_INLINE unsigned int sse2_over(__m128i from)
{
	__m128i within = _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8('~' - '!')), from);

	return (unsigned int)_mm_movemask_epi8(within) ^ 0xffffu;
}

SPAN_INLINE unsigned int sse2_outside(const uint8_t *p)
{
	return sse2_over(sse2_from(p));
}

SPAN_FIND(sse2_span_line, TARGET_SSE2, 16, sse2_line, __builtin_ctz)
SPAN_FIND(sse2_span_graph, TARGET_SSE2, 16, sse2_outside, __builtin_ctz)

/* Whether all n bytes at a and all n at b are within '!'..'~'. */
SPAN_INLINE bool sse2_both_graph(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	__m128i highest = _mm_setzero_si128();

	for (; n >= 16; a += 16, b += 16, n -= 16)
		highest = _mm_max_epu8(highest, _mm_max_epu8(sse2_from(a), sse2_from(b)));
	return !sse2_over(highest) &&
	       (n == 0 || !((sse2_outside(a) | sse2_outside(b)) & ((1u << n) - 1)));
}

/* ---- AVX2 */

TARGET_AVX2 SPAN_INLINE uint32_t avx2_line(const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')),
	                              _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r')));

	return (uint32_t)_mm256_movemask_epi8(hit);
}

TARGET_AVX2 SPAN_INLINE __m256i avx2_from(const uint8_t *p)
{
	return _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(const void *)p),
	                       _mm256_set1_epi8('!'));
}

TARGET_AVX2 SPAN_INLINE uint32_t avx2_over(__m256i from)
{
	__m256i within =
	    _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8('~' - '!')), from);

	return ~(uint32_t)_mm256_movemask_epi8(within);
}

TARGET_AVX2 SPAN_INLINE uint32_t avx2_outside(const uint8_t *p)
{
	return avx2_over(avx2_from(p));
}

SPAN_FIND(avx2_span_line, TARGET_AVX2, 32, avx2_line, __builtin_ctz)
SPAN_FIND(avx2_span_graph, TARGET_AVX2, 32, avx2_outside, __builtin_ctz)

TARGET_AVX2 SPAN_INLINE bool avx2_both_graph(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	__m256i highest = _mm256_setzero_si256();

	for (; n >= 32; a += 32, b += 32, n -= 32)
		highest = _mm256_max_epu8(highest, _mm256_max_epu8(avx2_from(a), avx2_from(b)));
	return !avx2_over(highest) &&
	       (n == 0 || !((avx2_outside(a) | avx2_outside(b)) & ((1u << n) - 1)));
}

/* ---- AVX-512BW */

TARGET_AVX512 SPAN_INLINE uint64_t avx512_line(const uint8_t *p)
{
	__m512i v = _mm512_loadu_si512((const void *)p);

	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) |
	       _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
}

TARGET_AVX512 SPAN_INLINE __m512i avx512_from(const uint8_t *p, uint64_t which)
{
	return _mm512_maskz_sub_epi8(which, _mm512_loadu_si512((const void *)p), _mm512_set1_epi8('!'));
}

TARGET_AVX512 SPAN_INLINE uint64_t avx512_over(__m512i from)
{
	return _mm512_cmpgt_epu8_mask(from, _mm512_set1_epi8('~' - '!'));
}

TARGET_AVX512 SPAN_INLINE uint64_t avx512_outside(const uint8_t *p)
{
	return avx512_over(avx512_from(p, ~0ULL));
}

SPAN_FIND(avx512_span_line, TARGET_AVX512, 64, avx512_line, __builtin_ctzll)
SPAN_FIND(avx512_span_graph, TARGET_AVX512, 64, avx512_outside, __builtin_ctzll)

TARGET_AVX512 SPAN_INLINE bool avx512_both_graph(const uint8_t *a, const uint8_t *b, uint32_t n)
{
	__m512i highest = _mm512_setzero_si512();
	uint64_t rest;

	for (; n >= 64; a += 64, b += 64, n -= 64)
		highest = _mm512_max_epu8(
		    highest, _mm512_max_epu8(avx512_from(a, ~0ULL), avx512_from(b, ~0ULL)));
	rest = _bzhi_u64(~0ULL, n);
	highest =
	    _mm512_max_epu8(highest, _mm512_max_epu8(avx512_from(a, rest), avx512_from(b, rest)));
	return !avx512_over(highest);
}
#endif
