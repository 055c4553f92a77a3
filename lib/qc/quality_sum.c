/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of quality sums: see quality_sum.h. Memory: 10 bytes for each position seen, and the
 * table of lengths.
 *
 * Packed: the table of quality lengths; where there is any quality byte, the lowest and the highest
 * one and then for each position the difference of its sum from that of the position before.
 */
#include "lib/qc/quality_sum.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/qc/lengths.h"

static int quality_sum_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct quality_sum *sum = state;

	sum->range = (struct byte_range){.lowest = 255, .highest = 0};
	sum->kernel = quality_kernel_best();
	return 0;
}

static void quality_sum_deinit(void *state)
{
	struct quality_sum *sum = state;

	for (size_t i = 0; i < sum->n; i++)
		free(sum->blocks[i]);
	free(sum->blocks);
	length_table_deinit(&sum->lengths);
}

/* Makes the blocks up to n. 0 or -ENOMEM. */
static int blocks_reach(struct quality_sum *sum, size_t n)
{
	if (n > sum->size) {
		size_t size = n > 2 * sum->size ? n : 2 * sum->size;
		struct quality_block **blocks = realloc(sum->blocks, size * sizeof *blocks);

		if (!blocks)
			return -ENOMEM;
		sum->blocks = blocks;
		sum->size = size;
	}
	for (; sum->n < n; sum->n++) {
		struct quality_block *block = calloc(1, sizeof *block);

		if (!block)
			return -ENOMEM;
		sum->blocks[sum->n] = block;
	}
	return 0;
}

static void block_settle(struct quality_block *block)
{
	for (size_t p = 0; p < QUALITY_SPAN; p++) {
		block->sums[p] += block->recent[p];
		block->recent[p] = 0;
	}
	block->recent_n = 0;
}

static void block_add(struct quality_sum *sum, struct quality_block *block,
                      const struct piece *pieces, size_t n)
{
	while (n > 0) {
		size_t now = QUALITY_CALLS - block->recent_n;

		if (now > n)
			now = n;
		sum->kernel->add(block->recent, pieces, now, &sum->range);
		block->recent_n += (uint32_t)now;
		if (block->recent_n == QUALITY_CALLS)
			block_settle(block);
		pieces += now;
		n -= now;
	}
}

/* What of the pieces lies behind the first QUALITY_SPAN bytes; returns how many are left. */
static size_t pieces_advance(struct piece *pieces, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (pieces[i].n > QUALITY_SPAN)
			pieces[left++] = (struct piece){
			    .bytes = pieces[i].bytes + QUALITY_SPAN,
			    .n = pieces[i].n - QUALITY_SPAN,
			};
	return left;
}

static int quality_sum_add(void *state, const struct batch *batch)
{
	struct quality_sum *sum = state;
	struct piece pieces[BATCH_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->records[i];
		int r = length_table_add(&sum->lengths, record->quality_length);

		if (r < 0)
			return r;
		pieces[n] = (struct piece){.bytes = record->quality, .n = record->quality_length};
		n += record->quality_length > 0;
	}
	for (size_t i = 0; n > 0; i++) {
		int r = i < sum->n ? 0 : blocks_reach(sum, i + 1);

		if (r < 0)
			return r;
		block_add(sum, sum->blocks[i], pieces, n);
		n = pieces_advance(pieces, n);
	}
	return 0;
}

static int quality_sum_merge(void *into_state, const void *from_state)
{
	struct quality_sum *into = into_state;
	const struct quality_sum *from = from_state;
	int r;

	r = length_table_merge(&into->lengths, &from->lengths);
	if (r < 0)
		return r;
	r = blocks_reach(into, from->n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < from->n; i++)
		for (size_t p = 0; p < QUALITY_SPAN; p++)
			into->blocks[i]->sums[p] +=
			    from->blocks[i]->sums[p] + from->blocks[i]->recent[p];
	if (from->range.lowest < into->range.lowest)
		into->range.lowest = from->range.lowest;
	if (from->range.highest > into->range.highest)
		into->range.highest = from->range.highest;
	return 0;
}

static int quality_sum_pack(const void *state, struct packer *packer)
{
	const struct quality_sum *sum = state;
	struct reach reach;
	uint64_t before = 0;
	int r;

	r = length_table_pack(&sum->lengths, packer);
	if (r < 0)
		return r;
	r = reach_init(&reach, &sum->lengths);
	if (r < 0)
		return r;
	if (reach.longest > 0) {
		pack_byte(packer, sum->range.lowest);
		pack_byte(packer, sum->range.highest);
	}
	for (uint64_t p = 0; p < reach.longest; p++) {
		uint64_t now = quality_sum_at(sum, p);

		pack_s64(packer, (int64_t)(now - before));
		before = now;
	}
	reach_deinit(&reach);
	return packer->oom ? -ENOMEM : 0;
}

/*
 * The sums of all positions; each lies between that of the lowest and that of the highest byte in
 * every read.
 */
static int sums_unpack(struct quality_sum *sum, struct reach *reach, struct unpacker *unpacker,
                       struct error *err)
{
	uint64_t now = 0;
	int r;

	r = unpack_byte(unpacker, &sum->range.lowest, err);
	if (r < 0)
		return r;
	r = unpack_byte(unpacker, &sum->range.highest, err);
	if (r < 0)
		return r;
	if (reach->longest > unpack_left(unpacker))
		return unpack_bad(err, "%" PRIu64 " positions in %zu bytes", reach->longest,
		                  unpack_left(unpacker));
	for (uint64_t p = 0; p < reach->longest; p++) {
		uint64_t reads = reach_at(reach, p);
		int64_t step;

		r = p % QUALITY_SPAN > 0 ? 0 : blocks_reach(sum, (size_t)(p / QUALITY_SPAN + 1));
		if (r < 0)
			return error_oom(err);
		r = unpack_s64(unpacker, &step, err);
		if (r < 0)
			return r;
		now += (uint64_t)step;
		if (now < reads * sum->range.lowest || now > reads * sum->range.highest)
			return unpack_bad(err, "the quality sum of position %" PRIu64 " cannot be",
			                  p);
		sum->blocks[p / QUALITY_SPAN]->sums[p % QUALITY_SPAN] = now;
	}
	return 0;
}

static int quality_sum_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct quality_sum *sum = state;
	struct reach reach;
	int r;

	r = length_table_unpack(&sum->lengths, unpacker, err);
	if (r < 0)
		return r;
	r = reach_init(&reach, &sum->lengths);
	if (r < 0)
		return error_oom(err);
	if (reach.longest > 0)
		r = sums_unpack(sum, &reach, unpacker, err);
	reach_deinit(&reach);
	return r;
}

static int quality_sum_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct quality_sum *sum = state;
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	uint64_t reads, quality_reads, bases;

	if (!lengths)
		return 0;
	length_table_totals(&lengths->table, &reads, &bases);
	length_table_totals(&sum->lengths, &quality_reads, &bases);
	if (reads != quality_reads)
		return unpack_bad(err, "%" PRIu64 " reads have %" PRIu64 " qualities", reads,
		                  quality_reads);
	return 0;
}

const struct module module_quality_sum = {
    .name = "quality sum",
    .id = MODULE_QUALITY_SUM,
    .state_size = sizeof(struct quality_sum),
    .init = quality_sum_init,
    .deinit = quality_sum_deinit,
    .add = quality_sum_add,
    .merge = quality_sum_merge,
    .pack = quality_sum_pack,
    .unpack = quality_sum_unpack,
    .check = quality_sum_check,
};
