/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the parts of the supervisor: worker.c (its life), take.c and take_task.c (what comes), look.c (questions), give.c (into slots),
 * give_open.c (to openers), give_result.c (to the coordinator), stall.c, idle.c, drain.c.
 */
#pragma once

#include "daemon/worker/worker.h"
#include "lib/base/log.h"

uint64_t worker_now_ms(const struct worker *worker);

/* Something changed that the status says: it is told soon, and not more often than each half second. */
void worker_changed(struct worker *worker);

/* What a line about a slice in hand is about; event is one of daemon/events.h. */
static inline struct log_about about_held(int event, const struct held_slice *slice)
{
	const fq_SliceRef *ref = &slice->task.ref;

	return (struct log_about){.event = event,
	                          .job = LOG_ID(ref->job),
	                          .file = LOG_ID(ref->file),
	                          .slice = LOG_ID(ref->slice),
	                          .lease = LOG_ID(ref->lease),
	                          .path = slice->task.path};
}

/* ---- take.c: from the coordinator ---- */

void take_frame(const struct frame *frame, void *userdata);
void take_drop(struct worker *worker, const fq_SliceRef *ref);

/* ---- take_task.c: also from the coordinator ---- */

int take_task(struct worker *worker, const void *message, struct error *err);

/* ---- take_brief.c: also from the coordinator ---- */

int take_brief(struct worker *worker, const void *message, struct error *err);
int take_brief_data(struct worker *worker, const struct frame *frame, struct error *err);

/* A connection is over, and with it the briefs that came over it; slices in hand keep theirs. */
void take_briefs_clear(struct worker *worker);

/* ---- look.c: questions that belong to no job ---- */

int take_look(struct worker *worker, const void *message, struct error *err);
void look_answer(struct worker *worker, const struct open_request *request, const struct open_answer *answer);

/*
 * Has the folders of the roots looked at, one after the other, from the first: what is not there is a warning in the log, since files
 * below it would only be somebody else's job's to miss. Where one does not answer the others are left, so that one opener hangs at most.
 */
void root_ask(struct worker *worker, size_t first);
void root_answer(struct worker *worker, const struct open_request *request, const struct open_answer *answer);

/* Hello.roots: the folders as the site names them. */
void look_roots(const struct conf_list *roots, fq_Hello *hello);

/* ---- give.c: slices into slots ---- */

/* Has files opened for idle slots, and gives what is open to them. */
void give_slots(struct worker *worker);

/* The slots' callbacks. */
void give_progress(struct slot *slot, uint64_t bytes, void *userdata);
void give_report(struct slot *slot, const struct child_report *report, uint8_t *blob,
                 void *userdata);

/* ---- give_open.c: openers ---- */

/* OPEN: asks for what the coordinator wants to know. */
void give_facts(struct worker *worker, const fq_Open *open);

/* Asks for the file of a slice that waits. */
void give_opening(struct worker *worker, struct held_slice *slice);

/* Asks whether the file of a slice that was counted is still what it was; takes the blob. */
void give_check(struct worker *worker, struct held_slice *slice, const fq_Result *result, uint8_t *blob, size_t n);

/* A stale handle: the slice is begun once more. False: it was before. */
bool give_reopen(struct worker *worker, struct held_slice *slice);

/* The openers' callback. */
void give_answer(const struct open_request *request, const struct open_answer *answer, int fd, void *userdata);

/* ---- give_result.c: what becomes of slices ---- */

/* blob: what came with the report, of which its first result.blob_bytes go on. */
void give_result_of(const struct held_slice *slice, const struct child_report *report, const uint8_t *blob, fq_Result *ret);
void give_changed(struct worker *worker, struct held_slice *slice);
void give_io_error(struct worker *worker, struct held_slice *slice, int error_number, const char *text);
void give_crash(struct slot *slot, int signal, int exit_status, void *userdata); /* a slot's callback */

/* Sends what was not sent over this connection, a piece at a time. */
void give_counted(struct worker *worker, struct held_slice *slice); /* its file is still the task's: the result is good */
void give_results(struct worker *worker);

/* ---- stall.c ---- */

int stall_init(struct worker *worker);      /* 0 or negative errno */
void stall_begin(struct held_slice *slice); /* it runs, or makes progress */

/* ---- idle.c ---- */

int idle_init(struct worker *worker); /* 0 or negative errno */

/* Something came to be done, or was: from now on nothing may be. */
void idle_begin(struct worker *worker);

/* ---- drain.c ---- */

int drain_init(struct worker *worker); /* 0 or negative errno */

/* Hands back a slice uncounted and forgets it. */
void drain_return(struct worker *worker, struct held_slice *slice);

void drain_heard(void *worker); /* the uplink's callback */
void drain_tell(struct worker *worker);  /* over a new connection, too */

/* Looks whether the drain is done; cheap when there is none. Called after each change. */
void drain_step(struct worker *worker);
