/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seek index of a gzip file: points at which reading may begin, left by a first pass, so that the next one needs no
 * windows to be found. An entry is bytes for a store: numbers, then the window deflated.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/split.h"

struct seek_entry {
	struct split_point point;
	struct text_place first; /* the '@' of the first record at or behind it */
	uint64_t records;        /* before that record */
};

#define SEEK_ENTRY_MAX (SPLIT_WINDOW + 2048)

/* 0 with bytes to free(), or -ENOMEM. */
int seek_entry_pack(const struct seek_entry *entry, uint8_t **ret, size_t *ret_n);

/* The window is written to `window`, to which the entry's point shows. 0, -ENOMEM, or -EBADMSG for what is no entry. */
int seek_entry_unpack(const uint8_t *p, size_t n, uint8_t window[SPLIT_WINDOW], struct seek_entry *ret);
