/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients, persons, faults; and the end of all faults, from which on everything must come to its end. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/sim.h"

/* ---- clients and persons */

void client_submit(struct sim *sim, uint32_t j)
{
	struct sim_client_job *client = &sim->clients[j];
	struct event event = {.kind = EVENT_SUBMIT, .request = j + 1};
	struct job_row *row = &event.submit.row;

	if (client->acked)
		return;
	sim_plan(sim, sim_between(sim, 200, 2000), THING_SUBMIT)->job = j; /* until there is an answer */
	if (sim->dead)
		return;
	for (uint32_t i = 0; i < sim->working.jobs_n; i++) {
		if (memcmp(sim->working.jobs[i].uuid, client->uuid, 16) != 0)
			continue;
		coordinator_commit(sim); /* as from_client.c: it may have come a moment ago */
		if (!sim->dead) {
			client->acked = true;
			client->id = sim->working.jobs[i].id;
		}
		return;
	}
	memcpy(row->uuid, client->uuid, sizeof row->uuid);
	(void)snprintf(row->owner, sizeof row->owner, "%s", client->owner);
	row->modules = client->modules;
	row->lenient = client->lenient;
	row->fresh = client->fresh;
	row->split_gzip = client->split_gzip;
	row->algorithm = sim->limits.algorithm;
	row->slice_size = client->slice_size;
	row->files = client->files_n;
	event.submit.paths = client->paths;
	event.submit.proofs = client->proofs;
	event.submit.groups = &client->group;
	event.submit.groups_n = client->group.n > 0;
	coordinator_drive(sim, &event);
}

void client_cancel(struct sim *sim, uint32_t j)
{
	struct event event = {.kind = EVENT_CANCEL, .request = 1000};

	if (!sim->clients[j].acked || sim->dead)
		return;
	sim->clients[j].cancel_sent = true;
	event.cancel.job = sim->clients[j].id;
	event.cancel.owner = sim->clients[j].owner;
	event.cancel.reason = "";
	coordinator_drive(sim, &event);
}

void person(struct sim *sim, uint32_t node, enum event_kind kind)
{
	struct event event = {.kind = kind, .request = 1000};

	event.drain.node = sim->nodes[node].name;
	event.drain.reason = "drained";
	if (kind == EVENT_DRAIN || sim->faults || sim->working.drained[node])
		coordinator_drive(sim, &event);
	if (kind == EVENT_RESUME && !sim->faults) /* of whatever is drained from now on, too */
		sim_plan(sim, 5000, THING_PERSON_RESUME)->node = node;
}

/* ---- faults */

/* Stopped, as by SIGSTOP: its time stands still, the others' does not. */
static void pause_node(struct sim *sim, uint32_t node)
{
	uint64_t ms = sim_between(sim, 50, 2 * DEAD_MS);

	if (!sim->nodes[node].alive || sim->nodes[node].paused > sim->now)
		return;
	sim->nodes[node].paused = sim->now + ms;
	if (ms > DEAD_MS)
		link_cut(sim, node, true);
}

static void pause_coordinator(struct sim *sim)
{
	uint64_t ms = sim_between(sim, 50, 2 * DEAD_MS);

	if (sim->dead || sim->paused > sim->now)
		return;
	sim->paused = sim->now + ms;
	for (uint32_t i = 0; ms > DEAD_MS && i < sim->nodes_n; i++)
		link_cut(sim, i, true);
}

static void store_full(struct sim *sim)
{
	struct thing *thing = sim_plan(sim, 0, THING_HOLD);

	thing->flag = true;
	sim_plan(sim, sim_between(sim, 100, 4000), THING_HOLD)->epoch = sim->epoch;
	thing->epoch = sim->epoch;
}

/* Other workers are rolled out behind it: each has the new algorithm when it is started next. */
static void upgrade(struct sim *sim)
{
	if (sim->algorithm > 1 || !sim_chance(sim, sim->p_upgrade))
		return;
	sim->algorithm = 2;
	for (uint32_t i = 0; i < sim->nodes_n; i++)
		sim_plan(sim, sim_between(sim, 0, HEAL_MS / 2), THING_NODE_CRASH)->node = i;
}

static void faults_of_coordinator(struct sim *sim)
{
	if (sim_chance(sim, sim->p_restore)) {
		image_copy(&sim->backup, &sim->committed);
		sim->has_backup = true;
	}
	if (sim_chance(sim, sim->p_coord)) {
		upgrade(sim);
		coordinator_crash(sim);
	}
	if (sim_chance(sim, sim->p_pause))
		pause_coordinator(sim);
	if (sim_chance(sim, sim->p_hold))
		store_full(sim);
}

void faults_draw(struct sim *sim)
{
	uint32_t node = (uint32_t)(sim_draw(sim) % sim->nodes_n);

	if (!sim->faults || sim->calm)
		return;
	if (sim_chance(sim, sim->p_crash))
		node_crash(sim, node);
	if (sim_chance(sim, sim->p_cut)) {
		if (sim_chance(sim, 300))
			link_half(sim, node, sim_chance(sim, 500));
		else
			link_cut(sim, node, sim_chance(sim, 400));
	}
	if (sim_chance(sim, sim->p_pause))
		pause_node(sim, node);
	if (sim_chance(sim, sim->p_drain))
		node_terminate(sim, node);
	if (sim_chance(sim, sim->p_drain)) {
		sim_plan(sim, 0, THING_PERSON_DRAIN)->node = node;
		sim_plan(sim, sim_between(sim, 100, 5000), THING_PERSON_RESUME)->node = node;
	}
	faults_of_coordinator(sim);
}

/* What is slow becomes fast, also what it is at. */
static void heal_slow(struct sim *sim, uint32_t index)
{
	struct sim_node *node = &sim->nodes[index];

	for (uint32_t i = 0; i < node->runs_n && node->slow > 1; i++) {
		struct thing *done;

		if (node->runs[i].done || node->runs[i].lasts == UINT64_MAX)
			continue;
		done = sim_plan(sim, sim_between(sim, 1, 100), THING_NODE_DONE);
		done->node = index;
		done->epoch = node->instance;
		done->action.id = node->runs[i].id;
	}
	node->slow = 1;
}

void heal(struct sim *sim)
{
	sim->faults = false;
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct sim_node *node = &sim->nodes[i];

		if (!sim->calm)
			heal_slow(sim, i);
		node->hole = node->blind = false;
		if (node->algorithm != sim->algorithm && node->alive)
			node_crash(sim, i);
		/* What a person drained during the faults somebody resumes now, even where that was not heard. */
		sim_plan(sim, 4000, THING_PERSON_RESUME)->node = i;
	}
}
