/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way to the coordinator, found again for ever:
 *
 *     WAITING --pause--> DIALLING --socket--> GREETING (TLS, HELLO) --WELCOME--> UP
 *        ^                  |                     |                              |
 *        `------ refused, lost, unknown host, wrong key, an old generation ------'
 *
 * Pauses are drawn evenly from 0 to a limit that doubles up to the configured one (pause.h) and starts again after a connection
 * that was good for GOOD_MS. Who is turned away (a wrong key, a key that is not enrolled, another protocol, an old generation)
 * comes back slowly; at the very first connection of the process that is the end instead (on_refused). Each outage is one line
 * in the log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conf/worker_settings.h"
#include "daemon/peer.h"
#include "daemon/service.h"

struct uplink;

/* Called from the loop only. */
struct uplink_callbacks {
	void (*fill_hello)(fq_Hello *hello,
	                   void *userdata); /* what concerns work: slots, held, draining */
	void (*on_up)(const fq_Welcome *welcome, void *userdata);
	void (*on_frame)(const struct frame *frame,
	                 void *userdata); /* UP, but no ERROR without a tag */
	void (*on_flushed)(void *userdata);
	void (*on_heard)(void *userdata);  /* UP: what was sent before the last uplink_ask() has been taken */
	void (*on_down)(void *userdata);   /* was UP, or uplink_end() is done */
	void (*on_change)(void *userdata); /* what uplink_describe() says */
	/*
	 * The last call: the coordinator does not want this worker, or is another than the known one, and never yet was it
	 * UP.
	 */
	void (*on_refused)(const struct error *err, void *userdata);
};

/*
 * Loads key and known coordinators; -ENOENT with "this node is not enrolled with ..." (ERROR_CONFIG) where one is missing.
 * Dialling begins with the loop. settings and callbacks must live as long.
 */
int uplink_new(struct service *service, const struct worker_settings *settings,
               const struct uplink_callbacks *callbacks, void *userdata, struct uplink **ret,
               struct error *err);
struct uplink *uplink_free(struct uplink *uplink);

bool uplink_up(const struct uplink *uplink);
bool uplink_greets(const struct uplink *uplink); /* a connection is there, and WELCOME is not */

/* The peer while UP, else NULL. What it is sent is sent over this connection or not at all. */
struct peer *uplink_peer(const struct uplink *uplink);

/* Sends without a tag, as peer_send(); -ENOTCONN unless UP. */
int uplink_send(struct uplink *uplink, uint16_t type, const void *message);

/* Asks whether the coordinator has taken what was sent: on_heard follows, behind all it had sent itself until then. As uplink_send(). */
int uplink_ask(struct uplink *uplink);

/* Ends this connection (sending what is queued) and looks for the coordinator anew. */
void uplink_reset(struct uplink *uplink, const char *reason);

/* Sends what is queued, ends the connection, on_down; nothing is dialled any more. */
void uplink_end(struct uplink *uplink, const char *reason);

/* The protocol that is spoken with the coordinator, while UP. */
uint32_t uplink_proto(const struct uplink *uplink);

/* One more connection to the same coordinator with the same key, which is on its way then; -ENOTCONN unless UP. */
int uplink_connect(const struct uplink *uplink, struct connection **ret, struct error *err);
const char *uplink_address(const struct uplink *uplink); /* "coord:5381" */

/* "connected to coord:5381", "looking for coord:5381: Connection refused" into out. */
void uplink_describe(const struct uplink *uplink, char *out, size_t size);
