/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulated coordinator: the production core, driven as daemon/coord/drive.c drives it, on a disk that forgets what was
 * not committed. It dies where a test wants it: before a commit, behind it, or between two events; and is put back from a backup.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/recount.h"
#include "tests/sim/sim.h"

#define GROUP_MS 50
#define LEAP 1000

void coordinator_commit(struct sim *sim)
{
	uint32_t n = sim->held_n;
	struct action held[512];

	if (sim->faults && sim_chance(sim, sim->p_commit_crash)) {
		coordinator_crash(sim);
		return;
	}
	image_copy(&sim->committed, &sim->working);
	for (uint32_t i = 0; i < sim->deaths_n; i++)
		sim->deaths_of[i].durable = sim->deaths_of[i].n;
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

static void settle(struct sim *sim, struct actions *actions, struct round *round)
{
	uint64_t deadline;

	for (uint32_t i = 0, point = 0; i < round->merged_n || point < round->points_n;) {
		struct event event = i < round->merged_n ? round->merged[i++] : kept_point(sim, &round->points[point++]);

		event.now_ms = event.wall_ms = sim->now;
		if (!sim->failure) {
			actions_clear(actions);
			observe_event(sim, &event);
			if (coord_step(sim->coord, &event, actions) < 0)
				abort();
			perform_all(sim, actions, round);
			observe_end(sim, &event);
		}
		if (event.kind == EVENT_MERGED)
			free((void *)event.merged.again);
	}
	actions_deinit(actions);
	if (recount(sim->coord))
		sim_fail(sim, "recount", "%s: not what the state says", recount(sim->coord));
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
	if (event->kind == EVENT_OPENED)
		kept_find(sim, event);
	observe_event(sim, event);
	if (coord_step(sim->coord, event, &actions) < 0)
		abort();
	perform_all(sim, &actions, &round);
	observe_end(sim, event);
	settle(sim, &actions, &round);
}

/* As daemon/coord/enrol.c: a worker that has seen a later start than this is not steered by it. */
static void refuse(struct sim *sim, const struct thing *hello)
{
	(void)plan_to_node(sim, hello->node, hello->link, THING_NODE_REFUSED);
	sim->link_of_node[hello->node] = 0;
}

/*
 * As daemon/coord/enrol.c: of what a worker brings from before this start only that is of use whose plan was committed then. A plan
 * that was lost may have been made anew, and its slices are others.
 */
void coordinator_hello(struct sim *sim, struct thing *hello)
{
	struct thing *welcome;
	uint32_t kept = 0, index = 0;

	if (hello->name != sim->working.name)
		hello->epoch = 0; /* it speaks of another state */
	if (hello->epoch > sim->working.generation && !MUTANT(MUTANT_GENERATION)) {
		refuse(sim, hello);
		return;
	}
	welcome = plan_to_node(sim, hello->node, hello->link, THING_NODE_WELCOME);
	welcome->epoch = sim->working.generation;
	welcome->name = sim->working.name;
	for (uint32_t i = 0; i < hello->event.hello.held_n; i++) {
		const struct slice_id id = hello->held[i];

		if (hello->epoch == sim->working.generation ||
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
	coordinator_drive(sim, &event);
	sim->link_of_node[node] = 0;
}

/* ---- death and birth */

/* A person puts back an old backup. What was acknowledged since is lost, and its clients know nothing of it. */
static void restore(struct sim *sim)
{
	if (!sim->faults || !sim->has_backup || !sim_chance(sim, 600))
		return;
	sim->has_backup = false;
	sim->restored = true;
	sim->deaths_n = 0; /* forgotten, too */
	image_copy(&sim->committed, &sim->backup);
	image_copy(&sim->working, &sim->committed);
	for (uint32_t j = 0; j < sim->jobs_n; j++) {
		struct sim_client_job *client = &sim->clients[j];
		const struct job_row *row = client->acked ? image_job(&sim->committed, client->id) : NULL;

		if (!client->acked || (row && memcmp(row->uuid, client->uuid, sizeof row->uuid) == 0))
			continue;
		client->acked = client->cancel_sent = false;
		sim_plan(sim, sim_between(sim, 200, 2000), THING_SUBMIT)->job = j;
	}
}

void coordinator_crash(struct sim *sim)
{
	if (sim->dead)
		return;
	sim->dead = true; /* freed by the next start: this may be deep within a step */
	sim->paused = 0;
	sim->tick_at = UINT64_MAX;
	sim->epoch++;
	sim->held_n = 0;
	sim->dirty = sim->timer = false;
	image_copy(&sim->working, &sim->committed);
	for (uint32_t i = 0; i < sim->deaths_n; i++)
		sim->deaths_of[i].n = sim->deaths_of[i].durable;
	memset(sim->link_of_node, 0, sizeof sim->link_of_node);
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		if (!sim->nodes[i].link)
			continue;
		sim->nodes[i].link = 0;
		sim_plan(sim, sim_between(sim, 1, 500), THING_NODE_DIAL)->node = i;
	}
	restore(sim);
	sim_plan(sim, sim_between(sim, 50, 1000), THING_COORD_START);
}

/* The files of an unfinished job. */
static int load_files(struct sim *sim, uint64_t job, struct error *err)
{
	const struct sim_image *image = &sim->committed;
	int r = 0;

	for (uint32_t f = 0; r == 0 && f < image->files_n; f++)
		if (image->files[f].job == job) {
			r = coord_load_file(sim->coord, &image->files[f], err);
			kept_load_seek(sim, f);
		}
	return r;
}

/* What an index has of those that are missing before this one. */
static int load_points(struct sim *sim, const struct sim_slice *slice, const struct sim_slice *before, struct error *err)
{
	const struct slice_row *row = &slice->row;
	struct sim_point point = {.job = row->job, .file = row->file};
	uint32_t index = 0;
	int r = 0;

	(void)image_file(&sim->committed, row->job, row->file, &index);
	point.seek = sim->seeks[index];
	if (before && before->row.job == row->job && before->row.file == row->file)
		point.slice = before->row.slice + 1;
	for (; r == 0 && point.seek > 0 && point.slice < row->slice; point.slice++) {
		struct event event = kept_point(sim, &point);

		r = coord_load_point(sim->coord, &event, err);
	}
	return r;
}

/* With the report and the window that it was saved with. */
static int load_slice(struct sim *sim, const struct sim_slice *slice, struct error *err)
{
	struct slice_row row = slice->row;
	uint32_t index;

	if (slice->has_report) {
		gzip_window(sim, file_made_of(sim, image_file(&sim->committed, row.job, row.file, &index)->path), slice->report.next_bit / 8);
		sim->window[SPLIT_WINDOW - 1] ^= !slice->window_right;
		row.report = &slice->report;
		row.window = sim->window;
	}
	return coord_load_slice(sim->coord, &row, err);
}

static int load(struct sim *sim, struct error *err)
{
	struct sim_image *image = &sim->committed;
	int r = 0;

	memset(sim->seeks, 0, sizeof sim->seeks); /* also of files that were lost, whose places others get */
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
	for (uint32_t s = 0; r == 0 && s < image->slices_n; s++) {
		r = load_points(sim, &image->slices[s], s > 0 ? &image->slices[s - 1] : NULL, err);
		if (r == 0)
			r = load_slice(sim, &image->slices[s], err);
	}
	for (uint32_t t = 0; r == 0 && t < image->troubles_n; t++)
		r = coord_load_trouble(sim->coord, &image->troubles[t], err);
	return r;
}

/*
 * The number of this start is committed before anything else. As daemon/coord/store_open.c: where a backup was put back, a person has
 * accepted that; then the state has another name, and numbers of starts and jobs leap over those that may have been lost.
 */
static void generation_take(struct sim *sim)
{
	struct sim_image *image = &sim->committed;

	image->generation++;
	if (image->next_job == 0)
		image->next_job = 1;
	if (sim->restored && !MUTANT(MUTANT_GENERATION)) {
		image->name = sim->epoch;
		image->generation += LEAP;
		image->next_job = (image->next_job / LEAP + 1) * LEAP;
	}
	sim->restored = false;
	image_copy(&sim->working, image);
}

void coordinator_start(struct sim *sim)
{
	struct actions actions = {0};
	struct round round = {0};
	struct error error = {0};

	sim->coord = coord_free(sim->coord);
	sim->dead = false;
	sim->tick_at = UINT64_MAX;
	sim->epoch++;
	sim->limits.algorithm = sim->algorithm;
	sim->limits.secret = sim_draw(sim);
	generation_take(sim);
	observe_start(sim);
	if (coord_new(&sim->limits, &sim->coord) < 0)
		abort();
	if (load(sim, &error) < 0) {
		sim_fail(sim, "load", "the last commit cannot be loaded: %s", error.text);
		return;
	}
	if (coord_loaded(sim->coord, sim->working.generation, sim->working.next_job, sim->now, &actions) < 0)
		abort();
	perform_all(sim, &actions, &round);
	settle(sim, &actions, &round);
}
