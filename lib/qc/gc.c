/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of reads by their share of G and C: see gc.h. Reads without a base do not count here.
 *
 * Doubles depend on the order in which they are added, and the sums before a slice are not known while it is
 * counted. So the state is the segments (gc_segment.h) of its reads in order; where it begins with the file it is
 * the sums themselves, into which the segments behind are folded. Sums so made are those of one pass over the
 * file, however it was cut. Sums of a whole file that comes behind another one (follow.h) are of no use: its segments are counted
 * again, and patched in in the order of the files.
 *
 * Memory: 1 KiB a segment (of which a slice has at most three), 40 KiB for counting short reads; of reads of 200
 * bases and more, where their truncated lengths differ, 1 to 6 bytes each: for a file's first slice at most
 * FOLD_BYTES.
 *
 * Packed: whether the state begins with the file. Then either the reads, and where there are any the 101 sums as
 * the bits of doubles, little-endian; or the number of segments and the segments.
 */
#include "lib/qc/gc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/gc_segment.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"
#include "lib/qc/sequence_kernel.h"

#define FOLD_BYTES (1u << 20)
#define DYADIC_PLACES (GC_DYADIC_MAX * (GC_DYADIC_MAX + 3) / 2)

struct gc {
	bool first;           /* begins with the file */
	bool follows;         /* ... which comes behind another one now (follow.h) */
	uint64_t reads;       /* that have a base */
	double sums[GC_BINS]; /* first: of the reads before the segments */
	struct segment *segments;
	size_t n, size;
	/* Reads of the last segment, which is DYADIC, by length and gc: not in its counts yet. NULL: there are none. */
	uint64_t *dyadic;
	struct gc_models models;
	const struct sequence_kernel *kernel;
};

static int gc_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct gc *gc = state;

	gc->first = prior->first;
	gc->kernel = sequence_kernel_best();
	return 0;
}

static void segments_drop(struct gc *gc)
{
	while (gc->n > 0)
		segment_deinit(&gc->segments[--gc->n]);
}

static void gc_deinit(void *state)
{
	struct gc *gc = state;

	segments_drop(gc);
	free(gc->segments);
	free(gc->dyadic);
	gc_models_deinit(&gc->models);
}

/* ---- segments */

/* A new last segment, or NULL. */
static struct segment *segment_open(struct gc *gc, enum segment_kind kind, uint32_t length)
{
	struct segment *segment;

	if (gc->n == gc->size) {
		size_t size = gc->size > 0 ? 2 * gc->size : 3;
		struct segment *segments = reallocarray(gc->segments, size, sizeof *segments);

		if (!segments)
			return NULL;
		gc->segments = segments;
		gc->size = size;
	}
	segment = &gc->segments[gc->n++];
	*segment = (struct segment){.kind = kind, .length = length};
	return segment;
}

/* Where in gc->dyadic. */
static size_t dyadic_place(uint32_t length, uint32_t gc)
{
	return (size_t)(length - 1) * (length + 2) / 2 + gc;
}

static void dyadic_count(const struct gc *gc, struct segment *segment)
{
	for (uint32_t length = 1; length <= GC_DYADIC_MAX; length++)
		for (uint32_t bases = 0; bases <= length; bases++) {
			uint64_t reads = gc->dyadic[dyadic_place(length, bases)];

			if (reads > 0)
				segment_add_dyadic(segment, length, bases, reads);
		}
}

/* Puts what is counted of the last segment into it. */
static void segments_settle(struct gc *gc)
{
	if (!gc->dyadic)
		return;
	dyadic_count(gc, &gc->segments[gc->n - 1]);
	free(gc->dyadic);
	gc->dyadic = NULL;
}

/* Segment i as if it were settled, perhaps made in *room. */
static const struct segment *segment_at(const struct gc *gc, size_t i, struct segment *room)
{
	if (!gc->dyadic || i < gc->n - 1)
		return &gc->segments[i];
	*room = gc->segments[i];
	dyadic_count(gc, room);
	return room;
}

/* Folds all segments into sums, which they follow. */
static void segments_fold(const struct gc *gc, struct gc_models *models, double sums[GC_BINS])
{
	struct segment room;

	for (size_t i = 0; i < gc->n; i++)
		segment_fold(segment_at(gc, i, &room), models, sums);
}

/* ---- adding */

static int dyadic_add(struct gc *gc, uint32_t length, uint32_t bases)
{
	uint64_t *reads;

	if (!gc->dyadic)
		gc->dyadic = calloc(DYADIC_PLACES, sizeof *gc->dyadic);
	if (!gc->dyadic)
		return -ENOMEM;
	reads = &gc->dyadic[dyadic_place(length, bases)];
	/* The first read that claims a percentage is the first of its length and gc. */
	if ((*reads)++ == 0)
		segment_see_dyadic(&gc->segments[gc->n - 1], length, bases);
	return 0;
}

static void run_add(struct gc *gc, struct segment *segment, uint32_t bases)
{
	const struct gc_model *model = gc_model_get(&gc->models, segment->length);
	struct gc_claim claim = model ? model->claims[bases] : gc_claim_of(segment->length, bases);

	for (unsigned int p = claim.first; p <= claim.last; p++)
		segment->counts[p]++;
	segment->reads++;
}

static int read_add(struct gc *gc, uint32_t length, uint32_t bases)
{
	struct segment *last = gc->n > 0 ? &gc->segments[gc->n - 1] : NULL;
	bool dyadic = length <= GC_DYADIC_MAX;

	if (!last && dyadic)
		last = segment_open(gc, SEGMENT_DYADIC, 0);
	else if (!last || (last->kind == SEGMENT_DYADIC && !dyadic)) {
		segments_settle(gc);
		last = segment_open(gc, SEGMENT_RUN, length);
	} else if (last->kind == SEGMENT_RUN && last->length != length)
		last = segment_open(gc, SEGMENT_STREAM, 0);
	if (!last)
		return -ENOMEM;
	if (last->kind == SEGMENT_DYADIC)
		return dyadic_add(gc, length, bases);
	if (last->kind == SEGMENT_STREAM) {
		last->reads++;
		return gc_stream_add(&last->stream, length, bases);
	}
	run_add(gc, last, bases);
	return 0;
}

static int gc_add(void *state, const struct batch *batch)
{
	struct gc *gc = state;
	struct sequence sequences[BATCH_MAX];
	uint32_t bases[BATCH_MAX];
	const struct segment *last;

	for (uint32_t i = 0; i < batch->n; i++)
		sequences[i] = (struct sequence){batch->records[i].sequence,
		                                 gc_length(batch->records[i].length)};
	gc->kernel->count_gc(sequences, batch->n, bases);
	for (uint32_t i = 0; i < batch->n; i++) {
		int r = sequences[i].n > 0 ? read_add(gc, sequences[i].n, bases[i]) : 0;

		if (r < 0)
			return r;
		gc->reads += sequences[i].n > 0;
	}
	last = gc->n > 0 ? &gc->segments[gc->n - 1] : NULL;
	if (gc->first && last && last->stream.n > FOLD_BYTES) {
		segments_fold(gc, &gc->models, gc->sums);
		segments_drop(gc);
	}
	return 0;
}

/* ---- merging */

/* A copy of a segment behind the last one, or as a part of it. */
static int segment_append(struct gc *gc, const struct segment *from)
{
	struct segment *segment;
	int r = 0;

	if (gc->n > 0 && segment_join(&gc->segments[gc->n - 1], from, &r))
		return r;
	segment = segment_open(gc, from->kind, 0);
	return segment ? segment_copy(from, segment) : -ENOMEM;
}

int gc_follow(void *state)
{
	struct gc *gc = state;

	if (!gc->first)
		return -EINVAL;
	gc->follows = true;
	return 0;
}

static int follow_merge(struct gc *into, const struct gc *from)
{
	if (!into->first)
		return -EINVAL;
	if (from->reads == 0)
		return 0;
	if (into->reads > 0)
		return MERGE_LACKS;
	(void)gc_bins(from, into->sums); /* true, as it is first */
	into->reads = from->reads;
	return 0;
}

static int gc_merge(void *into_state, const void *from_state)
{
	struct gc *into = into_state;
	const struct gc *from = from_state;
	struct segment room;
	int r = 0;

	if (from->follows)
		return follow_merge(into, from);
	if (from->first)
		return -EINVAL;
	if (from->reads > COUNT_TOTAL_MAX || into->reads > COUNT_TOTAL_MAX - from->reads)
		return -EOVERFLOW;
	segments_settle(into);
	into->reads += from->reads;
	if (into->first) {
		segments_fold(into, &into->models, into->sums);
		segments_drop(into);
		segments_fold(from, &into->models, into->sums);
		return 0;
	}
	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = segment_append(into, segment_at(from, i, &room));
	return r;
}

/* Of files behind others, in their order: assembly.h sees to it. */
static int gc_patch(void *into, const void *from)
{
	return ((const struct gc *)from)->follows ? -EINVAL : gc_merge(into, from);
}

bool gc_bins(const struct gc *gc, double ret[GC_BINS])
{
	struct gc_models models = {0};

	if (!gc->first)
		return false;
	memcpy(ret, gc->sums, sizeof gc->sums);
	segments_fold(gc, &models, ret);
	gc_models_deinit(&models);
	return true;
}

/* ---- packing */

static void sums_pack(const struct gc *gc, struct packer *packer)
{
	double sums[GC_BINS];

	(void)gc_bins(gc, sums); /* true, as it is first */
	for (unsigned int p = 0; p < GC_BINS; p++) {
		uint64_t bits;

		memcpy(&bits, &sums[p], sizeof bits);
		for (int i = 0; i < 8; i++)
			pack_byte(packer, (uint8_t)(bits >> (8 * i)));
	}
}

static int gc_pack(const void *state, struct packer *packer)
{
	const struct gc *gc = state;
	struct segment room;

	pack_byte(packer, gc->first);
	pack_u64(packer, gc->first ? gc->reads : gc->n);
	if (gc->first && gc->reads > 0)
		sums_pack(gc, packer);
	for (size_t i = 0; !gc->first && i < gc->n; i++)
		segment_pack(segment_at(gc, i, &room), packer);
	return packer->oom ? -ENOMEM : 0;
}

/* A sum is 0 or at least one increment, and at most 1 for each read. */
static int sums_unpack(struct gc *gc, struct unpacker *unpacker, struct error *err)
{
	const double smallest = 1.0 / gc_sharers(gc_length(READ_MAX_DEFAULT), GC_BINS / 2);
	double most = (double)gc->reads, all = 0;

	for (unsigned int p = 0; p < GC_BINS; p++) {
		uint64_t bits = 0;

		for (int i = 0; i < 8; i++) {
			uint8_t byte;
			int r = unpack_byte(unpacker, &byte, err);

			if (r < 0)
				return r;
			bits |= (uint64_t)byte << (8 * i);
		}
		memcpy(&gc->sums[p], &bits, sizeof bits);
		if (bits != 0 && !(gc->sums[p] >= smallest && gc->sums[p] <= most))
			return unpack_bad(err, "%u %% of G and C have a sum that cannot be", p);
		all += gc->sums[p];
	}
	if (all == 0)
		return unpack_bad(err, "there are reads without a share of G and C");
	return 0;
}

static int segments_unpack(struct gc *gc, uint64_t n, struct unpacker *unpacker, struct error *err)
{
	for (uint64_t i = 0; i < n; i++) {
		struct segment *segment = segment_open(gc, SEGMENT_DYADIC, 0);
		int r;

		if (!segment)
			return error_oom(err);
		r = segment_unpack(segment, COUNT_TOTAL_MAX - gc->reads, unpacker, err);
		if (r < 0)
			return r;
		gc->reads += segment->reads;
		if (i > 0 && segment[-1].kind == segment->kind && segment[-1].length == segment->length)
			return unpack_bad(err, "reads by their G and C are cut where they need not be");
	}
	return 0;
}

static int gc_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct gc *gc = state;
	uint8_t first = 0;
	uint64_t n;
	int r;

	r = unpack_byte(unpacker, &first, err);
	if (r == 0 && first > 1)
		return unpack_bad(err, "reads by their G and C begin neither with the file nor behind it");
	if (r == 0)
		r = unpack_most(unpacker, first ? COUNT_TOTAL_MAX : unpack_left(unpacker) / 4,
		                first ? "a number of reads" : "the number of segments", &n, err);
	if (r < 0)
		return r;
	gc->first = first;
	if (!first)
		return segments_unpack(gc, n, unpacker, err);
	gc->reads = n;
	return n > 0 ? sums_unpack(gc, unpacker, err) : 0;
}

/* As many reads as have a base. */
static int gc_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct gc *gc = state;
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	uint64_t reads, bases;

	if (!lengths)
		return 0;
	length_table_totals(&lengths->table, &reads, &bases);
	if (gc->reads != reads - lengths->table.dense[0])
		return unpack_bad(err, "reads with bases and reads with a share of G and C are not as many");
	return 0;
}

const struct module module_gc = {
    .name = "gc",
    .id = MODULE_GC,
    .state_size = sizeof(struct gc),
    .init = gc_init,
    .deinit = gc_deinit,
    .add = gc_add,
    .merge = gc_merge,
    .patch = gc_patch,
    .pack = gc_pack,
    .unpack = gc_unpack,
    .check = gc_check,
};
