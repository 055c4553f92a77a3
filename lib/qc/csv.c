/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mean quality by position as CSV: see csv.h. */
#include "lib/qc/csv.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/decimal.h"
#include "lib/qc/quality_sum.h"
#include "lib/qc/byte_table.h"

uint32_t csv_modules(const struct csv_options *options)
{
	return COUNT_MEAN | (options->error_mean ? COUNT_QUALITY_TABLE : 0);
}

static int csv_offset(const struct csv_options *options, const struct quality_sum *sum)
{
	if (options->phred == PHRED_AUTO)
		return sum->range.lowest >= 64 ? PHRED_64 : PHRED_33;
	return options->phred;
}

/* A quality error probability of 10^(-Q/10) for each read, averaged, and back to a Phred score. */
static double error_mean(const struct table_view *view, size_t position, uint64_t reads, int offset)
{
	double errors = 0;

	for (uint16_t i = 0; i < view->columns.n;
	     i++) { /* by growing byte: the order of additions is part of the result */
		uint64_t n = table_view_count(view, view->order[i], position);

		if (n > 0)
			errors += (double)n * pow(10.0, (offset - view->order[i]) / 10.0);
	}
	return -10.0 * log10(errors / (double)reads) + 0.0; /* + 0.0: no negative zero */
}

static double quality_mean(uint64_t sum, uint64_t reads, int offset)
{
	/* Both fit 63 bits: reads are at most COUNT_TOTAL_MAX. */
	return (double)((int64_t)sum - (int64_t)reads * offset) / (double)reads;
}

/* All lines, in the "C" locale. The stream remembers its own errors. */
static int csv_lines(FILE *out, const struct quality_sum *sum, const struct byte_table *table,
                     const struct csv_options *options)
{
	_cleanup_(table_view_deinit) struct table_view view = {0};
	_cleanup_(reach_deinit) struct reach reach = {0};
	const char *end = options->crlf ? "\r\n" : "\n";
	int r, offset = csv_offset(options, sum);
	char text[DECIMAL_MAX];

	r = reach_init(&reach, &sum->lengths);
	if (r < 0)
		return r;
	if (options->header && reach.longest > 0)
		fprintf(out, "position,mean_quality%s%s",
		        options->error_mean ? ",error_mean_quality" : "", end);
	for (uint64_t p = 0; p < reach.longest && !ferror(out); p++) {
		uint64_t reads = reach_at(&reach, p);

		fprintf(
		    out, "%" PRIu64 ",%s", p + options->base,
		    decimal_shortest(text, quality_mean(quality_sum_at(sum, p), reads, offset)));
		if (options->error_mean) {
			r = p % QUALITY_ROW > 0
			        ? 0
			        : table_view_take(&view, table, (size_t)(p / QUALITY_ROW));
			if (r < 0)
				return r;
			fprintf(out, ",%s",
			        decimal_shortest(
				    text, error_mean(&view, p % QUALITY_ROW, reads, offset)));
		}
		fputs(end, out);
	}
	return 0;
}

int csv_write(FILE *out, const struct counters *counters, const struct csv_options *options,
              struct error *err)
{
	const struct quality_sum *sum = counters_state(counters, MODULE_QUALITY_SUM);
	const struct byte_table *table = counters_state(counters, MODULE_QUALITY_TABLE);
	locale_t numbers, before;
	int r;

	if (!sum || (options->error_mean && !table))
		return error_set(err, -EINVAL, ERROR_SOFTWARE,
		                 "the counters lack what this table is made of");
	numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!numbers)
		return error_oom(err);
	before = uselocale(numbers);
	errno = 0;
	r = csv_lines(out, sum, table, options);
	if (r >= 0 && (fflush(out) != 0 || ferror(out)))
		r = errno > 0 ? -errno : -EIO;
	(void)uselocale(before);
	freelocale(numbers);
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_CANT_CREATE, "cannot write the table: %s",
		                 strerror(-r));
	return 0;
}
