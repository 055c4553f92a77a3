/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Audits: some slices are counted on a second node although nothing is wrong with the first count, so that a node that counts
 * wrongly is found (core_copy.c).
 *
 *     proven, and one of those chosen -> handed out to another node, before the file's last slices where a slot is free, behind them
 *     where none is -> its result agrees, or is lost, or cannot be had: the file need not wait for it any more
 *
 * Which slices are chosen follows from a secret of this start, so that a node cannot know when it may lie. The file is merged when no
 * audit is left. An audit is no part of the file's fate but by disagreeing; nor is it waited for where it is slow (core_straggler.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/coord/core_internal.h"

#define LOOKS_MAX 64 /* audits that are looked at for one free slot */

/* splitmix64's last steps */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static bool chosen(const struct coord *coord, const struct file *file, uint64_t slice)
{
	uint64_t hash = mix(coord->limits.secret + 0x9e3779b97f4a7c15ULL * file->row.job);

	hash = mix(mix(hash + file->row.file) + slice);
	return hash % 100 < coord->limits.audit_percent;
}

static const struct counted *counted_of(const struct file *file, uint64_t slice)
{
	return file->again ? &again_find(file, slice)->counted : &file->slices[slice].counted;
}

void audit_add(struct coord *coord, struct job *job, struct file *file, uint64_t slice)
{
	if (counted_of(file, slice)->node == 0 || !chosen(coord, file, slice) || slice_alone(file, slice) ||
	    file->slices[slice].crashes > 0 || MUTANT(MUTANT_AUDIT_NEVER))
		return;
	if (file->audits_n == file->audits_room) {
		uint32_t room = file->audits_room ? 2 * file->audits_room : 8;
		uint64_t *audits = reallocarray(file->audits, room, sizeof *audits);

		if (!audits) {
			coord->oom = true;
			return;
		}
		file->audits = audits;
		file->audits_room = room;
	}
	file->audits[file->audits_n++] = slice;
	job->audits++;
	work_set(coord, job, file);
}

static bool audit_fits(const struct file *file, uint64_t slice, const struct node *node)
{
	return (counted_of(file, slice)->node != node->number || MUTANT(MUTANT_AUDIT_SAME)) &&
	       !file_failed_on(file, slice, node->name);
}

uint64_t audit_take(const struct file *file, const struct node *node)
{
	for (uint32_t k = file->audits_out; k < file->audits_n && k < file->audits_out + LOOKS_MAX; k++)
		if (audit_fits(file, file->audits[k], node))
			return file->audits[k];
	return file->chain.n;
}

static void swap(uint64_t *a, uint64_t *b)
{
	uint64_t c = *a;

	*a = *b;
	*b = c;
}

void audit_begun(struct coord *coord, struct job *job, struct file *file, uint64_t slice)
{
	for (uint32_t k = file->audits_out; k < file->audits_n; k++) {
		if (file->audits[k] != slice)
			continue;
		swap(&file->audits[k], &file->audits[file->audits_out++]);
		job->audits--;
		coord->audits_out++;
		return;
	}
}

/* At the end of the step: it may have no audit left. */
static void advance_later(struct coord *coord, struct job *job, const struct file *file)
{
	uint32_t f = file->row.file;

	if (!job->advance)
		job->advance_first = job->advance_last = f;
	job->advance_first = f < job->advance_first ? f : job->advance_first;
	job->advance_last = f > job->advance_last ? f : job->advance_last;
	job->advance = coord->advance = true;
}

void audit_end(struct coord *coord, struct job *job, struct file *file, uint64_t slice)
{
	for (uint32_t k = 0; k < file->audits_out; k++) {
		if (file->audits[k] != slice)
			continue;
		file->audits[k] = file->audits[--file->audits_out];
		file->audits[file->audits_out] = file->audits[--file->audits_n];
		coord->audits_out--;
		advance_later(coord, job, file);
		return;
	}
}

static bool audit_possible(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];

		if (node_takes_work(node) && node->suspect_ms == 0 && node->slots > 0 && job_fits(job, node) &&
		    audit_fits(file, slice, node))
			return true;
	}
	return false;
}

void audits_review(struct coord *coord, struct job *job, struct file *file)
{
	for (uint32_t k = file->audits_n; k-- > file->audits_out;) {
		if (audit_possible(coord, job, file, file->audits[k]) && !MUTANT(MUTANT_AUDIT_EARLY))
			continue;
		file->audits[k] = file->audits[--file->audits_n];
		job->audits--;
		advance_later(coord, job, file);
	}
}

void audits_settle(struct coord *coord)
{
	if (!coord->nodes_changed && !coord->advance)
		return;
	for (uint32_t j = 0; j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; coord->nodes_changed && job->audits > 0 && !job->ended && f < job->planned_end; f++)
			if (job->files[f].audits_n > 0)
				audits_review(coord, job, &job->files[f]);
		for (uint32_t f = job->advance_first; job->advance && !job->ended && f <= job->advance_last; f++)
			file_advance(coord, job, &job->files[f]);
		job->advance = false;
	}
	coord->nodes_changed = coord->advance = false;
}
