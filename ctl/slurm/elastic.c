/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many workers: see elastic.h. */
#include "ctl/slurm/elastic.h"

static uint64_t wanted(const struct elastic_rules *rules, const struct elastic_seen *seen)
{
	uint64_t want = seen->bytes / rules->bytes_per_worker + (seen->bytes % rules->bytes_per_worker > 0);

	if (want == 0 && seen->jobs > 0) /* whose files nobody has opened yet */
		want = 1;
	if (want < rules->min)
		want = rules->min;
	return want < rules->max ? want : rules->max;
}

static size_t count(const struct elastic_seen *seen, enum elastic_is is)
{
	size_t n = 0;

	for (size_t i = 0; i < seen->n; i++)
		n += seen->workers[i].is == is;
	return n;
}

/* Up to `surplus` of those that are so, and have been for long enough. */
static uint64_t end_some(const struct elastic_seen *seen, enum elastic_is is, uint64_t long_ms, uint64_t surplus,
                         struct elastic_decision *ret, size_t *ends)
{
	for (size_t i = seen->n; i-- > 0 && surplus > 0;) { /* the youngest first */
		const struct elastic_worker *worker = &seen->workers[i];

		if (worker->is != is || seen->now_ms < worker->since_ms + long_ms)
			continue;
		ends[ret->end_n++] = i;
		surplus--;
	}
	return surplus;
}

/* More than are wanted: those beyond max that have nothing in hand at once, others when that has lasted. */
static void shrink(const struct elastic_rules *rules, const struct elastic_seen *seen, struct elastic_state *state, uint64_t there,
                   struct elastic_decision *ret, size_t *ends)
{
	uint64_t beyond = there > rules->max ? there - rules->max : 0, surplus = there - ret->want, left;

	if (!state->over_ms)
		state->over_ms = seen->now_ms;
	if (seen->now_ms >= state->over_ms + rules->idle_ms)
		beyond = 0;
	else
		surplus = beyond;
	left = end_some(seen, ELASTIC_PENDING, 0, surplus, ret, ends);
	(void)end_some(seen, ELASTIC_IDLE, beyond ? 0 : rules->idle_ms, left, ret, ends);
}

void elastic_decide(const struct elastic_rules *rules, const struct elastic_seen *seen, struct elastic_state *state,
                    struct elastic_decision *ret, size_t *ends)
{
	uint64_t there = seen->n - count(seen, ELASTIC_ENDING), room = rules->max > seen->n ? rules->max - seen->n : 0;

	*ret = (struct elastic_decision){.want = wanted(rules, seen)};
	if (!state->begun_ms) {
		state->begun_ms = seen->now_ms ? seen->now_ms : 1;
		state->next_ms = seen->now_ms + rules->settle_ms;
	}
	if (count(seen, ELASTIC_BUSY) + count(seen, ELASTIC_IDLE) > 0)
		state->pause_ms = 0; /* they come up */
	if (there > ret->want) {
		shrink(rules, seen, state, there, ret, ends);
		return;
	}
	state->over_ms = 0;
	if (there == ret->want || seen->now_ms < state->next_ms)
		return;
	ret->start = ret->want - there < room ? ret->want - there : room;
}

void elastic_started(const struct elastic_rules *rules, uint64_t now_ms, bool failed, struct elastic_state *state)
{
	uint64_t wait = state->pause_ms;

	state->pause_ms = wait ? wait * 2 : ELASTIC_PAUSE_FIRST_MS;
	if (state->pause_ms > ELASTIC_PAUSE_LARGEST_MS)
		state->pause_ms = ELASTIC_PAUSE_LARGEST_MS;
	if (failed && wait < rules->settle_ms)
		wait = rules->settle_ms;
	state->next_ms = now_ms + wait;
}
