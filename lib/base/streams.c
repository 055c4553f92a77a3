/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard streams: see streams.h. */
#include "lib/base/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void streams_hold(void)
{
	/* In their order, as open() takes the lowest number. Programs that are started get them too. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

bool stdout_excuse(struct error *err)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	if (!ferror(stdout) || poll(&out, 1, 0) != 1 || !(out.revents & POLLERR))
		return false;
	(void)error_set(err, -EPIPE, ERROR_CANT_CREATE, "%s", "");
	return true;
}

int stdout_finish(struct error *err)
{
	int code = fflush(stdout) != 0 ? errno : 0; /* the reason of an earlier failure went with it */

	if (code == 0 && !ferror(stdout))
		return 0;
	if (stdout_excuse(err))
		return -EPIPE;
	return error_set(err, -EIO, ERROR_CANT_CREATE, "standard output cannot be written%s%s", code > 0 ? ": " : "",
	                 code > 0 ? strerror(code) : "");
}
