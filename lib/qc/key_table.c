/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of keys in the order in which they came: see key_table.h. */
#include "lib/qc/key_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/base/digest.h"

#define FULL 5 /* keys a group, on average, at which there are to be more groups */

/* Groups grow eightfold up to what a file's tracked keys need, so that little is moved; then twofold. */
#define GROUPS_FIRST (1u << 6)
#define GROUPS_STEP (1u << 15)
#define GROUPS_MAX (1u << 28)
#define STARTS_FIRST 256
#define CHUNKS_FIRST 8

#define AHEAD 16 /* keys whose places are on their way */

_Static_assert(sizeof(struct key_line) == KEY_LINE, "a line of the cache");

/* Lines of a key of n bytes. */
static size_t lines_of(size_t n)
{
	return (offsetof(struct key_line, first_bytes) + n + KEY_LINE - 1) / KEY_LINE;
}

static int groups_make(struct key_table *table, size_t groups)
{
	uint64_t *tags = calloc(groups, sizeof *tags);
	uint32_t *places = malloc(groups * KEY_GROUP * sizeof *places);

	if (!tags || !places) {
		free(tags);
		free(places);
		return -ENOMEM;
	}
	free(table->tags);
	free(table->places);
	table->tags = tags;
	table->places = places;
	table->mask = (uint32_t)groups - 1;
	return 0;
}

int key_table_init(struct key_table *table)
{
	*table = (struct key_table){0};
	/* not digest_random(), whose first use costs a short-lived program half a millisecond */
	if (getentropy(table->secrets, sizeof table->secrets) < 0)
		return -ENOMEM;
	table->secrets[0] |= 1;
	table->secrets[1] |= 1;
	return groups_make(table, GROUPS_FIRST);
}

void key_table_deinit(struct key_table *table)
{
	free(table->tags);
	free(table->places);
	for (size_t i = 0; i < table->chunks_n; i++)
		free(table->chunks[i]);
	free(table->chunks);
	free(table->starts);
	*table = (struct key_table){0};
}

static void group_put(struct key_table *table, uint32_t hash, uint32_t line)
{
	size_t group = hash & table->mask;
	uint32_t place;

	while (key_tags_equal(table->tags[group], 0) == 0)
		group = (group + 1) & table->mask;
	place = key_tags_first(key_tags_equal(table->tags[group], 0));
	table->tags[group] |= (uint64_t)key_tag(hash) << (8 * place);
	table->places[group * KEY_GROUP + place] = line;
}

/* Into the groups, the keys from that number up to n; whether all of them are different is known. */
static void groups_fill(struct key_table *table, size_t from, size_t n)
{
	for (size_t i = from; i < n; i++) {
		if (i + AHEAD < n)
			key_table_prefetch_group(table, table->starts[i + AHEAD].hash);
		group_put(table, table->starts[i].hash, table->starts[i].line);
	}
}

/* Groups for all keys, of which the first n are in the groups so far. 0 or -ENOMEM. */
static int groups_grow(struct key_table *table, size_t n)
{
	size_t groups = (size_t)table->mask + 1;
	int r;

	if (table->n <= FULL * groups)
		return 0;
	while (table->n > FULL * groups)
		groups *= groups < GROUPS_STEP ? 8 : 2;
	if (groups > GROUPS_MAX)
		return -ENOMEM;
	r = groups_make(table, groups);
	if (r == 0)
		groups_fill(table, 0, n);
	return r;
}

static int chunk_add(struct key_table *table)
{
	if (table->chunks_n == table->chunks_room) {
		size_t room = table->chunks_room > 0 ? 2 * table->chunks_room : CHUNKS_FIRST;
		struct key_line **chunks = reallocarray(table->chunks, room, sizeof *chunks);

		if (!chunks)
			return -ENOMEM;
		table->chunks = chunks;
		table->chunks_room = room;
	}
	table->chunks[table->chunks_n] = aligned_alloc(KEY_LINE, KEY_CHUNK * sizeof **table->chunks);
	if (!table->chunks[table->chunks_n])
		return -ENOMEM;
	table->chunks_n++;
	return 0;
}

/* Room for that many more lines in one chunk. */
static int lines_grow(struct key_table *table, size_t more)
{
	size_t in_chunk = table->lines_n % KEY_CHUNK;

	assert(more <= KEY_CHUNK);
	if (in_chunk + more > KEY_CHUNK)
		table->lines_n += KEY_CHUNK - in_chunk;
	if (table->lines_n + more > UINT32_MAX)
		return -ENOMEM;
	return table->lines_n + more > table->chunks_n * KEY_CHUNK ? chunk_add(table) : 0;
}

static int starts_grow(struct key_table *table)
{
	size_t room = table->starts_room > 0 ? 2 * table->starts_room : STARTS_FIRST;
	struct key_start *starts;

	if (table->n < table->starts_room)
		return 0;
	starts = reallocarray(table->starts, room, sizeof *starts);
	if (!starts)
		return -ENOMEM;
	table->starts = starts;
	table->starts_room = room;
	return 0;
}

int key_table_append(struct key_table *table, uint32_t hash, const uint8_t *bytes, uint32_t n)
{
	size_t lines = lines_of(n);
	struct key_line *line;
	int r;

	r = lines_grow(table, lines);
	if (r == 0)
		r = starts_grow(table);
	if (r < 0)
		return r;
	line = &table->chunks[table->lines_n / KEY_CHUNK][table->lines_n % KEY_CHUNK];
	memset(line, 0, lines * sizeof *line);
	line->number = (uint32_t)table->n;
	line->n = n;
	memcpy((uint8_t *)line + offsetof(struct key_line, first_bytes), bytes, n);
	table->starts[table->n++] = (struct key_start){.line = (uint32_t)table->lines_n, .hash = hash};
	table->lines_n += lines;
	return 0;
}

int key_table_index(struct key_table *table, size_t from)
{
	int r = groups_grow(table, from);

	for (size_t i = from; r == 0 && i < table->n; i++) {
		const struct key_line *line = key_table_at(table, i);
		const struct key_start *start = &table->starts[i];

		if (i + AHEAD < table->n)
			key_table_prefetch_group(table, start[AHEAD].hash);
		if (key_table_find(table, start->hash, key_bytes(line), line->n) != KEY_NONE)
			return -EEXIST;
		group_put(table, start->hash, start->line);
	}
	return r;
}

int key_table_add(struct key_table *table, uint32_t hash, const uint8_t *bytes, uint32_t n)
{
	int r = key_table_append(table, hash, bytes, n);

	if (r == 0)
		r = groups_grow(table, table->n - 1);
	if (r == 0)
		groups_fill(table, table->n - 1, table->n);
	return r;
}

void key_table_close(struct key_table *table, size_t n)
{
	if (n < table->n) {
		table->lines_n = table->starts[n].line;
		table->n = n;
		while (table->chunks_n > table->lines_n / KEY_CHUNK + 1)
			free(table->chunks[--table->chunks_n]);
	}
	free(table->tags);
	free(table->places);
	table->tags = NULL;
	table->places = NULL;
}

int key_table_digest(const struct key_table *table, uint64_t *ret)
{
	struct packer packer = {0};
	int r = -ENOMEM;

	key_table_pack(table, &packer);
	if (!packer.oom)
		r = key_digest(packer.bytes, packer.n, ret);
	free(packer.bytes);
	return r;
}

int key_digest(const uint8_t *packed, size_t n, uint64_t *ret)
{
	uint8_t digest[DIGEST_SIZE];
	uint64_t value = 0;
	int r;

	r = digest_sha256(packed, n, NULL, 0, digest);
	if (r < 0)
		return r;
	for (int i = 0; i < 8; i++)
		value |= (uint64_t)digest[i] << (8 * i);
	*ret = value;
	return 0;
}
