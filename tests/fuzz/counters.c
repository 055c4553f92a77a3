/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packed counters from a hostile peer: what unpacks must pack to the same bytes, merge with itself or be refused, and be fit for
 * a CSV and a report or be refused with a sentence. The CRC at the end is made right first, as whoever lies would.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/qc/csv.h"
#include "lib/qc/html.h"
#include "lib/qc/json.h"
#include "lib/qc/module.h"
#include "lib/qc/report.h"
#include "lib/qc/sequences.h"
#include "lib/qc/text.h"

/*
 * Correcting levels of duplication takes a step for each read before the 100,000th sequence, of however many a peer claims
 * to have seen: such a report is slow, not wrong.
 */
#define STEPS_MAX 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
	if (!fact)
		abort();
}

/* Packs to the same bytes. */
static void check_canonical(const struct counters *counters, const uint8_t *bytes, size_t size)
{
	_cleanup_(freep) uint8_t *again = NULL;
	size_t n;

	must(counters_pack(counters, &again, &n) == 0 && n == size && memcmp(again, bytes, n) == 0);
}

/* Merges with another one of the same bytes; where it does, the reads are twice as many, and what lacks nothing unpacks. */
static void check_merge(struct counters *counters, const uint8_t *bytes, size_t size)
{
	_cleanup_(counters_freep) struct counters *other = NULL, *merged = NULL;
	_cleanup_(freep) uint8_t *both = NULL;
	uint64_t reads = counters_reads(counters);
	uint32_t lacks = 0;
	size_t n;

	must(counters_unpack(bytes, size, &other, NULL) == 0);
	if (counters_merge(counters, other, &lacks) < 0)
		return;
	must(counters_reads(counters) == 2 * reads && !(lacks & ~counters_modules(counters)));
	must(counters_pack(counters, &both, &n) == 0);
	must(lacks || counters_unpack(both, n, &merged, NULL) == 0);
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

static void check_report(const struct counters *counters)
{
	static struct contaminants *contaminants;
	struct report *report = NULL;
	struct limits limits;
	struct report_options options = {.name = "file", .limits = &limits};
	struct error err = {0};
	_cleanup_(freep) char *text = NULL;
	const struct sequences *sequences = counters_state(counters, MODULE_SEQUENCES);
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!contaminants)
		must(contaminants_default(&contaminants) == 0);
	must(out != NULL);
	limits_default(&limits);
	limits.of[LIMIT_KMER].ignore = !(counters_modules(counters) & COUNT_KMERS);
	options.contaminants = contaminants;
	if (!sequences || sequences_limit(sequences) <= STEPS_MAX) {
		int r = report_make(counters, &options, &report, &err);

		must(r == 0 || (err.text[0] && err.class != ERROR_NONE));
		must(r < 0 || (report_text_write(out, report, &err) == 0 && report_json_write(out, report, &err) == 0 &&
		               report_html_write(out, report, &err) == 0));
	}
	report_free(report);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(counters_freep) struct counters *counters = NULL;
	_cleanup_(freep) uint8_t *bytes = malloc(size + 1);
	struct error err = {0};
	uint32_t crc;

	if (!bytes || size < 4)
		return 0;
	memcpy(bytes, data, size);
	crc = crc32_add(0, bytes, size - 4);
	for (size_t i = 0; i < 4; i++)
		bytes[size - 4 + i] = (uint8_t)(crc >> (8 * i));
	if (counters_unpack(bytes, size, &counters, &err) < 0) {
		must(err.text[0] != '\0' && !getenv("FQ_FUZZ_REFUSED")); /* qc_corpus.t: nothing is to be refused */
		return 0;
	}
	check_canonical(counters, bytes, size);
	check_csv(counters);
	check_report(counters);
	check_merge(counters, bytes, size);
	return 0;
}
