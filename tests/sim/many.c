/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many nodes: how much work one event is for the core where there are thousands of nodes, files and jobs.
 *
 *     sim --nodes N [--slots S] [--jobs J] [--files F] [--slices K] [--lead]
 *
 * All nodes say HELLO at once, J jobs of F files are submitted, each file is opened and cut into K slices, which are counted at different
 * paces; now and then a node dies and comes back, and somebody asks for the status of all jobs. Nothing is stored: what must hold
 * whatever goes wrong is for the other histories (history.c), of few nodes. This one checks that all jobs complete, each with all its
 * records, and that what the core keeps beside its state is right (recount.c), and prints for each kind of event how many there were
 * and what one took, in microseconds of processor time: on the average and at most. Time is no part of what must hold.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/qc/counters.h"
#include "tests/sim/many.h"
#include "tests/sim/recount.h"
#include "tests/sim/sim.h"

#define SLICE_BYTES (4ULL << 20)
#define RECORDS 100         /* of a slice */
#define CALM_EVENTS 5000    /* from one death of a node to the next */
#define STATUS_EVENTS 1000  /* from one look at all jobs to the next */
#define KINDS 32
#define KIND_STATUS 30
#define KIND_NODES 31

/* Something to come: the answer of a node, or a word of it. */
struct coming {
	uint64_t at, sequence;
	uint32_t node;
	uint64_t peer;       /* its connection; of no use when that has ended */
	enum event_kind kind;
	struct slice_id id;
	struct slice_task task;
};

struct many_node {
	char name[16];
	uint64_t peer, instance;
	uint64_t *leases; /* that it counts */
	uint32_t leases_n;
};

struct cost {
	uint64_t n, total_ns, most_ns;
};

struct many {
	const struct many_options *options;
	struct coord *coord;
	struct sim dice; /* its random stream only */
	struct many_node *nodes;
	struct coming *heap;
	uint32_t heap_n, heap_room;
	uint64_t now, sequence, peers, steps;
	uint32_t jobs_ended;
	uint64_t slices;
	struct cost costs[KINDS];
	struct actions actions;
	const char *failure;
};

/* ---- time */

static bool before(const struct coming *a, const struct coming *b)
{
	return a->at < b->at || (a->at == b->at && a->sequence < b->sequence);
}

static void plan(struct many *many, uint64_t delay, struct coming coming)
{
	uint32_t i;

	if (many->heap_n == many->heap_room) {
		many->heap_room = many->heap_room ? 2 * many->heap_room : 1024;
		many->heap = realloc(many->heap, many->heap_room * sizeof *many->heap);
		if (!many->heap)
			abort();
	}
	coming.at = many->now + delay;
	coming.sequence = many->sequence++;
	for (i = many->heap_n++; i > 0 && before(&coming, &many->heap[(i - 1) / 2]); i = (i - 1) / 2)
		many->heap[i] = many->heap[(i - 1) / 2];
	many->heap[i] = coming;
}

static bool next(struct many *many, struct coming *ret)
{
	const struct coming *last;
	uint32_t i = 0;

	if (many->heap_n == 0)
		return false;
	*ret = many->heap[0];
	last = &many->heap[--many->heap_n];
	for (uint32_t child; (child = 2 * i + 1) < many->heap_n; i = child) {
		if (child + 1 < many->heap_n && before(&many->heap[child + 1], &many->heap[child]))
			child++;
		if (!before(&many->heap[child], last))
			break;
		many->heap[i] = many->heap[child];
	}
	many->heap[i] = *last;
	return true;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void cost_add(struct many *many, unsigned kind, uint64_t began)
{
	struct cost *cost = &many->costs[kind];
	uint64_t ns = cpu_ns() - began;

	cost->n++;
	cost->total_ns += ns;
	if (ns > cost->most_ns)
		cost->most_ns = ns;
}

/* ---- the driver */

static struct many_node *node_of(struct many *many, uint64_t peer)
{
	/* Connections are numbered so that they tell the node. */
	struct many_node *node = &many->nodes[peer % many->options->nodes];

	return node->peer == peer ? node : NULL;
}

static uint32_t lease_find(const struct many_node *node, uint64_t lease)
{
	uint32_t i = 0;

	while (i < node->leases_n && node->leases[i] != lease)
		i++;
	return i;
}

static void lease_end(struct many_node *node, uint64_t lease)
{
	uint32_t i = lease_find(node, lease);

	if (i < node->leases_n)
		node->leases[i] = node->leases[--node->leases_n];
}

static void task_take(struct many *many, struct many_node *node, const struct action *action)
{
	struct coming coming = {.node = (uint32_t)(node - many->nodes), .peer = node->peer, .id = action->task.id};
	uint64_t lasts = sim_between(&many->dice, 500, 3000);

	coming.task = action->task.task;
	if (node->leases_n == many->options->slots) {
		many->failure = "a node is given more than it has slots";
		return;
	}
	node->leases[node->leases_n++] = action->task.id.lease;
	for (uint64_t at = 1000; at < lasts; at += 1000) {
		coming.kind = EVENT_PROGRESS;
		plan(many, at, coming);
	}
	coming.kind = EVENT_RESULT;
	plan(many, lasts, coming);
}

static void perform(struct many *many, const struct action *action, struct event *merged, uint32_t *merged_n, uint32_t room)
{
	struct many_node *node = action->peer ? node_of(many, action->peer) : NULL;

	switch (action->kind) {
	case ACTION_SEND_OPEN:
		if (node)
			plan(many, sim_between(&many->dice, 1, 20), (struct coming){.node = (uint32_t)(node - many->nodes), .peer = node->peer,
			     .kind = EVENT_OPENED, .id = {.job = action->open.job, .file = action->open.file}});
		break;
	case ACTION_SEND_TASK:
		if (node)
			task_take(many, node, action);
		break;
	case ACTION_SEND_DROP:
		if (node)
			lease_end(node, action->id.lease);
		break;
	case ACTION_SAVE_SLICE:
		many->slices++;
		break;
	case ACTION_SAVE_JOB:
		many->jobs_ended += action->job->state > JOB_RUNNING;
		if (action->job->state > JOB_COMPLETED)
			many->failure = "a job failed";
		break;
	case ACTION_MERGE_FILE:
		if (*merged_n == room)
			abort();
		merged[(*merged_n)++] = (struct event){.kind = EVENT_MERGED,
			.merged = {.job = action->merge.job, .file = action->merge.file, .records = action->merge.chain->records}};
		break;
	default:
		break;
	}
}

static void drive(struct many *many, struct event *event)
{
	struct event merged[64];
	uint32_t merged_n = 0;
	uint64_t began;

	event->now_ms = event->wall_ms = many->now;
	actions_clear(&many->actions);
	began = cpu_ns();
	if (coord_step(many->coord, event, &many->actions) < 0)
		abort();
	(void)coord_deadline(many->coord);
	cost_add(many, event->kind, began);
	for (uint32_t i = 0; i < many->actions.n; i++)
		perform(many, &many->actions.items[i], merged, &merged_n, sizeof merged / sizeof *merged);
	for (uint32_t i = 0; i < merged_n; i++)
		drive(many, &merged[i]);
}

/* ---- who does what */

static void hello(struct many *many, uint32_t index)
{
	struct many_node *node = &many->nodes[index];
	struct event event = {.kind = EVENT_NODE_HELLO};

	many->peers += many->options->nodes;
	event.peer = node->peer = many->peers + index;
	node->leases_n = 0;
	node->instance++;
	event.hello = (struct node_hello){.name = node->name, .slots = many->options->slots, .algorithm = 1, .proto = 3};
	memcpy(event.hello.instance, &node->instance, sizeof node->instance);
	drive(many, &event);
}

static void submit(struct many *many)
{
	uint32_t files = many->options->files;
	const char **paths = calloc(files, sizeof *paths);
	struct event event = {.kind = EVENT_SUBMIT, .request = 1};

	if (!paths)
		abort();
	for (uint32_t i = 0; i < files; i++)
		paths[i] = "/data/run42/sample.fq";
	event.submit.row = (struct job_row){.owner = "ada", .name = "run42", .modules = COUNT_LENGTHS, .algorithm = 1, .files = files};
	if (many->options->lead)
		event.submit.row.modules |= COUNT_SEQUENCES;
	event.submit.row.slice_size = SLICE_BYTES;
	event.submit.paths = paths;
	drive(many, &event);
	free(paths);
}

static void come(struct many *many, const struct coming *coming)
{
	struct many_node *node = &many->nodes[coming->node];
	struct event event = {.kind = coming->kind, .peer = coming->peer};

	if (node->peer != coming->peer)
		return;
	if (coming->kind == EVENT_OPENED) {
		event.opened.job = coming->id.job;
		event.opened.file = coming->id.file;
		event.opened.facts.kind = FILE_PLAIN;
		event.opened.facts.fingerprint.size = SLICE_BYTES * many->options->slices;
	} else if (lease_find(node, coming->id.lease) == node->leases_n) {
		return; /* it was dropped */
	} else if (coming->kind == EVENT_PROGRESS) {
		event.progress.id = coming->id;
		event.progress.bytes = SLICE_BYTES / 3;
	} else {
		lease_end(node, coming->id.lease);
		event.result.id = coming->id;
		event.result.outcome = SLICE_END;
		event.result.task = coming->task;
		event.result.seam.first.block = coming->task.begin;
		event.result.seam.next.block = coming->task.end;
		event.result.seam.records = RECORDS;
		event.result.bases = 150 * RECORDS;
		event.result.modules = COUNT_LENGTHS;
	}
	drive(many, &event);
}

/* A node dies, and is there again. */
static void die(struct many *many)
{
	uint32_t index = (uint32_t)(sim_draw(&many->dice) % many->options->nodes);
	struct event event = {.kind = EVENT_NODE_GONE, .peer = many->nodes[index].peer};

	drive(many, &event);
	hello(many, index);
}

static void look(struct many *many)
{
	uint64_t began = cpu_ns(), cursor = 0;
	struct job_view job;
	struct node_view node;

	while (coord_next_job(many->coord, &cursor, &job))
		continue;
	cost_add(many, KIND_STATUS, began);
	began = cpu_ns();
	for (cursor = 0; coord_next_node(many->coord, &cursor, &node);)
		continue;
	cost_add(many, KIND_NODES, began);
	if (!many->failure)
		many->failure = recount(many->coord);
}

/* ---- */

static void begin(struct many *many)
{
	static const struct coord_limits limits = {
		.stall_ms = 60000, .open_ms = 60000, .straggler_ms = 30000, .slice_min = 1 << 20, .slice_max = 1 << 30, .slices_max = 1000000,
		.read_max = READ_MAX_DEFAULT, .crashes_max = 3, .losses_max = 1000, .jobs_max = 1000000, .files_max = 1000000,
		.audit_percent = 1, .secret = 42, .algorithm = 1};

	many->now = 1;
	many->nodes = calloc(many->options->nodes, sizeof *many->nodes);
	if (!many->nodes || coord_new(&limits, &many->coord) < 0)
		abort();
	if (coord_loaded(many->coord, 1, 1, many->now, &many->actions) < 0)
		abort();
	for (uint32_t i = 0; i < many->options->nodes; i++) {
		(void)snprintf(many->nodes[i].name, sizeof many->nodes[i].name, "n%05u", i);
		many->nodes[i].leases = calloc(many->options->slots, sizeof *many->nodes[i].leases);
		if (!many->nodes[i].leases)
			abort();
		hello(many, i);
	}
	for (uint32_t j = 0; j < many->options->jobs; j++)
		submit(many);
}

static void run(struct many *many)
{
	uint64_t tick, slices = (uint64_t)many->options->jobs * many->options->files * many->options->slices;
	struct coming coming;

	while (!many->failure && many->jobs_ended < many->options->jobs && next(many, &coming)) {
		while ((tick = coord_deadline(many->coord)) < coming.at) {
			struct event event = {.kind = EVENT_TICK};

			many->now = tick > many->now ? tick : many->now;
			drive(many, &event);
		}
		many->now = coming.at > many->now ? coming.at : many->now;
		come(many, &coming);
		if (++many->steps % CALM_EVENTS == 0)
			die(many);
		if (many->steps % STATUS_EVENTS == 0)
			look(many);
	}
	if (!many->failure && many->jobs_ended < many->options->jobs)
		many->failure = "jobs have not ended, and nothing more comes";
	if (!many->failure && many->slices != slices)
		many->failure = "slices were not counted once each";
}

static void print(const struct many *many)
{
	static const char *const names[KINDS] = {
		[EVENT_TICK] = "tick", [EVENT_NODE_HELLO] = "hello", [EVENT_NODE_GONE] = "gone", [EVENT_OPENED] = "opened",
		[EVENT_PROGRESS] = "progress", [EVENT_RESULT] = "result", [EVENT_SUBMIT] = "submit", [EVENT_MERGED] = "merged",
		[KIND_STATUS] = "(status)", [KIND_NODES] = "(nodes)"};
	uint64_t n = 0, total = 0;

	(void)printf("# %u nodes x %u slots, %u jobs x %u files x %u slices%s: %" PRIu64 " s in there\n", many->options->nodes,
	             many->options->slots, many->options->jobs, many->options->files, many->options->slices,
	             many->options->lead ? ", sequences" : "", many->now / 1000);
	(void)printf("# %-10s %10s %12s %12s %10s\n", "event", "number", "average us", "most us", "total s");
	for (unsigned k = 0; k < KINDS; k++) {
		const struct cost *cost = &many->costs[k];

		if (cost->n == 0)
			continue;
		(void)printf("# %-10s %10" PRIu64 " %12.2f %12.1f %10.2f\n", names[k] ? names[k] : "?", cost->n,
		             (double)cost->total_ns / 1e3 / (double)cost->n, (double)cost->most_ns / 1e3, (double)cost->total_ns / 1e9);
		if (k >= KIND_STATUS)
			continue;
		n += cost->n;
		total += cost->total_ns;
	}
	(void)printf("# all: %" PRIu64 " events, %.0f a second, %.2f s of processor time per thousand slices\n", n,
	             (double)n * 1e9 / (double)total, (double)total / 1e6 / (double)many->slices);
}

int many_run(const struct many_options *options)
{
	struct many *many = calloc(1, sizeof *many);

	if (!many)
		abort();
	many->options = options;
	many->dice.random = 42;
	begin(many);
	run(many);
	print(many);
	if (many->failure)
		(void)printf("# %s (at %" PRIu64 " ms)\n", many->failure, many->now);
	for (uint32_t i = 0; i < options->nodes; i++)
		free(many->nodes[i].leases);
	free(many->nodes);
	free(many->heap);
	actions_deinit(&many->actions);
	coord_free(many->coord);
	options = many->failure ? NULL : options;
	free(many);
	return !options;
}
