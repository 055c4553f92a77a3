/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A set of keys in the order in which they came, each with its number from 0: what tracked.h and sequences.h are made of.
 *
 * Asked for every read of a file, and most often for a key that it does not have. So a question reads one word first: the
 * tags (8 bits of the hash) of the eight keys that lie in the hash's group, which tell nearly all strangers; those of 100,000
 * keys are 256 KiB. Only where a tag fits, the key itself is read, from the line of the cache where it lies with
 * its number and its length; and all its bytes are compared: a hash alone is never believed. The hash has random secrets,
 * so that nobody can choose keys that collide.
 *
 * Memory: a line of 64 bytes for a key of up to 56 bytes (another one for each further 64), in chunks of 64 KiB; 8 to 16 bytes
 * for its number, and 8 to 64 for its place in a group.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/qc/varint.h"

#define KEY_GROUP 8 /* places of a group */
#define KEY_LINE 64
#define KEY_CHUNK 1024 /* lines of a chunk; those of a key lie in one */
#define KEY_NONE ((size_t)-1)

/* A key, in one or several lines; filled up with zeros. */
struct key_line {
	uint32_t number;
	uint32_t n;                        /* bytes, perhaps 0 */
	uint8_t first_bytes[KEY_LINE - 8]; /* all of them: key_bytes() */
};

/* Of a key, by its number. */
struct key_start {
	uint32_t line; /* its first one */
	uint32_t hash;
};

struct key_table {
	size_t n;            /* keys */
	uint64_t secrets[2]; /* of the hash; both odd */
	uint64_t *tags;      /* of a group, a byte each; 0 is a free place, and no used place lies behind a free one */
	uint32_t *places;    /* KEY_GROUP a group: the key's first line */
	uint32_t mask;       /* groups - 1 */
	struct key_line **chunks;
	size_t chunks_n, chunks_room;
	size_t lines_n; /* of all chunks, used or passed over */
	struct key_start *starts;
	size_t starts_room;
};

/* Empty. 0 or -ENOMEM. */
int key_table_init(struct key_table *table);
void key_table_deinit(struct key_table *table); /* takes zero bytes too */

/* A key that is not there yet, with its hash. 0 or -ENOMEM. */
int key_table_add(struct key_table *table, uint32_t hash, const uint8_t *bytes, uint32_t n);

/*
 * The same for many: appends keys that cannot be looked up yet, though that none of them was there is still to be seen; then makes
 * those from that number on ready. 0, -ENOMEM, or -EEXIST where one is there twice.
 */
int key_table_append(struct key_table *table, uint32_t hash, const uint8_t *bytes, uint32_t n);
int key_table_index(struct key_table *table, size_t from);

/* Keeps the first n keys and gives memory back. After it nothing can be added or looked up. */
void key_table_close(struct key_table *table, size_t n);

static inline const uint8_t *key_bytes(const struct key_line *line)
{
	return (const uint8_t *)line + offsetof(struct key_line, first_bytes);
}

static inline const struct key_line *key_table_line(const struct key_table *table, uint32_t line)
{
	return &table->chunks[line / KEY_CHUNK][line % KEY_CHUNK];
}

static inline const struct key_line *key_table_at(const struct key_table *table, size_t number)
{
	return key_table_line(table, table->starts[number].line);
}

/* The first 64 bits of the SHA-256 of the packed keys, which are made for it or are there. 0 or negative errno. */
int key_table_digest(const struct key_table *table, uint64_t *ret);
int key_digest(const uint8_t *packed, size_t n, uint64_t *ret);

/*
 * Packed: the number of keys; then of each twice its length less that of the key before (zigzag), and 1 where it is not made
 * of A, C, G and T alone; then its bytes, those of the four letters 2 bits each (key_table_pack.c).
 */
void key_table_pack(const struct key_table *table, struct packer *packer);

/* Into an empty table, at most `most` keys of at most `longest` bytes. 0, -ENOMEM, or -EBADMSG with a sentence. */
int key_table_unpack(struct key_table *table, size_t most, uint32_t longest, struct unpacker *unpacker,
                     struct error *err);

/* ---- hashes */

static inline uint64_t key_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

static inline uint64_t key_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash, and in *ret_bits the bits that are set in any byte, at any byte's place. */
static inline uint32_t key_hash(const struct key_table *table, const uint8_t *bytes, size_t n, uint64_t *ret_bits)
{
	uint64_t hash = table->secrets[0] ^ n, a = 0, b = 0, bits = 0;

	if (n >= 16) {
		for (size_t i = 0; i + 16 < n; i += 16) {
			a = key_word(bytes + i);
			b = key_word(bytes + i + 8);
			bits |= a | b;
			hash = key_mix(a ^ table->secrets[1], b ^ hash);
		}
		a = key_word(bytes + n - 16);
		b = key_word(bytes + n - 8);
	} else if (n >= 8) {
		a = key_word(bytes);
		b = key_word(bytes + n - 8);
	} else {
		for (size_t i = 0; i < n; i++)
			a |= (uint64_t)bytes[i] << (8 * i);
	}
	*ret_bits = bits | a | b;
	hash = key_mix(a ^ table->secrets[1], b ^ hash);
	return (uint32_t)key_mix(hash, table->secrets[0]);
}

/* ---- looking up */

#define KEY_TAGS_HIGH 0x8080808080808080ULL
#define KEY_TAGS_LOW 0x0101010101010101ULL

/* 2 to 255: neither a free place nor what differs from one in the lowest bit, which key_tags_equal() may take for equal. */
static inline uint8_t key_tag(uint32_t hash)
{
	return (uint8_t)((hash >> 24) + 2 * (hash < 2u << 24));
}

/* The high bit of each byte of tags that is tag, and perhaps of some behind such a one that differ in the lowest bit. */
static inline uint64_t key_tags_equal(uint64_t tags, uint8_t tag)
{
	uint64_t differ = tags ^ tag * KEY_TAGS_LOW;

	return (differ - KEY_TAGS_LOW) & ~differ & KEY_TAGS_HIGH;
}

/* The place of the first such byte. */
static inline uint32_t key_tags_first(uint64_t equal)
{
	return (uint32_t)__builtin_ctzll(equal) / 8;
}

static inline bool key_equal(const struct key_line *line, const uint8_t *bytes, size_t n)
{
	const uint8_t *key = key_bytes(line);
	uint64_t differ = line->n ^ n;

	if (differ != 0 || n < 8)
		return differ == 0 && memcmp(key, bytes, n) == 0;
	for (size_t i = 0; i + 8 < n; i += 8)
		differ |= key_word(key + i) ^ key_word(bytes + i);
	return (differ | (key_word(key + n - 8) ^ key_word(bytes + n - 8))) == 0;
}

/* The number of a key, or KEY_NONE. */
static inline size_t key_table_find(const struct key_table *table, uint32_t hash, const uint8_t *bytes, size_t n)
{
	for (size_t group = hash & table->mask;; group = (group + 1) & table->mask) {
		uint64_t tags = table->tags[group];

		for (uint64_t same = key_tags_equal(tags, key_tag(hash)); same != 0; same &= same - 1) {
			size_t place = group * KEY_GROUP + key_tags_first(same);
			const struct key_line *line = key_table_line(table, table->places[place]);

			if (key_equal(line, bytes, n))
				return line->number;
		}
		if (key_tags_equal(tags, 0) != 0)
			return KEY_NONE;
	}
}

/*
 * The same in steps, for many keys at once: while one step of a key waits for the memory, others take it.
 *
 *     key_table_prefetch()    the tags of the hash's group are on their way
 *     key_table_guess()       where the key lies if it lies in that group
 *     key_table_prefetch_place()
 *     key_table_ask()         the line there is on its way
 *     key_equal()             of that line, whether it does; if not: key_table_find()
 */
#define KEY_ABSENT 0xffffffffu /* a guess: it is not in the table */
#define KEY_UNSURE 0xfffffffeu /* a guess: not in that group, which is full; then there is no step but key_table_find() */

static inline void key_table_prefetch(const struct key_table *table, uint32_t hash)
{
	__builtin_prefetch(&table->tags[hash & table->mask]);
}

static inline uint32_t key_table_guess(const struct key_table *table, uint32_t hash)
{
	uint32_t group = hash & table->mask;
	uint64_t tags = table->tags[group], same = key_tags_equal(tags, key_tag(hash));
	uint32_t none = key_tags_equal(tags, 0) != 0 ? KEY_ABSENT : KEY_UNSURE;

	return same != 0 ? group * KEY_GROUP + key_tags_first(same) : none;
}

/* Where a key with this hash would be put. */
static inline void key_table_prefetch_group(const struct key_table *table, uint32_t hash)
{
	key_table_prefetch(table, hash);
	__builtin_prefetch(&table->places[(hash & table->mask) * KEY_GROUP], 1);
}

static inline void key_table_prefetch_place(const struct key_table *table, uint32_t guess)
{
	__builtin_prefetch(&table->places[guess]);
}

/* The line stays the same when keys are added; the guess does not. */
static inline uint32_t key_table_ask(const struct key_table *table, uint32_t guess)
{
	uint32_t line = table->places[guess];

	__builtin_prefetch(key_table_line(table, line));
	return line;
}
