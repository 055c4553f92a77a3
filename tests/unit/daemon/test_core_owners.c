/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs of the core: what one owner may have, those of an older algorithm, troubles that outlive a start, and how a job ends once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq", "/d.fq"};

/* ---- what an owner may have */

static void test_files(void)
{
	struct fake fake;

	fake_init(&fake);
	fake.limits.files_owner_max = 5;
	fake_limits(&fake);
	fake_submit(&fake, "alice", 100, 3, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "an owner submits");
	fake_submit(&fake, "alice", 100, 3, paths);
	is_str(fake_refusal(&fake)->text,
	       "alice has 3 files in unfinished jobs, and with these 3 it would be more than 5, which is the most; submit again when some "
	       "have ended, or fewer files",
	       "but not more files than he may have");
	is_int(fake_refusal(&fake)->class, ERROR_TEMPORARY, "for now");
	fake_submit(&fake, "bob", 100, 3, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "another owner has his own");
	fake_submit(&fake, "alice", 100, 2, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "and so many he may");
	fake_cancel(&fake, 1, "alice", false);
	fake_submit(&fake, "alice", 100, 3, paths);
	is_int(fake_refusal(&fake)->class, ERROR_NONE, "what has ended does not count");
	fake_deinit(&fake);
}

static void test_slices(void)
{
	struct job_view view;
	struct fake fake;

	fake_init(&fake);
	fake.limits.slices_owner_max = 20;
	fake_limits(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 3, paths);
	fake_opened(&fake, 1, 1, 0, 4000);
	is_u64(fake_file(&fake)->slice_size, 200, "a file of 40 slices is cut into larger ones where 20 are the most");
	ok(fake_logged(&fake, "is cut into slices of 200 bytes instead of 100"), "which the journal tells");
	fake_opened(&fake, 1, 1, 1, 4000);
	is_u64(fake_file(&fake)->slice_size, 400, "one that was being opened has 16 at least");
	fake_opened(&fake, 1, 1, 2, 4000);
	fake_submit(&fake, "alice", 100, 1, paths);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "with the most slices no further file is opened");
	ok(coord_find_job(fake.coord, 2, &view) && strcmp(view.reason, "OwnerLimit") == 0, "its job tells what it waits for");
	fake_submit(&fake, "bob", 100, 1, paths);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "another owner's is");
	fake_cancel(&fake, 1, "alice", false);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "and that one when others have ended");
	fake_deinit(&fake);
}

/* ---- an older algorithm */

static void perform(struct store *store, const struct actions *actions)
{
	struct error error = {0};
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < actions->n; i++) {
		const struct action *action = &actions->items[i];

		if (action->kind == ACTION_SAVE_JOB)
			r = store_save_job(store, action->job, &error);
		else if (action->kind == ACTION_SAVE_FILE)
			r = store_save_file(store, action->file, &error);
		else if (action->kind == ACTION_SAVE_TROUBLE)
			r = store_save_trouble(store, &action->trouble, &error);
		else if (action->kind == ACTION_FORGET_SLICES)
			r = store_forget_slices(store, action->merge.job, action->merge.file, &error);
	}
	if (r == 0)
		r = store_commit(store, &error);
	is_int(r, 0, "what the core wants saved is%s%s", r ? ": " : "", error.text);
}

/* The next start: its generation is one more. */
static void load(struct fake *fake, const char *folder, struct store **store)
{
	uint64_t next_job = 0;
	struct error error = {0};

	store_free(*store);
	*store = store_at(folder);
	fake_restart(fake);
	is_int(store_load(*store, fake->coord, &next_job, &error), 0, "the store is loaded%s%s", error.text[0] ? ": " : "", error.text);
	fake_loaded(fake, store_generation(*store));
	perform(*store, &fake->actions);
}

/* A job of two files of algorithm 7: one that is merged, and one with a slice that was counted, and trouble with another. */
static void old_job(struct store *store)
{
	const struct job_row job = {.id = 1, .owner = "alice", .algorithm = FAKE_ALGORITHM, .files = 2, .state = JOB_RUNNING, .uuid = {1}};
	const struct file_row done = {.job = 1, .path = "/a.fq", .state = JOB_COMPLETED, .planned = true, .slice_size = 100, .records = 5,
	                              .facts = {.kind = FILE_PLAIN, .fingerprint.size = 100}};
	const struct file_row open = {.job = 1, .file = 1, .path = "/b.fq", .state = JOB_RUNNING, .planned = true, .slice_size = 100,
	                              .facts = {.kind = FILE_PLAIN, .fingerprint.size = 300}};
	const struct slice_row slice = {.job = 1, .file = 1, .start_known = true, .seam = {{0, 0}, {120, 0}, 1}};
	const struct trouble_row trouble = {.job = 1, .file = 1, .slice = 2, .crashes = 2, .losses = 1, .lease = 9};
	struct error error = {0};
	int r = store_save_job(store, &job, &error);

	if (r == 0)
		r = store_save_file(store, &done, &error);
	if (r == 0)
		r = store_save_file(store, &open, &error);
	if (r == 0)
		r = store_save_slice(store, &slice, (const uint8_t *)"old", 3, &error);
	if (r == 0)
		r = store_save_trouble(store, &trouble, &error);
	if (r == 0)
		r = store_save_result(store, 1, 0, "old", 3, &error);
	if (r == 0)
		r = store_commit(store, &error);
	is_int(r, 0, "a job of an older algorithm is in the store%s%s", r ? ": " : "", error.text);
}

static void test_algorithm(void)
{
	char folder[] = "/tmp/fq-owners-XXXXXX";
	struct store *store = mkdtemp(folder) ? store_at(folder) : NULL;
	struct event hello = {.kind = EVENT_NODE_HELLO, .peer = 1};
	struct job_view view;
	struct file_view file;
	struct error error;
	uint64_t generation;
	struct fake fake;

	fake_init(&fake);
	old_job(store);
	fake.limits.algorithm = FAKE_ALGORITHM;
	load(&fake, folder, &store);
	ok(coord_find_file(fake.coord, 1, 1, &file) && file.chain && file.chain->proven == 1, "of the same algorithm it goes on where it was");

	fake.limits.algorithm = FAKE_ALGORITHM + 1;
	load(&fake, folder, &store);
	ok(fake_logged(&fake, "job 1 of alice was begun with algorithm 7, this coordinator has 8: it begins anew"), "the journal tells");
	is_u64(fake_count(&fake, ACTION_LOG), 1, "in one line");
	ok(coord_find_job(fake.coord, 1, &view) && view.row->state == JOB_PENDING && view.row->algorithm == FAKE_ALGORITHM + 1 &&
	       view.files_done == 0,
	   "it is as if it had just come, with the present algorithm");
	load(&fake, folder, &store);
	is_u64(fake_count(&fake, ACTION_LOG), 0, "durably: it begins anew once");
	ok(coord_find_file(fake.coord, 1, 1, &file) && !file.row->planned && !file.chain, "its files are not planned");
	is_int(store_find_plan(store, 1, 1, &generation, &error), STORE_NONE, "in the store either: what workers hold of it is of no use");

	hello.hello = (struct node_hello){.name = "node01", .slots = 1, .algorithm = FAKE_ALGORITHM, .proto = 2};
	fake_step(&fake, &hello);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "a node of the old algorithm gets none of it");
	ok(coord_find_job(fake.coord, 1, &view) && strcmp(view.reason, "NoNodeOfAlgorithm") == 0, "the job tells that it waits for others");
	hello.peer = 2;
	hello.hello.name = "node02";
	hello.hello.algorithm++;
	fake_step(&fake, &hello);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 2, "which get all its files");
	fake_deinit(&fake);
	store_free(store);
	folder_remove(folder);
}

/* ---- troubles outlive a start */

static void test_troubles(void)
{
	char folder[] = "/tmp/fq-owners-XXXXXX";
	struct store *store = mkdtemp(folder) ? store_at(folder) : NULL;
	struct fake_task task;
	struct slice_id held[2];
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	fake_submit(&fake, "alice", 100, 1, paths);
	perform(store, &fake.actions);
	fake_opened(&fake, 1, 1, 0, 100);
	task = fake_task(&fake, 0);
	perform(store, &fake.actions);
	fake_crashed(&fake, 1, task.id);
	held[0] = task.id;
	held[1] = fake_task(&fake, 0).id;
	perform(store, &fake.actions);

	load(&fake, folder, &store);
	fake_hello(&fake, 2, "node01", 1, held, 2);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "a crash that was counted before the start need not be told again");
	is_u64(fake_action(&fake, ACTION_SEND_DROP, 0)->id.lease, held[0].lease, "that one");
	fake_crashed(&fake, 2, held[0]);
	is_u64(fake_count(&fake, ACTION_SAVE_TROUBLE), 0, "and when it is, it does not count");
	fake_crashed(&fake, 2, held[1]);
	is_u64(fake_action(&fake, ACTION_SAVE_TROUBLE, 0)->trouble.crashes, 2, "the next one counts behind it");
	perform(store, &fake.actions);

	load(&fake, folder, &store);
	fake_hello(&fake, 3, "node01", 1, NULL, 0);
	task = fake_task(&fake, 0);
	fake_crashed(&fake, 3, task.id);
	is_int(fake_file(&fake)->state, JOB_FAILED, "the third crash over three starts fails the file");
	fake_deinit(&fake);
	store_free(store);
	folder_remove(folder);
}

/* A crash that was told to one who did not live to save it is told again, and counts, whoever has the slice now. */
static void test_crash_unsaved(void)
{
	struct fake_task task;
	struct slice_id held;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = fake_task(&fake, 0);
	held = task.id;
	held.lease -= 1ULL << 32; /* of the start before */
	fake_hello(&fake, 3, "node03", 1, &held, 1);
	is_u64(fake_count(&fake, ACTION_SEND_DROP), 1, "another node has the slice: it need not go on");
	fake_crashed(&fake, 3, held);
	is_u64(fake_action(&fake, ACTION_SAVE_TROUBLE, 0)->trouble.crashes, 1, "but its crash counts");
	fake_crashed(&fake, 3, held);
	is_u64(fake_count(&fake, ACTION_SAVE_TROUBLE), 0, "once");
	fake_deinit(&fake);
}

/* Leases of a start of the same number that is not this one: a backup was put back. */
static void test_other_history(void)
{
	struct fake_task task;
	struct slice_id held;
	struct fake fake;

	fake_running(&fake, 300, 100);
	task = fake_task(&fake, 0);
	fake_gone(&fake, task.peer);
	held = task.id;
	held.lease += 1000;
	fake_drain(&fake, 3 - task.peer == 1 ? "node01" : "node02");
	fake_hello(&fake, 5, "node03", 3, &held, 1);
	is_u64(fake_action(&fake, ACTION_SEND_DROP, 0)->id.lease, held.lease, "a lease of this start that it never gave is of no use");
	fake_deinit(&fake);
}

/* ---- a job ends once */

static void test_cancel_races(void)
{
	struct fake_task task;
	struct fake fake;

	fake_running(&fake, 100, 100);
	task = fake_task(&fake, 0);
	fake_cancel(&fake, 1, "alice", false);
	is_int(fake_job(&fake)->state, JOB_CANCELLED, "a job is cancelled before its last result");
	fake_result(&fake, &task, 0, 100, 1);
	is_u64(fake_count(&fake, ACTION_SAVE_JOB) + fake_count(&fake, ACTION_MERGE_FILE), 0, "which comes too late");
	is_u64(fake_count(&fake, ACTION_SEND_ACK), 1, "and is acknowledged");
	fake_merged(&fake, 1, 0, 1, false);
	is_u64(fake.actions.n, 0, "nor is it merged");
	fake_deinit(&fake);

	fake_running(&fake, 100, 100);
	task = fake_task(&fake, 0);
	fake_result(&fake, &task, 0, 100, 1);
	fake_merged(&fake, 1, 0, 1, false);
	is_int(fake_job(&fake)->state, JOB_COMPLETED, "a job completes before it is cancelled");
	fake_cancel(&fake, 1, "alice", false);
	is_u64(fake_count(&fake, ACTION_SAVE_JOB), 0, "which comes too late");
	is_str(fake_refusal(&fake)->text, "there is no unfinished job 1", "and is told so");
	fake_deinit(&fake);
}

/* An OPEN that hangs is given back when its file ends, or its node would open nothing after some of them. */
static void test_opens(void)
{
	struct fake fake;

	fake_init(&fake);
	fake_hello(&fake, 1, "node01", 1, NULL, 0);
	for (uint64_t job = 1; job <= 8; job++) {
		fake_submit(&fake, "alice", 100, 1, paths);
		is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "job %u is opened", (unsigned int)job);
		fake_cancel(&fake, job, "alice", false);
	}
	fake_deinit(&fake);
}

int main(void)
{
	test_files();
	test_slices();
	test_algorithm();
	test_troubles();
	test_crash_unsaved();
	test_other_history();
	test_cancel_races();
	test_opens();
	return done_testing();
}
