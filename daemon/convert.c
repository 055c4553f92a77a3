/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between messages and structs: see convert.h. */
#include "daemon/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/qc/module.h"

#define TILE_FIELD_MAX 255 /* far above any */

static int wrong(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, ERROR_PROTOCOL, "the other side sent %s", what);
}

/* ---- fingerprints and places ---- */

void fingerprint_to_message(const struct fingerprint *fingerprint, fq_Fingerprint *ret)
{
	*ret = (fq_Fingerprint){
	    .size = fingerprint->size,
	    .mtime_ns = fingerprint->mtime_ns,
	    .ctime_ns = fingerprint->ctime_ns,
	    .inode = fingerprint->inode,
	};
	memcpy(ret->ends, fingerprint->ends, sizeof ret->ends);
}

void fingerprint_from_message(const fq_Fingerprint *message, struct fingerprint *ret)
{
	_Static_assert(sizeof ret->ends == sizeof message->ends, "both are a SHA-256");
	*ret = (struct fingerprint){
	    .size = message->size,
	    .mtime_ns = message->mtime_ns,
	    .ctime_ns = message->ctime_ns,
	    .inode = message->inode,
	};
	memcpy(ret->ends, message->ends, sizeof ret->ends);
}

void place_to_message(struct text_place place, fq_Place *ret)
{
	*ret = (fq_Place){.block = place.block, .within = place.within};
}

struct text_place place_from_message(const fq_Place *message)
{
	return (struct text_place){.block = message->block, .within = message->within};
}

static bool place_behind(struct text_place a, struct text_place b)
{
	return a.block > b.block || (a.block == b.block && a.within > b.within);
}

/* The end of a file is {size, 0}: nothing is behind it. */
static bool place_outside(struct text_place place, uint64_t file_size)
{
	return place_behind(place, (struct text_place){.block = file_size});
}

/* ---- seams and faults ---- */

void seam_to_message(const struct slice_seam *seam, fq_Seam *ret)
{
	*ret = (fq_Seam){.has_first = true, .has_next = true, .records = seam->records};
	place_to_message(seam->first, &ret->first);
	place_to_message(seam->next, &ret->next);
}

int seam_from_message(const fq_Seam *message, uint64_t file_size, struct slice_seam *ret,
                      struct error *err)
{
	struct slice_seam seam = {
	    .first = place_from_message(&message->first),
	    .next = place_from_message(&message->next),
	    .records = message->records,
	};

	if (!message->has_first || !message->has_next)
		return wrong(err, "a seam with an edge missing");
	if (place_outside(seam.first, file_size) || place_outside(seam.next, file_size))
		return wrong(err, "a seam that lies behind the file's end");
	if (place_behind(seam.first, seam.next))
		return wrong(err, "a seam whose end is before its beginning");
	*ret = seam;
	return 0;
}

void fault_to_message(const struct slice_fault *fault, fq_Fault *ret)
{
	*ret = (fq_Fault){
	    .kind = fault->kind,
	    .record = fault->record,
	    .has_at = true,
	    .value = fault->value,
	    .value2 = fault->value2,
	    .error_number = fault->error_number,
	};
	place_to_message(fault->at, &ret->at);
}

int fault_from_message(const fq_Fault *message, struct slice_fault *ret, struct error *err)
{
	if (message->kind == FAULT_NONE || message->kind >= _FAULT_MAX)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent a fault of the unknown kind %" PRIu32,
		                 message->kind);
	if (message->error_number < 0 ||
	    (message->kind == FAULT_READ && message->error_number == 0))
		return wrong(err, "a fault whose error number makes no sense");
	*ret = (struct slice_fault){
	    .kind = (enum fault_kind)message->kind,
	    .record = message->record,
	    .at = place_from_message(&message->at),
	    .value = message->value,
	    .value2 = message->value2,
	    .error_number = message->kind == FAULT_READ ? message->error_number : 0,
	};
	return 0;
}

/* ---- facts, tasks, outcomes ---- */

static int kind_from_message(uint32_t kind, enum file_kind *ret, struct error *err)
{
	if (kind < FILE_PLAIN || kind >= _FILE_KIND_MAX)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent the unknown kind of file %" PRIu32, kind);
	*ret = (enum file_kind)kind;
	return 0;
}

void facts_to_message(const struct file_facts *facts, fq_Opened *ret)
{
	ret->has_fingerprint = true;
	fingerprint_to_message(&facts->fingerprint, &ret->fingerprint);
	ret->kind = facts->kind;
	ret->bgzf_unended = facts->bgzf_unended;
}

/* Bits of a file are counted in 64 bits as well (lib/fastq/split.h). */
#define FILE_SIZE_MAX ((uint64_t)INT64_MAX / 8)

int facts_from_message(const fq_Opened *message, struct file_facts *ret, struct error *err)
{
	struct file_facts facts = {.bgzf_unended = message->bgzf_unended};
	int r;

	if (!message->has_fingerprint)
		return wrong(err, "an opened file without its fingerprint");
	r = kind_from_message(message->kind, &facts.kind, err);
	if (r < 0)
		return r;
	fingerprint_from_message(&message->fingerprint, &facts.fingerprint);
	if (facts.fingerprint.size > FILE_SIZE_MAX)
		return wrong(err, "an opened file of more bytes than any has");
	*ret = facts;
	return 0;
}

void task_to_message(const struct slice_task *task, fq_Task *ret)
{
	ret->kind = task->kind;
	ret->begin = task->begin;
	ret->end = task->end;
	ret->start_known = task->start_known;
	ret->has_start = task->start_known;
	place_to_message(task->start, &ret->start);
	ret->lenient = task->lenient;
}

int task_from_message(const fq_Task *message, uint64_t read_max, struct slice_task *ret,
                      struct error *err)
{
	struct slice_task task = {
	    .file_size = message->fingerprint.size,
	    .begin = message->begin,
	    .end = message->end,
	    .start_known = message->start_known,
	    .read_max = read_max,
	    .lenient = message->lenient,
	};
	int r;

	if (!message->has_fingerprint)
		return wrong(err, "a task without the file's fingerprint");
	r = kind_from_message(message->kind, &task.kind, err);
	if (r < 0)
		return r;
	if (task.begin > task.end || task.end > task.file_size)
		return wrong(err, "a task whose range is not within the file");
	if (message->start_known) {
		if (!message->has_start)
			return wrong(err, "a task without its start, which it says is known");
		task.start = place_from_message(&message->start);
		if (place_outside(task.start, task.file_size) ||
		    (task.kind == FILE_PLAIN && task.start.within > 0))
			return wrong(err, "a task whose start is not within the file");
	}
	*ret = task;
	return 0;
}

void prior_to_message(const struct prior *prior, fq_Task *ret)
{
	ret->prior_known = prior->known;
	ret->prior_reads = prior->reads;
	ret->prior_qualities = prior->qualities;
	ret->tile_field = prior->tile_field;
	ret->place = prior->first && prior->ordinals                ? fq_TaskPlace_PLACE_FIRST
	             : !prior->first && prior->known && ret->begin == 0 ? fq_TaskPlace_PLACE_BEHIND
	                                                                 : fq_TaskPlace_PLACE_ALONE;
}

int prior_from_message(const fq_Task *message, struct prior *ret, struct error *err)
{
	struct prior prior = PRIOR_UNKNOWN;

	prior.first = message->begin == 0 && message->place != fq_TaskPlace_PLACE_BEHIND;
	prior.ordinals = prior.first && message->place == fq_TaskPlace_PLACE_FIRST;
	if (message->place == fq_TaskPlace_PLACE_BEHIND && !message->prior_known)
		return wrong(err, "a task behind other files that does not say how much they have");
	prior.known = prior.first || message->prior_known;
	if (message->prior_known) {
		prior.reads = message->prior_reads;
		prior.qualities = message->prior_qualities;
		prior.tile_field = message->tile_field;
	}
	if (prior.reads > COUNT_TOTAL_MAX || prior.qualities > prior.reads || (prior.first && prior.reads > 0))
		return wrong(err, "a task with a number of reads before it that cannot be");
	if (prior.tile_field < TILE_FIELD_UNKNOWN || prior.tile_field > TILE_FIELD_MAX)
		return wrong(err, "a task with a field of tiles that cannot be");
	*ret = prior;
	return 0;
}

int outcome_from_message(uint32_t outcome, enum slice_outcome *ret, struct error *err)
{
	if (outcome != SLICE_END && outcome != SLICE_UNSURE && outcome != SLICE_FAULT)
		return error_set(err, -EBADMSG, ERROR_PROTOCOL,
		                 "the other side sent the unknown outcome %" PRIu32, outcome);
	*ret = (enum slice_outcome)outcome;
	return 0;
}
