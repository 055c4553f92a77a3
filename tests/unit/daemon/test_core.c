/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core's jobs, files and nodes: what is asked of whom, in which order it is durable, and how it is told. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq", "/d.fq", "/e.fq", "/f.fq", "/g.fq", "/h.fq"};

static bool has(const struct error *error, const char *words)
{
	bool found = strstr(error->text, words);

	if (!found)
		diag("the sentence is: %s", error->text);
	return found;
}

static struct job_view view_of(const struct fake *fake, uint64_t job)
{
	struct job_view view = {0};

	ok(coord_find_job(fake->coord, job, &view), "job %u is there", (unsigned int)job);
	return view;
}

/* ---- submit */

static void test_submit(void)
{
	struct job_view view;
	struct fake fake;

	fake_init(&fake);
	fake_submit(&fake, "alice", 0, 2, paths);
	is_u64(fake.actions.n, 5, "a submit is saved, answered and told of, and nothing else");
	is_int((int)fake_place(&fake, ACTION_SAVE_JOB), 0, "the job first");
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 2, "then its files");
	is_int((int)fake_place(&fake, ACTION_REPLY), 3, "then the answer");
	is_u64(fake_action(&fake, ACTION_REPLY, 0)->reply.job, 1, "with the number of the job");
	is_u64(fake_count(&fake, ACTION_LOG), 1, "and a line for the journal");
	view = view_of(&fake, 1);
	is_str(view.reason, "NoWorkers", "it waits for workers");
	is_int(view.row->state, JOB_PENDING, "and is pending");
	fake_deinit(&fake);
}

static void refused(struct fake *fake, enum error_class class, const char *words, const char *name)
{
	is_u64(fake->actions.n, 1, "%s: is only answered", name);
	is_int(fake_refusal(fake)->class, class, "%s: with its class", name);
	ok(has(fake_refusal(fake), words), "%s: and its sentence", name);
}

static void test_limits(void)
{
	const char *const relative[] = {"a.fq"}, *const empty[] = {""};
	struct fake fake;

	fake_init(&fake);
	fake_submit(&fake, "alice", 0, 0, paths);
	refused(&fake, ERROR_USAGE, "from 1 to 8 files, not 0", "no file");
	fake_submit(&fake, "alice", 0, 9, paths);
	refused(&fake, ERROR_USAGE, "from 1 to 8 files, not 9", "too many files");
	fake_submit(&fake, "alice", 0, 1, relative);
	refused(&fake, ERROR_USAGE, "'a.fq' is not absolute", "a relative path");
	fake_submit(&fake, "alice", 0, 1, empty);
	refused(&fake, ERROR_USAGE, "is not absolute", "an empty path");
	for (int i = 0; i < 3; i++)
		fake_submit(&fake, "alice", 0, 1, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "as many jobs as may be");
	fake_submit(&fake, "alice", 0, 1, paths);
	refused(&fake, ERROR_TEMPORARY, "alice has 3 unfinished jobs", "too many jobs");
	fake_submit(&fake, "bob", 0, 1, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "another owner has a limit of his own");
	fake_cancel(&fake, 1, "alice", false);
	fake_submit(&fake, "alice", 0, 1, paths);
	is_u64(fake_action(&fake, ACTION_REPLY, 0)->reply.job, 5, "an ended job makes room, and no number is given again");
	fake_deinit(&fake);
}

/* ---- opening */

static void test_open(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_submit(&fake, "alice", 0, 8, paths);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 4, "a node is asked to open a few files at once");
	fake_not_opened(&fake, 1, 1, 0, ERROR_DATA, "/a.fq is no FASTQ");
	is_int(fake_file(&fake)->state, JOB_FAILED, "no FASTQ: the file fails at once");
	is_str(fake_file(&fake)->error.text, "/a.fq is no FASTQ", "with the node's sentence");
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "and the next file is asked for");
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 3, "a second node is asked for the others");
	fake_gone(&fake, 2);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "that it leaves gives a busy node nothing");
	fake_opened(&fake, 1, 1, 1, 100);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "but each answer gives it one of the files that are left");
	fake_deinit(&fake);
}

static void test_not_opened(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	fake_submit(&fake, "alice", 0, 1, paths);
	fake_not_opened(&fake, 1, 1, 0, ERROR_NO_INPUT, "/a.fq: No such file or directory");
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "a node that cannot open a file: another one is asked");
	is_u64(fake_action(&fake, ACTION_SEND_OPEN, 0)->peer, 2, "the other one");
	is_str(view_of(&fake, 1).reason, "NoNodeSeesPath", "and meanwhile that is the reason");
	fake_not_opened(&fake, 2, 1, 0, ERROR_NO_INPUT, "/a.fq: No such file or directory");
	is_int(fake_file(&fake)->state, JOB_FAILED, "none can: it fails");
	is_str(fake_file(&fake)->error.text,
	       "no worker can open the file: /a.fq: No such file or directory (node01, node02)", "and who could not is told");
	is_int(fake_job(&fake)->error.class, ERROR_NO_INPUT, "the job has the class");
	ok(fake_place(&fake, ACTION_SAVE_FILE) < fake_place(&fake, ACTION_JOB_CHANGED), "nobody is told before it is saved");
	fake_deinit(&fake);
}

static void test_open_slow(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 0, 1, paths);
	is_u64(coord_deadline(fake.coord), fake.now + 30000, "an OPEN has a deadline");
	fake_hello(&fake, 2, "node02", 1, NULL, 0);
	fake_tick(&fake, 30000);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "no answer: another node is asked");
	fake_opened(&fake, 1, 1, 0, 100);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 2, "a late answer is one");
	fake_opened(&fake, 2, 1, 0, 5000);
	is_u64(fake_count(&fake, ACTION_SAVE_FILE), 0, "a second answer changes nothing");
	fake_deinit(&fake);
}

/* ---- planning and fairness */

static void test_plan(void)
{
	struct fake fake;

	fake_running(&fake, 1000, 100);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 4, "a slice for each slot");
	for (uint32_t i = 0; i < 4; i++)
		is_u64(fake_task(&fake, i).task.begin, 100 * i, "in the file's order: %u", i);
	ok(fake_task(&fake, 0).task.start_known && !fake_task(&fake, 1).task.start_known, "only the first start is known");
	ok(fake_task(&fake, 0).peer != fake_task(&fake, 1).peer, "nodes in turn");
	ok(fake_file(&fake)->planned, "the plan is saved");
	is_int(fake_job(&fake)->state, JOB_RUNNING, "the job runs");
	fake_submit(&fake, "bob", 10, 1, paths);
	fake_opened(&fake, 1, 2, 0, 100000);
	ok(strstr(fake_file(&fake)->error.text, "are too many"), "too small slices are refused");
	fake_submit(&fake, "bob", 0, 1, paths);
	fake_opened(&fake, 1, 3, 0, 1200);
	is_u64(fake_file(&fake)->slice_size, 100, "a size of its own: three slices a slot");
	fake_deinit(&fake);
}

static void test_fair(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 1000, 100);
	task = fake_task(&fake, 0);
	fake_submit(&fake, "bob", 100, 1, paths + 1);
	fake_opened(&fake, 1, 2, 0, 1000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "all slots are taken");
	fake_result(&fake, &task, 0, 100, 1);
	is_u64(fake_task(&fake, 0).id.job, 2, "the job with fewer running slices is next");
	is_u64(fake_task(&fake, 0).peer, task.peer, "on the slot that is free");
	fake_deinit(&fake);
}

static void test_algorithm(void)
{
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = 9};
	struct fake fake;

	fake_init(&fake);
	fake_submit(&fake, "alice", 100, 1, paths);
	event.hello = (struct node_hello){.name = "old", .slots = 4, .algorithm = FAKE_ALGORITHM - 1};
	fake_step(&fake, &event);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "a node of another algorithm is not asked");
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_opened(&fake, 1, 1, 0, 1000);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 1, "nor does it count");
	is_u64(fake_task(&fake, 0).peer, 1, "only the other one");
	fake_deinit(&fake);
}

/* ---- drain and cancel */

static void test_drain(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 2, NULL, 0);
	fake_drain(&fake, "node01");
	ok(fake_action(&fake, ACTION_SAVE_NODE, 0)->node.drained, "a drain is saved");
	is_u64(fake_count(&fake, ACTION_SEND_DRAIN), 1, "told");
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "and granted");
	fake_submit(&fake, "alice", 100, 1, paths);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "a drained node gets nothing");
	fake_hello(&fake, 2, "node01", 2, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_DRAIN), 1, "also when it comes anew");
	fake_restart(&fake);
	is_int(coord_load_node(fake.coord, "node01", "new disk"), 0, "after a restart");
	fake_loaded(&fake, 2);
	fake_hello(&fake, 3, "node01", 2, NULL, 0);
	is_u64(fake_count(&fake, ACTION_SEND_DRAIN), 1, "it is still drained");
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_resume(&fake, "node01");
	ok(!fake_action(&fake, ACTION_SAVE_NODE, 0)->node.drained, "a resume is saved");
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "and brings work");
	fake_resume(&fake, "node09");
	ok(has(fake_refusal(&fake), "there is no node 'node09'"), "of a node that is not there it is refused");
	fake_drain(&fake, "node08");
	is_u64(fake_node(&fake, "node08").seen_ms, 0, "one that was never there can be drained");
	fake_resume(&fake, "node08");
	ok(!fake_action(&fake, ACTION_SAVE_NODE, 0)->node.drained, "and resumed,");
	fake_resume(&fake, "node08");
	ok(has(fake_refusal(&fake), "there is no node 'node08'"), "of which nothing stays");
	is_str(fake_node(&fake, "node01").name, "node01", "one that is there does");
	fake_deinit(&fake);
}

static void test_cancel(void)
{
	struct fake fake;

	fake_running(&fake, 1000, 100);
	fake_cancel(&fake, 2, "alice", false);
	refused(&fake, ERROR_NO_INPUT, "there is no unfinished job 2", "an unknown job");
	fake_cancel(&fake, 1, "bob", false);
	refused(&fake, ERROR_DENIED, "belongs to another user", "another's job");
	fake_cancel(&fake, 1, "root", true);
	is_int(fake_job(&fake)->state, JOB_CANCELLED, "an administrator may");
	is_str(fake_job(&fake)->error.text, "no longer needed", "the reason is kept");
	is_int(fake_file(&fake)->state, JOB_CANCELLED, "the file is cancelled");
	is_u64(fake_count(&fake, ACTION_FORGET_SLICES), 1, "what was counted goes");
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 4, "who counts is told");
	ok(fake_place(&fake, ACTION_SAVE_JOB) < fake_place(&fake, ACTION_REPLY), "the answer comes last");
	fake_cancel(&fake, 1, "alice", false);
	refused(&fake, ERROR_NO_INPUT, "there is no unfinished job 1", "a second cancel");
	fake_deinit(&fake);
}

/* ---- looking */

static void test_views(void)
{
	struct slice_view slice = {0};
	struct file_view file = {0};
	struct node_view node = {0};
	struct job_view job;
	uint64_t cursor = 0;
	struct fake_task task;
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_tick(&fake, 3600000);
	fake_submit(&fake, "alice", 100, 1, paths);
	fake_opened(&fake, 1, 1, 0, 500);
	task = fake_task(&fake, 0);
	fake_tick(&fake, 1000);
	fake_progress(&fake, task.peer, task.id, 40);
	is_u64(fake_node(&fake, "node01").rate, 40, "an hour without work is no part of a node's rate");
	fake_deinit(&fake);
	fake_running(&fake, 500, 100);
	task = fake_task(&fake, 0);
	fake_progress(&fake, task.peer, task.id, 40);
	job = view_of(&fake, 1);
	is_u64(job.bytes_done, 40, "bytes of running slices count");
	is_str(job.node_names, "node[01-02]", "who counts for the job");
	fake_tick(&fake, 1000);
	fake_progress(&fake, task.peer, task.id, 60);
	is_u64(fake_node(&fake, "node01").rate, 60, "bytes in the last second");
	fake_tick(&fake, 2000);
	is_u64(fake_node(&fake, "node01").rate, 60, "so it stays for a while");
	fake_tick(&fake, 4000);
	is_u64(fake_node(&fake, "node01").rate, 0, "but not of a node that stands still");
	fake_result(&fake, &task, 0, 420, 5);
	job = view_of(&fake, 1);
	is_u64(job.bytes_done, 400, "slices within a long record are done with it");
	is_u64(job.records, 5, "records that are proven");
	ok(coord_find_slice(fake.coord, 1, 0, 2, &slice) && strcmp(slice.state, "empty") == 0, "one of them is empty");
	ok(coord_find_slice(fake.coord, 1, 0, 4, &slice) && strcmp(slice.state, "running") == 0, "the last one runs");
	ok(!coord_find_slice(fake.coord, 1, 0, 5, &slice), "there is no other");
	ok(coord_find_file(fake.coord, 1, 0, &file) && file.chain && file.bytes_done == 400, "the file has its chain");
	ok(coord_next_node(fake.coord, &cursor, &node) && strcmp(node.state, "mixed") == 0 && node.jobs == 1,
	   "the first node counts it");
	ok(coord_next_node(fake.coord, &cursor, &node) && strcmp(node.state, "idle") == 0, "the second is idle");
	ok(!coord_next_node(fake.coord, &cursor, &node), "there is no third");
	cursor = 0;
	ok(coord_next_job(fake.coord, &cursor, &job) && !coord_next_job(fake.coord, &cursor, &job), "one job");
	fake_gone(&fake, 1);
	cursor = 0;
	ok(coord_next_node(fake.coord, &cursor, &node) && strcmp(node.state, "down") == 0, "a node that left is down");
	fake_deinit(&fake);
}

int main(void)
{
	test_submit();
	test_limits();
	test_open();
	test_not_opened();
	test_open_slow();
	test_plan();
	test_fair();
	test_algorithm();
	test_drain();
	test_cancel();
	test_views();
	return done_testing();
}
