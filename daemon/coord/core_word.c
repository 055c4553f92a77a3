/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a node says alone. Whatever would end a file is believed when a second witness says so as well, or when nobody else is there who
 * could: so one node that lies, or is broken, fails nothing that others can count.
 *
 *     crashed, or lost, all but one time of the limit, always there -> the last time is another's; where he can, it was the node's fault
 *     the data of the slice at `proven` are at fault, or the file is no FASTQ -> counted, or opened, by another one: the same -> it fails
 *                                                                                                        `-> else -> who told is at fault
 *     the same I/O error, or another file there: core_trouble.c
 *
 * A witness is a key, not a name: a worker of one key may come under many. Where all that are there have the same one (the jobs of a batch
 * system), names must do. Limits stay what they are: a slice that kills whoever counts it does so crashes_max times at the most.
 *
 * Who had a slice's crashes and losses is known since this start only: those before count as several nodes'.
 */
#include <stdlib.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"

void word_by(struct slice *slice, uint64_t *by, const struct node *node)
{
	slice->trouble_with = node->number;
	*by = *by == 0 || *by == node->who ? node->who : WHO_SEVERAL;
}

/* All went wrong with it, so many crashes more than are counted. */
static bool spent_by(const struct coord *coord, const struct slice *slice, const struct node *node, uint32_t more)
{
	return !MUTANT(MUTANT_WORD_CRASHES) &&
	       ((slice->crashes > 0 && slice->crashed_by == node->who && slice->crashes + more + 1 >= coord->limits.crashes_max) ||
	        (slice->losses > 0 && slice->lost_by == node->who && slice->losses + 1u >= coord->limits.losses_max));
}

bool word_spent(const struct coord *coord, const struct slice *slice, const struct node *node)
{
	return spent_by(coord, slice, node, 0);
}

/* It may not be the one with whom the slice goes wrong for the last time. What was taken from it may yet crash as well. */
static bool spent(const struct coord *coord, const struct slice *slice, const struct node *node)
{
	return spent_by(coord, slice, node, slice->taken_lease > 0 && slice->taken_from == node->number);
}

/* Somebody else who may be given the slice. */
bool word_other_left(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, uint64_t who)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];

		if (node->who != who && node->slots > 0 && node_takes_work(node) && node_counts(node, job, file) &&
		    !file_failed_on(file, i, node->name) && (i == SLICE_ALL || !spent(coord, &file->slices[i], node)))
			return true;
	}
	return false;
}

bool slice_barred(const struct coord *coord, const struct job *job, const struct file *file, uint64_t i, const struct node *node)
{
	return file_failed_on(file, i, node->name) ||
	       (spent(coord, &file->slices[i], node) && word_other_left(coord, job, file, i, node->who));
}

bool word_agreed(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice, int error_number)
{
	const struct io_fail *first = NULL;
	bool second = false;

	for (uint32_t i = 0; i < file->fails_n; i++) {
		const struct io_fail *fail = &file->fails[i];

		if (fail->slice != slice || fail->error_number != error_number)
			continue;
		if (first && first->who != fail->who)
			return true;
		second = first;
		first = fail;
	}
	return second && !word_other_left(coord, job, file, slice, first->who);
}

/* ---- doubts */

/* One that was not resolved yet. */
static bool doubtful(const struct file *file)
{
	return file->doubt && file->doubt_of == file->chain.proven;
}

/* What was said, to be told if nobody else comes. */
static bool doubt_keep(struct coord *coord, struct file *file)
{
	if (!file->doubt) {
		file->doubt = calloc(1, sizeof *file->doubt);
		if (!file->doubt)
			return false;
		coord->doubts++;
	}
	file->doubt_of = file->chain.proven;
	(void)fault_sentence(&file->chain.links[file->doubt_of].fault, file->chain.kind, file->path, file->chain.records, file->doubt);
	return true;
}

bool word_doubted(struct coord *coord, struct job *job, struct file *file, const struct node *teller)
{
	uint64_t i = file->chain.proven;

	if (file->split || MUTANT(MUTANT_WORD_DATA)) /* split: it is counted anew */
		return false;
	if ((teller && file_fail_add(file, i, teller, ERRNO_DATA) < 0) || !doubt_keep(coord, file)) {
		coord->oom = true;
		return false;
	}
	if (word_agreed(coord, job, file, i, ERRNO_DATA) || !node_left(coord, job, file, i, 0))
		return false;
	emit_log(coord, job_trouble(coord, job, LOG_NOTICE), about_slice(TOLD_SLICE_UNREADABLE, file, i, teller),
	         "job %llu: node %s: %.400s; another one is to say so, too", (unsigned long long)job->row.id, teller ? teller->name : "?",
	         file->doubt->text);
	chain_reopen(&file->chain);
	file->outcome = CHAIN_MORE;
	return true;
}

bool word_is_all(const struct coord *coord, const struct job *job, const struct file *file)
{
	return doubtful(file) && file->slices[file->doubt_of].running == 0 && !node_left(coord, job, file, file->doubt_of, 0);
}

void words_settle(struct coord *coord)
{
	for (uint32_t j = 0; coord->nodes_changed && coord->doubts > 0 && j < coord->jobs_n; j++) {
		struct job *job = coord->jobs[j];

		for (uint32_t f = 0; !job->ended && f < job->planned_end; f++) {
			struct file *file = &job->files[f];
			struct error error;

			if (file->ended || !word_is_all(coord, job, file))
				continue;
			error = *file->doubt; /* which goes with the file */
			file_fail(coord, job, file, &error);
		}
	}
}
