/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slice of a gzip file from the middle: see split.h.
 *
 * Two stages, in bounded steps. Finding: a boundary, from which it decodes. Decoding: to symbols in a buffer that stays in the
 * processor's cache, out of which whole stretches (stretch.h) are packed. Once the last 32 KiB hold nothing open, bytes are decoded.
 */
#include "lib/fastq/split.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/boundary.h"
#include "lib/fastq/split_held.h"
#include "lib/fastq/stretch.h"
#include "lib/fastq/walk.h"

#define HOT (128u << 10)           /* symbols of the buffer, behind the window before them */
#define PIECE (32u << 10)          /* symbols of a stretch, about */
#define FIND_STEP (128u << 10)     /* compressed bytes looked at in a step */
#define FALSE_TEXT (256ULL << 10)  /* what decodes to more than this was no false find: the data is damaged */
#define TRIES_MAX 10000            /* false finds in a slice */

static_assert(PIECE + DEFLATE_OUT_SLACK <= STRETCH_MAX, "a stretch has what a step decodes");
static_assert(SPLIT_WINDOW == DEFLATE_HISTORY, "one window");

struct split {
	struct split_task task;
	struct walk walk;
	int state; /* SPLIT_MORE while it goes on */
	bool decoding, bytes_mode;
	unsigned int tries;
	const struct stretch_ops *ops;

	/* The buffer: a window, then [0, n) of which [0, packed) is in stretches. */
	uint16_t *symbols;
	uint8_t *bytes; /* in bytes_mode */
	size_t n, packed;
	uint64_t text_packed; /* bytes of text in stretches */
	uint64_t open_end;    /* text up to the last open symbol */

	struct split_text text;
	struct split_report report;
	uint64_t tail_from; /* number of the text at which its tail begins */
	uint16_t *window;   /* symbols of the window behind it */
};

/* ---- life */

static void freep_split(struct split **split)
{
	*split = split_free(*split);
}

int split_new(int fd, const struct split_task *task, struct arena_pool *pool, struct split **ret, struct error *err)
{
	_cleanup_(freep_split) struct split *split = NULL;

	assert(fd >= 0 && task && ret);
	if (task->begin >= task->end || task->end > task->file_size || task->file_size > (uint64_t)INT64_MAX / 8)
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "a slice from byte %llu to %llu of a gzip file of %llu bytes makes no sense",
		                 (unsigned long long)task->begin, (unsigned long long)task->end, (unsigned long long)task->file_size);
	split = calloc(1, sizeof *split);
	if (!split || walk_init(&split->walk, fd, task->file_size, task->end) < 0)
		return error_oom(err);
	split->task = *task;
	split->text.arena.pool = pool;
	split->ops = stretch_ops_best();
	split->symbols = calloc(SPLIT_WINDOW + HOT + DEFLATE_OUT_SLACK + STRETCH_SLACK, sizeof *split->symbols);
	if (!split->symbols)
		return error_oom(err);
	walk_begin(&split->walk, 8 * task->begin, false, 0, 0);
	*ret = TAKE(split);
	return 0;
}

static void text_drop(struct split_text *text)
{
	arena_drop(&text->arena);
	text->stretches_n = text->members_n = 0;
}

struct split *split_free(struct split *split)
{
	if (!split)
		return NULL;
	arena_deinit(&split->text.arena);
	free(split->text.stretches);
	free(split->text.members);
	walk_deinit(&split->walk);
	free(split->symbols);
	free(split->bytes);
	free(split->window);
	free(split);
	return NULL;
}

/* ---- what is kept */

static int text_add(struct split_text *text, struct stretch *stretch)
{
	if (text->stretches_n == text->stretches_capacity) {
		size_t capacity = text->stretches_capacity ? 2 * text->stretches_capacity : 64;
		struct stretch **list = reallocarray(text->stretches, capacity, sizeof(struct stretch *));

		if (!list)
			return -ENOMEM;
		text->stretches = list;
		text->stretches_capacity = capacity;
	}
	text->stretches[text->stretches_n++] = stretch;
	return 0;
}

static int member_add(struct split_text *text, struct split_member member)
{
	if (text->members_n == text->members_capacity) {
		size_t capacity = text->members_capacity ? 2 * text->members_capacity : 16;
		struct split_member *list = reallocarray(text->members, capacity, sizeof *list);

		if (!list)
			return -ENOMEM;
		text->members = list;
		text->members_capacity = capacity;
	}
	text->members[text->members_n++] = member;
	return 0;
}

/* What was decoded since the last time, as a stretch. */
static int pack(struct split *split)
{
	struct arena *arena = &split->text.arena;
	size_t n = split->n - split->packed;
	struct stretch *stretch;
	int r;

	if (n == 0)
		return 0;
	if (split->bytes_mode)
		r = stretch_new_bytes(arena, split->bytes + SPLIT_WINDOW + split->packed, n, &stretch);
	else
		r = stretch_new(arena, split->ops, split->symbols + SPLIT_WINDOW + split->packed, n, &stretch);
	if (r < 0)
		return r;
	split->text_packed += n;
	split->packed = split->n;
	if (stretch->open_n > 0)
		split->open_end = split->text_packed;
	if (stretch->reach > split->report.reach)
		split->report.reach = stretch->reach;
	return text_add(&split->text, stretch);
}

/* The last window to the front, once the buffer is used up. */
static void move_window(struct split *split)
{
	if (split->bytes_mode)
		memmove(split->bytes, split->bytes + split->n, SPLIT_WINDOW);
	else
		memmove(split->symbols, split->symbols + split->n, SPLIT_WINDOW * sizeof *split->symbols);
	split->n = split->packed = 0;
}

/* Where nothing within reach is open, what comes is decoded to bytes. All of the text so far is packed. */
static int leave_symbols(struct split *split)
{
	uint64_t reach = split->walk.have < SPLIT_WINDOW ? split->walk.have : SPLIT_WINDOW;

	if (split->bytes_mode || split->text_packed - split->open_end < reach)
		return 0;
	split->bytes = malloc(SPLIT_WINDOW + HOT + DEFLATE_OUT_SLACK);
	if (!split->bytes)
		return -ENOMEM;
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		split->bytes[i] = (uint8_t)split->symbols[split->n + i];
	split->n = split->packed = 0;
	split->bytes_mode = true;
	return 0;
}

/* ---- finding */

static void begin_decoding(struct split *split, uint64_t bit, bool header)
{
	text_drop(&split->text);
	free(split->bytes);
	split->bytes = NULL;
	split->bytes_mode = false;
	for (uint32_t i = 0; i < SPLIT_WINDOW; i++)
		split->symbols[i] = (uint16_t)(SYMBOL_OPEN + i);
	split->n = split->packed = 0;
	split->text_packed = split->open_end = split->tail_from = 0;
	split->report = (struct split_report){.first_bit = bit, .first_header = header};
	walk_begin(&split->walk, bit, header, 0, header ? 0 : SPLIT_WINDOW);
	split->decoding = true;
}

/* Looks at the next bytes: to decoding from a boundary, or to SPLIT_UNSURE behind the slice's end. */
static int find(struct split *split)
{
	struct walk *walk = &split->walk;
	enum input_outcome k = walk_need(walk, FIND_STEP + BOUNDARY_AHEAD);
	uint64_t stop = walk->n > BOUNDARY_AHEAD ? 8 * (uint64_t)(walk->n - BOUNDARY_AHEAD) : 0;
	uint64_t slice_stop = 8 * (split->task.end - walk->base);
	struct boundary found;
	bool last = k == INPUT_END;

	if (k == INPUT_FAULT)
		return SPLIT_FAULT;
	if (stop > walk->bit + 8 * FIND_STEP)
		stop = walk->bit + 8 * FIND_STEP;
	if (stop >= slice_stop) {
		stop = slice_stop;
		last = true;
	}
	if (boundary_find(walk->packed, walk->bit, stop, &found)) {
		begin_decoding(split, 8 * walk->base + found.bit, found.header);
		return SPLIT_MORE;
	}
	walk->bit = stop > walk->bit ? stop : walk->bit;
	return last ? SPLIT_UNSURE : SPLIT_MORE;
}

/* A boundary was none; or there is something wrong with the data. */
static int find_again(struct split *split)
{
	if (split->text_packed + (split->n - split->packed) > FALSE_TEXT || ++split->tries > TRIES_MAX)
		return SPLIT_UNSURE;
	split->decoding = false;
	walk_begin(&split->walk, split->report.first_bit + 1, false, 0, 0);
	return SPLIT_MORE;
}

/* ---- decoding */

static void finish_parts(struct split *split)
{
	struct split_report *report = &split->report;
	uint64_t text = split->text_packed;

	report->text = text;
	report->next_bit = walk_bit(&split->walk);
	report->next_header = walk_at_header(&split->walk);
	if (report->head_ends)
		report->tail = (struct split_part){.length = text - split->tail_from};
	else
		report->head.length = text;
	if (report->next_header && report->head_ends) {
		report->tail_member = report->next_bit / 8;
		report->tail.length = 0;
	}
}

static int finish(struct split *split)
{
	const uint16_t *symbols = split->symbols + split->n;
	int r = pack(split);

	if (r < 0)
		return r;
	finish_parts(split);
	if (!split->report.next_header) {
		split->window = malloc(SPLIT_WINDOW * sizeof *split->window);
		if (!split->window)
			return -ENOMEM;
		for (size_t i = 0; i < SPLIT_WINDOW; i++)
			split->window[i] = split->bytes_mode ? split->bytes[split->n + i] : symbols[i];
	}
	walk_deinit(&split->walk);
	free(split->symbols);
	free(split->bytes);
	split->symbols = NULL;
	split->bytes = NULL;
	return SPLIT_DONE;
}

static int member_begins(struct split *split)
{
	struct split_report *report = &split->report;
	uint64_t at = split->text_packed + (split->n - split->packed);

	if (report->first_header && split->text.members_n == 0)
		report->head_ends = true; /* of no bytes: there was none before it */
	split->tail_from = at;
	report->tail_member = split->walk.member;
	return member_add(&split->text, (struct split_member){.number = at, .block = split->walk.member});
}

static void member_ends(struct split *split)
{
	struct split_report *report = &split->report;
	uint64_t at = split->text_packed + (split->n - split->packed);

	if (split->text.members_n > 0) {
		struct split_member *member = &split->text.members[split->text.members_n - 1];

		member->ends = true;
		member->trailer = split->walk.trailer;
	} else {
		report->head_ends = true;
		report->head.length = at;
		report->head_trailer = split->walk.trailer;
	}
}

/* Room for the next piece of a stretch. */
static int make_room(struct split *split)
{
	int r;

	if (split->n - split->packed >= PIECE || split->n >= HOT) {
		r = pack(split);
		if (r < 0)
			return r;
		r = leave_symbols(split);
		if (r < 0)
			return r;
	}
	if (split->n >= HOT)
		move_window(split);
	return 0;
}

static int decode(struct split *split)
{
	struct walk_room room;
	enum walk_outcome k;
	int r = make_room(split);

	if (r < 0)
		return r;
	room = (struct walk_room){
	    .bytes = split->bytes_mode ? split->bytes + SPLIT_WINDOW : NULL,
	    .symbols = split->bytes_mode ? NULL : split->symbols + SPLIT_WINDOW,
	    .n = split->n,
	    .room = split->packed + PIECE < HOT ? split->packed + PIECE : HOT,
	};
	k = walk_on(&split->walk, &room);
	split->n = room.n;
	if (split->text_packed + (split->n - split->packed) > split->task.text_max || split_held(split) > 4 * split->task.text_max + PIECE)
		return SPLIT_LARGE;
	switch (k) {
	case WALK_TEXT:
		return SPLIT_MORE;
	case WALK_BEGIN:
		return member_begins(split);
	case WALK_ENDS:
		member_ends(split);
		return SPLIT_MORE;
	case WALK_BOUNDARY:
	case WALK_END:
		return finish(split);
	case WALK_BAD:
		return find_again(split);
	case WALK_FAULT:
		break;
	}
	return SPLIT_FAULT;
}

int split_step(struct split *split)
{
	uint64_t text = split->text_packed, bit = walk_bit(&split->walk);

	while (split->state == SPLIT_MORE) {
		bool found = split->decoding;
		int r = split->decoding ? decode(split) : find(split);

		if (r < 0)
			return r;
		split->state = r;
		if (!found || split->text_packed - text >= 4 * PIECE || walk_bit(&split->walk) - bit >= 8 * FIND_STEP)
			break;
	}
	return split->state;
}

/* ---- what it says */

uint64_t split_progress(const struct split *split)
{
	uint64_t all = split->task.end - split->task.begin, at;

	if (split->state == SPLIT_DONE)
		return all;
	at = walk_bit(&split->walk) / 8;
	at = at > split->task.begin ? at - split->task.begin : 0;
	return at < all ? at : all;
}

uint64_t split_held(const struct split *split)
{
	return split->text.arena.used + split->text.members_n * sizeof *split->text.members +
	       split->text.stretches_n * sizeof *split->text.stretches;
}

const struct split_report *split_report(const struct split *split)
{
	return &split->report;
}

const struct slice_fault *split_fault(const struct split *split)
{
	return &split->walk.fault;
}

int split_pack_window(const struct split *split, uint8_t **ret, size_t *ret_n)
{
	assert(split->state == SPLIT_DONE);
	*ret = NULL;
	*ret_n = 0;
	return split->window ? symbols_pack(split->window, ret, ret_n) : 0;
}

const uint16_t *split_symbols(const struct split *split)
{
	return split->window;
}

bool split_place(struct split *split, const struct split_point *point)
{
	const struct split_report *report = &split->report;
	size_t known = split_window_size(point);

	if (split->state != SPLIT_DONE || point->bit != report->first_bit || point->header != report->first_header ||
	    report->reach > known)
		return false;
	memset(split->text.window, 0, SPLIT_WINDOW);
	if (known > 0)
		memcpy(split->text.window + SPLIT_WINDOW - known, point->window, known);
	split->text.placed = true;
	return true;
}

struct split_text *split_text(struct split *split)
{
	return &split->text;
}
