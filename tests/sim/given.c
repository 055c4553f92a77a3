/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of what nodes are given, and when a step is over, whatever happened: from what was seen (observe.c). */
#include <string.h>

#include "tests/sim/sim.h"

/* ---- actions */

/* Something is to be counted that this node could count. */
static bool something_open(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->working.files_n; i++) {
		const struct file_row *row = &sim->working.files[i];
		struct slice_view view;

		for (uint64_t s = 0; !way_cuts(row->way) && coord_find_slice(sim->coord, row->job, row->file, s, &view); s++)
			if (strcmp(view.state, "open") == 0)
				return true;
	}
	return false;
}

static void check_copies(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	uint32_t copies = 0, here = 0;

	for (uint32_t i = 0; i < sim->seen.leases_n; i++) {
		copies += seen_same(&sim->seen.leases[i].id, id);
		here += seen_same(&sim->seen.leases[i].id, id) && sim->seen.leases[i].node == node;
	}
	if (here > 0)
		sim_fail(sim, "copy", "%s is given slice %llu, which it has", sim->nodes[node].name, (unsigned long long)id->slice);
	if (copies > 1)
		sim_fail(sim, "copies", "slice %llu is given to a third node", (unsigned long long)id->slice);
	if (copies > 0 && sim->calm && sim->scale == 1 && something_open(sim))
		sim_fail(sim, "early copy", "slice %llu is given to a second node although others wait", (unsigned long long)id->slice);
}

/* Whatever it is given. */
static void check_given(struct sim *sim, uint32_t node)
{
	const char *name = sim->nodes[node].name;
	struct node_view view;
	bool alone;

	if (sim->seen.hold)
		sim_fail(sim, "hold", "%s is given something although the store has no room", name);
	if (sim->working.drained[node])
		sim_fail(sim, "drained", "node %s is drained and was given something", name);
	if (seen_view(sim, node, &view) && strcmp(view.state, "suspect") == 0 &&
	    (seen_leases_on(sim, node, &alone) > 0 || sim->seen.suspect[node] == 0 ||
	     sim->now - sim->seen.suspect[node] < sim->limits.stall_ms))
		sim_fail(sim, "suspect", "%s hangs and is given something", name);
}

static void task_given(struct sim *sim, uint32_t node, const struct action *action)
{
	const struct slice_id *id = &action->task.id;
	const char *name = sim->nodes[node].name;
	bool alone, often = seen_lost_often(sim, id);
	uint32_t others = seen_leases_on(sim, node, &alone);
	const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, id->slice);
	struct sim_lease *lease;
	uint32_t index;

	check_given(sim, node);
	check_copies(sim, node, id);
	if (id->scout && image_file(&sim->working, id->job, id->file, &index) && kept_has_seek(sim, index))
		sim_fail(sim, "scout", "%s is to look where slice %llu begins, which an index has", name, (unsigned long long)id->slice);
	if (alone || (often && others > 0))
		sim_fail(sim, "not alone", "%s counts slice %llu, which is lost often, beside others", name, (unsigned long long)id->slice);
	if (seen_failed_on(sim, id->job, id->file, id->slice, node))
		sim_fail(sim, "again there", "%s is given slice %llu of job %llu, which it cannot read", name, (unsigned long long)id->slice,
		         (unsigned long long)id->job);
	if (slice && !id->again && slice->epoch == sim->epoch && slice->node == node)
		sim_fail(sim, "audit", "%s is to audit slice %llu, which it counted", name, (unsigned long long)id->slice);
	if (!slice || id->again)
		word_given(sim, node, id);
	lease = seen_lease_add(sim, node, id);
	lease->alone = often;
	lease->audit = seen_audited(sim, id);
}

void observe_action(struct sim *sim, const struct action *action)
{
	uint32_t node = seen_node(sim, action->peer);
	struct sim_lease *lease;

	if (action->kind == ACTION_LOG && strstr(action->log.text, "opening it takes too long"))
		sim->open_stalled = true;
	if (action->kind == ACTION_LOG &&
	    (strstr(action->log.text, "another one is to say so") || strstr(action->log.text, "what cannot be")))
		observe_doubt(sim, action);
	if ((action->kind == ACTION_SAVE_SLICE && action->slice.fault.kind == FAULT_NONE) || action->kind == ACTION_SAVE_AGAIN)
		seen_success(sim, action->slice.job, action->slice.file, action->slice.slice);
	if (node == NODES_MAX_SIM)
		return;
	if (action->kind == ACTION_SEND_TASK) {
		task_given(sim, node, action);
	} else if (action->kind == ACTION_SEND_OPEN) {
		check_given(sim, node);
		if (seen_failed_on(sim, action->open.job, action->open.file, SLICE_ALL, node))
			sim_fail(sim, "again there", "%s is to open file %u of job %llu, which it cannot", sim->nodes[node].name,
			         action->open.file, (unsigned long long)action->open.job);
	} else if (action->kind == ACTION_SEND_DROP) {
		lease = seen_lease(sim, node, &action->id);
		if (lease)
			seen_lease_end(sim, lease);
	}
}

/* ---- behind a step */

static void check_disagree(struct sim *sim, const struct event *event)
{
	uint32_t index, a = sim->seen.node, b = sim->seen.disagree_with;
	const struct file_row *row = image_file(&sim->working, event->result.id.job, event->result.id.file, &index);
	const char *text = row ? row->error.text : "", *other = b < NODES_MAX_SIM ? sim->nodes[b].name : "a node that is gone";

	if (!row || row->state != JOB_FAILED || !strstr(text, "nodes disagree on the slice of bytes") ||
	    !strstr(text, sim->nodes[a].name) || !strstr(text, other))
		sim_fail(sim, "believed", "%s and %s counted slice %llu of job %llu differently, and the file goes on", sim->nodes[a].name,
		         other, (unsigned long long)event->result.id.slice, (unsigned long long)event->result.id.job);
	else if (!sim->working.drained[a] || (b < NODES_MAX_SIM && !sim->working.drained[b]))
		sim_fail(sim, "goes on", "%s and %s disagree, and are not both drained", sim->nodes[a].name, other);
}

static void check_holes(struct sim *sim)
{
	bool liars = false;

	for (uint32_t i = 0; i < sim->nodes_n; i++)
		liars = liars || sim->nodes[i].lies != 0;
	for (uint32_t i = 0; i < sim->nodes_n && !liars && !sim->open_stalled; i++) {
		if ((sim->seen.holes & (1u << i)) && sim->seen.failed[i] + sim->seen.late[i] + sim->seen.troubled[i] < 3)
			sim_fail(sim, "hole", "%s is drained and has failed %u times in a row", sim->nodes[i].name, sim->seen.failed[i]);
		if (sim->seen.failed[i] >= 3 && sim->seen.late[i] == 0 && !sim->working.drained[i])
			sim_fail(sim, "hole", "%s has failed %u times in a row where others did not, and is not drained",
			         sim->nodes[i].name, sim->seen.failed[i]);
	}
}

/* Who comes under its name is another one. */
static void node_forgotten(struct sim *sim, uint32_t i)
{
	sim->seen.successes[i]++;
	sim->seen.failed[i] = 0;
	sim->seen.reads[i] = false;
	sim->seen.suspect[i] = 0;
	for (uint32_t s = 0; s < sim->working.slices_n; s++)
		if (sim->working.slices[s].node == i)
			sim->working.slices[s].node = NODES_MAX_SIM;
}

/*
 * A batch job's node is forgotten when it has left, or, where it was distrusted, by the person who resumes it; so is one that was never
 * there since the coordinator's start; nobody else is.
 */
static void check_listed(struct sim *sim, const struct event *event)
{
	struct sim_seen *seen = &sim->seen;

	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		const struct sim_node *node = &sim->nodes[i];
		bool gone = event->kind == EVENT_NODE_GONE && seen->node == i;
		bool resumed = event->kind == EVENT_RESUME && strcmp(event->drain.node, node->name) == 0;
		struct node_view view;
		bool listed = seen_view(sim, i, &view);

		if (seen->listed[i] && !listed)
			node_forgotten(sim, i);
		if (seen->listed[i] && !listed && !(node->transient && ((gone && seen->left) || resumed)) &&
		    !(resumed && seen->unmet[i]))
			sim_fail(sim, "forgotten", "%s is not in the list any more", node->name);
		if (listed && node->transient && gone && seen->empty && !(seen->distrusted & (1u << i)))
			sim_fail(sim, "stays", "%s has left and is still in the list", node->name);
		seen->listed[i] = listed;
		seen->unmet[i] = listed && view.seen_ms == 0;
	}
}

void observe_end(struct sim *sim, const struct event *event)
{
	uint64_t cursor = 0;
	struct node_view view;

	if (event->kind == EVENT_RESULT && sim->seen.disagree)
		check_disagree(sim, event);
	else if (event->kind == EVENT_RESULT && sim->seen.audited)
		seen_success(sim, event->result.id.job, event->result.id.file, event->result.id.slice);
	for (uint32_t i = 0; i < sim->seen.leases_n && event->kind == EVENT_NODE_HELLO; i++) {
		struct sim_lease *lease = &sim->seen.leases[i];

		lease->alone = lease->alone || (lease->fresh && seen_lost_often(sim, &lease->id));
		lease->fresh = false;
	}
	check_holes(sim);
	check_listed(sim, event);
	while (coord_next_node(sim->coord, &cursor, &view)) {
		uint64_t *since = &sim->seen.suspect[view.name[1] - '0'];

		if (strcmp(view.state, "suspect") == 0)
			*since = *since > 0 ? *since : sim->now;
		else if (view.peer)
			*since = 0;
	}
	sim->seen.node = NODES_MAX_SIM;
	sim->seen.event = NULL;
}
