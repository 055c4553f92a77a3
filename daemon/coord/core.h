/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The coordinator's core: jobs, files, slices, nodes and leases as a pure state machine.
 *
 *     coord_step(coord, event, actions)
 *
 * No clock (each event carries the time), no system call, no I/O, no random numbers, no iteration in the order of
 * addresses: the same events give the same actions. Two drivers run it: the daemon (drive.c: sd-event, TLS, SQLite) and
 * the simulator (tests/sim), which kills, cuts and restarts it thousands of times.
 *
 * A step's actions are performed in their order. The contract with the driver:
 *   - all SAVE_*, FORGET_* and MERGE_FILE actions up to a commit are one transaction;
 *   - every ACTION_REPLY, ACTION_SEND_ACK and ACTION_JOB_CHANGED behind them in the list waits for that commit; the other
 *     messages to workers promise nothing (what they cause is proved by seams) and may leave at once;
 *   - a commit that fails ends the process: nothing was promised.
 *   - after a crash the driver makes a new core and loads the rows of the last commit; coord_loaded() then gives the
 *     actions that follow from them (a file whose chain is complete is merged). Twice is the same as once.
 *
 * Counters are opaque here: the driver has checked a result's counters (they unpack, their reads are the seam's records)
 * before it gives the event, and keeps the bytes by (job, file, slice, which count).
 *
 * A slice may be counted by several nodes: handed out twice because the first one is slow or was thought dead, or on purpose (audit).
 * Copies from the same start must agree (event.result.digest, and the seam); where they do not, nobody can tell which one is wrong:
 * the file fails and both nodes are drained. A node that hangs, or fails where others do not, is given nothing new (core_trouble.c).
 *
 * A file whose result is kept from an earlier job is not counted: behind its OPENED the driver looks in the store for a result of the key
 * that coord_result_key() tells, and gives what it finds with the event. Nothing may be removed there before the step is performed.
 *
 * Of an ordinary gzip file in slices, a slice is first inflated by somebody (id.scout), who keeps its text, and then counted by him or by
 * anybody else (core_split.c). Where its slices do not go together, whatever the reason, the file is counted anew in one.
 *
 * Some slices are counted a second time: when all were counted once, merging tells which of them lacked what lies before them in the
 * file (lib/qc/assembly.h). These go out again, from the starts that are proven now; when all are there the file is merged again.
 *
 * Groups of files are rows of their own, merged of the results of their members and of second counts of these (core_group.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/coord/rows.h"
#include "lib/base/log.h"
#include "lib/qc/groups.h"

#define GROUPS_MAX 3        /* that a file is in */
#define GROUPS_PROTO 3      /* nodes that speak at least this can count for groups */
#define SPLIT_PROTO 3       /* ... can count slices of a gzip stream */

struct coord;

struct coord_limits {
	uint64_t stall_ms;     /* a slice without progress for so long is taken from its node (a loss) */
	uint64_t open_ms;      /* an OPEN without an answer for so long is asked of another node */
	uint64_t straggler_ms; /* a slice that takes longer than this and than others may get a copy on another node; 0: none does */
	uint64_t slice_min, slice_max, slices_max;
	uint64_t read_max;
	uint32_t crashes_max, losses_max;
	uint32_t jobs_max;     /* unfinished jobs of one owner */
	uint32_t files_max;    /* files of one job */
	uint32_t files_owner_max;  /* files of all unfinished jobs of one owner; 0: any number */
	uint64_t slices_owner_max; /* slices of these that are planned and have not ended; 0: any number */
	uint32_t audit_percent;    /* of all slices, so many are counted on a second node as well */
	uint64_t secret;           /* random, another one at each start: which slices these are, and where its leases begin */
	uint32_t algorithm;        /* jobs of another one begin anew when they are loaded; 0: they do not */
	enum split_gzip split_gzip; /* of jobs that do not say */
};

struct slice_id {
	uint64_t job;
	uint32_t file;
	uint64_t slice;
	uint64_t lease;
	bool again; /* its second count */
	bool scout; /* it is not counted, but inflated (core_split.c) */
	bool split; /* the file is split; there is no such slice where it is not, or not any more */
};

struct node_hello {
	const char *name;
	uint8_t instance[16];
	uint64_t key;      /* the beginning of its key's pin: nodes that share one are one and the same witness; 0: none */
	uint32_t slots;
	uint32_t cores;    /* 0: it does not say how many */
	uint32_t algorithm;
	uint32_t proto;    /* protocol that is spoken with it; below 2 it cannot check proofs of reading */
	bool draining;
	bool transient;    /* a job of a batch system: forgotten when it has left, or some time after it was lost */
	const struct slice_id *held; /* what it still counts or has a result for */
	uint32_t held_n;
};

enum event_kind {
	EVENT_TICK = 1,     /* only time has passed */
	/* a worker, told by the driver's number for its connection (peer > 0, never used again) */
	EVENT_NODE_HELLO,   /* .hello; a node of the same name that is still there is replaced (its slices: held, or lost) */
	EVENT_NODE_GONE,
	EVENT_NODE_DRAINING,
	EVENT_OPENED,       /* .opened */
	EVENT_PROGRESS,     /* .progress */
	EVENT_COMING,       /* a result is coming in, or waits to be taken: what this node has counted is not stalled */
	EVENT_RESULT,       /* .result */
	EVENT_CRASHED,      /* .failed */
	EVENT_IO_ERROR,     /* .failed */
	EVENT_RETURNED,     /* .failed.id only: not a loss */
	/* a client */
	EVENT_SUBMIT,       /* .submit; the driver has looked up the uuid: it is new */
	EVENT_CANCEL,       /* .cancel */
	EVENT_DRAIN,        /* .drain; by name, also of a node that is not there (whether there may be one is for the driver to know) */
	EVENT_RESUME,
	/* the driver */
	EVENT_HOLD,         /* .hold: the store has no room: nothing is handed out while it is true */
	EVENT_POINT,        /* .point: FIND_POINT was done */
	EVENT_MERGED,       /* .merged: MERGE_FILE was done in the current transaction, or could not be */
};

struct event {
	enum event_kind kind;
	uint64_t now_ms;  /* monotonic */
	uint64_t wall_ms; /* since 1970, for rows only */
	uint64_t peer;    /* events of a worker */
	uint64_t request; /* events of a client: comes back in the ACTION_REPLY; 0: no reply wanted */
	union {
		struct node_hello hello;
		struct {
			uint64_t job;
			uint32_t file;
			struct file_facts facts;
			int error_number;   /* 0 with error.class NONE: opened */
			bool unproven;      /* with an error: it is not what the submitter read */
			struct error error; /* class NONE: opened */
			struct {
				uint64_t id;        /* of a result that is kept; 0: none is */
				uint64_t records, bases;
			} kept;
			struct {
				uint64_t id; /* of an index that another job has left (coord_content_key()); 0: there is none */
				uint64_t slice_size;
			} seek;
		} opened;
		struct {
			struct slice_id id;
			uint64_t bytes;
		} progress;
		struct {
			struct slice_id id;
			enum slice_outcome outcome; /* END, UNSURE, FAULT */
			struct slice_task task;     /* start_known and start as they were in the task */
			struct slice_seam seam;
			struct slice_fault fault;
			uint64_t bases;
			uint32_t modules;           /* of the counters (END) */
			/* of a file that is split: */
			enum split_outcome inflated; /* id.scout: instead of outcome; FAULT: fault says which */
			bool has_report;            /* END, or inflated DONE */
			struct split_report report;
			const uint16_t *symbols;    /* inflated DONE: SPLIT_WINDOW of them, or NULL where next_header */
			const uint8_t *window;      /* END: SPLIT_WINDOW bytes */
			uint8_t digest[32];         /* END: of those counts that do not depend on what lies before the slice, so that
			                               honest copies of one slice with the same start have the same */
		} result;
		struct {
			struct slice_id id;
			int signal, exit_status; /* CRASHED */
			int error_number;        /* IO_ERROR */
			const char *text;        /* IO_ERROR: the node's sentence */
			bool untaken;            /* RETURNED: it has a result, for which the driver has no room; the node goes on */
		} failed;
		struct {
			struct job_row row;      /* uuid, owner, name, modules, algorithm, lenient, slice_size, files */
			const char *const *paths;
			const struct file_proof *proofs; /* one a file; NULL: none are asked for */
			const struct group *groups;      /* of these files, at least 2 each and a file in at most GROUPS_MAX */
			uint32_t groups_n;
		} submit;
		struct {
			uint64_t job;
			const char *owner; /* who asks */
			bool admin;
			const char *reason;
		} cancel;
		struct {
			const char *node;
			const char *reason;
		} drain;
		bool hold;
		struct {
			uint64_t job;
			uint32_t file;
			uint64_t slice;
			bool gone, found;        /* the index is not kept any more; it has this slice: */
			struct split_report report;
			const uint8_t *window;
		} point;
		struct {
			uint64_t job;
			uint32_t file;
			bool failed;             /* error says why: the file fails */
			const struct second *again; /* in order: not merged yet, these are to be counted a second time */
			uint64_t again_n, again_done; /* how many; how many others there were and are merged */
			uint64_t records, bases; /* where merged */
			uint64_t kept;           /* a group: that has the result of this id, which an earlier job has left; 0: no */
			struct error error;
		} merged;
	};
};

enum action_kind {
	/* durable */
	ACTION_SAVE_JOB = 1,   /* .job (insert or replace) */
	ACTION_SAVE_FILE,      /* .file (insert or replace) */
	ACTION_SAVE_SLICE,     /* .slice; with the counters that came with the event unless at fault */
	ACTION_FORGET_SLICE,   /* .slice: its row and counters */
	ACTION_SAVE_AGAIN,     /* .slice.job/.file/.slice: the counters that came with the event, of its second count */
	ACTION_MERGE_FILE,     /* (of a group: its members' results, and those of its second counts, which then go; .again are members.)
	                          .merge: counters of these slices, in order, and their second counts as far as they are there,
	                          into the file's result; then all of these go. Answer with EVENT_MERGED before the next commit; of a
	                          group at any time, in the transaction that has its result, unless it has ended */
	ACTION_FORGET_SLICES,  /* .merge.job/.file: all slices' rows and counters of a file that failed or was cancelled */
	ACTION_USE_RESULT,     /* .use: the file's result is the kept one of this id */
	ACTION_SAVE_NODE,      /* .node: drained, by a person or by its faults, or no longer */
	ACTION_SAVE_TROUBLE,   /* .trouble; forgotten with the slices of its file */
	ACTION_DROP_SEEK,      /* .find.seek: this index is wrong, damaged, or gone already; the result that it came with stays */
	ACTION_FIND_POINT,     /* .find: answer with EVENT_POINT, before anything else happens */
	/* to a worker */
	ACTION_SEND_OPEN,      /* .open */
	ACTION_SEND_TASK,      /* .task */
	ACTION_SEND_DROP,      /* .id */
	ACTION_SEND_ACK,       /* .id: its result, or that it crashed, is durable or of no use */
	ACTION_SEND_DRAIN,
	ACTION_SEND_RESUME,
	ACTION_DROP_PEER,      /* .text: end this connection (replaced by a newer one, lied) */
	/* to a client */
	ACTION_REPLY,          /* .reply */
	ACTION_JOB_CHANGED,    /* .job_id: who waits for it may look */
	/* to the journal */
	ACTION_LOG,            /* .log */
};

struct action {
	enum action_kind kind;
	uint64_t peer; /* for SEND_* and DROP_PEER */
	union {
		const struct job_row *job;
		const struct file_row *file;
		struct slice_row slice;
		struct {
			uint64_t job;
			uint32_t file;
			const struct chain *chain; /* merge links[i] for all i that are not empty */
		} merge;
		struct {
			char name[NODE_NAME_MAX];
			bool drained;
			char reason[256];
		} node;
		struct {
			uint64_t job;
			uint32_t file;
			const char *path;
			const struct file_proof *proof;
		} open;
		struct trouble_row trouble;
		struct {
			uint64_t job;
			uint32_t file;
			uint64_t kept;
		} use;
		struct {
			uint64_t job;
			uint32_t file;
			uint64_t slice, seek;
		} find;
		struct {
			struct slice_id id;
			struct slice_task task;
			const char *path;
			const struct file_facts *facts;
			uint32_t modules, algorithm;
			uint64_t reads, qualities; /* id.again: before the slice */
			/* of a file that is split: */
			bool split;
			uint64_t text_max;        /* id.scout */
			struct split_point point; /* otherwise; its window is the one that was stored with slice window_from, unless: */
			uint64_t window_from;     /* UINT64_MAX: the point has it, or none is needed */
		} task;
		struct slice_id id;
		struct {
			uint64_t request;
			uint64_t job;       /* SUBMIT: the id */
			struct error error; /* class NONE: granted */
		} reply;
		uint64_t job_id;
		struct {
			int level; /* syslog */
			struct log_about about; /* texts are valid until the next step */
			char text[512];
		} log;
		char text[256];
	};
};

/* A growing list, emptied by the driver after each round; pointers in it are valid until the next step. */
struct actions {
	struct action *items;
	uint32_t n, room;
};

int coord_new(const struct coord_limits *limits, struct coord **ret);
struct coord *coord_free(struct coord *coord);

/*
 * Loading what the last commit left: node drains, unfinished jobs with their files in order, then their slices and troubles; then
 * coord_loaded(). next_job is one more than the highest id ever given; generation grows at each start, and leases with it, so
 * that no lease of an earlier start is given again. Where a backup is put back, a generation may come a second time: then the
 * leases of the other one are not known, and what a node holds under them is of no use. 0, -ENOMEM, -EINVAL (rows that make no sense, with
 * a sentence: the database is damaged).
 */
int coord_load_node(struct coord *coord, const char *name, const char *reason);
int coord_load_job(struct coord *coord, const struct job_row *row, struct error *err);
int coord_load_file(struct coord *coord, const struct file_row *row, struct error *err);
int coord_load_slice(struct coord *coord, const struct slice_row *row, struct error *err);
/*
 * Of a file that is counted in slices (way_cuts()), between itself and its slices: an index that is kept of it now (coord_content_key()),
 * with slices of this size. False: it is of no use. True: before each of its slices, .point of each that is missing before it, in order; so
 * what was counted behind a gap is of use.
 */
bool coord_load_seek(struct coord *coord, uint64_t job, uint32_t file, uint64_t seek, uint64_t slice_size);
int coord_load_point(struct coord *coord, const struct event *point, struct error *err);
int coord_load_trouble(struct coord *coord, const struct trouble_row *row, struct error *err);
/* -EINVAL without a sentence: files of a job are missing. */
int coord_loaded(struct coord *coord, uint64_t generation, uint64_t next_job, uint64_t now_ms, struct actions *actions);

/*
 * 0, or -ENOMEM (end the process: the last commit is the truth). Nothing a peer says in an event is trusted: ids that
 * do not exist, leases of long ago, results nobody asked for are answered with an ACK or DROP and change nothing.
 */
int coord_step(struct coord *coord, const struct event *event, struct actions *actions);

/* When a TICK is due although nothing else happens (monotonic ms), or UINT64_MAX. It may be for nothing, and tell a later time. */
uint64_t coord_deadline(const struct coord *coord);

void actions_clear(struct actions *actions);
void actions_deinit(struct actions *actions);

/* ---- looking, for status, show and nodes; finished jobs are the store's to tell ---- */

struct job_view {
	const struct job_row *row;
	uint32_t files_done;
	uint32_t files_cached;     /* of those that were submitted; row->files where groups are, too: then nothing was counted */
	uint64_t bytes, bytes_done, records, bases;
	uint32_t nodes;            /* nodes counting for it now */
	char node_names[256];      /* folded (lib/base/hostlist.h) */
	char reason[64];           /* why nothing is counted: NoWorkers, NoNodeOfAlgorithm, NoNodeChecksProofs, NodesSuspect, OwnerLimit,
	                              NoNodeMerges, NoNodeSeesPath, Resources; else empty */
};

struct file_view {
	const struct file_row *row;
	uint64_t bytes_done;
	const struct chain *chain; /* NULL before the plan and after the end */
	uint64_t inflated;         /* slices that are inflated, and not counted yet */
};

struct slice_view {
	const char *state;         /* open, running, waits, counted, proven, empty; again: waits for its second count; inflating, held */
	const char *node;          /* "" unless running, inflating or held */
	uint32_t crashes, losses;
};

struct node_view {
	const char *name;
	const char *state;         /* idle, mixed, alloc, suspect, drain (empty), drng (draining), down */
	const char *reason;        /* why it is suspect, drained or down */
	uint64_t peer;             /* 0: down */
	uint32_t slots, busy, jobs;
	uint64_t bytes_done, rate; /* rate: file bytes a second over the last seconds */
	uint64_t seen_ms;          /* monotonic time of its last event; 0: none since the coordinator's start */
};

/* Walks in order of id (name for nodes); start with *cursor = 0. False at the end. */
bool coord_next_job(const struct coord *coord, uint64_t *cursor, struct job_view *ret);
bool coord_find_job(const struct coord *coord, uint64_t id, struct job_view *ret);
const struct job_row *coord_find_row(const struct coord *coord, uint64_t id); /* of an unfinished job, or NULL */
uint32_t coord_unfinished(const struct coord *coord); /* how many jobs are */
/* Unfinished jobs by state, and when the first of the pending ones was submitted (wall clock; 0: there is none). */
struct job_tally {
	uint32_t pending, running;
	uint64_t oldest_ms;
};
struct job_tally coord_tally(const struct coord *coord);
bool coord_find_file(const struct coord *coord, uint64_t job, uint32_t file, struct file_view *ret);
bool coord_find_slice(const struct coord *coord, uint64_t job, uint32_t file, uint64_t slice, struct slice_view *ret);
bool coord_next_node(const struct coord *coord, uint64_t *cursor, struct node_view *ret);
bool coord_has_node(const struct coord *coord, const char *name); /* connected, lost since the start, or drained */

/*
 * What the result of the file is kept by: two files with the same key have the same counters. Path, fingerprint, and all that says what is
 * counted. facts: as the file was just opened, to look for a result; NULL: those it was planned with, to keep one. False: its result
 * is not kept, or the job wants none.
 */
bool coord_result_key(const struct coord *coord, uint64_t job, uint32_t file, const struct file_facts *facts, uint8_t ret[RESULT_KEY_SIZE]);

/* The same, as if the job asked for these modules by these rules: what was counted so has all that the job needs. */
struct counted_way {
	uint32_t modules;
	const uint8_t *rules; /* packed */
	uint32_t rules_n;
};
bool coord_result_key_as(const struct coord *coord, uint64_t job, uint32_t file, const struct file_facts *facts,
                         const struct counted_way *way, uint8_t ret[RESULT_KEY_SIZE]);

/* The same for what the file is, whatever is counted of it: by this the points of a gzip stream are kept. */
bool coord_content_key(const struct coord *coord, uint64_t job, uint32_t file, const struct file_facts *facts,
                       uint8_t ret[RESULT_KEY_SIZE]);

/*
 * Adds member k (from 0, one after the other) to what the result of a group is kept by, which begins as zero bytes: the key of the result of
 * each member, in order. find: whether an earlier job's result is of use. False: it is not kept.
 */
bool coord_group_key(const struct coord *coord, uint64_t job, uint32_t group, uint32_t k, bool find, uint8_t key[RESULT_KEY_SIZE]);

/* Whether the worker of this connection counts this slice under this lease. */
bool coord_node_runs(const struct coord *coord, uint64_t peer, const struct slice_id *id);
/* The same, and since when (monotonic ms). */
bool coord_node_runs_since(const struct coord *coord, uint64_t peer, const struct slice_id *id, uint64_t *ret_ms);
