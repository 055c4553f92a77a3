/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting symbols by position: see symbol_kernel.h.
 *
 * AVX-512 VBMI: one permutation turns 64 bytes into 64 sets of bits, a bit for each of eight symbols. Sixteen such vectors
 * are added column by column in carry-save form (two operations a vector: ones, twos, fours, eights), and only what carries
 * out of them, every sixteenth time, is spread into a counter for each symbol. So a row of 64 positions costs about five
 * operations for each eight symbols, where comparing with each symbol costs two for one.
 */
#include "lib/qc/symbol_kernel.h"

#include <stdbool.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* The bytes of a piece that are looked at. */
static inline uint32_t piece_bytes(const struct piece *piece, uint32_t at)
{
	uint32_t left = piece->n > at ? piece->n - at : 0;

	return left < QUALITY_ROW ? left : QUALITY_ROW;
}

bool symbol_count_portable(const struct piece *pieces, size_t n, uint32_t at, const uint8_t *symbols, size_t symbols_n,
                           uint16_t (*sums)[QUALITY_ROW])
{
	uint8_t place[256] = {0}; /* in symbols, and 1 */

	for (size_t s = 0; s < symbols_n; s++)
		place[symbols[s]] = (uint8_t)(s + 1);
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = 0; p < piece_bytes(&pieces[i], at); p++)
			if (place[pieces[i].bytes[at + p]] == 0)
				return false;
	for (size_t i = 0; i < n; i++)
		for (uint32_t p = 0; p < piece_bytes(&pieces[i], at); p++)
			sums[place[pieces[i].bytes[at + p]] - 1][p]++;
	return true;
}

#ifdef __x86_64__

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,bmi2")))
#define INLINE static inline __attribute__((always_inline))

#define GROUP 8 /* symbols that are counted at once: the bits of a byte */
#define ROWS 16 /* pieces that are added before anything is spread */

#define PARITY 0x96   /* of three bits */
#define MAJORITY 0xe8 /* of three bits */
#define EITHER 0xfe   /* of three bits */

struct group {
	__m512i low, high;     /* bits by byte, for bytes below 64 and from 64 upward */
	__m512i sums[4];       /* ones, twos, fours, eights */
	__m512i counts[GROUP]; /* sixteens, by symbol */
	size_t symbols_n;
};

/* Sixteen pieces' first 64 bytes: where they are, and which of them belong to the piece. */
struct rows {
	const uint8_t *bytes[ROWS];
	__mmask64 masks[ROWS];
};

/* The columns of *sum, a and b added: the low bits into *sum, the carries returned. */
TARGET INLINE __m512i carry_save(__m512i *sum, __m512i a, __m512i b)
{
	__m512i carry = _mm512_ternarylogic_epi64(*sum, a, b, MAJORITY);

	*sum = _mm512_ternarylogic_epi64(*sum, a, b, PARITY);
	return carry;
}

TARGET INLINE __m512i row_load(const struct rows *rows, size_t i)
{
	return _mm512_maskz_loadu_epi8(rows->masks[i], rows->bytes[i]);
}

/* Up to ROWS pieces; those that are missing are empty. Returns how many bytes there are. */
TARGET INLINE uint32_t rows_take(struct rows *rows, const struct piece *pieces, size_t n, uint32_t at)
{
	uint32_t total = 0;

	for (size_t i = 0; i < ROWS; i++) {
		uint32_t bytes = i < n ? piece_bytes(&pieces[i], at) : 0;

		rows->bytes[i] = pieces[i < n ? i : 0].bytes + at;
		rows->masks[i] = _bzhi_u64(~0ULL, bytes);
		total += bytes;
	}
	return total;
}

/* What a group adds up while it goes through sixteen rows; *seen: all their bytes or'ed. */
struct adder {
	__m512i low, high, sums[4], seen;
};

TARGET INLINE __m512i two_rows(struct adder *adder, const struct rows *rows, size_t i)
{
	__m512i a = row_load(rows, i), b = row_load(rows, i + 1);

	adder->seen = _mm512_ternarylogic_epi64(adder->seen, a, b, EITHER);
	return carry_save(&adder->sums[0], _mm512_permutex2var_epi8(adder->low, a, adder->high),
	                  _mm512_permutex2var_epi8(adder->low, b, adder->high));
}

TARGET INLINE __m512i four_rows(struct adder *adder, const struct rows *rows, size_t i)
{
	__m512i a = two_rows(adder, rows, i), b = two_rows(adder, rows, i + 2);

	return carry_save(&adder->sums[1], a, b);
}

TARGET INLINE __m512i eight_rows(struct adder *adder, const struct rows *rows, size_t i)
{
	__m512i a = four_rows(adder, rows, i), b = four_rows(adder, rows, i + 4);

	return carry_save(&adder->sums[2], a, b);
}

/* Adds `value` to the counter of each symbol where its bit is set. */
TARGET INLINE void spread(struct group *group, __m512i bits, char value)
{
	for (size_t s = 0; s < group->symbols_n; s++) {
		__mmask64 set = _mm512_test_epi8_mask(bits, _mm512_set1_epi8((char)(1u << s)));

		group->counts[s] =
		    _mm512_mask_add_epi8(group->counts[s], set, group->counts[s], _mm512_set1_epi8(value));
	}
}

/* Returns all bytes or'ed. */
TARGET INLINE __m512i group_add(struct group *group, const struct rows *rows)
{
	struct adder adder = {group->low, group->high,
	                      {group->sums[0], group->sums[1], group->sums[2], group->sums[3]},
	                      _mm512_setzero_si512()};
	__m512i a = eight_rows(&adder, rows, 0), b = eight_rows(&adder, rows, 8);

	spread(group, carry_save(&adder.sums[3], a, b), ROWS);
	for (int i = 0; i < 4; i++)
		group->sums[i] = adder.sums[i];
	return adder.seen;
}

static void group_begin(struct group *group, const uint8_t *symbols, size_t n)
{
	uint8_t bits[128] = {0};

	memset(group, 0, sizeof *group);
	for (size_t s = 0; s < n; s++)
		bits[symbols[s]] = (uint8_t)(1u << s);
	memcpy(&group->low, bits, 64);
	memcpy(&group->high, bits + 64, 64);
	group->symbols_n = n;
}

/* What is left in carry-save form into the counters; returns their total. */
TARGET static uint32_t group_end(struct group *group)
{
	__m512i total = _mm512_setzero_si512();

	for (int i = 0; i < 4; i++)
		spread(group, group->sums[i], (char)(1 << i));
	for (size_t s = 0; s < group->symbols_n; s++)
		total = _mm512_add_epi64(total, _mm512_sad_epu8(group->counts[s], _mm512_setzero_si512()));
	return (uint32_t)_mm512_reduce_add_epi64(total);
}

TARGET static void counts_add(const struct group *group, uint16_t (*sums)[QUALITY_ROW])
{
	for (size_t s = 0; s < group->symbols_n; s++) {
		__m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(group->counts[s]));
		__m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(group->counts[s], 1));

		_mm512_storeu_si512(sums[s], _mm512_add_epi16(_mm512_loadu_si512(sums[s]), low));
		_mm512_storeu_si512(sums[s] + 32, _mm512_add_epi16(_mm512_loadu_si512(sums[s] + 32), high));
	}
}

TARGET static bool vbmi_count(const struct piece *pieces, size_t n, uint32_t at, const uint8_t *symbols, size_t symbols_n,
                              uint16_t (*sums)[QUALITY_ROW])
{
	struct group groups[128 / GROUP];
	size_t groups_n = (symbols_n + GROUP - 1) / GROUP;
	__m512i seen = _mm512_setzero_si512();
	uint32_t counted = 0, total = 0;
	struct rows rows;

	for (size_t g = 0; g < groups_n; g++)
		group_begin(&groups[g], symbols + g * GROUP, symbols_n - g * GROUP < GROUP ? symbols_n - g * GROUP : GROUP);
	for (size_t i = 0; i < n; i += ROWS) {
		total += n - i >= ROWS ? rows_take(&rows, pieces + i, ROWS, at) : rows_take(&rows, pieces + i, n - i, at);
		for (size_t g = 0; g < groups_n; g++)
			seen = _mm512_or_si512(seen, group_add(&groups[g], &rows));
	}
	for (size_t g = 0; g < groups_n; g++)
		counted += group_end(&groups[g]);
	/* A byte from 128 upward looks like the symbol 128 below it, and zero like what is behind a piece's end. */
	if (counted != total || _mm512_movepi8_mask(seen) != 0)
		return false;
	for (size_t g = 0; g < groups_n; g++)
		counts_add(&groups[g], sums + g * GROUP);
	return true;
}

symbol_count_fn symbol_count_best(void)
{
	bool supported = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	                 __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
	                 __builtin_cpu_supports("bmi2");

	return supported ? vbmi_count : NULL;
}

#else

symbol_count_fn symbol_count_best(void)
{
	return NULL;
}

#endif
