/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slot: one child process for ever. It is started, given one task after the other, and started anew when it dies.
 *
 *     DOWN --fork, exec--> STARTING --its READY--> IDLE --slot_give--> BUSY --its report--> IDLE
 *       ^                                                              |
 *       `------- its end (on_end, if it had a task) <---- slot_stop ---'
 *
 * Memory: what a child reports, at most CHILD_BLOB_MAX, growing with what arrives. The slot knows nothing of jobs and
 * coordinators: its owner does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon/worker/brief.h"
#include "daemon/worker/ipc.h"
#include "daemon/worker/process.h"

enum slot_state {
	SLOT_DOWN,     /* waits to be started (again) */
	SLOT_STARTING, /* has not said READY */
	SLOT_IDLE,
	SLOT_BUSY,
	SLOT_STOPPING, /* was killed; its end has not come */
};

struct slot;

/* Called from the event loop only. */
struct slot_callbacks {
	void (*on_idle)(struct slot *slot,
	                void *userdata); /* takes a task now; after start and after each report */
	void (*on_progress)(struct slot *slot, uint64_t bytes, void *userdata);
	/* COUNTED, INFLATED (blob is the owner's to free; NULL: there is none) or FAILED; checked. */
	void (*on_report)(struct slot *slot, const struct child_report *report, uint8_t *blob,
	                  void *userdata);
	/* The child died with a task that nobody had stopped: by a signal, or (signal 0) with an exit status. */
	void (*on_crash)(struct slot *slot, int signal, int exit_status, void *userdata);
	/* Its first child ended by itself and was never ready: it cannot give up its rights, or not even begin. */
	void (*on_unfit)(struct slot *slot, int exit_status, void *userdata);
	/* In the child, between fork and exec. */
	void (*on_forked)(void *userdata);
};

struct slot {
	sd_event *event;
	const struct slot_callbacks *callbacks;
	void *userdata;
	unsigned int number;
	const char *program; /* executed with CHILD_OPTION */
	uint64_t memory;     /* bytes that a child may use; 0: no limit */

	enum slot_state state;
	struct process process; /* none: DOWN */
	sd_event_source *io, *restart;
	bool was_ready;         /* some child of it has said READY */
	struct child_task task; /* BUSY */

	bool deaf;     /* nothing more is read from this child: it said nonsense or has closed */
	size_t head_n; /* bytes of the report that have come */
	struct child_report report;
	uint8_t *blob; /* blob_n of report.blob_n bytes have come */
	size_t blob_n, blob_size;
};

/* Starts the child. callbacks and program must live as long as the slot. */
int slot_init(struct slot *slot, sd_event *event, unsigned int number, const char *program,
              uint64_t memory, const struct slot_callbacks *callbacks, void *userdata, struct error *err);

/* Kills the child and waits for its end, as long as process_end() does. */
void slot_deinit(struct slot *slot);

/* What a slot is to do. All of it stays the caller's. */
struct slot_work {
	const struct slice_task *slice; /* with its point, if it has one */
	uint32_t modules;
	const struct prior *prior;
	const struct brief *brief;      /* NULL: none */
	int file;
	bool scout;                     /* with text_max and text_room (child_task) */
	struct text_key key;            /* of one gzip stream */
	uint64_t text_max, text_room;
};

/* Whether it may be given a task: IDLE, and its child has neither ended nor been killed. */
static inline bool slot_is_free(const struct slot *slot)
{
	return slot->state == SLOT_IDLE && !slot->deaf;
}

/* Gives it to a free slot. 0 or negative errno; -EAGAIN: its child has ended just now, or takes nothing; it is no more free. */
int slot_give(struct slot *slot, const struct slot_work *work);

/* Its child forgets the text of a slice, or of all (NULL), when it is done with what it does. */
void slot_forget(struct slot *slot, const struct text_key *key);

/* Kills the child; its end follows as an event, of a BUSY slot as a crash. */
void slot_kill(struct slot *slot);

/* Ends what a BUSY slot does, without a report. A new child is started when the old one is gone. */
void slot_stop(struct slot *slot);
