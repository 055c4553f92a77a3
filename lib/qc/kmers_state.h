/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the module of k-mers, a span of a file's reads. Its files: kmers.c counts and merges, kmers_pack.c packs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/kmer_set.h"
#include "lib/qc/varint.h"

struct counters;

struct kmers {
	uint32_t size;    /* bases of a k-mer */
	bool known;       /* how many reads lie before the span; where not, none is counted */
	uint64_t before;  /* where known */
	bool follows;     /* that was so, but another file comes before it now (follow.h) */
	uint64_t reads;   /* in the span */
	uint64_t missing; /* of these, those of slices that merging lacked and that were not patched yet */
	bool full;        /* the set passed its limits, and is empty */
	uint32_t longest; /* sampled read in bases, at most KMERS_BASES */
	struct kmer_set set;
};

/* Sampled reads among `reads` of them that come behind `before`. */
static inline uint64_t kmers_sampled(uint64_t before, uint64_t reads)
{
	return (before + reads) / KMERS_EVERY - before / KMERS_EVERY;
}

int kmers_follow(void *state); /* follow.h */
int kmers_pack(const void *state, struct packer *packer);
int kmers_unpack(void *state, struct unpacker *unpacker, struct error *err);
int kmers_check(const void *state, const struct counters *counters, struct error *err);
