/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups of positions: their bounds, that they cover every position once, and that there are few of them. */
#include "lib/qc/base_groups.h"

#include <stdbool.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

/* Whether the groups follow each other from 1 to n. */
static bool groups_cover(const struct base_group *groups, size_t groups_n, uint64_t n)
{
	uint64_t next = 1;

	for (size_t i = 0; i < groups_n; i++) {
		if (groups[i].from != next || groups[i].to < groups[i].from)
			return false;
		next = groups[i].to + 1;
	}
	return next == n + 1;
}

static void test_cover(enum base_grouping grouping, const char *name, size_t most)
{
	size_t wrong = 0;

	for (uint64_t n = 0; n < 3000000; n = n < 2500 ? n + 1 : n * 9 / 7) {
		_cleanup_(freep) struct base_group *groups = NULL;
		size_t groups_n = 0;

		if (grouping == GROUPING_NONE && n > 2500)
			break;
		wrong += base_groups_make(n, grouping, &groups, &groups_n) != 0 || !groups_cover(groups, groups_n, n) ||
		         groups_n > most;
	}
	is_u64(wrong, 0, "%s groups cover all positions of any length", name);
}

/* The last lengths at which each width is enough, and the length behind. */
static void test_widths(void)
{
	static const struct {
		uint64_t n, width;
	} rows[] = {
		{75, 1},     {76, 2},     {139, 2},     {140, 5},    {334, 5},    {335, 10},    {659, 10},    {660, 20},   {1309, 20},
		{1310, 50},  {3259, 50},  {3260, 100},  {6509, 100}, {6510, 200}, {13009, 200}, {13010, 500}, {32509, 500}, {32510, 1000},
		{65009, 1000}, {65010, 2000},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_cleanup_(freep) struct base_group *groups = NULL;
		size_t n = 0, wide = rows[i].width > 10 ? 10 : 9; /* the first group of the full width */

		is_int(base_groups_make(rows[i].n, GROUPING_LINEAR, &groups, &n), 0, "%u positions", (unsigned int)rows[i].n);
		is_u64(groups[wide].to - groups[wide].from + 1, rows[i].width, "their groups are of %u",
		       (unsigned int)rows[i].width);
		is_u64(groups[8].to, 9, "the first nine stand alone");
		if (rows[i].width > 10)
			is_u64(groups[9].to, rows[i].width - 1, "and the tenth group ends before the first round number");
	}
}

static void test_growing(void)
{
	_cleanup_(freep) struct base_group *groups = NULL;
	size_t n = 0;

	is_int(base_groups_make(2600, GROUPING_GROWING, &groups, &n), 0, "growing groups of 2600");
	is_u64(groups[9].to, 14, "by 5 from 10");
	is_u64(groups[17].to, 59, "by 10 from 50");
	is_u64(groups[22].to, 149, "by 50 from 100");
	is_u64(groups[30].to, 599, "by 100 from 500");
	is_u64(groups[35].to, 1499, "by 500 from 1000");
	is_u64(groups[n - 1].to, 2600, "the last is cut");
}

int main(void)
{
	test_cover(GROUPING_LINEAR, "linear", 75);
	test_cover(GROUPING_NONE, "single", 2500);
	test_cover(GROUPING_GROWING, "growing", 10000);
	test_widths();
	test_growing();
	return done_testing();
}
