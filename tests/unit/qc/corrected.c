/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Duplication levels are corrected side by side and with shortcuts: the same doubles as one after the other, step by step. */
#include <string.h>

#include "lib/qc/derive.h"
#include "tests/unit/tap.h"

#define LEVELS_MAX 200

/* As FASTQC.md section 1.9 has it. */
static double correct_plainly(const struct level *level, uint64_t reads, uint64_t limit)
{
	double n = (double)level->sequences, product = 1, bound = 1.0 - n / (n + 0.01);

	if (limit == reads || reads - level->sequences < limit)
		return n;
	for (uint64_t i = 0; i < limit; i++) {
		product *= ((double)((int64_t)(reads - i) - (int64_t)level->copies)) / (double)(reads - i);
		if (product < bound) {
			product = 0;
			break;
		}
	}
	return n / (1 - product);
}

static uint64_t random_below(uint64_t *seed, uint64_t n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*seed >> 33) % n;
}

static void test_levels(uint64_t reads, uint64_t limit, uint64_t seed)
{
	struct level levels[LEVELS_MAX];
	size_t n = 1 + random_below(&seed, LEVELS_MAX), wrong = 0;
	uint64_t copies = 0, cut = 0;

	for (size_t i = 0; i < n; i++) {
		copies += 1 + random_below(&seed, i < 20 ? 2 : reads / 500 + 1);
		if (copies > reads)
			copies = reads;
		levels[i] = (struct level){.copies = copies, .sequences = 1 + random_below(&seed, reads / (i * i + 1) + 1)};
		if (levels[i].sequences > reads)
			levels[i].sequences = reads;
	}
	levels_correct(levels, n, reads, limit);
	for (size_t i = 0; i < n; i++) {
		double wanted = correct_plainly(&levels[i], reads, limit);

		cut += wanted == (double)levels[i].sequences;
		wrong += memcmp(&wanted, &levels[i].corrected, sizeof wanted) != 0;
	}
	is_u64(wrong, 0, "%zu levels of %u reads, %u tracked, %u of them uncorrected", n, (unsigned int)reads,
	       (unsigned int)limit, (unsigned int)cut);
}

int main(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		test_levels(1000, 1000, seed);
		test_levels(1000, 1 + seed * 49, seed);
		test_levels(120000, 100000, seed);
		test_levels(200000, 110000 + seed, seed);
		test_levels(900000, 100000 + 1000 * seed, seed);
	}
	return done_testing();
}
