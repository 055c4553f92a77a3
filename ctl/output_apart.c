/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inputs of one name from different folders: see output_apart.h. */
#include "ctl/output_apart.h"

#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/output.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* Takes "." and ".." out of a path, so that no folder for results lies above the one that they are to go into. */
static void climbs_cut(char *path)
{
	char *end = path;

	for (const char *at = path; *at;) {
		size_t n = strcspn(at, "/"), slash = at[n] == '/'; /* bytes */

		if (n == 2 && memcmp(at, "..", 2) == 0) {
			end -= end > path && end[-1] == '/' && end - 1 > path; /* of the name before */
			while (end > path && end[-1] != '/')
				end--;
		} else if (!(n == 1 && *at == '.') && (n > 0 || at == path)) {
			memmove(end, at, n + slash);
			end += n + slash;
		}
		at += n + slash;
	}
	end -= end > path + 1 && end[-1] == '/';
	*end = '\0';
}

/* The path's folder in full; where it is not there (of another host's paths, which may be anything) as it is written. */
static char *folder_in_full(const char *path)
{
	_cleanup_(freep) char *copy = strdup(path);
	char *folder = copy ? dirname(copy) : NULL, *full = folder ? realpath(folder, NULL) : NULL;

	if (full || !folder)
		return full;
	climbs_cut(folder);
	return strdup(folder);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct apart_item *)a)->name, ((const struct apart_item *)b)->name);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct apart_item *)a)->path, ((const struct apart_item *)b)->path);
}

/* How far the folder goes as that one does, in whole names. */
static size_t shared_with(const char *a, const char *b, size_t n)
{
	size_t same = 0, names = 0;

	for (;; same++) {
		const bool a_ends = same == n || a[same] == '/' || a[same] == '\0', b_ends = b[same] == '/' || b[same] == '\0';

		if (a_ends && b_ends)
			names = same;
		if (same == n || a[same] == '\0' || a[same] != b[same])
			return names;
	}
}

/* The length of the folder that all of these lie below or in. */
static size_t shared(const struct apart_item *items, size_t n)
{
	size_t at = strlen(items[0].folder);

	for (size_t i = 1; i < n; i++)
		at = shared_with(items[0].folder, items[i].folder, at);
	return at;
}

static bool all_in_one(const struct apart_item *items, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(items[0].folder, items[i].folder) != 0)
			return false;
	return true;
}

static void items_part(struct apart_item *items, size_t n)
{
	size_t at = all_in_one(items, n) ? SIZE_MAX : shared(items, n);

	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(items[i].folder), below = at < length ? at : length;

		items[i].below = below + strspn(items[i].folder + below, "/");
	}
}

int output_apart_find(struct output_apart *apart, const char *const *paths, size_t n, enum compat compat)
{
	output_apart_deinit(apart);
	apart->items = calloc(n + 1, sizeof *apart->items);
	if (!apart->items)
		return -ENOMEM;
	for (; apart->n < n; apart->n++) {
		struct apart_item *item = &apart->items[apart->n];

		*item = (struct apart_item){.path = strdup(paths[apart->n]),
		                            .name = output_fastqc_name(paths[apart->n], compat),
		                            .folder = folder_in_full(paths[apart->n])};
		if (item->path && item->name && item->folder)
			continue;
		free(item->path);
		free(item->name);
		free(item->folder);
		return -ENOMEM;
	}
	qsort(apart->items, n, sizeof *apart->items, by_name);
	for (size_t i = 0, m; i < n; i += m) {
		for (m = 1; i + m < n && by_name(&apart->items[i], &apart->items[i + m]) == 0;)
			m++;
		items_part(apart->items + i, m);
	}
	qsort(apart->items, n, sizeof *apart->items, by_path);
	return 0;
}

void output_apart_deinit(struct output_apart *apart)
{
	for (size_t i = 0; i < apart->n; i++) {
		free(apart->items[i].path);
		free(apart->items[i].name);
		free(apart->items[i].folder);
	}
	free(apart->items);
	*apart = (struct output_apart){0};
}

const char *output_apart_of(const struct output_apart *apart, const char *path)
{
	const struct apart_item key = {.path = (char *)(uintptr_t)path}, *item = NULL; /* only read */

	if (apart->n > 0)
		item = bsearch(&key, apart->items, apart->n, sizeof key, by_path);
	return item ? item->folder + item->below : "";
}

int output_apart_make(const struct output_apart *apart, const char *folder, const char *path, struct error *err)
{
	const char *below = output_apart_of(apart, path);
	_cleanup_(freep) char *whole = NULL;

	if (!below[0])
		return 0;
	if (asprintf(&whole, "%s/%s", folder, below) < 0)
		return error_oom(err);
	for (char *at = whole + strlen(folder) + 1;; at++) {
		char was = *at;

		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(whole, 0777) < 0 && errno != EEXIST)
			return error_set(err, -errno, ERROR_CANT_CREATE, "the folder %s cannot be made: %s", TEXT(whole), strerror(errno));
		*at = was;
		if (was == '\0')
			return 0;
	}
}
