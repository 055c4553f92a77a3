/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files of a batch belong together, as their names say (names.h): the files of a lane, of a sample, of the whole run, and never
 * two different reads of a pair or index in one group. A pure function of the paths; fqcluster.report(5), GROUPS, is its document.
 *
 *     lane     sample, lane and read are the same:  SAMPLE_L001_R1   (a set of files _001, _002, ...)
 *     sample   sample and read are the same:        SAMPLE_R1        (its lanes)
 *     all      the read is the same:                all_R1           (all samples)
 *
 * Each level has the groups of those before it too. A group of one file is left out, since its report is that file's; so is one that has
 * just the files of a smaller one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/names.h"

enum merge_level { MERGE_NONE, MERGE_LANE, MERGE_SAMPLE, MERGE_ALL, _MERGE_LEVEL_MAX };

#define GROUP_NAME_MAX (NAME_SAMPLE_MAX + 32)

struct group {
	char name[GROUP_NAME_MAX]; /* no slash; no other group's, and no file's name without its endings */
	enum merge_level level;
	uint32_t *files;           /* members, as indices of the paths: by sample, lane, read, set and then path */
	uint32_t n;                /* at least 2 */
};

struct groups {
	struct group *items;       /* by level, then in the order of their first files */
	uint32_t n;
};

const char *merge_level_name(enum merge_level level);

/*
 * 0, -ENOMEM; or -EINVAL with a sentence where `all` would have to mix reads: the name of some file is of no known form, so that it does
 * not say which read of a pair it is.
 */
int groups_make(const char *const *paths, uint32_t n, enum merge_level level, struct groups *ret, struct error *err);
void groups_deinit(struct groups *groups);

/*
 * Which files are to be counted in one job, so that its groups of this level are whole: ret[i] == ret[k] where i and k are files of one
 * sample (of whatever lane and read), with MERGE_ALL always, with MERGE_NONE never. Numbers are below n. 0 or -ENOMEM.
 */
int groups_together(const char *const *paths, uint32_t n, enum merge_level level, uint32_t *ret);
