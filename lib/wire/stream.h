/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes over a non-blocking socket, with TLS or without, for connection.c. Outcomes and errors are
 * those of tls.h.
 */
#pragma once

#include "lib/wire/tls.h"

struct stream {
	int fd;
	struct tls_stream *tls; /* NULL: plain */
	uint64_t plain_bytes_in;
};

/*
 * TCP as connections want it: no delay, keepalive, little that waits in the kernel (so that PING is
 * not behind megabytes there), and an end when bytes are not acknowledged. 0 or negative errno.
 */
int stream_tune(int fd);

/*
 * How long bytes may stay unacknowledged, or the other side may take none although some wait (its
 * window is closed), before the kernel ends the connection; 0: the system's own time. A socket that
 * is not TCP stays as it is.
 */
void stream_set_patience(const struct stream *stream, uint64_t ms);

/* Closes the socket. */
void stream_deinit(struct stream *stream);

int stream_handshake(struct stream *stream, struct error *err);
int stream_read(struct stream *stream, void *buffer, size_t n, size_t *ret_n, struct error *err);
int stream_write(struct stream *stream, const void *bytes, size_t n, size_t *ret_n,
                 struct error *err);

/* Tells the other side that nothing more will come. */
void stream_finish(struct stream *stream);

uint64_t stream_bytes_in(const struct stream *stream); /* see tls_stream_bytes_in() */
