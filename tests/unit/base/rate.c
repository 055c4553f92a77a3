/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/base/rate.c: so many in a span, and how many were left out. */
#include "lib/base/rate.h"

#include "tests/unit/tap.h"

int main(void)
{
	struct rate rate = {0};
	uint64_t left = 99;
	unsigned int done = 0;

	for (int i = 0; i < 100; i++)
		done += rate_take(&rate, 1000 + (uint64_t)i, 500, 3, &left);
	is_u64(done, 3, "three in a span");
	is_u64(left, 0, "before them none was left out");
	ok(!rate_take(&rate, 1499, 500, 3, &left), "the span is not over");
	ok(rate_take(&rate, 1500, 500, 3, &left), "now it is");
	is_u64(left, 98, "so many were left out");
	ok(rate_take(&rate, 1501, 500, 3, &left), "the next");
	is_u64(left, 0, "they are told once");
	return done_testing();
}
