/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of deflate data by ISA-L: see inflate.h. About twice as fast as zlib. */
#ifdef HAVE_ISAL
#include "lib/fastq/inflate.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

struct inflater {
	struct inflate_state state;
};

int inflater_new(struct inflater **ret)
{
	struct inflater *inflater = calloc(1, sizeof *inflater);

	if (!inflater)
		return -ENOMEM;
	isal_inflate_init(&inflater->state);
	*ret = inflater;
	return 0;
}

struct inflater *inflater_free(struct inflater *inflater)
{
	free(inflater);
	return NULL;
}

void inflater_reset(struct inflater *inflater)
{
	isal_inflate_reset(&inflater->state);
}

int inflater_enter(struct inflater *inflater, uint8_t first, unsigned int used, const uint8_t *window, size_t n)
{
	struct inflate_state *state = &inflater->state;

	isal_inflate_reset(state);
	if (n > 0 && isal_inflate_set_dict(state, (uint8_t *)(uintptr_t)window, (uint32_t)n) != ISAL_DECOMP_OK)
		return -ENOMEM;
	if (used > 0) {
		state->read_in = first >> used;
		state->read_in_length = 8 - (int32_t)used;
	}
	return 0;
}

static uint32_t clip(size_t n)
{
	return n > INT_MAX ? INT_MAX : (uint32_t)n;
}

enum inflate_outcome inflater_run(struct inflater *inflater, struct inflate_io *io)
{
	struct inflate_state *state = &inflater->state;
	size_t unused;
	int r;

	state->next_in = (uint8_t *)(uintptr_t)io->in; /* only read, though its type lacks a const */
	state->avail_in = clip(io->in_n);
	state->next_out = io->out;
	state->avail_out = clip(io->out_n);
	r = isal_inflate(state);
	io->in_n -= (size_t)(state->next_in - io->in);
	io->in = state->next_in;
	io->out_n -= (size_t)(state->next_out - io->out);
	io->out = state->next_out;
	if (r != ISAL_DECOMP_OK)
		return INFLATE_BAD;
	if (state->block_state != ISAL_BLOCK_FINISH)
		return INFLATE_MORE;
	unused = (size_t)state->read_in_length / 8;
	assert(unused <= INFLATE_BACK);
	io->in -= unused;
	io->in_n += unused;
	return INFLATE_END;
}
#else
typedef int inflate_isal_is_not_used; /* ISO C wants something in each file */
#endif
