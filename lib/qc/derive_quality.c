/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sections "Per base sequence quality" and "Per sequence quality scores" (FASTQC.md sections 1.2 and 1.4): means and
 * percentiles by position, and reads by their mean quality.
 */
#include <math.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/module.h"
#include "lib/qc/scores.h"

/* ---- by position */

static const char *const base_columns[] = {
	"Base", "Mean", "Median", "Lower Quartile", "Upper Quartile", "10th Percentile", "90th Percentile",
};
static const uint64_t percents[] = {50, 25, 75, 10, 90};

#define PERCENTS (sizeof percents / sizeof percents[0])
#define READS_ENOUGH 100 /* a percentile is made of more reads than that */

/* What the positions of a group add up to. */
struct group_sum {
	double mean, percentiles[PERCENTS];
	uint64_t with_reads, with_enough; /* positions */
};

/* The mean of one position; bytes below the offset do not count. */
static double column_mean(const struct table_column *column, uint8_t offset)
{
	uint64_t sum = 0, reads = 0;

	for (uint16_t i = 0; i < column->n; i++) {
		if (column->bytes[i] < offset)
			continue;
		sum += column->counts[i] * (uint64_t)(column->bytes[i] - offset);
		reads += column->counts[i];
	}
	return (double)sum / (double)reads;
}

/* The lowest quality that at least so many per cent of the reads do not exceed; -1 where bytes below the offset hide it. */
static double column_percentile(const struct table_column *column, uint8_t offset, uint64_t percent)
{
	uint64_t wanted = column->total * percent / 100, reads = 0;

	for (uint16_t i = 0; i < column->n; i++) {
		if (column->bytes[i] < offset)
			continue;
		reads += column->counts[i];
		if (reads >= wanted)
			return (double)(column->bytes[i] - offset);
	}
	return -1;
}

static void sum_add(struct group_sum *sum, const struct table_column *column, uint8_t offset)
{
	if (column->total == 0)
		return;
	sum->with_reads++;
	sum->mean += column_mean(column, offset);
	if (column->total <= READS_ENOUGH)
		return;
	sum->with_enough++;
	for (size_t i = 0; i < PERCENTS; i++)
		sum->percentiles[i] += column_percentile(column, offset, percents[i]);
}

static void row_fill(struct cell *row, const char *label, const struct group_sum *sum)
{
	row[0] = cell_text(label);
	row[1] = cell_double(sum->with_reads > 0 ? sum->mean / (double)sum->with_reads : 0);
	for (size_t i = 0; i < PERCENTS; i++)
		row[2 + i] = cell_double(sum->with_enough > 0 ? sum->percentiles[i] / (double)sum->with_enough : (double)NAN);
}

int derive_quality(struct derive *derive, struct section *section)
{
	_cleanup_(table_walk_deinit) struct table_walk walk = {.table = counters_state(derive->counters, MODULE_QUALITY_TABLE)};
	const struct limit *lower = &derive->options->limits->of[LIMIT_QUALITY_BASE_LOWER];
	const struct limit *median = &derive->options->limits->of[LIMIT_QUALITY_BASE_MEDIAN];
	struct table_column column;
	bool fail = false, warn = false;
	struct groups groups;
	int r;

	if (derive->qualities == 0)
		return DERIVE_ABSENT;
	r = derive_groups(derive, derive->qualities, &groups);
	if (r == 0)
		r = derive_table(derive, section, base_columns, 2 + PERCENTS, groups.n);
	for (size_t i = 0; r == 0 && i < groups.n; i++) {
		struct cell *row = section_row(section, i);
		struct group_sum sum = {0};

		for (uint64_t p = groups.of[i].from - 1; r == 0 && p < groups.of[i].to; p++) {
			r = table_walk_column(&walk, p, &column);
			if (r == 0)
				sum_add(&sum, &column, derive->encoding.offset);
		}
		row_fill(row, groups.labels[i], &sum);
		if (isnan(row[3].real))
			continue;
		judged_least(&section->judged[0], row[3].real, groups.labels[i]);
		judged_least(&section->judged[1], row[2].real, groups.labels[i]);
		fail |= row[3].real < lower->error || row[2].real < median->error;
		warn |= row[3].real < lower->warn || row[2].real < median->warn;
	}
	section->status = status_of(fail, warn);
	return r;
}

/* ---- by read */

static const char *const score_columns[] = {"Quality", "Count"};

/* FastQC looks for the commonest score with a 32-bit maximum, which ends at its largest value. */
static uint64_t count_saturated(uint64_t reads)
{
	return reads < INT32_MAX ? reads : INT32_MAX;
}

int derive_scores(struct derive *derive, struct section *section)
{
	const struct scores *scores = counters_state(derive->counters, MODULE_SCORES);
	const struct limit *limit = &derive->options->limits->of[LIMIT_QUALITY_SEQUENCE];
	int lowest = 0, highest = 255, offset = derive->encoding.offset, mode = 0, r;
	uint64_t most = 0;

	while (lowest < 256 && scores->reads[lowest] == 0)
		lowest++;
	if (lowest == 256)
		return DERIVE_ABSENT;
	while (scores->reads[highest] == 0)
		highest--;
	r = derive_table(derive, section, score_columns, 2, (size_t)(highest - lowest + 1));
	for (int score = lowest; r == 0 && score <= highest; score++) {
		struct cell *row = section_row(section, (size_t)(score - lowest));
		uint64_t reads = scores->reads[score];

		r = derive_integer(derive, score - offset, &row[0]);
		row[1] = cell_double((double)reads);
		if (reads <= most)
			continue;
		most = count_saturated(reads);
		mode = score - offset;
	}
	section->judged[0].value = mode;
	section->status = status_of(mode <= limit->error, mode <= limit->warn);
	return r;
}
