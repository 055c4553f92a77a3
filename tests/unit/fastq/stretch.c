/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stretches of symbols by every set of functions; arenas; packed windows, also nonsense. */
#include "lib/fastq/stretch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/fastq/crc.h"
#include "lib/fastq/packed.h"
#include "tests/unit/fastq/drive.h"
#include "tests/unit/tap.h"

static uint16_t symbols[STRETCH_MAX + STRETCH_SLACK];
static uint8_t window[SPLIT_WINDOW];

static void make_symbols(size_t n, uint64_t *random)
{
	uint64_t open = random_below(random, 101), run = 1 + random_below(random, 40);

	for (size_t i = 0; i < n;) {
		bool is_open = random_below(random, 100) < open;
		size_t k = 1 + random_below(random, run);
		uint16_t from = (uint16_t)random_below(random, SPLIT_WINDOW);

		for (; k > 0 && i < n; k--, i++)
			symbols[i] = is_open ? (uint16_t)(SYMBOL_OPEN + (from++ & (SPLIT_WINDOW - 1)))
			                     : (uint16_t)random_below(random, 256);
	}
	memset(symbols + n, 0xff, STRETCH_SLACK * sizeof *symbols); /* what is behind does not matter */
}

static uint64_t try_stretch(const struct stretch_ops *ops, size_t n, struct arena *arena)
{
	static uint8_t to[STRETCH_MAX + STRETCH_SLACK];
	struct stretch *stretch;
	uint32_t lowest = SPLIT_WINDOW, open = 0;
	uint64_t wrong = 0;

	if (stretch_new(arena, ops, symbols, n, &stretch) < 0)
		return 1;
	ops->unpack(stretch, window, to);
	for (size_t i = 0; i < n; i++) {
		uint32_t from = symbols[i] & (SYMBOL_OPEN - 1);
		bool is_open = symbols[i] & SYMBOL_OPEN;

		open += is_open;
		lowest = is_open && from < lowest ? from : lowest;
		wrong += to[i] != (is_open ? window[from] : symbols[i]);
	}
	return wrong + (stretch->open_n != open) + (stretch->n != n) + (stretch->reach != SPLIT_WINDOW - lowest);
}

static void try_stretches(void)
{
	const struct stretch_ops *ops;

	for (size_t i = 0; (ops = stretch_ops_get(i)); i++) {
		struct arena_pool pool = {.most = 1};
		struct arena arena = {.pool = &pool};
		uint64_t random = 4, wrong = 0;

		for (unsigned int k = 0; k < 500; k++) {
			size_t n = random_below(&random, k % 2 ? 3000 : STRETCH_MAX + 1);

			make_symbols(n, &random);
			wrong += try_stretch(ops, n, &arena);
			if (k % 100 == 99)
				arena_drop(&arena);
		}
		is_u64(wrong, 0, "500 stretches, %s", ops->name);
		is_u64(pool.n, 1, "the pool keeps a chunk");
		arena_deinit(&arena);
		arena_pool_deinit(&pool);
	}
	ok(stretch_ops_best(), "one of them is the best");
}

static void try_symbols(void)
{
	static uint16_t back[SPLIT_WINDOW];
	static uint8_t text[SPLIT_WINDOW], junk[SYMBOLS_PACKED_MAX];
	uint64_t random = 7, wrong = 0, most = 0, taken = 0;

	for (unsigned int i = 0; i < 100; i++) {
		uint8_t *packed;
		size_t n;

		make_symbols(SPLIT_WINDOW, &random);
		wrong += symbols_pack(symbols, &packed, &n) != 0;
		most = n > most ? n : most;
		wrong += symbols_unpack(packed, n, back) != 0 || memcmp(back, symbols, sizeof back) != 0;
		wrong += symbols_unpack(packed, n - 1, back) != -EBADMSG;
		packed[random_below(&random, n)] ^= 4;
		taken += symbols_unpack(packed, n, back) == 0;
		free(packed);
	}
	is_u64(wrong, 0, "100 windows of symbols packed and unpacked");
	is_u64(taken, 0, "none that is damaged is taken");
	ok(most <= SYMBOLS_PACKED_MAX, "at most %llu bytes", (unsigned long long)most);
	/* What unpacks, but is nonsense. */
	taken = 0;
	for (unsigned int i = 0; i < 2000; i++) {
		uint8_t *packed;
		size_t plain = random_below(&random, 40), n;

		for (size_t k = 0; k < plain; k++)
			junk[k] = (uint8_t)(random_below(&random, 3) ? random_below(&random, 3) : random_next(&random));
		wrong += packed_make(junk, plain, &packed, &n) != 0;
		taken += symbols_unpack(packed, n, back) == 0;
		free(packed);
	}
	is_u64(taken + wrong, 0, "2000 bits of nonsense are none");

	make_symbols(SPLIT_WINDOW, &random);
	for (size_t i = 0; i < 100; i++)
		symbols[i] = SYMBOL_OPEN;
	symbols[100] = SYMBOL_OPEN + SPLIT_WINDOW - 1;
	for (size_t i = 101; i < SPLIT_WINDOW; i++)
		symbols[i] = 'A';
	ok(symbols_resolve(symbols, 0, window, SPLIT_WINDOW, text) && text[0] == window[0] && text[100] == window[SPLIT_WINDOW - 1] &&
	       text[101] == 'A',
	   "symbols by the window before");
	ok(symbols_resolve(symbols, 100, window, 1, text), "only symbols that count must be known");
	ok(!symbols_resolve(symbols, 99, window, 1, text) && !symbols_resolve(symbols, 100, window, 0, text), "these must");
}

int main(void)
{
	uint64_t random = 1;

	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		window[i] = (uint8_t)random_next(&random);
	try_stretches();
	try_symbols();
	is_u64(crc32_join(crc32_add(0, window, 1000), crc32_add(0, window + 1000, 5000), 5000), crc32_add(0, window, 6000),
	       "the CRC of two texts by theirs");
	return done_testing();
}
