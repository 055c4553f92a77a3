/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of slices, event by event: stragglers get one, audits are one, and copies must agree. */
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq"};

/* Nodes "node01", ... of so many slots each, and a job of one file of `size` bytes in slices of 100. */
static void begin(struct fake *fake, uint32_t nodes, uint32_t slots, uint64_t size)
{
	static const char *const names[] = {"node01", "node02", "node03", "node04"};

	fake_limits(fake);
	for (uint32_t i = 0; i < nodes; i++)
		fake_hello(fake, i + 1, names[i], slots, NULL, 0);
	fake_submit(fake, "alice", 100, 1, paths);
	fake_opened(fake, 1, 1, 0, size);
}

static void count(struct fake *fake, const struct fake_task *task)
{
	fake_result(fake, task, 100 * task->id.slice, 100 * (task->id.slice + 1), 1);
}

/* ---- stragglers */

static void test_straggler(void)
{
	struct fake_task slow, copy;
	struct fake fake;

	fake_init(&fake);
	fake.limits.straggler_ms = 30000;
	begin(&fake, 2, 2, 400);
	slow = fake_task_of(&fake, 3);
	for (uint64_t i = 0; i < 3; i++) {
		struct fake_task task = {.peer = 1 + i % 2, .id = {1, 0, i, slow.id.lease - 3 + i, false},
		                         .task = {.start_known = i == 0}};

		fake.now += 1000;
		count(&fake, &task);
	}
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "with slots free nothing is copied at once");
	ok(coord_deadline(fake.coord) <= fake.now + 3000, "but soon it is looked");
	fake_progress(&fake, slow.peer, slow.id, 10);
	fake_tick(&fake, 6000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "a pace of a few seconds tells nothing");
	fake_tick(&fake, 10000);
	copy = fake_task_of(&fake, 3);
	is_u64(copy.peer, 3 - slow.peer, "a pace far below the others' is worth a copy, on another node");
	ok(copy.id.lease > slow.id.lease, "under a lease of its own");
	fake_tick(&fake, 20000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "one copy, not more");
	count(&fake, &copy);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "the one that is faster wins: the loser may stop");
	ok(fake_action(&fake, ACTION_SEND_DROP, 0)->peer == slow.peer &&
	       fake_action(&fake, ACTION_SEND_DROP, 0)->id.lease == slow.id.lease,
	   "that one");
	count(&fake, &slow);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE) + fake_count(&fake, ACTION_MERGE_FILE), 0, "what it brings all the same is too late");
	fake_deinit(&fake);
}

/* Of its job nothing else is known: the time alone tells. */
static void test_straggler_alone(void)
{
	struct fake fake;

	fake_init(&fake);
	fake.limits.straggler_ms = 30000;
	begin(&fake, 2, 1, 100);
	fake_tick(&fake, 30000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "within the time nothing is slow");
	fake_tick(&fake, 3100);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "beyond it a copy is made");
	fake_deinit(&fake);

	fake_init(&fake);
	begin(&fake, 2, 1, 100);
	fake_tick(&fake, 30000); /* until when the file was to be opened */
	is_u64(coord_deadline(fake.coord), fake.now + 30000, "where it is turned off nobody looks");
	fake_deinit(&fake);

	fake_init(&fake);
	fake.limits.straggler_ms = 10000;
	begin(&fake, 2, 1, 300);
	fake_tick(&fake, 20000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "as long as slices are to be counted no slot goes to copies");
	fake_deinit(&fake);
}

/* ---- audits */

static void test_audit(void)
{
	struct fake_task task, audit;
	struct fake fake;

	fake_init(&fake);
	fake.limits.audit_percent = 100;
	fake.digest = 7;
	begin(&fake, 2, 1, 100);
	task = fake_task_of(&fake, 0);
	count(&fake, &task);
	audit = fake_task_of(&fake, 0);
	is_u64(audit.peer, 3 - task.peer, "a slice that was counted goes to another node as well");
	ok(audit.task.start_known, "from its proven start");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 0, "the file waits for it");
	count(&fake, &audit);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "its count is not stored");
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "but when it has come the file is merged");
	fake_deinit(&fake);
}

static void test_audit_fails(void)
{
	struct fake_task task, audit;
	struct fake fake;

	for (uint32_t how = 0; how < 5; how++) {
		fake_init(&fake);
		fake.limits.audit_percent = 100;
		fake.limits.straggler_ms = how == 4 ? 30000 : 0;
		begin(&fake, 2, 1, 100);
		task = fake_task_of(&fake, 0);
		count(&fake, &task);
		audit = fake_task_of(&fake, 0);
		if (how == 0)
			fake_crashed(&fake, audit.peer, audit.id);
		else if (how == 1)
			fake_io_error(&fake, audit.peer, audit.id);
		else if (how == 2)
			fake_gone(&fake, audit.peer);
		else if (how == 3)
			fake_tick(&fake, 60000);
		else
			fake_tick(&fake, 31000);
		is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "an audit that %s is forgotten: the file is merged",
		       (const char *[]){"crashes", "cannot be read", "goes with its node", "hangs", "is slow"}[how]);
		is_u64(fake_count(&fake, ACTION_SAVE_TROUBLE), 0, "and is no trouble of the slice");
		fake_deinit(&fake);
	}
	fake_init(&fake);
	fake.limits.audit_percent = 100;
	begin(&fake, 1, 1, 100);
	task = fake_task_of(&fake, 0);
	count(&fake, &task);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "where there is one node nothing is audited");
	fake_deinit(&fake);
}

static void test_audit_chosen(void)
{
	uint32_t chosen[2] = {0, 0}, both = 0;
	struct fake fake;

	for (uint64_t secret = 0; secret < 2; secret++) {
		for (uint64_t job = 0; job < 200; job++) {
			struct fake_task task;

			fake_init(&fake);
			fake.limits.audit_percent = 20;
			fake.limits.secret = secret * 1000 + job;
			begin(&fake, 2, 1, 100);
			task = fake_task_of(&fake, 0);
			count(&fake, &task);
			chosen[secret] += fake_count(&fake, ACTION_SEND_TASK) > 0;
			both += fake_count(&fake, ACTION_SEND_TASK) > 0 && secret == 1;
			fake_deinit(&fake);
		}
	}
	ok(chosen[0] > 20 && chosen[0] < 60, "20%% of slices are audited: %u of 200", chosen[0]);
	ok(chosen[1] > 20 && chosen[1] < 60 && both > 0, "others with another secret: %u of 200", chosen[1]);
}

/* ---- copies must agree */

/* A slice that stalls on its node and is counted by the other one: then the first one's result comes, late. */
static void late(struct fake *fake, struct fake_task *ret_late)
{
	fake_init(fake);
	begin(fake, 2, 1, 200);
	*ret_late = fake_task_of(fake, 0);
	fake_result(fake, &(struct fake_task){3 - ret_late->peer, {1, 0, 1, ret_late->id.lease + 1, false}, {0}, 3}, 100, 200, 1);
	fake_tick(fake, 60000);
	fake->digest = 7;
	count(fake, &(struct fake_task){3 - ret_late->peer, fake_task_of(fake, 0).id, fake_task_of(fake, 0).task, 3});
}

static void test_agree(void)
{
	struct fake_task task;
	struct fake fake;

	late(&fake, &task);
	is_u64(fake_count(&fake, ACTION_MERGE_FILE), 1, "the copy completes the file");
	count(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE) + fake_count(&fake, ACTION_SAVE_NODE), 0, "the first one, late, agrees: nothing happens");
	fake_deinit(&fake);
}

static void test_disagree(void)
{
	struct fake_task task;
	struct fake fake;

	for (uint32_t how = 0; how < 4; how++) {
		late(&fake, &task);
		fake.digest = how == 0 ? 8 : 7;
		if (how == 3)
			fake_fault(&fake, &task, FAULT_NO_AT, 0, 0);
		else
			fake_result(&fake, &task, 0, how == 1 ? 120 : 100, how == 2 ? 2 : 1);
		is_int(fake_file(&fake)->state, JOB_FAILED, "two that differ in %s fail the file",
		       (const char *[]){"the digest", "the end", "the records", "the outcome"}[how]);
		is_str(fake_file(&fake)->error.text,
		       task.peer == 1 ? "/a.fq: nodes disagree on the slice of bytes 0 to 100: node02 and node01 counted it differently, so one of "
		                        "them is broken, and both are drained; submit the job again"
		                      : "/a.fq: nodes disagree on the slice of bytes 0 to 100: node01 and node02 counted it differently, so one of "
		                        "them is broken, and both are drained; submit the job again",
		       "with range and nodes");
		is_u64(fake_count(&fake, ACTION_SAVE_NODE), 2, "both are drained, durably");
		is_u64(fake_count(&fake, ACTION_SEND_DRAIN), 2, "and told so");
		is_str(fake_node(&fake, "node01").reason, "disagrees with node02 on slice 0 of job 1", "a person sees why");
		is_str(fake_node(&fake, "node02").state, "drain", "and the state");
		fake_deinit(&fake);
	}
}

static void test_distrusted(void)
{
	struct fake_task task, other;
	struct fake fake;

	late(&fake, &task);
	fake_submit(&fake, "alice", 100, 1, &paths[1]);
	fake_opened(&fake, 3 - task.peer, 2, 0, 200);
	other = fake_task_of(&fake, 0);
	fake.digest = 8;
	count(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "what nodes count that disagree is taken from them");
	count(&fake, &other);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "and nothing of it is believed");
	fake_resume(&fake, other.peer == 1 ? "node01" : "node02");
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "until a person resumes one");
	other = fake_task(&fake, 0);
	count(&fake, &other);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 1, "then it is");
	fake_deinit(&fake);
}

/* What a node was not given it cannot count, nor contradict. */
static void test_unasked(void)
{
	struct fake_task task, lie;
	struct fake fake;

	fake_init(&fake);
	begin(&fake, 2, 1, 200);
	task = fake_task_of(&fake, 0);
	lie = task;
	lie.peer = 3 - task.peer;
	count(&fake, &lie);
	is_u64(fake_count(&fake, ACTION_SAVE_SLICE), 0, "a result nobody asked this node for is not taken");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "only acknowledged");
	fake.digest = 1;
	count(&fake, &task);
	fake.digest = 2;
	count(&fake, &lie);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "nor does it contradict one that was asked");
	count(&fake, &task);
	is_u64(fake_count(&fake, ACTION_SAVE_NODE), 0, "what a node tells a second time is not heard");
	fake_deinit(&fake);
}

int main(void)
{
	test_straggler();
	test_straggler_alone();
	test_audit();
	test_audit_fails();
	test_audit_chosen();
	test_agree();
	test_disagree();
	test_distrusted();
	test_unasked();
	return done_testing();
}
