/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain of the slices of an ordinary gzip file: as chain.h, with one link more in front.
 *
 *     OPEN --inflated--> HELD --the slice before is placed and ends where this begins--> PLACED --counted--> COUNTED --> PROVEN
 *     OPEN --unsure--> WAITS --the slice before is placed--> POINTED --counted in one pass--> COUNTED --> PROVEN
 *
 * Pure bookkeeping. Two proofs go forward, each in order: that of the decoding (`placed`: every bit of the file is in exactly one
 * slice, and every window is that of the slice before), and that of the counting (`proven`: every record is in exactly one slice, and
 * CRC32 and length of every member are right). A slice that began elsewhere than where the one before ended is POINTED: it is read
 * anew from that point. A slice that the one before has covered is proven empty.
 *
 * Damage, or what looks like it, is never told from here: the slice at `proven` becomes the rest of the file, which is read from
 * its point to the file's end as a file that is not split is, and whatever that says is true. Where a member's CRC is wrong, that
 * begins with the slice in which the member began. So `proven` can go back, once: who has merged counters of links that are no longer
 * proven cannot take them out, and counts the file anew, in one slice.
 */
#pragma once

#include "lib/fastq/chain.h"
#include "lib/fastq/split.h"

enum split_state {
	SPLIT_LINK_OPEN = 0, /* to be inflated, from anywhere */
	SPLIT_LINK_HELD,     /* inflated by somebody who keeps it; its point is not known yet */
	SPLIT_LINK_WAITS,    /* cannot begin by itself: until its point is known */
	SPLIT_LINK_PLACED,   /* its point is known: who holds it gets it, and counts */
	SPLIT_LINK_POINTED,  /* its point is known: to be inflated and counted in one pass, by anybody */
	SPLIT_LINK_COUNTED,  /* counted, or at fault, from a record's start that is not proven yet */
	SPLIT_LINK_PROVEN,
};

struct split_link {
	uint64_t begin, end; /* file bytes */
	enum split_state state;
	bool empty;          /* no text of its own (the slice before has it): nothing to count, no counters to merge */
	bool unsure;         /* PLACED, POINTED: no start of a record could be told; to be counted when it is at `proven` */

	/*
	 * From PLACED or POINTED on: where its text begins. The window is the link's own, and goes some calls after the link was
	 * proven.
	 */
	struct split_point point;
	struct split_report report; /* HELD: without CRCs; COUNTED: whole */
	uint16_t *symbols;          /* HELD: the window behind it; NULL where next_header */

	struct slice_seam seam;     /* COUNTED */
	struct slice_fault fault;   /* kind FAULT_NONE unless it ended so */
};

struct split_chain {
	uint64_t file_size;
	uint64_t n;              /* links; becomes less with the rest */
	bool rest;               /* the last link is read to the file's end in one pass, whatever comes */
	uint64_t placed;         /* links [0, placed) have a point, or are empty */
	bool next_known;         /* where link `placed` begins is known: */
	struct split_point next; /* the window is the chain's own */
	uint64_t proven;         /* links [0, proven) are proven */
	struct text_place at;    /* where the next record must begin */
	uint64_t records;        /* in the proven links */
	uint64_t member_link;    /* the link in which the member at hand began */
	struct split_part member; /* of its text, what the proven links have */
	uint64_t windows;        /* links [0, windows) have no window any more, but for member_link */
	struct split_link *links;
};

/*
 * Whether splitting pays for a gzip file where so many slots are free, and then how large slices are: the work is about doubled
 * (tests/bench/NOTES.md), so from SPLIT_SLOTS_LEAST on; small slices cost more (a block is looked for in each), large ones hold more
 * text. 0: it does not pay, the file is one slice (chain.h). Text of more than SPLIT_TEXT_TIMES the slice's bytes is not kept.
 */
#define SPLIT_SLOTS_LEAST 3
#define SPLIT_SLICE_LEAST (1ULL << 20)
#define SPLIT_SLICE_MOST (4ULL << 20)
#define SPLIT_TEXT_TIMES 16
uint64_t split_size_choose(uint64_t file_size, uint32_t slots);

/*
 * Cuts [0, size) every slice_size bytes; size is at least 1. The first link is POINTED at once. 0, -ENOMEM, or -E2BIG for more than
 * slices_max slices.
 */
int split_chain_init(struct split_chain *chain, uint64_t file_size, uint64_t slice_size, uint64_t slices_max, struct error *err);
void split_chain_deinit(struct split_chain *chain);

/* Link i, which is OPEN and handed out to nobody, may be read in one pass, as its point is known: true, and it is POINTED. */
bool split_chain_point(struct split_chain *chain, uint64_t i);

/* The task for a link that is OPEN, and the one for a link that is PLACED or POINTED (split is the caller's to add). */
void split_chain_inflate_task(const struct split_chain *chain, uint64_t i, uint64_t text_max, struct split_task *ret);
void split_chain_count_task(const struct split_chain *chain, uint64_t i, uint64_t read_max, bool lenient, struct slice_task *ret);

/*
 * Link i was inflated (SPLIT_DONE: report, and the symbols of the window behind it, from malloc(), which the chain takes over; NULL
 * where next_header) or cannot be (SPLIT_UNSURE, SPLIT_LARGE). Moves `placed` as far as it goes: links [old placed, new placed)
 * became PLACED, POINTED or empty. *ret_used: false where it is of no use (a second copy, nonsense, a link that is POINTED by now): what
 * is held is to be dropped, as it is of a link that is POINTED afterwards. 0 or -ENOMEM.
 */
int split_chain_offer_inflated(struct split_chain *chain, uint64_t i, enum split_outcome outcome, const struct split_report *report,
                               uint16_t *symbols, bool *ret_used);

/*
 * Link i was counted by this task (SLICE_END, SLICE_FAULT or SLICE_UNSURE), with the report of the reader (NULL: a rest, or no
 * SLICE_END) and the window of SPLIT_WINDOW bytes behind it, which is copied (needed of a link that was POINTED).
 * An enum chain_outcome, or -ENOMEM. CHAIN_FAULT: links[proven] says why; it comes from a rest, or from reading the file. Afterwards:
 *   - links [old placed, new placed) became PLACED, POINTED or empty;
 *   - the link at `proven` may be POINTED again, to be counted from the record that is known now;
 *   - `n` may be less: links from there on are gone, the last one is the rest, and `proven` may have gone back to it.
 * Counters that are held for links which are no longer COUNTED or PROVEN are to be dropped. *ret_used as in chain_offer().
 */
int split_chain_offer_counted(struct split_chain *chain, uint64_t i, const struct slice_task *task, enum slice_outcome outcome,
                              const struct slice_seam *seam, const struct slice_fault *fault, const struct split_report *report,
                              const uint8_t *window, bool *ret_used);

/* Who held link i is gone: HELD becomes OPEN, PLACED becomes POINTED. */
void split_chain_lost(struct split_chain *chain, uint64_t i);
