/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reader of a slice: from a task to batches of whole records, a seam and perhaps a fault (slice.h).
 *
 * Records are taken in front of the window (window.h) and point into it. When what is left is not a whole record, more text
 * comes in behind it. Nothing is copied or allocated for a record.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/guess.h"
#include "lib/fastq/record.h"
#include "lib/fastq/record_quick.h"
#include "lib/fastq/slice.h"
#include "lib/fastq/split.h"
#include "lib/fastq/window.h"

/* Text looked at for a guess: this first, then 4 times as much, up to the most. */
#define GUESS_WINDOW_MIN (64u << 10)
#define GUESS_WINDOW_MAX (4u << 20)

#define READ_MAX_LIMIT (UINT32_MAX / 2) /* lengths are 32 bits */

struct slice_reader {
	struct slice_task task;
	struct record_rules rules;
	record_quick_fn quick; /* NULL for lenient text */
	struct window window;

	bool begun;             /* at a record, or before the blank lines in front of one */
	bool has_first;         /* seam.first is set */
	uint32_t length;        /* of most reads before: the next may be as long */
	enum slice_outcome end; /* SLICE_BATCH while it goes on */
	struct slice_seam seam;
	struct slice_fault fault;
};

/* A gzip file is one slice, or has a point for each. */
static bool point_makes_sense(const struct slice_task *task)
{
	const struct split_point *point = task->point;

	if (!point)
		return !task->split && !task->rest &&
		       (task->kind != FILE_GZIP || (task->begin == 0 && task->end == task->file_size));
	if (task->kind != FILE_GZIP || point->bit > 8 * task->file_size || point->member > point->bit / 8)
		return false;
	if (point->header && (point->within > 0 || point->bit != 8 * point->member))
		return false;
	if (task->rest && (task->split || task->end < task->file_size))
		return false;
	return point->within == 0 || point->window;
}

static bool task_makes_sense(const struct slice_task *task)
{
	if (task->kind < FILE_PLAIN || task->kind >= _FILE_KIND_MAX)
		return false;
	if (task->begin > task->end || task->end > task->file_size ||
	    task->file_size > (uint64_t)INT64_MAX)
		return false;
	if (task->read_max < 1 || task->read_max > READ_MAX_LIMIT)
		return false;
	if (!point_makes_sense(task))
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
	if (!task->lenient)
		reader->quick = record_quick_best();
	if (window_init(&reader->window, fd, task) < 0)
		return error_oom(err);
	*ret = TAKE(reader);
	return 0;
}

struct slice_reader *slice_reader_free(struct slice_reader *reader)
{
	if (!reader)
		return NULL;
	window_deinit(&reader->window);
	free(reader);
	return NULL;
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
	struct window *window = &reader->window;
	uint64_t left = task->start.within;
	int r;

	if (task->start.block >= task->end)
		return finish(reader, task->start);
	reader->seam.first = task->start;
	window_begin(window, task->start.block);
	while (left > 0 && window->tail == TEXT_GOES_ON) {
		size_t step;

		r = window_fill(window, 1);
		if (r < 0)
			return r;
		step = window->n - window->at < left ? window->n - window->at : (size_t)left;
		window->at += step;
		left -= step;
	}
	reader->begun = true;
	return SLICE_BATCH;
}

/* Goes to a start that is known in a slice of gzip: all text before it is taken too, for it has to be checked. */
static int begin_at_place(struct slice_reader *reader)
{
	struct window *window = &reader->window;
	int r;

	reader->seam.first = reader->task.start;
	window_begin(window, 0);
	do {
		r = window_fill(window, 1);
		if (r < 0)
			return r;
		if (window_seek(window, reader->task.start))
			break;
		if (window->number + window->n >= window->limit)
			return finish(reader, reader->task.start);
	} while (window->tail == TEXT_GOES_ON);
	reader->begun = true;
	return SLICE_BATCH;
}

/* Goes to where a guess can begin in a slice of gzip: to its point, whose window has the byte before. */
static int enter_point(struct slice_reader *reader, enum guess_edge *ret_edge)
{
	const struct split_point *point = reader->task.point;
	struct window *window = &reader->window;
	size_t before = split_window_size(point);
	int r;

	window_begin(window, 0);
	r = window_fill(window, 1);
	if (r < 0)
		return r;
	*ret_edge = EDGE_UNKNOWN;
	if (before == 0)
		return SLICE_BATCH;
	*ret_edge = byte_ends_line(point->window[before - 1]) ? EDGE_LINE : EDGE_WITHIN;
	if (point->window[before - 1] == '\r' && window->n > 0 && window->text[0] == '\n')
		window->at = 1;
	return SLICE_BATCH;
}

/* Goes to where a guess can begin: one byte before the slice in plain text, the first block in BGZF. */
static int enter(struct slice_reader *reader, enum guess_edge *ret_edge)
{
	struct window *window = &reader->window;
	uint64_t begin = reader->task.begin;
	const uint8_t *text;
	int r;

	if (reader->task.kind == FILE_BGZF) {
		*ret_edge = EDGE_UNKNOWN;
		if (window_find_block(window, begin, &begin) != SOURCE_TEXT)
			return reader->end = SLICE_UNSURE;
		window_begin(window, begin);
		return SLICE_BATCH;
	}
	window_begin(window, begin - 1);
	r = window_fill(window, 2);
	if (r < 0)
		return r;
	if (window->n < 2)
		return reader->end = SLICE_UNSURE;
	text = window->text;
	window->at = text[0] == '\r' && text[1] == '\n' ? 2 : 1;
	*ret_edge = byte_ends_line(text[0]) ? EDGE_LINE : EDGE_WITHIN;
	return SLICE_BATCH;
}

static int begin_guessed(struct slice_reader *reader)
{
	struct window *window = &reader->window;
	enum guess_edge edge;
	const uint8_t *text;
	size_t start;
	int r;

	r = reader->task.point ? enter_point(reader, &edge) : enter(reader, &edge);
	if (r != SLICE_BATCH)
		return r;
	for (size_t most = GUESS_WINDOW_MIN; most <= GUESS_WINDOW_MAX; most *= 4) {
		enum text_tail tail = TEXT_GOES_ON;
		size_t n;

		r = window_fill(window, most);
		if (r < 0)
			return r;
		n = window->n - window->at;
		if (n <= most)
			tail = window->tail;
		else
			n = most;
		text = window->text + window->at;
		switch (guess_start(&reader->rules, text, n, tail, edge, &start)) {
		case GUESS_MADE:
			window->at += start;
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
	    .at = window_place(&reader->window, fault->at),
	    .value = fault->value,
	    .value2 = fault->value2,
	};
	reader->end = SLICE_FAULT;
}

/* The text is used up at p: more of it is to come, or the slice ends here. */
static void run_out(struct slice_reader *reader, const uint8_t *p)
{
	if (reader->window.tail == TEXT_ENDS) {
		(void)finish(reader, window_place(&reader->window, p)); /* says SLICE_END */
	} else if (reader->window.tail == TEXT_BREAKS) {
		reader->fault = *source_fault(reader->window.source);
		reader->end = SLICE_FAULT;
	}
}

/* The record at p, which is at fault, incomplete, or not of the ordinary form: the byte behind it or NULL. */
static const uint8_t *take_slowly(struct slice_reader *reader, const uint8_t *p,
                                  struct record *record)
{
	const struct window *window = &reader->window;
	const uint8_t *next = NULL;
	struct record_fault fault;

	switch (record_parse(&reader->rules, p, window->text + window->n, window->tail, record,
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

static void set_first(struct slice_reader *reader, const uint8_t *p)
{
	if (reader->has_first)
		return;
	reader->has_first = true;
	reader->seam.first = window_place(&reader->window, p);
}

/* The ordinary records from p on, as many as there are; returns the byte behind them. */
static const uint8_t *take_quickly(struct slice_reader *reader, const uint8_t *p,
                                   const uint8_t *limit, struct batch *batch)
{
	struct quick_take take = {
	    .p = p,
	    .stop = limit,
	    .end = reader->window.text + reader->window.n,
	    .read_max = reader->rules.read_max,
	    .length = reader->length,
	    .n = batch->n,
	    .most = BATCH_MAX,
	    .records = batch->records,
	};

	reader->quick(&take);
	if (take.n > batch->n)
		set_first(reader, p);
	reader->length = take.length;
	batch->n = take.n;
	return take.p;
}

/* Takes records out of the text until the batch is full, the text is used up, or the slice ends. */
static void take_records(struct slice_reader *reader, struct batch *batch)
{
	struct window *window = &reader->window;
	const uint8_t *p = window->text + window->at, *end = window->text + window->n;
	const uint8_t *limit = window_limit(window);

	while (batch->n < BATCH_MAX) {
		const uint8_t *next;

		if (reader->quick)
			p = take_quickly(reader, p, limit, batch);
		if (batch->n == BATCH_MAX)
			break;
		while (p < end && byte_ends_line(*p))
			p++;
		if (p == end) {
			run_out(reader, p);
			break;
		}
		if (p >= limit) {
			(void)finish(reader, window_place(window, p)); /* says SLICE_END */
			break;
		}
		set_first(reader, p);
		next = take_slowly(reader, p, &batch->records[batch->n]);
		if (!next)
			break;
		batch->n++;
		p = next;
	}
	window->at = (size_t)(p - window->text);
	reader->seam.records += batch->n;
	if (reader->end == SLICE_FAULT) {
		reader->fault.record = reader->seam.records;
		reader->seam.next = p < end ? window_place(window, p) : reader->fault.at;
		/* Of a slice of gzip that begins within a member, a fault of the member is told from its beginning on. */
		if (text_place_before(reader->seam.next, reader->seam.first))
			reader->seam.next = reader->seam.first;
	}
}

static int begin(struct slice_reader *reader)
{
	if (!reader->task.start_known)
		return begin_guessed(reader);
	return reader->task.point ? begin_at_place(reader) : begin_known(reader);
}

int slice_reader_next(struct slice_reader *reader, struct batch *ret_batch, struct error *err)
{
	int r = SLICE_BATCH;

	assert(reader && ret_batch);
	ret_batch->n = 0;
	if (reader->end != SLICE_BATCH)
		return (int)reader->end;
	if (!reader->begun)
		r = begin(reader);
	while (r == SLICE_BATCH) {
		take_records(reader, ret_batch);
		if (ret_batch->n > 0)
			return SLICE_BATCH;
		if (reader->end != SLICE_BATCH)
			return (int)reader->end;
		r = window_fill_more(&reader->window);
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

const struct split_report *slice_reader_split(struct slice_reader *reader, const uint8_t **ret_window)
{
	assert(reader->end == SLICE_END);
	return window_split(&reader->window, ret_window);
}

uint64_t slice_reader_progress(const struct slice_reader *reader)
{
	const struct slice_task *task = &reader->task;
	uint64_t offset = reader->end == SLICE_END ? task->end : reader->window.offset;

	if (offset <= task->begin)
		return 0;
	return (offset < task->end ? offset : task->end) - task->begin;
}
