/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables for the codes of a block of deflate data: see deflate_table.h and RFC 1951, section 3.2. */
#include "lib/fastq/deflate_table.h"

#include <string.h>

#include "lib/fastq/bits.h"
#include "lib/fastq/deflate.h"

#define PRECODE_BITS 7
#define PRECODE_CODES 19
#define END_OF_BLOCK 256

static const uint16_t length_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23,  27,
                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                         193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

/* ---- a set of codes */

struct code_set {
	uint16_t count[CODE_LENGTH_MAX + 1];
	unsigned int longest;
	int left; /* how many codes of 15 bits could still be: 0 for a complete set */
};

static void code_set_take(struct code_set *set, const uint8_t *lengths, unsigned int n)
{
	*set = (struct code_set){.left = 1 << CODE_LENGTH_MAX};
	for (unsigned int i = 0; i < n; i++)
		set->count[lengths[i]]++;
	set->count[0] = 0;
	for (unsigned int length = 1; length <= CODE_LENGTH_MAX; length++) {
		set->left -= set->count[length] << (CODE_LENGTH_MAX - length);
		if (set->count[length])
			set->longest = length;
	}
}

static bool code_set_valid(const struct code_set *set)
{
	return set->left == 0 || (set->left > 0 && set->longest <= 1);
}

static uint32_t reverse(uint32_t code, unsigned int bits)
{
	code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
	code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
	code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
	code = (code & 0x00ff) << 8 | code >> 8;
	return code >> (16 - bits);
}

/*
 * Writes the entry of each symbol, with its bits added, wherever its code is what the next bits begin with. Codes longer than `bits`
 * go to tables behind the first one, all of one size.
 */
static void table_make(uint32_t *table, unsigned int bits, const struct code_set *set, const uint8_t *lengths, unsigned int n,
                       const uint32_t *entries, uint32_t bad, uint32_t longer)
{
	uint32_t next[CODE_LENGTH_MAX + 1], code = 0, end = 1u << bits;
	unsigned int deep = set->longest > bits ? set->longest - bits : 0;

	for (unsigned int length = 1; length <= CODE_LENGTH_MAX; length++) {
		code = (code + (length > 1 ? set->count[length - 1] : 0)) << 1;
		next[length] = code;
	}
	if (set->left > 0 || deep)
		for (uint32_t i = 0; i < end; i++)
			table[i] = bad;
	for (unsigned int symbol = 0; symbol < n; symbol++) {
		unsigned int length = lengths[symbol];
		uint32_t entry = entries[symbol] | length, turned, *to, *stop;

		if (length == 0)
			continue;
		turned = reverse(next[length]++, length);
		if (length <= bits) {
			for (to = table + turned, stop = table + (1u << bits); to < stop; to += 1u << length)
				*to = entry;
			continue;
		}
		to = table + (turned & ((1u << bits) - 1));
		if (*to == bad) {
			*to = longer | end << 16;
			end += 1u << deep;
		}
		to = table + (*to >> 16);
		stop = to + (1u << deep);
		for (to += turned >> bits; to < stop; to += 1u << (length - bits))
			*to = entry;
	}
}

/* ---- reading the lengths */

/* The lengths of a precode's 19 codes to a table of PRECODE_BITS: bits of the code, then the symbol. */
static bool precode_make(const uint8_t lengths[PRECODE_CODES], uint32_t table[1u << PRECODE_BITS])
{
	static const uint32_t symbols[PRECODE_CODES] = {
	    0,        1u << 16, 2u << 16,  3u << 16,  4u << 16,  5u << 16,  6u << 16,  7u << 16,  8u << 16, 9u << 16,
	    10u << 16, 11u << 16, 12u << 16, 13u << 16, 14u << 16, 15u << 16, 16u << 16, 17u << 16, 18u << 16,
	};
	struct code_set set;

	code_set_take(&set, lengths, PRECODE_CODES);
	if (set.left != 0)
		return false;
	table_make(table, PRECODE_BITS, &set, lengths, PRECODE_CODES, symbols, 0, 0);
	return true;
}

bool code_lengths_read(const uint8_t *in, size_t n, uint64_t *bit, struct code_lengths *ret)
{
	static const uint8_t order[PRECODE_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	uint8_t precode[PRECODE_CODES] = {0};
	uint32_t table[1u << PRECODE_BITS];
	uint64_t at = *bit, stop = 8 * (uint64_t)n, w;
	unsigned int all, i;

	if (at + 14 > stop)
		return false;
	w = bits_at(in, at);
	ret->litlen_n = 257 + (w & 31);
	ret->distance_n = 1 + (w >> 5 & 31);
	i = 4 + (w >> 10 & 15);
	at += 14;
	if (ret->litlen_n > 286 || ret->distance_n > 30 || at + 3 * i > stop)
		return false;
	w = bits_at(in, at);
	at += 3 * i;
	for (unsigned int k = 0; k < i; k++)
		precode[order[k]] = w >> (3 * k) & 7;
	if (!precode_make(precode, table))
		return false;
	all = ret->litlen_n + ret->distance_n;
	for (i = 0; i < all;) {
		uint32_t entry, symbol;
		unsigned int repeat;
		uint8_t value = 0;

		if (at >= stop)
			return false;
		w = bits_at(in, at);
		entry = table[w & ((1u << PRECODE_BITS) - 1)];
		symbol = entry >> 16;
		w >>= ENTRY_BITS(entry);
		at += ENTRY_BITS(entry);
		if (symbol < 16) {
			ret->of[i++] = (uint8_t)symbol;
			continue;
		}
		if (symbol == 16) {
			if (i == 0)
				return false;
			value = ret->of[i - 1];
			repeat = 3 + (w & 3);
			at += 2;
		} else if (symbol == 17) {
			repeat = 3 + (w & 7);
			at += 3;
		} else {
			repeat = 11 + (w & 127);
			at += 7;
		}
		if (repeat > all - i)
			return false;
		memset(ret->of + i, value, repeat);
		i += repeat;
	}
	*bit = at;
	return at <= stop;
}

bool code_lengths_valid(const struct code_lengths *lengths)
{
	struct code_set set;

	if (lengths->of[END_OF_BLOCK] == 0)
		return false;
	code_set_take(&set, lengths->of, lengths->litlen_n);
	if (!code_set_valid(&set))
		return false;
	code_set_take(&set, lengths->of + lengths->litlen_n, lengths->distance_n);
	return code_set_valid(&set);
}

void code_lengths_fixed(struct code_lengths *ret)
{
	memset(ret->of, 8, 144);
	memset(ret->of + 144, 9, 112);
	memset(ret->of + 256, 7, 24);
	memset(ret->of + 280, 8, 8);
	memset(ret->of + 288, 5, 32);
	ret->litlen_n = 288;
	ret->distance_n = 32;
}

/* ---- the tables */

#define KIND(kind) ((uint32_t)(kind) << 6)

static void litlen_entries(uint32_t entries[LITLEN_CODES])
{
	for (uint32_t i = 0; i < 256; i++)
		entries[i] = 1u << 4 | i << 8;
	entries[256] = KIND(ENTRY_END);
	for (uint32_t i = 257; i < LITLEN_CODES; i++)
		entries[i] = i < 286 ? KIND(ENTRY_VALUE) | (uint32_t)length_extra[i - 257] << 8 | (uint32_t)length_base[i - 257] << 16
		                     : KIND(ENTRY_BAD);
}

/*
 * Entries of one literal become entries of as many as are in sight, and lengths take their extra bits, where those are in sight. From
 * the highest index down: what follows a code stands at a lower index, and must be of one symbol still.
 */
static void litlen_join(uint32_t *table)
{
	for (uint32_t i = 1u << LITLEN_BITS; i-- > 0;) {
		uint32_t e = table[i], bits = ENTRY_BITS(e);

		if (ENTRY_COUNT(e)) {
			uint32_t second = table[i >> bits], sum = bits + ENTRY_BITS(second), third, sum3, good, good3;

			good = (uint32_t)(sum <= LITLEN_BITS) & ENTRY_COUNT(second) & 1;
			third = table[i >> (sum & 15)];
			sum3 = sum + ENTRY_BITS(third);
			good3 = good & (uint32_t)(sum3 <= LITLEN_BITS) & ENTRY_COUNT(third) & 1;
			bits = good3 ? sum3 : good ? sum : bits;
			table[i] = bits | (1 + good + good3) << 4 | (e & 0xff00) | (second << 8 & 0xff0000 & (0u - good)) |
			           (third << 16 & 0xff000000 & (0u - good3));
		} else if (ENTRY_KIND(e) == ENTRY_VALUE && ENTRY_EXTRA(e) && bits + ENTRY_EXTRA(e) <= LITLEN_BITS) {
			uint32_t extra = i >> bits & ((1u << ENTRY_EXTRA(e)) - 1);

			table[i] = (bits + ENTRY_EXTRA(e)) | (ENTRY_VALUE_OF(e) + extra) << 16;
		}
	}
}

void deflate_tables_make(struct deflate_tables *tables, const struct code_lengths *lengths)
{
	uint32_t litlen[LITLEN_CODES], distance[DISTANCE_CODES];
	struct code_set set;

	litlen_entries(litlen);
	code_set_take(&set, lengths->of, lengths->litlen_n);
	table_make(tables->litlen, LITLEN_BITS, &set, lengths->of, lengths->litlen_n, litlen, KIND(ENTRY_BAD), KIND(ENTRY_LONGER));
	litlen_join(tables->litlen);
	for (uint32_t i = 0; i < DISTANCE_CODES; i++)
		distance[i] = i < 30 ? (uint32_t)distance_extra[i] << 4 | (uint32_t)distance_base[i] << 16 : (uint32_t)ENTRY_BAD << 8;
	code_set_take(&set, lengths->of + lengths->litlen_n, lengths->distance_n);
	table_make(tables->distance, DISTANCE_BITS, &set, lengths->of + lengths->litlen_n, lengths->distance_n, distance,
	           (uint32_t)ENTRY_BAD << 8, (uint32_t)ENTRY_LONGER << 8);
}
