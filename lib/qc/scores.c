/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of reads by their mean quality: see scores.h.
 *
 * Packed: the number of different means; then for each, by growing mean, its distance from the one before (less one; the
 * first one as it is) and its number of reads.
 */
#include "lib/qc/scores.h"

#include <errno.h>

#include "lib/qc/lengths.h"
#include "lib/qc/module.h"
#include "lib/qc/quality_kernel.h"

static int scores_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	return 0; /* zero bytes are no reads */
}

static void scores_deinit(void *state)
{
}

static int scores_add(void *state, const struct batch *batch)
{
	struct scores *scores = state;
	const struct quality_kernel *kernel = quality_kernel_best();

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->records[i];

		if (record->quality_length > 0)
			scores->reads[kernel->sum(record->quality, record->quality_length) /
			              record->quality_length]++;
	}
	return 0;
}

static uint64_t scores_total(const struct scores *scores)
{
	uint64_t total = 0;

	for (size_t i = 0; i < 256; i++)
		total += scores->reads[i];
	return total;
}

static int scores_merge(void *into_state, const void *from_state)
{
	struct scores *into = into_state;
	const struct scores *from = from_state;

	if (scores_total(into) > COUNT_TOTAL_MAX - scores_total(from))
		return -EOVERFLOW;
	for (size_t i = 0; i < 256; i++)
		into->reads[i] += from->reads[i];
	return 0;
}

static int scores_pack(const void *state, struct packer *packer)
{
	const struct scores *scores = state;
	uint64_t n = 0, smallest = 0;

	for (size_t i = 0; i < 256; i++)
		n += scores->reads[i] > 0;
	pack_u64(packer, n);
	for (size_t i = 0; i < 256; i++) {
		if (scores->reads[i] == 0)
			continue;
		pack_u64(packer, i - smallest);
		pack_u64(packer, scores->reads[i]);
		smallest = i + 1;
	}
	return packer->oom ? -ENOMEM : 0;
}

static int scores_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct scores *scores = state;
	uint64_t n, smallest = 0, total = 0;
	int r;

	r = unpack_most(unpacker, 256, "the number of mean qualities", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		uint64_t step, reads;

		if (smallest > 255)
			return unpack_bad(err, "a mean quality above 255");
		r = unpack_most(unpacker, 255 - smallest, "a step of mean quality", &step, err);
		if (r == 0)
			r = unpack_most(unpacker, COUNT_TOTAL_MAX - total, "a number of reads",
			                &reads, err);
		if (r < 0)
			return r;
		if (reads == 0)
			return unpack_bad(err, "a mean quality without reads");
		scores->reads[smallest + step] = reads;
		total += reads;
		smallest += step + 1;
	}
	return r;
}

/* A read without qualities has no mean. */
static int scores_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	uint64_t reads = 0, bases = 0;

	if (!lengths)
		return 0;
	length_table_totals(&lengths->table, &reads, &bases);
	if (scores_total(state) > reads)
		return unpack_bad(err, "more reads have a mean quality than there are reads");
	return 0;
}

const struct module module_scores = {
    .name = "scores",
    .id = MODULE_SCORES,
    .state_size = sizeof(struct scores),
    .init = scores_init,
    .deinit = scores_deinit,
    .add = scores_add,
    .merge = scores_merge,
    .pack = scores_pack,
    .unpack = scores_unpack,
    .check = scores_check,
};
