/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated workers. They count honestly what a slice of a made file holds; where they must guess the start they sometimes
 * guess wrong or are unsure, as a reader may. They crash, hang, cannot read, are cut off, and are told to end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

struct thing *to_coordinator(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];
	uint64_t delay = sim_between(sim, 1, 30);
	struct thing *thing;

	if (sim->now + delay < node->to_coord)
		delay = node->to_coord - sim->now;
	node->to_coord = sim->now + delay;
	thing = sim_plan(sim, delay, THING_TO_COORD);
	thing->node = index;
	thing->link = node->link;
	thing->event.peer = node->link;
	return thing;
}

static struct sim_run *run_of(struct sim_node *node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < node->runs_n; i++) {
		const struct slice_id *have = &node->runs[i].id;

		if (have->job == id->job && have->file == id->file && have->slice == id->slice && have->again == id->again)
			return &node->runs[i];
	}
	return NULL;
}

static void run_drop(struct sim_node *node, struct sim_run *run)
{
	*run = node->runs[--node->runs_n];
}

static const struct sim_file *file_of(const struct sim *sim, const char *path)
{
	for (uint32_t i = 0; i < sim->files_n; i++)
		if (strcmp(sim->files[i].path, path) == 0)
			return &sim->files[i];
	return NULL;
}

/* ---- counting */

/* The first record that begins at or behind a byte. */
static uint32_t record_at(const struct sim_file *file, uint64_t byte)
{
	uint32_t i = 0;

	while (i < file->records_n && file->starts[i] < byte)
		i++;
	return i;
}

static void count_from(struct sim_run *run, uint32_t first)
{
	const struct sim_file *file = run->file;
	struct event *result = &run->result;
	uint32_t i = first;

	result->result.outcome = SLICE_END;
	result->result.seam.first.block = file->starts[first];
	for (; i < file->records_n && file->starts[i] < run->task.end; i++) {
		if (i == file->fault) {
			result->result.outcome = SLICE_FAULT;
			result->result.fault = (struct slice_fault){
				.kind = FAULT_NO_PLUS, .record = i - first, .at = {.block = file->starts[i]}, .value = 'x'};
			break;
		}
		run->sum += file->values[i] * (run->id.again ? AGAIN_TIMES : 1);
	}
	result->result.seam.records = i - first;
	result->result.seam.next.block = file->starts[i];
}

/* A start that is none: in the middle of a record, with whatever would be seen from there. */
static void count_wrongly(struct sim *sim, struct sim_run *run)
{
	struct event *result = &run->result;
	uint32_t next = record_at(run->file, run->task.end);
	uint64_t first = sim_between(sim, run->task.begin, run->task.end - 1);

	if (run->file->starts[record_at(run->file, first)] == first) { /* it is one after all */
		count_from(run, record_at(run->file, first));
		return;
	}
	run->sum = sim_draw(sim) % 1000;
	result->result.seam.first.block = first;
	result->result.seam.next.block = run->file->starts[next];
	result->result.seam.records = 1 + sim_draw(sim) % 5;
	result->result.outcome = SLICE_END;
	if (sim_chance(sim, 500)) {
		result->result.outcome = SLICE_FAULT;
		result->result.fault = (struct slice_fault){.kind = FAULT_LENGTHS,
		                                            .record = sim_draw(sim) % 3,
		                                            .at = result->result.seam.first,
		                                            .value = 3,
		                                            .value2 = 4};
	}
}

static void count(struct sim *sim, struct sim_run *run)
{
	const struct slice_task *task = &run->task;
	struct event *result = &run->result;

	*result = (struct event){.kind = EVENT_RESULT};
	result->result.id = run->id;
	result->result.task = *task;
	result->result.modules = run->modules;
	if (task->start_known || task->begin == 0) {
		uint64_t start = task->start_known ? task->start.block : 0;

		if (start >= task->end && task->begin > 0)
			result->result.seam.first.block = result->result.seam.next.block = start;
		else
			count_from(run, record_at(run->file, start));
		if (start >= task->end && task->begin > 0)
			result->result.outcome = SLICE_END;
		return;
	}
	if (sim_chance(sim, sim->p_unsure))
		result->result.outcome = SLICE_UNSURE;
	else if (task->end > task->begin && sim_chance(sim, sim->p_guess_wrong))
		count_wrongly(sim, run);
	else
		count_from(run, record_at(run->file, task->begin));
}

/* Whether a record begins in the slice. */
static bool has_record(const struct sim_run *run, uint32_t record)
{
	const struct sim_file *file = run->file;

	return record != UINT32_MAX && file->starts[record] >= run->task.begin && file->starts[record] < run->task.end;
}

/* Children die of sound slices too, but not so often of one that its file fails. */
static bool dies(struct sim *sim, const struct sim_run *run)
{
	uint64_t key = (run->id.job * 31 + run->id.file) * 1009 + run->id.slice;
	uint8_t *deaths = &sim->deaths[key % sizeof sim->deaths];

	if (has_record(run, run->file->poison))
		return true;
	if (!sim->faults || *deaths >= 2 || !sim_chance(sim, 20))
		return false;
	++*deaths;
	return true;
}

static void tell_failed(struct sim *sim, uint32_t index, const struct sim_run *run, bool died)
{
	struct thing *message;

	if (!sim->nodes[index].link || !sim->nodes[index].welcome)
		return; /* what could not be said is a loss: it is not held at the next HELLO */
	message = to_coordinator(sim, index);
	message->event.kind = died ? EVENT_CRASHED : EVENT_IO_ERROR;
	message->event.failed.id = run->id;
	message->event.failed.signal = 11;
	message->event.failed.error_number = EIO;
	message->event.failed.text = "unreadable here";
}

static void send_result(struct sim *sim, uint32_t index, const struct sim_run *run)
{
	struct sim_node *node = &sim->nodes[index];
	struct thing *message = to_coordinator(sim, index);

	message->event = run->result;
	message->event.peer = node->link;
	message->sum = run->sum;
}

void node_done(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	struct sim_run *run = node->alive && node->instance == thing->epoch ? run_of(node, &thing->action.id) : NULL;
	bool readable;

	if (!run || run->done || run->id.lease != thing->action.id.lease)
		return;
	readable = !(run->file->unreadable_on & (1u << thing->node)) && !has_record(run, run->file->damaged);
	if (!readable || dies(sim, run)) {
		tell_failed(sim, thing->node, run, readable);
		run_drop(node, run);
		return;
	}
	count(sim, run);
	run->done = true;
	if (node->link && node->welcome)
		send_result(sim, thing->node, run);
}

/* ---- what the coordinator says */

static void take_task(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	const struct slice_id *id = &thing->action.task.id;
	struct sim_run *run = run_of(node, id);
	uint32_t active = 0;
	struct thing *done;

	for (uint32_t i = 0; i < node->runs_n; i++)
		active += !node->runs[i].done;
	if (active >= node->slots)
		sim_fail(sim, "slots", "%s has %u slots and was given one slice more", node->name, node->slots);
	if (run)
		run_drop(node, run);
	if (node->runs_n == 64)
		return; /* results that nobody acknowledged: lost with the next connection */
	run = &node->runs[node->runs_n++];
	*run = (struct sim_run){.id = *id, .task = thing->action.task.task, .file = file_of(sim, thing->path), .modules = thing->action.task.modules, .began = sim->now};
	if (id->again && (!run->task.start_known || thing->action.task.reads != 1000 + id->slice))
		sim_fail(sim, "second task", "%s is not told what lies before slice %llu", node->name, (unsigned long long)id->slice);
	if (sim->faults && sim_chance(sim, sim->p_hang))
		return; /* for ever */
	done = sim_plan(sim, sim_between(sim, 1, 100) * node->slow, THING_NODE_DONE);
	done->node = thing->node;
	done->epoch = node->instance;
	done->action.id = *id;
}

static void take_open(struct sim *sim, struct thing *thing)
{
	const struct sim_file *file = file_of(sim, thing->path);
	struct thing *message = to_coordinator(sim, thing->node);

	message->event.kind = EVENT_OPENED;
	message->event.opened.job = thing->action.open.job;
	message->event.opened.file = thing->action.open.file;
	if (file->unreadable_on & (1u << thing->node)) {
		message->event.opened.error_number = EIO;
		message->event.opened.error = (struct error){.class = ERROR_IO, .text = "unreadable here"};
	} else {
		message->event.opened.facts = (struct file_facts){.kind = FILE_PLAIN, .fingerprint = {.size = file->size}};
	}
}

void node_message(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	struct sim_run *run;

	if (!node->alive || node->link != thing->link || node->cut == thing->link)
		return;
	switch (thing->action.kind) {
	case ACTION_SEND_OPEN:
		take_open(sim, thing);
		break;
	case ACTION_SEND_TASK:
		take_task(sim, thing);
		break;
	case ACTION_SEND_DROP:
	case ACTION_SEND_ACK:
		run = run_of(node, &thing->action.id);
		if (run && (run->done || thing->action.kind == ACTION_SEND_DROP))
			run_drop(node, run);
		break;
	default:
		break;
	}
}

/* ---- coming and going */

void node_dial(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];
	struct thing *hello;

	if (!node->alive || node->link)
		return;
	if (sim->dead) {
		sim_plan(sim, sim_between(sim, 20, 300), THING_NODE_DIAL)->node = index;
		return;
	}
	node->link = ++sim->links;
	node->welcome = false;
	node->to_coord = node->to_node = sim->now;
	hello = to_coordinator(sim, index);
	hello->epoch = node->seen;
	hello->event.kind = EVENT_NODE_HELLO;
	hello->event.hello.name = node->name;
	hello->event.hello.slots = node->slots;
	hello->event.hello.algorithm = 1;
	hello->event.hello.draining = node->draining;
	for (uint32_t i = 0; i < node->runs_n; i++)
		hello->held[hello->event.hello.held_n++] = node->runs[i].id;
}

void node_welcome(struct sim *sim, const struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (!node->alive || node->link != thing->link || node->cut == thing->link)
		return;
	node->welcome = true;
	node->seen = thing->epoch;
	for (uint32_t i = 0; i < thing->event.hello.held_n; i++) {
		struct sim_run *run = run_of(node, &thing->held[i]);

		if (run && run->id.lease == thing->held[i].lease)
			run_drop(node, run);
	}
	for (uint32_t i = 0; i < node->runs_n; i++)
		if (node->runs[i].done)
			send_result(sim, thing->node, &node->runs[i]);
}

/* Nothing goes through any more; both sides notice: at once, or silently after the dead time. */
void link_cut(struct sim *sim, uint32_t index, bool silent)
{
	struct sim_node *node = &sim->nodes[index];
	struct thing *noticed;

	if (!node->link || node->cut == node->link)
		return;
	node->cut = node->link;
	noticed = sim_plan(sim, silent ? 1500 : sim_between(sim, 1, 20), THING_LINK_NOTICED);
	noticed->node = index;
	noticed->link = node->link;
}

void node_crash(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	if (!node->alive)
		return;
	link_cut(sim, index, sim_chance(sim, 300));
	node->alive = node->draining = false;
	node->link = 0;
	node->runs_n = 0;
	sim_plan(sim, sim_between(sim, 50, 3000), THING_NODE_START)->node = index;
}

void node_start(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	node->alive = true;
	node->instance = sim_draw(sim);
	node_dial(sim, index);
}

void node_terminate(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	if (!node->alive)
		return;
	node->draining = true;
	if (node->link && node->welcome) {
		to_coordinator(sim, index)->event.kind = EVENT_NODE_DRAINING;
		for (uint32_t i = node->runs_n; i-- > 0;) {
			struct thing *message;

			if (node->runs[i].done)
				continue;
			message = to_coordinator(sim, index);
			message->event.kind = EVENT_RETURNED;
			message->event.failed.id = node->runs[i].id;
			run_drop(node, &node->runs[i]);
		}
	}
	sim_plan(sim, 500, THING_NODE_CRASH)->node = index; /* then it exits */
}
