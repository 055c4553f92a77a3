/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nodes that hang, and nodes that fail where others do not.
 *
 *     a slice or an OPEN stalls -> suspect -> it makes progress or answers -> as before
 *           ^                        `-> after stall_ms: one slice, as a chance -.
 *           `-------------------------------------------------------------------'
 *
 *     fails where another node does not, FAULTS_MAX times in a row -> drained with a reason, durably, until a person resumes it
 *
 * Only what another node could do counts against a node, and each success ends the row. A node that does not have a path at all may
 * be in good health, and the path be an odd one: such a failure counts once a file, and only for a node that has not read anything
 * since its start, as one has whose roots are wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define FAULTS_MAX 3

/* ---- hanging */

void node_suspect(struct coord *coord, struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(node->suspicion, sizeof node->suspicion, format, args);
	va_end(args);
	emit_log(coord, LOG_WARNING, about_node(TOLD_NODE_SUSPECT, node),
	         "node %s %s: it is given nothing new until it answers", node->name, node->suspicion);
	node->suspect_ms = coord->now_ms > 0 ? coord->now_ms : 1;
	due_by(coord, node->suspect_ms + coord->limits.stall_ms);
	nodes_change(coord);
}

void node_answers(struct coord *coord, struct node *node)
{
	if (node->suspect_ms == 0)
		return;
	emit_log(coord, LOG_INFO, about_node(TOLD_NODE_ANSWERS, node), "node %s answers again", node->name);
	node->suspect_ms = 0;
	node->suspicion[0] = '\0';
	nodes_change(coord);
}

bool node_takes_new(const struct coord *coord, const struct node *node)
{
	if (!node_takes_work(node) || node->suspect_ms == 0 || MUTANT(MUTANT_SUSPECT_WORKS))
		return node_takes_work(node);
	return coord->now_ms - node->suspect_ms >= coord->limits.stall_ms && node->runs_n == 0 && node->opens == 0 &&
	       !MUTANT(MUTANT_SUSPECT_FOR_EVER);
}

/* OPENs without an answer for too long count as failed there. */
static void opens_stall(struct coord *coord)
{
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = job->asked_end; f-- > 0;) {
			struct file *file = &job->files[f];
			struct node *node;
			struct error error;

			if (!file->open_peer || coord->now_ms - file->open_ms < coord->limits.open_ms)
				continue;
			node = node_of_peer(coord, file->open_peer);
			open_end(coord, file);
			if (!file->row.planned) /* by one that answered late: then nothing is waited for, and this one may count it */
				file_unopened(coord, job, file);
			if (!node)
				continue;
			(void)error_set(&error, -ETIMEDOUT, ERROR_IO, "%s: opening it takes too long", TEXT(file->path));
			if (!file->row.planned)
				file_open_failed(coord, job, file, node, ETIMEDOUT, &error);
			node_suspect(coord, node, "has not opened a file of job %llu for %llu s", (unsigned long long)job->row.id,
			             (unsigned long long)(coord->limits.open_ms / 1000));
		}
	}
}

/* Slices without progress for too long are taken away. */
static void runs_stall(struct coord *coord, struct node *node)
{
	for (uint32_t i = node->runs_n; i-- > 0;) {
		struct run run = node->runs[i];

		if (coord->now_ms - run.progress_ms < coord->limits.stall_ms || MUTANT(MUTANT_NO_STALL))
			continue;
		run_remove(coord, node, &node->runs[i]);
		emit_id(coord, ACTION_SEND_DROP, node->peer, &run.id);
		node_suspect(coord, node, "made no progress with slice %llu of job %llu for %llu s", (unsigned long long)run.id.slice,
		             (unsigned long long)run.id.job, (unsigned long long)(coord->limits.stall_ms / 1000));
		run_lost(coord, &run, node);
		if (i > node->runs_n)
			i = node->runs_n; /* a file failed by this and took more runs away */
	}
}

/* When the next run or OPEN stalls, the next suspect has its chance, or the next node that is gone is forgotten. */
static uint64_t due(const struct coord *coord)
{
	const struct coord_limits *limits = &coord->limits;
	uint64_t first = UINT64_MAX;

	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];
		uint64_t chance = node->suspect_ms + limits->stall_ms;

		if (node->suspect_ms > 0 && chance > coord->now_ms && chance < first)
			first = chance;
		if (node_forget_due(node) < first)
			first = node_forget_due(node);
		for (uint32_t i = 0; i < node->runs_n; i++)
			if (node->runs[i].progress_ms + limits->stall_ms < first)
				first = node->runs[i].progress_ms + limits->stall_ms;
	}
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		const struct job *job = coord->jobs[j];

		for (uint32_t f = 0; f < job->asked_end; f++)
			if (job->files[f].open_peer && job->files[f].open_ms + limits->open_ms < first)
				first = job->files[f].open_ms + limits->open_ms;
	}
	return first;
}

void node_stalls(struct coord *coord)
{
	if (coord->now_ms < coord->due_ms)
		return;
	for (uint32_t n = 0; n < coord->nodes_n; n++)
		runs_stall(coord, coord->nodes[n]);
	opens_stall(coord);
	nodes_forget(coord);
	coord->due_ms = due(coord);
	coord->index_stale = true; /* for suspects whose chance has come */
}

/* ---- drained by the coordinator itself */

static void retire(struct coord *coord, struct node *node, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
static void retire(struct coord *coord, struct node *node, const char *format, va_list args)
{
	node->drained = true;
	(void)vsnprintf(node->reason, sizeof node->reason, format, args);
	if (!MUTANT(MUTANT_DRAIN_NOT_SAVED))
		emit_node(coord, node);
	if (node->peer)
		(void)emit(coord, ACTION_SEND_DRAIN, node->peer);
	emit_log(coord, LOG_ERR, about_node(TOLD_NODE_RETIRED, node),
	         "node %s is drained: %s; 'fqctl resume %s' when that is mended", node->name, node->reason, node->name);
	nodes_change(coord);
}

void node_retire(struct coord *coord, struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	retire(coord, node, format, args);
	va_end(args);
}

void node_distrust(struct coord *coord, struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	retire(coord, node, format, args);
	va_end(args);
	node->distrusted = true;
	while (node->runs_n > 0) {
		struct run run = node->runs[node->runs_n - 1];

		run_remove(coord, node, &node->runs[node->runs_n - 1]);
		if (node->peer)
			emit_id(coord, ACTION_SEND_DROP, node->peer, &run.id);
		run_stopped(coord, &run);
		slice_ended(coord, &run.id, node);
	}
}

/* ---- failing alone */

void node_failed_alone(struct coord *coord, struct node *node, const struct file *file, uint64_t slice)
{
	char what[64] = "open";

	if (slice != SLICE_ALL)
		(void)snprintf(what, sizeof what, "count slice %llu of", (unsigned long long)slice);
	node->faults++;
	emit_log(coord, LOG_WARNING, about_slice(TOLD_NODE_AT_FAULT, file, slice, node),
	         "job %llu: node %s could not %s %s, which another node can: the fault is the node's (%u in a row)",
	         (unsigned long long)file->row.job, node->name, what, TEXT(file->path), node->faults);
	if (node->faults < FAULTS_MAX || node->drained || MUTANT(MUTANT_HOLE))
		return;
	/* Everybody sees the reason: no path. */
	node_retire(coord, node, "black hole: %u times in a row it failed where other nodes did not, the last time with job %llu",
	            node->faults, (unsigned long long)file->row.job);
}

/* Failures of other nodes with this slice, or with the whole file, were theirs. */
static void fails_judge(struct coord *coord, const struct node *node, struct file *file, uint64_t slice)
{
	for (uint32_t i = 0; i < file->fails_n; i++) {
		struct io_fail *fail = &file->fails[i];
		struct node *other;
		bool lacks = errno_lacks(fail->error_number) || fail->error_number == ERRNO_CHANGED;

		if (fail->judged || (fail->slice != slice && fail->slice != SLICE_ALL))
			continue;
		fail->judged = true;
		other = node_of_name(coord, fail->node);
		if (!other || other == node || (other->successes != fail->successes && !MUTANT(MUTANT_HOLE_EVER)) ||
		    (lacks && other->reads && !MUTANT(MUTANT_HOLE_ODD_PATH)))
			continue;
		node_failed_alone(coord, other, file, fail->slice);
	}
}

/* It went wrong with one node as often as it could, and not with this one. */
static void troubles_judge(struct coord *coord, const struct node *node, struct file *file, uint64_t i)
{
	struct slice *slice = &file->slices[i];
	struct node *other = slice->trouble_with ? node_of_number(coord, slice->trouble_with) : NULL;

	slice->trouble_with = 0;
	if (other && other->who != node->who && word_spent(coord, slice, other))
		node_failed_alone(coord, other, file, i);
}

void node_succeeded(struct coord *coord, struct node *node, struct file *file, uint64_t slice)
{
	node->reads = true;
	node->successes++;
	if (!MUTANT(MUTANT_HOLE_EVER))
		node->faults = 0;
	fails_judge(coord, node, file, slice);
	if (slice != SLICE_ALL)
		troubles_judge(coord, node, file, slice);
}
