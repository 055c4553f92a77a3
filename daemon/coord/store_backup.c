/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of the database, whole and of one moment: of the one that is open, in pieces so that nobody waits for long; of one that
 * nobody has open; and what makes a copy a state to start from.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/store_internal.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define PIECE 256 /* pages: 1 MiB, some milliseconds */

struct store_copy {
	char *path;
	sqlite3 *db;
	sqlite3_backup *backup;
};

static int fail(const struct store_copy *copy, int code, struct error *err)
{
	if ((code & 0xff) == SQLITE_NOMEM)
		return error_oom(err);
	if ((code & 0xff) == SQLITE_FULL)
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "there is no room for the copy %s", TEXT(copy->path));
	return error_set(err, -EIO, ERROR_IO, "the copy %s: %s", TEXT(copy->path), sqlite3_errstr(code));
}

struct store_copy *store_copy_end(struct store_copy *copy)
{
	if (!copy)
		return NULL;
	if (copy->backup)
		(void)sqlite3_backup_finish(copy->backup); /* repeats an error that was told */
	(void)sqlite3_close(copy->db);
	free(copy->path);
	free(copy);
	return NULL;
}

static void copyp(struct store_copy **copy)
{
	(void)store_copy_end(*copy); /* always NULL */
}

int store_copy_begin(struct store *store, const char *path, struct store_copy **ret, struct error *err)
{
	_cleanup_(copyp) struct store_copy *copy = calloc(1, sizeof *copy);
	int code;

	if (!copy || !(copy->path = strdup(path)))
		return error_oom(err);
	code = sqlite3_open_v2(path, &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	/* It is synced as a whole in the end; until then it is of no use. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(copy->db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return fail(copy, code, err);
	copy->backup = sqlite3_backup_init(copy->db, "main", store->db, "main");
	if (!copy->backup)
		return fail(copy, sqlite3_errcode(copy->db), err);
	*ret = TAKE(copy);
	return 0;
}

static int sync_file(const char *path, struct error *err)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_set(err, -errno, ERROR_IO, "%s cannot be synced: %s", TEXT(path), strerror(errno)) : 0;
}

int store_copy_more(struct store_copy *copy, struct error *err)
{
	int code = sqlite3_backup_step(copy->backup, PIECE);

	if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return STORE_MORE;
	if (code != SQLITE_DONE)
		return fail(copy, code, err);
	code = sqlite3_backup_finish(TAKE(copy->backup));
	return code == SQLITE_OK ? sync_file(copy->path, err) : fail(copy, code, err);
}

/* ---- a database that nobody has open */

static int closed_open(const char *folder, struct store *ret, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	int code, r;

	*ret = (struct store){.folder = (char *)folder, .lock = -1, .mark = -1};
	if (asprintf(&path, "%s/fqcluster.db", folder) < 0)
		return error_oom(err);
	code = sqlite3_open_v2(path, &ret->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_CANTOPEN)
		r = error_set(err, -ENOENT, ERROR_NO_INPUT, "there is no database of a coordinator in %s", TEXT(folder));
	else
		r = code == SQLITE_OK ? store_execute(ret, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL;", err)
		                      : store_fail(ret, code & 0xff, err);
	if (r == 0)
		r = store_check(ret, err);
	if (r == 0 && ret->version == 0)
		r = error_set(err, -ENODATA, ERROR_NO_INPUT, "the database in %s is empty", TEXT(folder));
	return r;
}

int store_copy_closed(const char *folder, const char *path, struct error *err)
{
	_cleanup_(copyp) struct store_copy *copy = NULL;
	struct identity identity = {0};
	struct mark mark = {0};
	struct store store;
	int r = closed_open(folder, &store, err), marked;

	marked = r == 0 ? mark_load(folder, &mark, err) : r;
	if (r == 0)
		r = marked < 0 ? marked : store_identity(&store, &identity, err);
	if (r == 0) /* a copy of what is not whole would be taken for one that is */
		r = store_identity_check(&store, &identity, marked == 0 ? &mark : NULL, err);
	if (r == 0)
		r = store_copy_begin(&store, path, &copy, err);
	if (r == 0)
		r = STORE_MORE;
	while (r == STORE_MORE)
		r = store_copy_more(copy, err);
	copy = store_copy_end(copy);
	(void)sqlite3_close(store.db);
	return r;
}

int store_copy_adopt(const char *folder, const char *state, struct error *err)
{
	struct identity identity = {0};
	struct mark mark = {0};
	struct store store;
	int r = closed_open(folder, &store, err);

	/* Out of the log, if there was one, into the one file that is moved. */
	if (r == 0)
		r = store_execute(&store, "PRAGMA journal_mode=DELETE; REPLACE INTO meta (key, value) VALUES ('restored', 1);", err);
	if (r == 0)
		r = store_identity(&store, &identity, err);
	(void)sqlite3_close(store.db);
	if (r < 0)
		return r;
	memcpy(mark.uuid, store.uuid, sizeof mark.uuid);
	mark.generation = store.generation;
	mark.commits = store.commits;
	/* A state without its database is refused where there is a mark, and begun anew where there is none. */
	r = mark_load(state, &(struct mark){0}, err);
	return r == STORE_NONE ? mark_write(state, &mark, err) : r == -EBADMSG ? 0 : r;
}
