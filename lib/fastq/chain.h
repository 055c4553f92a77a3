/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain of a file's slices: planned from its facts, proven from the first byte to the last.
 *
 * Pure bookkeeping, used by the coordinator's core and by fqctl's local counting alike. Slice i is proven when all slices
 * before it are and it began exactly where the slice before ended (slice_seam). A slice that began elsewhere is opened
 * again with the start that is now known. A slice that lies wholly inside a record of the slice before is proven empty
 * without being counted. The file is done when the last slice is proven and its seam ends at the file's end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/fastq/fingerprint.h"
#include "lib/fastq/slice.h"

enum link_state {
	LINK_OPEN = 0, /* to be counted */
	LINK_WAITS,    /* was unsure of its start: to be counted when the slice before is proven */
	LINK_COUNTED,  /* counted, or at fault, from a start that is not proven yet */
	LINK_PROVEN,
};

struct link {
	uint64_t begin, end; /* file bytes */
	enum link_state state;
	bool start_known;    /* the count used (LINK_COUNTED) or must use (LINK_OPEN) the proven start */
	bool empty;          /* proven without a count: no record begins in it; has no counters to merge */
	struct slice_seam seam;
	struct slice_fault fault; /* kind FAULT_NONE unless it ended so */
};

struct chain {
	enum file_kind kind;
	uint64_t file_size;
	uint64_t n;               /* slices; at least 1, also for an empty file */
	uint64_t proven;          /* slices [0, proven) are proven */
	uint64_t records;         /* in the proven slices */
	struct text_place at;     /* where the next slice must begin */
	struct link *links;       /* n of them */
};

/*
 * Slice size for a file: so that about `slots` slots have work three times over, not below smallest and not above largest
 * bytes. BGZF counts by its compressed size, so its bounds are divided by 4. Gzip: the whole file.
 */
uint64_t slice_size_choose(enum file_kind kind, uint64_t file_size, uint32_t slots, uint64_t smallest, uint64_t largest);

/*
 * The first slice is never larger than this many bytes (of BGZF a quarter): it is ready early, and tells what counting the others
 * should know (lib/qc/prior.h).
 */
#define LEAD_BYTES (64ULL << 20)
uint64_t chain_lead(enum file_kind kind);

/*
 * Whether the file's beginning should be counted alone, slice after slice, before the others begin: until so many records or
 * the lead's bytes are there. `done` slices are counted and told of (all of them proven). Never where slices are so small
 * that what they do not know costs little: a sixty-fourth of the lead.
 */
#define LEAD_RECORDS 150000
bool chain_leads(const struct chain *chain, uint64_t done);

/* The same of slices that are told by hand: where the first one ends and the next to be counted begins, and the records before it. */
bool chain_lead_goes_on(enum file_kind kind, uint64_t first_end, uint64_t begin, uint64_t records);

/* Into how many slices a file is cut. */
uint64_t chain_slices(const struct file_facts *facts, uint64_t slice_size);

/*
 * Cuts [0, size) every slice_size bytes, the first slice at chain_lead() if that is less (gzip: one slice). 0, -ENOMEM, or -E2BIG
 * for more than slices_max slices.
 */
int chain_init(struct chain *chain, const struct file_facts *facts, uint64_t slice_size, uint64_t slices_max,
               struct error *err);
void chain_deinit(struct chain *chain);

/* The task of slice i in its present state: with its start where that is proven, also of a slice that is proven itself. */
void chain_task(const struct chain *chain, uint64_t i, uint64_t read_max, bool lenient, struct slice_task *ret_task);

/*
 * Whether slice i can have this seam (outcome SLICE_END or SLICE_FAULT) when it was counted by this task: a seam that
 * cannot be is nonsense of the one who sent it. chain_offer() does not use such a count.
 */
bool chain_seam_valid(const struct chain *chain, uint64_t i, const struct slice_task *task,
                      enum slice_outcome outcome, const struct slice_seam *seam);

/*
 * Whether so many records and bases can stand between the places of a seam: no more than there are bytes of text, and of these a
 * compressed byte makes at most GZIP_RATIO_MAX.
 */
#define GZIP_RATIO_MAX 1032 /* of deflate: 258 bytes by two bits */
bool chain_counts_valid(const struct chain *chain, const struct slice_seam *seam, uint64_t bases);

/* After CHAIN_FAULT: the fault is not believed, and the slice is to be counted again from where it began. */
void chain_reopen(struct chain *chain);

enum chain_outcome {
	CHAIN_MORE = 0,  /* slices are open, or counts are missing */
	CHAIN_DONE = 1,  /* every byte is proven: merge the counters of all slices that are not empty, in order */
	CHAIN_FAULT = 2, /* links[proven] is at fault from a proven start: the file is wrong there */
};

/*
 * Slice i was counted (outcome SLICE_END), is at fault (SLICE_FAULT) or was unsure (SLICE_UNSURE) and used task. A count
 * that no longer matters (proven already, another start is known now, a second copy) changes nothing and sets
 * *ret_used to false: its counters are to be dropped. Otherwise *ret_used is true.
 * Moves the proof as far as it goes. The only link whose state can go back is the one at `proven` afterwards: it is
 * LINK_OPEN with start_known when it waited or had guessed wrong (the caller drops the counters it holds for it and
 * hands it out again). Links that became proven empty are those in [old proven, new proven) with empty set: counters
 * that the caller holds for them are dropped too, and a count still running for them is of no use.
 */
enum chain_outcome chain_offer(struct chain *chain, uint64_t i, const struct slice_task *task, enum slice_outcome outcome,
                               const struct slice_seam *seam, const struct slice_fault *fault, bool *ret_used);
