/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What survives a restart of the coordinator. These rows are all that is durable about jobs; everything else the core
 * (core.h) knows can be lost.
 *
 *     submit:        job_row PENDING + its file_rows         (committed before ACCEPTED leaves)
 *     file opened:   file_row with facts and slice_size      (planned)
 *     slice counted: slice_row, and its packed counters when it is to be merged (not for a fault)
 *     slice redone:  its slice_row is deleted
 *     slice's child crashed, or slice lost: trouble_row, so that its limits hold beyond a restart
 *     counted of a gzip stream: its report and the window behind it, too: what the slices behind it need
 *     counted again: the packed counters of a slice's second count, beside its slice_row
 *     file done:     counters of all slices merged into one result, slice_rows and second counts deleted (and troubles), file_row COMPLETED:
 *                    one transaction
 *     file known:    file_row COMPLETED with facts, its result refers to that of an earlier job (store_kept.c): one transaction
 *     file failed:   slice_rows and second counts deleted, file_row FAILED with its sentence
 *     job ended:     job_row with its final state; no file of it is open any more
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/chain.h"
#include "lib/fastq/proof.h"
#include "lib/fastq/split.h"

#define OWNER_MAX 65
#define JOB_NAME_MAX 256
#define NODE_NAME_MAX 65
#define RESULT_KEY_SIZE 32
#define JOB_PROFILE_MAX 66 /* PROFILE_SHOWN_MAX */

/* Same numbers as JobState of the protocol. */
enum job_state {
	JOB_PENDING = 0,
	JOB_RUNNING = 1,
	JOB_COMPLETED = 2,
	JOB_FAILED = 3,
	JOB_CANCELLED = 4,
};

/* Whether ordinary gzip files are counted in slices; same numbers as SplitGzip of the protocol. */
enum split_gzip {
	SPLIT_GZIP_DEFAULT = 0, /* of a job: as the coordinator is set up; of a coordinator: never */
	SPLIT_GZIP_AUTO = 1,    /* where it pays */
	SPLIT_GZIP_ALWAYS = 2,
	SPLIT_GZIP_NEVER = 3,
};

/* How an ordinary gzip file is read, and why. Stored: numbers stay. */
enum file_way {
	WAY_PLAIN = 0,     /* nothing is to be said: as its kind is read */
	WAY_SPLIT = 1,     /* in slices */
	WAY_NEVER = 2,     /* in one: so it was asked for, */
	WAY_FEW_SLOTS = 3, /* too few slots were for it, */
	WAY_SMALL = 4,     /* it has one slice's bytes or few more, */
	WAY_OLD_NODES = 5, /* no node can do otherwise, */
	WAY_GAVE_UP = 6,   /* or slices did not go together: what is wrong with it is told as of every file in one */
	WAY_INDEX = 7,     /* in slices, whose points are those that an earlier job has left */
};

static inline bool way_cuts(enum file_way way)
{
	return way == WAY_SPLIT || way == WAY_INDEX;
}

struct job_row {
	uint64_t id; /* from 1, never used again */
	uint8_t uuid[16];
	char owner[OWNER_MAX];
	char name[JOB_NAME_MAX];
	uint32_t modules;    /* COUNT_* */
	uint32_t algorithm;  /* COUNTERS_ALGORITHM at submit */
	bool lenient;
	bool fresh;          /* counted anew, whatever is kept */
	enum split_gzip split_gzip;
	uint64_t slice_size; /* asked for, bytes; 0: chosen */
	const uint8_t *rules; /* what the modules are counted by, packed (lib/qc/rules.h); opaque here */
	uint32_t rules_n;     /* bytes; 0: no module needs any */
	char profile[JOB_PROFILE_MAX]; /* by whose limits its files are judged; empty: FastQC's */
	const uint8_t *limits; /* the profile's text, as it was at submit; opaque here */
	uint32_t limits_n;    /* bytes */
	uint32_t files;      /* rows of files: */
	uint32_t inputs;     /* those that were submitted, then those of groups (core_group.c) */
	uint32_t merge;      /* enum merge_level: which groups were asked for */
	enum job_state state;
	uint64_t submitted_ms, started_ms, ended_ms; /* wall clock since 1970; 0: not yet */
	struct error error;                          /* class ERROR_NONE unless FAILED or CANCELLED */
};

/* What a row of a file is: see core_group.c. */
enum file_role {
	FILE_ALONE = 0,  /* a file that was submitted */
	FILE_GROUP = 1,  /* of = members, member = the first one's row; path is the group's name */
	FILE_SECOND = 2, /* a member is counted again for what comes before it in the group: of = the group's row, member = its own */
	_FILE_ROLE_MAX,
};

struct file_row {
	uint64_t job;
	uint32_t file; /* from 0 */
	const char *path;
	enum file_role role;
	uint32_t of, member;
	uint32_t modules;           /* FILE_SECOND that is begun: what is counted, and what lies before (lib/qc/prior.h) */
	uint64_t before_reads, before_qualities;
	int32_t tile_field;
	struct file_proof proof;    /* that the submitter read it */
	enum job_state state;
	bool planned;               /* facts and slice_size are set */
	struct file_facts facts;
	uint64_t slice_size;
	enum file_way way;
	uint64_t records, bases;    /* COMPLETED */
	bool cached;                /* COMPLETED: with what an earlier job has counted */
	uint64_t redone;
	uint64_t again, again_done; /* second counts: wanted, and there */
	struct error error;         /* FAILED */
};

/* A slice that is to be counted a second time, and what is known of the text before it (lib/qc/prior.h). */
struct second {
	uint64_t slice;
	uint32_t modules;           /* that lacked something the first time */
	uint64_t reads, qualities;
	int32_t tile_field;         /* of a group's member (which `slice` is) */
};

struct slice_row {
	uint64_t job;
	uint32_t file;
	uint64_t slice;
	bool start_known;
	struct slice_seam seam;
	struct slice_fault fault;
	uint64_t bases;
	/* way_cuts(), and not at fault; otherwise NULL: the reader's report, and the SPLIT_WINDOW bytes of text behind it */
	const struct split_report *report;
	const uint8_t *window;
	const uint8_t *packed; /* the same by window_pack(), as it came; NULL: it is packed to be stored */
	size_t packed_n;
};

/* How often counting a slice ended badly. */
struct trouble_row {
	uint64_t job;
	uint32_t file;
	uint64_t slice;
	uint32_t crashes, losses;
	uint64_t lease; /* the highest one under which it crashed: word of that which comes twice counts once */
};
