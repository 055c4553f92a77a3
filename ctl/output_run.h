/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one call of fqctl says of all its files together: the page of the run (index.html beside several reports) and its table (--as tsv).
 *
 *     output_write() of each file, in any thread --output_run_add--> rows --output_run_end--> files, or standard output
 */
#pragma once

#include <pthread.h>

#include "ctl/output.h"
#include "ctl/output_apart.h"
#include "lib/qc/report.h"
#include "lib/qc/run.h"

#define OUTPUT_INDEX "index.html"
#define OUTPUT_TABLE "run.tsv"
#define OUTPUT_BELOW 2 /* exit status: results are there, but the quality gate (--fail-on) stops one */

struct output_group {
	char *path;
	uint32_t members;
};

struct output_run {
	pthread_mutex_t lock;
	struct run run;
	struct output_group *groups; /* of which results are groups of files */
	size_t groups_n;
	char **below; /* sentences of those that the quality gate stops */
	size_t below_n;
	struct output_apart apart; /* inputs of one name */
	size_t files; /* that the call is about: of some there may be no result */
};

void output_run_init(struct output_run *run);
void output_run_deinit(struct output_run *run);

/* Whether n files written so get a page of their run. */
bool output_run_page(const struct output_options *options, size_t n);

/* The result of that path will be a group's, of so many files. Before any is written. 0 or -ENOMEM. */
int output_run_group(struct output_run *run, const char *path, uint32_t members);

/* The results of `path`, one of n, are in their places; into options->run, where there is one. 0 or -ENOMEM. */
int output_run_add(const struct output_options *options, const struct reporting *reporting, const char *path, size_t n,
                   const struct report *report);

/*
 * No file comes any more: the page and the table are written, unless no file had a result, and what the quality gate stops is told. 0,
 * OUTPUT_BELOW or negative with a sentence.
 */
int output_run_end(const struct output_options *options, struct error *err);
