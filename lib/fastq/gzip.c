/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wrapping of a gzip member: see gzip.h. Every length is checked before it is believed. */
#include "lib/fastq/gzip.h"

#include <string.h>

#include "lib/fastq/crc.h"

/* Flags of the header. */
#define FLAG_HEADER_CRC 0x02
#define FLAG_EXTRA 0x04
#define FLAG_NAME 0x08
#define FLAG_COMMENT 0x10
#define FLAGS_RESERVED 0xe0

#define FIXED_SIZE 10
#define STRING_MAX (64u << 10) /* name and comment, with their final zero */

const uint8_t bgzf_eof_block[BGZF_EOF_SIZE] = {
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 6, 0, 'B', 'C',
    2,    0,    0x1b, 0,    3, 0, 0, 0, 0, 0,    0, 0, 0,   0,
};

static uint32_t read_u16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t read_u32(const uint8_t *p)
{
	return read_u16(p) | read_u16(p + 2) << 16;
}

/* The block size of the BC subfield, or 0 where there is none or it is none that a block could have. */
static uint32_t find_block_size(const uint8_t *extra, size_t n)
{
	while (n >= 4) {
		size_t field = read_u16(extra + 2);

		if (field > n - 4)
			return 0;
		if (extra[0] == 'B' && extra[1] == 'C' && field == 2)
			return read_u16(extra + 4) + 1;
		extra += 4 + field;
		n -= 4 + field;
	}
	return 0;
}

static enum gzip_header_outcome skip_extra(const uint8_t *p, size_t n, struct gzip_header *header)
{
	size_t extra;

	if (n - header->length < 2)
		return GZIP_HEADER_SHORT;
	extra = read_u16(p + header->length);
	header->length += 2;
	if (n - header->length < extra)
		return GZIP_HEADER_SHORT;
	header->block_size = find_block_size(p + header->length, extra);
	header->length += extra;
	return GZIP_HEADER_GOOD;
}

static enum gzip_header_outcome skip_string(const uint8_t *p, size_t n, struct gzip_header *header)
{
	size_t most = n - header->length < STRING_MAX ? n - header->length : STRING_MAX;
	const uint8_t *zero = memchr(p + header->length, 0, most);

	if (!zero)
		return most == STRING_MAX ? GZIP_HEADER_BAD : GZIP_HEADER_SHORT;
	header->length = (size_t)(zero - p) + 1;
	return GZIP_HEADER_GOOD;
}

static enum gzip_header_outcome skip_crc(const uint8_t *p, size_t n, struct gzip_header *header)
{
	if (n - header->length < 2)
		return GZIP_HEADER_SHORT;
	if (read_u16(p + header->length) != (crc32_add(0, p, header->length) & 0xffff))
		return GZIP_HEADER_BAD;
	header->length += 2;
	return GZIP_HEADER_GOOD;
}

enum gzip_header_outcome gzip_header_parse(const uint8_t *p, size_t n, struct gzip_header *ret)
{
	static const struct {
		uint8_t flag;
		enum gzip_header_outcome (*skip)(const uint8_t *, size_t, struct gzip_header *);
	} fields[] = {
	    {FLAG_EXTRA, skip_extra},
	    {FLAG_NAME, skip_string},
	    {FLAG_COMMENT, skip_string},
	    {FLAG_HEADER_CRC, skip_crc},
	};
	static const uint8_t start[] = {GZIP_ID1, GZIP_ID2, 8};
	struct gzip_header header = {.length = FIXED_SIZE};

	if (memcmp(p, start, n < sizeof start ? n : sizeof start) != 0)
		return GZIP_HEADER_BAD;
	if (n > 3 && (p[3] & FLAGS_RESERVED))
		return GZIP_HEADER_BAD;
	if (n < FIXED_SIZE)
		return GZIP_HEADER_SHORT;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		enum gzip_header_outcome k;

		if (!(p[3] & fields[i].flag))
			continue;
		k = fields[i].skip(p, n, &header);
		if (k != GZIP_HEADER_GOOD)
			return k;
	}
	if (header.block_size && header.block_size < header.length + GZIP_TRAILER_SIZE)
		return GZIP_HEADER_BAD;
	*ret = header;
	return GZIP_HEADER_GOOD;
}

struct gzip_trailer gzip_trailer_read(const uint8_t p[GZIP_TRAILER_SIZE])
{
	return (struct gzip_trailer){.crc = read_u32(p), .size = read_u32(p + 4)};
}
