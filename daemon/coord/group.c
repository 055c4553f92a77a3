/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of groups of files: see group.h. A step has the counters of the group so far in memory, and of one member. */
#include "daemon/coord/group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/follow.h"

static const struct prior placed = {.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN};

#define KEYS_A_STEP 64 /* a digest each, and a walk to the member */

static int row_of(const struct coord *coord, uint64_t job, uint32_t file, const struct file_row **ret, struct error *err)
{
	struct file_view view;

	if (!coord_find_file(coord, job, file, &view))
		return error_set(err, -ENOENT, ERROR_SOFTWARE, "there is no file %" PRIu32 " of job %" PRIu64, file, job);
	*ret = view.row;
	return 0;
}

/* The row of member k. */
static int member_row(const struct coord *coord, const struct file_row *group, uint32_t k, const struct file_row **ret, struct error *err)
{
	uint32_t member = group->member;
	int r = 0;

	if (k > 0) {
		r = row_of(coord, group->job, group->file + k, ret, err);
		member = r == 0 ? (*ret)->member : 0;
	}
	return r < 0 ? r : row_of(coord, group->job, member, ret, err);
}

/* ---- which are there */

static void grouping_free(struct grouping *grouping)
{
	assembly_free(grouping->assembly);
	free(grouping);
}

static void remove_at(struct groupings *groupings, uint32_t i)
{
	grouping_free(groupings->items[i]);
	groupings->items[i] = groupings->items[--groupings->n];
}

void groupings_deinit(struct groupings *groupings)
{
	while (groupings->first)
		groupings_done(groupings);
	while (groupings->n > 0)
		remove_at(groupings, groupings->n - 1);
}

int groupings_want(struct groupings *groupings, uint64_t job, uint32_t file)
{
	struct group_wish *wish = calloc(1, sizeof *wish);

	if (!wish)
		return -ENOMEM;
	wish->job = job;
	wish->file = file;
	if (groupings->last)
		groupings->last->next = wish;
	else
		groupings->first = wish;
	groupings->last = wish;
	return 0;
}

void groupings_done(struct groupings *groupings)
{
	struct group_wish *wish = groupings->first;

	groupings->first = wish->next;
	if (!groupings->first)
		groupings->last = NULL;
	free(wish);
}

static struct grouping *find(struct groupings *groupings, uint64_t job, uint32_t file, uint32_t *ret_i)
{
	for (uint32_t i = 0; i < groupings->n; i++)
		if (groupings->items[i]->job == job && groupings->items[i]->file == file) {
			*ret_i = i;
			return groupings->items[i];
		}
	return NULL;
}

/* The one that was not asked for the longest goes, but not this one. False: there is no other. */
static bool remove_oldest(struct groupings *groupings, const struct grouping *but)
{
	uint32_t oldest = groupings->n;

	for (uint32_t i = 0; i < groupings->n; i++)
		if (groupings->items[i] != but && (oldest == groupings->n || groupings->items[i]->used < groupings->items[oldest]->used))
			oldest = i;
	if (oldest == groupings->n)
		return false;
	remove_at(groupings, oldest);
	return true;
}

struct grouping *grouping_of(struct groupings *groupings, uint64_t job, uint32_t file)
{
	uint32_t i;
	struct grouping *grouping = find(groupings, job, file, &i);

	if (!grouping) {
		grouping = calloc(1, sizeof *grouping);
		if (!grouping)
			return NULL;
		grouping->job = job;
		grouping->file = file;
		if (groupings->n == GROUPINGS_MAX)
			(void)remove_oldest(groupings, NULL); /* there is one */
		groupings->items[groupings->n++] = grouping;
	}
	grouping->used = ++groupings->uses;
	return grouping;
}

void grouping_drop(struct groupings *groupings, uint64_t job, uint32_t file)
{
	uint32_t i;

	if (find(groupings, job, file, &i))
		remove_at(groupings, i);
}

void groupings_drop_job(struct groupings *groupings, uint64_t job)
{
	for (uint32_t i = groupings->n; i-- > 0;)
		if (groupings->items[i]->job == job)
			remove_at(groupings, i);
}

/* Large counters of one group leave no room for those of others. */
static void make_room(struct groupings *groupings, struct grouping *grouping, size_t n)
{
	uint64_t all = 0;

	grouping->bytes = n > grouping->bytes ? n : grouping->bytes;
	for (uint32_t i = 0; i < groupings->n; i++)
		all += groupings->items[i]->bytes;
	while (groupings->bytes_max > 0 && all > groupings->bytes_max && remove_oldest(groupings, grouping)) {
		all = 0;
		for (uint32_t i = 0; i < groupings->n; i++)
			all += groupings->items[i]->bytes;
	}
}

/* ---- steps */

static int result_unpack(struct store *store, const struct file_row *row, struct counters **ret, size_t *ret_n, struct error *err)
{
	const void *bytes;
	int r = store_result(store, row->job, row->file, &bytes, ret_n, err);

	if (r == STORE_NONE)
		r = error_set(err, -ENODATA, ERROR_SOFTWARE, "the result of %s is not in the database", TEXT(row->path));
	return r < 0 ? r : counters_unpack(bytes, *ret_n, ret, err);
}

static int assembly_make(const struct job_row *job, struct assembly **ret, struct error *err)
{
	struct unpacker unpacker = {.at = job->rules, .end = job->rules + job->rules_n};
	struct count_rules rules;
	int r = 0;

	if (job->rules_n > 0)
		r = rules_unpack(&rules, &unpacker, err);
	else
		rules_default(&rules, COMPAT_0_12_1); /* none of its modules is counted by rules */
	return r < 0 ? r : assembly_new_at(job->modules, &rules, &placed, ret) < 0 ? error_oom(err) : 0;
}

static int begin(struct grouping *grouping, const struct coord *coord, struct error *err)
{
	const struct job_row *job = coord_find_row(coord, grouping->job);

	if (!job)
		return error_set(err, -ENOENT, ERROR_SOFTWARE, "there is no unfinished job %" PRIu64, grouping->job);
	return grouping->assembly ? 0 : assembly_make(job, &grouping->assembly, err);
}

/* The next member. After a failure the assembly is of no use. */
static int take(struct groupings *groupings, struct grouping *grouping, struct store *store, const struct coord *coord,
                const struct file_row *group, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const struct file_row *row = NULL;
	size_t n = 0;
	int r = begin(grouping, coord, err);

	if (r == 0)
		r = member_row(coord, group, grouping->taken, &row, err);
	if (r == 0)
		r = result_unpack(store, row, &counters, &n, err);
	if (r == 0 && grouping->taken > 0 && counters_follow(counters) < 0)
		r = error_set(err, -EINVAL, ERROR_SOFTWARE, "the counters of %s cannot follow another file's", TEXT(row->path));
	if (r == 0)
		r = assembly_take(grouping->assembly, TAKE(counters), err);
	if (r < 0)
		return r;
	make_room(groupings, grouping, n);
	grouping->taken++;
	grouping->records += row->records;
	return 0;
}

/* The next second count, if it is there: 1; otherwise 0. */
static int patch(struct grouping *grouping, struct store *store, const struct coord *coord, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const struct file_row *row = NULL;
	size_t n;
	const struct again *again = assembly_again(grouping->assembly, &n);
	int r;

	if (n == 0)
		return 0;
	r = row_of(coord, grouping->job, grouping->file + (uint32_t)again->slice, &row, err);
	if (r < 0 || row->state != JOB_COMPLETED || row->modules != again->modules)
		return r;
	r = result_unpack(store, row, &counters, &n, err);
	if (r == 0)
		r = assembly_patch(grouping->assembly, again->slice, counters, err);
	return r < 0 ? r : 1;
}

/* Some members more go into the key; once all are there it is looked for. */
static int look(struct grouping *grouping, struct store *store, const struct coord *coord, const struct file_row *group, struct error *err)
{
	int r;

	for (uint32_t i = 0; i < KEYS_A_STEP && !grouping->keyless && grouping->keyed < group->of; i++)
		if (coord_group_key(coord, grouping->job, grouping->file, grouping->keyed, false, grouping->key))
			grouping->keyed++;
		else
			grouping->keyless = true;
	if (!grouping->keyless && grouping->keyed < group->of)
		return 0;
	grouping->looked = true;
	if (grouping->keyless || group->again > 0 || coord_find_row(coord, grouping->job)->fresh)
		return 0;
	r = store_find_kept(store, grouping->key, &grouping->kept, err);
	grouping->kept.path = NULL;
	return r < 0 ? r : 0;
}

int group_step(struct groupings *groupings, struct grouping *grouping, struct store *store, const struct coord *coord, bool find,
               struct error *err)
{
	const struct file_row *group = NULL;
	int r = row_of(coord, grouping->job, grouping->file, &group, err);

	if (r < 0)
		return r;
	if (find && !grouping->looked) {
		r = look(grouping, store, coord, group, err);
		return r < 0 ? r : grouping->kept.id == 0;
	}
	if (grouping->taken < group->of) {
		r = take(groupings, grouping, store, coord, group, err);
		r = r < 0 ? r : 1;
	} else {
		r = patch(grouping, store, coord, err);
	}
	if (r < 0)
		error_prefix(err, "%s: ", TEXT(group->path));
	return r;
}

/* ---- second counts */

int group_begin(struct groupings *groupings, struct store *store, const struct coord *coord, const struct file_row *second,
                struct prior *ret, struct error *err)
{
	const struct file_row *group = NULL;
	struct grouping *grouping;
	struct prior prior = {0};
	int r;

	*ret = (struct prior){
		.known = true,
		.reads = second->before_reads,
		.qualities = second->before_qualities,
		.tile_field = second->tile_field,
	};
	if (!(second->modules & COUNT_SEQUENCES))
		return 0;
	grouping = grouping_of(groupings, second->job, second->of);
	if (!grouping)
		return error_oom(err);
	r = row_of(coord, second->job, second->of, &group, err);
	while (r == 0) {
		if (grouping->taken > 0)
			assembly_prior(grouping->assembly, assembly_n(grouping->assembly), &prior);
		if (prior.tracked || grouping->taken == group->of)
			break;
		r = take(groupings, grouping, store, coord, group, err);
	}
	if (r == 0 && !prior.tracked)
		r = error_set(err, -EINVAL, ERROR_SOFTWARE, "%s: its tracked sequences are not complete", TEXT(group->path));
	if (r < 0)
		grouping_drop(groupings, second->job, second->of);
	else
		ret->tracked = tracked_ref(prior.tracked);
	return r;
}

int group_forget(struct store *store, const struct file_row *group, struct error *err)
{
	int r = 0;

	for (uint32_t k = 1; r == 0 && k < group->of; k++)
		r = store_forget_result(store, group->job, group->file + k, err);
	return r;
}
