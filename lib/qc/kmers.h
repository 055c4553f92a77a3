/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of k-mers: the k-mers of every fiftieth read by position (FASTQC.md section 1.12). A slice that does not know how many
 * reads lie before it counts none and is counted again (prior.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define KMERS_BASES 500 /* of a read, from its beginning */
#define KMERS_EVERY 50  /* reads of which one is sampled */

struct kmers;

uint64_t kmers_reads(const struct kmers *kmers); /* in these counters */

struct kmer_cell {
	uint64_t reads : 54; /* at least 1 */
	uint64_t position : 10;
};

/* One k-mer of a file from its beginning. */
struct kmer {
	const uint8_t *letters; /* kmers_size() of them, upper case, none is N */
	uint64_t count;         /* of all positions */
	uint32_t span;          /* positions that FastQC has an array for: the longer of its first read, and what it was found at */
	size_t cells_n;
	const struct kmer_cell *cells; /* by growing position: where it begins, at least one */
};

uint32_t kmers_size(const struct kmers *kmers); /* bases of a k-mer */

/* Longest sampled read in bases, at most KMERS_BASES; 0: none. */
uint32_t kmers_longest(const struct kmers *kmers);

/* Outcome: there are more k-mers than are kept, and FastQC's memory by default would not hold them. */
#define KMERS_FULL 1

/*
 * K-mers in the order in which they first occur. They are valid as long as the state is neither changed nor freed; the list is
 * the caller's to free. 0, KMERS_FULL, -ENOMEM; -EINVAL where this is no whole file, or slices are missing that have to be
 * counted again.
 */
int kmers_list(const struct kmers *kmers, struct kmer **ret, size_t *ret_n);
