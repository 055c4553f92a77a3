/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator's core at the end of a test's strings: each function gives one event, at fake->now, and the actions that
 * followed from it are in fake->actions until the next one. Files are plain; what their slices hold is for the test to say.
 */
#pragma once

#include "daemon/coord/core.h"

#define FAKE_ALGORITHM 7

struct fake {
	struct coord *coord;
	struct coord_limits limits;
	struct actions actions;
	uint64_t now, requests;
	uint32_t modules; /* of the next jobs */
	bool proofs;      /* of their files */
	uint8_t digest;   /* of the next results */
	bool transient;   /* the next nodes are batch jobs */
	uint32_t proto;   /* of the next nodes; 0: 2 */
	uint32_t cores;   /* of each of them; 0: it does not say */
	uint64_t key;     /* of each of them */
};

void fake_init(struct fake *fake);
void fake_deinit(struct fake *fake);
/* A core with the limits as they were changed, before anything else. */
void fake_limits(struct fake *fake);
/* A new core in its place, as after a crash; load it, then fake_loaded(). */
void fake_restart(struct fake *fake);
void fake_loaded(struct fake *fake, uint64_t generation);

void fake_step(struct fake *fake, struct event *event);
void fake_tick(struct fake *fake, uint64_t later_ms);

/* The nth (from 0) action of a kind, NULL: there are not so many; how many there are; at which place the first is. */
const struct action *fake_action(const struct fake *fake, enum action_kind kind, uint32_t nth);
uint32_t fake_count(const struct fake *fake, enum action_kind kind);
uint32_t fake_place(const struct fake *fake, enum action_kind kind);
/* The error of the one REPLY. */
const struct error *fake_refusal(const struct fake *fake);
/* The row of the last SAVE_FILE, or SAVE_JOB. */
const struct file_row *fake_file(const struct fake *fake);
const struct job_row *fake_job(const struct fake *fake);

/* ---- clients */
void fake_submit(struct fake *fake, const char *owner, uint64_t slice_size, uint32_t files, const char *const *paths);
void fake_cancel(struct fake *fake, uint64_t job, const char *owner, bool admin);
void fake_drain(struct fake *fake, const char *node);
void fake_resume(struct fake *fake, const char *node);

/* ---- workers */
void fake_hello(struct fake *fake, uint64_t peer, const char *name, uint32_t slots, const struct slice_id *held, uint32_t held_n);
void fake_gone(struct fake *fake, uint64_t peer);
void fake_draining(struct fake *fake, uint64_t peer);
void fake_opened(struct fake *fake, uint64_t peer, uint64_t job, uint32_t file, uint64_t size);
void fake_not_opened(struct fake *fake, uint64_t peer, uint64_t job, uint32_t file, enum error_class class, const char *text);
void fake_progress(struct fake *fake, uint64_t peer, struct slice_id id, uint64_t bytes);
void fake_crashed(struct fake *fake, uint64_t peer, struct slice_id id);
void fake_io_error(struct fake *fake, uint64_t peer, struct slice_id id);
void fake_errno(struct fake *fake, uint64_t peer, struct slice_id id, int error_number, const char *text);
void fake_returned(struct fake *fake, uint64_t peer, struct slice_id id);

/* A task that was handed out: a copy, since actions last only to the next event. */
struct fake_task {
	uint64_t peer;
	struct slice_id id;
	struct slice_task task;
	uint32_t modules;
};
struct fake_task fake_task(const struct fake *fake, uint32_t nth);

/* A result of the task: its first record at `first`, the first one behind it at `next`. */
void fake_result(struct fake *fake, const struct fake_task *task, uint64_t first, uint64_t next, uint64_t records);
void fake_unsure(struct fake *fake, const struct fake_task *task);
void fake_fault(struct fake *fake, const struct fake_task *task, enum fault_kind kind, uint64_t first, uint64_t record);
void fake_merged(struct fake *fake, uint64_t job, uint32_t file, uint64_t records, bool failed);

/* What is to be known of a node; an empty view where there is none of the name. */
struct node_view fake_node(const struct fake *fake, const char *name);
/* The task of the slice among those of the last event; peer 0: none. */
struct fake_task fake_task_of(const struct fake *fake, uint64_t slice);
/* Whether the last event wrote a line with these words to the journal. */
bool fake_logged(const struct fake *fake, const char *words);

/* Two nodes of two slots, a job of one file of `size` bytes in slices of `slice`, opened: the tasks of the last event. */
void fake_running(struct fake *fake, uint64_t size, uint64_t slice);
