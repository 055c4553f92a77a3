/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sections "Per base sequence content" and "Per base N content" (FASTQC.md sections 1.5 and 1.7): bases by position. */
#include <math.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/module.h"

/* In the order of the table's columns. */
enum base { BASE_G, BASE_A, BASE_T, BASE_C, _BASE_MAX };

static const char *const content_columns[] = {"Base", "G", "A", "T", "C"};
static const char *const n_columns[] = {"Base", "N-Count"};

/* Reads of a group of positions by their base, upper and lower case alike. */
struct base_counts {
	uint64_t of[_BASE_MAX];
	uint64_t n, all; /* N; any byte */
};

static uint64_t either_case(const uint64_t bytes[256], char letter)
{
	return bytes[(uint8_t)letter] + bytes[(uint8_t)(letter - 'A' + 'a')];
}

static int group_count(struct table_walk *walk, const struct base_group *group, struct base_counts *ret)
{
	uint64_t bytes[256] = {0};
	int r = table_walk_add(walk, group->from - 1, group->to, bytes);

	*ret = (struct base_counts){
		.of = {
			[BASE_G] = either_case(bytes, 'G'),
			[BASE_A] = either_case(bytes, 'A'),
			[BASE_T] = either_case(bytes, 'T'),
			[BASE_C] = either_case(bytes, 'C'),
		},
		.n = either_case(bytes, 'N'),
	};
	for (size_t byte = 0; byte < 256; byte++)
		ret->all += bytes[byte];
	return r;
}

int derive_content(struct derive *derive, struct section *section)
{
	_cleanup_(table_walk_deinit) struct table_walk walk = {.table = counters_state(derive->counters, MODULE_BASES)};
	const struct limit *limit = &derive->options->limits->of[LIMIT_SEQUENCE];
	bool fail = false, warn = false;
	struct base_counts counts;
	struct groups groups;
	int r;

	r = derive_groups(derive, derive->longest, &groups);
	if (r == 0)
		r = derive_table(derive, section, content_columns, 1 + _BASE_MAX, groups.n);
	for (size_t i = 0; r == 0 && i < groups.n; i++) {
		struct cell *row = section_row(section, i);
		double percents[_BASE_MAX], total, cg, ta;

		r = group_count(&walk, &groups.of[i], &counts);
		total = (double)(counts.of[BASE_G] + counts.of[BASE_A] + counts.of[BASE_T] + counts.of[BASE_C]);
		row[0] = cell_text(groups.labels[i]);
		for (size_t base = 0; base < _BASE_MAX; base++) {
			percents[base] = ((double)counts.of[base] / total) * 100;
			row[1 + base] = cell_double(percents[base]);
		}
		cg = fabs(percents[BASE_C] - percents[BASE_G]);
		ta = fabs(percents[BASE_T] - percents[BASE_A]);
		judged_most(&section->judged[0], cg, groups.labels[i]);
		judged_most(&section->judged[1], ta, groups.labels[i]);
		fail |= cg > limit->error || ta > limit->error;
		warn |= cg > limit->warn || ta > limit->warn;
	}
	section->status = status_of(fail, warn);
	return r;
}

int derive_n_content(struct derive *derive, struct section *section)
{
	_cleanup_(table_walk_deinit) struct table_walk walk = {.table = counters_state(derive->counters, MODULE_BASES)};
	const struct limit *limit = &derive->options->limits->of[LIMIT_N_CONTENT];
	bool fail = false, warn = false;
	struct base_counts counts;
	struct groups groups;
	int r;

	r = derive_groups(derive, derive->longest, &groups);
	if (r == 0)
		r = derive_table(derive, section, n_columns, 2, groups.n);
	for (size_t i = 0; r == 0 && i < groups.n; i++) {
		struct cell *row = section_row(section, i);
		double percent;

		r = group_count(&walk, &groups.of[i], &counts);
		percent = 100 * ((double)counts.n / (double)counts.all);
		row[0] = cell_text(groups.labels[i]);
		row[1] = cell_double(percent);
		judged_most(&section->judged[0], percent, groups.labels[i]);
		fail |= percent > limit->error;
		warn |= percent > limit->warn;
	}
	section->status = status_of(fail, warn);
	return r;
}
