/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any bytes as a gzip header and as deflate data, in one piece, in pieces (the first byte says how large) and as a
 * block. What zlib decodes to its end must be decoded alike. What zlib refuses may come out as some text (ISA-L takes sets of
 * codes that are not complete, which the CRC of a member would show), but in pieces as in one piece.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/fastq/gzip.h"
#include "lib/fastq/inflate.h"

#define TEXT_MAX (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

struct result {
	uint8_t *text;
	size_t n, left;
	enum inflate_outcome outcome;
};

static struct result by_zlib(const uint8_t *data, size_t size)
{
	struct result result = {.text = malloc(TEXT_MAX)};
	z_stream z = {0};
	int r;

	must(result.text && inflateInit2(&z, -MAX_WBITS) == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = result.text;
	z.avail_out = TEXT_MAX;
	r = inflate(&z, Z_NO_FLUSH);
	result.n = TEXT_MAX - z.avail_out;
	result.left = z.avail_in;
	result.outcome = r == Z_STREAM_END                   ? INFLATE_END
	                 : r == Z_OK || r == Z_BUF_ERROR ? INFLATE_MORE
	                                                     : INFLATE_BAD;
	(void)inflateEnd(&z); /* only frees */
	return result;
}

static struct result by_inflater(const uint8_t *data, size_t size, size_t step)
{
	struct result result = {.text = malloc(TEXT_MAX), .outcome = INFLATE_MORE};
	struct inflater *inflater = NULL;
	const uint8_t *in = data, *end = data + size;
	unsigned int idle = 0;

	must(result.text && inflater_new(&inflater) == 0);
	while (result.outcome == INFLATE_MORE && idle < 3) {
		size_t in_n = (size_t)(end - in) < step ? (size_t)(end - in) : step;
		size_t out_n = TEXT_MAX - result.n < step ? TEXT_MAX - result.n : step;
		struct inflate_io io = {in, in_n, result.text + result.n, out_n};

		result.outcome = inflater_run(inflater, &io);
		must(io.in >= data && io.in <= end && io.out_n <= out_n);
		idle = io.in == in && io.out_n == out_n ? idle + 1 : 0;
		in = io.in;
		result.n += out_n - io.out_n;
	}
	result.left = (size_t)(end - in);
	inflater_free(inflater);
	return result;
}

/* The other one must have come to the same end, where this one came to an end. */
static void must_agree(const struct result *one, const struct result *other)
{
	if (one->outcome != INFLATE_END)
		return;
	must(other->outcome == INFLATE_END);
	must(one->n == other->n && one->left == other->left);
	must(memcmp(one->text, other->text, one->n) == 0);
}

static void try_block(const uint8_t *data, size_t size, const struct result *zlib)
{
	struct block_inflater *inflater = NULL;
	uint8_t *text = malloc(zlib->n + 1);

	must(text && block_inflater_new(&inflater) == 0);
	if (block_inflate(inflater, data, size, text, zlib->n))
		must(zlib->outcome != INFLATE_END ||
		     (zlib->left == 0 && memcmp(text, zlib->text, zlib->n) == 0));
	else
		must(zlib->outcome != INFLATE_END || zlib->left > 0);
	block_inflater_free(inflater);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gzip_header header = {.length = 0};
	struct result zlib, whole, pieces;
	size_t step;

	if (size < 1)
		return 0;
	step = 1 + data[0];
	data++;
	size--;
	if (gzip_header_parse(data, size, &header) == GZIP_HEADER_GOOD)
		must(header.length <= size);
	data += header.length;
	size -= header.length;
	zlib = by_zlib(data, size);
	whole = by_inflater(data, size, TEXT_MAX);
	pieces = by_inflater(data, size, step);
	if (zlib.n < TEXT_MAX && whole.n < TEXT_MAX) {
		must_agree(&zlib, &whole);
		must_agree(&whole, &pieces);
		must_agree(&pieces, &whole);
		try_block(data, size, &zlib);
	}
	free(zlib.text);
	free(whole.text);
	free(pieces.text);
	return 0;
}
