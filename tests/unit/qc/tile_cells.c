/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the module of tiles: headers, inner loops, the numbers of a tile, and what unpacking refuses. */
#include "lib/qc/tile_cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/module.h"
#include "lib/qc/tile_header.h"
#include "lib/qc/tile_set.h"
#include "tests/unit/qc/tiles_plain.h"
#include "tests/unit/tap.h"

/* ---- headers */

static void test_headers(void)
{
	static const struct {
		const char *name;
		int field, at;
		bool found;
		int32_t number;
	} headers[] = {
	    {"a:b:c:d:7:e:f", 4, 4, true, 7},
	    {"a:b:c:d:7:e:f:g 1:N:0", 4, 4, true, 7},
	    {"a:b:7:d:e:f", 2, 2, true, 7},
	    {"a:b:7:d:e::", 2, 2, true, 7},
	    {"a:b:7:d:e::x", 4, 2, true, 7},
	    {"a:b:7:d:::", TILE_FIELD_NONE, 2, true, 7},
	    {"a:b:7", TILE_FIELD_NONE, 2, true, 7},
	    {"a:b:7", TILE_FIELD_NONE, 4, false, 0},
	    {"", TILE_FIELD_NONE, 2, false, 0},
	    {"::::::", TILE_FIELD_NONE, 4, false, 0},
	    {"::::7::x", 4, 4, true, 7},
	    {"a:b:007:d:e", 2, 2, true, 7},
	    {"a:b:+7:d:e", 2, 2, true, 7},
	    {"a:b:-7:d:e", 2, 2, true, -7},
	    {"a:b:7 :d:e", 2, 2, false, 0},
	    {"a:b:+:d:e", 2, 2, false, 0},
	    {"a:b::d:e", 2, 2, false, 0},
	    {"a:b:2147483647:d:e", 2, 2, true, INT32_MAX},
	    {"a:b:2147483648:d:e", 2, 2, false, 0},
	    {"a:b:-2147483648:d:e", 2, 2, true, INT32_MIN},
	    {"a:b:-2147483649:d:e", 2, 2, false, 0},
	    {"a:b:36893488147419103233:d:e", 2, 2, false, 0},
	};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		const uint8_t *name = (const uint8_t *)headers[i].name;
		uint32_t n = (uint32_t)strlen(headers[i].name), at, end;
		int32_t number = 0;
		bool found = header_field_at(name, n, headers[i].at, &at) && header_tile(name, n, at, &number, &end);

		ok(header_field(name, n) == headers[i].field && found == headers[i].found && (!found || number == headers[i].number),
		   "header '%s'", headers[i].name);
	}
}

/* ---- inner loops */

#define ROUNDS 300

static void pieces_make(struct reads *reads, struct piece *pieces, size_t n, uint32_t longest, uint64_t seed)
{
	struct reads_kind kind = {.n = n, .shortest = 1, .longest = longest, .lowest = 0, .highest = seed % 3 == 0 ? 70 : 255};

	if (seed % 4 == 0)
		kind.lowest = kind.highest = 63;
	reads_make(reads, &kind, seed);
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct piece){reads->records[i].quality, reads->records[i].quality_length};
}

static bool low_same(const struct tile_kernel *kernel, const struct tile_kernel *portable, uint32_t longest, uint64_t seed)
{
	uint16_t sums[2][QUALITY_SPAN] = {0}, counts[2][QUALITY_SPAN] = {0};
	struct piece pieces[TILE_PIECES];
	size_t n = seed % (TILE_PIECES + 1);
	struct reads reads;

	pieces_make(&reads, pieces, n, longest, seed);
	kernel->add_low(sums[0], counts[0], pieces, n);
	portable->add_low(sums[1], counts[1], pieces, n);
	reads_deinit(&reads);
	return memcmp(sums[0], sums[1], sizeof sums[0]) == 0 && memcmp(counts[0], counts[1], sizeof counts[0]) == 0;
}

/* Also: nothing behind the piece's end is touched. */
static bool one_same(const struct tile_kernel *kernel, const struct tile_kernel *portable, uint32_t longest, uint64_t seed)
{
	_cleanup_(freep) uint32_t *sums = NULL, *other = NULL;
	struct piece piece;
	struct reads reads;
	bool same;

	pieces_make(&reads, &piece, 1, longest, seed);
	sums = calloc(piece.n, sizeof(uint32_t));
	other = calloc(piece.n, sizeof(uint32_t));
	if (!sums || !other)
		abort();
	same = kernel->add_one(sums, piece) == portable->add_one(other, piece) &&
	       memcmp(sums, other, piece.n * sizeof(uint32_t)) == 0;
	reads_deinit(&reads);
	return same;
}

static void test_kernels(void)
{
	const struct tile_kernel *kernels;
	size_t n;

	kernels = tile_kernels(&n);
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		if (!kernels[i].supported()) {
			skip("this CPU has no %s", kernels[i].name);
			continue;
		}
		for (uint64_t seed = 1; seed <= ROUNDS; seed++)
			same += low_same(&kernels[i], &kernels[n - 1], (uint32_t)seed, seed) &&
			        low_same(&kernels[i], &kernels[n - 1], 700, seed) &&
			        one_same(&kernels[i], &kernels[n - 1], (uint32_t)seed, seed);
		is_u64(same, ROUNDS, "%s: as the portable loops", kernels[i].name);
	}
}

/* ---- many reads of one tile */

#define PLENTY ((1u << 24) + 1000) /* reads, of which 32 bits do not hold the sum */

static bool plenty_right(const struct tile_cells *cells, uint64_t reads)
{
	return cells->reads == reads && cells->lowest == 10 && tile_cells_get(cells, ROW_SUMS, 0) == reads * 255 &&
	       tile_cells_get(cells, ROW_SUMS, 1) == reads * 10 && tile_cells_get(cells, ROW_SUMS, 2) == 0 &&
	       tile_cells_get(cells, ROW_ENDS, 0) == 0 && tile_cells_get(cells, ROW_ENDS, 1) == reads &&
	       tile_cells_get(cells, ROW_LOW_SUMS, 0) == 0 && tile_cells_get(cells, ROW_LOW_SUMS, 1) == reads * 10 &&
	       tile_cells_get(cells, ROW_LOW_READS, 1) == reads;
}

static void test_plenty(void)
{
	const struct tile_loops loops = {quality_kernel_best(), tile_kernel_best()};
	struct tile_set_bounds bounds = {.limit = 1, .reads = 2 * PLENTY, .first = 1, .last = 2 * PLENTY, .split = true};
	uint8_t text[2 + BATCH_SLACK] = {255, 10};
	struct piece pieces[TILE_PIECES];
	struct tile_set set = {0}, back = {0};
	struct unpacker unpacker;
	struct packer packer = {0};
	struct tile_cells *cells;
	struct error err = {0};

	for (size_t i = 0; i < TILE_PIECES; i++)
		pieces[i] = (struct piece){text, 2};
	if (tile_set_find(&set, 7, 1, 1, &cells) < 0)
		abort();
	for (uint32_t left = PLENTY, n; left > 0; left -= n) {
		n = left < TILE_PIECES ? left : TILE_PIECES;
		if (tile_set_add(&set, cells, &loops, pieces, n, true) < 0)
			abort();
	}
	ok(plenty_right(cells, PLENTY), "%u reads of one tile", PLENTY);
	ok(tile_set_merge(&back, &set, 1, 0) == 0 && tile_set_merge(&back, &set, 1, 0) == 0 &&
	       plenty_right(back.entries[0].cells, 2 * PLENTY), "and twice as many merged");
	tile_set_pack(&back, &bounds, &packer);
	tile_set_deinit(&back);
	unpacker = (struct unpacker){packer.bytes, packer.bytes + packer.n};
	ok(tile_set_unpack(&back, &bounds, &unpacker, &err) == 0 && plenty_right(back.entries[0].cells, 2 * PLENTY) &&
	       unpack_left(&unpacker) == 0, "and unpacked %s", err.text);
	ok(tile_set_add(&back, back.entries[0].cells, &loops, pieces, 1, true) == 0 &&
	       plenty_right(back.entries[0].cells, 2 * PLENTY + 1), "and added to");
	is_int(tile_set_find(&set, 8, 1, 1, &cells), TILE_SET_FULL, "no second tile where one is the limit");
	tile_set_deinit(&set);
	tile_set_deinit(&back);
	free(packer.bytes);
}

/* ---- more positions than FastQC could hold */

static void test_positions(void)
{
	const struct tile_loops loops = {quality_kernel_best(), tile_kernel_best()};
	struct reads_kind kind = {1, TILE_SET_POSITIONS_MAX / 2, TILE_SET_POSITIONS_MAX / 2, 'I', 'I', false};
	struct tile_set set = {0};
	struct tile_cells *cells;
	struct piece piece;
	struct reads reads;
	int r = 0;

	reads_make(&reads, &kind, 1);
	piece = (struct piece){reads.records[0].quality, reads.records[0].quality_length};
	for (int32_t tile = 0; r == 0 && tile < 2; tile++) {
		r = tile_set_find(&set, tile, 3, 1, &cells);
		if (r == 0)
			r = tile_set_add(&set, cells, &loops, &piece, 1, false);
	}
	is_int(r, 0, "two tiles of %u positions", piece.n);
	piece.n = 1;
	r = tile_set_find(&set, 2, 3, 1, &cells);
	if (r == 0)
		r = tile_set_add(&set, cells, &loops, &piece, 1, false);
	is_int(r, TILE_SET_FULL, "and no further position");
	tile_set_deinit(&set);
	reads_deinit(&reads);
}

/* ---- damage */

/* Refused with a sentence, or taken and then packed to the very same bytes. */
static bool sound(const uint8_t *bytes, size_t n)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *again = NULL;
	struct error err = {0};
	size_t again_n;
	int r = counters_unpack(bytes, n, &counters, &err);

	if (r < 0)
		return r == -EBADMSG && err.text[0] != '\0';
	again = counters_bytes(counters, &again_n);
	return again_n == n && memcmp(again, bytes, n) == 0;
}

static void crc_put(uint8_t *bytes, size_t n)
{
	uint32_t crc = crc32_add(0, bytes, n - 4);

	for (size_t i = 0; i < 4; i++)
		bytes[n - 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void test_damage(enum compat compat, const struct prior *prior)
{
	static const struct tiles_kind kind = {"", 70, 3, 0, 5, '(', 'J', 0, 0, 100, true, false};
	_cleanup_(freep) uint8_t *bytes = NULL, *copy = NULL;
	struct counters *counters = NULL;
	struct count_rules rules;
	struct tiles_file file;
	size_t n, bad = 0;
	uint64_t seed = 9;

	rules_default(&rules, compat);
	if (counters_new(COUNT_TILES, &rules, prior, &counters) < 0)
		abort();
	tiles_file_make(&file, &kind, 1);
	reads_count(&(struct reads){.n = file.n, .records = file.records}, 0, file.n, &seed, counters);
	tiles_file_deinit(&file);
	bytes = counters_bytes(counters, &n);
	counters_free(counters);
	copy = malloc(n);
	if (!copy)
		abort();
	for (size_t i = 8; i < n; i++) { /* a cut */
		memcpy(copy, bytes, i);
		crc_put(copy, i);
		bad += !sound(copy, i);
	}
	for (size_t i = 0; i < 255 * (n - 4); i++) { /* every other byte at every place */
		memcpy(copy, bytes, n);
		copy[i / 255] = (uint8_t)(copy[i / 255] + 1 + i % 255);
		crc_put(copy, n);
		bad += !sound(copy, n);
	}
	is_u64(bad, 0, "%s, %s: %zu damaged bytes are refused with a sentence, or canonical", compat_name(compat),
	       prior->known ? "known place" : "unknown place", n);
}

int main(void)
{
	test_headers();
	test_kernels();
	test_plenty();
	test_positions();
	for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
		test_damage(compat, &PRIOR_UNKNOWN);
		test_damage(compat, &PRIOR_FIRST);
	}
	return done_testing();
}
