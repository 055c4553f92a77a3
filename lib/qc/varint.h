/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of packed counters: numbers of 7 bits a byte, the lowest first (LEB128), in their one
 * shortest form, so that what unpacks also packs to the same bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/*
 * A growing buffer. Out of memory is remembered, so that a writer need ask only once, at its end.
 */
struct packer {
	uint8_t *bytes; /* the owner's to free */
	size_t n, size;
	bool oom;
};

void pack_bytes(struct packer *packer, const void *bytes, size_t n);
void pack_byte(struct packer *packer, uint8_t byte);
void pack_u64(struct packer *packer, uint64_t value);
void pack_s64(struct packer *packer,
              int64_t value); /* zigzag: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... */

/* What is left to read. */
struct unpacker {
	const uint8_t *at, *end;
};

static inline size_t unpack_left(const struct unpacker *unpacker)
{
	return (size_t)(unpacker->end - unpacker->at);
}

/*
 * 0, or -EBADMSG with a sentence where the bytes end, the number exceeds 64 bits or is not in its
 * shortest form.
 */
int unpack_byte(struct unpacker *unpacker, uint8_t *ret, struct error *err);
int unpack_u64(struct unpacker *unpacker, uint64_t *ret, struct error *err);
int unpack_s64(struct unpacker *unpacker, int64_t *ret, struct error *err);

/* As unpack_u64, refusing a number above most; what names it in the sentence. */
int unpack_most(struct unpacker *unpacker, uint64_t most, const char *what, uint64_t *ret,
                struct error *err);

/* The sentence for packed counters that cannot be true; returns -EBADMSG. */
int unpack_bad(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
