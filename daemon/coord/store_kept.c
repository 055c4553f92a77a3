/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results that are kept for later jobs: see store.h.
 *
 *     result: (job, file) -> kept, by its id; older databases have the counters in the result itself
 *     kept:   the counters, once, for all jobs that refer to them; while it has a key it is found by it
 *
 * Bounds take the key of the entry that was used least recently. What no job refers to and has no key is removed: so nothing that a job
 * has goes before the job does, and nothing else stays beyond the bounds. Who refers to it is seen in the table of results, not counted.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/coord/store_internal.h"

/* How many bytes have a key. Known until something was rolled back. */
static int kept_bytes(struct store *store, uint64_t *ret, struct error *err)
{
	int r = 0;

	if (!store->kept_known) {
		r = store_row(store, store_statement(store, SQL_KEPT_SUMS), err);
		if (r < 0)
			return r;
		store->kept_n = column_u64(store->statements[SQL_KEPT_SUMS], 0);
		store->kept_bytes = column_u64(store->statements[SQL_KEPT_SUMS], 1);
		store->kept_known = true;
	}
	*ret = store->kept_bytes;
	return 0;
}

/* All of it, unless it has a key or a job refers to it. */
static int remove_unused(struct store *store, uint64_t id, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_KEPT_REMOVE);

	bind_u64(s, 1, id);
	return store_run(store, s, err);
}

/* The key of one that has one, with so many bytes of counters, and all of it unless a job refers to it. */
static int drop(struct store *store, uint64_t id, uint64_t bytes, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_KEPT_UNKEY, err);
	int r;

	if (!s)
		return -EIO;
	store->kept_n--; /* where they are not known yet, they are counted before they are told */
	store->kept_bytes -= bytes;
	bind_u64(s, 1, id);
	r = store_run(store, s, err);
	if (r == 0) {
		s = store_statement(store, SQL_SEEK_FORGET);
		bind_u64(s, 1, id);
		r = store_run(store, s, err);
	}
	return r < 0 ? r : remove_unused(store, id, err);
}

static void bind_key(sqlite3_stmt *s, int i, const uint8_t key[RESULT_KEY_SIZE])
{
	(void)sqlite3_bind_blob(s, i, key, RESULT_KEY_SIZE, SQLITE_STATIC);
}

static void read_kept(sqlite3_stmt *s, struct kept_row *ret)
{
	*ret = (struct kept_row){
		.id = column_u64(s, 0),
		.path = (const char *)sqlite3_column_text(s, 1),
		.records = column_u64(s, 2),
		.bases = column_u64(s, 3),
		.bytes = column_u64(s, 4),
		.made_ms = column_u64(s, 5),
		.used_ms = column_u64(s, 6),
		.uses = column_u64(s, 7),
	};
}

int store_find_kept(struct store *store, const uint8_t key[RESULT_KEY_SIZE], struct kept_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_KEPT_FIND);
	int r;

	bind_key(s, 1, key);
	r = store_row(store, s, err);
	if (r == 0)
		read_kept(s, ret);
	return r;
}

int store_next_kept(struct store *store, const char *owner, uint64_t *cursor, struct kept_row *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, owner ? SQL_KEPT_NEXT_OF : SQL_KEPT_NEXT);
	int r;

	bind_u64(s, 1, *cursor);
	if (owner)
		(void)sqlite3_bind_text(s, 2, owner, -1, SQLITE_STATIC);
	r = store_row(store, s, err);
	if (r == 0) {
		read_kept(s, ret);
		*cursor = ret->id;
	}
	return r;
}

int store_sum_kept(struct store *store, uint64_t *ret_n, uint64_t *ret_bytes, struct error *err)
{
	int r = kept_bytes(store, ret_bytes, err);

	*ret_n = store->kept_n;
	return r;
}

/* The number of the file's result: 0, STORE_NONE, or negative. */
static int kept_of(struct store *store, uint64_t job, uint32_t file, uint64_t *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_RESULT);
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r == 0)
		*ret = column_u64(s, 1);
	return r;
}

int store_unrefer(struct store *store, uint64_t job, uint32_t file, struct error *err)
{
	sqlite3_stmt *s;
	uint64_t kept;
	int r = kept_of(store, job, file, &kept, err);

	if (r != 0)
		return r < 0 ? r : 0;
	s = store_writer(store, SQL_RESULT_FORGET, err);
	if (!s)
		return -EIO;
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_run(store, s, err);
	return r < 0 || kept == 0 ? r : remove_unused(store, kept, err);
}

/* The result of (job, file) is this one. */
static int refer(struct store *store, uint64_t job, uint32_t file, uint64_t kept, struct error *err)
{
	int r = store_unrefer(store, job, file, err);
	sqlite3_stmt *s = r < 0 ? NULL : store_writer(store, SQL_RESULT_REFER, err);

	if (!s)
		return r < 0 ? r : -EIO;
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, kept);
	return store_run(store, s, err);
}

int store_save_kept(struct store *store, uint64_t job, uint32_t file, const uint8_t key[RESULT_KEY_SIZE], const struct kept_row *row,
                    const void *counters, struct error *err)
{
	struct kept_row old;
	sqlite3_stmt *s;
	int r = store_find_kept(store, key, &old, err);

	if (r == 0)
		r = drop(store, old.id, old.bytes, err); /* counted anew, or by two jobs at once */
	if (r < 0)
		return r;
	s = store_writer(store, SQL_KEPT_SAVE, err);
	if (!s)
		return -EIO;
	store->kept_n++;
	store->kept_bytes += row->bytes;
	bind_key(s, 1, key);
	(void)sqlite3_bind_text(s, 2, row->path, -1, SQLITE_STATIC);
	bind_u64(s, 3, row->records);
	bind_u64(s, 4, row->bases);
	bind_u64(s, 5, row->bytes);
	bind_u64(s, 6, row->made_ms);
	(void)sqlite3_bind_blob64(s, 7, counters, row->bytes, SQLITE_STATIC);
	r = store_run(store, s, err);
	return r < 0 ? r : refer(store, job, file, (uint64_t)sqlite3_last_insert_rowid(store->db), err);
}

int store_save_seek(struct store *store, uint64_t job, uint32_t file, const uint8_t content[RESULT_KEY_SIZE], uint64_t slice_size,
                    struct error *err)
{
	sqlite3_stmt *s;
	uint64_t kept = 0, bytes = 0;
	int r = kept_of(store, job, file, &kept, err);

	if (r != 0)
		return r < 0 ? r : 0;
	s = store_statement(store, SQL_SEEK_BYTES);
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r < 0)
		return r;
	bytes = (uint64_t)sqlite3_column_double(s, 0);
	if (kept == 0 || bytes == 0)
		return 0;
	s = store_writer(store, SQL_SEEK_SAVE, err);
	if (!s)
		return -EIO;
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, kept);
	r = store_run(store, s, err);
	if (r < 0)
		return r;
	s = store_statement(store, SQL_SEEK_MARK);
	bind_u64(s, 1, kept);
	bind_key(s, 2, content);
	bind_u64(s, 3, slice_size);
	bind_u64(s, 4, bytes);
	store->kept_bytes += bytes;
	return store_run(store, s, err);
}

int store_find_seek(struct store *store, const uint8_t content[RESULT_KEY_SIZE], uint64_t *ret_id, uint64_t *ret_slice_size,
                    struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_SEEK_FIND);
	int r;

	bind_key(s, 1, content);
	r = store_row(store, s, err);
	if (r == 0) {
		*ret_id = column_u64(s, 0);
		*ret_slice_size = column_u64(s, 1);
	}
	return r;
}

int store_seek_bytes(struct store *store, uint64_t id, uint64_t *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_SEEK_KEPT);
	int r;

	bind_u64(s, 1, id);
	r = store_row(store, s, err);
	if (r == 0)
		*ret = (uint64_t)sqlite3_column_double(s, 0);
	return r < 0 ? r : 0;
}

int store_drop_seek(struct store *store, uint64_t id, struct error *err)
{
	uint64_t bytes = 0;
	int r = store_seek_bytes(store, id, &bytes, err);
	sqlite3_stmt *s;

	if (r < 0)
		return r;
	s = store_writer(store, SQL_SEEK_UNMARK, err);
	if (!s)
		return -EIO;
	bind_u64(s, 1, id);
	bind_u64(s, 2, bytes);
	r = store_run(store, s, err);
	if (r < 0 || sqlite3_changes(store->db) != 1)
		return r; /* it went with its result */
	store->kept_bytes -= bytes;
	s = store_statement(store, SQL_SEEK_FORGET);
	bind_u64(s, 1, id);
	return store_run(store, s, err);
}

int store_use_kept(struct store *store, uint64_t job, uint32_t file, uint64_t id, uint64_t now_ms, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_KEPT_USE, err);
	int r;

	if (!s)
		return -EIO;
	bind_u64(s, 1, id);
	bind_u64(s, 2, now_ms);
	r = store_run(store, s, err);
	if (r == 0 && sqlite3_changes(store->db) != 1)
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the result %llu is to be used again and is not kept",
		                 (unsigned long long)id);
	return r < 0 ? r : refer(store, job, file, id, err);
}

/* The one that was used least recently goes. */
static int drop_oldest(struct store *store, uint64_t before_ms, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_KEPT_OLDEST);
	uint64_t id, bytes;
	int r;

	bind_u64(s, 1, before_ms);
	r = store_row(store, s, err);
	if (r != 0)
		return r;
	id = column_u64(s, 0);
	bytes = column_u64(s, 1);
	return drop(store, id, bytes, err);
}

int store_trim_kept(struct store *store, uint64_t bytes_max, uint64_t before_ms, struct error *err)
{
	uint64_t bytes = 0;
	int r;

	while ((r = kept_bytes(store, &bytes, err)) == 0 && bytes > bytes_max) {
		r = drop_oldest(store, INT64_MAX, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	while (r == 0 && before_ms > 0)
		r = drop_oldest(store, before_ms, err);
	return r < 0 ? r : 0;
}

int store_remove_kept(struct store *store, uint64_t id, const char *path, struct kept_row *last, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, path ? SQL_KEPT_OF_PATH : SQL_KEPT_NEXT);
	int r;

	if (path)
		(void)sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
	bind_u64(s, path ? 2 : 1, id > 0 && !path ? id - 1 : last->id);
	r = store_row(store, s, err);
	if (r != 0)
		return r;
	read_kept(s, last);
	last->path = NULL;
	if (!path && id > 0 && last->id != id)
		return STORE_NONE;
	return drop(store, last->id, last->bytes, err);
}
