/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The module of qualities by position: a table of bytes (byte_table.h) of the quality lines. */
#include <errno.h>
#include <inttypes.h>

#include "lib/base/cleanup.h"
#include "lib/qc/byte_table.h"
#include "lib/qc/module.h"
#include "lib/qc/quality_sum.h"

static int quality_table_init(void *state, const struct count_rules *rules,
                              const struct prior *prior)
{
	byte_table_init(state);
	return 0;
}

static int quality_table_add(void *state, const struct batch *batch)
{
	struct piece pieces[BATCH_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->records[i];

		pieces[n] = (struct piece){.bytes = record->quality, .n = record->quality_length};
		n += record->quality_length > 0;
	}
	return byte_table_add(state, pieces, n);
}

/* ---- agreement with the module of quality sums */

/*
 * Position p of the table, whose block view shows, against the reads that reach it and their
 * quality sum.
 */
static int position_check(const struct table_view *view, const struct quality_sum *sum, uint64_t p,
                          uint64_t reads, struct error *err)
{
	uint64_t total = 0, bytes = 0;

	for (uint16_t i = 0; i < view->columns.n; i++) {
		uint64_t count = view->columns.counts[i][p % QUALITY_ROW];

		if (count > 0 && (view->columns.bytes[i] < sum->range.lowest ||
		                  view->columns.bytes[i] > sum->range.highest))
			return unpack_bad(
			    err, "a quality byte of position %" PRIu64 " is out of their range", p);
		total += count;
		bytes += count * view->columns.bytes[i];
	}
	if (total != reads)
		return unpack_bad(err,
		                  "%" PRIu64 " reads reach position %" PRIu64 ", which has %" PRIu64
		                  " qualities",
		                  reads, p, total);
	if (bytes != quality_sum_at(sum, p))
		return unpack_bad(
		    err, "the qualities of position %" PRIu64 " do not add up to their sum", p);
	return 0;
}

static int quality_table_check(const void *state, const struct counters *counters, struct error *err)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	_cleanup_(reach_deinit) struct reach reach = {0};
	const struct byte_table *table = state;
	const struct quality_sum *sum = counters_state(counters, MODULE_QUALITY_SUM);
	uint64_t positions;

	if (!sum)
		return 0;
	if (table_positions(table, &positions) < 0 || reach_init(&reach, &sum->lengths) < 0)
		return error_oom(err);
	if (positions != reach.longest)
		return unpack_bad(
		    err, "qualities of %" PRIu64 " positions for reads of up to %" PRIu64 " bases",
		    positions, reach.longest);
	for (uint64_t p = 0; p < positions; p++) {
		int r = p % QUALITY_ROW > 0
		            ? 0
		            : table_view_take(&view, table, (size_t)(p / QUALITY_ROW));

		if (r < 0)
			return error_oom(err);
		r = position_check(&view, sum, p, reach_at(&reach, p), err);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct module module_quality_table = {
    .name = "quality table",
    .id = MODULE_QUALITY_TABLE,
    .state_size = sizeof(struct byte_table),
    .init = quality_table_init,
    .deinit = byte_table_deinit,
    .add = quality_table_add,
    .merge = byte_table_merge,
    .pack = byte_table_pack,
    .unpack = byte_table_unpack,
    .check = quality_table_check,
};
