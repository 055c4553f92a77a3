/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's slices: counted in any order, guessed wrongly, at fault; what is stored of them and how a file ends. */
#include <errno.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq"};

/* The tasks of the first four slices, as fake_running() left them. */
static void tasks_take(const struct fake *fake, struct fake_task tasks[4])
{
	for (uint32_t i = 0; i < 4; i++)
		tasks[i] = fake_task(fake, i);
}

static void test_complete(void)
{
	struct fake_task tasks[4];
	struct fake fake;

	fake_running(&fake, 400, 100);
	tasks_take(&fake, tasks);
	fake_result(&fake, &tasks[3], 310, 400, 4);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "a count is saved");
	ok(fake_place(&fake, ACTION_SAVE_SLICE) < fake_place(&fake, ACTION_SEND_ACK), "and acknowledged behind that");
	fake_result(&fake, &tasks[0], 0, 120, 1);
	fake_result(&fake, &tasks[1], 120, 230, 2);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 0, "a slice is missing: nothing is merged");
	fake_result(&fake, &tasks[2], 230, 310, 3);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "the chain is whole: it is merged");
	is_u64(fake_action(&fake, ACTION_MERGE_FILE, 0)->merge.chain->records, 10, "with all its records");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "but has not ended before that is done");
	fake_merged(&fake, 1, 0, 10, false);
	is_int(fake_file(&fake)->state, JOB_COMPLETED, "the file has");
	is_u64(fake_file(&fake)->records, 10, "with its records");
	is_int(fake_job(&fake)->state, JOB_COMPLETED, "and the job");
	ok(fake_job(&fake)->ended_ms > 0, "at a time of day");
	fake_merged(&fake, 1, 0, 10, false);
	is_u64(fake.actions.n, 0, "then it is forgotten");
	fake_deinit(&fake);
}

static void test_merge_fails(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = fake_task(&fake, 0);
	fake_result(&fake, &task, 0, 100, 1);
	fake_merged(&fake, 1, 0, 0, true);
	is_int(fake_job(&fake)->state, JOB_FAILED, "counters that cannot be merged fail the job");
	is_str(fake_job(&fake)->error.text, "the counters do not add up", "with the reason");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 1, "and go");
	fake_deinit(&fake);
}

static void test_wrong_guess(void)
{
	struct fake_task tasks[4], again;
	struct fake fake;

	fake_running(&fake, 400, 100);
	tasks_take(&fake, tasks);
	fake_result(&fake, &tasks[1], 150, 230, 2);
	fake_result(&fake, &tasks[0], 0, 120, 1);
	is_u64(fake_count(&fake, ACTION_FORGET_SLICE), 1, "a wrong guess is forgotten");
	again = fake_task(&fake, 0);
	is_u64(again.id.slice, 1, "and counted anew, first of all");
	ok(again.task.start_known && again.task.start.block == 120, "from the start that is proven");
	fake_result(&fake, &tasks[1], 150, 230, 2);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "the same guess once more is not taken");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "only acknowledged");
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "and changes nothing for who counts it");
	fake_result(&fake, &again, 120, 230, 2);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "the right count is");
	fake_result(&fake, &again, 120, 230, 2);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "once");
	fake_deinit(&fake);
}

static void test_unsure(void)
{
	struct fake_task tasks[4];
	struct fake fake;

	fake_running(&fake, 500, 100);
	tasks_take(&fake, tasks);
	fake_unsure(&fake, &tasks[1]);
	is_u64(fake_task(&fake, 0).id.slice, 4, "who is unsure gets another slice");
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "nothing is saved");
	fake_result(&fake, &tasks[2], 230, 310, 3);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "the slice waits");
	fake_result(&fake, &tasks[0], 0, 120, 1);
	is_u64(fake_task(&fake, 0).id.slice, 1, "until its start is proven");
	ok(fake_task(&fake, 0).task.start_known, "which it is told");
	fake_deinit(&fake);
}

static void test_long_record(void)
{
	struct fake_task tasks[4];
	struct fake fake;

	fake_running(&fake, 400, 100);
	tasks_take(&fake, tasks);
	fake_result(&fake, &tasks[2], 230, 310, 3);
	fake_result(&fake, &tasks[0], 0, 350, 1);
	is_u64(fake_count(&fake, ACTION_FORGET_SLICE), 1, "what was counted within a long record goes");
	is_u64(fake_action(&fake, ACTION_FORGET_SLICE, 0)->slice.slice, 2, "that slice");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "who counts there may stop");
	is_u64(fake_action(&fake, ACTION_SEND_DROP, 0)->id.slice, 1, "at that slice");
	fake_result(&fake, &tasks[1], 110, 230, 3);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "if he does not, it is of no use");
	fake_result(&fake, &tasks[3], 350, 400, 1);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "the file is whole without");
	fake_deinit(&fake);
}

/* ---- faults */

static void test_fault(void)
{
	struct fake_task tasks[4];
	struct fake fake;

	fake_running(&fake, 400, 100);
	tasks_take(&fake, tasks);
	fake_fault(&fake, &tasks[2], FAULT_NO_PLUS, 230, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "a fault behind an unproven start is not believed");
	fake_fault(&fake, &tasks[1], FAULT_NO_PLUS, 150, 0);
	fake_result(&fake, &tasks[0], 0, 120, 5);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "nor one that was guessed wrongly");
	tasks[1] = fake_task(&fake, 0);
	is_u64(tasks[1].id.slice, 1, "that slice is counted anew");
	fake_result(&fake, &tasks[1], 120, 230, 6);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "nor what one node alone says when it is proven");
	tasks[2] = fake_task_of(&fake, 2);
	fake_fault(&fake, &tasks[2], FAULT_NO_PLUS, 230, 1);
	is_int(fake_file(&fake)->state, JOB_FAILED, "said twice, the file fails");
	ok(strstr(fake_file(&fake)->error.text, "/a.fq: record 13 at byte 230"), "the record has its number in the file: %s",
	   fake_file(&fake)->error.text);
	is_int(fake_job(&fake)->error.class, ERROR_DATA, "its class is that of bad data");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 1, "all that was counted goes");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "and who counts may stop");
	fake_deinit(&fake);
}

static void test_changed(void)
{
	struct fake_task tasks[4];
	struct fake fake;

	fake_running(&fake, 400, 100);
	tasks_take(&fake, tasks);
	fake_fault(&fake, &tasks[2], FAULT_CHANGED, 0, 0);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "one node may have another file there");
	fake_fault(&fake, &tasks[3], FAULT_CHANGED, 0, 0);
	is_int(fake_file(&fake)->state, JOB_FAILED, "a file that changed on two nodes fails whatever was proven");
	ok(strstr(fake_file(&fake)->error.text, "changed while it was read"), "and is told so");
	fake_deinit(&fake);
}

static void test_several(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_submit(&fake, "alice", 100, 3, paths);
	fake_not_opened(&fake, 1, 1, 0, ERROR_DATA, "/a.fq is no FASTQ");
	fake_not_opened(&fake, 1, 1, 2, ERROR_NO_INPUT, "/c.fq: No such file or directory");
	is_u64(fake_count(&fake, ACTION_SAVE_JOB), 0, "a job with failed files goes on with the others");
	fake_not_opened(&fake, 1, 1, 1, ERROR_DATA, "/b.fq is no FASTQ");
	is_str(fake_job(&fake)->error.text,
	       "no worker can open the file: /c.fq: No such file or directory (node01) (and 2 more files)",
	       "then it fails with the gravest reason");
	fake_deinit(&fake);
}

/* ---- nonsense */

static void test_absurd(void)
{
	struct fake_task task, other;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = fake_task(&fake, 0);
	fake_result(&fake, &task, 0, 90, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "a count that ends within its slice is none");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "it is acknowledged");
	other = fake_task(&fake, 0);
	ok(other.peer != task.peer, "the other node is asked");
	other.task.start.block = 7;
	fake_result(&fake, &other, 7, 100, 1);
	is_int(fake_file(&fake)->state, JOB_FAILED, "a second node that counts something else: the file fails");
	ok(strstr(fake_file(&fake)->error.text, "tells of bytes 0 to 100 what cannot be (on 2 nodes)"), "with the range");
	fake_deinit(&fake);
}

static void test_strangers(void)
{
	const struct slice_id ids[] = {{2, 0, 0, 1}, {1, 1, 0, 1}, {1, 0, 4, 1}, {1, 0, UINT64_MAX, UINT64_MAX}};
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 400, 100);
	task = fake_task(&fake, 0);
	for (uint32_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		task.id = ids[i];
		fake_result(&fake, &task, 0, 100, 1);
		ok(fake.actions.n == 1 && fake_count(&fake, ACTION_SEND_ACK) == 1, "a result of nothing (%u) is only acknowledged", i);
		fake_crashed(&fake, 1, ids[i]);
		fake_io_error(&fake, 1, ids[i]);
		ok(fake.actions.n == 1 && fake_count(&fake, ACTION_SEND_ACK) == 1, "a failure of it is only acknowledged");
		fake_progress(&fake, 1, ids[i], 1);
		is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "who counts it is told to stop");
	}
	fake_opened(&fake, 1, 7, 0, 100);
	fake_result(&fake, &(struct fake_task){.peer = 99, .id = ids[0]}, 0, 100, 1);
	is_u64(fake.actions.n, 0, "a peer that never said HELLO is not heard");
	fake_deinit(&fake);
}

/* ---- from the rows */

static void test_reload(void)
{
	const struct job_row job = {.id = 5, .owner = "alice", .algorithm = FAKE_ALGORITHM, .files = 1, .state = JOB_RUNNING};
	const struct file_row file = {.job = 5, .path = "/a.fq", .state = JOB_RUNNING, .planned = true, .slice_size = 100,
	                              .facts = {.fingerprint.size = 300}};
	const struct slice_row first = {.job = 5, .start_known = true, .seam = {{0, 0}, {120, 0}, 1}, .bases = 100};
	const struct slice_row wrong = {.job = 5, .slice = 1, .seam = {{150, 0}, {230, 0}, 1}, .bases = 100};
	struct slice_row none = {.job = 5, .slice = 3};
	struct fake_task task;
	struct error error;
	struct fake fake;

	fake_init(&fake);
	fake_restart(&fake);
	is_int(coord_load_job(fake.coord, &job, &error), 0, "a job is loaded");
	is_int(coord_load_job(fake.coord, &job, &error), -EINVAL, "once");
	is_int(coord_loaded(fake.coord, 2, 6, 0, &fake.actions), -EINVAL, "a job without its files makes no sense");
	is_int(coord_load_slice(fake.coord, &first, &error), -EINVAL, "nor does a slice without a file");
	is_int(coord_load_file(fake.coord, &file, &error), 0, "its file");
	is_int(coord_load_file(fake.coord, &file, &error), -EINVAL, "once");
	is_int(coord_load_slice(fake.coord, &none, &error), -EINVAL, "no slice behind its end");
	is_int(coord_load_slice(fake.coord, &first, &error), 0, "a slice that was counted");
	is_int(coord_load_slice(fake.coord, &wrong, &error), 0, "one that was guessed wrongly");
	fake_loaded(&fake, 3);
	is_u64(fake_count(&fake, ACTION_FORGET_SLICE), 1, "that one is forgotten");
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	task = fake_task(&fake, 0);
	ok(task.id.slice == 1 && task.task.start.block == 120, "and counted anew from where the first one ended");
	is_u64(task.id.lease >> 32, 3, "under a lease of this start");
	fake_result(&fake, &task, 120, 230, 1);
	task = fake_task(&fake, 0);
	fake_result(&fake, &task, 230, 300, 1);
	is_u64(fake_action(&fake, ACTION_MERGE_FILE, 0)->merge.chain->records, 3, "the file is whole");
	fake_submit(&fake, "bob", 0, 1, paths);
	is_u64(fake_action(&fake, ACTION_REPLY, 0)->reply.job, 6, "the next job has the next number");
	fake_deinit(&fake);
}

static void test_reload_whole(void)
{
	const struct job_row job = {.id = 5, .owner = "alice", .algorithm = FAKE_ALGORITHM, .files = 1, .state = JOB_RUNNING};
	const struct file_row file = {.job = 5, .path = "/a.fq", .state = JOB_RUNNING, .planned = true, .slice_size = 100,
	                              .facts = {.fingerprint.size = 100}};
	const struct slice_row only = {.job = 5, .start_known = true, .seam = {{0, 0}, {100, 0}, 1}, .bases = 100};
	struct error error;
	struct fake fake;

	fake_init(&fake);
	fake_restart(&fake);
	ok(coord_load_job(fake.coord, &job, &error) == 0 && coord_load_file(fake.coord, &file, &error) == 0 &&
	       coord_load_slice(fake.coord, &only, &error) == 0,
	   "a file that is whole is loaded");
	fake_loaded(&fake, 2);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "and merged");
	fake_deinit(&fake);
}

int main(void)
{
	test_complete();
	test_merge_fails();
	test_wrong_guess();
	test_unsure();
	test_long_record();
	test_fault();
	test_changed();
	test_several();
	test_absurd();
	test_strangers();
	test_reload();
	test_reload_whole();
	return done_testing();
}
