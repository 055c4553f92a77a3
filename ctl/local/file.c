/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One file, counted here: see ctl/local/file.h.
 *
 * Here: opening it, and what threads take of it. Slices of gzip are inflated by pieces of their own (ctl/local/split.h); what comes of
 * them is counted and merged as all else is (ctl/local/offer.c).
 */
#include "ctl/local/file.h"

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

void local_file_fail(struct local_file *file, const struct error *error)
{
	if (file->state == LOCAL_ENDED)
		return;
	file->result.error = *error;
	local_file_end(file);
}

void local_file_fault(struct local_file *file, const struct slice_fault *fault)
{
	struct error error = {0};

	(void)fault_sentence(fault, file->result.facts.kind, file->path, local_chain_records(&file->chain), &error);
	local_file_fail(file, &error);
}

void local_file_oom(struct local_file *file)
{
	struct error error = {0};

	(void)error_oom(&error);
	local_file_fail(file, &error);
}

/* What counting needs, but the descriptor. */
static void count_deinit(struct local_file *file)
{
	for (uint64_t i = 0; file->counted && i < file->chain.n; i++)
		file->counted[i] = counters_free(file->counted[i]);
	free(TAKE(file->counted));
	free(TAKE(file->taken));
	file->assembly = assembly_free(file->assembly);
	file->prior.tracked = tracked_free(file->prior.tracked);
	local_chain_deinit(&file->chain);
}

/* slice_size as of local_chain_init(). */
static int count_init(const struct local_options *options, struct local_file *file, bool split, uint64_t slice_size)
{
	struct error *err = &file->result.error;
	int r;

	r = local_chain_init(&file->chain, &file->result.facts, split, slice_size, SLICES_MAX, err);
	if (r < 0)
		return r;
	file->next = file->merged = 0;
	file->counted = calloc(file->chain.n, sizeof *file->counted);
	file->taken = calloc(file->chain.n, sizeof *file->taken);
	if (!file->counted || !file->taken)
		return error_oom(err);
	r = assembly_new_at(file->modules, options->rules, file->begin, &file->assembly);
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "this program cannot count all that is asked for");
	assembly_prior(file->assembly, 0, &file->prior);
	(void)tracked_ref(file->prior.tracked);
	return 0;
}

/* As one slice, from its beginning: it was a gzip file in slices that is damaged, or looks so. */
static void begin_anew(const struct local_options *options, struct local_file *file)
{
	count_deinit(file);
	file->anew = false;
	file->result.anew = true;
	file->result.again = 0;
	atomic_store(&file->stop, false);
	atomic_store(&file->bytes_done, 0);
	atomic_store(&file->bytes_again, 0);
	if (count_init(options, file, false, 1) < 0)
		local_file_end(file);
}

void local_file_settle(const struct local_options *options, struct local_file *file)
{
	local_split_drop(file);
	if (file->running > 0)
		return;
	if (file->state == LOCAL_COUNTING && file->anew)
		begin_anew(options, file);
	if (file->state != LOCAL_ENDED)
		return;
	closep(&file->fd);
	count_deinit(file);
}

uint64_t local_file_left(const struct local_file *file)
{
	if (file->state != LOCAL_COUNTING)
		return file->state != LOCAL_ENDED;
	/* One slice of gzip is the whole file, and may be inflated ahead of the counting. */
	if (file->result.facts.kind == FILE_GZIP && !file->chain.is_split)
		return 1;
	return file->chain.n - local_chain_proven(&file->chain);
}

int local_file_open(const struct local_options *options, uint32_t threads, struct local_file *file)
{
	struct error *err = &file->result.error;
	struct file_facts *facts = &file->result.facts;
	uint64_t size, split;
	int r;

	file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0)
		return error_set(err, -errno, error_class_of_errno(errno), "%s cannot be opened: %s", TEXT(file->path),
		                 strerror(errno));
	r = file_facts_take(file->fd, facts, err);
	if (r == 0)
		r = kind_check_void(file->path, facts->fingerprint.size, err);
	if (r < 0) {
		error_prefix(err, "%s ", TEXT(file->path));
		return r;
	}
	split = local_split_plan(options, facts, threads, file->result.why, sizeof file->result.why);
	size = options->slice_size;
	if (size == 0)
		size = slice_size_choose(facts->kind, facts->fingerprint.size, options->threads, SLICE_SMALLEST,
		                         SLICE_LARGEST);
	return count_init(options, file, split > 0, split > 0 ? split : size);
}

/* The link that the proof waits for, when it was opened again, or the next in order. */
static bool link_next(const struct local_options *options, struct local_file *file, uint64_t *ret)
{
	const struct chain *chain = &file->chain.whole;
	uint64_t end = file->merged + (uint64_t)AHEAD * options->threads;
	/* The beginning of a file tells which sequences are tracked: it is merged before the rest is begun. */
	bool leads = (file->modules & COUNT_SEQUENCES) && file->begin->first && chain_leads(chain, file->merged);

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
	*ret = (struct piece){.file = file, .link = again[i].slice, .again = true, .modules = again[i].modules};
	if (assembly_again_prior(file->assembly, &again[i], &prior) < 0 ||
	    local_chain_task(&file->chain, ret->link, options->read_max, options->lenient, &ret->task) < 0) {
		local_file_oom(file);
		return false;
	}
	ret->prior = prior;
	(void)tracked_ref(prior.tracked);
	return true;
}

/* A slice of the first pass. */
static bool take_first(const struct local_options *options, struct local_file *file, struct piece *ret)
{
	uint64_t link;
	bool oom = false;

	if (file->chain.is_split) {
		if (!local_split_take(options, file, file->merged + (uint64_t)AHEAD * options->threads, ret, &oom)) {
			if (oom)
				local_file_oom(file);
			return false;
		}
	} else {
		if (!link_next(options, file, &link))
			return false;
		*ret = (struct piece){.file = file, .link = link};
		(void)local_chain_task(&file->chain, link, options->read_max, options->lenient, &ret->task);
	}
	ret->modules = file->modules;
	if (!ret->inflates)
		ret->prior = prior_of(file, ret->link);
	return true;
}

bool local_file_take(const struct local_options *options, struct local_file *file, struct piece *ret)
{
	if (file->anew)
		return false;
	if (!take_first(options, file, ret) && (file->state == LOCAL_ENDED || !take_again(options, file, ret)))
		return false;
	file->taken[ret->link] = true;
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

int piece_work(const struct local_options *options, struct piece *piece, struct slice_count *ret, struct error *err)
{
	if (piece->inflates)
		return local_split_inflate(piece, err);
	local_split_begin(piece);
	return count_slice(piece->file->fd, &piece->task, piece->modules, options->rules, &piece->prior, piece_progress, piece, ret, err);
}

void piece_deinit(struct piece *piece)
{
	piece->prior.tracked = tracked_free(piece->prior.tracked);
	free(TAKE(piece->symbols));
}
