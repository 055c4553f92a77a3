/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tracked sequences: how many reads have each of the first 100,000 different keys of the file (FASTQC.md sections
 * 1.9, 1.10 and 2.3). A key is the first bases of a read in upper case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/qc/rules.h"
#include "lib/qc/tracked.h"

struct sequences;

/* Bases of a read of this length that are its key (section 1.10). */
uint32_t sequences_key_length(const struct count_rules *rules, uint32_t length);

/* Reads of the span. */
uint64_t sequences_reads(const struct sequences *sequences);

/* Whether the span begins with the file; only then the rest of this header is of use. */
bool sequences_first(const struct sequences *sequences);
bool sequences_placed(const struct sequences *sequences); /* ... and could follow another file */

/*
 * Whether the keys of all reads were counted: not so after MERGE_LACKS, until the patch. Counts of what is not whole are
 * too small and must not be shown.
 */
bool sequences_whole(const struct sequences *sequences);

/* ---- of a file from its beginning: what the report is made of */

size_t sequences_n(const struct sequences *sequences);
struct tracked_key sequences_key(const struct sequences *sequences, size_t i); /* in the order of their first read */
uint64_t sequences_count(const struct sequences *sequences, size_t i);         /* reads with this key, at least 1 */
/* Reads up to and with the one that completed the set, or all reads where it never was: U. All reads, N: sequences_reads(). */
uint64_t sequences_limit(const struct sequences *sequences);

/* ---- of the beginning of a file: what later slices are told (prior.h) */

/* Whether TRACKED_MAX keys are there, so that no other will be tracked. */
bool sequences_complete(const struct sequences *sequences);
/* The keys so far. 0 or -ENOMEM. */
int sequences_tracked(const struct sequences *sequences, struct tracked **ret);
