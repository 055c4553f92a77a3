/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a report tells people beside FastQC's numbers: key figures, what each status was judged by, and the theoretical curve of GC.
 * Wanted values are counted by hand.
 */
#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/made.h"
#include "tests/unit/tap.h"

static struct report *report_of(const struct made_read *reads, size_t n)
{
	struct report_options options = made_options();
	struct error err;
	int code;

	return made_report(reads, n, COMPAT_0_12_1, &options, &err, &code);
}

static bool near(double got, double want)
{
	return fabs(got - want) <= 1e-9 * fabs(want);
}

static void judged_is(const struct report *report, enum section_id id, size_t i, double value, const char *where)
{
	const struct section *section = report_section(report, id);

	if (!ok(section != NULL, "there is the section"))
		return;
	ok(near(section->judged[i].value, value), "%s: judged by %g", section->name, section->judged[i].value);
	is_str(section->judged[i].where ? section->judged[i].where : "", where, "of %s", section->name);
}

static void test_figures(void)
{
	/* Scores 0, 30, 40 and 29, 30. */
	static const struct made_read reads[] = {{"a", "AcN", "!?I", 1}, {"b", "GT", ">?", 1}};
	_cleanup_(reportp) struct report *report = report_of(reads, 2), *empty = report_of(NULL, 0);
	const struct figures *figures = report_figures(report), *none = report_figures(empty);

	is_u64(figures->reads, 2, "reads");
	is_u64(figures->bases, 5, "bases");
	is_u64(figures->shortest, 2, "the shortest");
	is_u64(figures->longest, 3, "the longest");
	ok(near(figures->quality_mean, 25.8), "mean quality %g", figures->quality_mean);
	ok(near(figures->q30, 60), "at least 30: %g %%", figures->q30);
	ok(near(figures->gc, 50), "G and C: %g %%", figures->gc);
	ok(none->reads == 0 && none->longest == 0 && isnan(none->quality_mean) && isnan(none->q30) && isnan(none->gc),
	   "an empty file has no means");
}

/* Position 2 has 60 of 120 reads with score 2, position 3 only A; the rest is even. */
static void test_judged(void)
{
	static const struct made_read reads[] = {
		{"m:1:f:1:7:1:1", "ACAG", "I#II", 30}, {"m:1:f:1:7:1:1", "CGAT", "I#II", 30},
		{"m:1:f:1:8:1:1", "GTAC", "IIII", 30}, {"m:1:f:1:8:1:1", "TAAA", "IIII", 30},
	};
	_cleanup_(reportp) struct report *report = report_of(reads, 4);

	judged_is(report, SECTION_QUALITY, 0, 2, "2");
	judged_is(report, SECTION_QUALITY, 1, 2, "2");
	judged_is(report, SECTION_TILES, 0, -19, "tile 7, position 2");
	judged_is(report, SECTION_SCORES, 0, 30, "");
	judged_is(report, SECTION_CONTENT, 0, 0, "1");
	judged_is(report, SECTION_CONTENT, 1, 100, "3");
	judged_is(report, SECTION_N, 0, 0, "1");
	judged_is(report, SECTION_LENGTHS, 0, 4, "");
	judged_is(report, SECTION_LENGTHS, 1, 4, "");
	judged_is(report, SECTION_DUPLICATION, 0, 100.0 * 4 / 120, "");
	judged_is(report, SECTION_OVERREPRESENTED, 0, 25, "");
	ok(isnan(report_section(report, SECTION_ADAPTERS)->judged[0].value), "adapters: reads are too short to be judged");
}

/* Of equal values the first one's place is told. */
static void test_ties(void)
{
	static const struct made_read reads[] = {{"a", "ACGT", "5555", 101}};
	_cleanup_(reportp) struct report *report = report_of(reads, 1);

	judged_is(report, SECTION_QUALITY, 0, 20, "1");
	judged_is(report, SECTION_QUALITY, 1, 20, "1");
}

static void test_adapters(void)
{
	static const struct made_read reads[] = {{"a", "ACGTAGATCGGAAGAGACGT", "IIIIIIIIIIIIIIIIIIII", 1},
	                                         {"b", "ACGTACGTACGTACGTACGT", "IIIIIIIIIIIIIIIIIIII", 3}};
	_cleanup_(reportp) struct report *report = report_of(reads, 2);

	judged_is(report, SECTION_ADAPTERS, 0, 25, "Illumina Universal Adapter, position 5");
}

static void test_theory(void)
{
	static const struct made_read reads[] = {{"a", "ACGTACGTAA", "IIIIIIIIII", 5}, {"b", "ACGTACGTCA", "IIIIIIIIII", 9}};
	_cleanup_(reportp) struct report *report = report_of(reads, 2), *empty = report_of(NULL, 0);
	const struct section *section = report_section(report, SECTION_GC);
	double total = 0, off = 0, all = 0;

	for (size_t i = 0; i < section->rows_n; i++) {
		total += section_cell(section, i, 1)->real;
		all += section->theory[i];
		off += fabs(section->theory[i] - section_cell(section, i, 1)->real);
	}
	ok(fabs(all - total) < total / 100, "the theoretical curve has as many reads: %g", all);
	ok(near(section->judged[0].value, 100 * off / total), "and the status is judged by it");
	ok(isnan(report_section(empty, SECTION_GC)->theory[50]), "of no reads there is none");
}

int main(void)
{
	test_figures();
	test_judged();
	test_ties();
	test_adapters();
	test_theory();
	return done_testing();
}
