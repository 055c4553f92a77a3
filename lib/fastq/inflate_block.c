/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One whole BGZF block: see inflate.h. By libdeflate where the stream inflater is zlib's; ISA-L's is faster (measured on
 * 150-base reads: 1.33 against 1.24 GB/s with 4 quality levels, 0.95 against 0.77 with 40).
 */
#include "lib/fastq/inflate.h"

#include <errno.h>
#include <stdlib.h>

#if defined(HAVE_LIBDEFLATE) && !defined(HAVE_ISAL)

#include <libdeflate.h>

int block_inflater_new(struct block_inflater **ret)
{
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();

	if (!decompressor)
		return -ENOMEM;
	*ret = (struct block_inflater *)decompressor; /* a name of ours for it */
	return 0;
}

struct block_inflater *block_inflater_free(struct block_inflater *inflater)
{
	if (inflater)
		libdeflate_free_decompressor((struct libdeflate_decompressor *)inflater);
	return NULL;
}

bool block_inflate(struct block_inflater *inflater, const uint8_t *in, size_t in_n, uint8_t *out,
                   size_t out_n)
{
	struct libdeflate_decompressor *decompressor = (struct libdeflate_decompressor *)inflater;
	size_t in_used, out_used;

	return libdeflate_deflate_decompress_ex(decompressor, in, in_n, out, out_n, &in_used,
	                                        &out_used) == LIBDEFLATE_SUCCESS &&
	       in_used == in_n && out_used == out_n;
}

#else

int block_inflater_new(struct block_inflater **ret)
{
	struct inflater *inflater;
	int r = inflater_new(&inflater);

	if (r < 0)
		return r;
	*ret = (struct block_inflater *)inflater; /* a name of ours for it */
	return 0;
}

struct block_inflater *block_inflater_free(struct block_inflater *inflater)
{
	inflater_free((struct inflater *)inflater);
	return NULL;
}

bool block_inflate(struct block_inflater *inflater, const uint8_t *in, size_t in_n, uint8_t *out,
                   size_t out_n)
{
	struct inflater *stream = (struct inflater *)inflater;
	struct inflate_io io = {.in = in, .in_n = in_n, .out = out, .out_n = out_n};
	enum inflate_outcome k;

	inflater_reset(stream);
	do {
		size_t before = io.in_n + io.out_n;

		k = inflater_run(stream, &io);
		if (k == INFLATE_MORE && io.in_n + io.out_n == before)
			return false;
	} while (k == INFLATE_MORE);
	return k == INFLATE_END && io.in_n == 0 && io.out_n == 0;
}

#endif
