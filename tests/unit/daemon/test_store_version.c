/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A database of an older version goes on, and a copy of it stays; one of a newer version is refused. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/coord/store.h"
#include "lib/base/cleanup.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static bool rename_in(const char *folder, const char *from, const char *to)
{
	char old[512], new[512];

	(void)snprintf(old, sizeof old, "%s/%s", folder, from);
	(void)snprintf(new, sizeof new, "%s/%s", folder, to);
	return rename(old, new) == 0;
}

/* As version 1 made it, with a job that waits and one that has ended. */
static void version_1(const char *folder)
{
	static const char text[] =
	    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	    "CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid BLOB UNIQUE NOT NULL, owner TEXT NOT NULL, name TEXT NOT"
	    " NULL, modules INTEGER, algorithm INTEGER, lenient INTEGER, slice_size INTEGER, files INTEGER, state INTEGER,"
	    " submitted INTEGER, started INTEGER, ended INTEGER, error_class INTEGER, error_text TEXT);"
	    "CREATE INDEX job_state ON job (state);"
	    "CREATE TABLE file (job INTEGER, file INTEGER, path TEXT NOT NULL, state INTEGER, planned INTEGER, size INTEGER,"
	    " mtime INTEGER, inode INTEGER, ends BLOB, kind INTEGER, unended INTEGER, slice_size INTEGER, records INTEGER,"
	    " bases INTEGER, redone INTEGER, error_class INTEGER, error_text TEXT, PRIMARY KEY (job, file)) WITHOUT ROWID;"
	    "CREATE TABLE slice (job INTEGER, file INTEGER, slice INTEGER, start_known INTEGER, first_block INTEGER,"
	    " first_within INTEGER, next_block INTEGER, next_within INTEGER, records INTEGER, fault INTEGER, fault_record INTEGER,"
	    " fault_block INTEGER, fault_within INTEGER, fault_value INTEGER, fault_value2 INTEGER, fault_errno INTEGER,"
	    " bases INTEGER, counters BLOB, PRIMARY KEY (job, file, slice));"
	    "CREATE TABLE result (job INTEGER, file INTEGER, counters BLOB, PRIMARY KEY (job, file));"
	    "CREATE TABLE node (name TEXT PRIMARY KEY, reason TEXT) WITHOUT ROWID;"
	    "CREATE TABLE token (hash BLOB PRIMARY KEY, role INTEGER, uses INTEGER, expires INTEGER) WITHOUT ROWID;"
	    "INSERT INTO meta VALUES ('uuid', x'000102030405060708090a0b0c0d0e0f'), ('generation', 41);"
	    "INSERT INTO job VALUES (1, x'01', 'alice', 'done', 3, 1, 0, 0, 1, 2, 10, 20, 30, 0, '');"
	    "INSERT INTO job VALUES (2, x'02', 'alice', 'open', 3, 1, 0, 0, 1, 0, 10, 0, 0, 0, '');"
	    "INSERT INTO file VALUES (1, 0, '/a.fq', 2, 7, 9, 8, 7, x'', 1, 0, 100, 3, 300, 1, 0, '');"
	    "INSERT INTO file VALUES (2, 0, '/b.fq', 0, 0, 0, 0, 0, x'', 0, 0, 0, 0, 0, 0, 0, '');"
	    "INSERT INTO result VALUES (1, 0, x'736f');"
	    "PRAGMA user_version = 1;";
	char path[512];
	sqlite3 *db = NULL;

	(void)mkdir(folder, 0700);
	(void)snprintf(path, sizeof path, "%s/fqcluster.db", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
		diag("%s", sqlite3_errmsg(db));
		exit(1);
	}
	(void)sqlite3_close(db);
}

static void test_migrated(const char *folder)
{
	struct store *store;
	const struct coord_limits limits = {.slices_max = 1000};
	struct coord *coord = NULL;
	struct job_row job;
	struct file_row file;
	const uint8_t key[RESULT_KEY_SIZE] = {1};
	struct kept_row kept;
	struct error error = {0};
	uint64_t next = 0;
	const void *bytes;
	char path[512];
	size_t n;
	int fd;

	version_1(folder);
	(void)snprintf(path, sizeof path, "%s/fqcluster.db.1", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ok(fd >= 0 && write(fd, "half a copy", 11) == 11, "a start that came to half of its copy");
	closep(&fd);
	store = store_at(folder);
	is_u64(store_generation(store), 42, "a database of version 1 goes on");
	ok(store_find_job(store, 1, &job, &error) == 0 && strcmp(job.name, "done") == 0 && job.rules_n == 0 && !job.profile[0] && job.limits_n == 0,
	   "with its jobs");
	ok(store_find_file(store, 1, 0, &file, &error) == 0 && file.records == 3 && file.again == 0 && file.again_done == 0,
	   "its files");
	ok(store_result(store, 1, 0, &bytes, &n, &error) == 0 && n == 2, "and their results");
	ok(store_save_again(store, 2, 0, 0, "x", 1, &error) == 0 && store_commit(store, &error) == 0, "second counts have a place");
	ok(coord_new(&limits, &coord) == 0 && store_load(store, coord, &next, &error) == 0 && next == 3 && coord_find_row(coord, 2),
	   "what was open is loaded");
	coord_free(coord);
	is_int(store_find_kept(store, key, &kept, &error), STORE_NONE, "no result of it is kept for others");
	ok(!job.fresh && !file.cached && file.facts.fingerprint.ctime_ns == 0, "times of status were not known");
	ok(store_save_kept(store, 2, 0, key, &(struct kept_row){.path = "/b.fq", .bytes = 1}, "y", &error) == 0 &&
	       store_commit(store, &error) == 0 && store_find_kept(store, key, &kept, &error) == 0,
	   "those to come have a place");
	store_free(store);
	store = store_at(folder);
	is_u64(store_generation(store), 43, "and once more");
	store_free(store);
	(void)snprintf(path, sizeof path, "%s/old", folder);
	(void)mkdir(path, 0700);
	ok(rename_in(folder, "fqcluster.db.1", "old/fqcluster.db"), "the copy of before is there");
	store = store_at(path);
	is_u64(store_generation(store), 42, "and is whole");
	store_free(store);
	folder_remove(path);
}

/* A crash before the copy has its name, behind that, and between two versions: the next start goes on, and the copy is whole. */
static void test_crashes(const char *folder, const char *point)
{
	const char *failpoints = getenv("FQ_FAILPOINTS");
	struct store *store;
	struct job_row job;
	struct error error = {0};
	char path[512];

	if (!failpoints || strcmp(failpoints, "yes") != 0) {
		skip("%s: this build has no failpoints", point);
		return;
	}
	version_1(folder);
	ok(coordinator_struck(folder, point, NULL), "killed at %s", point);
	store = store_at(folder);
	ok(store_find_job(store, 1, &job, &error) == 0 && strcmp(job.name, "done") == 0 && job.rules_n == 0, "the next start has all");
	is_u64(store_generation(store), 42, "and is the first one");
	store_free(store);
	(void)snprintf(path, sizeof path, "%s/old", folder);
	(void)mkdir(path, 0700);
	ok(rename_in(folder, "fqcluster.db.1", "old/fqcluster.db"), "the copy of before is there");
	store = store_at(path);
	is_u64(store_generation(store), 42, "and is whole");
	store_free(store);
	folder_remove(path);
	folder_remove(folder);
}

static void test_newer(const char *folder)
{
	struct store *store = NULL;
	struct error error = {0};
	char path[512];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof path, "%s/fqcluster.db", folder);
	ok(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL) == SQLITE_OK,
	   "a database of a version to come");
	(void)sqlite3_close(db);
	is_int(store_open(folder, &store, &error), -EPROTO, "is refused: %s", error.text);
}

/* States are places in tables of words. */
static void test_damaged(const char *folder)
{
	static const char text[] = "UPDATE job SET state = 77 WHERE id = 1; UPDATE file SET state = -1 WHERE job = 1";
	struct store *store;
	struct job_row job;
	struct file_row file;
	struct error error = {0};
	char path[512];
	sqlite3 *db = NULL;

	store_free(store_at(folder));
	(void)snprintf(path, sizeof path, "%s/fqcluster.db", folder);
	ok(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "a row is damaged");
	(void)sqlite3_close(db);
	store = store_at(folder);
	ok(store_find_job(store, 1, &job, &error) == 0 && job.state == JOB_FAILED, "a job in no state has failed");
	ok(store_find_file(store, 1, 0, &file, &error) == 0 && file.state == JOB_FAILED, "and so has a file");
	store_free(store);
}

int main(void)
{
	char base[] = "/tmp/fqstore.XXXXXX", folder[64];

	if (!mkdtemp(base))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	test_migrated(folder);
	test_damaged(folder);
	test_newer(folder);
	folder_remove(folder);
	test_crashes(folder, "kept-half");
	test_crashes(folder, "kept");
	test_crashes(folder, "migrated");
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
