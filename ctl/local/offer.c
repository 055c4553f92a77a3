/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What threads have counted of a file comes together: see ctl/local/file.h.
 *
 * Slices come into the assembly in order, as they are proven. Merging is done by one thread at a time and without the lock;
 * what others need to know meanwhile, the prior of the next slice, is copied under the lock. When all are in, the slices
 * whose first count lacked something are counted again; then the file must still be the one that was opened.
 */
#include <errno.h>

#include "ctl/local/file.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* Puts link `merged` into the assembly. Without the lock. *ret_again: it is to be counted again. */
static int link_merge(struct local_file *file, bool empty, struct counters *counters, struct prior *ret_prior, bool *ret_again,
                      struct error *err)
{
	const struct again *again;
	size_t n;
	int r = 0;

	if (empty) {
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
	again = assembly_again(file->assembly, &n);
	*ret_again = n > 0 && again[n - 1].slice == file->merged;
	return 0;
}

/* Puts what is proven into the assembly, in order, unless another thread does; that one takes the new ones too. */
static void file_merge(struct local_file *file, pthread_mutex_t *lock)
{
	if (file->merging)
		return;
	file->merging = true;
	while (file->state == LOCAL_COUNTING && !file->anew && file->merged < local_chain_proven(&file->chain)) {
		struct counters *counters = TAKE(file->counted[file->merged]);
		bool empty = local_chain_empty(&file->chain, file->merged), again;
		struct error error = {0};
		struct prior prior;
		int r;

		(void)pthread_mutex_unlock(lock);
		r = link_merge(file, empty, counters, &prior, &again, &error);
		(void)pthread_mutex_lock(lock);
		if (r < 0) {
			local_file_fail(file, &error);
			break;
		}
		tracked_free(file->prior.tracked);
		file->prior = prior;
		if (!again)
			local_chain_forget(&file->chain, file->merged);
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
		return local_file_fail(file, &error);
	if (!fingerprint_untouched(&now, &file->result.facts.fingerprint))
		return local_file_fault(file, &changed);
	file->result.records = local_chain_records(&file->chain);
	local_file_end(file);
}

/* After the last slice is in: the second pass, or the end. */
static void file_go_on(struct local_file *file, pthread_mutex_t *lock)
{
	const struct again *again;
	uint64_t bytes = 0;
	size_t n;

	if (file->state != LOCAL_COUNTING || file->anew || file->merging || file->merged < file->chain.n)
		return;
	again = assembly_again(file->assembly, &n);
	if (n == 0)
		return file_finish(file, lock);
	if (atomic_load(&file->bytes_again) > 0)
		return;
	file->result.again = n;
	for (size_t i = 0; i < n; i++)
		bytes += local_chain_bytes(&file->chain, again[i].slice);
	atomic_store(&file->bytes_again, bytes);
}

/* A second count: it must have found the same records. */
static void offer_again(struct local_file *file, const struct piece *piece, const struct slice_count *count)
{
	static const struct slice_fault changed = {.kind = FAULT_CHANGED};
	const struct slice_seam *seam = local_chain_seam(&file->chain, piece->link);
	struct error error = {0};

	if (count->outcome != SLICE_END || !text_place_equal(count->seam.first, seam->first) ||
	    !text_place_equal(count->seam.next, seam->next) || count->seam.records != seam->records)
		return local_file_fault(file, &changed);
	if (assembly_patch(file->assembly, piece->link, count->counters, &error) < 0) {
		error_prefix(&error, "%s: ", TEXT(file->path));
		local_file_fail(file, &error);
	}
	local_chain_forget(&file->chain, piece->link);
}

/* Nothing of it is of use: as one slice, once no thread has a piece of it. */
static void file_anew(struct local_file *file)
{
	file->anew = true;
	atomic_store(&file->stop, true);
}

/* Of gzip in slices: what was inflated or counted. */
static void offer_split(struct local_file *file, struct piece *piece, struct slice_count *count)
{
	const struct split_chain *chain = &file->chain.split;
	bool used = false;
	int r = piece->inflates ? local_split_offer(file, piece) : local_split_offer_count(file, piece, count, &used);

	if (r == -ENOMEM)
		return local_file_oom(file);
	if (r < 0)
		return file_anew(file);
	if (used && count->counters) {
		counters_free(file->counted[piece->link]);
		file->counted[piece->link] = TAKE(count->counters);
	}
	if (chain->proven < chain->n && chain->links[chain->proven].state != SPLIT_LINK_COUNTED)
		file->counted[chain->proven] = counters_free(file->counted[chain->proven]);
}

static void offer_first(struct local_file *file, const struct piece *piece, struct slice_count *count)
{
	struct chain *chain = &file->chain.whole;
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
		local_file_fault(file, &chain->links[chain->proven].fault);
}

void local_file_offer(struct local_file *file, pthread_mutex_t *lock, struct piece *piece, struct slice_count *count)
{
	if (file->state == LOCAL_ENDED || file->anew)
		return;
	if (count->outcome == SLICE_FAULT && (count->fault.kind == FAULT_CHANGED || count->fault.kind == FAULT_READ) &&
	    !file->chain.is_split)
		return local_file_fault(file, &count->fault);
	if (piece->again)
		offer_again(file, piece, count);
	else if (file->chain.is_split)
		offer_split(file, piece, count);
	else
		offer_first(file, piece, count);
	file_merge(file, lock);
	file_go_on(file, lock);
}
