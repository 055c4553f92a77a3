/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inflated text of slices of gzip streams (lib/fastq/split.h) whose beginning is not known yet: kept between the scout that inflated
 * it and the count, in files of memory, so that any child may do the second, whoever did the first.
 *
 *     texts_file --> a scout's child writes --> texts_keep: sealed --> texts_find --> a child that counts reads
 *                                                                 `--> texts_drop: counted, or of no use
 *
 * That a text is gone costs time only, as the slice is then decoded from its point. So it may be dropped at any time, and what a
 * child has written may be nonsense (split_load() believes nothing).
 *
 * Memory: at most `most` bytes are kept, and each scout that runs has one file more, of at most split_saved_max(text_max).
 */
#pragma once

#include <stdint.h>

#include "lib/wire/fqcluster.pb.h"

struct text {
	struct text *next;
	uint64_t job, slice;
	uint32_t file;
	int fd;
	uint64_t n; /* bytes */
};

/* In the order in which they came. */
struct texts {
	struct text *first;
	uint64_t most; /* bytes of all; the owner's to set */
	uint64_t bytes;
};

/* An empty file, of which no more than n bytes can ever be written. 0 or negative errno. */
int texts_file(uint64_t n, int *ret_fd);

/*
 * Keeps the first n bytes of a file as the text of a slice (one that is there goes), and takes the descriptor over, also where it is not
 * kept. Where there is no room the oldest texts of other files make some, for their jobs may be gone; those of this file are needed
 * before it. 0; 1: there is no room; or negative errno: somebody may still write to it.
 */
int texts_keep(struct texts *texts, const fq_SliceRef *ref, int fd, uint64_t n);

/* Of the same job, file and slice, whatever the lease. NULL: it is not there. */
const struct text *texts_find(const struct texts *texts, const fq_SliceRef *ref);

void texts_drop(struct texts *texts, const fq_SliceRef *ref);
void texts_clear(struct texts *texts);
