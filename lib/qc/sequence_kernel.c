/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loops over bases: see sequence_kernel.h.
 *
 * count_gc(): C, G, c and g are the bytes that are 0x43 but for the bits 0x24.
 *
 * find_adapters(): for 64 (AVX-512) or 32 (AVX2) positions at once, eight times: the bases at some distance from them are
 * looked up, by the low half of their bytes, in the table of that distance. The AND of all says which adapters can begin where.
 * With 8 adapters of random bases that is 8 positions in 65536, which are compared as they stand.
 */
#include "lib/qc/sequence_kernel.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

void adapter_filter_make(struct adapter_filter *filter, const struct filter_adapter *adapters, uint32_t n)
{
	*filter = (struct adapter_filter){.n = n, .shortest = adapters[0].n, .plain = true};
	for (uint32_t i = 0; i < n; i++) {
		const struct filter_adapter *adapter = &adapters[i];
		uint8_t bit = (uint8_t)(1u << i);

		filter->adapters[i] = *adapter;
		if (adapter->n < filter->shortest)
			filter->shortest = adapter->n;
		for (uint32_t j = 0; j < adapter->n; j++)
			filter->plain = filter->plain && adapter->bytes[j] < 0x80;
		for (uint32_t j = 0; j < FILTER_BASES; j++)
			for (unsigned int half = 0; half < 16; half++)
				if (j >= adapter->n || (adapter->bytes[j] & 0x0f) == half)
					filter->tables[j][half] |= bit;
	}
}

/* Whether the adapter stands at these bytes. */
static bool adapter_here(const struct filter_adapter *adapter, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < adapter->n; i++) {
		uint8_t byte = bytes[i];

		if (byte >= 'a' && byte <= 'z')
			byte = (uint8_t)(byte - 'a' + 'A');
		if (byte != adapter->bytes[i])
			return false;
	}
	return true;
}

/* ---- portable: what the others are compared with */

static bool portable_supported(void)
{
	return true;
}

static bool is_gc(uint8_t byte)
{
	return (byte & 0xdb) == 0x43;
}

static void portable_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	for (size_t i = 0; i < n; i++) {
		ret_counts[i] = 0;
		for (uint32_t p = 0; p < sequences[i].n; p++)
			ret_counts[i] += is_gc(sequences[i].bytes[p]);
	}
}

static bool adapter_find(const struct filter_adapter *adapter, const struct sequence *sequence, uint32_t *ret)
{
	for (uint32_t at = 0; adapter->n <= sequence->n && at <= sequence->n - adapter->n; at++)
		if (adapter_here(adapter, sequence->bytes + at)) {
			*ret = at;
			return true;
		}
	return false;
}

static size_t portable_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences,
                                     size_t n, struct adapter_hit *ret_hits)
{
	size_t hits = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t a = 0; a < filter->n; a++) {
			uint32_t position;

			if (adapter_find(&filter->adapters[a], &sequences[i], &position))
				ret_hits[hits++] = (struct adapter_hit){
				    .sequence = (uint32_t)i,
				    .adapter = filter->adapters[a].number,
				    .position = position,
				};
		}
	return hits;
}

#ifdef __x86_64__

#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi2,popcnt")))
#define TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline))

/* Bytes from masks + 64 - n on: n (at most 64) bytes of ones, then zeros. */
static const uint8_t masks[128] = {
    [0 ... 63] = 0xff,
};

/* What was found of one sequence. */
struct search {
	const struct adapter_filter *filter;
	const struct sequence *sequence;
	struct adapter_hit *hits; /* further ones */
	uint32_t index;           /* of the sequence */
	uint8_t left;             /* adapters that were not found yet, a bit each */
};

/* Compares the adapters that can be at these positions: bits of `where` are positions from at on, `which` are adapters by position. */
static __attribute__((noinline)) void search_compare(struct search *search, uint32_t at, uint64_t where, const uint8_t *which)
{
	for (; where != 0 && search->left != 0; where &= where - 1) {
		unsigned int place = (unsigned int)__builtin_ctzll(where);
		uint32_t position = at + place, behind = search->sequence->n - position;

		if (position >= search->sequence->n)
			return;
		for (unsigned int bits = which[place] & search->left; bits != 0; bits &= bits - 1) {
			unsigned int a = (unsigned int)__builtin_ctz(bits);
			const struct filter_adapter *adapter = &search->filter->adapters[a];

			if (adapter->n > behind || !adapter_here(adapter, search->sequence->bytes + position))
				continue;
			search->left = (uint8_t)(search->left & ~(1u << a));
			*search->hits++ = (struct adapter_hit){search->index, adapter->number, position};
		}
	}
}

static uint8_t all_adapters(const struct adapter_filter *filter)
{
	return (uint8_t)((1u << filter->n) - 1);
}

/* Bases that are looked up, so that none behind the slack is. */
static uint32_t filter_bases(const struct adapter_filter *filter)
{
	return filter->shortest < FILTER_BASES ? filter->shortest : FILTER_BASES;
}

/* ---- AVX-512 */

static bool avx512_supported(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2") &&
	       __builtin_cpu_supports("popcnt");
}

TARGET_AVX512 INLINE uint32_t avx512_gc(__m512i bytes)
{
	return (uint32_t)__builtin_popcountll(_mm512_cmpeq_epi8_mask(
	    _mm512_and_si512(bytes, _mm512_set1_epi8((char)0xdb)), _mm512_set1_epi8(0x43)));
}

TARGET_AVX512 static void avx512_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *bytes = sequences[i].bytes;
		uint32_t left = sequences[i].n, count = 0;

		for (; left >= 64; left -= 64, bytes += 64)
			count += avx512_gc(_mm512_loadu_si512(bytes));
		ret_counts[i] =
		    count + avx512_gc(_mm512_maskz_loadu_epi8(_bzhi_u64(~0ULL, left), bytes));
	}
}

TARGET_AVX512 INLINE size_t avx512_find(const uint32_t bases, const struct adapter_filter *filter,
                                        const struct sequence *sequences, size_t n, struct adapter_hit *ret_hits)
{
	struct search search = {.filter = filter, .hits = ret_hits};
	__m512i tables[FILTER_BASES];
	uint8_t which[64];

	for (uint32_t j = 0; j < bases; j++)
		tables[j] = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i_u *)filter->tables[j]));
	for (size_t i = 0; i < n; i++) {
		uint32_t length = sequences[i].n;

		search.sequence = &sequences[i];
		search.index = (uint32_t)i;
		search.left = all_adapters(filter);
		for (uint32_t at = 0; at + filter->shortest <= length && search.left != 0; at += 64) {
			const uint8_t *bytes = sequences[i].bytes + at;
			__m512i can = _mm512_shuffle_epi8(tables[0], _mm512_loadu_si512(bytes));
			__mmask64 where;

			for (uint32_t j = 1; j < bases; j++)
				can = _mm512_and_si512(
				    can, _mm512_shuffle_epi8(tables[j], _mm512_loadu_si512(bytes + j)));
			where = _mm512_test_epi8_mask(can, _mm512_set1_epi8((char)search.left));
			if (__builtin_expect(where != 0, 0)) {
				_mm512_storeu_si512(which, can);
				search_compare(&search, at, where, which);
			}
		}
	}
	return (size_t)(search.hits - ret_hits);
}

TARGET_AVX512 static size_t avx512_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences,
                                                 size_t n, struct adapter_hit *ret_hits)
{
	if (!filter->plain)
		return portable_find_adapters(filter, sequences, n, ret_hits);
	if (filter->shortest >= FILTER_BASES)
		return avx512_find(FILTER_BASES, filter, sequences, n, ret_hits);
	return avx512_find(filter_bases(filter), filter, sequences, n, ret_hits);
}

/* ---- AVX2 */

static bool avx2_supported(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

TARGET_AVX2 INLINE uint32_t avx2_gc(__m256i bytes)
{
	__m256i equal = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, _mm256_set1_epi8((char)0xdb)),
	                                  _mm256_set1_epi8(0x43));

	return (uint32_t)__builtin_popcount((unsigned int)_mm256_movemask_epi8(equal));
}

TARGET_AVX2 static void avx2_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *bytes = sequences[i].bytes;
		uint32_t left = sequences[i].n, count = 0;
		__m256i mask;

		for (; left >= 32; left -= 32, bytes += 32)
			count += avx2_gc(_mm256_loadu_si256((const __m256i_u *)bytes));
		mask = _mm256_loadu_si256((const __m256i_u *)(masks + 64 - left));
		ret_counts[i] = count + avx2_gc(_mm256_and_si256(
						  _mm256_loadu_si256((const __m256i_u *)bytes), mask));
	}
}

TARGET_AVX2 INLINE __m256i avx2_look_up(const struct adapter_filter *filter, uint32_t j, const uint8_t *bytes)
{
	__m256i table = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)filter->tables[j]));

	return _mm256_shuffle_epi8(table, _mm256_loadu_si256((const __m256i_u *)(bytes + j)));
}

TARGET_AVX2 INLINE size_t avx2_find(const uint32_t bases, const struct adapter_filter *filter,
                                    const struct sequence *sequences, size_t n, struct adapter_hit *ret_hits)
{
	struct search search = {.filter = filter, .hits = ret_hits};
	uint8_t which[32];

	for (size_t i = 0; i < n; i++) {
		uint32_t length = sequences[i].n;

		search.sequence = &sequences[i];
		search.index = (uint32_t)i;
		search.left = all_adapters(filter);
		for (uint32_t at = 0; at + filter->shortest <= length && search.left != 0; at += 32) {
			__m256i can = _mm256_set1_epi8((char)search.left);
			uint32_t nowhere;

			for (uint32_t j = 0; j < bases; j++)
				can = _mm256_and_si256(can, avx2_look_up(filter, j, sequences[i].bytes + at));
			nowhere = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(can, _mm256_setzero_si256()));
			if (__builtin_expect(nowhere != UINT32_MAX, 0)) {
				_mm256_storeu_si256((__m256i_u *)which, can);
				search_compare(&search, at, (uint32_t)~nowhere, which);
			}
		}
	}
	return (size_t)(search.hits - ret_hits);
}

TARGET_AVX2 static size_t avx2_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences,
                                             size_t n, struct adapter_hit *ret_hits)
{
	if (!filter->plain)
		return portable_find_adapters(filter, sequences, n, ret_hits);
	if (filter->shortest >= FILTER_BASES)
		return avx2_find(FILTER_BASES, filter, sequences, n, ret_hits);
	return avx2_find(filter_bases(filter), filter, sequences, n, ret_hits);
}

/* ---- SSE2, which every x86-64 has; it cannot look up bytes */

static void sse2_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	const __m128i case_and_c_or_g = _mm_set1_epi8((char)0xdb), c = _mm_set1_epi8(0x43), one = _mm_set1_epi8(1);

	for (size_t i = 0; i < n; i++) {
		const uint8_t *bytes = sequences[i].bytes;
		uint32_t left = sequences[i].n;
		__m128i sums = _mm_setzero_si128();

		while (left > 0) {
			uint32_t now = left < 16 ? left : 16;
			__m128i mask = _mm_loadu_si128((const __m128i_u *)(masks + 64 - now));
			__m128i bases = _mm_loadu_si128((const __m128i_u *)bytes);
			__m128i equal = _mm_cmpeq_epi8(_mm_and_si128(bases, case_and_c_or_g), c);

			equal = _mm_and_si128(_mm_and_si128(equal, mask), one);
			sums = _mm_add_epi64(sums, _mm_sad_epu8(equal, _mm_setzero_si128()));
			bytes += now;
			left -= now;
		}
		ret_counts[i] = (uint32_t)(_mm_cvtsi128_si64(sums) +
					   _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
	}
}

#endif /* __x86_64__ */

static const struct sequence_kernel kernels[] = {
#ifdef __x86_64__
    {"AVX-512", avx512_supported, avx512_count_gc, avx512_find_adapters},
    {"AVX2", avx2_supported, avx2_count_gc, avx2_find_adapters},
    {"SSE2", portable_supported, sse2_count_gc, portable_find_adapters},
#endif
    {"portable", portable_supported, portable_count_gc, portable_find_adapters},
};

const struct sequence_kernel *sequence_kernels(size_t *ret_n)
{
	*ret_n = sizeof kernels / sizeof kernels[0];
	return kernels;
}

const struct sequence_kernel *sequence_kernel_best(void)
{
	const struct sequence_kernel *kernel = kernels;

	while (!kernel->supported())
		kernel++;
	return kernel;
}
