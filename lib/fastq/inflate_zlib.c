/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of deflate data by zlib, where there is no ISA-L: see inflate.h. */
#ifndef HAVE_ISAL
#include "lib/fastq/inflate.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/base/cleanup.h"

struct inflater {
	z_stream stream;
};

int inflater_new(struct inflater **ret)
{
	_cleanup_(freep) struct inflater *inflater = calloc(1, sizeof *inflater);

	if (!inflater || inflateInit2(&inflater->stream, -MAX_WBITS) != Z_OK)
		return -ENOMEM;
	*ret = TAKE(inflater);
	return 0;
}

struct inflater *inflater_free(struct inflater *inflater)
{
	if (inflater)
		(void)inflateEnd(&inflater->stream); /* fails for a stream that was never one only */
	free(inflater);
	return NULL;
}

void inflater_reset(struct inflater *inflater)
{
	int r = inflateReset(&inflater->stream);

	assert(r == Z_OK);
	(void)r;
}

int inflater_enter(struct inflater *inflater, uint8_t first, unsigned int used, const uint8_t *window, size_t n)
{
	inflater_reset(inflater);
	if (used > 0 && inflatePrime(&inflater->stream, 8 - (int)used, first >> used) != Z_OK)
		return -ENOMEM;
	if (n > 0 && inflateSetDictionary(&inflater->stream, window, (uInt)n) != Z_OK)
		return -ENOMEM;
	return 0;
}

static uInt clip(size_t n)
{
	return n > INT_MAX ? INT_MAX : (uInt)n;
}

enum inflate_outcome inflater_run(struct inflater *inflater, struct inflate_io *io)
{
	z_stream *z = &inflater->stream;
	int r;

	z->next_in = (Bytef *)(uintptr_t)io->in; /* zlib's own type lacks a const here */
	z->avail_in = clip(io->in_n);
	z->next_out = io->out;
	z->avail_out = clip(io->out_n);
	r = inflate(z, Z_NO_FLUSH);
	io->in_n -= (size_t)(z->next_in - io->in);
	io->in = z->next_in;
	io->out_n -= (size_t)(z->next_out - io->out);
	io->out = z->next_out;
	switch (r) {
	case Z_STREAM_END:
		return INFLATE_END;
	case Z_OK:
	case Z_BUF_ERROR:
		return INFLATE_MORE;
	default:
		return INFLATE_BAD;
	}
}
#else
typedef int inflate_zlib_is_not_used; /* ISO C wants something in each file */
#endif
