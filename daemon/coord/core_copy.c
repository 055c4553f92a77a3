/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies agree: a slice that was counted twice from the same start, because one of its nodes was slow or thought dead, or as an
 * audit, has the same end, the same records, and the same digest. Which of two that differ is wrong nobody can tell (bad memory,
 * another build, a lie): so the file fails, both nodes are drained, and what they count goes to others.
 *
 * Who counted what is known since this start only: older counts are believed, as they were when they came.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

/* Where the digest of this kind of count of the slice is kept; NULL: it has none. */
static struct counted *counted_of(struct file *file, const struct slice_id *id)
{
	struct again_slice *again;

	if (!id->again)
		return &file->slices[id->slice].counted;
	again = again_find(file, id->slice);
	return again ? &again->counted : NULL;
}

/*
 * Second counts depend on what a start of the coordinator told of the text before, and counts of a gzip stream's slices on the window that it
 * told, from an index that may have been damaged, or by a scout that lied: they are compared within one.
 */
static bool comparable(const struct coord *coord, const struct slice_id *id)
{
	return (!id->again && !id->split) || id->lease >= coord->first_lease;
}

void counted_by(struct coord *coord, struct file *file, const struct event *event)
{
	struct counted *counted = counted_of(file, &event->result.id);
	const struct node *node = node_of_peer(coord, event->peer);

	if (!counted || !comparable(coord, &event->result.id))
		return;
	counted->node = node->number;
	memcpy(counted->digest, event->result.digest, sizeof counted->digest);
}

/* Whether the result is another one than that which was taken, from the same start. What cannot be a count is no other one. */
static bool differs(const struct file *file, const struct counted *counted, const struct event *event)
{
	const struct link *link = &file->chain.links[event->result.id.slice];
	const struct slice_seam *seam = &event->result.seam;
	bool fault = event->result.outcome == SLICE_FAULT;

	if (link->empty || !text_place_equal(seam->first, link->seam.first) ||
	    !(file->split ? split_seam_valid(file, &event->result.task, event->result.outcome, seam)
	                  : chain_seam_valid(&file->chain, event->result.id.slice, &event->result.task, event->result.outcome, seam)))
		return false;
	if (fault || link->fault.kind != FAULT_NONE) /* how it is told depends on the decoder that met it */
		return fault != (link->fault.kind != FAULT_NONE);
	return !text_place_equal(seam->next, link->seam.next) || seam->records != link->seam.records ||
	       memcmp(counted->digest, event->result.digest, sizeof counted->digest) != 0;
}

static void disagreed(struct coord *coord, struct job *job, struct file *file, uint64_t i, struct node *first, struct node *second)
{
	const struct link *link = &file->chain.links[i];
	const char *name = first ? first->name : "a node that is gone";
	struct error error;

	(void)error_set(&error, -EBADMSG, ERROR_SOFTWARE,
	                "%s: nodes disagree on the slice of bytes %llu to %llu: %s and %s counted it differently, so one of them is "
	                "broken, and both are drained; submit the job again",
	                TEXT(file->path), (unsigned long long)link->begin, (unsigned long long)link->end, name, second->name);
	file_fail(coord, job, file, &error);
	if (MUTANT(MUTANT_COPIES_KEPT))
		return;
	node_distrust(coord, second, "disagrees with %s on slice %llu of job %llu", name, (unsigned long long)i,
	              (unsigned long long)job->row.id);
	if (first)
		node_distrust(coord, first, "disagrees with %s on slice %llu of job %llu", second->name, (unsigned long long)i,
		              (unsigned long long)job->row.id);
}

bool copies_disagree(struct coord *coord, struct job *job, struct file *file, const struct event *event)
{
	const struct slice_id *id = &event->result.id;
	const struct counted *counted = counted_of(file, id);
	const struct link *link = &file->chain.links[id->slice];
	struct node *node = node_of_peer(coord, event->peer);

	if (!counted || counted->node == 0 || counted->node == node->number || event->result.outcome == SLICE_UNSURE ||
	    link->state < LINK_COUNTED || !comparable(coord, id) || MUTANT(MUTANT_COPIES_BELIEVED))
		return false;
	if (!differs(file, counted, event))
		return false;
	disagreed(coord, job, file, id->slice, node_of_number(coord, counted->node), node);
	return true;
}
