/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tiles against a count by the plainest means: one pass that knows every ordinal. Files are cut at random places, slices counted
 * with or without knowledge of their place, merged in random trees, and what was lacking is counted again, as the
 * assembly of a file does.
 */
#include "lib/qc/tiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/qc/module.h"
#include "lib/qc/tile_header.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define NAME_MAX_TEST 96
#define SLICES_MAX 12
#define FORMS 9 /* of headers with a tile */

/* ---- files */

struct tiles_file {
	size_t n;
	struct record *records;
	char (*names)[NAME_MAX_TEST];
	uint8_t *bytes;
};

struct tiles_kind {
	const char *name;
	size_t n;
	uint32_t tiles, shortest, longest;
	uint8_t lowest, highest;
	unsigned int odd;       /* of 1000 headers, so many are of another form than the file's */
	unsigned int bad;       /* ... have no tile */
	unsigned int empty;     /* ... have no quality */
	bool ordered;           /* reads of a tile one after another */
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void number_make(char *ret, size_t size, uint64_t *seed, unsigned int tile)
{
	static const char *const signs[] = {"", "", "", "", "0", "+", "-", "00000000000"};

	if (random_below(seed, 200) == 0)
		(void)snprintf(ret, size, "%s", random_below(seed, 2) ? "2147483647" : "-2147483648");
	else
		(void)snprintf(ret, size, "%s%u", signs[random_below(seed, 8)], tile);
}

/* Headers of 7 fields and more have the tile in the fifth, those of 5 or 6 in the third; the last form in both. */
static void name_make(char *ret, uint64_t *seed, unsigned int form, unsigned int tile)
{
	static const struct {
		const char *before, *behind;
	} forms[FORMS] = {
	    {"M:1:FC:1:", ":10:5 1:N:0:AC"}, {"a:b:c:d:", ":e:9"}, {"a:b:", ":d:5"}, {"a:b:", ":d:e:1"}, {"a:b:", ":4:e::"},
	    {"a:b:", ":3:e:f::::"}, {"a:b:c:d:", ":f:1:h"}, {"S.1 H:1:", ":4:7"}, {"a:b:", ":d:"},
	};
	char number[40];

	number_make(number, sizeof number, seed, tile);
	(void)snprintf(ret, NAME_MAX_TEST, "%s%s%s%s%s", forms[form].before, number, forms[form].behind, form == FORMS - 1 ? number : "",
	               form == FORMS - 1 ? ":::" : "");
}

static void bad_make(char *ret, uint64_t *seed)
{
	static const char *const names[] = {
	    "a:b:2147483648:d:2147483648:f:g", "a:b::d::f:g", "a:b:x:d:y:f:g", "a:b:1 :d:2 :f:g", "r1", "", ":::::::", "a:b:1",
	    "a:b:+:d:-:f:g", "a:b:-2147483649:d:--1:f:g", "a:b:+-1:d:0x1:f:g", "a:b:99999999999999999999:d:1.0:f:g",
	};

	(void)snprintf(ret, NAME_MAX_TEST, "%s", names[random_below(seed, sizeof names / sizeof *names)]);
}

static void file_make(struct tiles_file *file, const struct tiles_kind *kind, uint64_t seed)
{
	struct reads reads;
	struct reads_kind reads_kind = {
	    .n = kind->n, .shortest = kind->shortest, .longest = kind->longest, .lowest = kind->lowest, .highest = kind->highest};
	unsigned int form = (unsigned int)(seed % FORMS);

	reads_make(&reads, &reads_kind, seed);
	seed = 2 * seed + 1;
	*file = (struct tiles_file){.n = reads.n, .records = reads.records, .bytes = reads.bytes};
	file->names = must(calloc(reads.n + 1, sizeof *file->names));
	for (size_t i = 0; i < file->n; i++) {
		struct record *record = &file->records[i];
		unsigned int tile = 1101 + (unsigned int)(kind->ordered ? i * kind->tiles / file->n : random_below(&seed, kind->tiles));

		if (random_below(&seed, 1000) < kind->bad)
			bad_make(file->names[i], &seed);
		else
			name_make(file->names[i], &seed, random_below(&seed, 1000) < kind->odd ? (unsigned int)random_below(&seed, FORMS) : form,
			          tile);
		record->name = (const uint8_t *)file->names[i];
		record->name_length = (uint32_t)strlen(file->names[i]);
		if (random_below(&seed, 1000) < kind->empty)
			record->quality_length = 0;
	}
}

static void file_deinit(struct tiles_file *file)
{
	free(file->records);
	free(file->names);
	free(file->bytes);
}

/* ---- the plainest means */

struct plain_tile {
	int32_t number;
	uint64_t first;
	uint32_t positions;
	uint8_t lowest;
	uint64_t *numbers; /* sums, reads, sums64, reads64: longest of each */
};

struct plain {
	int field; /* TILE_FIELD_*, as the first sampled read fixed it */
	bool gone; /* given up */
	uint64_t reads, qualities;
	size_t n;
	struct plain_tile *tiles;
	uint32_t longest;
};

/* The parts of a header by Java's split(":"); returns their number. */
static size_t java_split(const struct record *record, char parts[][NAME_MAX_TEST])
{
	char line[NAME_MAX_TEST + 1] = "@", *part = line, *colon;
	size_t n = 0;

	memcpy(line + 1, record->name, record->name_length);
	line[1 + record->name_length] = '\0';
	for (;;) {
		colon = strchr(part, ':');
		if (colon)
			*colon = '\0';
		strcpy(parts[n++], part);
		if (!colon)
			break;
		part = colon + 1;
	}
	while (n > 1 && parts[n - 1][0] == '\0')
		n--;
	return n;
}

static bool java_parse(const char *text, int32_t *ret)
{
	const char *digits = text + (text[0] == '+' || text[0] == '-');
	long long value;

	if (!*digits || strspn(digits, "0123456789") != strlen(digits))
		return false;
	errno = 0;
	value = strtoll(text, NULL, 10);
	*ret = (int32_t)value;
	return errno == 0 && value >= INT32_MIN && value <= INT32_MAX;
}

static struct plain_tile *plain_find(struct plain *plain, int32_t number, uint64_t ordinal, size_t limit)
{
	for (size_t i = 0; i < plain->n; i++)
		if (plain->tiles[i].number == number)
			return &plain->tiles[i];
	if (plain->n == limit)
		return NULL;
	plain->tiles = must(reallocarray(plain->tiles, plain->n + 1, sizeof *plain->tiles));
	plain->tiles[plain->n] = (struct plain_tile){
	    .number = number, .first = ordinal, .lowest = 255, .numbers = must(calloc(4 * (plain->longest + 1), sizeof(uint64_t)))};
	return &plain->tiles[plain->n++];
}

static void plain_quality(const struct plain *plain, struct plain_tile *tile, const struct record *record)
{
	if (record->quality_length > tile->positions)
		tile->positions = record->quality_length;
	for (uint32_t p = 0; p < record->quality_length; p++) {
		uint8_t byte = record->quality[p];

		tile->lowest = byte < tile->lowest ? byte : tile->lowest;
		tile->numbers[p] += byte;
		tile->numbers[plain->longest + p] += 1;
		if (byte < 64)
			continue;
		tile->numbers[2 * plain->longest + p] += byte;
		tile->numbers[3 * plain->longest + p] += 1;
	}
}

static void plain_add(struct plain *plain, enum compat compat, const struct record *record)
{
	char parts[64][NAME_MAX_TEST];
	uint64_t ordinal;
	struct plain_tile *tile;
	int32_t number;
	size_t n;

	plain->reads++;
	plain->qualities += record->quality_length > 0;
	if (compat == COMPAT_0_12_1 && record->quality_length == 0)
		return;
	ordinal = compat == COMPAT_0_12_1 ? plain->qualities : plain->reads;
	if (ordinal % 10 != 0 && !(compat == COMPAT_0_12_1 && ordinal <= 10000))
		return;
	if (plain->gone)
		return;
	n = java_split(record, parts);
	if (plain->field == TILE_FIELD_UNKNOWN)
		plain->field = n >= 7 ? 4 : n >= 5 ? 2 : TILE_FIELD_NONE;
	if (plain->field == TILE_FIELD_NONE || n <= (size_t)plain->field || !java_parse(parts[plain->field], &number)) {
		plain->gone = true;
		return;
	}
	tile = plain_find(plain, number, ordinal, compat == COMPAT_0_12_1 ? 2501 : 1001);
	if (tile)
		plain_quality(plain, tile, record);
	else
		plain->gone = true;
}

static struct plain plain_empty(const struct tiles_file *file)
{
	struct plain plain = {.field = TILE_FIELD_UNKNOWN};

	for (size_t i = 0; i < file->n; i++)
		if (file->records[i].quality_length > plain.longest)
			plain.longest = file->records[i].quality_length;
	return plain;
}

static void plain_deinit(struct plain *plain)
{
	for (size_t i = 0; i < plain->n; i++)
		free(plain->tiles[i].numbers);
	free(plain->tiles);
}

/* What is known before a read: as a coordinator that has counted all before it would tell. */
static struct prior plain_prior(const struct tiles_file *file, enum compat compat, size_t before)
{
	struct plain plain = plain_empty(file);
	struct prior prior = {.first = before == 0, .known = true, .reads = before};

	for (size_t i = 0; i < before; i++)
		plain_add(&plain, compat, &file->records[i]);
	prior.qualities = plain.qualities;
	prior.tile_field = plain.gone ? TILE_FIELD_NONE : plain.field;
	plain_deinit(&plain);
	return prior;
}

/* ---- comparing */

static bool tile_same(const struct plain *plain, const struct tile *got, enum compat compat)
{
	const struct plain_tile *want = NULL;
	size_t size;

	for (size_t i = 0; i < plain->n; i++)
		if (plain->tiles[i].number == got->number)
			want = &plain->tiles[i];
	if (!want || want->first != got->first || want->positions != got->positions || want->lowest != got->lowest)
		return false;
	size = want->positions * sizeof(uint64_t);
	if (memcmp(got->sums, want->numbers, size) != 0 || memcmp(got->reads, want->numbers + plain->longest, size) != 0)
		return false;
	if (!got->sums64)
		return compat == COMPAT_0_12_1 && want->lowest < 64;
	return memcmp(got->sums64, want->numbers + 2 * plain->longest, size) == 0 &&
	       memcmp(got->reads64, want->numbers + 3 * plain->longest, size) == 0;
}

/* Whether the counters tell of the tiles what the plain count does. */
static bool tiles_right(const struct counters *counters, const struct plain *plain, enum compat compat)
{
	const struct tiles *tiles = counters_state(counters, MODULE_TILES);
	_cleanup_(freep) struct tile *list = NULL;
	bool shown = false, positions = false;
	size_t n = 0;

	if (tiles_list(tiles, &list, &n, &shown) < 0 || tiles_reads(tiles) != plain->reads ||
	    tiles_qualities(tiles) != plain->qualities ||
	    tiles_field(tiles) != (plain->gone ? TILE_FIELD_NONE : plain->field))
		return false;
	if (plain->gone)
		return !shown;
	if (n != plain->n)
		return false;
	for (size_t i = 0; i < n; i++) {
		positions = positions || list[i].positions > 0;
		if (!tile_same(plain, &list[i], compat) || (i > 0 && list[i - 1].number >= list[i].number))
			return false;
	}
	return shown == positions;
}

/* ---- slices */

struct span {
	struct counters *counters;
	size_t from, to; /* slices */
	bool known;
};

struct cut {
	size_t n, at[SLICES_MAX + 1]; /* slices, and where they begin */
	bool again[SLICES_MAX];
};

static struct counters *slice_count_test(const struct tiles_file *file, enum compat compat, const struct cut *cut, size_t i,
                                         const struct prior *prior, uint64_t *seed)
{
	struct reads reads = {.n = file->n, .records = file->records};
	struct counters *counters = NULL;
	struct count_rules rules;

	rules_default(&rules, compat);
	if (counters_new(COUNT_TILES, &rules, prior, &counters) < 0)
		abort();
	reads_count(&reads, cut->at[i], cut->at[i + 1], seed, counters);
	return counters;
}

static void cut_make(struct cut *cut, size_t reads, uint64_t *seed)
{
	*cut = (struct cut){.n = 1 + random_below(seed, SLICES_MAX)};
	for (size_t i = 1; i < cut->n; i++) {
		uint64_t at = random_below(seed, reads + 1);
		size_t place = i;

		for (; place > 1 && cut->at[place - 1] > at; place--)
			cut->at[place] = cut->at[place - 1];
		cut->at[place] = at;
	}
	cut->at[cut->n] = reads;
}

/* Through bytes and back. What lacks slices does not come back. */
static bool travel(struct span *span, bool missing)
{
	_cleanup_(freep) uint8_t *bytes = NULL, *again = NULL;
	struct error err = {0};
	struct counters *back = NULL;
	size_t n, again_n;
	int r;

	bytes = counters_bytes(span->counters, &n);
	r = counters_unpack(bytes, n, &back, &err);
	if (r < 0)
		return missing && r == -EBADMSG;
	counters_free(span->counters);
	span->counters = back;
	again = counters_bytes(back, &again_n);
	return !missing && n == again_n && memcmp(bytes, again, n) == 0;
}

static bool span_missing(const struct span *span, const struct cut *cut)
{
	for (size_t i = span->from; i < span->to; i++)
		if (cut->again[i] && cut->at[i] < cut->at[i + 1])
			return true;
	return false;
}

/* Merges random neighbours until one span is left. */
static bool spans_merge(struct span *spans, struct cut *cut, uint64_t *seed)
{
	size_t n = cut->n;
	bool right = true;

	while (n > 1) {
		size_t i = random_below(seed, n - 1);
		uint32_t lacks = 0;
		int r;

		if (random_below(seed, 4) == 0)
			right = travel(&spans[i], span_missing(&spans[i], cut)) && right;
		r = counters_merge(spans[i].counters, spans[i + 1].counters, &lacks);
		if (!spans[i].known && spans[i + 1].known) {
			right = right && r == -EINVAL;
			continue;
		}
		right = right && r == 0;
		for (size_t s = spans[i + 1].from; lacks && s < spans[i + 1].to; s++)
			cut->again[s] = true;
		counters_free(spans[i + 1].counters);
		spans[i].to = spans[i + 1].to;
		memmove(&spans[i + 1], &spans[i + 2], (n - i - 2) * sizeof *spans);
		n--;
	}
	return right;
}

/* The slices that were lacking, in random order. */
static bool spans_patch(const struct tiles_file *file, enum compat compat, struct counters *total, struct cut *cut, uint64_t *seed,
                        size_t *ret_patched)
{
	size_t left = 0, turn = random_below(seed, cut->n);
	bool right = true;

	for (size_t k = 0; k < cut->n; k++) {
		size_t i = (k + turn) % cut->n;
		struct counters *counters;
		struct prior prior;

		if (!cut->again[i])
			continue;
		left++;
		prior = plain_prior(file, compat, cut->at[i]);
		prior.tile_field = tiles_field(counters_state(total, MODULE_TILES));
		counters = slice_count_test(file, compat, cut, i, &prior, seed);
		right = counters_patch(total, counters) == 0 && right;
		counters_free(counters);
	}
	*ret_patched += left;
	return right;
}

/* One file in one cut: the same tiles as in one pass, and the same bytes. */
static bool cut_right(const struct tiles_file *file, enum compat compat, const struct plain *plain, uint64_t seed, size_t *ret_patched)
{
	struct cut whole = {.n = 1, .at = {0, file->n}}, cut;
	_cleanup_(countersp) struct counters *one = NULL;
	_cleanup_(freep) uint8_t *want = NULL, *got = NULL;
	struct span spans[SLICES_MAX];
	size_t want_n, got_n;
	bool right;

	one = slice_count_test(file, compat, &whole, 0, &PRIOR_FIRST, &seed);
	right = tiles_right(one, plain, compat);
	want = counters_bytes(one, &want_n);
	cut_make(&cut, file->n, &seed);
	for (size_t i = 0; i < cut.n; i++) {
		struct prior prior = random_below(&seed, 4) == 0 ? plain_prior(file, compat, cut.at[i]) : PRIOR_UNKNOWN;

		if (i == 0)
			prior = PRIOR_FIRST;
		spans[i] = (struct span){slice_count_test(file, compat, &cut, i, &prior, &seed), i, i + 1, prior.known};
	}
	right = spans_merge(spans, &cut, &seed) && right;
	right = spans_patch(file, compat, spans[0].counters, &cut, &seed, ret_patched) && right;
	right = travel(&spans[0], false) && right;
	right = tiles_right(spans[0].counters, plain, compat) && right;
	got = counters_bytes(spans[0].counters, &got_n);
	counters_free(spans[0].counters);
	return right && want_n == got_n && memcmp(want, got, got_n) == 0;
}

static const struct tiles_kind kinds[] = {
    {"ordered reads of 40", 1500, 7, 40, 40, '#', 'F', 0, 0, 0, true},
    {"trimmed reads", 900, 5, 0, 60, '#', 'F', 0, 0, 20, true},
    {"unordered reads", 900, 90, 1, 20, '#', 'F', 0, 0, 0, false},
    {"a bad header or two", 300, 4, 10, 12, '#', 'F', 0, 4, 50, true},
    {"headers of all forms", 200, 4, 10, 12, '#', 'F', 1000, 0, 100, false},
    {"a few headers of another form", 300, 4, 10, 12, '#', 'F', 4, 0, 0, true},
    {"low qualities", 400, 4, 10, 12, '!', '?', 0, 0, 30, false},
    {"high qualities", 400, 4, 10, 12, '@', '~', 0, 0, 30, false},
    {"few reads", 9, 2, 1, 9, '#', 'I', 20, 20, 200, false},
    {"only empty qualities", 60, 3, 0, 0, '#', 'I', 0, 0, 0, false},
    {"reads of more than a span", 60, 2, 200, 900, '#', 'I', 0, 0, 0, true},
    {"12,000 reads", 12000, 12, 1, 3, '#', 'I', 0, 0, 30, true},
};

static void test_kind(const struct tiles_kind *kind, enum compat compat)
{
	size_t rounds = kind->n > 5000 ? 12 : 60, right = 0, gone = 0, patched = 0;

	for (uint64_t seed = 1; seed <= rounds; seed++) {
		struct tiles_file file;
		struct plain plain;

		file_make(&file, kind, seed);
		plain = plain_empty(&file);
		for (size_t i = 0; i < file.n; i++)
			plain_add(&plain, compat, &file.records[i]);
		right += cut_right(&file, compat, &plain, seed, &patched);
		gone += plain.gone;
		plain_deinit(&plain);
		file_deinit(&file);
	}
	is_u64(right, rounds, "%s, %s: files as in one pass (%zu given up, %zu slices counted again)", compat_name(compat), kind->name,
	       gone, patched);
}

/* ---- too many tiles */

/* Reads of one base, ten of each tile: whichever is sampled, there are so many tiles. */
static void test_limit(enum compat compat, uint32_t tiles, bool shown)
{
	struct tiles_kind kind = {"", 10UL * tiles, tiles, 1, 1, 'I', 'I', 0, 0, 0, true};
	struct tiles_file file;
	struct plain plain;
	size_t right = 0, patched = 0;

	file_make(&file, &kind, 1);
	for (size_t i = 0; i < file.n; i++) {
		(void)snprintf(file.names[i], NAME_MAX_TEST, "a:b:c:d:%zu:e:f", i / 10);
		file.records[i].name_length = (uint32_t)strlen(file.names[i]);
	}
	plain = plain_empty(&file);
	for (size_t i = 0; i < file.n; i++)
		plain_add(&plain, compat, &file.records[i]);
	for (uint64_t seed = 1; seed <= 3; seed++)
		right += cut_right(&file, compat, &plain, seed, &patched);
	ok(plain.gone == !shown && right == 3, "%s: %u tiles are %s", compat_name(compat), tiles, shown ? "shown" : "too many");
	plain_deinit(&plain);
	file_deinit(&file);
}

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
		uint32_t n = (uint32_t)strlen(headers[i].name), end;
		int32_t number = 0;
		bool found = header_tile(name, n, headers[i].at, &number, &end);

		ok(header_field(name, n) == headers[i].field && found == headers[i].found && (!found || number == headers[i].number),
		   "header '%s'", headers[i].name);
	}
}

int main(void)
{
	test_headers();
	for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			test_kind(&kinds[i], compat);
		test_limit(compat, compat == COMPAT_0_11_9 ? 1001 : 2501, true);
		test_limit(compat, compat == COMPAT_0_11_9 ? 1002 : 2502, false);
	}
	return done_testing();
}
