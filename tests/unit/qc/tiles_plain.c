/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files with tiles and their plain count: see tiles_plain.h. */
#include "tests/unit/qc/tiles_plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"

#define FORMS 9 /* of headers with a tile */

/* ---- files */

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
	(void)snprintf(ret, TILE_NAME_MAX, "%s%s%s%s%s", forms[form].before, number, forms[form].behind, form == FORMS - 1 ? number : "",
	               form == FORMS - 1 ? ":::" : "");
}

/* Whichever field the file's first sampled header fixes, this one has a number there. */
static void both_make(char *ret, uint64_t *seed, bool more, unsigned int tile)
{
	(void)snprintf(ret, TILE_NAME_MAX, "a:b:%u:d:%u%s", tile, (unsigned int)random_below(seed, 3), more ? ":f:g" : "");
}

static void bad_make(char *ret, uint64_t *seed)
{
	static const char *const names[] = {
	    "a:b:2147483648:d:2147483648:f:g", "a:b::d::f:g", "a:b:x:d:y:f:g", "a:b:1 :d:2 :f:g", "r1", "", ":::::::", "a:b:1",
	    "a:b:+:d:-:f:g", "a:b:-2147483649:d:--1:f:g", "a:b:+-1:d:0x1:f:g", "a:b:99999999999999999999:d:1.0:f:g",
	};

	(void)snprintf(ret, TILE_NAME_MAX, "%s", names[random_below(seed, sizeof names / sizeof *names)]);
}

void tiles_file_make(struct tiles_file *file, const struct tiles_kind *kind, uint64_t seed)
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
		else if (kind->both)
			both_make(file->names[i], &seed, random_below(&seed, 1000) < kind->odd, tile);
		else
			name_make(file->names[i], &seed, random_below(&seed, 1000) < kind->odd ? (unsigned int)random_below(&seed, FORMS) : form,
			          tile);
		record->name = (const uint8_t *)file->names[i];
		record->name_length = (uint32_t)strlen(file->names[i]);
		if (random_below(&seed, 1000) < kind->empty)
			record->quality_length = 0;
	}
}

void tiles_file_deinit(struct tiles_file *file)
{
	free(file->records);
	free(file->names);
	free(file->bytes);
}

/* ---- the plainest means */

/* The parts of a header by Java's split(":"); returns their number. */
static size_t java_split(const struct record *record, char parts[][TILE_NAME_MAX])
{
	char line[TILE_NAME_MAX + 1] = "@", *part = line, *colon;
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
	char parts[64][TILE_NAME_MAX];
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

void plain_count(struct plain *plain, const struct tiles_file *file, size_t n, enum compat compat)
{
	*plain = (struct plain){.field = TILE_FIELD_UNKNOWN};
	for (size_t i = 0; i < file->n; i++)
		if (file->records[i].quality_length > plain->longest)
			plain->longest = file->records[i].quality_length;
	for (size_t i = 0; i < n; i++)
		plain_add(plain, compat, &file->records[i]);
}

void plain_deinit(struct plain *plain)
{
	for (size_t i = 0; i < plain->n; i++)
		free(plain->tiles[i].numbers);
	free(plain->tiles);
}

struct prior plain_prior(const struct tiles_file *file, enum compat compat, size_t before)
{
	struct prior prior = {.first = before == 0, .known = true, .reads = before};
	struct plain plain;

	plain_count(&plain, file, before, compat);
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

bool plain_same(const struct plain *plain, const struct counters *counters, enum compat compat)
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
