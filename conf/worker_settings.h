/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of fqworkerd; the rows that fill them are in worker_options.c. */
#pragma once

#include "conf/batch.h"
#include "conf/start.h"

#define WORKER_GATE_NONE "none"

struct worker_settings {
	struct conf_address host;   /* the coordinator, with its port; .host empty only under --join */
	uint64_t port;              /* where host names none (and that of --join HOST) */
	char *name;                 /* this node's name; never empty once finished */
	uint64_t slots;             /* slices at a time; once finished 0 with gate_only and never else */
	char *gate;                 /* unix socket for users of this host; "none"; empty once finished: none, and systemd made no folder */
	bool gate_only;             /* count nothing */
	char *state;                /* folder of the key and the known coordinators */
	char *key;                  /* PEM file of this node's key; never empty once finished, but with private_state */
	char *known;                /* coordinators and their keys; likewise */
	struct conf_list roots;     /* roots.h; at least one */
	uint64_t open_timeout_ms;   /* for opening a file, milliseconds */
	uint64_t stall_ms;          /* without progress of a slice, milliseconds */
	uint64_t slot_memory;       /* as it was said; slot_limit is what holds */
	uint64_t text_memory;       /* bytes of inflated text that wait for being counted; once finished not 0 */
	uint64_t drain_timeout_ms;  /* after SIGTERM, for the slices it holds, milliseconds */
	uint64_t reconnect_max_ms;  /* longest pause between two attempts to dial, milliseconds */
	uint64_t read_max;          /* bases of the longest read */
	uint64_t idle_exit_ms;      /* without anything in hand for so long it leaves; 0: it stays */
	bool batch;                 /* --batch: a job of a batch system, for as long as that runs */
	char *token_file;           /* with a token to join with; empty: it has joined */
	bool join;                  /* --join: the two positional arguments are HOST and TOKEN */
	bool print_pin;             /* --print-pin: only that, and exit */
	bool verbose;               /* debug lines in the log */
	/* what follows from them: */
	bool private_state;         /* --batch without --state: a folder is to be made, which is state then, and taken away at the end */
	struct batch_job job;       /* --batch; else empty */
	uint64_t cores;             /* that it may use; at least 1 */
	uint64_t slot_limit;        /* bytes of address space of a child; 0: no limit */
	char confined[256];         /* why there are fewer slots than cores or than were said, a sentence; else empty */
};

extern const struct option_table worker_table;
extern const struct conf_program worker_program;

void worker_settings_deinit(struct worker_settings *settings);
