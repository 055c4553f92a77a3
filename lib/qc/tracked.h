/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tracked sequences of a file: its first TRACKED_MAX different keys (a key is a read's first bases in upper case, as
 * rules.h says) in the order in which they first occur. Never changed once made, shared by reference.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/key_table.h"
#include "lib/qc/varint.h"

#define TRACKED_MAX 100000 /* FastQC's OBSERVATION_CUTOFF */

struct tracked_key {
	const uint8_t *bytes;
	uint32_t n; /* bytes, perhaps 0 */
};

struct tracked;

/* Copies n different keys. 0, -ENOMEM, or -EINVAL where two are equal, one is too long or there are more than TRACKED_MAX. */
int tracked_new(const struct tracked_key *keys, size_t n, struct tracked **ret);
struct tracked *tracked_ref(struct tracked *tracked);  /* takes NULL; returns it */
struct tracked *tracked_free(struct tracked *tracked); /* gives one reference back; takes NULL; returns NULL */

size_t tracked_n(const struct tracked *tracked);
struct tracked_key tracked_key_at(const struct tracked *tracked, size_t i);

/* The first 64 bits of the SHA-256 of the packed list: names the list. */
uint64_t tracked_digest(const struct tracked *tracked);

/*
 * Looking up: the hash of a key (of this list only: it has a random seed, so that nobody can choose reads that collide), a
 * hint to the memory, and the key's number or TRACKED_NONE. All bytes are compared: a hash alone is never believed.
 */
#define TRACKED_NONE KEY_NONE
uint64_t tracked_hash(const struct tracked *tracked, const uint8_t *bytes, size_t n);
void tracked_prefetch(const struct tracked *tracked, uint64_t hash);
size_t tracked_find(const struct tracked *tracked, uint64_t hash, const uint8_t *bytes, size_t n);

/* The keys themselves, for who asks for every read. */
const struct key_table *tracked_table(const struct tracked *tracked);

/* Canonical bytes, for a worker that is to count by this list; and back, believing nothing. */
void tracked_pack(const struct tracked *tracked, struct packer *packer);
int tracked_unpack(struct unpacker *unpacker, struct tracked **ret, struct error *err);
