/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packed form of a set of keys: see key_table.h.
 *
 * The four letters differ in two bits of their ASCII codes, which are their packed values: A 0, C 1, T 2, G 3. Eight letters
 * are made and read at once. A byte holds four letters, the first one in its lowest bits; the bits behind the last letter are 0.
 */
#include "lib/qc/key_table.h"

#include <endian.h>
#include <errno.h>

#include "lib/qc/rules.h"

#define LETTERS 8 /* in a word */
#define UNPACK_STEP 1024

static inline uint64_t bytes_of(uint8_t byte)
{
	return byte * KEY_TAGS_LOW;
}

/* The word of letters that have these values, one in each byte: the values' two bits change 'A' into each other letter. */
static uint64_t letters_of(uint64_t values)
{
	uint64_t low = values & bytes_of(1), high = values >> 1 & bytes_of(1);

	return bytes_of('A') + ('C' - 'A') * low + ('T' - 'A') * high + ('G' + 'A' - 'C' - 'T') * (low & high);
}

/* The word of the values of letters, one in each byte. */
static uint64_t values_of(uint64_t letters)
{
	return letters >> 1 & bytes_of(3);
}

/* Eight values of a byte each in two bits each, and back. */
static uint16_t values_close(uint64_t values)
{
	values = (values | values >> 6) & 0x000f000f000f000fULL;
	values = (values | values >> 12) & 0x000000ff000000ffULL;
	return (uint16_t)(values | values >> 24);
}

static uint64_t values_spread(uint16_t bits)
{
	uint64_t values = (bits | (uint64_t)bits << 24) & 0x000000ff000000ffULL;

	values = (values | values << 12) & 0x000f000f000f000fULL;
	return (values | values << 6) & bytes_of(3);
}

/* The first n (1 to 8) bytes, the first one lowest, filled up with 'A'. */
static inline uint64_t word_take(const uint8_t *bytes, size_t n)
{
	uint64_t word = bytes_of('A');

	if (n == LETTERS)
		return le64toh(key_word(bytes));

	for (size_t i = 0; i < n; i++)
		word ^= (uint64_t)(bytes[i] ^ 'A') << (8 * i);
	return word;
}

/* Closes the letters of a key into 2 bits each; false where another byte is among them. */
static bool letters_close(const uint8_t *bytes, size_t n, uint8_t *ret)
{
	for (size_t i = 0; i < n; i += LETTERS) {
		size_t now = n - i < LETTERS ? n - i : LETTERS;
		uint64_t word = word_take(bytes + i, now), values = values_of(word);
		uint16_t closed = values_close(values);

		if (letters_of(values) != word)
			return false;
		ret[i / 4] = (uint8_t)closed;
		if (now > 4)
			ret[i / 4 + 1] = (uint8_t)(closed >> 8);
	}
	return true;
}

static void key_pack(const struct key_line *line, uint32_t before, struct packer *packer)
{
	int64_t longer = (int64_t)line->n - before;
	uint64_t step = (uint64_t)longer << 1 ^ (longer < 0 ? UINT64_MAX : 0);
	uint8_t closed[DUP_LENGTH_MAX / 4 + 2];
	bool raw = !letters_close(key_bytes(line), line->n, closed);

	pack_u64(packer, step << 1 | raw);
	if (raw)
		pack_bytes(packer, key_bytes(line), line->n);
	else
		pack_bytes(packer, closed, (line->n + 3) / 4);
}

void key_table_pack(const struct key_table *table, struct packer *packer)
{
	uint32_t before = 0;

	pack_u64(packer, table->n);
	for (size_t i = 0; i < table->n; i++) {
		const struct key_line *line = key_table_at(table, i);

		key_pack(line, before, packer);
		before = line->n;
	}
}

/* ---- unpack */

/* Opens n letters of (n + 3) / 4 bytes, with up to 7 letters too many behind them; false where the bits behind the last are set. */
static bool letters_open(const uint8_t *closed, size_t n, uint8_t *ret)
{
	for (size_t i = 0; i < n; i += LETTERS) {
		uint16_t bits = closed[i / 4];
		uint64_t word;

		if (n - i > 4)
			bits |= (uint16_t)(closed[i / 4 + 1] << 8);
		if (n - i < LETTERS && bits >> 2 * (n - i) != 0)
			return false;
		word = htole64(letters_of(values_spread(bits)));
		memcpy(ret + i, &word, sizeof word);
	}
	return true;
}

/* Whether bytes can be a key's that is packed as it stands: not all letters, none in lower case, no line's end. */
static bool raw_sound(const uint8_t *bytes, size_t n)
{
	uint8_t closed[DUP_LENGTH_MAX / 4 + 2];

	for (size_t i = 0; i < n; i++)
		if ((bytes[i] >= 'a' && bytes[i] <= 'z') || bytes[i] == '\n' || bytes[i] == '\r')
			return false;
	return !letters_close(bytes, n, closed);
}

/* The length of a key, behind one of that length, and how it is packed. */
static int length_unpack(struct unpacker *unpacker, uint32_t before, uint32_t longest, uint32_t *ret_n, bool *ret_raw,
                         struct error *err)
{
	uint64_t head;
	int64_t n;
	int r;

	r = unpack_most(unpacker, 4ULL * DUP_LENGTH_MAX + 3, "the length of a key", &head, err);
	if (r < 0)
		return r;
	n = before + (head & 2 ? -(int64_t)(head >> 2) - 1 : (int64_t)(head >> 2));
	if (n < 0 || n > longest)
		return unpack_bad(err, "a key of %lld bytes, where they have at most %u", (long long)n, longest);
	*ret_n = (uint32_t)n;
	*ret_raw = head & 1;
	return 0;
}

static int key_unpack(struct key_table *table, uint32_t n, bool raw, struct unpacker *unpacker, struct error *err)
{
	uint8_t opened[DUP_LENGTH_MAX + LETTERS];
	size_t packed = raw ? n : (n + 3) / 4;
	const uint8_t *bytes = opened;
	uint64_t bits;
	uint32_t hash;

	if (packed > unpack_left(unpacker))
		return unpack_bad(err, "they end within a key");
	if (raw)
		bytes = unpacker->at;
	if (raw ? !raw_sound(bytes, n) : !letters_open(unpacker->at, n, opened))
		return unpack_bad(err, "a key is not in its one form");
	unpacker->at += packed;
	hash = key_hash(table, bytes, n, &bits);
	return key_table_append(table, hash, bytes, n) < 0 ? error_oom(err) : 0;
}

/* Not one key at a time, and not all at the end: that keys are different limits how much memory few bytes can take. */
static int keys_index(struct key_table *table, size_t from, struct error *err)
{
	int r = key_table_index(table, from);

	if (r == -EEXIST)
		return unpack_bad(err, "a key is there twice");
	return r < 0 ? error_oom(err) : 0;
}

int key_table_unpack(struct key_table *table, size_t most, uint32_t longest, struct unpacker *unpacker,
                     struct error *err)
{
	uint64_t n;
	uint32_t length = 0;
	bool raw = false;
	int r;

	r = unpack_most(unpacker, most, "the number of keys", &n, err);
	for (uint64_t i = 0; r == 0 && i < n; i++) {
		r = length_unpack(unpacker, length, longest, &length, &raw, err);
		if (r == 0)
			r = key_unpack(table, length, raw, unpacker, err);
		if (r == 0 && (i % UNPACK_STEP == UNPACK_STEP - 1 || i == n - 1))
			r = keys_index(table, i - i % UNPACK_STEP, err);
	}
	return r;
}
