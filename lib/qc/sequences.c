/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tracked sequences: see sequences.h, and sequences_state.h for what a state is.
 *
 * Memory, with keys of up to 56 bytes: 100,000 keys of a file's beginning 10 MiB; 262,144 keys of a slice 26 MiB; a slice that is
 * counted by a known list 1 MiB beside the list, whose 9 MiB all slices share. Longer keys: key_table.h.
 */
#include "lib/qc/sequences.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"

#define ROOM_FIRST 256

static struct key_cut cut_of(const struct count_rules *rules)
{
	if (rules->dup_length > 0)
		return (struct key_cut){rules->dup_length, rules->dup_length};
	return (struct key_cut){rules->compat == COMPAT_0_11_9 ? 75 : 50, 50};
}

uint32_t sequences_key_length(const struct count_rules *rules, uint32_t length)
{
	return key_cut_length(cut_of(rules), length);
}

/* ---- life */

static int sequences_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct sequences *sequences = state;

	sequences->cut = cut_of(rules);
	sequences->tracked_max = TRACKED_MAX;
	sequences->own_max = OWN_MAX;
	sequences->placed = prior->first && prior->ordinals;
	sequences->form = prior->first     ? SEQUENCES_FIRST
	                  : prior->tracked ? SEQUENCES_COUNTED
	                                   : SEQUENCES_OWN;
	if (sequences->form != SEQUENCES_COUNTED)
		return key_table_init(&sequences->keys);
	sequences->tracked = tracked_ref(prior->tracked);
	sequences->digest = tracked_digest(prior->tracked);
	sequences->digest_known = true;
	sequences->room = tracked_n(prior->tracked);
	sequences->counts = calloc(sequences->room + 1, sizeof *sequences->counts);
	return sequences->counts ? 0 : -ENOMEM;
}

static void sequences_deinit(void *state)
{
	struct sequences *sequences = state;

	key_table_deinit(&sequences->keys);
	tracked_free(sequences->tracked);
	free(sequences->counts);
	free(sequences->ordinals);
}

/* ---- keys */

static int grow(uint64_t **numbers, size_t room)
{
	uint64_t *grown = reallocarray(*numbers, room, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	*numbers = grown;
	return 0;
}

/* Room for one more key's numbers. */
static int reserve(struct sequences *sequences)
{
	size_t room = sequences->room > 0 ? 2 * sequences->room : ROOM_FIRST;
	int r;

	if (sequences->keys.n < sequences->room)
		return 0;
	r = grow(&sequences->counts, room);
	if (r == 0 && (sequences->form == SEQUENCES_OWN || sequences->placed))
		r = grow(&sequences->ordinals, room);
	if (r == 0)
		sequences->room = room;
	return r;
}

int sequences_key_add(struct sequences *sequences, uint32_t hash, const uint8_t *bytes, uint32_t n, uint64_t ordinal)
{
	size_t number = sequences->keys.n;
	int r;

	r = reserve(sequences);
	if (r == 0)
		r = key_table_add(&sequences->keys, hash, bytes, n);
	if (r < 0)
		return r;
	sequences->counts[number] = 0;
	if (sequences->form == SEQUENCES_OWN || sequences->placed)
		sequences->ordinals[number] = ordinal;
	if (sequences_closed(sequences))
		sequences->limit = ordinal + 1;
	return 0;
}

void sequences_overflow(struct sequences *sequences)
{
	size_t keep = sequences->tracked_max;

	sequences->overflow = true;
	key_table_close(&sequences->keys, keep);
	free(sequences->counts);
	sequences->counts = NULL;
	(void)grow(&sequences->ordinals, keep); /* without memory they only stay more */
}

/* ---- merge */

/* Every key of from, an OWN, into into, which may still take keys or has no need of others. */
static int keys_merge(struct sequences *into, const struct sequences *from)
{
	uint64_t bits;
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->keys.n; i++) {
		const struct key_line *line = key_table_at(&from->keys, i);
		uint32_t hash = key_hash(&into->keys, key_bytes(line), line->n, &bits);
		size_t number = key_table_find(&into->keys, hash, key_bytes(line), line->n);

		if (number == KEY_NONE && sequences_closed(into))
			continue;
		if (number == KEY_NONE) {
			number = into->keys.n;
			r = sequences_key_add(into, hash, key_bytes(line), line->n, into->reads + from->ordinals[i]);
		}
		if (r == 0 && !from->overflow)
			into->counts[number] += from->counts[i];
	}
	return r;
}

static void counts_add(struct sequences *into, const struct sequences *from)
{
	for (size_t i = 0; i < from->room; i++)
		into->counts[i] += from->counts[i];
}

/* Whether from, a COUNTED, was counted by the list that into has: 0, -EINVAL or another negative errno. */
static int same_list(struct sequences *into, const struct sequences *from)
{
	size_t n = into->form == SEQUENCES_COUNTED ? into->room : into->keys.n;
	int r = 0;

	if (!into->digest_known)
		r = key_table_digest(&into->keys, &into->digest);
	if (r < 0)
		return r;
	into->digest_known = into->form == SEQUENCES_COUNTED || sequences_closed(into);
	return into->digest == from->digest && n == from->room ? 0 : -EINVAL;
}

static int merge_counted(struct sequences *into, const struct sequences *from)
{
	int r;

	if (into->form != SEQUENCES_COUNTED && !sequences_closed(into))
		return -EINVAL;
	r = same_list(into, from);
	if (r < 0)
		return r;
	counts_add(into, from);
	into->reads_counted += from->reads_counted;
	into->reads += from->reads;
	return 0;
}

static int merge_own(struct sequences *into, const struct sequences *from)
{
	bool lacks = into->form == SEQUENCES_FIRST && from->overflow;
	int r = 0;

	if (into->form == SEQUENCES_COUNTED)
		return -EINVAL;
	if (!into->overflow && !(lacks && sequences_closed(into)))
		r = keys_merge(into, from);
	if (r < 0)
		return r;
	if (into->form == SEQUENCES_OWN && from->overflow && !into->overflow)
		sequences_overflow(into);
	into->reads += from->reads;
	into->reads_counted += lacks ? 0 : from->reads_counted;
	return lacks ? MERGE_LACKS : 0;
}

static int sequences_merge(void *state, const void *from_state)
{
	struct sequences *into = state;
	const struct sequences *from = from_state;

	if (into->tracked_max != from->tracked_max || from->reads_counted != from->reads)
		return -EINVAL;
	if (into->reads > COUNT_TOTAL_MAX - from->reads)
		return -EOVERFLOW;
	if (from->form == SEQUENCES_COUNTED)
		return merge_counted(into, from);
	return from->form == SEQUENCES_OWN ? merge_own(into, from) : -EINVAL;
}

static int sequences_patch(void *state, const void *from_state)
{
	struct sequences *into = state;
	const struct sequences *from = from_state;
	int r;

	if (into->form != SEQUENCES_FIRST || from->form != SEQUENCES_COUNTED ||
	    from->reads > into->reads - into->reads_counted)
		return -EINVAL;
	r = same_list(into, from);
	if (r < 0)
		return r;
	counts_add(into, from);
	into->reads_counted += from->reads;
	return sequences_first_sound(into) ? 0 : -EINVAL;
}

/* A closed FIRST is as an OWN that overflowed: of its keys only their order is of use, and counts are made again. */
int sequences_follow(void *state)
{
	struct sequences *sequences = state;
	bool closed = sequences_closed(sequences);

	if (sequences->form != SEQUENCES_FIRST || !sequences_whole(sequences) || (!sequences->placed && sequences->keys.n > 0))
		return -EINVAL;
	sequences->form = SEQUENCES_OWN;
	sequences->placed = sequences->digest_known = false;
	if (closed)
		sequences_overflow(sequences);
	return 0;
}

/* ---- asked */

uint64_t sequences_reads(const struct sequences *sequences)
{
	return sequences->reads;
}

bool sequences_first(const struct sequences *sequences)
{
	return sequences->form == SEQUENCES_FIRST;
}

bool sequences_placed(const struct sequences *sequences)
{
	return sequences->placed;
}

bool sequences_whole(const struct sequences *sequences)
{
	return sequences->reads_counted == sequences->reads;
}

size_t sequences_n(const struct sequences *sequences)
{
	return sequences->keys.n;
}

struct tracked_key sequences_key(const struct sequences *sequences, size_t i)
{
	const struct key_line *line = key_table_at(&sequences->keys, i);

	return (struct tracked_key){.bytes = key_bytes(line), .n = line->n};
}

uint64_t sequences_count(const struct sequences *sequences, size_t i)
{
	return sequences->counts[i];
}

uint64_t sequences_limit(const struct sequences *sequences)
{
	return sequences_closed(sequences) ? sequences->limit : sequences->reads;
}

bool sequences_complete(const struct sequences *sequences)
{
	return sequences_closed(sequences);
}

int sequences_tracked(const struct sequences *sequences, struct tracked **ret)
{
	_cleanup_(freep) struct tracked_key *keys = NULL;

	keys = calloc(sequences->keys.n + 1, sizeof *keys);
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < sequences->keys.n; i++)
		keys[i] = sequences_key(sequences, i);
	return tracked_new(keys, sequences->keys.n, ret);
}

const struct module module_sequences = {
	.name = "sequences",
	.id = MODULE_SEQUENCES,
	.state_size = sizeof(struct sequences),
	.init = sequences_init,
	.deinit = sequences_deinit,
	.add = sequences_add,
	.merge = sequences_merge,
	.patch = sequences_patch,
	.pack = sequences_pack,
	.unpack = sequences_unpack,
	.check = sequences_check,
};
