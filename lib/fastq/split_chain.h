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
 * Damage, or what looks like it, is never told from here: the slice at `proven` becomes the rest of the file (`rest`), which is
 * read from its point to the file's end as a file that is not split is, and whatever that says is true. Where a member's CRC is
 * wrong all is given up from the slice in which the member began on (CHAIN_MORE: links from there on are OPEN or behind the end).
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
	SPLIT_LINK_COUNTED,
	SPLIT_LINK_PROVEN,
};

struct split_link {
	uint64_t begin, end; /* file bytes */
	enum split_state state;
	bool empty;          /* proven: no text of its own, no counters to merge */
	bool start_known;    /* the record's start is known too (the count must use it) */

	/* POINTED, PLACED, and from there on: where its text begins; window is the link's own. */
	struct split_point point;
	struct split_report report; /* HELD: without CRCs; COUNTED: whole */
	uint16_t *symbols;          /* HELD: the window behind it; NULL where next_header */

	struct slice_seam seam;     /* COUNTED */
	struct slice_fault fault;   /* kind FAULT_NONE unless it ended so */
};

struct split_chain {
	uint64_t file_size;
	uint64_t n;
	bool rest;         /* the last link is read to the file's end in one pass, whatever comes */
	uint64_t placed;   /* links [0, placed) have a point */
	uint64_t proven;   /* links [0, proven) are proven */
	struct split_point next;  /* where link `placed` begins; window is the chain's own */
	struct text_place at;     /* where the next record must begin */
	uint64_t records;
	uint64_t member_link;     /* the link in which the member at hand began */
	struct split_part member; /* its text in the proven links */
	struct split_link *links;
};

/* Cuts [0, size) every slice_size bytes. 0, -ENOMEM, -E2BIG for more than slices_max. The file's first link is POINTED at once. */
int split_chain_init(struct split_chain *chain, uint64_t file_size, uint64_t slice_size, uint64_t slices_max, struct error *err);
void split_chain_deinit(struct split_chain *chain);

/* The task for a link that is OPEN, and the one for a link that is PLACED or POINTED (split is the caller's to add). */
void split_chain_inflate_task(const struct split_chain *chain, uint64_t i, uint64_t text_max, struct split_task *ret);
void split_chain_count_task(const struct split_chain *chain, uint64_t i, uint64_t read_max, bool lenient, struct slice_task *ret);

/* Whether what somebody says of link i can be. */
bool split_report_valid(const struct split_chain *chain, uint64_t i, const struct split_report *report);

/*
 * Link i was inflated (SPLIT_DONE: report, and the symbols of the window behind it, which the chain takes over; NULL where
 * next_header) or cannot be (SPLIT_UNSURE, SPLIT_LARGE). Moves `placed` as far as it goes: links [old placed, new placed) became PLACED,
 * POINTED or empty. *ret_used: false where it was of no use (a second copy, a link that is POINTED by now): what is held is
 * to be dropped. 0 or -ENOMEM.
 */
int split_chain_offer_inflated(struct split_chain *chain, uint64_t i, enum split_outcome outcome, const struct split_report *report,
                               uint16_t *symbols, bool *ret_used);

/*
 * Link i was counted by this task (SLICE_END, SLICE_FAULT or SLICE_UNSURE). Of a link that was POINTED comes the window behind it, as
 * bytes, and is copied. CHAIN_FAULT only from the rest. Links whose state went back are those that are POINTED or PLACED again
 * with start_known, at `proven`, or (rest) the last one. -ENOMEM.
 */
int split_chain_offer_counted(struct split_chain *chain, uint64_t i, const struct slice_task *task, enum slice_outcome outcome,
                              const struct slice_seam *seam, const struct slice_fault *fault, const struct split_report *report,
                              const uint8_t *window, bool *ret_used);

/* Who held link i is gone (PLACED, HELD): it is OPEN, or POINTED where its point is known. */
void split_chain_lost(struct split_chain *chain, uint64_t i);
