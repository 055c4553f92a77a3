/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bad network between a worker or client and its coordinator: a TCP proxy that delays, throttles, cuts and corrupts.
 *
 *     fqproxy LISTEN:PORT TARGET:PORT [SEED]       IPv4 addresses; port 0 takes any
 *
 * Prints the address it listens on, and then does what lines on its standard input say, until that ends:
 *     delay MS [JITTER]  each piece comes MS +- JITTER later, in order     rate BYTES   a second, each way; 0: no limit
 *     rst N, half N, flip N   a piece (of up to 4 KiB) in N of 10000: resets its connection, ends its direction, loses a bit
 *     pause, go          nothing moves, and goes on                        cut          resets all that is connected
 *     clear              no faults from now on                             stat         "CONNECTIONS RSTS HALVES FLIPS OPEN"
 *
 * The same seed and the same bytes meet the same faults. A direction holds at most WAY_MAX bytes: then it reads no more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"

#define PIECE 4096
#define WAY_MAX (256u << 10)
#define LINKS_MAX 256 /* two sockets each, and poll() takes no more than the usual limit of 1024 descriptors */
#define PARTS 10000

struct piece {
	struct piece *next;
	uint64_t due_ms;
	size_t n, at;
	uint8_t bytes[PIECE];
};

/* From one socket to the other. */
struct way {
	struct piece *first, *last;
	size_t queued;
	uint64_t due_ms; /* of the last piece */
	uint64_t free_ms; /* when the rate lets the next piece go */
	bool ended;      /* nothing more is read */
	bool shut;       /* and the other side knows it */
};

struct link {
	int fds[2]; /* who dialled, and the target; -1, -1: free */
	bool connected;
	struct way ways[2]; /* from fds[i] to fds[!i] */
};

struct proxy {
	int listener;
	struct sockaddr_in target;
	uint64_t random;
	uint64_t delay_ms, jitter_ms, rate, rst, half, flip;
	bool paused;
	uint64_t connections, rsts, halves, flips;
	struct link links[LINKS_MAX];
	struct pollfd polls[2 + 2 * LINKS_MAX];
};

static void die(const char *what) __attribute__((noreturn));
static void die(const char *what)
{
	(void)fprintf(stderr, "fqproxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* splitmix64 */
static uint64_t draw(struct proxy *proxy, uint64_t below)
{
	uint64_t z = proxy->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return below ? (z ^ (z >> 31)) % below : 0;
}

/* ---- links */

static void link_free(struct link *link, bool reset)
{
	const struct linger now = {.l_onoff = 1};

	for (int i = 0; i < 2; i++) {
		struct piece *piece = link->ways[i].first;

		while (piece) {
			struct piece *next = piece->next;

			free(piece);
			piece = next;
		}
		if (reset)
			(void)setsockopt(link->fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
		(void)close(link->fds[i]);
	}
	*link = (struct link){.fds = {-1, -1}};
}

static void tune(int fd)
{
	int on = 1;

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void link_new(struct proxy *proxy)
{
	int fd = accept(proxy->listener, NULL, NULL), there = socket(AF_INET, SOCK_STREAM, 0);
	struct link *link = NULL;

	for (int i = 0; i < LINKS_MAX && !link; i++)
		if (proxy->links[i].fds[0] < 0)
			link = &proxy->links[i];
	if (fd < 0 || there < 0 || !link) {
		(void)close(fd);
		(void)close(there);
		return;
	}
	tune(fd);
	tune(there);
	*link = (struct link){.fds = {fd, there}};
	proxy->connections++;
	if (connect(there, (struct sockaddr *)&proxy->target, sizeof proxy->target) < 0 && errno != EINPROGRESS)
		link_free(link, true);
}

/* ---- pieces */

static void way_end(struct way *way, int to)
{
	if (way->ended && !way->first && !way->shut) {
		(void)shutdown(to, SHUT_WR);
		way->shut = true;
	}
}

/* Faults of a piece that has been read. False: the link is gone. */
static bool piece_strike(struct proxy *proxy, struct link *link, struct way *way, struct piece *piece)
{
	if (draw(proxy, PARTS) < proxy->rst) {
		proxy->rsts++;
		free(piece);
		link_free(link, true);
		return false;
	}
	if (draw(proxy, PARTS) < proxy->half) {
		proxy->halves++;
		way->ended = true;
	}
	if (draw(proxy, PARTS) < proxy->flip) {
		proxy->flips++;
		piece->bytes[draw(proxy, piece->n)] ^= (uint8_t)(1u << draw(proxy, 8));
	}
	return true;
}

static void piece_queue(struct proxy *proxy, struct way *way, struct piece *piece)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t due = now + proxy->delay_ms + draw(proxy, 2 * proxy->jitter_ms + 1);

	due = due > now + proxy->jitter_ms ? due - proxy->jitter_ms : now;
	if (proxy->rate) {
		way->free_ms = (way->free_ms > now ? way->free_ms : now) + piece->n * 1000 / proxy->rate;
		due = due > way->free_ms ? due : way->free_ms;
	}
	piece->due_ms = way->due_ms = due > way->due_ms ? due : way->due_ms;
	if (way->last)
		way->last->next = piece;
	else
		way->first = piece;
	way->last = piece;
	way->queued += piece->n;
}

/* False: the link is gone. */
static bool way_read(struct proxy *proxy, struct link *link, int i)
{
	struct way *way = &link->ways[i];
	struct piece *piece = calloc(1, sizeof *piece);
	ssize_t n;

	if (!piece)
		die("calloc");
	n = read(link->fds[i], piece->bytes, sizeof piece->bytes);
	if (n <= 0) {
		bool broken = n < 0 && errno != EAGAIN;

		free(piece);
		if (broken)
			link_free(link, true);
		else
			way->ended = way->ended || n == 0;
		return !broken;
	}
	piece->n = (size_t)n;
	if (!piece_strike(proxy, link, way, piece))
		return false;
	piece_queue(proxy, way, piece);
	return true;
}

static bool way_write(struct link *link, int i)
{
	struct way *way = &link->ways[i];
	struct piece *piece = way->first;
	ssize_t n = send(link->fds[!i], piece->bytes + piece->at, piece->n - piece->at, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno == EAGAIN)
			return true;
		link_free(link, true);
		return false;
	}
	piece->at += (size_t)n;
	way->queued -= (size_t)n;
	if (piece->at == piece->n) {
		way->first = piece->next;
		if (!way->first)
			way->last = NULL;
		free(piece);
	}
	return true;
}

/* ---- commands */

static int links_open(const struct proxy *proxy)
{
	int n = 0;

	for (int i = 0; i < LINKS_MAX; i++)
		n += proxy->links[i].fds[0] >= 0;
	return n;
}

static void obey(struct proxy *proxy, const char *line)
{
	uint64_t a = 0, b = 0;
	char word[16] = "";

	if (sscanf(line, "%15s %" SCNu64 " %" SCNu64, word, &a, &b) < 1)
		return;
	if (strcmp(word, "delay") == 0) {
		proxy->delay_ms = a;
		proxy->jitter_ms = b < a ? b : a;
	} else if (strcmp(word, "rate") == 0) {
		proxy->rate = a;
	} else if (strcmp(word, "rst") == 0) {
		proxy->rst = a;
	} else if (strcmp(word, "half") == 0) {
		proxy->half = a;
	} else if (strcmp(word, "flip") == 0) {
		proxy->flip = a;
	} else if (strcmp(word, "pause") == 0 || strcmp(word, "go") == 0) {
		proxy->paused = word[0] == 'p';
	} else if (strcmp(word, "clear") == 0) {
		proxy->delay_ms = proxy->jitter_ms = proxy->rate = proxy->rst = proxy->half = proxy->flip = 0;
		proxy->paused = false;
	} else if (strcmp(word, "cut") == 0) {
		for (int i = 0; i < LINKS_MAX; i++)
			if (proxy->links[i].fds[0] >= 0)
				link_free(&proxy->links[i], true);
	} else if (strcmp(word, "stat") == 0) {
		(void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n", proxy->connections, proxy->rsts,
		             proxy->halves, proxy->flips, links_open(proxy));
	} else {
		(void)fprintf(stderr, "fqproxy: no such command: %s\n", line);
	}
}

/* A line comes whole: who writes it writes less than a pipe takes at a time. */
static void commands_read(struct proxy *proxy)
{
	char text[4096], *rest = text, *line;
	ssize_t n = read(STDIN_FILENO, text, sizeof text - 1);

	if (n <= 0)
		exit(0);
	text[n] = '\0';
	while ((line = strsep(&rest, "\n")))
		obey(proxy, line);
}

/* ---- the loop */

static short events_of(const struct proxy *proxy, const struct link *link, int i, uint64_t now, uint64_t *wake_ms)
{
	const struct way *in = &link->ways[i], *out = &link->ways[!i];
	short events = 0;

	if (proxy->paused)
		return 0;
	if (i == 1 && !link->connected)
		return POLLOUT;
	if (!in->ended && in->queued < WAY_MAX)
		events |= POLLIN;
	if (out->first && out->first->due_ms <= now)
		events |= POLLOUT;
	else if (out->first && out->first->due_ms < *wake_ms)
		*wake_ms = out->first->due_ms;
	return events;
}

/* What poll() said of one link. */
static void link_run(struct proxy *proxy, struct link *link, const struct pollfd polls[2])
{
	for (int i = 0; i < 2; i++) {
		if (i == 1 && !link->connected && polls[1].revents) {
			link->connected = true; /* or not: then reading tells */
			continue;
		}
		if ((polls[i].revents & POLLOUT) && link->ways[!i].first && !way_write(link, !i))
			return;
		if ((polls[i].events & POLLIN) && (polls[i].revents & (POLLIN | POLLHUP | POLLERR)) && !way_read(proxy, link, i))
			return;
		if (!(polls[i].events & POLLIN) && (polls[i].revents & POLLERR)) {
			link_free(link, true);
			return;
		}
	}
	way_end(&link->ways[0], link->fds[1]);
	way_end(&link->ways[1], link->fds[0]);
	if (link->ways[0].shut && link->ways[1].shut)
		link_free(link, false);
}

static void turn(struct proxy *proxy)
{
	uint64_t now = clock_monotonic_ms(), wake = now + 1000;
	struct pollfd *polls = proxy->polls;

	polls[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	polls[1] = (struct pollfd){.fd = proxy->listener, .events = proxy->paused ? 0 : POLLIN};
	for (int i = 0; i < LINKS_MAX; i++)
		for (int k = 0; k < 2; k++) {
			const struct link *link = &proxy->links[i];
			short events = link->fds[0] < 0 ? 0 : events_of(proxy, link, k, now, &wake);

			/* A side of which nothing is wanted is not polled: its hang-up would be told for ever. */
			polls[2 + 2 * i + k] = (struct pollfd){.fd = events ? link->fds[k] : -1, .events = events};
		}
	if (poll(polls, 2 + 2 * LINKS_MAX, (int)(wake - now)) < 0 && errno != EINTR)
		die("poll");
	for (int i = 0; i < LINKS_MAX; i++)
		if (proxy->links[i].fds[0] >= 0 && !proxy->paused)
			link_run(proxy, &proxy->links[i], &polls[2 + 2 * i]);
	if (polls[1].revents & POLLIN)
		link_new(proxy);
	if (polls[0].revents)
		commands_read(proxy);
}

static struct sockaddr_in address_parse(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char host[32];
	unsigned int port;

	if (sscanf(text, "%31[0-9.]:%u", host, &port) != 2 || port > UINT16_MAX || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		(void)fprintf(stderr, "fqproxy: %s is no ADDRESS:PORT\n", text);
		exit(64);
	}
	address.sin_port = htons((uint16_t)port);
	return address;
}

int main(int argc, char **argv)
{
	static struct proxy proxy;
	struct sockaddr_in at;
	socklen_t n = sizeof at;
	char host[INET_ADDRSTRLEN];

	if (argc < 3 || argc > 4) {
		(void)fprintf(stderr, "usage: fqproxy LISTEN:PORT TARGET:PORT [SEED]\n");
		return 64;
	}
	at = address_parse(argv[1]);
	proxy.target = address_parse(argv[2]);
	proxy.random = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	for (int i = 0; i < LINKS_MAX; i++)
		proxy.links[i].fds[0] = proxy.links[i].fds[1] = -1;
	proxy.listener = socket(AF_INET, SOCK_STREAM, 0);
	if (proxy.listener < 0 || bind(proxy.listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(proxy.listener, 1024) < 0 ||
	    getsockname(proxy.listener, (struct sockaddr *)&at, &n) < 0)
		die(argv[1]);
	tune(proxy.listener);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)printf("%s:%u\n", inet_ntop(AF_INET, &at.sin_addr, host, sizeof host), ntohs(at.sin_port));
	for (;;)
		turn(&proxy);
}
