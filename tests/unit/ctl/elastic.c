/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many workers are held: single decisions, and a Slurm that loses answers, is away, takes jobs late and forgets them, in which never
 * more than max workers are there.
 */
#include "ctl/slurm/elastic.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define GIB (UINT64_C(1) << 30)

static const struct elastic_rules usual = {.min = 0, .max = 10, .bytes_per_worker = GIB, .idle_ms = 60000, .settle_ms = 30000};

static struct elastic_decision decide(const struct elastic_rules *rules, struct elastic_state *state, uint64_t now, uint64_t bytes,
                                      uint64_t jobs, const struct elastic_worker *workers, size_t n)
{
	const struct elastic_seen seen = {.now_ms = now, .bytes = bytes, .jobs = jobs, .workers = workers, .n = n};
	struct elastic_decision decision;
	size_t ends[64];

	elastic_decide(rules, &seen, state, &decision, ends);
	return decision;
}

static void test_growth(void)
{
	struct elastic_state state = {0};
	struct elastic_worker two[2] = {{ELASTIC_PENDING, 0}, {ELASTIC_ENDING, 0}};
	struct elastic_rules rules = usual;

	is_u64(decide(&usual, &state, 1000, 5 * GIB, 1, NULL, 0).start, 0, "some may be on their way when it begins");
	is_u64(decide(&usual, &state, 30999, 5 * GIB, 1, NULL, 0).start, 0, "for settle");
	is_u64(decide(&usual, &state, 31000, 5 * GIB, 1, NULL, 0).start, 5, "then one for each GiB");
	is_u64(decide(&usual, &state, 31000, 5 * GIB + 1, 1, NULL, 0).start, 6, "a byte more, a worker more");
	is_u64(decide(&usual, &state, 31000, 0, 1, NULL, 0).start, 1, "a job of which nothing is known needs one");
	is_u64(decide(&usual, &state, 31000, 0, 0, NULL, 0).start, 0, "nothing needs none");
	is_u64(decide(&usual, &state, 31000, 500 * GIB, 9, NULL, 0).start, 10, "never more than max");
	is_u64(decide(&usual, &state, 31000, 500 * GIB, 9, two, 2).start, 8, "of which one waits and one ends");
	is_u64(decide(&usual, &state, 31000, 2 * GIB, 9, two, 2).start, 1, "one that ends is none that counts");
	is_u64(decide(&usual, &state, 31000, UINT64_MAX, 9, NULL, 0).start, 10, "any number of bytes");
	rules.min = 3;
	is_u64(decide(&rules, &state, 31000, 0, 0, NULL, 0).start, 3, "min is held without any job");
	rules = (struct elastic_rules){.bytes_per_worker = GIB};
	is_u64(decide(&rules, &state, 31000, 5 * GIB, 1, NULL, 0).start, 0, "max 0 holds none");
}

static void test_pauses(void)
{
	struct elastic_state state = {0};
	struct elastic_worker one = {ELASTIC_IDLE, 0};

	(void)decide(&usual, &state, 1000, GIB, 1, NULL, 0);
	elastic_started(&usual, 40000, false, &state);
	is_u64(decide(&usual, &state, 40001, GIB, 1, NULL, 0).start, 1, "the first that is gone again is replaced at once");
	elastic_started(&usual, 41000, false, &state);
	is_u64(decide(&usual, &state, 50999, GIB, 1, NULL, 0).start, 0, "the second later");
	is_u64(decide(&usual, &state, 51000, GIB, 1, NULL, 0).start, 1, "10 seconds");
	for (int i = 0; i < 20; i++)
		elastic_started(&usual, 60000, false, &state);
	is_u64(decide(&usual, &state, 60000 + 599999, GIB, 1, NULL, 0).start, 0, "at most 10 minutes");
	is_u64(decide(&usual, &state, 60000 + 600000, GIB, 1, NULL, 0).start, 1, "it is tried again for ever");
	(void)decide(&usual, &state, 700000, 2 * GIB, 1, &one, 1);
	elastic_started(&usual, 700000, false, &state);
	is_u64(decide(&usual, &state, 700001, 2 * GIB, 1, NULL, 0).start, 2, "one that came up ends the pauses");
	state.pause_ms = 0;
	elastic_started(&usual, 800000, true, &state);
	is_u64(decide(&usual, &state, 829999, GIB, 1, NULL, 0).start, 0, "an sbatch that failed may have been taken");
	is_u64(decide(&usual, &state, 830000, GIB, 1, NULL, 0).start, 1, "until settle is over");
}

static void test_shrink(void)
{
	struct elastic_state state = {0};
	struct elastic_worker workers[4] = {{ELASTIC_IDLE, 1000}, {ELASTIC_BUSY, 1000}, {ELASTIC_PENDING, 1000}, {ELASTIC_IDLE, 50000}};
	struct elastic_rules rules = usual;

	is_u64(decide(&usual, &state, 10000, GIB, 1, workers, 4).end_n, 0, "fewer are needed: nobody is ended at once");
	is_u64(decide(&usual, &state, 69999, GIB, 1, workers, 4).end_n, 0, "for idle");
	is_u64(decide(&usual, &state, 70000, GIB, 1, workers, 4).end_n, 2, "then what waits, and who was idle for so long");
	is_u64(decide(&usual, &state, 70000, 3 * GIB, 1, workers, 4).end_n, 1, "as many as are too many: first what waits");
	is_u64(decide(&usual, &state, 70000, 4 * GIB, 1, workers, 4).end_n, 0, "none when they are needed");
	is_u64(decide(&usual, &state, 71000, GIB, 1, workers, 4).end_n, 0, "and from then on idle begins anew");
	rules.min = 4;
	state = (struct elastic_state){0};
	(void)decide(&rules, &state, 1, 0, 0, workers, 4);
	is_u64(decide(&rules, &state, 900000, 0, 0, workers, 4).end_n, 0, "min stays");
	rules.min = 0;
	rules.max = 2;
	state = (struct elastic_state){0};
	is_u64(decide(&rules, &state, 60000, 9 * GIB, 1, workers, 4).end_n, 2, "beyond a smaller max at once, but nobody who is busy");
	rules.max = 0;
	is_u64(decide(&rules, &state, 60000, 9 * GIB, 1, workers, 4).end_n, 3, "max 0: all but who is busy");
	is_u64(decide(&rules, &state, 60000, 9 * GIB, 1, workers, 4).start, 0, "and none is started");
}

/* ---- a Slurm that fails */

#define TASKS 64
#define LATE_MS 25000 /* below settle: as late as a job may appear of which sbatch has not told */

struct task {
	bool there;       /* known to Slurm */
	uint64_t seen_ms; /* when it is, or will be */
	struct elastic_worker worker;
};

struct world {
	uint64_t now, bytes;
	struct task tasks[TASKS];
	size_t most;
	uint64_t started;
};

static size_t chance(size_t n)
{
	return (size_t)random() % n;
}

static size_t listed(struct world *world, struct elastic_worker *workers, size_t *places)
{
	size_t n = 0;

	for (size_t i = 0; i < TASKS; i++)
		if (world->tasks[i].there && world->tasks[i].seen_ms <= world->now) {
			workers[n] = world->tasks[i].worker;
			places[n++] = i;
		}
	return n;
}

/* sbatch: refused, taken and told, taken and not told, or taken late. Whether it failed as its caller sees it. */
static bool submit(struct world *world, uint64_t n)
{
	size_t how = chance(6);

	for (size_t i = 0; i < TASKS && n > 0 && how != 0; i++)
		if (!world->tasks[i].there) {
			world->tasks[i] = (struct task){.there = true, .seen_ms = world->now + (how == 1 ? chance(LATE_MS) : 0),
			                                .worker = {ELASTIC_PENDING, world->now}};
			world->started++;
			n--;
		}
	return how <= 2;
}

static void live(struct world *world)
{
	size_t n = 0;

	world->now += 1000 + chance(10000);
	if (chance(8) == 0)
		world->bytes = chance(3) == 0 ? 0 : chance(40) * GIB;
	for (size_t i = 0; i < TASKS; i++) {
		struct task *task = &world->tasks[i];

		if (!task->there || task->seen_ms > world->now)
			continue;
		n++;
		if (chance(25) == 0 || (task->worker.is == ELASTIC_ENDING && chance(3) == 0)) { /* ends, or is lost with slurmctld */
			task->there = false;
			continue;
		}
		if (task->worker.is == ELASTIC_PENDING && chance(3) == 0)
			task->worker = (struct elastic_worker){ELASTIC_STARTING, world->now};
		else if (task->worker.is == ELASTIC_STARTING || task->worker.is == ELASTIC_IDLE || task->worker.is == ELASTIC_BUSY)
			task->worker.is = world->bytes ? ELASTIC_BUSY : ELASTIC_IDLE;
	}
	if (n > world->most)
		world->most = n;
}

static void look(struct world *world, const struct elastic_rules *rules, struct elastic_state *state)
{
	struct elastic_worker workers[TASKS];
	size_t places[TASKS], ends[TASKS], n = listed(world, workers, places);
	const struct elastic_seen seen = {.now_ms = world->now, .bytes = world->bytes, .jobs = world->bytes > 0, .workers = workers, .n = n};
	struct elastic_decision decision;

	elastic_decide(rules, &seen, state, &decision, ends);
	for (size_t i = 0; i < decision.end_n; i++) {
		struct task *task = &world->tasks[places[ends[i]]];

		if (task->worker.is == ELASTIC_PENDING)
			task->there = false;
		else
			task->worker = (struct elastic_worker){ELASTIC_ENDING, world->now};
	}
	if (decision.start > 0)
		elastic_started(rules, world->now, submit(world, decision.start), state);
}

static void test_failures(void)
{
	size_t worst = 0, worlds = 0;
	uint64_t started = 0;

	for (unsigned seed = 1; seed <= 300; seed++) {
		struct elastic_state state = {0};
		struct world world = {.now = 1};

		srandom(seed);
		for (int i = 0; i < 400; i++) {
			live(&world);
			if (chance(40) == 0)
				state = (struct elastic_state){0}; /* it was started anew */
			if (chance(5) > 0) /* or squeue was not to be asked */
				look(&world, &usual, &state);
		}
		worst = world.most > worst ? world.most : worst;
		started += world.started;
		worlds += world.most == usual.max;
	}
	ok(worst == usual.max, "300 worlds full of failures: %zu workers at most, and max is 10", worst);
	ok(worlds > 250, "which were wanted and there in most: %zu", worlds);
	ok(started > 10000, "%llu workers were started in all", (unsigned long long)started);
}

/* A load that goes up and down quicker than idle: nobody is ended and started again. */
static void test_flutter(void)
{
	struct elastic_state state = {0};
	struct world world = {.now = 1};
	uint64_t starts = 0;

	for (int i = 0; i < 200; i++) {
		struct elastic_worker workers[TASKS];
		size_t places[TASKS], ends[TASKS];
		struct elastic_seen seen = {.workers = workers};
		struct elastic_decision decision;

		world.now += 20000;
		for (size_t k = 0; k < TASKS; k++)
			if (world.tasks[k].there && world.tasks[k].worker.is != ELASTIC_IDLE)
				world.tasks[k].worker = (struct elastic_worker){ELASTIC_IDLE, world.now};
		seen.n = listed(&world, workers, places);
		seen.now_ms = world.now;
		seen.bytes = i % 2 ? 8 * GIB : GIB;
		seen.jobs = 1;
		elastic_decide(&usual, &seen, &state, &decision, ends);
		for (size_t k = 0; k < decision.end_n; k++)
			world.tasks[places[ends[k]]].there = false;
		for (uint64_t k = 0, at = 0; k < decision.start; at++)
			if (!world.tasks[at].there) {
				world.tasks[at] = (struct task){.there = true, .worker = {ELASTIC_IDLE, world.now}};
				k++;
				starts++;
			}
	}
	is_u64(starts, 8, "a queue that flutters costs no workers");
}

int main(void)
{
	test_growth();
	test_pauses();
	test_shrink();
	test_failures();
	test_flutter();
	return done_testing();
}
