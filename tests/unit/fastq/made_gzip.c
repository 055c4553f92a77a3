/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: gzip files of many kinds: see made_gzip.h. */
#include "tests/unit/fastq/made_gzip.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "tests/unit/fastq/drive.h"

/* ---- texts */

void make_records(struct bytes *text, size_t size, uint64_t *random)
{
	unsigned int length = 20 + (unsigned int)random_below(random, 180), levels = 2 + (unsigned int)random_below(random, 40);
	char line[1024], old[256] = "";
	uint64_t x = 1000;

	for (uint64_t i = 0; text->n < size; i++) {
		unsigned int n = random_below(random, 5) ? length : 1 + (unsigned int)random_below(random, length);
		int at = snprintf(line, sizeof line, "@SIM:1:FCX:1:%" PRIu64 ":%" PRIu64 ":%" PRIu64 " 1:N:0:ATCACG\n", 1000 + i / 500,
		                  x += random_below(random, 20), random_below(random, 20000));
		bool copy = i > 0 && random_below(random, 8) == 0;

		for (unsigned int k = 0; k < n; k++)
			line[at + (int)k] = copy && old[k] ? old[k] : "ACGT"[random_below(random, 4)];
		if (n < sizeof old)
			memcpy(old, line + at, n);
		at += (int)n;
		at += sprintf(line + at, "\n+\n");
		for (unsigned int k = 0; k < n; k++)
			line[at++] = (char)('!' + random_below(random, levels));
		line[at++] = '\n';
		bytes_add(text, line, (size_t)at);
	}
}

/* ---- files */

static void add_member(struct bytes *file, const struct maker *maker, const uint8_t *p, size_t n)
{
	size_t room = n + n / 4 + 100000;
	uint8_t *to = malloc(room);

	assert(to);
#ifdef HAVE_LIBDEFLATE
	if (maker->libdeflate) {
		struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(maker->level);

		bytes_add(file, to, libdeflate_gzip_compress(compressor, p, n, to, room));
		libdeflate_free_compressor(compressor);
		free(to);
		return;
	}
#endif
	z_stream z = {0};
	int r = deflateInit2(&z, maker->level, Z_DEFLATED, maker->window_bits ? maker->window_bits : 31,
	                     maker->memory ? maker->memory : 8, maker->strategy);

	assert(r == Z_OK);
	z.next_out = to;
	z.avail_out = (uInt)room;
	while (maker->flush && n > maker->flush) {
		z.next_in = (Bytef *)(uintptr_t)p;
		z.avail_in = (uInt)maker->flush;
		r = deflate(&z, maker->flush_kind);
		assert(r == Z_OK && z.avail_in == 0);
		p += maker->flush;
		n -= maker->flush;
	}
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	r = deflate(&z, Z_FINISH);
	assert(r == Z_STREAM_END);
	bytes_add(file, to, room - z.avail_out);
	(void)deflateEnd(&z);
	free(to);
}

void make_gzip_file(struct bytes *file, const struct maker *maker, const struct bytes *text, uint64_t *random)
{
	static const uint8_t zeros[3000];
	size_t at = 0;

	while (at < text->n || file->n == 0) {
		size_t left = text->n - at, n = maker->member && left > maker->member ? random_below(random, 2 * maker->member) : left;

		if (n > left)
			n = left;
		add_member(file, maker, text->p + at, n);
		at += n;
	}
	if (maker->padding)
		bytes_add(file, zeros, 1 + random_below(random, sizeof zeros));
}

void damage(struct bytes *file, uint64_t *random)
{
	size_t at = 20 + random_below(random, file->n - 20);

	switch (random_below(random, 5)) {
	case 0:
		file->n = at;
		break;
	case 1:
		memset(file->p + at, 0, file->n - at < 300 ? file->n - at : 300);
		break;
	case 2:
		file->p[file->n - 1 - random_below(random, 8)] ^= 1;
		break;
	case 3:
		memmove(file->p + at, file->p + at + 1, file->n - at - 1);
		file->n--;
		break;
	default:
		file->p[at] ^= (uint8_t)(1u << random_below(random, 8));
	}
}

const struct maker makers[] = {
    {.name = "level 1", .level = 1},
    {.name = "level 6", .level = 6},
    {.name = "level 9", .level = 9},
    {.name = "tiny blocks", .level = 6, .memory = 1},
    {.name = "huge blocks", .level = 9, .memory = 9},
    {.name = "small window", .level = 6, .window_bits = 16 + 9},
    {.name = "run lengths only", .level = 6, .strategy = Z_RLE},
    {.name = "Huffman codes only", .level = 6, .strategy = Z_HUFFMAN_ONLY},
    {.name = "fixed codes", .level = 6, .strategy = Z_FIXED},
    {.name = "stored", .level = 0},
    {.name = "stored, with flushes", .level = 0, .flush = 3000, .flush_kind = Z_FULL_FLUSH},
    {.name = "sync flushes", .level = 6, .flush = 700, .flush_kind = Z_SYNC_FLUSH},
    {.name = "partial flushes", .level = 6, .flush = 5000, .flush_kind = Z_PARTIAL_FLUSH},
    {.name = "as pigz does", .level = 6, .flush = 131072, .flush_kind = Z_SYNC_FLUSH},
    {.name = "members", .level = 6, .member = 100000},
    {.name = "small members", .level = 6, .member = 3000},
    {.name = "tiny members, padding", .level = 1, .member = 30, .padding = true},
    {.name = "padding", .level = 6, .padding = true},
    {.name = "stored members", .level = 0, .member = 70000},
#ifdef HAVE_LIBDEFLATE
    {.name = "libdeflate 1", .level = 1, .libdeflate = true},
    {.name = "libdeflate 12", .level = 12, .libdeflate = true},
    {.name = "libdeflate 6, members", .level = 6, .member = 50000, .libdeflate = true},
#endif
};
const size_t makers_n = sizeof makers / sizeof *makers;
