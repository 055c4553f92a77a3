/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of files: see groups.h.
 *
 *     paths -> name_parse -> x_1 and x_2 are a pair where both are there -> for each level: sorted by what its groups share
 *           -> each run of equal ones is a group -> names that are somebody else's are changed
 */
#include "lib/qc/groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define RENAMES_MAX 16

/* A file on its way into groups. */
struct named {
	struct name_parts parts;
	const char *path, *name; /* name: the last part of the path */
	uint32_t index;          /* of the paths */
	uint32_t grouped;        /* files of the largest group so far of which it is the first */
};

struct making {
	struct named *files;   /* by index */
	struct named **sorted; /* n of them */
	const char **names;    /* sorted */
	uint32_t n, room;      /* of the groups */
	struct groups *groups;
};

const char *merge_level_name(enum merge_level level)
{
	static const char *const names[_MERGE_LEVEL_MAX] = {"none", "lane", "sample", "all"};

	return level < _MERGE_LEVEL_MAX ? names[level] : "?";
}

/* ---- names */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct named *const *)a)->path, (*(struct named *const *)b)->path);
}

/* The name is all sample and ends in "_1" or "_2", or with a dot. */
static bool may_be_paired(const struct named *file)
{
	size_t n = strlen(file->parts.sample);

	return !file->parts.read[0] && n > 2 && n < NAME_SAMPLE_MAX - 1 && strncmp(file->name, file->parts.sample, n) == 0 &&
	       (file->parts.sample[n - 2] == '_' || file->parts.sample[n - 2] == '.') &&
	       (file->parts.sample[n - 1] == '1' || file->parts.sample[n - 1] == '2');
}

/* Whether the other read of the pair is there: the same path but for that digit. making->sorted is by path. */
static bool has_mate(const struct making *making, const struct named *file)
{
	size_t at = (size_t)(file->name - file->path) + strlen(file->parts.sample) - 1;
	_cleanup_(freep) char *path = strdup(file->path);
	struct named key = {.path = path}, *keyp = &key;

	if (!path)
		return false;
	path[at] = path[at] == '1' ? '2' : '1';
	return bsearch(&keyp, making->sorted, making->n, sizeof *making->sorted, by_path) != NULL;
}

/* "x_1" and "x_2" beside each other are a pair; one alone may be anything. */
static void pairs_find(struct making *making)
{
	qsort(making->sorted, making->n, sizeof *making->sorted, by_path);
	for (uint32_t i = 0; i < making->n; i++) { /* what is asked of a mate is its path alone */
		struct named *file = &making->files[i];
		size_t n = strlen(file->parts.sample);

		if (!may_be_paired(file) || !has_mate(making, file))
			continue;
		(void)snprintf(file->parts.read, sizeof file->parts.read, "R%c", file->parts.sample[n - 1]);
		file->parts.sample[n - 2] = '\0';
	}
}

/* ---- groups of a level */

static int by_name(const void *a, const void *b)
{
	const struct named *x = *(struct named *const *)a, *y = *(struct named *const *)b;
	int order = name_order(&x->parts, &y->parts);

	if (order == 0)
		order = strcmp(x->path, y->path);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* In which order the groups of a level lie; 0: the same group. */
static int level_order(enum merge_level level, const struct named *x, const struct named *y)
{
	struct name_parts a = x->parts, b = y->parts;
	int order = strcmp(a.read, b.read);

	a.set = b.set = 0;
	if (level == MERGE_ALL)
		return order;
	if (level == MERGE_SAMPLE)
		a.lane = b.lane = 0;
	return name_order(&a, &b);
}

static int by_lane(const void *a, const void *b)
{
	int order = level_order(MERGE_LANE, *(struct named *const *)a, *(struct named *const *)b);

	return order ? order : by_name(a, b);
}

static int by_sample(const void *a, const void *b)
{
	int order = level_order(MERGE_SAMPLE, *(struct named *const *)a, *(struct named *const *)b);

	return order ? order : by_name(a, b);
}

static int by_read(const void *a, const void *b)
{
	int order = level_order(MERGE_ALL, *(struct named *const *)a, *(struct named *const *)b);

	return order ? order : by_name(a, b);
}

static void group_name(struct group *group, const struct name_parts *parts)
{
	char lane[16] = "";

	if (group->level == MERGE_LANE && parts->lane)
		(void)snprintf(lane, sizeof lane, "_L%03u", parts->lane);
	(void)snprintf(group->name, sizeof group->name, "%s%s%s%s", group->level == MERGE_ALL ? "all" : parts->sample, lane,
	               parts->read[0] ? "_" : "", parts->read);
}

/* The files sorted[from, from + n). */
static int group_add(struct making *making, enum merge_level level, uint32_t from, uint32_t n)
{
	struct groups *groups = making->groups;
	struct group *group;

	if (n < 2 || making->sorted[from]->grouped == n)
		return 0;
	making->sorted[from]->grouped = n;
	if (groups->n == making->room) {
		uint32_t room = making->room ? 2 * making->room : 16;
		struct group *items = reallocarray(groups->items, room, sizeof *items);

		if (!items)
			return -ENOMEM;
		groups->items = items;
		making->room = room;
	}
	group = &groups->items[groups->n];
	*group = (struct group){.level = level, .n = n, .files = calloc(n, sizeof *group->files)};
	if (!group->files)
		return -ENOMEM;
	groups->n++;
	for (uint32_t i = 0; i < n; i++)
		group->files[i] = making->sorted[from + i]->index;
	group_name(group, &making->sorted[from]->parts);
	return 0;
}

static int level_make(struct making *making, enum merge_level level)
{
	static int (*const orders[])(const void *, const void *) = {NULL, by_lane, by_sample, by_read};
	int r = 0;

	qsort(making->sorted, making->n, sizeof *making->sorted, orders[level]);
	for (uint32_t i = 0, n; r == 0 && i < making->n; i += n) {
		for (n = 1; i + n < making->n && level_order(level, making->sorted[i], making->sorted[i + n]) == 0;)
			n++;
		r = group_add(making, level, i, n);
	}
	return r;
}

/* ---- names that are taken */

static bool name_is(const struct making *making, const char *name)
{
	return bsearch(&name, making->names, making->n, sizeof *making->names, by_text) != NULL;
}

/* Whether a file's name is this one, or begins with it and goes on with a dot. */
static bool file_has(const struct making *making, const char *name)
{
	char dotted[GROUP_NAME_MAX + 1];
	uint32_t low = 0, high = making->n;
	int n = snprintf(dotted, sizeof dotted, "%s.", name);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(making->names[middle], dotted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return name_is(making, name) || (low < making->n && strncmp(making->names[low], dotted, (size_t)n) == 0);
}

static int by_group_name(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

static void rename_group(struct group *group)
{
	size_t n = strlen(group->name), ending = strlen("_merged");

	n = n + ending < sizeof group->name ? n : sizeof group->name - ending - 1;
	(void)snprintf(group->name + n, sizeof group->name - n, "_merged");
}

/* Of two with one name the later one gets another. */
static int names_settle(struct making *making, struct error *err)
{
	struct groups *groups = making->groups;
	_cleanup_(freep) struct group **order = calloc(groups->n + 1, sizeof(struct group *));
	bool changed = true;

	if (!order)
		return error_oom(err);
	for (uint32_t i = 0; i < groups->n; i++)
		order[i] = &groups->items[i];
	for (int times = 0; changed && times < RENAMES_MAX; times++) {
		changed = false;
		qsort(order, groups->n, sizeof(struct group *), by_group_name);
		for (uint32_t i = 0; i < groups->n; i++) {
			if (!file_has(making, order[i]->name) && !(i > 0 && strcmp(order[i - 1]->name, order[i]->name) == 0))
				continue;
			rename_group(order[i]);
			changed = true;
		}
	}
	return changed ? error_set(err, -EINVAL, ERROR_USAGE, "the files' names leave no names for their groups") : 0;
}

/* ---- all of it */

/* Of a name that is of no known form nobody knows which read it is. */
static int reads_check(const struct making *making, struct error *err)
{
	for (uint32_t i = 0; i < making->n; i++) {
		const struct named *file = &making->files[i];

		if (!file->parts.read[0] && !file->parts.set)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "--merge all: the name of %s does not say which read of a pair it has, and reads of different kinds are "
			                 "never mixed; right is for instance NAME_R1.fastq.gz, or --merge sample",
			                 TEXT(file->path));
	}
	return 0;
}

static void parse(struct making *making, const char *const *paths)
{
	for (uint32_t i = 0; i < making->n; i++) {
		struct named *file = &making->files[i];
		const char *slash = strrchr(paths[i], '/');

		name_parse(paths[i], &file->parts);
		file->path = paths[i];
		file->name = slash ? slash + 1 : paths[i];
		file->index = i;
		making->names[i] = file->name;
		making->sorted[i] = file;
	}
	qsort(making->names, making->n, sizeof *making->names, by_text);
	pairs_find(making);
}

static int make(struct making *making, const char *const *paths, enum merge_level level, struct error *err)
{
	int r = 0;

	parse(making, paths);
	if (level == MERGE_ALL)
		r = reads_check(making, err);
	if (r < 0)
		return r;
	for (enum merge_level l = MERGE_LANE; r == 0 && l <= level; l++)
		r = level_make(making, l);
	return r < 0 ? error_oom(err) : names_settle(making, err);
}

int groups_make(const char *const *paths, uint32_t n, enum merge_level level, struct groups *ret, struct error *err)
{
	_cleanup_(freep) struct named *files = calloc(n + 1, sizeof *files);
	_cleanup_(freep) struct named **sorted = calloc(n + 1, sizeof(struct named *));
	_cleanup_(freep) const char **names = calloc(n + 1, sizeof *names);
	struct making making = {.files = files, .sorted = sorted, .names = names, .n = n, .groups = ret};
	int r;

	*ret = (struct groups){0};
	if (!files || !sorted || !names)
		return error_oom(err);
	if (level == MERGE_NONE)
		return 0;
	r = make(&making, paths, level, err);
	if (r < 0)
		groups_deinit(ret);
	return r;
}

void groups_deinit(struct groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++)
		free(groups->items[i].files);
	free(groups->items);
	*groups = (struct groups){0};
}

/* ---- jobs */

static int sample_order(const struct named *x, const struct named *y)
{
	struct name_parts a = x->parts, b = y->parts;

	a.read[0] = b.read[0] = '\0';
	a.lane = b.lane = a.set = b.set = 0;
	return name_order(&a, &b);
}

static int by_whole_sample(const void *a, const void *b)
{
	return sample_order(*(struct named *const *)a, *(struct named *const *)b);
}

int groups_together(const char *const *paths, uint32_t n, enum merge_level level, uint32_t *ret)
{
	_cleanup_(freep) struct named *files = calloc(n + 1, sizeof *files);
	_cleanup_(freep) struct named **sorted = calloc(n + 1, sizeof(struct named *));
	_cleanup_(freep) const char **names = calloc(n + 1, sizeof *names);
	struct making making = {.files = files, .sorted = sorted, .names = names, .n = n};
	uint32_t number = 0;

	if (!files || !sorted || !names)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = level == MERGE_NONE ? i : 0;
	if (level == MERGE_NONE || level == MERGE_ALL)
		return 0;
	parse(&making, paths);
	qsort(sorted, n, sizeof(struct named *), by_whole_sample);
	for (uint32_t i = 0; i < n; i++) {
		number += i > 0 && sample_order(sorted[i - 1], sorted[i]) != 0;
		ret[sorted[i]->index] = number;
	}
	return 0;
}
