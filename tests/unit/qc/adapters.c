/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adapters by their first position against a count by the plainest means, for any cut of the file and any order in
 * which neighbours are merged.
 */
#include "lib/qc/adapters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "tests/unit/qc/damage.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define POSITIONS_MAX 5000

/* ---- the plainest means */

struct plain {
	uint32_t longest_adapter, longest_read;
	uint64_t reads[ADAPTERS_MAX][POSITIONS_MAX];
};

static bool plain_here(const char *adapter, const uint8_t *bytes)
{
	for (; *adapter; adapter++, bytes++) {
		int byte = *bytes >= 'a' && *bytes <= 'z' ? *bytes - 32 : *bytes;

		if ((unsigned char)*adapter != byte)
			return false;
	}
	return true;
}

static void plain_add(struct plain *plain, const struct count_rules *rules, const struct record *record)
{
	if (record->length > plain->longest_adapter && record->length > plain->longest_read)
		plain->longest_read = record->length;
	for (uint32_t a = 0; a < rules->adapters_n; a++) {
		const char *adapter = rules->adapters[a].sequence;
		int64_t last = (int64_t)record->length - (int64_t)strlen(adapter), k = 0;

		while (k <= last && !plain_here(adapter, record->sequence + k))
			k++;
		if (k <= last && k <= (int64_t)plain->longest_read - plain->longest_adapter)
			plain->reads[a][k]++;
	}
}

/* ---- */

static const struct kind {
	const char *name, *alphabet;
	struct reads_kind reads;
	const char *adapters[12]; /* none: the default */
} kinds[] = {
	{"the default, reads of 150", "ACGT", {500, 150, 150, 'A', 'A'}, {NULL}},
	{"poly-A, mixed case", "AAAAAAAAAAAAAAAaG", {1000, 0, 60, 'A', 'A'}, {NULL}},
	{"exactly as long as the longest", "AC", {3000, 4, 6, 'A', 'A'}, {"ACACA", "CC"}},
	{"different lengths", "AaC", {2000, 0, 20, 'A', 'A'}, {"A", "AC", "CAACAAC", "CCCCCCCC", "CACCCCCCC", "acac"}},
	{"longer than 64", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC",
	 {300, 60, 140, 'A', 'A'},
	 {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAA"}},
	{"other letters", "ANX-", {2000, 0, 40, 'A', 'A'}, {"NAN", "X-X", "----", "Q"}},
	{"many", "ACGT", {600, 10, 200, 'A', 'A'},
	 {"ACG", "CCG", "GTAC", "TTTTA", "acg", "GATTACA", "CCCCC", "AGCTA", "TACG", "GGCC", "AATT", "CATG"}},
	{"long reads", "ACGT", {40, 1, 4900, 'A', 'A'}, {"ACGTAC", "GGGGGGGG"}},
	{"no reads", "A", {0, 1, 1, 'A', 'A'}, {NULL}},
};

static void rules_of(const struct kind *kind, struct count_rules *rules)
{
	rules_default(rules, COMPAT_0_12_1);
	if (!kind->adapters[0])
		return;
	memset(rules->adapters, 0, sizeof rules->adapters);
	for (rules->adapters_n = 0; rules->adapters_n < 12 && kind->adapters[rules->adapters_n]; rules->adapters_n++) {
		struct adapter *adapter = &rules->adapters[rules->adapters_n];

		strcpy(adapter->name, "one");
		strcpy(adapter->sequence, kind->adapters[rules->adapters_n]);
	}
}

static void reads_draw(struct reads *reads, const struct kind *kind, const struct count_rules *rules, uint64_t seed)
{
	size_t n = 0;

	reads_make(reads, &kind->reads, seed);
	for (size_t i = 0; i < reads->n; i++)
		n += reads->records[i].length;
	for (size_t i = 0; i < n; i++)
		reads->bytes[i] = (uint8_t)kind->alphabet[random_below(&seed, strlen(kind->alphabet))];
	for (size_t i = 0; i < n; i += 1 + random_below(&seed, 400)) { /* whole ones here and there */
		const char *adapter = rules->adapters[random_below(&seed, rules->adapters_n)].sequence;

		if (strlen(adapter) <= n - i)
			memcpy(reads->bytes + i, adapter, strlen(adapter));
	}
}

static struct counters *adapters_make(const struct count_rules *rules, const struct prior *prior)
{
	struct counters *counters = NULL;

	if (counters_new(COUNT_LENGTHS | COUNT_ADAPTERS, rules, prior, &counters) < 0)
		abort();
	return counters;
}

static bool hits_same(const struct counters *counters, const struct count_rules *rules, const struct plain *plain,
                      uint64_t *ret_hits)
{
	const struct adapters *adapters = counters_state(counters, MODULE_ADAPTERS);
	bool same = adapters_longest_read(adapters) == plain->longest_read;

	for (uint32_t a = 0; a < rules->adapters_n; a++) {
		_cleanup_(freep) struct adapter_hits *hits = NULL;
		size_t n, next = 0;

		if (adapters_hits(adapters, a, &hits, &n) < 0)
			abort();
		for (uint32_t k = 0; k < POSITIONS_MAX; k++) {
			if (plain->reads[a][k] == 0)
				continue;
			same = same && next < n && hits[next].position == k && hits[next].reads == plain->reads[a][k];
			next++;
		}
		same = same && next == n;
		*ret_hits += n;
	}
	return same;
}

/* The reads in random pieces, random neighbours merged until one is left. */
static struct counters *merge_randomly(const struct reads *reads, const struct count_rules *rules, uint64_t seed)
{
	struct counters *pieces[12];
	size_t n = 2 + random_below(&seed, 11), from = 0;

	for (size_t i = 0; i < n; i++) {
		size_t to = i == n - 1 ? reads->n : from + random_below(&seed, reads->n - from + 1);

		pieces[i] = adapters_make(rules, i == 0 ? &PRIOR_FIRST : NULL);
		reads_count(reads, from, to, &seed, pieces[i]);
		from = to;
	}
	for (; n > 1; n--) {
		size_t a = random_below(&seed, n - 1);

		if (random_below(&seed, 2))
			pieces[a] = counters_travel(pieces[a]);
		if (random_below(&seed, 2))
			pieces[a + 1] = counters_travel(pieces[a + 1]);
		if (counters_merge(pieces[a], pieces[a + 1], &(uint32_t){0}) < 0)
			abort();
		counters_free(pieces[a + 1]);
		memmove(&pieces[a + 1], &pieces[a + 2], (n - a - 2) * sizeof pieces[0]);
	}
	return pieces[0];
}

static void test_kind(const struct kind *kind)
{
	_cleanup_(freep) struct plain *plain = calloc(1, sizeof *plain);
	_cleanup_(counters_freep) struct counters *once = NULL;
	_cleanup_(freep) uint8_t *want = NULL;
	bool same = true, canonical = true;
	struct count_rules rules;
	struct reads reads;
	uint64_t seed = 5, hits = 0;
	size_t n, want_n;

	if (!plain)
		abort();
	rules_of(kind, &rules);
	reads_draw(&reads, kind, &rules, 3);
	plain->longest_adapter = (uint32_t)rules_longest_adapter(&rules);
	for (size_t i = 0; i < reads.n; i++)
		plain_add(plain, &rules, &reads.records[i]);
	once = adapters_make(&rules, &PRIOR_FIRST);
	reads_count(&reads, 0, reads.n, &seed, once);
	want = counters_bytes(once, &want_n);
	ok(hits_same(once, &rules, plain, &hits), "%s: in one pass, %llu positions", kind->name, (unsigned long long)hits);
	ok(reads.n == 0 || hits > 2, "%s: there are some", kind->name);
	for (seed = 1; seed <= 25; seed++) {
		_cleanup_(counters_freep) struct counters *merged = merge_randomly(&reads, &rules, seed * 99991);
		_cleanup_(freep) uint8_t *bytes = counters_bytes(merged, &n);

		same = same && hits_same(merged, &rules, plain, &hits);
		canonical = canonical && n == want_n && memcmp(bytes, want, n) == 0;
	}
	ok(same, "%s: the same for any cut and order of merging", kind->name);
	ok(canonical, "%s: the same %zu bytes", kind->name, want_n);
	reads_deinit(&reads);
}

/* One read of just the adapter, before or behind a longer one. */
static void test_order(void)
{
	static const struct record adapter = {.sequence = (const uint8_t *)"AGATCGGAAGAG", .length = 12},
				   longer = {.sequence = (const uint8_t *)"TTTTTTTTTTTTT", .length = 13};
	_cleanup_(freep) struct batch *batch = calloc(1, sizeof *batch);
	uint8_t bytes[2][BATCH_SLACK + 13];

	if (!batch)
		abort();
	for (int order = 0; order < 2; order++) {
		_cleanup_(counters_freep) struct counters *counters = counters_make(COUNT_ADAPTERS);
		_cleanup_(freep) struct adapter_hits *hits = NULL;
		const struct adapters *adapters = counters_state(counters, MODULE_ADAPTERS);
		size_t n;

		batch->n = 2;
		batch->records[order] = adapter;
		batch->records[1 - order] = longer;
		for (int i = 0; i < 2; i++) {
			memcpy(bytes[i], batch->records[i].sequence, batch->records[i].length);
			batch->records[i].sequence = bytes[i];
		}
		if (counters_add(counters, batch) < 0 || adapters_hits(adapters, 0, &hits, &n) < 0)
			abort();
		is_u64(n, (uint64_t)order, "a read of 12 bases counts only behind a longer one");
		is_u64(adapters_longest_read(adapters), 13, "the longer one is the longest");
	}
}

static void test_damage(void)
{
	static const size_t some[] = {2, 3, 6};

	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
		struct kind kind = kinds[some[i]];
		_cleanup_(counters_freep) struct counters *counters = NULL;
		struct count_rules rules;
		struct reads reads;
		uint64_t seed = 1;

		kind.reads.n = 40;
		rules_of(&kind, &rules);
		reads_draw(&reads, &kind, &rules, 4);
		counters = adapters_make(&rules, NULL);
		reads_count(&reads, 0, reads.n, &seed, counters);
		reads_deinit(&reads);
		damage_test(counters, kind.name);
	}
}

/* ---- lies: numbers behind the head and the rules, whose adapters are ACACA and CC and acac; -1 ends them */

#define END (-1)

static const struct lie {
	const char *name, *sentence;
	int64_t numbers[24];
} lies[] = {
	{"nothing", NULL, {0, 0, 0, 0, 0, 0, 0, END}},
	{"a read no longer than the adapter", "not longer", {5, 0, 0, 0, 0, 0, 0, END}},
	{"a read of 6", NULL, {6, 0, 0, 0, 0, 0, 0, END}},
	{"a read that is too long", "longest read", {268435457, 0, 0, 0, 0, 0, 0, END}},
	{"a counted hit at 1", NULL, {6, 1, 1, 7, 0, 0, 0, 0, 0, END}},
	{"a counted hit at 2", "step", {6, 1, 2, 7, 0, 0, 0, 0, 0, END}},
	{"one at 2 in two steps", "cannot be", {6, 2, 1, 7, 0, 7, 0, 0, 0, 0, 0, END}},
	{"a counted hit in no long read", "cannot be", {0, 1, 0, 7, 0, 0, 0, 0, 0, END}},
	{"a conditional hit", NULL, {0, 0, 0, 0, 0, 1, 3, 7, 0, END}},
	{"a conditional hit behind any read", "step", {0, 0, 0, 0, 0, 1, 4, 7, 0, END}},
	{"a hit without reads", "without reads", {6, 1, 1, 0, 0, 0, 0, 0, 0, END}},
	{"a hit of lower case", "cannot be", {6, 0, 0, 1, 0, 1, 0, 0, 0, END}},
	{"more positions than bytes", "number of positions", {6, 9, 0, 1, 0, 0, 0, 0, 0, END}},
	{"more reads than can be", "number of reads", {6, 1, 0, (1LL << 55) + 1, 0, 0, 0, 0, 0, END}},
	{"more in both", "number of reads", {6, 1, 0, 1LL << 55, 0, 0, 1, 0, 1, 0, 0, END}},
};

static void test_lie(const struct lie *lie)
{
	static const struct kind kind = {.adapters = {"ACACA", "CC", "acac"}};
	_cleanup_(counters_freep) struct counters *counters = NULL;
	struct packer packer = {0};
	struct count_rules rules;
	struct error err = {0};
	bool taken;
	int r;

	rules_of(&kind, &rules);
	pack_bytes(&packer, "FQCN\2", 5);
	pack_u64(&packer, COUNTERS_ALGORITHM);
	pack_u64(&packer, COUNT_ADAPTERS);
	rules_pack(&rules, &packer);
	for (size_t i = 0; lie->numbers[i] != END; i++)
		pack_u64(&packer, (uint64_t)lie->numbers[i]);
	pack_bytes(&packer, "\0\0\0\0", 4);
	damage_put_crc(packer.bytes, packer.n);
	r = counters_unpack(packer.bytes, packer.n, &counters, &err);
	if (!lie->sentence)
		ok(r == 0 && damage_sound(packer.bytes, packer.n, &taken), "%s: is taken %s", lie->name, err.text);
	else
		ok(r == -EBADMSG && strstr(err.text, lie->sentence), "%s: %s", lie->name, err.text);
	free(packer.bytes);
}

int main(void)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		test_kind(&kinds[i]);
	test_order();
	test_damage();
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		test_lie(&lies[i]);
	return done_testing();
}
