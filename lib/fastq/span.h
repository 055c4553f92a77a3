/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Spans of bytes: where a line ends and where a byte stands that no sequence or quality may hold.
 *
 * The same functions for several instruction sets; the portable ones are the oracle of the others. All of them may read
 * up to SPAN_SLACK bytes behind end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPAN_SLACK 64

struct span_ops {
	const char *name;
	/* The first LF or CR of [p, end), or end. */
	const uint8_t *(*line)(const uint8_t *p, const uint8_t *end);
	/* The first byte of [p, end) outside '!'..'~', or end. */
	const uint8_t *(*graph)(const uint8_t *p, const uint8_t *end);
};

/* The fastest that this processor has. */
const struct span_ops *span_ops_best(void);

/* All that this processor has, the portable one first; NULL behind the last. */
const struct span_ops *span_ops_get(size_t i);

static inline bool byte_ends_line(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

static inline bool byte_is_graph(uint8_t byte)
{
	return (uint8_t)(byte - '!') <= '~' - '!';
}
