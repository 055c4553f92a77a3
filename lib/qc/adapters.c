/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of adapters: see adapters.h.
 *
 * A read has each adapter at its first occurrence k. FastQC counts it where k <= M - LA, with LA the length of the
 * longest adapter and M that of the longest read so far, this one included, of those longer than LA. M before a
 * slice is not known while it is counted; so what the slice's own M does not allow is kept as conditional, and
 * counts once a span before it is merged whose M does.
 *
 * Memory: 3 KiB, and 22 to 43 bytes for each adapter and position that occurs.
 *
 * Packed: M, then twice, for counted and for conditional ones, by adapter: the number of positions, and for each,
 * by growing position, its distance from the one before (less one; the first one as it is) and its number of
 * reads.
 */
#include "lib/qc/adapters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/hit_table.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"
#include "lib/qc/sequence_kernel.h"

#define FILTERS_MAX (ADAPTERS_MAX / FILTER_ADAPTERS)
#define AT_ONCE 128 /* reads that are searched before their hits are counted */

struct adapters {
	const struct count_rules *rules;
	uint32_t longest_adapter;
	uint32_t longest_read; /* M; 0: none was longer than the longest adapter */
	struct hit_table counted, conditional;
	uint64_t reads[ADAPTERS_MAX]; /* that have it, counted or conditional */
	struct adapter_filter filters[FILTERS_MAX];
	uint32_t filters_n;
	const struct sequence_kernel *kernel;
};

/* Reads are compared in upper case: what has lower case is in none. */
static bool never_found(const struct adapter *adapter)
{
	return strpbrk(adapter->sequence, "abcdefghijklmnopqrstuvwxyz") != NULL;
}

static int adapters_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct adapters *adapters = state;
	struct filter_adapter some[FILTER_ADAPTERS];
	uint32_t n = 0;

	adapters->rules = rules;
	adapters->longest_adapter = (uint32_t)rules_longest_adapter(rules);
	adapters->kernel = sequence_kernel_best();
	for (uint32_t i = 0; i < rules->adapters_n; i++) {
		const char *sequence = rules->adapters[i].sequence;

		if (!never_found(&rules->adapters[i]))
			some[n++] = (struct filter_adapter){
			    .bytes = (const uint8_t *)sequence, .n = (uint32_t)strlen(sequence), .number = i};
		if (n == FILTER_ADAPTERS || (i == rules->adapters_n - 1 && n > 0)) {
			adapter_filter_make(&adapters->filters[adapters->filters_n++], some, n);
			n = 0;
		}
	}
	return 0;
}

static void adapters_deinit(void *state)
{
	struct adapters *adapters = state;

	hit_table_deinit(&adapters->counted);
	hit_table_deinit(&adapters->conditional);
}

/* Whether an adapter at this position is within a longest read so far. */
static bool within(const struct adapters *adapters, uint32_t longest_read, uint32_t position)
{
	return longest_read > 0 && position <= longest_read - adapters->longest_adapter;
}

/* ---- adding */

static int reads_add(struct adapters *adapters, const struct record *records, uint32_t n)
{
	struct adapter_hit hits[FILTER_ADAPTERS * AT_ONCE];
	struct sequence sequences[AT_ONCE];
	uint32_t longest[AT_ONCE]; /* M once this read was seen */

	for (uint32_t i = 0; i < n; i++) {
		uint32_t length = records[i].length;

		sequences[i] = (struct sequence){records[i].sequence, length};
		if (length > adapters->longest_read && length > adapters->longest_adapter)
			adapters->longest_read = length;
		longest[i] = adapters->longest_read;
	}
	for (uint32_t f = 0; f < adapters->filters_n; f++) {
		size_t hits_n = adapters->kernel->find_adapters(&adapters->filters[f], sequences, n, hits);

		for (size_t i = 0; i < hits_n; i++) {
			bool counts = within(adapters, longest[hits[i].sequence], hits[i].position);

			adapters->reads[hits[i].adapter]++;
			if (hit_table_add(counts ? &adapters->counted : &adapters->conditional, hits[i].adapter,
			                  hits[i].position, 1) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int adapters_add(void *state, const struct batch *batch)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < batch->n; i += AT_ONCE)
		r = reads_add(state, batch->records + i, batch->n - i < AT_ONCE ? batch->n - i : AT_ONCE);
	return r;
}

/* ---- merging */

static int conditional_merge(struct adapters *into, const struct hit_table *from)
{
	for (size_t i = 0; i < from->size; i++) {
		const struct hit_count *hit = &from->places[i];
		bool counts = within(into, into->longest_read, hit->position);
		int r = 0;

		if (hit->reads > 0)
			r = hit_table_add(counts ? &into->counted : &into->conditional, hit->adapter, hit->position,
			                  hit->reads);
		if (r < 0)
			return r;
	}
	return 0;
}

static int adapters_merge(void *into_state, const void *from_state)
{
	struct adapters *into = into_state;
	const struct adapters *from = from_state;
	int r;

	for (uint32_t i = 0; i < ADAPTERS_MAX; i++)
		if (from->reads[i] > COUNT_TOTAL_MAX || into->reads[i] > COUNT_TOTAL_MAX - from->reads[i])
			return -EOVERFLOW;
	r = conditional_merge(into, &from->conditional);
	if (r == 0)
		r = hit_table_merge(&into->counted, &from->counted);
	for (uint32_t i = 0; i < ADAPTERS_MAX; i++)
		into->reads[i] += from->reads[i];
	if (from->longest_read > into->longest_read)
		into->longest_read = from->longest_read;
	return r;
}

uint64_t adapters_longest_read(const struct adapters *adapters)
{
	return adapters->longest_read;
}

int adapters_hits(const struct adapters *adapters, uint32_t adapter, struct adapter_hits **ret, size_t *ret_n)
{
	_cleanup_(freep) struct hit_count *all = NULL;
	struct adapter_hits *hits;
	size_t all_n, n = 0;
	int r = hit_table_sorted(&adapters->counted, &all, &all_n);

	if (r < 0)
		return r;
	hits = calloc(all_n + 1, sizeof *hits);
	if (!hits)
		return -ENOMEM;
	for (size_t i = 0; i < all_n; i++)
		if (all[i].adapter == adapter)
			hits[n++] = (struct adapter_hits){.position = all[i].position, .reads = all[i].reads};
	*ret = hits;
	*ret_n = n;
	return 0;
}

/* ---- packing */

static int table_pack(const struct adapters *adapters, const struct hit_table *table, struct packer *packer)
{
	_cleanup_(freep) struct hit_count *hits = NULL;
	size_t n, i = 0;
	int r = hit_table_sorted(table, &hits, &n);

	if (r < 0)
		return r;
	for (uint32_t adapter = 0; adapter < adapters->rules->adapters_n; adapter++) {
		size_t end = i;
		uint32_t smallest = 0; /* that the next position can be */

		while (end < n && hits[end].adapter == adapter)
			end++;
		pack_u64(packer, end - i);
		for (; i < end; i++) {
			pack_u64(packer, hits[i].position - smallest);
			pack_u64(packer, hits[i].reads);
			smallest = hits[i].position + 1;
		}
	}
	return 0;
}

static int adapters_pack(const void *state, struct packer *packer)
{
	const struct adapters *adapters = state;
	int r;

	pack_u64(packer, adapters->longest_read);
	r = table_pack(adapters, &adapters->counted, packer);
	if (r == 0)
		r = table_pack(adapters, &adapters->conditional, packer);
	return r == 0 && packer->oom ? -ENOMEM : r;
}

/* The positions of one adapter, all below end. */
static int positions_unpack(struct adapters *adapters, struct hit_table *table, uint32_t adapter, uint64_t end,
                            struct unpacker *unpacker, struct error *err)
{
	uint64_t n, smallest = 0;
	int r;

	r = unpack_most(unpacker, unpack_left(unpacker) / 2, "the number of positions of an adapter", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		uint64_t step, reads;

		if (smallest >= end)
			return unpack_bad(err, "adapter %" PRIu32 " is at a position where it cannot be", adapter);
		r = unpack_most(unpacker, end - smallest - 1, "a step of an adapter's position", &step, err);
		if (r == 0)
			r = unpack_most(unpacker, COUNT_TOTAL_MAX - adapters->reads[adapter], "a number of reads",
			                &reads, err);
		if (r < 0)
			return r;
		if (reads == 0)
			return unpack_bad(err, "a position of an adapter without reads");
		if (hit_table_add(table, adapter, (uint32_t)(smallest + step), reads) < 0)
			return error_oom(err);
		adapters->reads[adapter] += reads;
		smallest += step + 1;
	}
	return r;
}

/* Behind which positions an adapter cannot be: counted ones end within M, conditional ones within any read. */
static uint64_t positions_end(const struct adapters *adapters, uint32_t adapter, bool counted)
{
	const struct adapter *one = &adapters->rules->adapters[adapter];
	uint64_t longest = adapters->longest_read, all = adapters->longest_adapter;

	if (never_found(one))
		return 0;
	if (counted)
		return longest > 0 ? longest - all + 1 : 0;
	return (longest > 0 ? longest : all) - strlen(one->sequence) + 1;
}

static int table_unpack(struct adapters *adapters, struct hit_table *table, struct unpacker *unpacker, struct error *err)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < adapters->rules->adapters_n; i++)
		r = positions_unpack(adapters, table, i, positions_end(adapters, i, table == &adapters->counted), unpacker,
		                     err);
	return r;
}

static int adapters_unpack(void *state, struct unpacker *unpacker, struct error *err)
{
	struct adapters *adapters = state;
	uint64_t longest;
	int r;

	r = unpack_most(unpacker, READ_MAX_DEFAULT, "the length of the longest read", &longest, err);
	if (r < 0)
		return r;
	if (longest > 0 && longest <= adapters->longest_adapter)
		return unpack_bad(err, "the longest read is not longer than the longest adapter");
	adapters->longest_read = (uint32_t)longest;
	r = table_unpack(adapters, &adapters->counted, unpacker, err);
	return r == 0 ? table_unpack(adapters, &adapters->conditional, unpacker, err) : r;
}

/* The longest read is that of the lengths, and no adapter is in more reads than there are. */
static int adapters_check(const void *state, const struct counters *counters, struct error *err)
{
	const struct adapters *adapters = state;
	const struct lengths *lengths = counters_state(counters, MODULE_LENGTHS);
	struct reach reach;
	uint64_t longest, reads;

	if (!lengths)
		return 0;
	if (reach_init(&reach, &lengths->table) < 0)
		return error_oom(err);
	longest = reach.longest > adapters->longest_adapter ? reach.longest : 0;
	reads = reach.reads;
	reach_deinit(&reach);
	if (longest != adapters->longest_read)
		return unpack_bad(err, "the longest read is said to have %" PRIu64 " and %" PRIu32 " bases", longest,
		                  adapters->longest_read);
	for (uint32_t i = 0; i < ADAPTERS_MAX; i++)
		if (adapters->reads[i] > reads)
			return unpack_bad(err, "adapter %" PRIu32 " is in more reads than there are", i);
	return 0;
}

const struct module module_adapters = {
    .name = "adapters",
    .id = MODULE_ADAPTERS,
    .state_size = sizeof(struct adapters),
    .init = adapters_init,
    .deinit = adapters_deinit,
    .add = adapters_add,
    .merge = adapters_merge,
    .pack = adapters_pack,
    .unpack = adapters_unpack,
    .check = adapters_check,
};
