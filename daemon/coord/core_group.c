/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of a job's files (lib/qc/groups.h), each with one report as of one file that is `cat` of its members. Rows of a job, in order:
 *
 *     FILE_ALONE   the files that were submitted
 *     FILE_GROUP   a group: of = how many members, member = the row of the first one
 *     FILE_SECOND  ... and behind it, for each other member in order, its second count for this group: of = the group's row, member = the
 *                  member's. An ordinary file in all else: opened, cut, counted, lost, merged; but only once it is begun.
 *
 *     all members are COMPLETED -> MERGE_FILE of the group -> merged: COMPLETED
 *                                                          `-> .again: these members lack what comes before them (lib/qc/follow.h):
 *                                                              their FILE_SECOND begin, the others end -> all have ended -> merged again
 *                                                          `-> .kept: an earlier job has left the result of these very members
 *     a member, or a second count, has failed -> the group fails, and what is left of its second counts is cancelled
 *
 * A second count is begun where its row has modules. So a restart knows how far a group was: nothing but rows is durable.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

uint32_t groups_rows(const struct group *groups, uint32_t n)
{
	uint32_t rows = 0;

	for (uint32_t i = 0; i < n; i++)
		rows += groups[i].n;
	return rows;
}

/* ---- rows of a submitted job */

static int row_make(struct job *job, uint32_t at, const char *path, struct file_row row)
{
	struct file *file = &job->files[at];

	file->path = strdup(path);
	if (!file->path)
		return -ENOMEM;
	row.job = job->row.id;
	row.file = at;
	row.path = file->path;
	row.state = JOB_PENDING;
	file->row = row;
	return 0;
}

int groups_make_rows(struct job *job, const struct group *groups, uint32_t n)
{
	uint32_t at = job->row.inputs;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t of = at;
		int r = row_make(job, at++, groups[i].name,
		                 (struct file_row){.role = FILE_GROUP, .of = groups[i].n, .member = groups[i].files[0]});

		for (uint32_t k = 1; r == 0 && k < groups[i].n; k++) {
			const struct file *member = &job->files[groups[i].files[k]];

			r = row_make(job, at++, member->path,
			             (struct file_row){.role = FILE_SECOND, .of = of, .member = groups[i].files[k], .proof = member->row.proof});
		}
		if (r < 0)
			return r;
	}
	return groups_link(job);
}

/* The row of the group's member k, which is not the first one: its second count. */
static struct file *second_of(struct job *job, const struct file *group, uint32_t k)
{
	return &job->files[group->row.file + k];
}

struct file *group_member(struct job *job, const struct file *group, uint32_t k)
{
	return &job->files[k == 0 ? group->row.member : second_of(job, group, k)->row.member];
}

/* Whether rows of groups say what they can. */
static bool group_sound(struct job *job, const struct file *group)
{
	const struct file_row *row = &group->row;

	if (row->of < 2 || row->of > job->row.files - row->file || row->member >= job->row.inputs)
		return false;
	for (uint32_t k = 1; k < row->of; k++) {
		const struct file_row *second = &second_of(job, group, k)->row;

		if (second->role != FILE_SECOND || second->of != row->file || second->member >= job->row.inputs)
			return false;
	}
	return true;
}

int groups_link(struct job *job)
{
	for (uint32_t i = 0; i < job->row.inputs; i++)
		job->files[i].groups_n = 0;
	for (uint32_t at = job->row.inputs; at < job->row.files;) {
		struct file *group = &job->files[at];

		if (group->row.role != FILE_GROUP || !group_sound(job, group))
			return -EINVAL;
		for (uint32_t k = 0; k < group->row.of; k++) {
			struct file *member = group_member(job, group, k);

			if (member->groups_n == GROUPS_MAX)
				return -EINVAL;
			member->groups[member->groups_n++] = at;
		}
		group->left = group->row.of;
		at += group->row.of;
	}
	return 0;
}

/* ---- what a group waits for */

static void group_advance(struct coord *coord, struct file *group)
{
	if (group->ended || group->merging || group->left > 0)
		return;
	group->merging = true;
	emit_merge(coord, ACTION_MERGE_FILE, group);
}

static void second_end(struct coord *coord, struct job *job, struct file *second, enum job_state state)
{
	second->row.state = state;
	if (second->row.planned)
		emit_merge(coord, ACTION_FORGET_SLICES, second);
	file_end(coord, job, second);
}

/* Second counts that are of no use any more, or never were. */
static void seconds_end(struct coord *coord, struct job *job, struct file *group, enum job_state state)
{
	for (uint32_t k = 1; k < group->row.of; k++)
		if (!second_of(job, group, k)->ended) {
			second_of(job, group, k)->row.cached = state == JOB_COMPLETED && group->row.cached;
			second_end(coord, job, second_of(job, group, k), state);
		}
}

static void group_fail(struct coord *coord, struct job *job, struct file *group, const struct file *row)
{
	struct error error;

	(void)error_set(&error, -EREMOTEIO, row->row.error.class, "%s: there is no report of this group, since one of its files has "
	                "failed: %.800s", TEXT(group->path), row->row.error.text[0] ? row->row.error.text : TEXT(row->path));
	file_fail(coord, job, group, &error);
}

/* A member or a second count of the group has ended. */
static void group_step(struct coord *coord, struct job *job, struct file *group, const struct file *row)
{
	if (group->ended)
		return;
	if (row->row.state != JOB_COMPLETED && !MUTANT(MUTANT_GROUP_PARTIAL)) {
		group_fail(coord, job, group, row);
		return;
	}
	group->left -= group->left > 0;
	group_advance(coord, group);
}

void group_row_ended(struct coord *coord, struct job *job, struct file *file)
{
	if (file->row.state == JOB_CANCELLED)
		return;
	if (file->row.role == FILE_GROUP)
		seconds_end(coord, job, file, file->row.state == JOB_COMPLETED ? JOB_COMPLETED : JOB_CANCELLED);
	else if (file->row.role == FILE_SECOND)
		group_step(coord, job, &job->files[file->row.of], file);
	for (uint32_t i = 0; file->row.role == FILE_ALONE && i < file->groups_n; i++)
		group_step(coord, job, &job->files[file->groups[i]], file);
}

/* ---- merged */

static void second_begin(struct coord *coord, struct job *job, struct file *second, const struct second *wanted)
{
	second->row.modules = wanted->modules;
	second->row.before_reads = wanted->reads;
	second->row.before_qualities = wanted->qualities;
	second->row.tile_field = wanted->tile_field;
	emit_file(coord, second);
	file_unopened(coord, job, second);
}

void group_again(struct coord *coord, struct job *job, struct file *group, const struct event *event)
{
	const struct second *again = event->merged.again, *end = again + event->merged.again_n;

	group->left = 0;
	for (uint32_t k = 1; k < group->row.of; k++)
		group->left += !second_of(job, group, k)->ended;
	group->row.state = JOB_RUNNING;
	group->row.again = event->merged.again_n;
	emit_file(coord, group);
	for (uint32_t k = 1; k < group->row.of && !group->ended; k++) {
		struct file *second = second_of(job, group, k);
		bool wanted = again < end && again->slice == k;

		if (wanted && !second->ended)
			second_begin(coord, job, second, again);
		else if (!wanted && !second->ended)
			second_end(coord, job, second, JOB_COMPLETED);
		again += wanted;
	}
	group_advance(coord, group);
	emit_changed(coord, job);
}

/* ---- second counts */

bool file_held(const struct file *file)
{
	return file->row.role == FILE_GROUP || (file->row.role == FILE_SECOND && file->row.modules == 0);
}

bool second_changed(struct job *job, const struct file *file, const struct file_facts *facts)
{
	return file->row.role == FILE_SECOND &&
	       !fingerprint_untouched(&job->files[file->row.member].row.facts.fingerprint, &facts->fingerprint) &&
	       !MUTANT(MUTANT_GROUP_CHANGED);
}

/* ---- after a restart */

static void group_loaded(struct coord *coord, struct job *job, struct file *group)
{
	uint32_t begun = 0, members = 0, seconds = 0;

	for (uint32_t k = 1; k < group->row.of; k++) {
		const struct file *second = second_of(job, group, k);

		begun += second->row.modules != 0;
		seconds += !second->ended;
		if (second->row.state == JOB_FAILED && !group->ended)
			group_fail(coord, job, group, second);
	}
	for (uint32_t k = 0; k < group->row.of; k++) {
		const struct file *member = group_member(job, group, k);

		members += !member->ended;
		if (member->row.state == JOB_FAILED && !group->ended)
			group_fail(coord, job, group, member);
	}
	if (group->ended) {
		seconds_end(coord, job, group, group->row.state == JOB_COMPLETED ? JOB_COMPLETED : JOB_CANCELLED);
		return;
	}
	group->left = begun > 0 ? seconds : members;
	group_advance(coord, group);
}

void groups_loaded(struct coord *coord, struct job *job)
{
	for (uint32_t at = job->row.inputs; at < job->row.files; at += job->files[at].row.of)
		group_loaded(coord, job, &job->files[at]);
}
