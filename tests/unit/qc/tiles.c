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
#include "tests/unit/qc/tiles_plain.h"
#include "tests/unit/tap.h"

#define SLICES_MAX 12

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
static bool cut_right(const struct tiles_file *file, enum compat compat, const struct plain *plain, uint64_t seed,
                      size_t *ret_patched)
{
	struct cut whole = {.n = 1, .at = {0, file->n}}, cut;
	_cleanup_(counters_freep) struct counters *one = NULL;
	_cleanup_(freep) uint8_t *want = NULL, *got = NULL;
	struct span spans[SLICES_MAX];
	size_t want_n, got_n;
	bool right;

	one = slice_count_test(file, compat, &whole, 0, &PRIOR_FIRST, &seed);
	right = plain_same(plain, one, compat);
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
	right = plain_same(plain, spans[0].counters, compat) && right;
	got = counters_bytes(spans[0].counters, &got_n);
	counters_free(spans[0].counters);
	return right && want_n == got_n && memcmp(want, got, got_n) == 0;
}

static const struct tiles_kind kinds[] = {
    {"ordered reads of 40", 1500, 7, 40, 40, '#', 'F', 0, 0, 0, true, false},
    {"trimmed reads", 900, 5, 0, 60, '#', 'F', 0, 0, 20, true, false},
    {"unordered reads", 900, 90, 1, 20, '#', 'F', 0, 0, 0, false, false},
    {"a bad header or two", 300, 4, 10, 12, '#', 'F', 0, 4, 50, true, false},
    {"headers of all forms", 200, 4, 10, 12, '#', 'F', 1000, 0, 100, false, false},
    {"a few headers of another form", 300, 4, 10, 12, '#', 'F', 4, 0, 0, true, false},
    {"a field that may be another", 300, 4, 10, 12, '#', 'F', 500, 0, 0, true, true},
    {"low qualities", 400, 4, 10, 12, '!', '?', 0, 0, 30, false, false},
    {"high qualities", 400, 4, 10, 12, '@', '~', 0, 0, 30, false, false},
    {"few reads", 9, 2, 1, 9, '#', 'I', 20, 20, 200, false, false},
    {"only empty qualities", 60, 3, 0, 0, '#', 'I', 0, 0, 0, false, false},
    {"reads of more than a span", 60, 2, 200, 900, '#', 'I', 0, 0, 0, true, false},
    {"more positions than ten classes may have", 120, 20, 60000, 60000, '#', 'I', 0, 0, 0, true, false},
    {"12,000 reads", 12000, 12, 1, 3, '#', 'I', 0, 0, 30, true, false},
};

static void test_kind(const struct tiles_kind *kind, enum compat compat)
{
	size_t rounds = kind->n > 5000 || kind->longest > 5000 ? 12 : 60, right = 0, gone = 0, patched = 0;

	for (uint64_t seed = 1; seed <= rounds; seed++) {
		struct tiles_file file;
		struct plain plain;

		tiles_file_make(&file, kind, seed);
		plain_count(&plain, &file, file.n, compat);
		right += cut_right(&file, compat, &plain, seed, &patched);
		gone += plain.gone;
		plain_deinit(&plain);
		tiles_file_deinit(&file);
	}
	is_u64(right, rounds, "%s, %s: files as in one pass (%zu given up, %zu slices counted again)", compat_name(compat), kind->name,
	       gone, patched);
}

/* ---- the 10,000th read */

/* The beginning of a file and an unknown slice behind it: lacking just where the slice has the 10,000th read and more. */
static bool border_right(const struct tiles_file *file, size_t before, size_t n)
{
	struct cut cut = {.n = 2, .at = {0, before, before + n}};
	_cleanup_(counters_freep) struct counters *into = NULL, *from = NULL;
	struct plain plain;
	size_t patched = 0;
	uint64_t seed = before;
	uint32_t lacks = 0;
	bool right;

	into = slice_count_test(file, COMPAT_0_12_1, &cut, 0, &PRIOR_FIRST, &seed);
	from = slice_count_test(file, COMPAT_0_12_1, &cut, 1, &PRIOR_UNKNOWN, &seed);
	right = counters_merge(into, from, &lacks) == 0 && (lacks != 0) == (before < 10000 && before + n > 10000);
	cut.again[1] = lacks != 0;
	right = spans_patch(file, COMPAT_0_12_1, into, &cut, &seed, &patched) && right;
	plain_count(&plain, file, before + n, COMPAT_0_12_1);
	right = plain_same(&plain, into, COMPAT_0_12_1) && right;
	plain_deinit(&plain);
	return right;
}

static void test_border(void)
{
	static const struct tiles_kind kind = {"", 10100, 5, 1, 3, '#', 'I', 0, 0, 0, false, false};
	static const size_t befores[] = {9980, 9989, 9990, 9999, 10000, 10001, 10009}, lengths[] = {1, 9, 10, 11, 12, 21, 25, 60};
	struct tiles_file file;

	tiles_file_make(&file, &kind, 1);
	for (size_t i = 0; i < sizeof befores / sizeof *befores; i++) {
		size_t right = 0, n = sizeof lengths / sizeof *lengths;

		for (size_t k = 0; k < n; k++)
			right += border_right(&file, befores[i], lengths[k]);
		is_u64(right, n, "slices behind %zu reads", befores[i]);
	}
	tiles_file_deinit(&file);
}

/* ---- too many tiles */

/* Reads of one base, ten of each tile: whichever is sampled, there are so many tiles. */
static void test_limit(enum compat compat, uint32_t tiles, bool shown)
{
	struct tiles_kind kind = {"", 10UL * tiles, tiles, 1, 1, 'I', 'I', 0, 0, 0, true, false};
	struct tiles_file file;
	struct plain plain;
	size_t right = 0, patched = 0;

	tiles_file_make(&file, &kind, 1);
	for (size_t i = 0; i < file.n; i++) {
		(void)snprintf(file.names[i], TILE_NAME_MAX, "a:b:c:d:%zu:e:f", i / 10);
		file.records[i].name_length = (uint32_t)strlen(file.names[i]);
	}
	plain_count(&plain, &file, file.n, compat);
	for (uint64_t seed = 1; seed <= 3; seed++)
		right += cut_right(&file, compat, &plain, seed, &patched);
	ok(plain.gone == !shown && right == 3, "%s: %u tiles are %s", compat_name(compat), tiles, shown ? "shown" : "too many");
	plain_deinit(&plain);
	tiles_file_deinit(&file);
}

int main(void)
{
	test_border();
	for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			test_kind(&kinds[i], compat);
		test_limit(compat, compat == COMPAT_0_11_9 ? 1001 : 2501, true);
		test_limit(compat, compat == COMPAT_0_11_9 ? 1002 : 2502, false);
	}
	return done_testing();
}
