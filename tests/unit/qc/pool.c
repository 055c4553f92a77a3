/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads that begin with keys of a pool: see pool.h. */
#include "tests/unit/qc/pool.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/sequences.h"

#define BASES_MAX 120
#define TAIL_MAX 8
#define NAME_MAX 64
#define LINE (NAME_MAX + BASES_MAX + TAIL_MAX)

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* The beginning of that number: always the same bytes. */
static uint32_t beginning(const struct pool *pool, uint64_t number, uint8_t *ret)
{
	uint64_t seed = number * 2654435761 + 1;
	uint32_t n = pool->shortest + (uint32_t)random_below(&seed, pool->longest - pool->shortest + 1);

	for (uint32_t i = 0; i < n; i++) {
		ret[i] = (uint8_t)"ACGT"[random_below(&seed, 4)];
		if (pool->strange && random_below(&seed, 200) == 0)
			ret[i] = (uint8_t)"N.-\t\x80\xff"[random_below(&seed, 6)];
	}
	return n;
}

static void record_make(const struct pool *pool, uint8_t *line, uint64_t *seed, struct record *ret)
{
	uint64_t most = 1 + random_below(seed, pool->keys), number = random_below(seed, most);
	uint8_t *sequence = line + NAME_MAX;
	uint32_t n = beginning(pool, number, sequence);

	if (pool->strange && random_below(seed, 4) == 0)
		for (uint32_t i = 0; i < n; i++)
			if (random_below(seed, 2))
				sequence[i] = (uint8_t)tolower(sequence[i]);
	if (n >= 80)
		for (uint32_t tail = (uint32_t)random_below(seed, TAIL_MAX); tail > 0; tail--)
			sequence[n++] = (uint8_t)"ACGTN"[random_below(seed, 5)];
	*ret = (struct record){.name = line, .sequence = sequence, .quality = sequence, .length = n, .quality_length = n};
	if (pool->named)
		ret->name_length = (uint32_t)snprintf((char *)line, NAME_MAX, "M1:7:FC:1:%u:5:%u",
		                                      1101 + (unsigned int)random_below(seed, 5),
		                                      (unsigned int)random_below(seed, 90000));
}

void reads_of_pool(struct reads *reads, const struct pool *pool, uint64_t seed)
{
	seed = 2 * seed + 1;
	reads->n = pool->reads;
	reads->records = must(calloc(pool->reads + 1, sizeof *reads->records));
	reads->bytes = must(calloc(pool->reads * LINE + BATCH_SLACK, 1));
	for (size_t i = 0; i < pool->reads; i++)
		record_make(pool, reads->bytes + i * LINE, &seed, &reads->records[i]);
}

static struct plain_key *plain_find(struct plain_keys *plain, const struct plain_key *key)
{
	struct plain_key *at = plain->keys;

	while (at < plain->keys + plain->n && (at->n != key->n || memcmp(at->bytes, key->bytes, key->n) != 0))
		at++;
	return at;
}

void plain_keys_make(struct plain_keys *plain, const struct reads *reads, const struct count_rules *rules, size_t tracked_max)
{
	*plain = (struct plain_keys){.keys = must(calloc(tracked_max + 1, sizeof *plain->keys))};
	for (size_t i = 0; i < reads->n; i++) {
		const struct record *record = &reads->records[i];
		struct plain_key key = {.n = sequences_key_length(rules, record->length), .count = 1}, *at;

		for (uint32_t k = 0; k < key.n; k++)
			key.bytes[k] = (uint8_t)(record->sequence[k] < 0x80 ? toupper(record->sequence[k]) : record->sequence[k]);
		at = plain_find(plain, &key);
		if (plain->n < tracked_max)
			plain->limit = i + 1;
		if (at < plain->keys + plain->n) {
			at->count++;
		} else if (plain->n < tracked_max) {
			*at = key;
			plain->n++;
		}
	}
}

void plain_keys_deinit(struct plain_keys *plain)
{
	free(plain->keys);
	*plain = (struct plain_keys){0};
}
