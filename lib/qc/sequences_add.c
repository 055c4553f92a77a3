/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adding reads to tracked sequences (sequences_state.h).
 *
 * Every read costs one question to a table that does not fit the fastest cache, and whatever a read then asks for is
 * still further away. So many reads take the same step of the way (key_table.h) before any takes the next: by the time that it is
 * asked, the memory has answered.
 */
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"

#define AHEAD 32                         /* reads whose tags are on their way */
#define OPEN_AHEAD 128                   /* the same, where keys can join */
#define LOWER_BITS 0x2020202020202020ULL /* set in lower-case letters, not in upper-case ones */

struct look {
	const uint8_t *bytes; /* of the key, in whatever case */
	uint32_t n, hash;
	bool lower; /* perhaps some are in lower case */
	uint32_t guess, line;
};

static void upper(const uint8_t *bytes, size_t n, uint8_t *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = bytes[i] >= 'a' && bytes[i] <= 'z' ? (uint8_t)(bytes[i] - 'a' + 'A') : bytes[i];
}

/* The key in upper case; in copy, where it is not so in the text. */
static inline const uint8_t *look_bytes(const struct look *look, uint8_t copy[DUP_LENGTH_MAX])
{
	if (!look->lower)
		return look->bytes;
	upper(look->bytes, look->n, copy);
	return copy;
}

/* The hashes of n reads; the tags of their groups are on their way. */
static void looks_make(const struct sequences *sequences, const struct key_table *table, const struct record *records,
                       uint32_t n, struct look *ret)
{
	const struct key_cut cut = sequences->cut;
	uint8_t copy[DUP_LENGTH_MAX];
	uint64_t bits;

	for (struct look *look = ret; look < ret + n; look++, records++) {
		look->bytes = records->sequence;
		look->n = key_cut_length(cut, records->length);
		look->hash = key_hash(table, look->bytes, look->n, &bits);
		look->lower = (bits & LOWER_BITS) != 0;
		if (look->lower)
			look->hash = key_hash(table, look_bytes(look, copy), look->n, &bits);
		key_table_prefetch(table, look->hash);
	}
}

/* The number of a key whose line was asked for, unless the guess is KEY_ABSENT or KEY_UNSURE. */
static inline size_t look_find(const struct key_table *table, const struct look *look, const uint8_t *bytes)
{
	if (look->guess < KEY_UNSURE && key_equal(key_table_line(table, look->line), bytes, look->n))
		return key_table_line(table, look->line)->number;
	return key_table_find(table, look->hash, bytes, look->n);
}

/* The reads of a batch, and which of them perhaps have a key. */
struct hits {
	struct look looks[BATCH_MAX], *of[BATCH_MAX];
	uint32_t n;
};

/* Reads where no key can join. Those that have none, most often nearly all, are left aside first. */
static void hits_make(const struct sequences *sequences, const struct key_table *table, const struct batch *batch,
                      struct hits *ret)
{
	uint32_t hits = 0;

	for (uint32_t i = 0, n; i < batch->n; i += n) {
		n = batch->n - i < AHEAD ? batch->n - i : AHEAD;
		looks_make(sequences, table, batch->records + i, n, ret->looks + i);
		for (struct look *look = ret->looks + i; look < ret->looks + i + n; look++) {
			look->guess = key_table_guess(table, look->hash);
			ret->of[hits] = look;
			hits += look->guess != KEY_ABSENT;
		}
	}
	ret->n = hits;
}

/* A batch where no key can join. */
static void add_closed(struct sequences *sequences, const struct key_table *table, const struct batch *batch)
{
	uint32_t numbers[BATCH_MAX], found = 0;
	uint8_t copy[DUP_LENGTH_MAX];
	struct hits hits;

	hits_make(sequences, table, batch, &hits);
	for (uint32_t i = 0; i < hits.n; i++)
		if (hits.of[i]->guess != KEY_UNSURE)
			key_table_prefetch_place(table, hits.of[i]->guess);
	for (uint32_t i = 0; i < hits.n; i++)
		if (hits.of[i]->guess != KEY_UNSURE)
			hits.of[i]->line = key_table_ask(table, hits.of[i]->guess);
	for (uint32_t i = 0; i < hits.n; i++) {
		size_t number = look_find(table, hits.of[i], look_bytes(hits.of[i], copy));

		if (number == KEY_NONE)
			continue;
		__builtin_prefetch(&sequences->counts[number], 1);
		numbers[found++] = (uint32_t)number;
	}
	for (uint32_t i = 0; i < found; i++)
		sequences->counts[numbers[i]]++;
}

/* The key of a read is none of the keys so far. */
static int add_new(struct sequences *sequences, const struct look *look, const uint8_t *bytes, uint64_t ordinal)
{
	int r;

	if (sequences_closed(sequences))
		return 0;
	if (sequences->form == SEQUENCES_OWN && sequences->keys.n >= sequences->own_max) {
		sequences_overflow(sequences);
		return 0;
	}
	r = sequences_key_add(sequences, look->hash, bytes, look->n, ordinal);
	if (r == 0)
		sequences->counts[sequences->keys.n - 1] = 1;
	return r;
}

/* What a read will ask for is on its way: the line of a key that fits, or the place where its own would be put. */
static void looks_ask(const struct key_table *table, struct look *looks, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		looks[i].guess = key_table_guess(table, looks[i].hash);
		if (looks[i].guess < KEY_UNSURE)
			key_table_prefetch_place(table, looks[i].guess);
		else
			key_table_prefetch_group(table, looks[i].hash);
	}
	for (uint32_t i = 0; i < n; i++)
		if (looks[i].guess < KEY_UNSURE)
			looks[i].line = key_table_ask(table, looks[i].guess);
}

/* Up to OPEN_AHEAD reads, from that one of the batch on, whose keys may join. Returns how many, or -ENOMEM. */
static int add_open(struct sequences *sequences, const struct batch *batch, uint32_t from)
{
	const struct key_table *table = &sequences->keys;
	uint32_t n = batch->n - from < OPEN_AHEAD ? batch->n - from : OPEN_AHEAD;
	struct look looks[OPEN_AHEAD];
	uint8_t copy[DUP_LENGTH_MAX];
	int r = 0;

	looks_make(sequences, table, batch->records + from, n, looks);
	looks_ask(table, looks, n);
	for (uint32_t i = 0; r == 0 && i < n && !sequences->overflow; i++) {
		const uint8_t *bytes = look_bytes(&looks[i], copy);
		size_t number = look_find(table, &looks[i], bytes);

		if (number != KEY_NONE)
			sequences->counts[number]++;
		else
			r = add_new(sequences, &looks[i], bytes, sequences->reads + from + i);
	}
	return r < 0 ? r : (int)n;
}

int sequences_add(void *state, const struct batch *batch)
{
	struct sequences *sequences = state;
	const struct key_table *table = sequences->tracked ? tracked_table(sequences->tracked) : &sequences->keys;

	if (sequences->form == SEQUENCES_COUNTED || sequences_closed(sequences)) {
		add_closed(sequences, table, batch);
	} else {
		for (uint32_t i = 0; i < batch->n && !sequences->overflow;) {
			int n = add_open(sequences, batch, i);

			if (n < 0)
				return n;
			i += (uint32_t)n;
		}
	}
	sequences->reads += batch->n; /* those behind an overflow are not looked at */
	sequences->reads_counted += batch->n;
	return 0;
}
