/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state behind core.h, for the files of core_internal.h only. An event changes it, and nothing else does. */
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
#define ERRNO_DATA (-2)      /* ... it could be read, and is no valid FASTQ, or damaged */
#define WHO_SEVERAL UINT64_MAX

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
	uint64_t who;         /* the same for all nodes of one key: see core_word.c */
	uint64_t peer;        /* 0: down */
	uint32_t slots, algorithm, proto;
	uint32_t cores;       /* that work for its slots; 0: not known */
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
	uint64_t crashed_by, lost_by; /* who, each time; WHO_SEVERAL: not always the same, or not known */
	uint32_t trouble_with; /* the node of this number had the last one; 0: somebody has counted it since */
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
	uint64_t who;
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
	uint32_t known;   /* rows of which nothing was counted: those, such groups, and their second counts */
};

struct file {
	struct file_row row;
	char *path;           /* row.path */
	bool ended;
	/* opening */
	uint64_t open_peer;   /* asked; 0: nobody */
	uint64_t open_ms;     /* when */
	struct io_fail *fails; /* of opening before the plan, of slices after it; in order of slices */
	uint32_t fails_n;
	struct error *open_error; /* the last one, or that it is no FASTQ; NULL: none */
	struct error *doubt;  /* what one node alone has said of the data of slice doubt_of; NULL: nothing */
	uint64_t doubt_of;
	/* counting */
	struct split_chain *split; /* way_cuts(), else NULL; then `chain` follows what it says */
	bool split_look;      /* a scout has ended in this step */
	uint64_t seek;        /* WAY_INDEX: what another job has left: points come from there, instead of scouts; otherwise 0 */
	bool seek_bad;        /* while loading: what it has told cannot be */
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
	uint32_t doubts;      /* files with one */
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
