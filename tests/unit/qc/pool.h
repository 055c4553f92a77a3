/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads that begin with keys of a pool, for tests of what counts copies. */
#pragma once

#include "lib/qc/rules.h"
#include "tests/unit/qc/reads.h"

struct pool {
	size_t reads, keys;         /* of so many different beginnings, the first ones more often */
	uint32_t shortest, longest; /* bases of a beginning, 0 to 120 */
	bool strange;               /* now and then another byte than A, C, G and T; lower case, which changes no key */
	bool named;                 /* as Illumina's machines do, of a few tiles */
};

/* Behind a beginning of at least 80 bases a few others follow, which are no part of any key. Aborts when out of memory. */
void reads_of_pool(struct reads *reads, const struct pool *pool, uint64_t seed);

/* ---- the plainest means: the tracked keys of reads, their counts, and the limit */

struct plain_key {
	uint8_t bytes[128];
	uint32_t n;
	uint64_t count;
};

struct plain_keys {
	struct plain_key *keys;
	size_t n;
	uint64_t limit;
};

void plain_keys_make(struct plain_keys *plain, const struct reads *reads, const struct count_rules *rules, size_t tracked_max);
void plain_keys_deinit(struct plain_keys *plain);
