/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one node says alone (core_word.c): it fails nothing that another one can count, and what all say does. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const path = "/a.fq";

/* A job of one file, in slices of 100 bytes, and nodes of so many slots: node01 has peer 1, and so on. Node01 opened it. */
static void begin(struct fake *fake, uint64_t size, const uint64_t *keys, uint32_t nodes, uint32_t slots)
{
	char name[8];

	fake_init(fake);
	for (uint32_t i = 1; i <= nodes; i++) {
		fake->key = keys ? keys[i - 1] : i * 1000;
		(void)snprintf(name, sizeof name, "node%02u", i);
		fake_hello(fake, i, name, slots, NULL, 0);
	}
	fake_submit(fake, "alice", 100, 1, &path);
	fake_opened(fake, 1, 1, 0, size);
}

/* The task's process ends; *task: the next one of the slice. False: there is none. */
static bool crash(struct fake *fake, struct fake_task *task)
{
	fake_crashed(fake, task->peer, task->id);
	*task = fake_task_of(fake, task->id.slice);
	return task->peer;
}

static void test_crashes(void)
{
	struct fake_task task;
	struct fake fake;

	begin(&fake, 100, NULL, 2, 1);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 1, "node01 is given the slice");
	ok(crash(&fake, &task) && task.peer == 1, "where it crashes, and is tried again");
	ok(crash(&fake, &task) && task.peer == 2, "the last time is another node's, as one is there");
	fake_result(&fake, &task, 0, 100, 1);
	ok(fake_logged(&fake, "node node01 could not count slice 0 of /a.fq, which another node can"), "who can count it shows whose fault it was");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "and the file is done");
	fake_deinit(&fake);

	begin(&fake, 100, NULL, 2, 1);
	task = fake_task_of(&fake, 0);
	ok(crash(&fake, &task) && crash(&fake, &task) && !crash(&fake, &task), "a slice that kills whoever counts it is given out three times");
	is_int(fake_file(&fake)->state, JOB_FAILED, "and fails then");
	ok(!fake_logged(&fake, "which another node can"), "nobody is at fault");
	fake_deinit(&fake);

	begin(&fake, 100, NULL, 1, 1);
	task = fake_task_of(&fake, 0);
	ok(crash(&fake, &task) && crash(&fake, &task) && !crash(&fake, &task), "so it does where one node is all that is there");
	is_int(fake_file(&fake)->state, JOB_FAILED, "whose word is enough");
	fake_deinit(&fake);
}

/* node01 and node02 come with one key. */
static void test_names(void)
{
	static const uint64_t keys[] = {7, 7, 8}, one[] = {7, 7, 7};
	struct fake_task task;
	struct fake fake;

	begin(&fake, 100, keys, 3, 1);
	task = fake_task_of(&fake, 0);
	ok(crash(&fake, &task) && crash(&fake, &task) && task.peer == 3, "another name of the same key is no other witness of crashes");
	fake_deinit(&fake);

	begin(&fake, 100, keys, 3, 1);
	task = fake_task_of(&fake, 0);
	fake_io_error(&fake, 1, task.id);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 2, "what cannot be read goes to the next");
	fake_io_error(&fake, 2, task.id);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 3, "nor of errors, as long as one of another key is there");
	fake_io_error(&fake, 3, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "who says it, too");
	fake_deinit(&fake);

	begin(&fake, 100, one, 3, 1);
	task = fake_task_of(&fake, 0);
	fake_io_error(&fake, 1, task.id);
	task = fake_task_of(&fake, 0);
	fake_io_error(&fake, 2, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "where all have one key, two names are enough");
	fake_deinit(&fake);
}

static void test_losses(void)
{
	struct fake_task task;
	struct fake fake;

	begin(&fake, 100, NULL, 2, 1);
	fake.limits.losses_max = 4;
	fake_limits(&fake);
	fake.key = 1000;
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	fake_opened(&fake, 1, 1, 0, 100);
	fake_gone(&fake, 1);
	for (uint64_t peer = 11; peer < 13; peer++) {
		fake_hello(&fake, peer, "node01", 1, NULL, 0);
		is_u64(fake_task_of(&fake, 0).peer, peer, "a slice that is lost with its node goes back to it");
		fake_gone(&fake, peer);
	}
	fake_hello(&fake, 21, "node01", 1, NULL, 0);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 21, "as long as nobody else is there");
	fake_returned(&fake, 21, task.id);
	fake.key = 2000;
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 2, "another one gets it");
	fake_gone(&fake, 2);
	is_int(fake_file(&fake)->state, JOB_FAILED, "the last loss fails the file");
	fake_deinit(&fake);
}

static void test_data(void)
{
	struct fake_task task;
	struct fake fake;

	begin(&fake, 200, NULL, 2, 1);
	task = fake_task_of(&fake, 0);
	fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "data at fault, says one node: the file goes on");
	ok(fake_logged(&fake, "node node01: /a.fq: record 1 at byte 0"), "the journal has what it says");
	is_u64(fake_task_of(&fake, 0).peer, 0, "it is not given the slice again");
	task = fake_task_of(&fake, 1);
	fake_gone(&fake, 2);
	is_int(fake_file(&fake)->state, JOB_FAILED, "when nobody else is left, its word is enough");
	ok(strstr(fake_file(&fake)->error.text, "/a.fq: record 1 at byte 0"), "with what it said");
	fake_deinit(&fake);

	begin(&fake, 100, NULL, 2, 1);
	task = fake_task_of(&fake, 0);
	fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
	task = fake_task_of(&fake, 0);
	is_u64(task.peer, 2, "another one counts it");
	fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
	is_int(fake_file(&fake)->state, JOB_FAILED, "and says the same: it fails");
	fake_deinit(&fake);

	begin(&fake, 100, NULL, 2, 1);
	task = fake_task_of(&fake, 0);
	fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
	task = fake_task_of(&fake, 0);
	fake_result(&fake, &task, 0, 100, 3);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "or counts it: the file is done");
	ok(fake_logged(&fake, "node node01 could not count slice 0 of /a.fq, which another node can"), "and the first one is at fault");
	fake_deinit(&fake);

	begin(&fake, 100, NULL, 1, 1);
	task = fake_task_of(&fake, 0);
	fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
	is_int(fake_file(&fake)->state, JOB_FAILED, "where one node is all that is there, it fails at once");
	fake_deinit(&fake);
}

/* A fault behind what is proven, from a start that was guessed: it counts when the proof comes there. */
static void test_data_behind(void)
{
	struct fake_task tasks[2];
	struct fake fake;

	begin(&fake, 200, NULL, 2, 1);
	tasks[0] = fake_task_of(&fake, 0);
	tasks[1] = fake_task_of(&fake, 1);
	fake_fault(&fake, &tasks[1], FAULT_NO_AT, 100, 0);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "a fault behind the proof is kept");
	fake_result(&fake, &tasks[0], 0, 100, 1);
	is_u64(fake_count(&fake, ACTION_FORGET_SLICE), 1, "and not believed when the proof is there");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "the file goes on");
	tasks[0] = fake_task_of(&fake, 1);
	is_u64(tasks[0].peer, 3 - tasks[1].peer, "another one counts the slice");
	fake_result(&fake, &tasks[0], 100, 200, 1);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "to its end");
	fake_deinit(&fake);
}

static void test_open(void)
{
	struct fake fake;

	for (int second = 0; second < 2; second++) {
		fake_init(&fake);
		fake.key = 1000;
		fake_hello(&fake, 1, "node01", 1, NULL, 0);
		fake.key = 2000;
		fake_hello(&fake, 2, "node02", 1, NULL, 0);
		fake_submit(&fake, "alice", 100, 1, &path);
		fake_not_opened(&fake, 1, 1, 0, ERROR_DATA, "/a.fq: no FASTQ");
		is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "no FASTQ, says one node: the file goes on");
		is_u64(fake_action(&fake, ACTION_SEND_OPEN, 0)->peer, 2, "another one is to open it");
		if (second == 0) {
			fake_not_opened(&fake, 2, 1, 0, ERROR_DATA, "/a.fq: no FASTQ");
			is_int(fake_file(&fake)->state, JOB_FAILED, "which says the same: it fails");
			is_str(fake_file(&fake)->error.text, "/a.fq: no FASTQ", "with that, and nothing else");
			is_int(fake_file(&fake)->error.class, ERROR_DATA, "as wrong data");
		} else {
			fake_opened(&fake, 2, 1, 0, 100);
			is_u64(fake_task_of(&fake, 0).peer, 1, "or opens it: it is counted");
			ok(fake_logged(&fake, "node node01 could not open /a.fq, which another node can"), "and the first one is at fault");
		}
		fake_deinit(&fake);
	}
	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	fake_not_opened(&fake, 1, 1, 0, ERROR_DATA, "/a.fq: no FASTQ");
	is_str(fake_file(&fake)->error.text, "/a.fq: no FASTQ", "where one node is all that is there, it fails at once");
	fake_deinit(&fake);
}

int main(void)
{
	test_crashes();
	test_names();
	test_losses();
	test_data();
	test_data_behind();
	test_open();
	return done_testing();
}
