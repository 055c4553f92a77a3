/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of groups of files (core_group.c): an assembly (lib/qc/follow.h) of the results of its members, which the store has, and
 * of those of their second counts. It comes together in steps of one member, between which the coordinator does all else (group_work.c):
 *
 *     keys of all members -> an earlier job's result? -> members, one a step -> what lacks is told, the assembly stays
 *                                                     `-> second counts, one a step -> the result
 *
 * So each member is unpacked once. The assemblies of the GROUPINGS_MAX groups that were at hand last stay; one that had to go is made
 * again. Memory: as of contexts (context.h).
 */
#pragma once

#include "daemon/coord/core.h"
#include "daemon/coord/store.h"
#include "lib/qc/assembly.h"

#define GROUPINGS_MAX 8

/* A group that comes together. */
struct grouping {
	uint64_t job;
	uint32_t file;             /* the group's row */
	uint64_t used;             /* when it was last asked for, by counting */
	uint32_t keyed;            /* members that are in the key */
	bool keyless;              /* some member's result may not be kept, so that the group's is not either */
	bool looked;               /* for a result of an earlier job */
	uint8_t key[RESULT_KEY_SIZE];
	struct kept_row kept;      /* id > 0: there is one */
	struct assembly *assembly; /* of the first `taken` members, and of second counts; NULL: of none */
	uint32_t taken;
	uint64_t records;          /* of these */
	uint64_t bytes;            /* packed, of the largest counters that it has taken */
};

struct group_wish {
	struct group_wish *next;
	uint64_t job;
	uint32_t file;
};

/* All zero bytes: none. */
struct groupings {
	struct group_wish *first, *last; /* groups to be merged, in the order in which that was asked for */
	struct grouping *items[GROUPINGS_MAX];
	uint32_t n;
	uint64_t uses;
	uint64_t bytes_max;              /* as of contexts */
};

void groupings_deinit(struct groupings *groupings);

/* Puts the group behind those that are to be merged; and takes away the first of them. 0 or -ENOMEM. */
int groupings_want(struct groupings *groupings, uint64_t job, uint32_t file);
void groupings_done(struct groupings *groupings);

/* What there is of the group; a new one, in the place of that which was not asked for the longest, where there is none. NULL: no memory. */
struct grouping *grouping_of(struct groupings *groupings, uint64_t job, uint32_t file);
void grouping_drop(struct groupings *groupings, uint64_t job, uint32_t file);
void groupings_drop_job(struct groupings *groupings, uint64_t job);

/*
 * One step: 1: there are more; 0: it is as far as can be: grouping->kept, or the assembly, whose list tells what is still to be counted
 * again (nothing behind the first one that is not there is patched); negative with a sentence. find: where to look for kept results.
 */
int group_step(struct groupings *groupings, struct grouping *grouping, struct store *store, const struct coord *coord, bool find,
               struct error *err);

/*
 * What lies before a second count's first slice, by its row; tracked is the caller's to free. Where the group's assembly is not there any
 * more it takes members' results from the first on until the tracked sequences are complete, where the row's modules need them. 0 or
 * negative with a sentence.
 */
int group_begin(struct groupings *groupings, struct store *store, const struct coord *coord, const struct file_row *second,
                struct prior *ret, struct error *err);

/* The group's result is saved: those of its second counts go. */
int group_forget(struct store *store, const struct file_row *group, struct error *err);
