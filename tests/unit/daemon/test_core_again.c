/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's second counts, event by event: what merging lacks is counted again, whatever happens meanwhile. And the lead. */
#include <errno.h>
#include <string.h>

#include "lib/qc/counters.h"
#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq"};

/* The second count of slice 1 is of module 1, that of slice 3 of module 2. */
static const struct second lacking[] = {
	{.slice = 1, .modules = 1, .reads = 7, .qualities = 6},
	{.slice = 3, .modules = 2, .reads = 10, .qualities = 9},
};

/* Slices of 400 bytes and where they begin and end. */
static const uint64_t seams[] = {0, 120, 230, 310, 400};

static void result_of(struct fake *fake, const struct fake_task *task)
{
	uint64_t i = task->id.slice;

	fake_result(fake, task, seams[i], seams[i + 1], i + 1);
}

static void merged_again(struct fake *fake, const struct second *again, uint64_t n, uint64_t done)
{
	struct event event = {.kind = EVENT_MERGED};

	event.merged.job = 1;
	event.merged.again = again;
	event.merged.again_n = n;
	event.merged.again_done = done;
	fake_step(fake, &event);
}

/* A file of four slices that are all counted once; first (may be NULL): the tasks of these. *ret: those of the second counts. */
static void begin(struct fake *fake, struct fake_task first[4], struct fake_task ret[2])
{
	struct fake_task tasks[4];

	fake_running(fake, 400, 100);
	for (uint32_t i = 0; i < 4; i++)
		tasks[i] = fake_task(fake, i);
	for (uint32_t i = 0; i < 4; i++)
		result_of(fake, &tasks[i]);
	merged_again(fake, lacking, 2, 0);
	for (uint32_t i = 0; i < 2; i++)
		ret[i] = fake_task(fake, i);
	if (first)
		memcpy(first, tasks, sizeof tasks);
}

static void test_again(void)
{
	struct fake_task tasks[2];
	struct slice_view slice;
	struct file_view file;
	struct fake fake;

	begin(&fake, NULL, tasks);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "what merging lacks is handed out again");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "the file has not ended");
	ok(tasks[0].id.slice == 1 && tasks[0].id.again && tasks[1].id.slice == 3 && tasks[1].id.again, "as second counts");
	ok(tasks[0].modules == 1 && tasks[1].modules == 2, "of the modules that lacked it");
	ok(tasks[0].task.start_known && tasks[0].task.start.block == 120 && tasks[1].task.start_known &&
	       tasks[1].task.start.block == 310,
	   "from the starts that are proven");
	is_u64(fake_action(&fake, ACTION_SEND_TASK, 1)->task.reads, 10, "with the reads before");
	is_u64(fake_action(&fake, ACTION_SEND_TASK, 1)->task.qualities, 9, "and their qualities");
	ok(coord_find_slice(fake.coord, 1, 0, 1, &slice) && strcmp(slice.state, "running") == 0, "a person sees that it runs");
	ok(coord_find_slice(fake.coord, 1, 0, 2, &slice) && strcmp(slice.state, "proven") == 0, "and what is done");
	result_of(&fake, &tasks[1]);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 1, "a second count is saved");
	is_u64(fake_action(&fake, ACTION_SAVE_AGAIN, 0)->slice.slice, 3, "for its slice");
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "not as a first one");
	ok(fake_place(&fake, ACTION_SAVE_AGAIN) < fake_place(&fake, ACTION_SEND_ACK), "and acknowledged behind that");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 0, "one is missing: nothing is merged");
	ok(coord_find_file(fake.coord, 1, 0, &file) && file.row->again == 2 && file.row->again_done == 1, "one of two is done");
	result_of(&fake, &tasks[1]);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 0, "the same once more is not taken");
	result_of(&fake, &tasks[0]);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "with the last one the file is merged again");
	ok(fake_place(&fake, ACTION_SAVE_AGAIN) < fake_place(&fake, ACTION_MERGE_FILE), "behind its saving");
	fake_merged(&fake, 1, 0, 10, false);
	is_int(fake_file(&fake)->state, JOB_COMPLETED, "then it has ended");
	ok(fake_file(&fake)->again == 2 && fake_file(&fake)->again_done == 2, "its row tells of the second counts");
	is_int(fake_job(&fake)->state, JOB_COMPLETED, "and the job");
	fake_deinit(&fake);
}

static void test_late_first(void)
{
	struct fake_task first[4], tasks[2];
	struct fake fake;

	begin(&fake, first, tasks);
	result_of(&fake, &first[1]);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 0, "a first count that comes late is not taken for the second");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 0, "and merges nothing");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "it is acknowledged");
	ok(!fake_action(&fake, ACTION_SEND_ACK, 0)->id.again, "as what it is");
	fake_progress(&fake, first[1].peer, first[1].id, 50);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "its progress is of no use");
	fake_crashed(&fake, first[1].peer, first[1].id);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "its crash changes nothing");
	result_of(&fake, &tasks[0]);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 1, "the second count is taken");
	fake_deinit(&fake);
}

static void test_second_early(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 400, 100);
	task = fake_task(&fake, 1);
	task.id.again = true;
	result_of(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN) + fake_count(&fake, ACTION_SAVE_SLICE), 0,
	       "a second count that nobody asked for is not taken");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "only acknowledged");
	fake_deinit(&fake);
}

/* Each way in which a result cannot be the count of what was proven. */
static void test_absurd(void)
{
	for (int i = 0; i < 6; i++) {
		struct fake_task tasks[2], wrong;
		struct fake fake;
		uint64_t first = seams[1], next = seams[2], records = 2;

		begin(&fake, NULL, tasks);
		wrong = tasks[0];
		first += i == 0;
		next += i == 1;
		records += i == 2;
		wrong.modules += i == 3;
		if (i == 4)
			fake_unsure(&fake, &wrong);
		else if (i == 5)
			fake_fault(&fake, &wrong, FAULT_NO_PLUS, first, 1);
		else
			fake_result(&fake, &wrong, first, next, records);
		is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 0, "absurd result %d is not saved", i);
		is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "and fails nothing");
		wrong = fake_task(&fake, 0);
		ok(wrong.id.slice == 1 && wrong.id.again && wrong.peer != tasks[0].peer, "another node gets the slice");
		fake_result(&fake, &wrong, 121, 230, 2);
		is_int(fake_file(&fake)->state, JOB_FAILED, "nonsense from two nodes fails the file");
		is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 1, "and what was counted goes");
		fake_deinit(&fake);
	}
}

static void test_changed(void)
{
	struct fake_task tasks[2];
	struct fake fake;

	begin(&fake, NULL, tasks);
	fake_fault(&fake, &tasks[0], FAULT_CHANGED, 100, 0);
	fake_fault(&fake, &tasks[1], FAULT_CHANGED, 100, 0);
	is_int(fake_file(&fake)->state, JOB_FAILED, "a file that has changed meanwhile fails");
	ok(strstr(fake_file(&fake)->error.text, "changed"), "for that reason: %s", fake_file(&fake)->error.text);
	fake_deinit(&fake);
	begin(&fake, NULL, tasks);
	fake_fault(&fake, &tasks[0], FAULT_READ, 100, 0);
	ok(fake_task(&fake, 0).peer != tasks[0].peer, "one that cannot be read goes to another node");
	fake_deinit(&fake);
}

/* ---- what does not come to its end */

static void test_cancel(void)
{
	struct fake_task tasks[2];
	struct fake fake;

	begin(&fake, NULL, tasks);
	fake_cancel(&fake, 1, "alice", false);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 2, "a cancel ends second counts");
	ok(fake_action(&fake, ACTION_SEND_DROP, 0)->id.again, "as such");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 1, "all that was counted goes");
	is_int(fake_job(&fake)->state, JOB_CANCELLED, "the job is cancelled");
	result_of(&fake, &tasks[0]);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 0, "a result that comes late is of no use");
	fake_deinit(&fake);
}

static void test_crashes(void)
{
	struct fake_task tasks[2], task;
	struct fake fake;

	begin(&fake, NULL, tasks);
	task = tasks[0];
	for (int i = 0; i < 2; i++) {
		fake_crashed(&fake, task.peer, task.id);
		task = fake_task(&fake, 0);
		ok(task.id.slice == 1 && task.id.again, "crash %d: it is handed out again", i + 1);
	}
	fake_crashed(&fake, task.peer, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "the third fails the file");
	ok(strstr(fake_file(&fake)->error.text, "the slice of bytes 100 to 200 ended the process"), "%s",
	   fake_file(&fake)->error.text);
	fake_deinit(&fake);
}

static void test_lost(void)
{
	struct fake_task tasks[2], task;
	struct fake fake;

	begin(&fake, NULL, tasks);
	fake_gone(&fake, tasks[0].peer);
	task = fake_task(&fake, 0);
	ok(task.id.slice == tasks[0].id.slice && task.peer != tasks[0].peer, "what a node has lost another one gets");
	fake_returned(&fake, task.peer, task.id);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "what was given back waits for a node");
	fake_hello(&fake, 3, "node03", 1, NULL, 0);
	task = fake_task(&fake, 0);
	ok(task.id.slice == 1 && task.id.again && task.peer == 3, "and goes to the next one");
	fake_tick(&fake, 60000);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 2, "second counts without progress are taken away");
	fake_tick(&fake, 60000);
	is_u64(fake_task(&fake, 0).id.again, true, "and given out anew");
	fake_deinit(&fake);
}

static void test_io_error(void)
{
	struct fake_task tasks[2], task;
	struct fake fake;

	begin(&fake, NULL, tasks);
	fake_io_error(&fake, tasks[0].peer, tasks[0].id);
	task = fake_task(&fake, 0);
	ok(task.id.slice == 1 && task.peer != tasks[0].peer, "what cannot be read on one node is tried on another");
	fake_io_error(&fake, task.peer, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "not on a third");
	fake_deinit(&fake);
}

/* ---- restart */

static void load(struct fake *fake)
{
	const struct job_row job = {.id = 1, .owner = "alice", .modules = 3, .algorithm = FAKE_ALGORITHM, .files = 1, .state = JOB_RUNNING};
	const struct file_row file = {.job = 1, .path = "/a.fq", .state = JOB_RUNNING, .planned = true, .slice_size = 100,
	                              .facts = {.kind = FILE_PLAIN, .fingerprint.size = 400}};
	struct error error;
	int r;

	fake_init(fake);
	fake_restart(fake);
	r = coord_load_job(fake->coord, &job, &error);
	if (r == 0)
		r = coord_load_file(fake->coord, &file, &error);
	for (uint64_t i = 0; r == 0 && i < 4; i++) {
		struct slice_row slice = {.job = 1, .slice = i, .start_known = true};

		slice.seam = (struct slice_seam){.first.block = seams[i], .next.block = seams[i + 1], .records = i + 1};
		r = coord_load_slice(fake->coord, &slice, &error);
	}
	is_int(r, 0, "rows as they were within the second counts%s%s", r ? ": " : "", r ? error.text : "");
	fake_loaded(fake, 3);
}

static void test_restart(void)
{
	const struct slice_id held[] = {{.job = 1, .slice = 3, .lease = 5}, {.job = 1, .slice = 3, .lease = 77, .again = true}};
	struct fake_task task = {.peer = 1, .id = held[1], .modules = 2};
	struct file_view file;
	struct fake fake;

	load(&fake);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "after a restart the file is merged");
	merged_again(&fake, &lacking[1], 1, 1);
	ok(coord_find_file(fake.coord, 1, 0, &file) && file.row->again == 2 && file.row->again_done == 1,
	   "what still lacks is known");
	fake_hello(&fake, 1, "node01", 2, held, 2);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "a node that still counts it is not given it anew");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "what it holds of a first count is of no use");
	is_u64(fake_action(&fake, ACTION_SEND_DROP, 0)->id.lease, 5, "that one");
	result_of(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 1, "its result is taken");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "and was the last");
	fake_deinit(&fake);
}

/* A second count by what an earlier start knew, whose first count was lost and made again. */
static void test_restart_other(void)
{
	const struct slice_id held = {.job = 1, .slice = 3, .lease = 77, .again = true};
	struct fake_task task = {.peer = 1, .id = held, .modules = 3};
	struct fake fake;

	load(&fake);
	merged_again(&fake, lacking, 2, 0);
	fake_hello(&fake, 1, "node01", 1, &held, 1);
	result_of(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SAVE_AGAIN), 0, "one of other modules than lack now is not taken");
	ok(fake_task(&fake, 0).id.again && fake_count(&fake, ACTION_SAVE_FILE) == 0, "nor taken for a lie");
	fake_deinit(&fake);
}

/* Merging may be asked for, and answered, more than once. */
static void test_merged_twice(void)
{
	struct fake_task tasks[2];
	struct fake fake;

	begin(&fake, NULL, tasks);
	merged_again(&fake, lacking, 2, 0);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "the same answer once more hands out nothing twice");
	result_of(&fake, &tasks[0]);
	result_of(&fake, &tasks[1]);
	merged_again(&fake, lacking, 1, 1);
	is_u64(fake_task(&fake, 0).id.slice, 1, "a second count that the store does not have after all is made again");
	fake_deinit(&fake);
}

/* ---- the lead, and rules */

static void lead(struct fake *fake, uint32_t modules, uint64_t slice_size)
{
	fake_init(fake);
	fake->modules = modules;
	fake_hello(fake, 1, "node01", 2, NULL, 0);
	fake_hello(fake, 2, "node02", 2, NULL, 0);
	fake_submit(fake, "alice", slice_size, 1, paths);
	fake_opened(fake, 1, 1, 0, 4 * LEAD_BYTES);
}

static void test_lead(void)
{
	struct fake_task task;
	struct fake fake;

	lead(&fake, COUNT_MEAN, 2 * LEAD_BYTES);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 3, "large slices are handed out at once");
	fake_deinit(&fake);
	lead(&fake, COUNT_MEAN | COUNT_SEQUENCES, LEAD_BYTES / 64 - 1);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 4, "small ones too where sequences are tracked");
	fake_deinit(&fake);
	lead(&fake, COUNT_MEAN | COUNT_SEQUENCES, 2 * LEAD_BYTES);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "large ones wait for the first");
	task = fake_task(&fake, 0);
	ok(task.id.slice == 0 && task.task.end == LEAD_BYTES, "which is not so large");
	fake_submit(&fake, "bob", 100, 1, paths);
	fake_opened(&fake, 1, 2, 0, 200);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "other jobs do not wait for it");
	fake_crashed(&fake, task.peer, task.id);
	task = fake_task(&fake, 0);
	ok(task.id.job == 1 && task.id.slice == 0, "a lead that was lost is handed out again");
	fake_result(&fake, &task, 0, LEAD_BYTES, 1000);
	ok(fake_count(&fake, ACTION_SEND_TASK) == 2 && fake_task(&fake, 0).id.slice == 1 && fake_task(&fake, 1).id.slice == 2,
	   "when it is proven the others follow");
	fake_deinit(&fake);
	lead(&fake, COUNT_MEAN | COUNT_SEQUENCES, LEAD_BYTES / 4);
	task = fake_task(&fake, 0);
	fake_result(&fake, &task, 0, LEAD_BYTES / 4, LEAD_RECORDS - 1);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "of smaller slices one after the other");
	task = fake_task(&fake, 0);
	is_u64(task.id.slice, 1, "in order");
	fake_result(&fake, &task, LEAD_BYTES / 4, LEAD_BYTES / 2, 1);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 4, "until there are records enough");
	fake_deinit(&fake);
}

static void test_rules(void)
{
	uint8_t rules[] = {1, 2, 3};
	struct event event = {.kind = EVENT_SUBMIT, .request = 1};
	struct fake fake;

	fake_init(&fake);
	event.submit.row.files = 1;
	event.submit.row.rules = rules;
	event.submit.row.rules_n = sizeof rules;
	event.submit.paths = paths;
	fake_step(&fake, &event);
	rules[0] = 9;
	ok(fake_job(&fake)->rules_n == 3 && memcmp(fake_job(&fake)->rules, "\1\2\3", 3) == 0, "a job keeps its rules");
	is_mem(coord_find_row(fake.coord, 1)->rules, "\1\2\3", 3, "for who asks");
	ok(!coord_find_row(fake.coord, 2), "of a job that is there");
	fake_deinit(&fake);
}

/* All nodes lack the file since, but one that had no slot for it and has left: what the last one still had of it is for nobody. */
static void test_lost_to_nobody(void)
{
	struct fake_task tasks[2], task;
	struct fake fake;

	begin(&fake, NULL, tasks);
	fake.transient = true;
	fake_hello(&fake, 3, "node03", 0, NULL, 0);
	fake_errno(&fake, tasks[0].peer, tasks[0].id, ENOENT, "it is not here");
	task = fake_task(&fake, 0);
	is_u64(task.peer, tasks[1].peer, "the other node takes what one lacks");
	fake_errno(&fake, tasks[1].peer, tasks[1].id, ENOENT, "it is not here");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "and goes on with that, when it lacks the file, too");
	fake_draining(&fake, 3);
	fake_gone(&fake, 3);
	fake_gone(&fake, task.peer);
	ok(fake_file(&fake) && fake_file(&fake)->state == JOB_FAILED, "lost with it, a second count is not waited for");
	fake_deinit(&fake);
}

int main(void)
{
	test_again();
	test_late_first();
	test_second_early();
	test_absurd();
	test_changed();
	test_cancel();
	test_crashes();
	test_lost();
	test_io_error();
	test_restart();
	test_restart_other();
	test_merged_twice();
	test_lead();
	test_rules();
	test_lost_to_nobody();
	return done_testing();
}
