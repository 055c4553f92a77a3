/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of the machine this process may use: see confines.h. All text here is the kernel's. */
#include "lib/base/confines.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define CPUS_FIRST 1024
#define CPUS_LAST (1 << 20)
#define FOLDER_MAX 4096
#define NO_LIMIT_V1 (UINT64_C(1) << 62) /* what v1 says for none is a bit less than 2^63 */

/* ---- cores */

uint64_t confines_cores(void)
{
	for (int n = CPUS_FIRST; n <= CPUS_LAST; n *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)n);
		size_t size = CPU_ALLOC_SIZE(n);
		int count = 0, r;

		if (!set)
			return 1;
		r = sched_getaffinity(0, size, set) < 0 ? errno : 0;
		if (r == 0)
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (r != EINVAL) /* that is: the machine has more */
			return count > 0 ? (uint64_t)count : 1;
	}
	return 1;
}

/* ---- one group's files */

struct group {
	char folder[FOLDER_MAX];
	bool v2;
};

/* The first line of a file in the group's folder. False: there is none. */
static bool read_line(const struct group *group, const char *name, char ret[64])
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[FOLDER_MAX + 32];

	(void)snprintf(path, sizeof path, "%s/%s", group->folder, name);
	file = fopen(path, "re");
	if (!file || !fgets(ret, 64, file))
		return false;
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

static uint64_t read_number(const struct group *group, const char *name)
{
	uint64_t number;
	char line[64];

	return read_line(group, name, line) && text_to_number(line, &number) == 0 ? number : 0; /* "max" and -1 are none */
}

static void least(uint64_t *limit, uint64_t other)
{
	if (other > 0 && (*limit == 0 || other < *limit))
		*limit = other;
}

static void take_memory(const struct group *group, struct confines *ret)
{
	uint64_t bytes = read_number(group, group->v2 ? "memory.max" : "memory.limit_in_bytes");

	if (bytes < NO_LIMIT_V1)
		least(&ret->memory, bytes);
}

static void take_quota(const struct group *group, struct confines *ret)
{
	uint64_t quota = 0, period = 0, product;
	char line[64], *blank;

	if (!group->v2) {
		quota = read_number(group, "cpu.cfs_quota_us");
		period = read_number(group, "cpu.cfs_period_us");
	} else if (read_line(group, "cpu.max", line) && (blank = strchr(line, ' '))) {
		*blank = '\0';
		if (text_to_number(line, &quota) < 0 || text_to_number(blank + 1, &period) < 0)
			return;
	}
	if (quota == 0 || period == 0 || __builtin_mul_overflow(quota, 1000, &product))
		return;
	product /= period;
	least(&ret->quota, product > 0 ? product : 1);
}

/* ---- the way up */

/* The group, and all those above it up to the mount point. */
static void climb(struct group *group, size_t top, void (*take)(const struct group *group, struct confines *ret), struct confines *ret)
{
	for (;;) {
		char *slash;

		take(group, ret);
		slash = strrchr(group->folder, '/');
		if (!slash || (size_t)(slash - group->folder) < top)
			return;
		*slash = '\0';
	}
}

/* A word of a list that is parted by commas. */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == '\0' || at[n] == '\n'))
			return true;
	return false;
}

/* Of which group of the hierarchy with this controller (v2: NULL) the process is. */
static bool own_group(const char *root, const char *controller, char ret[FOLDER_MAX])
{
	_cleanup_(fclosep) FILE *file = NULL;
	char line[FOLDER_MAX + 256];

	(void)snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof line, file)) { /* NUMBER:CONTROLLERS:PATH */
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*controllers++ = '\0';
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (path[0] != '/' || strlen(path) >= FOLDER_MAX ||
		    (controller ? !has_word(controllers, controller) : controllers[0] != '\0' || strcmp(line, "0") != 0))
			continue;
		(void)snprintf(ret, FOLDER_MAX, "%s", path);
		return true;
	}
	return false;
}

/* What the kernel tells of a mount: ... ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS */
struct mounted {
	const char *root, *point, *type, *options;
};

static bool mount_parse(char *line, struct mounted *ret)
{
	char *rest = strstr(line, " - "), *save = NULL;

	if (!rest)
		return false;
	*rest = '\0';
	for (int i = 0; i < 3; i++) /* numbers */
		if (!strtok_r(i == 0 ? line : NULL, " ", &save))
			return false;
	ret->root = strtok_r(NULL, " ", &save);
	ret->point = strtok_r(NULL, " ", &save);
	ret->type = strtok_r(rest + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	ret->options = strtok_r(NULL, " \n", &save);
	return ret->root && ret->point && ret->type && ret->options;
}

/*
 * The group's folder below the mount point. A container may see only a part of the tree, and the path of its group as the host names it:
 * where the two have nothing in common its own group is the mount point. False: it does not fit.
 */
static bool folder_of(const char *root, const struct mounted *mount, const char *path, struct group *ret, size_t *ret_top)
{
	size_t n = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	int top = snprintf(ret->folder, sizeof ret->folder, "%s%s", root, mount->point), all;

	if (strncmp(path, mount->root, n) != 0 || (path[n] != '/' && path[n] != '\0') || strstr(path, "/.."))
		path = "";
	else
		path += n;
	if (strcmp(path, "/") == 0)
		path = "";
	if (top < 0 || (size_t)top >= sizeof ret->folder)
		return false;
	all = snprintf(ret->folder + top, sizeof ret->folder - (size_t)top, "%s", path);
	*ret_top = (size_t)top;
	return all >= 0 && (size_t)(top + all) < sizeof ret->folder;
}

static void take_tree(const char *root, const struct mounted *mount, const char *controller, struct confines *ret)
{
	struct group group = {.v2 = strcmp(mount->type, "cgroup2") == 0};
	char path[FOLDER_MAX];
	size_t top;

	if (!group.v2 && (strcmp(mount->type, "cgroup") != 0 || !has_word(mount->options, controller)))
		return;
	if (own_group(root, group.v2 ? NULL : controller, path) && folder_of(root, mount, path, &group, &top))
		climb(&group, top, strcmp(controller, "memory") == 0 ? take_memory : take_quota, ret);
}

void confines_read(const char *root, struct confines *ret)
{
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *line = NULL;
	char path[FOLDER_MAX];
	size_t room = 0;

	*ret = (struct confines){.cores = confines_cores()};
	(void)snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0) {
		struct mounted mount;

		if (!mount_parse(line, &mount))
			continue;
		take_tree(root, &mount, "memory", ret);
		take_tree(root, &mount, "cpu", ret);
	}
}
