/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of files (lib/qc/groups.h) without a coordinator: the files' counters are kept, packed, as they are counted; then each group is
 * put together of its members' (lib/qc/follow.h), and what depends on the files before is counted again, all such members at once.
 *
 * Memory: the packed counters of all members (1 to 2 MB each of short reads), and the counters of one group.
 */
#pragma once

#include "ctl/group_names.h"
#include "ctl/local.h"

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

/* Counts the group by its members. 0 with the counters (the caller's) and how many members were counted again, or negative with a sentence. */
int local_groups_count(const struct local_groups *groups, size_t group, const struct local_options *options,
                       void (*progress)(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done), void *data,
                       struct counters **ret, size_t *ret_again, struct error *err);
