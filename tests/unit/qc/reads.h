/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads by a seed, for tests: records as the reader of slices would give them, but from memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/counters.h"

struct reads {
	size_t n;
	struct record *records; /* of no name; sequence and quality are the same bytes */
	uint8_t *bytes;         /* all qualities, and exactly BATCH_SLACK bytes behind the last */
};

struct reads_kind {
	size_t n;
	uint32_t shortest, longest; /* bases; lengths lie evenly between them */
	uint8_t lowest, highest;    /* quality bytes */
	bool lenient;               /* the sequence's length is another one */
};

/* A number nobody needs to foresee, from a seed that moves on (never 0). */
uint64_t random_next(uint64_t *seed);
uint64_t random_below(uint64_t *seed, uint64_t n);

/* Aborts when out of memory, as all of these. */
void reads_make(struct reads *reads, const struct reads_kind *kind, uint64_t seed);
void reads_deinit(struct reads *reads);

/* Adds the records [from, to) in batches of random size. */
void reads_count(const struct reads *reads, size_t from, size_t to, uint64_t *seed,
                 struct counters *counters);

/* counters_new() and counters_pack(), which must not fail. */
struct counters *counters_make(uint32_t modules);
uint8_t *counters_bytes(const struct counters *counters, size_t *ret_n);

/* The same counters when they have travelled: packed, unpacked, and the old ones freed. Aborts where that fails, with the sentence. */
struct counters *counters_travel(struct counters *counters);
