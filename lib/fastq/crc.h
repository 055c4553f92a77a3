/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CRC32 of gzip, by the fastest library that the build has. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The CRC of what was before (0 for nothing) and of n more bytes. */
uint32_t crc32_add(uint32_t crc, const uint8_t *p, size_t n);

/* The CRC of one text and n bytes of another behind it, by theirs. */
uint32_t crc32_join(uint32_t crc, uint32_t next, uint64_t n);
