/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One connection: frames in and out over TLS 1.3 (TCP) or a plain unix socket. Non-blocking and
 * without an event loop: the daemons drive it from sd-event (daemon/peer.h), fqctl with poll
 * (ctl/client.h), tests from a buffer.
 *
 *     socket --> TLS --> bytes in --> frame (checked against message.h's table) --> owner's handler
 *     the owner's message --> frame --> queue (control before bulk) --> TLS --> socket
 *
 * Bounds: 16 KiB a connection, incoming bytes at most 128 KiB (32 KiB while it is restricted;
 * growing with what comes, never with what is announced), the outgoing queue at most queue_max bytes.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/key.h"
#include "lib/wire/message.h"
#include "lib/wire/shared.h"

/*
 * TLS settings made once from the program's key: 1.3 only, no tickets, no early data, a self-signed
 * certificate.
 */
struct tls;
int tls_new(const struct key *key, struct tls **ret, struct error *err);
struct tls *tls_free(struct tls *tls);

struct connection;

struct frame {
	uint16_t type;
	uint16_t tag;
	uint32_t n;
	const uint8_t *payload; /* valid until the next connection_ call */
};

/*
 * Take ownership of a connected, non-blocking, close-on-exec descriptor (also on failure). client:
 * pin is the key that the coordinator must have. server: any Ed25519 key is let in; who it is tells
 * connection_peer_pin() after the handshake, and the owner decides.
 */
int connection_new_client(struct tls *tls, int fd, const uint8_t pin[PIN_SIZE],
                          struct connection **ret, struct error *err);
int connection_new_server(struct tls *tls, int fd, struct connection **ret, struct error *err);
int connection_new_plain(int fd, struct connection **ret, struct error *err); /* unix socket */
struct connection *connection_free(struct connection *connection);

int connection_fd(const struct connection *connection);
void connection_set_queue_max(struct connection *connection, size_t bytes); /* default 64 MiB */

/*
 * Before it is known who the other side is: only frames of these types (ended by fq_Type_TYPE_NONE;
 * the list must live as long) are taken, any other is refused by its header, and no more is read
 * ahead than the largest HELLO. NULL: no longer.
 */
void connection_restrict(struct connection *connection, const uint16_t *types);

/* Whether connection_run() reads. What is not read fills the kernel's buffers, then the other side has to wait. */
void connection_set_reading(struct connection *connection, bool reading);

/* POLLIN and POLLOUT as the handshake, TLS and the queue need them now. */
short connection_events(const struct connection *connection);

/*
 * Does what can be done without waiting: handshake, reading (at most 128 KiB and 64 reads a call),
 * writing of the queue.
 * 0: more may come; call again on events. 1 (CONNECTION_AGAIN): there is more that needs no event:
 * call again soon.
 * Negative with a sentence: ended (-ECONNRESET: the other side closed in order; -ECONNABORTED: cut
 * off), refused (-EKEYREJECTED: wrong key), broken; and the same at every later call. Frames that
 * had come whole before the end can still be taken.
 */
#define CONNECTION_AGAIN 1
int connection_run(struct connection *connection, struct error *err);

/* Only the writing: for when nothing may be taken now. A failure shows at the next connection_run(). */
void connection_push(struct connection *connection);

bool connection_ready(const struct connection *connection); /* handshake done */
/* The other side's key, after the handshake; false where the connection is plain. */
bool connection_peer_pin(const struct connection *connection, uint8_t ret_pin[PIN_SIZE]);

/* Bytes that have come in all, of TLS in whole records: to see that the other side lives. */
uint64_t connection_bytes_in(const struct connection *connection);
/* Bytes that the socket has taken: to see that the other side takes them. */
uint64_t connection_bytes_out(const struct connection *connection);

/*
 * Takes the next whole frame. 1: *ret is one. 0: none yet. -EBADMSG with a sentence: unknown type
 * or too long.
 */
int connection_take(struct connection *connection, struct frame *ret, struct error *err);

/*
 * Queues a message (encoded now; NULL where it is fq_Empty). PING, PONG, PROGRESS and the like (queue.c) go before
 * anything else that is queued, all others in order. -ENOBUFS when the queue is full: the peer does
 * not read, drop it. -EPIPE when the connection has ended.
 */
int connection_send(struct connection *connection, uint16_t type, uint16_t tag,
                    const void *message);

/* Queues a frame as it came from another connection, of any type; its payload is copied. Otherwise as connection_send(). */
int connection_forward(struct connection *connection, const struct frame *frame);

/*
 * Queues a message whose blob_bytes is n, and the n bytes as DATA frames. The connection takes blob
 * over (frees it when sent, or at once on failure).
 */
int connection_send_blob(struct connection *connection, uint16_t type, uint16_t tag,
                         const void *message, uint8_t *blob, size_t n);

/* The same of bytes that others send too. Takes over one hold of them, also on failure. */
int connection_send_shared(struct connection *connection, uint16_t type, uint16_t tag,
                           const void *message, struct shared *blob);

/* Nothing is queued, nothing half written; and how many bytes were not given to the socket yet. */
bool connection_flushed(const struct connection *connection);
size_t connection_queued(const struct connection *connection);

/*
 * Nothing more will be sent behind what is queued. When that is out, the other side is told that
 * this is the end in order; what still comes from it is dropped, and connection_run() returns
 * -ECONNRESET when it has closed too.
 */
void connection_end(struct connection *connection);

/*
 * How long nothing may come before dial_wait() takes the other side for gone (0: it may be silent
 * for ever). The kernel waits as long for acknowledgements.
 */
void connection_set_dead(struct connection *connection, uint64_t ms);
uint64_t connection_dead(const struct connection *connection);

/* How long the kernel waits for acknowledgements, and for the other side to read (stream.h). */
void connection_set_patience(struct connection *connection, uint64_t ms);

/* Collects the DATA frames of one announced blob. */
struct blob {
	uint8_t *bytes;
	size_t n, want;
	size_t size; /* allocated */
};

/*
 * want <= limit or -EMSGSIZE; memory grows with what arrives, not with what was announced. A blob
 * of no bytes (want 0) is complete at once: no DATA follows.
 */
int blob_begin(struct blob *blob, uint64_t want, uint64_t limit, struct error *err);
/* 1: complete. 0: more to come. -EBADMSG: more than announced. */
int blob_add(struct blob *blob, const struct frame *frame, struct error *err);
void blob_deinit(struct blob *blob);
