/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes from the other side into a connection, in pieces: frames are taken and decoded, DATA
 * collected as a blob.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"
#include "lib/wire/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOB_LIMIT 100000

/* What was understood can be said, unless the other side is gone. */
static void answer(struct connection *connection, const struct frame *frame, const void *message)
{
	int r = connection_send(connection, frame->type, frame->tag, message);

	if (r < 0 && r != -EPIPE)
		abort();
}

static void take_all(struct connection *connection, struct blob *blob, void *message)
{
	struct error err;
	struct frame frame;

	while (connection_take(connection, &frame, &err) > 0) {
		if (frame.type == fq_Type_DATA)
			(void)blob_add(blob, &frame,
			               &err); /* what comes of it is looked at by the sanitizers */
		else if (message_decode(frame.type, frame.payload, frame.n, message, &err) == 0)
			answer(connection, &frame, message);
	}
}

/* The first byte is the size of the pieces, the second how much of a blob is expected. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) void *message = malloc(message_struct_size_largest());
	_cleanup_(blob_deinit) struct blob blob = {0};
	_cleanup_(closep) int fd = -1;
	struct connection *connection;
	size_t at = 2;
	int fds[2], r = 0;

	if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	fd = fds[0];
	if (connection_new_plain(fds[1], &connection, NULL) < 0)
		return 0;
	(void)blob_begin(&blob, data[1] * 400ULL, BLOB_LIMIT, NULL);
	while (r >= 0) {
		size_t n = data[0] * 16UL + 1 < size - at ? data[0] * 16UL + 1 : size - at;
		ssize_t k = n > 0 ? send(fd, data + at, n, MSG_NOSIGNAL) : 0;

		at += k > 0 ? (size_t)k : 0;
		if (at == size)
			(void)shutdown(fd, SHUT_WR);
		r = connection_run(connection, NULL);
		take_all(connection, &blob, message);
	}
	connection = connection_free(connection);
	return 0;
}
