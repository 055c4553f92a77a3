/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as the other side's part of a TLS handshake, towards a coordinator (even first byte) or a worker or client (odd): without
 * a key nobody comes through, whatever he says; no frame is taken, and the end has a sentence.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/wire/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIECE 1024

static void must(bool fact)
{
	if (!fact)
		abort();
}

static struct tls *make_tls(void)
{
	char folder[] = "/tmp/fqfuzz.XXXXXX", path[64];
	struct key *key = NULL;
	struct tls *tls = NULL;
	struct error err;

	must(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof path, "%s/key.pem", folder);
	must(key_load_or_make(path, &key, NULL, &err) == 0 && tls_new(key, &tls, &err) == 0);
	(void)unlink(path);
	(void)rmdir(folder);
	key_free(key);
	return tls;
}

static void drain(int fd)
{
	uint8_t bytes[8192];

	while (recv(fd, bytes, sizeof bytes, 0) > 0)
		continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tls *tls;
	const uint8_t pin[PIN_SIZE] = {1};
	_cleanup_(closep) int fd = -1;
	struct connection *connection;
	struct error err = {0};
	struct frame frame;
	int fds[2], r = 0;

	if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	if (!tls)
		tls = make_tls();
	fd = fds[0];
	must((data[0] & 1 ? connection_new_client(tls, fds[1], pin, &connection, &err)
	                  : connection_new_server(tls, fds[1], &connection, &err)) == 0);
	for (size_t at = 1; r >= 0;) {
		size_t n = size - at < PIECE ? size - at : PIECE;
		ssize_t k = n > 0 ? send(fd, data + at, n, MSG_NOSIGNAL) : 0;

		at += k > 0 ? (size_t)k : 0;
		if (at == size)
			(void)shutdown(fd, SHUT_WR);
		r = connection_run(connection, &err);
		must(!connection_ready(connection) && connection_take(connection, &frame, NULL) == 0);
		drain(fd);
	}
	must(err.text[0] != '\0' && err.class != ERROR_NONE);
	connection = connection_free(connection);
	return 0;
}
