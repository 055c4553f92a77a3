/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator around its core: everything that one running fqcoordd has.
 *
 *     socket (server.c) -> session (session.c: who is it, may he) -> from_worker.c / from_client.c: message to event
 *         -> drive.c: coord_step(), its actions: store, one commit, then what waited for it -> to_worker.c, session -> socket
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "conf/coord_settings.h"
#include "daemon/coord/context.h"
#include "daemon/coord/core.h"
#include "daemon/coord/store.h"
#include "daemon/peer.h"
#include "daemon/service.h"
#include "lib/wire/connection.h"
#include "lib/wire/trust.h"

struct session;

/* The packed counters of the result at hand: SAVE_SLICE, or SAVE_AGAIN, of the same slice takes them. */
struct stash {
	uint64_t job, slice;
	uint32_t file;
	bool again; /* its second count */
	const uint8_t *bytes;
	size_t n;
};

#define LISTENERS_MAX 8

struct server {
	const struct coord_settings *settings;
	struct service *service;
	struct store *store;
	struct coord *coord;
	struct key *key;
	struct tls *tls;
	struct peers peers;
	char *peers_path, *listening_path;

	sd_event_source *listeners[LISTENERS_MAX];
	uint32_t listeners_n;
	struct session *sessions; /* list */
	uint32_t sessions_n;
	uint64_t refused_ms;      /* when it was last said that somebody was turned away, monotonic */
	uint32_t refused_n;       /* since then */
	uint64_t looked_ms, looked_wall_ms; /* when old jobs were last looked for, monotonic and since 1970; 0: never */
	uint64_t next_session;    /* number of the next one: from 1, never used again */

	sd_event_source *tick, *commit, *changes, *expire, *again, *strangers; /* timers */
	struct stash stash;
	struct contexts contexts;
	struct action *held;                               /* what waits for the commit, in order */
	uint32_t held_n, held_room;
};

/* ---- server.c */

/* Opens state, key and sockets and puts all of it on the loop; server_deinit() also after failure. */
int server_init(struct server *server, const struct coord_settings *settings, struct service *service, struct error *err);
void server_deinit(struct server *server);
int server_reload(struct server *server, struct error *err); /* the peers file; sessions of keys that are gone end */
void server_status(struct server *server);                   /* tells systemd what goes on, in words */

int timer_add(struct server *server, sd_event_source **ret, sd_event_time_handler_t handler, bool now, struct error *err);

/* ---- listen.c */
int listen_init(struct server *server, struct error *err);
void listen_deinit(struct server *server);

/* ---- drive.c */

/* One event through the core and all that follows. A failure of the store ends the process: the last commit is the truth. */
void drive(struct server *server, struct event *event);
int drive_begin(struct server *server, struct error *err); /* loads the core, and does what follows */
void drive_commit(struct server *server);                  /* now, and lets go what waited */

/* ---- merge.c */

/*
 * Merges the counters of the file's slices into its result, in the open transaction, or tells which are to be counted again;
 * *ret is the event to give. Its list is the caller's to free with merge_free().
 */
void merge_file(struct server *server, uint64_t job, uint32_t file, const struct chain *chain, struct event *ret);
void merge_free(struct event *event);
