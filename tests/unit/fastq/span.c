/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of bytes: each instruction set against the portable functions, over random bytes, lengths and alignments. */
#include "lib/fastq/span.h"

#include <string.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/tap.h"

#define SIZE 400
#define ROUNDS 200000

/* Mostly what lines are made of, with now and then a byte that ends a span. */
static void fill(uint8_t *p, size_t n, uint64_t *random)
{
	uint64_t rarity = 1 + random_below(random, 300);

	for (size_t i = 0; i < n; i++)
		p[i] = random_below(random, rarity) == 0 ? (uint8_t)random_next(random)
		                                         : (uint8_t)('!' + random_below(random, 94));
}

static bool agrees(const struct span_ops *a, const struct span_ops *b, const uint8_t *p, size_t n)
{
	return a->line(p, p + n) == b->line(p, p + n) && a->graph(p, p + n) == b->graph(p, p + n);
}

static void try_ops(const struct span_ops *ops)
{
	const struct span_ops *oracle = span_ops_get(0);
	uint64_t random = 7, wrong = 0;
	uint8_t bytes[SIZE + SPAN_SLACK];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		size_t from = random_below(&random, SIZE), n = random_below(&random, SIZE - from + 1);

		if (i % 16 == 0)
			fill(bytes, sizeof bytes, &random);
		wrong += !agrees(oracle, ops, bytes + from, n);
	}
	is_u64(wrong, 0, "%s: random spans", ops->name);
}

/* Each byte value at each place of a span, and behind it. */
static void try_each_byte(const struct span_ops *ops)
{
	const struct span_ops *oracle = span_ops_get(0);
	uint8_t bytes[140 + SPAN_SLACK];
	uint64_t wrong = 0;

	memset(bytes, 'I', sizeof bytes);
	for (unsigned int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 140; at++) {
			bytes[at] = (uint8_t)byte;
			wrong += !agrees(oracle, ops, bytes, 130);
			bytes[at] = 'I';
		}
	is_u64(wrong, 0, "%s: each byte at each place", ops->name);
}

int main(void)
{
	static const uint8_t text[] = "ACGT\nx\r!~ \x7f\x80";
	const struct span_ops *ops = span_ops_get(0);

	ok(ops->line(text, text + 12) == text + 4, "LF ends a line");
	ok(ops->line(text + 5, text + 12) == text + 6, "CR ends a line");
	ok(ops->line(text + 7, text + 12) == text + 12, "or the end does");
	ok(ops->graph(text + 7, text + 12) == text + 9, "a space is no quality");
	ok(ops->graph(text + 10, text + 12) == text + 10, "nor is delete");
	ok(ops->graph(text + 11, text + 12) == text + 11, "nor is a byte of 128 and more");
	for (size_t i = 0; (ops = span_ops_get(i)); i++) {
		try_ops(ops);
		try_each_byte(ops);
	}
	ok(span_ops_best() != NULL, "the best here is %s", span_ops_best()->name);
	return done_testing();
}
