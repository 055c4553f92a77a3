/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state behind core.h, for its own files only:
 *
 *     core.c            new, free, load, step: which event goes where
 *     core_actions.c    the list of actions, and one function for each kind that is emitted
 *     core_node.c       nodes: hello, gone, drained; what each runs
 *     core_job.c        jobs: submit, end, cancel
 *     core_file.c       their files: open, plan, end
 *     core_slice.c      slices: results, crashes, losses, I/O errors
 *     core_again.c      second counts of slices
 *     core_schedule.c   who opens and counts what next
 *     core_view.c       looking
 *
 * An event changes the state in one of the middle files; what follows for idle nodes is core_schedule.c's, after every step.
 */
#pragma once

#include "daemon/coord/core.h"

/* Bugs put in on purpose, by number, in the simulator's build only: each must be found by it. */
enum coord_mutant {
	MUTANT_NONE = 0,
	MUTANT_REPLY_BEFORE_SAVE, /* a submit is acknowledged before it is durable */
	MUTANT_NO_SEAM,           /* a guessed start is believed */
	MUTANT_NO_STALL,          /* a slice without progress stays with its node for ever */
	MUTANT_NO_CRASH_LIMIT,    /* a slice that kills children is tried for ever */
	MUTANT_LOSE_ON_GONE,      /* slices of a node that went away are not handed out again */
	MUTANT_DRAINED_GETS_WORK, /* a drained node is given slices */
	MUTANT_TOO_MANY,          /* a node is given one slice more than it has slots */
	MUTANT_NO_REOPEN,         /* a slice that was guessed wrong is not handed out again */
	MUTANT_FAULT_UNPROVEN,    /* a fault is believed before the start of its slice is proven */
	MUTANT_FAULT_ORDINAL,     /* the record's number is that within its slice */
	MUTANT_PLAN_NOT_SAVED,    /* how a file is cut is not durable */
	MUTANT_NO_FORGET,         /* counters from a wrong guess stay in the store */
	MUTANT_MERGE_TWICE,       /* a file is merged twice */
	MUTANT_HELD_IGNORED,      /* what a worker brings with it is not believed to be running */
	MUTANT_ANY_LEASE,         /* the end of an old copy is taken for that of the new one */
	MUTANT_LEASES_AGAIN,      /* each start of the coordinator gives the same leases */
	MUTANT_CANCEL_KEEPS,      /* counters of a cancelled file stay in the store */
	MUTANT_IO_FOREVER,        /* a slice that no node can read is tried for ever */
	MUTANT_AGAIN_FORGOTTEN,   /* a file ends without its second counts */
	MUTANT_AGAIN_BY_FIRST,    /* a late result of a first count is taken for the second one */
	MUTANT_AGAIN_KEPT,        /* what a file that ends within its second counts has stored stays in the store */
	MUTANT_AGAIN_LOST,        /* a second count that came back without a result is not handed out again */
	MUTANT_LEAD_FOR_EVER,     /* slices wait for the first one of their file even when it is proven */
	_MUTANT_MAX,
};
#ifdef COORD_MUTANTS
extern enum coord_mutant coord_mutant;
#define MUTANT(which) (coord_mutant == (which))
#else
#define MUTANT(which) false
#endif

#define NODES_MAX 4096  /* down and undrained ones are forgotten beyond */
#define OPENS_PER_NODE 4

/* One slice that a node counts. */
struct run {
	struct slice_id id;
	uint64_t bytes;       /* of the slice, taken in */
	uint64_t progress_ms; /* when bytes last grew */
	bool told;            /* it was given start_known and start as below (not: it says that it holds it) */
	bool start_known;
	struct text_place start;
};

struct node {
	char name[NODE_NAME_MAX];
	uint8_t instance[16];
	uint64_t peer;        /* 0: down */
	uint32_t slots, algorithm, proto;
	bool draining;        /* it says so itself */
	bool drained;         /* by a person */
	char reason[256];
	struct run *runs;
	uint32_t runs_n, runs_room;
	uint32_t opens;       /* OPENs it has not answered */
	uint64_t seen_ms;
	uint64_t bytes_done;
	uint64_t rate, rate_from_ms, rate_bytes; /* over the last whole second or more */
};

struct slice {
	uint8_t crashes, running;
	uint16_t losses;
	bool saved;           /* its row (and counters, unless at fault) is in the store */
	uint64_t bases;
};

/* A slice that is counted a second time. */
struct again_slice {
	struct second wanted;
	bool done;
};

/* A node on which a file could not be opened, or a slice not be read. */
struct io_fail {
	uint64_t slice;
	char node[NODE_NAME_MAX];
};

struct file {
	struct file_row row;
	char *path;           /* row.path */
	bool ended;
	/* opening */
	uint64_t open_peer;   /* asked; 0: nobody */
	uint64_t open_ms;     /* when */
	struct io_fail *fails; /* of opening before the plan, of slices after it */
	uint32_t fails_n;
	struct error open_error;
	/* counting */
	struct chain chain;
	enum chain_outcome outcome;
	struct slice *slices; /* chain.n of them */
	uint64_t next;        /* no link below it is open and not running, but for the one at chain.proven */
	/* second counts; until they are known all of these are 0 */
	struct again_slice *again; /* in order of slice */
	uint64_t again_n, again_left;
	uint64_t again_next;  /* none below it is to be handed out */
	uint64_t bytes_done;  /* of slices counted */
};

struct job {
	struct job_row row;
	uint8_t *rules;       /* row.rules */
	struct file *files;   /* row.files of them */
	uint32_t files_ended;
	uint32_t open_next;   /* files below it are being opened, are planned or have ended */
	uint32_t work_next;   /* planned files below it have nothing to hand out */
	uint32_t planned_end; /* no file from it on is planned */
	uint32_t asked_end;   /* nor is one from it on being opened */
	uint32_t running;     /* slices */
	uint32_t files_loaded;
	bool ended;           /* forgotten at the next step */
	uint32_t failures_told; /* in the journal */
};

struct coord {
	struct coord_limits limits;
	uint64_t next_job, next_lease;
	struct node **nodes;  /* in order of name */
	uint32_t nodes_n, nodes_room;
	struct job **jobs;    /* in order of id */
	uint32_t jobs_n, jobs_room;
	bool reap;            /* some job has ended */
	bool hold;            /* the store has no room */
	/* of the step at hand */
	uint64_t now_ms, wall_ms;
	struct actions *actions;
	bool oom;
	struct action nowhere; /* where an action goes when there is no memory: the step fails then */
};

/* ---- core_actions.c: each appends one action; out of memory is remembered in coord->oom */
struct action *emit(struct coord *coord, enum action_kind kind, uint64_t peer);
void emit_id(struct coord *coord, enum action_kind kind, uint64_t peer, const struct slice_id *id);
void emit_job(struct coord *coord, const struct job *job);
void emit_file(struct coord *coord, const struct file *file);
void emit_slice(struct coord *coord, enum action_kind kind, const struct file *file, uint64_t i);
void emit_merge(struct coord *coord, enum action_kind kind, const struct file *file);
void emit_trouble(struct coord *coord, const struct file *file, uint64_t i);
void emit_node(struct coord *coord, const struct node *node);
void emit_changed(struct coord *coord, const struct job *job);
void emit_granted(struct coord *coord, uint64_t request, uint64_t job);
void emit_refused(struct coord *coord, uint64_t request, const struct error *error);
void emit_log(struct coord *coord, int level, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- core_node.c */
struct node *node_of_peer(const struct coord *coord, uint64_t peer);
struct node *node_of_name(const struct coord *coord, const char *name);
bool node_takes_work(const struct node *node);
struct run *run_find(struct node *node, const struct slice_id *id); /* whatever its lease */
struct run *run_add(struct coord *coord, struct node *node, const struct slice_id *id);
void run_remove(struct node *node, struct run *run);
uint32_t nodes_slots(const struct coord *coord);
void node_hello(struct coord *coord, const struct event *event);
void node_gone(struct coord *coord, struct node *node);
void node_drain(struct coord *coord, const struct event *event);
void node_resume(struct coord *coord, const struct event *event);
void node_stalls(struct coord *coord);
void node_free(struct node *node);
int node_load(struct coord *coord, const char *name, const char *reason);

/* ---- core_job.c */
struct job *job_find(const struct coord *coord, uint64_t id);
struct file *file_find(const struct coord *coord, uint64_t job, uint32_t file, struct job **ret_job);
int job_add(struct coord *coord, const struct job_row *row, struct job **ret);
void job_free(struct job *job);
void jobs_reap(struct coord *coord);
void job_submit(struct coord *coord, const struct event *event);
void job_cancel(struct coord *coord, const struct event *event);
void job_end_if_done(struct coord *coord, struct job *job);

/* ---- core_file.c */
int file_plan(struct coord *coord, struct job *job, struct file *file, struct error *err);
void file_opened(struct coord *coord, const struct event *event);
/* Its row, which says how, is saved; nobody counts it any more. */
void file_end(struct coord *coord, struct job *job, struct file *file);
void file_fail(struct coord *coord, struct job *job, struct file *file, const struct error *error);
void file_merged(struct coord *coord, const struct event *event);
int file_fail_add(struct file *file, uint64_t slice, const char *node);
bool file_failed_on(const struct file *file, uint64_t slice, const char *node);
void file_release(struct file *file);

/* ---- core_slice.c */
void slice_progress(struct coord *coord, const struct event *event);
void slice_result(struct coord *coord, const struct event *event);
void slice_crashed(struct coord *coord, const struct event *event);
void slice_io_error(struct coord *coord, const struct event *event);
void slice_returned(struct coord *coord, const struct event *event);
/* The node does not count it any more and has no result: a loss. The run is removed by the caller. */
void slice_lost(struct coord *coord, const struct slice_id *id, const char *node);
/* Whether a node's count of it would be of use: the slice is not counted, or not for a second time, as id says. */
bool slice_wanted(const struct file *file, const struct slice_id *id);
void others_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i);
/* What the node told of it cannot be: dealt with as what cannot be read there. */
void slice_absurd(struct coord *coord, struct job *job, struct file *file, uint64_t i, const struct node *node);
/* One copy of it less runs. */
void slice_stopped(struct coord *coord, const struct slice_id *id);
/* What the chain says after a change: merge, or fail. */
void file_advance(struct coord *coord, struct job *job, struct file *file);

/* ---- core_again.c */
void again_begin(struct coord *coord, struct job *job, struct file *file, const struct event *event);
struct again_slice *again_find(const struct file *file, uint64_t slice); /* NULL: not to be counted again */
uint64_t again_take(struct file *file, const struct node *node, bool *ret_barred);
void again_opened(struct file *file, uint64_t slice);
void again_result(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event);
void again_task(const struct file *file, uint64_t slice, struct action *action);

/* ---- core_schedule.c */
void schedule(struct coord *coord);
