/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A source ahead in a thread: see ahead.h.
 *
 * The pieces are used in turn. Two counts tell whose a piece is: those below `made` and not below `back` are the taker's, the others
 * the thread's. Nothing else is shared, so the lock is held for the counts alone.
 *
 * Memory: AHEAD_PIECES * (AHEAD_BEFORE + AHEAD_TEXT), 1.25 MiB.
 */
#include "lib/fastq/ahead.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

struct ahead {
	struct source *source;
	struct ahead_piece pieces[AHEAD_PIECES];
	uint64_t taken; /* the taker's: pieces it was given; it holds the last of them */

	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t is_made, is_back;
	uint64_t made, back; /* under the lock, as is stop */
	bool stop;
};

/* Waits until a piece is free; false when the thread is to end. */
static bool wait_for_room(struct ahead *ahead)
{
	bool stop;

	(void)pthread_mutex_lock(&ahead->lock);
	while (ahead->made - ahead->back == AHEAD_PIECES && !ahead->stop)
		(void)pthread_cond_wait(&ahead->is_back, &ahead->lock);
	stop = ahead->stop;
	(void)pthread_mutex_unlock(&ahead->lock);
	return !stop;
}

static void make(struct source *source, struct ahead_piece *piece)
{
	piece->n = 0;
	piece->marks.n = 0;
	piece->outcome = source_fill(source, piece->text, AHEAD_TEXT, &piece->marks, &piece->n);
	piece->limit = source_limit(source);
	piece->offset = source_offset(source);
	memset(piece->text + piece->n, 0, BATCH_SLACK);
}

static void *run(void *data)
{
	struct ahead *ahead = data;
	uint64_t made = 0;
	int outcome = SOURCE_TEXT;

	while (outcome == SOURCE_TEXT && wait_for_room(ahead)) {
		struct ahead_piece *piece = &ahead->pieces[made % AHEAD_PIECES];

		make(ahead->source, piece);
		outcome = piece->outcome;
		(void)pthread_mutex_lock(&ahead->lock);
		ahead->made = ++made;
		(void)pthread_cond_signal(&ahead->is_made);
		(void)pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

static void freep_ahead(struct ahead **ahead)
{
	*ahead = ahead_free(*ahead);
}

int ahead_new(struct source *source, struct ahead **ret)
{
	_cleanup_(freep_ahead) struct ahead *ahead = calloc(1, sizeof *ahead);
	int r;

	if (!ahead)
		return -ENOMEM;
	ahead->source = source;
	(void)pthread_mutex_init(&ahead->lock, NULL);
	(void)pthread_cond_init(&ahead->is_made, NULL);
	(void)pthread_cond_init(&ahead->is_back, NULL);
	for (size_t i = 0; i < AHEAD_PIECES; i++) {
		uint8_t *bytes = malloc(AHEAD_BEFORE + AHEAD_TEXT + BATCH_SLACK);

		if (!bytes)
			return -ENOMEM;
		ahead->pieces[i].text = bytes + AHEAD_BEFORE;
	}
	r = pthread_create(&ahead->thread, NULL, run, ahead);
	if (r != 0)
		return -r;
	ahead->runs = true;
	*ret = TAKE(ahead);
	return 0;
}

static void end_thread(struct ahead *ahead)
{
	if (!ahead->runs)
		return;
	(void)pthread_mutex_lock(&ahead->lock);
	ahead->stop = true;
	(void)pthread_cond_signal(&ahead->is_back);
	(void)pthread_mutex_unlock(&ahead->lock);
	(void)pthread_join(ahead->thread, NULL);
}

struct ahead *ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return NULL;
	end_thread(ahead);
	(void)pthread_cond_destroy(&ahead->is_back);
	(void)pthread_cond_destroy(&ahead->is_made);
	(void)pthread_mutex_destroy(&ahead->lock);
	for (size_t i = 0; i < AHEAD_PIECES; i++) {
		struct ahead_piece *piece = &ahead->pieces[i];

		marks_deinit(&piece->marks);
		if (piece->text)
			free(piece->text - AHEAD_BEFORE);
	}
	free(ahead);
	return NULL;
}

int ahead_next(struct ahead *ahead, const uint8_t *before, size_t n_before,
               const struct ahead_piece **ret)
{
	struct ahead_piece *piece = &ahead->pieces[ahead->taken % AHEAD_PIECES];

	assert(n_before <= AHEAD_BEFORE);
	(void)pthread_mutex_lock(&ahead->lock);
	while (ahead->made == ahead->taken)
		(void)pthread_cond_wait(&ahead->is_made, &ahead->lock);
	(void)pthread_mutex_unlock(&ahead->lock);
	*ret = piece;
	if (piece->outcome != SOURCE_TEXT)
		return piece->outcome;
	if (n_before > 0)
		memcpy(piece->text - n_before, before, n_before);
	(void)pthread_mutex_lock(&ahead->lock);
	ahead->back = ahead->taken++;
	(void)pthread_cond_signal(&ahead->is_back);
	(void)pthread_mutex_unlock(&ahead->lock);
	return SOURCE_TEXT;
}
