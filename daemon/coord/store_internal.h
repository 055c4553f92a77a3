/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite behind store.h, for the store's own files: the database and its prepared statements. */
#pragma once

#include <sqlite3.h>

#include "daemon/coord/store.h"

/* A number for each statement; their text stands in store.c. */
enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_META_GET,
	SQL_META_SET,
	SQL_JOB_SAVE,
	SQL_JOB_FIND,
	SQL_JOB_UUID,
	SQL_JOB_NEXT,
	SQL_JOB_ENDED,
	SQL_JOB_UNFINISHED,
	SQL_JOB_LAST,
	SQL_JOB_EXPIRE,
	SQL_FILE_SAVE,
	SQL_FILE_FIND,
	SQL_FILE_OF_JOB,
	SQL_FILE_PLANNED,
	SQL_FILE_SUMS,
	SQL_FILE_EXPIRE,
	SQL_SLICE_SAVE,
	SQL_SLICE_FORGET,
	SQL_SLICES_FORGET,
	SQL_SLICE_OF_FILE,
	SQL_SLICE_COUNTERS,
	SQL_SLICE_SIZE,
	SQL_SPLIT_SAVE,
	SQL_SPLIT_FORGET,
	SQL_SPLITS_FORGET,
	SQL_SPLIT_FIND,
	SQL_TROUBLE_SAVE,
	SQL_TROUBLES_FORGET,
	SQL_TROUBLE_OF_FILE,
	SQL_TROUBLE_SUMS,
	SQL_AGAIN_SAVE,
	SQL_AGAIN_FORGET,
	SQL_AGAIN_COUNTERS,
	SQL_RESULT_SAVE,
	SQL_RESULT_REFER,
	SQL_RESULT_FORGET,
	SQL_RESULT,
	SQL_RESULT_PLACE,
	SQL_RESULT_EXPIRE,
	SQL_KEPT_SAVE,
	SQL_KEPT_FIND,
	SQL_KEPT_NEXT,
	SQL_KEPT_NEXT_OF,
	SQL_KEPT_OF_PATH,
	SQL_KEPT_OLDEST,
	SQL_KEPT_SUMS,
	SQL_KEPT_USE,
	SQL_KEPT_UNKEY,
	SQL_SEEK_BYTES,
	SQL_SEEK_SAVE,
	SQL_SEEK_MARK,
	SQL_SEEK_FIND,
	SQL_SEEK_OF,
	SQL_SEEK_SLICE,
	SQL_SEEK_FORGET,
	SQL_SEEK_KEPT,
	SQL_SEEK_UNMARK,
	SQL_KEPT_REMOVE,
	SQL_KEPT_COUNTERS,
	SQL_KEPT_LENGTH,
	SQL_KEPT_EXPIRE,
	SQL_NODE_SAVE,
	SQL_NODE_FORGET,
	SQL_NODES,
	SQL_TOKEN_SAVE,
	SQL_TOKEN_FIND,
	SQL_TOKEN_USE,
	SQL_TOKEN_EXPIRE,
	SQL_TOKEN_FORGET,
	SQL_TOKEN_COUNT,
	SQL_TOKEN_NEXT,
	_SQL_MAX,
};

struct store {
	char *folder;
	const char *vfs;  /* SQLite's name of where its files are; NULL: the disk */
	int lock;         /* descriptor of STATE/lock */
	int mark;         /* descriptor of STATE/fqcluster.db-mark, or -1 */
	char *ballast;    /* path, or NULL: there is none */
	sqlite3 *db;
	sqlite3_stmt *statements[_SQL_MAX];
	sqlite3_stmt *shown; /* whose row the caller may still look at */
	sqlite3_blob *piecewise; /* a result that is read in pieces; NULL: none */
	bool open;           /* a transaction */
	int version;         /* of the tables; 0: none yet */
	int log_pages, log_pages_max; /* of the write-ahead log; so many, and it is copied into the database */
	uint64_t generation, commits;
	uint8_t uuid[16];
	bool kept_known;     /* of results with a key: how many, and of how many bytes of counters */
	uint64_t kept_n, kept_bytes;
	int failure;         /* of any call since the last store_roll_back(): negative errno; why says it */
	struct error why;
	bool short_of_room;  /* the ballast was given up */
};

/* The statement, reset and ready for its parameters; what was shown before is not valid any more. */
sqlite3_stmt *store_statement(struct store *store, enum statement which);

/* The same for one that writes: opens the transaction. NULL with a sentence when that fails. */
sqlite3_stmt *store_writer(struct store *store, enum statement which, struct error *err);

/* Runs a statement that gives no row. */
int store_run(struct store *store, sqlite3_stmt *statement, struct error *err);

/* The next row: 0 and the statement stays shown, or STORE_NONE. */
int store_row(struct store *store, sqlite3_stmt *statement, struct error *err);

/* ---- store.c, store_schema.c, store_open.c */
int store_checkpoint(struct store *store, struct error *err); /* where it is due */
int store_prepare(struct store *store, struct error *err);
int store_execute(struct store *store, const char *sql, struct error *err);
int store_check(struct store *store, struct error *err);   /* whole, and of which version */
int store_migrate(struct store *store, struct error *err);
bool store_is_remote(long magic);                          /* of statfs(): no local disk */

/* What the database says of itself, besides what is in struct store. */
struct identity {
	uint8_t parent[16]; /* its name before a rollback was accepted */
	uint64_t restored;  /* not 0: it was put back by --restore */
};
int store_identity(struct store *store, struct identity *ret, struct error *err);

/* ---- store_mark.c */
struct mark {
	uint8_t uuid[16];
	uint64_t generation, commits;
};
int mark_load(const char *folder, struct mark *ret, struct error *err); /* 0, STORE_NONE, -EBADMSG: damaged */
int mark_write(const char *folder, const struct mark *mark, struct error *err);
int mark_begin(struct store *store, struct error *err);
void mark_commit(struct store *store);

/* Whether it is what the mark (NULL: there is none) tells of, and not an earlier state of it. */
int store_identity_check(const struct store *store, const struct identity *identity, const struct mark *mark, struct error *err);

/* ---- store_room.c */
int room_begin(struct store *store, struct error *err);
bool room_give_up(struct store *store); /* the ballast; false: there was none */

/* ---- store_kept.c: what the file had as its result until now, if anything */
int store_unrefer(struct store *store, uint64_t job, uint32_t file, struct error *err);

/* ---- store_split.c: report and window of a row that has them */
int store_save_split(struct store *store, const struct slice_row *row, struct error *err);
/* With the core's loading, into row: 0 (also where there are none), or negative. They stay until the next call. */
struct split_stored {
	struct split_report report;
	uint8_t window[SPLIT_WINDOW];
};
int store_load_split(struct store *store, struct slice_row *row, struct split_stored *to, struct error *err);
/* The index that is kept of a file of the core (*ret_seek stays where none is of use), and what it has of a slice that was not counted. */
int store_load_seek(struct store *store, struct coord *coord, const struct file_row *file, uint64_t *ret_seek, struct error *err);
int store_load_point(struct store *store, struct coord *coord, const struct file_row *file, uint64_t seek, uint64_t slice,
                     struct split_stored *to, struct error *err);

/* ---- store_trouble.c, with the core's loading */
int store_load_troubles(struct store *store, struct coord *coord, uint64_t job, uint32_t file, struct error *err);

/* What SQLite's number means: negative errno and a sentence; store_failure() repeats it. */
int store_fail(struct store *store, int code, struct error *err);

static inline void bind_u64(sqlite3_stmt *statement, int i, uint64_t value)
{
	(void)sqlite3_bind_int64(statement, i, (sqlite3_int64)value); /* fails only for a wrong i */
}

static inline uint64_t column_u64(sqlite3_stmt *statement, int i)
{
	return (uint64_t)sqlite3_column_int64(statement, i);
}
