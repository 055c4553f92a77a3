/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stragglers: where a slot is free and nothing is left to hand out for it, a slice that is counted slowly gets one copy on another
 * node. The result that comes first counts; the other copy is dropped.
 *
 * Slow is what takes longer than straggler_ms, and than SLOWER times what others of its job took for so many bytes; or what comes
 * forward, after a part of that time, at less than PACE_PERCENT of their pace. Paces are of the slices of the job that were counted last
 * and of those that are being counted; the median of them is what others take. Where it has no others, those of other jobs' files of
 * the same kind do; where there are none either, the time alone tells. An audit that is so slow is forgotten.
 */
#include <stdlib.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SLOWER 3
#define PACE_PERCENT 30
#define PACE_PART 3     /* of straggler_ms, before which paces tell nothing */
#define LOOK_PART 10    /* of it, from one look to the next */
#define LOOK_MIN_MS 100
#define SAMPLES_MAX 128
#define COPIES_PER_LOOK 16

static uint64_t pace(uint64_t bytes, uint64_t ms)
{
	return bytes * 1000 / (ms > 0 ? ms : 1);
}

static void paces_add(struct paces *paces, uint64_t item)
{
	paces->items[paces->next] = item;
	paces->next = (paces->next + 1) % PACES_MAX;
	paces->n += paces->n < PACES_MAX;
}

void slice_paced(struct coord *coord, struct job *job, const struct file *file, const struct run *run)
{
	const struct link *link = &file->chain.links[run->id.slice];
	uint64_t item = pace(link->end - link->begin, coord->now_ms - run->begun_ms);

	paces_add(&job->paces, item);
	if ((unsigned)file->chain.kind < _FILE_KIND_MAX)
		paces_add(&coord->paces[file->chain.kind], item);
}

/* Whether the run has been going for so long that its pace tells something. */
static bool run_tells(const struct coord *coord, const struct run *run)
{
	return coord->now_ms - run->begun_ms >= coord->limits.straggler_ms / PACE_PART;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of an even number the larger one of the middle; 0 of none. */
static uint64_t median_of(uint64_t *samples, uint32_t n)
{
	qsort(samples, n, sizeof *samples, compare);
	return n > 0 ? samples[n / 2] : 0;
}

/* Bytes a second of the job's slices; once a look. */
static void job_median(const struct coord *coord, struct job *job)
{
	uint64_t samples[SAMPLES_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < job->paces.n; i++)
		samples[n++] = job->paces.items[i];
	for (uint32_t k = 0; k < coord->nodes_n; k++) {
		const struct node *node = coord->nodes[k];

		for (uint32_t i = 0; i < node->runs_n && n < SAMPLES_MAX; i++) {
			const struct run *run = &node->runs[i];

			if (run->id.job == job->row.id && run->bytes > 0 && run_tells(coord, run))
				samples[n++] = pace(run->bytes, coord->now_ms - run->begun_ms);
		}
	}
	job->median = median_of(samples, n);
	job->median_n = n;
	job->median_look = coord->looks;
}

/* What others than this run take. 0: not known. */
static uint64_t pace_others(const struct coord *coord, struct job *job, const struct file *file, const struct run *run)
{
	struct paces kind;

	if (job->median_look != coord->looks)
		job_median(coord, job);
	if (job->median_n > (run->bytes > 0))
		return job->median;
	if ((unsigned)file->chain.kind >= _FILE_KIND_MAX)
		return 0;
	kind = coord->paces[file->chain.kind];
	return median_of(kind.items, kind.n);
}

static bool run_slow(const struct coord *coord, struct job *job, const struct file *file, const struct run *run)
{
	const struct link *link = &file->chain.links[run->id.slice];
	uint64_t passed = coord->now_ms - run->begun_ms, size = link->end - link->begin;
	uint64_t median = pace_others(coord, job, file, run), usual;

	if (median == 0)
		return passed > coord->limits.straggler_ms;
	usual = SLOWER * size * 1000 / median;
	return passed > (usual > coord->limits.straggler_ms ? usual : coord->limits.straggler_ms) ||
	       pace(run->bytes, passed) < median * PACE_PERCENT / 100;
}

/* Whether a copy of it makes sense at all, */
static bool run_copies(const struct coord *coord, const struct file *file, const struct run *run)
{
	const struct slice *slice = &file->slices[run->id.slice];

	return !run->audit && !run->id.scout && (slice->running == 1 || MUTANT(MUTANT_STRAGGLER_MANY)) && slice_wanted(file, &run->id) &&
	       slice->crashes + slice->running < coord->limits.crashes_max;
}

/* and on this node. */
static bool run_fits(const struct coord *coord, const struct job *job, const struct file *file, const struct run *run, const struct node *node)
{
	return node_counts(node, job, file) && !slice_barred(coord, job, file, run->id.slice, node) &&
	       (node->runs_n == 0 || !slice_alone(file, run->id.slice));
}

/* The run of others than this node that is slow for the longest time; node NULL: of all, whether some node can do it or not. */
static const struct run *straggler_find(struct coord *coord, const struct node *node, struct job **ret_job, struct file **ret_file)
{
	const struct run *best = NULL;

	for (uint32_t k = 0; k < coord->nodes_n; k++) {
		const struct node *other = coord->nodes[k];

		for (uint32_t i = 0; i < other->runs_n && (other != node || MUTANT(MUTANT_STRAGGLER_SAME)); i++) {
			const struct run *run = &other->runs[i];
			struct job *job;
			struct file *file;

			if (!run_tells(coord, run) || (best && best->begun_ms <= run->begun_ms))
				continue;
			file = slice_file(coord, &run->id, &job);
			if (!file || !run_copies(coord, file, run) || (node && !run_fits(coord, job, file, run, node)) ||
			    !run_slow(coord, job, file, run))
				continue;
			best = run;
			*ret_job = job;
			*ret_file = file;
		}
	}
	return best;
}

/* Some node has a free slot, and another one counts; or an audit is being counted. */
static bool look_pays(const struct coord *coord)
{
	return (coord->ready_n > 0 && coord->runs_n > 0) || coord->audits_out > 0;
}

/* Audits of the node that are slow. */
static void audits_drop(struct coord *coord, struct node *node)
{
	for (uint32_t i = node->runs_n; i-- > 0;) {
		const struct run run = node->runs[i];
		struct job *job;
		struct file *file;

		if (!run.audit || !run_tells(coord, &run) || MUTANT(MUTANT_AUDIT_SLOW))
			continue;
		file = slice_file(coord, &run.id, &job);
		if (!file || !run_slow(coord, job, file, &run))
			continue;
		run_remove(coord, node, &node->runs[i]);
		if (node->peer)
			emit_id(coord, ACTION_SEND_DROP, node->peer, &run.id);
		slice_taken(file, run.id.slice, run.id.lease, node);
		run_stopped(coord, &run);
	}
}

/* Slow slices of others, as long as the node has slots. */
static void give_copies(struct coord *coord, struct node *node, uint32_t *copies)
{
	while (*copies < COPIES_PER_LOOK && slots_free(coord, node) > 0 && node->suspect_ms == 0 && !coord->oom) {
		struct job *job;
		struct file *file;
		const struct run *run = straggler_find(coord, node, &job, &file);

		if (!run)
			return;
		++*copies;
		emit_log(coord, job_trouble(coord, job, LOG_INFO), about_slice(TOLD_SLICE_COPIED, file, run->id.slice, node),
		         "job %llu: slice %llu of %s is slow, node %s counts it as well", (unsigned long long)job->row.id,
		         (unsigned long long)run->id.slice, TEXT(file->path), node->name);
		hand_out(coord, node, job, file, run->id.slice);
	}
}

bool stragglers_look(struct coord *coord)
{
	uint64_t part = coord->limits.straggler_ms / LOOK_PART;

	if (coord->limits.straggler_ms == 0 || coord->now_ms < coord->stragglers_ms || !look_pays(coord))
		return false;
	coord->looks++;
	coord->stragglers_ms = coord->now_ms + (part > LOOK_MIN_MS ? part : LOOK_MIN_MS);
	for (uint32_t n = 0; n < coord->nodes_n; n++)
		audits_drop(coord, coord->nodes[n]);
	audits_settle(coord);
	scouts_overdue(coord);
	return true;
}

void schedule_stragglers(struct coord *coord, const struct node *emptied)
{
	struct file *file;
	struct job *job;
	uint32_t copies = 0;

	if (!straggler_find(coord, NULL, &job, &file))
		return;
	for (uint32_t n = 0; n < coord->nodes_n && !MUTANT(MUTANT_STRAGGLER_NEVER); n++)
		if (coord->nodes[n] != emptied && copies < COPIES_PER_LOOK)
			give_copies(coord, coord->nodes[n], &copies);
}

uint64_t stragglers_deadline(const struct coord *coord)
{
	if (coord->limits.straggler_ms == 0 || coord->hold || !look_pays(coord))
		return UINT64_MAX;
	return coord->stragglers_ms > coord->now_ms ? coord->stragglers_ms : coord->now_ms + 1;
}
