/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens, by the hash of their secret: see store.h. A guess that is wrong writes nothing. */
#include <errno.h>
#include <string.h>

#include "daemon/coord/store_internal.h"

static int tokens_expire(struct store *store, uint64_t now_ms, struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_TOKEN_EXPIRE, err);

	if (!s)
		return -EIO;
	bind_u64(s, 1, now_ms);
	return store_run(store, s, err);
}

int store_save_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint32_t role, uint32_t uses, uint64_t expires_ms,
                     struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_TOKEN_SAVE, err);

	if (!s)
		return -EIO;
	(void)sqlite3_bind_blob(s, 1, hash, DIGEST_SIZE, SQLITE_STATIC);
	bind_u64(s, 2, role);
	bind_u64(s, 3, uses);
	bind_u64(s, 4, expires_ms);
	return store_run(store, s, err);
}

int store_find_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint64_t now_ms, uint32_t *ret_role, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_TOKEN_FIND);
	int r;

	(void)sqlite3_bind_blob(s, 1, hash, DIGEST_SIZE, SQLITE_STATIC);
	bind_u64(s, 2, now_ms);
	r = store_row(store, s, err);
	if (r == 0)
		*ret_role = (uint32_t)column_u64(s, 0);
	return r;
}

int store_use_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint64_t now_ms, uint32_t *ret_role,
                    struct error *err)
{
	sqlite3_stmt *s;
	uint32_t role;
	int r;

	r = store_find_token(store, hash, now_ms, &role, err);
	if (r != 0)
		return r;
	s = store_writer(store, SQL_TOKEN_USE, err);
	if (!s)
		return -EIO;
	(void)sqlite3_bind_blob(s, 1, hash, DIGEST_SIZE, SQLITE_STATIC);
	r = store_run(store, s, err);
	if (r == 0)
		r = tokens_expire(store, now_ms, err);
	if (r == 0)
		*ret_role = role;
	return r;
}

int store_forget_token(struct store *store, const uint8_t hash[DIGEST_SIZE], struct error *err)
{
	sqlite3_stmt *s = store_writer(store, SQL_TOKEN_FORGET, err);

	if (!s)
		return -EIO;
	(void)sqlite3_bind_blob(s, 1, hash, DIGEST_SIZE, SQLITE_STATIC);
	return store_run(store, s, err);
}

int store_count_tokens(struct store *store, uint64_t now_ms, uint64_t *ret, struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_TOKEN_COUNT);
	int r;

	bind_u64(s, 1, now_ms);
	r = store_row(store, s, err);
	if (r == 0)
		*ret = column_u64(s, 0);
	return r;
}

int store_next_token(struct store *store, const uint8_t after[DIGEST_SIZE], uint64_t now_ms, struct token_row *ret,
                     struct error *err)
{
	sqlite3_stmt *s = store_statement(store, SQL_TOKEN_NEXT);
	int r;

	(void)sqlite3_bind_blob(s, 1, after, DIGEST_SIZE, SQLITE_STATIC);
	bind_u64(s, 2, now_ms);
	r = store_row(store, s, err);
	if (r != 0)
		return r;
	if (sqlite3_column_bytes(s, 0) != DIGEST_SIZE)
		return store_fail(store, SQLITE_CORRUPT, err);
	memcpy(ret->hash, sqlite3_column_blob(s, 0), DIGEST_SIZE);
	ret->role = (uint32_t)column_u64(s, 1);
	ret->uses = (uint32_t)column_u64(s, 2);
	ret->expires_ms = column_u64(s, 3);
	return 0;
}
