/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core thinks of nodes: which hang, which fail alone, which do not see a file; and what goes to a node alone. */
#include <errno.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq", "/d.fq"};

static void count(struct fake *fake, const struct fake_task *task)
{
	fake_result(fake, task, 100 * task->id.slice, 100 * (task->id.slice + 1), 1);
}

/* ---- that hang */

static void test_suspect(void)
{
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 400);
	fake_tick(&fake, 60000);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 2, "slices without progress are taken away");
	is_str(fake_node(&fake, "node01").state, "suspect", "their node is suspect");
	ok(strstr(fake_node(&fake, "node01").reason, "made no progress with slice"), "with a reason: %s", fake_node(&fake, "node01").reason);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "it is given nothing new");
	is_u64(coord_deadline(fake.coord), fake.now + 60000, "for as long again");
	fake_tick(&fake, 59999);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "not before");
	fake_tick(&fake, 1);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "then one slice, as a chance");
	task = fake_task(&fake, 0);
	fake_tick(&fake, 60000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "a chance that is missed");
	fake_tick(&fake, 60000);
	task = fake_task(&fake, 0);
	fake_progress(&fake, 1, task.id, 0);
	is_str(fake_node(&fake, "node01").state, "suspect", "an empty word of progress is none");
	fake_progress(&fake, 1, task.id, 10);
	is_str(fake_node(&fake, "node01").state, "mixed", "but when it comes forward");
	is_str(fake_node(&fake, "node01").reason, "", "it is as any other");
	fake_deinit(&fake);
}

static void test_suspect_open(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_hello(&fake, 2, "node02", 2, NULL, 0);
	fake_tick(&fake, 30000);
	is_u64(fake_action(&fake, ACTION_SEND_OPEN, 0)->peer, 2, "an OPEN without an answer is asked of another node");
	is_str(fake_node(&fake, "node01").state, "suspect", "and the first one is suspect");
	fake_opened(&fake, 1, 1, 0, 400);
	is_str(fake_node(&fake, "node01").state, "alloc", "until it answers, late");
	fake_deinit(&fake);
}

/* ---- that fail alone */

/* node01 cannot open so many files, which node02 then opens. */
static void fail_alone(struct fake *fake, uint32_t times, int error_number)
{
	for (uint32_t i = 0; i < times; i++) {
		struct event event = {.kind = EVENT_OPENED, .peer = 1};

		fake_submit(fake, "alice", 100, 1, paths);
		event.opened.job = fake_action(fake, ACTION_REPLY, 0)->reply.job;
		event.opened.error_number = error_number;
		(void)error_set(&event.opened.error, -error_number, ERROR_IO, "no");
		fake_step(fake, &event);
		fake_opened(fake, 2, event.opened.job, 0, 0);
	}
}

static void begin(struct fake *fake)
{
	fake_init(fake);
	fake->limits.jobs_max = 100;
	fake_limits(fake);
	fake_hello(fake, 1, "node01", 0, NULL, 0); /* no slots: files are opened there only */
	fake_hello(fake, 2, "node02", 1, NULL, 0);
}

static void test_hole(void)
{
	struct fake fake;

	begin(&fake);
	fail_alone(&fake, 2, EIO);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "a node that fails alone twice goes on");
	fail_alone(&fake, 1, EIO);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 1, "the third time it is drained");
	ok(fake_action(&fake, ACTION_SAVE_NODE, 0)->node.drained && fake_count(&fake, ACTION_SEND_DRAIN) == 1, "durably, and is told so");
	ok(strstr(fake_node(&fake, "node01").reason, "black hole: 3 times in a row it failed where other nodes did not"), "for a reason: %s",
	   fake_node(&fake, "node01").reason);
	fake_resume(&fake, "node01");
	fail_alone(&fake, 2, EIO);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "who is resumed begins anew");
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, fake_action(&fake, ACTION_REPLY, 0)->reply.job, 0, 0);
	fail_alone(&fake, 2, EIO);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "and what goes well ends the row");
	fail_alone(&fake, 1, EIO);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 1, "of three");
	fake_deinit(&fake);
}

/* A path that lies on one node only is no fault of the others, but a node that has never read anything may have no path at all. */
static void test_hole_path(void)
{
	struct fake fake;

	begin(&fake);
	fail_alone(&fake, 3, ENOENT);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 1, "a node that has not read anything and lacks three files is drained");
	fake_deinit(&fake);
	begin(&fake);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 0);
	fail_alone(&fake, 20, ENOENT);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "one that has is not, however odd the paths are");
	fake_deinit(&fake);
}

static void test_errnos(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 100, 100);
	fake_hello(&fake, 3, "node03", 1, NULL, 0);
	fake_hello(&fake, 4, "node04", 1, NULL, 0);
	task = (struct fake_task){.peer = 1, .id = {1, 0, 0, 4294967297, false}};
	fake_errno(&fake, task.peer, task.id, EIO, "a");
	task = fake_task_of(&fake, 0);
	fake_errno(&fake, task.peer, task.id, ESTALE, "b");
	task = fake_task_of(&fake, 0);
	ok(task.peer, "two nodes that fail in two ways: a third is asked");
	fake_errno(&fake, task.peer, task.id, EIO, "/a.fq: Input/output error at byte 7");
	is_str(fake_file(&fake)->error.text, "/a.fq: Input/output error at byte 7, in the slice of bytes 0 to 100 (on 3 nodes)",
	       "the same way twice: the file fails");
	fake_deinit(&fake);

	fake_running(&fake, 100, 100);
	fake_hello(&fake, 3, "node03", 1, NULL, 0);
	task = (struct fake_task){.peer = 1, .id = {1, 0, 0, 4294967297, false}};
	fake_errno(&fake, task.peer, task.id, ENOENT, "not here");
	task = fake_task_of(&fake, 0);
	fake_errno(&fake, task.peer, task.id, ENOENT, "not here");
	task = fake_task_of(&fake, 0);
	ok(task.peer, "two nodes that lack the file do not fail it");
	fake_errno(&fake, task.peer, task.id, ENOENT, "not here");
	is_int(fake_file(&fake)->state, JOB_FAILED, "all that are there do");
	fake_deinit(&fake);
}

/* Who lacks one slice of a file lacks all of it; when nobody is left for some slice the file fails. */
static void test_barred(void)
{
	struct fake_task tasks[2];
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 300);
	tasks[0] = fake_task_of(&fake, 0);
	tasks[1] = fake_task_of(&fake, 1);
	fake_errno(&fake, tasks[0].peer, tasks[0].id, EIO, "unreadable");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "slice 0 is left to the other node");
	fake_errno(&fake, tasks[1].peer, tasks[1].id, ENOENT, "not here");
	is_int(fake_file(&fake)->state, JOB_FAILED, "which lacks the file: it fails");
	fake_deinit(&fake);
}

/* ---- proofs */

static void test_proofs(void)
{
	static const char told[] = "no worker sees at /a.fq the file that you read: it may be missing there, not readable for the service, or "
	                           "another file (node01, node02)";
	struct fake fake;

	for (uint32_t how = 0; how < 3; how++) {
		struct event event = {.kind = EVENT_OPENED, .peer = 1};

		fake_init(&fake);
		fake.proofs = true;
		fake_hello(&fake, 1, "node01", 1, NULL, 0);
		fake_hello(&fake, 2, "node02", 1, NULL, 0);
		fake_submit(&fake, "alice", 100, 1, paths);
		event.opened.job = 1;
		event.opened.error_number = how == 0 ? ENOENT : EACCES;
		event.opened.unproven = how == 2;
		(void)error_set(&event.opened.error, -1, how == 2 ? ERROR_DATA : ERROR_DENIED, "the true reason %u", how);
		fake_step(&fake, &event);
		is_u64(fake_action(&fake, ACTION_SEND_OPEN, 0)->peer, 2, "a proof that fails on one node is tried on the next");
		ok(fake_logged(&fake, "the true reason"), "the journal is told why");
		event.peer = 2;
		fake_step(&fake, &event);
		is_str(fake_file(&fake)->error.text, told, "the submitter is told one sentence whatever it is");
		is_int(fake_file(&fake)->error.class, ERROR_NO_INPUT, "of one class");
		fake_deinit(&fake);
	}
	fake_init(&fake);
	fake.proofs = true;
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_not_opened(&fake, 1, 1, 0, ERROR_DATA, "/a.fq is no FASTQ");
	is_str(fake_file(&fake)->error.text, "/a.fq is no FASTQ", "what is wrong with a file that he read is told him");
	fake_deinit(&fake);
}

/* Who has another file there is given no slice of it. */
static void test_unproven_barred(void)
{
	struct event event = {.kind = EVENT_OPENED, .peer = 1};
	struct fake fake;

	fake_init(&fake);
	fake.proofs = true;
	fake_hello(&fake, 1, "node01", 4, NULL, 0);
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	event.opened.job = 1;
	event.opened.unproven = true;
	(void)error_set(&event.opened.error, -1, ERROR_DENIED, "another file");
	fake_step(&fake, &event);
	fake_opened(&fake, 2, 1, 0, 400);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "the node that could not prove it gets no slice");
	is_u64(fake_task(&fake, 0).peer, 2, "the other one does");
	fake_deinit(&fake);
}

/* ---- alone */

static void test_alone(void)
{
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 4, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 600);
	for (uint64_t i = 2; i < 4; i++) {
		fake_gone(&fake, i - 1);
		fake_hello(&fake, i, "node01", 4, NULL, 0);
	}
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "what was lost twice goes alone");
	is_u64(fake_task(&fake, 0).id.slice, 0, "the first of them");
	task = fake_task(&fake, 0);
	count(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "then the next one");
	for (uint32_t i = 1; i < 4; i++) {
		task = fake_task(&fake, 0);
		count(&fake, &task);
	}
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "the others go together");
	fake_deinit(&fake);
}

/* Where no node is empty, the one with the least to do is let run empty. */
static void test_alone_busy(void)
{
	struct fake_task tasks[4];
	struct slice_id lost;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 900);
	lost = fake_task(&fake, 0).id;
	fake_gone(&fake, 1);
	fake_hello(&fake, 2, "node02", 2, NULL, 0);
	tasks[0] = fake_task_of(&fake, 1);
	fake_hello(&fake, 3, "node01", 1, NULL, 0);
	is_u64(fake_task(&fake, 0).id.slice, 2, "a slice that was lost once goes beside others");
	fake_gone(&fake, 2);
	fake_hello(&fake, 4, "node02", 2, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "one that was lost twice has its node for itself");
	is_u64(fake_task(&fake, 0).id.slice, lost.slice, "that one");
	tasks[1] = fake_task(&fake, 0);
	fake_hello(&fake, 5, "node03", 1, NULL, 0);
	is_u64(fake_task(&fake, 0).id.slice, 1, "the others go on elsewhere");
	count(&fake, &tasks[1]);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "and there when it is done");
	(void)tasks[0];
	fake_deinit(&fake);
}

/* ---- jobs of batch systems */

static void test_transient(void)
{
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "stays", 1, NULL, 0);
	fake.transient = true;
	fake_hello(&fake, 2, "slurm-1", 1, NULL, 0);
	fake_hello(&fake, 3, "slurm-2", 1, NULL, 0);
	fake_hello(&fake, 4, "slurm-3", 1, NULL, 0);
	fake_draining(&fake, 1);
	fake_gone(&fake, 1);
	is_str(fake_node(&fake, "stays").state, "down", "a node that has left is down");
	fake_draining(&fake, 2);
	is_str(fake_node(&fake, "slurm-1").state, "drain", "a batch job that leaves is there");
	fake_gone(&fake, 2);
	is_str(fake_node(&fake, "slurm-1").name, "", "and when it has left it is forgotten");
	fake_gone(&fake, 3);
	is_str(fake_node(&fake, "slurm-2").state, "down", "one that was lost is down");
	is_str(fake_node(&fake, "slurm-2").reason, "connection lost", "with the reason");
	is_u64(coord_deadline(fake.coord), fake.now + 600000, "for ten minutes");
	fake_tick(&fake, 599999);
	is_str(fake_node(&fake, "slurm-2").state, "down", "not less");
	fake_tick(&fake, 1);
	is_str(fake_node(&fake, "slurm-2").name, "", "then it is forgotten, too");
	is_str(fake_node(&fake, "slurm-3").state, "idle", "the others go on");
	is_str(fake_node(&fake, "stays").state, "down", "and who is no job stays in the list");
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 4, 1, 0, 400);
	task = fake_task(&fake, 0);
	is_u64(task.peer, 4, "slices go to it");
	fake_draining(&fake, 4);
	fake_gone(&fake, 4);
	is_str(fake_node(&fake, "slurm-3").state, "down", "one that has left with a slice in hand may come back with it");
	fake_hello(&fake, 5, "slurm-3", 1, &task.id, 1);
	is_str(fake_node(&fake, "slurm-3").state, "alloc", "and does");
	fake_tick(&fake, 1);
	fake_gone(&fake, 5);
	fake_hello(&fake, 6, "slurm-3", 1, NULL, 0);
	fake_tick(&fake, 600000);
	ok(fake_node(&fake, "slurm-3").peer == 6, "who is back in time is not forgotten");
	fake_deinit(&fake);
}

static void test_transient_drained(void)
{
	struct fake fake;

	fake_init(&fake);
	fake.transient = true;
	fake_hello(&fake, 1, "slurm-1", 1, NULL, 0);
	fake_drain(&fake, "slurm-1");
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 1, "a batch job that a person drained");
	fake_draining(&fake, 1);
	fake_gone(&fake, 1);
	is_str(fake_node(&fake, "slurm-1").name, "", "is forgotten when it has left");
	ok(fake_count(&fake, ACTION_SAVE_NODE) == 1 && !fake_action(&fake, ACTION_SAVE_NODE, 0)->node.drained, "with the row that it had");
	fake_hello(&fake, 2, "slurm-1", 1, NULL, 0);
	is_str(fake_node(&fake, "slurm-1").state, "idle", "the next one of the name is not drained");
	fake_deinit(&fake);
}

int main(void)
{
	test_transient();
	test_transient_drained();
	test_suspect();
	test_suspect_open();
	test_hole();
	test_hole_path();
	test_errnos();
	test_barred();
	test_proofs();
	test_unproven_barred();
	test_alone();
	test_alone_busy();
	return done_testing();
}
