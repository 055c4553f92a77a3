/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fqctl top knows after each look: see top.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/job.h"
#include "ctl/top.h"

void top_deinit(struct top *top)
{
	free(top->jobs);
	free(top->nodes);
	*top = (struct top){0};
}

static const struct top_job *find(const struct top *top, uint64_t id)
{
	for (size_t low = 0, high = top->jobs_n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (top->jobs[middle].job.job == id)
			return &top->jobs[middle];
		if (top->jobs[middle].job.job < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int jobs_compare(const void *a, const void *b)
{
	const struct top_job *x = a, *y = b;

	return (x->job.job > y->job.job) - (x->job.job < y->job.job);
}

static int nodes_compare(const void *a, const void *b)
{
	return strverscmp(((const fq_Node *)a)->name, ((const fq_Node *)b)->name);
}

/* Reads that this job has now and had not at the last look. */
static uint64_t grown(const struct top *top, const fq_Job *job)
{
	const struct top_job *before = find(top, job->job);
	uint64_t reads = before ? before->job.records : 0;

	return job->records > reads ? job->records - reads : 0;
}

static void reads_add(struct top *top, uint64_t rate)
{
	if (top->reads_n == TOP_PAST)
		memmove(top->reads, top->reads + 1, --top->reads_n * sizeof *top->reads);
	top->reads[top->reads_n++] = rate;
}

int top_look(struct top *top, const fq_Job *jobs, size_t jobs_n, const fq_Job *ended, size_t ended_n, const fq_Node *nodes,
             size_t nodes_n, uint64_t now_ms)
{
	struct top_job *made = calloc(jobs_n + 1, sizeof *made);
	fq_Node *copies = calloc(nodes_n + 1, sizeof *copies);
	uint64_t reads = 0;

	if (!made || !copies) {
		free(made);
		free(copies);
		return -ENOMEM;
	}
	for (size_t i = 0; i < jobs_n; i++) {
		const struct top_job *before = find(top, jobs[i].job);

		if (before)
			made[i].bytes = before->bytes;
		made[i].job = jobs[i];
		pace_add(&made[i].bytes, now_ms, jobs[i].bytes_done);
		reads += grown(top, &jobs[i]);
	}
	for (size_t i = 0; i < ended_n; i++)
		reads += grown(top, &ended[i]);
	if (top->looked_ms && now_ms > top->looked_ms)
		reads_add(top, reads * 1000 / (now_ms - top->looked_ms));
	qsort(made, jobs_n, sizeof *made, jobs_compare);
	for (size_t i = 0; i < nodes_n; i++)
		copies[i] = nodes[i];
	qsort(copies, nodes_n, sizeof *copies, nodes_compare);
	free(top->jobs);
	free(top->nodes);
	top->jobs = made;
	top->jobs_n = jobs_n;
	top->nodes = copies;
	top->nodes_n = nodes_n;
	top->looked_ms = now_ms;
	return 0;
}
