/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records the quick way: as many in a row as are ordinary, that is complete, with LF, without a fault and not in colourspace. The first
 * that is not, or seems not to be, is left to record_parse(), which says what it is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/record.h"

struct quick_take {
	const uint8_t *p;    /* the first byte of a line; moves on behind the last record taken */
	const uint8_t *stop; /* records that begin before it are wanted */
	const uint8_t *end;  /* of the text; SPAN_SLACK bytes behind it must be readable */
	uint64_t read_max;
	uint32_t length;     /* of most reads before: it is tried first */
	uint32_t n, most;    /* records there are, and at most */
	struct record *records;
};

typedef void (*record_quick_fn)(struct quick_take *take);

/* The same for several instruction sets, in the order of span_ops_get(); NULL behind the last. */
record_quick_fn record_quick_get(size_t i);
record_quick_fn record_quick_best(void);
