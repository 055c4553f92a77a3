/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the tests of lib/wire and daemon: keys in a temporary folder, and two connections that speak
 * with each other.
 */
#pragma once

#include <stdint.h>

#include "lib/wire/connection.h"

/* One program: its key, pin and TLS settings. */
struct side {
	struct key *key;
	struct tls *tls;
	uint8_t pin[PIN_SIZE];
};

/*
 * Makes a key in a temporary folder of its own, which is removed again. Ends the program when it
 * cannot.
 */
void side_init(struct side *side);
void side_deinit(struct side *side);

/* Connected non-blocking close-on-exec sockets; buffer_size 0: the kernel's own. */
void pair_sockets(int fds[2], int buffer_size);

/*
 * A client that demands pin (server's own pin where NULL) and a server; or two plain ones where a
 * side is NULL.
 */
struct pair {
	struct connection *client, *server;
	int client_ended, server_ended; /* what connection_run() returned, when negative */
	struct error client_error, server_error;
};

void pair_init(struct pair *pair, struct side *client, struct side *server, const uint8_t *pin,
               int buffer_size);
void pair_deinit(struct pair *pair);

/* Runs both until neither has anything to do, or both have ended. */
void pair_run(struct pair *pair);

/* The next frame of a connection after pair_run(), or type 0. */
struct frame pair_take(struct connection *connection);
