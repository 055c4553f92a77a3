/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between uplink.c (finding the coordinator) and uplink_greet.c (HELLO, WELCOME and the frames behind). */
#pragma once

#include "daemon/worker/dialler.h"
#include "daemon/worker/generation.h"
#include "daemon/worker/uplink.h"

#define UPLINK_ADDRESS_MAX (TEXT_HOST_MAX + 16)
#define UPLINK_INSTANCE_SIZE 16
#define UPLINK_ASK_TAG 1 /* of a PING whose PONG is waited for */

enum uplink_state {
	UPLINK_WAITING,
	UPLINK_DIALLING,
	UPLINK_GREETING,
	UPLINK_UP,
	UPLINK_ENDED,
};

/* How much of an outage is in the log. */
enum uplink_outage {
	OUTAGE_NONE,    /* nothing, or there is none */
	OUTAGE_LOST,    /* that there is no connection */
	OUTAGE_REFUSED, /* that the coordinator was there and one turned the other away */
};

struct uplink {
	struct service *service;
	const struct worker_settings *settings;
	const struct uplink_callbacks *callbacks;
	void *userdata;

	char address[UPLINK_ADDRESS_MAX]; /* for people */
	struct key *key;
	struct tls *tls;
	uint8_t pin[PIN_SIZE]; /* the coordinator's */
	uint8_t instance[UPLINK_INSTANCE_SIZE];
	char *generation_path;
	bool has_seen;          /* a coordinator of this pin was seen, now or by what is noted */
	struct generation seen; /* which state, and its highest start */

	enum uplink_state state;
	sd_event_source *timer; /* WAITING */
	struct dialler *dialler;
	struct peer *peer;
	uint64_t pause_ms; /* limit of the last pause (pause.h); 0: none since good service */
	uint64_t up_ms;    /* when it came UP */
	uint32_t proto;    /* spoken then */
	uint64_t dialled_ms; /* when the last dial began */
	bool was_ever_up;
	enum uplink_outage outage;
	bool silent;       /* the last try or connection ended in silence: the network is lost */
	bool refused;      /* this try was turned away */
	bool ending;       /* uplink_end() */
	struct error why;  /* why it is not UP */
	struct error told; /* what the coordinator said in ERROR before it closed */
};

/* Takes the connection over (also on failure) and sends HELLO. */
int uplink_greet(struct uplink *uplink, struct connection *connection, struct error *err);

/* The try, or the connection, has failed with r (negative; 0: it was ended): what follows. */
void uplink_lost(struct uplink *uplink, int r, const struct error *err);
