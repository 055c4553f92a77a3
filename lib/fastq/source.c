/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a slice: see source.h. Plain files are read here; gzip and BGZF are gzip_source.h, slices of gzip split_source.h. */
#include "lib/fastq/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/gzip_source.h"
#include "lib/fastq/input.h"
#include "lib/fastq/split_source.h"

/* Within its slice a plain file is read in steps as large as there is room; behind it, for one last record, in these. */
#define BEHIND_STEP (64u << 10)

struct source {
	const struct split_point *point; /* NULL, or where it begins */
	struct gzip_source *gzip;   /* one of these, or a plain file */
	struct split_source *split;
	struct input input;       /* plain */
	uint64_t begin, end;      /* plain: where reading began, where the slice ends */
	struct slice_fault fault; /* plain */
};

int source_new(int fd, const struct slice_task *task, struct source **ret)
{
	_cleanup_(freep) struct source *source = calloc(1, sizeof *source);
	int r = 0;

	if (!source)
		return -ENOMEM;
	source->input = (struct input){.fd = fd, .size = task->file_size};
	source->end = task->end;
	source->point = task->point;
	if (task->point && !task->rest)
		r = split_source_new(fd, task, &source->split);
	else if (task->kind != FILE_PLAIN)
		r = gzip_source_new(fd, task, &source->gzip);
	if (r == 0)
		*ret = TAKE(source);
	return r;
}

struct source *source_free(struct source *source)
{
	if (source) {
		gzip_source_free(source->gzip);
		split_source_free(source->split);
	}
	free(source);
	return NULL;
}

void source_begin(struct source *source, uint64_t offset)
{
	if (source->gzip && source->point)
		gzip_source_enter(source->gzip, source->point);
	else if (source->gzip)
		gzip_source_begin(source->gzip, offset);
	source->begin = source->input.at = offset;
}

enum source_outcome source_find_block(struct source *source, uint64_t from, uint64_t *ret_offset)
{
	assert(source->gzip);
	return gzip_source_find_block(source->gzip, from, ret_offset);
}

int source_fill(struct source *source, uint8_t *to, size_t room, struct marks *marks, size_t *ret_n)
{
	struct input *input = &source->input;
	uint64_t want;

	assert(room >= SOURCE_ROOM_MIN);
	if (source->gzip)
		return gzip_source_fill(source->gzip, to, room, marks, ret_n);
	if (source->split)
		return split_source_fill(source->split, to, room, marks, ret_n);
	want = BEHIND_STEP + (input->at < source->end ? source->end - input->at : 0);
	switch (input_read(input, to, want < room ? (size_t)want : room, ret_n, &source->fault)) {
	case INPUT_DATA:
		return SOURCE_TEXT;
	case INPUT_END:
		return SOURCE_END;
	case INPUT_FAULT:
		break;
	}
	return SOURCE_FAULT;
}

const struct slice_fault *source_fault(const struct source *source)
{
	if (source->split)
		return split_source_fault(source->split);
	return source->gzip ? gzip_source_fault(source->gzip) : &source->fault;
}

uint64_t source_limit(const struct source *source)
{
	if (source->gzip)
		return gzip_source_limit(source->gzip);
	if (source->split)
		return split_source_limit(source->split);
	return source->end > source->begin ? source->end - source->begin : 0;
}

struct text_place source_place(const struct source *source, const struct marks *marks,
                               uint64_t number)
{
	if (source->gzip || source->split)
		return marks_place(marks, number);
	return (struct text_place){.block = source->begin + number};
}

struct text_place source_end_place(const struct source *source)
{
	return (struct text_place){.block = source->input.size};
}

uint64_t source_offset(const struct source *source)
{
	if (source->split)
		return split_source_offset(source->split);
	return source->gzip ? gzip_source_offset(source->gzip) : source->input.at;
}

const struct split_report *source_split(const struct source *source, const uint8_t **ret_window)
{
	return source->split ? split_source_report(source->split, ret_window) : NULL;
}
