/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The supervisor: it owns the network and the keys, has files opened by openers, and gives open descriptors to the slots. Nothing
 * that it does itself waits for a file.
 *
 *     coordinator --TASK--> held (waiting) --opener--> slot counts --opener--> held (done)
 *     coordinator <-RESULT, CRASHED, IO_ERROR------------------------------------'
 *     coordinator --RESULT_ACK--> forgotten
 *
 * One thread, one loop. While there is no connection the slots go on; what they have counted is sent when there is one again.
 * Users of this host reach the coordinator through it too (gate.h), which may be all that it is for (gate_only).
 *
 * Memory: what held.h says, a copy of one result while it is being sent, and the briefs (briefs.h, and those that only slices in
 * hand still need: at most one of BRIEF_MAX each).
 */
#pragma once

#include "conf/worker_settings.h"
#include "daemon/briefs.h"
#include "daemon/service.h"
#include "daemon/worker/gate.h"
#include "daemon/worker/generation.h"
#include "daemon/worker/held.h"
#include "daemon/worker/openers.h"
#include "daemon/worker/slot.h"
#include "daemon/worker/texts.h"
#include "daemon/worker/uplink.h"
#include "lib/base/rate.h"

/* From this protocol on CRASHED and IO_ERROR are acknowledged. */
#define PROTO_KEEPS_FAILURES 2

struct worker {
	const struct worker_settings *settings;
	struct service *service;
	struct slot *slots; /* settings->slots of them */
	size_t slots_begun; /* made by worker_init() */
	struct openers openers;
	uint64_t requests; /* numbers of theirs */
	struct rate look_lines; /* of the log, about questions */
	struct held held;
	struct texts texts;
	struct briefs briefs; /* that came over the present connection */
	struct {
		fq_Brief message;
		struct blob blob;
		bool open;
	} receiving; /* a brief */
	struct uplink *uplink;
	struct gate *gate;    /* NULL: there is none */
	uint64_t connections; /* number of the present one */
	uint32_t proto;       /* spoken over it */
	bool ready;  /* all slots have been there once */
	bool paused; /* DRAIN came: for the status only, the coordinator gives nothing */

	bool has_coordinator;
	uint8_t coordinator[COORDINATOR_ID_SIZE]; /* whose slices are held */

	sd_event_source *status_timer, *stall_timer;

	/* drain.c */
	bool draining, leaving;
	bool heard; /* the coordinator has: what it gave before has come, and it gives nothing more */
	uint64_t drain_begun_ms, alone_since_ms; /* alone: without a connection; 0: not */
	size_t drain_returned;
	sd_event_source *drain_timer;

	/* idle.c */
	uint64_t idle_since_ms; /* something was in hand or asked for last */
	sd_event_source *idle_timer, *end_timer;

	struct rate unopened_lines;
	struct error failure; /* why the loop was ended by on_refused or on_unfit */
};

/*
 * Starts the slots by executing program with CHILD_OPTION, and begins to look for the coordinator. settings, program and
 * service must live as long. 0 or negative with a sentence; call worker_deinit() in either case.
 */
int worker_init(struct worker *worker, const struct worker_settings *settings,
                struct service *service, const char *program, struct error *err);
void worker_deinit(struct worker *worker);

/* SIGTERM: drains, then ends the service's loop with 0. */
void worker_stop(struct worker *worker);
