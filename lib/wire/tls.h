/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A TLS 1.3 stream over a non-blocking socket, for lib/wire alone (struct tls itself is declared in
 * connection.h). Certificates are a wrapping for the keys: nothing in them is believed or checked
 * but the key, against its pin.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/connection.h"

struct tls_stream;

/* What a step waits for. */
#define TLS_WANT_READ 1
#define TLS_WANT_WRITE 2

/* fd stays the caller's. pin: a client's demand; NULL makes a server's side. */
int tls_stream_new(struct tls *tls, int fd, const uint8_t pin[PIN_SIZE], struct tls_stream **ret,
                   struct error *err);
struct tls_stream *tls_stream_free(struct tls_stream *stream);

/* 0: done. TLS_WANT_READ, TLS_WANT_WRITE: call again then. Negative: refused or broken. */
int tls_stream_handshake(struct tls_stream *stream, struct error *err);

/*
 * *ret_n bytes, at least one; or TLS_WANT_*; or negative: -ECONNRESET closed in order,
 * -ECONNABORTED cut off.
 */
int tls_stream_read(struct tls_stream *stream, void *buffer, size_t n, size_t *ret_n,
                    struct error *err);
int tls_stream_write(struct tls_stream *stream, const void *bytes, size_t n, size_t *ret_n,
                     struct error *err);

/* Says that nothing more will be sent, as far as it can be said without waiting. */
void tls_stream_finish(struct tls_stream *stream);

/* Of the other side, once it has shown its key; or NULL. */
const uint8_t *tls_stream_pin(const struct tls_stream *stream);
/*
 * What has come: all bytes of the handshake, and from then on the bytes within records that came
 * whole (16 KiB at most). Of a record whose length was changed on the way the end may never come,
 * however many bytes do: they are no sign of life.
 */
uint64_t tls_stream_bytes_in(const struct tls_stream *stream);
