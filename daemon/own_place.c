/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a daemon has for itself alone: see own_place.h. */
#include "daemon/own_place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

#define TRY_EVERY_NS 20000000

int own_place_socket(const char *what, const char *path, struct error *err)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0; /* whatever else is wrong with the path bind() tells */
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, -EEXIST, ERROR_CONFIG, "%s %s: its place is taken by something that is no socket", what, TEXT(path));
	if ((size_t)snprintf(at.sun_path, sizeof at.sun_path, "%s", path) >= sizeof at.sun_path)
		return 0;
	if (fd >= 0 && (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 || errno == EAGAIN))
		return error_set(err, -EADDRINUSE, ERROR_CONFIG, "another process listens on %s %s", what, TEXT(path));
	return 0;
}

int own_place_folder(const char *folder, int *ret_fd, struct error *err)
{
	_cleanup_(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct timespec pause = {.tv_nsec = TRY_EVERY_NS};
	uint64_t until = clock_monotonic_ms() + OWN_PLACE_WAIT_MS;

	*ret_fd = -1;
	if (fd < 0)
		return 0;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 0;
		if (clock_monotonic_ms() >= until)
			return error_set(err, -EBUSY, ERROR_CONFIG, "the state folder %s is another worker's, which runs: right is one worker for each "
			                 "state folder; systemctl status fqworkerd tells of the service's", TEXT(folder));
		(void)nanosleep(&pause, NULL);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}
