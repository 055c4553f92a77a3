/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: small made files: see made.h. */
#include "tests/unit/fastq/made.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "tests/unit/fastq/drive.h"

void bytes_add(struct bytes *bytes, const void *p, size_t n)
{
	while (bytes->n + n > bytes->capacity) {
		bytes->capacity = bytes->capacity ? 2 * bytes->capacity : 256;
		bytes->p = realloc(bytes->p, bytes->capacity);
		assert(bytes->p);
	}
	if (n > 0)
		memcpy(bytes->p + bytes->n, p, n);
	bytes->n += n;
}

void bytes_deinit(struct bytes *bytes)
{
	free(bytes->p);
	*bytes = (struct bytes){0};
}

void made_deinit(struct made *made)
{
	bytes_deinit(&made->text);
	bytes_deinit(&made->file);
	free(made->places);
	*made = (struct made){0};
}

/* ---- text */

/* How one text is written; all of its records alike, or each in its own way. */
struct style {
	const char *line_ends[4];
	const char *bases, *qualities, *names;
	unsigned int length_most;
	bool one_length, blank_lines, plus_names;
};

static void add_text(struct bytes *text, const char *s)
{
	bytes_add(text, s, strlen(s));
}

static void add_some(struct bytes *text, const char *from, size_t n, uint64_t *random)
{
	for (size_t i = 0; i < n; i++)
		bytes_add(text, &from[random_below(random, strlen(from))], 1);
}

static void end_line(struct bytes *text, const struct style *style, uint64_t *random)
{
	add_text(text, style->line_ends[random_below(random, 4)]);
}

static void add_record(struct bytes *text, const struct style *style, uint64_t *random)
{
	size_t n = style->one_length ? style->length_most
	                             : random_below(random, style->length_most + 1);
	size_t name = text->n + 1, name_n;

	if (style->blank_lines && random_below(random, 4) == 0)
		end_line(text, style, random);
	add_text(text, "@");
	add_some(text, style->names, random_below(random, 12), random);
	name_n = text->n - name;
	end_line(text, style, random);
	add_some(text, style->bases, n, random);
	end_line(text, style, random);
	add_text(text, "+");
	if (style->plus_names && random_below(random, 2)) {
		struct bytes copy = {0};

		bytes_add(&copy, text->p + name, name_n);
		bytes_add(text, copy.p, copy.n);
		bytes_deinit(&copy);
	}
	end_line(text, style, random);
	add_some(text, style->qualities, n, random);
	end_line(text, style, random);
}

/* One small fault at a random place. */
static void spoil(struct bytes *text, uint64_t *random)
{
	static const char spoilers[] = "@+\n\r \t~\x7f\x80\x01" "A0";
	size_t at = random_below(random, text->n);

	switch (random_below(random, 4)) {
	case 0:
		text->p[at] = (uint8_t)spoilers[random_below(random, sizeof spoilers - 1)];
		break;
	case 1:
		memmove(text->p + at, text->p + at + 1, text->n - at - 1);
		text->n--;
		break;
	case 2:
		bytes_add(text, "", 1);
		memmove(text->p + at + 1, text->p + at, text->n - at - 1);
		text->p[at] = (uint8_t)spoilers[random_below(random, sizeof spoilers - 1)];
		break;
	default:
		text->n = at;
		break;
	}
}

static struct style choose_style(uint64_t *random)
{
	static const char *const ends[][4] = {
	    {"\n", "\n", "\n", "\n"},     {"\n", "\n", "\n", "\n"}, {"\r\n", "\r\n", "\r\n", "\r\n"},
	    {"\r", "\r", "\r", "\r"}, {"\n", "\r\n", "\r", "\n"},
	};
	static const char *const bases[] = {"ACGT", "ACGTN", "acgtACGT.", "@+A", "T0123", "@"};
	static const char *const qualities[] = {"IIIIF#", "@+I", "@", "+", "@+", "!~"};
	static const char *const names[] = {"abc:1", "ab c\t/1", "@+ab", "@", "+ "};
	struct style style = {
	    .bases = bases[random_below(random, 3)],
	    .qualities = qualities[random_below(random, 6)],
	    .names = names[random_below(random, 5)],
	    .length_most = (unsigned int)random_below(random, 16),
	    .one_length = random_below(random, 3) == 0,
	    .blank_lines = random_below(random, 4) == 0,
	    .plus_names = random_below(random, 3) == 0,
	};

	memcpy(style.line_ends, ends[random_below(random, 5)], sizeof style.line_ends);
	if (random_below(random, 4) == 0)
		style.bases = bases[random_below(random, 6)];
	return style;
}

void make_text(struct made *made, uint64_t *random)
{
	struct style style = choose_style(random);
	size_t n = random_below(random, 9);
	struct bytes *text = &made->text;

	for (size_t i = 0; i < n; i++)
		add_record(text, &style, random);
	if (style.blank_lines && random_below(random, 2))
		end_line(text, &style, random);
	if (text->n > 0 && random_below(random, 3) == 0)
		text->n--; /* no final line end, or half of one */
	if (text->n > 0 && random_below(random, 3) == 0)
		spoil(text, random);
	if (text->n > 0 && random_below(random, 12) == 0)
		spoil(text, random);
}

/* ---- files */

static void put_places(struct made *made, size_t from, size_t n, uint64_t block)
{
	while (made->places_capacity < from + n) {
		made->places_capacity = made->places_capacity ? 2 * made->places_capacity : 256;
		made->places = reallocarray(made->places, made->places_capacity,
		                            sizeof *made->places);
		assert(made->places);
	}
	for (size_t i = 0; i < n; i++)
		made->places[from + i] = (struct text_place){block, i};
}

void make_plain(struct made *made)
{
	made->kind = FILE_PLAIN;
	bytes_add(&made->file, made->text.p, made->text.n);
	put_places(made, 0, made->text.n, 0);
	for (size_t i = 0; i < made->text.n; i++)
		made->places[i] = (struct text_place){i, 0};
}

static void add_number(struct bytes *bytes, uint64_t number, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes_add(bytes, &(uint8_t){(uint8_t)(number >> 8 * i)}, 1);
}

static void deflate_bytes(struct bytes *out, const uint8_t *p, size_t n, int level)
{
	size_t room_n = n + n / 8 + 1024;
	uint8_t *room = malloc(room_n);
	z_stream z = {0};
	int r = deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);

	assert(r == Z_OK && room);
	z.next_in = (Bytef *)(uintptr_t)(p ? p : room);
	z.avail_in = (uInt)n;
	z.next_out = room;
	z.avail_out = (uInt)room_n;
	r = deflate(&z, Z_FINISH);
	assert(r == Z_STREAM_END);
	bytes_add(out, room, room_n - z.avail_out);
	(void)deflateEnd(&z); /* nothing is left to free but its state */
	free(room);
}

/* Header fields that an ordinary member may have. */
static void add_gzip_header(struct bytes *file, uint64_t *random)
{
	size_t start = file->n;
	uint8_t flags = (uint8_t)(random_below(random, 4) ? 0 : random_below(random, 32));

	bytes_add(file, "\x1f\x8b\x08", 3);
	add_number(file, flags, 1);
	add_number(file, random_next(random), 6);
	if (flags & 4) {
		bytes_add(file, "\x0a\0" "XY\x02\0hiAB\0\0", 12);
	}
	if (flags & 8)
		bytes_add(file, "name.fq", 8);
	if (flags & 16)
		bytes_add(file, "a comment", 10);
	if (flags & 2)
		add_number(file, crc32(0, file->p + start, (uInt)(file->n - start)), 2);
}

void make_member(struct made *made, size_t from, size_t n, bool block, uint64_t *random)
{
	struct bytes packed = {0}, *file = &made->file;
	const uint8_t *p = n > 0 ? made->text.p + from : NULL;

	put_places(made, from, n, file->n);
	deflate_bytes(&packed, p, n, (int)random_below(random, 10));
	if (block) {
		bytes_add(file, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
		add_number(file, 18 + packed.n + 8 - 1, 2);
	} else {
		add_gzip_header(file, random);
	}
	bytes_add(file, packed.p, packed.n);
	add_number(file, n > 0 ? crc32(0, p, (uInt)n) : 0, 4);
	add_number(file, n, 4);
	bytes_deinit(&packed);
}

struct member {
	size_t file, text; /* where it begins */
	bool block;
};

static void break_at(struct made *made, enum fault_kind kind, struct text_place at, size_t text_n)
{
	made->breaks = true;
	made->fault = (struct slice_fault){.kind = kind, .at = at};
	made->text.n = text_n;
}

/* Breaks the file in its last member, which begins at `last`, or behind it. */
static void break_file(struct made *made, const struct member *last, uint64_t *random)
{
	struct bytes *file = &made->file;
	size_t text_n = made->text.n, n = file->n - last->file;
	struct text_place at = {last->file, last->block ? 0 : text_n - last->text};
	static const uint8_t zeros[40];

	switch (random_below(random, 8)) {
	case 0: /* CRC */
		file->p[file->n - 8] ^= 1;
		break_at(made, FAULT_GZIP_CRC, at, last->block ? last->text : text_n);
		break;
	case 1: /* length: for a block it is the room that the text gets */
		file->p[file->n - 4] ^= 1;
		break_at(made, last->block ? FAULT_GZIP_DATA : FAULT_GZIP_CRC, at,
		         last->block ? last->text : text_n);
		break;
	case 2: /* garbage */
		break_at(made, FAULT_GZIP_GARBAGE, (struct text_place){file->n, 0}, text_n);
		add_text(file, "rubbish");
		break;
	case 3: /* garbage behind padding */
		bytes_add(file, zeros, 7);
		break_at(made, FAULT_GZIP_GARBAGE, (struct text_place){file->n, 0}, text_n);
		add_text(file, "\x1f\x8b");
		break;
	case 4: /* cut in the trailer */
		file->n -= 1 + random_below(random, 8);
		break_at(made, FAULT_GZIP_TRUNCATED, at, last->block ? last->text : text_n);
		break;
	case 5: /* cut anywhere in a member that is not the first */
		if (last->file == 0)
			break;
		file->n = last->file + 1 + random_below(random, n - 1);
		break_at(made, FAULT_GZIP_TRUNCATED, (struct text_place){last->file, 0}, last->text);
		made->fault_unsure = !last->block;
		break;
	default: /* padding, which is no fault */
		bytes_add(file, zeros, 1 + random_below(random, sizeof zeros - 1));
		break;
	}
}

static struct member add_members(struct made *made, unsigned int members, unsigned int ordinary,
                                 uint64_t *random)
{
	size_t from = 0;
	struct member last = {0};

	for (unsigned int i = 0; i < members; i++) {
		bool block = made->kind == FILE_BGZF && (i == 0 || random_below(random, 100) >= ordinary);
		size_t n = made->text.n - from;

		if (i + 1 < members)
			n = random_below(random, 4) == 0
			        ? 0
			        : random_below(random, 1 + 2 * n / (members - i)) % (n + 1);
		last = (struct member){made->file.n, from, block};
		make_member(made, from, n, block, random);
		from += n;
	}
	return last;
}

void make_gzip(struct made *made, uint64_t *random)
{
	struct member last;

	made->kind = FILE_GZIP;
	last = add_members(made, 1 + (unsigned int)random_below(random, 5), 100, random);
	if (random_below(random, 3) == 0)
		break_file(made, &last, random);
}

void make_bgzf(struct made *made, uint64_t *random)
{
	static const unsigned int ordinary[] = {0, 0, 30};
	struct member last;

	made->kind = FILE_BGZF;
	last = add_members(made, 1 + (unsigned int)random_below(random, 12),
	                   ordinary[random_below(random, 3)], random);
	if (random_below(random, 2)) {
		last = (struct member){made->file.n, made->text.n, true};
		make_member(made, made->text.n, 0, true, random); /* the end-of-file block, or like it */
	}
	if (random_below(random, 3) == 0)
		break_file(made, &last, random);
}
