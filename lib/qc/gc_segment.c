/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads in a row and their sums: see gc_segment.h.
 *
 * Why counts are enough for a DYADIC segment. Let x be the sum of a percentage before it, any double >= 0. The
 * first increment is added as it came; then x >= 1/2. From there on the order of increments of 1 and 1/2 does not
 * matter as long as x < 2^50. Let 2^k <= x < 2^(k+1) and u = 2^(k-52), the distance of doubles there; 1/2 is a
 * multiple of 4u. While the exact sum stays below 2^(k+1) it is a multiple of u, so a double: nothing is rounded
 * and the order does not matter. Some increment makes the exact sum s >= 2^(k+1) for the first time; s < 2^(k+2),
 * since no increment is above 1 <= 2^(k+1). Doubles are 2u apart there, and s, a multiple of u, is rounded to one
 * of them, halves to even: by how much depends on s / u modulo 4, which is x / u modulo 4 whichever increments
 * came before, as all are multiples of 4u; and it never takes s below 2^(k+1), which is even. So whichever
 * increment crosses, the sum is from then on the exact one and the same deviation. The same holds for the next
 * crossing. Files end long before 2^50 reads. (Below 1/2 it would not do: there an increment can cross several
 * powers of two.)
 *
 * So halves are added one by one after the first increment, all at once: see add_repeatedly(), which serves a RUN
 * too.
 *
 * Packed: kind and number of reads. DYADIC: for each percentage its halves, and where these are at least 2, its
 * first increment in halves. RUN: the number of its length, and for each percentage the reads that claim it.
 * STREAM: its number of bytes and its bytes.
 */
#include "lib/qc/gc_segment.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/slice.h"

void segment_deinit(struct segment *segment)
{
	gc_stream_deinit(&segment->stream);
}

int segment_copy(const struct segment *segment, struct segment *ret)
{
	struct segment copy = *segment;

	copy.stream = (struct gc_stream){0};
	if (gc_stream_append(&copy.stream, &segment->stream) < 0)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

/* ---- DYADIC */

static uint8_t halves_of(uint32_t length, unsigned int percentage)
{
	return gc_sharers(length, percentage) == 1 ? 2 : 1;
}

void segment_see_dyadic(struct segment *segment, uint32_t length, uint32_t gc)
{
	struct gc_claim claim = gc_claim_of(length, gc);

	for (unsigned int p = claim.first; p <= claim.last; p++)
		if (segment->first[p] == 0)
			segment->first[p] = halves_of(length, p);
}

void segment_add_dyadic(struct segment *segment, uint32_t length, uint32_t gc, uint64_t reads)
{
	struct gc_claim claim = gc_claim_of(length, gc);

	for (unsigned int p = claim.first; p <= claim.last; p++)
		segment->counts[p] += reads * halves_of(length, p);
	segment->reads += reads;
}

/* ---- two segments that are one */

static void counts_join(struct segment *into, const struct segment *from)
{
	for (unsigned int p = 0; p < GC_BINS; p++) {
		into->counts[p] += from->counts[p];
		if (into->first[p] == 0)
			into->first[p] = from->first[p];
	}
}

bool segment_join(struct segment *into, const struct segment *from, int *ret_r)
{
	if (into->kind != from->kind || into->length != from->length)
		return false;
	*ret_r = gc_stream_append(&into->stream, &from->stream);
	if (*ret_r < 0)
		return true;
	counts_join(into, from);
	into->reads += from->reads;
	return true;
}

/* ---- folding */

/*
 * x + v + v ... n times, each sum rounded, as adding one by one does. Within a binade all sums are multiples of u,
 * and each addition but perhaps the first one moves x by the same: v rounded to a multiple of u where v / u is no
 * odd half; where it is, x is even after one addition whose operand and result lie in the binade, and from an even
 * x the nearest even one is always as far away. So the step is measured after two such sums, and as many steps are
 * taken at once as surely stay in the binade: step times count and the sum with x are multiples of u below 2^53 u,
 * so exact.
 */
static double add_repeatedly(double x, double v, uint64_t n)
{
	while (n > 0) {
		double before = x + v, step, top;
		uint64_t steps;
		int exponent, exponent_before;

		x = before;
		if (--n == 0)
			break;
		x += v;
		n--;
		(void)frexp(before, &exponent_before);
		(void)frexp(x, &exponent);
		if (exponent != exponent_before)
			continue;
		top = ldexp(1.0, exponent);
		step = (x + v) - x;
		if (x + v >= top)
			continue;
		if (step == 0)
			break;
		steps = (uint64_t)((top - x) / step);
		steps = steps > 1 ? steps - 1 : 0;
		if (steps > n)
			steps = n;
		x += (double)steps * step;
		n -= steps;
	}
	return x;
}

static void dyadic_fold(const struct segment *segment, double sums[GC_BINS])
{
	for (unsigned int p = 0; p < GC_BINS; p++) {
		double x = sums[p] + segment->first[p] / 2.0;

		sums[p] = add_repeatedly(x, 0.5, segment->counts[p] - segment->first[p]);
	}
}

static void run_fold(const struct segment *segment, double sums[GC_BINS])
{
	for (unsigned int p = 0; p < GC_BINS; p++)
		sums[p] = add_repeatedly(sums[p], 1.0 / gc_sharers(segment->length, p), segment->counts[p]);
}

static void stream_fold(const struct segment *segment, struct gc_models *models, double sums[GC_BINS])
{
	struct gc_cursor cursor = gc_stream_read(&segment->stream);

	while (gc_cursor_next(&cursor) == GC_READ) {
		const struct gc_model *model = gc_model_get(models, cursor.length);
		struct gc_claim claim =
		    model ? model->claims[cursor.gc] : gc_claim_of(cursor.length, cursor.gc);

		for (unsigned int p = claim.first; p <= claim.last; p++)
			sums[p] += model ? model->increments[p] : 1.0 / gc_sharers(cursor.length, p);
	}
}

void segment_fold(const struct segment *segment, struct gc_models *models, double sums[GC_BINS])
{
	if (segment->kind == SEGMENT_STREAM)
		stream_fold(segment, models, sums);
	else if (segment->kind == SEGMENT_RUN)
		run_fold(segment, sums);
	else
		dyadic_fold(segment, sums);
}

/* ---- packing */

void segment_pack(const struct segment *segment, struct packer *packer)
{
	pack_byte(packer, (uint8_t)segment->kind);
	pack_u64(packer, segment->reads);
	if (segment->kind == SEGMENT_STREAM) {
		pack_u64(packer, segment->stream.n);
		pack_bytes(packer, segment->stream.bytes, segment->stream.n);
		return;
	}
	if (segment->kind == SEGMENT_RUN)
		pack_u64(packer, gc_length_number(segment->length));
	for (unsigned int p = 0; p < GC_BINS; p++) {
		pack_u64(packer, segment->counts[p]);
		if (segment->kind == SEGMENT_DYADIC && segment->counts[p] >= 2)
			pack_byte(packer, segment->first[p]);
	}
}

static int first_unpack(struct segment *segment, unsigned int p, struct unpacker *unpacker, struct error *err)
{
	int r;

	segment->first[p] = segment->counts[p] == 1;
	if (segment->counts[p] < 2)
		return 0;
	r = unpack_byte(unpacker, &segment->first[p], err);
	if (r == 0 && (segment->first[p] < 1 || segment->first[p] > 2))
		return unpack_bad(err, "the first read of a share of G and C counts neither half nor whole");
	return r;
}

/* Each read counts at least 1, and at most `most_each` at one percentage. */
static int counts_unpack(struct segment *segment, uint64_t most_each, struct unpacker *unpacker, struct error *err)
{
	uint64_t all = 0;
	int r;

	for (unsigned int p = 0; p < GC_BINS; p++) {
		r = unpack_most(unpacker, most_each * segment->reads, "the number of reads of a share of G and C",
		                &segment->counts[p], err);
		if (r == 0 && segment->kind == SEGMENT_DYADIC)
			r = first_unpack(segment, p, unpacker, err);
		if (r < 0)
			return r;
		all += segment->counts[p];
	}
	if (all < segment->reads)
		return unpack_bad(err, "there are reads without a share of G and C");
	return 0;
}

static int run_unpack(struct segment *segment, struct unpacker *unpacker, struct error *err)
{
	uint64_t number = 0;
	int r = unpack_most(unpacker, gc_length_number(READ_MAX_DEFAULT), "a read length", &number, err);

	if (r < 0)
		return r;
	if (number < GC_DYADIC_MAX)
		return unpack_bad(err, "reads of less than 200 bases are said to be longer");
	segment->length = gc_length_numbered((uint32_t)number);
	return counts_unpack(segment, 1, unpacker, err);
}

static int stream_unpack(struct segment *segment, struct unpacker *unpacker, struct error *err)
{
	uint64_t n;
	int r = unpack_most(unpacker, unpack_left(unpacker), "the size of a stream of reads", &n, err);

	if (r < 0)
		return r;
	r = gc_stream_take(&segment->stream, unpacker->at, (size_t)n, segment->reads, err);
	unpacker->at += n;
	return r;
}

int segment_unpack(struct segment *segment, uint64_t most, struct unpacker *unpacker, struct error *err)
{
	uint8_t kind;
	int r = unpack_byte(unpacker, &kind, err);

	*segment = (struct segment){0};
	if (r == 0 && kind >= _SEGMENT_MAX)
		return unpack_bad(err, "reads by their G and C are of a kind that this program does not know");
	if (r == 0)
		r = unpack_most(unpacker, most, "a number of reads", &segment->reads, err);
	if (r < 0)
		return r;
	if (segment->reads == 0)
		return unpack_bad(err, "there are no reads where some should be");
	segment->kind = (enum segment_kind)kind;
	if (kind == SEGMENT_STREAM)
		return stream_unpack(segment, unpacker, err);
	return kind == SEGMENT_RUN ? run_unpack(segment, unpacker, err) : counts_unpack(segment, 2, unpacker, err);
}
