/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of a file come together: its slices in order as they are proven, then what had to be counted again.
 *
 *     assembly_take(0), take(1), skip(2), take(3) ...     each slice that is proven, in order
 *     assembly_again() -> slices to count again with assembly_again_prior() -> assembly_patch()
 *     assembly_result()
 *
 * Used by the coordinator and by local counting alike, so that both plan the same second passes. Why a second pass: the file's
 * first 100,000 different sequences are known only when its beginning was counted, and the tenth read of the file is known
 * only when the reads before are. Slices begun earlier are counted so that they need none, but where that cannot be
 * (more different sequences than a slice remembers; the 10,000th read in its middle) they are counted again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"

struct assembly;

/* -ENOMEM; -EINVAL for an unknown module, or one of COUNT_ORDERED without COUNT_LENGTHS, which tells the reads before a slice. */
int assembly_new(uint32_t modules, const struct count_rules *rules, struct assembly **ret);

/*
 * An assembly that begins behind other text: of a file that follows others (follow.h), as assembly_again_prior() of the group's assembly
 * told; its result is for that one's assembly_patch(). Or, first, of a file whose counters may follow (begin->ordinals). It takes
 * its own reference to begin->tracked, without which modules has no COUNT_SEQUENCES behind other text. As assembly_new().
 */
int assembly_new_at(uint32_t modules, const struct count_rules *rules, const struct prior *begin, struct assembly **ret);
struct assembly *assembly_free(struct assembly *assembly); /* NULL */

/* Slices taken or skipped so far: [0, n). */
uint64_t assembly_n(const struct assembly *assembly);

/* What is known now of the text before slice i (>= assembly_n()). References into the assembly: copy or use at once. */
void assembly_prior(const struct assembly *assembly, uint64_t i, struct prior *ret);

/*
 * Takes over the counters of slice assembly_n(), also where it fails. 0 or negative errno with a sentence; the assembly is then of
 * no use. Slice 0 must have been counted with what assembly_prior() tells of it.
 */
int assembly_take(struct assembly *assembly, struct counters *counters, struct error *err);
void assembly_skip(struct assembly *assembly); /* slice assembly_n() has no record */

/* A slice that has to be counted again, for these modules. */
struct again {
	uint64_t slice;
	uint32_t modules;
	uint64_t reads, qualities; /* before it */
	uint64_t records;          /* in it, as they were counted the first time */
};

/*
 * What has to be counted again and was not yet given to assembly_patch(); valid until the next take or patch. What is listed can be
 * counted at once; the list is complete when the last slice was taken.
 */
const struct again *assembly_again(const struct assembly *assembly, size_t *ret_n);

/* With what it is to be counted: references as of assembly_prior(). 0, or -EINVAL where that cannot be known. */
int assembly_again_prior(struct assembly *assembly, const struct again *again, struct prior *ret);

/*
 * The slice's counters of again->modules, of the same records. As assembly_take(), but the counters stay the caller's. Those with
 * COUNT_GC come in the order of slices.
 */
int assembly_patch(struct assembly *assembly, uint64_t slice, const struct counters *counters, struct error *err);

/* Hands over the file's counters, once. -EBUSY where something is still to be counted again. */
int assembly_result(struct assembly *assembly, struct counters **ret, struct error *err);
