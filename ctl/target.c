/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a name for results leads: see target.h. */
#include "ctl/target.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define LINKS_MAX 40 /* as Linux follows them */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Links below /proc lead to open files, and not by the names that they show. */
static int kernel_link(struct target *target, bool *ret)
{
	_cleanup_(freep) char *copy = strdup(target->path), *folder = NULL;
	char own[sizeof "/proc//fd" + 3 * sizeof(pid_t)], *end;
	const char *name = last_part(target->path);
	unsigned long number;

	if (!copy)
		return -ENOMEM;
	folder = realpath(dirname(copy), NULL);
	*ret = folder && strncmp(folder, "/proc/", strlen("/proc/")) == 0;
	(void)snprintf(own, sizeof own, "/proc/%ld/fd", (long)getpid());
	if (!*ret || strcmp(folder, own) != 0)
		return 0;
	number = strtoul(name, &end, 10);
	if (name[0] >= '0' && name[0] <= '9' && *end == '\0' && number <= INT_MAX)
		target->descriptor = (int)number;
	return 0;
}

/*
 * In a folder where everybody may put links (/tmp) one of a stranger is not followed, as the kernel does not where it does that itself
 * (fs.protected_symlinks): otherwise he chooses which of our files is replaced.
 */
static bool is_strange(const char *path)
{
	_cleanup_(freep) char *copy = strdup(path);
	struct stat link, folder;

	if (!copy || lstat(path, &link) < 0 || stat(dirname(copy), &folder) < 0)
		return true;
	return (folder.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH) && link.st_uid != geteuid() && link.st_uid != folder.st_uid;
}

/* The path becomes that of the link. 1: it is none. */
static int link_follow(struct target *target)
{
	char link[PATH_MAX], *path;
	ssize_t n = readlink(target->path, link, sizeof link);
	int folder;

	if (n < 0)
		return 1;
	if ((size_t)n == sizeof link)
		return -ENAMETOOLONG;
	if (is_strange(target->path))
		return -EACCES;
	folder = link[0] == '/' ? 0 : (int)(last_part(target->path) - target->path);
	if (asprintf(&path, "%.*s%.*s", folder, target->path, (int)n, link) < 0)
		return -ENOMEM;
	free(target->path);
	target->path = path;
	return 0;
}

static int links_follow(struct target *target)
{
	for (unsigned i = 0; i <= LINKS_MAX; i++) {
		int r = kernel_link(target, &target->in_place);

		if (r < 0 || target->in_place)
			return r;
		r = link_follow(target);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return -ELOOP;
}

int target_find(const char *name, struct target *ret, struct error *err)
{
	struct stat st;
	int r;

	*ret = (struct target){.path = strdup(name), .descriptor = -1};
	r = ret->path ? links_follow(ret) : -ENOMEM;
	if (r < 0) {
		target_deinit(ret);
		return error_set(err, r, ERROR_CANT_CREATE, "%s cannot be written: %s", TEXT(name), strerror(-r));
	}
	if (stat(ret->path, &st) < 0)
		return 0;
	ret->folder = S_ISDIR(st.st_mode);
	ret->in_place = ret->in_place || !S_ISREG(st.st_mode);
	return 0;
}

void target_deinit(struct target *target)
{
	free(TAKE(target->path));
}
