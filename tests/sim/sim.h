/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole cluster in one process and without a clock: the production core of the coordinator, a disk that forgets what was
 * not committed, workers, a network that delays, cuts and half-opens, clients that submit, cancel and try again.
 *
 *     world.c        time: one heap of things to come, one random stream; the same seed is the same history
 *     options.c      what is drawn from a seed: files, nodes, clients, limits, how often which fault happens
 *     disk.c         what is committed, and the working copy
 *     coordinator.c  the driver of the core, as daemon/coord/drive.c is; it dies at any place
 *     perform.c      what the core wants done: rows, merging, messages
 *     groups.c       groups of files
 *     kept.c         results that are kept for later jobs
 *     observe.c      what is seen of the core from outside
 *     given.c        what must hold of what is handed out and taken
 *     node.c         workers: they come and go, are told and tell
 *     count.c        what they count of made files: honestly, with wrong guesses, with lies; crashes, hangs, I/O errors
 *     gzip.c         one gzip stream: where its blocks and members are, and what is told of slices of it
 *     faults.c       clients, persons, faults, healing
 *     history.c      one history
 *     check.c        what must hold in the end
 *     recount.c      that what the core keeps beside its state follows from it
 *     many.c         another world, of thousands of nodes: what an event costs
 *     main.c         seeds, mutants
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/coord/core_internal.h"

#define NODES_MAX_SIM 4
#define FILES_MAX_SIM 6
#define JOBS_MAX_SIM 6
#define SLOTS_MAX_SIM 4
#define ROWS_MAX_SIM (JOBS_MAX_SIM * 2 * FILES_MAX_SIM) /* with those of a group */
#define SIM_GROUP "group"
#define DEAD_MS 1500 /* a connection that carries nothing is noticed */

/* ---- a made file: records of different size, perhaps one that is at fault or kills its reader */
struct sim_file {
	char path[32];
	uint64_t size;
	uint32_t records_n;
	uint64_t *starts;       /* of records_n records; starts[records_n] is size */
	uint64_t *values;       /* what each counts */
	uint32_t fault;         /* record at fault, or UINT32_MAX */
	uint32_t poison;        /* record that kills a child, or UINT32_MAX */
	uint32_t killer;        /* record that kills a whole worker, or UINT32_MAX */
	uint32_t damaged;       /* record that no node can read, although all can open the file, or UINT32_MAX */
	uint32_t unreadable_on; /* bit set of nodes that cannot open or read it */
	uint32_t lacking_on;    /* ... that do not have it */
	uint32_t other_on;      /* ... that have another file there */
	uint64_t changes_at;    /* when it is written to; UINT64_MAX: never */
	uint64_t sum;           /* of all values: the oracle */
	/* one gzip stream, if it has blocks: each byte of the file is one of text, and blocks and members begin anywhere */
	uint64_t *blocks;
	uint32_t blocks_n;
	uint64_t members[4];
	uint32_t members_n;
	bool crc_wrong;         /* behind the last member */
};

struct sim_slice {
	struct slice_row row;
	uint64_t sum;
	uint64_t digest;
	uint32_t node;    /* who counted it, */
	uint64_t epoch;   /* in which start of the coordinator */
	uint32_t lacks;   /* modules to be counted a second time */
	bool has_again;   /* that second count is there: */
	uint64_t again;
	uint32_t counts;  /* bit set of nodes that were asked and gave a count of it in this start */
	/* of a gzip stream: */
	struct split_report report;
	bool has_report, window_right;
};

/* What a record counts the second time is so many times what it counts the first, and with a new algorithm. */
#define AGAIN_TIMES 7
#define ALGORITHM_TIMES 3

/* A result that is kept for later jobs. */
struct sim_kept {
	uint64_t id;
	uint8_t key[RESULT_KEY_SIZE];
	uint64_t sum, records, bases;
	/* what it is the result of: */
	const char *path;
	uint64_t version; /* of the file when it was planned: the time of its last change */
	uint32_t modules, algorithm;
	bool lenient, lied;
	uint64_t slice_size; /* with the points of its slices, where it is not 0 */
};

/* A slice of an index that is asked for. */
struct sim_point {
	uint64_t job, slice, seek;
	uint32_t file;
};

struct sim_image {
	uint64_t name;       /* another one when a backup was put back */
	uint64_t generation;
	struct job_row jobs[JOBS_MAX_SIM];
	uint32_t jobs_n;
	uint64_t next_job;
	struct file_row files[ROWS_MAX_SIM];
	uint64_t results[ROWS_MAX_SIM];
	bool has_result[ROWS_MAX_SIM];
	uint64_t planned[ROWS_MAX_SIM]; /* in which generation the file was; 0: it is not */
	uint32_t files_n;
	struct sim_kept kept[ROWS_MAX_SIM];
	uint32_t kept_n;
	uint64_t next_kept;
	struct sim_slice *slices; /* in order */
	uint32_t slices_n, slices_room;
	struct trouble_row *troubles;
	uint32_t troubles_n, troubles_room;
	bool drained[NODES_MAX_SIM];
};

struct sim_run {
	struct slice_id id;
	struct slice_task task;
	const struct sim_file *file;
	uint32_t file_row;
	uint32_t modules, algorithm;
	uint64_t began, lasts; /* ms */
	/* as a result, or CRASHED, or IO_ERROR: */
	struct event result;
	uint64_t sum;
	bool lie, done;
	/* of a gzip stream in slices: */
	bool split, point_right;
	uint64_t from; /* its point */
	bool text_lie; /* symbols, or the window behind it, are made up */
};

/* What a liar does; the others are honest. */
enum sim_lie {
	LIE_COUNT = 1 << 0,     /* counts, records and ends that are not there */
	LIE_ALGORITHM = 1 << 1, /* it comes back with another algorithm, and goes on with what it was given before */
	LIE_UNASKED = 1 << 2,   /* results of slices that others were given */
	LIE_TWICE = 1 << 3,     /* each result a second time, differently */
};

struct sim_node {
	char name[16];
	bool alive, draining;
	uint64_t instance;
	uint64_t link;         /* number of its connection, 0: none */
	bool welcome;          /* over this connection */
	uint64_t seen;         /* the highest generation that it heard of, */
	uint64_t name_of_state; /* of this state; both survive its crash */
	uint64_t cut;          /* its connections up to this number carry nothing any more */
	uint64_t deaf, mute;   /* ... carry nothing to, or from, the node */
	uint64_t paused;       /* nothing happens here until then */
	uint32_t slots, algorithm, proto;
	bool transient;        /* a batch job's: forgotten when it has left */
	uint32_t lies;         /* enum sim_lie */
	bool hole;             /* whatever it reads fails */
	bool blind;            /* it has no file at all */
	bool was_hole, was_blind;
	struct sim_run runs[64]; /* counted, or done and not acknowledged */
	uint32_t runs_n;
	uint64_t slow;         /* times as long as others */
	uint64_t to_node, to_coord; /* when the last message of each direction arrives: FIFO */
};

struct sim_client_job {
	uint8_t uuid[16];
	char owner[8];
	const char *paths[FILES_MAX_SIM];
	uint32_t files[FILES_MAX_SIM]; /* index of each */
	struct file_proof proofs[FILES_MAX_SIM];
	uint32_t files_n;
	uint64_t slice_size;
	uint32_t modules;
	enum split_gzip split_gzip;
	bool lenient, fresh;
	struct group group;    /* n = 0: none */
	uint32_t group_files[FILES_MAX_SIM];
	bool acked, cancel_sent;
	uint32_t lied;         /* bit set of files about which a node lied that was asked */
	uint64_t id;
};

enum thing_kind {
	THING_SUBMIT = 1,  /* a client tries (again) */
	THING_CANCEL,
	THING_TO_COORD,    /* an event arrives */
	THING_TO_NODE,     /* an action arrives */
	THING_NODE_DONE,   /* a slice is counted */
	THING_NODE_PROGRESS,
	THING_NODE_DIAL,
	THING_NODE_WELCOME, /* WELCOME arrives: .held are the slices to be dropped */
	THING_NODE_REFUSED,
	THING_NODE_CRASH,
	THING_NODE_START,
	THING_LINK_NOTICED, /* the coordinator learns that a connection is gone */
	THING_COORD_START,
	THING_COMMIT,      /* the group commit's timer */
	THING_TICK,
	THING_HOLD,        /* the store has no room, or has again */
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
	bool lie, flag, point_right, text_lie;
	struct action action;
	uint64_t name;        /* of the state that HELLO and WELCOME are about */
	struct file_facts facts;
	struct slice_id held[64];
	char path[32];
};

/* A slice that a node was given and that was not taken away, as both sides must see it. */
struct sim_lease {
	struct slice_id id;
	uint32_t node;
	bool alone, fresh, audit;
};

/* A node that could not open the file (SLICE_ALL), or read the slice. */
struct sim_failure {
	uint64_t job, slice;
	uint32_t file, node;
	bool lacks, judged;
	uint64_t successes;
};

struct sim_deaths {
	uint64_t job, slice;
	uint32_t file, n;
	uint32_t durable;   /* of these, those before the last commit: what was told to one who did not live to save it does not count */
	uint64_t leases[8];
};

/* What was told of a slice, and by whom (bit sets). */
struct sim_word {
	uint64_t job, slice;
	uint32_t file, crashes, crashed, told;
};

#define WORDS_MAX_SIM 128
#define LEASES_MAX_SIM 512
#define FAILURES_MAX_SIM 1024

/* What is seen from outside of one start of the coordinator. */
struct sim_seen {
	struct sim_lease leases[LEASES_MAX_SIM];
	uint32_t leases_n;
	struct sim_failure failures[FAILURES_MAX_SIM];
	uint32_t failures_n;
	struct sim_word words[WORDS_MAX_SIM];
	uint32_t words_n;
	uint64_t successes[NODES_MAX_SIM]; /* something was opened, or counted and taken */
	uint32_t failed[NODES_MAX_SIM];    /* in a row, where others did not */
	uint32_t late[NODES_MAX_SIM];      /* failures with what was taken from it before */
	uint32_t troubled[NODES_MAX_SIM];  /* slices that went wrong to one before the limit, perhaps with it, and that another counted */
	bool reads[NODES_MAX_SIM];         /* this instance has had a success */
	uint8_t instance[NODES_MAX_SIM][16];
	uint32_t algorithm[NODES_MAX_SIM];
	uint64_t suspect[NODES_MAX_SIM];   /* since when; 0: it is not */
	uint32_t distrusted;               /* bit set of nodes that disagree with others */
	bool draining[NODES_MAX_SIM];      /* it has said so */
	bool listed[NODES_MAX_SIM], unmet[NODES_MAX_SIM]; /* unmet: known by a drain alone */
	bool hold;
	/* of the step at hand */
	uint32_t node;          /* whose event it is; NODES_MAX_SIM: nobody's */
	const struct event *event;
	bool disagree;          /* the file must fail */
	uint32_t disagree_with;
	bool live;              /* the event's lease */
	bool audited;           /* it is an audit's result */
	bool left, empty;       /* the node's connection is over, as it had said; and it had nothing in hand */
	uint32_t holes;         /* bit set of nodes that were drained as black holes */
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
	bool calm;      /* nothing goes wrong at all */
	uint32_t nodes_n, files_n, jobs_n, slots;
	struct coord_limits limits;
	uint32_t algorithm; /* of the coordinator; nodes that are started have it too */
	uint64_t scale; /* bytes are so many times as many: where it is large, slices wait for the lead */
	uint32_t p_crash, p_cut, p_coord, p_guess_wrong, p_unsure, p_hang, p_drain, p_commit_crash, p_again; /* of 1000 */
	uint32_t p_false; /* of scouts, so many find no boundary or a false one */
	uint32_t p_io, p_twice, p_pause, p_hold, p_upgrade, p_restore, p_hang_open;

	struct sim_file files[FILES_MAX_SIM];
	struct sim_node nodes[NODES_MAX_SIM];
	struct sim_client_job clients[JOBS_MAX_SIM];

	/* the coordinator */
	struct coord *coord;
	bool dead;           /* it has crashed and is not started yet */
	uint64_t paused;     /* nothing happens there until then */
	uint64_t tick_at;    /* when the next TICK comes; UINT64_MAX: none */
	uint64_t epoch;      /* of the coordinator: grows at each start, never used again */
	uint64_t links;      /* last number of a connection */
	uint64_t link_of_node[NODES_MAX_SIM]; /* as the coordinator sees it */
	struct sim_image committed, working, backup;
	uint64_t seeks[ROWS_MAX_SIM]; /* the index that a file was told of by this start, or has asked; 0: none */
	bool has_backup;
	bool restored;       /* it was put back before the next start */
	bool open_stalled;   /* some OPEN has: any file may fail by that */
	bool tell;           /* the journal, to standard output */
	bool dirty, timer;
	struct action held[512];
	uint32_t held_n;
	uint64_t stash_sum;
	/* of the scout, or the count, at hand */
	uint16_t symbols[SPLIT_WINDOW];
	uint8_t window[SPLIT_WINDOW];
	bool window_right;
	struct sim_seen seen;

	uint8_t deaths[4096]; /* of children over sound slices: never so many of one that its file fails */
	struct sim_deaths deaths_of[256]; /* as they were told */
	uint32_t deaths_n;
};

/* What is done after a step. */
struct round {
	struct event merged[ROWS_MAX_SIM];
	uint32_t merged_n;
	struct sim_point points[4096];
	uint32_t points_n;
	bool urgent;
};

/* ---- world.c */
uint64_t sim_draw(struct sim *sim);
bool sim_chance(struct sim *sim, uint32_t of_1000);
uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high);
struct thing *sim_plan(struct sim *sim, uint64_t delay, enum thing_kind kind);
void sim_later(struct sim *sim, const struct thing *thing, uint64_t at); /* a copy of it, then */
struct thing *sim_next(struct sim *sim); /* to free(); NULL: nothing comes any more */
void sim_fail(struct sim *sim, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));
void sim_trace(struct sim *sim, uint64_t value);

/* ---- options.c */
void options_draw(struct sim *sim);
void options_print(const struct sim *sim, char *out, uint32_t size);
void options_free(struct sim *sim);

/* ---- disk.c */
void image_copy(struct sim_image *to, const struct sim_image *from);
void image_deinit(struct sim_image *image);
struct file_row *image_file(struct sim_image *image, uint64_t job, uint32_t file, uint32_t *ret_index);
struct job_row *image_job(struct sim_image *image, uint64_t job);
struct sim_slice *image_slice(struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice);
struct sim_slice *image_save_slice(struct sim_image *image, const struct slice_row *row);
void image_save_again(struct sim_image *image, const struct slice_row *row, uint64_t sum);
void image_forget_slices(struct sim_image *image, uint64_t job, uint32_t file, uint64_t first, uint64_t last);
void image_save_trouble(struct sim_image *image, const struct trouble_row *row);
const struct trouble_row *image_trouble(const struct sim_image *image, uint64_t job, uint32_t file, uint64_t slice);
void image_forget_troubles(struct sim_image *image, uint64_t job, uint32_t file);

struct sim_kept *image_kept(struct sim_image *image, const uint8_t key[RESULT_KEY_SIZE], uint64_t id); /* by id, unless 0 */
void image_keep(struct sim_image *image, const struct sim_kept *kept);

/* ---- kept.c */
void kept_find(struct sim *sim, struct event *opened); /* what is kept goes with the event */
void kept_save(struct sim *sim, uint64_t job, uint32_t file, uint32_t index);
void kept_drop_seek(struct sim *sim, const struct action *action);
void kept_use(struct sim *sim, const struct action *action);
uint64_t file_version(const struct sim *sim, const struct sim_file *file); /* the time of its last change, ns */

struct event kept_point(struct sim *sim, const struct sim_point *point); /* what is known of one that was asked for */
void kept_load_seek(struct sim *sim, uint32_t index); /* the index of a file that was loaded */
bool kept_has_seek(struct sim *sim, uint32_t index);  /* that which it was last told of is kept */

/* ---- groups.c */
void groups_draw(struct sim *sim, uint32_t j); /* of a client */
bool group_merge(struct sim *sim, const struct action *action, struct event *ret); /* false: it is a file */
void group_task(struct sim *sim, const struct action *action);   /* it is handed out: */
void group_saved(struct sim *sim, const struct file_row *row);   /* it is saved: as it may be */
void check_group(struct sim *sim, const struct sim_client_job *client, const struct job_row *job);

/* ---- coordinator.c */
void coordinator_start(struct sim *sim);
void coordinator_crash(struct sim *sim);
void coordinator_drive(struct sim *sim, struct event *event);
void coordinator_commit(struct sim *sim);
void coordinator_gone(struct sim *sim, uint32_t node); /* notices that the node's connection has ended */
void coordinator_hello(struct sim *sim, struct thing *hello);

/* ---- perform.c */
void perform_all(struct sim *sim, const struct actions *actions, struct round *round);
void let_go(struct sim *sim, const struct action *action);
struct thing *plan_to_node(struct sim *sim, uint32_t index, uint64_t link, enum thing_kind kind);
struct sim_client_job *client_of(struct sim *sim, uint64_t job); /* NULL: of a job that is not acknowledged */
bool lied_about(struct sim *sim, uint64_t job, uint32_t file); /* by a node that was asked */
const struct sim_file *file_made_of(const struct sim *sim, const char *path);

/* ---- observe.c, given.c: before a step, for each of its actions, behind it */
void observe_start(struct sim *sim);
void observe_event(struct sim *sim, const struct event *event);
void observe_action(struct sim *sim, const struct action *action);
void observe_end(struct sim *sim, const struct event *event);
void observe_planned(struct sim *sim, const struct file_row *row);
void observe_failed(struct sim *sim, const struct file_row *row);
void observe_ended(struct sim *sim, const struct file_row *row);
bool observe_audit(struct sim *sim, uint32_t node, const struct slice_id *id); /* it is to count it as an audit */
void observe_drained(struct sim *sim, uint32_t node, const char *reason);

bool seen_same(const struct slice_id *a, const struct slice_id *b); /* but for the lease */
uint32_t seen_node(const struct sim *sim, uint64_t peer);           /* NODES_MAX_SIM: none */
struct sim_lease *seen_lease(struct sim *sim, uint32_t node, const struct slice_id *id);
struct sim_lease *seen_lease_add(struct sim *sim, uint32_t node, const struct slice_id *id);
void seen_lease_end(struct sim *sim, struct sim_lease *lease);
uint32_t seen_leases_on(const struct sim *sim, uint32_t node, bool *ret_alone);
bool seen_lost_often(const struct sim *sim, const struct slice_id *id);
void observe_doubt(struct sim *sim, const struct action *action);
uint32_t seen_untried(const struct sim *sim, const struct file_row *row, uint64_t slice, uint32_t but);

/* ---- word.c: what one node says alone */
void word_crashed(struct sim *sim, const struct slice_id *id);
void word_given(struct sim *sim, uint32_t node, const struct slice_id *id);
void word_told(struct sim *sim, const struct event *event);
void word_failed(struct sim *sim, const struct file_row *row);
bool seen_failed_on(const struct sim *sim, uint64_t job, uint32_t file, uint64_t slice, uint32_t node);
void seen_success(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice); /* of the node of this event: others could not */
bool seen_view(const struct sim *sim, uint32_t node, struct node_view *ret);
bool seen_audited(struct sim *sim, const struct slice_id *id); /* it was counted before */

/* ---- node.c */
void node_dial(struct sim *sim, uint32_t node);
void node_welcome(struct sim *sim, const struct thing *thing);
void node_refused(struct sim *sim, const struct thing *thing);
void node_message(struct sim *sim, struct thing *thing);
void node_crash(struct sim *sim, uint32_t node);
void node_start(struct sim *sim, uint32_t node);
void node_terminate(struct sim *sim, uint32_t node);
void link_cut(struct sim *sim, uint32_t node, bool silent);
void link_half(struct sim *sim, uint32_t node, bool deaf);
struct thing *to_coordinator(struct sim *sim, uint32_t node);
struct sim_run *run_of(struct sim_node *node, const struct slice_id *id);
void run_forget(struct sim_node *node, struct sim_run *run);
void send_result(struct sim *sim, uint32_t index, const struct sim_run *run);

/* ---- count.c */
void node_done(struct sim *sim, struct thing *thing);
void node_progress(struct sim *sim, struct thing *thing);
void count_begin(struct sim *sim, uint32_t index, struct sim_run *run);
void count_otherwise(struct sim_node *node);
void lie_unasked(struct sim *sim, uint32_t index);

/* ---- gzip.c */
void gzip_make(struct sim *sim, struct sim_file *file);
struct text_place gzip_place(const struct sim_file *file, uint64_t offset); /* of a plain file, too */
uint64_t gzip_offset(struct text_place place);
uint64_t gzip_block(const struct sim_file *file, uint64_t offset); /* the first one that begins there or behind, or the end */
void gzip_report(const struct sim_file *file, uint64_t from, uint64_t to, struct split_report *ret);
void gzip_scout(struct sim *sim, struct sim_run *run);
/* Before an event is driven, or a row loaded: symbols and window behind its text, into sim's own. */
void gzip_fill(struct sim *sim, struct event *event, bool lie);
void gzip_window(struct sim *sim, const struct sim_file *file, uint64_t end);
/* Whether a point is where the slice's text begins, with its window. */
bool gzip_point_right(struct sim *sim, const struct sim_file *file, const struct action *action);

/* ---- faults.c */
void client_submit(struct sim *sim, uint32_t job);
void client_cancel(struct sim *sim, uint32_t job);
void person(struct sim *sim, uint32_t node, enum event_kind kind);
void faults_draw(struct sim *sim);
void heal(struct sim *sim);

/* ---- history.c */
#define HEAL_MS 20000
#define END_MS (HEAL_MS + 600000)
bool history_run(struct sim *sim, uint64_t seed, bool tell); /* false: sim->failure and sim->text say what */
void history_free(struct sim *sim);

/* ---- check.c */
void check_acked(struct sim *sim); /* always: what was acknowledged is on the disk */
void check_end(struct sim *sim);
