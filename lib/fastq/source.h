/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a slice, wherever it comes from: a plain file, or the members of a gzip or BGZF file.
 *
 *     input --> source (plain, or gzip_source.h) --> text, with the place of each byte and where the slice's own text ends
 *
 * Text is numbered from 0 at the place where reading began. Whatever was decoded before a fault is delivered first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/marks.h"
#include "lib/fastq/slice.h"

enum source_outcome {
	SOURCE_TEXT = 0,  /* at least one byte */
	SOURCE_END = 1,   /* the file's end; all of it was good */
	SOURCE_FAULT = 2, /* source_fault() */
};

#define SOURCE_ROOM_MIN (64u << 10) /* source_fill() needs this much room: the text of one BGZF block */

struct source;

int source_new(int fd, const struct slice_task *task, struct source **ret); /* -ENOMEM */
struct source *source_free(struct source *source);                         /* NULL */

/*
 * Begins at a file offset: any byte of a plain file, or the header of a member. Once for each source. A slice of gzip (task->point)
 * begins at its point, whatever the offset.
 */
void source_begin(struct source *source, uint64_t offset);

/*
 * BGZF: looks for a block that begins at `from` or behind it, not far away, and proves it by decoding it with its CRC.
 * Returns SOURCE_TEXT with *ret_offset, or SOURCE_END where there is none that could be proven before the slice's end.
 */
enum source_outcome source_find_block(struct source *source, uint64_t from, uint64_t *ret_offset);

/* The next text, and the marks of the members that begin in it; -ENOMEM, or an enum source_outcome. */
int source_fill(struct source *source, uint8_t *to, size_t room, struct marks *marks, size_t *ret_n);
const struct slice_fault *source_fault(const struct source *source);

/* Number of the first byte of text that belongs to the next slice; UINT64_MAX while that is not in sight. */
uint64_t source_limit(const struct source *source);

/* The place of a byte of text by the marks of all that was delivered before it; source_end_place(): of the file's end. */
struct text_place source_place(const struct source *source, const struct marks *marks, uint64_t number);
struct text_place source_end_place(const struct source *source);

/* The file offset up to which bytes were taken in. */
uint64_t source_offset(const struct source *source);

/* Of a slice of gzip, once its text was delivered: see slice_reader_split(). */
const struct split_report *source_split(const struct source *source, const uint8_t **ret_window);
