/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of files: which jobs have one, its merging, and what must hold of it. A job with a group has one of its first files. A member
 * but the first needs a second count, or does not, by chance when the group is merged first; what is then in the rows is durable.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

/* Apart from the stream of random numbers, so that worlds without a group are what they were. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	return x ^ (x >> 29);
}

void groups_draw(struct sim *sim, uint32_t j)
{
	struct sim_client_job *client = &sim->clients[j];
	uint64_t draw = mix(sim->seed * 16 + j);

	for (uint32_t i = 0; i < sim->nodes_n; i++) /* which are given no such jobs, however long these wait */
		if (sim->nodes[i].proto < GROUPS_PROTO)
			return;
	if (client->files_n < 2 || draw % 3 != 0)
		return;
	client->group = (struct group){.name = SIM_GROUP, .level = MERGE_SAMPLE, .files = client->group_files};
	client->group.n = 2 + (uint32_t)(draw / 3 % (client->files_n - 1));
	for (uint32_t i = 0; i < client->group.n; i++)
		client->group_files[i] = i;
}

static const struct file_row *row_of(struct sim *sim, struct sim_image *image, uint64_t job, uint32_t file, uint32_t *ret_index)
{
	const struct file_row *row = image_file(image, job, file, ret_index);

	if (!row)
		sim_fail(sim, "lost", "file %u of job %llu is not in the store", file, (unsigned long long)job);
	return row;
}

static uint32_t member_of(struct sim *sim, struct sim_image *image, const struct file_row *group, uint32_t k)
{
	uint32_t index;
	const struct file_row *second = k > 0 ? row_of(sim, image, group->job, group->file + k, &index) : NULL;

	return second ? second->member : group->member;
}

/* Its members' sums: all of them must be there. */
static uint64_t members_sum(struct sim *sim, const struct file_row *group)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < group->of; k++) {
		uint32_t index = 0;
		const struct file_row *row = row_of(sim, &sim->working, group->job, member_of(sim, &sim->working, group, k), &index);

		if (!row || row->state != JOB_COMPLETED || !sim->working.has_result[index])
			sim_fail(sim, "partial", "a group of job %llu is merged without its member %u", (unsigned long long)group->job, k);
		sum += sim->working.results[index];
	}
	return sum;
}

/* That second counts are there, of what was wanted. */
static bool seconds_there(struct sim *sim, const struct file_row *group)
{
	bool begun = false;

	for (uint32_t k = 1; k < group->of; k++) {
		uint32_t index = 0;
		const struct file_row *row = row_of(sim, &sim->working, group->job, group->file + k, &index);

		if (!row || row->modules == 0)
			continue;
		begun = true;
		if (row->state != JOB_COMPLETED || !sim->working.has_result[index])
			sim_fail(sim, "partial", "a group of job %llu is merged without a second count", (unsigned long long)group->job);
	}
	return begun;
}

bool group_merge(struct sim *sim, const struct action *action, struct event *ret)
{
	uint32_t index = 0;
	const struct file_row *row = image_file(&sim->working, action->merge.job, action->merge.file, &index);
	struct second *again;
	uint64_t sum;

	if (!row || row->role != FILE_GROUP)
		return false;
	*ret = (struct event){.kind = EVENT_MERGED};
	ret->merged.job = row->job;
	ret->merged.file = row->file;
	ret->merged.again = again = calloc(row->of, sizeof *again); /* freed when the event was given */
	if (!again)
		abort();
	sum = members_sum(sim, row);
	for (uint32_t k = 1; k < row->of && !seconds_there(sim, row); k++)
		if (mix(sim->now * 8 + k) % 3 > 0)
			again[ret->merged.again_n++] = (struct second){.slice = k, .modules = 1 + (uint32_t)(mix(sim->now + k) % 2), .reads = 10 * k};
	if (ret->merged.again_n > 0)
		return true;
	if (sim->working.has_result[index])
		sim_fail(sim, "merged twice", "the group of job %llu", (unsigned long long)row->job);
	sim->working.results[index] = sum;
	sim->working.has_result[index] = true;
	return true;
}

void group_task(struct sim *sim, const struct action *action)
{
	uint32_t index = 0;
	const struct file_row *row = image_file(&sim->working, action->task.id.job, action->task.id.file, &index);

	if (!row || row->role == FILE_ALONE)
		return;
	if (row->role == FILE_GROUP || row->modules == 0)
		sim_fail(sim, "group", "a slice of a group, or of a second count that is not wanted, is handed out");
	if (!action->task.id.again && action->task.modules != row->modules)
		sim_fail(sim, "modules", "a second count is of %#x, where %#x lack", action->task.modules, row->modules);
}

void group_saved(struct sim *sim, const struct file_row *row)
{
	uint32_t index = 0;
	const struct file_row *member;

	if (row->role != FILE_SECOND || !row->planned)
		return;
	member = row_of(sim, &sim->working, row->job, row->member, &index);
	if (member && !fingerprint_untouched(&member->facts.fingerprint, &row->facts.fingerprint))
		sim_fail(sim, "changed", "file %u of job %llu is counted again after it has changed", row->member, (unsigned long long)row->job);
}

static bool any_in(struct sim *sim, const struct file_row *group, enum job_state state, bool seconds)
{
	uint32_t index = 0;

	for (uint32_t k = seconds; k < group->of; k++) {
		uint32_t file = seconds ? group->file + k : member_of(sim, &sim->committed, group, k);
		const struct file_row *row = row_of(sim, &sim->committed, group->job, file, &index);

		if (row && row->state == state)
			return true;
	}
	return false;
}

/* The honest sum of its members. */
static uint64_t right_sum(const struct sim *sim, const struct sim_client_job *client, uint32_t algorithm)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < client->group.n; i++)
		sum += sim->files[client->files[i]].sum;
	return sum * (algorithm == 1 ? 1 : ALGORITHM_TIMES);
}

void check_group(struct sim *sim, const struct sim_client_job *client, const struct job_row *job)
{
	const struct file_row *row;
	uint32_t index = 0;

	if (client->group.n == 0)
		return;
	row = row_of(sim, &sim->committed, job->id, client->files_n, &index);
	if (!row || job->state == JOB_CANCELLED)
		return;
	if (row->state != JOB_COMPLETED && row->state != JOB_FAILED)
		sim_fail(sim, "open", "the group of the ended job %llu is in state %d", (unsigned long long)job->id, row->state);
	if (row->state == JOB_FAILED && !any_in(sim, row, JOB_FAILED, false) && !any_in(sim, row, JOB_FAILED, true))
		sim_fail(sim, "group", "the group of job %llu has failed, and nothing of it: %s", (unsigned long long)job->id, row->error.text);
	if (row->state == JOB_FAILED && strncmp(row->error.text, SIM_GROUP ": there is no report of this group", 34) != 0)
		sim_fail(sim, "reason", "a group is told to be wrong by: %s", row->error.text);
	if (row->state == JOB_COMPLETED && any_in(sim, row, JOB_FAILED, false))
		sim_fail(sim, "partial", "the group of job %llu completed, and a file of it has failed", (unsigned long long)job->id);
	if (row->state == JOB_COMPLETED && client->lied == 0 && sim->committed.results[index] != right_sum(sim, client, job->algorithm))
		sim_fail(sim, "wrong", "the group of job %llu has another sum than its files", (unsigned long long)job->id);
}
