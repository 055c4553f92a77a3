/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory in chunks: see arena.h. */
#include "lib/fastq/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE (2u << 20)
#define ALIGNED 64

void arena_pool_deinit(struct arena_pool *pool)
{
	while (pool->n > 0)
		free(pool->chunks[--pool->n]);
	free(pool->chunks);
	pool->chunks = NULL;
}

static void *pool_take(struct arena_pool *pool)
{
	return pool && pool->n > 0 ? pool->chunks[--pool->n] : NULL;
}

static void pool_put(struct arena_pool *pool, void *chunk)
{
	if (pool && !pool->chunks && pool->most > 0)
		pool->chunks = calloc(pool->most, sizeof *pool->chunks);
	if (pool && pool->chunks && pool->n < pool->most)
		pool->chunks[pool->n++] = chunk;
	else
		free(chunk);
}

static void *chunk_make(void)
{
	void *chunk = aligned_alloc(HUGE, ARENA_CHUNK);

#ifdef MADV_HUGEPAGE
	if (chunk)
		(void)madvise(chunk, ARENA_CHUNK, MADV_HUGEPAGE); /* only makes it faster */
#endif
	return chunk;
}

static void *chunk_new(struct arena *arena)
{
	void *chunk;

	if (arena->n == arena->capacity) {
		size_t capacity = arena->capacity ? 2 * arena->capacity : 16;
		void **chunks = reallocarray(arena->chunks, capacity, sizeof *chunks);

		if (!chunks)
			return NULL;
		arena->chunks = chunks;
		arena->capacity = capacity;
	}
	chunk = pool_take(arena->pool);
	if (!chunk)
		chunk = chunk_make();
	if (!chunk)
		return NULL;
	arena->chunks[arena->n++] = chunk;
	arena->left = ARENA_CHUNK;
	return chunk;
}

void *arena_take(struct arena *arena, size_t size)
{
	uint8_t *p;

	size = (size + ALIGNED - 1) / ALIGNED * ALIGNED;
	assert(size <= ARENA_CHUNK);
	if (size > arena->left && !chunk_new(arena))
		return NULL;
	p = (uint8_t *)arena->chunks[arena->n - 1] + (ARENA_CHUNK - arena->left);
	arena->left -= size;
	arena->used += size;
	return p;
}

void arena_drop(struct arena *arena)
{
	for (size_t i = 0; i < arena->n; i++)
		pool_put(arena->pool, arena->chunks[i]);
	arena->n = arena->left = 0;
	arena->used = 0;
}

void arena_deinit(struct arena *arena)
{
	arena_drop(arena);
	free(arena->chunks);
	*arena = (struct arena){0};
}
