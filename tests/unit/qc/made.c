/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports of reads that a test writes down: see made.h. */
#include "tests/unit/qc/made.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"

/* A copy with room to be read behind its end. */
static uint8_t *slack(const char *text)
{
	size_t n = strlen(text);
	uint8_t *copy = malloc(n + BATCH_SLACK);

	if (!copy)
		abort();
	memcpy(copy, text, n);
	memset(copy + n, '~', BATCH_SLACK);
	return copy;
}

static void read_add(struct counters *counters, const struct made_read *read)
{
	static struct batch batch; /* too large for some stacks */
	_cleanup_(freep) uint8_t *sequence = slack(read->sequence), *quality = slack(read->quality);

	batch.n = 1;
	batch.records[0] = (struct record){
		.name = (const uint8_t *)read->name,
		.name_length = (uint32_t)strlen(read->name),
		.sequence = sequence,
		.length = (uint32_t)strlen(read->sequence),
		.quality = quality,
		.quality_length = (uint32_t)strlen(read->quality),
	};
	for (size_t i = 0; i < read->copies || i == 0; i++)
		if (counters_add(counters, &batch) < 0)
			abort();
}

struct counters *made_counters(const struct made_read *reads, size_t n, enum compat compat)
{
	struct count_rules rules;
	struct counters *counters;

	rules_default(&rules, compat);
	if (counters_new(COUNT_REPORT, &rules, &PRIOR_FIRST, &counters) < 0)
		abort();
	for (size_t i = 0; i < n; i++)
		read_add(counters, &reads[i]);
	return counters;
}

struct report_options made_options(void)
{
	static struct limits limits;
	static struct contaminants *contaminants;

	if (!contaminants && contaminants_default(&contaminants) < 0)
		abort();
	limits_default(&limits);
	return (struct report_options){.name = "made.fastq", .limits = &limits, .contaminants = contaminants};
}

struct report *made_report(const struct made_read *reads, size_t n, enum compat compat, const struct report_options *options,
                           struct error *err, int *ret_code)
{
	struct counters *counters = made_counters(reads, n, compat);
	struct report *report = NULL;

	*err = (struct error){0};
	*ret_code = report_make(counters, options, &report, err);
	counters_free(counters);
	return report;
}

const struct section *report_section(const struct report *report, enum section_id id)
{
	size_t n;
	const struct section *sections = report_sections(report, &n);

	for (size_t i = 0; i < n; i++)
		if (sections[i].id == id)
			return &sections[i];
	return NULL;
}

const struct cell *section_cell(const struct section *section, size_t row, size_t column)
{
	if (row >= section->rows_n || column >= section->columns_n)
		abort();
	return &section->cells[row * section->columns_n + column];
}

void reportp(struct report **report)
{
	report_free(*report);
}
