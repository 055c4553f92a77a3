/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters, results, and the end of old jobs: see store.h. */
#include <errno.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"

static int show_bytes(struct store *store, sqlite3_stmt *s, const void **ret_bytes, size_t *ret_n, struct error *err)
{
	int r = store_row(store, s, err);

	if (r != 0)
		return r;
	*ret_bytes = sqlite3_column_blob(s, 0);
	*ret_n = (size_t)sqlite3_column_bytes(s, 0);
	return *ret_bytes ? 0 : STORE_NONE;
}

int store_slice_counters(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void **ret_bytes,
                         size_t *ret_n, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_SLICE_COUNTERS);

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, slice);
	return show_bytes(store, s, ret_bytes, ret_n, err);
}

uint64_t store_slice_size(struct store *store, uint64_t job, uint32_t file, uint64_t slice)
{
	sqlite3_stmt *s = store_statement(store, SQL_SLICE_SIZE);
	struct error unused;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, slice);
	return store_row(store, s, &unused) == 0 ? column_u64(s, 0) : 0;
}

int store_save_again(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void *counters, size_t n,
                     struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_AGAIN_SAVE, err);

	if (!s)
		return -EIO;
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, slice);
	(void)sqlite3_bind_blob64(s, 4, counters, n, SQLITE_STATIC);
	return store_run(store, s, err);
}

int store_again_counters(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void **ret_bytes,
                         size_t *ret_n, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_AGAIN_COUNTERS);

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	bind_u64(s, 3, slice);
	return show_bytes(store, s, ret_bytes, ret_n, err);
}

int store_result(struct store *store, uint64_t job, uint32_t file, const void **ret_bytes, size_t *ret_n, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_RESULT);
	uint64_t kept;
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r != 0)
		return r;
	kept = column_u64(s, 1);
	if (kept == 0) {
		*ret_bytes = sqlite3_column_blob(s, 0);
		*ret_n = (size_t)sqlite3_column_bytes(s, 0);
		return *ret_bytes ? 0 : STORE_NONE;
	}
	s = store_statement(store, SQL_KEPT_COUNTERS);
	bind_u64(s, 1, kept);
	return show_bytes(store, s, ret_bytes, ret_n, err);
}

/* Where its bytes are: table, row and how many. 0 or STORE_NONE. */
static int place_of(struct store *store, uint64_t job, uint32_t file, const char **ret_table, uint64_t *ret_row, size_t *ret_n,
                    struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_RESULT_PLACE);
	uint64_t kept;
	int r;

	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	r = store_row(store, s, err);
	if (r != 0)
		return r;
	*ret_table = "result";
	*ret_row = column_u64(s, 0);
	*ret_n = (size_t)column_u64(s, 1);
	kept = column_u64(s, 2);
	if (kept > 0) {
		*ret_table = "kept";
		*ret_row = kept;
		s = store_statement(store, SQL_KEPT_LENGTH);
		bind_u64(s, 1, kept);
		r = store_row(store, s, err);
		if (r == 0)
			*ret_n = (size_t)column_u64(s, 0);
	}
	(void)store_statement(store, SQL_RESULT_PLACE); /* what was shown ends */
	return r != 0 ? r : *ret_n > 0 ? 0 : STORE_NONE;
}

int store_result_size(struct store *store, uint64_t job, uint32_t file, size_t *ret_n, struct error *err)
{
	const char *table;
	uint64_t row;

	return place_of(store, job, file, &table, &row, ret_n, err);
}

int store_result_open(struct store *store, uint64_t job, uint32_t file, size_t *ret_n, struct error *err)
{
	const char *table;
	uint64_t row;
	int r = place_of(store, job, file, &table, &row, ret_n, err), code;

	if (r != 0)
		return r;
	store_result_close(store);
	code = sqlite3_blob_open(store->db, "main", table, "counters", (sqlite3_int64)row, 0, &store->piecewise);
	return code == SQLITE_OK ? 0 : store_fail(store, code & 0xff, err);
}

int store_result_read(struct store *store, size_t at, void *to, size_t n, struct error *err)
{
	int code = store->piecewise ? sqlite3_blob_read(store->piecewise, to, (int)n, (int)at) : SQLITE_ABORT;

	if (code == SQLITE_ABORT)
		return -ESTALE;
	return code == SQLITE_OK ? 0 : store_fail(store, code & 0xff, err);
}

void store_result_close(struct store *store)
{
	struct error kept;

	if (!store->piecewise)
		return;
	(void)sqlite3_blob_close(TAKE(store->piecewise)); /* repeats an error that was told */
	if (!store->open && store->failure == 0)
		(void)store_checkpoint(store, &kept);
}

int store_forget_result(struct store *store, uint64_t job, uint32_t file, struct error *err)
{
	return store_unrefer(store, job, file, err);
}

int store_save_result(struct store *store, uint64_t job, uint32_t file, const void *counters, size_t n, struct error *err)
{
	int r = store_unrefer(store, job, file, err);
	sqlite3_stmt *s = r < 0 ? NULL : store_writer(store, SQL_RESULT_SAVE, err);

	if (!s)
		return r < 0 ? r : -EIO;
	bind_u64(s, 1, job);
	bind_u64(s, 2, file);
	(void)sqlite3_bind_blob64(s, 3, counters, n, SQLITE_STATIC);
	return store_run(store, s, err);
}

int store_expire(struct store *store, uint64_t before_ms, struct error *err)
{
	static const enum statement all[] = {SQL_KEPT_EXPIRE, SQL_RESULT_EXPIRE, SQL_FILE_EXPIRE, SQL_JOB_EXPIRE}; /* the jobs tell of the rest */
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof all / sizeof *all; i++) {
		sqlite3_stmt *s = store_writer(store, all[i], err);

		if (!s)
			return -EIO;
		bind_u64(s, 1, before_ms);
		r = store_run(store, s, err);
	}
	return r;
}
