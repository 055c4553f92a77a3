/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deflate data in pieces of any size, as one block, and where it is damaged; and the CRC. */
#include "lib/fastq/inflate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/fastq/crc.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

#define TEXT_SIZE 60000

static void make(uint8_t *text, size_t n, uint64_t *random)
{
	uint64_t letters = 1 + random_below(random, 200);

	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)random_below(random, letters);
}

static size_t pack(const uint8_t *text, size_t n, uint8_t *out, size_t room, int level)
{
	z_stream z = {0};
	int r = deflateInit2(&z, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);

	assert(r == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	r = deflate(&z, Z_FINISH);
	assert(r == Z_STREAM_END);
	(void)deflateEnd(&z);
	return room - z.avail_out;
}

/* Inflates packed[0, n) in random pieces; the bytes left behind the deflate data, or SIZE_MAX where it is bad. */
static size_t run_pieces(struct inflater *inflater, const uint8_t *packed, size_t n, uint8_t *out,
                         size_t *ret_n, uint64_t *random)
{
	const uint8_t *in = packed, *end = packed + n;
	uint64_t in_most = 1 + random_below(random, 3000), out_most = 1 + random_below(random, 3000);
	size_t idle = 0;

	*ret_n = 0;
	while (idle < 3) {
		size_t in_n = 1 + random_below(random, in_most);
		size_t out_n = 1 + random_below(random, out_most);
		struct inflate_io io = {.in = in, .out = out + *ret_n};
		enum inflate_outcome k;

		io.in_n = in_n < (size_t)(end - in) ? in_n : (size_t)(end - in);
		io.out_n = out_n < TEXT_SIZE - *ret_n ? out_n : TEXT_SIZE - *ret_n;
		k = inflater_run(inflater, &io);
		idle = io.in == in && io.out == out + *ret_n ? idle + 1 : 0;
		in = io.in;
		*ret_n = (size_t)(io.out - out);
		if (k == INFLATE_END)
			return (size_t)(end - in);
		if (k == INFLATE_BAD)
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

static void try_streams(void)
{
	static uint8_t text[TEXT_SIZE], packed[TEXT_SIZE + 1000], out[TEXT_SIZE];
	struct inflater *inflater = NULL;
	uint64_t random = 5, wrong = 0;

	is_int(inflater_new(&inflater), 0, "an inflater");
	for (unsigned int i = 0; i < 300; i++) {
		size_t n = random_below(&random, i % 3 ? TEXT_SIZE : 40), packed_n, out_n, left;

		make(text, n, &random);
		packed_n = pack(text, n, packed, sizeof packed, (int)(i % 10));
		memset(packed + packed_n, 0x5a, 20); /* what follows must be left alone */
		inflater_reset(inflater);
		left = run_pieces(inflater, packed, packed_n + 20, out, &out_n, &random);
		wrong += left != 20 || out_n != n || memcmp(out, text, n) != 0;
	}
	is_u64(wrong, 0, "300 streams in pieces of any size");
	inflater = inflater_free(inflater);
	ok(!inflater, "is freed");
}

static void try_blocks(void)
{
	static uint8_t text[TEXT_SIZE], packed[TEXT_SIZE + 1000], out[TEXT_SIZE + 1];
	struct block_inflater *inflater = NULL;
	uint64_t random = 6, wrong = 0, taken = 0;

	is_int(block_inflater_new(&inflater), 0, "a block inflater");
	for (unsigned int i = 0; i < 300; i++) {
		size_t n = random_below(&random, i % 3 ? TEXT_SIZE : 40), packed_n;

		make(text, n, &random);
		packed_n = pack(text, n, packed, sizeof packed, (int)(i % 10));
		wrong += !block_inflate(inflater, packed, packed_n, out, n) ||
		         memcmp(out, text, n) != 0;
		taken += block_inflate(inflater, packed, packed_n - 1, out, n);
		taken += block_inflate(inflater, packed, packed_n + 1, out, n);
		taken += block_inflate(inflater, packed, packed_n, out, n + 1);
		taken += n > 0 && block_inflate(inflater, packed, packed_n, out, n - 1);
	}
	is_u64(wrong, 0, "300 blocks");
	is_u64(taken, 0, "none of another length is taken");
	inflater = block_inflater_free(inflater);
	ok(!inflater, "is freed");
}

static void try_bad(void)
{
	static const uint8_t reserved[] = {0x07, 0, 0, 0}, stored[] = {0x01, 5, 0, 0, 0};
	static const uint8_t far[] = {0x03, 0x02, 0, 0}; /* a copy from before the beginning */
	static const struct {
		const char *what;
		const uint8_t *p;
		size_t n;
	} bad[] = {
	    {"a block of the reserved type", reserved, sizeof reserved},
	    {"a stored block whose lengths differ", stored, sizeof stored},
	    {"a copy from before the beginning", far, sizeof far},
	};
	struct inflater *inflater = NULL;

	is_int(inflater_new(&inflater), 0, "an inflater");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t out[64];
		struct inflate_io io = {.in = bad[i].p, .in_n = bad[i].n, .out = out, .out_n = 64};

		inflater_reset(inflater);
		is_int(inflater_run(inflater, &io), INFLATE_BAD, "%s", bad[i].what);
	}
	inflater_free(inflater);
}

int main(void)
{
	uint8_t bytes[300];
	uint64_t random = 1;

	try_streams();
	try_blocks();
	try_bad();
	is_u64(crc32_add(0, (const uint8_t *)"123456789", 9), 0xcbf43926, "CRC of the usual example");
	make(bytes, sizeof bytes, &random);
	is_u64(crc32_add(crc32_add(0, bytes, 123), bytes + 123, 177),
	       crc32(0, bytes, sizeof bytes), "CRC in two steps, against zlib's");
	is_u64(crc32_add(7, bytes, 0), 7, "CRC of nothing more");
	return done_testing();
}
