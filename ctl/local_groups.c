/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of files, counted here: see local_groups.h. */
#include "ctl/local_groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/assembly.h"
#include "lib/qc/follow.h"

static const struct prior placed = {.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN};

int local_groups_make(struct local_groups *groups, const char *const *paths, size_t n, enum merge_level level, struct error *err)
{
	int r;

	*groups = (struct local_groups){.paths = paths, .n = n};
	r = group_names_make(&groups->named, paths, n, level, err);
	if (r < 0)
		return r;
	groups->members = calloc(n + 1, sizeof *groups->members);
	if (!groups->members)
		return error_oom(err);
	for (uint32_t i = 0; i < groups->named.groups.n; i++)
		for (uint32_t k = 0; k < groups->named.groups.items[i].n; k++)
			groups->members[groups->named.groups.items[i].files[k]].grouped = true;
	return 0;
}

void local_groups_deinit(struct local_groups *groups)
{
	for (size_t i = 0; groups->members && i < groups->n; i++)
		free(groups->members[i].packed);
	free(groups->members);
	group_names_deinit(&groups->named);
	*groups = (struct local_groups){0};
}

int local_groups_keep(struct local_groups *groups, size_t i, const struct local_result *result, struct error *err)
{
	struct local_member *member = &groups->members[i];

	if (!member->grouped)
		return 0;
	member->print = result->facts.fingerprint;
	return counters_pack(result->counters, &member->packed, &member->n) < 0 ? error_oom(err) : 0;
}

/* ---- a group */

static int member_take(const struct local_groups *groups, const struct group *group, uint32_t k, struct assembly *assembly, struct error *err)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	const struct local_member *member = &groups->members[group->files[k]];
	int r;

	if (!member->packed)
		return error_set(err, -ENODATA, ERROR_DATA, "%s: there is no report of this group, since one of its files has failed: %s",
		                 TEXT(group->name), TEXT(groups->paths[group->files[k]]));
	r = counters_unpack(member->packed, member->n, &counters, err);
	if (r == 0 && k > 0 && counters_follow(counters) < 0)
		r = error_set(err, -EINVAL, ERROR_SOFTWARE, "the counters of %s cannot follow another file's",
		              TEXT(groups->paths[group->files[k]]));
	return r < 0 ? r : assembly_take(assembly, TAKE(counters), err);
}

/* What the callbacks of the second counts need. */
struct second_counts {
	const struct local_groups *groups;
	const struct group *group;
	const uint64_t *members; /* by input: which of the group */
	struct assembly *assembly;
	struct error *err;       /* the first one; class NONE: none yet */
	void (*progress)(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done);
	void *data;
};

/* In the order of members, as the assembly wants it. */
static void second_done(void *data, size_t i, const struct local_result *result)
{
	struct second_counts *seconds = data;
	uint32_t file = seconds->group->files[seconds->members[i]];

	if (seconds->err->class != ERROR_NONE)
		return;
	if (result->error.class != ERROR_NONE)
		*seconds->err = result->error;
	else if (!fingerprint_untouched(&result->facts.fingerprint, &seconds->groups->members[file].print))
		(void)error_set(seconds->err, -ESTALE, ERROR_DATA, "%s has changed since it was counted first",
		                TEXT(seconds->groups->paths[file]));
	else
		(void)assembly_patch(seconds->assembly, seconds->members[i], result->counters, seconds->err);
	if (seconds->err->class != ERROR_NONE)
		error_prefix(seconds->err, "%s: ", TEXT(seconds->group->name));
}

static void second_progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	const struct second_counts *seconds = data;

	seconds->progress(seconds->data, ended, bytes, bytes_done);
}

static int count_again(struct second_counts *seconds, const struct local_options *options, size_t n)
{
	_cleanup_(freep) struct local_input *inputs = calloc(n, sizeof *inputs);
	_cleanup_(freep) uint64_t *members = calloc(n, sizeof *members);
	struct local_watch watch = {
		.done = second_done, .progress = seconds->progress ? second_progress : NULL, .data = seconds};
	const struct again *again = assembly_again(seconds->assembly, &n);
	struct error error = {0};
	int r;

	if (!inputs || !members)
		return error_oom(seconds->err);
	for (size_t i = 0; i < n; i++) {
		members[i] = again[i].slice;
		inputs[i] = (struct local_input){.path = seconds->groups->paths[seconds->group->files[members[i]]], .modules = again[i].modules};
		if (assembly_again_prior(seconds->assembly, &again[i], &inputs[i].begin) < 0)
			return error_set(seconds->err, -EINVAL, ERROR_SOFTWARE, "%s: it is not known how to count it again", TEXT(inputs[i].path));
	}
	seconds->members = members;
	r = local_count_at(inputs, n, options, &watch, &error);
	if (r < 0) {
		*seconds->err = error;
		return r;
	}
	return seconds->err->class == ERROR_NONE ? 0 : -EBADMSG;
}

static void assemblyp(struct assembly **assembly)
{
	assembly_free(*assembly);
}

int local_groups_count(const struct local_groups *groups, size_t g, const struct local_options *options,
                       void (*progress)(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done), void *data,
                       struct counters **ret, size_t *ret_again, struct error *err)
{
	_cleanup_(assemblyp) struct assembly *assembly = NULL;
	const struct group *group = &groups->named.groups.items[g];
	struct second_counts seconds = {.groups = groups, .group = group, .err = err, .progress = progress, .data = data};
	int r = 0;

	*err = (struct error){0};
	if (assembly_new_at(options->modules, options->rules, &placed, &assembly) < 0)
		return error_oom(err);
	seconds.assembly = assembly;
	for (uint32_t k = 0; r == 0 && k < group->n; k++)
		r = member_take(groups, group, k, assembly, err);
	(void)assembly_again(assembly, ret_again);
	if (r == 0 && *ret_again > 0)
		r = count_again(&seconds, options, *ret_again);
	return r < 0 ? r : assembly_result(assembly, ret, err);
}
