/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of files (lib/qc/groups.h) without a coordinator: the files' counters are kept, packed, as they are counted; then each group is
 * put together of its members' (lib/qc/follow.h), and what depends on the files before is counted again: as many groups at once as give
 * every thread a file.
 *
 * Memory: the packed counters of all members (1 to 2 MB each of short reads), and the counters of the groups at hand (some 10 MB each).
 */
#pragma once

#include "ctl/group_names.h"
#include "ctl/local/local.h"

struct local_member {
	bool grouped;              /* it is a member of any group */
	uint8_t *packed;           /* NULL: it was not counted */
	size_t n;
	struct fingerprint print;
};

struct local_groups {
	struct group_names named;
	const char *const *paths;  /* the caller's, n of them */
	size_t n;
	struct local_member *members; /* by path */
};

/* 0 or negative with a sentence. Deinit also after failure. */
int local_groups_make(struct local_groups *groups, const char *const *paths, size_t n, enum merge_level level, struct error *err);
void local_groups_deinit(struct local_groups *groups);

/* File i was counted, with prior.ordinals. Of several threads, for different files. 0 or -ENOMEM with a sentence. */
int local_groups_keep(struct local_groups *groups, size_t i, const struct local_result *result, struct error *err);

/* What becomes of the groups. */
struct local_groups_watch {
	/* In the order of groups: with its counters (taken away after the call), or NULL and an error; again: members counted a second time. */
	void (*done)(void *data, size_t group, const struct counters *counters, size_t again, struct error *error);
	void (*progress)(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done); /* as of local_watch */
	void *data;
};

/* Counts all groups by their members. 0 (also when some failed), or negative with a sentence. */
int local_groups_count(const struct local_groups *groups, const struct local_options *options, const struct local_groups_watch *watch,
                       struct error *err);
