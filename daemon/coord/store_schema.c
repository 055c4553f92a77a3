/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database's tables, whether they are whole, and how an older version's become this one's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/failpoint.h"
#include "lib/base/text.h"

#define SCHEMA_VERSION 5

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

/* Results that are kept for later jobs. The counters stand last: what is before them is read without them. */
static const char schema_4[] =
    "BEGIN;"
    "ALTER TABLE job ADD COLUMN fresh INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN ctime INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE result ADD COLUMN kept INTEGER;"
    "CREATE INDEX result_kept ON result (kept) WHERE kept IS NOT NULL;"
    "CREATE TABLE kept (id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB, path TEXT NOT NULL, records INTEGER, bases INTEGER,"
    " bytes INTEGER, made INTEGER, used INTEGER, uses INTEGER, counters BLOB NOT NULL);"
    "CREATE UNIQUE INDEX kept_key ON kept (key) WHERE key IS NOT NULL;"
    "CREATE INDEX kept_used ON kept (used, bytes) WHERE key IS NOT NULL;"
    "PRAGMA user_version = 4;"
    "COMMIT;";

/*
 * Limits by which files are judged, ended jobs in the order of their ends; groups of files; gzip streams in slices: whether, how a file
 * is read, and what slices have besides counters; this of a file whose result is kept, by what the file is, so that it need not be
 * found again.
 */
static const char schema_5[] =
    "BEGIN;"
    "ALTER TABLE job ADD COLUMN profile TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE job ADD COLUMN limits BLOB;"
    "ALTER TABLE job ADD COLUMN split_gzip INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN way INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN inputs INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN merge INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN role INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN of_row INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN member INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN modules INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN before_reads INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN before_qualities INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE file ADD COLUMN tile_field INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE split (job INTEGER, file INTEGER, slice INTEGER, bytes BLOB, PRIMARY KEY (job, file, slice));"
    "CREATE INDEX job_ended ON job (ended, id) WHERE state > 1;"
    "ALTER TABLE kept ADD COLUMN content BLOB;"
    "ALTER TABLE kept ADD COLUMN slice_size INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX kept_content ON kept (content) WHERE slice_size > 0;"
    "CREATE TABLE seek (kept INTEGER, slice INTEGER, bytes BLOB, PRIMARY KEY (kept, slice));"
    "PRAGMA user_version = 5;"
    "COMMIT;";

/* What makes a database of each version one of the next. */
static const char *const schemas[SCHEMA_VERSION] = {schema_1, schema_2, schema_3, schema_4, schema_5};

int store_execute(struct store *store, const char *sql, struct error *err)
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

/* To the disk, under its name in its folder. */
static int name_durably(const char *new, const char *path, const char *folder, struct error *err)
{
	_cleanup_(closep) int fd = open(new, O_RDONLY | O_CLOEXEC), at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || at < 0 || fsync(fd) < 0 || rename(new, path) < 0 || fsync(at) < 0)
		return error_set(err, -errno, ERROR_IO, "%s cannot be written: %s", TEXT(path), strerror(errno));
	return 0;
}

/*
 * A database of an older version stays beside the one that is made of it, as fqcluster.db.VERSION: whole and on the disk before
 * anything is changed.
 */
static int keep(struct store *store, sqlite3_int64 version, struct error *err)
{
	_cleanup_(freep) char *path = NULL, *new = NULL;
	sqlite3_stmt *statement = NULL;
	int code;

	if (asprintf(&path, "%s/fqcluster.db.%lld", store->folder, (long long)version) < 0 || asprintf(&new, "%s.new", path) < 0)
		return error_oom(err);
	if (unlink(new) < 0 && errno != ENOENT) /* half of one, from a start that did not come to its end */
		return error_set(err, -errno, ERROR_CONFIG, "%s cannot be removed: %s", TEXT(new), strerror(errno));
	code = sqlite3_prepare_v2(store->db, "VACUUM INTO ?1", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, new, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	if (code != SQLITE_DONE)
		return store_fail(store, code & 0xff, err);
	FAILPOINT("kept-half");
	return name_durably(new, path, store->folder, err);
}

int store_check(struct store *store, struct error *err)
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
	store->version = (int)version;
	return 0;
}

int store_migrate(struct store *store, struct error *err)
{
	static const uint8_t none[16];
	int r = 0;

	/* Without a name it is one that the first start was just making. */
	if (store->version > 0 && store->version < SCHEMA_VERSION && memcmp(store->uuid, none, sizeof none) != 0)
		r = keep(store, store->version, err);
	FAILPOINT("kept");
	for (; r == 0 && store->version < SCHEMA_VERSION; store->version++) {
		r = store_execute(store, schemas[store->version], err);
		FAILPOINT("migrated");
	}
	return r;
}
