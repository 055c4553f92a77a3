/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work that may hang: see aside.h. */
#include "ctl/aside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/write.h"

/* All n bytes. */
static int receive(int fd, uint8_t *bytes, size_t n, uint64_t end)
{
	for (size_t at = 0; at < n;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_monotonic_ms();
		int r = poll(&wait, 1, now < end ? (int)(end - now) : 0);
		ssize_t got = 0;

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			got = read(fd, bytes + at, n - at);
		if (r > 0 && got <= 0)
			return got < 0 ? -errno : -EIO; /* it died */
		if (r <= 0 && clock_monotonic_ms() >= end)
			return -ETIMEDOUT;
		at += (size_t)got;
	}
	return 0;
}

int aside(void (*work)(const void *in, void *out), const void *in, void *out, size_t n, uint64_t limit_ms)
{
	_cleanup_(closep) int reads = -1, writes = -1;
	uint8_t got[ASIDE_MAX] = {0};
	int ends[2], r;
	pid_t pid;

	assert(n <= ASIDE_MAX);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	reads = ends[0];
	writes = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		work(in, got);
		_exit(write_all(writes, got, n) < 0);
	}
	closep(&writes);
	r = receive(reads, got, n, clock_monotonic_ms() + limit_ms);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* it is ours and not waited for: it exists */
	(void)waitpid(pid, NULL, r < 0 ? WNOHANG : 0); /* one that hangs over a disk may not end */
	if (r == 0)
		memcpy(out, got, n);
	return r;
}
