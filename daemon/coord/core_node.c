/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes: who is there, what each counts, who is drained. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"

/* Where a name stands, or would stand, in the ordered list. */
static uint32_t node_index(const struct coord *coord, const char *name, bool *ret_found)
{
	uint32_t low = 0, high = coord->nodes_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(coord->nodes[middle]->name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

struct node *node_of_name(const struct coord *coord, const char *name)
{
	bool found;
	uint32_t i = node_index(coord, name, &found);

	return found ? coord->nodes[i] : NULL;
}

struct node *node_of_number(const struct coord *coord, uint32_t number)
{
	for (uint32_t i = 0; i < coord->nodes_n; i++)
		if (coord->nodes[i]->number == number)
			return coord->nodes[i];
	return NULL;
}

void node_free(struct node *node)
{
	free(node->runs);
	free(node->brought);
	free(node);
}

static void node_remove(struct coord *coord, uint32_t i)
{
	node_free(coord->nodes[i]);
	memmove(&coord->nodes[i], &coord->nodes[i + 1], (coord->nodes_n - i - 1) * sizeof *coord->nodes);
	coord->nodes_n--;
	nodes_change(coord);
}

/* Forgets one node that is down and that nobody drained, so that names cannot fill the memory. */
static void nodes_trim(struct coord *coord)
{
	for (uint32_t i = 0; coord->nodes_n >= NODES_MAX && i < coord->nodes_n; i++) {
		if (coord->nodes[i]->peer || coord->nodes[i]->drained)
			continue;
		node_remove(coord, i);
		return;
	}
}

/* ---- jobs of batch systems, of which none comes again under its name */

/* Not one that lied: who it was stays to be seen until a person resumes it. */
uint64_t node_forget_due(const struct node *node)
{
	return node->transient && !node->peer && !node->distrusted && !MUTANT(MUTANT_TRANSIENT_STAYS) ? node->forget_ms : UINT64_MAX;
}

/* That it was drained, too. */
void nodes_forget(struct coord *coord)
{
	for (uint32_t i = coord->nodes_n; i-- > 0;) {
		struct node *node = coord->nodes[i];

		if (node_forget_due(node) > coord->now_ms)
			continue;
		if (node->drained) {
			node->drained = false;
			emit_node(coord, node);
		}
		node_remove(coord, i);
	}
}

static struct node *node_make(struct coord *coord, const char *name)
{
	struct node *node;
	bool found;
	uint32_t i;

	nodes_trim(coord);
	i = node_index(coord, name, &found);
	if (found)
		return coord->nodes[i];
	if (coord->nodes_n == coord->nodes_room) {
		uint32_t room = coord->nodes_room ? 2 * coord->nodes_room : 16;
		struct node **nodes = reallocarray(coord->nodes, room, sizeof(struct node *)), **ready;

		if (!nodes)
			return NULL;
		coord->nodes = nodes;
		ready = reallocarray(coord->ready, room, sizeof(struct node *));
		if (!ready)
			return NULL;
		coord->ready = ready;
		coord->nodes_room = room;
	}
	node = calloc(1, sizeof *node);
	if (!node)
		return NULL;
	node->number = ++coord->node_numbers;
	node->successes = (uint64_t)node->number << 32; /* others than those of a forgotten one of the name */
	(void)snprintf(node->name, sizeof node->name, "%s", name);
	memmove(&coord->nodes[i + 1], &coord->nodes[i], (coord->nodes_n - i) * sizeof *coord->nodes);
	coord->nodes[i] = node;
	coord->nodes_n++;
	return node;
}

int node_load(struct coord *coord, const char *name, const char *reason)
{
	struct node *node = node_make(coord, name);

	if (!node)
		return -ENOMEM;
	node->drained = true;
	(void)snprintf(node->reason, sizeof node->reason, "%s", reason);
	return 0;
}

bool node_takes_work(const struct node *node)
{
	return node->peer && !node->draining && (!node->drained || MUTANT(MUTANT_DRAINED_GETS_WORK));
}

uint32_t nodes_slots(const struct coord *coord)
{
	uint32_t slots = 0;

	for (uint32_t i = 0; i < coord->nodes_n; i++)
		if (node_takes_work(coord->nodes[i]))
			slots += coord->nodes[i]->slots;
	return slots;
}

/* ---- what it runs */

static bool same_count(const struct slice_id *a, const struct slice_id *b)
{
	return a->job == b->job && a->file == b->file && a->slice == b->slice && a->again == b->again && a->scout == b->scout;
}

struct run *run_find(struct node *node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < node->runs_n; i++)
		if (same_count(&node->runs[i].id, id))
			return &node->runs[i];
	return NULL;
}

struct run *run_add(struct coord *coord, struct node *node, const struct slice_id *id)
{
	if (node->runs_n == node->runs_room) {
		uint32_t room = node->runs_room ? 2 * node->runs_room : 8;
		struct run *runs = reallocarray(node->runs, room, sizeof *runs);

		if (!runs) {
			coord->oom = true;
			return NULL;
		}
		node->runs = runs;
		node->runs_room = room;
	}
	if (node->runs_n == 0 && coord->now_ms - node->rate_from_ms >= 1000) { /* the time without work is no part of its rate */
		node->rate = node->rate_bytes = 0;
		node->rate_from_ms = coord->now_ms;
	}
	node->runs[node->runs_n] = (struct run){.id = *id, .begun_ms = coord->now_ms, .progress_ms = coord->now_ms};
	node->runs_n++;
	node->scouts += id->scout;
	coord->runs_n++;
	due_by(coord, coord->now_ms + coord->limits.stall_ms);
	node_refresh(coord, node);
	return &node->runs[node->runs_n - 1];
}

void run_remove(struct coord *coord, struct node *node, struct run *run)
{
	struct job *job = job_find(coord, run->id.job);

	if (job)
		job->running_bytes -= run->bytes;
	node->alone -= run->alone;
	node->scouts -= run->id.scout;
	*run = node->runs[--node->runs_n];
	coord->runs_n--;
	if (!MUTANT(MUTANT_READY_STAYS))
		node_refresh(coord, node);
}

/* Every slice that it ran and does not hold any more is lost. */
static void runs_lose(struct coord *coord, struct node *node, const struct node_hello *hello)
{
	for (uint32_t i = node->runs_n; i-- > 0;) {
		struct run run = node->runs[i];
		bool held = false;

		for (uint32_t k = 0; hello && !held && k < hello->held_n; k++)
			held = same_count(&hello->held[k], &run.id) && (hello->held[k].lease == run.id.lease || MUTANT(MUTANT_ANY_LEASE));
		if (held)
			continue;
		run_remove(coord, node, &node->runs[i]);
		if (!MUTANT(MUTANT_LOSE_ON_GONE))
			run_lost(coord, &run, node);
		if (i > node->runs_n)
			i = node->runs_n; /* a file failed by this and took more runs away */
	}
}

/* OPENs that this peer will not answer are asked of others. */
static void opens_lose(struct coord *coord, struct node *node)
{
	for (uint32_t j = 0; node->opens > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = job->asked_end; node->opens > 0 && f-- > 0;) {
			if (job->files[f].open_peer != node->peer)
				continue;
			job->files[f].open_peer = 0;
			node->opens--;
			file_unopened(coord, job, &job->files[f]);
		}
	}
}

/* Whether it should go on with a slice that it holds; a crash of it that was counted, or an error, need not be told again. */
static bool held_wanted(struct coord *coord, const struct node *node, const struct slice_id *id, struct job **ret_job,
                        struct file **ret_file)
{
	struct file *file = slice_file(coord, id, ret_job);
	const struct slice *slice = file ? &file->slices[id->slice] : NULL;

	*ret_file = file;
	if (slice && id->lease >= coord->first_lease && !is_taken(file, node, id) && !MUTANT(MUTANT_GENERATION))
		return false; /* of this start, they all are known */
	return slice && node_counts(node, *ret_job, file) && slice_wanted(file, id) &&
	       (id->scout ? slice->scouting : slice->running) == 0 && !crash_known(slice, id) &&
	       !file_failed_on(file, id->slice, node->name) && !node->distrusted;
}

/*
 * What it has besides and tells of before it hears that it is not wanted: a crash that an earlier start of the coordinator heard of and
 * did not live to save, or a result that is as good as another one.
 */
static void hello_bring(struct coord *coord, struct node *node, const struct slice_id *id)
{
	struct job *job;
	const struct file *file = slice_file(coord, id, &job);

	if (file && !id->scout && id->lease < coord->first_lease && node->algorithm == job->row.algorithm &&
	    !crash_known(&file->slices[id->slice], id))
		node->brought[node->brought_n++] = *id;
}

bool node_brought(struct node *node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < node->brought_n; i++) {
		if (!same_count(&node->brought[i], id) || node->brought[i].lease != id->lease)
			continue;
		node->brought[i] = node->brought[--node->brought_n];
		return true;
	}
	return false;
}

/* Takes over what it says it holds: runs again where that is of use, dropped where not. */
static void hello_held(struct coord *coord, struct node *node, const struct node_hello *hello)
{
	struct slice_id *brought = reallocarray(node->brought, hello->held_n + 1, sizeof *brought);

	if (!brought) {
		coord->oom = true;
		return;
	}
	node->brought = brought;
	node->brought_n = 0;
	for (uint32_t k = 0; k < hello->held_n && !MUTANT(MUTANT_HELD_IGNORED); k++) {
		const struct slice_id *id = &hello->held[k];
		struct file *file;
		struct job *job;
		struct run *run = run_find(node, id);

		if (run && run->id.lease == id->lease)
			continue;
		if (run || !held_wanted(coord, node, id, &job, &file)) {
			hello_bring(coord, node, id);
			emit_id(coord, ACTION_SEND_DROP, node->peer, id);
			continue;
		}
		run = run_add(coord, node, id);
		if (!run)
			return;
		run->alone = slice_alone(file, id->slice);
		node->alone += run->alone; /* who may be given what is looked at after a HELLO anyway */
		if (id->scout)
			file->slices[id->slice].scouting++;
		else
			file->slices[id->slice].running++;
		job->running++;
	}
}

/* It has ended and was started again: what was said of it before does not hold. */
static void hello_anew(struct node *node)
{
	node->reads = false;
	node->faults = 0;
	node->successes++;
	node->suspect_ms = 0;
	node->suspicion[0] = '\0';
}

void node_hello(struct coord *coord, const struct event *event)
{
	const struct node_hello *hello = &event->hello;
	struct node *node = node_make(coord, hello->name);

	if (!node) {
		coord->oom = true;
		return;
	}
	if (node->peer) {
		struct action *action = emit(coord, ACTION_DROP_PEER, node->peer);

		(void)snprintf(action->text, sizeof action->text, "node %s has connected anew", node->name);
		opens_lose(coord, node);
	}
	texts_gone(coord, node);
	runs_lose(coord, node, hello);
	if (memcmp(node->instance, hello->instance, sizeof node->instance) != 0)
		hello_anew(node);
	nodes_change(coord);
	node_peer_set(coord, node, event->peer);
	memcpy(node->instance, hello->instance, sizeof node->instance);
	node->who = hello->key ? hello->key : node->number;
	node->slots = hello->slots;
	node->cores = hello->cores;
	node->algorithm = hello->algorithm;
	node->proto = hello->proto;
	node->draining = hello->draining;
	node->transient = hello->transient;
	node->forget_ms = 0;
	node->seen_ms = coord->now_ms;
	node->rate = node->rate_bytes = node->bytes_done = 0;
	node->rate_from_ms = coord->now_ms;
	if (!node->drained)
		node->reason[0] = '\0';
	for (uint32_t i = 0; i < node->runs_n; i++)
		node->runs[i].progress_ms = coord->now_ms;
	hello_held(coord, node, hello);
	if (node->drained)
		(void)emit(coord, ACTION_SEND_DRAIN, node->peer);
	emit_log(coord, LOG_INFO, about_node(TOLD_NODE_JOINED, node), "node %s is there with %u slots", node->name, node->slots);
}

void node_gone(struct coord *coord, struct node *node)
{
	bool left = node->draining && node->runs_n == 0;

	emit_log(coord, node->draining ? LOG_INFO : LOG_WARNING, about_node(node->draining ? TOLD_NODE_LEFT : TOLD_NODE_LOST, node),
	         "node %s is gone, %u slices go back", node->name, node->runs_n);
	nodes_change(coord);
	opens_lose(coord, node);
	node_peer_set(coord, node, 0);
	node->rate = 0;
	if (!node->drained)
		(void)snprintf(node->reason, sizeof node->reason, "%s",
		               node->draining ? "has ended" : "connection lost");
	texts_gone(coord, node);
	runs_lose(coord, node, NULL);
	node->forget_ms = coord->now_ms + (left ? 0 : FORGET_MS);
	if (node->transient)
		due_by(coord, node->forget_ms);
}

void node_draining(struct coord *coord, struct node *node)
{
	node->draining = true;
	nodes_change(coord);
}

/* ---- drained by a person */

void node_drain(struct coord *coord, const struct event *event)
{
	struct node *node = node_make(coord, event->drain.node);

	if (!node) {
		coord->oom = true;
		return;
	}
	node->drained = true;
	nodes_change(coord);
	(void)snprintf(node->reason, sizeof node->reason, "%s", event->drain.reason ? event->drain.reason : "");
	emit_node(coord, node);
	if (node->peer)
		(void)emit(coord, ACTION_SEND_DRAIN, node->peer);
	emit_granted(coord, event->request, 0);
}

/* Of a name that nobody had since the coordinator's start, perhaps a mistyped one, nothing stays. */
void node_resume(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_name(coord, event->drain.node);
	struct error error;

	if (!node) {
		(void)error_set(&error, -ENOENT, ERROR_USAGE, "there is no node '%s'; 'fqctl nodes' lists them",
		                event->drain.node);
		emit_refused(coord, event->request, &error);
		return;
	}
	node->drained = node->distrusted = false;
	node->draining = false; /* it says so again if it is about to end */
	node->reason[0] = '\0';
	node->faults = 0;
	node->suspect_ms = 0;
	nodes_change(coord);
	emit_node(coord, node);
	if (node->transient && !node->peer)
		due_by(coord, node->forget_ms); /* it may have waited for this */
	if (node->peer)
		(void)emit(coord, ACTION_SEND_RESUME, node->peer);
	else if (node->who == 0)
		node_remove(coord, node_index(coord, node->name, &(bool){false}));
	emit_granted(coord, event->request, 0);
}

/* Slices that were counted to their end wait for one another on the way here: none of them stalls as long as one moves. */
void node_coming(struct coord *coord, struct node *node)
{
	for (uint32_t i = 0; i < node->runs_n; i++) {
		struct run *run = &node->runs[i];
		struct job *job;
		const struct file *file = file_find(coord, run->id.job, run->id.file, &job);
		const struct link *link = file && file->slices && run->id.slice < file->chain.n ? &file->chain.links[run->id.slice] : NULL;

		if (link && run->bytes + run->looked >= link->end - link->begin)
			run->progress_ms = coord->now_ms;
	}
}
