/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated workers: they come and go, take what they are told, and keep what they tell until it is acknowledged. They are cut off,
 * on one side or both, are stopped for a while, and are told to end.
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

struct sim_run *run_of(struct sim_node *node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < node->runs_n; i++) {
		const struct slice_id *have = &node->runs[i].id;

		if (have->job == id->job && have->file == id->file && have->slice == id->slice && have->again == id->again &&
		    have->scout == id->scout && have->lease == id->lease)
			return &node->runs[i];
	}
	return NULL;
}

void run_forget(struct sim_node *node, struct sim_run *run)
{
	*run = node->runs[--node->runs_n];
}

/* What it has of a slice: a result, a crash, an error. Now and then twice. */
void send_result(struct sim *sim, uint32_t index, const struct sim_run *run)
{
	struct sim_node *node = &sim->nodes[index];

	for (uint32_t i = 0; i < 1u + sim_chance(sim, sim->p_twice); i++) {
		struct thing *message = to_coordinator(sim, index);

		message->event = run->result;
		message->event.peer = node->link;
		message->sum = run->sum;
		message->lie = run->lie;
		message->text_lie = run->text_lie;
		message->flag = i > 0;
	}
}

/* ---- what the coordinator says */

static void take_task(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	const struct slice_id *id = &thing->action.task.id;
	struct sim_run *run = run_of(node, id);
	uint32_t active = 0;

	for (uint32_t i = 0; i < node->runs_n; i++)
		active += !node->runs[i].done;
	if (active >= node->slots)
		sim_fail(sim, "slots", "%s has %u slots and was given one slice more", node->name, node->slots);
	if (run)
		run_forget(node, run);
	if (node->runs_n == sizeof node->runs / sizeof *node->runs)
		return; /* results that nobody acknowledged: lost with the next connection */
	run = &node->runs[node->runs_n++];
	*run = (struct sim_run){.id = *id,
	                        .task = thing->action.task.task,
	                        .file = file_made_of(sim, thing->path),
	                        .modules = thing->action.task.modules,
	                        .split = thing->action.task.split,
	                        .point_right = thing->point_right,
	                        .from = thing->action.task.point.bit / 8,
	                        .began = sim->now};
	if (run->split && node->proto < 3)
		sim_fail(sim, "old", "%s is given a slice of a gzip stream and knows nothing of them", node->name);
	if (id->again && (!run->task.start_known || thing->action.task.reads != 1000 + id->slice))
		sim_fail(sim, "second task", "%s is not told what lies before slice %llu", node->name, (unsigned long long)id->slice);
	if (thing->action.task.algorithm != node->algorithm && !(node->lies & LIE_ALGORITHM))
		sim_fail(sim, "algorithm", "%s has algorithm %u and is to count with %u", node->name, node->algorithm,
		         thing->action.task.algorithm);
	count_begin(sim, thing->node, run);
}

/* Why it cannot be opened here; 0: it can. */
static int open_error(const struct sim *sim, const struct thing *thing, const struct sim_file *file, struct event *event)
{
	const struct sim_node *node = &sim->nodes[thing->node];
	uint32_t bit = 1u << thing->node;

	if (node->blind || file->lacking_on & bit) {
		event->opened.error = (struct error){.class = ERROR_NO_INPUT, .text = "is not here"};
		return ENOENT;
	}
	if (node->hole || file->unreadable_on & bit) {
		event->opened.error = (struct error){.class = ERROR_IO, .text = "unreadable here"};
		return EIO;
	}
	if (thing->flag && file->other_on & bit) {
		event->opened.unproven = true;
		event->opened.error = (struct error){.class = ERROR_DENIED, .text = "another file here"};
		return EACCES;
	}
	return 0;
}

static void take_open(struct sim *sim, struct thing *thing)
{
	const struct sim_file *file = file_made_of(sim, thing->path);
	struct thing *message;

	if (sim->faults && sim_chance(sim, sim->p_hang_open))
		return; /* its file system hangs */
	message = to_coordinator(sim, thing->node);
	message->event.kind = EVENT_OPENED;
	message->event.opened.job = thing->action.open.job;
	message->event.opened.file = thing->action.open.file;
	message->event.opened.error_number = open_error(sim, thing, file, &message->event);
	if (message->event.opened.error_number == 0)
		message->event.opened.facts = (struct file_facts){.kind = file->blocks ? FILE_GZIP : FILE_PLAIN,
		                                                    .fingerprint = {.size = file->size}};
	message->event.opened.facts.fingerprint.ctime_ns = file_version(sim, file);
	if (file->other_on & (1u << thing->node))
		message->event.opened.facts.fingerprint.inode = 2;
}

static bool link_dead(const struct sim_node *node, uint64_t link)
{
	return !node->alive || node->link != link || link <= node->cut || link <= node->deaf;
}

void node_message(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	struct sim_run *run;

	if (link_dead(node, thing->link))
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
			run_forget(node, run);
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
	if ((node->lies & LIE_ALGORITHM) && sim->faults && node->runs_n > 0)
		count_otherwise(node);
	hello = to_coordinator(sim, index);
	hello->epoch = node->seen;
	hello->name = node->name_of_state;
	hello->event.kind = EVENT_NODE_HELLO;
	hello->event.hello.name = node->name;
	memcpy(hello->event.hello.instance, &node->instance, sizeof node->instance);
	hello->event.hello.slots = node->slots;
	hello->event.hello.algorithm = node->algorithm;
	hello->event.hello.proto = node->proto;
	hello->event.hello.key = index + 1;
	hello->event.hello.draining = node->draining;
	hello->event.hello.transient = node->transient;
	for (uint32_t i = 0; i < node->runs_n; i++)
		hello->held[hello->event.hello.held_n++] = node->runs[i].id;
}

void node_welcome(struct sim *sim, const struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (link_dead(node, thing->link))
		return;
	node->welcome = true;
	if (thing->epoch > node->seen || thing->name != node->name_of_state)
		node->seen = thing->epoch;
	node->name_of_state = thing->name;
	for (uint32_t i = 0; i < thing->event.hello.held_n; i++) {
		struct sim_run *run = run_of(node, &thing->held[i]);

		if (run)
			run_forget(node, run);
	}
	for (uint32_t i = 0; i < node->runs_n; i++)
		if (node->runs[i].done)
			send_result(sim, thing->node, &node->runs[i]);
}

void node_refused(struct sim *sim, const struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (node->link != thing->link)
		return;
	node->link = 0;
	sim_plan(sim, sim_between(sim, 200, 1000), THING_NODE_DIAL)->node = thing->node;
}

static void notice(struct sim *sim, uint32_t index, uint64_t delay)
{
	struct thing *noticed = sim_plan(sim, delay, THING_LINK_NOTICED);

	noticed->node = index;
	noticed->link = sim->nodes[index].link;
}

/* Nothing goes through any more; both sides notice: at once, or silently after the dead time. */
void link_cut(struct sim *sim, uint32_t index, bool silent)
{
	struct sim_node *node = &sim->nodes[index];

	if (!node->link || node->link <= node->cut)
		return;
	node->cut = node->link;
	notice(sim, index, silent ? DEAD_MS : sim_between(sim, 1, 20));
}

/* One direction carries nothing, until that is noticed. */
void link_half(struct sim *sim, uint32_t index, bool deaf)
{
	struct sim_node *node = &sim->nodes[index];

	if (!node->link)
		return;
	*(deaf ? &node->deaf : &node->mute) = node->link;
	notice(sim, index, DEAD_MS);
}

void node_crash(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	if (!node->alive)
		return;
	link_cut(sim, index, sim_chance(sim, 300));
	node->alive = node->draining = false;
	node->link = node->paused = 0;
	while (node->runs_n > 0)
		run_forget(node, &node->runs[node->runs_n - 1]);
	sim_plan(sim, sim_between(sim, 50, 3000), THING_NODE_START)->node = index;
}

void node_start(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	node->alive = true;
	node->instance = sim_draw(sim);
	node->algorithm = sim->algorithm;
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
			run_forget(node, &node->runs[i]);
		}
	}
	sim_plan(sim, 500, THING_NODE_CRASH)->node = index; /* then it exits */
}
