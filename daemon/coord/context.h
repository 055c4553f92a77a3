/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the coordinator knows of a file's text: the counters of its proven slices, brought together in order (lib/qc/assembly.h).
 * The core knows nothing of it.
 *
 *     TASK of a module that depends on what lies before a slice -> the assembly takes what is proven by now -> prior, brief
 *     all slices are there -> the assembly takes the rest, and the second counts -> the result, or what is to be counted again
 *
 * The assemblies of the CONTEXTS_MAX files that were asked for last stay in memory (some MiB each, at most the counters of a file
 * and a packed list of sequences; fewer where they are large: bytes_max); one that is needed again is made again from the store.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "daemon/coord/core.h"
#include "daemon/coord/group.h"
#include "daemon/coord/store.h"
#include "lib/base/digest.h"
#include "lib/qc/assembly.h"
#include "lib/wire/shared.h"

#define CONTEXTS_MAX 16
#define FOLLOW_MAX 2 /* slices a result: as many as come, and one that is owed */

/* As it travels (fqcluster.proto). */
struct brief {
	struct shared *shared; /* one hold of it; NULL: none */
	uint8_t digest[DIGEST_SIZE];
};

void brief_deinit(struct brief *brief);

struct context {
	uint64_t job;
	uint32_t file;
	uint64_t used;              /* when it was last asked for, by counting */
	struct count_rules rules;
	struct assembly *assembly;  /* NULL: its slices do not go together; merging will tell why */
	uint64_t bytes;             /* packed, of the largest counters that it has taken */
	struct brief brief;         /* number 2, once it was needed */
};

/* Counters that were just saved, so that they need not be read and unpacked again where they are taken at once. */
struct at_hand {
	uint64_t job, slice;
	uint32_t file;
	struct counters *counters; /* NULL: none, or they were taken */
	size_t n;                  /* packed bytes */
};

/* All zero bytes: none. */
struct contexts {
	struct context *items[CONTEXTS_MAX];
	uint32_t n;
	struct at_hand hand;
	uint64_t uses;
	struct groupings groups;
	uint64_t bytes_max;         /* what is kept for other files than the one at hand, in packed bytes; 0: no bound */
	atomic_ulong taken;         /* slices that went into an assembly; another thread may look (labour.c) */
};

/*
 * What the worker of this ACTION_SEND_TASK is to be told: *ret (its tracked sequences are borrowed until the next call), and the
 * number of the brief that the task needs, or 0.
 */
void context_task(struct contexts *contexts, struct store *store, const struct coord *coord, const struct action *action,
                  struct prior *ret, uint32_t *ret_brief);

/* The brief of that number for the prior that context_task() gave; the caller's to deinit. 0 or -ENOMEM. */
int context_brief(struct contexts *contexts, const struct coord *coord, const struct action *action, const struct prior *prior,
                  struct brief *ret);

/* All slices of the file and their second counts as far as they are there; what lacks is told by assembly_again(). */
int context_assemble(struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file,
                     const struct chain *chain, struct assembly **ret, uint64_t *ret_patched, struct error *err);

/*
 * After a result of the slice: takes up to FOLLOW_MAX slices that are proven and not taken yet, if there is a place for the file, so
 * that its end is near when the last one comes.
 */
void contexts_follow(struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file);

/* These counters, taken over, are those that the store has for the slice; until they are let go, or others come. n: their packed bytes. */
void contexts_hold(struct contexts *contexts, uint64_t job, uint32_t file, uint64_t slice, struct counters *counters, size_t n);
void contexts_let_go(struct contexts *contexts);

/* How many slices context_task() would have to take first. */
uint64_t context_behind(const struct contexts *contexts, const struct coord *coord, const struct action *action);

/* Packed bytes of the slices that are proven and not taken yet, at most of the first FOLLOW_MAX. */
uint64_t contexts_owed(const struct contexts *contexts, struct store *store, const struct coord *coord, uint64_t job, uint32_t file);

void context_drop(struct contexts *contexts, uint64_t job, uint32_t file);
void contexts_deinit(struct contexts *contexts);
