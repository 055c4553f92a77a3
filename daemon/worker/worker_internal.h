/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the parts of the supervisor: worker.c (its life), take.c (what comes), give.c (what goes), drain.c. */
#pragma once

#include "daemon/worker/worker.h"

uint64_t worker_now_ms(const struct worker *worker);

/* Something changed that the status says: it is told soon, and not more often than each half second. */
void worker_changed(struct worker *worker);

/* ---- take.c: from the coordinator ---- */

void take_frame(const struct frame *frame, void *userdata);
void take_drop(struct worker *worker, const fq_SliceRef *ref);

/* ---- take_brief.c: also from the coordinator ---- */

int take_brief(struct worker *worker, const void *message, struct error *err);
int take_brief_data(struct worker *worker, const struct frame *frame, struct error *err);

/* A connection is over, and with it the briefs that came over it; slices in hand keep theirs. */
void take_briefs_clear(struct worker *worker);

/* ---- give.c: slices into slots, results and failures to the coordinator ---- */

/* Gives waiting slices to idle slots. */
void give_slots(struct worker *worker);

/* Sends results that were not sent over this connection, a piece at a time. */
void give_results(struct worker *worker);

/* The slots' callbacks. */
void give_progress(struct slot *slot, uint64_t bytes, void *userdata);
void give_report(struct slot *slot, const struct child_report *report, uint8_t *blob,
                 void *userdata);
void give_crash(struct slot *slot, int signal, int exit_status, void *userdata);

/* ---- drain.c ---- */

int drain_init(struct worker *worker); /* 0 or negative errno */

/* Hands back a slice uncounted and forgets it. */
void drain_return(struct worker *worker, struct held_slice *slice);

/* Looks whether the drain is done; cheap when there is none. Called after each change. */
void drain_step(struct worker *worker);
