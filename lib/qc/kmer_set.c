/* SPDX-License-Identifier: GPL-3.0-or-later */
/* K-mers and where they occur: see kmer_set.h. */
#include "lib/qc/kmer_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"

#define CELL_READS_MAX ((1ULL << 54) - 1)
#define CELL_POSITION_MAX 1023

_Static_assert(COUNT_TOTAL_MAX / KMERS_EVERY <= CELL_READS_MAX && KMERS_BASES <= CELL_POSITION_MAX, "bits of a cell");

void kmer_set_deinit(struct kmer_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->entries[i].cells);
	free(set->entries);
	key_table_deinit(&set->keys);
	*set = (struct kmer_set){0};
}

static uint32_t letters_hash(const struct kmer_set *set, const uint8_t *letters, uint32_t size)
{
	uint64_t bits;

	return key_hash(&set->keys, letters, size, &bits);
}

static int entry_append(struct kmer_set *set, const uint8_t *letters, uint32_t size, const struct kmer_first *first)
{
	int r = 0;

	if (set->n == KMER_SET_MAX)
		return KMER_SET_FULL;
	if (set->n == set->room) {
		size_t room = set->room > 0 ? 2 * set->room : 256;
		struct kmer_entry *entries = reallocarray(set->entries, room, sizeof *entries);

		if (!entries)
			return -ENOMEM;
		set->entries = entries;
		set->room = room;
	}
	if (set->n == 0 && !set->keys.tags)
		r = key_table_init(&set->keys);
	if (r == 0)
		r = key_table_add(&set->keys, letters_hash(set, letters, size), letters, size);
	if (r < 0)
		return r;
	set->entries[set->n++] = (struct kmer_entry){.first = first->read, .offset = first->offset, .span = first->span};
	return 0;
}

static bool earlier(const struct kmer_first *first, const struct kmer_entry *entry)
{
	return first->read < entry->first || (first->read == entry->first && first->offset < entry->offset);
}

int kmer_set_find(struct kmer_set *set, const uint8_t *letters, uint32_t size, const struct kmer_first *first,
                  struct kmer_entry **ret)
{
	size_t number = KEY_NONE;

	if (set->n > 0)
		number = key_table_find(&set->keys, letters_hash(set, letters, size), letters, size);
	if (number == KEY_NONE) {
		int r = entry_append(set, letters, size, first);

		if (r != 0)
			return r;
		number = set->n - 1;
	}
	*ret = &set->entries[number];
	if (earlier(first, *ret)) {
		(*ret)->first = first->read;
		(*ret)->offset = first->offset;
		(*ret)->span = first->span;
	}
	return 0;
}

/* The place of the first cell that is not before the position. */
static size_t cell_place(const struct kmer_entry *entry, uint16_t position)
{
	size_t from = 0, n = entry->cells_n;

	while (n > 0) {
		size_t half = n / 2;

		if (entry->cells[from + half].position < position) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return from;
}

static int cell_insert(struct kmer_set *set, struct kmer_entry *entry, size_t place, uint16_t position, uint64_t reads)
{
	if (set->cells_n == KMER_SET_CELLS_MAX)
		return KMER_SET_FULL;
	if (entry->cells_n == entry->cells_room) {
		uint16_t room = (uint16_t)(entry->cells_room + entry->cells_room / 2 + 2);
		struct kmer_cell *cells = reallocarray(entry->cells, room, sizeof *cells);

		if (!cells)
			return -ENOMEM;
		entry->cells = cells;
		entry->cells_room = room;
	}
	memmove(entry->cells + place + 1, entry->cells + place, (entry->cells_n - place) * sizeof *entry->cells);
	entry->cells[place] = (struct kmer_cell){.reads = reads & CELL_READS_MAX, .position = position & CELL_POSITION_MAX};
	entry->cells_n++;
	set->cells_n++;
	return 0;
}

int kmer_entry_add(struct kmer_set *set, struct kmer_entry *entry, uint16_t position, uint64_t reads)
{
	size_t place = position; /* where the k-mer occurs at all positions before */

	if (place >= entry->cells_n || entry->cells[place].position != position)
		place = cell_place(entry, position);
	if (place == entry->cells_n || entry->cells[place].position != position)
		return cell_insert(set, entry, place, position, reads);
	entry->cells[place].reads = (entry->cells[place].reads + reads) & CELL_READS_MAX;
	return 0;
}

int kmer_set_merge(struct kmer_set *into, const struct kmer_set *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++) {
		const struct kmer_entry *entry = &from->entries[i];
		struct kmer_first first = {.read = entry->first, .offset = entry->offset, .span = entry->span};
		struct kmer_entry *to;

		r = kmer_set_find(into, kmer_letters(from, i), key_table_at(&from->keys, i)->n, &first, &to);
		for (size_t c = 0; r == 0 && c < entry->cells_n; c++)
			r = kmer_entry_add(into, to, entry->cells[c].position, entry->cells[c].reads);
	}
	return r;
}

/* ---- order */

struct place {
	uint64_t first;
	uint32_t offset, number;
};

static int place_compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int kmer_set_order(const struct kmer_set *set, size_t **ret)
{
	_cleanup_(freep) struct place *places = calloc(set->n + 1, sizeof *places);
	size_t *order = calloc(set->n + 1, sizeof *order);

	if (!places || !order) {
		free(order);
		return -ENOMEM;
	}
	for (size_t i = 0; i < set->n; i++)
		places[i] = (struct place){set->entries[i].first, set->entries[i].offset, (uint32_t)i};
	qsort(places, set->n, sizeof *places, place_compare);
	for (size_t i = 0; i < set->n; i++)
		order[i] = places[i].number;
	*ret = order;
	return 0;
}
