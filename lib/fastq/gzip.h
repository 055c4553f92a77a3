/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The wrapping of a gzip member (RFC 1952): header and trailer. BGZF is gzip whose members ("blocks") carry their whole
 * size in the extra field 'BC' (SAM specification, section 4.1) and hold at most 64 KiB of text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GZIP_ID1 0x1f
#define GZIP_ID2 0x8b
#define GZIP_TRAILER_SIZE 8
#define GZIP_HEADER_MAX (200u << 10) /* extra field, name and comment have at most 64 KiB each */
#define BGZF_HEADER_MIN 18           /* as every program writes it: an extra field of BC alone */
#define BGZF_BLOCK_MAX (64u << 10)   /* of a block in the file, and of its text */
#define BGZF_EOF_SIZE 28

struct gzip_header {
	size_t length;       /* of the header, in bytes */
	uint32_t block_size; /* BGZF: of the whole block; 0 in other gzip */
};

enum gzip_header_outcome {
	GZIP_HEADER_GOOD = 0,
	GZIP_HEADER_SHORT = 1, /* the n bytes end within the header */
	GZIP_HEADER_BAD = 2,   /* not deflate, reserved flags set, wrong header CRC, a field over its bound */
};

enum gzip_header_outcome gzip_header_parse(const uint8_t *p, size_t n, struct gzip_header *ret);

struct gzip_trailer {
	uint32_t crc;
	uint32_t size; /* of the text, modulo 2^32 */
};

struct gzip_trailer gzip_trailer_read(const uint8_t p[GZIP_TRAILER_SIZE]);

/* The empty block that ends a BGZF file. */
extern const uint8_t bgzf_eof_block[BGZF_EOF_SIZE];
