/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tracked sequences of a file: see tracked.h. Memory, and how they are packed: key_table.h. */
#include "lib/qc/tracked.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/rules.h"

struct tracked {
	atomic_uint references;
	uint64_t digest;
	struct key_table keys;
};

static void trackedp(struct tracked **tracked)
{
	tracked_free(*tracked);
}

struct tracked *tracked_ref(struct tracked *tracked)
{
	if (tracked)
		atomic_fetch_add(&tracked->references, 1);
	return tracked;
}

struct tracked *tracked_free(struct tracked *tracked)
{
	if (!tracked || atomic_fetch_sub(&tracked->references, 1) > 1)
		return NULL;
	key_table_deinit(&tracked->keys);
	free(tracked);
	return NULL;
}

size_t tracked_n(const struct tracked *tracked)
{
	return tracked->keys.n;
}

struct tracked_key tracked_key_at(const struct tracked *tracked, size_t i)
{
	const struct key_line *line = key_table_at(&tracked->keys, i);

	return (struct tracked_key){.bytes = key_bytes(line), .n = line->n};
}

uint64_t tracked_digest(const struct tracked *tracked)
{
	return tracked->digest;
}

const struct key_table *tracked_table(const struct tracked *tracked)
{
	return &tracked->keys;
}

uint64_t tracked_hash(const struct tracked *tracked, const uint8_t *bytes, size_t n)
{
	uint64_t bits;

	return key_hash(&tracked->keys, bytes, n, &bits);
}

void tracked_prefetch(const struct tracked *tracked, uint64_t hash)
{
	key_table_prefetch(&tracked->keys, (uint32_t)hash);
}

size_t tracked_find(const struct tracked *tracked, uint64_t hash, const uint8_t *bytes, size_t n)
{
	return key_table_find(&tracked->keys, (uint32_t)hash, bytes, n);
}

/* Without keys. 0 or -ENOMEM. */
static int tracked_empty(struct tracked **ret)
{
	struct tracked *tracked = calloc(1, sizeof *tracked);

	if (!tracked)
		return -ENOMEM;
	tracked->references = 1;
	*ret = tracked;
	return key_table_init(&tracked->keys);
}

int tracked_new(const struct tracked_key *keys, size_t n, struct tracked **ret)
{
	_cleanup_(trackedp) struct tracked *tracked = NULL;
	int r;

	if (n > TRACKED_MAX)
		return -EINVAL;
	r = tracked_empty(&tracked);
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint32_t hash = (uint32_t)tracked_hash(tracked, keys[i].bytes, keys[i].n);

		if (keys[i].n > DUP_LENGTH_MAX ||
		    key_table_find(&tracked->keys, hash, keys[i].bytes, keys[i].n) != KEY_NONE)
			return -EINVAL;
		r = key_table_add(&tracked->keys, hash, keys[i].bytes, keys[i].n);
	}
	if (r == 0)
		r = key_table_digest(&tracked->keys, &tracked->digest);
	if (r < 0)
		return r;
	*ret = TAKE(tracked);
	return 0;
}

void tracked_pack(const struct tracked *tracked, struct packer *packer)
{
	key_table_pack(&tracked->keys, packer);
}

int tracked_unpack(struct unpacker *unpacker, struct tracked **ret, struct error *err)
{
	_cleanup_(trackedp) struct tracked *tracked = NULL;
	const uint8_t *begin = unpacker->at;
	int r;

	if (tracked_empty(&tracked) < 0)
		return error_oom(err);
	r = key_table_unpack(&tracked->keys, TRACKED_MAX, DUP_LENGTH_MAX, unpacker, err);
	if (r < 0)
		return r;
	if (key_digest(begin, (size_t)(unpacker->at - begin), &tracked->digest) < 0)
		return error_oom(err);
	*ret = TAKE(tracked);
	return 0;
}
