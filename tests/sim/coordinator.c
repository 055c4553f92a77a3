/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated coordinator: the production core, driven as daemon/coord/drive.c drives it, on a disk that forgets what was
 * not committed. It dies where a test wants it: before a commit, behind it, or between two events.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define GROUP_MS 50

static const struct coord_limits limits_made = {
	.stall_ms = 3000,
	.open_ms = 2000,
	.slices_max = 100000,
	.read_max = READ_MAX_DEFAULT,
	.crashes_max = 3, /* as check.c has it */
	.jobs_max = JOBS_MAX_SIM,
	.files_max = FILES_MAX_SIM,
};

/* ---- after the commit */

static void reply(struct sim *sim, const struct action *action)
{
	struct sim_client_job *client;

	if (action->reply.request > sim->jobs_n)
		return; /* a cancel's or a drain's */
	client = &sim->clients[action->reply.request - 1];
	if (action->reply.error.class != ERROR_NONE) {
		sim_fail(sim, "refused", "a submit was refused: %s", action->reply.error.text);
		return;
	}
	if (client->acked && client->id != action->reply.job)
		sim_fail(sim, "twice", "one uuid became the jobs %llu and %llu", (unsigned long long)client->id,
		         (unsigned long long)action->reply.job);
	client->acked = true;
	client->id = action->reply.job;
}

/* What arrives at the node behind all that was sent to it before. */
static struct thing *plan_to_node(struct sim *sim, uint32_t index, uint64_t link, enum thing_kind kind)
{
	struct sim_node *node = &sim->nodes[index];
	uint64_t delay = sim_between(sim, 1, 30);
	struct thing *thing;

	if (sim->now + delay < node->to_node)
		delay = node->to_node - sim->now;
	node->to_node = sim->now + delay;
	thing = sim_plan(sim, delay, kind);
	thing->node = index;
	thing->link = link;
	return thing;
}

static void to_node(struct sim *sim, const struct action *action)
{
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		struct sim_node *node = &sim->nodes[i];
		struct thing *thing;

		if (sim->link_of_node[i] != action->peer)
			continue;
		thing = plan_to_node(sim, i, action->peer, THING_TO_NODE);
		thing->action = *action;
		if (action->kind == ACTION_SEND_OPEN)
			(void)strcpy(thing->path, action->open.path);
		if (action->kind == ACTION_SEND_TASK) {
			(void)strcpy(thing->path, action->task.path);
			thing->facts = *action->task.facts;
			if (sim->working.drained[i])
				sim_fail(sim, "drained", "node %s is drained and was given a slice", node->name);
		}
		return;
	}
}

static void let_go(struct sim *sim, const struct action *action)
{
	if (action->kind == ACTION_REPLY)
		reply(sim, action);
	else if (action->kind == ACTION_SEND_ACK)
		to_node(sim, action);
}

void coordinator_commit(struct sim *sim)
{
	uint32_t n = sim->held_n;
	struct action held[256];

	if (sim->faults && sim_chance(sim, sim->p_commit_crash)) {
		coordinator_crash(sim);
		return;
	}
	image_copy(&sim->committed, &sim->working);
	sim->dirty = sim->timer = false;
	memcpy(held, sim->held, n * sizeof *held);
	sim->held_n = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (sim->faults && sim_chance(sim, sim->p_commit_crash)) {
			coordinator_crash(sim);
			return;
		}
		let_go(sim, &held[i]);
	}
}

/* ---- performing */

static void save_job(struct sim *sim, const struct job_row *row)
{
	struct job_row *old = image_job(&sim->working, row->id);

	if (!old) {
		for (uint32_t i = 0; i < sim->working.jobs_n; i++)
			if (memcmp(sim->working.jobs[i].uuid, row->uuid, 16) == 0)
				sim_fail(sim, "twice", "a second job of one uuid was saved");
		if (sim->working.jobs_n == JOBS_MAX_SIM)
			abort();
		old = &sim->working.jobs[sim->working.jobs_n++];
	} else if (old->state > JOB_RUNNING && old->state != row->state) {
		sim_fail(sim, "end twice", "job %llu ended twice", (unsigned long long)row->id);
	}
	*old = *row;
}

static void save_file(struct sim *sim, const struct file_row *row)
{
	uint32_t i = sim->working.files_n;
	struct file_row *old = image_file(&sim->working, row->job, row->file, &i);

	if (!old)
		old = &sim->working.files[sim->working.files_n++];
	*old = *row;
	if (row->planned && sim->working.planned[i] == 0)
		sim->working.planned[i] = sim->epoch;
	for (uint32_t f = 0; f < sim->files_n; f++) /* paths outlive the core */
		if (strcmp(row->path, sim->files[f].path) == 0)
			old->path = sim->files[f].path;
}

/* A slice that lacked something: it has its second count, or is to get one. */
static void merge_again(struct sim *sim, const struct sim_slice *slice, struct second *again, struct event *ret)
{
	if (!slice->has_again)
		again[ret->merged.again_n++] =
		    (struct second){.slice = slice->row.slice, .modules = slice->lacks, .reads = 1000 + slice->row.slice};
	else if (slice->again != AGAIN_TIMES * slice->sum)
		sim_fail(sim, "second count", "slice %llu counts %llu the first time, %llu the second",
		         (unsigned long long)slice->row.slice, (unsigned long long)slice->sum, (unsigned long long)slice->again);
	ret->merged.again_done += slice->has_again;
}

/* Each slice that is not empty exactly once, in order; or what is to be counted again. */
static void merge(struct sim *sim, const struct action *action, struct event *ret)
{
	const struct chain *chain = action->merge.chain;
	struct second *again = calloc(chain->n, sizeof *again);
	uint64_t sum = 0;
	uint32_t index = 0;

	if (!again)
		abort();
	*ret = (struct event){.kind = EVENT_MERGED};
	ret->merged.job = action->merge.job;
	ret->merged.file = action->merge.file;
	ret->merged.again = again; /* freed when the event was given */
	for (uint64_t i = 0; i < chain->n; i++) {
		const struct sim_slice *slice = image_slice(&sim->working, action->merge.job, action->merge.file, i);

		if (chain->links[i].empty) {
			if (slice)
				sim_fail(sim, "left over", "the empty slice %llu is stored", (unsigned long long)i);
			continue;
		}
		if (!slice) {
			sim_fail(sim, "no counters", "slice %llu is to be merged and not stored", (unsigned long long)i);
			return;
		}
		sum += slice->sum;
		if (slice->lacks)
			merge_again(sim, slice, again, ret);
	}
	if (ret->merged.again_n > 0)
		return;
	ret->merged.records = chain->records;
	if (image_file(&sim->working, action->merge.job, action->merge.file, &index)) {
		if (sim->working.has_result[index])
			sim_fail(sim, "merged twice", "file %u of job %llu", action->merge.file,
			         (unsigned long long)action->merge.job);
		sim->working.results[index] = sum;
		sim->working.has_result[index] = true;
	}
	image_forget_slices(&sim->working, action->merge.job, action->merge.file, 0, UINT64_MAX);
}

static void hold(struct sim *sim, const struct action *action)
{
	if (!sim->dirty && sim->held_n == 0) {
		let_go(sim, action);
		return;
	}
	if (sim->held_n == 256)
		abort();
	sim->held[sim->held_n++] = *action;
}

struct round {
	struct event merged[JOBS_MAX_SIM * FILES_MAX_SIM];
	uint32_t merged_n;
	bool urgent;
};

static void perform(struct sim *sim, const struct action *action, struct round *round)
{
	sim_trace(sim, (uint64_t)action->kind << 32 | action->peer);
	switch (action->kind) {
	case ACTION_SAVE_JOB:
		round->urgent |= action->job->state > JOB_RUNNING;
		save_job(sim, action->job);
		break;
	case ACTION_SAVE_FILE:
		save_file(sim, action->file);
		break;
	case ACTION_SAVE_SLICE:
		image_save_slice(&sim->working, &action->slice, sim->stash_sum,
		                 sim_chance(sim, sim->p_again) ? 1 + (uint32_t)(sim_draw(sim) % 3) : 0);
		break;
	case ACTION_SAVE_AGAIN:
		image_save_again(&sim->working, &action->slice, sim->stash_sum);
		break;
	case ACTION_FORGET_SLICE:
		image_forget_slices(&sim->working, action->slice.job, action->slice.file, action->slice.slice,
		                    action->slice.slice);
		break;
	case ACTION_FORGET_SLICES:
		image_forget_slices(&sim->working, action->merge.job, action->merge.file, 0, UINT64_MAX);
		break;
	case ACTION_MERGE_FILE:
		merge(sim, action, &round->merged[round->merged_n++]);
		break;
	case ACTION_SAVE_NODE:
		for (uint32_t i = 0; i < sim->nodes_n; i++)
			if (strcmp(sim->nodes[i].name, action->node.name) == 0)
				sim->working.drained[i] = action->node.drained;
		break;
	case ACTION_REPLY:
		round->urgent = true;
		__attribute__((fallthrough));
	case ACTION_SEND_ACK:
		hold(sim, action);
		return;
	case ACTION_DROP_PEER:
		for (uint32_t i = 0; i < sim->nodes_n; i++)
			if (sim->nodes[i].link == action->peer)
				sim->nodes[i].link = 0;
		return;
	case ACTION_JOB_CHANGED:
	case ACTION_LOG:
		return;
	default:
		to_node(sim, action);
		return;
	}
	sim->dirty = true;
}

static void perform_all(struct sim *sim, const struct actions *actions, struct round *round)
{
	for (uint32_t i = 0; i < actions->n; i++)
		perform(sim, &actions->items[i], round);
}

static void settle(struct sim *sim, struct actions *actions, struct round *round)
{
	uint64_t deadline;

	for (uint32_t i = 0; i < round->merged_n; i++) {
		struct event event = round->merged[i];

		event.now_ms = event.wall_ms = sim->now;
		if (!sim->failure) {
			actions_clear(actions);
			if (coord_step(sim->coord, &event, actions) < 0)
				abort();
			perform_all(sim, actions, round);
		}
		free((void *)event.merged.again);
	}
	actions_deinit(actions);
	deadline = coord_deadline(sim->coord);
	if (deadline < sim->tick_at) {
		sim->tick_at = deadline > sim->now ? deadline : sim->now;
		sim_plan(sim, sim->tick_at - sim->now, THING_TICK)->epoch = sim->epoch;
	}
	if (round->urgent) {
		coordinator_commit(sim);
	} else if (sim->dirty && !sim->timer) {
		sim->timer = true;
		sim_plan(sim, GROUP_MS, THING_COMMIT)->epoch = sim->epoch;
	}
}

void coordinator_drive(struct sim *sim, struct event *event)
{
	struct actions actions = {0};
	struct round round = {0};

	if (sim->dead || sim->failure)
		return;
	event->now_ms = event->wall_ms = sim->now;
	sim_trace(sim, (uint64_t)event->kind << 48 | sim->now);
	if (coord_step(sim->coord, event, &actions) < 0)
		abort();
	perform_all(sim, &actions, &round);
	settle(sim, &actions, &round);
}

/*
 * As daemon/coord/enrol.c: of what a worker brings from before this start only that is of use whose plan was committed then. A plan
 * that was lost may have been made anew, and its slices are others.
 */
void coordinator_hello(struct sim *sim, struct thing *hello)
{
	struct thing *welcome = plan_to_node(sim, hello->node, hello->link, THING_NODE_WELCOME);
	uint32_t kept = 0, index = 0;

	welcome->epoch = sim->epoch;
	for (uint32_t i = 0; i < hello->event.hello.held_n; i++) {
		const struct slice_id id = hello->held[i];

		if (hello->epoch == sim->epoch ||
		    (image_file(&sim->working, id.job, id.file, &index) && sim->working.planned[index] > 0 &&
		     sim->working.planned[index] <= hello->epoch))
			hello->held[kept++] = id;
		else
			welcome->held[welcome->event.hello.held_n++] = id;
	}
	hello->event.hello.held = hello->held;
	hello->event.hello.held_n = kept;
	coordinator_drive(sim, &hello->event);
}

void coordinator_gone(struct sim *sim, uint32_t node)
{
	struct event event = {.kind = EVENT_NODE_GONE, .peer = sim->link_of_node[node]};

	if (!event.peer)
		return;
	sim->link_of_node[node] = 0;
	coordinator_drive(sim, &event);
}

/* ---- death and birth */

void coordinator_crash(struct sim *sim)
{
	if (sim->dead)
		return;
	sim->dead = true; /* freed by the next start: this may be deep within a step */
	sim->tick_at = UINT64_MAX;
	sim->epoch++;
	sim->held_n = 0;
	sim->dirty = sim->timer = false;
	image_copy(&sim->working, &sim->committed);
	memset(sim->link_of_node, 0, sizeof sim->link_of_node);
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		if (!sim->nodes[i].link)
			continue;
		sim->nodes[i].link = 0;
		sim_plan(sim, sim_between(sim, 1, 500), THING_NODE_DIAL)->node = i;
	}
	sim_plan(sim, sim_between(sim, 50, 1000), THING_COORD_START);
}

/* The files of an unfinished job. */
static int load_files(struct sim *sim, uint64_t job, struct error *err)
{
	const struct sim_image *image = &sim->committed;
	int r = 0;

	for (uint32_t f = 0; r == 0 && f < image->files_n; f++)
		if (image->files[f].job == job)
			r = coord_load_file(sim->coord, &image->files[f], err);
	return r;
}

static int load(struct sim *sim, struct error *err)
{
	struct sim_image *image = &sim->committed;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < sim->nodes_n; i++)
		if (image->drained[i])
			r = coord_load_node(sim->coord, sim->nodes[i].name, "drained");
	for (uint32_t j = 0; r == 0 && j < image->jobs_n; j++) {
		if (image->jobs[j].state > JOB_RUNNING)
			continue;
		r = coord_load_job(sim->coord, &image->jobs[j], err);
		if (r == 0)
			r = load_files(sim, image->jobs[j].id, err);
	}
	for (uint32_t s = 0; r == 0 && s < image->slices_n; s++)
		r = coord_load_slice(sim->coord, &image->slices[s].row, err);
	return r;
}

void coordinator_start(struct sim *sim)
{
	struct actions actions = {0};
	struct round round = {0};
	struct error error = {0};
	struct coord_limits limits = limits_made;

	limits.losses_max = sim->losses_max;
	limits.slice_min = 100 * sim->scale;
	limits.slice_max = 5000 * sim->scale;
	sim->coord = coord_free(sim->coord);
	sim->dead = false;
	sim->tick_at = UINT64_MAX;
	sim->epoch++;
	if (coord_new(&limits, &sim->coord) < 0)
		abort();
	if (load(sim, &error) < 0) {
		sim_fail(sim, "load", "the last commit cannot be loaded: %s", error.text);
		return;
	}
	if (coord_loaded(sim->coord, sim->epoch, sim->committed.jobs_n + 1, sim->now, &actions) < 0)
		abort();
	perform_all(sim, &actions, &round);
	settle(sim, &actions, &round);
}
