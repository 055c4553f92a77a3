/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One history: everything is drawn from the seed, faults go on until the world heals, then every acknowledged job must end
 * within END_MS. What else must hold is in check.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/qc/counters.h"
#include "tests/sim/sim.h"

#define HEAL_MS 20000
#define END_MS (HEAL_MS + 600000)
#define STEPS_MAX 400000

/* ---- the world of a seed */

static void file_make(struct sim *sim, uint32_t index)
{
	struct sim_file *file = &sim->files[index];
	uint32_t n = (uint32_t)sim_between(sim, 0, 120);

	*file = (struct sim_file){.records_n = n, .fault = UINT32_MAX, .poison = UINT32_MAX, .damaged = UINT32_MAX};
	(void)snprintf(file->path, sizeof file->path, "/data/%u.fq", index);
	file->starts = calloc(n + 1, sizeof *file->starts);
	file->values = calloc(n + 1, sizeof *file->values);
	if (!file->starts || !file->values)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		/* Now and then a record that is longer than several slices. */
		file->starts[i + 1] = file->starts[i] + sim->scale * (sim_chance(sim, 30) ? sim_between(sim, 1000, 9000)
		                                                                          : sim_between(sim, 10, 200));
		file->values[i] = 1 + sim_draw(sim) % 100;
		file->sum += file->values[i];
	}
	file->size = file->starts[n];
	if (n > 0 && sim_chance(sim, 120))
		file->fault = (uint32_t)(sim_draw(sim) % n);
	else if (n > 0 && sim_chance(sim, 60))
		file->poison = (uint32_t)(sim_draw(sim) % n);
	else if (n > 0 && sim_chance(sim, 50))
		file->damaged = (uint32_t)(sim_draw(sim) % n);
	else if (sim_chance(sim, 100))
		file->unreadable_on = 1u << sim_draw(sim) % sim->nodes_n;
	else if (sim_chance(sim, 30))
		file->unreadable_on = ~0u;
}

static void nodes_make(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct sim_node *node = &sim->nodes[i];

		(void)snprintf(node->name, sizeof node->name, "n%u", i);
		node->slots = sim->slots;
		node->slow = sim_chance(sim, 150) ? 30 : 1;
		sim_plan(sim, sim_between(sim, 0, 500), THING_NODE_START)->node = i;
	}
}

static void clients_make(struct sim *sim)
{
	for (uint32_t j = 0; j < sim->jobs_n; j++) {
		struct sim_client_job *client = &sim->clients[j];

		client->uuid[0] = (uint8_t)(j + 1);
		client->files_n = (uint32_t)sim_between(sim, 1, sim->files_n);
		client->slice_size = sim_chance(sim, 700) ? sim->scale * sim_between(sim, 50, 3000) : 0;
		client->modules = 3 | (sim_chance(sim, 500) ? COUNT_SEQUENCES : 0);
		for (uint32_t f = 0; f < client->files_n; f++) {
			client->files[f] = (uint32_t)(sim_draw(sim) % sim->files_n);
			client->paths[f] = sim->files[client->files[f]].path;
		}
		sim_plan(sim, sim_between(sim, 0, HEAL_MS / 2), THING_SUBMIT)->job = j;
		if (sim_chance(sim, 150))
			sim_plan(sim, sim_between(sim, 0, HEAL_MS), THING_CANCEL)->job = j;
	}
}

static void world_make(struct sim *sim)
{
	sim->nodes_n = (uint32_t)sim_between(sim, 1, NODES_MAX_SIM);
	sim->files_n = (uint32_t)sim_between(sim, 1, FILES_MAX_SIM);
	sim->jobs_n = (uint32_t)sim_between(sim, 1, JOBS_MAX_SIM);
	sim->slots = (uint32_t)sim_between(sim, 1, SLOTS_MAX_SIM);
	sim->losses_max = sim_chance(sim, 150) ? 12 : 200;
	sim->scale = sim_chance(sim, 300) ? LEAD_BYTES / 1000 : 1;
	sim->p_again = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 1, 700) : 0;
	sim->p_guess_wrong = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 0, 600) : 0;
	sim->p_unsure = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 0, 400) : 0;
	sim->p_hang = sim_chance(sim, 400) ? (uint32_t)sim_between(sim, 0, 100) : 0;
	sim->p_commit_crash = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 0, 80) : 0;
	sim->p_crash = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 1, 8) : 0;
	sim->p_cut = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 1, 12) : 0;
	sim->p_coord = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 1, 5) : 0;
	sim->p_drain = sim_chance(sim, 500) ? (uint32_t)sim_between(sim, 1, 4) : 0;
	for (uint32_t i = 0; i < sim->files_n; i++)
		file_make(sim, i);
	nodes_make(sim);
	clients_make(sim);
}

void history_options(const struct sim *sim, char *out, uint32_t size)
{
	(void)snprintf(out, size,
	               "seed %" PRIu64 ": %u nodes x %u slots, %u files, %u jobs, at most %u losses, bytes times %" PRIu64
	               "; of 1000: crash %u cut %u coordinator %u drain %u commit-crash %u guess-wrong %u unsure %u hang %u again %u",
	               sim->seed, sim->nodes_n, sim->slots, sim->files_n, sim->jobs_n, sim->losses_max, sim->scale, sim->p_crash,
	               sim->p_cut, sim->p_coord, sim->p_drain, sim->p_commit_crash, sim->p_guess_wrong, sim->p_unsure, sim->p_hang,
	               sim->p_again);
}

/* ---- clients and persons */

static void client_submit(struct sim *sim, uint32_t j)
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
	(void)snprintf(row->owner, sizeof row->owner, "user");
	row->modules = client->modules;
	row->algorithm = 1;
	row->slice_size = client->slice_size;
	row->files = client->files_n;
	event.submit.paths = client->paths;
	coordinator_drive(sim, &event);
}

static void client_cancel(struct sim *sim, uint32_t j)
{
	struct event event = {.kind = EVENT_CANCEL, .request = 1000};

	if (!sim->clients[j].acked || sim->dead)
		return;
	sim->clients[j].cancel_sent = true;
	event.cancel.job = sim->clients[j].id;
	event.cancel.owner = "user";
	event.cancel.reason = "";
	coordinator_drive(sim, &event);
}

static void person(struct sim *sim, uint32_t node, enum event_kind kind)
{
	struct event event = {.kind = kind, .request = 1000};

	event.drain.node = sim->nodes[node].name;
	event.drain.reason = "drained";
	coordinator_drive(sim, &event);
}

/* ---- faults */

static void faults_draw(struct sim *sim)
{
	uint32_t node = (uint32_t)(sim_draw(sim) % sim->nodes_n);

	if (!sim->faults)
		return;
	if (sim_chance(sim, sim->p_crash))
		node_crash(sim, node);
	if (sim_chance(sim, sim->p_cut))
		link_cut(sim, node, sim_chance(sim, 400));
	if (sim_chance(sim, sim->p_coord))
		coordinator_crash(sim);
	if (sim_chance(sim, sim->p_drain))
		node_terminate(sim, node);
	if (sim_chance(sim, sim->p_drain)) {
		sim_plan(sim, 0, THING_PERSON_DRAIN)->node = node;
		sim_plan(sim, sim_between(sim, 100, 5000), THING_PERSON_RESUME)->node = node;
	}
}

static void heal(struct sim *sim)
{
	sim->faults = false;
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		sim->nodes[i].slow = 1;
		/* What a person drained during the faults somebody resumes now, even where that was not heard. */
		sim_plan(sim, 4000, THING_PERSON_RESUME)->node = i;
	}
}

/* ---- the loop */

static void arrive(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (sim->dead || thing->link == node->cut || thing->link == 0)
		return;
	if (thing->event.kind == EVENT_NODE_HELLO) {
		if (node->link != thing->link)
			return;
		sim->link_of_node[thing->node] = thing->link;
		coordinator_hello(sim, thing);
		return;
	}
	if (sim->link_of_node[thing->node] != thing->link)
		return;
	sim->stash_sum = thing->sum;
	coordinator_drive(sim, &thing->event);
}

static void noticed(struct sim *sim, const struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (sim->link_of_node[thing->node] == thing->link)
		coordinator_gone(sim, thing->node);
	if (node->link == thing->link) {
		node->link = 0;
		sim_plan(sim, sim_between(sim, 20, 500), THING_NODE_DIAL)->node = thing->node;
	}
}

static void happen(struct sim *sim, struct thing *thing)
{
	struct event tick = {.kind = EVENT_TICK};

	switch (thing->kind) {
	case THING_SUBMIT:
		client_submit(sim, thing->job);
		break;
	case THING_CANCEL:
		client_cancel(sim, thing->job);
		break;
	case THING_TO_COORD:
		arrive(sim, thing);
		break;
	case THING_TO_NODE:
		node_message(sim, thing);
		break;
	case THING_NODE_DONE:
		node_done(sim, thing);
		break;
	case THING_NODE_DIAL:
		node_dial(sim, thing->node);
		break;
	case THING_NODE_WELCOME:
		node_welcome(sim, thing);
		break;
	case THING_NODE_CRASH:
		node_crash(sim, thing->node);
		break;
	case THING_NODE_START:
		node_start(sim, thing->node);
		break;
	case THING_LINK_NOTICED:
		noticed(sim, thing);
		break;
	case THING_COORD_START:
		coordinator_start(sim);
		break;
	case THING_COMMIT:
		if (!sim->dead && thing->epoch == sim->epoch && sim->dirty)
			coordinator_commit(sim);
		break;
	case THING_TICK:
		if (!sim->dead && thing->epoch == sim->epoch) {
			sim->tick_at = UINT64_MAX;
			coordinator_drive(sim, &tick);
		}
		break;
	case THING_PERSON_DRAIN:
		person(sim, thing->node, EVENT_DRAIN);
		break;
	case THING_PERSON_RESUME:
		person(sim, thing->node, EVENT_RESUME);
		break;
	case THING_HEAL:
		heal(sim);
		break;
	}
}

static bool all_ended(const struct sim *sim)
{
	for (uint32_t j = 0; j < sim->jobs_n; j++)
		if (!sim->clients[j].acked)
			return false;
	for (uint32_t i = 0; i < sim->committed.jobs_n; i++)
		if (sim->committed.jobs[i].state <= JOB_RUNNING)
			return false;
	return true;
}

/* ---- a history */

bool history_run(struct sim *sim, uint64_t seed)
{
	struct thing *thing;

	*sim = (struct sim){.seed = seed, .random = seed * 0x2545f4914f6cdd1dULL + 1, .faults = true, .dead = true};
	sim->tick_at = UINT64_MAX;
	world_make(sim);
	sim_plan(sim, HEAL_MS, THING_HEAL);
	coordinator_start(sim);
	while (!sim->failure && (thing = sim_next(sim))) {
		if (sim->now >= END_MS) {
			free(thing);
			break;
		}
		happen(sim, thing);
		free(thing);
		faults_draw(sim);
		check_acked(sim);
		if (++sim->steps > STEPS_MAX)
			sim_fail(sim, "endless", "more than %d steps", STEPS_MAX);
		if (!sim->faults && !sim->dirty && all_ended(sim))
			break;
	}
	if (!sim->failure)
		check_end(sim);
	return !sim->failure;
}

void history_free(struct sim *sim)
{
	struct thing *thing;

	while ((thing = sim_next(sim)))
		free(thing);
	free(sim->heap);
	for (uint32_t i = 0; i < sim->files_n; i++) {
		free(sim->files[i].starts);
		free(sim->files[i].values);
	}
	coord_free(sim->coord);
	image_deinit(&sim->committed);
	image_deinit(&sim->working);
}
