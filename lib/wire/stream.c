/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes over a non-blocking socket, with TLS or without: see stream.h. */
#include "lib/wire/stream.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/cleanup.h"

#define UNACKNOWLEDGED_MS 30000 /* until the greeting tells a better time */
#define KEEPALIVE_IDLE_S 15     /* a silent connection is asked by the kernel whether it is there */
#define KEEPALIVE_EVERY_S 5
#define UNSENT_MAX (128 << 10)  /* bytes that the kernel takes beyond what is under way */

static int set_number(int fd, int level, int option, int number)
{
	return setsockopt(fd, level, option, &number, sizeof number) < 0 ? -errno : 0;
}

int stream_tune(int fd)
{
	int r = set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);

	if (r == 0)
		r = set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (r == 0)
		r = set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	if (r == 0)
		r = set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
	if (r == 0)
		r = set_number(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_MAX);
	return r < 0 ? r : set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
}

void stream_set_patience(const struct stream *stream, uint64_t ms)
{
	(void)set_number(stream->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms < INT_MAX ? (int)ms : INT_MAX);
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
