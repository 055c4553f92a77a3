/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of the module of tracked sequences, for its own files and their tests. It stands for a span of reads, in one of
 * three forms:
 *
 * SEQUENCES_FIRST: the span begins with the file. Its first tracked_max different keys in order, each with its count; `limit` is
 * the ordinal (from 1) of the read that had the last one first. Reads with other keys are only counted. Where it is `placed`, the
 * ordinals of all its keys are kept, so that it can become an OWN (sequences_follow()).
 *
 * SEQUENCES_OWN: it does not, and nothing was known of the file's keys. The span's different keys in order, each with its
 * count and the ordinal (from 0) of its first read. A slice with more than own_max keys overflows: then only its first
 * tracked_max keys and their ordinals are kept, no counts. Nothing else of it can be tracked: a key that is new to the file and
 * is to be tracked is among the first tracked_max of any span, and counts are made again, with the file's list.
 *
 * SEQUENCES_COUNTED: the file's list is known. Its digest and a count for each of its keys.
 *
 * Spans come together in these ways (any other one is -EINVAL), the one before first:
 *
 *     FIRST + OWN -> FIRST      new keys join until there are tracked_max; where OWN overflowed, its reads are counted, but not
 *                               its keys: MERGE_LACKS, until FIRST is given the same reads as COUNTED by its last list (patch)
 *     FIRST + COUNTED -> FIRST  where FIRST is complete and its list the same
 *     OWN + OWN -> OWN          without a bound; overflowed where one did
 *     COUNTED + COUNTED -> COUNTED   of the same list
 */
#pragma once

#include "lib/fastq/slice.h"
#include "lib/qc/counters.h"
#include "lib/qc/key_table.h"
#include "lib/qc/sequences.h"

/*
 * Keys of a slice before it overflows. At least TRACKED_MAX; more, so that slices of up to that many reads never do.
 */
#define OWN_MAX 262144

enum sequences_form {
	SEQUENCES_FIRST,
	SEQUENCES_OWN,
	SEQUENCES_COUNTED,
	_SEQUENCES_MAX,
};

/* A read of more bases than whole has only its first bases as its key, `to` of them. */
struct key_cut {
	uint32_t whole, to; /* to <= whole */
};

static inline uint32_t key_cut_length(struct key_cut cut, uint32_t length)
{
	return length > cut.whole ? cut.to : length;
}

struct sequences {
	struct key_cut cut; /* by the rules */
	enum sequences_form form;
	size_t tracked_max, own_max; /* TRACKED_MAX and OWN_MAX, but in tests */

	uint64_t reads;         /* of the span */
	uint64_t reads_counted; /* fewer only where a FIRST lacks a slice: without the reads of that one */
	uint64_t limit;         /* FIRST, complete: see above */
	bool overflow;          /* OWN: see above */
	bool placed;            /* FIRST: with ordinals */

	struct key_table keys; /* not COUNTED */
	uint64_t *counts;      /* by number of key; NULL after overflow */
	uint64_t *ordinals;    /* OWN, placed: by number of key, growing */
	size_t room;           /* of counts and ordinals; COUNTED: keys of the list */

	struct tracked *tracked; /* COUNTED: the list; NULL where it was unpacked */
	uint64_t digest;         /* of the list; FIRST: where digest_known, which is so only of complete ones */
	bool digest_known;
};

/* A further key, with its hash and the ordinal (from 0) of its first read in the span; its count is 0. 0 or -ENOMEM. */
int sequences_key_add(struct sequences *sequences, uint32_t hash, const uint8_t *bytes, uint32_t n, uint64_t ordinal);

/* An OWN of at least tracked_max keys does not keep all. */
void sequences_overflow(struct sequences *sequences);

/* Whether it is a FIRST of tracked_max keys, which no other one can join. */
static inline bool sequences_closed(const struct sequences *sequences)
{
	return sequences->form == SEQUENCES_FIRST && sequences->keys.n >= sequences->tracked_max;
}

/* Whether the numbers of a FIRST agree with each other. */
bool sequences_first_sound(const struct sequences *sequences);

/* As the functions of a module (module.h). */
int sequences_follow(void *state); /* follow.h */
int sequences_add(void *state, const struct batch *batch);
int sequences_pack(const void *state, struct packer *packer);
int sequences_unpack(void *state, struct unpacker *unpacker, struct error *err);
int sequences_check(const void *state, const struct counters *counters, struct error *err);
