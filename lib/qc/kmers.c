/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of k-mers: see kmers_state.h. */
#include "lib/qc/kmers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/kmers_state.h"
#include "lib/qc/module.h"

static int kmers_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct kmers *kmers = state;

	kmers->size = rules->kmer_size;
	kmers->known = prior->first || prior->known;
	kmers->before = prior->reads;
	return 0;
}

static void kmers_deinit(void *state)
{
	struct kmers *kmers = state;

	kmer_set_deinit(&kmers->set);
}

static void kmers_give_up(struct kmers *kmers)
{
	kmer_set_deinit(&kmers->set);
	kmers->full = true;
}

/* ---- adding */

/* The beginning of a read in upper case; returns its bases. */
static uint32_t read_take(uint8_t *ret, const struct record *record)
{
	uint32_t n = record->length < KMERS_BASES ? record->length : KMERS_BASES;

	for (uint32_t i = 0; i < n; i++) {
		uint8_t base = record->sequence[i];

		ret[i] = base >= 'a' && base <= 'z' ? (uint8_t)(base - 'a' + 'A') : base;
	}
	return n;
}

static int read_add(struct kmers *kmers, const struct record *record, uint64_t ordinal)
{
	uint8_t bases[KMERS_BASES];
	uint32_t n = read_take(bases, record), size = kmers->size, without = 0; /* bases since the last N */
	struct kmer_first first = {.read = ordinal};
	int r = 0;

	kmers->longest = n > kmers->longest ? n : kmers->longest;
	first.span = (uint16_t)(n >= size ? n - size + 1 : 0);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		struct kmer_entry *entry;

		without = bases[i] == 'N' ? 0 : without + 1;
		if (without < size)
			continue;
		first.offset = (uint16_t)(i + 1 - size);
		r = kmer_set_find(&kmers->set, bases + first.offset, size, &first, &entry);
		if (r == 0)
			r = kmer_entry_add(&kmers->set, entry, first.offset, 1);
	}
	return r;
}

static int kmers_add(void *state, const struct batch *batch)
{
	struct kmers *kmers = state;
	uint64_t next = KMERS_EVERY - 1 - (kmers->before + kmers->reads) % KMERS_EVERY;
	int r = 0;

	for (uint64_t i = next; kmers->known && !kmers->full && r == 0 && i < batch->n; i += KMERS_EVERY)
		r = read_add(kmers, &batch->records[i], kmers->before + kmers->reads + i + 1);
	kmers->reads += batch->n;
	if (r == KMER_SET_FULL) {
		kmers_give_up(kmers);
		r = 0;
	}
	return r;
}

/* ---- merging */

/* Both places are known. */
static int known_merge(struct kmers *into, const struct kmers *from)
{
	int r = into->full || from->full ? KMER_SET_FULL : kmer_set_merge(&into->set, &from->set);

	if (r == KMER_SET_FULL) {
		kmers_give_up(into);
		r = 0;
	}
	if (from->longest > into->longest)
		into->longest = from->longest;
	return r;
}

int kmers_follow(void *state)
{
	struct kmers *kmers = state;

	if (!kmers->known || kmers->before > 0 || kmers->missing > 0)
		return -EINVAL;
	kmers->follows = true;
	return 0;
}

static int kmers_merge(void *into_state, const void *from_state)
{
	struct kmers *into = into_state;
	const struct kmers *from = from_state;
	uint64_t end = into->before + into->reads;
	bool counted = from->known && !(from->follows && end > 0); /* by what lies before it now */
	int r = 0;

	if (into->size != from->size || (counted && (!into->known || from->before != end)))
		return -EINVAL;
	if (into->reads > COUNT_TOTAL_MAX - from->reads)
		return -EOVERFLOW;
	if (counted)
		r = known_merge(into, from);
	else if (into->known && kmers_sampled(end, from->reads) > 0)
		r = MERGE_LACKS;
	if (r < 0)
		return r;
	into->missing += r == MERGE_LACKS ? from->reads : from->missing;
	into->reads += from->reads;
	return r;
}

static int kmers_patch(void *into_state, const void *from_state)
{
	struct kmers *into = into_state;
	const struct kmers *from = from_state;
	int r;

	if (into->size != from->size || !into->known || !from->known || from->missing > 0 || from->reads > into->missing ||
	    from->before < into->before || from->before + from->reads > into->before + into->reads)
		return -EINVAL;
	r = known_merge(into, from);
	if (r == 0)
		into->missing -= from->reads;
	return r;
}

/* ---- what a report is made of */

uint64_t kmers_reads(const struct kmers *kmers)
{
	return kmers->reads;
}

uint32_t kmers_size(const struct kmers *kmers)
{
	return kmers->size;
}

uint32_t kmers_longest(const struct kmers *kmers)
{
	return kmers->longest;
}

static struct kmer kmer_tell(const struct kmer_set *set, size_t number)
{
	const struct kmer_entry *entry = &set->entries[number];
	uint32_t last = entry->cells[entry->cells_n - 1].position;
	struct kmer kmer = {
	    .letters = kmer_letters(set, number),
	    .span = entry->span > last ? entry->span : last + 1,
	    .cells_n = entry->cells_n,
	    .cells = entry->cells,
	};

	for (size_t c = 0; c < entry->cells_n; c++)
		kmer.count += entry->cells[c].reads;
	return kmer;
}

int kmers_list(const struct kmers *kmers, struct kmer **ret, size_t *ret_n)
{
	_cleanup_(freep) size_t *order = NULL;
	struct kmer *list;
	int r;

	if (!kmers->known || kmers->before > 0 || kmers->missing > 0)
		return -EINVAL;
	if (kmers->full)
		return KMERS_FULL;
	r = kmer_set_order(&kmers->set, &order);
	if (r < 0)
		return r;
	list = calloc(kmers->set.n + 1, sizeof *list);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < kmers->set.n; i++)
		list[i] = kmer_tell(&kmers->set, order[i]);
	*ret = list;
	*ret_n = kmers->set.n;
	return 0;
}

const struct module module_kmers = {
    .name = "k-mers",
    .id = MODULE_KMERS,
    .state_size = sizeof(struct kmers),
    .init = kmers_init,
    .deinit = kmers_deinit,
    .add = kmers_add,
    .merge = kmers_merge,
    .patch = kmers_patch,
    .pack = kmers_pack,
    .unpack = kmers_unpack,
    .check = kmers_check,
};
