/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of the files of one call (lib/qc/groups.h), and where and how their results are written: beside their first file. */
#pragma once

#include "ctl/output.h"
#include "lib/qc/groups.h"

struct group_names {
	struct groups groups;
	char **names; /* by group: "<folder of its first file>/<name>" */
};

/* 0 or negative with a sentence; deinit also after failure. */
int group_names_make(struct group_names *names, const char *const *paths, size_t n, enum merge_level level, struct error *err);
void group_names_deinit(struct group_names *names);

/* The name of a group's result, whose first file is `path`: a new string, or NULL. */
char *group_place(const char *path, const char *name);

/* output_check() of the results of files and groups, and the latter are told to the page of the run. */
int group_names_check(const struct group_names *names, const struct output_options *options, const struct reporting *reporting,
                      const char *const *paths, size_t n, struct error *err);

/*
 * The results of a job of these files by its rows (daemon/coord/core_group.c): files, then of each group its own and those of its other
 * members, which have none (NULL). The list is the caller's to free, the strings are not. NULL: out of memory.
 */
char **group_names_rows(const struct group_names *names, char *const *paths, size_t n, size_t *ret_n);
