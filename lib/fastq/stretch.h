/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stretch of text whose window is not known yet, as it is kept: its bytes, a bit for each that is open, and for those that are,
 * in order, which byte of the window each is. So text that refers to nothing costs nine bits a byte, and is at the end only copied.
 *
 * The same functions for several instruction sets; the portable ones are the oracle of the others.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/arena.h"
#include "lib/fastq/symbol.h"

#define STRETCH_MAX (48u << 10) /* symbols */
#define STRETCH_SLACK 64        /* symbols before, and bytes of text behind, that may be looked at and written in vain */

struct stretch {
	uint32_t n, open_n;
	uint32_t reach;  /* how far before the text it refers to, at most */
	uint8_t *text;   /* n bytes; of no meaning where open */
	uint64_t *mask;  /* bit i % 64 of word i / 64: byte i is open */
	uint16_t *open;  /* open_n offsets in the window */
};

struct stretch_ops {
	const char *name;
	/* How many of n symbols are open; and the lowest of these, 0xffff where there is none. */
	size_t (*count)(const uint16_t *symbols, size_t n, uint16_t *ret_lowest);
	/* Fills a stretch whose room is there, with STRETCH_SLACK units behind each array. STRETCH_SLACK symbols behind n may be read. */
	void (*pack)(const uint16_t *symbols, size_t n, struct stretch *ret);
	/* Its text by the true window: n bytes to `to`, with STRETCH_SLACK bytes behind. */
	void (*unpack)(const struct stretch *stretch, const uint8_t window[SPLIT_WINDOW], uint8_t *to);
};

const struct stretch_ops *stretch_ops_best(void);
const struct stretch_ops *stretch_ops_get(size_t i); /* all that this processor has, the portable one first; NULL behind the last */

/* In the arena: 0 or -ENOMEM. n is at most STRETCH_MAX. */
int stretch_new(struct arena *arena, const struct stretch_ops *ops, const uint16_t *symbols, size_t n, struct stretch **ret);
int stretch_new_bytes(struct arena *arena, const uint8_t *text, size_t n, struct stretch **ret); /* nothing is open */

#ifdef __x86_64__
extern const struct stretch_ops stretch_sse2_ops, stretch_avx512_ops;
#endif
