/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a slice as its reader sees it: see window.h. */
#include "lib/fastq/window.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(BATCH_SLACK >= SPAN_SLACK, "spans read behind the text");
static_assert(AHEAD_TEXT >= SOURCE_ROOM_MIN, "a piece is filled by source_fill()");

int window_init(struct window *window, int fd, const struct slice_task *task)
{
	static const uint8_t nothing[BATCH_SLACK];

	*window = (struct window){
	    .text = nothing,
	    .longest = 2 * (task->read_max + LINE_NAME_MAX) + SOURCE_ROOM_MIN,
	    .wants_ahead = task->ahead,
	    .limit = UINT64_MAX,
	    .offset = task->begin,
	};
	return source_new(fd, task, &window->source);
}

void window_deinit(struct window *window)
{
	ahead_free(window->ahead);
	source_free(window->source);
	marks_deinit(&window->marks);
	free(window->own);
}

void window_begin(struct window *window, uint64_t offset)
{
	source_begin(window->source, offset);
}

enum source_outcome window_find_block(struct window *window, uint64_t from, uint64_t *ret_offset)
{
	return source_find_block(window->source, from, ret_offset);
}

/* Room for `want` bytes in the buffer: twice the room, but not more than the longest record needs. What it holds stays. */
static int own_reach(struct window *window, size_t want)
{
	uint64_t capacity = window->capacity ? 2 * (uint64_t)window->capacity : SLICE_BUFFER;
	bool at_home = window->text == window->own;
	uint8_t *own;

	if (want <= window->capacity)
		return 0;
	if (capacity > window->longest + SOURCE_ROOM_MIN)
		capacity = window->longest + SOURCE_ROOM_MIN;
	if (capacity < want)
		capacity = want;
	own = realloc(window->own, (size_t)capacity + BATCH_SLACK);
	if (!own)
		return -ENOMEM;
	window->own = own;
	window->capacity = (size_t)capacity;
	if (at_home)
		window->text = own;
	return 0;
}

/* What is not taken yet, left bytes that lie at `to` now, is the text. */
static void moved(struct window *window, const uint8_t *to, size_t left)
{
	window->number += window->at;
	window->text = to;
	window->at = 0;
	window->n = left;
	marks_forget(&window->marks, window->number);
}

static void came(struct window *window, int outcome, size_t n, uint64_t limit, uint64_t offset)
{
	window->n += n;
	window->limit = limit;
	window->offset = offset;
	if (outcome != SOURCE_TEXT)
		window->tail = outcome == SOURCE_END ? TEXT_ENDS : TEXT_BREAKS;
}

/* ---- text that is made when it is asked for */

static int fill_own(struct window *window, size_t want)
{
	size_t left = window->n - window->at;
	int r;

	if (window->at > 0) {
		memmove(window->own, window->own + window->at, left);
		moved(window, window->own, left);
	}
	r = own_reach(window, want + SOURCE_ROOM_MIN);
	if (r < 0)
		return r;
	window->text = window->own;
	while (window->n < want && window->tail == TEXT_GOES_ON) {
		size_t room = window->capacity - window->n, got = 0;

		/* A buffer that grew for one long record is not filled again for short ones. */
		if (room > SLICE_BUFFER && want < SLICE_BUFFER)
			room = SLICE_BUFFER;
		r = source_fill(window->source, window->own + window->n, room, &window->marks,
		                &got);
		if (r < 0)
			return r;
		came(window, r, got, source_limit(window->source), source_offset(window->source));
	}
	memset(window->own + window->n, 0, BATCH_SLACK);
	return 0;
}

/* ---- text that was made ahead */

static int add_marks(struct window *window, const struct marks *marks)
{
	int r = 0;

	for (size_t i = 0; i < marks->n && r == 0; i++) {
		const struct mark *mark = &marks->list[i];

		if (mark->within > 0)
			r = marks_begin(&window->marks, (struct text_place){mark->block, mark->within});
		else
			r = marks_add(&window->marks, mark->number, mark->block);
	}
	return r;
}

/* What is not taken yet goes into the buffer, with room for a piece behind it. */
static int go_home(struct window *window)
{
	size_t left = window->n - window->at;
	int r = own_reach(window, left + AHEAD_TEXT);

	if (r < 0)
		return r;
	memmove(window->own, window->text + window->at, left);
	moved(window, window->own, left);
	return 0;
}

static int take_piece(struct window *window)
{
	size_t left = window->n - window->at;
	const struct ahead_piece *piece;
	bool in_front = left <= AHEAD_BEFORE;
	int r;

	if (!in_front) {
		r = go_home(window);
		if (r < 0)
			return r;
	}
	r = ahead_next(window->ahead, window->text + window->at, in_front ? left : 0, &piece);
	if (r < 0)
		return r;
	if (r == SOURCE_TEXT && in_front) {
		moved(window, piece->text - left, left);
	} else if (r == SOURCE_TEXT) {
		memcpy(window->own + left, piece->text, piece->n);
		memset(window->own + left + piece->n, 0, BATCH_SLACK);
	}
	came(window, r, piece->n, piece->limit, piece->offset);
	return add_marks(window, &piece->marks);
}

static int fill_ahead(struct window *window, size_t want)
{
	int r = 0;

	while (r == 0 && window->n - window->at < want && window->tail == TEXT_GOES_ON)
		r = take_piece(window);
	return r;
}

/* ---- both */

int window_fill(struct window *window, size_t want)
{
	if (window->wants_ahead) {
		int r = ahead_new(window->source, &window->ahead);

		/* Where no thread can be had, the text is made when it is asked for. */
		window->wants_ahead = false;
		if (r == -ENOMEM)
			return r;
	}
	return window->ahead ? fill_ahead(window, want) : fill_own(window, want);
}

int window_fill_more(struct window *window)
{
	uint64_t left = window->n - window->at, want = 2 * left;

	if (want > window->longest)
		want = window->longest;
	return window_fill(window, (size_t)(want > left ? want : left + 1));
}

struct text_place window_place(const struct window *window, const uint8_t *p)
{
	if (p == window->text + window->n && window->tail == TEXT_ENDS)
		return source_end_place(window->source);
	return source_place(window->source, &window->marks,
	                    window->number + (uint64_t)(p - window->text));
}

bool window_seek(struct window *window, struct text_place place)
{
	const struct marks *marks = &window->marks;
	uint64_t number = UINT64_MAX;

	for (size_t i = 0; i < marks->n && number == UINT64_MAX; i++) {
		const struct mark *mark = &marks->list[i];

		if (mark->block > place.block || (mark->block == place.block && mark->within >= place.within))
			number = mark->number;
		else if (mark->block == place.block)
			number = mark->number + (place.within - mark->within);
		/* The member may be shorter than that. */
		if (i + 1 < marks->n && number != UINT64_MAX && number > mark[1].number)
			number = mark[1].number;
	}
	if (number > window->number + window->n) {
		window->at = window->n;
		return false;
	}
	if (number > window->number + window->at)
		window->at = (size_t)(number - window->number);
	return true;
}

const struct split_report *window_split(struct window *window, const uint8_t **ret_window)
{
	window->ahead = ahead_free(window->ahead);
	return source_split(window->source, ret_window);
}

const uint8_t *window_limit(const struct window *window)
{
	if (window->limit <= window->number)
		return window->text;
	if (window->limit - window->number >= window->n)
		return window->text + window->n;
	return window->text + (window->limit - window->number);
}
