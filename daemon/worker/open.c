/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening files beneath the roots: see open.h. */
#include "daemon/worker/open.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"

/* The part of path below root, or NULL where it is not beneath it. "/" is a root like any other. */
static const char *below(const char *root, const char *path)
{
	size_t n = strlen(root);

	while (n > 0 && root[n - 1] == '/')
		n--;
	if (strncmp(root, path, n) != 0 || path[n] != '/')
		return NULL;
	path += n;
	path += strspn(path, "/");
	return *path ? path : NULL;
}

/* The longest root shorter than limit that path is beneath, or NULL. */
static const char *next_root(const struct conf_list *roots, const char *path, size_t limit)
{
	const char *best = NULL;

	for (size_t i = 0; i < roots->n; i++) {
		const char *root = roots->items[i];
		size_t n = strlen(root);

		if (n < limit && (!best || n > strlen(best)) && below(root, path))
			best = root;
	}
	return best;
}

static int outside(const struct conf_list *roots, const char *path, struct error *err)
{
	char names[512] = "";

	for (size_t i = 0; i < roots->n; i++) {
		size_t n = strlen(names);

		(void)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", roots->items[i]);
	}
	return error_set(err, -EACCES, ERROR_DENIED,
	                 "%s is not beneath the folders from which this worker reads: %s",
	                 TEXT(path), TEXT(names));
}

static int fail(int code, const char *root, const char *path, struct error *err)
{
	switch (code) {
	case ENOSYS:
		return error_set(err, -code, ERROR_OS,
		                 "%s cannot be opened safely: openat2 is refused here "
		                 "(RestrictSUIDSGID= of the service "
		                 "must be off, and Linux 5.6 or newer)",
		                 TEXT(path));
	case ELOOP:
		return error_set(err, -code, ERROR_DENIED,
		                 "%s is reached through a symbolic link below %s; the path without "
		                 "links is needed",
		                 TEXT(path), TEXT(root));
	case EXDEV:
		return error_set(err, -code, ERROR_DENIED, "%s leads out of %s", TEXT(path),
		                 TEXT(root));
	default:
		return error_set(err, -code, error_class_of_errno(code), "%s: %s", TEXT(path),
		                 strerror(code));
	}
}

/* A regular file, or a sentence. */
static int check_file(int fd, const char *path, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(err, -errno, error_class_of_errno(errno), "%s: %s", TEXT(path),
		                 strerror(errno));
	if (S_ISDIR(status.st_mode))
		return error_set(err, -EISDIR, ERROR_NO_INPUT, "%s is a directory, not a file",
		                 TEXT(path));
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, ERROR_NO_INPUT,
		                 "%s is not a regular file (a pipe, a device or a socket)",
		                 TEXT(path));
	return 0;
}

static int open_in(const char *root, const char *path, int *ret_fd, struct error *err)
{
	const struct open_how how = {
	    .flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_(closep) int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	int r;

	if (folder < 0)
		return error_set(err, -errno, error_class_of_errno(errno),
		                 "%s: the folder %s of this worker: %s", TEXT(path), TEXT(root),
		                 strerror(errno));
	fd = (int)syscall(SYS_openat2, folder, below(root, path), &how, sizeof how);
	if (fd < 0)
		return fail(errno, root, path, err);
	r = check_file(fd, path, err);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

int open_beneath(const struct conf_list *roots, const char *path, int *ret_fd, struct error *err)
{
	const char *root;
	int r = 0;

	assert(roots && path && ret_fd);
	root = path[0] == '/' ? next_root(roots, path, SIZE_MAX) : NULL;
	if (!root)
		return outside(roots, path, err);
	for (; root; root = next_root(roots, path, strlen(root))) {
		struct error why;
		int k = open_in(root, path, ret_fd, &why);

		if (k == 0)
			return 0;
		if (r == 0 && err)
			*err = why; /* what the longest root says is what matters */
		r = r == 0 ? k : r;
	}
	return r;
}
