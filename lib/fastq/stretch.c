/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stretches of text with open places: see stretch.h. The portable functions, and the choice at run time. */
#include "lib/fastq/stretch.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static size_t portable_count(const uint16_t *symbols, size_t n, uint16_t *ret_lowest)
{
	size_t count = 0;
	uint16_t lowest = 0xffff;

	for (size_t i = 0; i < n; i++) {
		count += symbols[i] >> 15;
		if (symbols[i] & SYMBOL_OPEN && symbols[i] < lowest)
			lowest = symbols[i];
	}
	*ret_lowest = lowest;
	return count;
}

static void portable_pack(const uint16_t *symbols, size_t n, struct stretch *ret)
{
	uint16_t *open = ret->open;

	memset(ret->mask, 0, (n + 63) / 64 * sizeof *ret->mask);
	for (size_t i = 0; i < n; i++) {
		ret->text[i] = (uint8_t)symbols[i];
		if (symbols[i] & SYMBOL_OPEN) {
			ret->mask[i / 64] |= 1ULL << (i % 64);
			*open++ = symbols[i] & (SYMBOL_OPEN - 1);
		}
	}
}

static void portable_unpack(const struct stretch *stretch, const uint8_t window[SPLIT_WINDOW], uint8_t *to)
{
	const uint16_t *open = stretch->open;

	memcpy(to, stretch->text, stretch->n);
	if (stretch->open_n == 0)
		return;
	for (size_t i = 0; i < stretch->n; i += 64)
		for (uint64_t mask = stretch->mask[i / 64]; mask; mask &= mask - 1)
			to[i + (unsigned int)__builtin_ctzll(mask)] = window[*open++];
}

static const struct stretch_ops portable_ops = {
    .name = "portable",
    .count = portable_count,
    .pack = portable_pack,
    .unpack = portable_unpack,
};

const struct stretch_ops *stretch_ops_get(size_t i)
{
	if (i == 0)
		return &portable_ops;
#ifdef __x86_64__
	__builtin_cpu_init();
	if (i == 1)
		return &stretch_sse2_ops;
	if (i == 2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2"))
		return &stretch_avx512_ops;
#endif
	return NULL;
}

const struct stretch_ops *stretch_ops_best(void)
{
	const struct stretch_ops *best = NULL, *ops;

	for (size_t i = 0; (ops = stretch_ops_get(i)); i++)
		best = ops;
	return best;
}

static struct stretch *allocate(struct arena *arena, size_t n, size_t open_n)
{
	size_t words = open_n ? (n + 63) / 64 + 1 : 0, text = n + STRETCH_SLACK, open = open_n ? open_n + STRETCH_SLACK : 0;
	struct stretch *stretch;

	assert(n <= STRETCH_MAX);
	stretch = arena_take(arena, sizeof *stretch + 8 * words + 2 * open + text);
	if (!stretch)
		return NULL;
	stretch->n = (uint32_t)n;
	stretch->open_n = (uint32_t)open_n;
	stretch->reach = 0;
	stretch->mask = (uint64_t *)(stretch + 1);
	stretch->open = (uint16_t *)(stretch->mask + words);
	stretch->text = (uint8_t *)(stretch->open + open);
	return stretch;
}

int stretch_new(struct arena *arena, const struct stretch_ops *ops, const uint16_t *symbols, size_t n, struct stretch **ret)
{
	uint16_t lowest;
	size_t open_n = ops->count(symbols, n, &lowest);
	struct stretch *stretch = allocate(arena, n, open_n);

	if (!stretch)
		return -ENOMEM;
	if (open_n > 0) {
		ops->pack(symbols, n, stretch);
		stretch->reach = SPLIT_WINDOW - (lowest & (SYMBOL_OPEN - 1));
	} else {
		for (size_t i = 0; i < n; i++)
			stretch->text[i] = (uint8_t)symbols[i];
	}
	*ret = stretch;
	return 0;
}

int stretch_new_bytes(struct arena *arena, const uint8_t *text, size_t n, struct stretch **ret)
{
	struct stretch *stretch = allocate(arena, n, 0);

	if (!stretch)
		return -ENOMEM;
	memcpy(stretch->text, text, n);
	*ret = stretch;
	return 0;
}
