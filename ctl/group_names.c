/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of the results of groups: see group_names.h. */
#include "ctl/group_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/output_run.h"
#include "lib/base/cleanup.h"

char *group_place(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char *place;

	return asprintf(&place, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name) < 0 ? NULL : place;
}

int group_names_make(struct group_names *names, const char *const *paths, size_t n, enum merge_level level, struct error *err)
{
	int r;

	*names = (struct group_names){0};
	r = groups_make(paths, (uint32_t)n, level, &names->groups, err);
	if (r < 0)
		return r;
	names->names = calloc(names->groups.n + 1, sizeof *names->names);
	if (!names->names)
		return error_oom(err);
	for (uint32_t i = 0; i < names->groups.n; i++) {
		const struct group *group = &names->groups.items[i];

		names->names[i] = group_place(paths[group->files[0]], group->name);
		if (!names->names[i])
			return error_oom(err);
	}
	return 0;
}

void group_names_deinit(struct group_names *names)
{
	for (uint32_t i = 0; names->names && i < names->groups.n; i++)
		free(names->names[i]);
	free(names->names);
	groups_deinit(&names->groups);
	*names = (struct group_names){0};
}

int group_names_check(const struct group_names *names, const struct output_options *options, const struct reporting *reporting,
                      const char *const *paths, size_t n, struct error *err)
{
	size_t all_n = n + names->groups.n;
	_cleanup_(freep) const char **all = calloc(all_n + 1, sizeof *all);

	if (!all)
		return error_oom(err);
	for (size_t i = 0; i < all_n; i++)
		all[i] = i < n ? paths[i] : names->names[i - n];
	for (uint32_t i = 0; options->run && i < names->groups.n; i++)
		if (output_run_group(options->run, names->names[i], names->groups.items[i].n) < 0)
			return error_oom(err);
	return output_check(options, reporting, all, all_n, err);
}

char **group_names_rows(const struct group_names *names, char *const *paths, size_t n, size_t *ret_n)
{
	char **rows;
	size_t at = n;

	*ret_n = n;
	for (uint32_t i = 0; i < names->groups.n; i++)
		*ret_n += names->groups.items[i].n;
	rows = calloc(*ret_n + 1, sizeof *rows);
	if (!rows)
		return NULL;
	memcpy(rows, paths, n * sizeof *rows);
	for (uint32_t i = 0; i < names->groups.n; i++) {
		rows[at] = names->names[i];
		at += names->groups.items[i].n;
	}
	return rows;
}
