/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices that were lost LOSSES_ALONE times: perhaps they are what takes their nodes down, so each goes to a node that counts nothing
 * else, and takes nothing along when it does so again. Where no node is empty, one is given nothing new until it is: the one that
 * has the least to do. Only one at a time, so that the others' work goes on.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/coord/core_internal.h"

bool slice_alone(const struct file *file, uint64_t i)
{
	return file->slices[i].losses >= LOSSES_ALONE && !MUTANT(MUTANT_NOT_ALONE);
}

void alone_add(struct coord *coord, struct job *job, struct file *file, uint64_t i)
{
	uint32_t k;

	if (file->alone_n == file->alone_room) {
		uint32_t room = file->alone_room ? 2 * file->alone_room : 4;
		uint64_t *alone = reallocarray(file->alone, room, sizeof *alone);

		if (!alone) {
			coord->oom = true;
			return;
		}
		file->alone = alone;
		file->alone_room = room;
	}
	for (k = file->alone_n++; k > 0 && file->alone[k - 1] > i; k--) /* in the order of the file */
		file->alone[k] = file->alone[k - 1];
	file->alone[k] = i;
	job->alone++;
	coord->alone++;
}

/* The node with the least to do that may count the slice, or NULL. */
static struct node *alone_node(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i)
{
	struct node *best = NULL;

	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		struct node *node = coord->nodes[n];

		if (node->slots == 0 || node->alone > 0 || !node_takes_new(coord, node) || !node_counts(node, job, file) ||
		    slice_barred(coord, job, file, i, node))
			continue;
		if (!best || node->runs_n < best->runs_n)
			best = node;
	}
	return best;
}

/* Hands out what can be; *ret_next: the node that is to become empty for one that cannot. */
static void alone_file(struct coord *coord, struct job *job, struct file *file, struct node **ret_next)
{
	for (uint32_t k = 0; k < file->alone_n; k++) {
		uint64_t i = file->alone[k];
		struct node *node;

		if (!slice_open(file, i))
			continue;
		node = alone_node(coord, job, file, i);
		if (node && node->runs_n == 0)
			hand_out(coord, node, job, file, i);
		else if (node && !*ret_next)
			*ret_next = node;
	}
}

struct node *schedule_alone(struct coord *coord)
{
	struct node *next = NULL;

	for (uint32_t j = 0; coord->alone > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; job->alone > 0 && !job->ended && f < job->planned_end; f++)
			if (job->files[f].alone_n > 0 && !job->files[f].ended)
				alone_file(coord, job, &job->files[f], &next);
	}
	return next;
}
