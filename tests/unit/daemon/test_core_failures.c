/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core does when children die, disks cannot be read, nodes hang, vanish and come back. */
#include <errno.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static bool has(const char *sentence, const char *words)
{
	bool found = strstr(sentence, words);

	if (!found)
		diag("the sentence is: %s", sentence);
	return found;
}

/* The task of the slice among those of the last event; peer 0: none. */
static struct fake_task task_of(const struct fake *fake, uint64_t slice)
{
	for (uint32_t i = 0; i < fake_count(fake, ACTION_SEND_TASK); i++)
		if (fake_task(fake, i).id.slice == slice)
			return fake_task(fake, i);
	return (struct fake_task){0};
}

static void test_crashes(void)
{
	const char *const path = "/a.fq";
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 4, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	fake_opened(&fake, 1, 1, 0, 400);
	task = task_of(&fake, 2);
	for (int i = 0; i < 2; i++) {
		uint64_t lease = task.id.lease;

		fake_crashed(&fake, task.peer, task.id);
		task = task_of(&fake, 2);
		ok(task.peer && task.id.lease > lease, "after a crash it is handed out under a new lease");
	}
	fake_crashed(&fake, task.peer, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "the third crash fails the file");
	ok(has(fake_file(&fake)->error.text,
	       "the slice of bytes 200 to 300 ended the process that counted it 3 times (the last time by signal 11)"),
	   "with range and signal");
	fake_deinit(&fake);
}

static void test_io_error(void)
{
	struct fake_task task, other;
	struct fake fake;

	fake_running(&fake, 400, 100);
	task = task_of(&fake, 1);
	fake_io_error(&fake, task.peer, task.id);
	is_u64(task_of(&fake, 1).peer, 0, "a slice that cannot be read is not tried there again");
	other = (struct fake_task){.peer = 3 - task.peer};
	fake_gone(&fake, other.peer);
	is_u64(task_of(&fake, 1).peer, 0, "also when nobody else is there");
	fake_hello(&fake, 3, "node03", 4, NULL, 0);
	other = task_of(&fake, 1);
	is_u64(other.peer, 3, "but on another node");
	fake_io_error(&fake, 3, other.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "two nodes cannot: the file fails");
	is_str(fake_file(&fake)->error.text, "/a.fq: Input/output error, in the slice of bytes 100 to 200 (on 2 nodes)",
	       "with the node's sentence, range and number of nodes");
	is_int(fake_job(&fake)->error.class, ERROR_IO, "and its class");
	fake_deinit(&fake);
}

/* A slice that waits for its start, or that others could take as long as they took work, is not left to nobody. */
static void test_io_error_of_another(void)
{
	struct fake_task task, other, first;
	struct fake fake;

	fake_running(&fake, 400, 100);
	task = task_of(&fake, 1);
	other = task_of(&fake, task_of(&fake, 2).peer != task.peer ? 2 : 3);
	is_u64(other.peer, 3 - task.peer, "the other node has a slice, too");
	fake_io_error(&fake, task.peer, task.id);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "the file goes on, for there is the other node");
	fake_draining(&fake, other.peer);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "which may come back");
	fake_io_error(&fake, other.peer, other.id);
	ok(fake_file(&fake) && fake_file(&fake)->state == JOB_FAILED, "it fails another one and will not take that one");
	ok(fake_file(&fake) && strstr(fake_file(&fake)->error.text, "no node that is there can count the slice of bytes 100 to 200 (node0") &&
	       strstr(fake_file(&fake)->error.text, ": Input/output error)"),
	   "the sentence is of the slice that nobody can count");
	fake_deinit(&fake);
	fake_running(&fake, 400, 100);
	task = task_of(&fake, 1);
	other = task_of(&fake, task_of(&fake, 2).peer != task.peer ? 2 : 3);
	first = task_of(&fake, 0);
	fake_io_error(&fake, task.peer, task.id);
	if (first.peer == other.peer)
		fake_unsure(&fake, &other);
	else
		fake_result(&fake, &first, 0, 100, 5);
	task = task_of(&fake, 1);
	is_u64(task.peer, other.peer, "the other node gets what one cannot read");
	fake_unsure(&fake, &task);
	is_u64(task_of(&fake, 1).peer, 0, "it waits for its start");
	fake_errno(&fake, other.peer, first.peer == other.peer ? first.id : other.id, ENOENT, "it is not here");
	ok(fake_file(&fake) && fake_file(&fake)->state == JOB_FAILED &&
	       strstr(fake_file(&fake)->error.text, "no node that is there can count the slice of bytes 100 to 200"),
	   "and not for ever, when that node lacks the file");
	fake_deinit(&fake);
}

/* What one node could not read is with the other one, which lacks the file since. It comes to nothing there, in any way. */
static void test_ended_for_nobody(void)
{
	static const char *const ways[] = {"crashes", "is returned", "is told from an unsure start", "is lost", "is lost"};

	for (int way = 0; way < 5; way++) {
		struct fake_task tasks[4], task, other;
		struct fake fake;

		fake_running(&fake, 400, 100);
		for (uint64_t i = 0; i < 4; i++)
			tasks[i] = task_of(&fake, i);
		if (way == 4) {
			fake_hello(&fake, 3, "node03", 1, NULL, 0);
			fake_gone(&fake, 3);
		}
		fake_io_error(&fake, tasks[1].peer, tasks[1].id);
		other = tasks[tasks[3].peer != tasks[1].peer ? 3 : 2];
		is_u64(other.peer, tasks[0].peer, "the other node has two slices");
		fake_unsure(&fake, &tasks[0]);
		task = task_of(&fake, 1);
		is_u64(task.peer, other.peer, "and takes, instead of one, what the first one cannot read");
		fake_errno(&fake, other.peer, other.id, ENOENT, "it is not here");
		is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "it goes on with what it has");
		if (way == 0)
			fake_crashed(&fake, task.peer, task.id);
		else if (way == 1)
			fake_returned(&fake, task.peer, task.id);
		else if (way == 2)
			fake_unsure(&fake, &task);
		else
			fake_gone(&fake, task.peer);
		if (way == 4) {
			is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "who is gone for a moment may come back");
			fake_hello(&fake, 3, "node03", 2, NULL, 0);
			is_u64(task_of(&fake, 1).peer, 3, "and count it");
			fake_deinit(&fake);
			continue;
		}
		ok(fake_file(&fake) && fake_file(&fake)->state == JOB_FAILED &&
		       strstr(fake_file(&fake)->error.text, "no node that is there can count the slice of bytes 100 to 200"),
		   "the slice %s: it is not waited for for ever", ways[way]);
		fake_deinit(&fake);
	}
}

/* One answers late, when another one has been asked: what that one does not say any more is no failure to count. */
static void test_open_late(void)
{
	const char *const path = "/a.fq";
	struct fake fake;
	uint64_t first;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_hello(&fake, 2, "node02", 2, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	first = fake_action(&fake, ACTION_SEND_OPEN, 0)->peer;
	fake_tick(&fake, fake.limits.open_ms);
	ok(fake_count(&fake, ACTION_SEND_OPEN) == 1 && fake_action(&fake, ACTION_SEND_OPEN, 0)->peer == 3 - first, "another one is asked");
	fake_opened(&fake, first, 1, 0, 400);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 4, "the first one has opened it after all, and both count it");
	fake_gone(&fake, first);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "the other one has no slot left");
	fake_tick(&fake, fake.limits.open_ms);
	fake_gone(&fake, 3 - first);
	fake_hello(&fake, 3, first == 1 ? "node02" : "node01", 2, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "that it has not answered does not bar it");
	fake_deinit(&fake);
}

static void test_io_error_alone(void)
{
	const char *const path = "/a.fq";
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	fake_opened(&fake, 1, 1, 0, 400);
	task = task_of(&fake, 0);
	fake_fault(&fake, &task, FAULT_READ, 0, 0);
	is_int(fake_file(&fake)->state, JOB_FAILED, "the only node cannot read: the file fails");
	ok(has(fake_file(&fake)->error.text, "Input/output error"), "with the reason");
	fake_deinit(&fake);
}

static void lose(struct fake *fake, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		fake_hello(fake, 10 + i, "node01", 1, NULL, 0);
		fake_gone(fake, 10 + i);
	}
}

static void test_losses(void)
{
	const char *const path = "/a.fq";
	struct fake fake;

	for (uint32_t most = 12; most <= 300; most += 288) {
		fake_init(&fake);
		fake.limits.losses_max = most;
		fake_restart(&fake);
		fake_loaded(&fake, 1);
		fake_hello(&fake, 1, "node01", 1, NULL, 0);
		fake_submit(&fake, "alice", 100, 1, &path);
		fake_opened(&fake, 1, 1, 0, 400);
		fake_gone(&fake, 1);
		lose(&fake, most - 2);
		is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "%u losses are borne", most - 1);
		lose(&fake, 1);
		is_int(fake_file(&fake)->state, JOB_FAILED, "one more fails the file");
		ok(has(fake_file(&fake)->error.text, "the slice of bytes 0 to 100 was lost"), "with the range");
		fake_deinit(&fake);
	}
}

static void test_stall(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 400, 100);
	task = task_of(&fake, 1);
	fake_tick(&fake, 30000); /* until when the file was to be opened */
	is_u64(coord_deadline(fake.coord), fake.now + 30000, "running slices have a deadline");
	fake.now += 20000;
	for (uint64_t i = 0; i < 4; i++)
		if (i != 1)
			fake_progress(&fake, 1 + i % 2, (struct slice_id){1, 0, i, 0}, 10);
	fake_progress(&fake, task.peer, task.id, 0);
	fake_tick(&fake, 10000);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "one without progress is taken away");
	is_u64(fake_action(&fake, ACTION_SEND_DROP, 0)->id.lease, task.id.lease, "that lease");
	is_u64(task_of(&fake, 1).peer, 0, "its node is given nothing new");
	fake_progress(&fake, task.peer, (struct slice_id){1, 0, 3, 0}, 20);
	ok(task_of(&fake, 1).peer, "until it comes forward with something else: then it is handed out again");
	fake_result(&fake, &task, 100, 200, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "a late result is a good result");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "and the new copy may stop");
	fake_deinit(&fake);
}

/* Two slices of a node, one of them counted to its end; results come from the node for many times the stall's time. */
static void test_coming(void)
{
	struct event event = {.kind = EVENT_COMING, .peer = 1};
	const char *const path = "/a.fq";
	struct fake_task tasks[2];
	struct fake fake;
	uint32_t drops[2] = {0};

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, &path);
	fake_opened(&fake, 1, 1, 0, 200);
	for (uint64_t i = 0; i < 2; i++)
		tasks[i] = task_of(&fake, i);
	fake_progress(&fake, 1, tasks[0].id, 100);
	fake_progress(&fake, 1, tasks[1].id, 99);
	for (int i = 0; i < 5; i++) {
		fake.now += 30000;
		fake_step(&fake, &event);
		for (uint32_t k = 0; k < fake_count(&fake, ACTION_SEND_DROP); k++)
			drops[fake_action(&fake, ACTION_SEND_DROP, k)->id.slice]++;
	}
	is_u64(drops[0], 0, "of a node from which results come, what is counted does not stall");
	ok(drops[1] > 0, "what is not does");
	fake_tick(&fake, 60000);
	for (uint32_t k = 0; k < fake_count(&fake, ACTION_SEND_DROP); k++)
		drops[fake_action(&fake, ACTION_SEND_DROP, k)->id.slice]++;
	is_u64(drops[0], 1, "and all of it when nothing comes any more");
	fake_deinit(&fake);
}

/* ---- coming back */

static void test_held(void)
{
	struct slice_id held[3];
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 1000, 100);
	task = task_of(&fake, 0);
	held[0] = task.id;
	held[1] = (struct slice_id){.job = 9, .lease = 4};
	held[2] = (struct slice_id){.job = 1, .slice = 8, .lease = 77};
	fake_hello(&fake, 3, "node01", 2, held, 3);
	is_u64(fake_count(&fake, ACTION_DROP_PEER), 1, "a node that connects anew: its old connection is ended");
	is_u64(fake_action(&fake, ACTION_DROP_PEER, 0)->peer, 1, "that one");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "what it holds of an unknown job is dropped");
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "with what it still counts its slots are taken");
	task.peer = 3;
	fake_result(&fake, &task, 0, 100, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "its result is taken");
	is_u64(fake_task(&fake, 0).id.slice, 2, "then it gets what it had lost");
	fake_crashed(&fake, 1, held[0]);
	is_u64(fake.actions.n, 0, "what its old connection says is not heard");
	fake_deinit(&fake);
}

static void test_held_elsewhere(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 200, 100);
	task = task_of(&fake, 0);
	fake_gone(&fake, task.peer);
	is_u64(task_of(&fake, 0).peer, 3 - task.peer, "a slice of a node that left is handed out");
	fake_hello(&fake, 5, task.peer == 1 ? "node01" : "node02", 2, &task.id, 1);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "when it comes back with it, it need not go on");
	task.peer = 5;
	fake_result(&fake, &task, 0, 100, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "but if it does, that is good work");
	fake_deinit(&fake);
}

static void test_old_lease(void)
{
	struct fake_task task, again;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = task_of(&fake, 0);
	fake_gone(&fake, 3 - task.peer);
	fake_tick(&fake, 60000);
	fake_tick(&fake, 60000);
	again = task_of(&fake, 0);
	is_u64(again.peer, task.peer, "a slice goes back to the same node under a new lease");
	fake_crashed(&fake, task.peer, task.id);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "the end of the old copy is not that of the new one");
	is_u64(fake_action(&fake, ACTION_SAVE_TROUBLE, 0)->trouble.crashes, 1, "but that it crashed counts");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "and is acknowledged");
	fake_crashed(&fake, again.peer, again.id);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "that one's is");
	fake_deinit(&fake);
}

static void test_returned(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = task_of(&fake, 0);
	fake_gone(&fake, 3 - task.peer);
	for (uint32_t i = 0; i < 20; i++) {
		fake_returned(&fake, task.peer, task.id);
		is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "who gives a slice back is about to end and gets none");
		fake_gone(&fake, task.peer);
		fake_hello(&fake, 20 + i, "node03", 1, NULL, 0);
		task = task_of(&fake, 0);
	}
	is_u64(task.peer, 39, "slices that are given back are no losses");
	fake_deinit(&fake);
}

/* The driver has no room for a result: no loss, and no sign that the node is about to end. */
static void test_untaken(void)
{
	struct event event = {.kind = EVENT_RETURNED};
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = task_of(&fake, 0);
	fake_gone(&fake, 3 - task.peer);
	event.peer = task.peer;
	for (uint32_t i = 0; i < 20; i++) {
		event.failed.id = task.id;
		event.failed.untaken = true;
		fake_step(&fake, &event);
		task = task_of(&fake, 0);
	}
	ok(task.peer == event.peer && fake_count(&fake, ACTION_SAVE_TROUBLE) == 0, "whose result was not taken gets slices again");
	fake_deinit(&fake);
}

int main(void)
{
	test_crashes();
	test_io_error();
	test_io_error_of_another();
	test_ended_for_nobody();
	test_open_late();
	test_io_error_alone();
	test_losses();
	test_stall();
	test_coming();
	test_held();
	test_held_elsewhere();
	test_old_lease();
	test_returned();
	test_untaken();
	return done_testing();
}
