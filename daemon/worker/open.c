/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening files beneath roots: see open.h. By openat2, which resolves the whole path beneath the root or refuses. */
#include "daemon/worker/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/text.h"

int roots_init(struct roots *roots, const struct conf_list *list, struct error *err)
{
	roots->list = list;
	roots->fds = malloc((list->n + 1) * sizeof *roots->fds);
	if (!roots->fds)
		return error_oom(err);
	for (size_t i = 0; i < list->n; i++)
		roots->fds[i] = -1;
	return 0;
}

void roots_deinit(struct roots *roots)
{
	for (size_t i = 0; roots->fds && i < roots->list->n; i++)
		if (roots->fds[i] >= 0)
			(void)close(roots->fds[i]);
	free(roots->fds);
	roots->fds = NULL;
}

/* What of the path lies beneath the root, or NULL. */
static const char *beneath(const char *root, const char *path)
{
	size_t n = strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	if (strncmp(path, root, n) != 0 || path[n] != '/')
		return NULL;
	while (path[n] == '/')
		n++;
	return path + n;
}

/* The root with the longest name that holds the path. */
static const char *root_find(const struct roots *roots, const char *path, size_t *ret_root)
{
	const char *best = NULL;

	for (size_t i = 0; i < roots->list->n; i++) {
		const char *rest = beneath(roots->list->items[i], path);

		if (!rest || !*rest || (best && rest <= best))
			continue;
		best = rest;
		*ret_root = i;
	}
	return best;
}

static int refuse(int code, const char *path, struct error *err)
{
	switch (code) {
	case ELOOP:
		return error_set(err, -code, ERROR_NO_INPUT,
		                 "%s cannot be opened: a symbolic link is part of the path; name the file itself", TEXT(path));
	case EXDEV:
		return error_set(err, -code, ERROR_NO_INPUT, "%s cannot be opened: the path leads out of its root", TEXT(path));
	case ENOSYS:
	case EPERM:
		return error_set(err, -code, ERROR_OS, "%s cannot be opened: openat2 is refused here (%s)", TEXT(path),
		                 strerror(code));
	default:
		return error_set(err, -code, error_class_of_errno(code), "%s cannot be opened: %s", TEXT(path), strerror(code));
	}
}

int roots_open(struct roots *roots, const char *path, int *ret_fd, struct error *err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	size_t root = 0;
	const char *rest = path[0] == '/' ? root_find(roots, path, &root) : NULL;
	struct stat st;
	int fd;

	if (!rest)
		return error_set(err, -EACCES, ERROR_NO_INPUT, "%s is not beneath a root of this node (option roots)", TEXT(path));
	if (roots->fds[root] < 0)
		roots->fds[root] = open(roots->list->items[root], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (roots->fds[root] < 0)
		return refuse(errno, path, err);
	fd = (int)syscall(SYS_openat2, roots->fds[root], rest, &how, sizeof how);
	if (fd < 0)
		return refuse(errno, path, err);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return error_set(err, -EISDIR, ERROR_NO_INPUT, "%s is %s, not a file", TEXT(path),
		                 S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
	}
	*ret_fd = fd;
	return 0;
}
