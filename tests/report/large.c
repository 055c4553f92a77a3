/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports of files too large to make: the counters of one read, doubled until they are those of millions and of billions of equal
 * reads. The corner cases 29 and 49 of FASTQC.md section 7: how large counts are printed, and that they never wrap.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/html.h"
#include "lib/qc/prior.h"
#include "lib/qc/report.h"
#include "lib/qc/rules.h"
#include "lib/qc/text.h"
#include "tests/unit/qc/reads.h"
#include "tests/unit/tap.h"

static const char sequence[] = "ACGTTGCAACGG", quality[] = "555555555555";

static struct counters *one_read(enum compat compat, const struct prior *prior)
{
	_cleanup_(freep) uint8_t *bytes = calloc(1, 2 * sizeof sequence + 2 * BATCH_SLACK);
	_cleanup_(freep) struct batch *batch = calloc(1, sizeof *batch);
	struct counters *counters;
	struct count_rules rules;
	uint32_t n = sizeof sequence - 1;

	rules_default(&rules, compat);
	if (!bytes || !batch || counters_new(COUNT_REPORT, &rules, prior, &counters) < 0)
		abort();
	memcpy(bytes, sequence, n);
	memcpy(bytes + n + BATCH_SLACK, quality, n);
	batch->n = 1;
	batch->records[0] = (struct record){.name = bytes, .name_length = 1, .sequence = bytes,
	                                    .quality = bytes + n + BATCH_SLACK, .length = n, .quality_length = n};
	if (counters_add(counters, batch) < 0)
		abort();
	return counters;
}

static void merge(struct counters *into, const struct counters *from)
{
	uint32_t lacks;

	if (counters_merge(into, from, &lacks) < 0 || lacks)
		abort();
}

/* The file of 1 + 2^doublings reads. */
static struct counters *many_reads(enum compat compat, unsigned int doublings)
{
	struct counters *all = one_read(compat, &PRIOR_FIRST);
	_cleanup_(counters_freep) struct counters *span = one_read(compat, &PRIOR_UNKNOWN);

	for (unsigned int i = 0; i < doublings; i++) {
		_cleanup_(counters_freep) struct counters *copy = NULL;
		_cleanup_(freep) uint8_t *bytes = NULL;
		size_t n;

		bytes = counters_bytes(span, &n);
		if (counters_unpack(bytes, n, &copy, NULL) < 0)
			abort();
		merge(span, copy);
	}
	merge(all, span);
	return all;
}

typedef int (*write_fn)(FILE *out, const struct report *report, struct error *err);

static char *report_written(const struct counters *counters, write_fn write)
{
	struct contaminants *contaminants = NULL;
	struct report *report = NULL;
	struct limits limits;
	struct report_options options = {.name = "large.fastq", .limits = &limits};
	struct error err = {0};
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	limits_default(&limits);
	if (!out || contaminants_default(&contaminants) < 0)
		abort();
	options.contaminants = contaminants;
	if (!ok(report_make(counters, &options, &report, &err) == 0 && write(out, report, &err) == 0,
	        "a report can be made: %s", err.text))
		abort();
	fclose(out);
	report_free(report);
	contaminants_free(contaminants);
	return text;
}

static void test_lines(enum compat compat, unsigned int doublings, const char *const *lines)
{
	_cleanup_(counters_freep) struct counters *counters = many_reads(compat, doublings);
	_cleanup_(freep) char *text = report_written(counters, report_text_write);

	for (; *lines; lines++)
		ok(strstr(text, *lines) != NULL, "%s: %" PRIu64 " reads: %.*s", compat_name(compat), counters_reads(counters),
		   (int)strcspn(*lines + 1, "\n"), *lines + 1);
}

/* What no coordinate of the page may be. */
static void test_page(void)
{
	static const char *const not_numbers[] = {"nan ", "nan\"", "inf ", "inf\"", "e+", "<dd>-"};
	_cleanup_(counters_freep) struct counters *counters = many_reads(COMPAT_0_12_1, 50);
	_cleanup_(freep) char *page = report_written(counters, report_html_write);

	ok(strstr(page, "<div title=\"1125899906842625\"><dt>Reads</dt><dd>1.13&#160;P</dd>") != NULL, "a page of %" PRIu64 " reads",
	   counters_reads(counters));
	ok(strstr(page, "\">1.5&#160;P</text>") != NULL, "its axes end above that");
	for (size_t i = 0; i < sizeof not_numbers / sizeof not_numbers[0]; i++)
		ok(!strstr(page, not_numbers[i]), "no '%s' in it", not_numbers[i]);
}

int main(void)
{
	static const char *const millions[] = {
		"\nTotal Sequences\t16777217\n", /* a whole number */
		"\n20\t1.6777217E7\n",           /* scores: a double */
		"\n12\t1.6777217E7\n",           /* lengths */
		"\n58\t1.6777217E7\n",           /* G and C: 7 of 12 claim 54 to 62 per cent */
		"\nACGTTGCAACGG\t16777217\t100.0\tNo Hit\n",
		"\n#Total Deduplicated Percentage\t5.960464122267716E-6\n",
		NULL,
	};
	/* FastQC has 32 bits for the copies of a sequence: it would print a negative number of them. */
	static const char *const billions[] = {
		"\nTotal Sequences\t4294967297\n",
		"\n20\t4.294967297E9\n",
		"\nACGTTGCAACGG\t4294967297\t100.0\tNo Hit\n",
		NULL,
	};

	for (enum compat compat = 0; compat < _COMPAT_MAX; compat++) {
		test_lines(compat, 24, millions);
		test_lines(compat, 32, billions);
	}
	test_page();
	return done_testing();
}
