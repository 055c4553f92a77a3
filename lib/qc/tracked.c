/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tracked sequences of a file: see tracked.h. Memory: the keys' bytes, and 20 to 28 bytes a key.
 *
 * Packed: the number of keys; then for each its length and its bytes.
 */
#include "lib/qc/tracked.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/qc/rules.h"

struct place {
	uint32_t tag;    /* upper half of the hash */
	uint32_t number; /* of the key, and 1; 0: free */
};

struct tracked {
	atomic_uint references;
	uint64_t seed, digest;
	size_t n, mask; /* keys; places - 1 */
	uint32_t *starts; /* of key i in bytes; starts[n] is the end */
	uint8_t *bytes;
	struct place *places;
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
	free(tracked->starts);
	free(tracked->bytes);
	free(tracked->places);
	free(tracked);
	return NULL;
}

size_t tracked_n(const struct tracked *tracked)
{
	return tracked->n;
}

struct tracked_key tracked_key_at(const struct tracked *tracked, size_t i)
{
	return (struct tracked_key){
		.bytes = tracked->bytes + tracked->starts[i],
		.n = tracked->starts[i + 1] - tracked->starts[i],
	};
}

uint64_t tracked_digest(const struct tracked *tracked)
{
	return tracked->digest;
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t tracked_hash(const struct tracked *tracked, const uint8_t *bytes, size_t n)
{
	uint64_t hash = tracked->seed ^ n, word;

	for (; n >= 8; n -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		hash = mix(hash ^ word, 0x9e3779b97f4a7c15ULL);
	}
	word = 0;
	memcpy(&word, bytes, n);
	return mix(hash ^ word, 0xd6e8feb86659fd93ULL);
}

void tracked_prefetch(const struct tracked *tracked, uint64_t hash)
{
	__builtin_prefetch(&tracked->places[hash & tracked->mask]);
}

/* The place of the key, or the free place where it belongs. */
static struct place *place_find(const struct tracked *tracked, uint64_t hash, const uint8_t *bytes, size_t n)
{
	size_t at = hash & tracked->mask;

	for (;; at = (at + 1) & tracked->mask) {
		struct place *place = &tracked->places[at];
		struct tracked_key key;

		if (place->number == 0)
			return place;
		if (place->tag != (uint32_t)(hash >> 32))
			continue;
		key = tracked_key_at(tracked, place->number - 1);
		if (key.n == n && memcmp(key.bytes, bytes, n) == 0)
			return place;
	}
}

size_t tracked_find(const struct tracked *tracked, uint64_t hash, const uint8_t *bytes, size_t n)
{
	const struct place *place = place_find(tracked, hash, bytes, n);

	return place->number > 0 ? place->number - 1 : TRACKED_NONE;
}

static int digest_make(struct tracked *tracked)
{
	struct packer packer = {0};
	uint8_t digest[DIGEST_SIZE];
	int r = -ENOMEM;

	tracked_pack(tracked, &packer);
	if (!packer.oom)
		r = digest_sha256(packer.bytes, packer.n, NULL, 0, digest);
	if (r == 0)
		memcpy(&tracked->digest, digest, sizeof tracked->digest);
	free(packer.bytes);
	return r;
}

int tracked_new(const struct tracked_key *keys, size_t n, struct tracked **ret)
{
	_cleanup_(trackedp) struct tracked *tracked = NULL;
	size_t bytes = 0, places = 16;
	int r;

	if (n > TRACKED_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		bytes += keys[i].n;
	while (places < 2 * n)
		places *= 2;
	tracked = calloc(1, sizeof *tracked);
	if (!tracked)
		return -ENOMEM;
	tracked->references = 1;
	tracked->mask = places - 1;
	tracked->starts = calloc(n + 1, sizeof *tracked->starts);
	tracked->bytes = malloc(bytes + 1);
	tracked->places = calloc(places, sizeof *tracked->places);
	if (!tracked->starts || !tracked->bytes || !tracked->places)
		return -ENOMEM;
	r = digest_random(&tracked->seed, sizeof tracked->seed);
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t hash = tracked_hash(tracked, keys[i].bytes, keys[i].n);
		struct place *place = place_find(tracked, hash, keys[i].bytes, keys[i].n);

		if (place->number > 0)
			return -EINVAL;
		memcpy(tracked->bytes + tracked->starts[i], keys[i].bytes, keys[i].n);
		tracked->starts[i + 1] = tracked->starts[i] + keys[i].n;
		*place = (struct place){.tag = (uint32_t)(hash >> 32), .number = (uint32_t)i + 1};
		tracked->n = i + 1;
	}
	if (r == 0)
		r = digest_make(tracked);
	if (r < 0)
		return r;
	*ret = TAKE(tracked);
	return 0;
}

void tracked_pack(const struct tracked *tracked, struct packer *packer)
{
	pack_u64(packer, tracked->n);
	for (size_t i = 0; i < tracked->n; i++) {
		struct tracked_key key = tracked_key_at(tracked, i);

		pack_u64(packer, key.n);
		pack_bytes(packer, key.bytes, key.n);
	}
}

int tracked_unpack(struct unpacker *unpacker, struct tracked **ret, struct error *err)
{
	_cleanup_(freep) struct tracked_key *keys = NULL;
	uint64_t n, length;
	int r;

	r = unpack_most(unpacker, unpack_left(unpacker) < TRACKED_MAX ? unpack_left(unpacker) : TRACKED_MAX,
	                "the number of tracked sequences", &n, err);
	if (r < 0)
		return r;
	keys = calloc(n + 1, sizeof *keys);
	if (!keys)
		return error_oom(err);
	for (uint64_t i = 0; i < n; i++) {
		r = unpack_most(unpacker, DUP_LENGTH_MAX, "the length of a tracked sequence", &length, err);
		if (r < 0)
			return r;
		if (length > unpack_left(unpacker))
			return unpack_bad(err, "they end within a tracked sequence");
		keys[i] = (struct tracked_key){.bytes = unpacker->at, .n = (uint32_t)length};
		unpacker->at += length;
	}
	r = tracked_new(keys, n, ret);
	if (r == -EINVAL)
		return unpack_bad(err, "a tracked sequence is there twice");
	return r < 0 ? error_oom(err) : 0;
}
