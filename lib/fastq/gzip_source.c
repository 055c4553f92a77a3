/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a gzip file's members: see gzip_source.h.
 *
 * A machine of five states, each a function that does one piece of work and names the next state. Its memory: one
 * buffer of compressed bytes, which always holds the whole header, trailer or BGZF block that is looked at.
 */
#include "lib/fastq/gzip_source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/fastq/gzip.h"
#include "lib/fastq/inflate.h"
#include "lib/fastq/input.h"
#include "lib/fastq/split.h"

#define PACKED_SIZE (256u << 10) /* bytes read at once; more than GZIP_HEADER_MAX and BGZF_BLOCK_MAX */

/* Streams are decoded in pieces of so much text. */
#define STREAM_PIECE SOURCE_ROOM_MIN

/* A block begins at most BGZF_BLOCK_MAX behind any byte of a BGZF file; a false header may stand before it. */
#define FIND_MAX (2 * BGZF_BLOCK_MAX)

enum state {
	AT_HEADER = 0,
	IN_MEMBER,
	AT_TRAILER,
	IN_PADDING,
	AT_END,
	AT_FAULT,
};

struct gzip_source {
	struct input input;
	uint64_t end; /* of the slice */
	bool blocks;  /* members that are BGZF blocks are decoded whole */
	enum state state;

	/* Compressed bytes [at, n) are to be used; INFLATE_BACK bytes before them stay. */
	uint8_t *packed;
	size_t at, n;

	struct inflater *inflater;
	struct block_inflater *block_inflater;
	uint64_t member;      /* file offset of the header of the member at hand */
	uint64_t member_text; /* bytes of its text so far */
	uint32_t crc;
	bool bad; /* what follows is no deflate data */

	const struct split_point *point; /* where it has to enter, before anything is done */

	uint64_t text; /* number of the next byte of text */
	uint64_t limit;
	struct slice_fault fault;
};

static void freep_source(struct gzip_source **source)
{
	*source = gzip_source_free(*source);
}

int gzip_source_new(int fd, const struct slice_task *task, struct gzip_source **ret)
{
	_cleanup_(freep_source) struct gzip_source *source = calloc(1, sizeof *source);

	if (!source)
		return -ENOMEM;
	source->input = (struct input){.fd = fd, .size = task->file_size};
	source->end = task->end;
	source->blocks = task->kind == FILE_BGZF;
	source->limit = UINT64_MAX;
	source->packed = malloc(PACKED_SIZE);
	if (!source->packed || inflater_new(&source->inflater) < 0 ||
	    (source->blocks && block_inflater_new(&source->block_inflater) < 0))
		return -ENOMEM;
	*ret = TAKE(source);
	return 0;
}

struct gzip_source *gzip_source_free(struct gzip_source *source)
{
	if (!source)
		return NULL;
	block_inflater_free(source->block_inflater);
	inflater_free(source->inflater);
	free(source->packed);
	free(source);
	return NULL;
}

void gzip_source_begin(struct gzip_source *source, uint64_t offset)
{
	source->input.at = offset;
	source->at = source->n = 0;
	source->state = AT_HEADER;
}

void gzip_source_enter(struct gzip_source *source, const struct split_point *point)
{
	gzip_source_begin(source, point->bit / 8);
	source->point = point->header ? NULL : point;
}

/* File offset of the next compressed byte. */
static uint64_t offset_of(const struct gzip_source *source)
{
	return source->input.at - (source->n - source->at);
}

static enum state fail(struct gzip_source *source, enum fault_kind kind)
{
	source->fault = (struct slice_fault){
	    .kind = kind,
	    .at = {.block = source->member, .within = source->member_text},
	    .value = offset_of(source),
	};
	return AT_FAULT;
}

/* Reads on until `want` compressed bytes lie ready: INPUT_DATA, INPUT_END where the file has fewer, INPUT_FAULT. */
static enum input_outcome need(struct gzip_source *source, size_t want)
{
	enum input_outcome k = INPUT_DATA;
	size_t got;

	assert(want + INFLATE_BACK <= PACKED_SIZE);
	if (source->n - source->at >= want)
		return INPUT_DATA;
	if (source->at > INFLATE_BACK) {
		size_t drop = source->at - INFLATE_BACK;

		memmove(source->packed, source->packed + drop, source->n - drop);
		source->at -= drop;
		source->n -= drop;
	}
	while (source->n - source->at < want) {
		k = input_read(&source->input, source->packed + source->n, PACKED_SIZE - source->n,
		               &got, &source->fault);
		if (k != INPUT_DATA)
			break;
		source->n += got;
	}
	return k;
}

/* A need() that was not met: the end of the file is within a member. */
static enum state cut_short(struct gzip_source *source, enum input_outcome k)
{
	if (k == INPUT_FAULT)
		return AT_FAULT;
	source->at = source->n;
	return fail(source, FAULT_GZIP_TRUNCATED);
}

/* Parses the header at hand, reading on as far as it goes. AT_HEADER with *ret, or AT_FAULT. */
static enum state parse_header(struct gzip_source *source, struct gzip_header *ret)
{
	size_t want = BGZF_HEADER_MIN;

	for (;;) {
		enum input_outcome k = need(source, want);
		size_t n = source->n - source->at;

		if (k == INPUT_FAULT)
			return AT_FAULT;
		switch (gzip_header_parse(source->packed + source->at, n, ret)) {
		case GZIP_HEADER_GOOD:
			return AT_HEADER;
		case GZIP_HEADER_BAD:
			return fail(source, FAULT_GZIP_DATA);
		case GZIP_HEADER_SHORT:
			if (k == INPUT_END)
				return cut_short(source, k);
			if (n >= GZIP_HEADER_MAX)
				return fail(source, FAULT_GZIP_DATA);
			want = n + 1;
		}
	}
}

/* Decodes the whole block at hand to `to`: 0, or the kind of its fault. */
static enum fault_kind decode_block(struct gzip_source *source, const struct gzip_header *header,
                                    uint8_t *to, size_t *ret_n)
{
	const uint8_t *block = source->packed + source->at;
	size_t packed_n = header->block_size - header->length - GZIP_TRAILER_SIZE;
	struct gzip_trailer trailer =
	    gzip_trailer_read(block + header->block_size - GZIP_TRAILER_SIZE);

	if (trailer.size > BGZF_BLOCK_MAX ||
	    !block_inflate(source->block_inflater, block + header->length, packed_n, to,
	                   trailer.size))
		return FAULT_GZIP_DATA;
	if (crc32_add(0, to, trailer.size) != trailer.crc)
		return FAULT_GZIP_CRC;
	*ret_n = trailer.size;
	return FAULT_NONE;
}

static enum state take_block(struct gzip_source *source, const struct gzip_header *header,
                             uint8_t *to, size_t *ret_n)
{
	enum input_outcome k = need(source, header->block_size);
	enum fault_kind fault;

	if (k != INPUT_DATA)
		return cut_short(source, k);
	fault = decode_block(source, header, to, ret_n);
	if (fault)
		return fail(source, fault);
	source->at += header->block_size;
	source->text += *ret_n;
	return AT_HEADER;
}

/* At the edge of members: another one, padding, the end of the file, or garbage. A block is taken whole. */
static int step_header(struct gzip_source *source, uint8_t *to, struct marks *marks, size_t *ret_n)
{
	enum input_outcome k = need(source, 1);
	struct gzip_header header;

	if (k == INPUT_FAULT)
		return AT_FAULT;
	if (k == INPUT_END)
		return AT_END;
	source->member = offset_of(source);
	source->member_text = 0;
	if (source->packed[source->at] == 0 && source->member > 0)
		return IN_PADDING;
	k = need(source, 2);
	if (k == INPUT_FAULT)
		return AT_FAULT;
	if (source->packed[source->at] != GZIP_ID1 ||
	    (k == INPUT_DATA && source->packed[source->at + 1] != GZIP_ID2))
		return fail(source, FAULT_GZIP_GARBAGE);
	if (parse_header(source, &header) == AT_FAULT)
		return AT_FAULT;
	if (source->limit == UINT64_MAX && source->member >= source->end)
		source->limit = source->text;
	if (marks_add(marks, source->text, source->member) < 0)
		return -ENOMEM;
	if (source->blocks && header.block_size)
		return (int)take_block(source, &header, to, ret_n);
	source->at += header.length;
	inflater_reset(source->inflater);
	source->crc = 0;
	return IN_MEMBER;
}

/*
 * Decodes on to the next whole STREAM_PIECE of the member's text, so that the pieces are the same wherever reading began.
 * A piece in which the data is bad is not delivered: what an inflater gives before it sees that need not be text.
 */
static enum state step_member(struct gzip_source *source, uint8_t *to, size_t *ret_n)
{
	size_t want = STREAM_PIECE - source->member_text % STREAM_PIECE, before;
	struct inflate_io io = {.out = to, .out_n = want};
	enum inflate_outcome k = INFLATE_MORE;
	enum input_outcome input;

	if (source->bad)
		return fail(source, FAULT_GZIP_DATA);
	do {
		input = need(source, 1);
		if (input == INPUT_FAULT)
			break;
		/* At the end of the file too: the inflater may have text left in hand. */
		before = io.out_n;
		io.in = source->packed + source->at;
		io.in_n = source->n - source->at;
		k = inflater_run(source->inflater, &io);
		source->at = source->n - io.in_n;
	} while (k == INFLATE_MORE && io.out_n > 0 && (input == INPUT_DATA || io.out_n < before));
	/* An inflater that was entered in the middle looks ahead: a whole piece is good, wherever it saw what is bad. */
	source->bad = k == INFLATE_BAD;
	if (source->bad && io.out_n > 0)
		return fail(source, FAULT_GZIP_DATA);
	*ret_n = want - io.out_n;
	source->crc = crc32_add(source->crc, to, *ret_n);
	source->member_text += *ret_n;
	source->text += *ret_n;
	if (k == INFLATE_END)
		return AT_TRAILER;
	if (input == INPUT_FAULT)
		return AT_FAULT;
	if (io.out_n > 0)
		return cut_short(source, input);
	return IN_MEMBER;
}

/* To where a slice before ended: within a byte, within a member. */
static int step_enter(struct gzip_source *source, struct marks *marks)
{
	const struct split_point *point = TAKE(source->point);
	enum input_outcome k = need(source, 1);
	unsigned int used = point->bit % 8;
	int r;

	if (k != INPUT_DATA)
		return cut_short(source, k);
	source->member = point->member;
	source->member_text = point->within;
	source->crc = point->crc;
	r = marks_begin(marks, (struct text_place){.block = point->member, .within = point->within});
	if (r == 0)
		r = inflater_enter(source->inflater, source->packed[source->at], used, point->window, split_window_size(point));
	source->at += used > 0;
	return r < 0 ? r : (int)IN_MEMBER;
}

static enum state step_trailer(struct gzip_source *source)
{
	enum input_outcome k = need(source, GZIP_TRAILER_SIZE);
	struct gzip_trailer trailer;

	if (k != INPUT_DATA)
		return cut_short(source, k);
	trailer = gzip_trailer_read(source->packed + source->at);
	if (trailer.crc != source->crc || trailer.size != (uint32_t)source->member_text)
		return fail(source, FAULT_GZIP_CRC);
	source->at += GZIP_TRAILER_SIZE;
	return AT_HEADER;
}

static enum state step_padding(struct gzip_source *source)
{
	enum input_outcome k = need(source, 1);

	if (k == INPUT_FAULT)
		return AT_FAULT;
	if (k == INPUT_END)
		return AT_END;
	while (source->at < source->n && source->packed[source->at] == 0)
		source->at++;
	if (source->at == source->n)
		return IN_PADDING;
	source->member = offset_of(source);
	return fail(source, FAULT_GZIP_GARBAGE);
}

/* One step of the machine, for which there is SOURCE_ROOM_MIN; a negative errno, or 0 with some text or none. */
static int step(struct gzip_source *source, uint8_t *to, struct marks *marks, size_t *ret_n)
{
	int k = source->state;

	*ret_n = 0;
	switch (source->state) {
	case AT_HEADER:
		k = source->point ? step_enter(source, marks) : step_header(source, to, marks, ret_n);
		break;
	case IN_MEMBER:
		k = (int)step_member(source, to, ret_n);
		break;
	case AT_TRAILER:
		k = (int)step_trailer(source);
		break;
	case IN_PADDING:
		k = (int)step_padding(source);
		break;
	case AT_END:
	case AT_FAULT:
		break;
	}
	if (k < 0)
		return k;
	source->state = (enum state)k;
	return 0;
}

int gzip_source_fill(struct gzip_source *source, uint8_t *to, size_t room, struct marks *marks,
                     size_t *ret_n)
{
	size_t n = 0, got;

	assert(room >= SOURCE_ROOM_MIN);
	/* One stream is decoded as far as it goes; behind the slice's end one block is enough. */
	while (source->state < AT_END && room - n >= SOURCE_ROOM_MIN &&
	       (n == 0 || source->limit == UINT64_MAX)) {
		int r = step(source, to + n, marks, &got);

		if (r < 0)
			return r;
		n += got;
	}
	*ret_n = n;
	if (n > 0)
		return SOURCE_TEXT;
	return source->state == AT_END ? SOURCE_END : SOURCE_FAULT;
}

/* Whether the bytes at hand begin with a whole block that decodes; scratch holds BGZF_BLOCK_MAX bytes. */
static bool proves_block(struct gzip_source *source, uint8_t *scratch)
{
	struct gzip_header header;
	size_t n;

	if (need(source, BGZF_HEADER_MIN) != INPUT_DATA ||
	    gzip_header_parse(source->packed + source->at, source->n - source->at, &header) !=
	        GZIP_HEADER_GOOD ||
	    !header.block_size || need(source, header.block_size) != INPUT_DATA)
		return false;
	return decode_block(source, &header, scratch, &n) == FAULT_NONE;
}

enum source_outcome gzip_source_find_block(struct gzip_source *source, uint64_t from,
                                           uint64_t *ret_offset)
{
	uint64_t stop = source->end - from > FIND_MAX ? from + FIND_MAX : source->end;
	uint8_t scratch[BGZF_BLOCK_MAX];

	assert(source->blocks && from <= source->end);
	gzip_source_begin(source, from);
	while (need(source, 2) == INPUT_DATA && offset_of(source) < stop) {
		const uint8_t *p = source->packed + source->at;
		const uint8_t *id = memchr(p, GZIP_ID1, source->n - source->at - 1);

		if (!id) {
			source->at = source->n - 1;
			continue;
		}
		source->at += (size_t)(id - p);
		if (offset_of(source) >= stop)
			break;
		if (id[1] == GZIP_ID2 && proves_block(source, scratch)) {
			*ret_offset = offset_of(source);
			return SOURCE_TEXT;
		}
		source->at++;
	}
	return SOURCE_END;
}

const struct slice_fault *gzip_source_fault(const struct gzip_source *source)
{
	return &source->fault;
}

uint64_t gzip_source_limit(const struct gzip_source *source)
{
	return source->limit;
}

uint64_t gzip_source_offset(const struct gzip_source *source)
{
	return offset_of(source);
}
