/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that fails, or is slow: loaded with LD_PRELOAD, it makes calls on files of one folder fail or wait. Which ones is told by a
 * file that may change while the process runs:
 *
 *     FQ_DISK_FOLDER=/state FQ_DISK_FAULTS=/tmp/faults LD_PRELOAD=.../shim_disk.so fqcoordd ...
 *
 *     CALL ERROR FROM TIMES NAME     a line a fault: from the FROM-th call on since the line was read (1: the next), TIMES times
 *                                    (0: for ever), on files whose names end in NAME (-: all)
 *
 * CALL is write (write, pwrite, fallocate), sync (fsync, fdatasync) or cut (ftruncate); ERROR is EIO, ENOSPC, or for how
 * many ms the call waits before it does what it should. FQ_DISK_MAGIC is what statfs() says of the folder's type, in hexadecimal.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define FAULTS_MAX 8

struct fault {
	char call[8], name[64];
	int error; /* 0: it waits */
	unsigned long wait_ms, from, times, seen;
};

/* The process's own: a library that is loaded has nowhere else to keep it. One thread writes the state folder. */
static struct {
	struct fault faults[FAULTS_MAX];
	unsigned n;
	struct timespec read;
	ino_t inode;
} shim;

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void read_faults(void)
{
	const char *path = getenv("FQ_DISK_FAULTS");
	char error[16];
	struct stat st;
	FILE *f;

	if (!path || stat(path, &st) < 0) {
		shim.n = 0;
		return;
	}
	if (st.st_ino == shim.inode && st.st_mtim.tv_sec == shim.read.tv_sec && st.st_mtim.tv_nsec == shim.read.tv_nsec)
		return;
	shim.inode = st.st_ino;
	shim.read = st.st_mtim;
	shim.n = 0;
	f = fopen(path, "re");
	while (f && shim.n < FAULTS_MAX) {
		struct fault *fault = &shim.faults[shim.n];

		*fault = (struct fault){0};
		if (fscanf(f, "%7s %15s %lu %lu %63s", fault->call, error, &fault->from, &fault->times, fault->name) != 5)
			break;
		fault->wait_ms = strtoul(error, NULL, 10);
		fault->error = fault->wait_ms > 0 ? 0 : strcmp(error, "ENOSPC") == 0 ? ENOSPC : EIO;
		shim.n++;
	}
	if (f)
		(void)fclose(f);
}

/* The name of a file of the folder, or NULL. */
static const char *name_of(int fd, char path[4096])
{
	const char *folder = getenv("FQ_DISK_FOLDER");
	size_t n = folder ? strlen(folder) : 0;
	char link[64];
	ssize_t k;

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	k = n > 0 ? readlink(link, path, 4095) : -1;
	if (k < 0)
		return NULL;
	path[k] = '\0';
	return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return strcmp(end, "-") == 0 || (n >= k && strcmp(name + n - k, end) == 0);
}

static void pause_ms(unsigned long ms)
{
	struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* Whether this call fails; errno says by what. */
static bool fails(int fd, const char *call)
{
	char path[4096];
	int saved = errno;
	const char *name = name_of(fd, path);

	if (name)
		read_faults();
	for (unsigned i = 0; name && i < shim.n; i++) {
		struct fault *fault = &shim.faults[i];

		if (strcmp(fault->call, call) != 0 || !ends_in(name, fault->name))
			continue;
		fault->seen++;
		if (fault->seen < fault->from || (fault->times > 0 && fault->seen >= fault->from + fault->times))
			continue;
		if (fault->error == 0)
			pause_ms(fault->wait_ms);
		errno = fault->error > 0 ? fault->error : saved;
		return fault->error > 0;
	}
	errno = saved;
	return false;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t (*call)(int, const void *, size_t) = real("write");

	return fails(fd, "write") ? -1 : call(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t (*call)(int, const void *, size_t, off_t) = real("pwrite");

	return fails(fd, "write") ? -1 : call(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	ssize_t (*call)(int, const void *, size_t, off64_t) = real("pwrite64");

	return fails(fd, "write") ? -1 : call(fd, bytes, n, at);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	int (*call)(int, int, off_t, off_t) = real("fallocate");

	return fails(fd, "write") ? -1 : call(fd, mode, at, n);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	int (*call)(int, int, off64_t, off64_t) = real("fallocate64");

	return fails(fd, "write") ? -1 : call(fd, mode, at, n);
}

int fsync(int fd)
{
	int (*call)(int) = real("fsync");

	return fails(fd, "sync") ? -1 : call(fd);
}

int fdatasync(int fd)
{
	int (*call)(int) = real("fdatasync");

	return fails(fd, "sync") ? -1 : call(fd);
}

int ftruncate(int fd, off_t n)
{
	int (*call)(int, off_t) = real("ftruncate");

	return fails(fd, "cut") ? -1 : call(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
	int (*call)(int, off64_t) = real("ftruncate64");

	return fails(fd, "cut") ? -1 : call(fd, n);
}

static bool is_folder(const char *path)
{
	const char *folder = getenv("FQ_DISK_FOLDER");

	return folder && getenv("FQ_DISK_MAGIC") && strcmp(path, folder) == 0;
}

int statfs(const char *path, struct statfs *ret)
{
	int (*call)(const char *, struct statfs *) = real("statfs");
	int r = call(path, ret);

	if (r == 0 && is_folder(path))
		ret->f_type = strtol(getenv("FQ_DISK_MAGIC"), NULL, 16);
	return r;
}

int statfs64(const char *path, struct statfs64 *ret)
{
	int (*call)(const char *, struct statfs64 *) = real("statfs64");
	int r = call(path, ret);

	if (r == 0 && is_folder(path))
		ret->f_type = strtol(getenv("FQ_DISK_MAGIC"), NULL, 16);
	return r;
}
