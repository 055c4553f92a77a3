/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is durable, in STATE/fqcluster.db (SQLite, WAL, synchronous=FULL, one process at a time).
 *
 * Writes are collected in one transaction, which the first one opens and store_commit() ends; what is read sees them.
 * Functions return 0 or negative errno with a sentence. A failure of the database, of whatever call, is kept in
 * store_failure(): -ENOSPC when the disk is full, after which store_roll_back() leaves what was committed last; after any other
 * the process must end, and the last commit is the truth.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/coord/core.h"
#include "lib/base/digest.h"
#include "lib/base/error.h"

struct store;

struct store_options {
	bool accept_rollback; /* take what is there, although it is older than what was committed: it gets a new name (uuid) */
	const char *vfs;      /* for tests: where SQLite's files are; NULL: the disk */
};

/*
 * Opens, or makes, the state folder (0700) and the database in it: local disk only, locked against a second coordinator,
 * checked by quick_check, and compared with the mark outside of it (fqcluster.db-mark): one that is missing, older than what was
 * committed or put back by --restore is refused. A database of an older version is brought up to date; a copy stays as
 * fqcluster.db.VERSION. The generation is one higher afterwards, and that is committed. -EBUSY: another coordinator.
 */
int store_open_as(const char *folder, const struct store_options *options, struct store **ret, struct error *err);
int store_open(const char *folder, struct store **ret, struct error *err);
struct store *store_free(struct store *store); /* what is not committed is gone */

uint64_t store_generation(const struct store *store);
const uint8_t *store_uuid(const struct store *store); /* 16 bytes, made with the database */

bool store_dirty(const struct store *store); /* something is not committed yet */
int store_commit(struct store *store, struct error *err);

int store_failure(const struct store *store, struct error *err); /* 0, or what went wrong first and cannot be gone on with */

/* Forgets what is not committed. Behind -ENOSPC the ballast is given up, too, so that there is a little room. */
int store_roll_back(struct store *store, struct error *err);
int store_next_generation(struct store *store, struct error *err); /* one more, committed */

/*
 * Looks how much disk is left, and makes the ballast again where there is room for it. False: so little that nothing new should
 * be taken on.
 */
bool store_look(struct store *store);
bool store_is_short(const struct store *store); /* the ballast was given up: what is left is for cancels and ends */
#define BALLAST_WHOLE (16ULL << 20)
void store_disk(const struct store *store, uint64_t *ret_free, uint64_t *ret_size); /* bytes; 0: not told */
uint64_t store_ballast(const struct store *store); /* bytes that it has, or would have, on this disk */

/* ---- copies: one that is being made of the open database, while that goes on being written; outside of its transactions */
struct store_copy;
enum { STORE_MORE = 1 };
int store_copy_begin(struct store *store, const char *path, struct store_copy **ret, struct error *err);
int store_copy_more(struct store_copy *copy, struct error *err); /* STORE_MORE, or 0: it is whole and on the disk */
struct store_copy *store_copy_end(struct store_copy *copy);

/* -EBUSY: a coordinator uses the folder. Closing the descriptor gives it free. */
int folder_lock(const char *folder, int *ret_lock, struct error *err);
int store_copy_closed(const char *folder, const char *path, struct error *err); /* of a locked folder */
/* Makes the copy in folder one that can be put into state: checked, in one file, and not to be started without --accept-rollback. */
int store_copy_adopt(const char *folder, const char *state, struct error *err);

/* ---- rows (rows.h), as the core's actions say */
int store_save_job(struct store *store, const struct job_row *row, struct error *err);
int store_save_file(struct store *store, const struct file_row *row, struct error *err);
int store_save_slice(struct store *store, const struct slice_row *row, const uint8_t *counters, size_t n,
                     struct error *err);
int store_forget_slice(struct store *store, const struct slice_row *row, struct error *err);
int store_forget_slices(struct store *store, uint64_t job, uint32_t file, struct error *err); /* second counts and troubles too */
int store_save_trouble(struct store *store, const struct trouble_row *row, struct error *err);
int store_save_node(struct store *store, const char *name, bool drained, const char *reason, struct error *err);

/* Loads all that is unfinished into a new core; *ret_next_job for coord_loaded(). */
int store_load(struct store *store, struct coord *coord, uint64_t *ret_next_job, struct error *err);

/* ---- counters. Bytes are the store's until its next call. */
enum { STORE_NONE = 1 }; /* there is no such row */
int store_slice_counters(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void **ret_bytes,
                         size_t *ret_n, struct error *err);
/* The SPLIT_WINDOW bytes of text behind a slice of a gzip stream: 0, STORE_NONE, or negative. */
int store_slice_window(struct store *store, uint64_t job, uint32_t file, uint64_t slice, uint8_t *window, struct error *err);
/* Their bytes, without reading them; 0: there are none. */
uint64_t store_slice_size(struct store *store, uint64_t job, uint32_t file, uint64_t slice);
/* The same of a slice's second count. */
int store_save_again(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void *counters, size_t n,
                     struct error *err);
int store_again_counters(struct store *store, uint64_t job, uint32_t file, uint64_t slice, const void **ret_bytes,
                         size_t *ret_n, struct error *err);
int store_save_result(struct store *store, uint64_t job, uint32_t file, const void *counters, size_t n, struct error *err);
int store_forget_result(struct store *store, uint64_t job, uint32_t file, struct error *err); /* also where there is none */
int store_result(struct store *store, uint64_t job, uint32_t file, const void **ret_bytes, size_t *ret_n,
                 struct error *err);
/* Its bytes, without reading them: 0 or STORE_NONE. */
int store_result_size(struct store *store, uint64_t job, uint32_t file, size_t *ret_n, struct error *err);

/*
 * The same in pieces, of one result at a time, while all else goes on: open, read from its beginning to its end, close. -ESTALE: its row
 * has changed (it was used by a later job, or is gone), or what was open was taken back; it is to be opened again. While it is open,
 * the log is not copied into the database; closing does that.
 */
int store_result_open(struct store *store, uint64_t job, uint32_t file, size_t *ret_n, struct error *err); /* 0 or STORE_NONE */
int store_result_read(struct store *store, size_t at, void *to, size_t n, struct error *err);
void store_result_close(struct store *store); /* also where none is open; what fails is in store_failure() */

/* ---- results that are kept for later jobs, found by their key (coord_result_key()), each once for all jobs that have it */
struct kept_row {
	uint64_t id;               /* from 1, never used again */
	const char *path;
	uint64_t records, bases;
	uint64_t bytes;            /* of its packed counters */
	uint64_t made_ms, used_ms; /* wall clock since 1970 */
	uint64_t uses;             /* by later jobs */
};
/* As store_save_result(), and kept under the key; what was kept under it is not any more. Of the row path, sums, bytes and made_ms. */
int store_save_kept(struct store *store, uint64_t job, uint32_t file, const uint8_t key[RESULT_KEY_SIZE], const struct kept_row *row,
                    const void *counters, struct error *err);
/*
 * The slices' reports and windows stay with the result that was just kept, as far as it was, and count as bytes of it; found by what the
 * file is (coord_content_key()). 0 or STORE_NONE. A slice of it: 0, STORE_NONE (it has no text of its own), or -ESTALE: it is not kept
 * any more.
 */
int store_save_seek(struct store *store, uint64_t job, uint32_t file, const uint8_t content[RESULT_KEY_SIZE], uint64_t slice_size,
                    struct error *err);
int store_drop_seek(struct store *store, uint64_t id, struct error *err); /* the result that it came with stays; also where it is gone */
int store_find_seek(struct store *store, const uint8_t content[RESULT_KEY_SIZE], uint64_t *ret_id, uint64_t *ret_slice_size,
                    struct error *err);
int store_seek_bytes(struct store *store, uint64_t id, uint64_t *ret, struct error *err); /* of its kept_row.bytes; 0: it has no index */
int store_seek_slice(struct store *store, uint64_t id, uint64_t slice, struct split_report *ret_report, uint8_t *window,
                     struct error *err);
/* It is the file's result, too. -EINVAL: it is not kept. */
int store_use_kept(struct store *store, uint64_t job, uint32_t file, uint64_t id, uint64_t now_ms, struct error *err);
/* 0 or STORE_NONE; the path is the store's until its next call. owner: only those of his jobs; NULL: all. */
int store_find_kept(struct store *store, const uint8_t key[RESULT_KEY_SIZE], struct kept_row *ret, struct error *err);
int store_next_kept(struct store *store, const char *owner, uint64_t *cursor, struct kept_row *ret, struct error *err);
int store_sum_kept(struct store *store, uint64_t *ret_n, uint64_t *ret_bytes, struct error *err);
/*
 * Not kept any more: those used least recently until there are at most so many bytes, and those not used since before_ms (0: of any age).
 * Jobs that have them go on having them.
 */
int store_trim_kept(struct store *store, uint64_t bytes_max, uint64_t before_ms, struct error *err);
/*
 * The same of that id; where path is not NULL, of the first one with the path behind last->id (0 at first); of the first one behind that
 * where neither is given. It is last afterwards. 0 or STORE_NONE.
 */
int store_remove_kept(struct store *store, uint64_t id, const char *path, struct kept_row *last, struct error *err);

/* ---- looking at jobs that have ended. 0 or STORE_NONE; strings in rows are the store's until its next call. */
int store_find_job(struct store *store, uint64_t id, struct job_row *ret, struct error *err);
int store_find_uuid(struct store *store, const uint8_t uuid[16], struct job_row *ret, struct error *err);
int store_next_job(struct store *store, uint64_t *cursor, struct job_row *ret, struct error *err); /* by id, from 0 */
/*
 * The same of those that ended at from_ms or later, those that ended last first: from before *until_ms, with *cursor 0 at first. Both are
 * moved on to the one that is returned.
 */
int store_next_ended(struct store *store, uint64_t *until_ms, uint64_t *cursor, uint64_t from_ms, struct job_row *ret, struct error *err);
int store_find_file(struct store *store, uint64_t job, uint32_t file, struct file_row *ret, struct error *err);

/* The generation in which the file was planned; STORE_NONE: it is not. */
int store_find_plan(struct store *store, uint64_t job, uint32_t file, uint64_t *ret_generation, struct error *err);

/* Over all files of a job, as far as they are known: 2^53 is exact. */
struct job_sums {
	uint64_t files, bytes, records, bases, cached;
};
int store_sum_job(struct store *store, uint64_t job, struct job_sums *ret, struct error *err);

/* Over all unfinished files: slices whose counting ended badly, and how often. */
struct trouble_sums {
	uint64_t slices, crashes, losses;
};
int store_sum_troubles(struct store *store, struct trouble_sums *ret, struct error *err);

/* Removes jobs that ended before this time (wall clock, ms) with all that belongs to them. */
int store_expire(struct store *store, uint64_t before_ms, struct error *err);

/* ---- tokens, by the SHA-256 of their secret. role: a fq_Role, with this bit where the worker may vouch */
#define TOKEN_VOUCH 0x100u
int store_save_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint32_t role, uint32_t uses,
                     uint64_t expires_ms, struct error *err);
/* The role of a token that is good, which stays as it is. 0, or STORE_NONE: unknown, used up or expired. */
int store_find_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint64_t now_ms, uint32_t *ret_role, struct error *err);
/* Uses it once. The same. */
int store_use_token(struct store *store, const uint8_t hash[DIGEST_SIZE], uint64_t now_ms, uint32_t *ret_role,
                    struct error *err);
int store_forget_token(struct store *store, const uint8_t hash[DIGEST_SIZE], struct error *err);

struct token_row {
	uint8_t hash[DIGEST_SIZE];
	uint32_t role, uses;
	uint64_t expires_ms;
};

/* Those that still let somebody join: how many, and one by one in the order of their hashes (begin behind all zeros): 0 or STORE_NONE. */
int store_count_tokens(struct store *store, uint64_t now_ms, uint64_t *ret, struct error *err);
int store_next_token(struct store *store, const uint8_t after[DIGEST_SIZE], uint64_t now_ms, struct token_row *ret,
                     struct error *err);
