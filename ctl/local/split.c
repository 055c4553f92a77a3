/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One ordinary gzip stream on several cores: see ctl/local/split.h. */
#include "ctl/local/split.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/local/file.h"
#include "lib/base/cleanup.h"

/*
 * One stream takes two cores as one slice: one inflates ahead of the other. In slices it takes any number, for about three times one of
 * these in all, so that it is quicker from four on (tests/bench/NOTES.md).
 */
#define CORES_LEAST 4
#define SLICES_A_CORE 2       /* at least, of SPLIT_SLICE_LEAST */
#define TEXT_LEAST (1u << 20) /* bytes of text that a shelf may have, however small slices are */
#define POOL_MOST 8           /* chunks that a shelf keeps */

int split_shelves_init(struct split_shelves *shelves, uint32_t threads)
{
	uint32_t n = threads + threads / 4 + 1;

	shelves->shelves = calloc(n, sizeof *shelves->shelves);
	if (!shelves->shelves)
		return -ENOMEM;
	shelves->n = n;
	for (uint32_t i = 0; i < n; i++)
		shelves->shelves[i].pool.most = POOL_MOST;
	return 0;
}

static void shelf_free(struct split_shelf *shelf)
{
	shelf->split = split_free(shelf->split);
	shelf->file = NULL;
}

void split_shelves_deinit(struct split_shelves *shelves)
{
	for (uint32_t i = 0; i < shelves->n; i++) {
		shelf_free(&shelves->shelves[i]);
		arena_pool_deinit(&shelves->shelves[i].pool);
	}
	free(TAKE(shelves->shelves));
	shelves->n = 0;
}

/* ---- the plan */

uint64_t local_split_plan(const struct local_options *options, const struct file_facts *facts, uint32_t threads, char *ret_why,
                          size_t room)
{
	uint64_t bytes = facts->fingerprint.size, least = (uint64_t)SLICES_A_CORE * CORES_LEAST * SPLIT_SLICE_LEAST, size;
	uint32_t cores = threads < local_cores() ? threads : local_cores();

	*ret_why = '\0';
	if (facts->kind != FILE_GZIP)
		return 0;
	/* Larger ones save a twentieth of the work at most, and hold, and write for the first time, as much more memory. */
	size = options->slice_size ? options->slice_size : SPLIT_SLICE_LEAST;
	if (options->split_gzip == SPLIT_GZIP_NEVER) {
		(void)snprintf(ret_why, room, "gzip, as one slice: so --split-gzip says");
		return 0;
	}
	if (options->split_gzip == SPLIT_GZIP_AUTO && cores < CORES_LEAST) {
		(void)snprintf(ret_why, room, "gzip, as one slice: %" PRIu32 " of the cores would be for it, and slices pay from %d on", cores,
		               CORES_LEAST);
		return 0;
	}
	if (options->split_gzip == SPLIT_GZIP_AUTO && bytes < least) {
		(void)snprintf(ret_why, room, "gzip, as one slice: it has %" PRIu64 " bytes, and slices pay from %" PRIu64 " on", bytes,
		               least);
		return 0;
	}
	if (options->split_gzip == SPLIT_GZIP_AUTO)
		size = size < SPLIT_SLICE_LEAST ? SPLIT_SLICE_LEAST : size > SPLIT_SLICE_MOST ? SPLIT_SLICE_MOST : size;
	(void)snprintf(ret_why, room, options->split_gzip == SPLIT_GZIP_AUTO
	                                  ? "gzip, in slices of %" PRIu64 " bytes: %" PRIu32 " of the cores are for it"
	                                  : "gzip, in slices of %" PRIu64 " bytes: so --split-gzip says",
	               size, cores);
	return size;
}

/* ---- pieces */

static struct split_shelf *shelf_of(const struct local_file *file, uint64_t link)
{
	for (uint32_t i = 0; i < file->shelves->n; i++) {
		struct split_shelf *shelf = &file->shelves->shelves[i];

		if (shelf->file == file && shelf->link == link)
			return shelf;
	}
	return NULL;
}

static struct split_shelf *shelf_unused(const struct local_file *file)
{
	for (uint32_t i = 0; i < file->shelves->n; i++)
		if (!file->shelves->shelves[i].file)
			return &file->shelves->shelves[i];
	return NULL;
}

static bool can_count(const struct split_chain *chain, uint64_t i)
{
	const struct split_link *link = &chain->links[i];

	return (link->state == SPLIT_LINK_PLACED || link->state == SPLIT_LINK_POINTED) && (!link->unsure || i == chain->proven);
}

/* The first link to be counted, or to be inflated and counted at once. Those behind the lead wait for it. */
static bool link_count(struct local_file *file, uint64_t end, uint64_t *ret)
{
	struct split_chain *chain = &file->chain.split;
	bool leads = local_chain_leads(&file->chain, file->merged);

	for (uint64_t i = chain->proven; i < end; i++) {
		if (leads && i != file->merged)
			return false;
		if (!file->taken[i] && (can_count(chain, i) || split_chain_point(chain, i))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool link_inflate(const struct local_file *file, uint64_t end, uint64_t *ret)
{
	for (uint64_t i = file->chain.split.proven; i < end; i++)
		if (i > 0 && !file->taken[i] && file->chain.split.links[i].state == SPLIT_LINK_OPEN) {
			*ret = i;
			return true;
		}
	return false;
}

bool local_split_take(const struct local_options *options, struct local_file *file, uint64_t end, struct piece *ret, bool *ret_oom)
{
	struct split_chain *chain = &file->chain.split;
	struct split_shelf *shelf = NULL;
	uint64_t link, limit;

	if (end > chain->n)
		end = chain->n;
	*ret_oom = false;
	if (link_count(file, end, &link)) {
		*ret = (struct piece){.file = file, .link = link};
		if (local_chain_task(&file->chain, link, options->read_max, options->lenient, &ret->task) < 0) {
			*ret_oom = true;
			return false;
		}
		shelf = chain->links[link].state == SPLIT_LINK_PLACED ? shelf_of(file, link) : NULL;
	} else if (link_inflate(file, end, &link) && (shelf = shelf_unused(file)) != NULL) {
		*ret = (struct piece){.file = file, .link = link, .inflates = true};
		limit = SPLIT_TEXT_TIMES * local_chain_bytes(&file->chain, link);
		split_chain_inflate_task(chain, link, limit > TEXT_LEAST ? limit : TEXT_LEAST, &ret->inflate);
		shelf->file = file;
		shelf->link = link;
	} else {
		return false;
	}
	ret->shelf = shelf;
	if (shelf)
		shelf->busy = true;
	return true;
}

int local_split_inflate(struct piece *piece, struct error *err)
{
	struct split_shelf *shelf = piece->shelf;
	const uint16_t *symbols;
	int r = split_new(piece->file->fd, &piece->inflate, &shelf->pool, &shelf->split, err);

	if (r < 0)
		return r;
	while ((r = split_step(shelf->split)) == SPLIT_MORE)
		if (atomic_load(&piece->file->stop))
			return -ECANCELED;
	if (r < 0)
		return error_oom(err);
	piece->inflated = (enum split_outcome)r;
	symbols = r == SPLIT_DONE ? split_symbols(shelf->split) : NULL;
	if (!symbols)
		return 0;
	piece->symbols = malloc(SPLIT_WINDOW * sizeof *symbols);
	if (!piece->symbols)
		return error_oom(err);
	memcpy(piece->symbols, symbols, SPLIT_WINDOW * sizeof *symbols);
	return 0;
}

void local_split_begin(struct piece *piece)
{
	/* Where it does not fit, which the chain should know, the text is made from the point. */
	if (piece->shelf && split_place(piece->shelf->split, piece->task.point))
		piece->task.split = piece->shelf->split;
}

/* ---- offers */

void local_split_drop(struct local_file *file)
{
	const struct split_chain *chain = &file->chain.split;

	for (uint32_t i = 0; file->shelves && i < file->shelves->n; i++) {
		struct split_shelf *shelf = &file->shelves->shelves[i];
		bool useful = false;

		if (shelf->file != file || shelf->busy)
			continue;
		if (file->state == LOCAL_COUNTING && file->chain.is_split && shelf->link < chain->n)
			useful = chain->links[shelf->link].state == SPLIT_LINK_HELD ||
			         chain->links[shelf->link].state == SPLIT_LINK_PLACED;
		if (!useful)
			shelf_free(shelf);
	}
}

int local_split_offer(struct local_file *file, struct piece *piece)
{
	bool used = false;

	if (piece->inflated == SPLIT_FAULT)
		return -EBADMSG;
	return split_chain_offer_inflated(&file->chain.split, piece->link, piece->inflated, split_report(piece->shelf->split),
	                                  TAKE(piece->symbols), &used);
}

int local_split_offer_count(struct local_file *file, const struct piece *piece, const struct slice_count *count, bool *ret_used)
{
	int r;

	*ret_used = false;
	r = split_chain_offer_counted(&file->chain.split, piece->link, &piece->task, count->outcome, &count->seam, &count->fault,
	                              count->window ? &count->report : NULL, count->window, ret_used);
	if (r < 0)
		return r;
	return r == CHAIN_FAULT || file->chain.split.rest ? -EBADMSG : 0;
}
