/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads in the order of the file, each with its truncated length L and its number of G and C, in 1 to 6 bytes: a
 * number (varint.h) that is 1 and the distance of gc from L / 2, zigzag; before it, where L is not that of the
 * read before, a zero byte and L's number (gc_model.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

struct gc_stream {
	uint8_t *bytes;
	size_t n, size;
	uint32_t length; /* of the last read; 0: there is none */
};

void gc_stream_deinit(struct gc_stream *stream);

int gc_stream_add(struct gc_stream *stream, uint32_t length, uint32_t gc); /* 0 or -ENOMEM */

/* Adds the reads of another stream. 0 or -ENOMEM. */
int gc_stream_append(struct gc_stream *into, const struct gc_stream *from);

/*
 * Takes a copy of n bytes from elsewhere, which must be a stream of this many reads. 0, -ENOMEM, or -EBADMSG with a sentence.
 */
int gc_stream_take(struct gc_stream *stream, const uint8_t *bytes, size_t n, uint64_t reads, struct error *err);

/* Where one reads in a stream. */
struct gc_cursor {
	const uint8_t *at, *end;
	uint32_t length; /* of the read just read */
	uint32_t gc;
};

enum gc_outcome {
	GC_READ,
	GC_END,
	GC_BAD, /* not a stream; cannot be of one that was added to or taken */
};

static inline struct gc_cursor gc_stream_read(const struct gc_stream *stream)
{
	return (struct gc_cursor){.at = stream->bytes, .end = stream->n > 0 ? stream->bytes + stream->n : stream->bytes};
}

enum gc_outcome gc_cursor_slow(struct gc_cursor *cursor);

/* The next read. */
static inline enum gc_outcome gc_cursor_next(struct gc_cursor *cursor)
{
	if (cursor->at < cursor->end && *cursor->at > 0 && *cursor->at < 0x80 && cursor->length >= 128) {
		uint32_t code = *cursor->at++ - 1U;

		cursor->gc = cursor->length / 2 + ((code >> 1) ^ (0U - (code & 1)));
		return GC_READ;
	}
	return gc_cursor_slow(cursor);
}
