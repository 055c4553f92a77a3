/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of the watched files are one job: see watch.h. Each look makes the sets anew, from names alone:
 *
 *     files by folder -> groups_together() -> sets -> one that has a new or changed file: all of it grows, under a new uuid
 *
 * A file that is gone makes nothing new of a set that was submitted: who takes files away when they are counted does not ask for another
 * count of what is left.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/watch.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"

/* A file on its way into a set. */
struct placed {
	struct watch_file *file;
	size_t folder;  /* bytes of its path */
	uint32_t number; /* in its folder */
};

static size_t folder_bytes(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

static int folder_order(const struct placed *a, const struct placed *b)
{
	size_t n = a->folder < b->folder ? a->folder : b->folder;
	int order = memcmp(a->file->path, b->file->path, n);

	return order ? order : (a->folder > b->folder) - (a->folder < b->folder);
}

static int by_folder(const void *a, const void *b)
{
	int order = folder_order(a, b);

	return order ? order : strcmp(((const struct placed *)a)->file->path, ((const struct placed *)b)->file->path);
}

static int by_number(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : strcmp(x->file->path, y->file->path);
}

/* Numbers n files of one folder, and sorts them so. */
static int folder_number(struct placed *files, size_t n, enum merge_level level)
{
	_cleanup_(freep) const char **paths = calloc(n, sizeof *paths);
	_cleanup_(freep) uint32_t *numbers = calloc(n, sizeof *numbers);

	if (!paths || !numbers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		paths[i] = files[i].file->path;
	if (groups_together(paths, (uint32_t)n, level, numbers) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		files[i].number = numbers[i];
	qsort(files, n, sizeof *files, by_number);
	return 0;
}

/* Of one file it is what it was before there were sets. */
static int uuid_make(const struct watch_tree *tree, const struct watch_set *set)
{
	uint8_t digest[DIGEST_SIZE], all[DIGEST_SIZE + 3 * sizeof(uint64_t)];

	memcpy(digest, tree->way, sizeof digest);
	for (size_t i = 0; i < set->n; i++) {
		const struct watch_file *file = set->files[i];
		uint64_t numbers[] = {(uint64_t)file->st.st_size, (uint64_t)file->st.st_mtim.tv_sec, (uint64_t)file->st.st_mtim.tv_nsec};
		int r;

		memcpy(all, digest, sizeof digest);
		memcpy(all + sizeof digest, numbers, sizeof numbers);
		r = digest_sha256(all, sizeof all, file->path, strlen(file->path), digest);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < set->n; i++)
		memcpy(set->files[i]->uuid, digest, sizeof set->files[i]->uuid);
	return 0;
}

/* A set of those files that are there, if one of them is new. */
static int set_renew(const struct watch_tree *tree, struct watch_set *set)
{
	bool grows = false;
	size_t kept = 0;

	for (size_t i = 0; i < set->n; i++)
		grows = grows || (set->files[i]->state == WATCH_GROWS && (set->files[i]->seen || tree->partial));
	if (!grows)
		return 0;
	for (size_t i = 0; i < set->n; i++) {
		struct watch_file *file = set->files[i];

		if (file->state == WATCH_OPEN && !file->seen && !tree->partial) {
			file->state = WATCH_DONE; /* the next look drops it */
			continue;
		}
		file->state = WATCH_GROWS;
		set->files[kept++] = file;
	}
	set->n = kept;
	return uuid_make(tree, set);
}

static bool same_set(const struct placed *a, const struct placed *b)
{
	return folder_order(a, b) == 0 && a->number == b->number;
}

static int numbers_make(struct placed *files, size_t n, enum merge_level level)
{
	int r = 0;

	if (level == MERGE_NONE) { /* each alone, in the order of paths, as they are */
		for (size_t i = 0; i < n; i++)
			files[i].number = (uint32_t)i;
		return 0;
	}
	qsort(files, n, sizeof *files, by_folder);
	for (size_t i = 0, m; r == 0 && i < n; i += m) {
		for (m = 1; i + m < n && folder_order(&files[i], &files[i + m]) == 0;)
			m++;
		r = folder_number(&files[i], m, level);
	}
	return r;
}

int watch_sets_make(struct watch_tree *tree)
{
	_cleanup_(freep) struct placed *files = calloc(tree->n + 1, sizeof *files);
	struct watch_file **members = calloc(tree->n + 1, sizeof(struct watch_file *));
	struct watch_set *sets = calloc(tree->n + 1, sizeof *sets);
	int r = files && members && sets ? 0 : -ENOMEM;

	watch_sets_drop(tree);
	tree->members = members;
	tree->sets = sets;
	for (size_t i = 0; r == 0 && i < tree->n; i++)
		files[i] = (struct placed){.file = tree->files[i], .folder = folder_bytes(tree->files[i]->path)};
	if (r == 0)
		r = numbers_make(files, tree->n, tree->merge);
	for (size_t i = 0, m; r == 0 && i < tree->n; i += m) {
		struct watch_set *set = &tree->sets[tree->sets_n++];

		set->files = &members[i];
		for (m = 0; i + m < tree->n && same_set(&files[i], &files[i + m]); m++)
			set->files[set->n++] = files[i + m].file;
		r = set_renew(tree, set);
	}
	return r;
}

void watch_sets_drop(struct watch_tree *tree)
{
	free(tree->members);
	free(tree->sets);
	tree->members = NULL;
	tree->sets = NULL;
	tree->sets_n = 0;
}

bool watch_set_complete(const struct watch_tree *tree, const struct watch_set *set, uint64_t now_ms, uint64_t *ret_ms)
{
	bool complete = set->n > 0;

	*ret_ms = 0;
	for (size_t i = 0; i < set->n; i++) {
		uint64_t ms;

		if (watch_complete(tree, set->files[i], now_ms, &ms))
			continue;
		complete = false;
		*ret_ms = ms > *ret_ms ? ms : *ret_ms;
	}
	return complete;
}
