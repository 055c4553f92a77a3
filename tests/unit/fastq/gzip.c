/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers of gzip members: every field, every cut, and what is refused. */
#include "lib/fastq/gzip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/crc.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

static struct bytes header_of(uint8_t flags)
{
	struct bytes bytes = {0};

	bytes_add(&bytes, "\x1f\x8b\x08", 3);
	bytes_add(&bytes, &flags, 1);
	bytes_add(&bytes, "\0\0\0\0\0\xff", 6);
	return bytes;
}

static enum gzip_header_outcome parse(const struct bytes *bytes, struct gzip_header *ret)
{
	return gzip_header_parse(bytes->p, bytes->n, ret);
}

static void try_all_fields(void)
{
	struct bytes bytes = header_of(0x1f);
	struct gzip_header header = {0};
	uint64_t wrong = 0;
	uint32_t crc;

	bytes_add(&bytes, "\x06\0AB\x02\0xy", 8);
	bytes_add(&bytes, "reads.fq", 9);
	bytes_add(&bytes, "of today", 9);
	crc = crc32_add(0, bytes.p, bytes.n);
	bytes_add(&bytes, &(uint8_t){(uint8_t)crc}, 1);
	bytes_add(&bytes, &(uint8_t){(uint8_t)(crc >> 8)}, 1);
	is_int(parse(&bytes, &header), GZIP_HEADER_GOOD, "a header of all fields");
	is_u64(header.length, bytes.n, "its length");
	is_u64(header.block_size, 0, "is no BGZF");
	for (size_t n = 0; n < bytes.n; n++)
		wrong += gzip_header_parse(bytes.p, n, &header) != GZIP_HEADER_SHORT;
	is_u64(wrong, 0, "each cut of it is short");
	bytes.p[bytes.n - 1] ^= 1;
	is_int(parse(&bytes, &header), GZIP_HEADER_BAD, "its CRC is checked");
	bytes_deinit(&bytes);
}

static void try_bad(void)
{
	struct gzip_header header;
	struct bytes bytes;

	for (uint8_t flag = 0x20; flag; flag = (uint8_t)(flag << 1)) {
		bytes = header_of(flag);
		is_int(parse(&bytes, &header), GZIP_HEADER_BAD, "reserved flag 0x%02x", flag);
		bytes_deinit(&bytes);
	}
	bytes = header_of(0);
	bytes.p[2] = 7;
	is_int(parse(&bytes, &header), GZIP_HEADER_BAD, "a method that is not deflate");
	bytes_deinit(&bytes);

	bytes = header_of(0x08);
	for (unsigned int i = 0; i < 70000; i++)
		bytes_add(&bytes, "n", 1);
	is_int(parse(&bytes, &header), GZIP_HEADER_BAD, "a name without end");
	bytes_deinit(&bytes);
}

static void try_bgzf(void)
{
	struct gzip_header header = {0};
	struct gzip_trailer trailer;
	struct bytes bytes;

	is_int(gzip_header_parse(bgzf_eof_block, BGZF_EOF_SIZE, &header), GZIP_HEADER_GOOD,
	       "the end-of-file block of BGZF");
	is_u64(header.block_size, BGZF_EOF_SIZE, "its size");
	is_u64(header.length, BGZF_HEADER_MIN, "its header's length");
	trailer = gzip_trailer_read(bgzf_eof_block + BGZF_EOF_SIZE - GZIP_TRAILER_SIZE);
	ok(trailer.crc == 0 && trailer.size == 0, "its trailer");

	bytes = header_of(0x04);
	bytes_add(&bytes, "\x0d\0XY\x03\0abcBC\x02\0\x34\x12", 15);
	is_int(parse(&bytes, &header), GZIP_HEADER_GOOD, "BC behind another field");
	is_u64(header.block_size, 0x1235, "its size");
	bytes_deinit(&bytes);

	bytes = header_of(0x04);
	bytes_add(&bytes, "\x06\0BC\x02\0\x03\0", 8);
	is_int(parse(&bytes, &header), GZIP_HEADER_BAD, "a block smaller than its own header");
	bytes_deinit(&bytes);

	bytes = header_of(0x04);
	bytes_add(&bytes, "\x06\0BC\xff\0\x34\x12", 8);
	is_int(parse(&bytes, &header), GZIP_HEADER_GOOD, "a field beyond the extra field");
	is_u64(header.block_size, 0, "is not believed");
	bytes_deinit(&bytes);
}

int main(void)
{
	try_all_fields();
	try_bad();
	try_bgzf();
	return done_testing();
}
