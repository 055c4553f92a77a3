/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the members of gzip begin in the text: see marks.h. */
#include "lib/fastq/marks.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int marks_add(struct marks *marks, uint64_t number, uint64_t block)
{
	assert(marks->n == 0 || marks->list[marks->n - 1].number <= number);
	if (marks->n > 0 && marks->list[marks->n - 1].number == number)
		marks->n--;
	if (marks->n == marks->capacity) {
		size_t capacity = marks->capacity ? 2 * marks->capacity : 64;
		struct mark *list = reallocarray(marks->list, capacity, sizeof *list);

		if (!list)
			return -ENOMEM;
		marks->list = list;
		marks->capacity = capacity;
	}
	marks->list[marks->n++] = (struct mark){.number = number, .block = block};
	return 0;
}

int marks_begin(struct marks *marks, struct text_place place)
{
	int r = marks_add(marks, 0, place.block);

	if (r == 0)
		marks->list[0].within = place.within;
	return r;
}

/* The index of the last mark at or before number. */
static size_t find(const struct marks *marks, uint64_t number)
{
	size_t low = 0, high = marks->n;

	assert(marks->n > 0 && marks->list[0].number <= number);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (marks->list[middle].number <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void marks_forget(struct marks *marks, uint64_t before)
{
	size_t first;

	if (marks->n == 0)
		return;
	first = find(marks, before);
	marks->n -= first;
	memmove(marks->list, marks->list + first, marks->n * sizeof *marks->list);
}

struct text_place marks_place(const struct marks *marks, uint64_t number)
{
	const struct mark *mark = &marks->list[find(marks, number)];

	return (struct text_place){.block = mark->block, .within = mark->within + (number - mark->number)};
}

void marks_deinit(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){0};
}
