/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports of hostile strings: what a file, its sample, its adapters, contaminants and sequences are called or hold. The input is six texts
 * that end in zero bytes (file, sample, place, profile, and the lists of contaminants and adapters as files), then reads, a line each,
 * which are counted several times so that they are overrepresented. All forms are well-formed: pages, of the file and of a run, JSON,
 * fastqc_data.txt that diff takes back (unless FastQC itself would write none of its form), a table with as many fields in each line, and
 * the zip.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/adapter_list.h"
#include "lib/qc/archive.h"
#include "lib/qc/html.h"
#include "lib/qc/json.h"
#include "lib/qc/prior.h"
#include "lib/qc/profile.h"
#include "lib/qc/run.h"
#include "lib/qc/text.h"
#include "lib/qc/told.h"
#include "tests/fuzz/forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_FILE, TEXT_SAMPLE, TEXT_LINK, TEXT_PROFILE, TEXT_CONTAMINANTS, TEXT_ADAPTERS, _TEXT_MAX };
#define READS_MAX 100
#define TIMES 5      /* of each read */
#define READ_MAX 300 /* bases */

/* ---- counters */

/* A tile in the name, and a quality that is allowed. */
static void count_line(struct counters *counters, struct batch *batch, const uint8_t *line, size_t n)
{
	static const uint8_t name[] = "M0:1:F:1:1101:15:20 1:N:0:1";
	uint8_t quality[READ_MAX + BATCH_SLACK], *sequence = calloc(n + BATCH_SLACK, 1);

	must(sequence != NULL);
	for (size_t i = 0; i < n; i++)
		sequence[i] = line[i] & 0x7f; /* of other bytes no report can be made */
	memset(quality, 'A', sizeof quality);
	batch->n = TIMES;
	for (size_t i = 0; i < TIMES; i++) {
		struct record *record = &batch->records[i];

		*record = (struct record){.name = name, .sequence = sequence, .quality = quality};
		record->name_length = sizeof name - 1;
		record->length = record->quality_length = (uint32_t)n;
	}
	must(counters_add(counters, batch) == 0);
	free(sequence);
}

static struct counters *count(const uint8_t *data, size_t size, const struct count_rules *rules)
{
	_cleanup_(freep) struct batch *batch = calloc(1, sizeof *batch);
	struct counters *counters;
	size_t lines = 0;

	must(batch && counters_new(COUNT_REPORT | COUNT_KMERS, rules, &PRIOR_FIRST, &counters) == 0);
	for (size_t at = 0, n; at < size && lines < READS_MAX; at += n + 1, lines++) {
		const uint8_t *end = memchr(data + at, '\n', size - at);

		n = end ? (size_t)(end - data) - at : size - at;
		if (n > 0)
			count_line(counters, batch, data + at, n < READ_MAX ? n : READ_MAX);
	}
	return counters;
}

/* ---- forms */

typedef int (*writer)(FILE *out, const struct report *report, struct error *err);

static char *written(writer write, const struct report *report, size_t *ret_n)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_n);
	struct error err;

	must(out && write(out, report, &err) == 0 && fclose(out) == 0);
	return text;
}

static void check_told(const struct report *report)
{
	struct told told _cleanup_(told_deinit) = {0};
	struct error err;
	size_t n, sections_n;
	char *text = written(report_text_write, report, &n);
	const struct section *sections = report_sections(report, &sections_n);

	must(memchr(text, '\0', n) == NULL && told_read(&told, text, n, "again", &err) == 0);
	for (size_t i = 0; i < sections_n; i++) {
		must(told.there & 1u << sections[i].id && told.sections[sections[i].id].status == sections[i].status);
		must(told.sections[sections[i].id].rows_n == sections[i].rows_n);
	}
}

/* fastqc_data.txt has these as FastQC does, raw: with them it is no text of its own form. */
static bool is_odd(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr("#>\t\r\n", text[i] & 0x7f))
			return true;
	return false;
}

static void check_file(const struct report *report, bool odd)
{
	_cleanup_(freep) char *page = NULL, *json = NULL;
	size_t n;

	page = written(report_html_write, report, &n);
	must_be_page(page, n, 0);
	json = written(report_json_write, report, &n);
	must_be_json(json, n);
	if (!odd)
		check_told(report);
}

static size_t tabs(const char *line)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++)
		n += *line == '\t';
	return n;
}

/* The file alone, and as a member of a group. */
static void check_run(const struct report *report, const char *const *texts)
{
	struct run run _cleanup_(run_deinit) = {0};
	_cleanup_(freep) char *page = NULL, *table = NULL;
	const char *link = texts[TEXT_LINK][0] ? texts[TEXT_LINK] : NULL;
	size_t n = 0, lines = 0;
	struct error err;
	FILE *out;

	must(run_add(&run, texts[TEXT_FILE], NULL, link, 0, report) == 0);
	must(run_add(&run, texts[TEXT_FILE], texts[TEXT_SAMPLE], NULL, 2, report) == 0);
	run_sort(&run);
	out = open_memstream(&page, &n);
	must(out && run_html_write(out, &run, 3, &err) == 0 && fclose(out) == 0);
	must_be_page(page, n, 1);
	out = open_memstream(&table, &n);
	must(out && run_tsv_write(out, &run, &err) == 0 && fclose(out) == 0);
	must_be_text(table, n);
	for (const char *line = table; *line; line += strcspn(line, "\n") + 1, lines++)
		must(tabs(line) == tabs(table));
	must(lines == 3);
}

static int entry_check(void *data, const char *name, const uint8_t *bytes, size_t n, struct error *err)
{
	(void)bytes;
	(void)n;
	(void)err;
	must(strncmp(name, "x_fastqc/", 9) == 0);
	++*(size_t *)data;
	return 0;
}

static void check_zip(const struct report *report)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	_cleanup_(freep) char *text = NULL;
	size_t n, text_n, entries = 0;
	struct error err;

	must(report_archive_make(report, "x_fastqc", &bytes, &n, &err) == 0);
	must(report_archive_unpack(bytes, n, entry_check, &entries, &err) == 0 && entries > 3);
	must(report_archive_text(bytes, n, TOLD_MAX, &text, &text_n, &err) == 0);
}

/* ---- the input */

static void check_report(const struct counters *counters, struct report_options *options, const char *const *texts, bool odd)
{
	struct report *report = NULL;
	struct error err = {0};

	if (report_make(counters, options, &report, &err) < 0) {
		must(err.text[0] && err.class != ERROR_NONE);
		return;
	}
	check_file(report, odd);
	check_run(report, texts);
	check_zip(report);
	report_free(report);
}

static void check(const char *const *texts, const uint8_t *reads, size_t size)
{
	struct contaminants *contaminants = NULL;
	struct count_rules *rules = malloc(sizeof *rules);
	struct profile profile;
	struct report_options options = {.name = texts[TEXT_FILE], .profile = &profile};
	struct counters *counters;
	bool odd = false;

	must(rules != NULL);
	for (size_t i = 0; i < size && !odd; i++)
		odd = reads[i] != '\n' && is_odd((const char *)reads + i, 1);
	rules_default(rules, COMPAT_0_12_1);
	(void)adapter_list_read(rules, texts[TEXT_ADAPTERS], strlen(texts[TEXT_ADAPTERS]), "adapters", NULL);
	if (contaminants_read(texts[TEXT_CONTAMINANTS], strlen(texts[TEXT_CONTAMINANTS]), "contaminants", &contaminants, NULL) < 0)
		must(contaminants_default(&contaminants) == 0);
	if (profile_read(&profile, "p", texts[TEXT_PROFILE], strlen(texts[TEXT_PROFILE]), "p.txt", NULL) < 0)
		must(profile_read(&profile, "p", "", 0, "p.txt", NULL) == 0);
	options.limits = &profile.limits;
	options.contaminants = contaminants;
	counters = count(reads, size, rules);
	check_report(counters, &options, texts, odd || is_odd(texts[TEXT_FILE], strlen(texts[TEXT_FILE])));
	counters_free(counters);
	contaminants_free(contaminants);
	free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);
	const char *texts[_TEXT_MAX];
	size_t at = 0;

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < _TEXT_MAX; i++) {
		texts[i] = text + at;
		at += strlen(text + at);
		at += at < size;
	}
	check(texts, data + at, size - at);
	return 0;
}
