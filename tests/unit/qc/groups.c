/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of files by their names: which, of which files, in which order, and how they are called. */
#include "lib/qc/groups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/tap.h"

#define PATHS_MAX 20

/* "NAME: 0 1 | NAME: 2 3", or the sentence. */
static const char *told(const char *const *paths, enum merge_level level)
{
	static char text[1000];
	struct groups groups;
	struct error err = {0};
	uint32_t n = 0;
	size_t at = 0;

	while (n < PATHS_MAX && paths[n])
		n++;
	text[0] = '\0';
	if (groups_make(paths, n, level, &groups, &err) < 0) {
		(void)snprintf(text, sizeof text, "%.60s", err.text);
		return text;
	}
	for (uint32_t i = 0; i < groups.n; i++) {
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s:", i ? " | " : "", groups.items[i].name);
		for (uint32_t k = 0; k < groups.items[i].n; k++)
			at += (size_t)snprintf(text + at, sizeof text - at, " %u", groups.items[i].files[k]);
	}
	groups_deinit(&groups);
	return text;
}

/* "0 1 2 3": as groups_together() numbers them. */
static const char *together(const char *const *paths, enum merge_level level)
{
	static char text[200];
	uint32_t n = 0, of[PATHS_MAX];
	size_t at = 0;

	while (n < PATHS_MAX && paths[n])
		n++;
	if (groups_together(paths, n, level, of) < 0)
		return "oom";
	for (uint32_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%u", i ? " " : "", of[i]);
	return text;
}

int main(void)
{
	static const char *const lanes[PATHS_MAX] = {
		"/d/B_S2_L002_R1_001.fastq.gz", "/d/A_S1_L001_R2_001.fastq.gz", "/d/A_S1_L002_R1_001.fastq.gz", "/d/A_S1_L001_R1_001.fastq.gz",
		"/d/B_S2_L001_R1_001.fastq.gz", "/d/A_S1_L002_R2_001.fastq.gz", "/d/A_S1_L001_I1_001.fastq.gz", "/d/A_S1_L002_I1_001.fastq.gz",
	};
	static const char *const sets[PATHS_MAX] = {"x/S_TTAGGC_L001_R1_002.fastq.gz", "x/S_TTAGGC_L001_R1_001.fastq.gz",
	                                            "x/S_TTAGGC_L002_R1_001.fastq.gz"};
	static const char *const archives[PATHS_MAX] = {"SRR1_1.fastq.gz", "SRR1_2.fastq.gz", "SRR2_1.fastq.gz", "SRR2_2.fastq.gz"};
	static const char *const plain[PATHS_MAX] = {"a/x_1.fq", "a/x_2.fq", "b/x_1.fq", "b/x_2.fq", "y_1.fq"};
	static const char *const pairs[PATHS_MAX] = {"a/x_1.fq", "a/x_2.fq", "a/z.2.fq", "a/z.1.fq"};
	static const char *const folders[PATHS_MAX] = {"run2/A_R1.fastq.gz", "run1/A_R1.fastq.gz"};
	static const char *const unknown[PATHS_MAX] = {"a.fastq", "b.fastq"};
	static const char *const taken[PATHS_MAX] = {"all_S1_L001_R1_001.fq", "all_S1_L002_R1_001.fq", "B_S2_L001_R1_001.fq",
	                                             "B_S2_L002_R1_001.fq",
	                                             "B_R1.fq.gz"};
	static const char *const nano[PATHS_MAX] = {"FAO1_pass_barcode01_0a1b2c3d_10.fastq", "FAO1_pass_barcode01_0a1b2c3d_9.fastq",
	                                            "FAO1_pass_barcode02_0a1b2c3d_1.fastq"};
	static const char *const ten[PATHS_MAX] = {"s10_L001_R1_001.fq", "s2_L001_R1_001.fq", "s2_L010_R1_001.fq", "s2_L009_R1_001.fq"};

	is_str(told(lanes, MERGE_NONE), "", "none");
	is_str(told(lanes, MERGE_LANE), "", "lanes of one file each are left out");
	is_str(told(lanes, MERGE_SAMPLE), "A_I1: 6 7 | A_R1: 3 2 | A_R2: 1 5 | B_R1: 4 0", "lanes of a sample; reads are not mixed");
	is_str(told(lanes, MERGE_ALL), "A_I1: 6 7 | A_R1: 3 2 | A_R2: 1 5 | B_R1: 4 0 | all_R1: 3 2 4 0",
	       "and the run; where it has just one sample, that is left out");
	is_str(told(sets, MERGE_ALL), "S_L001_R1: 1 0 | S_R1: 1 0 2", "a set of files is a lane");
	is_str(told(archives, MERGE_ALL), "all_R1: 0 2 | all_R2: 1 3", "archives");
	is_str(told(plain, MERGE_SAMPLE), "x_R1: 0 2 | x_R2: 1 3", "x_1 and x_2 are a pair where both are there");
	is_str(told(plain, MERGE_ALL), "--merge all: the name of y_1.fq does not say which read of a", "y_1 alone may be anything");
	is_str(told(pairs, MERGE_ALL), "all_R1: 0 3 | all_R2: 1 2", "also with a dot");
	is_str(told(folders, MERGE_SAMPLE), "A_R1_merged: 1 0", "a sample in two folders, by path");
	is_str(told(unknown, MERGE_SAMPLE), "", "names of no form are samples of their own");
	is_str(told(unknown, MERGE_ALL), "--merge all: the name of a.fastq does not say which read of ", "and nobody knows which reads they are");
	is_str(told(taken, MERGE_ALL), "B_R1_merged: 4 2 3 | all_R1: 0 1 | all_R1_merged: 4 2 3 0 1", "names that a file or another group has");
	is_str(told(nano, MERGE_ALL), "FAO1_pass_barcode01: 1 0 | all: 1 0 2", "nanopores have no pairs");
	is_str(told(ten, MERGE_SAMPLE), "s2_R1: 1 3 2", "numbers in the order of people");
	is_str(together(lanes, MERGE_NONE), "0 1 2 3 4 5 6 7", "jobs: each alone");
	is_str(together(lanes, MERGE_SAMPLE), "1 0 0 0 1 0 0 0", "jobs: a sample, of any lane and read");
	is_str(together(sets, MERGE_LANE), "0 0 0", "jobs: of any set and lane");
	is_str(together(plain, MERGE_SAMPLE), "0 0 0 0 1", "jobs: pairs of no form");
	is_str(together(lanes, MERGE_ALL), "0 0 0 0 0 0 0 0", "jobs: all");
	return done_testing();
}
