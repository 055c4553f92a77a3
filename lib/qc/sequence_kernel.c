/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loops over bases: see sequence_kernel.h.
 *
 * count_gc(): C, G, c and g are the bytes that are 0x43 but for the bits 0x24.
 *
 * find_adapters() by vectors: the low half of a byte tells A, C, G and T, in either case; a look-up makes it a
 * code of two bits, two look-ups, one of them a base further, the code of a pair. Four look-ups of the pairs at 0,
 * 2, 4 and 6 bases' distance and their AND tell which adapters can begin at each position. As pairs are moved
 * within the vector, its last six positions are left to the next one. By machine words: Shift-And (Baeza-Yates and
 * Gonnet 1992) on the first eight bases of all adapters at once.
 */
#include "lib/qc/sequence_kernel.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define CODE_OTHER 4 /* no base has it */

/* Of a base by the low half of its byte: 0 also for whatever else has that half. */
static const uint8_t codes_first[16] = {[0x1] = 0, [0x3] = 1, [0x4] = 2, [0x7] = 3};

static unsigned int adapter_code(const struct filter_adapter *adapter, uint32_t at)
{
	if (at >= adapter->n || !strchr("ACGT", adapter->bytes[at]))
		return CODE_OTHER;
	return codes_first[adapter->bytes[at] & 0x0f];
}

static void pairs_make(struct adapter_filter *filter, uint32_t a)
{
	for (uint32_t j = 0; j < FILTER_BASES / 2; j++) {
		unsigned int first = adapter_code(&filter->adapters[a], 2 * j);
		unsigned int second = adapter_code(&filter->adapters[a], 2 * j + 1);

		for (unsigned int pair = 0; pair < 16; pair++)
			if ((first == CODE_OTHER || first == pair % 4) && (second == CODE_OTHER || second == pair / 4))
				filter->pairs[j][pair] |= (uint8_t)(1u << a);
	}
}

static void letters_make(struct adapter_filter *filter, uint32_t a)
{
	const struct filter_adapter *adapter = &filter->adapters[a];
	uint32_t n = adapter->n < FILTER_BASES ? adapter->n : FILTER_BASES;

	for (uint32_t j = 0; j < n; j++)
		filter->letters[adapter->bytes[j] & 0x1f] |= 1ULL << (FILTER_BASES * a + j);
	filter->ends |= 1ULL << (FILTER_BASES * a + n - 1);
}

void adapter_filter_make(struct adapter_filter *filter, const struct filter_adapter *adapters, uint32_t n)
{
	*filter = (struct adapter_filter){.n = n, .shortest = adapters[0].n};
	for (uint32_t a = 0; a < n; a++) {
		filter->adapters[a] = adapters[a];
		if (adapters[a].n < filter->shortest)
			filter->shortest = adapters[a].n;
		pairs_make(filter, a);
		letters_make(filter, a);
	}
}

/* ---- what was found of one sequence */

struct search {
	const struct adapter_filter *filter;
	const struct sequence *sequence;
	struct adapter_hit *hits; /* further ones */
	uint32_t index;           /* of the sequence */
	uint8_t left;             /* adapters that were not found yet, a bit each */
};

static void search_begin(struct search *search, const struct sequence *sequences, size_t i)
{
	search->sequence = &sequences[i];
	search->index = (uint32_t)i;
	search->left = (uint8_t)((1u << search->filter->n) - 1);
}

/* Whether the adapter stands at these bytes, of which at least as many can be read. */
static bool adapter_here(const struct filter_adapter *adapter, const uint8_t *bytes)
{
	if (memcmp(adapter->bytes, bytes, adapter->n) == 0)
		return true;
	for (uint32_t i = 0; i < adapter->n; i++) {
		uint8_t byte = bytes[i];

		if (byte >= 'a' && byte <= 'z')
			byte = (uint8_t)(byte - 'a' + 'A');
		if (byte != adapter->bytes[i])
			return false;
	}
	return true;
}

/* Compares adapter a at this position; keeps it where it is there. */
static bool search_at(struct search *search, unsigned int a, uint32_t position)
{
	const struct filter_adapter *adapter = &search->filter->adapters[a];
	uint32_t n = search->sequence->n;

	if (adapter->n > n || position > n - adapter->n ||
	    !adapter_here(adapter, search->sequence->bytes + position))
		return false;
	search->left = (uint8_t)(search->left & ~(1u << a));
	*search->hits++ = (struct adapter_hit){search->index, adapter->number, position};
	return true;
}

/* Positions from at on, most of them at most, at which the shortest adapter can begin: what is behind the read is other text. */
static inline uint32_t positions_left(const struct search *search, uint32_t at, uint32_t most)
{
	uint32_t left = search->sequence->n - search->filter->shortest + 1 - at;

	return left < most ? left : most;
}

/* ---- portable */

#define EACH_BYTE 0x0101010101010101ULL

static bool portable_supported(void)
{
	return true;
}

/* How many of eight bytes are C, G, c or g. */
static uint32_t word_gc(const uint8_t *bytes)
{
	uint64_t word, other;

	memcpy(&word, bytes, sizeof word);
	word = (word & 0xdb * EACH_BYTE) ^ 0x43 * EACH_BYTE;     /* zero bytes are to be counted */
	other = ((word & 0x7f * EACH_BYTE) + 0x7f * EACH_BYTE) | word; /* the highest bit of those that are not zero */
	return 8 - (uint32_t)((other >> 7 & EACH_BYTE) * EACH_BYTE >> 56);
}

static void portable_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *bytes = sequences[i].bytes;
		uint32_t at = 0, count = 0;

		for (; sequences[i].n - at >= 8; at += 8)
			count += word_gc(bytes + at);
		for (; at < sequences[i].n; at++)
			count += (bytes[at] & 0xdb) == 0x43;
		ret_counts[i] = count;
	}
}

/* Compares the adapters whose first bases end at `end`. Returns the ends of those that are still to be found. */
static uint64_t search_words(struct search *search, uint64_t here, uint32_t end, uint64_t ends)
{
	for (; here != 0; here &= here - 1) {
		unsigned int bit = (unsigned int)__builtin_ctzll(here);

		if (search_at(search, bit / FILTER_BASES, end - bit % FILTER_BASES))
			ends &= ~(1ULL << bit);
	}
	return ends;
}

static size_t portable_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences, size_t n,
                                     struct adapter_hit *ret_hits)
{
	struct search search = {.filter = filter, .hits = ret_hits};

	for (size_t i = 0; i < n; i++) {
		uint64_t ends = filter->ends, state = 0;

		search_begin(&search, sequences, i);
		for (uint32_t p = 0; p < sequences[i].n && ends != 0; p++) {
			state = (state << 1 | EACH_BYTE) & filter->letters[sequences[i].bytes[p] & 0x1f];
			if (__builtin_expect((state & ends) != 0, 0))
				ends = search_words(&search, state & ends, p, ends);
		}
	}
	return (size_t)(search.hits - ret_hits);
}

#ifdef __x86_64__

#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,bmi2,popcnt")))
#define TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline))

/* As codes_first, times 4. */
static const uint8_t codes_second[16] = {[0x1] = 0, [0x3] = 4, [0x4] = 8, [0x7] = 12};

/* Bytes from masks + 64 - n on: n (at most 64) bytes of ones, then zeros. */
static const uint8_t masks[128] = {
    [0 ... 63] = 0xff,
};

/*
 * Compares what can be at these positions, a bit each, from at on: `which` are the adapters by position. Returns
 * the positions that are left when an adapter was found, as its bit is of no interest any more.
 */
static __attribute__((noinline)) uint64_t search_vector(struct search *search, uint32_t at, uint64_t where,
                                                        const uint8_t *which)
{
	bool found = false;

	for (; where != 0 && !found; where &= where - 1) {
		unsigned int place = (unsigned int)__builtin_ctzll(where);

		for (unsigned int bits = which[place] & search->left; bits != 0; bits &= bits - 1)
			found |= search_at(search, (unsigned int)__builtin_ctz(bits), at + place);
	}
	return where;
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

#define AVX512_POSITIONS (64 - FILTER_BASES + 2)

TARGET_AVX512 INLINE __m512i avx512_table(const uint8_t table[16])
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i_u *)table));
}

/* The tables of a filter, in registers. */
struct avx512_tables {
	__m512i first, second, pairs[4];
	__m512i by_2, by_6; /* for moving by so many bytes */
};

TARGET_AVX512 INLINE struct avx512_tables avx512_tables_load(const struct adapter_filter *filter)
{
	static const uint16_t words[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
	                                   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
	struct avx512_tables tables = {.first = avx512_table(codes_first), .second = avx512_table(codes_second)};

	for (int j = 0; j < 4; j++)
		tables.pairs[j] = avx512_table(filter->pairs[j]);
	tables.by_2 = _mm512_add_epi16(_mm512_loadu_si512(words), _mm512_set1_epi16(1));
	tables.by_6 = _mm512_add_epi16(_mm512_loadu_si512(words), _mm512_set1_epi16(3));
	return tables;
}

/* The adapters that can begin at each of AVX512_POSITIONS positions. */
TARGET_AVX512 INLINE __m512i avx512_look_up(const struct avx512_tables *tables, const uint8_t *bytes)
{
	__m512i first = _mm512_shuffle_epi8(tables->first, _mm512_loadu_si512(bytes));
	__m512i second = _mm512_shuffle_epi8(tables->second, _mm512_loadu_si512(bytes + 1));
	__m512i at_0 = _mm512_or_si512(first, second);
	__m512i at_2 = _mm512_permutexvar_epi16(tables->by_2, at_0);
	__m512i at_4 = _mm512_alignr_epi32(at_0, at_0, 1);
	__m512i at_6 = _mm512_permutexvar_epi16(tables->by_6, at_0);

	return _mm512_and_si512(_mm512_and_si512(_mm512_shuffle_epi8(tables->pairs[0], at_0),
	                                         _mm512_shuffle_epi8(tables->pairs[1], at_2)),
	                        _mm512_and_si512(_mm512_shuffle_epi8(tables->pairs[2], at_4),
	                                         _mm512_shuffle_epi8(tables->pairs[3], at_6)));
}

/* Looks closer at positions where something can be. */
TARGET_AVX512 static __attribute__((noinline)) void avx512_compare(struct search *search, uint32_t at, __m512i can,
                                                                   uint64_t where)
{
	uint8_t which[64];

	_mm512_storeu_si512(which, can);
	do {
		where = search_vector(search, at, where, which);
		where &= _mm512_test_epi8_mask(can, _mm512_set1_epi8((char)search->left));
	} while (where != 0);
}

TARGET_AVX512 static size_t avx512_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences,
                                                 size_t n, struct adapter_hit *ret_hits)
{
	struct search search = {.filter = filter, .hits = ret_hits};
	struct avx512_tables tables = avx512_tables_load(filter);

	for (size_t i = 0; i < n; i++) {
		search_begin(&search, sequences, i);
		for (uint32_t at = 0; at + filter->shortest <= sequences[i].n && search.left != 0;
		     at += AVX512_POSITIONS) {
			__m512i can = avx512_look_up(&tables, sequences[i].bytes + at);
			uint64_t where = _mm512_test_epi8_mask(can, _mm512_set1_epi8((char)search.left));

			where &= (1ULL << positions_left(&search, at, AVX512_POSITIONS)) - 1;
			if (__builtin_expect(where != 0, 0))
				avx512_compare(&search, at, can, where);
		}
	}
	return (size_t)(search.hits - ret_hits);
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

#define AVX2_POSITIONS (32 - FILTER_BASES + 2)

TARGET_AVX2 INLINE __m256i avx2_table(const uint8_t table[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i_u *)table));
}

/* The adapters that can begin at each of AVX2_POSITIONS positions. */
TARGET_AVX2 INLINE __m256i avx2_look_up(const struct adapter_filter *filter, const uint8_t *bytes)
{
	__m256i first = _mm256_shuffle_epi8(avx2_table(codes_first), _mm256_loadu_si256((const __m256i_u *)bytes));
	__m256i second =
	    _mm256_shuffle_epi8(avx2_table(codes_second), _mm256_loadu_si256((const __m256i_u *)(bytes + 1)));
	__m256i at_0 = _mm256_or_si256(first, second), upper = _mm256_permute2x128_si256(at_0, at_0, 0x81);
	__m256i at_2 = _mm256_alignr_epi8(upper, at_0, 2), at_4 = _mm256_alignr_epi8(upper, at_0, 4);
	__m256i at_6 = _mm256_alignr_epi8(upper, at_0, 6);

	return _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(avx2_table(filter->pairs[0]), at_0),
	                                         _mm256_shuffle_epi8(avx2_table(filter->pairs[1]), at_2)),
	                        _mm256_and_si256(_mm256_shuffle_epi8(avx2_table(filter->pairs[2]), at_4),
	                                         _mm256_shuffle_epi8(avx2_table(filter->pairs[3]), at_6)));
}

/* The positions that have any of these adapters. */
TARGET_AVX2 INLINE uint32_t avx2_where(__m256i can, uint8_t adapters)
{
	__m256i some = _mm256_and_si256(can, _mm256_set1_epi8((char)adapters));

	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(some, _mm256_setzero_si256()));
}

/* Looks closer at positions where something can be. */
TARGET_AVX2 static __attribute__((noinline)) void avx2_compare(struct search *search, uint32_t at, __m256i can,
                                                               uint64_t where)
{
	uint8_t which[32];

	_mm256_storeu_si256((__m256i_u *)which, can);
	do {
		where = search_vector(search, at, where, which);
		where &= avx2_where(can, search->left);
	} while (where != 0);
}

TARGET_AVX2 static size_t avx2_find_adapters(const struct adapter_filter *filter, const struct sequence *sequences,
                                             size_t n, struct adapter_hit *ret_hits)
{
	struct search search = {.filter = filter, .hits = ret_hits};

	for (size_t i = 0; i < n; i++) {
		search_begin(&search, sequences, i);
		for (uint32_t at = 0; at + filter->shortest <= sequences[i].n && search.left != 0; at += AVX2_POSITIONS) {
			__m256i can = avx2_look_up(filter, sequences[i].bytes + at);
			uint32_t where = avx2_where(can, search.left) &
			                 ((1U << positions_left(&search, at, AVX2_POSITIONS)) - 1);

			if (__builtin_expect(where != 0, 0))
				avx2_compare(&search, at, can, where);
		}
	}
	return (size_t)(search.hits - ret_hits);
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
