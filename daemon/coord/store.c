/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: its statements, opening, transactions. See store.h. */
#include "daemon/coord/store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

#define SCHEMA_VERSION 3
#define ROOM_MIN (16u << 20) /* bytes of disk that must be left for taking on new jobs */
#define FUSE_MAGIC 0x65735546

static const char schema_1[] =
    "BEGIN;"
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid BLOB UNIQUE NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL,"
    " modules INTEGER, algorithm INTEGER, lenient INTEGER, slice_size INTEGER, files INTEGER, state INTEGER,"
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
    "PRAGMA user_version = 1;"
    "COMMIT;";

/* Rules of jobs, and second counts. */
static const char schema_2[] =
    "BEGIN;"
    "ALTER TABLE job ADD COLUMN rules BLOB;"
    "ALTER TABLE file ADD COLUMN again INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN again_done INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE again (job INTEGER, file INTEGER, slice INTEGER, counters BLOB, PRIMARY KEY (job, file, slice));"
    "PRAGMA user_version = 2;"
    "COMMIT;";

/* Proofs of reading, and troubles. */
static const char schema_3[] =
    "BEGIN;"
    "ALTER TABLE file ADD COLUMN proof_size INTEGER;"
    "ALTER TABLE file ADD COLUMN proof_key BLOB;"
    "ALTER TABLE file ADD COLUMN proof BLOB;"
    "CREATE TABLE trouble (job INTEGER, file INTEGER, slice INTEGER, crashes INTEGER, losses INTEGER, lease INTEGER,"
    " PRIMARY KEY (job, file, slice)) WITHOUT ROWID;"
    "PRAGMA user_version = 3;"
    "COMMIT;";

/* What makes a database of each version one of the next. */
static const char *const schemas[SCHEMA_VERSION] = {schema_1, schema_2, schema_3};

#define JOB_COLUMNS                                                                                                            \
	"id, uuid, owner, name, modules, algorithm, lenient, slice_size, files, state, submitted, started, ended, error_class,"   \
	" error_text, rules"
#define FILE_COLUMNS                                                                                                           \
	"job, file, path, state, planned, size, mtime, inode, ends, kind, unended, slice_size, records, bases, redone,"           \
	" error_class, error_text, again, again_done, proof_size, proof_key, proof"
#define SLICE_COLUMNS                                                                                                          \
	"job, file, slice, start_known, first_block, first_within, next_block, next_within, records, fault, fault_record,"        \
	" fault_block, fault_within, fault_value, fault_value2, fault_errno, bases"

static const char *const texts[_SQL_MAX] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_SET] = "REPLACE INTO meta (key, value) VALUES (?1, ?2)",
	[SQL_JOB_SAVE] = "REPLACE INTO job (" JOB_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
	[SQL_JOB_FIND] = "SELECT " JOB_COLUMNS " FROM job WHERE id = ?1",
	[SQL_JOB_UUID] = "SELECT " JOB_COLUMNS " FROM job WHERE uuid = ?1",
	[SQL_JOB_NEXT] = "SELECT " JOB_COLUMNS " FROM job WHERE id > ?1 ORDER BY id LIMIT 1",
	[SQL_JOB_UNFINISHED] = "SELECT " JOB_COLUMNS " FROM job WHERE state <= 1 AND id > ?1 ORDER BY id LIMIT 1",
	[SQL_JOB_LAST] = "SELECT seq FROM sqlite_sequence WHERE name = 'job'",
	[SQL_JOB_EXPIRE] = "DELETE FROM job WHERE state > 1 AND ended < ?1",
	[SQL_FILE_SAVE] = "REPLACE INTO file (" FILE_COLUMNS
	                  ") VALUES (?1,?2,?3,?4,"
	                  "iif(?5 = 0, 0, coalesce((SELECT nullif(planned, 0) FROM file WHERE job = ?1 AND file = ?2), ?5)),"
	                  "?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)",
	[SQL_FILE_FIND] = "SELECT " FILE_COLUMNS " FROM file WHERE job = ?1 AND file = ?2",
	[SQL_FILE_OF_JOB] = "SELECT " FILE_COLUMNS " FROM file WHERE job = ?1 ORDER BY file",
	[SQL_FILE_PLANNED] = "SELECT planned FROM file WHERE job = ?1 AND file = ?2 AND planned > 0",
	[SQL_FILE_SUMS] = "SELECT count(*), total(size), total(records), total(bases) FROM file WHERE job = ?1",
	[SQL_FILE_EXPIRE] = "DELETE FROM file WHERE job NOT IN (SELECT id FROM job)",
	[SQL_SLICE_SAVE] = "REPLACE INTO slice (" SLICE_COLUMNS
	                   ", counters) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
	[SQL_SLICE_FORGET] = "DELETE FROM slice WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_SLICES_FORGET] = "DELETE FROM slice WHERE job = ?1 AND file = ?2",
	[SQL_SLICE_OF_FILE] = "SELECT " SLICE_COLUMNS " FROM slice WHERE job = ?1 AND file = ?2 ORDER BY slice",
	[SQL_SLICE_COUNTERS] = "SELECT counters FROM slice WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_TROUBLE_SAVE] = "REPLACE INTO trouble (job, file, slice, crashes, losses, lease) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_TROUBLES_FORGET] = "DELETE FROM trouble WHERE job = ?1 AND file = ?2",
	[SQL_TROUBLE_OF_FILE] = "SELECT slice, crashes, losses, lease FROM trouble WHERE job = ?1 AND file = ?2 ORDER BY slice",
	[SQL_AGAIN_SAVE] = "REPLACE INTO again (job, file, slice, counters) VALUES (?1, ?2, ?3, ?4)",
	[SQL_AGAIN_FORGET] = "DELETE FROM again WHERE job = ?1 AND file = ?2",
	[SQL_AGAIN_COUNTERS] = "SELECT counters FROM again WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_RESULT_SAVE] = "REPLACE INTO result (job, file, counters) VALUES (?1, ?2, ?3)",
	[SQL_RESULT] = "SELECT counters FROM result WHERE job = ?1 AND file = ?2",
	[SQL_RESULT_EXPIRE] = "DELETE FROM result WHERE job NOT IN (SELECT id FROM job)",
	[SQL_NODE_SAVE] = "REPLACE INTO node (name, reason) VALUES (?1, ?2)",
	[SQL_NODE_FORGET] = "DELETE FROM node WHERE name = ?1",
	[SQL_NODES] = "SELECT name, reason FROM node ORDER BY name",
	[SQL_TOKEN_SAVE] = "REPLACE INTO token (hash, role, uses, expires) VALUES (?1, ?2, ?3, ?4)",
	[SQL_TOKEN_FIND] = "SELECT role FROM token WHERE hash = ?1 AND uses > 0 AND expires > ?2",
	[SQL_TOKEN_USE] = "UPDATE token SET uses = uses - 1 WHERE hash = ?1",
	[SQL_TOKEN_EXPIRE] = "DELETE FROM token WHERE uses <= 0 OR expires <= ?1",
	[SQL_TOKEN_FORGET] = "DELETE FROM token WHERE hash = ?1",
	[SQL_TOKEN_COUNT] = "SELECT count(*) FROM token WHERE uses > 0 AND expires > ?1",
	[SQL_TOKEN_NEXT] = "SELECT hash, role, uses, expires FROM token WHERE hash > ?1 AND uses > 0 AND expires > ?2 "
	                   "ORDER BY hash LIMIT 1",
};

int store_fail(const struct store *store, int code, struct error *err)
{
	/* What quick_check finds is no failure of a call: then the number tells. */
	const char *what = store->db && sqlite3_errcode(store->db) != SQLITE_OK && sqlite3_errcode(store->db) < SQLITE_ROW
	                       ? sqlite3_errmsg(store->db)
	                       : sqlite3_errstr(code);

	if (code == SQLITE_NOMEM)
		return error_oom(err);
	if (code == SQLITE_FULL)
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the disk of %s is full; make room", TEXT(store->folder));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(err, -EBUSY, ERROR_CONFIG, "another coordinator uses %s", TEXT(store->folder));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return error_set(err, -EUCLEAN, ERROR_IO,
		                 "the database in %s is damaged (%s); put back a backup, or move fqcluster.db* away to begin anew",
		                 TEXT(store->folder), what);
	return error_set(err, -EIO, ERROR_IO, "the database in %s: %s", TEXT(store->folder), what);
}

sqlite3_stmt *store_statement(struct store *store, enum statement which)
{
	if (store->shown)
		(void)sqlite3_reset(store->shown); /* repeats an error that was told */
	store->shown = NULL;
	(void)sqlite3_reset(store->statements[which]);
	(void)sqlite3_clear_bindings(store->statements[which]);
	return store->statements[which];
}

int store_run(struct store *store, sqlite3_stmt *statement, struct error *err)
{
	int code = sqlite3_step(statement);

	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return store_fail(store, code & 0xff, err);
	(void)sqlite3_reset(statement);
	return 0;
}

int store_row(struct store *store, sqlite3_stmt *statement, struct error *err)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW) {
		store->shown = statement;
		return 0;
	}
	if (code != SQLITE_DONE)
		return store_fail(store, code & 0xff, err);
	(void)sqlite3_reset(statement);
	return STORE_NONE;
}

sqlite3_stmt *store_writer(struct store *store, enum statement which, struct error *err)
{
	if (!store->open) {
		if (store_run(store, store_statement(store, SQL_BEGIN), err) < 0)
			return NULL;
		store->open = true;
	}
	return store_statement(store, which);
}

bool store_dirty(const struct store *store)
{
	return store->open;
}

int store_commit(struct store *store, struct error *err)
{
	int r;

	if (!store->open)
		return 0;
	r = store_run(store, store_statement(store, SQL_COMMIT), err);
	if (r == 0)
		store->open = false;
	return r;
}

bool store_has_room(const struct store *store)
{
	struct statvfs fs;

	return statvfs(store->folder, &fs) < 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= ROOM_MIN;
}

/* ---- opening */

static int folder_open(struct store *store, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	struct statfs fs;

	for (char *p = store->folder + 1; *p; p++) { /* the folders on the way; the last mkdir() tells */
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(store->folder, 0755);
		*p = '/';
	}
	if (mkdir(store->folder, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, ERROR_CONFIG, "the state folder %s cannot be made: %s", TEXT(store->folder),
		                 strerror(errno));
	if (statfs(store->folder, &fs) < 0)
		return error_set(err, -errno, ERROR_CONFIG, "the state folder %s cannot be used: %s", TEXT(store->folder),
		                 strerror(errno));
	if (fs.f_type == NFS_SUPER_MAGIC || fs.f_type == SMB_SUPER_MAGIC || fs.f_type == CIFS_SUPER_MAGIC ||
	    fs.f_type == SMB2_SUPER_MAGIC || fs.f_type == FUSE_MAGIC)
		return error_set(err, -ENOTSUP, ERROR_CONFIG,
		                 "the state folder %s lies on a network file system; it must be on a local disk",
		                 TEXT(store->folder));
	if (asprintf(&path, "%s/lock", store->folder) < 0)
		return error_oom(err);
	store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return error_set(err, -errno, ERROR_CONFIG, "%s cannot be opened: %s", TEXT(path), strerror(errno));
	if (flock(store->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, ERROR_CONFIG, "another coordinator uses %s", TEXT(store->folder));
	return 0;
}

static int execute(struct store *store, const char *sql, struct error *err)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : store_fail(store, code & 0xff, err);
}

/* The first column of the first row as a number. */
static int ask(struct store *store, const char *sql, sqlite3_int64 *ret_number, bool *ret_ok, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(statement, 0);

		*ret_number = sqlite3_column_int64(statement, 0);
		*ret_ok = text && strcmp((const char *)text, "ok") == 0;
	}
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : store_fail(store, code & 0xff, err);
}

/* A database of an older version stays beside the one that is made of it, as fqcluster.db.VERSION. */
static int database_keep(struct store *store, sqlite3_int64 version, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	sqlite3_stmt *statement = NULL;
	int code;

	if (asprintf(&path, "%s/fqcluster.db.%lld", store->folder, (long long)version) < 0)
		return error_oom(err);
	if (unlink(path) < 0 && errno != ENOENT) /* half of one, from a start that did not come to its end */
		return error_set(err, -errno, ERROR_CONFIG, "%s cannot be removed: %s", TEXT(path), strerror(errno));
	code = sqlite3_prepare_v2(store->db, "VACUUM INTO ?1", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : store_fail(store, code & 0xff, err);
}

/* 0 is a database that has just been made. */
static int database_migrate(struct store *store, sqlite3_int64 version, struct error *err)
{
	int r = 0;

	if (version > 0 && version < SCHEMA_VERSION)
		r = database_keep(store, version, err);
	for (; r == 0 && version < SCHEMA_VERSION; version++)
		r = execute(store, schemas[version], err);
	return r;
}

static int database_check(struct store *store, struct error *err)
{
	sqlite3_int64 version = 0;
	bool ok = false;
	int r;

	r = ask(store, "PRAGMA quick_check(1)", &version, &ok, err);
	if (r < 0)
		return r;
	if (!ok)
		return store_fail(store, SQLITE_CORRUPT, err);
	r = ask(store, "PRAGMA user_version", &version, &ok, err);
	if (r < 0)
		return r;
	if (version < 0 || version > SCHEMA_VERSION)
		return error_set(err, -EPROTO, ERROR_CONFIG, "the database in %s is of version %lld, this program knows %d",
		                 TEXT(store->folder), (long long)version, SCHEMA_VERSION);
	return database_migrate(store, version, err);
}

static int database_open(struct store *store, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	mode_t mask;
	int code, r;

	if (asprintf(&path, "%s/fqcluster.db", store->folder) < 0)
		return error_oom(err);
	mask = umask(0077);
	code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK) {
		(void)umask(mask);
		return store_fail(store, code & 0xff, err);
	}
	r = execute(store, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	                   " PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;", err);
	if (r == 0)
		r = database_check(store, err);
	(void)umask(mask);
	for (int i = 0; r == 0 && i < _SQL_MAX; i++) {
		code = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);
		if (code != SQLITE_OK)
			r = store_fail(store, code & 0xff, err);
	}
	return r;
}

static int meta_set(struct store *store, const char *key, const void *blob, size_t n, uint64_t number, struct error *err)
{
	sqlite3_stmt *statement = store_writer(store, SQL_META_SET, err);

	if (!statement)
		return -EIO;
	(void)sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	if (blob)
		(void)sqlite3_bind_blob64(statement, 2, blob, n, SQLITE_STATIC);
	else
		bind_u64(statement, 2, number);
	return store_run(store, statement, err);
}

/* The database's own name, and this start's number. */
static int generation_take(struct store *store, struct error *err)
{
	sqlite3_stmt *statement = store_statement(store, SQL_META_GET);
	int r;

	(void)sqlite3_bind_text(statement, 1, "uuid", -1, SQLITE_STATIC);
	r = store_row(store, statement, err);
	if (r == 0 && sqlite3_column_bytes(statement, 0) == (int)sizeof store->uuid) {
		memcpy(store->uuid, sqlite3_column_blob(statement, 0), sizeof store->uuid);
	} else if (r >= 0) {
		r = digest_random(store->uuid, sizeof store->uuid);
		if (r == 0)
			r = meta_set(store, "uuid", store->uuid, sizeof store->uuid, 0, err);
	}
	if (r < 0)
		return r;
	statement = store_statement(store, SQL_META_GET);
	(void)sqlite3_bind_text(statement, 1, "generation", -1, SQLITE_STATIC);
	r = store_row(store, statement, err);
	if (r < 0)
		return r;
	store->generation = (r == 0 ? column_u64(statement, 0) : 0) + 1;
	r = meta_set(store, "generation", NULL, 0, store->generation, err);
	FAILPOINT("generation-saved");
	if (r == 0)
		r = store_commit(store, err);
	FAILPOINT("generation-committed");
	return r;
}

static void storep(struct store **store)
{
	store_free(*store);
}

int store_open(const char *folder, struct store **ret, struct error *err)
{
	_cleanup_(storep) struct store *store = calloc(1, sizeof *store);
	int r;

	if (!store)
		return error_oom(err);
	store->lock = -1;
	store->folder = strdup(folder);
	if (!store->folder)
		return error_oom(err);
	r = folder_open(store, err);
	if (r == 0)
		r = database_open(store, err);
	if (r == 0)
		r = generation_take(store, err);
	if (r < 0)
		return r;
	*ret = TAKE(store);
	return 0;
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	for (int i = 0; i < _SQL_MAX; i++)
		(void)sqlite3_finalize(store->statements[i]);
	(void)sqlite3_close_v2(store->db);
	closep(&store->lock);
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
