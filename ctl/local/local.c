/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting without a coordinator: see local.h.
 *
 *     paths -> a thread opens the next file -> threads take open slices, files in order -> piece_work -> local_file_offer
 *           -> the caller gets each file in order
 *
 * One mutex guards everything but counting, merging and opening (ctl/local/file.c).
 */
#include "ctl/local/local.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/local/file.h"
#include "lib/base/cleanup.h"
#include "lib/base/confines.h"

#define PROGRESS_NS (100L * 1000 * 1000)

/* What became of a file that has ended. */
enum telling { UNTOLD, WRITING, TOLD };

struct local {
	const struct local_options *options;
	const struct local_watch *watch;
	struct local_file *files;
	enum telling *telling;       /* by file */
	size_t n;
	size_t ended_before;         /* files [0, ended_before) are told */
	size_t ended;                /* told */
	struct split_shelves shelves;
	uint32_t ahead;              /* pieces whose text is made ahead, by threads of their own */
	pthread_mutex_t lock;
	pthread_cond_t work;         /* for the threads: there may be something to take */
	pthread_cond_t news;         /* for the caller: a file has ended */
};

uint32_t local_cores(void)
{
	return (uint32_t)confines_cores();
}

/* Nobody else touches the result of a file that is WRITING. */
static void file_write(struct local *local, struct local_file *file, size_t i)
{
	struct error error = {0};
	int r;

	(void)pthread_mutex_unlock(&local->lock);
	r = local->watch->write(local->watch->data, i, &file->result, &error);
	file->result.counters = counters_free(file->result.counters);
	(void)pthread_mutex_lock(&local->lock);
	if (r < 0)
		file->result.error = error;
}

/* After anything that may have ended the file or given it slices to take. */
static void file_settle(struct local *local, struct local_file *file)
{
	size_t i = (size_t)(file - local->files);

	local_file_settle(local->options, file);
	if (file->state == LOCAL_ENDED && local->telling[i] == UNTOLD) {
		local->telling[i] = WRITING;
		if (local->watch->write && file->result.error.class == ERROR_NONE)
			file_write(local, file, i);
		local->telling[i] = TOLD;
		local->ended++;
		while (local->ended_before < local->n && local->telling[local->ended_before] == TOLD)
			local->ended_before++;
		(void)pthread_cond_signal(&local->news);
	}
	(void)pthread_cond_broadcast(&local->work);
}

/* Counts one slice; called and returns with the lock held. */
static void piece_run(struct local *local, struct piece *piece)
{
	struct local_file *file = piece->file;
	struct slice_count count = {0};
	struct error error = {0};
	int r;

	(void)pthread_mutex_unlock(&local->lock);
	r = piece_work(local->options, piece, &count, &error);
	(void)pthread_mutex_lock(&local->lock);
	file->taken[piece->link] = false;
	if (piece->shelf)
		piece->shelf->busy = false;
	if (r == 0) {
		if (!piece->inflates)
			atomic_fetch_add(&file->bytes_done, piece->task.end - piece->task.begin - piece->reported);
		local_file_offer(file, &local->lock, piece, &count);
	} else if (file->state != LOCAL_ENDED && !file->anew) {
		file->result.error = error;
		local_file_end(file);
	}
	slice_count_deinit(&count);
	piece_deinit(piece);
	local->ahead -= piece->task.ahead;
	file->running--;
	file_settle(local, file);
}

static void file_start(struct local *local, struct local_file *file)
{
	size_t files = local->n - local->ended; /* among which the threads are shared */
	int r;

	file->state = LOCAL_OPENING;
	(void)pthread_mutex_unlock(&local->lock);
	r = local_file_open(local->options, (uint32_t)(local->options->threads / files), file);
	(void)pthread_mutex_lock(&local->lock);
	if (r < 0)
		local_file_end(file);
	else
		file->state = LOCAL_COUNTING;
	file_settle(local, file);
}

/* Whether there are fewer slices than threads. */
static bool cores_left(const struct local *local)
{
	uint64_t pieces = local->ahead;

	for (size_t i = local->ended_before; i < local->n && pieces < local->options->threads; i++)
		pieces += local_file_left(&local->files[i]);
	return pieces < local->options->threads;
}

/* Opens a file or counts a slice, the first that there is. False: there is nothing to do now. */
static bool work_once(struct local *local)
{
	struct piece piece;

	for (size_t i = local->ended_before; i < local->n; i++) {
		struct local_file *file = &local->files[i];

		if (file->state == LOCAL_WAITING) {
			file_start(local, file);
			return true;
		}
		if (file->state != LOCAL_COUNTING)
			continue;
		if (local_file_take(local->options, file, &piece)) {
			piece.task.ahead = piece.task.kind == FILE_GZIP && !piece.inflates && !piece.task.point && cores_left(local);
			local->ahead += piece.task.ahead;
			piece_run(local, &piece);
			return true;
		}
		if (file->state == LOCAL_ENDED) {
			file_settle(local, file);
			return true;
		}
	}
	return false;
}

static void *thread_run(void *data)
{
	struct local *local = data;

	(void)pthread_mutex_lock(&local->lock);
	while (local->ended < local->n)
		if (!work_once(local) && local->ended < local->n)
			(void)pthread_cond_wait(&local->work, &local->lock);
	(void)pthread_mutex_unlock(&local->lock);
	return NULL;
}

static void watch_progress(struct local *local, const struct local_watch *watch)
{
	uint64_t bytes = 0, bytes_done = 0;

	if (!watch->progress)
		return;
	for (size_t i = 0; i < local->n; i++) {
		struct local_file *file = &local->files[i];

		if (file->state < LOCAL_COUNTING)
			continue;
		bytes += file->result.facts.fingerprint.size + atomic_load(&file->bytes_again);
		bytes_done += atomic_load(&file->bytes_done);
	}
	watch->progress(watch->data, local->ended, bytes, bytes_done);
}

/* The caller's part: hands out the files in order as they end. The lock is not held during done(). */
static void watch_run(struct local *local, const struct local_watch *watch)
{
	size_t given = 0;

	(void)pthread_mutex_lock(&local->lock);
	while (given < local->n) {
		struct timespec until;

		if (given == local->ended_before) {
			(void)clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += PROGRESS_NS;
			until.tv_sec += until.tv_nsec / 1000000000L;
			until.tv_nsec %= 1000000000L;
			(void)pthread_cond_timedwait(&local->news, &local->lock, &until);
			watch_progress(local, watch);
		}
		for (; given < local->ended_before; given++) {
			(void)pthread_mutex_unlock(&local->lock);
			watch->done(watch->data, given, &local->files[given].result);
			(void)pthread_mutex_lock(&local->lock);
			local->files[given].result.counters = counters_free(local->files[given].result.counters);
		}
	}
	(void)pthread_mutex_unlock(&local->lock);
}

int local_count(const char *const *paths, size_t n, const struct local_options *options, const struct local_watch *watch,
                struct error *err)
{
	_cleanup_(freep) struct local_input *inputs = calloc(n + 1, sizeof *inputs);

	if (!inputs)
		return error_oom(err);
	for (size_t i = 0; i < n; i++)
		inputs[i] = (struct local_input){.path = paths[i], .modules = options->modules, .begin = PRIOR_FIRST};
	return local_count_at(inputs, n, options, watch, err);
}

int local_count_at(const struct local_input *inputs, size_t n, const struct local_options *options, const struct local_watch *watch,
                   struct error *err)
{
	struct local local = {.options = options, .watch = watch, .n = n};
	_cleanup_(freep) struct local_file *files = calloc(n + 1, sizeof *files);
	_cleanup_(freep) enum telling *telling = calloc(n + 1, sizeof *telling);
	_cleanup_(freep) pthread_t *threads = calloc(options->threads, sizeof *threads);
	uint32_t started = 0;
	int code = 0;

	if (!files || !telling || !threads || split_shelves_init(&local.shelves, options->threads) < 0)
		return error_oom(err);
	local.files = files;
	local.telling = telling;
	for (size_t i = 0; i < n; i++) {
		files[i].path = inputs[i].path;
		files[i].modules = inputs[i].modules;
		files[i].begin = &inputs[i].begin;
		files[i].fd = -1;
		files[i].shelves = &local.shelves;
	}
	(void)pthread_mutex_init(&local.lock, NULL);
	(void)pthread_cond_init(&local.work, NULL);
	(void)pthread_cond_init(&local.news, NULL);
	while (started < options->threads && (code = pthread_create(&threads[started], NULL, thread_run, &local)) == 0)
		started++;
	if (started > 0)
		watch_run(&local, watch);
	for (uint32_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	split_shelves_deinit(&local.shelves);
	(void)pthread_cond_destroy(&local.news);
	(void)pthread_cond_destroy(&local.work);
	(void)pthread_mutex_destroy(&local.lock);
	return started > 0 ? 0 : error_no_thread(err, code);
}
