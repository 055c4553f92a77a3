/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables that decode the codes of a block of deflate data, and the reading of a block's header into them.
 *
 * Literals and lengths: the next LITLEN_BITS bits say an entry. It is up to three literals, or one length with its extra bits as
 * far as they are in sight, or where a table for longer codes is. Layout of an entry, from the lowest bit:
 *
 *     bits:4 count:2 kind:2 literals:24         count > 0: that many literals, of `bits` bits together
 *     bits:4 0:2     kind:2 extra:8 value:16    length: value + as many extra bits; longer: index of the table
 *
 * Distances: bits:4 extra:4 kind:8 value:16.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LITLEN_BITS 10
#define DISTANCE_BITS 10
#define LITLEN_CODES 288
#define DISTANCE_CODES 32
#define CODE_LENGTH_MAX 15

/* A table for longer codes stands for at least two of them. */
#define LITLEN_SIZE ((1u << LITLEN_BITS) + LITLEN_CODES / 2 * (1u << (CODE_LENGTH_MAX - LITLEN_BITS)))
#define DISTANCE_SIZE ((1u << DISTANCE_BITS) + DISTANCE_CODES / 2 * (1u << (CODE_LENGTH_MAX - DISTANCE_BITS)))

enum entry_kind {
	ENTRY_VALUE = 0,
	ENTRY_LONGER = 1,
	ENTRY_END = 2,
	ENTRY_BAD = 3,
};

#define ENTRY_BITS(e) ((e)&15)
#define ENTRY_COUNT(e) ((e) >> 4 & 3)
#define ENTRY_KIND(e) ((e) >> 6 & 3)
#define ENTRY_EXTRA(e) ((e) >> 8 & 255)
#define ENTRY_VALUE_OF(e) ((e) >> 16)
#define DISTANCE_EXTRA(e) ((e) >> 4 & 15)
#define DISTANCE_KIND(e) ((e) >> 8 & 255)

struct deflate_tables {
	uint32_t litlen[LITLEN_SIZE];
	uint32_t distance[DISTANCE_SIZE];
};

/* The lengths of a block's codes, as its header has them. */
struct code_lengths {
	uint8_t of[LITLEN_CODES + DISTANCE_CODES];
	unsigned int litlen_n, distance_n; /* distances follow the literals and lengths at once */
};

/*
 * Reads the lengths of a dynamic block from bit *bit on (behind its three header bits), of in[0, 8 * n); bytes up to
 * in[n + DEFLATE_IN_SLACK) may be looked at. false: they cannot be a block's, or go beyond the input.
 */
bool code_lengths_read(const uint8_t *in, size_t n, uint64_t *bit, struct code_lengths *ret);

/* Whether sets of codes of these lengths can be: neither over-subscribed nor, but for a single code of one bit, incomplete. */
bool code_lengths_valid(const struct code_lengths *lengths);

void code_lengths_fixed(struct code_lengths *ret);
void deflate_tables_make(struct deflate_tables *tables, const struct code_lengths *lengths);
