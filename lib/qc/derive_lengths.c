/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The section "Sequence Length Distribution" (FASTQC.md section 1.8): reads by length, in up to some 50 groups of lengths. */
#include <errno.h>
#include <inttypes.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"

#define GROUPS_MAX 50

static const char *const columns[] = {"Length", "Count"};

/* The lengths [from, to] that the table spans, in groups of `width` that begin at `start`. */
struct scale {
	uint64_t from, to, start, width;
};

static uint64_t width_choose(uint64_t span)
{
	static const uint64_t steps[] = {1, 2, 5};

	for (uint64_t factor = 1;; factor *= 10)
		for (size_t i = 0; i < 3; i++)
			if (span / (steps[i] * factor) <= GROUPS_MAX)
				return steps[i] * factor;
}

static struct scale scale_choose(const struct derive *derive)
{
	struct scale scale = {
		.from = derive->shortest > 0 ? derive->shortest - 1 : 0,
		.to = derive->longest + 1,
	};

	scale.width = derive->options->nogroup ? 1 : width_choose(scale.to - scale.from);
	scale.start = scale.from / scale.width * scale.width;
	return scale;
}

static const char *group_label(struct derive *derive, const struct scale *scale, uint64_t from)
{
	uint64_t to = from + scale->width - 1;

	if (scale->width == 1)
		return derive_text(derive, "%" PRIu64, from);
	return derive_text(derive, "%" PRIu64 "-%" PRIu64, from, to < scale->to ? to : scale->to);
}

/* The first and the last group are not shown where they have no reads. */
static int rows_make(struct derive *derive, struct section *section, const struct scale *scale, const struct reach *lengths)
{
	size_t n = (size_t)((scale->to - scale->start) / scale->width + 1), at = 0, rows = 0;
	int r = derive_table(derive, section, columns, 2, n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t from = scale->start + i * scale->width, reads = 0;
		struct cell *row = section_row(section, rows);

		for (; at < lengths->n && lengths->lengths[at].length < from + scale->width; at++)
			reads += lengths->lengths[at].reads;
		if (reads == 0 && (i == 0 || i == n - 1))
			continue;
		row[0] = cell_text(group_label(derive, scale, from));
		row[1] = cell_double((double)reads);
		if (!row[0].text)
			r = -ENOMEM;
		rows++;
	}
	section->rows_n = rows;
	return r;
}

int derive_lengths(struct derive *derive, struct section *section)
{
	const struct lengths *lengths = counters_state(derive->counters, MODULE_LENGTHS);
	const struct limit *limit = &derive->options->limits->of[LIMIT_SEQUENCE_LENGTH];
	_cleanup_(reach_deinit) struct reach reach = {0};
	struct scale scale = scale_choose(derive);
	bool empty, different;
	int r;

	r = reach_init(&reach, &lengths->table);
	if (r == 0)
		r = rows_make(derive, section, &scale, &reach);
	empty = reach.n > 0 && reach.lengths[0].length == 0;
	different = reach.n > 1;
	section->judged[0].value = (double)derive->shortest;
	section->judged[1].value = (double)derive->longest;
	section->status = status_of(limit->error != 0 && empty, limit->warn != 0 && different);
	return r;
}
