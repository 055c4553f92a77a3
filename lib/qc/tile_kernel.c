/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inner loops over the qualities of a tile: see tile_kernel.h. Vectors are masked behind a piece's end. */
#include "lib/qc/tile_kernel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- portable: what the others are compared with */

static bool portable_supported(void)
{
	return true;
}

static uint8_t portable_add_one(uint32_t *sums, struct piece piece)
{
	uint8_t lowest = 255;

	for (uint32_t p = 0; p < piece.n; p++) {
		sums[p] += piece.bytes[p];
		lowest = piece.bytes[p] < lowest ? piece.bytes[p] : lowest;
	}
	return lowest;
}

static void portable_add_low(uint16_t sums[QUALITY_SPAN], uint16_t reads[QUALITY_SPAN], const struct piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = 0; p < pieces[i].n && p < QUALITY_SPAN; p++) {
			uint8_t byte = pieces[i].bytes[p], low = byte < TILE_LOW;

			sums[p] = (uint16_t)(sums[p] + (low ? byte : 0));
			reads[p] = (uint16_t)(reads[p] + low);
		}
}

#ifdef __x86_64__

#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi2")))
#define TARGET_AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline))

/* Bytes of the piece from position at on, at most width. */
INLINE uint32_t piece_left(const struct piece *piece, uint32_t at, uint32_t width)
{
	uint32_t left = piece->n > at ? piece->n - at : 0;

	return left < width ? left : width;
}

/* Positions that the pieces reach, at most a span. */
static uint32_t pieces_longest(const struct piece *pieces, size_t n)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < n; i++)
		longest = pieces[i].n > longest ? pieces[i].n : longest;
	return longest < QUALITY_SPAN ? longest : QUALITY_SPAN;
}

/* What was added in lanes of even and odd positions, and in bytes. */
INLINE void columns_settle(uint16_t *sums, uint16_t *reads, const uint16_t *even, const uint16_t *odd, const uint8_t *counts,
                           size_t lanes)
{
	for (size_t i = 0; i < lanes; i++) {
		sums[2 * i] = (uint16_t)(sums[2 * i] + even[i]);
		sums[2 * i + 1] = (uint16_t)(sums[2 * i + 1] + odd[i]);
	}
	for (size_t i = 0; i < 2 * lanes; i++)
		reads[i] = (uint16_t)(reads[i] + counts[i]);
}

static uint8_t bytes_lowest(const uint8_t *bytes, size_t n)
{
	uint8_t lowest = 255;

	for (size_t i = 0; i < n; i++)
		lowest = bytes[i] < lowest ? bytes[i] : lowest;
	return lowest;
}

/* ---- AVX-512 */

static bool avx512_supported(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("bmi2");
}

/* Sixteen positions. */
TARGET_AVX512 INLINE void avx512_widen(uint32_t *sums, __m128i bytes, __mmask16 mask)
{
	__m512i sum = _mm512_maskz_loadu_epi32(mask, sums);

	_mm512_mask_storeu_epi32(sums, mask, _mm512_add_epi32(sum, _mm512_cvtepu8_epi32(bytes)));
}

TARGET_AVX512 static uint8_t avx512_add_one(uint32_t *sums, struct piece piece)
{
	__m128i lowest = _mm_set1_epi8(-1);

	for (uint32_t at = 0; at < piece.n; at += 16) {
		uint32_t left = piece_left(&piece, at, 16);
		__mmask16 mask = (__mmask16)_bzhi_u32(0xffff, left);
		__m128i bytes = _mm_maskz_loadu_epi8(mask, piece.bytes + at);

		lowest = _mm_mask_min_epu8(lowest, mask, lowest, bytes);
		avx512_widen(sums + at, bytes, mask);
	}
	lowest = _mm_min_epu8(lowest, _mm_srli_epi16(lowest, 8));
	return (uint8_t)_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_and_si128(lowest, _mm_set1_epi16(0xff))));
}

TARGET_AVX512 INLINE void avx512_column(uint32_t at, uint16_t *sums, uint16_t *reads, const struct piece *pieces, size_t n)
{
	const __m512i low_bytes = _mm512_set1_epi16(0x00ff), one = _mm512_set1_epi8(1), border = _mm512_set1_epi8(TILE_LOW);
	__m512i even = _mm512_setzero_si512(), odd = even, counts = even;
	uint16_t lanes[2][32];
	uint8_t bytes[64];

	for (size_t i = 0; i < n; i++) {
		__mmask64 mask = _bzhi_u64(~0ULL, piece_left(&pieces[i], at, 64));
		__m512i q = _mm512_maskz_loadu_epi8(mask, pieces[i].bytes + at);

		mask = _mm512_mask_cmplt_epu8_mask(mask, q, border);
		q = _mm512_maskz_mov_epi8(mask, q);
		even = _mm512_add_epi16(even, _mm512_and_si512(q, low_bytes));
		odd = _mm512_add_epi16(odd, _mm512_srli_epi16(q, 8));
		counts = _mm512_mask_add_epi8(counts, mask, counts, one);
	}
	_mm512_storeu_si512(lanes[0], even);
	_mm512_storeu_si512(lanes[1], odd);
	_mm512_storeu_si512(bytes, counts);
	columns_settle(sums + at, reads + at, lanes[0], lanes[1], bytes, 32);
}

TARGET_AVX512 static void avx512_add_low(uint16_t sums[QUALITY_SPAN], uint16_t reads[QUALITY_SPAN], const struct piece *pieces,
                                         size_t n)
{
	uint32_t longest = pieces_longest(pieces, n);

	for (uint32_t at = 0; at < longest; at += 64)
		avx512_column(at, sums, reads, pieces, n);
}

/* ---- AVX2 */

/* Bytes from MASKS + 32 - n on: n (at most 32) bytes of ones, then zeros. */
static const uint8_t masks[64] = {
    [0 ... 31] = 0xff,
};

static bool avx2_supported(void)
{
	return __builtin_cpu_supports("avx2");
}

TARGET_AVX2 static uint8_t avx2_add_one(uint32_t *sums, struct piece piece)
{
	__m128i lowest = _mm_set1_epi8(-1);
	uint32_t at = 0;
	uint8_t bytes[16], rest;

	for (; at + 16 <= piece.n; at += 16) {
		__m128i q = _mm_loadu_si128((const __m128i_u *)(piece.bytes + at));
		__m256i *sum = (__m256i *)(void *)(sums + at);

		lowest = _mm_min_epu8(lowest, q);
		_mm256_storeu_si256((__m256i_u *)sum,
		                    _mm256_add_epi32(_mm256_loadu_si256((__m256i_u *)sum), _mm256_cvtepu8_epi32(q)));
		q = _mm_srli_si128(q, 8);
		_mm256_storeu_si256((__m256i_u *)(sum + 1),
		                    _mm256_add_epi32(_mm256_loadu_si256((__m256i_u *)(sum + 1)), _mm256_cvtepu8_epi32(q)));
	}
	rest = portable_add_one(sums + at, (struct piece){.bytes = piece.bytes + at, .n = piece.n - at});
	_mm_storeu_si128((__m128i_u *)bytes, _mm_min_epu8(lowest, _mm_set1_epi8((char)rest)));
	return bytes_lowest(bytes, sizeof bytes);
}

TARGET_AVX2 INLINE void avx2_column(uint32_t at, uint16_t *sums, uint16_t *reads, const struct piece *pieces, size_t n)
{
	const __m256i low_bytes = _mm256_set1_epi16(0x00ff), highest = _mm256_set1_epi8(TILE_LOW - 1);
	__m256i even = _mm256_setzero_si256(), odd = even, counts = even;
	uint16_t lanes[2][16];
	uint8_t bytes[32];

	for (size_t i = 0; i < n; i++) {
		uint32_t left = piece_left(&pieces[i], at, 32);
		const uint8_t *from = pieces[i].bytes + (left > 0 ? at : 0);
		__m256i mask = _mm256_loadu_si256((const __m256i_u *)(masks + 32 - left));
		__m256i q = _mm256_loadu_si256((const __m256i_u *)from);

		mask = _mm256_and_si256(mask, _mm256_cmpeq_epi8(_mm256_max_epu8(q, highest), highest));
		q = _mm256_and_si256(q, mask);
		even = _mm256_add_epi16(even, _mm256_and_si256(q, low_bytes));
		odd = _mm256_add_epi16(odd, _mm256_srli_epi16(q, 8));
		counts = _mm256_sub_epi8(counts, mask);
	}
	_mm256_storeu_si256((__m256i_u *)lanes[0], even);
	_mm256_storeu_si256((__m256i_u *)lanes[1], odd);
	_mm256_storeu_si256((__m256i_u *)bytes, counts);
	columns_settle(sums + at, reads + at, lanes[0], lanes[1], bytes, 16);
}

TARGET_AVX2 static void avx2_add_low(uint16_t sums[QUALITY_SPAN], uint16_t reads[QUALITY_SPAN], const struct piece *pieces,
                                     size_t n)
{
	uint32_t longest = pieces_longest(pieces, n);

	for (uint32_t at = 0; at < longest; at += 32)
		avx2_column(at, sums, reads, pieces, n);
}

#endif

static const struct tile_kernel kernels[] = {
#ifdef __x86_64__
    {"AVX-512", avx512_supported, avx512_add_one, avx512_add_low},
    {"AVX2", avx2_supported, avx2_add_one, avx2_add_low},
#endif
    {"portable", portable_supported, portable_add_one, portable_add_low},
};

const struct tile_kernel *tile_kernels(size_t *ret_n)
{
	*ret_n = sizeof kernels / sizeof kernels[0];
	return kernels;
}

const struct tile_kernel *tile_kernel_best(void)
{
	const struct tile_kernel *kernel = kernels;

	while (!kernel->supported())
		kernel++;
	return kernel;
}
