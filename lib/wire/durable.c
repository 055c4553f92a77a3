/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small file written durably: see durable.h. */
#include "lib/wire/durable.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/base/write.h"

static int fail(const char *what, const char *path, struct error *err)
{
	int code = errno;

	return error_set(err, -code, ERROR_CANT_CREATE, "cannot %s %s: %s", what, TEXT(path),
	                 strerror(code));
}

static int make_folders(const char *path, struct error *err)
{
	char folder[PATH_MAX];

	if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder)
		return error_set(err, -ENAMETOOLONG, ERROR_CANT_CREATE, "the path %s is too long",
		                 TEXT(path));
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0700) < 0 && errno != EEXIST)
			return fail("make the folder", folder, err);
		*slash = '/';
	}
	return 0;
}

static int sync_folder(const char *path, struct error *err)
{
	char folder[PATH_MAX];
	_cleanup_(closep) int fd = -1;
	char *slash;

	/* Its length was checked by make_folders(). */
	(void)snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return fail("sync the folder of", path, err);
	return 0;
}

/* Gives the new file its name. link() does not replace, rename() does. */
static int name_it(const char *new, const char *path, bool replace, struct error *err)
{
	if (replace)
		return rename(new, path) < 0 ? fail("write", path, err) : 0;
	if (link(new, path) < 0)
		return errno == EEXIST ? 1 : fail("write", path, err);
	return 0;
}

int durable_write(const char *path, const void *bytes, size_t n, mode_t mode, bool replace,
                  struct error *err)
{
	char new[PATH_MAX];
	_cleanup_(closep) int fd = -1;
	int r;

	assert(path && (bytes || !n));
	r = make_folders(path, err);
	if (r < 0)
		return r;
	if ((size_t)snprintf(new, sizeof new, "%s.XXXXXX", path) >= sizeof new)
		return error_set(err, -ENAMETOOLONG, ERROR_CANT_CREATE, "the path %s is too long",
		                 TEXT(path));
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return fail("write", path, err);
	if (fchmod(fd, mode) < 0 || (errno = -write_all(fd, bytes, n)) != 0 || fsync(fd) < 0)
		r = fail("write", path, err);
	else
		r = name_it(new, path, replace, err);
	if (r != 0 || !replace)
		(void)unlink(new); /* what matters has its name by now, or failed */
	return r == 0 ? sync_folder(path, err) : r;
}

int durable_read(const char *path, size_t limit, char **ret_text, size_t *ret_n, struct error *err)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_(freep) char *text = NULL;
	struct stat st;
	size_t n = 0;
	ssize_t k = 0;

	assert(path && ret_text && ret_n);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, ERROR_CONFIG, "cannot read %s: %s", TEXT(path),
		                 strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, ERROR_CONFIG, "%s is not a regular file",
		                 TEXT(path));
	if (st.st_size < 0 || (uint64_t)st.st_size > limit)
		return error_set(err, -EFBIG, ERROR_CONFIG, "%s has more than %zu bytes",
		                 TEXT(path), limit);
	text = malloc(limit + 1);
	if (!text)
		return error_oom(err);
	while (n < limit && ((k = read(fd, text + n, limit - n)) > 0 || (k < 0 && errno == EINTR)))
		n += k > 0 ? (size_t)k : 0;
	if (k < 0)
		return error_set(err, -errno, ERROR_CONFIG, "cannot read %s: %s", TEXT(path),
		                 strerror(errno));
	text[n] = '\0';
	*ret_text = TAKE(text);
	*ret_n = n;
	return 0;
}
