/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over jobs that have ended. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/job.h"

#define HISTORY_STATES (JOB_TOLD_MAX + 1)

struct history {
	fq_Job *jobs;
	size_t n, room;
};

int history_add(struct history *history, const fq_Job *job); /* 0 or -ENOMEM */
void history_deinit(struct history *history);

struct history_sums {
	uint64_t states[HISTORY_STATES]; /* jobs, by job_told() */
	uint64_t jobs, files, reads, bases, bytes;
	uint64_t wait_median_ms, wait_p95_ms, elapsed_median_ms, elapsed_p95_ms;
};

/* 0 or -ENOMEM. Of no jobs all is 0. A quantile is the smallest value that so much of all values is not above. */
int history_sum(const struct history *history, struct history_sums *ret);

void history_sums_print(const struct history_sums *sums, FILE *out);
void history_sums_json(const struct history_sums *sums, FILE *out); /* fqcluster.history-stats/1 */
