/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads by a seed: see reads.h. */
#include "tests/unit/qc/reads.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed * 0x2545f4914f6cdd1dULL >> 8;
}

uint64_t random_below(uint64_t *seed, uint64_t n)
{
	return random_next(seed) % n;
}

void reads_make(struct reads *reads, const struct reads_kind *kind, uint64_t seed)
{
	size_t all = 0, at = 0;

	seed = seed * 2 + 1;
	reads->n = kind->n;
	reads->records = must(calloc(kind->n + 1, sizeof *reads->records));
	for (size_t i = 0; i < kind->n; i++) {
		struct record *record = &reads->records[i];

		record->quality_length =
		    kind->shortest +
		    (uint32_t)random_below(&seed, kind->longest - kind->shortest + 1);
		record->length =
		    record->quality_length + (kind->lenient ? (uint32_t)random_below(&seed, 9) : 0);
		all += record->quality_length;
	}
	reads->bytes = must(malloc(all + BATCH_SLACK));
	for (size_t i = 0; i < all; i++)
		reads->bytes[i] = (uint8_t)(kind->lowest +
		                            random_below(&seed, kind->highest - kind->lowest + 1U));
	for (size_t i = all; i < all + BATCH_SLACK; i++)
		reads->bytes[i] = (uint8_t)random_next(&seed); /* must not be counted */
	for (size_t i = 0; i < kind->n; i++) {
		reads->records[i].name = reads->records[i].sequence = reads->bytes + at;
		reads->records[i].quality = reads->bytes + at;
		at += reads->records[i].quality_length;
	}
}

void reads_deinit(struct reads *reads)
{
	free(reads->records);
	free(reads->bytes);
	*reads = (struct reads){0};
}

void reads_count(const struct reads *reads, size_t from, size_t to, uint64_t *seed,
                 struct counters *counters)
{
	_cleanup_(freep) struct batch *batch = must(calloc(1, sizeof *batch));

	while (from < to) {
		uint32_t n = 1 + (uint32_t)random_below(seed, BATCH_MAX);

		if (n > to - from)
			n = (uint32_t)(to - from);
		batch->n = n;
		for (uint32_t i = 0; i < n; i++)
			batch->records[i] = reads->records[from + i];
		if (counters_add(counters, batch) < 0)
			abort();
		from += n;
	}
}

struct counters *counters_make(uint32_t modules)
{
	struct counters *counters = NULL;

	if (counters_new(modules, NULL, NULL, &counters) < 0)
		abort();
	return counters;
}

uint8_t *counters_bytes(const struct counters *counters, size_t *ret_n)
{
	uint8_t *bytes = NULL;

	if (counters_pack(counters, &bytes, ret_n) < 0)
		abort();
	return bytes;
}

struct counters *counters_travel(struct counters *counters)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct counters *travelled = NULL;
	struct error err = {0};
	size_t n;

	bytes = counters_bytes(counters, &n);
	if (counters_unpack(bytes, n, &travelled, &err) < 0) {
		(void)fprintf(stderr, "# %s\n", err.text);
		abort();
	}
	counters_free(counters);
	return travelled;
}
