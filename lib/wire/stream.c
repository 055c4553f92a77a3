/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes over a non-blocking socket, with TLS or without: see stream.h. */
#include "lib/wire/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"

#define UNACKNOWLEDGED_MS 30000 /* TCP gives up on bytes that were not acknowledged for so long */

int stream_tune(int fd)
{
	unsigned int timeout = UNACKNOWLEDGED_MS;
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout) < 0)
		return -errno;
	return 0;
}

void stream_deinit(struct stream *stream)
{
	stream->tls = tls_stream_free(stream->tls);
	closep(&stream->fd);
}

int stream_handshake(struct stream *stream, struct error *err)
{
	return stream->tls ? tls_stream_handshake(stream->tls, err) : 0;
}

static int plain_fail(int want, struct error *err)
{
	int code = errno;

	if (code == EAGAIN || code == EINTR)
		return want;
	if (code == ECONNRESET || code == EPIPE)
		return error_set(err, -ECONNABORTED, ERROR_UNAVAILABLE,
		                 "the connection was cut off by the other side");
	return error_set(err, -code, ERROR_UNAVAILABLE, "the connection broke: %s", strerror(code));
}

int stream_read(struct stream *stream, void *buffer, size_t n, size_t *ret_n, struct error *err)
{
	ssize_t k;

	if (stream->tls)
		return tls_stream_read(stream->tls, buffer, n, ret_n, err);
	k = recv(stream->fd, buffer, n, 0);
	if (k < 0)
		return plain_fail(TLS_WANT_READ, err);
	if (k == 0)
		return error_set(err, -ECONNRESET, ERROR_UNAVAILABLE,
		                 "the other side closed the connection");
	stream->plain_bytes_in += (uint64_t)k;
	*ret_n = (size_t)k;
	return 0;
}

int stream_write(struct stream *stream, const void *bytes, size_t n, size_t *ret_n,
                 struct error *err)
{
	ssize_t k;

	if (stream->tls)
		return tls_stream_write(stream->tls, bytes, n, ret_n, err);
	k = send(stream->fd, bytes, n, MSG_NOSIGNAL);
	if (k < 0)
		return plain_fail(TLS_WANT_WRITE, err);
	*ret_n = (size_t)k;
	return 0;
}

void stream_finish(struct stream *stream)
{
	if (stream->tls)
		tls_stream_finish(stream->tls);
	(void)shutdown(stream->fd, SHUT_WR); /* fails where the other side is gone: as well */
}

uint64_t stream_bytes_in(const struct stream *stream)
{
	return stream->tls ? tls_stream_bytes_in(stream->tls) : stream->plain_bytes_in;
}
