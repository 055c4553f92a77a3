/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loops over quality bytes: see quality_kernel.h.
 *
 * add(): 64 (AVX-512), 32 (AVX2) or 16 (SSE2) positions of a read are loaded at once, masked behind
 * the read's end, and split into the bytes of even and of odd position, which are 16-bit lanes to
 * add. The lanes of up to 256 positions stay in registers while all pieces pass, so there is
 * neither a store nor an unforeseeable branch for a read, and trimmed reads cost what whole ones
 * do.
 */
#include "lib/qc/quality_kernel.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- portable: what the others are compared with */

static bool portable_supported(void)
{
	return true;
}

static void portable_add(uint16_t sums[QUALITY_SPAN], const struct piece *pieces, size_t n,
                         struct byte_range *range)
{
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = 0; p < pieces[i].n && p < QUALITY_SPAN; p++) {
			uint8_t byte = pieces[i].bytes[p];

			sums[p] = (uint16_t)(sums[p] + byte);
			if (byte < range->lowest)
				range->lowest = byte;
			if (byte > range->highest)
				range->highest = byte;
		}
}

static void portable_count_equal(const uint8_t *rows, size_t n, uint8_t byte,
                                 uint8_t ret_counts[QUALITY_ROW])
{
	memset(ret_counts, 0, QUALITY_ROW);
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < QUALITY_ROW; p++)
			ret_counts[p] =
			    (uint8_t)(ret_counts[p] + (rows[i * QUALITY_ROW + p] == byte));
}

static uint64_t portable_sum(const uint8_t *bytes, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	return sum;
}

#ifdef __x86_64__

#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi2")))
#define TARGET_AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline))

/* For loops over a few vectors, which are to stay in registers. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 4")
#endif

#define AHEAD 8 /* pieces: text that is not in the cache any more is asked for so early */

/* Bytes from MASKS + 64 - n on: n (at most 64) bytes of ones, then zeros. */
static const uint8_t masks[128] = {
    [0 ... 63] = 0xff,
};

/* Longest piece, at most a span. */
static uint32_t pieces_longest(const struct piece *pieces, size_t n)
{
	uint32_t longest = 0;

	for (size_t i = 0; i < n; i++)
		longest = pieces[i].n > longest ? pieces[i].n : longest;
	return longest < QUALITY_SPAN ? longest : QUALITY_SPAN;
}

/* Bytes of the piece from position at on, at most width. */
INLINE uint32_t piece_left(const struct piece *piece, uint32_t at, uint32_t width)
{
	uint32_t left = piece->n > at ? piece->n - at : 0;

	return left < width ? left : width;
}

static void sums_add(uint16_t *sums, const uint16_t *even, const uint16_t *odd, size_t lanes)
{
	for (size_t i = 0; i < lanes; i++) {
		sums[2 * i] = (uint16_t)(sums[2 * i] + even[i]);
		sums[2 * i + 1] = (uint16_t)(sums[2 * i + 1] + odd[i]);
	}
}

static void range_widen(struct byte_range *range, const uint8_t *lowest, const uint8_t *highest,
                        size_t n)
{
	for (size_t i = 0; i < n; i++) {
		range->lowest = lowest[i] < range->lowest ? lowest[i] : range->lowest;
		range->highest = highest[i] > range->highest ? highest[i] : range->highest;
	}
}

/* ---- AVX-512: up to 4 vectors of 64 positions at once */

static bool avx512_supported(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

TARGET_AVX512 INLINE void avx512_columns(const int vectors, uint16_t *sums,
                                         const struct piece *pieces, size_t n,
                                         struct byte_range *range)
{
	const __m512i low_bytes = _mm512_set1_epi16(0x00ff);
	__m512i even[4], odd[4], lowest = _mm512_set1_epi8(-1), highest = _mm512_setzero_si512();
	uint16_t lanes[2][32];
	uint8_t bytes[2][64];

	UNROLL
	for (int v = 0; v < vectors; v++)
		even[v] = odd[v] = _mm512_setzero_si512();
	for (size_t i = 0; i < n; i++) {
		const uint8_t *later = pieces[i + AHEAD < n ? i + AHEAD : i].bytes;

		UNROLL
		for (int v = 0; v < vectors; v++) {
			uint32_t left = piece_left(&pieces[i], 64 * (uint32_t)v, 64);
			__mmask64 mask = _bzhi_u64(~0ULL, left);
			__m512i q = _mm512_maskz_loadu_epi8(mask, pieces[i].bytes + 64 * v);

			_mm_prefetch(later + 64 * v, _MM_HINT_T0);
			even[v] = _mm512_add_epi16(even[v], _mm512_and_si512(q, low_bytes));
			odd[v] = _mm512_add_epi16(odd[v], _mm512_srli_epi16(q, 8));
			lowest = _mm512_mask_min_epu8(lowest, mask, lowest, q);
			highest = _mm512_max_epu8(highest, q);
		}
	}
	UNROLL
	for (int v = 0; v < vectors; v++) {
		_mm512_storeu_si512(lanes[0], even[v]);
		_mm512_storeu_si512(lanes[1], odd[v]);
		sums_add(sums + 64 * v, lanes[0], lanes[1], 32);
	}
	_mm512_storeu_si512(bytes[0], lowest);
	_mm512_storeu_si512(bytes[1], highest);
	range_widen(range, bytes[0], bytes[1], 64);
}

TARGET_AVX512 static void avx512_add(uint16_t sums[QUALITY_SPAN], const struct piece *pieces,
                                     size_t n, struct byte_range *range)
{
	switch ((pieces_longest(pieces, n) + 63) / 64) {
	case 0:
		return;
	case 1:
		avx512_columns(1, sums, pieces, n, range);
		return;
	case 2:
		avx512_columns(2, sums, pieces, n, range);
		return;
	case 3:
		avx512_columns(3, sums, pieces, n, range);
		return;
	default:
		avx512_columns(4, sums, pieces, n, range);
	}
}

TARGET_AVX512 static void avx512_count_equal(const uint8_t *rows, size_t n, uint8_t byte,
                                             uint8_t ret_counts[QUALITY_ROW])
{
	const __m512i wanted = _mm512_set1_epi8((char)byte), one = _mm512_set1_epi8(1);
	__m512i counts = _mm512_setzero_si512();

	for (size_t i = 0; i < n; i++) {
		__mmask64 equal =
		    _mm512_cmpeq_epi8_mask(_mm512_load_si512(rows + i * QUALITY_ROW), wanted);

		counts = _mm512_mask_add_epi8(counts, equal, counts, one);
	}
	_mm512_storeu_si512(ret_counts, counts);
}

TARGET_AVX512 static uint64_t avx512_sum(const uint8_t *bytes, size_t n)
{
	__m512i sums = _mm512_setzero_si512();

	for (; n >= 64; bytes += 64, n -= 64)
		sums = _mm512_add_epi64(
		    sums, _mm512_sad_epu8(_mm512_loadu_si512(bytes), _mm512_setzero_si512()));
	sums = _mm512_add_epi64(
	    sums, _mm512_sad_epu8(_mm512_maskz_loadu_epi8(_bzhi_u64(~0ULL, (uint32_t)n), bytes),
	                          _mm512_setzero_si512()));
	return (uint64_t)_mm512_reduce_add_epi64(sums);
}

/* ---- AVX2: 128 positions at once */

static bool avx2_supported(void)
{
	return __builtin_cpu_supports("avx2");
}

TARGET_AVX2 INLINE void avx2_columns(const int vectors, uint32_t at, uint16_t *sums,
                                     const struct piece *pieces, size_t n, struct byte_range *range)
{
	const __m256i low_bytes = _mm256_set1_epi16(0x00ff), ones = _mm256_set1_epi8(-1);
	__m256i even[4], odd[4], lowest = ones, highest = _mm256_setzero_si256();
	uint16_t lanes[2][16];
	uint8_t bytes[2][32];

	UNROLL
	for (int v = 0; v < vectors; v++)
		even[v] = odd[v] = _mm256_setzero_si256();
	for (size_t i = 0; i < n; i++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			uint32_t first = at + 32 * (uint32_t)v,
				 left = piece_left(&pieces[i], first, 32);
			const uint8_t *from = pieces[i].bytes + (left > 0 ? first : 0);
			__m256i mask = _mm256_loadu_si256((const __m256i_u *)(masks + 64 - left));
			__m256i q = _mm256_loadu_si256((const __m256i_u *)from);

			lowest = _mm256_min_epu8(lowest,
			                         _mm256_or_si256(q, _mm256_xor_si256(mask, ones)));
			q = _mm256_and_si256(q, mask);
			even[v] = _mm256_add_epi16(even[v], _mm256_and_si256(q, low_bytes));
			odd[v] = _mm256_add_epi16(odd[v], _mm256_srli_epi16(q, 8));
			highest = _mm256_max_epu8(highest, q);
		}
	}
	UNROLL
	for (int v = 0; v < vectors; v++) {
		_mm256_storeu_si256((__m256i_u *)lanes[0], even[v]);
		_mm256_storeu_si256((__m256i_u *)lanes[1], odd[v]);
		sums_add(sums + at + 32 * v, lanes[0], lanes[1], 16);
	}
	_mm256_storeu_si256((__m256i_u *)bytes[0], lowest);
	_mm256_storeu_si256((__m256i_u *)bytes[1], highest);
	range_widen(range, bytes[0], bytes[1], 32);
}

TARGET_AVX2 static void avx2_add(uint16_t sums[QUALITY_SPAN], const struct piece *pieces, size_t n,
                                 struct byte_range *range)
{
	uint32_t longest = pieces_longest(pieces, n);

	for (uint32_t at = 0; at < longest; at += 128) {
		if (longest - at > 96)
			avx2_columns(4, at, sums, pieces, n, range);
		else if (longest - at > 64)
			avx2_columns(3, at, sums, pieces, n, range);
		else if (longest - at > 32)
			avx2_columns(2, at, sums, pieces, n, range);
		else
			avx2_columns(1, at, sums, pieces, n, range);
	}
}

TARGET_AVX2 static void avx2_count_equal(const uint8_t *rows, size_t n, uint8_t byte,
                                         uint8_t ret_counts[QUALITY_ROW])
{
	const __m256i wanted = _mm256_set1_epi8((char)byte);
	__m256i low = _mm256_setzero_si256(), high = low;

	for (size_t i = 0; i < n; i++) {
		const __m256i *row = (const __m256i *)(const void *)(rows + i * QUALITY_ROW);

		low = _mm256_sub_epi8(low, _mm256_cmpeq_epi8(_mm256_load_si256(row), wanted));
		high = _mm256_sub_epi8(high, _mm256_cmpeq_epi8(_mm256_load_si256(row + 1), wanted));
	}
	_mm256_storeu_si256((__m256i_u *)ret_counts, low);
	_mm256_storeu_si256((__m256i_u *)(ret_counts + 32), high);
}

TARGET_AVX2 static uint64_t avx2_sum(const uint8_t *bytes, size_t n)
{
	__m256i sums = _mm256_setzero_si256();
	uint64_t lanes[4];

	while (n > 0) {
		size_t now = n < 32 ? n : 32;
		__m256i mask = _mm256_loadu_si256((const __m256i_u *)(masks + 64 - now));
		__m256i q = _mm256_loadu_si256((const __m256i_u *)bytes);

		sums = _mm256_add_epi64(
		    sums, _mm256_sad_epu8(_mm256_and_si256(q, mask), _mm256_setzero_si256()));
		bytes += now;
		n -= now;
	}
	_mm256_storeu_si256((__m256i_u *)lanes, sums);
	return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

/* ---- SSE2, which every x86-64 has: 64 positions at once */

INLINE void sse2_columns(const int vectors, uint32_t at, uint16_t *sums, const struct piece *pieces,
                         size_t n, struct byte_range *range)
{
	const __m128i low_bytes = _mm_set1_epi16(0x00ff), ones = _mm_set1_epi8(-1);
	__m128i even[4], odd[4], lowest = ones, highest = _mm_setzero_si128();
	uint16_t lanes[2][8];
	uint8_t bytes[2][16];

	UNROLL
	for (int v = 0; v < vectors; v++)
		even[v] = odd[v] = _mm_setzero_si128();
	for (size_t i = 0; i < n; i++) {
		UNROLL
		for (int v = 0; v < vectors; v++) {
			uint32_t first = at + 16 * (uint32_t)v,
				 left = piece_left(&pieces[i], first, 16);
			const uint8_t *from = pieces[i].bytes + (left > 0 ? first : 0);
			__m128i mask = _mm_loadu_si128((const __m128i_u *)(masks + 64 - left));
			__m128i q = _mm_loadu_si128((const __m128i_u *)from);

			lowest = _mm_min_epu8(lowest, _mm_or_si128(q, _mm_xor_si128(mask, ones)));
			q = _mm_and_si128(q, mask);
			even[v] = _mm_add_epi16(even[v], _mm_and_si128(q, low_bytes));
			odd[v] = _mm_add_epi16(odd[v], _mm_srli_epi16(q, 8));
			highest = _mm_max_epu8(highest, q);
		}
	}
	UNROLL
	for (int v = 0; v < vectors; v++) {
		_mm_storeu_si128((__m128i_u *)lanes[0], even[v]);
		_mm_storeu_si128((__m128i_u *)lanes[1], odd[v]);
		sums_add(sums + at + 16 * v, lanes[0], lanes[1], 8);
	}
	_mm_storeu_si128((__m128i_u *)bytes[0], lowest);
	_mm_storeu_si128((__m128i_u *)bytes[1], highest);
	range_widen(range, bytes[0], bytes[1], 16);
}

static void sse2_add(uint16_t sums[QUALITY_SPAN], const struct piece *pieces, size_t n,
                     struct byte_range *range)
{
	uint32_t longest = pieces_longest(pieces, n);

	for (uint32_t at = 0; at < longest; at += 64) {
		if (longest - at > 32)
			sse2_columns(4, at, sums, pieces, n, range);
		else
			sse2_columns(2, at, sums, pieces, n, range);
	}
}

static uint64_t sse2_sum(const uint8_t *bytes, size_t n)
{
	__m128i sums = _mm_setzero_si128();
	uint64_t lanes[2];

	while (n > 0) {
		size_t now = n < 16 ? n : 16;
		__m128i mask = _mm_loadu_si128((const __m128i_u *)(masks + 64 - now));
		__m128i q = _mm_loadu_si128((const __m128i_u *)bytes);

		sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_and_si128(q, mask), _mm_setzero_si128()));
		bytes += now;
		n -= now;
	}
	_mm_storeu_si128((__m128i_u *)lanes, sums);
	return lanes[0] + lanes[1];
}

static void sse2_count_equal(const uint8_t *rows, size_t n, uint8_t byte,
                             uint8_t ret_counts[QUALITY_ROW])
{
	const __m128i wanted = _mm_set1_epi8((char)byte);
	__m128i counts[4];

	UNROLL
	for (int v = 0; v < 4; v++)
		counts[v] = _mm_setzero_si128();
	for (size_t i = 0; i < n; i++) {
		const __m128i *row = (const __m128i *)(const void *)(rows + i * QUALITY_ROW);

		UNROLL
		for (int v = 0; v < 4; v++)
			counts[v] = _mm_sub_epi8(counts[v],
			                         _mm_cmpeq_epi8(_mm_load_si128(row + v), wanted));
	}
	UNROLL
	for (int v = 0; v < 4; v++)
		_mm_storeu_si128((__m128i_u *)(ret_counts + 16 * v), counts[v]);
}

#endif /* __x86_64__ */

static const struct quality_kernel kernels[] = {
#ifdef __x86_64__
    {"AVX-512", avx512_supported, avx512_add, avx512_sum, avx512_count_equal},
    {"AVX2", avx2_supported, avx2_add, avx2_sum, avx2_count_equal},
    {"SSE2", portable_supported, sse2_add, sse2_sum, sse2_count_equal},
#endif
    {"portable", portable_supported, portable_add, portable_sum, portable_count_equal},
};

const struct quality_kernel *quality_kernels(size_t *ret_n)
{
	*ret_n = sizeof kernels / sizeof kernels[0];
	return kernels;
}

const struct quality_kernel *quality_kernel_best(void)
{
	const struct quality_kernel *kernel = kernels;

	while (!kernel->supported())
		kernel++;
	return kernel;
}
