/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * K-mers and where they occur. Memory: some 140 bytes a k-mer and 8 to 12 bytes for each position at which it occurs, so 2 MiB for
 * all k-mers of 7 and up to 28 MiB with reads of 150 bases; at most 700 MiB (KMER_SET_MAX, KMER_SET_CELLS_MAX).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/qc/key_table.h"
#include "lib/qc/kmers.h"

#define KMER_MAX 10 /* bases */

/*
 * FastQC needs 200 bytes and more for a k-mer, and 8 for each position of its reads: the 512 MB that it takes by default hold no
 * more.
 */
#define KMER_SET_MAX (1u << 21)
#define KMER_SET_CELLS_MAX (1u << 25)

struct kmer_entry {
	uint64_t first;  /* ordinal of the read in which it first occurs */
	uint16_t offset; /* its position there */
	uint16_t span;   /* positions of that read */
	uint16_t cells_n, cells_room;
	struct kmer_cell *cells; /* by growing position */
};

/* All zero bytes is the empty set. */
struct kmer_set {
	struct key_table keys; /* ready where n > 0 */
	struct kmer_entry *entries; /* by number of the key */
	size_t n, room;
	uint64_t cells_n;
};

void kmer_set_deinit(struct kmer_set *set);

/* Outcome: the set would pass its limits. It is of no use then. */
#define KMER_SET_FULL 1

/* Where a k-mer first occurs. */
struct kmer_first {
	uint64_t read; /* ordinal */
	uint16_t offset, span;
};

/* The entry of a k-mer, made where it is new; an earlier first occurrence wins. 0, KMER_SET_FULL or -ENOMEM. */
int kmer_set_find(struct kmer_set *set, const uint8_t *letters, uint32_t size, const struct kmer_first *first,
                  struct kmer_entry **ret);

/* Further reads that have the k-mer at this position. 0, KMER_SET_FULL or -ENOMEM. */
int kmer_entry_add(struct kmer_set *set, struct kmer_entry *entry, uint16_t position, uint64_t reads);

/* into += from. 0, KMER_SET_FULL or -ENOMEM. */
int kmer_set_merge(struct kmer_set *into, const struct kmer_set *from);

static inline const uint8_t *kmer_letters(const struct kmer_set *set, size_t number)
{
	return key_bytes(key_table_at(&set->keys, number));
}

/* Numbers of all k-mers in the order in which they first occur; the caller frees. -ENOMEM. */
int kmer_set_order(const struct kmer_set *set, size_t **ret);
