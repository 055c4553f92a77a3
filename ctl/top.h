/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The screen of fqctl top: what was asked of the coordinator, and how it is drawn for a terminal of any size. Asking and the terminal are
 * verb_top.c's.
 */
#pragma once

#include <stdio.h>

#include "ctl/client.h"
#include "ctl/draw.h"

#define TOP_PAST 240 /* values of the curve, one a look */

/* What is known of a job's counts. */
struct top_job {
	fq_Job job;
	struct pace bytes;
};

struct top {
	struct top_job *jobs; /* unfinished, by number */
	size_t jobs_n;
	fq_Node *nodes;       /* by name */
	size_t nodes_n;
	uint64_t reads[TOP_PAST]; /* a second, oldest first */
	size_t reads_n;
	uint64_t looked_ms;   /* monotonic: the last look; 0: none yet */
	const char *address;  /* of the coordinator */
	uint64_t generation;
	const char *version;
	bool paused;
	char trouble[256];    /* why there is no new look, or "" */
};

void top_deinit(struct top *top);

/*
 * A look: the unfinished jobs, those that have ended since the last one, and the nodes take the place of what was there. now_ms:
 * monotonic. 0 or -ENOMEM; the arrays are the caller's to free.
 */
int top_look(struct top *top, const fq_Job *jobs, size_t jobs_n, const fq_Job *ended, size_t ended_n, const fq_Node *nodes,
             size_t nodes_n, uint64_t now_ms);

/*
 * Draws `rows` lines of at most `columns` columns each: head, jobs, nodes, and a last line with the keys. Between lines stands a line
 * feed; escape sequences for bold and reverse, and one that clears the rest of each line, where color. 0, -ENOMEM.
 */
int top_draw(const struct top *top, unsigned columns, unsigned rows, bool utf8, bool color, const char *clock, FILE *out);
