/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text whose beginning refers to a window that is not known: symbols of 16 bits. Below 256 a symbol is a byte of text;
 * SYMBOL_OPEN + i stands for byte i of the SPLIT_WINDOW bytes before the text (SPLIT_WINDOW - 1 is the last one).
 *
 * A window of symbols travels packed: runs of bytes and runs of references that go up by one, deflated. What comes from a peer is
 * checked in full.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/split.h"

#define SYMBOL_OPEN 0x8000u
#define SYMBOLS_PACKED_MAX (256u << 10) /* bytes of a packed window of symbols, at most */
#define WINDOW_PACKED_MAX (SPLIT_WINDOW + 1024)

/* 0, -ENOMEM. */
int symbols_pack(const uint16_t symbols[SPLIT_WINDOW], uint8_t **ret, size_t *ret_n);

/* 0, -EBADMSG where it is no window of symbols, -ENOMEM. */
int symbols_unpack(const uint8_t *p, size_t n, uint16_t ret[SPLIT_WINDOW]);

/*
 * The window behind a slice: its symbols by the window before it. The first SPLIT_WINDOW - known bytes of `before` do not exist:
 * false where a symbol that counts refers to one. Symbols [0, skip) do not count (they are before the member's text too).
 */
bool symbols_resolve(const uint16_t symbols[SPLIT_WINDOW], size_t skip, const uint8_t before[SPLIT_WINDOW], size_t known,
                     uint8_t ret[SPLIT_WINDOW]);

/* A known window of n bytes, deflated: for a seek index, and for workers. 0, -ENOMEM. */
int window_pack(const uint8_t *window, size_t n, uint8_t **ret, size_t *ret_n);
int window_unpack(const uint8_t *p, size_t packed_n, uint8_t *ret, size_t n); /* 0, -EBADMSG, -ENOMEM */
