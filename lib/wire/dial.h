/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reaching a coordinator: name, connect, handshake, HELLO or JOIN; blocking with a deadline. */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/wire/connection.h"

/*
 * A connected non-blocking TCP socket (TCP_NODELAY, TCP_USER_TIMEOUT, close-on-exec); every address
 * of the name is tried. timeout_ms is for all of them together (not for the name's lookup); 0: as
 * long as the kernel tries. Sentences: "cannot reach coordinator HOST:PORT: Connection refused; ..."
 * with ERROR_UNAVAILABLE, or ERROR_NO_HOST.
 */
int dial_tcp(const char *host, uint16_t port, uint64_t timeout_ms, int *ret_fd, struct error *err);
/*
 * Another socket, which is on its way to where this connected one is: nothing waits and nothing is looked up. Whether it arrives shows
 * in the handshake.
 */
int dial_again(int connected, int *ret_fd, struct error *err);

/* Tries for some seconds where too many wait there already. */
int dial_unix(const char *path, int *ret_fd, struct error *err);

/*
 * Runs the connection until a whole frame has come, the queue is sent (frame == NULL), or the
 * deadline has passed (-ETIMEDOUT with a sentence; 0 for timeout_ms: for ever). Answers PING by
 * itself. An ERROR frame becomes the error (-EREMOTEIO, its class and text). Ends with -ETIMEDOUT
 * also when nothing came for the connection's dead time, which dial_hello() sets from WELCOME: a
 * coordinator that lives sends at least PING.
 */
int dial_wait(struct connection *connection, uint64_t timeout_ms, struct frame *ret_frame,
              struct error *err);

/*
 * Sends HELLO (the caller fills role, name, ...; protocol numbers and version are filled here) and
 * waits for WELCOME.
 */
int dial_hello(struct connection *connection, fq_Hello *hello, uint64_t timeout_ms, fq_Welcome *ret,
               struct error *err);

/*
 * Enrols a key by a token: dials HOST:PORT, requires the token's pin, sends JOIN, and on JOINED
 * writes the pin to the known file. *ret_role: what the key may do now.
 */
int dial_join(const char *host, uint16_t port, const char *token, const struct key *key,
              const char *name, const char *known_path, fq_Role *ret_role, struct error *err);
