/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every inner loop over bases that this machine can run gives what the plainest means give. */
#include "lib/qc/sequence_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define ROUNDS 2000
#define SEQUENCES_MAX 40

/* Of which bases are drawn: few letters, so that adapters occur; case; bytes that look like bases in their low half. */
static const char *const alphabets[] = {"A", "AC", "ACGTacgt", "ACGTN", "AaCc", "AQaq1!", "GggC"};
#define ALPHABETS (sizeof alphabets / sizeof alphabets[0])

struct texts {
	struct reads reads; /* owns the bytes */
	struct sequence sequences[SEQUENCES_MAX];
};

/* A byte of the alphabet, or any byte. */
static uint8_t base_draw(const char *alphabet, uint64_t *seed)
{
	if (!alphabet)
		return (uint8_t)random_next(seed);
	return (uint8_t)alphabet[random_below(seed, strlen(alphabet))];
}

static void texts_make(struct texts *texts, const char *alphabet, uint32_t longest, uint64_t seed)
{
	struct reads_kind kind = {
	    .n = 1 + seed % SEQUENCES_MAX, .longest = longest, .lowest = 'A', .highest = 'A'};
	size_t n = 0;

	reads_make(&texts->reads, &kind, seed);
	for (size_t i = 0; i < texts->reads.n; i++) {
		const struct record *record = &texts->reads.records[i];

		texts->sequences[i] = (struct sequence){record->sequence, record->length};
		n += record->length;
	}
	for (size_t i = 0; i < n; i++)
		texts->reads.bytes[i] = base_draw(alphabet, &seed);
}

/* ---- the plainest means */

static void plain_count_gc(const struct sequence *sequences, size_t n, uint32_t *ret_counts)
{
	for (size_t i = 0; i < n; i++) {
		ret_counts[i] = 0;
		for (uint32_t p = 0; p < sequences[i].n; p++)
			ret_counts[i] += sequences[i].bytes[p] != 0 && strchr("GCgc", sequences[i].bytes[p]);
	}
}

static bool plain_here(const struct filter_adapter *adapter, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < adapter->n; i++)
		if (adapter->bytes[i] != (bytes[i] >= 'a' && bytes[i] <= 'z' ? bytes[i] - 32 : bytes[i]))
			return false;
	return true;
}

/* By sequence and adapter, where it is first, or UINT32_MAX. Returns how many are anywhere. */
static size_t plain_find(const struct adapter_filter *filter, const struct sequence *sequences, size_t n,
                         uint32_t table[SEQUENCES_MAX][FILTER_ADAPTERS])
{
	size_t hits = 0;

	memset(table, 0xff, SEQUENCES_MAX * sizeof table[0]);
	for (size_t i = 0; i < n; i++)
		for (uint32_t a = 0; a < filter->n; a++) {
			const struct filter_adapter *adapter = &filter->adapters[a];
			uint32_t at = 0;

			while (at + adapter->n <= sequences[i].n && !plain_here(adapter, sequences[i].bytes + at))
				at++;
			if (at + adapter->n > sequences[i].n)
				continue;
			table[i][a] = at;
			hits++;
		}
	return hits;
}

/* ---- */

static bool gc_same(const struct sequence_kernel *kernel, uint64_t seed)
{
	uint32_t counts[2][SEQUENCES_MAX];
	struct texts texts;

	texts_make(&texts, seed % 2 ? NULL : "ACGTacgtN", (uint32_t)(seed % 400), seed);
	kernel->count_gc(texts.sequences, texts.reads.n, counts[0]);
	plain_count_gc(texts.sequences, texts.reads.n, counts[1]);
	reads_deinit(&texts.reads);
	return memcmp(counts[0], counts[1], texts.reads.n * sizeof counts[0][0]) == 0;
}

/* Adapters of shortest to longest bases, of letters of the alphabet in upper case. */
static void filter_draw(struct adapter_filter *filter, uint8_t bytes[FILTER_ADAPTERS][128], const char *alphabet,
                        uint32_t shortest, uint32_t longest, uint64_t *seed)
{
	struct filter_adapter adapters[FILTER_ADAPTERS];
	uint32_t n = 1 + (uint32_t)random_below(seed, FILTER_ADAPTERS);

	for (uint32_t i = 0; i < n; i++) {
		adapters[i] = (struct filter_adapter){
		    .bytes = bytes[i],
		    .n = shortest + (uint32_t)random_below(seed, longest - shortest + 1),
		    .number = 100 + i,
		};
		for (uint32_t j = 0; j < adapters[i].n; j++) {
			bytes[i][j] = base_draw(alphabet, seed);
			if (bytes[i][j] >= 'a' && bytes[i][j] <= 'z')
				bytes[i][j] = (uint8_t)(bytes[i][j] - 'a' + 'A');
		}
	}
	adapter_filter_make(filter, adapters, n);
}

/* By sequence and adapter, what was found. */
static size_t hits_table(const struct adapter_hit *hits, size_t n, uint32_t table[SEQUENCES_MAX][FILTER_ADAPTERS])
{
	size_t twice = 0;

	memset(table, 0xff, SEQUENCES_MAX * sizeof table[0]);
	for (size_t i = 0; i < n; i++) {
		uint32_t *place = &table[hits[i].sequence][hits[i].adapter - 100];

		twice += *place != UINT32_MAX || (i > 0 && hits[i].sequence < hits[i - 1].sequence);
		*place = hits[i].position;
	}
	return twice;
}

static bool find_same(const struct sequence_kernel *kernel, uint64_t seed, uint64_t *hits_seen)
{
	static const uint32_t lengths[][2] = {{12, 12}, {1, 12}, {3, 9}, {8, 127}, {7, 7}, {60, 70}};
	struct adapter_hit hits[SEQUENCES_MAX * FILTER_ADAPTERS];
	uint32_t tables[2][SEQUENCES_MAX][FILTER_ADAPTERS];
	uint8_t bytes[FILTER_ADAPTERS][128];
	const char *alphabet = seed % 9 < ALPHABETS ? alphabets[seed % 9] : NULL;
	const uint32_t *range = lengths[seed / 9 % 6];
	struct adapter_filter filter;
	struct texts texts;
	size_t n[2], twice;

	texts_make(&texts, alphabet, (uint32_t)(seed % 300), seed);
	filter_draw(&filter, bytes, alphabet, range[0], range[1], &seed);
	n[0] = kernel->find_adapters(&filter, texts.sequences, texts.reads.n, hits);
	n[1] = plain_find(&filter, texts.sequences, texts.reads.n, tables[1]);
	twice = hits_table(hits, n[0], tables[0]);
	reads_deinit(&texts.reads);
	*hits_seen += n[1];
	return n[0] == n[1] && twice == 0 && memcmp(tables[0], tables[1], sizeof tables[0]) == 0;
}

/* Facts that need no other count. */
static void test_facts(const struct sequence_kernel *kernel)
{
	static const uint8_t text[] = "acgtNNGCgcAGATCGGAAGAGagatcggaagag"
				      "................................................................";
	const struct filter_adapter adapters[] = {
	    {(const uint8_t *)"AGATCGGAAGAG", 12, 100},
	    {(const uint8_t *)"GCA", 3, 101},
	    {(const uint8_t *)"NNG", 3, 102},
	    {(const uint8_t *)"GAGA", 4, 103},
	    {(const uint8_t *)"AGATCGGAAGAGC", 13, 104},
	};
	const struct sequence sequences[] = {{text, 34}, {text, 21}, {text + 10, 12}, {text, 0}, {text + 20, 4}};
	uint32_t table[SEQUENCES_MAX][FILTER_ADAPTERS], counts[5];
	struct adapter_hit hits[5 * FILTER_ADAPTERS];
	struct adapter_filter filter;
	size_t n;

	adapter_filter_make(&filter, adapters, 5);
	n = kernel->find_adapters(&filter, sequences, 5, hits);
	is_u64(hits_table(hits, n, table), 0, "%s: no adapter twice", kernel->name);
	is_u64(n, 7, "%s: adapters in reads", kernel->name);
	ok(table[0][0] == 10 && table[0][1] == 8 && table[0][2] == 4 && table[0][3] == 19, "%s: in the whole text",
	   kernel->name);
	ok(table[1][1] == 8 && table[1][2] == 4 && table[2][0] == 0, "%s: in pieces of it", kernel->name);
	kernel->count_gc(sequences, 5, counts);
	is_u64(counts[0], 2 + 4 + 12, "%s: G and C", kernel->name);
	is_u64(counts[3], 0, "%s: of nothing", kernel->name);
}

static void test_kernel(const struct sequence_kernel *kernel)
{
	bool counts = true, finds = true;
	uint64_t hits = 0;

	if (!kernel->supported()) {
		skip("this CPU has no %s", kernel->name);
		return;
	}
	test_facts(kernel);
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		counts = counts && gc_same(kernel, seed);
		finds = finds && find_same(kernel, seed, &hits);
	}
	ok(counts, "%s: G and C of %d sets of reads", kernel->name, ROUNDS);
	ok(finds, "%s: adapters in %d sets of reads", kernel->name, ROUNDS);
	ok(hits > ROUNDS, "%s: there were some", kernel->name);
}

int main(void)
{
	const struct sequence_kernel *kernels;
	size_t n;

	kernels = sequence_kernels(&n);
	for (size_t i = 0; i < n; i++)
		test_kernel(&kernels[i]);
	ok(sequence_kernel_best()->supported(), "the best one is %s", sequence_kernel_best()->name);
	return done_testing();
}
