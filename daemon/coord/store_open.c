/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opening the state folder: nothing is begun that cannot be trusted.
 *
 *     a folder on a local disk, locked -> the mark -> a database that is there, is whole and holds what the mark tells of
 *         -> brought up to date -> this start's generation committed -> the mark
 *
 * Whatever is refused has not been changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

#define FUSE_MAGIC 0x65735546
#define ROLLBACK_STARTS 100000 /* so many starts may have been lost with an accepted rollback */
#define ROLLBACK_JOBS "1000000" /* and numbers of so many jobs */

/* ---- the folder */

bool store_is_remote(long magic)
{
	return magic == NFS_SUPER_MAGIC || magic == SMB_SUPER_MAGIC || magic == CIFS_SUPER_MAGIC || magic == SMB2_SUPER_MAGIC ||
	       magic == FUSE_MAGIC;
}

static int folder_make(char *folder, struct error *err)
{
	for (char *p = folder + 1; *p; p++) { /* the folders on the way; the last mkdir() tells */
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(folder, 0755);
		*p = '/';
	}
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, ERROR_CONFIG, "the state folder %s cannot be made: %s", TEXT(folder), strerror(errno));
	return 0;
}

int folder_lock(const char *folder, int *ret_lock, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int lock = -1;

	if (asprintf(&path, "%s/lock", folder) < 0)
		return error_oom(err);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return error_set(err, -errno, errno == ENOSPC ? ERROR_TEMPORARY : ERROR_CONFIG, "%s cannot be opened: %s", TEXT(path),
		                 strerror(errno));
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, ERROR_CONFIG, "%s is locked: another coordinator uses it", TEXT(folder));
	*ret_lock = take_fd(&lock);
	return 0;
}

/* What root writes, the user of the service could not read at its next start. The lock is made by who has begun the state. */
static int refuse_root(const struct store *store, struct error *err)
{
	const struct passwd *user;
	struct stat st;
	char name[64];

	if (geteuid() != 0 || fstat(store->lock, &st) < 0 || st.st_uid == 0)
		return 0;
	user = getpwuid(st.st_uid);
	if (user)
		(void)snprintf(name, sizeof name, "%s", user->pw_name);
	else
		(void)snprintf(name, sizeof name, "#%u", st.st_uid);
	return error_set(err, -EPERM, ERROR_CONFIG, "the state in %s is user %s's, who could not read what root writes there; right is to run "
	                 "fqcoordd as that user (runuser -u %s -- fqcoordd ...)", TEXT(store->folder), TEXT(name), TEXT(name));
}

static int folder_open(struct store *store, struct error *err)
{
	struct statfs fs;
	int r = folder_make(store->folder, err);

	if (r < 0)
		return r;
	if (statfs(store->folder, &fs) < 0)
		return error_set(err, -errno, ERROR_CONFIG, "the state folder %s cannot be used: %s", TEXT(store->folder),
		                 strerror(errno));
	if (store_is_remote((long)fs.f_type))
		return error_set(err, -ENOTSUP, ERROR_CONFIG,
		                 "the state folder %s lies on a network file system; it must be on a local disk",
		                 TEXT(store->folder));
	r = folder_lock(store->folder, &store->lock, err);
	return r < 0 ? r : refuse_root(store, err);
}

/* ---- the database */

static int refuse_missing(const struct store *store, struct error *err)
{
	return error_set(err, -EUCLEAN, ERROR_CONFIG,
	                 "fqcluster.db is missing or empty in %s, where a coordinator has run; put back a backup by fqcoordd --restore, "
	                 "or move fqcluster.db* away to begin anew", TEXT(store->folder));
}

/* SQLite would make a new database where there is none, and throw away a log without one. */
static int files_check(const struct store *store, bool marked, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *log = NULL;
	struct stat st;

	if (store->vfs)
		return 0;
	if (asprintf(&path, "%s/fqcluster.db", store->folder) < 0 || asprintf(&log, "%s-wal", path) < 0)
		return error_oom(err);
	if (stat(path, &st) == 0 && st.st_size > 0)
		return 0;
	return marked || (stat(log, &st) == 0 && st.st_size > 0) ? refuse_missing(store, err) : 0;
}

/* As long as nobody trusts the database, closing it does not copy what is left of a log into it. */
static void log_stays(struct store *store, bool stays)
{
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)stays, NULL); /* cannot fail */
}

static int database_open(struct store *store, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *pragmas = NULL;
	int code;

	if (asprintf(&path, "%s/fqcluster.db", store->folder) < 0 ||
	    asprintf(&pragmas,
	             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
	             " PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=%d;",
	             store->log_pages_max * 4096) < 0)
		return error_oom(err);
	code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, store->vfs);
	if (code != SQLITE_OK)
		return store_fail(store, code & 0xff, err);
	log_stays(store, true);
	return store_execute(store, pragmas, err);
}

/* ---- what it says of itself */

/* A number, or where blob is set 16 bytes; false: there is none. */
static int meta_get(struct store *store, const char *key, uint64_t *ret_number, uint8_t *ret_blob, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = ?1", -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW && ret_blob && sqlite3_column_bytes(statement, 0) == 16)
		memcpy(ret_blob, sqlite3_column_blob(statement, 0), 16);
	else if (code == SQLITE_ROW && ret_number)
		*ret_number = column_u64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : store_fail(store, code & 0xff, err);
}

int store_identity(struct store *store, struct identity *ret, struct error *err)
{
	int r = 0;

	if (store->version == 0)
		return 0;
	r = meta_get(store, "uuid", NULL, store->uuid, err);
	if (r == 0)
		r = meta_get(store, "parent", NULL, ret->parent, err);
	if (r == 0)
		r = meta_get(store, "generation", &store->generation, NULL, err);
	if (r == 0)
		r = meta_get(store, "commits", &store->commits, NULL, err);
	return r < 0 ? r : meta_get(store, "restored", &ret->restored, NULL, err);
}

/* Whether it is that which the mark tells of, and not an earlier state of it. */
int store_identity_check(const struct store *store, const struct identity *identity, const struct mark *mark, struct error *err)
{
	if (identity->restored)
		return error_set(err, -ESTALE, ERROR_CONFIG,
		                 "the database in %s was put back from a backup; start fqcoordd once with --accept-rollback, so that workers "
		                 "forget what they hold of jobs that are not in it", TEXT(store->folder));
	if (!mark || memcmp(mark->uuid, identity->parent, sizeof mark->uuid) == 0)
		return 0; /* the start that gave it its new name did not come to its mark */
	if (memcmp(mark->uuid, store->uuid, sizeof mark->uuid) != 0)
		return error_set(err, -ESTALE, ERROR_CONFIG,
		                 "the database in %s is another one than the coordinator has had there; put that back, or start fqcoordd "
		                 "once with --accept-rollback to go on with this one", TEXT(store->folder));
	if (store->generation < mark->generation || store->commits < mark->commits)
		return error_set(err, -ESTALE, ERROR_CONFIG,
		                 "the database in %s is not what was committed last (start %llu, commit %llu; it holds start %llu, commit "
		                 "%llu): fqcluster.db-wal is missing or cut, or an old copy was put back; put back the newest there is, or "
		                 "start fqcoordd once with --accept-rollback to go on without the jobs that came later",
		                 TEXT(store->folder), (unsigned long long)mark->generation, (unsigned long long)mark->commits,
		                 (unsigned long long)store->generation, (unsigned long long)store->commits);
	return 0;
}

/* ---- this start */

static int meta_set(struct store *store, const char *key, const uint8_t *blob, uint64_t number, struct error *err)
{
	sqlite3_stmt *statement = store_writer(store, SQL_META_SET, err);

	if (!statement)
		return -EIO;
	(void)sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (blob)
		(void)sqlite3_bind_blob(statement, 2, blob, 16, SQLITE_STATIC);
	else
		bind_u64(statement, 2, number);
	return store_run(store, statement, err);
}

/*
 * A state that is to be taken for another one from now on: a new name, by which workers know that what they hold is not wanted,
 * a generation above all that they may have seen under the old one, and numbers of jobs that cannot have been given.
 */
static int rename_state(struct store *store, struct error *err)
{
	int r = meta_set(store, "parent", store->uuid, 0, err);

	if (r == 0 && digest_random(store->uuid, sizeof store->uuid) < 0)
		r = error_set(err, -EIO, ERROR_OS, "no random bytes for a new name of the state");
	if (r == 0)
		r = meta_set(store, "uuid", store->uuid, 0, err);
	if (r == 0)
		r = meta_set(store, "restored", NULL, 0, err);
	if (r == 0)
		r = store_execute(store,
		                  "INSERT INTO sqlite_sequence (name, seq) SELECT 'job', 0 WHERE NOT EXISTS"
		                  " (SELECT 1 FROM sqlite_sequence WHERE name = 'job');"
		                  "UPDATE sqlite_sequence SET seq = (seq / " ROLLBACK_JOBS " + 1) * " ROLLBACK_JOBS " WHERE name = 'job';",
		                  err);
	store->generation += ROLLBACK_STARTS;
	return r;
}

static int generation_take(struct store *store, bool accept, struct error *err)
{
	static const uint8_t none[16];
	int r = 0;

	if (memcmp(store->uuid, none, sizeof none) == 0) {
		r = digest_random(store->uuid, sizeof store->uuid);
		r = r < 0 ? error_set(err, r, ERROR_OS, "no random bytes for a name of the state")
		          : meta_set(store, "uuid", store->uuid, 0, err);
	} else if (accept) {
		r = rename_state(store, err);
	}
	return r < 0 ? r : store_next_generation(store, err);
}

int store_next_generation(struct store *store, struct error *err)
{
	int r = meta_set(store, "generation", NULL, store->generation + 1, err);

	FAILPOINT("generation-saved");
	store->generation++;
	if (r == 0)
		r = store_commit(store, err);
	if (r < 0)
		store->generation--;
	FAILPOINT("generation-committed");
	return r;
}

/* ---- all of it */

static int trust(struct store *store, bool accept, struct error *err)
{
	struct identity identity = {0};
	struct mark mark = {0};
	int r = mark_load(store->folder, &mark, err);
	bool marked = r == 0 || (r == -EBADMSG && accept);

	if (r >= 0 || marked)
		r = files_check(store, marked, err);
	if (r == 0)
		r = database_open(store, err);
	if (r == 0)
		r = store_check(store, err);
	if (r == 0 && marked && store->version == 0)
		r = refuse_missing(store, err);
	if (r == 0)
		r = store_identity(store, &identity, err);
	if (r == 0 && !accept)
		r = store_identity_check(store, &identity, marked ? &mark : NULL, err);
	if (r == 0)
		log_stays(store, false);
	return r;
}

static void storep(struct store **store)
{
	store_free(*store);
}

static int open_once(const char *folder, const struct store_options *options, struct store **ret, bool *ret_room,
                     struct error *err)
{
	_cleanup_(storep) struct store *store = calloc(1, sizeof *store);
	mode_t mask = umask(0077);
	int r;

	if (!store || !(store->folder = strdup(folder))) {
		(void)umask(mask);
		return error_oom(err);
	}
	store->lock = store->mark = -1;
	store->vfs = options->vfs;
	r = folder_open(store, err);
	if (r == 0)
		r = room_begin(store, err);
	if (r == 0)
		r = trust(store, options->accept_rollback, err);
	if (r == 0)
		r = store_migrate(store, err);
	if (r == 0)
		r = store_prepare(store, err);
	if (r == 0)
		r = generation_take(store, options->accept_rollback, err);
	if (r == 0)
		r = mark_begin(store, err);
	(void)umask(mask);
	if (r < 0) {
		*ret_room = (r == -ENOSPC || store->failure == -ENOSPC) && room_give_up(store);
		return r;
	}
	*ret = TAKE(store);
	return 0;
}

int store_open_as(const char *folder, const struct store_options *options, struct store **ret, struct error *err)
{
	bool room = false;
	int r = open_once(folder, options, ret, &room, err);

	return r < 0 && room ? open_once(folder, options, ret, &room, err) : r;
}

int store_open(const char *folder, struct store **ret, struct error *err)
{
	return store_open_as(folder, &(struct store_options){0}, ret, err);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	for (int i = 0; i < _SQL_MAX; i++)
		(void)sqlite3_finalize(store->statements[i]);
	store_result_close(store);
	(void)sqlite3_close_v2(store->db);
	closep(&store->mark);
	closep(&store->lock);
	free(store->ballast);
	free(store->folder);
	free(store);
	return NULL;
}

uint64_t store_generation(const struct store *store)
{
	return store->generation;
}

const uint8_t *store_uuid(const struct store *store)
{
	return store->uuid;
}
