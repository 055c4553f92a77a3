/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor: keys, connection and opening of files are its own; counting is its children's, one a slot.
 *
 *     coordinator -> link.c: OPEN  -> open.c -> file_facts_take -> OPENED
 *                            TASK  -> open.c -> fingerprint -> slot.c: a free child -> result -> RESULT, kept until its
 *                                                                                        RESULT_ACK
 *
 * Memory: the results that are not acknowledged, at most PENDING_MAX and each at most its counters; a result that cannot be
 * kept is simply lost with the connection, and its slice counted again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "conf/worker_settings.h"
#include "daemon/peer.h"
#include "daemon/service.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/open.h"
#include "lib/wire/connection.h"

struct worker;

/* A task that a child counts or that waits for one. */
struct work {
	fq_SliceRef ref;
	struct ipc_task task;
	int fd;
};

struct slot {
	struct worker *worker;
	pid_t pid;
	int socket;
	sd_event_source *io, *child;
	bool busy;
	bool dropped;          /* its child was killed on purpose: no crash */
	struct work work;      /* busy; fd is closed here, the child has its own */
	uint64_t began_ms, bytes, told_ms, told_bytes;
	/* what comes in */
	struct ipc_head head;
	struct ipc_result result;
	size_t head_n, result_n;
	uint8_t *counters;
	size_t counters_n, counters_room;
};

/* A result that the coordinator has not acknowledged. */
struct pending {
	fq_Result message;
	uint8_t *counters;
};

#define PENDING_MAX 256
#define WAITING_MAX 64

struct worker {
	const struct worker_settings *settings;
	struct service *service;
	struct key *key;
	struct tls *tls;
	struct roots roots;
	char *known_path, *generation_path;
	uint8_t instance[16];

	/* link.c */
	struct peer *peer;          /* NULL while there is no connection */
	bool welcome;               /* WELCOME has come on it */
	bool ever;                  /* was connected once */
	bool outage_said;
	uint64_t pause_ms;          /* before the next attempt, before jitter */
	sd_event_source *redial;
	uint8_t coordinator[16];    /* whose generation was seen */
	uint64_t generation;

	/* slot.c */
	struct slot *slots;
	uint32_t slots_n;
	struct work waiting[WAITING_MAX]; /* tasks without a slot yet, in order */
	uint32_t waiting_n;
	struct pending pending[PENDING_MAX];
	uint32_t pending_n;

	/* worker.c */
	bool stopping;
	sd_event_source *deadline;  /* of the drain */
};

uint64_t worker_now_ms(void);

/* ---- worker.c */
int worker_init(struct worker *worker, const struct worker_settings *settings, struct service *service, struct error *err);
void worker_deinit(struct worker *worker);
void worker_stop(struct worker *worker);    /* SIGTERM: drain */
void worker_settle(struct worker *worker);  /* after anything that changed: status, and the end of a drain */
int worker_join(const struct worker_settings *settings, const char *host, const char *token, struct error *err);

/* ---- link.c */
int link_start(struct worker *worker, struct error *err); /* the first attempt */
void link_deinit(struct worker *worker);
void link_send(struct worker *worker, uint16_t type, const void *message); /* nothing while there is no connection */
void link_result(struct worker *worker, const struct pending *pending);

/* ---- slot.c */
int slots_init(struct worker *worker, struct error *err);
void slots_deinit(struct worker *worker);
void slots_take(struct worker *worker, const struct work *work); /* takes work->fd over */
void slots_drop(struct worker *worker, const fq_SliceRef *ref);  /* also its pending result */
void slots_return(struct worker *worker, uint64_t budget_ms);    /* what cannot be finished within the time */
uint32_t slots_busy(const struct worker *worker);
void pending_done(struct worker *worker, const fq_SliceRef *ref);
bool ref_equal(const fq_SliceRef *a, const fq_SliceRef *b);      /* the same slice, whatever the lease */
