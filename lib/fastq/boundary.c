/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a boundary may be: see boundary.h.
 *
 * 48 bits at a time: a bitmap of those that the first 13 bits of a dynamic block may begin with, then the lengths of the precode
 * (their sum must be that of a complete set), then all lengths. Per byte: a stored block's two lengths, a member's first bytes.
 */
#include "lib/fastq/boundary.h"

#include "lib/fastq/bits.h"
#include "lib/fastq/deflate_table.h"
#include "lib/fastq/gzip.h"

#define STEP 48

/* The places among the low 48 bits of w at which a dynamic block's first 13 bits can be: 0, 0, 1, and neither count over 29. */
static uint64_t dynamic_starts(uint64_t w)
{
	uint64_t kind = ~w & ~(w >> 1) & w >> 2;
	uint64_t litlen_over = w >> 4 & w >> 5 & w >> 6 & w >> 7, distance_over = w >> 9 & w >> 10 & w >> 11 & w >> 12;

	return kind & ~litlen_over & ~distance_over & ((1ULL << STEP) - 1);
}

/* What four lengths of the precode, of 3 bits each, are of 128 together; over 128 they are too many, and 255 stands for all such. */
#define SHARE(length) ((length) ? 128 >> (length) : 0)
#define SUM(a, b, c, d) (SHARE(a) + SHARE(b) + SHARE(c) + SHARE(d))
#define ONE(a, b, c, d) (uint8_t)(SUM(a, b, c, d) > 255 ? 255 : SUM(a, b, c, d))
#define OF_1(b, c, d)                                                                                                              \
	ONE(0, b, c, d), ONE(1, b, c, d), ONE(2, b, c, d), ONE(3, b, c, d), ONE(4, b, c, d), ONE(5, b, c, d), ONE(6, b, c, d),     \
	    ONE(7, b, c, d)
#define OF_2(c, d) OF_1(0, c, d), OF_1(1, c, d), OF_1(2, c, d), OF_1(3, c, d), OF_1(4, c, d), OF_1(5, c, d), OF_1(6, c, d), OF_1(7, c, d)
#define OF_3(d) OF_2(0, d), OF_2(1, d), OF_2(2, d), OF_2(3, d), OF_2(4, d), OF_2(5, d), OF_2(6, d), OF_2(7, d)
static const uint8_t shares[1 << 12] = {OF_3(0), OF_3(1), OF_3(2), OF_3(3), OF_3(4), OF_3(5), OF_3(6), OF_3(7)};

static bool precode_complete(uint64_t lengths, unsigned int n)
{
	lengths &= (1ULL << (3 * n)) - 1;
	return shares[lengths & 0xfff] + shares[lengths >> 12 & 0xfff] + shares[lengths >> 24 & 0xfff] + shares[lengths >> 36 & 0xfff] +
	           shares[lengths >> 48 & 0xfff] == 128;
}

static bool is_dynamic(const uint8_t *p, uint64_t bit)
{
	struct code_lengths lengths;
	uint64_t at = bit + 3;
	unsigned int n = 4 + (bits_at(p, bit + 13) & 15);

	if (!precode_complete(bits_at(p, bit + 17), n))
		return false;
	return code_lengths_read(p + bit / 8, BOUNDARY_AHEAD, &(uint64_t){at - bit / 8 * 8}, &lengths) && code_lengths_valid(&lengths);
}

/* Whether the lengths of a stored block stand at this byte, and its header's three bits, all zeros, end just before. */
static bool is_stored(const uint8_t *p, uint64_t byte)
{
	return p[byte - 1] < 1u << 5 && (p[byte] ^ p[byte + 2]) == 0xff && (p[byte + 1] ^ p[byte + 3]) == 0xff;
}

static bool is_member(const uint8_t *p)
{
	struct gzip_header header;

	return p[0] == GZIP_ID1 && p[1] == GZIP_ID2 && gzip_header_parse(p, BOUNDARY_AHEAD, &header) != GZIP_HEADER_BAD;
}

bool boundary_find(const uint8_t *p, uint64_t from, uint64_t stop, struct boundary *ret)
{
	for (uint64_t byte = from / 8; 8 * byte < stop; byte += STEP / 8) {
		uint64_t dynamic = dynamic_starts(bits_load(p + byte));
		uint64_t found = UINT64_MAX;
		bool header = false;

		for (; dynamic && found == UINT64_MAX; dynamic &= dynamic - 1) {
			uint64_t bit = 8 * byte + (unsigned int)__builtin_ctzll(dynamic);

			if (bit >= from && is_dynamic(p, bit))
				found = bit;
		}
		for (uint64_t i = byte; i < byte + STEP / 8; i++) {
			uint64_t stored = 8 * (i + 1) - 3;

			if (8 * i < found && 8 * i >= from && is_member(p + i)) {
				found = 8 * i;
				header = true;
				break;
			}
			if (stored < found && stored >= from && is_stored(p, i + 1)) {
				found = stored;
				break;
			}
		}
		if (found >= stop && found != UINT64_MAX)
			return false;
		if (found != UINT64_MAX) {
			*ret = (struct boundary){.bit = found, .header = header};
			return true;
		}
	}
	return false;
}
