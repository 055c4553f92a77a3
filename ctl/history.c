/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over jobs that have ended: see history.h. */
#include "ctl/history.h"

#include <errno.h>
#include <stdlib.h>

#include "ctl/job_cells.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

int history_add(struct history *history, const fq_Job *job)
{
	if (history->n == history->room) {
		size_t room = history->room ? 2 * history->room : 64;
		fq_Job *jobs = reallocarray(history->jobs, room, sizeof *jobs);

		if (!jobs)
			return -ENOMEM;
		history->jobs = jobs;
		history->room = room;
	}
	history->jobs[history->n++] = *job;
	return 0;
}

void history_deinit(struct history *history)
{
	free(history->jobs);
	*history = (struct history){0};
}

static int numbers_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest of n > 0 sorted values that percent of them are not above. */
static uint64_t quantile(const uint64_t *values, size_t n, unsigned percent)
{
	return values[(n * percent + 99) / 100 - 1];
}

int history_sum(const struct history *history, struct history_sums *ret)
{
	_cleanup_(freep) uint64_t *waits = calloc(history->n + 1, sizeof *waits);
	_cleanup_(freep) uint64_t *times = calloc(history->n + 1, sizeof *times);

	*ret = (struct history_sums){.jobs = history->n};
	if (!waits || !times)
		return -ENOMEM;
	for (size_t i = 0; i < history->n; i++) {
		const fq_Job *job = &history->jobs[i];

		ret->states[job_told(job)]++;
		ret->files += job->files;
		ret->reads += job->records;
		ret->bases += job->bases;
		ret->bytes += job->bytes;
		waits[i] = job_wait_ms(job);
		times[i] = job_elapsed_ms(job);
	}
	if (history->n == 0)
		return 0;
	qsort(waits, history->n, sizeof *waits, numbers_compare);
	qsort(times, history->n, sizeof *times, numbers_compare);
	ret->wait_median_ms = quantile(waits, history->n, 50);
	ret->wait_p95_ms = quantile(waits, history->n, 95);
	ret->elapsed_median_ms = quantile(times, history->n, 50);
	ret->elapsed_p95_ms = quantile(times, history->n, 95);
	return 0;
}

void history_sums_print(const struct history_sums *sums, FILE *out)
{
	char a[32], b[32], count[16];

	(void)fprintf(out, "Jobs     %llu", (unsigned long long)sums->jobs);
	for (unsigned i = 0, n = 0; i < HISTORY_STATES; i++)
		if (sums->states[i])
			(void)fprintf(out, "%s%llu %s", n++ ? ", " : ": ", (unsigned long long)sums->states[i], job_told_name(i));
	(void)fprintf(out, "\nFiles    %llu\nReads    %s\n", (unsigned long long)sums->files, text_count(count, sums->reads));
	(void)fprintf(out, "Bases    %s\n", text_count(count, sums->bases));
	(void)fprintf(out, "Bytes    %s\n", text_bytes(count, sums->bytes));
	(void)fprintf(out, "Wait     median %s, 95 %% within %s\n", text_elapsed(a, sums->wait_median_ms), text_elapsed(b, sums->wait_p95_ms));
	(void)fprintf(out, "Elapsed  median %s, 95 %% within %s\n", text_elapsed(a, sums->elapsed_median_ms),
	              text_elapsed(b, sums->elapsed_p95_ms));
}

void history_sums_json(const struct history_sums *sums, FILE *out)
{
	(void)fprintf(out, "{\"schema\":\"fqcluster.history-stats/1\",\"jobs\":%llu,\"states\":{", (unsigned long long)sums->jobs);
	for (unsigned i = 0, n = 0; i < HISTORY_STATES; i++)
		if (sums->states[i])
			(void)fprintf(out, "%s\"%s\":%llu", n++ ? "," : "", job_told_name(i),
			              (unsigned long long)sums->states[i]);
	(void)fprintf(out, "},\"files\":%llu,\"reads\":%llu,\"bases\":%llu,\"bytes\":%llu,", (unsigned long long)sums->files,
	              (unsigned long long)sums->reads, (unsigned long long)sums->bases, (unsigned long long)sums->bytes);
	(void)fprintf(out, "\"wait_median_ms\":%llu,\"wait_p95_ms\":%llu,\"elapsed_median_ms\":%llu,\"elapsed_p95_ms\":%llu}\n",
	              (unsigned long long)sums->wait_median_ms, (unsigned long long)sums->wait_p95_ms,
	              (unsigned long long)sums->elapsed_median_ms, (unsigned long long)sums->elapsed_p95_ms);
}
