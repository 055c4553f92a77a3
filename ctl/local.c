/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting without a coordinator: see local.h.
 *
 *     paths -> a thread opens the next file (facts, chain) -> threads take open slices, files in order -> count_slice
 *           -> chain_offer -> what is proven is merged -> the caller gets each file in order
 *
 * One mutex guards everything but the counting itself; a slice is long beside what is done under it.
 */
#include "ctl/local.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/fastq/chain.h"
#include "lib/qc/count.h"

#define SLICE_SMALLEST (4ULL << 20)
#define SLICE_LARGEST (64ULL << 20)
#define SLICES_MAX 100000000ULL
#define PROGRESS_NS (100L * 1000 * 1000)

enum file_state {
	FILE_WAITING = 0,
	FILE_OPENING,
	FILE_COUNTING,
	FILE_ENDED,
};

struct local_file {
	const char *path;
	enum file_state state;
	atomic_bool stop;            /* its running slices are of no use any more */
	int fd;
	uint32_t running;            /* slices */
	struct chain chain;
	uint64_t next;               /* every link below it was taken once */
	struct counters **counted;   /* by link; what is counted and not merged yet */
	bool *taken;                 /* by link: a thread counts it */
	uint64_t merged;             /* links [0, merged) are in result.counters */
	atomic_uint_fast64_t bytes_done;
	struct local_result result;
};

struct local {
	const struct local_options *options;
	struct local_file *files;
	size_t n;
	size_t ended_before;         /* files [0, ended_before) have ended */
	size_t ended;
	pthread_mutex_t lock;
	pthread_cond_t work;         /* for the threads: there may be something to take */
	pthread_cond_t news;         /* for the caller: a file has ended */
};

struct piece {
	struct local_file *file;
	uint64_t link;
	struct slice_task task;
	uint64_t reported;           /* bytes of it in file->bytes_done */
};

uint32_t local_cores(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

static void file_end(struct local *local, struct local_file *file)
{
	file->state = FILE_ENDED;
	atomic_store(&file->stop, true);
	local->ended++;
	while (local->ended_before < local->n && local->files[local->ended_before].state == FILE_ENDED)
		local->ended_before++;
	if (file->result.error.class != ERROR_NONE)
		file->result.counters = counters_free(file->result.counters);
	(void)pthread_cond_broadcast(&local->work);
	(void)pthread_cond_signal(&local->news);
}

/* What is not needed any more once no slice of the file runs. */
static void file_release(struct local_file *file)
{
	if (file->state != FILE_ENDED || file->running > 0)
		return;
	closep(&file->fd);
	for (uint64_t i = 0; file->counted && i < file->chain.n; i++)
		file->counted[i] = counters_free(file->counted[i]);
	free(TAKE(file->counted));
	free(TAKE(file->taken));
	chain_deinit(&file->chain);
}

/* Without the lock: the file is FILE_OPENING and no other thread touches it. */
static int file_open(const struct local_options *options, struct local_file *file)
{
	struct error *err = &file->result.error;
	struct file_facts *facts = &file->result.facts;
	uint64_t size;
	int r;

	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0)
		return error_set(err, -errno, error_class_of_errno(errno), "%s cannot be opened: %s", TEXT(file->path),
		                 strerror(errno));
	r = file_facts_take(file->fd, facts, err);
	if (r < 0) {
		error_prefix(err, "%s ", TEXT(file->path));
		return r;
	}
	size = options->slice_size;
	if (size == 0)
		size = slice_size_choose(facts->kind, facts->fingerprint.size, options->threads, SLICE_SMALLEST,
		                         SLICE_LARGEST);
	r = chain_init(&file->chain, facts, size, SLICES_MAX, err);
	if (r < 0)
		return r;
	file->counted = calloc(file->chain.n, sizeof *file->counted);
	file->taken = calloc(file->chain.n, sizeof *file->taken);
	if (!file->counted || !file->taken || counters_new(options->modules, NULL, &PRIOR_FIRST, &file->result.counters) < 0)
		return error_oom(err);
	return 0;
}

/* Merges what is proven, in order, and drops what is not to be merged. */
static int file_merge(struct local_file *file)
{
	struct chain *chain = &file->chain;

	for (; file->merged < chain->proven; file->merged++) {
		struct counters **counted = &file->counted[file->merged];
		uint32_t lacks;
		int r = 0;

		if (!chain->links[file->merged].empty)
			r = counters_merge(file->result.counters, *counted, &lacks);
		*counted = counters_free(*counted);
		if (r < 0)
			return r;
	}
	if (chain->proven < chain->n && chain->links[chain->proven].state == LINK_OPEN)
		file->counted[chain->proven] = counters_free(file->counted[chain->proven]);
	return 0;
}

/* The whole file was proven: it must still be the one that was planned. */
static void file_finish(struct local_file *file)
{
	struct fingerprint now;
	struct slice_fault fault = {.kind = FAULT_CHANGED};

	if (fingerprint_take(file->fd, &now, &file->result.error) < 0) {
		error_prefix(&file->result.error, "%s ", TEXT(file->path));
		return;
	}
	if (!fingerprint_equal(&now, &file->result.facts.fingerprint))
		(void)fault_sentence(&fault, file->chain.kind, file->path, 0, &file->result.error);
	file->result.records = file->chain.records;
}

/* Takes over what a thread has counted. */
static void piece_offer(struct local *local, const struct piece *piece, struct slice_count *count)
{
	struct local_file *file = piece->file;
	struct chain *chain = &file->chain;
	enum chain_outcome outcome;
	bool used = false;

	if (file->state == FILE_ENDED)
		return;
	if (count->outcome == SLICE_FAULT && (count->fault.kind == FAULT_CHANGED || count->fault.kind == FAULT_READ)) {
		(void)fault_sentence(&count->fault, chain->kind, file->path, chain->records, &file->result.error);
		return file_end(local, file);
	}
	outcome = chain_offer(chain, piece->link, &piece->task, count->outcome, &count->seam, &count->fault, &used);
	if (used && count->counters) {
		counters_free(file->counted[piece->link]);
		file->counted[piece->link] = TAKE(count->counters);
	}
	if (file_merge(file) < 0) {
		(void)error_set(&file->result.error, 0, ERROR_OS, "%s: out of memory, or a sum passes 64 bits",
		                TEXT(file->path));
		return file_end(local, file);
	}
	if (outcome == CHAIN_FAULT) {
		(void)fault_sentence(&chain->links[chain->proven].fault, chain->kind, file->path, chain->records,
		                     &file->result.error);
	} else if (outcome == CHAIN_DONE) {
		file_finish(file);
	} else {
		(void)pthread_cond_broadcast(&local->work);
		return;
	}
	file_end(local, file);
}

/* The next slice of the file: the one that the proof waits for, when it was opened again, or the next in order. */
static bool file_take(const struct local_options *options, struct local_file *file, struct piece *ret)
{
	struct chain *chain = &file->chain;
	uint64_t i = chain->proven;

	if (i >= chain->n || file->taken[i] || chain->links[i].state != LINK_OPEN) {
		while (file->next < chain->n &&
		       (file->taken[file->next] || chain->links[file->next].state != LINK_OPEN))
			file->next++;
		i = file->next;
		if (i >= chain->n)
			return false;
	}
	*ret = (struct piece){.file = file, .link = i};
	chain_task(chain, i, options->read_max, options->lenient, &ret->task);
	file->taken[i] = true;
	file->running++;
	return true;
}

static int piece_progress(void *data, uint64_t bytes)
{
	struct piece *piece = data;

	atomic_fetch_add(&piece->file->bytes_done, bytes - piece->reported);
	piece->reported = bytes;
	return atomic_load(&piece->file->stop) ? -ECANCELED : 0;
}

/* Counts one slice; called and returns with the lock held. */
static void piece_run(struct local *local, struct piece *piece)
{
	struct local_file *file = piece->file;
	struct slice_count count = {0};
	struct error error = {0};
	int r;

	(void)pthread_mutex_unlock(&local->lock);
	r = count_slice(file->fd, &piece->task, local->options->modules, NULL, NULL, piece_progress, piece, &count, &error);
	(void)pthread_mutex_lock(&local->lock);
	file->running--;
	file->taken[piece->link] = false;
	if (r == 0) {
		atomic_fetch_add(&file->bytes_done, piece->task.end - piece->task.begin - piece->reported);
		piece_offer(local, piece, &count);
	} else if (file->state != FILE_ENDED) {
		file->result.error = error;
		file_end(local, file);
	}
	slice_count_deinit(&count);
	file_release(file);
}

static void file_start(struct local *local, struct local_file *file)
{
	int r;

	file->state = FILE_OPENING;
	(void)pthread_mutex_unlock(&local->lock);
	r = file_open(local->options, file);
	(void)pthread_mutex_lock(&local->lock);
	if (r < 0) {
		file_end(local, file);
		file_release(file);
	} else {
		file->state = FILE_COUNTING;
		(void)pthread_cond_broadcast(&local->work);
	}
}

static void *thread_run(void *data)
{
	struct local *local = data;

	(void)pthread_mutex_lock(&local->lock);
	while (local->ended < local->n) {
		struct piece piece;
		size_t i;

		for (i = local->ended_before; i < local->n; i++) {
			struct local_file *file = &local->files[i];

			if (file->state == FILE_WAITING) {
				file_start(local, file);
				break;
			}
			if (file->state == FILE_COUNTING && file_take(local->options, file, &piece)) {
				piece_run(local, &piece);
				break;
			}
		}
		if (i == local->n && local->ended < local->n)
			(void)pthread_cond_wait(&local->work, &local->lock);
	}
	(void)pthread_mutex_unlock(&local->lock);
	return NULL;
}

static void watch_progress(struct local *local, const struct local_watch *watch)
{
	uint64_t bytes = 0, bytes_done = 0;

	if (!watch->progress)
		return;
	for (size_t i = 0; i < local->n; i++) {
		if (local->files[i].state < FILE_COUNTING)
			continue;
		bytes += local->files[i].result.facts.fingerprint.size;
		bytes_done += atomic_load(&local->files[i].bytes_done);
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
	struct local local = {.options = options, .n = n};
	_cleanup_(freep) struct local_file *files = calloc(n + 1, sizeof *files);
	_cleanup_(freep) pthread_t *threads = calloc(options->threads, sizeof *threads);
	uint32_t started = 0;

	if (!files || !threads)
		return error_oom(err);
	local.files = files;
	for (size_t i = 0; i < n; i++) {
		files[i].path = paths[i];
		files[i].fd = -1;
	}
	(void)pthread_mutex_init(&local.lock, NULL);
	(void)pthread_cond_init(&local.work, NULL);
	(void)pthread_cond_init(&local.news, NULL);
	while (started < options->threads && pthread_create(&threads[started], NULL, thread_run, &local) == 0)
		started++;
	if (started > 0)
		watch_run(&local, watch);
	for (uint32_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	(void)pthread_cond_destroy(&local.news);
	(void)pthread_cond_destroy(&local.work);
	(void)pthread_mutex_destroy(&local.lock);
	return started > 0 ? 0 : error_set(err, -EAGAIN, ERROR_OS, "cannot start a thread");
}
