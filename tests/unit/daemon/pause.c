/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/worker/pause.c: limits double, and many workers that lose a coordinator at once do not come back at once. */
#include "daemon/worker/pause.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define PEERS 300
#define LONGEST_MS 5000
#define WINDOW_MS 500
#define TRIALS 50

static void test_limits(void)
{
	uint64_t limit = 0;

	is_u64(pause_limit(&limit, PAUSE_FIRST_MS, LONGEST_MS), 100, "the first limit");
	is_u64(pause_limit(&limit, PAUSE_FIRST_MS, LONGEST_MS), 200, "doubles");
	is_u64(pause_limit(&limit, PAUSE_LOST_MS, LONGEST_MS), 3000, "a lost coordinator has a long one");
	is_u64(pause_limit(&limit, PAUSE_FIRST_MS, LONGEST_MS), 5000, "none is longer than the longest");
	is_u64(pause_limit(&limit, PAUSE_FIRST_MS, LONGEST_MS), 5000, "and stays so");
	limit = 0;
	is_u64(pause_limit(&limit, PAUSE_LOST_MS, 200), 200, "also the first");
}

static uint64_t draw(uint64_t *state, uint64_t limit)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % (limit + 1);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* When each of the peers is there again, if the coordinator is away from 0 to down_ms and every try before that fails at once. */
static void come_back(uint64_t *state, uint64_t down_ms, uint64_t ret[PEERS])
{
	for (int i = 0; i < PEERS; i++) {
		uint64_t limit = 0, at = draw(state, pause_limit(&limit, PAUSE_LOST_MS, LONGEST_MS));

		while (at < down_ms)
			at += draw(state, pause_limit(&limit, PAUSE_FIRST_MS, LONGEST_MS));
		ret[i] = at;
	}
	qsort(ret, PEERS, sizeof *ret, compare);
}

/* The most that come within any WINDOW_MS. */
static unsigned crowd(const uint64_t at[PEERS])
{
	unsigned most = 0;

	for (unsigned i = 0, from = 0; i < PEERS; i++) {
		while (at[i] - at[from] >= WINDOW_MS)
			from++;
		most = i - from + 1 > most ? i - from + 1 : most;
	}
	return most;
}

static void test_crowds(void)
{
	static const uint64_t downs[] = {0, 50, 300, 700, 1000, 1200, 1500, 2000, 3000, 5000, 60000};
	uint64_t state = 1, at[PEERS];

	for (size_t i = 0; i < sizeof downs / sizeof *downs; i++) {
		unsigned most = 0;
		uint64_t last = 0;

		for (int trial = 0; trial < TRIALS; trial++) {
			come_back(&state, downs[i], at);
			most = crowd(at) > most ? crowd(at) : most;
			last = at[PEERS - 1] - downs[i] > last ? at[PEERS - 1] - downs[i] : last;
		}
		ok(most <= PEERS / 3, "away for %llu ms: at most %u of %d come within %d ms", (unsigned long long)downs[i], most, PEERS,
		   WINDOW_MS);
		ok(last <= LONGEST_MS, "and the last after %llu ms", (unsigned long long)last);
	}
}

int main(void)
{
	test_limits();
	test_crowds();
	return done_testing();
}
