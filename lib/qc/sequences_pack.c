/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packed form of tracked sequences (sequences_state.h): a byte for what follows, the reads of the span, then
 *
 *     PACKED_FIRST     the reads that lack counts; the keys; where they are complete, the limit less their number; their counts
 *     PACKED_PLACED    the same; of each key but the first how many ordinals lie between the one before and it
 *     PACKED_OWN       the keys; of each but the first how many ordinals lie between the one before and it; their counts less 1
 *     PACKED_OVERFLOW  the same without counts
 *     PACKED_COUNTED   the digest of the list (little-endian) and its number of keys; how many have a read; of each of these
 *                      how many without lie between the one before and it, and its count less 1
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"

enum packed {
	PACKED_FIRST,
	PACKED_OWN,
	PACKED_OVERFLOW,
	PACKED_COUNTED,
	PACKED_PLACED,
	_PACKED_MAX,
};

#define DIGEST_BYTES 8

/* ---- pack */

static void first_pack(const struct sequences *sequences, struct packer *packer)
{
	pack_u64(packer, sequences->reads - sequences->reads_counted);
	key_table_pack(&sequences->keys, packer);
	if (sequences_closed(sequences))
		pack_u64(packer, sequences->limit - sequences->keys.n);
	for (size_t i = 0; i < sequences->keys.n; i++)
		pack_u64(packer, sequences->counts[i]);
}

static void ordinals_pack(const struct sequences *sequences, struct packer *packer)
{
	for (size_t i = 1; i < sequences->keys.n; i++)
		pack_u64(packer, sequences->ordinals[i] - sequences->ordinals[i - 1] - 1);
}

static void own_pack(const struct sequences *sequences, struct packer *packer)
{
	key_table_pack(&sequences->keys, packer);
	ordinals_pack(sequences, packer);
	for (size_t i = 0; !sequences->overflow && i < sequences->keys.n; i++)
		pack_u64(packer, sequences->counts[i] - 1);
}

static void counted_pack(const struct sequences *sequences, struct packer *packer)
{
	uint64_t n = 0, gap = 0;

	for (int i = 0; i < DIGEST_BYTES; i++)
		pack_byte(packer, (uint8_t)(sequences->digest >> (8 * i)));
	pack_u64(packer, sequences->room);
	for (size_t i = 0; i < sequences->room; i++)
		n += sequences->counts[i] > 0;
	pack_u64(packer, n);
	for (size_t i = 0; i < sequences->room; i++) {
		gap++;
		if (sequences->counts[i] == 0)
			continue;
		pack_u64(packer, gap - 1);
		pack_u64(packer, sequences->counts[i] - 1);
		gap = 0;
	}
}

int sequences_pack(const void *state, struct packer *packer)
{
	const struct sequences *sequences = state;

	switch (sequences->form) {
	case SEQUENCES_FIRST:
		pack_byte(packer, sequences->placed ? PACKED_PLACED : PACKED_FIRST);
		pack_u64(packer, sequences->reads);
		first_pack(sequences, packer);
		if (sequences->placed)
			ordinals_pack(sequences, packer);
		break;
	case SEQUENCES_OWN:
		pack_byte(packer, sequences->overflow ? PACKED_OVERFLOW : PACKED_OWN);
		pack_u64(packer, sequences->reads);
		own_pack(sequences, packer);
		break;
	default:
		pack_byte(packer, PACKED_COUNTED);
		pack_u64(packer, sequences->reads);
		counted_pack(sequences, packer);
	}
	return packer->oom ? -ENOMEM : 0;
}

/* ---- unpack */

static int numbers_make(uint64_t **ret, size_t n, struct error *err)
{
	*ret = calloc(n + 1, sizeof **ret);
	return *ret ? 0 : error_oom(err);
}

bool sequences_first_sound(const struct sequences *sequences)
{
	bool whole = sequences_whole(sequences), seen = true;
	uint64_t sum = 0;

	for (size_t i = 0; i < sequences->keys.n; i++) {
		if (sequences->counts[i] > sequences->reads_counted - sum)
			return false;
		sum += sequences->counts[i];
		seen = seen && sequences->counts[i] > 0;
	}
	if (!sequences_closed(sequences))
		return whole && seen && sum == sequences->reads;
	return sequences->limit >= sequences->keys.n && sequences->limit <= sequences->reads &&
	       (!whole || (seen && sum >= sequences->limit));
}

static int first_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	uint64_t lacking;
	int r;

	r = unpack_most(unpacker, sequences->reads, "the number of reads that lack counts", &lacking, err);
	if (r == 0)
		r = key_table_unpack(&sequences->keys, sequences->tracked_max, sequences->cut.whole, unpacker,
		                     err);
	if (r == 0)
		r = numbers_make(&sequences->counts, sequences->keys.n, err);
	if (r < 0)
		return r;
	sequences->reads_counted = sequences->reads - lacking;
	sequences->room = sequences->keys.n;
	if (sequences_closed(sequences)) {
		r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the limit of tracked sequences", &sequences->limit, err);
		sequences->limit += sequences->keys.n;
	}
	for (size_t i = 0; r == 0 && i < sequences->keys.n; i++)
		r = unpack_most(unpacker, sequences->reads, "the reads of a key", &sequences->counts[i], err);
	if (r == 0 && !sequences_first_sound(sequences))
		return unpack_bad(err, "the counts of tracked sequences do not fit their %" PRIu64 " reads", sequences->reads);
	return r;
}

static int ordinals_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	uint64_t step;
	int r = 0;

	for (size_t i = 1; r == 0 && i < sequences->keys.n; i++) {
		r = unpack_most(unpacker, COUNT_TOTAL_MAX, "a step of ordinals", &step, err);
		if (r < 0)
			return r;
		if (step >= sequences->reads - sequences->ordinals[i - 1] - 1)
			return unpack_bad(err, "a key that none of the reads has");
		sequences->ordinals[i] = sequences->ordinals[i - 1] + step + 1;
	}
	return r;
}

/* All reads before the first one of a key have the keys before it. */
static int own_counts_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	uint64_t sum = 0, count;
	int r;

	for (size_t i = 0; i < sequences->keys.n; i++) {
		if (sum < sequences->ordinals[i])
			return unpack_bad(err, "keys with fewer reads than lie before the next");
		if (sum == sequences->reads)
			return unpack_bad(err, "more keys than reads");
		r = unpack_most(unpacker, sequences->reads - sum - 1, "the reads of a key", &count, err);
		if (r < 0)
			return r;
		sequences->counts[i] = count + 1;
		sum += count + 1;
	}
	return sum == sequences->reads ? 0 : unpack_bad(err, "reads without a key");
}

/* The last key of a complete set came first with the limit, and reads before a key have those before it. */
static int placed_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	size_t n = sequences->keys.n;
	uint64_t sum = 0;
	int r = numbers_make(&sequences->ordinals, n, err);

	if (r == 0)
		r = ordinals_unpack(sequences, unpacker, err);
	if (r < 0)
		return r;
	sequences->placed = true;
	if (sequences_closed(sequences) && n > 0 && sequences->ordinals[n - 1] + 1 != sequences->limit)
		return unpack_bad(err, "the last tracked sequence does not come where the set is complete");
	for (size_t i = 0; sequences_whole(sequences) && i < n; i++) {
		if (sum < sequences->ordinals[i])
			return unpack_bad(err, "keys with fewer reads than lie before the next");
		sum += sequences->counts[i];
	}
	return 0;
}

static int own_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	size_t most = sequences->overflow ? sequences->tracked_max : unpack_left(unpacker);
	int r;

	r = key_table_unpack(&sequences->keys, most < sequences->reads ? most : sequences->reads,
	                     sequences->cut.whole, unpacker, err);
	if (r == 0)
		r = numbers_make(&sequences->ordinals, sequences->keys.n, err);
	if (r == 0 && !sequences->overflow)
		r = numbers_make(&sequences->counts, sequences->keys.n, err);
	if (r == 0)
		r = ordinals_unpack(sequences, unpacker, err);
	sequences->room = sequences->keys.n;
	sequences->reads_counted = sequences->reads;
	if (r < 0 || !sequences->overflow)
		return r < 0 ? r : own_counts_unpack(sequences, unpacker, err);
	if (sequences->keys.n < sequences->tracked_max || sequences->reads <= sequences->keys.n)
		return unpack_bad(err, "too few keys for a slice that could not keep all");
	key_table_close(&sequences->keys, sequences->keys.n);
	return 0;
}

/* Pairs of a gap and a count. */
static int sparse_unpack(struct sequences *sequences, uint64_t n, struct unpacker *unpacker, struct error *err)
{
	uint64_t gap, count, sum = 0;
	size_t at = 0;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < n; i++) {
		if (sum == sequences->reads || at == sequences->room)
			return unpack_bad(err, "counts of more keys than there are");
		r = unpack_most(unpacker, sequences->room - at - 1, "a step of keys", &gap, err);
		if (r == 0)
			r = unpack_most(unpacker, sequences->reads - sum - 1, "the reads of a key", &count, err);
		if (r < 0)
			return r;
		sequences->counts[at + gap] = count + 1;
		at += gap + 1;
		sum += count + 1;
	}
	return r;
}

static int counted_unpack(struct sequences *sequences, struct unpacker *unpacker, struct error *err)
{
	uint64_t n, counted;
	int r = 0;

	for (int i = 0; r == 0 && i < DIGEST_BYTES; i++) {
		uint8_t byte = 0;

		r = unpack_byte(unpacker, &byte, err);
		sequences->digest |= (uint64_t)byte << (8 * i);
	}
	if (r == 0)
		r = unpack_most(unpacker, sequences->tracked_max, "the number of tracked sequences", &n, err);
	if (r == 0)
		r = unpack_most(unpacker, n, "the number of counts", &counted, err);
	if (r == 0)
		r = numbers_make(&sequences->counts, n, err);
	if (r < 0)
		return r;
	sequences->room = n;
	sequences->digest_known = true;
	sequences->reads_counted = sequences->reads;
	return sparse_unpack(sequences, counted, unpacker, err);
}

int sequences_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct sequences *sequences = state;
	uint8_t packed = 0;
	int r;

	r = unpack_byte(unpacker, &packed, err);
	if (r == 0)
		r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the number of reads", &sequences->reads, err);
	if (r < 0)
		return r;
	switch (packed) {
	case PACKED_FIRST:
	case PACKED_PLACED:
		sequences->form = SEQUENCES_FIRST;
		r = first_unpack(sequences, unpacker, err);
		return r < 0 || packed == PACKED_FIRST ? r : placed_unpack(sequences, unpacker, err);
	case PACKED_OWN:
	case PACKED_OVERFLOW:
		sequences->form = SEQUENCES_OWN;
		sequences->overflow = packed == PACKED_OVERFLOW;
		return own_unpack(sequences, unpacker, err);
	case PACKED_COUNTED:
		sequences->form = SEQUENCES_COUNTED;
		return counted_unpack(sequences, unpacker, err);
	default:
		return unpack_bad(err, "tracked sequences of a kind that this program does not know");
	}
}

int sequences_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct sequences *sequences = state;

	if ((counters_modules(counters) & COUNT_LENGTHS) && counters_reads(counters) != sequences->reads)
		return unpack_bad(err, "sequences of %" PRIu64 " reads, where there are %" PRIu64, sequences->reads,
		                  counters_reads(counters));
	return 0;
}
