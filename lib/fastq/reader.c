/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader of a slice: from a task to batches of whole records, a seam and perhaps a fault (slice.h).
 *
 * One buffer: text comes in behind, records are taken in front and point into it. When what is left is not a whole
 * record, the rest moves to the front and more text comes in, at least as much again as is there, so that a record of any
 * length is looked at a bounded number of times. Nothing is copied or allocated for a record.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/guess.h"
#include "lib/fastq/record.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/source.h"

static_assert(BATCH_SLACK >= SPAN_SLACK, "spans read behind the text");

/* Text looked at for a guess: this first, then 4 times as much, up to the most. */
#define GUESS_WINDOW_MIN (64u << 10)
#define GUESS_WINDOW_MAX (4u << 20)

#define READ_MAX_LIMIT (UINT32_MAX / 2) /* lengths are 32 bits */

struct slice_reader {
	struct slice_task task;
	struct record_rules rules;
	struct source *source;

	uint8_t *text; /* [at, n) is not taken yet; behind n are BATCH_SLACK zeros */
	size_t at, n, capacity;
	uint64_t number; /* of text[0], as the source numbers bytes */
	enum text_tail tail;

	bool begun;             /* at a record, or before the blank lines in front of one */
	bool has_first;         /* seam.first is set */
	uint32_t length;        /* of the last read: the next may be as long */
	enum slice_outcome end; /* SLICE_BATCH while it goes on */
	struct slice_seam seam;
	struct slice_fault fault;
};

static bool task_makes_sense(const struct slice_task *task)
{
	if (task->kind < FILE_PLAIN || task->kind >= _FILE_KIND_MAX)
		return false;
	if (task->begin > task->end || task->end > task->file_size ||
	    task->file_size > (uint64_t)INT64_MAX)
		return false;
	if (task->read_max < 1 || task->read_max > READ_MAX_LIMIT)
		return false;
	if (task->kind == FILE_GZIP && (task->begin > 0 || task->end < task->file_size))
		return false;
	return !task->start_known || task->start.block <= task->file_size;
}

static void freep_reader(struct slice_reader **reader)
{
	*reader = slice_reader_free(*reader);
}

int slice_reader_new(int fd, const struct slice_task *task, struct slice_reader **ret,
                     struct error *err)
{
	_cleanup_(freep_reader) struct slice_reader *reader = NULL;

	assert(fd >= 0 && task && ret);
	if (!task_makes_sense(task))
		return error_set(err, -EINVAL, ERROR_SOFTWARE,
		                 "a slice from byte %llu to %llu of a file of %llu bytes makes no "
		                 "sense",
		                 (unsigned long long)task->begin, (unsigned long long)task->end,
		                 (unsigned long long)task->file_size);
	reader = calloc(1, sizeof *reader);
	if (!reader)
		return error_oom(err);
	reader->task = *task;
	if (task->begin == 0 && !task->start_known) {
		reader->task.start_known = true;
		reader->task.start = (struct text_place){0};
	}
	reader->rules = (struct record_rules){
	    .span = span_ops_best(),
	    .read_max = task->read_max,
	    .lenient = task->lenient,
	};
	reader->capacity = SLICE_BUFFER;
	reader->text = malloc(reader->capacity + BATCH_SLACK);
	if (!reader->text || source_new(fd, task, &reader->source) < 0)
		return error_oom(err);
	*ret = TAKE(reader);
	return 0;
}

struct slice_reader *slice_reader_free(struct slice_reader *reader)
{
	if (!reader)
		return NULL;
	source_free(reader->source);
	free(reader->text);
	free(reader);
	return NULL;
}

/* The place of a byte of the buffer, or of the file's end where p is behind the last. */
static struct text_place place_of(const struct slice_reader *reader, const uint8_t *p)
{
	if (p == reader->text + reader->n && reader->tail == TEXT_ENDS)
		return source_end_place(reader->source);
	return source_place(reader->source, reader->number + (uint64_t)(p - reader->text));
}

/* ---- text */

/* Bytes that are enough for any record, so that one which needs more is at fault. */
static uint64_t longest_record(const struct slice_reader *reader)
{
	return 2 * (reader->task.read_max + LINE_NAME_MAX) + SOURCE_ROOM_MIN;
}

/* Room for `want` bytes of text: twice the room, but not more than the longest record needs. */
static int make_room(struct slice_reader *reader, size_t want)
{
	uint64_t capacity = 2 * (uint64_t)reader->capacity;
	uint8_t *text;

	if (want <= reader->capacity)
		return 0;
	if (capacity > longest_record(reader) + SOURCE_ROOM_MIN)
		capacity = longest_record(reader) + SOURCE_ROOM_MIN;
	if (capacity < want)
		capacity = want;
	text = realloc(reader->text, (size_t)capacity + BATCH_SLACK);
	if (!text)
		return -ENOMEM;
	reader->text = text;
	reader->capacity = (size_t)capacity;
	return 0;
}

/* Moves what is not taken to the front and adds text, until there are `want` bytes or no more come. */
static int fill(struct slice_reader *reader, size_t want)
{
	int r;

	if (reader->at > 0) {
		reader->n -= reader->at;
		memmove(reader->text, reader->text + reader->at, reader->n);
		reader->number += reader->at;
		reader->at = 0;
		source_forget(reader->source, reader->number);
	}
	r = make_room(reader, want + SOURCE_ROOM_MIN);
	if (r < 0)
		return r;
	while (reader->n < want && reader->tail == TEXT_GOES_ON) {
		size_t room = reader->capacity - reader->n, got;

		/* A buffer that grew for one long record is not filled again for short ones. */
		if (room > SLICE_BUFFER && want < SLICE_BUFFER)
			room = SLICE_BUFFER;
		r = source_fill(reader->source, reader->text + reader->n, room, &got);
		if (r < 0)
			return r;
		if (r == SOURCE_TEXT)
			reader->n += got;
		else
			reader->tail = r == SOURCE_END ? TEXT_ENDS : TEXT_BREAKS;
	}
	memset(reader->text + reader->n, 0, BATCH_SLACK);
	return 0;
}

/* More text behind a piece of a record: twice as much, but not more than the longest record has. */
static int fill_more(struct slice_reader *reader)
{
	uint64_t left = reader->n - reader->at, want = 2 * left;

	if (want > longest_record(reader))
		want = longest_record(reader);
	return fill(reader, (size_t)(want > left ? want : left + 1));
}

/* ---- beginning */

static int finish(struct slice_reader *reader, struct text_place next)
{
	if (!reader->has_first)
		reader->seam.first = next;
	reader->has_first = true;
	reader->seam.next = next;
	return reader->end = SLICE_END;
}

/* Goes to a start that is known: to its member, and then so far into the text. */
static int begin_known(struct slice_reader *reader)
{
	const struct slice_task *task = &reader->task;
	uint64_t left = task->start.within;
	int r;

	if (task->start.block >= task->end)
		return finish(reader, task->start);
	reader->seam.first = task->start;
	source_begin(reader->source, task->start.block);
	while (left > 0 && reader->tail == TEXT_GOES_ON) {
		reader->at = reader->n;
		r = fill(reader, 1);
		if (r < 0)
			return r;
		reader->at = reader->n < left ? reader->n : (size_t)left;
		left -= reader->at;
	}
	reader->begun = true;
	return SLICE_BATCH;
}

/* Goes to where a guess can begin: one byte before the slice in plain text, the first block in BGZF. */
static int enter(struct slice_reader *reader, enum guess_edge *ret_edge)
{
	uint64_t begin = reader->task.begin;
	const uint8_t *text = reader->text;
	int r;

	if (reader->task.kind == FILE_BGZF) {
		*ret_edge = EDGE_UNKNOWN;
		if (source_find_block(reader->source, begin, &begin) != SOURCE_TEXT)
			return reader->end = SLICE_UNSURE;
		source_begin(reader->source, begin);
		return SLICE_BATCH;
	}
	source_begin(reader->source, begin - 1);
	r = fill(reader, 2);
	if (r < 0)
		return r;
	if (reader->n < 2)
		return reader->end = SLICE_UNSURE;
	reader->at = text[0] == '\r' && text[1] == '\n' ? 2 : 1;
	*ret_edge = byte_ends_line(text[0]) ? EDGE_LINE : EDGE_WITHIN;
	return SLICE_BATCH;
}

static int begin_guessed(struct slice_reader *reader)
{
	enum guess_edge edge;
	size_t start;
	int r;

	r = enter(reader, &edge);
	if (r != SLICE_BATCH)
		return r;
	for (size_t window = GUESS_WINDOW_MIN; window <= GUESS_WINDOW_MAX; window *= 4) {
		enum text_tail tail = TEXT_GOES_ON;
		size_t n;

		r = fill(reader, window);
		if (r < 0)
			return r;
		n = reader->n - reader->at;
		if (n <= window)
			tail = reader->tail;
		else
			n = window;
		switch (guess_start(&reader->rules, reader->text + reader->at, n, tail, edge, &start)) {
		case GUESS_MADE:
			reader->at += start;
			reader->begun = true;
			return SLICE_BATCH;
		case GUESS_MORE:
			continue;
		case GUESS_UNSURE:
			return reader->end = SLICE_UNSURE;
		}
	}
	return reader->end = SLICE_UNSURE;
}

/* ---- records */

static void set_fault(struct slice_reader *reader, const struct record_fault *fault)
{
	reader->fault = (struct slice_fault){
	    .kind = fault->kind,
	    .at = place_of(reader, fault->at),
	    .value = fault->value,
	    .value2 = fault->value2,
	};
	reader->end = SLICE_FAULT;
}

/* The text is used up at p: more of it is to come, or the slice ends here. */
static void run_out(struct slice_reader *reader, const uint8_t *p)
{
	if (reader->tail == TEXT_ENDS) {
		(void)finish(reader, place_of(reader, p)); /* says SLICE_END */
	} else if (reader->tail == TEXT_BREAKS) {
		reader->fault = *source_fault(reader->source);
		reader->end = SLICE_FAULT;
	}
}

/* The record at p, which is at fault, incomplete, or not of the ordinary form: the byte behind it or NULL. */
static const uint8_t *take_slowly(struct slice_reader *reader, const uint8_t *p,
                                  struct record *record)
{
	const uint8_t *next = NULL;
	struct record_fault fault;

	switch (record_parse(&reader->rules, p, reader->text + reader->n, reader->tail, record,
	                     &next, &fault)) {
	case RECORD_WHOLE:
		return next;
	case RECORD_PARTIAL:
		run_out(reader, p);
		return NULL;
	case RECORD_FAULT:
		set_fault(reader, &fault);
		return NULL;
	}
	return NULL;
}

/* The byte of the buffer from which on records belong to the next slice. */
static const uint8_t *limit_of(const struct slice_reader *reader)
{
	uint64_t limit = source_limit(reader->source);

	if (limit <= reader->number)
		return reader->text;
	if (limit - reader->number >= reader->n)
		return reader->text + reader->n;
	return reader->text + (limit - reader->number);
}

static void set_first(struct slice_reader *reader, const uint8_t *p)
{
	if (reader->has_first)
		return;
	reader->has_first = true;
	reader->seam.first = place_of(reader, p);
}

/* Takes records out of the buffer until the batch is full, the text is used up, or the slice ends. */
static void take_records(struct slice_reader *reader, struct batch *batch)
{
	const uint8_t *p = reader->text + reader->at, *end = reader->text + reader->n;
	const uint8_t *limit = limit_of(reader);
	const bool quick = !reader->rules.lenient;

	while (batch->n < BATCH_MAX) {
		struct record *record = &batch->records[batch->n];
		const uint8_t *next = NULL;

		while (p < end && byte_ends_line(*p))
			p++;
		if (p == end) {
			run_out(reader, p);
			break;
		}
		if (p >= limit) {
			(void)finish(reader, place_of(reader, p)); /* says SLICE_END */
			break;
		}
		set_first(reader, p);
		if (quick)
			next = record_parse_quick(&reader->rules, p, end, reader->length, record);
		if (!next)
			next = take_slowly(reader, p, record);
		if (!next)
			break;
		reader->length = record->length;
		batch->n++;
		p = next;
	}
	reader->at = (size_t)(p - reader->text);
	reader->seam.records += batch->n;
	if (reader->end == SLICE_FAULT) {
		reader->fault.record = reader->seam.records;
		reader->seam.next = p < end ? place_of(reader, p) : reader->fault.at;
	}
}

int slice_reader_next(struct slice_reader *reader, struct batch *ret_batch, struct error *err)
{
	int r = SLICE_BATCH;

	assert(reader && ret_batch);
	ret_batch->n = 0;
	if (reader->end != SLICE_BATCH)
		return (int)reader->end;
	if (!reader->begun)
		r = reader->task.start_known ? begin_known(reader) : begin_guessed(reader);
	while (r == SLICE_BATCH) {
		take_records(reader, ret_batch);
		if (ret_batch->n > 0)
			return SLICE_BATCH;
		if (reader->end != SLICE_BATCH)
			return (int)reader->end;
		r = fill_more(reader);
	}
	return r < 0 ? error_oom(err) : r;
}

const struct slice_seam *slice_reader_seam(const struct slice_reader *reader)
{
	return &reader->seam;
}

const struct slice_fault *slice_reader_fault(const struct slice_reader *reader)
{
	return &reader->fault;
}

uint64_t slice_reader_progress(const struct slice_reader *reader)
{
	const struct slice_task *task = &reader->task;
	uint64_t offset = reader->end == SLICE_END ? task->end : source_offset(reader->source);

	if (offset <= task->begin)
		return 0;
	return (offset < task->end ? offset : task->end) - task->begin;
}
