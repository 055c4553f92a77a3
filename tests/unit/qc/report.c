/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sections of reports of reads written down here: corner cases, verdicts, and what no report is made of. */
#include "lib/qc/report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/made.h"
#include "tests/unit/tap.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* A report that must be made. */
static struct report *report_of(const struct made_read *reads, size_t n, enum compat compat, const struct report_options *options)
{
	struct error err;
	int code;
	struct report *report = made_report(reads, n, compat, options, &err, &code);

	is_int(code, 0, "a report is made %s", err.text);
	return report;
}

static void refused(const struct made_read *reads, size_t n, enum compat compat, const struct report_options *options, int wanted,
                    const char *sentence)
{
	struct error err;
	int code;
	_cleanup_(reportp) struct report *report = made_report(reads, n, compat, options, &err, &code);

	is_int(code, wanted, "refused");
	is_str(err.text, sentence, "the sentence");
	ok(!report, "there is no report");
}

static void real_is(const struct section *section, size_t row, size_t column, double wanted, const char *what)
{
	double got = section_cell(section, row, column)->real;

	ok(got == wanted || (isnan(got) && isnan(wanted)), "%s: %.17g, wanted %.17g", what, got, wanted);
}

static void status_is(const struct report *report, enum section_id id, enum status wanted, const char *what)
{
	const struct section *section = report_section(report, id);

	ok(section && section->status == wanted, "%s", what);
}

/* ---- no reads */

static void test_empty(enum compat compat)
{
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = report_of(NULL, 0, compat, &options);
	const struct section *basic = report_section(report, SECTION_BASIC), *adapters, *levels;

	is_str(section_cell(basic, 0, 1)->text, "made.fastq", "the file's name");
	is_str(section_cell(basic, 1, 1)->text, "null", "no type of file");
	is_str(section_cell(basic, 2, 1)->text, "Illumina 1.5", "the encoding of no quality");
	is_u64(basic->rows_n, compat == COMPAT_0_11_9 ? 7 : 8, "Total Bases came with 0.12");
	ok(!report_section(report, SECTION_QUALITY) && !report_section(report, SECTION_TILES) && !report_section(report, SECTION_SCORES),
	   "no section of qualities");
	is_u64(report_section(report, SECTION_CONTENT)->rows_n, 0, "no base");
	is_u64(report_section(report, SECTION_CONTENT)->columns_n, 5, "but the head of their table");
	is_u64(report_section(report, SECTION_LENGTHS)->rows_n, 0, "no length");
	status_is(report, SECTION_GC, STATUS_PASS, "an empty distribution passes");
	levels = report_section(report, SECTION_DUPLICATION);
	ok(levels->note.value.real == 100, "nothing is a copy");
	real_is(levels, 0, 1, (double)NAN, "of no read");
	is_u64(report_section(report, SECTION_OVERREPRESENTED)->columns_n, 0, "no table of overrepresented sequences");
	adapters = report_section(report, SECTION_ADAPTERS);
	ok(adapters->status == STATUS_WARN && adapters->columns_n == 0, "adapters warn, without a table");
	is_u64(report_reads(report), 0, "reads");
}

/* ---- qualities */

static void test_percentiles(void)
{
	/* 101 reads reach position 0, 100 of them position 1. */
	static const struct made_read reads[] = {{"a", "A", "5", 1}, {"b", "AA", "I?", 50}, {"c", "AA", "#?", 50}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = report_of(reads, N(reads), COMPAT_0_12_1, &options);
	const struct section *quality = report_section(report, SECTION_QUALITY), *scores;

	real_is(quality, 0, 1, (20.0 + 50 * 40 + 50 * 2) / 101, "a mean");
	real_is(quality, 0, 2, 2, "the median of 101: the 50th");
	real_is(quality, 0, 4, 40, "the upper quartile");
	real_is(quality, 1, 1, 30, "the mean of 100");
	real_is(quality, 1, 2, (double)NAN, "100 reads have no percentile");
	status_is(report, SECTION_QUALITY, STATUS_FAIL, "a median of 2 fails");
	scores = report_section(report, SECTION_SCORES);
	is_u64(scores->rows_n, 20, "means of reads from 16 to 35");
	is_u64(section_cell(scores, 0, 0)->number, 16, "the lowest");
	real_is(scores, 1, 1, 0, "a gap");
	real_is(scores, 4, 1, 1, "one read of 20");
	status_is(report, SECTION_SCORES, STATUS_FAIL, "of equally common ones the lowest is judged");
}

static void encoding_is(const char *quality, enum phred phred, const char *name, double mean)
{
	const struct made_read reads[] = {{"a", "ACGT", quality, 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;

	options.phred = phred;
	report = report_of(reads, 1, COMPAT_0_12_1, &options);
	is_str(section_cell(report_section(report, SECTION_BASIC), 2, 1)->text, name, "the encoding of %s", quality);
	real_is(report_section(report, SECTION_QUALITY), 0, 1, mean, "the mean by it");
}

static void test_encodings(void)
{
	encoding_is("IIII", PHRED_AUTO, "Illumina 1.5", 9);
	encoding_is("I?II", PHRED_AUTO, "Sanger / Illumina 1.9", 40);
	encoding_is("hAhh", PHRED_AUTO, "Illumina 1.3", 40);
	encoding_is("h@hh", PHRED_AUTO, "Illumina 1.5", 40);
	encoding_is("IIII", PHRED_33, "Sanger / Illumina 1.9", 40);
	encoding_is("h5hh", PHRED_64, "Illumina 1.5", 40);
}

static void test_scores_below_offset(void)
{
	static const struct made_read reads[] = {{"a", "ACGT", "5555", 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;

	options.phred = PHRED_64;
	report = report_of(reads, 1, COMPAT_0_12_1, &options);
	is_str(section_cell(report_section(report, SECTION_SCORES), 0, 0)->text, "-11", "a score below 0 is a text");
	real_is(report_section(report, SECTION_QUALITY), 0, 1, (double)NAN, "no byte of the encoding");
}

static void tiles_are(enum phred phred, enum compat compat, double first, double second)
{
	static const struct made_read reads[] = {{"a:1:7:1:1", "ACGT", "5hhh", 10}, {"a:1:8:1:1", "ACGT", "hhhh", 10}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;
	const struct section *tiles;

	options.phred = phred;
	report = report_of(reads, 2, compat, &options);
	tiles = report_section(report, SECTION_TILES);
	is_u64(section_cell(tiles, 4, 0)->number, 8, "the second tile");
	real_is(tiles, 0, 2, first, "the first tile's difference");
	real_is(tiles, 4, 2, second, "the second one's");
}

static void test_tiles(void)
{
	tiles_are(PHRED_AUTO, COMPAT_0_12_1, -25.5, 25.5);
	tiles_are(PHRED_33, COMPAT_0_12_1, -25.5, 25.5);
	tiles_are(PHRED_64, COMPAT_0_12_1, -25.5, 25.5);
	tiles_are(PHRED_64, COMPAT_0_11_9, -25.5, 25.5);
}

/* ---- bases and lengths */

static void test_bases(void)
{
	static const struct made_read reads[] = {{"a", "AcgNN", "IIIII", 1}, {"b", "CCG.N", "IIIII", 2}, {"c", "tTT-n", "I5III", 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = report_of(reads, N(reads), COMPAT_0_12_1, &options);
	const struct section *content = report_section(report, SECTION_CONTENT), *n = report_section(report, SECTION_N);

	real_is(content, 0, 2, 25, "A");
	real_is(content, 0, 4, 50, "C");
	real_is(content, 1, 4, 75, "lower and upper case C");
	real_is(content, 3, 1, (double)NAN, "no base among N, dots and dashes");
	real_is(n, 3, 1, 25, "one N; a dot is none");
	real_is(n, 4, 1, 100, "N and n");
	status_is(report, SECTION_N, STATUS_FAIL, "a position of N alone");
	is_u64(section_cell(report_section(report, SECTION_BASIC), 7, 1)->number, 66, "8 of 12 are G or C");
	is_str(section_cell(report_section(report, SECTION_BASIC), 4, 1)->text, "20 bp", "all bytes are bases");
}

static void test_lengths(void)
{
	char long_read[261];
	struct made_read reads[] = {{"a", "ACGT", "IIII", 1}, {"b", long_read, long_read, 3}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL, *single = NULL;
	const struct section *lengths;

	memset(long_read, 'G', 260);
	long_read[260] = '\0';
	report = report_of(reads, N(reads), COMPAT_0_12_1, &options);
	lengths = report_section(report, SECTION_LENGTHS);
	is_str(section_cell(lengths, 0, 0)->text, "0-9", "of 258 lengths ten make a group");
	is_str(section_cell(lengths, lengths->rows_n - 1, 0)->text, "260-261", "the last is cut");
	real_is(lengths, 0, 1, 1, "a short read");
	real_is(lengths, 1, 1, 0, "a group without reads");
	real_is(lengths, lengths->rows_n - 1, 1, 3, "long reads");
	status_is(report, SECTION_LENGTHS, STATUS_WARN, "different lengths");
	is_str(section_cell(report_section(report, SECTION_BASIC), 6, 1)->text, "4-260", "their range");
	options.nogroup = true;
	single = report_of(reads, N(reads), COMPAT_0_12_1, &options);
	lengths = report_section(single, SECTION_LENGTHS);
	is_u64(lengths->rows_n, 257, "one by one, without the empty ends");
	is_str(section_cell(lengths, 0, 0)->text, "4", "from the shortest");
	is_u64(report_section(single, SECTION_CONTENT)->rows_n, 260, "positions one by one");
}

static void test_empty_reads(void)
{
	static const struct made_read reads[] = {{"a", "", "", 2}, {"b", "ACGT", "IIII", 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = report_of(reads, N(reads), COMPAT_0_12_1, &options);
	const struct section *frequent = report_section(report, SECTION_OVERREPRESENTED);

	status_is(report, SECTION_LENGTHS, STATUS_FAIL, "reads of no base");
	is_str(section_cell(frequent, 0, 0)->text, "", "the empty sequence is a sequence");
	is_u64(section_cell(frequent, 0, 1)->number, 2, "of two reads");
	is_str(section_cell(frequent, 0, 3)->text, "No Hit", "from nowhere");
}

/* ---- limits and options */

static void test_limits(void)
{
	static const struct made_read reads[] = {{"a", "ACGT", "5555", 1}};
	struct report_options options = made_options();
	struct limits limits = *options.limits;
	_cleanup_(reportp) struct report *report = NULL;
	size_t n;

	options.limits = &limits;
	limits.of[LIMIT_QUALITY_SEQUENCE] = (struct limit){.warn = 20, .error = 19};
	limits.of[LIMIT_SEQUENCE] = (struct limit){.warn = 100, .error = 100};
	limits.of[LIMIT_OVERREPRESENTED].ignore = 1;
	limits.of[LIMIT_QUALITY_BASE].ignore = 0.5;
	report = report_of(reads, 1, COMPAT_0_12_1, &options);
	status_is(report, SECTION_SCORES, STATUS_WARN, "a limit that is reached warns");
	status_is(report, SECTION_CONTENT, STATUS_PASS, "a limit that is not passed does not");
	ok(!report_section(report, SECTION_OVERREPRESENTED), "an ignored section is left out");
	ok(!report_section(report, SECTION_QUALITY), "another one");
	(void)report_sections(report, &n);
	is_u64(n, 8, "sections, without those and k-mers and tiles");
}

static void test_min_length(void)
{
	static const struct made_read reads[] = {{"a", "ACGTACGTACGTACGTACGT", "IIIIIIIIIIIIIIIIIIII", 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;

	options.min_length = 20;
	report = report_of(reads, 1, COMPAT_0_12_1, &options);
	is_u64(report_section(report, SECTION_ADAPTERS)->rows_n, 20, "the table of adapters is filled up");
	options.min_length = 21;
	refused(reads, 1, COMPAT_0_12_1, &options, -EINVAL,
	        "the least length of 21 that was asked for is above that of the longest read, 20");
}

static void test_refused(void)
{
	static const struct made_read low[] = {{"a", "ACGT", "I II", 1}}, high[] = {{"a", "ACGT", "I\xc8II", 1}},
	                              bases[] = {{"a", "AC\xc3T", "IIII", 1}}, top[] = {{"a", "A", "\x7f", 1}},
	                              tile[] = {{"a:1:8:1:1", "ACGT", "5555", 10}, {"a:1:7:1:1", "", "", 10}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;

	refused(low, 1, COMPAT_0_12_1, &options, -EBADMSG,
	        "the lowest quality byte is 32, but a quality is written with the bytes 33 to 126 ('!' to '~')");
	refused(top, 1, COMPAT_0_12_1, &options, -EBADMSG,
	        "the lowest quality byte is 127, but a quality is written with the bytes 33 to 126 ('!' to '~')");
	refused(high, 1, COMPAT_0_12_1, &options, -EBADMSG,
	        "there is a byte of value 200 in a quality, but no report can be made of bytes above 127");
	refused(bases, 1, COMPAT_0_12_1, &options, -EBADMSG,
	        "there is a byte of value 195 in a sequence, but no report can be made of bytes above 127");
	refused(tile, 2, COMPAT_0_11_9, &options, -EBADMSG,
	        "all sampled reads of tile 7 are empty: no report of FastQC 0.11.9 can be made of that (0.12.1 leaves empty reads out)");
	report = report_of(tile, 2, COMPAT_0_12_1, &options);
	ok(report_section(report, SECTION_TILES), "0.12.1 has a section of tiles");
	options.nogroup = options.expgroup = true;
	refused(tile, 2, COMPAT_0_12_1, &options, -EINVAL,
	        "positions are shown either one by one (nogroup) or in growing groups (expgroup), not both");
}

static void test_lacking(void)
{
	struct report_options options = made_options();
	struct counters *counters = NULL;
	struct report *report = NULL;
	struct error err;

	if (counters_new(COUNT_REPORT & ~COUNT_BASES, NULL, NULL, &counters) < 0)
		return;
	is_int(report_make(counters, &options, &report, &err), -EINVAL, "counters that lack a module");
	is_str(err.text, "the counters lack what the section \"Basic Statistics\" is made of", "the sentence");
	counters = counters_free(counters);
	if (counters_new(COUNT_REPORT, NULL, NULL, &counters) < 0)
		return;
	is_int(report_make(counters, &options, &report, &err), -EINVAL, "counters of a slice");
	is_str(err.text, "these are not the counters of a whole file", "the sentence");
	counters_free(counters);
}

int main(void)
{
	test_empty(COMPAT_0_11_9);
	test_empty(COMPAT_0_12_1);
	test_percentiles();
	test_encodings();
	test_scores_below_offset();
	test_tiles();
	test_bases();
	test_lengths();
	test_empty_reads();
	test_limits();
	test_min_length();
	test_refused();
	test_lacking();
	return done_testing();
}
