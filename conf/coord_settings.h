/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of fqcoordd; the rows that fill them are in coord_options.c. */
#pragma once

#include "conf/start.h"

/* Whether ordinary gzip files are counted in slices, of jobs that do not say. */
enum coord_split { COORD_SPLIT_AUTO, COORD_SPLIT_ALWAYS, COORD_SPLIT_NEVER };

/* Of whom a proof is demanded that he can read the files of his job (lib/fastq/proof.h). */
enum coord_proof { PROOF_OF_ALL, PROOF_OF_CLIENTS, PROOF_OF_NOBODY };

struct coord_settings {
	char *state;                          /* folder of database, key and peers */
	struct conf_address listen;           /* where workers and clients dial */
	struct conf_address status_listen;    /* of the status page; host empty: there is none */
	char *status_token;                   /* file of its token, which need not be there; never empty once finished */
	char *socket;                         /* unix socket for this host; never empty once finished */
	char *profiles;                       /* folder of profiles of limits; never empty once finished */
	char *key;                            /* PEM file of the coordinator's key; never empty once finished */
	uint64_t ping_ms;                     /* between two pings to a quiet peer, milliseconds */
	uint64_t dead_ms;                     /* a peer silent for so long is gone, milliseconds */
	uint64_t stall_ms;                    /* a slice without progress for so long is a loss, milliseconds */
	uint64_t open_ms;                     /* an OPEN without an answer for so long goes to another node, milliseconds */
	uint64_t straggler_ms;                /* a slower slice than this, and than others, gets a copy, milliseconds; 0: none does */
	uint64_t audit_percent;               /* of all slices, counted on a second node as well */
	uint64_t slice_min, slice_max;        /* file bytes of one slice */
	uint64_t read_max;                    /* bases of the longest read */
	uint64_t crashes_max, losses_max;     /* of one slice, before its job fails */
	uint64_t jobs_max;                    /* unfinished jobs of one owner */
	uint64_t files_max;                   /* files of one job */
	uint64_t slices_max;                  /* slices of one file */
	uint64_t files_owner_max;             /* files of all unfinished jobs of one owner */
	uint64_t slices_owner_max;            /* slices of those that are being counted */
	uint64_t result_max;                  /* bytes of one slice's counters */
	uint64_t results_memory;              /* bytes of results that come in, and as many that go out */
	uint64_t connections_max;             /* connections altogether */
	uint64_t unauthenticated_max;         /* of them, those that have not proved who they are */
	uint64_t unauthenticated_per_address; /* of these, from one address */
	enum coord_split split_gzip;          /* whether ordinary gzip files are counted in slices */
	enum coord_proof proof;               /* of whom proofs of reading are demanded */
	uint64_t handshake_ms;                /* time to prove it, milliseconds */
	uint64_t keep_ms;                     /* how long finished jobs are kept, milliseconds */
	uint64_t cache_size;                  /* bytes of results that are kept for later jobs; 0: none are */
	uint64_t cache_age_ms;                /* ... and since their last use, milliseconds */
	bool accept_rollback;                 /* start from an older state */
	char *backup, *restore;               /* folder, or empty: only that, and exit */
	bool print_pin;                       /* only that, and exit */
	bool verbose;                         /* debug lines in the log */
};

extern const struct option_table coord_table;
extern const struct conf_program coord_program;

void coord_settings_deinit(struct coord_settings *settings);
