/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads in a row, of which is kept what the sums of G and C (gc.h) need: whatever doubles the reads before them
 * led to, folding a segment into those gives the very doubles that adding read by read would give.
 *
 *     SEGMENT_DYADIC  all reads are shorter than 200 bases: every increment is 1 or 1/2
 *     SEGMENT_RUN     all reads have the same truncated length, at least 200: a percentage has but one increment
 *     SEGMENT_STREAM  any reads, in order
 *
 * Memory: 1 KiB and, of a stream, 1 to 6 bytes a read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/gc.h"
#include "lib/qc/gc_model.h"
#include "lib/qc/gc_stream.h"
#include "lib/qc/varint.h"

enum segment_kind {
	SEGMENT_DYADIC,
	SEGMENT_RUN,
	SEGMENT_STREAM,
	_SEGMENT_MAX,
};

struct segment {
	enum segment_kind kind;
	uint32_t length; /* RUN: of its reads */
	uint64_t reads;
	/* By percentage. DYADIC: the sum of its increments, in halves. RUN: the reads that claim it. */
	uint64_t counts[GC_BINS];
	/* DYADIC: the first increment of each percentage, in halves (1 or 2; 0: there is none). */
	uint8_t first[GC_BINS];
	struct gc_stream stream; /* STREAM */
};

/* Further reads of a DYADIC segment, all of this length and gc. */
void segment_add_dyadic(struct segment *segment, uint32_t length, uint32_t gc, uint64_t reads);

/* A read of a DYADIC segment is perhaps the first at its percentages; its count comes by segment_add_dyadic(). */
void segment_see_dyadic(struct segment *segment, uint32_t length, uint32_t gc);

/*
 * into is the segment of both, where from lies behind it and the two are of a kind that can be one. True: they are
 * (DYADIC and DYADIC; RUN and RUN of one length; STREAM and STREAM). *ret_r is then 0 or -ENOMEM.
 */
bool segment_join(struct segment *into, const struct segment *from, int *ret_r);

/* Adds the segment's increments to the sums of the reads before it. */
void segment_fold(const struct segment *segment, struct gc_models *models, double sums[GC_BINS]);

int segment_copy(const struct segment *segment, struct segment *ret); /* 0 or -ENOMEM */
void segment_deinit(struct segment *segment);

void segment_pack(const struct segment *segment, struct packer *packer);

/* 0, -ENOMEM, or -EBADMSG with a sentence; at most most reads. */
int segment_unpack(struct segment *segment, uint64_t most, struct unpacker *unpacker, struct error *err);
