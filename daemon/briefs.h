/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The briefs (fqcluster.proto) that a worker has of its present connection: those that came last, within bounds. The coordinator
 * keeps the same list for each worker and adds in the same order, so both know what is there without a word about it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BRIEFS_MAX 32
#define BRIEFS_BYTES_MAX (256ULL << 20) /* of all of them, but one alone may be as large as BRIEF_MAX says */

struct brief_key {
	uint64_t job;
	uint32_t file;
	uint32_t number;
};

struct briefs_item {
	struct brief_key key;
	uint64_t bytes;
	void *brief; /* the owner's; NULL where only the list matters */
};

/* In the order in which they came. All zero bytes: empty. */
struct briefs {
	struct briefs_item items[BRIEFS_MAX];
	uint32_t n;
	uint64_t bytes;
};

typedef void (*brief_drop_fn)(void *brief);

/* Adds one behind all others; what it displaces is given to drop (which may be NULL where no brief is held). */
void briefs_add(struct briefs *briefs, const struct brief_key *key, uint64_t bytes, void *brief, brief_drop_fn drop);
void briefs_clear(struct briefs *briefs, brief_drop_fn drop);

/* NULL: it is not there. */
const struct briefs_item *briefs_find(const struct briefs *briefs, const struct brief_key *key);
