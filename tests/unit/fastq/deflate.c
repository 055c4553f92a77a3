/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder of deflate data from any block to any block, and the finding of blocks, against zlib. */
#include "lib/fastq/deflate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/fastq/boundary.h"
#include "lib/fastq/symbol.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/tap.h"

#define TEXT_SIZE 300000
#define BLOCKS_MAX 4096

struct sample {
	uint8_t text[TEXT_SIZE], packed[TEXT_SIZE * 2];
	size_t n, packed_n;
	uint64_t bits[BLOCKS_MAX];   /* where blocks begin */
	size_t places[BLOCKS_MAX];   /* and the bytes of text before */
	bool dynamic[BLOCKS_MAX];    /* of a kind that is looked for, and not the last */
	size_t blocks;
};

static void make_text(struct sample *sample, uint64_t *random)
{
	uint64_t letters = 1 + random_below(random, 100), copies = random_below(random, 100);

	sample->n = 1 + random_below(random, TEXT_SIZE);
	for (size_t i = 0; i < sample->n;) {
		size_t n = 3 + random_below(random, 300), from = i ? random_below(random, i) : 0;
		bool copy = i > 0 && random_below(random, 100) < copies;

		for (size_t k = 0; k < n && i < sample->n; k++, i++)
			sample->text[i] = copy ? sample->text[from + k] : (uint8_t)(' ' + random_below(random, letters));
	}
}

static void pack(struct sample *sample, uint64_t *random)
{
	static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FILTERED, Z_RLE, Z_HUFFMAN_ONLY, Z_FIXED};
	int level = (int)random_below(random, 10), window = -9 - (int)random_below(random, 7), memory = 1 + (int)random_below(random, 9);
	z_stream z = {0};
	int r = deflateInit2(&z, level, Z_DEFLATED, window, memory, strategies[random_below(random, 6)]);
	size_t step = random_below(random, 3) ? sample->n : 1 + random_below(random, 20000), at = 0;

	assert(r == Z_OK);
	z.next_out = sample->packed;
	z.avail_out = sizeof sample->packed - 600;
	while (at < sample->n) {
		z.next_in = sample->text + at;
		z.avail_in = (uInt)(sample->n - at < step ? sample->n - at : step);
		at += z.avail_in;
		r = deflate(&z, at == sample->n ? Z_FINISH : (int)random_below(random, 4));
		assert(r == Z_OK || r == Z_STREAM_END);
	}
	assert(r == Z_STREAM_END);
	(void)deflateEnd(&z);
	sample->packed_n = sizeof sample->packed - 600 - z.avail_out;
	memset(sample->packed + sample->packed_n, 0xaa, 600);
}

/* Where blocks begin, by zlib. */
static void find_blocks(struct sample *sample)
{
	static uint8_t out[TEXT_SIZE];
	z_stream z = {0};
	int r = inflateInit2(&z, -15);

	assert(r == Z_OK);
	z.next_in = sample->packed;
	z.avail_in = (uInt)sample->packed_n;
	z.next_out = out;
	z.avail_out = sizeof out;
	sample->blocks = 0;
	do {
		uint64_t bit = 8 * (sample->packed_n - z.avail_in) - (unsigned int)(z.data_type & 7);

		if (sample->blocks == 0 || (sample->bits[sample->blocks - 1] != bit && (z.data_type & 192) != 192)) {
			uint64_t head = (sample->packed[bit / 8] | (uint64_t)sample->packed[bit / 8 + 1] << 8) >> bit % 8 & 7;

			assert(sample->blocks < BLOCKS_MAX);
			sample->bits[sample->blocks] = bit;
			sample->dynamic[sample->blocks] = head == 4;
			sample->places[sample->blocks++] = sizeof out - z.avail_out;
		}
		r = inflate(&z, Z_BLOCK);
	} while (r == Z_OK);
	assert(r == Z_STREAM_END && memcmp(out, sample->text, sample->n) == 0);
	(void)inflateEnd(&z);
}

/* From block `first` to the end, in pieces of input and of room; wrong ones. */
static uint64_t decode(const struct sample *sample, struct deflate *deflate, size_t first, bool symbols, uint64_t *random)
{
	static uint8_t bytes[DEFLATE_HISTORY + TEXT_SIZE + DEFLATE_OUT_SLACK];
	static uint16_t units[DEFLATE_HISTORY + TEXT_SIZE + DEFLATE_OUT_SLACK];
	size_t from = sample->places[first], known = from < DEFLATE_HISTORY ? from : DEFLATE_HISTORY, block = first, step;
	struct deflate_io io = {.in = sample->packed, .bit = sample->bits[first]};
	uint64_t wrong = 0;

	step = random_below(random, 3) ? TEXT_SIZE : 600 + random_below(random, 5000);
	for (size_t i = 0; i < DEFLATE_HISTORY; i++) {
		units[i] = (uint16_t)(SYMBOL_OPEN + i);
		bytes[i] = DEFLATE_HISTORY - i <= known ? sample->text[from + i - DEFLATE_HISTORY] : 0;
	}
	deflate_reset(deflate);
	for (enum deflate_outcome k = DEFLATE_INPUT; k != DEFLATE_END;) {
		io.in_n = io.bit / 8 + step < sample->packed_n ? (size_t)(io.bit / 8) + step : sample->packed_n;
		io.last = io.in_n == sample->packed_n;
		io.room = io.n + random_below(random, 10000);
		io.room = io.room < sample->n - from ? io.room : sample->n - from;
		io.room += io.room == io.n;
		io.have = known + io.n;
		k = symbols ? deflate_symbols(deflate, &io, units + DEFLATE_HISTORY) : deflate_bytes(deflate, &io, bytes + DEFLATE_HISTORY);
		if (k == DEFLATE_BAD || io.n > sample->n - from)
			return 1;
		if (k == DEFLATE_BLOCK)
			wrong += ++block >= sample->blocks || io.bit != sample->bits[block] || io.n != sample->places[block] - from;
	}
	wrong += io.n != sample->n - from || (io.bit + 7) / 8 != sample->packed_n;
	for (size_t i = 0; i < io.n; i++) {
		uint16_t unit = units[DEFLATE_HISTORY + i];
		uint8_t byte = bytes[DEFLATE_HISTORY + i];

		if (symbols && unit & SYMBOL_OPEN)
			byte = (size_t)(DEFLATE_HISTORY - (unit & (SYMBOL_OPEN - 1))) <= known
			           ? sample->text[from + (unit & (SYMBOL_OPEN - 1)) - DEFLATE_HISTORY]
			           : 0;
		else if (symbols)
			byte = (uint8_t)unit;
		wrong += byte != sample->text[from + i];
	}
	return wrong;
}

/* Every dynamic block is found, and little else. */
static uint64_t search(const struct sample *sample, uint64_t *ret_found, uint64_t *ret_false)
{
	uint64_t from = 0, missed = 0, stop = 8 * (uint64_t)sample->packed_n;
	struct boundary found;
	size_t block = 0;

	while (boundary_find(sample->packed, from, stop, &found)) {
		for (; block < sample->blocks && sample->bits[block] < found.bit; block++)
			missed += sample->bits[block] >= from && sample->dynamic[block];
		if (block < sample->blocks && sample->bits[block] == found.bit)
			++*ret_found;
		else
			*ret_false += (found.bit + 3) % 8 != 0; /* stored blocks are told by their lengths alone */
		from = found.bit + 1;
	}
	return missed;
}

static void try_samples(void)
{
	static struct sample sample;
	struct deflate *deflate = NULL;
	uint64_t random = 3, wrong = 0, found = 0, none = 0, missed = 0, blocks = 0;

	is_int(deflate_new(&deflate), 0, "a decoder");
	for (unsigned int i = 0; i < 150; i++) {
		make_text(&sample, &random);
		pack(&sample, &random);
		find_blocks(&sample);
		blocks += sample.blocks;
		wrong += decode(&sample, deflate, 0, false, &random);
		wrong += decode(&sample, deflate, 0, true, &random);
		for (unsigned int k = 0; k < 3; k++) {
			size_t first = random_below(&random, sample.blocks);

			wrong += decode(&sample, deflate, first, k % 2, &random);
		}
		missed += search(&sample, &found, &none);
	}
	is_u64(wrong, 0, "150 streams from any block to the end, as bytes and as symbols");
	is_u64(missed, 0, "no dynamic block is missed");
	ok(found > 100, "some are found");
	ok(none < found / 1000, "and few where there is none");
	diag("%llu blocks, %llu found, %llu false", (unsigned long long)blocks, (unsigned long long)found, (unsigned long long)none);
	deflate = deflate_free(deflate);
	ok(!deflate, "is freed");
}

/* What zlib takes is taken, and nothing else; whatever the bits are. */
static void try_damage(void)
{
	static struct sample sample;
	static uint8_t out[8 * TEXT_SIZE + DEFLATE_OUT_SLACK], good[8 * TEXT_SIZE];
	struct deflate *deflate = NULL;
	uint64_t random = 9, wrong = 0, taken = 0, refused = 0;

	(void)deflate_new(&deflate);
	assert(deflate);
	for (unsigned int i = 0; i < 400; i++) {
		struct deflate_io io = {.in = sample.packed, .last = true, .room = 8 * TEXT_SIZE};
		enum deflate_outcome k;
		z_stream z = {0};
		int r;

		make_text(&sample, &random);
		sample.n = 1 + sample.n / 20;
		pack(&sample, &random);
		if (random_below(&random, 4))
			sample.packed[random_below(&random, sample.packed_n < 100 ? sample.packed_n : 100)] ^=
			    (uint8_t)(1 << i % 8);
		else
			sample.packed_n = random_below(&random, sample.packed_n);
		r = inflateInit2(&z, -15);
		assert(r == Z_OK);
		z.next_in = sample.packed;
		z.avail_in = (uInt)sample.packed_n;
		z.next_out = good;
		z.avail_out = sizeof good;
		r = inflate(&z, Z_FINISH);
		deflate_reset(deflate);
		io.in_n = sample.packed_n;
		do {
			io.have = io.n;
			k = deflate_bytes(deflate, &io, out);
		} while (k == DEFLATE_BLOCK);
		if (z.avail_out > 0) {
			wrong += (k == DEFLATE_END) != (r == Z_STREAM_END);
			wrong += k == DEFLATE_END && (io.n != z.total_out || memcmp(out, good, io.n) != 0 ||
			                              (io.bit + 7) / 8 != z.total_in);
		}
		taken += k == DEFLATE_END;
		refused += k == DEFLATE_BAD;
		(void)inflateEnd(&z);
	}
	is_u64(wrong, 0, "400 damaged streams end as zlib's do");
	ok(taken > 10 && refused > 100, "%llu of them were good, %llu were not", (unsigned long long)taken, (unsigned long long)refused);
	deflate_free(deflate);
}

int main(void)
{
	try_samples();
	try_damage();
	return done_testing();
}
