/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections of strangers, many of them:
 *
 *     flood half HOST PORT N [FROM]      N connections that begin a TLS handshake and say nothing more; one that is closed is made again
 *     flood connects HOST PORT N [FROM]  N new ones a second: each says what is no TLS and goes
 *
 * FROM is the address that they come from. Until it is killed; every 200 ms it prints how many were made, and are there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"

#define TELL_MS 200
#define STAY_MS 50 /* of one that goes */
#define MOST 20000

/* A TLS record of a handshake with 512 bytes, of which these are the first. */
static const char begun[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
static const char no_tls[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct flood {
	struct sockaddr_in to, from;
	bool half;
	unsigned long n;
	struct pollfd fds[MOST];
	uint64_t since[MOST];
	size_t open;
	unsigned long made;
};

static void make(struct flood *flood)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || flood->open == MOST) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&flood->from, sizeof flood->from) < 0 ||
	    (connect(fd, (struct sockaddr *)&flood->to, sizeof flood->to) < 0 && errno != EINPROGRESS)) {
		(void)close(fd);
		return;
	}
	flood->since[flood->open] = clock_monotonic_ms();
	flood->fds[flood->open++] = (struct pollfd){.fd = fd, .events = POLLOUT | POLLIN};
	flood->made++;
}

static void end(struct flood *flood, size_t i)
{
	struct linger reset = {.l_onoff = 1}; /* so that ports do not run out */

	(void)setsockopt(flood->fds[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	(void)close(flood->fds[i].fd);
	flood->fds[i] = flood->fds[--flood->open];
	flood->since[i] = flood->since[flood->open];
}

/* True: it is to end. */
static bool attend(const struct flood *flood, struct pollfd *at, uint64_t since)
{
	const char *text = flood->half ? begun : no_tls;
	char bytes[4096];

	if (at->revents & POLLIN && recv(at->fd, bytes, sizeof bytes, 0) <= 0 && errno != EAGAIN)
		return true;
	if (at->revents & (POLLERR | POLLHUP))
		return true;
	if (at->revents & POLLOUT) {
		at->events = POLLIN;
		if (send(at->fd, text, flood->half ? sizeof begun - 1 : sizeof no_tls - 1, MSG_NOSIGNAL) < 0)
			return true;
	}
	return !flood->half && clock_monotonic_ms() - since >= STAY_MS;
}

static void run(struct flood *flood)
{
	uint64_t begin = clock_monotonic_ms(), told = begin;

	for (;;) {
		uint64_t now = clock_monotonic_ms();
		unsigned long due = (unsigned long)((now - begin) * flood->n / 1000);

		for (int i = 0; i < 500 && (flood->half ? flood->open < flood->n : flood->made < due); i++)
			make(flood);
		(void)poll(flood->fds, flood->open, 2);
		for (size_t i = flood->open; i-- > 0;)
			if (attend(flood, &flood->fds[i], flood->since[i]))
				end(flood, i);
		if (now - told >= TELL_MS) {
			(void)printf("%lu %zu\n", flood->made, flood->open);
			(void)fflush(stdout);
			told = now;
		}
	}
}

int main(int argc, char **argv)
{
	static struct flood flood;
	struct rlimit limit;

	if (argc < 5)
		return 64;
	flood.half = strcmp(argv[1], "half") == 0;
	flood.n = strtoul(argv[4], NULL, 10);
	flood.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10))};
	flood.from = (struct sockaddr_in){.sin_family = AF_INET};
	if (inet_pton(AF_INET, argv[2], &flood.to.sin_addr) != 1 ||
	    (argc > 5 && inet_pton(AF_INET, argv[5], &flood.from.sin_addr) != 1))
		return 64;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	run(&flood);
}
