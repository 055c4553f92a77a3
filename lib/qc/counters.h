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
#define COUNTERS_ALGORITHM 1

/* Sets of modules, as bits (1 << enum module_id, module.h). */
#define COUNT_LENGTHS (1u << 0)         /* reads by length: reads, bases, reads that reach a position */
#define COUNT_QUALITY_SUM (1u << 1)     /* sum of quality bytes by position; lowest and highest quality byte */
#define COUNT_QUALITY_TABLE (1u << 2)   /* reads by position and quality byte (for --error-mean) */
#define COUNT_MEAN (COUNT_LENGTHS | COUNT_QUALITY_SUM)
#define COUNT_ALL (COUNT_LENGTHS | COUNT_QUALITY_SUM | COUNT_QUALITY_TABLE)

struct counters;

int counters_new(uint32_t modules, struct counters **ret); /* -ENOMEM; -EINVAL for an unknown module */
struct counters *counters_free(struct counters *counters); /* NULL */
uint32_t counters_modules(const struct counters *counters);

/* Adds every record of the batch. 0 or -ENOMEM (the counters are then of no use). */
int counters_add(struct counters *counters, const struct batch *batch);

/*
 * into += from. 0, -ENOMEM, -EINVAL where the modules differ, -EOVERFLOW where reads or bases would pass 2^55 (so that no
 * sum exceeds 63 bits). After any of these into is of no use.
 */
int counters_merge(struct counters *into, const struct counters *from);

/* Canonical bytes (little-endian, a version, a CRC32 at the end); the caller frees. 0 or -ENOMEM. */
int counters_pack(const struct counters *counters, uint8_t **ret_bytes, size_t *ret_n);

/*
 * 0, -ENOMEM, or -EBADMSG with a sentence (ERROR_PROTOCOL). What unpacks packs to the same bytes again. Memory: some 10 KiB
 * a module, and 3 to 10 bytes (at most 40; with COUNT_QUALITY_TABLE 160, whatever a peer sends) for each of the n.
 */
int counters_unpack(const uint8_t *bytes, size_t n, struct counters **ret, struct error *err);

/* 0 without COUNT_LENGTHS. */
uint64_t counters_reads(const struct counters *counters);
uint64_t counters_bases(const struct counters *counters);
