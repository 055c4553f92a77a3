/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of k-mers: packing. Reads; reads that are missing; whether the place is known, and then: reads before, the
 * longest sampled read, whether there were too many k-mers, and their number. Then of each k-mer, in the order in which they first
 * occur: the ordinal of its first sampled read, as the distance from that of the k-mer before; its offset there, and the read's
 * positions; its letters; the number of positions where it occurs; and of each its distance from the one before (less one; the
 * first one as it is) and its reads.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/kmers_state.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"

static void entry_pack(const struct kmers *kmers, size_t number, uint64_t sample, struct packer *packer)
{
	const struct kmer_entry *entry = &kmers->set.entries[number];
	uint32_t next = 0;

	pack_u64(packer, entry->first / KMERS_EVERY - sample);
	pack_u64(packer, entry->offset);
	pack_u64(packer, entry->span);
	pack_bytes(packer, kmer_letters(&kmers->set, number), kmers->size);
	pack_u64(packer, entry->cells_n);
	for (size_t c = 0; c < entry->cells_n; c++) {
		pack_u64(packer, entry->cells[c].position - next);
		pack_u64(packer, entry->cells[c].reads);
		next = entry->cells[c].position + 1U;
	}
}

int kmers_pack(const void *state, struct packer *packer)
{
	_cleanup_(freep) size_t *order = NULL;
	const struct kmers *kmers = state;
	uint64_t sample = kmers->before / KMERS_EVERY;
	int r;

	pack_u64(packer, kmers->reads);
	pack_u64(packer, kmers->missing);
	pack_byte(packer, kmers->known);
	if (!kmers->known)
		return packer->oom ? -ENOMEM : 0;
	pack_u64(packer, kmers->before);
	pack_u64(packer, kmers->longest);
	pack_byte(packer, kmers->full);
	pack_u64(packer, kmers->set.n);
	r = kmer_set_order(&kmers->set, &order);
	for (size_t i = 0; r == 0 && i < kmers->set.n; i++) {
		entry_pack(kmers, order[i], sample, packer);
		sample = kmers->set.entries[order[i]].first / KMERS_EVERY;
	}
	return r == 0 && packer->oom ? -ENOMEM : r;
}

/* ---- unpacking */

/* What k-mers were unpacked so far. */
struct unpacking {
	struct kmers *kmers;
	uint64_t samples, last;      /* sampled reads in the span, and the ordinal of the last of them, each by KMERS_EVERY */
	uint64_t sample;             /* that the k-mer before first occurs in */
	uint32_t offset;             /* least one of the next k-mer in the same read */
	uint32_t positions;          /* of the longest read */
	uint64_t reads[KMERS_BASES]; /* that have any k-mer, by position */
};

static int flag_unpack(struct unpacker *unpacker, bool *ret, struct error *err)
{
	uint8_t byte;
	int r = unpack_byte(unpacker, &byte, err);

	if (r == 0 && byte > 1)
		return unpack_bad(err, "a flag of k-mers that is neither 0 nor 1");
	if (r == 0)
		*ret = byte;
	return r;
}

static int head_unpack(struct kmers *kmers, struct unpacker *unpacker, struct error *err)
{
	uint64_t longest = 0;
	int r;

	r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the reads of k-mers", &kmers->reads, err);
	if (r == 0)
		r = unpack_most(unpacker, kmers->reads, "the missing reads of k-mers", &kmers->missing, err);
	if (r == 0 && kmers->missing > 0)
		return unpack_bad(err, "the k-mers of %" PRIu64 " reads are missing", kmers->missing);
	if (r == 0)
		r = flag_unpack(unpacker, &kmers->known, err);
	if (r < 0 || !kmers->known)
		return r;
	r = unpack_most(unpacker, COUNT_TOTAL_MAX, "the reads before k-mers", &kmers->before, err);
	if (r == 0)
		r = unpack_most(unpacker, KMERS_BASES, "the longest read of k-mers", &longest, err);
	if (r == 0)
		r = flag_unpack(unpacker, &kmers->full, err);
	kmers->longest = (uint32_t)longest;
	return r;
}

static int letters_check(const uint8_t *letters, uint32_t size, struct error *err)
{
	for (uint32_t i = 0; i < size; i++)
		if (letters[i] == 'N' || (letters[i] >= 'a' && letters[i] <= 'z'))
			return unpack_bad(err, "a k-mer with N or with letters in lower case");
	return 0;
}

/* Where the k-mer first occurs: behind the one before. */
static int first_unpack(struct unpacking *un, struct unpacker *unpacker, struct kmer_first *ret, struct error *err)
{
	uint64_t step = 0, span = 0, offset = 0;
	int r;

	r = unpack_most(unpacker, un->last - un->sample, "a step of sampled reads", &step, err);
	if (r == 0)
		r = unpack_most(unpacker, un->positions, "the first place of a k-mer", &offset, err);
	if (r == 0)
		r = unpack_most(unpacker, un->positions, "the positions of a read", &span, err);
	if (r < 0)
		return r;
	un->sample += step;
	if (offset >= span || (step == 0 && offset < un->offset) || un->sample == un->last - un->samples)
		return unpack_bad(err, "k-mers out of order");
	un->offset = (uint32_t)offset + 1;
	*ret = (struct kmer_first){.read = un->sample * KMERS_EVERY, .offset = (uint16_t)offset, .span = (uint16_t)span};
	return 0;
}

static int cells_unpack(struct unpacking *un, struct kmer_entry *entry, struct unpacker *unpacker, struct error *err)
{
	uint64_t n, step, reads;
	uint32_t position = 0;
	bool first = false;
	int r;

	r = unpack_most(unpacker, un->positions, "the positions of a k-mer", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++, position++) {
		if (position == un->positions)
			return unpack_bad(err, "a k-mer behind the longest read");
		r = unpack_most(unpacker, un->positions - 1 - position, "a step of positions", &step, err);
		if (r < 0)
			return r;
		position += (uint32_t)step;
		r = unpack_most(unpacker, un->samples - un->reads[position], "the reads of a k-mer", &reads, err);
		if (r < 0)
			return r;
		if (reads == 0)
			return unpack_bad(err, "a k-mer without reads");
		un->reads[position] += reads;
		first = first || position == entry->offset;
		r = kmer_entry_add(&un->kmers->set, entry, (uint16_t)position, reads);
		if (r == KMER_SET_FULL)
			return unpack_bad(err, "more positions of k-mers than there may be");
	}
	if (r == 0 && !first)
		return unpack_bad(err, "a k-mer that is not where it first occurs");
	return r == -ENOMEM ? error_oom(err) : r;
}

static int entry_unpack(struct unpacking *un, struct unpacker *unpacker, struct error *err)
{
	struct kmer_set *set = &un->kmers->set;
	uint32_t size = un->kmers->size;
	struct kmer_first first;
	struct kmer_entry *entry;
	size_t before = set->n;
	int r;

	r = first_unpack(un, unpacker, &first, err);
	if (r < 0)
		return r;
	if (size > unpack_left(unpacker))
		return unpack_bad(err, "they end within a k-mer");
	r = letters_check(unpacker->at, size, err);
	if (r < 0)
		return r;
	r = kmer_set_find(set, unpacker->at, size, &first, &entry);
	if (r < 0)
		return error_oom(err);
	if (r == KMER_SET_FULL || set->n == before)
		return unpack_bad(err, "a k-mer twice, or too many of them");
	unpacker->at += size;
	return cells_unpack(un, entry, unpacker, err);
}

int kmers_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct kmers *kmers = state;
	struct unpacking un = {.kmers = kmers};
	uint64_t n;
	int r;

	r = head_unpack(kmers, unpacker, err);
	if (r < 0 || !kmers->known)
		return r;
	un.samples = kmers_sampled(kmers->before, kmers->reads);
	un.sample = kmers->before / KMERS_EVERY;
	un.last = un.sample + un.samples;
	un.positions = kmers->longest >= kmers->size ? kmers->longest - kmers->size + 1 : 0;
	if (un.samples == 0 && kmers->longest > 0)
		return unpack_bad(err, "k-mers of no sampled read");
	r = unpack_most(unpacker, kmers->full ? 0 : KMER_SET_MAX, "the number of k-mers", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = entry_unpack(&un, unpacker, err);
	return r;
}

int kmers_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct kmers *kmers = state;
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	uint64_t reads, bases;

	if (!lengths)
		return 0;
	length_table_totals(&lengths->table, &reads, &bases);
	if (reads != kmers->reads)
		return unpack_bad(err, "%" PRIu64 " reads, but %" PRIu64 " of k-mers", reads, kmers->reads);
	return 0;
}
