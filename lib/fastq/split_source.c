/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a slice of a gzip file from a known point: see split_source.h. */
#include "lib/fastq/split_source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/fastq/split_held.h"
#include "lib/fastq/walk.h"

#define HOT (128u << 10) /* text of the buffer, behind the window before it */
#define PIECE (32u << 10)

static_assert(STRETCH_MAX + STRETCH_SLACK <= SOURCE_ROOM_MIN, "a stretch has room");

struct split_source {
	struct split_point point;
	uint64_t begin, end;
	uint8_t *window;        /* of the point, and then of the slice's end */
	struct split_text *held; /* NULL: decoded from the point on */
	const struct split_report *held_report;
	const uint16_t *held_symbols;
	const struct stretch_ops *ops;
	size_t stretch, member; /* the next ones of what is held */

	struct walk walk;
	uint8_t *bytes; /* a window, then n bytes */
	size_t n;

	/* The member at hand: what of its text was delivered, within the slice. */
	struct split_part part;
	bool part_began; /* in the slice */

	uint64_t text; /* number of the next byte */
	uint64_t limit;
	struct split_report report;
	struct slice_fault fault;
	bool begun;
	int pending; /* an outcome that follows the text which was delivered; SOURCE_TEXT: none */
};

static void freep_source(struct split_source **source)
{
	*source = split_source_free(*source);
}

int split_source_new(int fd, const struct slice_task *task, struct split_source **ret)
{
	_cleanup_(freep_source) struct split_source *source = calloc(1, sizeof *source);
	size_t window_n = split_window_size(task->point);

	if (!source)
		return -ENOMEM;
	source->point = *task->point;
	source->begin = task->begin;
	source->end = task->end;
	source->limit = UINT64_MAX;
	source->ops = stretch_ops_best();
	source->window = calloc(1, SPLIT_WINDOW);
	source->bytes = calloc(1, SPLIT_WINDOW + HOT + DEFLATE_OUT_SLACK);
	if (!source->window || !source->bytes || walk_init(&source->walk, fd, task->file_size, task->end) < 0)
		return -ENOMEM;
	if (window_n > 0)
		memcpy(source->bytes + SPLIT_WINDOW - window_n, task->point->window, window_n);
	source->report = (struct split_report){.first_bit = task->point->bit, .first_header = task->point->header};
	source->point.window = NULL;
	if (task->split) {
		source->held = split_text(task->split);
		source->held_report = split_report(task->split);
		source->held_symbols = split_symbols(task->split);
		assert(source->held->placed);
	} else {
		walk_begin(&source->walk, task->point->bit, task->point->header, task->point->member, task->point->within);
	}
	*ret = TAKE(source);
	return 0;
}

struct split_source *split_source_free(struct split_source *source)
{
	if (!source)
		return NULL;
	walk_deinit(&source->walk);
	free(source->window);
	free(source->bytes);
	free(source);
	return NULL;
}

/* ---- the account of members */

/* Text of the member at hand. What lies behind the limit is the next slice's to check. */
static void account_text(struct split_source *source, const uint8_t *p, size_t n)
{
	source->text += n;
	if (source->limit != UINT64_MAX)
		return;
	source->part.crc = crc32_add(source->part.crc, p, n);
	source->part.length += n;
	source->report.text = source->text;
}

static int fail(struct split_source *source, enum fault_kind kind)
{
	source->fault = (struct slice_fault){
	    .kind = kind,
	    .at = {.block = source->walk.member},
	    .value = walk_bit(&source->walk) / 8,
	};
	return SOURCE_FAULT;
}

static int account_begin(struct split_source *source, uint64_t member, struct marks *marks)
{
	if (source->limit == UINT64_MAX) {
		source->report.head_ends = true; /* of no bytes where the point is a header */
		source->report.tail_member = member;
		source->part = (struct split_part){0};
		source->part_began = true;
	}
	return marks_add(marks, source->text, member);
}

static int account_end(struct split_source *source, struct gzip_trailer trailer)
{
	struct split_report *report = &source->report;

	if (source->limit != UINT64_MAX)
		return SOURCE_TEXT;
	if (!source->part_began) {
		report->head_ends = true;
		report->head = source->part;
		report->head_trailer = trailer;
	} else if (trailer.crc != source->part.crc || trailer.size != (uint32_t)source->part.length) {
		return fail(source, FAULT_GZIP_CRC);
	}
	source->part = (struct split_part){0};
	source->part_began = true;
	return SOURCE_TEXT;
}

/* The slice's own text ends here; `window` is the last of it. */
static void account_limit(struct split_source *source, uint64_t bit, bool header, const uint8_t *window)
{
	struct split_report *report = &source->report;

	report->next_bit = bit;
	report->next_header = header;
	if (header && report->head_ends)
		report->tail_member = bit / 8;
	if (report->head_ends)
		report->tail = header ? (struct split_part){0} : source->part;
	else
		report->head = source->part;
	report->text = source->text;
	report->counted = true;
	source->limit = source->text;
	memcpy(source->window, window, SPLIT_WINDOW);
}

/* ---- what is held */

/* The member at hand ends here, where it ends in the slice; a slice that begins at a header has none at first. */
static int end_member(struct split_source *source)
{
	const struct split_report *report = source->held_report;
	const struct split_member *member;

	if (source->member == 0)
		return report->head_ends && !report->first_header ? account_end(source, report->head_trailer) : SOURCE_TEXT;
	member = &source->held->members[source->member - 1];
	return member->ends ? account_end(source, member->trailer) : SOURCE_TEXT;
}

/* The text of a stretch at p, and the members that begin and end in it. */
static int account_stretch(struct split_source *source, const uint8_t *p, size_t n, struct marks *marks)
{
	const struct split_text *held = source->held;
	const uint8_t *end = p + n;
	int r = SOURCE_TEXT;

	while (r == SOURCE_TEXT && source->member < held->members_n) {
		const struct split_member *next = &held->members[source->member];

		if (next->number - source->text > (uint64_t)(end - p))
			break;
		n = (size_t)(next->number - source->text);
		account_text(source, p, n);
		p += n;
		r = end_member(source);
		if (r == SOURCE_TEXT)
			r = account_begin(source, next->block, marks);
		source->member++;
	}
	account_text(source, p, (size_t)(end - p));
	if (r == SOURCE_TEXT && source->stretch == held->stretches_n)
		r = end_member(source);
	return r;
}

/* All that was held is delivered: goes on from the slice's end by decoding. */
static int leave_held(struct split_source *source)
{
	const struct split_report *report = source->held_report;
	uint8_t *window = source->bytes;
	uint64_t member, have;

	if (!report->next_header &&
	    !symbols_resolve(source->held_symbols, 0, source->held->window, SPLIT_WINDOW, window))
		return fail(source, FAULT_GZIP_DATA);
	account_limit(source, report->next_bit, report->next_header, window);
	member = report->head_ends ? report->tail_member : source->point.member;
	have = report->head_ends ? report->tail.length : source->point.within + report->text;
	walk_begin(&source->walk, report->next_bit, report->next_header, member, have);
	source->walk.told = true;
	source->held = NULL;
	return SOURCE_TEXT;
}

static int fill_held(struct split_source *source, uint8_t *to, struct marks *marks, size_t *ret_n)
{
	struct split_text *held = source->held;
	uint64_t n = 0;
	int r;

	if (source->stretch < held->stretches_n) {
		const struct stretch *stretch = held->stretches[source->stretch++];

		source->ops->unpack(stretch, held->window, to);
		n = stretch->n;
	}
	r = account_stretch(source, to, (size_t)n, marks);
	*ret_n += (size_t)n;
	if (r != SOURCE_TEXT || source->stretch < held->stretches_n)
		return r;
	return leave_held(source);
}

/* ---- what is decoded */

static int fill_walking(struct split_source *source, uint8_t *to, struct marks *marks, size_t *ret_n)
{
	struct walk_room room;
	enum walk_outcome k;

	if (source->n >= HOT) {
		memmove(source->bytes, source->bytes + source->n, SPLIT_WINDOW);
		source->n = 0;
	}
	room = (struct walk_room){
	    .bytes = source->bytes + SPLIT_WINDOW,
	    .n = source->n,
	    .room = source->n + PIECE - (*ret_n < PIECE ? *ret_n : PIECE - 1),
	};
	if (room.room > HOT)
		room.room = HOT;
	k = walk_on(&source->walk, &room);
	if (room.n > source->n) {
		size_t n = room.n - source->n;
		const uint8_t *text = source->bytes + SPLIT_WINDOW + source->n;

		memcpy(to + *ret_n, text, n);
		source->n = room.n;
		*ret_n += n;
		account_text(source, text, n);
	}
	switch (k) {
	case WALK_TEXT:
		return SOURCE_TEXT;
	case WALK_BEGIN:
		return account_begin(source, source->walk.member, marks);
	case WALK_ENDS:
		return account_end(source, source->walk.trailer);
	case WALK_BOUNDARY:
		account_limit(source, walk_bit(&source->walk), walk_at_header(&source->walk), source->bytes + source->n);
		return SOURCE_TEXT;
	case WALK_END:
		return SOURCE_END;
	case WALK_BAD:
		return fail(source, FAULT_GZIP_DATA);
	case WALK_FAULT:
		source->fault = source->walk.fault;
		return SOURCE_FAULT;
	}
	return SOURCE_FAULT;
}

int split_source_fill(struct split_source *source, uint8_t *to, size_t room, struct marks *marks, size_t *ret_n)
{
	size_t n = 0;
	int r = source->pending;

	assert(room >= SOURCE_ROOM_MIN);
	(void)room;
	if (!source->begun) {
		struct text_place place = {.block = source->point.member, .within = source->point.within};

		source->begun = true;
		r = marks_begin(marks, place);
	}
	while (r == SOURCE_TEXT && n < PIECE) {
		if (source->held && n + STRETCH_MAX + STRETCH_SLACK > SOURCE_ROOM_MIN)
			break;
		r = source->held ? fill_held(source, to + n, marks, &n) : fill_walking(source, to, marks, &n);
	}
	if (r < 0)
		return r;
	*ret_n = n;
	if (n == 0)
		return r;
	source->pending = r;
	return SOURCE_TEXT;
}

/* ---- what it says */

const struct slice_fault *split_source_fault(const struct split_source *source)
{
	return &source->fault;
}

uint64_t split_source_limit(const struct split_source *source)
{
	return source->limit;
}

uint64_t split_source_offset(const struct split_source *source)
{
	if (source->held) {
		uint64_t text = source->held_report->text;

		/* As if it were all compressed alike. */
		return source->begin + (text ? (uint64_t)((double)(source->end - source->begin) * (double)source->text / (double)text) : 0);
	}
	return walk_bit(&source->walk) / 8;
}

const struct split_report *split_source_report(const struct split_source *source, const uint8_t **ret_window)
{
	if (!source->report.counted)
		return NULL;
	*ret_window = source->window;
	return &source->report;
}
