/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of briefs: the same at both ends, whatever comes. */
#include "daemon/briefs.h"

#include <stddef.h>

#include "tests/unit/tap.h"

static unsigned int dropped;

static void drop(void *brief)
{
	dropped++;
	*(unsigned int *)brief = 0;
}

static void test_number(void)
{
	unsigned int briefs_held[BRIEFS_MAX + 2];
	struct briefs briefs = {0};
	struct brief_key key = {.job = 1, .number = 1};

	dropped = 0;
	for (unsigned int i = 0; i < BRIEFS_MAX; i++) {
		briefs_held[i] = 100 + i;
		key.file = i;
		briefs_add(&briefs, &key, 10, &briefs_held[i], drop);
	}
	is_u64(dropped, 0, "as many as there may be");
	key.file = 0;
	ok(briefs_find(&briefs, &key) && briefs_find(&briefs, &key)->brief == &briefs_held[0], "the first is there");
	key.number = 2;
	ok(!briefs_find(&briefs, &key), "its other number is another brief");
	briefs_add(&briefs, &key, 10, &briefs_held[BRIEFS_MAX], drop);
	ok(dropped == 1 && briefs_held[0] == 0, "one more displaces the first, found or not");
	key.file = 1;
	key.number = 1;
	briefs_add(&briefs, &key, 30, &briefs_held[BRIEFS_MAX + 1], drop);
	ok(dropped == 2 && briefs_held[1] == 0 && briefs.n == BRIEFS_MAX, "one that comes again takes its own place's turn");
	is_u64(briefs.bytes, 10 * (BRIEFS_MAX - 1) + 30, "bytes are reckoned");
	key.file = 2;
	ok(briefs_find(&briefs, &key) && briefs.items[0].key.file == 2, "the next is the oldest now");
	briefs_clear(&briefs, drop);
	ok(dropped == 2 + BRIEFS_MAX && briefs.n == 0 && briefs.bytes == 0, "all are dropped");
}

static void test_bytes(void)
{
	struct briefs briefs = {0};
	struct brief_key key = {.job = 1, .number = 2};

	for (uint32_t i = 0; i < 4; i++) {
		key.file = i;
		briefs_add(&briefs, &key, BRIEFS_BYTES_MAX / 4, NULL, NULL);
	}
	is_u64(briefs.n, 4, "as many bytes as there may be");
	key.file = 4;
	briefs_add(&briefs, &key, BRIEFS_BYTES_MAX / 4 + 1, NULL, NULL);
	is_u64(briefs.n, 3, "a little more displaces two");
	is_u64(briefs.items[0].key.file, 2, "the oldest");
	key.file = 5;
	briefs_add(&briefs, &key, 2 * BRIEFS_BYTES_MAX, NULL, NULL);
	is_u64(briefs.n, 1, "one that is larger than all may be is alone");
	key.file = 6;
	briefs_add(&briefs, &key, 1, NULL, NULL);
	ok(briefs.n == 1 && briefs.bytes == 1, "and gives way to any other");
}

int main(void)
{
	test_number();
	test_bytes();
	return done_testing();
}
