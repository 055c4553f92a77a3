/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The gate: users of this host reach the coordinator through the worker's unix socket, without keys.
 *
 *     fqctl --unix socket--> relay --TLS, the worker's key, HELLO that vouches--> coordinator
 *
 * The kernel says who connects; the worker tells the coordinator so, and whether that is believed is the coordinator's to say
 * (trust.h). Each user's connection has one of its own to the coordinator, and nothing of it is understood here but the greeting:
 * frames go on as they are. Where one side does not read, the other is not read either.
 *
 * Bounds: GATE_CLIENTS_MAX connections, GATE_CLIENTS_OF_USER of one user; GATE_DIALS_MAX of them are on their way to the
 * coordinator at a time, who counts strangers by address; and of one user so many are begun in a second (the rest waits). A relay
 * has at most RELAY_BYTES and a frame in each direction besides what connection.h says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/worker_settings.h"
#include "daemon/service.h"
#include "daemon/worker/uplink.h"

#define GATE_CLIENTS_MAX 128
#define GATE_CLIENTS_OF_USER 16
#define GATE_DIALS_MAX 4

struct gate;

/*
 * Listens on the socket that systemd handed over, else on settings->gate; NULL where there is neither. service, settings and uplink
 * must live as long. -EADDRINUSE where another process listens there, or another error with a sentence (ERROR_CONFIG).
 */
int gate_new(struct service *service, const struct worker_settings *settings, const struct uplink *uplink, struct gate **ret,
             struct error *err);

/* Ends all connections without a word. Takes NULL, as all that follow; returns NULL. */
struct gate *gate_free(struct gate *gate);

/* Nobody new is let in. */
void gate_close(struct gate *gate);

/* Whether no result, and no submission, is in the middle of being passed on. */
bool gate_quiet(const struct gate *gate);

/* Ends all connections; their users are told this sentence, and that they may come again. */
void gate_end(struct gate *gate, const char *why);
