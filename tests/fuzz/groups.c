/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files belong together by their names (--merge), and where their results go. The first byte of the input is the level and how the
 * files are shuffled for a second look, the rest are paths, which end in zero bytes.
 *
 * Groups of a level are parts of the files that overlap with none of that level, of one read, and within one of the next level; files
 * alike (of the same sample, lane and read) are in one. Names are one part of a path and no two alike, nor is one that of a file; what the
 * groups are does not depend on the order of the files. Where the files of the results are accepted they are all different.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/group_names.h"
#include "ctl/output_run.h"
#include "lib/base/cleanup.h"
#include "lib/qc/groups.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 64

struct files {
	const char *paths[FILES_MAX];
	uint32_t n;
};

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- of one set of groups */

static void check_name(const struct groups *groups, uint32_t at, const struct files *files)
{
	const char *name = groups->items[at].name;
	size_t n = strlen(name);

	must(n > 0 && n < GROUP_NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	for (uint32_t i = 0; i < at; i++)
		must(strcmp(groups->items[i].name, name) != 0);
	for (uint32_t i = 0; i < files->n; i++) {
		const char *file = last_part(files->paths[i]);

		must(strncmp(file, name, n) != 0 || (file[n] != '\0' && file[n] != '.'));
	}
}

static bool has(const struct group *group, uint32_t file)
{
	for (uint32_t i = 0; i < group->n; i++)
		if (group->files[i] == file)
			return true;
	return false;
}

/* All of one read, each once; all with what the level shares (pairs "x_1" and "x_2" are found among all files: not of these). */
static void check_members(const struct group *group, const struct files *files)
{
	struct name_parts first, other;

	must(group->n >= 2 && group->level > MERGE_NONE && group->level < _MERGE_LEVEL_MAX);
	name_parse(files->paths[group->files[0]], &first);
	for (uint32_t i = 0; i < group->n; i++) {
		must(group->files[i] < files->n);
		for (uint32_t k = 0; k < i; k++)
			must(group->files[k] != group->files[i]);
		name_parse(files->paths[group->files[i]], &other);
		must(!first.read[0] || !other.read[0] || strcmp(first.read, other.read) == 0);
		if (group->level < MERGE_ALL && first.read[0] && other.read[0])
			must(strcmp(first.sample, other.sample) == 0);
		if (group->level == MERGE_LANE)
			must(first.lane == other.lane);
	}
}

/* Of one level: no file in common. Of two: one within the other, and larger than it, or none. */
static void check_pair(const struct group *a, const struct group *b)
{
	uint32_t common = 0;

	for (uint32_t i = 0; i < a->n; i++)
		common += has(b, a->files[i]);
	must(a->level <= b->level);
	if (a->level == b->level)
		must(common == 0);
	else
		must(common == 0 || (common == a->n && b->n > a->n));
}

/* Files whose names say the same but for the number of a set are in a group. */
static void check_alike(const struct groups *groups, const struct files *files, uint32_t i, uint32_t k)
{
	struct name_parts a, b;
	bool together = false;

	name_parse(files->paths[i], &a);
	name_parse(files->paths[k], &b);
	if (!a.read[0] || strcmp(a.read, b.read) != 0 || strcmp(a.sample, b.sample) != 0 || a.lane != b.lane)
		return;
	for (uint32_t g = 0; g < groups->n; g++)
		together = together || (has(&groups->items[g], i) && has(&groups->items[g], k));
	must(together);
}

static void check_groups(const struct groups *groups, const struct files *files, enum merge_level level)
{
	for (uint32_t i = 0; i < groups->n; i++) {
		must(groups->items[i].level <= level);
		check_members(&groups->items[i], files);
		check_name(groups, i, files);
		for (uint32_t k = i + 1; k < groups->n; k++)
			check_pair(&groups->items[i], &groups->items[k]);
	}
	for (uint32_t i = 0; i < files->n; i++)
		for (uint32_t k = i + 1; k < files->n; k++)
			check_alike(groups, files, i, k);
}

/* Files of one group are of one job. */
static void check_together(const struct groups *groups, const struct files *files, enum merge_level level)
{
	uint32_t jobs[FILES_MAX];

	must(groups_together(files->paths, files->n, level, jobs) == 0);
	for (uint32_t i = 0; i < files->n; i++)
		must(jobs[i] < files->n && (level != MERGE_ALL || jobs[i] == 0));
	for (uint32_t i = 0; i < groups->n; i++)
		for (uint32_t k = 1; k < groups->items[i].n; k++)
			must(jobs[groups->items[i].files[k]] == jobs[groups->items[i].files[0]]);
}

/* ---- of the files in another order */

static void check_same(const struct groups *a, const struct files *files, const struct groups *b, const struct files *others)
{
	must(a->n == b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct group *x = &a->items[i], *y = &b->items[i];

		must(strcmp(x->name, y->name) == 0 && x->level == y->level && x->n == y->n);
		for (uint32_t k = 0; k < x->n; k++)
			must(strcmp(files->paths[x->files[k]], others->paths[y->files[k]]) == 0);
	}
}

static void check_order(const struct groups *groups, const struct files *files, enum merge_level level, uint32_t seed)
{
	struct files shuffled = *files;
	struct groups again;
	struct error err;

	for (uint32_t i = shuffled.n; i > 1; i--) {
		uint32_t k;
		const char *path = shuffled.paths[i - 1];

		seed = seed * 1664525 + 1013904223;
		k = (seed >> 16) % i;
		shuffled.paths[i - 1] = shuffled.paths[k];
		shuffled.paths[k] = path;
	}
	must(groups_make(shuffled.paths, shuffled.n, level, &again, &err) == 0);
	check_same(groups, files, &again, &shuffled);
	groups_deinit(&again);
}

/* ---- results */

static bool climbs(const char *path)
{
	for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
		if (at[3] == '/' || at[3] == '\0')
			return true;
	return false;
}

/* Accepted means that no two results have one place; all are in the folder or below it. */
static void check_places(const struct files *files, enum merge_level level)
{
	char none[] = "", folder[] = "/tmp";
	struct output_options options = {.forms = OUTPUT_SET(OUTPUT_FASTQC) | OUTPUT_SET(OUTPUT_CSV), .file = none, .folder = folder};
	struct group_names names _cleanup_(group_names_deinit) = {0};
	struct output_run run _cleanup_(output_run_deinit);
	struct reporting reporting = {0};
	char *places[2 * FILES_MAX + 3 * FILES_MAX];
	size_t n = 0, all;
	struct error err;

	output_run_init(&run);
	options.run = &run;
	if (group_names_make(&names, files->paths, files->n, level, &err) < 0 ||
	    group_names_check(&names, &options, &reporting, files->paths, files->n, &err) < 0)
		return;
	all = files->n + names.groups.n;
	for (size_t i = 0; i < all; i++) {
		const char *path = i < files->n ? files->paths[i] : names.names[i - files->n];

		must(output_place(&options, COMPAT_0_12_1, OUTPUT_FASTQC, path, all, &places[n]) == 0);
		must(strncmp(places[n], "/tmp/", 5) == 0 && !climbs(places[n]));
		for (size_t k = 0; k < n; k++)
			must(strcmp(places[k], places[n]) != 0);
		n++;
	}
	while (n > 0)
		free(places[--n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	struct files files = {0};
	enum merge_level level;
	struct groups groups;
	struct error err = {0};

	if (!text || size < 2)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	level = (enum merge_level)(data[0] % _MERGE_LEVEL_MAX);
	for (const char *at = text + 1; at < text + size && files.n < FILES_MAX; at += strlen(at) + 1)
		files.paths[files.n++] = at;
	if (groups_make(files.paths, files.n, level, &groups, &err) < 0) {
		must_be_text(err.text, strlen(err.text));
		must(err.text[0] && err.class == ERROR_USAGE && groups.n == 0);
		return 0;
	}
	if (level != MERGE_NONE)
		check_groups(&groups, &files, level);
	must(level != MERGE_NONE || groups.n == 0);
	check_together(&groups, &files, level);
	check_order(&groups, &files, level, data[0]);
	groups_deinit(&groups);
	check_places(&files, level);
	return 0;
}
