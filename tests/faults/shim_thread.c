/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No more threads than so many, for LD_PRELOAD: the first $FQ_THREADS of a process begin, and pthread_create() of later ones fails
 * with EAGAIN, as at the limit of a user's processes or of a cgroup's. Each that fails writes a byte to the file $FQ_REFUSED.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

typedef int create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *), void *data);

static atomic_long begun;

static int refuse(void)
{
	const char *path = getenv("FQ_REFUSED");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd >= 0 && (write(fd, ".", 1) != 1 || close(fd) < 0))
		abort();
	return EAGAIN;
}

__attribute__((visibility("default"))) int pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
	const char *most = getenv("FQ_THREADS");
	create *real = (create *)dlsym(RTLD_NEXT, "pthread_create");

	if (!real || (most && atomic_fetch_add(&begun, 1) >= strtol(most, NULL, 10)))
		return refuse();
	return real(ret, attributes, run, data);
}
