/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core under random events: none may break it, and no node is given more than it has slots. */
#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

static void random_event(uint64_t *state, struct event *event)
{
	static const char *const names[] = {"node01", "node02", "node03"};
	static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq"};
	struct slice_id id = {draw(state, 12), (uint32_t)draw(state, 3), draw(state, 12), draw(state, 100), draw(state, 3) == 0};

	event->kind = (enum event_kind)(EVENT_TICK + draw(state, EVENT_MERGED));
	event->peer = draw(state, 6);
	event->request = 1;
	if (event->kind == EVENT_NODE_HELLO) {
		event->hello = (struct node_hello){.name = names[draw(state, 3)], .slots = (uint32_t)draw(state, 4),
		                                   .algorithm = FAKE_ALGORITHM - (draw(state, 8) == 0)};
	} else if (event->kind == EVENT_OPENED) {
		event->opened.job = id.job;
		event->opened.file = id.file;
		event->opened.facts.fingerprint.size = draw(state, 1200);
		event->opened.facts.kind = draw(state, 4) ? FILE_PLAIN : FILE_GZIP;
		if (draw(state, 3) == 0)
			event->opened.error.class = draw(state, 2) ? ERROR_DATA : ERROR_NO_INPUT;
	} else if (event->kind == EVENT_SUBMIT) {
		event->submit.row.owner[0] = "ab"[draw(state, 2)];
		event->submit.row.algorithm = FAKE_ALGORITHM;
		event->submit.row.slice_size = draw(state, 200);
		event->submit.row.files = (uint32_t)draw(state, 4);
		event->submit.paths = paths;
	} else if (event->kind == EVENT_CANCEL) {
		event->cancel.job = id.job;
		event->cancel.owner = "a";
	} else if (event->kind == EVENT_DRAIN || event->kind == EVENT_RESUME) {
		event->drain.node = names[draw(state, 3)];
	} else if (event->kind == EVENT_RESULT) {
		event->result.id = id;
		event->result.outcome = (enum slice_outcome)(SLICE_END + draw(state, 3));
		event->result.task.start_known = draw(state, 2);
		event->result.seam.first.block = 100 * draw(state, 12);
		event->result.seam.next.block = event->result.seam.first.block + 50 * draw(state, 4);
		event->result.seam.records = draw(state, 3);
		event->result.fault.kind = (enum fault_kind)(FAULT_NO_AT + draw(state, _FAULT_MAX - 1));
	} else if (event->kind == EVENT_PROGRESS) {
		event->progress.id = id;
		event->progress.bytes = draw(state, 100);
	} else if (event->kind == EVENT_HOLD) {
		event->hold = draw(state, 4) == 0;
	} else if (event->kind == EVENT_MERGED) {
		event->kind = EVENT_TICK; /* the driver's own */
	} else {
		event->failed.id = id;
		event->failed.text = "no";
	}
}

/* Merges a file, or wants its first slice counted again. */
static void merge(struct fake *fake, uint64_t *state)
{
	const struct action *merge = fake_action(fake, ACTION_MERGE_FILE, 0);
	const struct second again = {.slice = 0, .modules = 1};
	struct event event = {.kind = EVENT_MERGED};

	if (draw(state, 3) > 0) {
		fake_merged(fake, merge->merge.job, merge->merge.file, merge->merge.chain->records, false);
		return;
	}
	event.merged.job = merge->merge.job;
	event.merged.file = merge->merge.file;
	event.merged.again = &again;
	event.merged.again_n = 1;
	fake_step(fake, &event);
}

/* Merges what the core wants merged, as a driver must; false: a node has more than its slots. */
static bool settle(struct fake *fake, uint64_t *state)
{
	struct node_view view;
	uint64_t cursor = 0;

	while (fake_action(fake, ACTION_MERGE_FILE, 0))
		merge(fake, state);
	while (coord_next_node(fake->coord, &cursor, &view))
		if (view.busy > view.slots && view.peer)
			return false;
	return true;
}

/* Who is asked to open a file mostly does; returns the tasks that follow. */
static uint32_t answer(struct fake *fake, uint64_t *state)
{
	const struct action *open = fake_action(fake, ACTION_SEND_OPEN, 0);

	if (!open || draw(state, 4) == 0)
		return 0;
	fake_opened(fake, open->peer, open->open.job, open->open.file, 1000);
	return fake_count(fake, ACTION_SEND_TASK);
}

static void test_random(void)
{
	uint64_t state = 1, tasks = 0, ended = 0;
	bool good = true;
	struct fake fake;

	fake_init(&fake);
	for (uint32_t i = 0; i < 100000 && good; i++) {
		struct event event = {0};

		if (i % 2000 == 0) {
			fake_restart(&fake);
			fake_loaded(&fake, i);
		}
		random_event(&state, &event);
		fake.now += draw(&state, 3000);
		fake_step(&fake, &event);
		tasks += fake_count(&fake, ACTION_SEND_TASK);
		ended += fake_job(&fake)->state > JOB_RUNNING;
		tasks += answer(&fake, &state);
		good = settle(&fake, &state);
	}
	ok(good, "100000 random events: no node is given too much");
	ok(tasks > 300 && ended > 300, "work was done: %u tasks, %u jobs ended", (unsigned int)tasks, (unsigned int)ended);
	fake_deinit(&fake);
}

int main(void)
{
	test_random();
	return done_testing();
}
