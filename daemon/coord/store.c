/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database: its statements, transactions, and what a failure means. See store.h. */
#include "daemon/coord/store.h"

#include <errno.h>
#include <string.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/text.h"

#define JOB_COLUMNS                                                                                                            \
	"id, uuid, owner, name, modules, algorithm, lenient, slice_size, files, state, submitted, started, ended, error_class,"   \
	" error_text, rules, fresh, profile, limits, split_gzip, inputs, merge"
#define FILE_COLUMNS                                                                                                           \
	"job, file, path, state, planned, size, mtime, inode, ends, kind, unended, slice_size, records, bases, redone,"           \
	" error_class, error_text, again, again_done, proof_size, proof_key, proof, ctime, cached, way,"              \
	" role, of_row, member, modules, before_reads, before_qualities, tile_field"
#define KEPT_COLUMNS "id, path, records, bases, bytes, made, used, uses"
/* Looked for by when they ended: what has to go is little beside what stays. */
#define EXPIRED "SELECT id FROM job INDEXED BY job_ended WHERE state > 1 AND ended < ?1"
#define SLICE_COLUMNS                                                                                                          \
	"job, file, slice, start_known, first_block, first_within, next_block, next_within, records, fault, fault_record,"        \
	" fault_block, fault_within, fault_value, fault_value2, fault_errno, bases"

static const char *const texts[_SQL_MAX] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_SET] = "REPLACE INTO meta (key, value) VALUES (?1, ?2)",
	[SQL_JOB_SAVE] = "REPLACE INTO job (" JOB_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,"
	                 "?18,?19,?20,?21,?22)",
	[SQL_JOB_FIND] = "SELECT " JOB_COLUMNS " FROM job WHERE id = ?1",
	[SQL_JOB_UUID] = "SELECT " JOB_COLUMNS " FROM job WHERE uuid = ?1",
	[SQL_JOB_NEXT] = "SELECT " JOB_COLUMNS " FROM job WHERE id > ?1 ORDER BY id LIMIT 1",
	[SQL_JOB_ENDED] = "SELECT " JOB_COLUMNS " FROM job INDEXED BY job_ended WHERE state > 1 AND (ended, id) < (?1, ?2) AND ended >= ?3"
	                   " ORDER BY ended DESC, id DESC LIMIT 1",
	[SQL_JOB_UNFINISHED] = "SELECT " JOB_COLUMNS " FROM job WHERE state <= 1 AND id > ?1 ORDER BY id LIMIT 1",
	[SQL_JOB_LAST] = "SELECT seq FROM sqlite_sequence WHERE name = 'job'",
	[SQL_JOB_EXPIRE] = "DELETE FROM job WHERE state > 1 AND ended < ?1",
	[SQL_FILE_SAVE] = "REPLACE INTO file (" FILE_COLUMNS
	                  ") VALUES (?1,?2,?3,?4,"
	                  "iif(?5 = 0, 0, coalesce((SELECT nullif(planned, 0) FROM file WHERE job = ?1 AND file = ?2), ?5)),"
	                  "?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,?31,?32)",
	[SQL_FILE_FIND] = "SELECT " FILE_COLUMNS " FROM file WHERE job = ?1 AND file = ?2",
	[SQL_FILE_OF_JOB] = "SELECT " FILE_COLUMNS " FROM file WHERE job = ?1 ORDER BY file",
	[SQL_FILE_PLANNED] = "SELECT planned FROM file WHERE job = ?1 AND file = ?2 AND planned > 0",
	[SQL_FILE_SUMS] = "SELECT total(role = 0), total(size) FILTER (WHERE role = 0), total(records) FILTER (WHERE role = 0),"
	                  " total(bases) FILTER (WHERE role = 0),"
	                  " CASE WHEN total(cached) = count(*) THEN total(cached) ELSE total(cached) FILTER (WHERE role = 0) END"
	                  " FROM file WHERE job = ?1",
	[SQL_FILE_EXPIRE] = "DELETE FROM file WHERE job IN (" EXPIRED ")",
	[SQL_SLICE_SAVE] = "REPLACE INTO slice (" SLICE_COLUMNS
	                   ", counters) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
	[SQL_SLICE_FORGET] = "DELETE FROM slice WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_SLICES_FORGET] = "DELETE FROM slice WHERE job = ?1 AND file = ?2",
	[SQL_SLICE_OF_FILE] = "SELECT " SLICE_COLUMNS " FROM slice WHERE job = ?1 AND file = ?2 ORDER BY slice",
	[SQL_SLICE_COUNTERS] = "SELECT counters FROM slice WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_SLICE_SIZE] = "SELECT length(counters) FROM slice WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_SPLIT_SAVE] = "REPLACE INTO split (job, file, slice, bytes) VALUES (?1, ?2, ?3, ?4)",
	[SQL_SPLIT_FORGET] = "DELETE FROM split WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_SPLITS_FORGET] = "DELETE FROM split WHERE job = ?1 AND file = ?2",
	[SQL_SPLIT_FIND] = "SELECT bytes FROM split WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_TROUBLE_SAVE] = "REPLACE INTO trouble (job, file, slice, crashes, losses, lease) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_TROUBLES_FORGET] = "DELETE FROM trouble WHERE job = ?1 AND file = ?2",
	[SQL_TROUBLE_SUMS] = "SELECT count(*), total(crashes), total(losses) FROM trouble",
	[SQL_TROUBLE_OF_FILE] = "SELECT slice, crashes, losses, lease FROM trouble WHERE job = ?1 AND file = ?2 ORDER BY slice",
	[SQL_AGAIN_SAVE] = "REPLACE INTO again (job, file, slice, counters) VALUES (?1, ?2, ?3, ?4)",
	[SQL_AGAIN_FORGET] = "DELETE FROM again WHERE job = ?1 AND file = ?2",
	[SQL_AGAIN_COUNTERS] = "SELECT counters FROM again WHERE job = ?1 AND file = ?2 AND slice = ?3",
	[SQL_RESULT_SAVE] = "REPLACE INTO result (job, file, counters) VALUES (?1, ?2, ?3)",
	[SQL_RESULT_REFER] = "REPLACE INTO result (job, file, kept) VALUES (?1, ?2, ?3)",
	[SQL_RESULT_FORGET] = "DELETE FROM result WHERE job = ?1 AND file = ?2",
	/* The type stands in front of the bytes, which are not read for it; kept stands behind them. */
	[SQL_RESULT_PLACE] = "SELECT rowid, length(counters), CASE typeof(counters) WHEN 'blob' THEN 0 ELSE kept END FROM result"
	                     " WHERE job = ?1 AND file = ?2",
	[SQL_RESULT] = "SELECT counters, kept FROM result WHERE job = ?1 AND file = ?2",
	[SQL_RESULT_EXPIRE] = "DELETE FROM result WHERE job IN (" EXPIRED ")",
	[SQL_KEPT_SAVE] = "INSERT INTO kept (key, path, records, bases, bytes, made, used, uses, counters)"
	                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, ?7)",
	[SQL_KEPT_FIND] = "SELECT " KEPT_COLUMNS " FROM kept WHERE key = ?1",
	[SQL_KEPT_NEXT] = "SELECT " KEPT_COLUMNS " FROM kept WHERE id > ?1 AND key IS NOT NULL ORDER BY id LIMIT 1",
	[SQL_KEPT_NEXT_OF] = "SELECT " KEPT_COLUMNS " FROM kept WHERE id > ?1 AND key IS NOT NULL AND EXISTS (SELECT 1 FROM result"
	                     " JOIN job ON job.id = result.job WHERE result.kept = kept.id AND job.owner = ?2) ORDER BY id LIMIT 1",
	[SQL_KEPT_OF_PATH] = "SELECT " KEPT_COLUMNS " FROM kept WHERE path = ?1 AND key IS NOT NULL AND id > ?2 ORDER BY id LIMIT 1",
	[SQL_KEPT_OLDEST] = "SELECT id, bytes FROM kept WHERE key IS NOT NULL AND used < ?1 ORDER BY used LIMIT 1",
	[SQL_KEPT_SUMS] = "SELECT count(*), total(bytes) FROM kept WHERE key IS NOT NULL",
	[SQL_KEPT_USE] = "UPDATE kept SET used = max(used, ?2), uses = uses + 1 WHERE id = ?1 AND key IS NOT NULL",
	[SQL_KEPT_UNKEY] = "UPDATE kept SET key = NULL, slice_size = 0 WHERE id = ?1",
	[SQL_SEEK_BYTES] = "SELECT total(length(bytes)) FROM split WHERE job = ?1 AND file = ?2",
	[SQL_SEEK_SAVE] = "INSERT INTO seek (kept, slice, bytes) SELECT ?3, slice, bytes FROM split WHERE job = ?1 AND file = ?2",
	[SQL_SEEK_MARK] = "UPDATE kept SET content = ?2, slice_size = ?3, bytes = bytes + ?4 WHERE id = ?1",
	[SQL_SEEK_FIND] = "SELECT id, slice_size FROM kept WHERE content = ?1 AND slice_size > 0 ORDER BY id DESC LIMIT 1",
	[SQL_SEEK_OF] = "SELECT slice_size FROM kept WHERE id = ?1 AND slice_size > 0",
	[SQL_SEEK_SLICE] = "SELECT bytes FROM seek WHERE kept = ?1 AND slice = ?2",
	[SQL_SEEK_FORGET] = "DELETE FROM seek WHERE kept = ?1",
	[SQL_SEEK_KEPT] = "SELECT total(length(seek.bytes)) FROM seek JOIN kept ON kept.id = seek.kept"
	                  " WHERE kept.id = ?1 AND kept.slice_size > 0",
	[SQL_SEEK_UNMARK] = "UPDATE kept SET content = NULL, slice_size = 0, bytes = bytes - ?2 WHERE id = ?1 AND slice_size > 0",
	[SQL_KEPT_REMOVE] = "DELETE FROM kept WHERE id = ?1 AND key IS NULL AND NOT EXISTS (SELECT 1 FROM result WHERE result.kept = kept.id)",
	[SQL_KEPT_LENGTH] = "SELECT length(counters) FROM kept WHERE id = ?1",
	[SQL_KEPT_COUNTERS] = "SELECT counters FROM kept WHERE id = ?1",
	[SQL_KEPT_EXPIRE] = "DELETE FROM kept WHERE id IN (SELECT kept FROM result WHERE job IN (" EXPIRED ")) AND key IS NULL AND NOT EXISTS"
	                    " (SELECT 1 FROM result WHERE result.kept = kept.id AND result.job NOT IN (" EXPIRED "))",
	[SQL_NODE_SAVE] = "REPLACE INTO node (name, reason) VALUES (?1, ?2)",
	[SQL_NODE_FORGET] = "DELETE FROM node WHERE name = ?1",
	[SQL_NODES] = "SELECT name, reason FROM node ORDER BY name",
	[SQL_TOKEN_SAVE] = "REPLACE INTO token (hash, role, uses, expires) VALUES (?1, ?2, ?3, ?4)",
	[SQL_TOKEN_FIND] = "SELECT role FROM token WHERE hash = ?1 AND uses > 0 AND expires > ?2",
	[SQL_TOKEN_USE] = "UPDATE token SET uses = uses - 1 WHERE hash = ?1",
	[SQL_TOKEN_EXPIRE] = "DELETE FROM token WHERE uses <= 0 OR expires <= ?1",
	[SQL_TOKEN_FORGET] = "DELETE FROM token WHERE hash = ?1",
	[SQL_TOKEN_COUNT] = "SELECT count(*) FROM token WHERE uses > 0 AND expires > ?1",
	[SQL_TOKEN_NEXT] = "SELECT hash, role, uses, expires FROM token WHERE hash > ?1 AND uses > 0 AND expires > ?2 ORDER BY hash LIMIT 1",
};

/* What the system refused, for people. */
static const char *io_what(int code)
{
	switch (code) {
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
		return "it cannot be synced to the disk";
	case SQLITE_IOERR_WRITE:
		return "it cannot be written";
	case SQLITE_IOERR_TRUNCATE:
		return "it cannot be cut";
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ:
		return "it cannot be read";
	default:
		return "the disk fails";
	}
}

/* SQLite tells the system's number for some calls only; its files know it. */
static int system_errno(const struct store *store)
{
	int number = sqlite3_system_errno(store->db);
	sqlite3_file *log = NULL;

	if (number == 0)
		(void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
	if (number == 0 && sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log && log->pMethods)
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
	return number;
}

static int fail_set(const struct store *store, int code, struct error *err)
{
	int extended = store->db ? sqlite3_extended_errcode(store->db) : SQLITE_OK;
	int number = store->db && (extended & 0xff) == SQLITE_IOERR ? system_errno(store) : 0;
	/* What quick_check finds is no failure of a call: then the number tells. */
	const char *what = store->db && (extended & 0xff) != SQLITE_OK && (extended & 0xff) < SQLITE_ROW ? sqlite3_errmsg(store->db)
	                                                                                                   : sqlite3_errstr(code);

	if (code == SQLITE_NOMEM)
		return error_oom(err);
	/* A quota is told as an error of writing; one that is told at a sync is as bad as any other there. */
	if (code == SQLITE_FULL || (extended == SQLITE_IOERR_WRITE && number == EDQUOT))
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the disk of %s is full; make room", TEXT(store->folder));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return error_set(err, -EBUSY, ERROR_CONFIG, "another coordinator uses %s", TEXT(store->folder));
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return error_set(err, -EUCLEAN, ERROR_CONFIG,
		                 "the database in %s is damaged (%s); put back a backup by fqcoordd --restore, or move fqcluster.db* "
		                 "away to begin anew", TEXT(store->folder), what);
	if (code == SQLITE_IOERR)
		return error_set(err, -EIO, ERROR_IO, "the database in %s: %s: %s", TEXT(store->folder), io_what(extended),
		                 number ? strerror(number) : what);
	return error_set(err, -EIO, ERROR_IO, "the database in %s: %s", TEXT(store->folder), what);
}

int store_fail(struct store *store, int code, struct error *err)
{
	struct error error;
	int r = fail_set(store, code, &error);

	if (store->failure == 0 || (store->failure == -ENOSPC && r != -ENOSPC)) {
		store->failure = r;
		store->why = error;
	}
	if (err)
		*err = error;
	return r;
}

int store_failure(const struct store *store, struct error *err)
{
	if (store->failure < 0)
		*err = store->why;
	return store->failure;
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

/* SQLite may have ended the transaction by itself when a call failed: what is written behind it would be committed, each on its own. */
static int failed_before(const struct store *store, struct error *err)
{
	if (store->failure < 0 && err)
		*err = store->why;
	return store->failure;
}

sqlite3_stmt *store_writer(struct store *store, enum statement which, struct error *err)
{
	if (failed_before(store, err) < 0)
		return NULL;
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

/*
 * The pages that were committed go from the log into the database when there are many. SQLite would do it by itself, but keep
 * to itself what goes wrong. What is committed stays so, whatever happens here.
 */
int store_checkpoint(struct store *store, struct error *err)
{
	int code;

	if (store->log_pages < store->log_pages_max)
		return 0;
	code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (code == SQLITE_OK || (code & 0xff) == SQLITE_LOCKED || (code & 0xff) == SQLITE_BUSY)
		return 0; /* a row is still shown: the next commit does it, or the end of reading a result */
	if ((code & 0xff) != SQLITE_FULL)
		return store_fail(store, code & 0xff, err);
	(void)room_give_up(store); /* a log that grows takes more and more */
	return 0;
}

/* Counts commits, so that the mark outside of the database can tell when some of them are missing. */
static int commit_count(struct store *store, struct error *err)
{
	sqlite3_stmt *statement = store_statement(store, SQL_META_SET);

	(void)sqlite3_bind_text(statement, 1, "commits", -1, SQLITE_STATIC);
	bind_u64(statement, 2, store->commits + 1);
	return store_run(store, statement, err);
}

int store_commit(struct store *store, struct error *err)
{
	int r;

	if (!store->open)
		return 0;
	r = failed_before(store, err);
	if (r == 0)
		r = commit_count(store, err);
	if (r == 0)
		r = store_run(store, store_statement(store, SQL_COMMIT), err);
	if (r < 0)
		return r;
	store->open = false;
	store->commits++;
	mark_commit(store);
	return store_checkpoint(store, err);
}

int store_roll_back(struct store *store, struct error *err)
{
	int code = SQLITE_OK;

	if (store->failure == -ENOSPC)
		(void)room_give_up(store);
	for (int i = 0; i < _SQL_MAX; i++)
		(void)sqlite3_reset(store->statements[i]); /* repeats an error that was told */
	store->shown = NULL;
	store_result_close(store);
	if (!sqlite3_get_autocommit(store->db))
		code = sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->open = store->kept_known = false;
	store->failure = 0;
	return code == SQLITE_OK ? 0 : store_fail(store, code & 0xff, err);
}

static int on_log(void *userdata, sqlite3 *db, const char *name, int pages)
{
	struct store *store = userdata;

	(void)db;
	(void)name;
	store->log_pages = pages;
	return SQLITE_OK;
}

int store_prepare(struct store *store, struct error *err)
{
	(void)sqlite3_wal_hook(store->db, on_log, store); /* what was there before: nothing */
	for (int i = 0; i < _SQL_MAX; i++) {
		int code = sqlite3_prepare_v3(store->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);

		if (code != SQLITE_OK)
			return store_fail(store, code & 0xff, err);
	}
	return 0;
}
