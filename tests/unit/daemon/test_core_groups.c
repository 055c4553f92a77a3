/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core and groups of files, event by event: rows, what waits for what, second counts, failures, a restart. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq", "/c.fq"};
static uint32_t all[] = {0, 1, 2}, two[] = {1, 2};
static const struct group groups[] = {{.name = "two", .level = MERGE_LANE, .files = two, .n = 2},
                                      {.name = "three", .level = MERGE_SAMPLE, .files = all, .n = 3}};

/* Rows of files: a, b, c, two (3), its c (4), three (5), its b (6) and c (7). */
enum { A, B, C, TWO, TWO_C, THREE, THREE_B, THREE_C, ROWS };

static void hello(struct fake *fake, uint64_t peer, const char *name, uint32_t proto)
{
	struct event event = {.kind = EVENT_NODE_HELLO, .peer = peer};

	event.hello = (struct node_hello){.name = name, .slots = 8, .algorithm = FAKE_ALGORITHM, .proto = proto};
	event.hello.instance[0] = (uint8_t)peer;
	fake_step(fake, &event);
}

static uint64_t submit(struct fake *fake)
{
	struct event event = {.kind = EVENT_SUBMIT, .request = ++fake->requests};

	event.submit.row = (struct job_row){.owner = "alice", .modules = 3, .algorithm = FAKE_ALGORITHM, .slice_size = 100,
	                                    .files = 3, .merge = 2};
	event.submit.paths = paths;
	event.submit.groups = groups;
	event.submit.groups_n = 2;
	fake_step(fake, &event);
	return fake_action(fake, ACTION_REPLY, 0)->reply.job;
}

static struct file_row row_of(const struct fake *fake, uint64_t job, uint32_t file)
{
	struct file_view view;

	return coord_find_file(fake->coord, job, file, &view) ? *view.row : (struct file_row){.state = JOB_CANCELLED};
}

/* One slice, counted by the node that is there; its file is to be merged. */
static bool count(struct fake *fake, uint64_t job, uint32_t file)
{
	struct fake_task task;

	fake_opened(fake, 1, job, file, 80);
	task = fake_task(fake, 0);
	if (task.peer == 0 || task.id.file != file)
		return false;
	fake_result(fake, &task, 0, 80, 8);
	return fake_action(fake, ACTION_MERGE_FILE, 0) && fake_action(fake, ACTION_MERGE_FILE, 0)->merge.file == file;
}

static bool merges(const struct fake *fake, uint32_t file)
{
	for (uint32_t i = 0; fake_action(fake, ACTION_MERGE_FILE, i); i++)
		if (fake_action(fake, ACTION_MERGE_FILE, i)->merge.file == file)
			return true;
	return false;
}

static void merged_again(struct fake *fake, uint64_t job, uint32_t file, const struct second *again, uint64_t n)
{
	struct event event = {.kind = EVENT_MERGED};

	event.merged.job = job;
	event.merged.file = file;
	event.merged.again = again;
	event.merged.again_n = n;
	fake_step(fake, &event);
}

/* A job whose three files are counted and merged. */
static uint64_t counted(struct fake *fake)
{
	uint64_t job;

	fake_init(fake);
	hello(fake, 1, "n1", 3);
	job = submit(fake);
	for (uint32_t f = A; f <= C; f++) {
		ok(count(fake, job, f), "file %u is counted", f);
		ok(!merges(fake, TWO) && !merges(fake, THREE), "and no group merged");
		fake_merged(fake, job, f, 8, false);
	}
	return job;
}

static void test_way(void)
{
	static const struct second lacks[] = {{.slice = 2, .modules = 2, .reads = 16, .qualities = 15, .tile_field = 4}};
	struct fake fake;
	uint64_t job = counted(&fake);

	is_u64(coord_find_row(fake.coord, job)->files, ROWS, "a job has a row for each group, and for each member of it but the first");
	is_u64(coord_find_row(fake.coord, job)->inputs, 3, "behind those that were submitted");
	ok(merges(&fake, TWO) && merges(&fake, THREE), "when all files of the groups are there these are merged");
	fake_merged(&fake, job, TWO, 16, false);
	is_u64(row_of(&fake, job, TWO).state, JOB_COMPLETED, "one that lacks nothing is done");
	is_u64(row_of(&fake, job, TWO_C).state, JOB_COMPLETED, "and its second count, of which nothing was needed");
	merged_again(&fake, job, THREE, lacks, 1);
	is_u64(row_of(&fake, job, THREE_B).state, JOB_COMPLETED, "of the other one a member lacks nothing,");
	is_u64(row_of(&fake, job, THREE_C).modules, 2, "and one does");
	ok(row_of(&fake, job, THREE_C).before_reads == 16 && row_of(&fake, job, THREE_C).before_qualities == 15 &&
	       row_of(&fake, job, THREE_C).tile_field == 4, "what lies before it is saved");
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "it is opened");
	fake_opened(&fake, 1, job, THREE_C, 80);
	is_u64(fake_task(&fake, 0).modules, 2, "and counted for that alone");
	ok(!merges(&fake, THREE), "the group waits for it");
	{
		struct fake_task task = fake_task(&fake, 0);

		fake_result(&fake, &task, 0, 80, 8);
	}
	fake_merged(&fake, job, THREE_C, 8, false);
	ok(merges(&fake, THREE), "and is merged then");
	fake_merged(&fake, job, THREE, 24, false);
	is_u64(fake_job(&fake)->state, JOB_COMPLETED, "the job is done");
	fake_deinit(&fake);
}

static void test_failures(void)
{
	static const struct second lacks[] = {{.slice = 1, .modules = 2}, {.slice = 2, .modules = 2}};
	struct fake fake;
	uint64_t job;

	fake_init(&fake);
	hello(&fake, 1, "n1", 3);
	job = submit(&fake);
	fake_not_opened(&fake, 1, job, A, ERROR_DATA, "/a.fq: no FASTQ");
	is_u64(row_of(&fake, job, THREE).state, JOB_FAILED, "a file that fails fails its group,");
	is_str(row_of(&fake, job, THREE).error.text, "three: there is no report of this group, since one of its files has failed: /a.fq: no FASTQ",
	       "which says so");
	is_u64(row_of(&fake, job, THREE_B).state, JOB_CANCELLED, "its second counts are not wanted any more");
	is_u64(row_of(&fake, job, TWO).state, JOB_PENDING, "another group goes on");
	fake_deinit(&fake);

	job = counted(&fake);
	merged_again(&fake, job, THREE, lacks, 2);
	fake_opened(&fake, 1, job, THREE_B, 81);
	is_u64(row_of(&fake, job, THREE_B).state, JOB_FAILED, "a member that is another file by now");
	is_str(row_of(&fake, job, THREE).error.text,
	       "three: there is no report of this group, since one of its files has failed: /b.fq has changed since it was counted first",
	       "fails its group");
	is_u64(row_of(&fake, job, THREE_C).state, JOB_CANCELLED, "and the rest of that is given up");
	fake_deinit(&fake);
}

static void test_old_nodes(void)
{
	struct job_view view;
	struct fake fake;
	uint64_t job;

	fake_init(&fake);
	hello(&fake, 1, "n1", 2);
	job = submit(&fake);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 0, "a node of an older protocol is given nothing of a job with groups");
	ok(coord_find_job(fake.coord, job, &view) && strcmp(view.reason, "NoNodeMerges") == 0, "which is told");
	hello(&fake, 2, "n2", 3);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 3, "another one is asked");
	fake_deinit(&fake);
}

/* Loads the rows as they are into a new core. */
static void restart(struct fake *fake, uint64_t job, struct file_row *rows)
{
	struct job_row row = *coord_find_row(fake->coord, job);
	char names[ROWS][16];
	struct error err;

	for (uint32_t f = 0; f < ROWS; f++) {
		rows[f] = row_of(fake, job, f);
		(void)snprintf(names[f], sizeof names[f], "%s", rows[f].path);
		rows[f].path = names[f];
	}
	fake_restart(fake);
	if (coord_load_job(fake->coord, &row, &err) < 0)
		abort();
	for (uint32_t f = 0; f < ROWS; f++)
		if (coord_load_file(fake->coord, &rows[f], &err) < 0)
			abort();
	fake_loaded(fake, 2);
}

static void test_restart(void)
{
	static const struct second lacks[] = {{.slice = 1, .modules = 2}};
	struct file_row rows[ROWS];
	struct fake fake;
	uint64_t job = counted(&fake);

	restart(&fake, job, rows);
	ok(merges(&fake, TWO) && merges(&fake, THREE), "after a restart groups whose files are there are merged");
	fake_merged(&fake, job, TWO, 16, false);
	merged_again(&fake, job, THREE, lacks, 1);
	restart(&fake, job, rows);
	ok(!merges(&fake, THREE), "one whose second counts are begun waits for them");
	hello(&fake, 1, "n1", 3);
	is_u64(fake_count(&fake, ACTION_SEND_OPEN), 1, "which go on");
	ok(count(&fake, job, THREE_B), "and are counted");
	fake_merged(&fake, job, THREE_B, 8, false);
	ok(merges(&fake, THREE), "then it is merged");
	fake_deinit(&fake);
}

static void test_rows_of_nonsense(void)
{
	struct file_row rows[ROWS];
	struct job_row row;
	struct fake fake;
	uint64_t job = counted(&fake);

	for (int i = 0; i < 4; i++) {
		struct actions actions = {0};
		struct coord *coord;
		struct error err;

		row = *coord_find_row(fake.coord, job);
		if (coord_new(&fake.limits, &coord) < 0 || coord_load_job(coord, &row, &err) < 0)
			abort();
		for (uint32_t f = 0; f < ROWS; f++) {
			rows[f] = row_of(&fake, job, f);
			if (i == 0 && f == TWO)
				rows[f].of = 5;
			if (i == 1 && f == THREE_C)
				rows[f].member = 3;
			if (i == 2 && f == THREE_C)
				rows[f].role = FILE_ALONE;
			if (i == 3 && f == THREE)
				rows[f].of = UINT32_MAX;
			if (coord_load_file(coord, &rows[f], &err) < 0)
				abort();
		}
		is_int(coord_loaded(coord, 2, 0, 0, &actions), -EINVAL, "rows of groups that make no sense (%d)", i);
		actions_deinit(&actions);
		coord_free(coord);
	}
	fake_deinit(&fake);
}

int main(void)
{
	test_way();
	test_failures();
	test_old_nodes();
	test_restart();
	test_rows_of_nonsense();
	return done_testing();
}
