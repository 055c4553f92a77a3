/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spans of bytes for x86-64: 16, 32 or 64 bytes a step.
 *
 * Each step makes a bitmap of the bytes that end the span; the first set bit is the answer, unless it lies behind end
 * (the bytes read there are slack). "Outside '!'..'~'" is one unsigned compare of byte - '!' with '~' - '!'.
 */
#include "lib/fastq/span_x86.h"

#ifdef SPAN_X86
#include <immintrin.h>

/* One function that walks [p, end) by `step` bytes until mask() shows a byte. */
#define SPAN_FIND(name, isa, step, mask, ctz)                                                      \
	__attribute__((target(isa))) static const uint8_t *name(const uint8_t *p,                  \
	                                                        const uint8_t *end)                \
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

static inline unsigned int sse2_line(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
	                           _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));

	return (unsigned int)_mm_movemask_epi8(hit);
}

static inline unsigned int sse2_outside(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i from = _mm_sub_epi8(v, _mm_set1_epi8('!'));
	__m128i within = _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8('~' - '!')), from);

	return (unsigned int)_mm_movemask_epi8(within) ^ 0xffffu;
}

SPAN_FIND(sse2_span_line, "sse2", 16, sse2_line, __builtin_ctz)
SPAN_FIND(sse2_span_graph, "sse2", 16, sse2_outside, __builtin_ctz)

static bool sse2_all_graph(const uint8_t *p, size_t n)
{
	unsigned int outside = 0;

	for (; n >= 16; p += 16, n -= 16)
		outside |= sse2_outside(p);
	if (n > 0)
		outside |= sse2_outside(p) & ((1u << n) - 1);
	return !outside;
}

const struct span_ops span_sse2_ops = {
    .name = "SSE2",
    .line = sse2_span_line,
    .graph = sse2_span_graph,
    .all_graph = sse2_all_graph,
};

/* ---- AVX2 */

__attribute__((target("avx2"))) static inline uint32_t avx2_line(const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')),
	                              _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r')));

	return (uint32_t)_mm256_movemask_epi8(hit);
}

__attribute__((target("avx2"))) static inline uint32_t avx2_outside(const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8('!'));
	__m256i within =
	    _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8('~' - '!')), from);

	return ~(uint32_t)_mm256_movemask_epi8(within);
}

SPAN_FIND(avx2_span_line, "avx2,bmi", 32, avx2_line, __builtin_ctz)
SPAN_FIND(avx2_span_graph, "avx2,bmi", 32, avx2_outside, __builtin_ctz)

__attribute__((target("avx2"))) static bool avx2_all_graph(const uint8_t *p, size_t n)
{
	uint32_t outside = 0;

	for (; n >= 32; p += 32, n -= 32)
		outside |= avx2_outside(p);
	if (n > 0)
		outside |= avx2_outside(p) & (((uint32_t)1 << n) - 1);
	return !outside;
}

const struct span_ops span_avx2_ops = {
    .name = "AVX2",
    .line = avx2_span_line,
    .graph = avx2_span_graph,
    .all_graph = avx2_all_graph,
};

/* ---- AVX-512BW */

__attribute__((target("avx512bw"))) static inline uint64_t avx512_line(const uint8_t *p)
{
	__m512i v = _mm512_loadu_si512((const void *)p);

	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) |
	       _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\r'));
}

__attribute__((target("avx512bw"))) static inline uint64_t avx512_outside(const uint8_t *p)
{
	__m512i from = _mm512_sub_epi8(_mm512_loadu_si512((const void *)p), _mm512_set1_epi8('!'));

	return _mm512_cmpgt_epu8_mask(from, _mm512_set1_epi8('~' - '!'));
}

SPAN_FIND(avx512_span_line, "avx512bw,bmi", 64, avx512_line, __builtin_ctzll)
SPAN_FIND(avx512_span_graph, "avx512bw,bmi", 64, avx512_outside, __builtin_ctzll)

__attribute__((target("avx512bw"))) static bool avx512_all_graph(const uint8_t *p, size_t n)
{
	uint64_t outside = 0;

	for (; n >= 64; p += 64, n -= 64)
		outside |= avx512_outside(p);
	if (n > 0)
		outside |= avx512_outside(p) & (((uint64_t)1 << n) - 1);
	return !outside;
}

const struct span_ops span_avx512_ops = {
    .name = "AVX-512",
    .line = avx512_span_line,
    .graph = avx512_span_graph,
    .all_graph = avx512_all_graph,
};
#endif
