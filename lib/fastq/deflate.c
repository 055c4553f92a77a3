/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deflate data block by block: see deflate.h. */
#include "lib/fastq/deflate.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/fastq/bits.h"
#include "lib/fastq/deflate_table.h"

enum place {
	AT_HEADER = 0,
	IN_CODES,
	IN_STORED,
};

struct deflate {
	enum place place;
	bool final;           /* the block at hand is the member's last */
	uint32_t stored_left; /* bytes */
	unsigned int litlen_deep, distance_deep; /* bits of the tables for longer codes */
	struct deflate_tables tables;
};

int deflate_new(struct deflate **ret)
{
	struct deflate *deflate = calloc(1, sizeof *deflate);

	if (!deflate)
		return -ENOMEM;
	*ret = deflate;
	return 0;
}

struct deflate *deflate_free(struct deflate *deflate)
{
	free(deflate);
	return NULL;
}

void deflate_reset(struct deflate *deflate)
{
	deflate->place = AT_HEADER;
}

/* ---- the loops */

/* What a round of the loop takes is here before `stop`; at the end of all the input it may go beyond, which is found afterwards. */
static const uint8_t *deflate_in_stop(const struct deflate_io *io)
{
	const uint8_t *end = io->in + io->in_n;

	if (io->last)
		return end + DEFLATE_IN_SLACK - 7;
	return io->in_n > 32 ? end - 32 : io->in;
}

#define TAKE_BITS(some)                                                                            \
	do {                                                                                       \
		bits >>= (some);                                                                   \
		n -= (some);                                                                       \
	} while (0)

/* To 56 bits or more. */
#define REFILL()                                                                                   \
	do {                                                                                       \
		bits |= bits_load(in) << n;                                                        \
		in += (63 - n) >> 3;                                                               \
		n |= 56;                                                                           \
	} while (0)

static inline __attribute__((always_inline)) void put_bytes(uint8_t *out, uint32_t entry)
{
	uint32_t three = entry >> 8;

	memcpy(out, &three, sizeof three);
}

static inline __attribute__((always_inline)) void put_symbols(uint16_t *out, uint32_t entry)
{
#ifdef __SSE2__
	__m128i three = _mm_unpacklo_epi8(_mm_cvtsi32_si128((int)(entry >> 8)), _mm_setzero_si128());

	_mm_storel_epi64((__m128i *)(void *)out, three);
#else
	out[0] = entry >> 8 & 255;
	out[1] = entry >> 16 & 255;
	out[2] = (uint16_t)(entry >> 24);
#endif
}

#define VECTOR 16 /* bytes */
#define MANY 4    /* vectors that are copied at once: most copies are not longer, and how long they are is hard to predict */

static inline __attribute__((always_inline)) void copy_vector(uint8_t *to, const uint8_t *from)
{
	uint8_t v[VECTOR];

	memcpy(v, from, VECTOR);
	memcpy(to, v, VECTOR);
}

/*
 * A copy of n bytes from `distance` bytes before; overlapping ones repeat. Writes up to MANY * VECTOR bytes more. Of a distance below
 * a vector each step doubles what is there.
 */
static inline __attribute__((always_inline)) void copy_back(uint8_t *to, size_t distance, size_t n, unsigned int many)
{
	const uint8_t *from = to - distance;
	uint8_t *end = to + n;

	if (distance < VECTOR) {
		do {
			copy_vector(to, from);
			to += distance;
			distance *= 2;
		} while (distance < VECTOR);
	}
	do {
		for (unsigned int i = 0; i < many; i++, to += VECTOR, from += VECTOR)
			copy_vector(to, from);
	} while (to < end);
}

#define COPY_BYTES(out, distance, length) copy_back(out, distance, length, MANY / 2)
#define COPY_SYMBOLS(out, distance, length) copy_back((uint8_t *)(out), 2 * (distance), 2 * (length), MANY)

#define LOOP bytes_loop
#define LOOP_TARGET
#define UNIT uint8_t
#define PUT put_bytes
#define COPY COPY_BYTES
#include "lib/fastq/deflate_loop.h"

#define LOOP symbols_loop
#define LOOP_TARGET
#define UNIT uint16_t
#define PUT put_symbols
#define COPY COPY_SYMBOLS
#include "lib/fastq/deflate_loop.h"

#ifdef __x86_64__
#define LOOP bytes_loop_bmi2
#define LOOP_TARGET __attribute__((target("bmi,bmi2")))
#define UNIT uint8_t
#define PUT put_bytes
#define COPY COPY_BYTES
#include "lib/fastq/deflate_loop.h"

#define LOOP symbols_loop_bmi2
#define LOOP_TARGET __attribute__((target("bmi,bmi2")))
#define UNIT uint16_t
#define PUT put_symbols
#define COPY COPY_SYMBOLS
#include "lib/fastq/deflate_loop.h"
#endif

static bool has_bmi2(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	return __builtin_cpu_supports("bmi2");
#else
	return false;
#endif
}

/* ---- blocks */

static enum deflate_outcome take_stored(struct deflate *deflate, struct deflate_io *io, uint8_t *bytes, uint16_t *symbols)
{
	size_t at = (size_t)(io->bit / 8), n = io->in_n - at, room = io->room - io->n;

	if (n > deflate->stored_left)
		n = deflate->stored_left;
	if (n > room)
		n = room;
	if (bytes)
		memcpy(bytes + io->n, io->in + at, n);
	else
		for (size_t i = 0; i < n; i++)
			symbols[io->n + i] = io->in[at + i];
	io->n += n;
	io->bit += 8 * (uint64_t)n;
	deflate->stored_left -= (uint32_t)n;
	if (deflate->stored_left == 0)
		return DEFLATE_BLOCK;
	if (io->n >= io->room)
		return DEFLATE_ROOM;
	return io->last ? DEFLATE_BAD : DEFLATE_INPUT;
}

static bool begin_stored(struct deflate *deflate, struct deflate_io *io, uint64_t at)
{
	const uint8_t *p = io->in + (at + 7) / 8;
	uint32_t length, check;

	if (p + 4 > io->in + io->in_n)
		return false;
	length = p[0] | (uint32_t)p[1] << 8;
	check = p[2] | (uint32_t)p[3] << 8;
	if (length != (check ^ 0xffff))
		return false;
	io->bit = 8 * (uint64_t)(p + 4 - io->in);
	deflate->stored_left = length;
	deflate->place = IN_STORED;
	return true;
}

static unsigned int deeper(const uint8_t *lengths, unsigned int n, unsigned int bits)
{
	unsigned int longest = bits;

	for (unsigned int i = 0; i < n; i++)
		longest = lengths[i] > longest ? lengths[i] : longest;
	return longest - bits;
}

static void begin_codes(struct deflate *deflate, const struct code_lengths *lengths)
{
	deflate_tables_make(&deflate->tables, lengths);
	deflate->litlen_deep = deeper(lengths->of, lengths->litlen_n, LITLEN_BITS);
	deflate->distance_deep = deeper(lengths->of + lengths->litlen_n, lengths->distance_n, DISTANCE_BITS);
	deflate->place = IN_CODES;
}

static bool begin_block(struct deflate *deflate, struct deflate_io *io)
{
	uint64_t at = io->bit;
	struct code_lengths lengths;
	uint32_t head;

	if (at + 3 > 8 * (uint64_t)io->in_n)
		return false;
	head = bits_at(io->in, at) & 7;
	at += 3;
	deflate->final = head & 1;
	switch (head >> 1) {
	case 0:
		return begin_stored(deflate, io, at);
	case 1:
		code_lengths_fixed(&lengths);
		break;
	case 2:
		if (!code_lengths_read(io->in, io->in_n, &at, &lengths) || !code_lengths_valid(&lengths))
			return false;
		break;
	default:
		return false;
	}
	begin_codes(deflate, &lengths);
	io->bit = at;
	return true;
}

static enum deflate_outcome decode(struct deflate *deflate, struct deflate_io *io, uint8_t *bytes, uint16_t *symbols)
{
	enum deflate_outcome outcome;

	if (deflate->place == AT_HEADER) {
		if (!io->last && io->bit + 8 * DEFLATE_IN_KEEP > 8 * (uint64_t)io->in_n)
			return DEFLATE_INPUT;
		if (!begin_block(deflate, io))
			return DEFLATE_BAD;
	}
	if (deflate->place == IN_STORED)
		outcome = take_stored(deflate, io, bytes, symbols);
#ifdef __x86_64__
	else if (has_bmi2())
		outcome = bytes ? bytes_loop_bmi2(deflate, io, bytes) : symbols_loop_bmi2(deflate, io, symbols);
#endif
	else
		outcome = bytes ? bytes_loop(deflate, io, bytes) : symbols_loop(deflate, io, symbols);
	if (outcome == DEFLATE_BAD || io->bit > 8 * (uint64_t)io->in_n || (outcome == DEFLATE_INPUT && io->last))
		return DEFLATE_BAD;
	if (outcome != DEFLATE_BLOCK)
		return outcome;
	deflate->place = AT_HEADER;
	return deflate->final ? DEFLATE_END : DEFLATE_BLOCK;
}

enum deflate_outcome deflate_bytes(struct deflate *deflate, struct deflate_io *io, uint8_t *text)
{
	return decode(deflate, io, text, NULL);
}

enum deflate_outcome deflate_symbols(struct deflate *deflate, struct deflate_io *io, uint16_t *text)
{
	return decode(deflate, io, NULL, text);
}
