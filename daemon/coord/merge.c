/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Merging: the packed counters of a file's slices, in order, into the packed counters of the file; or what lacks for that.
 * Integers only; the result's reads must be the chain's, or the file fails.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/qc/counters.h"

static int check_reads(const struct counters *total, const struct chain *chain, struct error *err)
{
	if (!(counters_modules(total) & COUNT_LENGTHS) || counters_reads(total) == chain->records)
		return 0;
	return error_set(err, -EBADMSG, ERROR_SOFTWARE, "the merged counters hold %llu reads, the seams %llu",
	                 (unsigned long long)counters_reads(total), (unsigned long long)chain->records);
}

/* The file's result; kept for later jobs too, where there is to be any room for that. */
static int result_save(struct server *server, const struct event *of, const void *packed, size_t n, struct error *err)
{
	const uint64_t job = of->merged.job;
	const uint32_t file = of->merged.file;
	struct kept_row row = {.records = of->merged.records, .bases = of->merged.bases, .bytes = n, .made_ms = clock_wall_ms()};
	uint8_t key[RESULT_KEY_SIZE];
	struct file_view view;
	int r;

	if (server->settings->cache_size == 0 || !coord_result_key(server->coord, job, file, NULL, key) ||
	    !coord_find_file(server->coord, job, file, &view))
		return store_save_result(server->store, job, file, packed, n, err);
	row.path = view.row->path;
	r = store_save_kept(server->store, job, file, key, &row, packed, err);
	if (r == 0 && way_cuts(view.row->way) && coord_content_key(server->coord, job, file, NULL, key))
		r = store_save_seek(server->store, job, file, key, view.row->slice_size, err);
	return r < 0 ? r : store_trim_kept(server->store, server->settings->cache_size, 0, err);
}

/* Nothing lacks: the result takes the place of the slices. */
static int finish(struct server *server, struct assembly *assembly, const struct chain *chain, struct event *ret)
{
	_cleanup_(counters_freep) struct counters *total = NULL;
	_cleanup_(freep) uint8_t *packed = NULL;
	struct error *err = &ret->merged.error;
	uint64_t job = ret->merged.job;
	uint32_t file = ret->merged.file;
	size_t n = 0;
	int r;

	r = assembly_result(assembly, &total, err);
	if (r == 0)
		r = check_reads(total, chain, err);
	if (r == 0 && counters_pack(total, &packed, &n) < 0)
		r = error_oom(err);
	if (r < 0)
		return r;
	ret->merged.records = chain->records;
	ret->merged.bases = counters_bases(total);
	r = result_save(server, ret, packed, n, err);
	if (r == 0)
		r = store_forget_slices(server->store, job, file, err);
	return r;
}

int merge_list(const struct again *again, size_t n, int field, struct event *ret)
{
	struct second *list = calloc(n, sizeof *list);

	if (!list)
		return error_oom(&ret->merged.error);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct second){
			.slice = again[i].slice,
			.modules = again[i].modules,
			.reads = again[i].reads,
			.qualities = again[i].qualities,
			.tile_field = field,
		};
	ret->merged.again = list;
	ret->merged.again_n = n;
	return 0;
}

static int merge(struct server *server, const struct chain *chain, struct event *ret)
{
	struct assembly *assembly;
	const struct again *again;
	size_t n = 0;
	int r;

	r = context_assemble(&server->contexts, server->store, server->coord, ret->merged.job, ret->merged.file, chain, &assembly,
	                     &ret->merged.again_done, &ret->merged.error);
	if (r < 0)
		return r;
	again = assembly_again(assembly, &n);
	if (n > 0)
		return merge_list(again, n, TILE_FIELD_UNKNOWN, ret);
	r = finish(server, assembly, chain, ret);
	context_drop(&server->contexts, ret->merged.job, ret->merged.file);
	return r;
}

void merge_failed(struct server *server, struct event *ret)
{
	struct error error;

	ret->merged.failed = true;
	if (store_failure(server->store, &error) == 0) /* otherwise the file is not to blame */
		log_event(LOG_ERR, &(struct log_about){.job = LOG_ID(ret->merged.job), .file = LOG_ID(ret->merged.file)},
		          "job %llu: %s", (unsigned long long)ret->merged.job, ret->merged.error.text);
}

struct merging {
	struct server *server;
	const struct chain *chain;
	struct event *ret;
};

static int merge_work(void *data, struct error *err)
{
	const struct merging *merging = data;

	(void)err; /* it is the event's */
	return merge(merging->server, merging->chain, merging->ret);
}

/* A file of one slice, whose counters have just come and are few: a thread would take longer than the work. */
static bool is_small(const struct server *server, uint64_t job, uint32_t file, const struct chain *chain)
{
	const struct stash *stash = &server->stash;

	return chain->n == 1 && stash->bytes && stash->job == job && stash->file == file && stash->n < LABOUR_BYTES;
}

void merge_file(struct server *server, uint64_t job, uint32_t file, const struct chain *chain, struct event *ret)
{
	struct merging merging = {.server = server, .chain = chain, .ret = ret};
	int r;

	*ret = (struct event){.kind = EVENT_MERGED};
	ret->merged.job = job;
	ret->merged.file = file;
	r = is_small(server, job, file, chain) ? merge_work(&merging, NULL) : labour(server, merge_work, &merging, NULL);
	if (r < 0)
		merge_failed(server, ret);
}

void merge_free(struct event *event)
{
	free((void *)event->merged.again);
	event->merged.again = NULL;
}
