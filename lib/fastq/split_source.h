/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a slice of a gzip file (split.h) from a point that is known, and of what follows the slice: out of what a split
 * holds, or decoded from the point on. On the way it checks the members that lie within the slice, and takes the CRCs of the others.
 */
#pragma once

#include "lib/fastq/source.h"
#include "lib/fastq/split.h"

struct split_source;

int split_source_new(int fd, const struct slice_task *task, struct split_source **ret); /* -ENOMEM */
struct split_source *split_source_free(struct split_source *source);                   /* NULL; takes NULL */

/* As the functions of source.h with the same names. */
int split_source_fill(struct split_source *source, uint8_t *to, size_t room, struct marks *marks, size_t *ret_n);
const struct slice_fault *split_source_fault(const struct split_source *source);
uint64_t split_source_limit(const struct split_source *source);
uint64_t split_source_offset(const struct split_source *source);

/* What it says of itself once all text up to the limit was delivered, and the SPLIT_WINDOW bytes before it; NULL before. */
const struct split_report *split_source_report(const struct split_source *source, const uint8_t **ret_window);
