/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must hold of what is handed out and taken, whatever happens, seen from outside the core: from its events and actions alone.
 * It is told here once more in other words than the core's: who was given what, who could not read what, who hangs.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"

static bool same_slice(const struct slice_id *a, const struct slice_id *b)
{
	return a->job == b->job && a->file == b->file && a->slice == b->slice && a->again == b->again;
}

static uint32_t node_of(const struct sim *sim, uint64_t peer)
{
	uint32_t i = 0;

	while (i < sim->nodes_n && (peer == 0 || sim->link_of_node[i] != peer))
		i++;
	return i < sim->nodes_n ? i : NODES_MAX_SIM;
}

void observe_start(struct sim *sim)
{
	memset(&sim->seen, 0, sizeof sim->seen);
	sim->seen.node = NODES_MAX_SIM;
}

/* ---- leases */

static struct sim_lease *lease_of(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < sim->seen.leases_n; i++)
		if (sim->seen.leases[i].node == node && same_slice(&sim->seen.leases[i].id, id) && sim->seen.leases[i].id.lease == id->lease)
			return &sim->seen.leases[i];
	return NULL;
}

static void lease_end(struct sim *sim, struct sim_lease *lease)
{
	*lease = sim->seen.leases[--sim->seen.leases_n];
}

static struct sim_lease *lease_add(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	struct sim_lease *lease;

	if (sim->seen.leases_n == LEASES_MAX_SIM) {
		sim_fail(sim, "leases", "more than %d slices are handed out", LEASES_MAX_SIM);
		return &sim->seen.leases[0];
	}
	lease = &sim->seen.leases[sim->seen.leases_n++];
	*lease = (struct sim_lease){.id = *id, .node = node};
	return lease;
}

static uint32_t leases_on(const struct sim *sim, uint32_t node, bool *ret_alone)
{
	uint32_t n = 0;

	*ret_alone = false;
	for (uint32_t i = 0; i < sim->seen.leases_n; i++) {
		if (sim->seen.leases[i].node != node)
			continue;
		n++;
		*ret_alone = *ret_alone || sim->seen.leases[i].alone;
	}
	return n;
}

static bool lost_often(const struct sim *sim, const struct slice_id *id)
{
	const struct trouble_row *trouble = image_trouble(&sim->working, id->job, id->file, id->slice);

	return trouble && trouble->losses >= LOSSES_ALONE;
}

/* A connection ended, or a new one began: what the node does not hold goes back. */
static void leases_lose(struct sim *sim, uint32_t node, const struct node_hello *hello)
{
	for (uint32_t i = sim->seen.leases_n; i-- > 0;) {
		struct sim_lease *lease = &sim->seen.leases[i];
		bool held = false;

		for (uint32_t k = 0; hello && k < hello->held_n; k++)
			held = held || (same_slice(&hello->held[k], &lease->id) && hello->held[k].lease == lease->id.lease);
		if (lease->node == node && !held)
			lease_end(sim, lease);
	}
	for (uint32_t k = 0; hello && k < hello->held_n; k++)
		if (!lease_of(sim, node, &hello->held[k]))
			lease_add(sim, node, &hello->held[k])->fresh = true; /* it is dropped in this step where it is not wanted */
}

/* ---- who fails where others do not */

static bool failed_on(const struct sim *sim, uint64_t job, uint32_t file, uint64_t slice, uint32_t node)
{
	for (uint32_t i = 0; i < sim->seen.failures_n; i++) {
		const struct sim_failure *failure = &sim->seen.failures[i];

		if (failure->job == job && failure->file == file && failure->node == node &&
		    (failure->slice == slice || failure->slice == SLICE_ALL))
			return true;
	}
	return false;
}

static void failure_add(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice, bool lacks)
{
	uint32_t node = sim->seen.node;

	if (failed_on(sim, job, file, slice, node) || sim->seen.failures_n == FAILURES_MAX_SIM)
		return;
	sim->seen.failures[sim->seen.failures_n++] = (struct sim_failure){
		.job = job, .file = file, .slice = slice, .node = node, .lacks = lacks, .successes = sim->seen.successes[node]};
}

/* The node of this event could read what others could not. */
static void success(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice)
{
	uint32_t node = sim->seen.node;

	sim->seen.successes[node]++;
	sim->seen.failed[node] = 0;
	sim->seen.reads[node] = true;
	for (uint32_t i = 0; i < sim->seen.failures_n; i++) {
		struct sim_failure *failure = &sim->seen.failures[i];

		if (failure->judged || failure->job != job || failure->file != file ||
		    (failure->slice != slice && failure->slice != SLICE_ALL))
			continue;
		failure->judged = true;
		if (failure->node != node && failure->successes == sim->seen.successes[failure->node] &&
		    !(failure->lacks && sim->seen.reads[failure->node]))
			sim->seen.failed[failure->node]++;
	}
}

/* Only failures by which the node lacks the file last beyond its opening. */
void observe_planned(struct sim *sim, const struct file_row *row)
{
	const struct job_row *job = image_job(&sim->working, row->job);
	uint64_t slices = 0, most = sim->limits.slices_owner_max;

	for (uint32_t i = sim->seen.failures_n; i-- > 0;) {
		struct sim_failure *failure = &sim->seen.failures[i];

		if (failure->job == row->job && failure->file == row->file && !failure->lacks)
			*failure = sim->seen.failures[--sim->seen.failures_n];
	}
	for (uint32_t i = 0; i < sim->working.files_n; i++) {
		const struct file_row *other = &sim->working.files[i];
		const struct job_row *of = image_job(&sim->working, other->job);

		if (other->planned && other->state <= JOB_RUNNING && strcmp(of->owner, job->owner) == 0)
			slices += chain_slices(&other->facts, other->slice_size);
	}
	if (most > 0 && slices > most + 16ULL * OPENS_PER_NODE * sim->nodes_n)
		sim_fail(sim, "owner", "%s has %llu slices, and the most is %llu", job->owner, (unsigned long long)slices,
		         (unsigned long long)most);
}

static bool view_of(const struct sim *sim, uint32_t node, struct node_view *ret)
{
	uint64_t cursor = 0;

	while (coord_next_node(sim->coord, &cursor, ret))
		if (strcmp(ret->name, sim->nodes[node].name) == 0)
			return true;
	return false;
}

static bool works(const struct node_view *view)
{
	return view->peer && strcmp(view->state, "drain") != 0 && strcmp(view->state, "drng") != 0;
}

/* A node that is there and was not tried with the slice; NODES_MAX_SIM: none. */
static uint32_t untried(const struct sim *sim, const struct file_row *row, uint64_t slice)
{
	const struct job_row *job = image_job((struct sim_image *)&sim->working, row->job);

	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct node_view view;

		if (view_of(sim, i, &view) && works(&view) && sim->seen.algorithm[i] == job->algorithm && sim->nodes[i].lies == 0 &&
		    i != sim->seen.node && sim->seen.late[i] == 0 && !failed_on(sim, row->job, row->file, slice, i))
			return i;
	}
	return NODES_MAX_SIM;
}

/* A file fails by what some nodes could not do: then nobody is left for one of its slices, or two say the same. */
void observe_failed(struct sim *sim, const struct file_row *row)
{
	const char *text = row->error.text;
	const struct event *event = sim->seen.event;
	bool opening = strncmp(text, "no worker ", 10) == 0;
	uint64_t slice = SLICE_ALL;
	uint32_t left;

	if (sim->open_stalled || !event || strstr(text, "(on ") ||
	    (!opening && !strstr(text, "unreadable here") && !strstr(text, "is not here") && !strstr(text, "changed while")))
		return;
	if (!opening)
		slice = event->kind == EVENT_RESULT ? event->result.id.slice : event->failed.id.slice;
	left = untried(sim, row, slice);
	for (uint32_t i = 0; i < sim->seen.failures_n && !opening && left < NODES_MAX_SIM; i++)
		if (sim->seen.failures[i].job == row->job && sim->seen.failures[i].file == row->file)
			left = untried(sim, row, sim->seen.failures[i].slice);
	if (left < NODES_MAX_SIM)
		sim_fail(sim, "gave up", "file %u of job %llu failed although %s was not tried: %s", row->file,
		         (unsigned long long)row->job, sim->nodes[left].name, text);
}

void observe_ended(struct sim *sim, const struct file_row *row)
{
	for (uint32_t i = sim->seen.failures_n; i-- > 0;)
		if (sim->seen.failures[i].job == row->job && sim->seen.failures[i].file == row->file)
			sim->seen.failures[i] = sim->seen.failures[--sim->seen.failures_n];
}

void observe_drained(struct sim *sim, uint32_t node, const char *reason)
{
	if (strstr(reason, "black hole"))
		sim->seen.holes |= 1u << node;
}

/* ---- events */

static bool audited(struct sim *sim, const struct slice_id *id)
{
	const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, id->slice);

	return slice && (!id->again || slice->has_again);
}

static void event_failed(struct sim *sim, const struct slice_id *id, int error_number)
{
	bool lacks = error_number == ENOENT || error_number == ERRNO_CHANGED;

	if (audited(sim, id))
		sim->seen.failed[sim->seen.node] += error_number != ERRNO_CHANGED || sim->seen.event->kind == EVENT_IO_ERROR;
	else
		failure_add(sim, id->job, id->file, lacks ? SLICE_ALL : id->slice, lacks);
}

/* Whether it contradicts what another node has counted since this start. */
static void event_compare(struct sim *sim, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, id->slice);
	struct file_view view;
	uint64_t digest;

	if (!slice || id->again || slice->epoch != sim->epoch || slice->node == sim->seen.node ||
	    sim->working.drained[sim->seen.node] || sim->seen.algorithm[sim->seen.node] != sim->limits.algorithm ||
	    slice->row.fault.kind != FAULT_NONE || !text_place_equal(slice->row.seam.first, event->result.seam.first) ||
	    !coord_find_file(sim->coord, id->job, id->file, &view) || !view.chain ||
	    !chain_seam_valid(view.chain, id->slice, &event->result.task, event->result.outcome, &event->result.seam))
		return;
	memcpy(&digest, event->result.digest, sizeof digest);
	sim->seen.disagree = event->result.outcome == SLICE_FAULT || slice->digest != digest ||
	                     slice->row.seam.records != event->result.seam.records ||
	                     !text_place_equal(slice->row.seam.next, event->result.seam.next);
	sim->seen.disagree_with = slice->node;
}

static void event_result(struct sim *sim, const struct event *event)
{
	const struct slice_fault *fault = &event->result.fault;
	bool none = event->result.outcome == SLICE_FAULT && (fault->kind == FAULT_CHANGED || fault->kind == FAULT_READ);
	struct sim_slice *slice;

	if (none && sim->seen.live)
		event_failed(sim, &event->result.id, ERRNO_CHANGED);
	sim->seen.late[sim->seen.node] += none && !sim->seen.live;
	if (none || !sim->seen.live || event->result.outcome == SLICE_UNSURE)
		return;
	event_compare(sim, event);
	slice = image_slice(&sim->working, event->result.id.job, event->result.id.file, event->result.id.slice);
	if (slice && !event->result.id.again)
		slice->counts |= 1u << sim->seen.node;
	sim->seen.audited = audited(sim, &event->result.id);
}

static void event_opened(struct sim *sim, const struct event *event)
{
	uint32_t index;
	const struct file_row *row = image_file(&sim->working, event->opened.job, event->opened.file, &index);

	if (!row || row->planned || row->state > JOB_RUNNING)
		return;
	if (event->opened.error.class != ERROR_NONE)
		failure_add(sim, event->opened.job, event->opened.file, SLICE_ALL,
		            event->opened.unproven || event->opened.error_number == ENOENT);
	else
		success(sim, event->opened.job, event->opened.file, SLICE_ALL);
}

/* So many crashes of one slice that were told by whom had it; each of them once, however often the coordinator was started. */
static void event_crashed(struct sim *sim, const struct slice_id *id)
{
	struct sim_deaths *deaths = NULL;

	for (uint32_t i = 0; i < sim->deaths_n && !deaths; i++)
		if (sim->deaths_of[i].job == id->job && sim->deaths_of[i].file == id->file && sim->deaths_of[i].slice == id->slice)
			deaths = &sim->deaths_of[i];
	if (audited(sim, id))
		return;
	if (!deaths) {
		if (sim->deaths_n == sizeof sim->deaths_of / sizeof *sim->deaths_of)
			return;
		deaths = &sim->deaths_of[sim->deaths_n++];
		*deaths = (struct sim_deaths){.job = id->job, .file = id->file, .slice = id->slice};
	}
	for (uint32_t i = 0; i < deaths->n; i++)
		if (deaths->leases[i] == id->lease)
			return;
	deaths->leases[deaths->n++] = id->lease;
	if (deaths->n > sim->limits.crashes_max)
		sim_fail(sim, "crashes", "slice %llu of job %llu has killed %u children, and the most is %u",
		         (unsigned long long)id->slice, (unsigned long long)id->job, deaths->n, sim->limits.crashes_max);
}

static void event_ends(struct sim *sim, const struct event *event, const struct slice_id *id)
{
	struct sim_lease *lease = lease_of(sim, sim->seen.node, id);

	sim->seen.live = lease;
	if (lease)
		lease_end(sim, lease);
	if (event->kind == EVENT_RESULT)
		event_result(sim, event);
	else if (event->kind == EVENT_CRASHED && sim->seen.live)
		event_crashed(sim, id);
	else if (event->kind == EVENT_IO_ERROR && sim->seen.live)
		event_failed(sim, id, event->failed.error_number);
}

void observe_event(struct sim *sim, const struct event *event)
{
	struct sim_seen *seen = &sim->seen;

	seen->node = node_of(sim, event->peer);
	seen->event = event;
	seen->disagree = seen->live = seen->audited = false;
	seen->holes = 0;
	if (event->kind == EVENT_HOLD)
		seen->hold = event->hold;
	if (seen->node == NODES_MAX_SIM)
		return;
	if (event->kind == EVENT_NODE_HELLO) {
		leases_lose(sim, seen->node, &event->hello);
		seen->algorithm[seen->node] = event->hello.algorithm;
		if (memcmp(seen->instance[seen->node], event->hello.instance, sizeof event->hello.instance) != 0) {
			seen->successes[seen->node]++;
			seen->failed[seen->node] = 0;
			seen->reads[seen->node] = false;
		}
		memcpy(seen->instance[seen->node], event->hello.instance, sizeof event->hello.instance);
	} else if (event->kind == EVENT_NODE_GONE) {
		leases_lose(sim, seen->node, NULL);
	} else if (event->kind == EVENT_OPENED) {
		event_opened(sim, event);
	} else if (event->kind == EVENT_RESULT) {
		event_ends(sim, event, &event->result.id);
	} else if (event->kind == EVENT_CRASHED || event->kind == EVENT_IO_ERROR || event->kind == EVENT_RETURNED) {
		event_ends(sim, event, &event->failed.id);
	}
}

bool observe_audit(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	const struct sim_lease *lease = lease_of(sim, node, id);

	return lease && lease->audit;
}

/* ---- actions */

/* Something is to be counted that this node could count. */
static bool something_open(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->working.files_n; i++) {
		const struct file_row *row = &sim->working.files[i];
		struct slice_view view;

		for (uint64_t s = 0; coord_find_slice(sim->coord, row->job, row->file, s, &view); s++)
			if (strcmp(view.state, "open") == 0)
				return true;
	}
	return false;
}

static void check_copies(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	uint32_t copies = 0, here = 0;

	for (uint32_t i = 0; i < sim->seen.leases_n; i++) {
		copies += same_slice(&sim->seen.leases[i].id, id);
		here += same_slice(&sim->seen.leases[i].id, id) && sim->seen.leases[i].node == node;
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
	if (view_of(sim, node, &view) && strcmp(view.state, "suspect") == 0 &&
	    (leases_on(sim, node, &alone) > 0 || sim->seen.suspect[node] == 0 ||
	     sim->now - sim->seen.suspect[node] < sim->limits.stall_ms))
		sim_fail(sim, "suspect", "%s hangs and is given something", name);
}

static void task_given(struct sim *sim, uint32_t node, const struct action *action)
{
	const struct slice_id *id = &action->task.id;
	const char *name = sim->nodes[node].name;
	bool alone, often = lost_often(sim, id);
	uint32_t others = leases_on(sim, node, &alone);
	const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, id->slice);
	struct sim_lease *lease;

	check_given(sim, node);
	check_copies(sim, node, id);
	if (alone || (often && others > 0))
		sim_fail(sim, "not alone", "%s counts slice %llu, which is lost often, beside others", name, (unsigned long long)id->slice);
	if (failed_on(sim, id->job, id->file, id->slice, node))
		sim_fail(sim, "again there", "%s is given slice %llu of job %llu, which it cannot read", name, (unsigned long long)id->slice,
		         (unsigned long long)id->job);
	if (slice && !id->again && slice->epoch == sim->epoch && slice->node == node)
		sim_fail(sim, "audit", "%s is to audit slice %llu, which it counted", name, (unsigned long long)id->slice);
	lease = lease_add(sim, node, id);
	lease->alone = often;
	lease->audit = audited(sim, id);
}

void observe_action(struct sim *sim, const struct action *action)
{
	uint32_t node = node_of(sim, action->peer);
	struct sim_lease *lease;

	if (action->kind == ACTION_LOG && strstr(action->log.text, "opening it takes too long"))
		sim->open_stalled = true;
	if (action->kind == ACTION_SAVE_SLICE || action->kind == ACTION_SAVE_AGAIN)
		success(sim, action->slice.job, action->slice.file, action->slice.slice);
	if (node == NODES_MAX_SIM)
		return;
	if (action->kind == ACTION_SEND_TASK) {
		task_given(sim, node, action);
	} else if (action->kind == ACTION_SEND_OPEN) {
		check_given(sim, node);
		if (failed_on(sim, action->open.job, action->open.file, SLICE_ALL, node))
			sim_fail(sim, "again there", "%s is to open file %u of job %llu, which it cannot", sim->nodes[node].name,
			         action->open.file, (unsigned long long)action->open.job);
	} else if (action->kind == ACTION_SEND_DROP) {
		lease = lease_of(sim, node, &action->id);
		if (lease)
			lease_end(sim, lease);
	}
}

/* ---- behind a step */

static void check_disagree(struct sim *sim, const struct event *event)
{
	uint32_t index, a = sim->seen.node, b = sim->seen.disagree_with;
	const struct file_row *row = image_file(&sim->working, event->result.id.job, event->result.id.file, &index);
	const char *text = row ? row->error.text : "";

	if (!row || row->state != JOB_FAILED || !strstr(text, "nodes disagree on the slice of bytes") ||
	    !strstr(text, sim->nodes[a].name) || !strstr(text, sim->nodes[b].name))
		sim_fail(sim, "believed", "%s and %s counted slice %llu of job %llu differently, and the file goes on", sim->nodes[a].name,
		         sim->nodes[b].name, (unsigned long long)event->result.id.slice, (unsigned long long)event->result.id.job);
	else if (!sim->working.drained[a] || !sim->working.drained[b])
		sim_fail(sim, "goes on", "%s and %s disagree, and are not both drained", sim->nodes[a].name, sim->nodes[b].name);
}

static void check_holes(struct sim *sim)
{
	bool liars = false;

	for (uint32_t i = 0; i < sim->nodes_n; i++)
		liars = liars || sim->nodes[i].lies != 0;
	for (uint32_t i = 0; i < sim->nodes_n && !liars && !sim->open_stalled; i++) {
		if ((sim->seen.holes & (1u << i)) && sim->seen.failed[i] + sim->seen.late[i] < 3)
			sim_fail(sim, "hole", "%s is drained and has failed %u times in a row", sim->nodes[i].name, sim->seen.failed[i]);
		if (sim->seen.failed[i] >= 3 && !sim->working.drained[i])
			sim_fail(sim, "hole", "%s has failed %u times in a row where others did not, and is not drained",
			         sim->nodes[i].name, sim->seen.failed[i]);
	}
}

void observe_end(struct sim *sim, const struct event *event)
{
	uint64_t cursor = 0;
	struct node_view view;

	if (event->kind == EVENT_RESULT && sim->seen.disagree)
		check_disagree(sim, event);
	else if (event->kind == EVENT_RESULT && sim->seen.audited)
		success(sim, event->result.id.job, event->result.id.file, event->result.id.slice);
	for (uint32_t i = 0; i < sim->seen.leases_n && event->kind == EVENT_NODE_HELLO; i++) {
		struct sim_lease *lease = &sim->seen.leases[i];

		lease->alone = lease->alone || (lease->fresh && lost_often(sim, &lease->id));
		lease->fresh = false;
	}
	check_holes(sim);
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
