/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mean quality by position as CSV: see csv.h. */
#include "lib/qc/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "lib/base/cleanup.h"
#include "lib/qc/decimal.h"
#include "lib/qc/module.h"
#include "lib/qc/print.h"
#include "lib/qc/quality_sum.h"
#include "lib/qc/table_walk.h"

/* Means are made of the sums where they were counted, and of the table otherwise: the same whole numbers. */
struct source {
	const struct csv_options *options;
	const struct quality_sum *sum;  /* NULL: not counted */
	const struct byte_table *table; /* NULL: not counted */
	struct reach reach;             /* of sum */
	struct table_walk walk;         /* of table */
	struct table_column column;     /* of the position, where the table is needed */
	uint64_t positions;
	uint8_t lowest; /* quality byte */
};

uint32_t csv_modules(const struct csv_options *options)
{
	return COUNT_MEAN | (options->error_mean ? COUNT_QUALITY_TABLE : 0);
}

static void source_deinit(struct source *source)
{
	reach_deinit(&source->reach);
	table_walk_deinit(&source->walk);
}

static int source_init(struct source *source)
{
	uint64_t totals[256];
	struct byte_range range;
	int r;

	source->walk.table = source->table;
	if (source->sum) {
		r = reach_init(&source->reach, &source->sum->lengths);
		source->positions = source->reach.longest;
		source->lowest = source->sum->range.lowest;
		return r;
	}
	r = table_positions(source->table, &source->positions);
	if (r == 0)
		r = table_totals(source->table, totals, &range);
	if (r == 0)
		source->lowest = range.lowest;
	return r;
}

static int source_offset(const struct source *source)
{
	if (source->options->phred == PHRED_AUTO)
		return source->lowest >= 64 ? PHRED_64 : PHRED_33;
	return source->options->phred;
}

/* The sum of the quality bytes of a position, and the reads that reach it; takes its column where one is needed. 0 or -ENOMEM. */
static int source_position(struct source *source, uint64_t position, uint64_t *ret_sum, uint64_t *ret_reads)
{
	int r;

	if (!source->sum || source->options->error_mean) {
		r = table_walk_column(&source->walk, position, &source->column);
		if (r < 0)
			return r;
	}
	if (source->sum) {
		*ret_sum = quality_sum_at(source->sum, position);
		*ret_reads = reach_at(&source->reach, position);
		return 0;
	}
	*ret_sum = 0;
	for (uint16_t i = 0; i < source->column.n; i++)
		*ret_sum += source->column.bytes[i] * source->column.counts[i];
	*ret_reads = source->column.total;
	return 0;
}

/* A quality error probability of 10^(-Q/10) for each read, averaged, and back to a Phred score. */
static double error_mean(const struct table_column *column, uint64_t reads, int offset)
{
	double errors = 0;

	for (uint16_t i = 0; i < column->n; i++) /* by growing byte: the order of additions is part of the result */
		errors += (double)column->counts[i] * pow(10.0, (offset - column->bytes[i]) / 10.0);
	return -10.0 * log10(errors / (double)reads) + 0.0; /* + 0.0: no negative zero */
}

static double quality_mean(uint64_t sum, uint64_t reads, int offset)
{
	/* Both fit 63 bits: reads are at most COUNT_TOTAL_MAX. */
	return (double)((int64_t)sum - (int64_t)reads * offset) / (double)reads;
}

static int lines_print(FILE *out, const void *data)
{
	_cleanup_(source_deinit) struct source source = *(const struct source *)data;
	const struct csv_options *options = source.options;
	const char *end = options->crlf ? "\r\n" : "\n";
	char text[DECIMAL_MAX];
	int offset, r = source_init(&source);

	if (r < 0)
		return r;
	offset = source_offset(&source);
	if (options->header && source.positions > 0)
		fprintf(out, "position,mean_quality%s%s", options->error_mean ? ",error_mean_quality" : "", end);
	for (uint64_t p = 0; p < source.positions && !ferror(out); p++) {
		uint64_t sum, reads;

		r = source_position(&source, p, &sum, &reads);
		if (r < 0)
			return r;
		fprintf(out, "%" PRIu64 ",%s", p + options->base, decimal_shortest(text, quality_mean(sum, reads, offset)));
		if (options->error_mean)
			fprintf(out, ",%s", decimal_shortest(text, error_mean(&source.column, reads, offset)));
		fputs(end, out);
	}
	return 0;
}

int csv_write(FILE *out, const struct counters *counters, const struct csv_options *options, struct error *err)
{
	struct source source = {
		.options = options,
		.sum = counters_state(counters, MODULE_QUALITY_SUM),
		.table = counters_state(counters, MODULE_QUALITY_TABLE),
	};

	if ((!source.sum || options->error_mean) && !source.table)
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the counters lack what this table is made of");
	return print_numbers(out, lines_print, &source, "the table", err);
}
