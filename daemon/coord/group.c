/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of groups of files: see group.h. Memory: the counters of the group so far, and of one member. */
#include "daemon/coord/group.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/follow.h"

static const struct prior placed = {.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN};

static void assemblyp(struct assembly **assembly)
{
	assembly_free(*assembly);
}

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

static int result_unpack(struct store *store, const struct file_row *row, struct counters **ret, struct error *err)
{
	const void *bytes;
	size_t n;
	int r = store_result(store, row->job, row->file, &bytes, &n, err);

	if (r == STORE_NONE)
		r = error_set(err, -ENODATA, ERROR_SOFTWARE, "the result of %s is not in the database", TEXT(row->path));
	return r < 0 ? r : counters_unpack(bytes, n, ret, err);
}

static int member_take(struct store *store, const struct file_row *row, struct assembly *assembly, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	int r = result_unpack(store, row, &counters, err);

	if (r == 0 && assembly_n(assembly) > 0 && counters_follow(counters) < 0)
		r = error_set(err, -EINVAL, ERROR_SOFTWARE, "the counters of %s cannot follow another file's", TEXT(row->path));
	return r < 0 ? r : assembly_take(assembly, TAKE(counters), err);
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

int group_begin(struct store *store, const struct coord *coord, const struct job_row *job, const struct file_row *second, struct prior *ret,
                struct error *err)
{
	_cleanup_(assemblyp) struct assembly *assembly = NULL;
	const struct file_row *group = NULL, *row = NULL;
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
	r = row_of(coord, second->job, second->of, &group, err);
	if (r == 0)
		r = assembly_make(job, &assembly, err);
	for (uint32_t k = 0; r == 0 && !prior.tracked && k < group->of; k++) {
		r = member_row(coord, group, k, &row, err);
		if (r == 0)
			r = member_take(store, row, assembly, err);
		if (r == 0)
			assembly_prior(assembly, assembly_n(assembly), &prior);
	}
	if (r == 0 && !prior.tracked)
		r = error_set(err, -EINVAL, ERROR_SOFTWARE, "%s: its tracked sequences are not complete", TEXT(group->path));
	if (r == 0)
		ret->tracked = tracked_ref(prior.tracked);
	return r;
}

/* The second counts that are there, in order, up to the first that is not. */
static int seconds_patch(struct store *store, const struct coord *coord, const struct file_row *group, struct assembly *assembly,
                         struct error *err)
{
	size_t n;

	for (const struct again *again = assembly_again(assembly, &n); n > 0; again = assembly_again(assembly, &n)) {
		_cleanup_(counters_freep) struct counters *counters = NULL;
		const struct file_row *row = NULL;
		int r = row_of(coord, group->job, group->file + (uint32_t)again->slice, &row, err);

		if (r < 0)
			return r;
		if (row->state != JOB_COMPLETED || row->modules != again->modules)
			return 0;
		r = result_unpack(store, row, &counters, err);
		if (r == 0)
			r = assembly_patch(assembly, again->slice, counters, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int group_assemble(struct store *store, const struct coord *coord, const struct job_row *job, const struct file_row *group,
                   struct assembly **ret, uint64_t *ret_records, struct error *err)
{
	_cleanup_(assemblyp) struct assembly *assembly = NULL;
	const struct file_row *row = NULL;
	int r = assembly_make(job, &assembly, err);

	*ret_records = 0;
	for (uint32_t k = 0; r == 0 && k < group->of; k++) {
		r = member_row(coord, group, k, &row, err);
		if (r == 0)
			r = member_take(store, row, assembly, err);
		if (r == 0)
			*ret_records += row->records;
	}
	if (r == 0)
		r = seconds_patch(store, coord, group, assembly, err);
	if (r < 0) {
		error_prefix(err, "%s: ", TEXT(group->path));
		return r;
	}
	*ret = TAKE(assembly);
	return 0;
}

int group_forget(struct store *store, const struct file_row *group, struct error *err)
{
	int r = 0;

	for (uint32_t k = 1; r == 0 && k < group->of; k++)
		r = store_forget_result(store, group->job, group->file + k, err);
	return r;
}
