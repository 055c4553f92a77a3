/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of a slice, of a file, of many files: integers only. Adding is hot; merging is exact in any order and from
 * any number of workers; packing is canonical (same counters, same bytes), so that copies can be compared by their hash.
 *
 *     batches --add--> counters --pack--> bytes --unpack--> counters --merge--> counters --derive--> csv.h
 *
 * What is counted is a set of modules (module.h), one file each. Everything that unpack reads may come from a
 * faulty or hostile peer and is checked before it is believed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/slice.h"

/* Bumped whenever a number could change: results of different versions are never merged. */
#define COUNTERS_ALGORITHM 2

/* Sets of modules, as bits (1 << enum module_id, module.h). */
#define COUNT_LENGTHS (1u << 0)         /* reads by length: reads, bases, reads that reach a position */
#define COUNT_QUALITY_SUM (1u << 1)     /* sum of quality bytes by position; lowest and highest quality byte */
#define COUNT_QUALITY_TABLE (1u << 2)   /* reads by position and quality byte */
#define COUNT_BASES (1u << 3)           /* reads by position and base */
#define COUNT_GC (1u << 4)              /* reads by the share of G and C */
#define COUNT_SCORES (1u << 5)          /* reads by their mean quality */
#define COUNT_TILES (1u << 6)           /* qualities of sampled reads by tile and position */
#define COUNT_SEQUENCES (1u << 7)       /* copies of the tracked sequences */
#define COUNT_ADAPTERS (1u << 8)        /* first places of adapters */
#define COUNT_KMERS (1u << 9)           /* k-mers of sampled reads by position */
#define COUNT_MEAN (COUNT_LENGTHS | COUNT_QUALITY_SUM)
#define COUNT_REPORT                                                                                                       \
	(COUNT_LENGTHS | COUNT_QUALITY_TABLE | COUNT_BASES | COUNT_GC | COUNT_SCORES | COUNT_TILES | COUNT_SEQUENCES |         \
	 COUNT_ADAPTERS)
#define COUNT_ALL                                                                                                          \
	(COUNT_LENGTHS | COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE | COUNT_BASES | COUNT_GC | COUNT_SCORES | COUNT_TILES |          \
	 COUNT_SEQUENCES | COUNT_ADAPTERS | COUNT_KMERS)

/* Modules whose numbers depend on what lies before a slice (prior.h). */
#define COUNT_ORDERED (COUNT_TILES | COUNT_SEQUENCES | COUNT_KMERS)

/* Modules that are counted by rules (rules.h); without any of them the rules do not matter. */
#define COUNT_RULED (COUNT_TILES | COUNT_SEQUENCES | COUNT_ADAPTERS | COUNT_KMERS)

struct counters;
struct count_rules;
struct prior;

/*
 * Empty counters. rules NULL: rules_default() of the default version; prior NULL: PRIOR_UNKNOWN. -ENOMEM; -EINVAL for an unknown
 * module.
 */
int counters_new(uint32_t modules, const struct count_rules *rules, const struct prior *prior, struct counters **ret);
struct counters *counters_free(struct counters *counters); /* NULL */
static inline void counters_freep(struct counters **counters) /* for _cleanup_ */
{
	counters_free(*counters);
}

uint32_t counters_modules(const struct counters *counters);
const struct count_rules *counters_rules(const struct counters *counters);

/* Adds every record of the batch, in the order of the file. 0 or -ENOMEM (the counters are then of no use). */
int counters_add(struct counters *counters, const struct batch *batch);

/*
 * into += from, whose reads lie directly behind those of into. 0 with the modules in *ret_lacks (0: none) that have to be
 * counted again for from's reads and given to counters_patch(); -ENOMEM; -EINVAL where modules, rules or places differ;
 * -EOVERFLOW where reads or bases would pass 2^55 (so that no sum exceeds 63 bits). After any error into is of no use.
 */
int counters_merge(struct counters *into, const struct counters *from, uint32_t *ret_lacks);

/* into += from, for the modules of from, which into lacks for these reads. As counters_merge(). */
int counters_patch(struct counters *into, const struct counters *from);

/* Canonical bytes (little-endian, a version, a CRC32 at the end); the caller frees. 0 or -ENOMEM. */
int counters_pack(const struct counters *counters, uint8_t **ret_bytes, size_t *ret_n);

/*
 * 0, -ENOMEM, or -EBADMSG with a sentence (ERROR_PROTOCOL). What unpacks packs to the same bytes again. Memory: some 10 KiB
 * a module, and 3 to 10 bytes (at most 40; with a table of bytes 160, whatever a peer sends) for each of the n.
 */
int counters_unpack(const uint8_t *bytes, size_t n, struct counters **ret, struct error *err);

/*
 * The hash of what does not depend on the text before the slice: all modules but COUNT_ORDERED. Honest counts of a slice from the
 * same start have the same, whatever was known when they were made. bytes are those that the counters were unpacked from. 0, or
 * negative errno where the library refuses.
 */
int counters_digest(const struct counters *counters, const uint8_t *bytes, uint8_t ret[32]);

/* 0 without COUNT_LENGTHS. */
uint64_t counters_reads(const struct counters *counters);
uint64_t counters_bases(const struct counters *counters);
