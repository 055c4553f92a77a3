/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state behind core.h, for its own files only:
 *
 *     core.c            new, free, load, step: which event goes where
 *     core_actions.c    the list of actions, and one function for each kind that is emitted
 *     core_node.c       nodes: hello, gone, drained; what each runs
 *     core_job.c        jobs: submit, end, cancel
 *     core_file.c       their files: open, plan, end
 *     core_owner.c      what one owner has unfinished, and may have
 *     core_slice.c      slices: progress and results
 *     core_trouble.c    slices that come back without a result: crashes, losses, I/O errors
 *     core_suspect.c    nodes that hang, or fail where others do not
 *     core_straggler.c  copies of slow slices
 *     core_audit.c      copies on purpose
 *     core_copy.c       that copies agree
 *     core_kept.c       files whose result is kept from an earlier job
 *     core_again.c      second counts of slices
 *     core_split.c      gzip streams in slices
 *     core_split_plan.c whether a file is read so
 *     core_scout.c      who inflates slices of those, and keeps their text
 *     core_group.c      groups of files, and second counts of their members
 *     core_schedule.c   who opens and counts what next
 *     core_alone.c      slices that go alone to a node
 *     core_index.c      what is kept beside the state so that an event need not walk over all of it
 *     core_view.c       looking
 *
 * An event changes the state in one of the middle files; what follows for idle nodes is core_schedule.c's, after every step.
 */
#pragma once

#include "daemon/coord/core.h"
#include "daemon/coord/core_mutant.h"
#include "lib/fastq/split_chain.h"

#define FORGET_MS 600000 /* a lost node of a batch system is shown for so long */
#define NODES_MAX 4096  /* down and undrained ones are forgotten beyond */
#define OPENS_PER_NODE 4
#define PEER_BUCKETS 1024

#define SLICE_ALL UINT64_MAX /* instead of a slice: all of the file */
#define ERRNO_CHANGED (-1)   /* instead of an errno: what the node has there is not the file that was planned */

/* One slice that a node counts. */
struct run {
	struct slice_id id;
	uint64_t begun_ms;
	bool audit;           /* it was counted before: to see whether this node agrees */
	bool alone;           /* the node is given no other slice beside it */
	uint64_t bytes;       /* of the slice, taken in; a scout's do not count: */
	uint64_t looked;
	uint64_t progress_ms; /* when bytes last grew */
	bool told;            /* it was given start_known and start as below (not: it says that it holds it) */
	bool start_known;
	struct text_place start;
};

struct node {
	char name[NODE_NAME_MAX];
	uint32_t number;      /* from 1, never used again: tells which node it was when that may have been forgotten */
	uint8_t instance[16];
	uint64_t peer;        /* 0: down */
	uint32_t slots, algorithm, proto;
	bool draining;        /* it says so itself */
	bool drained;         /* by a person, or by core_suspect.c */
	bool transient;       /* forgotten when it has left, */
	uint64_t forget_ms;   /* or then, if it is not there; 0: it is */
	bool distrusted;      /* another node counted something differently: until a person resumes it nothing is taken from it */
	char reason[256];     /* why it is drained or down */
	uint64_t suspect_ms;  /* since when it hangs; 0: it does not */
	char suspicion[160];  /* with what */
	uint32_t faults;      /* failures in a row where others had none */
	uint64_t successes;   /* each ends the row */
	bool reads;           /* this instance has opened or counted something */
	struct run *runs;
	uint32_t runs_n, runs_room;
	uint32_t alone;       /* of these, those that are alone, */
	uint32_t scouts;      /* and those that are scouts */
	uint32_t texts;       /* that it keeps */
	struct slice_id *brought; /* what it brought with its HELLO, was not let to go on with, and has not told of yet */
	uint32_t brought_n;
	uint32_t opens;       /* OPENs it has not answered */
	uint64_t seen_ms;
	uint64_t bytes_done;
	uint64_t rate, rate_from_ms, rate_bytes; /* over the last whole second or more */
	/* core_index.c */
	struct node *next_of_peer;
	uint32_t free;        /* slots; 0 also for the one that is to become empty */
	uint32_t ready_at;    /* place among those with free ones, from 1; 0: it is not there */
	bool opener;          /* it may be asked to open something */
};

/* Who gave the count that is stored, and the beginning of its digest. */
struct counted {
	uint32_t node;        /* its number; 0: not known, it was before this start */
	uint8_t digest[16];
};

struct slice {
	uint8_t crashes, running; /* running: without audits */
	uint16_t losses;
	bool saved;           /* its row (and counters, unless at fault) is in the store */
	uint64_t bases;
	uint64_t crash_lease; /* the highest one under which it crashed */
	uint64_t taken_lease; /* the last one that was taken away: its result is still of use */
	uint32_t taken_from;  /* from the node of this number */
	struct counted counted;
	/* file.split: */
	uint32_t holder;      /* the node of this number keeps its text; 0: nobody does */
	uint8_t scouting;     /* nodes that inflate it: one or none */
};

/* A slice that is counted a second time. */
struct again_slice {
	struct second wanted;
	bool done;
	struct counted counted;
};

/* A node on which a file could not be opened, or a slice not be read: it is not asked again. */
struct io_fail {
	uint64_t slice;       /* or SLICE_ALL */
	int error_number;
	char node[NODE_NAME_MAX];
	uint64_t successes;   /* of the node, before */
	bool judged;          /* another node could: it has been counted */
};

/* What one owner has: see core_owner.c. */
struct owner {
	char name[OWNER_MAX];
	uint32_t jobs;        /* unfinished */
	uint64_t files;       /* of these */
	uint64_t slices;      /* of those files that are planned and have not ended */
};

/* What people see of files. */
struct sums {
	uint64_t bytes, bytes_done, records, bases;
	uint32_t lacking; /* files that some node could not open and none has */
	uint32_t cached;  /* files whose result was kept from an earlier job */
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
	struct error *open_error; /* the last one, NULL: none */
	/* counting */
	struct split_chain *split; /* WAY_SPLIT, else NULL; then `chain` follows what it says */
	bool split_look;      /* a scout has ended in this step */
	uint64_t seek;        /* an index that another job has left: points come from there, instead of scouts; 0: none */
	uint64_t seek_next;   /* slices below it were asked of it */
	struct chain chain;
	enum chain_outcome outcome;
	struct slice *slices; /* chain.n of them */
	uint64_t next;        /* no link below it is open and not running, but for the one at chain.proven */
	/* second counts; until they are known all of these are 0 */
	struct again_slice *again; /* in order of slice */
	uint64_t again_n, again_left;
	uint64_t again_next;  /* none below it is to be handed out */
	/* audits of the present kind of counts */
	uint64_t *audits;     /* slices; the first audits_out of them are being counted */
	uint32_t audits_n, audits_out, audits_room;
	bool merging;         /* MERGE_FILE was given, and not answered */
	uint64_t bytes_done;  /* of slices counted */
	/* slices that were lost twice, whether they are counted by now or not */
	uint64_t *alone;
	uint32_t alone_n, alone_room;
	struct sums summed;   /* its part of the job's */
	/* groups */
	uint32_t groups[GROUPS_MAX], groups_n; /* rows of those that it is a member of */
	uint32_t left;        /* FILE_GROUP: members, or then second counts, that it waits for */
};

#define PACES_MAX 32

/* Bytes a second of the slices that were counted last. */
struct paces {
	uint64_t items[PACES_MAX];
	uint32_t n, next;
};

struct job {
	/* these first: they are what walks over all jobs look at */
	bool ended;           /* forgotten at the next step */
	uint32_t running;     /* slices */
	uint32_t work_n;      /* files in work */
	struct job_row row;
	uint64_t *work;       /* bit set of files of which something may be handed out now, for some node */
	uint32_t work_from;   /* words of it below are empty */
	struct sums sums;     /* of its files, */
	uint64_t running_bytes; /* and of what is being counted, taken in */
	uint8_t *rules;       /* row.rules, and behind them row.limits */
	struct file *files;   /* row.files of them */
	uint32_t files_ended, inputs_ended; /* rows; of these, those that were submitted */
	uint32_t open_next;   /* files below it are being opened, are planned or have ended */
	uint32_t planned_end; /* no file from it on is planned */
	uint32_t asked_end;   /* nor is one from it on being opened */
	uint32_t files_loaded;
	struct owner *owner;
	struct paces paces;
	uint64_t median, median_look; /* of all paces, and at which look */
	uint32_t median_n;            /* how many they were */
	uint32_t alone, audits; /* slices in its files' lists; of audits, those that wait */
	bool renewed;         /* it was of an older algorithm */
	bool advance;         /* some audit of it has ended: its file may be done; it is one of these: */
	uint32_t advance_first, advance_last;
	uint32_t failures_told; /* in the journal */
	uint32_t troubles;    /* nodes that were slow with its files and slices, or failed, since this start */
	bool larger_told;     /* in the journal: that some file has fewer slices than others would get */
};

static inline bool job_grouped(const struct job *job)
{
	return job->row.files > job->row.inputs;
}

/* Whether the node counts as the job asks for. */
static inline bool job_fits(const struct job *job, const struct node *node)
{
	return node->algorithm == job->row.algorithm && (!job_grouped(job) || node->proto >= GROUPS_PROTO);
}

/* What is counted in the slices of a file of it. */
static inline uint32_t file_modules(const struct job *job, const struct file *file)
{
	return file->row.role == FILE_SECOND && !MUTANT(MUTANT_GROUP_MODULES) ? file->row.modules : job->row.modules;
}

struct coord {
	struct coord_limits limits;
	uint64_t next_job, next_lease;
	uint64_t first_lease; /* of this start */
	struct node **nodes;  /* in order of name */
	uint32_t nodes_n, nodes_room;
	uint32_t node_numbers;
	bool nodes_changed;   /* somebody came, left, or may be given less than before */
	/* core_index.c */
	struct node *peers[PEER_BUCKETS];
	struct node **ready;  /* a heap; as much room as nodes has */
	uint32_t ready_n, runs_n;
	uint32_t openers, opens_least; /* none of them has fewer OPENs unanswered */
	struct node *emptied; /* the one that is to become empty */
	bool index_stale;     /* ready and openers are to be made anew */
	uint64_t due_ms;
	uint64_t work_n;      /* of all jobs */
	uint32_t splits;      /* files that are counted in slices of a gzip stream, */
	bool splits_look;     /* some have a look at the end of this step */
	uint32_t split_slots; /* and slots for these: of nodes that can, and are there */
	/* opening */
	uint64_t open_from;   /* jobs with a lower id have nothing to be opened */
	bool opens_review;    /* some file may have no node left that could open it */
	bool advance;         /* of some job */
	uint32_t alone;       /* of all jobs */
	struct owner **owners;
	uint32_t owners_n, owners_room;
	struct paces paces[_FILE_KIND_MAX]; /* of all jobs */
	uint64_t stragglers_ms, looks; /* when they are looked for next, and how often they were */
	uint32_t audits_out;  /* audits that are being counted */
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
/* It was counted: to be saved with all that comes with it. */
void emit_counted(struct coord *coord, const struct file *file, uint64_t i, const struct event *event);
void emit_merge(struct coord *coord, enum action_kind kind, const struct file *file);
void emit_trouble(struct coord *coord, const struct file *file, uint64_t i);
void emit_node(struct coord *coord, const struct node *node);
void emit_changed(struct coord *coord, const struct job *job);
void emit_granted(struct coord *coord, uint64_t request, uint64_t job);
void emit_refused(struct coord *coord, uint64_t request, const struct error *error);
void emit_log(struct coord *coord, int level, struct log_about about, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What a line is about: an event (daemon/events.h) and what it happened to; node may be NULL, slice SLICE_ALL. */
struct log_about about_job(int event, const struct job *job);
struct log_about about_slice(int event, const struct file *file, uint64_t slice, const struct node *node);
struct log_about about_node(int event, const struct node *node);

/* ---- core_index.c */
void node_peer_set(struct coord *coord, struct node *node, uint64_t peer); /* 0: it is down */
struct node *node_of_peer(const struct coord *coord, uint64_t peer);
void node_refresh(struct coord *coord, struct node *node); /* its runs or OPENs have changed */
void nodes_change(struct coord *coord);  /* something else of some node has: who may be given what is looked at anew */
void nodes_refresh(struct coord *coord);
struct node *node_freest(struct coord *coord); /* of those with free slots; NULL: none has */
void due_by(struct coord *coord, uint64_t ms); /* something is to be looked at then, or later */
void work_set(struct coord *coord, struct job *job, const struct file *file);
void work_clear(struct coord *coord, struct job *job, uint32_t file);
uint32_t work_next(struct job *job, uint32_t file); /* the first one from there on; row.files: none */
void file_sums(const struct file *file, struct sums *ret);
void file_changed(struct job *job, struct file *file); /* whatever of it is in the sums */

/* ---- core_node.c */
struct node *node_of_name(const struct coord *coord, const char *name);
struct node *node_of_number(const struct coord *coord, uint32_t number);
bool node_takes_work(const struct node *node); /* it is there and not drained; it may be suspect */
struct run *run_find(struct node *node, const struct slice_id *id); /* whatever its lease */
struct run *run_add(struct coord *coord, struct node *node, const struct slice_id *id);
void run_remove(struct coord *coord, struct node *node, struct run *run);
bool node_brought(struct node *node, const struct slice_id *id); /* once */
uint32_t nodes_slots(const struct coord *coord);
void node_hello(struct coord *coord, const struct event *event);
void node_gone(struct coord *coord, struct node *node);
void node_draining(struct coord *coord, struct node *node); /* it says that it is about to end */
void node_drain(struct coord *coord, const struct event *event);
void node_resume(struct coord *coord, const struct event *event);
void node_coming(struct coord *coord, struct node *node); /* EVENT_COMING */
void nodes_forget(struct coord *coord);                      /* when it is due */
uint64_t node_forget_due(const struct node *node);           /* UINT64_MAX: never */
void node_free(struct node *node);
int node_load(struct coord *coord, const char *name, const char *reason);

/* ---- core_suspect.c */
void node_stalls(struct coord *coord); /* when it is due */
void node_suspect(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
void node_answers(struct coord *coord, struct node *node); /* it made progress, or had an answer */
/* Whether it may be given something new now: one that is suspect has one chance when it was so for a while. */
bool node_takes_new(const struct coord *coord, const struct node *node);
/* The coordinator drains it itself, durably; a person resumes it. */
void node_retire(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Takes from it what it counts: what comes from it is not believed. */
void node_distrust(struct coord *coord, struct node *node, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The node opened the file (SLICE_ALL), or counted the slice: those that could not are at fault. */
void node_succeeded(struct coord *coord, struct node *node, struct file *file, uint64_t slice);
void node_failed_alone(struct coord *coord, struct node *node, const struct file *file, uint64_t slice);

/* ---- core_owner.c */
struct owner *owner_find(const struct coord *coord, const char *name); /* NULL: it has nothing */
int owner_add(struct coord *coord, struct job *job);
void owner_remove(struct coord *coord, struct job *job);
int owner_check(const struct coord *coord, const struct job_row *row, struct error *err); /* may it submit this too? */
bool owner_full(const struct coord *coord, const struct owner *owner); /* of slices */
uint64_t owner_slice_size(struct coord *coord, struct job *job, const struct file *file, uint64_t size); /* so large, or larger */

/* ---- core_job.c */
struct job *job_find(const struct coord *coord, uint64_t id);
uint32_t jobs_from(const struct coord *coord, uint64_t id); /* place of the first with this id or a higher one */
struct file *file_find(const struct coord *coord, uint64_t job, uint32_t file, struct job **ret_job);
int job_add(struct coord *coord, const struct job_row *row, struct job **ret);
void job_free(struct coord *coord, struct job *job);
void jobs_reap(struct coord *coord);
void job_submit(struct coord *coord, const struct event *event);
void job_cancel(struct coord *coord, const struct event *event);
void job_begin(struct coord *coord, struct job *job); /* if it is not */
void job_end_if_done(struct coord *coord, struct job *job);
/* The level for a line about something that went wrong with the job: level, or after some of them that of details. */
int job_trouble(struct coord *coord, struct job *job, int level);
void job_renew(struct coord *coord, struct job *job); /* with the present algorithm, from the beginning */

/* ---- core_file.c */
int file_plan(struct coord *coord, struct job *job, struct file *file, struct error *err);
void file_opened(struct coord *coord, const struct event *event);
void file_open_failed(struct coord *coord, struct job *job, struct file *file, struct node *node, int error_number,
                      const struct error *error);
/* It is to be opened by some node (again). */
void file_unopened(struct coord *coord, struct job *job, const struct file *file);
/* The node that was asked to open it need not answer any more, or has. */
void open_end(struct coord *coord, struct file *file);
/* No node that is there can open it. */
void file_open_fail(struct coord *coord, struct job *job, struct file *file);
/* Its row, which says how, is saved; nobody counts it any more. */
void file_end(struct coord *coord, struct job *job, struct file *file);
void file_fail(struct coord *coord, struct job *job, struct file *file, const struct error *error);
void file_merged(struct coord *coord, const struct event *event);
int file_fail_add(struct file *file, uint64_t slice, const struct node *node, int error_number);
/* Also where it failed with all of the file. */
bool file_failed_on(const struct file *file, uint64_t slice, const char *node);
bool errno_lacks(int error_number); /* it says that the node does not have the file, not that reading goes wrong */
void file_release(struct coord *coord, struct job *job, struct file *file);
void runs_drop(struct coord *coord, struct job *job, const struct file *file);

/* ---- core_kept.c */
void file_kept(struct coord *coord, struct job *job, struct file *file, const struct event *event); /* ... ends with it */

/* ---- core_slice.c */
void slice_progress(struct coord *coord, const struct event *event);
void slice_result(struct coord *coord, const struct event *event);
/* The unfinished file and slice that an event of a worker is about, or NULL. */
struct file *slice_file(struct coord *coord, const struct slice_id *id, struct job **ret_job);
/* Whether a node's count of it would be of use: the slice is not counted, or not for a second time, as id says. */
bool slice_wanted(const struct file *file, const struct slice_id *id);
/* Whether it is to be handed out. */
bool slice_open(const struct file *file, uint64_t i);
bool run_end(struct coord *coord, uint64_t peer, const struct slice_id *id, struct run *ret_run);
void others_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i);
/* It was taken from the node, whose result may yet come. */
void slice_taken(struct file *file, uint64_t i, uint64_t lease, const struct node *node);
bool is_taken(const struct file *file, const struct node *node, const struct slice_id *id); /* under this lease, as the last one */
bool was_taken(struct file *file, const struct node *node, const struct slice_id *id);      /* ... once: its end is here */
/* The node runs it no more, and it is removed from the node's list. */
void run_stopped(struct coord *coord, const struct run *run);
/* What the chain says after a change: merge, or fail. */
void file_advance(struct coord *coord, struct job *job, struct file *file);

/* ---- core_trouble.c */
void slice_crashed(struct coord *coord, const struct event *event);
bool crash_known(const struct slice *slice, const struct slice_id *id);
void slice_io_error(struct coord *coord, const struct event *event);
void slice_returned(struct coord *coord, const struct event *event);
/* The node does not count it any more and has no result: a loss. The run is removed by the caller. */
void run_lost(struct coord *coord, const struct run *run, const struct node *node);
/* What the node told of it cannot be: dealt with as what cannot be read there. */
void slice_absurd(struct coord *coord, struct job *job, struct file *file, uint64_t i, struct node *node);
void io_error(struct coord *coord, struct job *job, struct file *file, uint64_t slice, struct node *node, int error_number,
              const struct error *error);

/* ---- core_copy.c */
/* Whether this result contradicts the one that was taken; then the file has failed and both nodes are drained. */
bool copies_disagree(struct coord *coord, struct job *job, struct file *file, const struct event *event);
void counted_by(struct coord *coord, struct file *file, const struct event *event); /* it was taken */

/* ---- core_audit.c */
void audit_add(struct coord *coord, struct job *job, struct file *file, uint64_t slice); /* if it is one of those chosen */
uint64_t audit_take(const struct file *file, const struct node *node);                  /* chain.n: none */
void audit_begun(struct coord *coord, struct job *job, struct file *file, uint64_t slice);
void audit_end(struct coord *coord, struct job *job, struct file *file, uint64_t slice); /* its result has come, or will not */
/* Forgets those that no node can do. */
void audits_review(struct coord *coord, struct job *job, struct file *file);
/* At the end of a step: the same where nodes have changed; and files go on that have no audit left. */
void audits_settle(struct coord *coord);

/* ---- core_straggler.c */
void slice_paced(struct coord *coord, struct job *job, const struct file *file, const struct run *run); /* it was counted */
/* Whether it is time to look for them; slow audits are dropped then. */
bool stragglers_look(struct coord *coord);
void schedule_stragglers(struct coord *coord, const struct node *emptied);
uint64_t stragglers_deadline(const struct coord *coord);

/* ---- core_again.c */
void again_begin(struct coord *coord, struct job *job, struct file *file, const struct event *event);
struct again_slice *again_find(const struct file *file, uint64_t slice); /* NULL: not to be counted again */
uint64_t again_take(struct file *file, const struct node *node, bool *ret_barred);
void again_opened(struct file *file, uint64_t slice);
void again_result(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event);
void again_task(const struct file *file, uint64_t slice, struct action *action);

/* ---- core_split_plan.c */
enum file_way split_way(const struct coord *coord, const struct job *job, const struct file *file, uint64_t seek_size,
                        uint64_t *ret_slice_size);
uint64_t file_slices(const struct file_row *row, uint64_t slice_size); /* into how many it is cut */
int split_plan(struct coord *coord, struct file *file, struct error *err);
void split_release(struct coord *coord, struct file *file);
/* Its slices do not go together: it is counted anew, in one. */
void split_give_up(struct coord *coord, struct job *job, struct file *file);
void splits_settle(struct coord *coord); /* at the end of a step */
void splits_wake(struct coord *coord); /* more of them may be handed out now */

/* ---- core_split.c */
bool split_leads(const struct file *file); /* as chain_leads() */
void split_follow(struct file *file, uint64_t from, uint64_t to); /* the file's chain, for links [from, to) */
void split_task(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, struct action *action);
/* As chain_offer(). *ret_absurd: it is none that can be. */
enum chain_outcome split_offer(struct coord *coord, struct job *job, struct file *file, const struct run *run, const struct event *event,
                               bool *ret_used, bool *ret_absurd);
void split_inflated(struct coord *coord, struct job *job, struct file *file, const struct event *event); /* a scout's result */
void split_pointed(struct coord *coord, const struct event *event);
void split_load(struct coord *coord, struct file *file, const struct slice_row *row);
/* Something else than an offer may have changed: a scout came to nothing, a text is lost, a slice goes alone. */
void split_look(struct coord *coord, struct job *job, struct file *file);
bool split_seam_valid(const struct file *file, const struct slice_task *task, enum slice_outcome outcome, const struct slice_seam *seam);

/* ---- core_scout.c */
uint64_t split_ahead(const struct coord *coord, const struct file *file); /* slices from there on are not inflated yet */
bool node_counts(const struct node *node, const struct job *job, const struct file *file); /* it can, if it may */
struct node *text_holder(const struct coord *coord, const struct file *file, uint64_t i); /* NULL: nobody keeps it */
void text_keep(struct file *file, uint64_t i, struct node *node);
void text_gone(struct coord *coord, struct file *file, uint64_t i); /* who kept it has forgotten it */
void text_drop(struct coord *coord, struct file *file, uint64_t i); /* and is told to */
void texts_gone(struct coord *coord, struct node *node);            /* all that it kept */
void scouts_drop(struct coord *coord, struct job *job, struct file *file, uint64_t i); /* who inflates it need not go on */
void scouts_overdue(struct coord *coord);
void scout_send(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i);
/* The file's next slice to be counted by the node, or to be inflated (*ret_scout), or chain.n; *ret_barred as in file_take(). */
uint64_t split_take(struct coord *coord, const struct job *job, const struct file *file, const struct node *node, bool leads,
                    bool *ret_barred, bool *ret_scout);

/* ---- core_group.c */
uint32_t groups_rows(const struct group *groups, uint32_t n);
int groups_make_rows(struct job *job, const struct group *groups, uint32_t n); /* behind the inputs' rows. -ENOMEM; -EINVAL */
int groups_link(struct job *job); /* once all rows are there. -EINVAL: they make no sense */
void groups_loaded(struct coord *coord, struct job *job);
void group_row_ended(struct coord *coord, struct job *job, struct file *file); /* any row of a job with groups, whose end is saved */
void group_again(struct coord *coord, struct job *job, struct file *group, const struct event *event);
bool file_held(const struct file *file); /* nothing of it is to be opened or handed out now */
bool second_changed(struct job *job, const struct file *file, const struct file_facts *facts); /* since it was counted first */

/* ---- core_schedule.c */
void schedule(struct coord *coord);
bool takeable(const struct file *file, uint64_t i);
uint32_t slots_free(const struct coord *coord, const struct node *node);
void hand_out(struct coord *coord, struct node *node, struct job *job, struct file *file, uint64_t i);

/* ---- core_alone.c */
#define LOSSES_ALONE 2
bool slice_alone(const struct file *file, uint64_t i);
/* Once, when it was lost so often. */
void alone_add(struct coord *coord, struct job *job, struct file *file, uint64_t i);
/* Hands out what goes alone as far as nodes are empty. The node that is to become empty for the next one, or NULL. */
struct node *schedule_alone(struct coord *coord);
