/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core and results that are kept: which file has which key, and a file whose result is there already, event by event. */
#include <string.h>

#include "tests/unit/daemon/core_fake.h"
#include "tests/unit/tap.h"

static const char *const paths[] = {"/a.fq", "/b.fq"};
static const struct file_facts facts = {
	.kind = FILE_PLAIN, .fingerprint = {.size = 400, .mtime_ns = 3000000, .ctime_ns = 4000000, .inode = 5, .ends = {6}}};

/* A job of the owner, counted so. Its number. */
static uint64_t submit(struct fake *fake, uint32_t modules, bool lenient, bool fresh, const char *rules, uint32_t files)
{
	struct event event = {.kind = EVENT_SUBMIT, .request = ++fake->requests};

	event.submit.row = (struct job_row){
		.owner = "alice", .modules = modules, .lenient = lenient, .fresh = fresh, .algorithm = FAKE_ALGORITHM, .slice_size = 100,
		.files = files, .rules = (const uint8_t *)rules, .rules_n = rules ? (uint32_t)strlen(rules) : 0};
	event.submit.paths = paths;
	fake_step(fake, &event);
	return fake_action(fake, ACTION_REPLY, 0)->reply.job;
}

static void opened(struct fake *fake, uint64_t job, uint32_t file, uint64_t kept)
{
	struct event event = {.kind = EVENT_OPENED, .peer = 1};

	event.opened.job = job;
	event.opened.file = file;
	event.opened.facts = facts;
	event.opened.kept.id = kept;
	event.opened.kept.records = 9;
	event.opened.kept.bases = 90;
	fake_step(fake, &event);
}

/* Whether the files' keys are the same; where one has none they are not. */
static bool same(const struct fake *fake, uint64_t a, uint64_t b, uint32_t file, const struct file_facts *of_b)
{
	uint8_t keys[2][RESULT_KEY_SIZE];

	return coord_result_key(fake->coord, a, 0, &facts, keys[0]) && coord_result_key(fake->coord, b, file, of_b, keys[1]) &&
	       memcmp(keys[0], keys[1], sizeof keys[0]) == 0;
}

/* Whether a job that is counted so has no key, or another one than one of modules 3 that is not lenient. */
static bool differs(uint32_t modules, bool lenient, bool fresh, const char *rules)
{
	struct fake fake;
	uint64_t first, other;
	bool differs;

	fake_init(&fake);
	fake.now = 1000000;
	first = submit(&fake, 3, false, false, NULL, 1);
	other = submit(&fake, modules, lenient, fresh, rules, 1);
	differs = first > 0 && other > first && same(&fake, first, first, 0, &facts) && !same(&fake, first, other, 0, &facts);
	fake_deinit(&fake);
	return differs;
}

static void test_keys(void)
{
	struct file_facts other;
	struct fake fake;
	uint64_t first;
	uint8_t key[RESULT_KEY_SIZE];

	fake_init(&fake);
	fake.now = 1000000;
	first = submit(&fake, 3, false, false, NULL, 2);
	ok(same(&fake, first, submit(&fake, 3, false, false, NULL, 1), 0, &facts), "counted in the same way: the same key");
	ok(!same(&fake, first, first, 1, &facts), "another path");
	ok(differs(7, false, false, NULL), "other modules");
	ok(differs(3, true, false, NULL), "lenient");
	ok(differs(3, false, false, "r"), "rules");
	ok(differs(3, false, true, NULL), "a job that wants none");
	for (int i = 0; i < 6; i++) {
		other = facts;
		other.fingerprint.size += i == 0;
		other.fingerprint.mtime_ns += i == 1;
		other.fingerprint.ctime_ns += i == 2;
		other.fingerprint.inode += i == 3;
		other.fingerprint.ends[31] ^= i == 4;
		other.kind = i == 5 ? FILE_GZIP : other.kind;
		ok(!same(&fake, first, first, 0, &other), "another fingerprint (%d)", i);
	}
	other = facts;
	other.fingerprint.ctime_ns = 0;
	ok(!coord_result_key(fake.coord, first, 0, &other, key), "no key without the time of status");
	/* The job was submitted at some time of the wall clock. */
	other.fingerprint.ctime_ns = (coord_find_row(fake.coord, first)->submitted_ms - 2000) * 1000000;
	ok(coord_result_key(fake.coord, first, 0, &other, key), "changed two seconds before");
	other.fingerprint.ctime_ns += 1000000;
	ok(!coord_result_key(fake.coord, first, 0, &other, key), "changed less than that before: none");
	ok(!coord_result_key(fake.coord, first + 100, 0, &facts, key) && !coord_result_key(fake.coord, first, 2, &facts, key),
	   "nor of a file that is not there");
	fake_deinit(&fake);
}

/* What another job has counted otherwise, but so that it has all that this one asks for. */
static void test_ways(void)
{
	const struct counted_way way = {7, (const uint8_t *)"r", 1};
	uint64_t means, report, fresh;
	struct fake fake;
	uint8_t key[RESULT_KEY_SIZE], as[RESULT_KEY_SIZE];

	fake_init(&fake);
	fake.now = 1000000;
	means = submit(&fake, 3, false, false, NULL, 1);
	report = submit(&fake, 7, false, false, "r", 1);
	fresh = submit(&fake, 3, false, true, NULL, 1);
	ok(coord_result_key(fake.coord, report, 0, &facts, key) && coord_result_key_as(fake.coord, means, 0, &facts, &way, as) &&
	       memcmp(key, as, sizeof key) == 0,
	   "the key of that job");
	ok(coord_result_key(fake.coord, means, 0, &facts, as) && memcmp(key, as, sizeof key) != 0, "which is not its own");
	ok(!coord_result_key_as(fake.coord, fresh, 0, &facts, &way, as), "none for a job that wants none");
	fake_deinit(&fake);
}

static void test_used(void)
{
	struct fake fake;
	struct job_view view;
	uint64_t id;

	fake_init(&fake);
	fake.now = 1000000;
	fake_hello(&fake, 1, "n1", 2, NULL, 0);
	id = submit(&fake, 3, false, false, NULL, 2);
	opened(&fake, id, 0, 17);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 0, "nothing is handed out");
	ok(fake_count(&fake, ACTION_USE_RESULT) == 1 && fake_action(&fake, ACTION_USE_RESULT, 0)->use.kept == 17 &&
	       fake_action(&fake, ACTION_USE_RESULT, 0)->use.job == id && fake_action(&fake, ACTION_USE_RESULT, 0)->use.file == 0,
	   "the file's result is the kept one");
	ok(fake_file(&fake)->state == JOB_COMPLETED && fake_file(&fake)->cached && fake_file(&fake)->records == 9 &&
	       fake_file(&fake)->bases == 90 && fake_file(&fake)->facts.fingerprint.size == 400,
	   "it is completed");
	is_int((int)fake_job(&fake)->state, JOB_RUNNING, "the job has begun");
	ok(coord_find_job(fake.coord, id, &view) && view.files_done == 1 && view.files_cached == 1 && view.bytes == 400 &&
	       view.bytes_done == 400 && view.records == 9,
	   "a person sees that");
	opened(&fake, id, 0, 18);
	is_u64(fake_count(&fake, ACTION_USE_RESULT), 0, "a second word of it is of no use");
	opened(&fake, id, 1, 18);
	ok(fake_count(&fake, ACTION_USE_RESULT) == 1 && fake_job(&fake)->state == JOB_COMPLETED, "the job ends with its last file");
	ok(fake_place(&fake, ACTION_USE_RESULT) < fake_place(&fake, ACTION_JOB_CHANGED), "which is told behind the commit");
	fake_deinit(&fake);
}

static void test_mixed(void)
{
	struct fake fake;
	uint64_t id;

	fake_init(&fake);
	fake.now = 1000000;
	fake_hello(&fake, 1, "n1", 4, NULL, 0);
	id = submit(&fake, 3, false, false, NULL, 2);
	opened(&fake, id, 0, 17);
	opened(&fake, id, 1, 0);
	is_u64(fake_count(&fake, ACTION_SEND_TASK), 4, "a file without one is counted");
	fake_cancel(&fake, id, "alice", false);
	ok(fake_job(&fake)->state == JOB_CANCELLED && fake_count(&fake, ACTION_SAVE_FILE) == 1, "cancelled: what is done stays");
	id = submit(&fake, 3, false, false, NULL, 1);
	fake_cancel(&fake, id, "alice", false);
	opened(&fake, id, 0, 17);
	is_u64(fake_count(&fake, ACTION_USE_RESULT), 0, "nothing for a job that was cancelled");
	fake_deinit(&fake);
}

int main(void)
{
	test_keys();
	test_ways();
	test_used();
	test_mixed();
	return done_testing();
}
