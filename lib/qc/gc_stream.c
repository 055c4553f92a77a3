/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads in order, by their truncated length and number of G and C: see gc_stream.h. */
#include "lib/qc/gc_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/slice.h"
#include "lib/qc/gc_model.h"
#include "lib/qc/varint.h"

#define READ_BYTES 16 /* more than a read needs */
#define DIGITS 7      /* bits of a number in a byte */

static const uint32_t number_max = 107 + READ_MAX_DEFAULT / 1000;

void gc_stream_deinit(struct gc_stream *stream)
{
	free(stream->bytes);
	*stream = (struct gc_stream){0};
}

/* Makes place for n more bytes. 0 or -ENOMEM. */
static int stream_reserve(struct gc_stream *stream, size_t n)
{
	size_t size = 2 * stream->size + n;
	uint8_t *bytes;

	if (n <= stream->size - stream->n)
		return 0;
	bytes = realloc(stream->bytes, size);
	if (!bytes)
		return -ENOMEM;
	stream->bytes = bytes;
	stream->size = size;
	return 0;
}

static void stream_put(struct gc_stream *stream, uint32_t number)
{
	for (; number >= 1U << DIGITS; number >>= DIGITS)
		stream->bytes[stream->n++] = (uint8_t)(number | 1U << DIGITS);
	stream->bytes[stream->n++] = (uint8_t)number;
}

int gc_stream_add(struct gc_stream *stream, uint32_t length, uint32_t gc)
{
	int32_t distance = (int32_t)gc - (int32_t)(length / 2);
	int r = stream_reserve(stream, READ_BYTES);

	if (r < 0)
		return r;
	if (length != stream->length) {
		stream->bytes[stream->n++] = 0;
		stream_put(stream, gc_length_number(length));
		stream->length = length;
	}
	stream_put(stream, 1 + (((uint32_t)distance << 1) ^ (distance < 0 ? UINT32_MAX : 0)));
	return 0;
}

/* Behind a read of the same length the first length of `from` is left out. */
int gc_stream_append(struct gc_stream *into, const struct gc_stream *from)
{
	struct gc_cursor cursor = gc_stream_read(from);
	int r;

	if (gc_cursor_next(&cursor) != GC_READ)
		return 0;
	r = gc_stream_add(into, cursor.length, cursor.gc);
	if (r == 0)
		r = stream_reserve(into, (size_t)(cursor.end - cursor.at));
	if (r < 0)
		return r;
	memcpy(into->bytes + into->n, cursor.at, (size_t)(cursor.end - cursor.at));
	into->n += (size_t)(cursor.end - cursor.at);
	into->length = from->length;
	return 0;
}

/* A number of at most 32 bits in its shortest form; false: there is none here. */
static bool cursor_number(struct gc_cursor *cursor, uint32_t *ret)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 32 && cursor->at < cursor->end; shift += DIGITS) {
		uint8_t byte = *cursor->at++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*ret = (uint32_t)number;
		return number <= UINT32_MAX && (byte > 0 || shift == 0);
	}
	return false;
}

/* The length that stands here, behind its zero byte. */
static bool cursor_length(struct gc_cursor *cursor)
{
	uint32_t number, length;

	if (!cursor_number(cursor, &number) || number > number_max)
		return false;
	length = gc_length_numbered(number);
	if (length == cursor->length)
		return false;
	cursor->length = length;
	return true;
}

enum gc_outcome gc_cursor_slow(struct gc_cursor *cursor)
{
	uint32_t code;

	if (cursor->at == cursor->end)
		return GC_END;
	if (*cursor->at == 0) {
		cursor->at++;
		if (!cursor_length(cursor))
			return GC_BAD;
	}
	if (cursor->length == 0 || !cursor_number(cursor, &code) || code == 0)
		return GC_BAD;
	code--;
	cursor->gc = cursor->length / 2 + ((code >> 1) ^ (0U - (code & 1)));
	return cursor->gc <= cursor->length ? GC_READ : GC_BAD;
}

int gc_stream_take(struct gc_stream *stream, const uint8_t *bytes, size_t n, uint64_t reads, struct error *err)
{
	struct gc_cursor cursor = {.at = bytes, .end = bytes + n};
	enum gc_outcome outcome;
	uint64_t seen = 0;

	while ((outcome = gc_cursor_next(&cursor)) == GC_READ)
		seen++;
	if (outcome == GC_BAD || seen != reads)
		return unpack_bad(err, "a stream of reads by their G and C is not one");
	stream->bytes = malloc(n);
	if (!stream->bytes)
		return error_oom(err);
	memcpy(stream->bytes, bytes, n);
	stream->n = stream->size = n;
	stream->length = cursor.length;
	return 0;
}
