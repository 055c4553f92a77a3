/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One history: everything is drawn from the seed, faults go on until the world heals, then every acknowledged job must end
 * within END_MS. What else must hold is in check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define STEPS_MAX 400000

/* ---- the loop */

/* A lie about what the node was asked for: what becomes of the file now is anybody's guess. */
static void lie_told(struct sim *sim, const struct thing *thing)
{
	struct sim_client_job *client = thing->lie ? client_of(sim, thing->event.result.id.job) : NULL;

	if (client)
		client->lied |= 1u << thing->event.result.id.file;
}

static void arrive(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];

	if (sim->dead || thing->link <= node->cut || thing->link <= node->mute || thing->link == 0)
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
	lie_told(sim, thing);
	sim->stash_sum = thing->sum;
	gzip_fill(sim, &thing->event, thing->text_lie);
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

static void happen_to_node(struct sim *sim, struct thing *thing)
{
	switch (thing->kind) {
	case THING_TO_NODE:
		node_message(sim, thing);
		break;
	case THING_NODE_DONE:
		node_done(sim, thing);
		break;
	case THING_NODE_PROGRESS:
		node_progress(sim, thing);
		break;
	case THING_NODE_DIAL:
		node_dial(sim, thing->node);
		break;
	case THING_NODE_WELCOME:
		node_welcome(sim, thing);
		break;
	case THING_NODE_REFUSED:
		node_refused(sim, thing);
		break;
	case THING_NODE_CRASH:
		node_crash(sim, thing->node);
		break;
	default: /* THING_NODE_START */
		node_start(sim, thing->node);
	}
}

/* The coordinator's own things, of one start of it. */
static void happen_to_coordinator(struct sim *sim, const struct thing *thing)
{
	struct event event = {.kind = EVENT_TICK};

	if (sim->dead || thing->epoch != sim->epoch)
		return;
	if (thing->kind == THING_COMMIT) {
		if (sim->dirty)
			coordinator_commit(sim);
		return;
	}
	if (thing->kind == THING_TICK) {
		sim->tick_at = UINT64_MAX;
	} else {
		event.kind = EVENT_HOLD;
		event.hold = thing->flag;
	}
	coordinator_drive(sim, &event);
}

static void happen(struct sim *sim, struct thing *thing)
{
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
	case THING_LINK_NOTICED:
		noticed(sim, thing);
		break;
	case THING_COORD_START:
		coordinator_start(sim);
		break;
	case THING_COMMIT:
	case THING_TICK:
	case THING_HOLD:
		happen_to_coordinator(sim, thing);
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
	default:
		happen_to_node(sim, thing);
	}
}

/* Whom it happens to stands still: until when, or 0. What comes at that time goes behind what has waited. */
static uint64_t stands_still(const struct sim *sim, const struct thing *thing)
{
	switch (thing->kind) {
	case THING_NODE_CRASH:
	case THING_NODE_START:
	case THING_COORD_START:
	case THING_HEAL:
		return 0;
	case THING_TO_NODE:
	case THING_NODE_DONE:
	case THING_NODE_PROGRESS:
	case THING_NODE_DIAL:
	case THING_NODE_WELCOME:
	case THING_NODE_REFUSED:
		return sim->nodes[thing->node].paused >= sim->now ? sim->nodes[thing->node].paused + 1 : 0;
	default:
		return sim->paused >= sim->now && !sim->dead ? sim->paused + 1 : 0;
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

bool history_run(struct sim *sim, uint64_t seed, bool tell)
{
	struct thing *thing;

	*sim = (struct sim){.seed = seed, .random = seed * 0x2545f4914f6cdd1dULL + 1, .faults = true, .dead = true, .tell = tell};
	sim->tick_at = UINT64_MAX;
	options_draw(sim);
	sim_plan(sim, HEAL_MS, THING_HEAL);
	coordinator_start(sim);
	while (!sim->failure && (thing = sim_next(sim))) {
		if (sim->now >= END_MS) {
			free(thing);
			break;
		}
		if (stands_still(sim, thing)) {
			sim_later(sim, thing, stands_still(sim, thing));
			free(thing);
			continue;
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
	options_free(sim);
	coord_free(sim->coord);
	image_deinit(&sim->committed);
	image_deinit(&sim->working);
	image_deinit(&sim->backup);
}
