/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters against a count by the plainest means, and against themselves: whatever the batches, the
 * splits and the order of merging neighbours, the packed bytes are the same.
 */
#include "lib/qc/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/quality_sum.h"
#include "lib/qc/byte_table.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define ONE_MEBI (1u << 20)

/* Modules that count the same whatever order spans are merged in. */
#define UNORDERED (COUNT_ALL & ~COUNT_ORDERED)

static const struct {
	const char *name;
	struct reads_kind kind;
} kinds[] = {
    {"one short read", {1, 1, 1, '!', '~'}},
    {"empty reads", {5, 0, 0, '!', '~'}},
    {"reads of 150", {3000, 150, 150, '#', 'F'}},
    {"trimmed reads", {3000, 0, 151, '!', 'K'}},
    {"reads around the edges of blocks", {2000, 250, 260, '!', '~'}},
    {"two qualities", {2000, 100, 101, 'A', 'B'}},
    {"reads up to 5000", {300, 1, 5000, '!', '~'}},
    {"a read of more than 64 Ki", {3, 60000, 70000, '!', '~'}},
    {"any byte but a line's end, lengths that differ", {1000, 0, 300, '\r' + 1, 255, true}},
    {"highest bytes", {1500, 60, 70, 255, 255, true}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* ---- the plainest means */

struct plain {
	uint64_t positions, bases;
	uint64_t (*table)[256];
};

static void plain_count(const struct reads *reads, struct plain *plain)
{
	*plain = (struct plain){0};
	for (size_t i = 0; i < reads->n; i++) {
		plain->bases += reads->records[i].length;
		if (reads->records[i].quality_length > plain->positions)
			plain->positions = reads->records[i].quality_length;
	}
	plain->table = calloc(plain->positions + 1, sizeof *plain->table);
	if (!plain->table)
		abort();
	for (size_t i = 0; i < reads->n; i++)
		for (uint32_t p = 0; p < reads->records[i].quality_length; p++)
			plain->table[p][reads->records[i].quality[p]]++;
}

static bool sums_right(const struct quality_sum *sum, const struct plain *plain)
{
	bool right = true;
	struct reach reach;

	if (reach_init(&reach, &sum->lengths) < 0)
		abort();
	right = reach.longest == plain->positions;
	for (uint64_t p = 0; right && p < plain->positions; p++) {
		uint64_t reads = 0, bytes = 0;

		for (unsigned int byte = 0; byte < 256; byte++) {
			reads += plain->table[p][byte];
			bytes += plain->table[p][byte] * byte;
		}
		right = reach_at(&reach, p) == reads && quality_sum_at(sum, p) == bytes;
	}
	reach_deinit(&reach);
	return right;
}

static bool range_right(const struct quality_sum *sum, const struct plain *plain)
{
	struct byte_range range = {255, 0};

	for (uint64_t p = 0; p < plain->positions; p++)
		for (unsigned int byte = 0; byte < 256; byte++)
			if (plain->table[p][byte] > 0) {
				range.lowest = byte < range.lowest ? (uint8_t)byte : range.lowest;
				range.highest =
				    byte > range.highest ? (uint8_t)byte : range.highest;
			}
	return range.lowest == sum->range.lowest && range.highest == sum->range.highest;
}

static bool table_right(const struct byte_table *table, const struct plain *plain)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	bool right = table->n == (plain->positions + QUALITY_ROW - 1) / QUALITY_ROW;

	for (size_t block = 0; right && block < table->n; block++) {
		if (table_view_take(&view, table, block) < 0)
			abort();
		for (size_t p = 0; right && p < QUALITY_ROW; p++)
			for (unsigned int byte = 0; right && byte < 256; byte++) {
				uint64_t at = block * QUALITY_ROW + p;
				uint64_t want = at < plain->positions ? plain->table[at][byte] : 0;

				right = table_view_count(&view, (uint8_t)byte, p) == want;
			}
	}
	return right;
}

static void test_numbers(const char *name, const struct reads *reads,
                         const struct counters *counters)
{
	struct plain plain;

	plain_count(reads, &plain);
	is_u64(counters_reads(counters), reads->n, "%s: reads", name);
	is_u64(counters_bases(counters), plain.bases, "%s: bases", name);
	ok(sums_right(counters_state(counters, MODULE_QUALITY_SUM), &plain), "%s: sums by position",
	   name);
	ok(range_right(counters_state(counters, MODULE_QUALITY_SUM), &plain), "%s: range of bytes",
	   name);
	ok(table_right(counters_state(counters, MODULE_QUALITY_TABLE), &plain),
	   "%s: table of bytes", name);
	free(plain.table);
}

/* ---- merging */

/* Counters that begin with the file. */
static struct counters *first_make(void)
{
	struct counters *counters = NULL;

	if (counters_new(UNORDERED, NULL, &PRIOR_FIRST, &counters) < 0)
		abort();
	return counters;
}

/*
 * Counts the reads cut into pieces at random places (some may be empty), merges random neighbours until one is left (they
 * may have travelled packed), and compares its packed bytes.
 */
static bool merge_same(const struct reads *reads, const uint8_t *want, size_t want_n, uint64_t seed)
{
	struct counters *pieces[8];
	_cleanup_(freep) uint8_t *got = NULL;
	size_t n = 2 + random_below(&seed, 7), from = 0, got_n;
	bool same;

	for (size_t i = 0; i < n; i++) {
		size_t to = i == n - 1 ? reads->n : from + random_below(&seed, reads->n - from + 1);

		pieces[i] = i == 0 ? first_make() : counters_make(UNORDERED);
		reads_count(reads, from, to, &seed, pieces[i]);
		from = to;
	}
	for (; n > 1; n--) {
		size_t a = random_below(&seed, n - 1);

		if (random_below(&seed, 2))
			pieces[a + 1] = counters_travel(pieces[a + 1]);
		if (random_below(&seed, 2))
			pieces[a] = counters_travel(pieces[a]);
		if (counters_merge(pieces[a], pieces[a + 1], &(uint32_t){0}) < 0)
			return false;
		counters_free(pieces[a + 1]);
		memmove(&pieces[a + 1], &pieces[a + 2], (n - a - 2) * sizeof pieces[0]);
	}
	got = counters_bytes(pieces[0], &got_n);
	same = got_n == want_n && memcmp(got, want, want_n) == 0;
	counters_free(pieces[0]);
	return same;
}

static void test_merge(const char *name, const struct reads *reads)
{
	_cleanup_(counters_freep) struct counters *counters = first_make();
	_cleanup_(freep) uint8_t *bytes = NULL;
	uint64_t first_seed = 7;
	bool same = true;
	size_t n;

	reads_count(reads, 0, reads->n, &first_seed, counters);
	bytes = counters_bytes(counters, &n);
	for (uint64_t seed = 1; same && seed <= 12; seed++)
		same = merge_same(reads, bytes, n, seed * 7919);
	ok(same, "%s: the same %zu bytes for any split and order of merging", name, n);
}

static void test_round_trip(const char *name, const struct counters *counters)
{
	_cleanup_(counters_freep) struct counters *again = NULL;
	_cleanup_(freep) uint8_t *bytes = NULL, *more = NULL;
	struct error err = {0};
	size_t n, more_n;

	bytes = counters_bytes(counters, &n);
	if (!ok(counters_unpack(bytes, n, &again, &err) == 0, "%s: unpacks %s", name, err.text))
		return;
	more = counters_bytes(again, &more_n);
	ok(n == more_n && memcmp(bytes, more, n) == 0, "%s: unpacked and packed again", name);
	is_u64(counters_modules(again), counters_modules(counters), "%s: modules", name);
}

static void test_kinds(void)
{
	for (size_t i = 0; i < KINDS; i++) {
		_cleanup_(counters_freep) struct counters *counters = first_make();
		struct reads reads;
		uint64_t seed = 99 + i;

		reads_make(&reads, &kinds[i].kind, i + 1);
		reads_count(&reads, 0, reads.n, &seed, counters);
		test_numbers(kinds[i].name, &reads, counters);
		test_round_trip(kinds[i].name, counters);
		test_merge(kinds[i].name, &reads);
		reads_deinit(&reads);
	}
}

/* One read of a million bases costs a few bytes a base. */
static void test_long(void)
{
	_cleanup_(counters_freep) struct counters *counters = counters_make(COUNT_MEAN | COUNT_QUALITY_TABLE);
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct reads_kind kind = {1, ONE_MEBI, ONE_MEBI, '!', '~'};
	struct reads reads;
	uint64_t seed = 1;
	size_t n;

	reads_make(&reads, &kind, 5);
	reads_count(&reads, 0, 1, &seed, counters);
	bytes = counters_bytes(counters, &n);
	ok(n < 5 * (size_t)ONE_MEBI, "a read of 1 Mi bases packs into %zu bytes", n);
	test_round_trip("a read of 1 Mi bases", counters);
	reads_deinit(&reads);
}

static void test_sets(void)
{
	_cleanup_(counters_freep) struct counters *mean = counters_make(COUNT_MEAN),
					     *all = counters_make(COUNT_ALL);
	_cleanup_(counters_freep) struct counters *none = counters_make(0);
	struct counters *unknown = NULL;

	is_int(counters_new(1u << 31, NULL, NULL, &unknown), -EINVAL, "an unknown module");
	is_int(counters_merge(mean, all, &(uint32_t){0}), -EINVAL, "sets that differ do not merge");
	is_int(counters_merge(all, mean, &(uint32_t){0}), -EINVAL, "nor the other way round");
	is_u64(counters_reads(none), 0, "the empty set has no reads");
	is_u64(counters_modules(mean), COUNT_MEAN, "modules");
	is_u64(counters_reads(mean) + counters_bases(mean), 0, "fresh counters are empty");
}

/* One read doubled until it no longer fits. */
static void test_overflow(void)
{
	_cleanup_(counters_freep) struct counters *counters = counters_make(COUNT_ALL);
	struct reads_kind kind = {1, 3, 3, 255, 255};
	struct reads reads;
	uint64_t seed = 1;
	int r = 0, doublings = 0;

	reads_make(&reads, &kind, 1);
	reads_count(&reads, 0, 1, &seed, counters);
	while (r == 0 && doublings < 100) {
		_cleanup_(counters_freep) struct counters *copy = NULL;
		_cleanup_(freep) uint8_t *bytes = NULL;
		size_t n;

		bytes = counters_bytes(counters, &n);
		if (counters_unpack(bytes, n, &copy, NULL) < 0)
			break;
		r = counters_merge(counters, copy, &(uint32_t){0});
		doublings += r == 0;
	}
	is_int(r, -EOVERFLOW, "too many reads are refused");
	is_int(doublings, 53, "3 bases times 2^53, not 2^54, are below 2^55");
	reads_deinit(&reads);
}

/* Reads of one base, n of them, which lie as rows (few), beside the columns (many, where the processor can), or as columns. */
static int table_overflow(size_t n, uint64_t others)
{
	_cleanup_(byte_table_deinit) struct byte_table into = {0}, from = {0};
	static const uint8_t base[1 + BATCH_SLACK] = "A";
	struct packer packer = {0};
	struct unpacker unpacker;
	struct piece pieces[64];
	int r;

	byte_table_init(&into);
	byte_table_init(&from);
	for (size_t i = 0; i < n; i++)
		pieces[i] = (struct piece){base, 1};
	r = byte_table_add(&from, pieces, n);
	pack_u64(&packer, 1); /* a position, of one byte */
	pack_u64(&packer, 1);
	pack_u64(&packer, 'A');
	pack_u64(&packer, others);
	unpacker = (struct unpacker){.at = packer.bytes, .end = packer.bytes + packer.n};
	if (r == 0)
		r = byte_table_unpack(&into, &unpacker, NULL);
	free(packer.bytes);
	return r == 0 ? byte_table_merge(&into, &from) : r;
}

static void test_table_overflow(void)
{
	for (size_t n = 1; n <= 64; n += 63) {
		is_int(table_overflow(n, COUNT_TOTAL_MAX - n), 0, "as many reads as there can be, %zu of them added to a table", n);
		is_int(table_overflow(n, COUNT_TOTAL_MAX - n + 1), -EOVERFLOW, "one too many is refused");
	}
}

/* The digest of the reads, counted with so much known of the text before. */
static void digest_of(const struct reads *reads, const struct prior *prior, uint64_t seed, uint8_t ret[32])
{
	_cleanup_(counters_freep) struct counters *counters = NULL, *again = NULL;
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct error err = {0};
	size_t n;

	if (counters_new(COUNT_ALL, NULL, prior, &counters) < 0)
		abort();
	reads_count(reads, 0, reads->n, &seed, counters);
	bytes = counters_bytes(counters, &n);
	if (counters_unpack(bytes, n, &again, &err) < 0 || counters_digest(again, bytes, ret) < 0)
		abort();
}

/* Copies of one slice have the same digest, in whatever batches it came and whatever was known; others do not. */
static void test_digest_of(const char *name, const struct reads_kind *kind)
{
	const struct prior known = {.known = true, .reads = 4, .qualities = 4, .tile_field = TILE_FIELD_NONE};
	uint8_t first[32], other[32], none[32] = {0};
	struct reads reads;

	reads_make(&reads, kind, 7);
	digest_of(&reads, &PRIOR_FIRST, 1, first);
	digest_of(&reads, &PRIOR_FIRST, 2, other);
	ok(memcmp(first, other, sizeof first) == 0, "%s: the file's first slice has the same digest in other batches", name);
	digest_of(&reads, &PRIOR_UNKNOWN, 1, first);
	ok(memcmp(first, none, sizeof none) != 0, "%s: another slice has one, too", name);
	digest_of(&reads, &PRIOR_UNKNOWN, 2, other);
	ok(memcmp(first, other, sizeof first) == 0, "%s: which is the same in other batches", name);
	digest_of(&reads, &known, 3, other);
	ok(memcmp(first, other, sizeof first) == 0, "%s: and when something is known of the text before", name);
	reads_deinit(&reads);
}

static void test_digest(void)
{
	const struct reads_kind kind = {2000, 90, 110, '#', 'F'};
	uint8_t first[32], other[32];
	struct reads reads;
	uint8_t *quality;

	for (size_t i = 0; i < KINDS; i++)
		test_digest_of(kinds[i].name, &kinds[i].kind);
	reads_make(&reads, &kind, 7);
	digest_of(&reads, &PRIOR_UNKNOWN, 1, first);
	quality = (uint8_t *)(uintptr_t)&reads.records[1234].quality[5];
	*quality = (uint8_t)(*quality == '#' ? '$' : '#');
	digest_of(&reads, &PRIOR_UNKNOWN, 1, other);
	ok(memcmp(first, other, sizeof first) != 0, "one quality that differs is seen in the digest");
	reads_deinit(&reads);
}

int main(void)
{
	test_sets();
	test_kinds();
	test_long();
	test_overflow();
	test_table_overflow();
	test_digest();
	return done_testing();
}
