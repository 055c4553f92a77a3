/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One gzip stream, as far as the coordinator sees it: a byte of the file is a byte of text, so that offsets are the same in both. Blocks
 * begin at any, members at some of these. CRCs are 0 where they are right: sums of zeros are zero. Windows and symbols are real, so that
 * what the core makes of them can be compared with what they should be.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/symbol.h"
#include "tests/sim/sim.h"

void gzip_make(struct sim *sim, struct sim_file *file)
{
	uint64_t at = 0, most = sim->scale * sim_between(sim, 20, 1500);

	file->blocks = calloc(file->size / (sim->scale * 10) + 2, sizeof *file->blocks);
	if (!file->blocks)
		abort();
	while (at < file->size) {
		file->blocks[file->blocks_n++] = at;
		if (file->members_n == 0 || (file->members_n < 4 && sim_chance(sim, 20)))
			file->members[file->members_n++] = at;
		at += sim_between(sim, sim->scale * 10, most);
	}
}

/* The member that holds the byte. */
static uint64_t member_of(const struct sim_file *file, uint64_t offset)
{
	uint32_t i = file->members_n;

	while (i > 1 && file->members[i - 1] > offset)
		i--;
	return i > 0 ? file->members[i - 1] : 0;
}

/* The first member that begins there or behind, or the end of all. */
static uint64_t member_from(const struct sim_file *file, uint64_t offset)
{
	for (uint32_t i = 0; i < file->members_n; i++)
		if (file->members[i] >= offset)
			return file->members[i];
	return file->size;
}

struct text_place gzip_place(const struct sim_file *file, uint64_t offset)
{
	uint64_t member;

	if (!file->blocks || offset >= file->size)
		return (struct text_place){.block = offset};
	member = member_of(file, offset);
	return (struct text_place){.block = member, .within = offset - member};
}

uint64_t gzip_offset(struct text_place place)
{
	return place.block + place.within;
}

uint64_t gzip_block(const struct sim_file *file, uint64_t offset)
{
	uint32_t low = 0, high = file->blocks_n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (file->blocks[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < file->blocks_n ? file->blocks[low] : file->size;
}

void gzip_report(const struct sim_file *file, uint64_t from, uint64_t to, struct split_report *ret)
{
	bool first = member_from(file, from) == from, next = member_from(file, to) == to;
	uint64_t end = first ? from : member_from(file, from + 1), tail = next ? to : member_of(file, to);

	*ret = (struct split_report){
	    .first_bit = 8 * from,
	    .next_bit = 8 * to,
	    .first_header = first,
	    .next_header = next,
	    .text = to - from,
	    .head_ends = first || end <= to,
	    .counted = true,
	};
	ret->head.length = first ? 0 : (end < to ? end : to) - from;
	if (!ret->head_ends)
		return;
	ret->tail_member = tail;
	ret->tail.length = to - tail;
	if (first)
		return;
	ret->head_trailer.size = (uint32_t)(end - member_of(file, from));
	ret->head_trailer.crc = end == file->size && file->crc_wrong;
}

/* ---- scouts */

void gzip_scout(struct sim *sim, struct sim_run *run)
{
	struct event *result = &run->result;
	const struct slice_task *task = &run->task;
	uint64_t from = gzip_block(run->file, task->begin), to = gzip_block(run->file, task->end);

	*result = (struct event){.kind = EVENT_RESULT};
	result->result.id = run->id;
	result->result.outcome = SLICE_UNSURE;
	if (from >= task->end || sim_chance(sim, sim->p_false)) {
		result->result.inflated = sim_chance(sim, 200) ? SPLIT_LARGE : SPLIT_UNSURE;
		return;
	}
	result->result.inflated = SPLIT_DONE;
	result->result.has_report = true;
	gzip_report(run->file, from, to, &result->result.report);
	result->result.report.counted = false;
	result->result.report.reach = from - member_of(run->file, from) < SPLIT_WINDOW ? (uint32_t)(from - member_of(run->file, from))
	                                                                               : SPLIT_WINDOW;
	if (!result->result.report.first_header && sim_chance(sim, sim->p_false)) /* what looks like a boundary, and decodes to a true one */
		result->result.report.first_bit += 3;
}

/* ---- text */

static uint8_t byte_at(const struct sim_file *file, uint64_t offset)
{
	return (uint8_t)((offset * 0x9e3779b97f4a7c15ULL >> 56) + (file->size & 31));
}

/* The bytes before an offset, as far as they are of its member. */
void gzip_window(struct sim *sim, const struct sim_file *file, uint64_t end)
{
	uint64_t member = end > 0 ? member_of(file, end - 1) : 0, known = end - member;

	memset(sim->window, 0, sizeof sim->window);
	if (member_from(file, end) == end)
		return; /* nothing of it is needed */
	known = known < SPLIT_WINDOW ? known : SPLIT_WINDOW;
	for (uint64_t i = 0; i < known; i++)
		sim->window[SPLIT_WINDOW - known + i] = byte_at(file, end - known + i);
}

/* The same in symbols, of who knows nothing before `from`. */
static void symbols_fill(struct sim *sim, const struct sim_file *file, uint64_t from, uint64_t end)
{
	for (uint64_t i = 0; i < SPLIT_WINDOW; i++) {
		uint64_t back = SPLIT_WINDOW - i, offset = end - back;

		if (back <= end - from)
			sim->symbols[i] = byte_at(file, offset);
		else
			sim->symbols[i] = (uint16_t)(SYMBOL_OPEN + SPLIT_WINDOW - (back - (end - from)));
	}
}

static const struct sim_file *file_of(struct sim *sim, const struct slice_id *id)
{
	uint32_t index;
	const struct file_row *row = image_file(&sim->working, id->job, id->file, &index);

	return row ? file_made_of(sim, row->path) : NULL;
}

void gzip_fill(struct sim *sim, struct event *event, bool lie)
{
	const struct split_report *report = &event->result.report;
	const struct sim_file *file;

	if (event->kind != EVENT_RESULT || !event->result.has_report || !(file = file_of(sim, &event->result.id)))
		return;
	if (!event->result.id.scout) {
		gzip_window(sim, file, report->next_bit / 8);
		sim->window[SPLIT_WINDOW - 1] ^= lie;
		sim->window_right = !lie;
		event->result.window = sim->window;
	} else if (!report->next_header) {
		symbols_fill(sim, file, report->first_bit / 8, report->next_bit / 8);
		sim->symbols[SPLIT_WINDOW - 1] ^= lie;
		event->result.symbols = sim->symbols;
	}
}

bool gzip_point_right(struct sim *sim, const struct sim_file *file, const struct action *action)
{
	const struct split_point *point = &action->task.point;
	const struct text_place place = gzip_place(file, point->bit / 8);
	const struct slice_id *id = &action->task.id;
	size_t n = split_window_size(point);

	if (point->bit % 8 != 0 || gzip_block(file, point->bit / 8) != point->bit / 8 ||
	    gzip_block(file, action->task.task.begin) != point->bit / 8 || point->member != place.block || point->within != place.within ||
	    point->header != (member_from(file, point->bit / 8) == point->bit / 8))
		return false;
	if (n == 0)
		return true;
	if (action->task.window_from != UINT64_MAX) {
		const struct sim_slice *slice = image_slice(&sim->working, id->job, id->file, action->task.window_from);

		return slice && slice->has_report && slice->window_right && slice->report.next_bit == point->bit;
	}
	gzip_window(sim, file, point->bit / 8);
	return memcmp(sim->window + SPLIT_WINDOW - n, point->window, n) == 0;
}
