/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jobs of watched files: from a file that is complete to its results and its line. */
#pragma once

#include <signal.h>

#include "ctl/client.h"
#include "ctl/verb.h"
#include "ctl/watch_out.h"

#define WATCH_ASK_MS 500 /* between two rounds of questions about open jobs */
#define WATCH_AWAY_MS 1000 /* between two tries to reach the coordinator */
#define WATCH_OPEN_MAX 500 /* jobs at a time, as one owner may have 1000; other files wait */

struct watch_options {
	char *folder;
	struct conf_list after;
	uint64_t settle_ms, every_ms;
	bool once, lenient;
	enum merge_level merge;
};

struct watching {
	struct call *call;
	const struct watch_options *options;
	struct watch_tree tree;
	struct watch_out out;
	struct client client;
	bool away;          /* and that is said */
	bool unwritable;    /* nothing can be written into the folder for results, and that is said */
	size_t open, asked; /* jobs; the place behind the set that was asked for last */
	uint64_t begun_ms, looked_ms, asked_ms, tried_ms;
	uint64_t due_ms;    /* when a file that grows may be complete */
	bool more;          /* files are complete and wait for the next round */
	struct failures failures;
	const volatile sig_atomic_t *ended; /* a signal says so */
};

/* Whether the coordinator is there: 1 or 0. Negative with a sentence: at first whatever is wrong ends it; later it may be mended. */
int watch_reach(struct watching *watching, struct error *err);

/* Submits what is complete; not where the coordinator is away. Negative with a sentence. */
int watch_submit_some(struct watching *watching, struct error *err);

/* Asks for some of the open jobs, others the next time, and writes and tells of what has ended. 0 or negative with a sentence. */
int watch_ask_some(struct watching *watching, struct error *err);
