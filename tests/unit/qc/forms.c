/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms of a report: text, summary, JSON, page and zip, with a hostile name, and on a disk that is full. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/archive.h"
#include "lib/qc/html.h"
#include "lib/qc/html_table.h"
#include "lib/qc/json.h"
#include "lib/qc/text.h"
#include "tests/unit/qc/made.h"
#include "tests/unit/tap.h"

#define HOSTILE "<script>\"a\\b\"&'\xff\n\t\xe2\x80\xae.fq"

typedef int (*write_fn)(FILE *out, const struct report *report, struct error *err);

/* 578 tiles of 150 positions in 40 groups, or one read. */
static struct report *report_of_tiles(int tiles, const char *name)
{
	struct made_read *reads = calloc((size_t)tiles + 1, sizeof *reads);
	struct report_options options = made_options();
	struct report *report;
	struct error err;
	char quality[151], sequence[151];
	int code;

	if (!reads)
		abort();
	memset(sequence, 'A', 150);
	memset(quality, 'F', 150);
	quality[3] = '#';
	sequence[150] = quality[150] = '\0';
	for (int i = 0; i < tiles; i++) {
		char *header;

		if (asprintf(&header, "m:1:f:1:%d:1:1", 1101 + i) < 0)
			abort();
		reads[i] = (struct made_read){header, sequence + i % 7, quality + i % 7, 1};
	}
	options.name = name;
	report = made_report(reads, (size_t)tiles, COMPAT_0_12_1, &options, &err, &code);
	if (!report)
		abort();
	for (int i = 0; i < tiles; i++)
		free((char *)reads[i].name);
	free(reads);
	return report;
}

/* What a writer writes; the caller frees. */
static char *written(const struct report *report, write_fn write)
{
	char *text = NULL;
	size_t n;
	struct error err = {0};
	FILE *out = open_memstream(&text, &n);

	if (!out)
		abort();
	is_int(write(out, report, &err), 0, "written %s", err.text);
	fclose(out);
	is_u64(strlen(text), n, "a text without zero bytes");
	return text;
}

static size_t occurrences(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

static void test_text(void)
{
	_cleanup_(reportp) struct report *report = report_of_tiles(1, "plain.fq");
	_cleanup_(freep) char *text = written(report, report_text_write), *summary = written(report, report_summary_write);

	ok(strncmp(text, "##FastQC\t0.12.1\n>>Basic Statistics\tpass\n#Measure\tValue\nFilename\tplain.fq\n", 72) == 0, "the head");
	ok(strstr(text, "\n>>END_MODULE\n>>Per tile sequence quality\tpass\n#Tile\tBase\tMean\n1101\t1\t0.0\n"), "a section follows");
	ok(strstr(text, "\n#Total Deduplicated Percentage\t100.0\n#Duplication Level\tPercentage of total\n1\t100.0\n"),
	   "a note stands above its table");
	is_str(text + strlen(text) - 14, "\n>>END_MODULE\n", "the end");
	is_u64(occurrences(text, ">>END_MODULE\n"), 11, "sections");
	is_u64(occurrences(summary, "\tplain.fq\n"), 11, "each has a line in the summary");
	ok(strncmp(summary, "PASS\tBasic Statistics\tplain.fq\n", 31) == 0, "in capitals");
}

static void test_hostile_text(void)
{
	_cleanup_(reportp) struct report *report = report_of_tiles(1, HOSTILE);
	_cleanup_(freep) char *text = written(report, report_text_write);

	ok(strstr(text, "\nFilename\t<script>\"a\\b\"&'\xff\\x0a\\x09\xe2\x80\xae.fq\n"),
	   "control characters do not end the line, all other bytes stay");
}

static void test_json(void)
{
	_cleanup_(reportp) struct report *report = report_of_tiles(1, HOSTILE);
	_cleanup_(freep) char *text = written(report, report_json_write);
	FILE *python;

	ok(strstr(text, "\"schema\": \"fqcluster.report/1\""), "the schema");
	ok(strstr(text, "\"file\": \"\\u003cscript>\\\"a\\\\b\\\"&'\\ufffd\\u000a\\u0009\xe2\x80\xae.fq\""), "the name");
	ok(strstr(text, "\"reads\": 1,\n  \"bases\": 150,"), "totals");
	ok(strstr(text, "[\"1\", 37.0, null, null, null, null, null]"), "what is not a number is null");
	ok(strstr(text, "\"notes\": {\"Total Deduplicated Percentage\": 100.0}"), "a note");
	if (system("python3 -c '' >/dev/null 2>&1") != 0) {
		skip("there is no python3 to read it");
		return;
	}
	python = popen("python3 -c 'import json, sys; d = json.load(sys.stdin); sys.exit(len(d[\"sections\"]) != 11)'", "we");
	if (!python)
		abort();
	fputs(text, python);
	is_int(pclose(python), 0, "Python reads it");
}

static void test_page(void)
{
	_cleanup_(reportp) struct report *report = report_of_tiles(1, HOSTILE), *large = report_of_tiles(578, "large.fq");
	_cleanup_(freep) char *page = written(report, report_html_write), *again = written(report, report_html_write);
	_cleanup_(freep) char *large_page = written(large, report_html_write);

	ok(strstr(page, "<h1>&#60;script&#62;&#34;a\\x5cb&#34;&#38;&#39;\\xff\\x0a\\x09\\xe2\\x80\\xae.fq</h1>"), "the name does no harm");
	ok(!strstr(page, "<script"), "there is no script");
	ok(!strstr(page, "http:") && !strstr(page, "https:"), "nothing comes from outside");
	ok(strstr(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"), "and nothing could");
	is_u64(occurrences(page, "<section id="), 11, "sections");
	is_u64(occurrences(page, "<a href=\"#"), 11, "linked from the summary");
	is_str(page, again, "the same report, the same bytes");
	ok(strstr(large_page, "rows the 2000 that deviate most are shown"), "a large table of tiles is cut, and says so");
	ok(strlen(large_page) < 500000, "the page of short reads has %zu bytes", strlen(large_page));
}

/* Positions one by one, of a long read. */
static void test_long_page(void)
{
	static char sequence[2501], quality[2501];
	const struct made_read reads[] = {{"a", sequence, quality, 1}};
	struct report_options options = made_options();
	_cleanup_(reportp) struct report *report = NULL;
	_cleanup_(freep) char *page = NULL;
	struct error err;
	int code;

	memset(sequence, 'C', 2500);
	memset(quality, '5', 2500);
	options.nogroup = true;
	report = made_report(reads, 1, COMPAT_0_12_1, &options, &err, &code);
	is_int(code, 0, "a report of 2500 positions %s", err.text);
	page = written(report, report_html_write);
	is_u64(occurrences(page, "<p>Of 2500 rows the first 2000 are shown; fastqc_data.txt has all.</p>"), 3,
	       "tables of positions are cut, and say so");
	ok(strstr(page, "<tr><th>2000</th><td>") && !strstr(page, "<tr><th>2001</th><td>"), "behind row 2000");
}

/* A table of 5000 cells of tiles: the deviations are 1 to 5000, mixed, every second one below the average. */
static void test_farthest(void)
{
	static const char *const columns[] = {"Tile", "Base", "Mean"};
	static const char before[] = "<td class=\"text\">1</td><td>";
	const size_t n = 5000;
	struct cell *cells = calloc(n, sizeof cells[0] * 3);
	struct section section = {.id = SECTION_TILES, .name = "n", .key = "k", .columns_n = 3, .rows_n = n, .columns = columns, .cells = cells};
	_cleanup_(freep) char *text = NULL;
	size_t size, far = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out || !cells)
		abort();
	for (size_t i = 0; i < n; i++) {
		double deviation = (double)(i * 1237 % n + 1);

		cells[3 * i] = (struct cell){.kind = CELL_NUMBER, .number = i};
		cells[3 * i + 1] = (struct cell){.kind = CELL_TEXT, .text = "1"};
		cells[3 * i + 2] = (struct cell){.kind = CELL_DOUBLE, .real = i % 2 > 0 ? deviation : -deviation};
	}
	is_int(html_table(out, &section), 0, "a table of tiles");
	fclose(out);
	for (const char *at = text; (at = strstr(at, before)); at += strlen(before))
		far += labs(strtol(at + strlen(before), NULL, 10)) > 3000;
	is_u64(far, 2000, "the 2000 that deviate most are shown");
	is_u64(occurrences(text, "</tr>\n"), 2000, "and no other");
	ok(strstr(text, "<th>4999</th>") > strstr(text, "<th>4991</th>") && strstr(text, "<th>4991</th>"), "in the order of the table");
	free(cells);
}

static void test_archive(void)
{
	static const char first[] = "made_fastqc/";
	_cleanup_(reportp) struct report *report = report_of_tiles(3, "made.fq");
	_cleanup_(freep) uint8_t *zip = NULL, *again = NULL;
	struct error err = {0};
	size_t n = 0, again_n = 0;

	is_int(report_archive_make(report, "made_fastqc", &zip, &n, &err), 0, "a zip is made %s", err.text);
	is_int(report_archive_make(report, "made_fastqc", &again, &again_n, &err), 0, "and once more");
	ok(n == again_n && memcmp(zip, again, n) == 0, "the same bytes");
	ok(n > 30 && memcmp(zip, "PK\3\4", 4) == 0, "it begins as a zip does");
	is_mem(zip + 26, "\x0c\0", 2, "the first name is of 12 bytes");
	is_mem(zip + 30, first, strlen(first), "and it is the folder");
	is_mem(zip + 10, "\0\0\x21\0", 4, "whose time says nothing");
}

static void test_full_disk(void)
{
	static const struct {
		const char *name;
		write_fn write;
	} writers[] = {
		{"text", report_text_write},
		{"summary", report_summary_write},
		{"JSON", report_json_write},
		{"page", report_html_write},
	};
	_cleanup_(reportp) struct report *report = report_of_tiles(1, "made.fq");

	for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
		_cleanup_(fclosep) FILE *full = fopen("/dev/full", "we");
		struct error err = {0};

		if (!full)
			abort();
		is_int(writers[i].write(full, report, &err), -ENOSPC, "%s on a full disk: %s", writers[i].name, err.text);
		is_int(err.class, ERROR_CANT_CREATE, "its class");
	}
}

int main(void)
{
	test_text();
	test_hostile_text();
	test_json();
	test_page();
	test_long_page();
	test_farthest();
	test_archive();
	test_full_disk();
	return done_testing();
}
