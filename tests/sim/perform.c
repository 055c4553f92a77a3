/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core wants done, done as daemon/coord/drive.c does it: rows to the disk's working copy, merging, messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

struct sim_client_job *client_of(struct sim *sim, uint64_t job)
{
	struct job_row *row = image_job(&sim->working, job);

	for (uint32_t j = 0; row && j < sim->jobs_n; j++)
		if (memcmp(sim->clients[j].uuid, row->uuid, sizeof row->uuid) == 0)
			return &sim->clients[j];
	return NULL;
}

const struct sim_file *file_made_of(const struct sim *sim, const char *path)
{
	for (uint32_t i = 0; i < sim->files_n; i++)
		if (strcmp(sim->files[i].path, path) == 0)
			return &sim->files[i];
	abort();
}

/* ---- after the commit */

static void reply(struct sim *sim, const struct action *action)
{
	struct sim_client_job *client;

	if (action->reply.request > sim->jobs_n)
		return; /* a cancel's or a drain's */
	client = &sim->clients[action->reply.request - 1];
	if (action->reply.error.class != ERROR_NONE) {
		if (!strstr(action->reply.error.text, "submit again when some have ended"))
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
struct thing *plan_to_node(struct sim *sim, uint32_t index, uint64_t link, enum thing_kind kind)
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
		struct thing *thing;

		if (sim->link_of_node[i] != action->peer)
			continue;
		thing = plan_to_node(sim, i, action->peer, THING_TO_NODE);
		thing->action = *action;
		if (action->kind == ACTION_SEND_OPEN) {
			(void)strcpy(thing->path, action->open.path);
			thing->flag = action->open.proof->wanted;
		}
		if (action->kind == ACTION_SEND_TASK) {
			group_task(sim, action);
			(void)strcpy(thing->path, action->task.path);
			thing->facts = *action->task.facts;
			if (action->task.split && !action->task.id.scout)
				thing->point_right = gzip_point_right(sim, file_made_of(sim, action->task.path), action);
		}
		return;
	}
}

void let_go(struct sim *sim, const struct action *action)
{
	if (action->kind == ACTION_REPLY)
		reply(sim, action);
	else if (action->kind == ACTION_SEND_ACK)
		to_node(sim, action);
}

/* ---- rows */

static void check_owner(struct sim *sim, const struct job_row *row)
{
	uint32_t files = row->inputs, most = sim->limits.files_owner_max;

	for (uint32_t i = 0; i < sim->working.jobs_n; i++)
		if (sim->working.jobs[i].state <= JOB_RUNNING && strcmp(sim->working.jobs[i].owner, row->owner) == 0)
			files += sim->working.jobs[i].inputs;
	if (most > 0 && files > most)
		sim_fail(sim, "owner", "%s has %u files, and the most is %u", row->owner, files, most);
}

static void save_job(struct sim *sim, const struct job_row *row)
{
	struct job_row *old = image_job(&sim->working, row->id);

	if (!old) {
		for (uint32_t i = 0; i < sim->working.jobs_n; i++)
			if (memcmp(sim->working.jobs[i].uuid, row->uuid, 16) == 0)
				sim_fail(sim, "twice", "a second job of one uuid was saved");
		if (sim->working.jobs_n == JOBS_MAX_SIM)
			abort();
		if (row->id < sim->working.next_job)
			sim_fail(sim, "id again", "the id %llu is given a second time", (unsigned long long)row->id);
		sim->working.next_job = row->id + 1;
		check_owner(sim, row);
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
	bool anew = old && old->planned && row->planned && way_cuts(old->way) != way_cuts(row->way); /* its slices are others */
	bool was_planned = old && old->planned && !anew, had_failed = old && old->state == JOB_FAILED;

	if (!old)
		old = &sim->working.files[sim->working.files_n++];
	if (old->planned && row->planned && old->way == WAY_INDEX && row->way != WAY_INDEX && kept_has_seek(sim, i))
		sim_fail(sim, "index", "the index of file %u of job %llu is of no use to it, and stays", row->file,
		         (unsigned long long)row->job);
	if (old->state == JOB_COMPLETED && row->state == JOB_PENDING)
		sim->working.has_result[i] = false; /* its job begins anew */
	*old = *row;
	old->path = row->role == FILE_GROUP ? SIM_GROUP : file_made_of(sim, row->path)->path; /* paths outlive the core */
	group_saved(sim, row);
	if (!row->planned)
		sim->working.planned[i] = 0;
	else if (sim->working.planned[i] == 0)
		sim->working.planned[i] = sim->working.generation;
	if (row->planned && !was_planned)
		observe_planned(sim, row);
	if (row->state == JOB_FAILED && !had_failed && row->role != FILE_GROUP)
		observe_failed(sim, row);
	if (row->state > JOB_RUNNING)
		observe_ended(sim, row);
}

static void save_slice(struct sim *sim, const struct slice_row *row)
{
	struct sim_slice *slice = image_save_slice(&sim->working, row);
	const struct event *event = sim->seen.event;

	slice->sum = sim->stash_sum;
	slice->row.report = NULL;
	slice->row.window = NULL;
	if (row->report && row->window) {
		slice->report = *row->report;
		slice->has_report = true;
		slice->window_right = sim->window_right;
	}
	slice->lacks = sim_chance(sim, sim->p_again) ? 1 + (uint32_t)(sim_draw(sim) % 3) : 0;
	slice->node = sim->seen.node;
	slice->epoch = sim->epoch;
	memcpy(&slice->digest, event->result.digest, sizeof slice->digest);
	slice->counts = sim->seen.node < NODES_MAX_SIM ? 1u << sim->seen.node : 0;
}

static void forget_file(struct sim *sim, const struct action *action)
{
	image_forget_slices(&sim->working, action->merge.job, action->merge.file, 0, UINT64_MAX);
	image_forget_troubles(&sim->working, action->merge.job, action->merge.file);
	for (uint32_t i = 0; i < sim->deaths_n; i++)
		if (sim->deaths_of[i].job == action->merge.job && sim->deaths_of[i].file == action->merge.file)
			sim->deaths_of[i].n = 0;
}

static void save_node(struct sim *sim, const struct action *action)
{
	for (uint32_t i = 0; i < sim->nodes_n; i++) {
		if (strcmp(sim->nodes[i].name, action->node.name) != 0)
			continue;
		sim->working.drained[i] = action->node.drained;
		if (action->node.drained) {
			observe_drained(sim, i, action->node.reason);
		} else {
			sim->seen.failed[i] = 0;
			sim->seen.distrusted &= ~(1u << i);
		}
	}
}

/* ---- merging */

/* A slice that lacked something: it has its second count, or is to get one. */
static void merge_again(struct sim *sim, const struct sim_slice *slice, struct second *again, bool lied, struct event *ret)
{
	if (!slice->has_again)
		again[ret->merged.again_n++] =
		    (struct second){.slice = slice->row.slice, .modules = slice->lacks, .reads = 1000 + slice->row.slice};
	else if (slice->again != AGAIN_TIMES * slice->sum && !lied)
		sim_fail(sim, "second count", "slice %llu counts %llu the first time, %llu the second",
		         (unsigned long long)slice->row.slice, (unsigned long long)slice->sum, (unsigned long long)slice->again);
	ret->merged.again_done += slice->has_again;
}

/* Where nothing goes wrong and all are audited, each slice was counted by two nodes. */
static void check_audited(struct sim *sim, const struct sim_slice *slice)
{
	bool all = true; /* ... can count it */

	for (uint32_t i = 0; i < sim->nodes_n; i++)
		all = all && (sim->nodes[i].proto >= 3 || !slice->has_report);
	if (all && sim->calm && sim->limits.audit_percent == 100 && sim->nodes_n > 1 && sim->limits.straggler_ms == 0 &&
	    !(slice->counts & (slice->counts - 1)))
		sim_fail(sim, "audit", "slice %llu of job %llu is merged and was not audited", (unsigned long long)slice->row.slice,
		         (unsigned long long)slice->row.job);
}

bool lied_about(struct sim *sim, uint64_t job, uint32_t file)
{
	const struct sim_client_job *client = client_of(sim, job);

	return client && client->lied & (1u << file);
}

/* Each slice that is not empty exactly once, in order; or what is to be counted again. */
static void merge(struct sim *sim, const struct action *action, struct event *ret)
{
	const struct chain *chain = action->merge.chain;
	struct second *again = calloc(chain->n, sizeof *again);
	bool lied = lied_about(sim, action->merge.job, action->merge.file);
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
		check_audited(sim, slice);
		sum += slice->sum;
		if (slice->lacks)
			merge_again(sim, slice, again, lied, ret);
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
		kept_save(sim, action->merge.job, action->merge.file, index);
	}
	forget_file(sim, action);
}

static void hold(struct sim *sim, const struct action *action)
{
	if (!sim->dirty && sim->held_n == 0) {
		let_go(sim, action);
		return;
	}
	if (sim->held_n == sizeof sim->held / sizeof *sim->held)
		abort();
	sim->held[sim->held_n++] = *action;
}

/* ---- all kinds */

static void drop_peer(struct sim *sim, const struct action *action)
{
	for (uint32_t i = 0; i < sim->nodes_n; i++)
		if (sim->nodes[i].link == action->peer)
			sim->nodes[i].link = 0;
}

static void perform_row(struct sim *sim, const struct action *action, struct round *round)
{
	switch (action->kind) {
	case ACTION_SAVE_JOB:
		round->urgent |= action->job->state > JOB_RUNNING;
		save_job(sim, action->job);
		break;
	case ACTION_SAVE_FILE:
		save_file(sim, action->file);
		break;
	case ACTION_SAVE_SLICE:
		save_slice(sim, &action->slice);
		break;
	case ACTION_SAVE_AGAIN:
		image_save_again(&sim->working, &action->slice, sim->stash_sum);
		break;
	case ACTION_FORGET_SLICE:
		image_forget_slices(&sim->working, action->slice.job, action->slice.file, action->slice.slice,
		                    action->slice.slice);
		break;
	case ACTION_FORGET_SLICES:
		forget_file(sim, action);
		break;
	case ACTION_SAVE_TROUBLE:
		if (action->trouble.crashes > sim->limits.crashes_max)
			sim_fail(sim, "crashes", "slice %llu has crashed %u times", (unsigned long long)action->trouble.slice,
			         action->trouble.crashes);
		image_save_trouble(&sim->working, &action->trouble);
		break;
	case ACTION_MERGE_FILE:
		if (!group_merge(sim, action, &round->merged[round->merged_n]))
			merge(sim, action, &round->merged[round->merged_n]);
		round->merged_n++;
		break;
	case ACTION_USE_RESULT:
		kept_use(sim, action);
		break;
	case ACTION_DROP_SEEK:
		kept_drop_seek(sim, action);
		break;
	default: /* ACTION_SAVE_NODE */
		save_node(sim, action);
	}
	sim->dirty = true;
}

static const char *node_told(const struct sim *sim, uint64_t peer)
{
	for (uint32_t i = 0; i < sim->nodes_n; i++)
		if (sim->link_of_node[i] == peer)
			return sim->nodes[i].name;
	return "nobody";
}

static void tell_slice(const struct sim *sim, const struct action *action, const char *what, const struct slice_id *id)
{
	(void)printf("%8llu %s %s job %llu file %u slice %llu%s lease %llu\n", (unsigned long long)sim->now, what,
	             node_told(sim, action->peer), (unsigned long long)id->job, id->file, (unsigned long long)id->slice,
	             id->again ? " again" : id->scout ? " scout" : "", (unsigned long long)id->lease);
}

static void tell(const struct sim *sim, const struct action *action)
{
	if (action->kind == ACTION_LOG)
		(void)printf("%8llu %s\n", (unsigned long long)sim->now, action->log.text);
	else if (action->kind == ACTION_SEND_TASK)
		tell_slice(sim, action, "task to", &action->task.id);
	else if (action->kind == ACTION_SEND_DROP)
		tell_slice(sim, action, "drop to", &action->id);
	else if (action->kind == ACTION_SEND_ACK)
		tell_slice(sim, action, "acknowledged to", &action->id);
	else if (action->kind == ACTION_SAVE_TROUBLE)
		(void)printf("%8llu slice %llu of job %llu file %u: %u crashes, %u losses\n", (unsigned long long)sim->now,
		             (unsigned long long)action->trouble.slice, (unsigned long long)action->trouble.job, action->trouble.file,
		             action->trouble.crashes, action->trouble.losses);
}

static void find_point(struct sim *sim, const struct action *action, struct round *round)
{
	uint32_t index = 0;

	if (round->points_n == sizeof round->points / sizeof *round->points ||
	    !image_file(&sim->working, action->find.job, action->find.file, &index))
		abort();
	sim->seeks[index] = action->find.seek;
	round->points[round->points_n++] = (struct sim_point){
	    .job = action->find.job, .file = action->find.file, .slice = action->find.slice, .seek = action->find.seek};
}

static void perform(struct sim *sim, const struct action *action, struct round *round)
{
	sim_trace(sim, (uint64_t)action->kind << 32 | action->peer);
	observe_action(sim, action);
	if (sim->tell)
		tell(sim, action);
	switch (action->kind) {
	case ACTION_REPLY:
		round->urgent = true;
		__attribute__((fallthrough));
	case ACTION_SEND_ACK:
		hold(sim, action);
		break;
	case ACTION_DROP_PEER:
		drop_peer(sim, action);
		break;
	case ACTION_JOB_CHANGED:
	case ACTION_LOG:
		break;
	case ACTION_FIND_POINT:
		find_point(sim, action, round);
		break;
	default:
		if (action->kind <= ACTION_DROP_SEEK)
			perform_row(sim, action, round);
		else
			to_node(sim, action);
	}
}

void perform_all(struct sim *sim, const struct actions *actions, struct round *round)
{
	for (uint32_t i = 0; i < actions->n; i++)
		perform(sim, &actions->items[i], round);
}
