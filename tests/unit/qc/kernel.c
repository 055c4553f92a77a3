/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every inner loop that this machine can run gives the numbers of the portable one. */
#include "lib/qc/quality_kernel.h"

#include <stdlib.h>
#include <string.h>

#include "lib/qc/symbol_kernel.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

#define ROUNDS 300

/*
 * Pieces of reads of up to longest bytes; returns whether the sums and the range are those of the
 * portable loop.
 */
static bool add_same(const struct quality_kernel *kernel, const struct quality_kernel *portable,
                     uint32_t longest, uint64_t seed)
{
	struct reads_kind kind = {
	    .n = 1 + seed % QUALITY_CALLS, .shortest = 1, .longest = longest, .highest = 255};
	struct byte_range range[2] = {{255, 0}, {255, 0}};
	uint16_t sums[2][QUALITY_SPAN] = {0};
	struct piece pieces[QUALITY_CALLS];
	struct reads reads;

	if (seed % 3 == 0)
		kind.lowest = kind.highest =
		    seed % 2 ? 255
			     : 33; /* as high as a sum can come; no zero to hide a mask's fault */
	reads_make(&reads, &kind, seed);
	for (size_t i = 0; i < reads.n; i++)
		pieces[i] =
		    (struct piece){reads.records[i].quality, reads.records[i].quality_length};
	kernel->add(sums[0], pieces, reads.n, &range[0]);
	portable->add(sums[1], pieces, reads.n, &range[1]);
	reads_deinit(&reads);
	return memcmp(sums[0], sums[1], sizeof sums[0]) == 0 &&
	       range[0].lowest == range[1].lowest && range[0].highest == range[1].highest;
}

static bool count_same(const struct quality_kernel *kernel, const struct quality_kernel *portable,
                       uint64_t seed)
{
	_Alignas(64) uint8_t rows[QUALITY_ROWS * QUALITY_ROW];
	uint8_t counts[2][QUALITY_ROW];
	size_t n = seed % (QUALITY_ROWS + 1);
	uint8_t byte = (uint8_t)random_next(&seed), step = (uint8_t)(1 + seed % 3);

	for (size_t i = 0; i < n * QUALITY_ROW; i++)
		rows[i] = (uint8_t)(byte + step * random_below(&seed, step));
	kernel->count_equal(rows, n, byte, counts[0]);
	portable->count_equal(rows, n, byte, counts[1]);
	return memcmp(counts[0], counts[1], QUALITY_ROW) == 0;
}

/* The sum of bytes, of any number of them, at any place. */
static bool sum_same(const struct quality_kernel *kernel, uint64_t seed)
{
	uint8_t bytes[1000 + BATCH_SLACK];
	size_t n = random_below(&seed, 900), at = random_below(&seed, 100);
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)random_next(&seed);
	for (size_t i = 0; i < n; i++)
		sum += bytes[at + i];
	return kernel->sum(bytes + at, n) == sum;
}

static void test_kernel(const struct quality_kernel *kernel, const struct quality_kernel *portable)
{
	bool adds = true, counts = true, sums = true;

	if (!kernel->supported()) {
		skip("this CPU has no %s", kernel->name);
		return;
	}
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		adds = adds && add_same(kernel, portable, (uint32_t)seed, seed);
		adds = adds && add_same(kernel, portable, 700, seed);
		counts = counts && count_same(kernel, portable, seed);
		sums = sums && sum_same(kernel, seed);
	}
	ok(adds, "%s: sums and range of %d sets of pieces", kernel->name, 2 * ROUNDS);
	ok(sums, "%s: %d sums of bytes", kernel->name, ROUNDS);
	ok(counts, "%s: equal bytes in %d sets of rows", kernel->name, ROUNDS);
}

/* Pieces of all lengths, now and then with bytes that are no symbols or that the kernel refuses. */
static bool symbols_same(symbol_count_fn count, uint64_t seed)
{
	uint8_t symbols[127], text[SYMBOL_PIECES][170 + BATCH_SLACK];
	uint16_t sums[2][127][QUALITY_ROW] = {0};
	struct piece pieces[SYMBOL_PIECES];
	size_t n = seed % (SYMBOL_PIECES + 1), symbols_n = 1 + random_below(&seed, 60);
	uint8_t odd = seed % 7 == 0 ? (seed % 2 ? 0 : 200) : 64;
	uint32_t at = seed % 3 == 0 ? (uint32_t)random_below(&seed, 70) : 0;
	bool got, want;

	for (size_t s = 0; s < symbols_n; s++)
		symbols[s] = (uint8_t)(1 + (s * 37 + seed) % 127);
	for (size_t i = 0; i < n; i++) {
		pieces[i] = (struct piece){text[i], (uint32_t)(1 + random_below(&seed, 100))};
		for (size_t p = 0; p < sizeof text[i]; p++)
			text[i][p] = symbols[random_below(&seed, symbols_n)];
		if (random_below(&seed, 500) == 0)
			text[i][random_below(&seed, 70)] = odd;
	}
	got = count(pieces, n, at, symbols, symbols_n, sums[0]);
	want = symbol_count_portable(pieces, n, at, symbols, symbols_n, sums[1]);
	return got == want && memcmp(sums[0], sums[1], sizeof sums[0]) == 0;
}

static void test_symbols(void)
{
	symbol_count_fn count = symbol_count_best();
	bool same = true;

	if (!count) {
		skip("this CPU counts symbols by comparing rows");
		return;
	}
	for (uint64_t seed = 1; seed <= ROUNDS; seed++)
		same &= symbols_same(count, seed);
	ok(same, "symbols counted straight from the text, as the portable loop does");
}

int main(void)
{
	const struct quality_kernel *kernels;
	size_t n;

	kernels = quality_kernels(&n);
	for (size_t i = 0; i < n; i++)
		test_kernel(&kernels[i], &kernels[n - 1]);
	test_symbols();
	ok(quality_kernel_best()->supported(), "the best one is %s", quality_kernel_best()->name);
	return done_testing();
}
