/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this worker has in hand: see held.h. The lists are short (slots, and results of some milliseconds). */
#include "daemon/worker/held.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

static void change(struct held *held, struct held_slice *slice, enum held_state state)
{
	held->n[slice->state]--;
	slice->state = state;
	held->n[state]++;
}

static bool copy_point(struct held_slice *slice, const struct split_point *point)
{
	size_t n = split_window_size(point);
	uint8_t *window = n > 0 ? malloc(n) : NULL;

	if (n > 0 && !window)
		return false;
	if (n > 0)
		memcpy(window, point->window, n);
	slice->point = *point;
	slice->point.window = window;
	slice->slice.point = &slice->point;
	return true;
}

struct held_slice *held_add(struct held *held, const fq_Task *task, const struct slice_task *slice, const struct prior *prior,
                            struct brief *brief)
{
	struct held_slice *added = calloc(1, sizeof *added);

	if (!added)
		return NULL;
	added->task = *task;
	added->slice = *slice;
	added->prior = *prior;
	added->file = -1;
	if (slice->point && !copy_point(added, slice->point)) {
		free(added);
		return NULL;
	}
	added->brief = brief_ref(brief);
	if (held->last)
		held->last->next = added;
	else
		held->first = added;
	held->last = added;
	held->n[HELD_WAITING]++;
	return added;
}

static void slice_free(struct held_slice *slice)
{
	closep(&slice->file);
	free((void *)(uintptr_t)slice->point.window); /* from malloc(), and only written there */
	(void)brief_free(slice->brief); /* always NULL */
	free(slice->blob);
	free(slice);
}

void held_remove(struct held *held, struct held_slice *slice)
{
	struct held_slice **at = &held->first, *before = NULL;

	while (*at != slice) {
		assert(*at);
		before = *at;
		at = &before->next;
	}
	*at = slice->next;
	if (held->last == slice)
		held->last = before;
	held->n[slice->state]--;
	held->bytes -= slice->blob_n;
	slice_free(slice);
}

void held_clear(struct held *held)
{
	while (held->first)
		held_remove(held, held->first);
}

struct held_slice *held_find(const struct held *held, const fq_SliceRef *ref)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next) {
		const fq_SliceRef *own = &slice->task.ref;

		if (own->job == ref->job && own->file == ref->file && own->slice == ref->slice &&
		    own->again == ref->again && own->scout == ref->scout && own->split == ref->split && own->lease == ref->lease)
			return slice;
	}
	return NULL;
}

struct held_slice *held_of_slot(const struct held *held, const struct slot *slot)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next)
		if (slice->state == HELD_RUNNING && slice->slot == slot)
			return slice;
	return NULL;
}

struct held_slice *held_of_request(const struct held *held, uint64_t number)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next)
		if ((slice->state == HELD_OPENING || slice->state == HELD_CHECKING) && slice->number == number)
			return slice;
	return NULL;
}

struct held_slice *held_first(const struct held *held, enum held_state state)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next)
		if (slice->state == state && !(state == HELD_DONE && slice->sent))
			return slice;
	return NULL;
}

/* ---- steps ---- */

void held_opening(struct held *held, struct held_slice *slice, uint64_t number)
{
	assert(slice->state == HELD_WAITING);
	change(held, slice, HELD_OPENING);
	slice->number = number;
}

void held_open(struct held *held, struct held_slice *slice, int file, const struct fingerprint *opened)
{
	assert(slice->state == HELD_OPENING);
	change(held, slice, HELD_OPEN);
	slice->file = file;
	slice->opened = *opened;
}

void held_begin(struct held *held, struct held_slice *slice, struct slot *slot, uint64_t now_ms)
{
	assert(slice->state == HELD_OPEN);
	change(held, slice, HELD_RUNNING);
	slice->slot = slot;
	slice->begun_ms = slice->bytes_ms = slice->told_ms = now_ms;
	slice->bytes = slice->stall_cpu_ms = slice->stall_ticks = 0;
}

static void forget_blob(struct held *held, struct held_slice *slice)
{
	held->bytes -= slice->blob_n;
	free(TAKE(slice->blob));
	slice->blob_n = 0;
}

void held_check(struct held *held, struct held_slice *slice, uint64_t number, const fq_Result *result, uint8_t *blob, size_t n)
{
	assert(slice->state == HELD_RUNNING);
	change(held, slice, HELD_CHECKING);
	slice->slot = NULL;
	slice->number = number;
	slice->end.type = fq_Type_RESULT;
	slice->end.result = *result;
	slice->blob = blob;
	slice->blob_n = n;
	held->bytes += n;
}

/* It needs nothing any more to be counted. */
static void done(struct held *held, struct held_slice *slice)
{
	change(held, slice, HELD_DONE);
	slice->slot = NULL;
	slice->sent = false;
	closep(&slice->file);
	slice->brief = brief_free(slice->brief);
}

void held_checked(struct held *held, struct held_slice *slice)
{
	assert(slice->state == HELD_CHECKING);
	done(held, slice);
}

void held_finish(struct held *held, struct held_slice *slice, const struct held_end *end)
{
	assert(slice->state != HELD_DONE);
	forget_blob(held, slice);
	slice->end = *end;
	done(held, slice);
}

void held_wait(struct held *held, struct held_slice *slice)
{
	assert(slice->state == HELD_RUNNING || slice->state == HELD_CHECKING);
	forget_blob(held, slice);
	change(held, slice, HELD_WAITING);
	slice->slot = NULL;
	closep(&slice->file);
}

bool held_full(const struct held *held)
{
	return held->n[HELD_DONE] >= HELD_RESULTS_MAX || held->bytes >= HELD_BYTES_MAX;
}

void held_unsend(struct held *held)
{
	for (struct held_slice *slice = held->first; slice; slice = slice->next)
		slice->sent = false;
}

static size_t list(const struct held *held, bool done_too, fq_SliceRef *ret, size_t n, size_t max)
{
	for (const struct held_slice *slice = held->first; slice && n < max; slice = slice->next)
		if ((slice->state == HELD_DONE) == done_too)
			ret[n++] = slice->task.ref;
	return n;
}

size_t held_list(const struct held *held, fq_SliceRef *ret, size_t max)
{
	size_t n = list(held, false, ret, 0, max);

	return list(held, true, ret, n, max);
}
