/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of files, counted here: see ctl/local/groups.h. */
#include "ctl/local/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/assembly.h"
#include "lib/qc/follow.h"

#define GROUPS_AT_ONCE 16

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

static int member_take(const struct local_groups *groups, const struct group *group, uint32_t k, struct assembly *assembly,
                       struct error *err)
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

/* A group at hand. */
struct assembling {
	const struct group *group;
	struct assembly *assembly;
	size_t again;       /* members to be counted a second time */
	struct error error; /* class NONE: none yet */
};

/* Groups that are counted at once, and what is counted again for them: group by group, members in order. */
struct groups_at_once {
	const struct local_groups *groups;
	const struct local_options *options;
	const struct local_groups_watch *watch;
	struct assembling items[GROUPS_AT_ONCE];
	size_t n;
	struct local_input *inputs;
	struct { size_t item; uint64_t member; } *of; /* by input */
	size_t inputs_n;
};

static void assembling_begin(const struct groups_at_once *batch, struct assembling *item)
{
	int r = 0;

	if (assembly_new_at(batch->options->modules, batch->options->rules, &placed, &item->assembly) < 0) {
		(void)error_oom(&item->error);
		return;
	}
	for (uint32_t k = 0; r == 0 && k < item->group->n; k++)
		r = member_take(batch->groups, item->group, k, item->assembly, &item->error);
	if (r == 0)
		(void)assembly_again(item->assembly, &item->again);
}

static int input_add(struct groups_at_once *batch, size_t i, const struct again *again)
{
	struct assembling *item = &batch->items[i];
	struct local_input *input = &batch->inputs[batch->inputs_n];

	*input = (struct local_input){.path = batch->groups->paths[item->group->files[again->slice]], .modules = again->modules};
	batch->of[batch->inputs_n].item = i;
	batch->of[batch->inputs_n].member = again->slice;
	batch->inputs_n++;
	if (assembly_again_prior(item->assembly, again, &input->begin) == 0)
		return 0;
	return error_set(&item->error, -EINVAL, ERROR_SOFTWARE, "%s: it is not known how to count it again", TEXT(input->path));
}

/* In the order of members, as the assembly wants it. */
static void second_done(void *data, size_t i, const struct local_result *result)
{
	const struct groups_at_once *batch = data;
	struct assembling *item = &((struct groups_at_once *)data)->items[batch->of[i].item];
	uint32_t file = item->group->files[batch->of[i].member];

	if (item->error.class != ERROR_NONE)
		return;
	if (result->error.class != ERROR_NONE)
		item->error = result->error;
	else if (!fingerprint_untouched(&result->facts.fingerprint, &batch->groups->members[file].print))
		(void)error_set(&item->error, -ESTALE, ERROR_DATA, "%s has changed since it was counted first",
		                TEXT(batch->groups->paths[file]));
	else
		(void)assembly_patch(item->assembly, batch->of[i].member, result->counters, &item->error);
	if (item->error.class != ERROR_NONE)
		error_prefix(&item->error, "%s: ", TEXT(item->group->name));
}

static void second_progress(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done)
{
	const struct groups_at_once *batch = data;

	batch->watch->progress(batch->watch->data, ended, bytes, bytes_done);
}

static int count_again(struct groups_at_once *batch, struct error *err)
{
	const struct local_watch watch = {.done = second_done, .progress = second_progress, .data = batch};
	size_t all = 0, n;

	for (size_t i = 0; i < batch->n; i++)
		all += batch->items[i].error.class == ERROR_NONE ? batch->items[i].again : 0;
	if (all == 0)
		return 0;
	batch->inputs = calloc(all, sizeof *batch->inputs);
	batch->of = calloc(all, sizeof *batch->of);
	if (!batch->inputs || !batch->of)
		return error_oom(err);
	for (size_t i = 0; i < batch->n; i++) {
		struct assembling *item = &batch->items[i];
		const struct again *again = item->error.class == ERROR_NONE ? assembly_again(item->assembly, &n) : NULL;

		for (size_t k = 0; again && k < n; k++)
			if (input_add(batch, i, &again[k]) < 0)
				return *err = item->error, -EINVAL;
	}
	return local_count_at(batch->inputs, batch->inputs_n, batch->options, &watch, err);
}

/* The groups of the batch, of which the first one is group `first`, are told. */
static void batch_tell(struct groups_at_once *batch, size_t first)
{
	for (size_t i = 0; i < batch->n; i++) {
		_cleanup_(counters_freep) struct counters *counters = NULL;
		struct assembling *item = &batch->items[i];

		if (item->error.class == ERROR_NONE)
			(void)assembly_result(item->assembly, &counters, &item->error);
		item->assembly = assembly_free(item->assembly);
		batch->watch->done(batch->watch->data, first + i, counters, item->again, &item->error);
	}
}

static void batch_deinit(struct groups_at_once *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		assembly_free(batch->items[i].assembly);
	free(batch->inputs);
	free(batch->of);
}

int local_groups_count(const struct local_groups *groups, const struct local_options *options, const struct local_groups_watch *watch,
                       struct error *err)
{
	int r = 0;

	for (size_t g = 0; r == 0 && g < groups->named.groups.n;) {
		struct groups_at_once batch _cleanup_(batch_deinit) = {.groups = groups, .options = options, .watch = watch};
		size_t first = g, again = 0;

		while (batch.n < GROUPS_AT_ONCE && g < groups->named.groups.n && (batch.n == 0 || again < options->threads)) {
			batch.items[batch.n].group = &groups->named.groups.items[g++];
			assembling_begin(&batch, &batch.items[batch.n]);
			again += batch.items[batch.n++].again;
		}
		r = count_again(&batch, err);
		if (r == 0)
			batch_tell(&batch, first);
	}
	return r;
}
