/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a gzip file's members, one after the other, each verified by its CRC32 and length.
 *
 * An ordinary member is decoded as a stream: its text is delivered before its CRC is known, and the fault follows the
 * text. A block of BGZF is decoded whole and verified before any of its text is delivered. Behind the last member there
 * may be zeros to the end of the file, and nothing else.
 */
#pragma once

#include "lib/fastq/source.h"
#include "lib/fastq/split.h"

struct gzip_source;

int gzip_source_new(int fd, const struct slice_task *task, struct gzip_source **ret);
struct gzip_source *gzip_source_free(struct gzip_source *source);

/* Begins within a file, at a point of a slice (split.h), and goes to its end. */
void gzip_source_enter(struct gzip_source *source, const struct split_point *point);

/* As the functions of source.h with the same names. */
void gzip_source_begin(struct gzip_source *source, uint64_t offset);
enum source_outcome gzip_source_find_block(struct gzip_source *source, uint64_t from,
                                           uint64_t *ret_offset);
int gzip_source_fill(struct gzip_source *source, uint8_t *to, size_t room, struct marks *marks,
                     size_t *ret_n);
const struct slice_fault *gzip_source_fault(const struct gzip_source *source);
uint64_t gzip_source_limit(const struct gzip_source *source);
uint64_t gzip_source_offset(const struct gzip_source *source);
