/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time and chance of the simulated world: see sim.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

/* splitmix64 */
uint64_t sim_draw(struct sim *sim)
{
	uint64_t z = sim->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

bool sim_chance(struct sim *sim, uint32_t of_1000)
{
	return sim_draw(sim) % 1000 < of_1000;
}

uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high)
{
	return low + sim_draw(sim) % (high - low + 1);
}

void sim_trace(struct sim *sim, uint64_t value)
{
	sim->trace = (sim->trace ^ value) * 0x100000001b3ULL;
}

void sim_fail(struct sim *sim, const char *what, const char *format, ...)
{
	va_list args;

	if (sim->failure)
		return; /* the first one counts */
	sim->failure = what;
	va_start(args, format);
	(void)vsnprintf(sim->text, sizeof sim->text, format, args);
	va_end(args);
}

static bool before(const struct thing *a, const struct thing *b)
{
	return a->at < b->at || (a->at == b->at && a->sequence < b->sequence);
}

static void push(struct sim *sim, struct thing *thing)
{
	uint32_t i;

	if (sim->heap_n == sim->heap_room) {
		sim->heap_room = sim->heap_room ? 2 * sim->heap_room : 256;
		sim->heap = realloc(sim->heap, sim->heap_room * sizeof(struct thing *));
	}
	if (!thing || !sim->heap)
		abort();
	for (i = sim->heap_n++; i > 0 && before(thing, sim->heap[(i - 1) / 2]); i = (i - 1) / 2)
		sim->heap[i] = sim->heap[(i - 1) / 2];
	sim->heap[i] = thing;
}

struct thing *sim_plan(struct sim *sim, uint64_t delay, enum thing_kind kind)
{
	struct thing *thing = calloc(1, sizeof *thing);

	if (!thing)
		abort();
	thing->at = sim->now + delay;
	thing->sequence = sim->sequence++;
	thing->kind = kind;
	push(sim, thing);
	return thing;
}

/* Its number stays: what was sent first arrives first. */
void sim_later(struct sim *sim, const struct thing *thing, uint64_t at)
{
	struct thing *copy = malloc(sizeof *copy);

	if (!copy)
		abort();
	*copy = *thing;
	copy->at = at;
	push(sim, copy);
}

struct thing *sim_next(struct sim *sim)
{
	struct thing *first, *last;
	uint32_t i = 0;

	if (sim->heap_n == 0)
		return NULL;
	first = sim->heap[0];
	last = sim->heap[--sim->heap_n];
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= sim->heap_n)
			break;
		if (child + 1 < sim->heap_n && before(sim->heap[child + 1], sim->heap[child]))
			child++;
		if (!before(sim->heap[child], last))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	if (sim->heap_n > 0)
		sim->heap[i] = last;
	sim->now = first->at;
	return first;
}
