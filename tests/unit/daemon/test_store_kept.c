/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results that are kept for later jobs: found by their key, stored once, bounded; what a job has stays as long as the job. */
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static const uint8_t key_a[RESULT_KEY_SIZE] = {'a'}, key_b[RESULT_KEY_SIZE] = {'b'}, key_c[RESULT_KEY_SIZE] = {'c'};

/* A job that has ended, with one file. */
static void job_save(struct store *store, uint64_t id, const char *owner, uint64_t ended_ms)
{
	struct job_row job = {.id = id, .files = 1, .state = JOB_COMPLETED, .ended_ms = ended_ms};
	struct file_row file = {.job = id, .path = "/a.fq", .state = JOB_COMPLETED, .planned = true, .cached = id > 1};
	struct error error;

	job.uuid[0] = (uint8_t)id;
	file.facts.fingerprint.ctime_ns = 77;
	job.fresh = id == 3;
	(void)snprintf(job.owner, sizeof job.owner, "%s", owner);
	ok(store_save_job(store, &job, &error) == 0 && store_save_file(store, &file, &error) == 0, "job %llu", (unsigned long long)id);
}

static int keep(struct store *store, uint64_t job, const uint8_t *key, const char *text, uint64_t made_ms)
{
	struct kept_row row = {.path = "/a.fq", .records = 5, .bases = 500, .bytes = strlen(text), .made_ms = made_ms};
	struct error error = {0};
	int r = store_save_kept(store, job, 0, key, &row, text, &error);

	if (r < 0)
		diag("%s", error.text);
	return r;
}

static bool result_is(struct store *store, uint64_t job, const char *text)
{
	struct error error;
	const void *bytes;
	size_t n;
	int r = store_result(store, job, 0, &bytes, &n, &error);

	return text ? r == 0 && n == strlen(text) && memcmp(bytes, text, n) == 0 : r == STORE_NONE;
}

static bool sums_are(struct store *store, uint64_t n, uint64_t bytes)
{
	uint64_t got_n = 0, got = 0;
	struct error error;

	return store_sum_kept(store, &got_n, &got, &error) == 0 && got_n == n && got == bytes;
}

/* How many rows of counters there are, whoever has them, in a folder that nobody has open. */
static int stored(const char *folder)
{
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	char path[512];
	int n = -1;

	(void)snprintf(path, sizeof path, "%s/fqcluster.db", folder);
	if (sqlite3_open(path, &db) == SQLITE_OK && sqlite3_prepare_v2(db, "SELECT count(*) FROM kept", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int(s, 0);
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return n;
}

static void test_used(const char *folder)
{
	struct store *store = store_at(folder);
	struct kept_row row;
	struct job_row job;
	struct file_row file;
	struct job_sums sums;
	struct error error = {0};
	uint64_t first, cursor = 0;
	char piece[3];
	size_t n;

	job_save(store, 1, "alice", 100);
	is_int(keep(store, 1, key_a, "counters", 100), 0, "the first job's result is kept");
	is_int(store_find_kept(store, key_b, &row, &error), STORE_NONE, "another key has none");
	ok(store_find_kept(store, key_a, &row, &error) == 0 && row.records == 5 && row.bases == 500 && row.bytes == 8 &&
	       row.made_ms == 100 && row.used_ms == 100 && row.uses == 0 && strcmp(row.path, "/a.fq") == 0,
	   "its key has it");
	first = row.id;
	job_save(store, 2, "bob", 200);
	is_int(store_use_kept(store, 2, 0, first, 150, &error), 0, "a second job has it too");
	is_int(store_use_kept(store, 2, 0, first + 1, 150, &error), -EINVAL, "what is not kept cannot be used: %s", error.text);
	ok(result_is(store, 1, "counters") && result_is(store, 2, "counters"), "both have the same result");
	ok(store_result_open(store, 2, 0, &n, &error) == 0 && n == 8 && store_result_read(store, 3, piece, 3, &error) == 0 &&
	       memcmp(piece, "nte", 3) == 0,
	   "which is read in pieces");
	ok(store_use_kept(store, 2, 0, first, 150, &error) == 0 && store_result_read(store, 3, piece, 3, &error) == -ESTALE,
	   "until it is used");
	ok(store_find_kept(store, key_a, &row, &error) == 0 && row.used_ms == 150 && row.uses == 2, "that it was used is known");
	ok(sums_are(store, 1, 8), "it is stored once");
	ok(store_find_job(store, 1, &job, &error) == 0 && !job.fresh && store_find_file(store, 2, 0, &file, &error) == 0 && file.cached &&
	       file.facts.fingerprint.ctime_ns == 77 && store_sum_job(store, 2, &sums, &error) == 0 && sums.cached == 1,
	   "the file's row says so, and has its time of status");
	ok(store_next_kept(store, "bob", &cursor, &row, &error) == 0 && row.id == first &&
	       store_next_kept(store, "bob", &cursor, &row, &error) == STORE_NONE,
	   "who has a job with it sees it");
	cursor = 0;
	is_int(store_next_kept(store, "carol", &cursor, &row, &error), STORE_NONE, "another one does not");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
	store = store_at(folder);
	ok(sums_are(store, 1, 8) && result_is(store, 2, "counters"), "behind a restart it is there");
	is_int(store_expire(store, 150, &error), 0, "the first job goes");
	ok(result_is(store, 1, NULL) && result_is(store, 2, "counters"), "its result stays the second one's");
	is_int(store_find_kept(store, key_a, &row, &error), 0, "and is kept");
	is_int(store_expire(store, 250, &error), 0, "the second one goes");
	ok(store_find_kept(store, key_a, &row, &error) == 0 && sums_are(store, 1, 8), "it is kept as long as it has a key");
	is_int(store_trim_kept(store, 1000, 150, &error), 0, "what was used at that time");
	is_int(store_find_kept(store, key_a, &row, &error), 0, "stays");
	is_int(store_trim_kept(store, 1000, 151, &error), 0, "a moment later");
	is_int(store_find_kept(store, key_a, &row, &error), STORE_NONE, "it does not");
	ok(sums_are(store, 0, 0) && store_commit(store, &error) == 0, "nothing is kept");
	store_free(store);
	is_int(stored(folder), 0, "and nothing is stored");
}

static void test_bounds(const char *folder)
{
	struct store *store = store_at(folder);
	struct kept_row row;
	struct error error = {0};

	for (uint64_t id = 11; id <= 13; id++)
		job_save(store, id, "alice", 1000 * id);
	ok(keep(store, 11, key_a, "aaaa", 10) == 0 && keep(store, 12, key_b, "bbbb", 20) == 0 && keep(store, 13, key_c, "cccc", 30) == 0,
	   "three results");
	job_save(store, 14, "alice", 14000);
	ok(store_find_kept(store, key_a, &row, &error) == 0 && store_use_kept(store, 14, 0, row.id, 40, &error) == 0, "the oldest is used");
	is_int(store_trim_kept(store, 8, 0, &error), 0, "there is room for two");
	ok(store_find_kept(store, key_b, &row, &error) == STORE_NONE && store_find_kept(store, key_a, &row, &error) == 0 &&
	       store_find_kept(store, key_c, &row, &error) == 0 && sums_are(store, 2, 8),
	   "the one that was used least recently goes");
	ok(result_is(store, 12, "bbbb"), "its job has it");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
	is_int(stored(folder), 3, "so it is stored");
	store = store_at(folder);
	is_int(store_expire(store, 11001, &error), 0, "the first job goes");
	ok(result_is(store, 11, NULL) && result_is(store, 12, "bbbb") && result_is(store, 14, "aaaa"), "and no result of another one");
	ok(store_commit(store, &error) == 0 && sums_are(store, 2, 8), "nor of what is kept");
	ok(keep(store, 12, key_c, "CCCCC", 50) == 0 && result_is(store, 13, "cccc") && result_is(store, 12, "CCCCC"),
	   "counted anew: each job has its own");
	ok(store_find_kept(store, key_c, &row, &error) == 0 && row.bytes == 5, "the newer one is kept");
	is_int(store_roll_back(store, &error), 0, "rolled back");
	ok(sums_are(store, 2, 8) && store_find_kept(store, key_c, &row, &error) == 0 && row.bytes == 4, "it is as it was");
	is_int(store_remove_kept(store, row.id, NULL, &row, &error), 0, "one is taken away");
	is_int(store_remove_kept(store, row.id, NULL, &row, &error), STORE_NONE, "once");
	ok(result_is(store, 13, "cccc"), "not from its job");
	row = (struct kept_row){0};
	ok(store_remove_kept(store, 0, "/other", &row, &error) == STORE_NONE && store_remove_kept(store, 0, "/a.fq", &row, &error) == 0 &&
	       sums_are(store, 0, 0),
	   "by its path");
	is_int(store_expire(store, 100000, &error), 0, "all jobs go");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
	is_int(stored(folder), 0, "and nothing is stored");
}

/* What the statement has done since it was asked last. */
static int steps_of(const struct store *store, enum statement which)
{
	return sqlite3_stmt_status(store->statements[which], SQLITE_STMTSTATUS_VM_STEP, 1);
}

/* Many that jobs still have, which therefore stay in their places: each is passed over once, whatever is taken away. */
static void test_many(const char *folder)
{
	struct store *store = store_at(folder);
	struct kept_row row = {0};
	struct error error = {0};
	uint8_t key[RESULT_KEY_SIZE] = {0};
	uint64_t n = 0, last = 0;
	bool rising = true;
	int first, by_path;

	for (uint64_t id = 101; id <= 120; id++) {
		job_save(store, id, "alice", id);
		key[1] = (uint8_t)id;
		if (keep(store, id, key, "counters", id) < 0)
			break;
	}
	ok(store_remove_kept(store, 0, "/a.fq", &row, &error) == 0 && row.id > 0, "the first one of a path is taken away");
	last = row.id;
	by_path = steps_of(store, SQL_KEPT_OF_PATH);
	ok(store_remove_kept(store, 0, NULL, &row, &error) == 0 && row.id > last, "and one of any");
	first = steps_of(store, SQL_KEPT_NEXT);
	for (n = 2; n < 20 && store_remove_kept(store, 0, n % 2 ? "/a.fq" : NULL, &row, &error) == 0; n++) {
		rising = rising && row.id > last && steps_of(store, SQL_KEPT_NEXT) <= first && steps_of(store, SQL_KEPT_OF_PATH) <= by_path;
		last = row.id;
	}
	is_int(store_remove_kept(store, 0, NULL, &row, &error), STORE_NONE, "there are no more");
	ok(n == 20 && rising && sums_are(store, 0, 0), "then all others, each behind the one before, and found at once");
	ok(result_is(store, 101, "counters") && result_is(store, 120, "counters"), "their jobs have them");
	is_int(store_expire(store, 111, &error), 0, "half of the jobs go");
	ok(result_is(store, 110, NULL) && result_is(store, 111, "counters"), "with their results, and no other's");
	is_int(store_commit(store, &error), 0, "committed");
	store_free(store);
	is_int(stored(folder), 10, "nothing else is stored");
	store = store_at(folder);
	ok(store_expire(store, 1000, &error) == 0 && store_commit(store, &error) == 0, "all go");
	store_free(store);
	is_int(stored(folder), 0, "and nothing is left");
}

int main(void)
{
	char base[] = "/tmp/fqstore.XXXXXX", folder[64];

	if (!mkdtemp(base))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	test_used(folder);
	test_bounds(folder);
	test_many(folder);
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
