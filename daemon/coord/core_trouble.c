/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices that come back without a result, or with one that cannot be:
 *
 *     crash of the child      -> counted (durable), told to be so; open again, until crashes_max
 *     lost with its node      -> counted (durable); open again, from the second time on alone (core_alone.c), until losses_max
 *                                (of both the last one is another node's, where there is one: core_word.c)
 *     cannot be read          -> open for other nodes; the same error on two nodes, or on all that are there, is the file's
 *     the node lacks the file -> the file is open for other nodes only; it fails when all that are there lack it
 *     has another one there   -> the same; it fails when two nodes say so: then it has changed
 *     returned                -> open again
 *     any of it, and all nodes failed with a slice that is open -> the file fails; who is gone, or drained, is waited for
 *     any of it, of an audit  -> the audit is forgotten
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "daemon/events.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

static void range_fail(struct coord *coord, struct job *job, struct file *file, uint64_t i, const char *what)
{
	const struct link *link = &file->chain.links[i];
	struct error error;

	(void)error_set(&error, -EIO, ERROR_SOFTWARE, "%s: the slice of bytes %llu to %llu %s", TEXT(file->path),
	                (unsigned long long)link->begin, (unsigned long long)link->end, what);
	file_fail(coord, job, file, &error);
}

/* ---- lost */

static void trouble_save(struct coord *coord, const struct file *file, uint64_t i)
{
	if (!MUTANT(MUTANT_TROUBLE_FORGOTTEN))
		emit_trouble(coord, file, i);
}

/* It is still to be counted, now or when its place or start is known, and nobody is at it. */
static bool slice_lacks(const struct file *file, uint64_t i)
{
	const struct slice *slice = &file->slices[i];

	if (file->again || file_held(file))
		return slice_open(file, i);
	return slice->running == 0 && slice->scouting == 0 && file->chain.links[i].state < LINK_COUNTED;
}

/* What was told of the slice in words is in the journal; here is which one, and where. */
static void fail_sentence(const struct file *file, uint64_t i, const struct io_fail *fail, struct error *ret)
{
	const struct link *link = &file->chain.links[i];
	const bool data = fail->error_number == ERRNO_DATA;
	const char *what = data                                  ? "its data are at fault"
	                   : fail->error_number == EBADMSG       ? "it told what cannot be"
	                   : fail->error_number == ERRNO_CHANGED ? "the file has changed"
	                                                         : strerror(fail->error_number);

	(void)error_set(ret, -EIO, data ? ERROR_DATA : fail->error_number > 0 ? error_class_of_errno(fail->error_number) : ERROR_IO,
	                "%s: no node that is there can count the slice of bytes %llu to %llu (%s: %s)", TEXT(file->path),
	                (unsigned long long)link->begin, (unsigned long long)link->end, fail->node, what);
}

/* Whether all have failed with the slice: also those that are drained, or gone for a moment, and may be there again. */
static bool for_nobody(const struct coord *coord, const struct file *file, uint64_t i)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++)
		if (!file_failed_on(file, i, coord->nodes[n]->name))
			return false;
	return true;
}

static bool node_able(const struct job *job, const struct node *node, uint32_t proto)
{
	return node_takes_work(node) && job_fits(job, node) && node->proto >= proto;
}

/* Somebody who has failed with nothing of the file: then there is no need to look at each slice that others failed with. */
static bool node_untried(const struct coord *coord, const struct job *job, const struct file *file, uint32_t proto)
{
	for (uint32_t n = 0; n < coord->nodes_n; n++) {
		const struct node *node = coord->nodes[n];
		uint32_t k = 0;

		if (!node_able(job, node, proto))
			continue;
		while (k < file->fails_n && strcmp(file->fails[k].node, node->name) != 0)
			k++;
		if (k == file->fails_n)
			return true;
	}
	return false;
}

/* The node was at this slice and is not any more. */
static void file_left(struct coord *coord, struct job *job, struct file *file, uint64_t ended, const struct node *node)
{
	const uint32_t proto = file->split ? SPLIT_PROTO : 0;
	bool all = false;
	struct error error;

	if (file->fails_n == 0 || node_untried(coord, job, file, proto) || MUTANT(MUTANT_IO_FOREVER))
		return;
	for (uint32_t k = 0; k < file->fails_n; k++) {
		const struct io_fail *fail = &file->fails[k];
		uint64_t i = fail->slice != SLICE_ALL ? fail->slice : slice_lacks(file, ended) ? ended : file->chain.proven;

		if ((fail->slice == SLICE_ALL && all) || i == file->chain.n)
			continue;
		all = all || fail->slice == SLICE_ALL;
		if (!slice_lacks(file, i) || !file_failed_on(file, i, node->name) || node_left(coord, job, file, i, proto))
			continue;
		if (file->split && node_left(coord, job, file, SLICE_ALL, 0)) {
			split_give_up(coord, job, file);
			return;
		}
		if (!for_nobody(coord, file, i))
			continue;
		fail_sentence(file, i, fail, &error);
		file_fail(coord, job, file, &error);
		return;
	}
}

void slice_ended(struct coord *coord, const struct slice_id *id, const struct node *node)
{
	struct job *job;
	struct file *file = slice_file(coord, id, &job);

	if (file)
		file_left(coord, job, file, id->slice, node);
}

void run_lost(struct coord *coord, const struct run *run, const struct node *node)
{
	const struct slice_id *id = &run->id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	struct slice *slice;
	char what[160];

	if (!run->audit || !MUTANT(MUTANT_AUDIT_FOR_EVER))
		run_stopped(coord, run);
	if (file && !id->scout)
		slice_taken(file, id->slice, id->lease, node);
	if (!file || run->audit || !slice_wanted(file, id))
		return;
	slice = &file->slices[id->slice];
	slice->losses++;
	word_by(slice, &slice->lost_by, node);
	emit_log(coord, job_trouble(coord, job, LOG_NOTICE), about_slice(TOLD_SLICE_LOST, file, id->slice, node),
	         "job %llu: slice %llu of %s was lost with node %s", (unsigned long long)id->job, (unsigned long long)id->slice,
	         TEXT(file->path), node->name);
	if (slice->losses == LOSSES_ALONE)
		alone_add(coord, job, file, id->slice);
	trouble_save(coord, file, id->slice);
	if (slice->losses < coord->limits.losses_max || MUTANT(MUTANT_LOSSES_FOR_EVER)) {
		file_left(coord, job, file, id->slice, node);
		return;
	}
	(void)snprintf(what, sizeof what, "was lost %u times with the node that counted it, the last time with %s", slice->losses,
	               node->name);
	range_fail(coord, job, file, id->slice, what);
}

void slice_returned(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	struct run run;

	if (!event->failed.untaken)
		node_draining(coord, node); /* only who is about to end gives slices back */
	if (run_end(coord, event->peer, &event->failed.id, &run))
		slice_ended(coord, &run.id, node);
}

/* ---- crashed */

/*
 * A worker tells of a crash until that is acknowledged, so it may tell it again over the next connection, or to the next start. Leases
 * grow: what it brings with it is known if a crash was counted under this lease or a later one.
 */
bool crash_known(const struct slice *slice, const struct slice_id *id)
{
	return slice->crashes > 0 && id->lease <= slice->crash_lease && !MUTANT(MUTANT_CRASH_TWICE);
}

static void crash_count(struct coord *coord, struct job *job, struct file *file, const struct event *event, const struct node *node)
{
	const struct slice_id *id = &event->failed.id;
	struct slice *slice = &file->slices[id->slice];
	char what[160];

	slice->crashes++;
	word_by(slice, &slice->crashed_by, node);
	if (id->lease > slice->crash_lease)
		slice->crash_lease = id->lease;
	trouble_save(coord, file, id->slice);
	if (slice->crashes < coord->limits.crashes_max)
		return;
	(void)snprintf(what, sizeof what, "ended the process that counted it %u times (the last time by %s %d)", slice->crashes,
	               event->failed.signal ? "signal" : "exit status",
	               event->failed.signal ? event->failed.signal : event->failed.exit_status);
	range_fail(coord, job, file, id->slice, what);
}

/* Also of a copy that was taken away meanwhile: it is as much a sign of what the slice does. */
void slice_crashed(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	const struct slice_id *id = &event->failed.id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	struct run run = {0};
	bool had = run_end(coord, event->peer, id, &run);

	if (!had && node_brought(node, id)) /* a second one that it brings is made up: of each slice it had one at a time */
		had = !file || file->slices[id->slice].crashed_by != node->who;
	if (file && !had)
		had = was_taken(file, node, id) && !crash_known(&file->slices[id->slice], id);
	if (file && had && (slice_wanted(file, id) || MUTANT(MUTANT_AUDIT_CRASHES)) &&
	    !MUTANT(MUTANT_NO_CRASH_LIMIT))
		crash_count(coord, job, file, event, node);
	slice_ended(coord, id, node);
	emit_id(coord, ACTION_SEND_ACK, event->peer, id);
}

/* ---- cannot be read */

bool errno_lacks(int error_number)
{
	return error_number == ENOENT || error_number == ENOTDIR || error_number == EACCES || error_number == EPERM ||
	       error_number == ELOOP || error_number == EXDEV;
}

bool node_left(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice, uint32_t proto)
{
	for (uint32_t i = 0; i < coord->nodes_n; i++) {
		const struct node *node = coord->nodes[i];

		if (node_able(job, node, proto) && !file_failed_on(file, slice, node->name))
			return true;
	}
	return false;
}

/*
 * Whether some slice that could not be read, this one or another that nobody is at, can be tried by nobody who is there, now that one
 * less may. *ret: what was told of that other one; of this one NULL.
 */
static bool none_left(const struct coord *coord, const struct job *job, const struct file *file, uint64_t slice, const struct io_fail **ret)
{
	const uint32_t proto = file->split ? SPLIT_PROTO : 0;

	*ret = NULL;
	if (file->slices[slice].running == 0 && !node_left(coord, job, file, slice, proto))
		return true;
	if (node_untried(coord, job, file, proto))
		return false;
	for (uint32_t i = 0; i < file->fails_n; i++) {
		const struct io_fail *fail = &file->fails[i];

		if (fail->slice == SLICE_ALL || !slice_lacks(file, fail->slice) || node_left(coord, job, file, fail->slice, proto))
			continue;
		*ret = fail->slice != slice ? fail : NULL;
		return true;
	}
	return false;
}

void io_error(struct coord *coord, struct job *job, struct file *file, uint64_t slice, struct node *node, int error_number,
              const struct error *error)
{
	bool lacks = errno_lacks(error_number);
	uint64_t of = lacks || error_number == ERRNO_CHANGED ? SLICE_ALL : slice;
	const struct io_fail *other = NULL;
	struct error sentence = *error;
	uint32_t failed = 0;
	bool agreed;

	emit_log(coord, job_trouble(coord, job, LOG_WARNING),
	         about_slice(error_number == ERRNO_CHANGED ? TOLD_FILE_CHANGED : TOLD_SLICE_UNREADABLE, file, slice, node),
	         "job %llu: node %s: %.400s", (unsigned long long)job->row.id, node->name, error->text);
	if (!MUTANT(MUTANT_IO_SAME_NODE) && file_fail_add(file, of, node, error_number) < 0) {
		coord->oom = true;
		return;
	}
	for (uint32_t i = 0; i < file->fails_n; i++)
		failed += file->fails[i].slice == of;
	agreed = !lacks && word_agreed(coord, job, file, of, error_number);
	if (MUTANT(MUTANT_IO_ONCE) || (MUTANT(MUTANT_CHANGED_ONCE) && error_number == ERRNO_CHANGED))
		agreed = !lacks;
	if ((!agreed && !none_left(coord, job, file, slice, &other)) || MUTANT(MUTANT_IO_FOREVER))
		return;
	if (file->split && !agreed && node_left(coord, job, file, slice, 0)) {
		split_give_up(coord, job, file);
		return;
	}
	if (other) {
		fail_sentence(file, other->slice, other, &sentence);
	} else if (failed > 1) {
		size_t n = strlen(sentence.text);

		(void)snprintf(sentence.text + n, sizeof sentence.text - n, " (on %u nodes)", failed);
	}
	if (word_is_all(coord, job, file))
		sentence = *file->doubt;
	file_fail(coord, job, file, &sentence);
}

void slice_io_error(struct coord *coord, const struct event *event)
{
	struct node *node = node_of_peer(coord, event->peer);
	const struct slice_id *id = &event->failed.id;
	struct job *job;
	struct file *file = slice_file(coord, id, &job);
	const struct link *link;
	struct error error;
	struct run run;
	bool ran = run_end(coord, event->peer, id, &run);

	if (ran && file && run.audit) {
		node_failed_alone(coord, node, file, id->slice);
	} else if (ran && file) {
		link = &file->chain.links[id->slice];
		(void)error_set(&error, -EIO, error_class_of_errno(event->failed.error_number),
		                "%.800s, in the slice of bytes %llu to %llu", event->failed.text, (unsigned long long)link->begin,
		                (unsigned long long)link->end);
		io_error(coord, job, file, id->slice, node, event->failed.error_number, &error);
	}
	emit_id(coord, ACTION_SEND_ACK, event->peer, id);
}

void slice_absurd(struct coord *coord, struct job *job, struct file *file, uint64_t i, struct node *node)
{
	const struct link *link = &file->chain.links[i];
	struct error error;

	(void)error_set(&error, -EBADMSG, ERROR_PROTOCOL, "%s: %s tells of bytes %llu to %llu what cannot be", TEXT(file->path),
	                node->name, (unsigned long long)link->begin, (unsigned long long)link->end);
	io_error(coord, job, file, i, node, EBADMSG, &error);
}
