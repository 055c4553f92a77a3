/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads by length: see length_table.h.
 *
 * Packed: the number of different lengths; then for each, by growing length, its distance from the
 * one before (less one; the first one as it is) and its number of reads.
 */
#include "lib/qc/length_table.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"

void length_table_deinit(struct length_table *table)
{
	free(table->sparse);
	*table = (struct length_table){0};
}

/* The place of a length in the hash table, or the free place where it belongs. */
static struct length_count *sparse_find(const struct length_table *table, uint32_t length)
{
	size_t mask = table->sparse_size - 1;
	size_t at = (size_t)(length * table->multiplier >> 32) & mask;

	while (table->sparse[at].reads > 0 && table->sparse[at].length != length)
		at = (at + 1) & mask;
	return &table->sparse[at];
}

static int sparse_grow(struct length_table *table)
{
	struct length_count *old = table->sparse, *grown;
	size_t old_size = table->sparse_size, size = old_size > 0 ? 2 * old_size : 64;

	grown = calloc(size, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	table->sparse = grown;
	table->sparse_size = size;
	table->multiplier =
	    ((uint64_t)(uintptr_t)grown * 0x9e3779b97f4a7c15ULL) | 1; /* the address is random */
	for (size_t i = 0; i < old_size; i++)
		if (old[i].reads > 0)
			*sparse_find(table, old[i].length) = old[i];
	free(old);
	return 0;
}

int length_table_add_long(struct length_table *table, uint32_t length, uint64_t reads)
{
	struct length_count *count;

	if (reads == 0)
		return 0;
	if (3 * table->sparse_size <= 4 * table->sparse_n) {
		int r = sparse_grow(table);

		if (r < 0)
			return r;
	}
	count = sparse_find(table, length);
	if (count->reads == 0) {
		count->length = length;
		table->sparse_n++;
	}
	count->reads += reads;
	return 0;
}

void length_table_totals(const struct length_table *table, uint64_t *ret_reads, uint64_t *ret_bases)
{
	uint64_t reads = 0, bases = 0;

	for (size_t i = 0; i < table->dense_n; i++) {
		reads += table->dense[i];
		bases += table->dense[i] * i;
	}
	for (size_t i = 0; i < table->sparse_size; i++) {
		reads += table->sparse[i].reads;
		bases += table->sparse[i].reads * table->sparse[i].length;
	}
	*ret_reads = reads;
	*ret_bases = bases;
}

int length_table_merge(struct length_table *into, const struct length_table *from)
{
	uint64_t into_reads, into_bases, from_reads, from_bases;

	length_table_totals(into, &into_reads, &into_bases);
	length_table_totals(from, &from_reads, &from_bases);
	if (from_reads > COUNT_TOTAL_MAX || into_reads > COUNT_TOTAL_MAX - from_reads ||
	    from_bases > COUNT_TOTAL_MAX || into_bases > COUNT_TOTAL_MAX - from_bases)
		return -EOVERFLOW;
	for (size_t i = 0; i < from->dense_n; i++)
		into->dense[i] += from->dense[i];
	if (from->dense_n > into->dense_n)
		into->dense_n = from->dense_n;
	for (size_t i = 0; i < from->sparse_size; i++) {
		int r = length_table_add_long(into, from->sparse[i].length, from->sparse[i].reads);

		if (r < 0)
			return r;
	}
	return 0;
}

static int by_length(const void *a, const void *b)
{
	uint32_t x = ((const struct length_count *)a)->length;
	uint32_t y = ((const struct length_count *)b)->length;

	return (x > y) - (x < y);
}

/* The different lengths in growing order; the caller frees. 0 or -ENOMEM. */
static int length_table_sorted(const struct length_table *table, struct length_count **ret,
                               size_t *ret_n)
{
	struct length_count *lengths;
	size_t n = 0, n_dense;

	for (uint32_t i = 0; i < table->dense_n; i++)
		n += table->dense[i] > 0;
	lengths = calloc(n + table->sparse_n + 1, sizeof *lengths);
	if (!lengths)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = 0; i < table->dense_n; i++)
		if (table->dense[i] > 0)
			lengths[n++] = (struct length_count){.reads = table->dense[i], .length = i};
	n_dense = n;
	for (size_t i = 0; i < table->sparse_size; i++)
		if (table->sparse[i].reads > 0)
			lengths[n++] = table->sparse[i];
	qsort(lengths + n_dense, n - n_dense, sizeof *lengths, by_length);
	*ret = lengths;
	*ret_n = n;
	return 0;
}

int length_table_pack(const struct length_table *table, struct packer *packer)
{
	_cleanup_(freep) struct length_count *lengths = NULL;
	uint64_t smallest = 0; /* that the next length can have */
	size_t n;
	int r;

	r = length_table_sorted(table, &lengths, &n);
	if (r < 0)
		return r;
	pack_u64(packer, n);
	for (size_t i = 0; i < n; i++) {
		pack_u64(packer, lengths[i].length - smallest);
		pack_u64(packer, lengths[i].reads);
		smallest = lengths[i].length + 1ULL;
	}
	return packer->oom ? -ENOMEM : 0;
}

/* One length and its reads into the table; *smallest is what the length can be at least. */
static int length_unpack(struct length_table *table, struct unpacker *unpacker, uint64_t *smallest,
                         uint64_t *reads, uint64_t *bases, struct error *err)
{
	uint64_t length, n;
	int r;

	if (*smallest > READ_MAX_DEFAULT)
		return unpack_bad(err, "a read is too long");
	r = unpack_most(unpacker, READ_MAX_DEFAULT - *smallest, "a step of read length", &length,
	                err);
	if (r < 0)
		return r;
	r = unpack_most(unpacker, COUNT_TOTAL_MAX - *reads, "a number of reads", &n, err);
	if (r < 0)
		return r;
	length += *smallest;
	if (n == 0)
		return unpack_bad(err, "a read length without reads");
	if (length > 0 && n > (COUNT_TOTAL_MAX - *bases) / length)
		return unpack_bad(err, "too many bases");
	*reads += n;
	*bases += n * length;
	*smallest = length + 1;
	if (length >= LENGTHS_DENSE)
		return length_table_add_long(table, (uint32_t)length, n);
	table->dense[length] = n;
	table->dense_n = (uint32_t)length + 1;
	return 0;
}

int length_table_unpack(struct length_table *table, struct unpacker *unpacker, struct error *err)
{
	uint64_t n, smallest = 0, reads = 0, bases = 0;
	int r;

	r = unpack_most(unpacker, unpack_left(unpacker) / 2, "the number of read lengths", &n, err);
	for (uint64_t i = 0; r >= 0 && i < n; i++)
		r = length_unpack(table, unpacker, &smallest, &reads, &bases, err);
	return r == -ENOMEM ? error_oom(err) : r;
}

int reach_init(struct reach *reach, const struct length_table *table)
{
	struct length_count *lengths;
	uint64_t reads = 0;
	size_t n;
	int r;

	r = length_table_sorted(table, &lengths, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		reads += lengths[i].reads;
	*reach = (struct reach){
	    .lengths = lengths,
	    .n = n,
	    .reads = reads,
	    .longest = n > 0 ? lengths[n - 1].length : 0,
	};
	return 0;
}

void reach_deinit(struct reach *reach)
{
	free(reach->lengths);
	*reach = (struct reach){0};
}
