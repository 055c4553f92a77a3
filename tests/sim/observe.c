/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is seen of a start of the coordinator from outside its core, from events and actions alone, in other words than the core's: who
 * was given what, who could not read what, who contradicts whom. What must hold of it: here and in given.c.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"

bool seen_same(const struct slice_id *a, const struct slice_id *b)
{
	return a->job == b->job && a->file == b->file && a->slice == b->slice && a->again == b->again && a->scout == b->scout;
}

uint32_t seen_node(const struct sim *sim, uint64_t peer)
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

struct sim_lease *seen_lease(struct sim *sim, uint32_t node, const struct slice_id *id)
{
	for (uint32_t i = 0; i < sim->seen.leases_n; i++)
		if (sim->seen.leases[i].node == node && seen_same(&sim->seen.leases[i].id, id) && sim->seen.leases[i].id.lease == id->lease)
			return &sim->seen.leases[i];
	return NULL;
}

void seen_lease_end(struct sim *sim, struct sim_lease *lease)
{
	*lease = sim->seen.leases[--sim->seen.leases_n];
}

struct sim_lease *seen_lease_add(struct sim *sim, uint32_t node, const struct slice_id *id)
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

uint32_t seen_leases_on(const struct sim *sim, uint32_t node, bool *ret_alone)
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

bool seen_lost_often(const struct sim *sim, const struct slice_id *id)
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
			held = held || (seen_same(&hello->held[k], &lease->id) && hello->held[k].lease == lease->id.lease);
		if (lease->node == node && !held)
			seen_lease_end(sim, lease);
	}
	for (uint32_t k = 0; hello && k < hello->held_n; k++)
		if (!seen_lease(sim, node, &hello->held[k]))
			seen_lease_add(sim, node, &hello->held[k])->fresh = true; /* it is dropped in this step where it is not wanted */
}

/* ---- who fails where others do not */

bool seen_failed_on(const struct sim *sim, uint64_t job, uint32_t file, uint64_t slice, uint32_t node)
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

	if (seen_failed_on(sim, job, file, slice, node) || sim->seen.failures_n == FAILURES_MAX_SIM)
		return;
	sim->seen.failures[sim->seen.failures_n++] = (struct sim_failure){
		.job = job, .file = file, .slice = slice, .node = node, .lacks = lacks, .successes = sim->seen.successes[node]};
}

/* With whom a slice went wrong is the core's to know: anybody else may be at fault now. */
static void observe_troubles(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice)
{
	const struct trouble_row *trouble = image_trouble(&sim->working, job, file, slice);

	for (uint32_t i = 0; i < sim->nodes_n; i++)
		if (trouble && i != sim->seen.node && (trouble->crashes + 1 >= sim->limits.crashes_max || trouble->losses + 1 >= sim->limits.losses_max))
			sim->seen.troubled[i]++;
}

/* What it has said counts as a failure of its: that the data are at fault, where another one is to say so, too; or what cannot be. */
void observe_doubt(struct sim *sim, const struct action *action)
{
	const struct log_about *about = &action->log.about;
	uint32_t node = sim->seen.node;

	if (!about->node)
		return;
	for (uint32_t i = 0; i < sim->nodes_n; i++)
		if (strcmp(about->node, sim->nodes[i].name) == 0)
			sim->seen.node = i;
	failure_add(sim, about->job - 1, (uint32_t)about->file - 1, about->slice - 1, false);
	sim->seen.node = node;
}

/* The node of this event could read what others could not. */
void seen_success(struct sim *sim, uint64_t job, uint32_t file, uint64_t slice)
{
	uint32_t node = sim->seen.node;

	sim->seen.successes[node]++;
	sim->seen.failed[node] = sim->seen.troubled[node] = 0;
	sim->seen.reads[node] = true;
	observe_troubles(sim, job, file, slice);
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
			slices += file_slices(other, other->slice_size);
	}
	if (most > 0 && slices > most + 16ULL * OPENS_PER_NODE * sim->nodes_n)
		sim_fail(sim, "owner", "%s has %llu slices, and the most is %llu", job->owner, (unsigned long long)slices,
		         (unsigned long long)most);
}

bool seen_view(const struct sim *sim, uint32_t node, struct node_view *ret)
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

/* An honest node that is there and was not tried with the slice, but this one; NODES_MAX_SIM: none. */
uint32_t seen_untried(const struct sim *sim, const struct file_row *row, uint64_t slice, uint32_t but)
{
	const struct job_row *job = image_job((struct sim_image *)&sim->working, row->job);

	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct node_view view;

		if (seen_view(sim, i, &view) && works(&view) && sim->seen.algorithm[i] == job->algorithm && sim->nodes[i].lies == 0 &&
		    i != but && sim->seen.late[i] == 0 && !seen_failed_on(sim, row->job, row->file, slice, i))
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

	word_failed(sim, row);
	if (sim->open_stalled || !event || strstr(text, "(on ") || lied_about(sim, row->job, row->file) ||
	    (!opening && !strstr(text, "unreadable here") && !strstr(text, "is not here") && !strstr(text, "changed while")))
		return;
	if (!opening)
		slice = event->kind == EVENT_RESULT ? event->result.id.slice : event->failed.id.slice;
	left = seen_untried(sim, row, slice, sim->seen.node);
	for (uint32_t i = 0; i < sim->seen.failures_n && !opening && left < NODES_MAX_SIM; i++)
		if (sim->seen.failures[i].job == row->job && sim->seen.failures[i].file == row->file)
			left = seen_untried(sim, row, sim->seen.failures[i].slice, sim->seen.node);
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
	if (strstr(reason, "disagrees with"))
		sim->seen.distrusted |= 1u << node;
}

/* ---- events */

bool seen_audited(struct sim *sim, const struct slice_id *id)
{
	const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, id->slice);

	return slice && (!id->again || slice->has_again);
}

static void event_failed(struct sim *sim, const struct slice_id *id, int error_number)
{
	bool lacks = error_number == ENOENT || error_number == ERRNO_CHANGED;

	if (seen_audited(sim, id))
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

	word_told(sim, event);
	if (none && sim->seen.live)
		event_failed(sim, &event->result.id, ERRNO_CHANGED);
	sim->seen.late[sim->seen.node] += none && !sim->seen.live;
	if (none || !sim->seen.live || event->result.outcome == SLICE_UNSURE || event->result.id.scout)
		return;
	event_compare(sim, event);
	slice = image_slice(&sim->working, event->result.id.job, event->result.id.file, event->result.id.slice);
	if (slice && !event->result.id.again)
		slice->counts |= 1u << sim->seen.node;
	sim->seen.audited = seen_audited(sim, &event->result.id);
}

static void event_opened(struct sim *sim, const struct event *event)
{
	uint32_t index;
	const struct file_row *row = image_file(&sim->working, event->opened.job, event->opened.file, &index);

	if (!row || row->planned || row->state > JOB_RUNNING || (sim->seen.distrusted & (1u << sim->seen.node)))
		return;
	if (event->opened.error.class != ERROR_NONE)
		failure_add(sim, event->opened.job, event->opened.file, SLICE_ALL,
		            event->opened.unproven || event->opened.error_number == ENOENT);
	else
		seen_success(sim, event->opened.job, event->opened.file, SLICE_ALL);
}

/* So many crashes of one slice that were told by whom had it; each of them once, however often the coordinator was started. */
static void event_crashed(struct sim *sim, const struct slice_id *id)
{
	struct sim_deaths *deaths = NULL;

	for (uint32_t i = 0; i < sim->deaths_n && !deaths; i++)
		if (sim->deaths_of[i].job == id->job && sim->deaths_of[i].file == id->file && sim->deaths_of[i].slice == id->slice)
			deaths = &sim->deaths_of[i];
	if (seen_audited(sim, id))
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
	word_crashed(sim, id);
	if (deaths->n > sim->limits.crashes_max)
		sim_fail(sim, "crashes", "slice %llu of job %llu has killed %u children, and the most is %u",
		         (unsigned long long)id->slice, (unsigned long long)id->job, deaths->n, sim->limits.crashes_max);
}

static void event_ends(struct sim *sim, const struct event *event, const struct slice_id *id)
{
	struct sim_lease *lease = seen_lease(sim, sim->seen.node, id);

	sim->seen.live = lease;
	if (lease)
		seen_lease_end(sim, lease);
	if (event->kind == EVENT_RESULT)
		event_result(sim, event);
	else if (event->kind == EVENT_CRASHED && sim->seen.live)
		event_crashed(sim, id);
	else if (event->kind == EVENT_IO_ERROR && sim->seen.live)
		event_failed(sim, id, event->failed.error_number);
}

/* Whether its connection ends as it said it would. */
static void event_drains(struct sim *sim, const struct event *event)
{
	struct sim_seen *seen = &sim->seen;
	bool alone;

	seen->left = seen->empty = false;
	for (uint32_t i = 0; event->kind == EVENT_RESUME && i < sim->nodes_n; i++)
		if (strcmp(sim->nodes[i].name, event->drain.node) == 0)
			seen->draining[i] = false;
	if (seen->node == NODES_MAX_SIM)
		return;
	if (event->kind == EVENT_NODE_HELLO)
		seen->draining[seen->node] = event->hello.draining;
	else if (event->kind == EVENT_NODE_DRAINING || (event->kind == EVENT_RETURNED && !event->failed.untaken))
		seen->draining[seen->node] = true; /* a person may have resumed it between the two */
	else if (event->kind == EVENT_NODE_GONE)
		seen->left = seen->draining[seen->node];
	seen->empty = seen->left && seen_leases_on(sim, seen->node, &alone) == 0;
}

void observe_event(struct sim *sim, const struct event *event)
{
	struct sim_seen *seen = &sim->seen;

	seen->node = seen_node(sim, event->peer);
	seen->event = event;
	seen->disagree = seen->live = seen->audited = false;
	seen->holes = 0;
	if (event->kind == EVENT_HOLD)
		seen->hold = event->hold;
	event_drains(sim, event);
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
	const struct sim_lease *lease = seen_lease(sim, node, id);

	return lease && lease->audit;
}
