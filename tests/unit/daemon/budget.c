/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/budget.c: who is granted what when, and that nothing is lost whatever the order of asking and giving back. */
#include "daemon/budget.h"

#include <stddef.h>

#include "tests/unit/tap.h"

static void test_order(void)
{
	struct budget budget = {.max = 100};
	struct claim a = {0}, b = {0}, c = {0}, d = {0};
	int owner;

	ok(budget_ask(&budget, &a, 60, NULL), "60 of 100 are granted");
	ok(!budget_ask(&budget, &b, 50, &owner), "50 more are not");
	ok(!budget_ask(&budget, &c, 10, NULL), "10 would fit, but wait behind the 50");
	ok(!budget_next(&budget), "nothing is granted as long as nothing is given back");
	ok(!budget_ask(&budget, &d, 1, NULL) && budget.waiting == 3, "three wait");
	ok(budget_return(&budget, &d) && budget.waiting == 2, "one waits no longer");
	ok(budget_return(&budget, &a), "60 come back, and others wait");
	ok(budget_next(&budget) == &b && b.state == CLAIM_GRANTED && b.owner == &owner, "the first is granted");
	ok(budget_next(&budget) == &c, "then the second");
	ok(!budget_next(&budget) && budget.used == 60, "that is all: 60 are used");
	ok(!budget_return(&budget, &b) && !budget_return(&budget, &c), "nobody waits when they come back");
	ok(!budget_return(&budget, &c) && budget.used == 0 && budget.granted == 0, "nothing comes back twice");
}

static void test_large(void)
{
	struct budget budget = {.max = 100};
	struct claim small = {0}, large = {0}, later = {0};

	ok(budget_ask(&budget, &small, 1, NULL), "1 of 100");
	ok(!budget_ask(&budget, &large, 1000, NULL), "1000 wait");
	ok(budget_return(&budget, &small), "until nothing else is granted");
	ok(budget_next(&budget) == &large, "then they are");
	ok(!budget_ask(&budget, &later, 1, NULL), "and nothing beside them");
	ok(budget_return(&budget, &large) && budget_next(&budget) == &later, "but behind them");
}

#define CLAIMS 20

/* Random asking and giving back: never more than there is, and everybody is granted in the end. */
static void test_random(void)
{
	struct budget budget = {.max = 1000};
	struct claim claims[CLAIMS] = {0};
	uint64_t state = 1, over = 0, granted = 0;

	for (int i = 0; i < 200000; i++) {
		struct claim *claim;

		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		claim = &claims[(state >> 33) % CLAIMS];
		if (claim->state == CLAIM_NONE)
			(void)budget_ask(&budget, claim, (state >> 40) % 400, NULL);
		else if (claim->state == CLAIM_GRANTED || state >> 60 == 0)
			(void)budget_return(&budget, claim);
		while (budget_next(&budget))
			granted++;
		over += budget.used > budget.max && budget.granted > 1;
	}
	is_u64(over, 0, "never more than there is");
	ok(granted > 1000, "many had to wait, and were granted: %llu", (unsigned long long)granted);
	for (int i = 0; i < CLAIMS; i++)
		(void)budget_return(&budget, &claims[i]);
	ok(budget.used == 0 && budget.granted == 0 && budget.waiting == 0 && !budget.first && !budget.last,
	   "nothing is left");
}

int main(void)
{
	test_order();
	test_large();
	test_random();
	return done_testing();
}
