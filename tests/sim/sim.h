/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole cluster in one process and without a clock: the production core of the coordinator, a disk that forgets what was
 * not committed, workers, a network that delays, cuts and half-opens, clients that submit, cancel and try again.
 *
 *     world.c        time: one heap of things to come, one random stream; the same seed is the same history
 *     disk.c         what is committed, and the working copy
 *     coordinator.c  the driver of the core, as daemon/coord/drive.c is; it dies at any place
 *     node.c         workers: honest counts of made files, wrong guesses, crashes, hangs, I/O errors, drains
 *     history.c      one history: options from the seed, clients, faults, healing
 *     check.c        what must hold, always and at the end
 *     main.c         seeds, mutants
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/coord/core.h"

#define NODES_MAX_SIM 4
#define FILES_MAX_SIM 6
#define JOBS_MAX_SIM 6
#define SLOTS_MAX_SIM 4

/* ---- a made file: records of different size, perhaps one that is at fault or kills its reader */
struct sim_file {
	char path[32];
	uint64_t size;
	uint32_t records_n;
	uint64_t *starts;       /* of records_n records; starts[records_n] is size */
	uint64_t *values;       /* what each counts */
	uint32_t fault;         /* record at fault, or UINT32_MAX */
	uint32_t poison;        /* record that kills a child, or UINT32_MAX */
	uint32_t damaged;       /* record that no node can read, although all can open the file, or UINT32_MAX */
	uint32_t unreadable_on; /* bit set of nodes that cannot open or read it */
	uint64_t sum;           /* of all values: the oracle */
};

struct sim_slice {
	struct slice_row row;
	uint64_t sum;
	uint32_t lacks; /* modules to be counted a second time */
	bool has_again; /* that second count is there: */
	uint64_t again;
};

/* What a record counts the second time is so many times what it counts the first. */
#define AGAIN_TIMES 7

struct sim_image {
	struct job_row jobs[JOBS_MAX_SIM];
	uint32_t jobs_n;
	struct file_row files[JOBS_MAX_SIM * FILES_MAX_SIM];
	uint64_t results[JOBS_MAX_SIM * FILES_MAX_SIM];
	bool has_result[JOBS_MAX_SIM * FILES_MAX_SIM];
	uint64_t planned[JOBS_MAX_SIM * FILES_MAX_SIM]; /* in which start of the coordinator the file was; 0: it is not */
	uint32_t files_n;
	struct sim_slice *slices; /* in order */
	uint32_t slices_n, slices_room;
	bool drained[NODES_MAX_SIM];
};

struct sim_run {
	struct slice_id id;
	struct slice_task task;
	const struct sim_file *file;
	uint32_t modules;
	uint64_t began;
	bool hangs;
	/* as a result: */
	struct event result;
	uint64_t sum;
	bool done;
};

struct sim_node {
	char name[16];
	bool alive, draining;
	uint64_t instance;
	uint64_t link;         /* number of its connection, 0: none */
	bool welcome;          /* over this connection */
	uint64_t seen;         /* the last start of the coordinator that it heard of; survives its crash */
	uint64_t cut;          /* the connection of this number carries nothing any more */
	uint32_t slots;
	struct sim_run runs[64]; /* counted, or done and not acknowledged */
	uint32_t runs_n;
	uint64_t slow;         /* times as long as others */
	uint64_t to_node, to_coord; /* when the last message of each direction arrives: FIFO */
};

struct sim_client_job {
	uint8_t uuid[16];
	const char *paths[FILES_MAX_SIM];
	uint32_t files[FILES_MAX_SIM]; /* index of each */
	uint32_t files_n;
	uint64_t slice_size;
	uint32_t modules;
	bool acked, cancel_sent;
	uint64_t id;
};

enum thing_kind {
	THING_SUBMIT = 1,  /* a client tries (again) */
	THING_CANCEL,
	THING_TO_COORD,    /* an event arrives */
	THING_TO_NODE,     /* an action arrives */
	THING_NODE_DONE,   /* a slice is counted */
	THING_NODE_DIAL,
	THING_NODE_WELCOME, /* WELCOME arrives: .held are the slices to be dropped */
	THING_NODE_CRASH,
	THING_NODE_START,
	THING_LINK_NOTICED, /* the coordinator learns that a connection is gone */
	THING_COORD_START,
	THING_COMMIT,      /* the group commit's timer */
	THING_TICK,
	THING_PERSON_DRAIN,
	THING_PERSON_RESUME,
	THING_HEAL,
};

struct thing {
	uint64_t at, sequence;
	enum thing_kind kind;
	uint32_t node, job;
	uint64_t link, epoch; /* of which connection, coordinator or node instance: of no use when that is over */
	struct event event;
	uint64_t sum;         /* of a RESULT */
	struct action action;
	struct file_facts facts;
	struct slice_id held[64];
	char path[32];
};

struct sim {
	uint64_t seed, random, now, sequence;
	struct thing **heap;
	uint32_t heap_n, heap_room;
	uint64_t trace; /* hash of what happened */
	bool faults;    /* before healing */
	uint64_t steps;
	const char *failure;
	char text[512];

	/* options drawn from the seed */
	uint32_t nodes_n, files_n, jobs_n, slots, losses_max;
	uint64_t scale; /* bytes are so many times as many: where it is large, slices wait for the lead */
	uint32_t p_crash, p_cut, p_coord, p_guess_wrong, p_unsure, p_hang, p_drain, p_commit_crash, p_again; /* of 1000 */

	struct sim_file files[FILES_MAX_SIM];
	struct sim_node nodes[NODES_MAX_SIM];
	struct sim_client_job clients[JOBS_MAX_SIM];

	/* the coordinator */
	struct coord *coord;
	bool dead;           /* it has crashed and is not started yet */
	uint64_t tick_at;    /* when the next TICK comes; UINT64_MAX: none */
	uint64_t epoch;      /* of the coordinator: grows at each start */
	uint64_t links;      /* last number of a connection */
	uint64_t link_of_node[NODES_MAX_SIM]; /* as the coordinator sees it */
	struct sim_image committed, working;
	bool dirty, timer;
	struct action held[256];
	uint32_t held_n;
	uint64_t stash_sum;

	uint8_t deaths[4096]; /* of children over sound slices: never so many of one that its file fails */
};

/* ---- world.c */
uint64_t sim_draw(struct sim *sim);
bool sim_chance(struct sim *sim, uint32_t of_1000);
uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high);
struct thing *sim_plan(struct sim *sim, uint64_t delay, enum thing_kind kind);
struct thing *sim_next(struct sim *sim); /* to free(); NULL: nothing comes any more */
void sim_fail(struct sim *sim, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));
void sim_trace(struct sim *sim, uint64_t value);

/* ---- disk.c */
void image_copy(struct sim_image *to, const struct sim_image *from);
void image_deinit(struct sim_image *image);
struct file_row *image_file(struct sim_image *image, uint64_t job, uint32_t file, uint32_t *ret_index);
struct job_row *image_job(struct sim_image *image, uint64_t job);
struct sim_slice *image_slice(struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice);
void image_save_slice(struct sim_image *image, const struct slice_row *row, uint64_t sum, uint32_t lacks);
void image_save_again(struct sim_image *image, const struct slice_row *row, uint64_t sum);
void image_forget_slices(struct sim_image *image, uint64_t job, uint32_t file, uint64_t first, uint64_t last);

/* ---- coordinator.c */
void coordinator_start(struct sim *sim);
void coordinator_crash(struct sim *sim);
void coordinator_drive(struct sim *sim, struct event *event);
void coordinator_commit(struct sim *sim);
void coordinator_gone(struct sim *sim, uint32_t node); /* notices that the node's connection has ended */
void coordinator_hello(struct sim *sim, struct thing *hello);

/* ---- node.c */
void node_dial(struct sim *sim, uint32_t node);
void node_welcome(struct sim *sim, const struct thing *thing);
void node_message(struct sim *sim, struct thing *thing);
void node_done(struct sim *sim, struct thing *thing);
void node_crash(struct sim *sim, uint32_t node);
void node_start(struct sim *sim, uint32_t node);
void node_terminate(struct sim *sim, uint32_t node);
void link_cut(struct sim *sim, uint32_t node, bool silent);
struct thing *to_coordinator(struct sim *sim, uint32_t node);

/* ---- history.c */
bool history_run(struct sim *sim, uint64_t seed); /* false: sim->failure and sim->text say what */
void history_free(struct sim *sim);
void history_options(const struct sim *sim, char *out, uint32_t size);

/* ---- check.c */
void check_acked(struct sim *sim); /* always: what was acknowledged is on the disk */
void check_end(struct sim *sim);
