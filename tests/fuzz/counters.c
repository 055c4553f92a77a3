/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packed counters from a hostile peer: what unpacks must pack to the same bytes, merge with itself,
 * and be fit for a CSV, and for a report in every form or a sentence. The CRC at the end is made right first, as whoever lies would.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/archive.h"
#include "lib/qc/csv.h"
#include "lib/qc/json.h"
#include "lib/qc/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void countersp(struct counters **counters)
{
	counters_free(*counters);
}

static void contaminantsp(struct contaminants **contaminants)
{
	contaminants_free(*contaminants);
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

/* Limits that leave out what the counters do not have; whichever the other options are. */
static void limits_make(struct limits *limits, uint32_t modules)
{
	static const struct {
		uint32_t module;
		enum limit_id limit;
	} rows[] = {
		{COUNT_TILES, LIMIT_TILE},           {COUNT_SCORES, LIMIT_QUALITY_SEQUENCE},
		{COUNT_GC, LIMIT_GC_SEQUENCE},       {COUNT_SEQUENCES, LIMIT_DUPLICATION},
		{COUNT_ADAPTERS, LIMIT_ADAPTER},     {COUNT_SEQUENCES, LIMIT_OVERREPRESENTED},
	};

	limits_default(limits);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!(modules & rows[i].module))
			limits->of[rows[i].limit].ignore = 1;
}

static void check_report(const struct counters *counters)
{
	_cleanup_(contaminantsp) struct contaminants *contaminants = NULL;
	_cleanup_(freep) uint8_t *zip = NULL;
	_cleanup_(fclosep) FILE *null = fopen("/dev/null", "we");
	struct limits limits;
	struct report_options options = {
		.name = "hostile",
		.nogroup = counters_reads(counters) % 2 == 1 && counters_bases(counters) < 100000,
		.limits = &limits,
	};
	struct report *report = NULL;
	struct error err = {0};
	size_t n;

	limits_make(&limits, counters_modules(counters));
	if (!null || contaminants_default(&contaminants) < 0)
		return;
	options.contaminants = contaminants;
	if (report_make(counters, &options, &report, &err) < 0) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	if (report_archive_make(report, "hostile_fastqc", &zip, &n, &err) < 0 || report_json_write(null, report, &err) < 0)
		abort();
	report_free(report);
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
	check_report(counters);
	check_merge(counters, bytes, size);
	return 0;
}
