/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packed counters from a hostile peer: what unpacks must pack to the same bytes, merge with itself,
 * and be fit for a CSV. The CRC at the end is made right first, as whoever lies would.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void countersp(struct counters **counters)
{
	counters_free(*counters);
}

/* Packs to the same bytes. */
static void check_canonical(const struct counters *counters, const uint8_t *bytes, size_t size)
{
	_cleanup_(freep) uint8_t *again = NULL;
	size_t n;

	if (counters_pack(counters, &again, &n) < 0 || n != size || memcmp(again, bytes, n) != 0)
		abort();
}

/* Merges with another one of the same bytes; where it does, the reads are twice as many. */
static void check_merge(struct counters *counters, const uint8_t *bytes, size_t size)
{
	_cleanup_(countersp) struct counters *other = NULL, *merged = NULL;
	_cleanup_(freep) uint8_t *both = NULL;
	uint64_t reads = counters_reads(counters);
	size_t n;

	if (counters_unpack(bytes, size, &other, NULL) < 0)
		abort();
	if (counters_merge(counters, other, &(uint32_t){0}) < 0)
		return;
	if (counters_reads(counters) != 2 * reads || counters_pack(counters, &both, &n) < 0 ||
	    counters_unpack(both, n, &merged, NULL) < 0)
		abort();
}

static void check_csv(const struct counters *counters)
{
	struct csv_options options = {.phred = PHRED_AUTO};
	_cleanup_(freep) char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return;
	options.error_mean = (counters_modules(counters) & COUNT_QUALITY_TABLE) != 0;
	(void)csv_write(out, counters, &options, NULL); /* a set without sums gives none */
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(countersp) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *bytes = malloc(size + 1);
	struct error err;
	uint32_t crc;

	if (!bytes || size < 4)
		return 0;
	memcpy(bytes, data, size);
	crc = crc32_add(0, bytes, size - 4);
	for (size_t i = 0; i < 4; i++)
		bytes[size - 4 + i] = (uint8_t)(crc >> (8 * i));
	if (counters_unpack(bytes, size, &counters, &err) < 0)
		return 0;
	check_canonical(counters, bytes, size);
	check_csv(counters);
	check_merge(counters, bytes, size);
	return 0;
}
