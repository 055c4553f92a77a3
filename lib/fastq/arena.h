/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory that is taken in many pieces and given back at once, in chunks that the kernel may back by huge pages. A pool keeps chunks for
 * the next one: writing a page for the first time costs as much as decoding what comes into it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ARENA_CHUNK (8u << 20)

/* For the arenas of one thread; zeros, but for `most`. It must outlive them. */
struct arena_pool {
	size_t most; /* chunks that it keeps */
	void **chunks;
	size_t n;
};

void arena_pool_deinit(struct arena_pool *pool);

struct arena {
	struct arena_pool *pool; /* or NULL */
	void **chunks;
	size_t n, capacity;
	size_t left;      /* bytes, of the last chunk */
	uint64_t used;    /* bytes that were taken */
};

void *arena_take(struct arena *arena, size_t size); /* of at most ARENA_CHUNK bytes, aligned to 64; NULL: out of memory */
void arena_drop(struct arena *arena);               /* everything; it can be used again */
void arena_deinit(struct arena *arena);
