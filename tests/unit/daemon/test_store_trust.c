/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a start trusts: the mark outside of the database against a log that was lost, a state that is old, another one, or put
 * back; that no crash between the two makes a healthy state refused; and the room that is kept on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

static char *in(const char *folder, const char *name)
{
	static char path[2][512];
	static unsigned turn;
	char *out = path[turn++ % 2];

	(void)snprintf(out, sizeof path[0], "%s/%s", folder, name);
	return out;
}

static int save_node(struct store *store, const char *name)
{
	int r = store_save_node(store, name, true, "disk", NULL);

	return r < 0 ? r : store_commit(store, NULL);
}

static bool is_drained(struct store *store, const char *name)
{
	sqlite3_stmt *s = NULL;
	bool there = sqlite3_prepare_v2(store->db, "SELECT 1 FROM node WHERE name = ?1", -1, &s, NULL) == SQLITE_OK &&
	             sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;

	(void)sqlite3_finalize(s);
	return there;
}

/* A process that commits n times and is killed: what it committed is in the log only. */
static void die_with_log(const char *folder, unsigned n)
{
	pid_t child;
	int status;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		struct store *store = store_at(folder);
		char name[16];

		for (unsigned i = 0; i < n; i++) {
			(void)snprintf(name, sizeof name, "n%u", i);
			if (save_node(store, name) < 0)
				_exit(1);
		}
		(void)raise(SIGKILL);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		diag("the process was not killed");
}

static uint64_t nodes_n(struct store *store)
{
	sqlite3_stmt *statement = store_statement(store, SQL_NODES);
	uint64_t n = 0;

	while (store_row(store, statement, NULL) == 0)
		n++;
	return n;
}

static void refused(const char *folder, int code, const char *text, const char *name)
{
	struct store *store = NULL;
	struct error error = {0};

	is_int(store_open(folder, &store, &error), code, "%s is refused", name);
	ok(strstr(error.text, text) && error.class == ERROR_CONFIG, "in words: %s", error.text);
}

static struct store *accepted(const char *folder, const char *name)
{
	struct store *store = NULL;
	struct error error = {0};

	is_int(store_open_as(folder, &(struct store_options){.accept_rollback = true}, &store, &error), 0, "%s is accepted %s", name,
	       error.text);
	return store;
}

/* ---- the mark */

static void test_log(const char *folder)
{
	struct store *store;
	uint8_t uuid[16];
	struct stat st;

	die_with_log(folder, 5);
	store = store_at(folder);
	is_u64(nodes_n(store), 5, "killed: what was committed is there");
	is_u64(store->commits, 7, "and so many commits");
	memcpy(uuid, store_uuid(store), sizeof uuid);
	store_free(store);

	die_with_log(folder, 5);
	if (stat(in(folder, "fqcluster.db-wal"), &st) == 0)
		ok(truncate(in(folder, "fqcluster.db-wal"), st.st_size - 100) == 0, "the last commit's end is cut off the log");
	refused(folder, -ESTALE, "fqcluster.db-wal is missing or cut", "a log that was cut");
	ok(unlink(in(folder, "fqcluster.db-wal")) == 0, "the log is removed");
	refused(folder, -ESTALE, "fqcluster.db-wal is missing or cut", "a log that is gone");
	store = accepted(folder, "what is left");
	ok(memcmp(uuid, store_uuid(store), sizeof uuid) != 0, "as another state");
	ok(store_generation(store) > 1000, "with starts that cannot have been seen");
	store_free(store);
	store = store_at(folder);
	ok(store, "and is one to start from");
	store_free(store);
}

static void test_missing(const char *folder)
{
	ok(rename(in(folder, "fqcluster.db"), in(folder, "away")) == 0, "the database is taken away");
	refused(folder, -EUCLEAN, "missing or empty", "a state without it");
	ok(access(in(folder, "fqcluster.db"), F_OK) < 0, "and none is made");
	ok(rename(in(folder, "fqcluster.db-mark"), in(folder, "mark")) == 0 &&
	       close(open(in(folder, "fqcluster.db-wal"), O_WRONLY | O_CREAT, 0600)) == 0 &&
	       truncate(in(folder, "fqcluster.db-wal"), 4096) == 0,
	   "without its mark, but with a log");
	refused(folder, -EUCLEAN, "missing or empty", "a log without its database");
	ok(unlink(in(folder, "fqcluster.db-wal")) == 0 && rename(in(folder, "mark"), in(folder, "fqcluster.db-mark")) == 0 &&
	       rename(in(folder, "away"), in(folder, "fqcluster.db")) == 0,
	   "all is put back");
	store_free(store_at(folder));
}

static void test_damaged_mark(const char *folder)
{
	struct store *store;
	int fd = open(in(folder, "fqcluster.db-mark"), O_WRONLY);

	ok(fd >= 0 && pwrite(fd, "0000", 4, 512) == 4 && pwrite(fd, "0000", 4, 1024) == 4, "records of commits are torn");
	store = store_at(folder);
	ok(store, "that is no reason to refuse");
	store_free(store);
	closep(&fd);
	fd = open(in(folder, "fqcluster.db-mark"), O_WRONLY);
	ok(fd >= 0 && pwrite(fd, "xx", 2, 4) == 2, "that of the start is");
	closep(&fd);
	refused(folder, -EBADMSG, "nobody can say whether", "a damaged mark");
	store_free(accepted(folder, "the database beside it"));
}

static void test_other(const char *folder, const char *other)
{
	store_free(store_at(other));
	ok(rename(in(folder, "fqcluster.db"), in(folder, "away")) == 0 && rename(in(other, "fqcluster.db"), in(folder, "fqcluster.db")) == 0,
	   "the database of another coordinator is put in place");
	refused(folder, -ESTALE, "another one than the coordinator has had", "that");
	ok(rename(in(folder, "away"), in(folder, "fqcluster.db")) == 0, "and taken away");
	folder_remove(other);
}

/* ---- crashes between the commit and the mark */

static void test_crashes(const char *folder, const char *option)
{
	const char *failpoints = getenv("FQ_FAILPOINTS");
	struct store *store = NULL;
	struct error error = {0};

	if (!failpoints || strcmp(failpoints, "yes") != 0) {
		skip("this build has no failpoints");
		return;
	}
	ok(coordinator_struck(folder, "generation-committed", option), "killed behind the commit of its start%s",
	   option ? " under a new name" : "");
	is_int(store_open(folder, &store, &error), 0, "the next one is not refused %s", error.text);
	store_free(store);
}

/* ---- copies */

static void test_copies(const char *folder, const char *other)
{
	struct store *store = store_at(folder);
	struct store_copy *copy = NULL;
	struct error error = {0};
	int r;

	(void)mkdir(other, 0700);
	is_int(store_copy_begin(store, in(other, "fqcluster.db"), &copy, &error), 0, "a copy is begun %s", error.text);
	ok(save_node(store, "late") == 0, "something is committed meanwhile");
	do
		r = store_copy_more(copy, &error);
	while (r == STORE_MORE);
	is_int(r, 0, "it comes to its end %s", error.text);
	store_copy_end(copy);
	store_free(store);
	is_int(store_copy_adopt(other, other, &error), 0, "it is made one to start from %s", error.text);
	refused(other, -ESTALE, "put back from a backup", "without a word that");
	store = accepted(other, "it");
	ok(nodes_n(store) > 0, "with what was committed");
	store_free(store);
	store = store_at(other);
	ok(store, "and then needs no more words");
	store_free(store);
	folder_remove(other);
}

/* ---- room */

static void test_room(const char *folder)
{
	struct store *store = store_at(folder);
	struct error error = {0};
	uint8_t *big = calloc(1, 1 << 20);
	struct stat st;

	if (!big || !store_look(store)) {
		(void)store_free(store);
		free(big);
		skip("there is too little room in /tmp");
		return;
	}
	ok(stat(in(folder, "ballast"), &st) == 0 && (uint64_t)st.st_size == store_ballast(store) && st.st_blocks * 512 >= st.st_size,
	   "the ballast is there");
	(void)sqlite3_exec(store->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL); /* no more than now */
	is_int(store_save_result(store, 1, 0, big, 1 << 20, &error), -ENOSPC, "a database that cannot grow is full: %s", error.text);
	is_int(store_failure(store, &error), -ENOSPC, "which is kept in mind");
	ok(store_save_node(store, "behind", true, "disk", &error) < 0, "nothing is written behind it, where SQLite has ended the transaction");
	ok(sqlite3_get_autocommit(store->db) != 0, "as it has here");
	is_int(store_commit(store, &error), -ENOSPC, "nor committed");
	is_int(store_failure(store, &error), -ENOSPC, "it is full as before");
	is_int(store_roll_back(store, &error), 0, "and taken back");
	ok(!is_drained(store, "behind"), "with all of it");
	ok(store_is_short(store) && access(in(folder, "ballast"), F_OK) < 0 && store_failure(store, &error) == 0,
	   "the ballast is given up");
	ok(save_node(store, "small") == 0, "so that something small can be written");
	(void)sqlite3_exec(store->db, "PRAGMA max_page_count = 1000000", NULL, NULL, NULL);
	ok(store_look(store) && !store_is_short(store) && access(in(folder, "ballast"), F_OK) == 0, "and made again when there is room");
	ok(store_save_result(store, 1, 0, big, 1 << 20, &error) == 0 && store_commit(store, &error) == 0, "it goes on");
	store_free(store);
	free(big);
}

static void test_remote(void)
{
	static const long remote[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, 0xff534d42L, 0xfe534d42L, 0x65735546L};
	static const long local[] = {EXT4_SUPER_MAGIC, TMPFS_MAGIC, BTRFS_SUPER_MAGIC, 0x58465342L, OVERLAYFS_SUPER_MAGIC};
	bool right = true;

	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
		right &= store_is_remote(remote[i]);
	ok(right, "NFS, SMB, CIFS and FUSE are no local disks");
	right = false;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		right |= store_is_remote(local[i]);
	ok(!right, "ext4, tmpfs, btrfs, xfs and overlayfs are");
}

int main(void)
{
	char base[] = "/tmp/fqstore.XXXXXX", folder[64], other[64];

	if (!mkdtemp(base))
		return skip_all("no temporary folder: %s", strerror(errno));
	(void)snprintf(folder, sizeof folder, "%s/state", base);
	(void)snprintf(other, sizeof other, "%s/other", base);
	test_log(folder);
	test_missing(folder);
	test_damaged_mark(folder);
	test_other(folder, other);
	test_crashes(folder, NULL);
	test_crashes(folder, "--accept-rollback");
	test_copies(folder, other);
	test_room(folder);
	test_remote();
	folder_remove(folder);
	(void)rmdir(base);
	return done_testing();
}
