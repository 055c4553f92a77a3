/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connected sockets to a coordinator: dial_tcp() and dial_unix() of dial.h. */
#include "lib/wire/dial.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/wire/stream.h"

#define CROWD_MS 5000
#define CROWD_PAUSE_MS 10

static void address_freep(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/* An address in figures first: it needs no lookup, which would load the system's name services. */
static int resolve(const char *host, uint16_t port, struct addrinfo **ret)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                         .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	char service[8];
	int r;

	(void)snprintf(service, sizeof service, "%u", port);
	r = getaddrinfo(host, service, &hints, ret);
	if (r != EAI_NONAME)
		return r;
	hints.ai_flags = AI_NUMERICSERV;
	return getaddrinfo(host, service, &hints, ret);
}

/* Waits for the end of connect(). 0 or negative errno. */
static int await(int fd, uint64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int code = 0, n;

	do {
		uint64_t now = clock_monotonic_ms();
		int left = deadline == 0 ? -1 : now >= deadline ? 0 : (int)(deadline - now);

		n = poll(&poll_fd, 1, left);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
		return -errno;
	return -code;
}

static int connect_one(const struct addrinfo *address, uint64_t deadline, int *ret_fd)
{
	_cleanup_(closep) int fd =
	    socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = stream_tune(fd);
	if (r < 0)
		return r;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? await(fd, deadline) : -errno;
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

/* The deadline of one of n addresses that are left: an equal part of the time that is left. */
static uint64_t deadline_of_one(uint64_t deadline, unsigned int n)
{
	uint64_t now = clock_monotonic_ms();

	return deadline == 0 ? 0 : now >= deadline ? deadline : now + (deadline - now) / n;
}

int dial_tcp(const char *host, uint16_t port, uint64_t timeout_ms, int *ret_fd, struct error *err)
{
	_cleanup_(address_freep) struct addrinfo *list = NULL;
	uint64_t deadline =
	    timeout_ms > 0 ? clock_monotonic_ms() + (timeout_ms < INT_MAX ? timeout_ms : INT_MAX) : 0;
	unsigned int n = 0;
	int r;

	assert(host && ret_fd);
	r = resolve(host, port, &list);
	if (r != 0)
		return error_set(err, -EADDRNOTAVAIL, ERROR_NO_HOST, "the host '%s' is unknown: %s",
		                 TEXT(host), r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	for (const struct addrinfo *address = list; address; address = address->ai_next)
		n++;
	r = -EADDRNOTAVAIL;
	for (const struct addrinfo *address = list; address; address = address->ai_next) {
		r = connect_one(address, deadline_of_one(deadline, n--), ret_fd);
		if (r == 0)
			return 0;
	}
	return error_set(err, r, ERROR_UNAVAILABLE, "cannot reach coordinator %s:%u: %s%s", TEXT(host), port, strerror(-r),
	                 r == -ECONNREFUSED ? "; nobody listens there: does fqcoordd run, and on this port?" : "");
}

int dial_again(int connected, int *ret_fd, struct error *err)
{
	struct sockaddr_storage address = {0};
	socklen_t n = sizeof address;
	_cleanup_(closep) int fd = -1;
	int r;

	if (getpeername(connected, (struct sockaddr *)&address, &n) < 0)
		return error_set(err, -errno, ERROR_UNAVAILABLE, "the coordinator is gone: %s", strerror(errno));
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r = fd < 0 ? -errno : stream_tune(fd);
	if (r == 0 && connect(fd, (const struct sockaddr *)&address, n) < 0 && errno != EINPROGRESS)
		r = -errno;
	if (r < 0)
		return error_set(err, r, ERROR_UNAVAILABLE, "cannot reach the coordinator once more: %s", strerror(-r));
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Where others are in a crowd (EAGAIN: nothing tells when there is room), their number goes down by itself. 0 or -1 with errno. */
static int connect_unix(int fd, const struct sockaddr_un *address)
{
	uint64_t end = clock_monotonic_ms() + CROWD_MS;
	int r;

	while ((r = connect(fd, (const struct sockaddr *)address, sizeof *address)) < 0 && errno == EAGAIN &&
	       clock_monotonic_ms() < end)
		(void)poll(NULL, 0, CROWD_PAUSE_MS);
	return r;
}

/* What to look for, where the system's word does not say it. */
static const char *unix_hint(int code)
{
	if (code == ECONNREFUSED)
		return "; nobody listens there: does fqcoordd run, and is this its socket?";
	return code == ENOENT ? "; a coordinator that runs has its socket there, in its state folder as ctl.sock unless it is told otherwise" : "";
}

int dial_unix(const char *path, int *ret_fd, struct error *err)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert(path && ret_fd);
	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, -ENAMETOOLONG, ERROR_USAGE,
		                 "the path of the socket %s has more than %zu bytes", TEXT(path),
		                 sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect_unix(fd, &address) < 0)
		return error_set(err, -errno, errno == EACCES ? ERROR_DENIED : ERROR_UNAVAILABLE,
		                 "cannot reach the coordinator at %s: %s%s", TEXT(path),
		                 strerror(errno), unix_hint(errno));
	*ret_fd = take_fd(&fd);
	return 0;
}
