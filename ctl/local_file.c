/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One file, counted here: see local_file.h.
 *
 * Slices come into the assembly in order, as they are proven. Merging is done by one thread at a time and without the lock;
 * what others need to know meanwhile, the prior of the next slice, is copied under the lock. When all are in, the slices
 * whose first count lacked something are counted again; then the file must still be the one that was opened.
 */
#include "ctl/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define SLICE_SMALLEST (4ULL << 20)
#define SLICE_LARGEST (256ULL << 20)
#define SLICES_MAX 100000000ULL
#define AHEAD 4 /* slices a thread may be counted before an earlier one that is not: bounds memory */

void local_file_end(struct local_file *file)
{
	file->state = LOCAL_ENDED;
	atomic_store(&file->stop, true);
	if (file->result.error.class != ERROR_NONE)
		file->result.counters = counters_free(file->result.counters);
}

/* Ends the file with an error, unless it has ended already. */
static void file_fail(struct local_file *file, const struct error *error)
{
	if (file->state == LOCAL_ENDED)
		return;
	file->result.error = *error;
	local_file_end(file);
}

static void file_fault(struct local_file *file, const struct slice_fault *fault)
{
	struct error error = {0};

	(void)fault_sentence(fault, file->chain.kind, file->path, file->chain.records, &error);
	file_fail(file, &error);
}

void local_file_release(struct local_file *file)
{
	if (file->state != LOCAL_ENDED || file->running > 0)
		return;
	closep(&file->fd);
	for (uint64_t i = 0; file->counted && i < file->chain.n; i++)
		file->counted[i] = counters_free(file->counted[i]);
	free(TAKE(file->counted));
	free(TAKE(file->taken));
	file->assembly = assembly_free(file->assembly);
	file->prior.tracked = tracked_free(file->prior.tracked);
	chain_deinit(&file->chain);
}

int local_file_open(const struct local_options *options, struct local_file *file)
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
	file->prior = PRIOR_FIRST;
	file->counted = calloc(file->chain.n, sizeof *file->counted);
	file->taken = calloc(file->chain.n, sizeof *file->taken);
	if (!file->counted || !file->taken)
		return error_oom(err);
	r = assembly_new(options->modules, options->rules, &file->assembly);
	if (r == -ENOMEM)
		return error_oom(err);
	return r < 0 ? error_set(err, r, ERROR_SOFTWARE, "this program cannot count all that is asked for") : 0;
}

/* The link that the proof waits for, when it was opened again, or the next in order. */
static bool link_next(const struct local_options *options, struct local_file *file, uint64_t *ret)
{
	const struct chain *chain = &file->chain;
	uint64_t end = file->merged + (uint64_t)AHEAD * options->threads;
	/* The beginning of a file tells which sequences are tracked: it is merged before the rest is begun. */
	bool leads = (options->modules & COUNT_SEQUENCES) && chain_leads(chain, file->merged);

	*ret = chain->proven;
	if (leads && *ret != file->merged)
		return false;
	if (*ret < chain->n && !file->taken[*ret] && chain->links[*ret].state == LINK_OPEN)
		return true;
	if (leads)
		return false;
	while (file->next < chain->n && (file->taken[file->next] || chain->links[file->next].state != LINK_OPEN))
		file->next++;
	*ret = file->next;
	return *ret < chain->n && *ret < end;
}

static struct prior prior_of(const struct local_file *file, uint64_t link)
{
	struct prior prior = link == file->merged ? file->prior : PRIOR_UNKNOWN;

	prior.tracked = tracked_ref(file->prior.tracked);
	return prior;
}

/* A slice of the second pass that no thread has. */
static bool take_again(const struct local_options *options, struct local_file *file, struct piece *ret)
{
	const struct again *again;
	struct prior prior;
	size_t n, i = 0;

	if (file->merging || file->merged < file->chain.n)
		return false;
	again = assembly_again(file->assembly, &n);
	while (i < n && file->taken[again[i].slice])
		i++;
	if (i == n)
		return false;
	if (assembly_again_prior(file->assembly, &again[i], &prior) < 0) {
		struct error error = {0};

		(void)error_oom(&error);
		file_fail(file, &error);
		return false;
	}
	prior.tracked = tracked_ref(prior.tracked);
	*ret = (struct piece){
		.file = file, .link = again[i].slice, .again = true, .modules = again[i].modules, .prior = prior};
	chain_task(&file->chain, ret->link, options->read_max, options->lenient, &ret->task);
	return true;
}

bool local_file_take(const struct local_options *options, struct local_file *file, struct piece *ret)
{
	uint64_t link;

	if (link_next(options, file, &link)) {
		*ret = (struct piece){
			.file = file, .link = link, .modules = options->modules, .prior = prior_of(file, link)};
		chain_task(&file->chain, link, options->read_max, options->lenient, &ret->task);
	} else if (!take_again(options, file, ret)) {
		return false;
	}
	file->taken[ret->link] = true;
	file->running++;
	return true;
}

void piece_deinit(struct piece *piece)
{
	piece->prior.tracked = tracked_free(piece->prior.tracked);
}

/* Puts link `merged` into the assembly. Without the lock. */
static int link_merge(struct local_file *file, struct counters *counters, struct prior *ret_prior, struct error *err)
{
	int r = 0;

	if (file->chain.links[file->merged].empty) {
		counters_free(counters);
		assembly_skip(file->assembly);
	} else {
		r = assembly_take(file->assembly, counters, err);
	}
	if (r < 0) {
		error_prefix(err, "%s: ", TEXT(file->path));
		return r;
	}
	assembly_prior(file->assembly, file->merged + 1, ret_prior);
	(void)tracked_ref(ret_prior->tracked);
	return 0;
}

/* Puts what is proven into the assembly, in order, unless another thread does; that one takes the new ones too. */
static void file_merge(struct local_file *file, pthread_mutex_t *lock)
{
	if (file->merging)
		return;
	file->merging = true;
	while (file->state == LOCAL_COUNTING && file->merged < file->chain.proven) {
		struct counters *counters = TAKE(file->counted[file->merged]);
		struct error error = {0};
		struct prior prior;
		int r;

		(void)pthread_mutex_unlock(lock);
		r = link_merge(file, counters, &prior, &error);
		(void)pthread_mutex_lock(lock);
		if (r < 0) {
			file_fail(file, &error);
			break;
		}
		tracked_free(file->prior.tracked);
		file->prior = prior;
		file->merged++;
	}
	file->merging = false;
}

/* All is counted: the file must still be the one that was opened. */
static void file_finish(struct local_file *file, pthread_mutex_t *lock)
{
	static const struct slice_fault changed = {.kind = FAULT_CHANGED};
	struct counters *counters = NULL;
	struct error error = {0};
	struct fingerprint now;
	int r;

	file->merging = true; /* nobody else finishes it meanwhile */
	(void)pthread_mutex_unlock(lock);
	r = fingerprint_take(file->fd, &now, &error);
	if (r < 0)
		error_prefix(&error, "%s ", TEXT(file->path));
	else
		r = assembly_result(file->assembly, &counters, &error);
	(void)pthread_mutex_lock(lock);
	file->merging = false;
	if (file->state == LOCAL_ENDED) {
		counters_free(counters);
		return;
	}
	file->result.counters = counters;
	if (r < 0)
		return file_fail(file, &error);
	if (!fingerprint_untouched(&now, &file->result.facts.fingerprint))
		return file_fault(file, &changed);
	file->result.records = file->chain.records;
	local_file_end(file);
}

/* After the last slice is in: the second pass, or the end. */
static void file_go_on(struct local_file *file, pthread_mutex_t *lock)
{
	const struct again *again;
	uint64_t bytes = 0;
	size_t n;

	if (file->state != LOCAL_COUNTING || file->merging || file->merged < file->chain.n)
		return;
	again = assembly_again(file->assembly, &n);
	if (n == 0)
		return file_finish(file, lock);
	if (atomic_load(&file->bytes_again) > 0)
		return;
	file->result.again = n;
	for (size_t i = 0; i < n; i++)
		bytes += file->chain.links[again[i].slice].end - file->chain.links[again[i].slice].begin;
	atomic_store(&file->bytes_again, bytes);
}

/* A second count: it must have found the same records. */
static void offer_again(struct local_file *file, const struct piece *piece, const struct slice_count *count)
{
	static const struct slice_fault changed = {.kind = FAULT_CHANGED};
	const struct slice_seam *seam = &file->chain.links[piece->link].seam;
	struct error error = {0};

	if (count->outcome != SLICE_END || !text_place_equal(count->seam.first, seam->first) ||
	    !text_place_equal(count->seam.next, seam->next) || count->seam.records != seam->records)
		return file_fault(file, &changed);
	if (assembly_patch(file->assembly, piece->link, count->counters, &error) < 0) {
		error_prefix(&error, "%s: ", TEXT(file->path));
		file_fail(file, &error);
	}
}

static void offer_first(struct local_file *file, const struct piece *piece, struct slice_count *count)
{
	struct chain *chain = &file->chain;
	bool used = false;
	enum chain_outcome outcome = chain_offer(chain, piece->link, &piece->task, count->outcome, &count->seam,
	                                         &count->fault, &used);

	if (used && count->counters) {
		counters_free(file->counted[piece->link]);
		file->counted[piece->link] = TAKE(count->counters);
	}
	if (chain->proven < chain->n && chain->links[chain->proven].state == LINK_OPEN)
		file->counted[chain->proven] = counters_free(file->counted[chain->proven]);
	if (outcome == CHAIN_FAULT)
		file_fault(file, &chain->links[chain->proven].fault);
}

void local_file_offer(struct local_file *file, pthread_mutex_t *lock, const struct piece *piece, struct slice_count *count)
{
	if (file->state == LOCAL_ENDED)
		return;
	if (count->outcome == SLICE_FAULT && (count->fault.kind == FAULT_CHANGED || count->fault.kind == FAULT_READ))
		return file_fault(file, &count->fault);
	if (piece->again)
		offer_again(file, piece, count);
	else
		offer_first(file, piece, count);
	file_merge(file, lock);
	file_go_on(file, lock);
}
