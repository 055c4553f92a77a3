/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between gate.c (who is let in, and when his turn is) and gate_relay.c (one connection). */
#pragma once

#include "daemon/peer.h"
#include "daemon/worker/gate.h"
#include "daemon/worker/namer.h"
#include "lib/base/rate.h"
#include "lib/wire/trust.h"

/* Bytes that wait for one side before the other is not read any more. */
#define RELAY_BYTES (128u << 10)

enum relay_state {
	RELAY_HELLO,    /* the client has not said HELLO */
	RELAY_WAITING,  /* for its turn */
	RELAY_NAMING,   /* until it is known who he is */
	RELAY_GREETING, /* the coordinator has not said WELCOME */
	RELAY_OPEN,
	RELAY_ENDING,
};

struct gate_user {
	struct gate *gate;
	uint32_t uid;
	uint32_t clients, dials;
	struct rate rate;
	struct namer *namer;
	char name[PEER_NAME_MAX];
	uint64_t named_ms; /* when that was told; 0: it was not */
};

struct relay {
	struct relay *next, *previous; /* newest first */
	struct gate *gate;
	struct gate_user *user;
	enum relay_state state;
	struct peer *local, *remote;
	struct {
		uint32_t proto_min, proto_max;
		uint8_t instance[16];
		char version[32];
	} said; /* by the client's HELLO */
	uint64_t moved_ms; /* when a piece of a result or of a submission last went through; 0: never */
	bool told;         /* the coordinator's last word went through */
};

struct gate {
	struct service *service;
	const struct uplink *uplink;
	sd_event_source *listener, *timer; /* the timer: for who has to wait, and for listening again */
	struct relay *relays;
	uint32_t clients, dials;
	struct gate_user users[GATE_CLIENTS_MAX]; /* as many as there can be */
	struct rate lines; /* of the log */
	bool closed, ending;
};

uint64_t gate_now_ms(const struct gate *gate);

/* Somebody's turn may have come. */
void gate_turn(struct gate *gate);

/* ---- gate_relay.c ---- */

/* Takes the socket over, also on failure. */
int relay_new(struct gate *gate, int fd, struct gate_user *user, struct error *err);
void relay_free(struct relay *relay);
void relay_begin(struct relay *relay); /* its turn has come */
