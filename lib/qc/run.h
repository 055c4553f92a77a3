/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run: the key figures and marks of many files, a row each, as a table for programs and as a page that links to their reports.
 *
 *     report --run_add--> rows --run_sort--> run_tsv_write(), run_html_write()
 *
 * Rows are copies: the reports may go. Not for several threads at once.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/error.h"
#include "lib/qc/names.h"
#include "lib/qc/profile.h"
#include "lib/qc/report.h"

#define RUN_NO_STATUS (-1)

struct run_row {
	char *path;                 /* as the person named it */
	char *link;                 /* of its report, as a name beside the page; NULL: there is none */
	struct name_parts name;
	uint32_t members;           /* of a group (groups.h): so many files; 0: it is a file, and one of those that totals are of */
	struct figures figures;
	double length;              /* mean of reads, in bases */
	double duplication, adapters; /* per cent: of reads that are not the first of their kind; most at any position. NaN: unknown */
	int status[_SECTION_MAX];   /* enum status or RUN_NO_STATUS */
	enum status verdict;        /* of all sections and the profile's demands */
	char profile[PROFILE_SHOWN_MAX]; /* of whose limits these are; empty: FastQC's */
};

struct run {
	struct run_row *rows;
	size_t n, room;
};

/* sample NULL: as the name says. 0 or -ENOMEM. */
int run_add(struct run *run, const char *path, const char *sample, const char *link, uint32_t members, const struct report *report);

/* By name_order(), then by path. */
void run_sort(struct run *run);

void run_deinit(struct run *run);

/* A line of names, then a line a file; see fqcluster.report(5). 0 or negative with a sentence. */
int run_tsv_write(FILE *out, const struct run *run, struct error *err);

/* The page; files: how many there should be, of which those without a row have no result. As run_tsv_write(). */
int run_html_write(FILE *out, const struct run *run, size_t files, struct error *err);
