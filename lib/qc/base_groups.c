/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of neighbouring positions: see base_groups.h. */
#include "lib/qc/base_groups.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"

#define SINGLE_MAX 75 /* so many positions are shown one by one */
#define SINGLE_HEAD 9 /* and of longer reads so many at their beginning */

struct list {
	struct base_group *of;
	size_t n, room;
};

/* The group of up to `width` positions from `from`, cut at n. 0 or -ENOMEM. */
static int list_add(struct list *list, uint64_t from, uint64_t width, uint64_t n)
{
	if (list->n == list->room) {
		size_t room = list->room > 0 ? 2 * list->room : 128;
		struct base_group *of = reallocarray(list->of, room, sizeof *of);

		if (!of)
			return -ENOMEM;
		list->of = of;
		list->room = room;
	}
	list->of[list->n++] = (struct base_group){from, width <= n - from ? from + width - 1 : n};
	return 0;
}

/* The first of 2, 5, 10, 20, 50 ... that gives less than 75 groups. */
static uint64_t linear_width(uint64_t n)
{
	static const uint64_t steps[] = {2, 5, 10};

	for (uint64_t scale = 1;; scale *= 10)
		for (size_t i = 0; i < 3; i++) {
			uint64_t width = steps[i] * scale;

			if (SINGLE_HEAD + (n - SINGLE_HEAD + width - 1) / width < SINGLE_MAX)
				return width;
		}
}

static int linear_make(struct list *list, uint64_t n)
{
	uint64_t width = n <= SINGLE_MAX ? 1 : linear_width(n), from = 1;
	int r = 0;

	while (r == 0 && from <= n) {
		/* Wide groups begin at multiples of their width; the first of them lacks what stands before 10. */
		uint64_t step = from <= SINGLE_HEAD ? 1 : from == 10 && width > 10 ? width - 10 : width;

		r = list_add(list, from, step, n);
		from += step;
	}
	return r;
}

static int growing_make(struct list *list, uint64_t n)
{
	static const struct {
		uint64_t from, longer_than, width;
	} steps[] = {{10, 75, 5}, {50, 200, 10}, {100, 300, 50}, {500, 1000, 100}, {1000, 2000, 500}};
	uint64_t width = 1, from = 1;
	int r = 0;

	while (r == 0 && from <= n) {
		for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
			if (from == steps[i].from && n > steps[i].longer_than)
				width = steps[i].width;
		r = list_add(list, from, width, n);
		from += width;
	}
	return r;
}

static int single_make(struct list *list, uint64_t n)
{
	int r = 0;

	for (uint64_t from = 1; r == 0 && from <= n; from++)
		r = list_add(list, from, 1, n);
	return r;
}

int base_groups_make(uint64_t n, enum base_grouping grouping, struct base_group **ret, size_t *ret_n)
{
	_cleanup_(freep) struct base_group *groups = NULL;
	struct list list = {0};
	int r;

	if (grouping == GROUPING_NONE)
		r = single_make(&list, n);
	else
		r = grouping == GROUPING_GROWING ? growing_make(&list, n) : linear_make(&list, n);
	groups = list.of;
	if (r < 0)
		return r;
	*ret = TAKE(groups);
	*ret_n = list.n;
	return 0;
}
