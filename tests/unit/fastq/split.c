/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gzip files of every kind in slices of every size, by workers that do things in any order, against the same file in one slice:
 * number and content of the records, and kind and place of the fault, must be the same always.
 *
 * FQ_SEED and FQ_FILES (how many files of each kind: 4, with sanitizers a large and a small one) look further.
 */
#include "lib/fastq/split.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "tests/unit/fastq/drive_split.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

/* ---- texts */

/* Records of about `size` bytes of text, whose names and sequences are like each other as those of a sequencer are. */
static void make_records(struct bytes *text, size_t size, uint64_t *random)
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

struct maker {
	const char *name;
	int level, window_bits, memory, strategy;
	size_t flush;   /* bytes of text between flushes of kind */
	int flush_kind;
	size_t member;  /* bytes of text of a member, about; 0: all */
	bool libdeflate;
	bool padding;
};

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

static void make_file(struct bytes *file, const struct maker *maker, const struct bytes *text, uint64_t *random)
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

/* ---- cuts */

struct sum {
	uint64_t files, cuts, bad, faults;
	struct split_tally tally;
};

static bool same(const struct driven *a, const struct driven *b)
{
	return a->code == b->code && a->records == b->records && a->digest == b->digest && a->fault.kind == b->fault.kind &&
	       text_place_equal(a->fault.at, b->fault.at) && a->fault.record == b->fault.record && strcmp(a->err.text, b->err.text) == 0;
}

static void try_cut(const struct bytes *file, const struct driven *whole, const struct split_options *options, const char *name,
                    struct sum *sum)
{
	int fd = memory_file(file->p, file->n);
	struct driven cut;

	drive_split(fd, "made", options, &cut, &sum->tally);
	sum->cuts++;
	/* The number of a fault's record is counted from the slice that it is in. */
	cut.fault.record = whole->fault.record;
	if (!same(whole, &cut)) {
		sum->bad++;
		diag("%s: slices of %" PRIu64 " of %zu bytes, seed %" PRIu64 ": code %d %s", name, options->slice_size, file->n,
		     options->seed, cut.code, cut.err.text);
		diag("records %" PRIu64 ", wanted %" PRIu64 " %s; digest %d; fault %d at %" PRIu64 "+%" PRIu64 ", wanted %d at %" PRIu64
		     "+%" PRIu64,
		     cut.records, whole->records, whole->err.text, cut.digest == whole->digest, cut.fault.kind, cut.fault.at.block,
		     cut.fault.at.within, whole->fault.kind, whole->fault.at.block, whole->fault.at.within);
	}
	close(fd);
}

static void try_file(const struct bytes *file, const char *name, unsigned int cuts, uint64_t *random, struct sum *sum)
{
	struct drive_options whole_options = {.lenient = random_below(random, 5) == 0};
	int fd = memory_file(file->p, file->n);
	struct driven whole;

	drive(fd, "made", &whole_options, &whole);
	close(fd);
	sum->files++;
	if (whole.code < 0 || whole.kind != FILE_GZIP)
		return;
	sum->faults += whole.code == CHAIN_FAULT;
	for (unsigned int i = 0; i < cuts && sum->bad < 5; i++) {
		struct split_options options = {
		    .slice_size = i == 0 ? file->n / 3 + 1 : 500 + random_below(random, file->n / (1 + i % 4)),
		    .text_max = i % 5 == 4 ? 100000 : 64u << 20,
		    .seed = random_next(random),
		    .lenient = whole_options.lenient,
		    .lose = i % 3 == 2,
		    .ahead = i % 4 == 3,
		};

		try_cut(file, &whole, &options, name, sum);
	}
}

/* Bits turned, bytes cut, zeroed or put in. */
static void damage(struct bytes *file, uint64_t *random)
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

static void report(const struct sum *sum, const char *name)
{
	ok(sum->bad == 0, "%s: %" PRIu64 " files (%" PRIu64 " at fault), %" PRIu64 " cuts", name, sum->files, sum->faults, sum->cuts);
	diag("%" PRIu64 " inflated (%" PRIu64 " unsure, %" PRIu64 " large), %" PRIu64 " placed, %" PRIu64 " from a point, %" PRIu64
	     " empty, %" PRIu64 " rests",
	     sum->tally.inflated, sum->tally.unsure, sum->tally.large, sum->tally.placed, sum->tally.pointed, sum->tally.empty,
	     sum->tally.rests);
}

static const struct maker makers[] = {
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

static void try_maker(const struct maker *maker, uint64_t files, uint64_t seed)
{
	struct sum good = {0}, bad = {0};

	for (uint64_t i = 0; i < files; i++) {
		uint64_t random = seed + i;
		struct bytes text = {0}, file = {0};
		char name[80];

		make_records(&text, random_below(&random, i % 2 ? 1500000 : 300000) >> (maker->member && maker->member < 100 ? 4 : 0), &random);
		make_file(&file, maker, &text, &random);
		snprintf(name, sizeof name, "%s, FQ_SEED=%" PRIu64 " FQ_FILES=1", maker->name, seed + i);
		try_file(&file, name, 8, &random, &good);
		if (file.n > 40) {
			damage(&file, &random);
			try_file(&file, name, 3, &random, &bad);
		}
		bytes_deinit(&text);
		bytes_deinit(&file);
	}
	report(&good, maker->name);
	report(&bad, "the same, damaged");
}

/* Text that is packed a thousand times smaller: a slice keeps no more than it may, and the file is read all the same. */
static void try_bomb(void)
{
	struct split_task task = {.text_max = 1 << 20};
	struct split_options options = {.slice_size = 8000, .text_max = 1 << 20, .seed = 1};
	struct drive_options whole_options = {0};
	const struct maker maker = {.level = 9, .memory = 1};
	struct bytes text = {0}, file = {0};
	struct split_tally tally = {0};
	struct driven whole, cut;
	struct split *split = NULL;
	uint64_t random = 1, most = 0;
	uint8_t *line = malloc(10 << 20);
	int fd, r = SPLIT_MORE;

	assert(line);
	memset(line, 'A', 10 << 20);
	bytes_add(&text, "@a\n", 3);
	bytes_add(&text, line, 10 << 20);
	bytes_add(&text, "\n+\n", 3);
	bytes_add(&text, line, 10 << 20);
	bytes_add(&text, "\n", 1);
	make_file(&file, &maker, &text, &random);
	fd = memory_file(file.p, file.n);
	task.file_size = task.end = file.n;
	task.begin = 500;
	if (split_new(fd, &task, NULL, &split, NULL) == 0)
		while ((r = split_step(split)) == SPLIT_MORE)
			most = split_held(split) > most ? split_held(split) : most;
	is_int(r, SPLIT_LARGE, "%zu bytes of text in %zu are too many for a slice", text.n, file.n);
	ok(most > 0 && most <= 4 * task.text_max + (256u << 10), "it held %" PRIu64 " bytes", most);
	split_free(split);
	drive(fd, "made", &whole_options, &whole);
	drive_split(fd, "made", &options, &cut, &tally);
	ok(whole.code == CHAIN_DONE && same(&whole, &cut), "the file is read");
	ok(tally.large > 0, "%" PRIu64 " slices of it from a known point", tally.pointed);
	close(fd);
	bytes_deinit(&text);
	bytes_deinit(&file);
	free(line);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(void)
{
	const char *slow = getenv("FQ_SANITIZERS");
	uint64_t seed = number_from("FQ_SEED", 1), files = number_from("FQ_FILES", slow && *slow ? 2 : 4);

	try_bomb();
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
		try_maker(&makers[i], files, seed);
	return done_testing();
}
