/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What simulated workers count of made files: honestly; where they must guess the start they sometimes guess wrong or are unsure, as
 * a reader may. Children die of some records, disks fail, files are not there. And liars tell what is not.
 */
#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"

/* ---- honestly */

/* The first record that begins at or behind a byte. */
static uint32_t record_at(const struct sim_file *file, uint64_t byte)
{
	uint32_t i = 0;

	while (i < file->records_n && file->starts[i] < byte)
		i++;
	return i;
}

static uint64_t times(const struct sim_run *run)
{
	return (run->id.again ? AGAIN_TIMES : 1) * (run->algorithm == 1 ? 1 : run->algorithm == 2 ? ALGORITHM_TIMES : 11);
}

/* Where its text ends: what begins there is the next one's. */
static uint64_t text_end(const struct sim_run *run)
{
	return run->split ? gzip_block(run->file, run->task.end) : run->task.end;
}

static uint64_t text_begin(const struct sim_run *run)
{
	return run->split ? run->from : run->task.begin;
}

static void count_from(struct sim_run *run, uint32_t first)
{
	const struct sim_file *file = run->file;
	struct event *result = &run->result;
	uint32_t i = first;

	result->result.outcome = SLICE_END;
	result->result.seam.first = gzip_place(file, file->starts[first]);
	for (; i < file->records_n && file->starts[i] < text_end(run); i++) {
		if (i == file->fault) {
			result->result.outcome = SLICE_FAULT;
			result->result.fault = (struct slice_fault){
				.kind = FAULT_NO_PLUS, .record = i - first, .at = gzip_place(file, file->starts[i]), .value = 'x'};
			break;
		}
		run->sum += file->values[i] * times(run);
	}
	result->result.seam.records = i - first;
	result->result.seam.next = gzip_place(file, file->starts[i]);
}

/* A member that begins and ends in the text is the reader's to check. */
static void count_crc(struct sim_run *run)
{
	const struct sim_file *file = run->file;
	struct event *result = &run->result;

	if (!file->crc_wrong || result->result.outcome != SLICE_END ||
	    (run->split && (text_end(run) < file->size || file->members[file->members_n - 1] < run->from)))
		return;
	result->result.outcome = SLICE_FAULT;
	result->result.fault = (struct slice_fault){.kind = FAULT_GZIP_CRC, .record = result->result.seam.records,
	                                            .at = gzip_place(file, 0), .value = file->size};
}

/* A start that is none: in the middle of a record, with whatever would be seen from there; the same for all who begin there. */
static void count_wrongly(struct sim *sim, struct sim_run *run)
{
	struct event *result = &run->result;
	uint32_t next = record_at(run->file, text_end(run));
	uint64_t first = sim_between(sim, text_begin(run), text_end(run) - 1), seen = first * 0x9e3779b97f4a7c15ULL >> 20;

	if (run->file->starts[record_at(run->file, first)] == first) { /* it is one after all */
		count_from(run, record_at(run->file, first));
		return;
	}
	run->sum = seen % 1000;
	result->result.seam.first = gzip_place(run->file, first);
	result->result.seam.next = gzip_place(run->file, run->file->starts[next]);
	result->result.seam.records = 1 + seen % 5;
	if (result->result.seam.records > text_end(run) - first) /* a byte each, at least */
		result->result.seam.records = text_end(run) - first;
	result->result.outcome = SLICE_END;
	if (seen / 8 % 2 == 0) {
		result->result.outcome = SLICE_FAULT;
		result->result.fault = (struct slice_fault){.kind = FAULT_LENGTHS,
		                                            .record = seen % 3,
		                                            .at = result->result.seam.first,
		                                            .value = 3,
		                                            .value2 = 4};
	}
}

static void digest_set(struct sim_run *run)
{
	uint64_t digest = run->id.again ? 1 : run->sum * 0x9e3779b97f4a7c15ULL + 1;

	if (run->result.result.outcome == SLICE_END)
		memcpy(run->result.result.digest, &digest, sizeof digest);
}

/* What comes from a point that is none: some fault, somewhere. */
static void count_garbage(struct sim_run *run)
{
	struct event *result = &run->result;

	result->result.outcome = SLICE_FAULT;
	result->result.seam.first = result->result.seam.next =
	    run->task.start_known ? run->task.start : (struct text_place){.block = run->from, .within = 1};
	result->result.fault = (struct slice_fault){.kind = FAULT_GZIP_DATA, .at = result->result.seam.first, .value = run->from};
}

static void count(struct sim *sim, struct sim_run *run)
{
	const struct slice_task *task = &run->task;
	struct event *result = &run->result;

	*result = (struct event){.kind = EVENT_RESULT};
	result->result.id = run->id;
	result->result.task = *task;
	result->result.modules = run->modules;
	if (run->split && !run->point_right) {
		count_garbage(run);
	} else if (task->start_known || task->begin == 0) {
		uint64_t start = task->start_known ? gzip_offset(task->start) : 0;

		if (start >= text_end(run) && task->begin > 0)
			result->result.seam.first = result->result.seam.next = task->start; /* as it was told, also by a liar */
		else
			count_from(run, record_at(run->file, start));
		if (start >= text_end(run) && task->begin > 0)
			result->result.outcome = SLICE_END;
	} else if (sim_chance(sim, sim->p_unsure)) {
		result->result.outcome = SLICE_UNSURE;
	} else if (task->end > task->begin && sim_chance(sim, sim->p_guess_wrong)) {
		count_wrongly(sim, run);
	} else {
		count_from(run, record_at(run->file, text_begin(run)));
	}
	count_crc(run);
	if (run->split && result->result.outcome == SLICE_END) {
		result->result.has_report = true;
		gzip_report(run->file, run->from, text_end(run), &result->result.report);
	}
	digest_set(run);
}

/* ---- lies */

/* Of what it decoded. */
static void lie_report(struct sim *sim, struct sim_run *run)
{
	struct split_report *report = &run->result.result.report;

	if (sim_chance(sim, 400))
		run->text_lie = true;
	else if (sim_chance(sim, 500))
		report->next_bit = sim_between(sim, 0, 8 * run->file->size);
	else if (sim_chance(sim, 500))
		report->text = sim_draw(sim) % 5000;
	else
		report->head.crc = 1;
}

static void lie(struct sim *sim, struct sim_run *run)
{
	struct event *result = &run->result;

	run->lie = true;
	if (result->result.has_report && sim_chance(sim, 500)) {
		lie_report(sim, run);
		return;
	}
	if (run->id.scout)
		return;
	if (result->result.outcome != SLICE_END)
		result->result.seam.records += 1;
	else if (sim_chance(sim, 600))
		run->sum += 1 + sim_draw(sim) % 50;
	else if (sim_chance(sim, 400))
		result->result.seam.records++;
	else if (sim_chance(sim, 500))
		result->result.seam.next.block = sim_between(sim, 0, run->file->size);
	else
		result->result.fault = (struct slice_fault){.kind = FAULT_NO_AT, .at = result->result.seam.first, .value = 'y'};
	if (result->result.fault.kind != FAULT_NONE)
		result->result.outcome = SLICE_FAULT;
	digest_set(run);
}

/* With another algorithm than it had when it was given what it has: nothing may come of that. */
void count_otherwise(struct sim_node *node)
{
	for (uint32_t i = 0; i < node->runs_n && node->algorithm != 9; i++) {
		struct sim_run *run = &node->runs[i];

		if (!run->done || run->result.kind != EVENT_RESULT)
			continue;
		run->sum += 1000;
		run->lie = false;
		digest_set(run);
	}
	node->algorithm = 9;
}

/* The result of a slice that another node was given, as if it were its own. */
void lie_unasked(struct sim *sim, uint32_t index)
{
	uint32_t other = (uint32_t)(sim_draw(sim) % sim->nodes_n);
	struct sim_run run;

	if (other == index || sim->nodes[other].runs_n == 0)
		return;
	run = sim->nodes[other].runs[sim_draw(sim) % sim->nodes[other].runs_n];
	run.sum = 0;
	run.algorithm = sim->nodes[index].algorithm;
	if (run.id.scout)
		gzip_scout(sim, &run);
	else
		count(sim, &run);
	lie(sim, &run);
	run.lie = false; /* nothing may come of it */
	if (sim_chance(sim, 300))
		run.result.result.id.lease = sim_draw(sim) % 8;
	send_result(sim, index, &run);
}

/* ---- what goes wrong */

/* Whether a record begins in the slice. */
static bool has_record(const struct sim_run *run, uint32_t record)
{
	const struct sim_file *file = run->file;

	if (run->id.scout) /* from where it would begin */
		return record != UINT32_MAX && file->starts[record] >= gzip_block(file, run->task.begin) && file->starts[record] < text_end(run);
	return record != UINT32_MAX && file->starts[record] >= text_begin(run) && file->starts[record] < text_end(run);
}

/* Children die of sound slices too, but not so often of one that its file fails; audits of them as often as they like. */
static bool dies(struct sim *sim, uint32_t index, const struct sim_run *run)
{
	uint64_t key = (run->id.job * 31 + run->id.file) * 1009 + run->id.slice;
	uint8_t *deaths = &sim->deaths[key % sizeof sim->deaths];

	if (has_record(run, run->file->poison))
		return true;
	if (!sim->faults || sim->calm)
		return false;
	if (sim->p_coord + sim->p_commit_crash == 0 && observe_audit(sim, index, &run->id))
		return sim_chance(sim, 200);
	if (*deaths + 1u >= sim->limits.crashes_max || !sim_chance(sim, 20))
		return false;
	++*deaths;
	return true;
}

static void crashed(struct sim_run *run)
{
	run->result = (struct event){.kind = EVENT_CRASHED};
	run->result.failed.id = run->id;
	run->result.failed.signal = 11;
}

static void unreadable(struct sim_run *run, int error_number, const char *text)
{
	run->result = (struct event){.kind = EVENT_IO_ERROR};
	run->result.failed.id = run->id;
	run->result.failed.error_number = error_number;
	run->result.failed.text = text;
}

/* What the file system of the node says; false: nothing is wrong. */
static bool cannot_read(struct sim *sim, uint32_t index, struct sim_run *run)
{
	const struct sim_node *node = &sim->nodes[index];
	const struct sim_file *file = run->file;

	if (node->blind || file->lacking_on & (1u << index)) {
		unreadable(run, ENOENT, "is not here");
	} else if (node->hole || file->unreadable_on & (1u << index) || has_record(run, file->damaged) ||
	           (sim->faults && sim_chance(sim, sim->p_io))) {
		unreadable(run, sim_chance(sim, 700) ? EIO : ESTALE, "unreadable here");
	} else if (file->other_on & (1u << index) || sim->now >= file->changes_at) {
		run->result = (struct event){.kind = EVENT_RESULT};
		run->result.result.id = run->id;
		run->result.result.task = run->task;
		run->result.result.outcome = SLICE_FAULT;
		run->result.result.inflated = SPLIT_FAULT;
		run->result.result.fault = (struct slice_fault){.kind = FAULT_CHANGED};
	} else {
		return false;
	}
	return true;
}

/* ---- a slice's way */

void count_begin(struct sim *sim, uint32_t index, struct sim_run *run)
{
	struct sim_node *node = &sim->nodes[index];
	struct thing *done;

	if (sim->faults && sim_chance(sim, sim->p_hang)) {
		run->lasts = UINT64_MAX;
		return; /* for ever */
	}
	run->lasts = sim_between(sim, 1, 100) * node->slow;
	done = sim_plan(sim, run->lasts, THING_NODE_DONE);
	done->node = index;
	done->epoch = node->instance;
	done->action.id = run->id;
	if (run->lasts < sim->limits.stall_ms / 2)
		return;
	done = sim_plan(sim, sim->limits.stall_ms / 2, THING_NODE_PROGRESS);
	done->node = index;
	done->epoch = node->instance;
	done->action.id = run->id;
}

/* The run that a thing of the node is about, if it is still being counted. */
static struct sim_run *run_at(struct sim *sim, const struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	struct sim_run *run = node->alive && node->instance == thing->epoch ? run_of(node, &thing->action.id) : NULL;

	return run && !run->done && run->id.lease == thing->action.id.lease ? run : NULL;
}

void node_progress(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	const struct sim_run *run = run_at(sim, thing);
	uint64_t size = run ? run->task.end - run->task.begin : 0;
	struct thing *message;

	if (!run)
		return;
	if (node->link && node->welcome) {
		message = to_coordinator(sim, thing->node);
		message->event.kind = EVENT_PROGRESS;
		message->event.progress.id = run->id;
		message->event.progress.bytes = 1 + (sim->now - run->began) * size / run->lasts;
	}
	sim_later(sim, thing, sim->now + sim->limits.stall_ms / 2);
}

void node_done(struct sim *sim, struct thing *thing)
{
	struct sim_node *node = &sim->nodes[thing->node];
	struct sim_run *run = run_at(sim, thing);

	if (!run)
		return;
	run->done = true;
	run->algorithm = node->algorithm;
	if (has_record(run, run->file->killer)) {
		node_crash(sim, thing->node);
		return;
	}
	if (!cannot_read(sim, thing->node, run)) {
		if (dies(sim, thing->node, run))
			crashed(run);
		else if (run->id.scout)
			gzip_scout(sim, run);
		else
			count(sim, run);
		if (run->result.kind == EVENT_RESULT && sim->faults && (node->lies & LIE_COUNT) && sim_chance(sim, 400))
			lie(sim, run);
	}
	if (!node->link || !node->welcome)
		return;
	send_result(sim, thing->node, run);
	if (run->result.kind == EVENT_RESULT && run->result.result.outcome == SLICE_END && sim->faults && (node->lies & LIE_TWICE)) {
		struct sim_run other = *run;

		lie(sim, &other);
		other.lie = false; /* nothing may come of it */
		send_result(sim, thing->node, &other);
	}
	if (sim->faults && (node->lies & LIE_UNASKED))
		lie_unasked(sim, thing->node);
}
