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

#include "conf/roots.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define RACES_MAX 16 /* how often a name may be moved away under our hands before it is an error */

/* The part of path below root, or NULL where it is not beneath it. "/" is a root like any other. */
static const char *below(const struct root *root, const char *path)
{
	if (strncmp(root->site, path, root->site_n) != 0 || path[root->site_n] != '/')
		return NULL;
	path += root->site_n;
	path += strspn(path, "/");
	return *path ? path : NULL;
}

/* The root with the longest site path shorter than limit that path is beneath; false: there is none. */
static bool next_root(const struct conf_list *roots, const char *path, size_t limit, struct root *ret)
{
	bool found = false;

	for (size_t i = 0; i < roots->n; i++) {
		struct root root;

		if (root_parse(roots->items[i], &root, NULL) < 0)
			continue; /* the configuration was checked */
		if (root.site_n < limit && (!found || root.site_n > ret->site_n) && below(&root, path)) {
			*ret = root;
			found = true;
		}
	}
	return found;
}

static int outside(const struct conf_list *roots, const char *path, struct error *err)
{
	char names[512] = "";

	for (size_t i = 0; i < roots->n; i++) {
		size_t n = strlen(names);

		struct root root;

		if (root_parse(roots->items[i], &root, NULL) == 0)
			(void)snprintf(names + n, sizeof names - n, "%s%.*s", i ? ", " : "", root.site_n ? (int)root.site_n : 1,
			               root.site);
	}
	return error_set(err, -EACCES, ERROR_DENIED,
	                 "%s is not beneath the folders from which this worker reads: %s",
	                 TEXT(path), TEXT(names));
}

static int fail(int code, const struct root *root, const char *path, struct error *err)
{
	char site[512];

	(void)text_escape_bytes(site, sizeof site, root->site, root->site_n);
	switch (code) {
	case ENOSYS:
	case EPERM:
		return error_set(err, -code, ERROR_OS,
		                 "%s cannot be opened safely: openat2 is refused here (%s); it needs Linux 5.6, and of a service "
		                 "RestrictSUIDSGID=no and openat2 in SystemCallFilter=",
		                 TEXT(path), strerror(code));
	case ELOOP:
		return error_set(err, -code, ERROR_DENIED,
		                 root->links ? "%s goes through too many or magic links below %s/"
		                             : "%s is reached through a symbolic link below %s/; the path without "
		                               "links is needed",
		                 TEXT(path), site);
	case EXDEV:
		return error_set(err, -code, ERROR_DENIED, "%s leads out of %s/", TEXT(path), site);
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

static int open_root(const struct root *root, const char *path, int *ret_fd, struct error *err)
{
	char local[OPTION_TEXT_MAX + 1];
	int fd;

	(void)snprintf(local, sizeof local, "%.*s/", (int)root->local_n, root->local);
	fd = open(local, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, error_class_of_errno(errno), "%s: the folder %s of this worker: %s", TEXT(path),
		                 TEXT(local), strerror(errno));
	*ret_fd = fd;
	return 0;
}

int open_look_root(const struct conf_list *roots, const char *site, struct error *err)
{
	const size_t n = strcmp(site, "/") == 0 ? 0 : strlen(site);

	for (size_t i = 0; i < roots->n; i++) {
		_cleanup_(closep) int folder = -1, within = -1;
		struct root root;
		int r;

		if (root_parse(roots->items[i], &root, NULL) < 0 || root.site_n != n || strncmp(root.site, site, n) != 0)
			continue;
		r = open_root(&root, site, &folder, err);
		if (r < 0)
			return r;
		within = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (within < 0)
			return error_set(err, -errno, ERROR_NO_INPUT, "%s: the folder %.*s/ of this worker: %s", TEXT(site), (int)root.local_n,
			                 root.local, strerror(errno));
		return 0;
	}
	return 0;
}

static int open_in(const struct root *root, const char *path, int *ret_fd, struct error *err)
{
	const struct open_how how = {
	    .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (root->links ? 0 : O_NOFOLLOW),
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (root->links ? 0 : RESOLVE_NO_SYMLINKS),
	};
	_cleanup_(closep) int folder = -1, fd = -1;
	int r;

	r = open_root(root, path, &folder, err);
	if (r < 0)
		return r;
	for (int i = 0; i < RACES_MAX && (i == 0 || (fd < 0 && errno == EAGAIN)); i++)
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
	struct root root;
	bool found;
	int r = 0;

	assert(roots && path && ret_fd);
	found = path[0] == '/' && next_root(roots, path, SIZE_MAX, &root);
	if (!found)
		return outside(roots, path, err);
	for (; found; found = next_root(roots, path, root.site_n, &root)) {
		struct error why;
		int k = open_in(&root, path, ret_fd, &why);

		if (k == 0)
			return 0;
		if (r == 0 && err)
			*err = why; /* what the longest root says is what matters */
		r = r == 0 ? k : r;
	}
	return r;
}
