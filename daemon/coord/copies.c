/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of the state folder, out and in: see copies.h. */
#include "daemon/coord/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/coord/store.h"
#include "lib/base/cleanup.h"
#include "lib/base/digest.h"
#include "lib/base/text.h"
#include "lib/base/write.h"
#include "lib/wire/dial.h"

#define PIECE (1u << 20)
#define HELLO_MS 10000
#define RESTORES_MAX 1000
#define SERVICE_STATE FQ_STATE_DIR "/coord"
#define SERVICE_KEY "/etc/credstore/fqcoordd.key" /* fqcoordd.service: LoadCredential=coord.key:fqcoordd.key */
#define STAGING "restore" /* in the state folder: what is about to be put in place */

/* All that a copy has; the first is the one without which it is none. */
static const char *const names[] = {"fqcluster.db", "fqcluster.db-wal", "key.pem", "peers"};
#define NAMES (sizeof names / sizeof *names)

static void connectionp(struct connection **connection)
{
	(void)connection_free(*connection); /* always NULL */
}

static int fail(const char *what, const char *folder, const char *name, struct error *err)
{
	int code = errno;

	return error_set(err, -code, ERROR_CANT_CREATE, "%s/%s cannot be %s: %s", TEXT(folder), name, what, strerror(code));
}

/* ---- files */

static int copy_bytes(int from, int to)
{
	_cleanup_(freep) uint8_t *bytes = malloc(PIECE);
	ssize_t n;
	int r = bytes ? 0 : -ENOMEM;

	while (r == 0 && (n = read(from, bytes, PIECE)) != 0)
		r = n > 0 ? write_all(to, bytes, (size_t)n) : errno == EINTR ? 0 : -errno;
	if (r == 0 && fsync(to) < 0)
		r = -errno;
	return r;
}

/* A regular file, no link, so that whoever owns the one folder cannot have anything else copied. STORE_NONE: it is not there. */
static int copy_file(int from_folder, const char *from_name, int to_folder, const char *name, const char *shown, struct error *err)
{
	_cleanup_(closep) int from = openat(from_folder, from_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), to = -1;
	struct stat st;
	int r;

	if (from < 0 && errno == ENOENT)
		return STORE_NONE;
	if (from < 0 || fstat(from, &st) < 0)
		return fail("read", shown, name, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, ERROR_NO_INPUT, "%s/%s is no regular file", TEXT(shown), name);
	to = openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = to < 0 ? -errno : copy_bytes(from, to);
	if (r == 0)
		return 0;
	errno = -r;
	return fail("copied", shown, name, err);
}

/* Opens a folder; with make, a new one. */
static int folder_at(const char *path, bool make, int *ret, struct error *err)
{
	if (make && mkdir(path, 0700) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "the folder %s cannot be made: %s", TEXT(path), strerror(errno));
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? error_set(err, -errno, ERROR_NO_INPUT, "the folder %s cannot be opened: %s", TEXT(path), strerror(errno)) : 0;
}

static int sync_folder(int folder, const char *shown, struct error *err)
{
	return fsync(folder) < 0 ? fail("synced", shown, ".", err) : 0;
}

int copies_remove(const char *folder, struct error *err)
{
	_cleanup_(closep) int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (at < 0 && errno == ENOENT)
		return 0;
	for (size_t i = 0; at >= 0 && i < NAMES; i++)
		(void)unlinkat(at, names[i], 0); /* rmdir() tells */
	if (at >= 0)
		(void)unlinkat(at, "fqcluster.db.new", 0);
	if (at < 0 || rmdir(folder) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be removed: %s", TEXT(folder), strerror(errno));
	return 0;
}

/* The service alone is handed its credential, whose file is what whoever copies a stopped one's state can look for. */
static int copy_key(const struct coord_settings *settings, int to, const char *folder, struct error *err)
{
	int r = copy_file(AT_FDCWD, settings->key, to, "key.pem", folder, err);

	if (r == STORE_NONE && strcmp(settings->state, SERVICE_STATE) == 0)
		r = copy_file(AT_FDCWD, SERVICE_KEY, to, "key.pem", folder, err);
	if (r != STORE_NONE)
		return r;
	return error_set(err, -ENOENT, ERROR_NO_INPUT,
	                 "there is no key %s, without which a copy is of no use: right is --key FILE, for a service the FILE of "
	                 "LoadCredential=coord.key:FILE ('systemctl cat fqcoordd' shows it)",
	                 TEXT(settings->key));
}

int copies_add(const struct coord_settings *settings, const char *folder, struct error *err)
{
	_cleanup_(closep) int state = -1, at = -1;
	int r = folder_at(settings->state, false, &state, err);

	if (r == 0)
		r = folder_at(folder, false, &at, err);
	if (r == 0)
		r = copy_key(settings, at, folder, err);
	if (r >= 0)
		r = copy_file(state, "peers", at, "peers", folder, err);
	return r < 0 ? r : sync_folder(at, folder, err);
}

/* ---- --backup */

/* A coordinator that runs makes the copy; it is taken from the place that we know, whatever it says. */
static int ask(const struct coord_settings *settings, struct error *err)
{
	_cleanup_(connectionp) struct connection *connection = NULL;
	const char *socket = settings->socket;
	fq_Hello hello = {.role = fq_Role_ROLE_CLIENT, .name = "backup"};
	fq_Welcome welcome;
	struct frame frame;
	int fd, r;

	if (access(socket, F_OK) < 0 && access(FQ_RUN_DIR "/ctl.sock", F_OK) == 0)
		socket = FQ_RUN_DIR "/ctl.sock"; /* of the service */
	r = digest_random(hello.instance, sizeof hello.instance);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r));
	r = dial_unix(socket, &fd, err);
	if (r == 0)
		r = connection_new_plain(fd, &connection, err);
	if (r == 0)
		r = dial_hello(connection, &hello, HELLO_MS, &welcome, err);
	if (r == 0 && connection_send(connection, fq_Type_BACKUP, 1, NULL) < 0)
		r = error_set(err, -EPIPE, ERROR_UNAVAILABLE, "the coordinator cannot be asked for a backup");
	do
		r = r < 0 ? r : dial_wait(connection, 0, &frame, err);
	while (r == 0 && frame.type != fq_Type_BACKUP_MADE);
	return r;
}

static int take(const struct coord_settings *settings, int to, struct error *err)
{
	_cleanup_(freep) char *folder = NULL;
	_cleanup_(closep) int from = -1;
	int r = ask(settings, err);

	if (r < 0)
		return r;
	if (asprintf(&folder, "%s/" BACKUP_FOLDER, settings->state) < 0)
		return error_oom(err);
	r = folder_at(folder, false, &from, err);
	for (size_t i = 0; r >= 0 && i < NAMES; i++)
		r = copy_file(from, names[i], to, names[i], folder, err);
	return r < 0 ? r : copies_remove(folder, err);
}

static int backup_into(const struct coord_settings *settings, const char *folder, int to, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int lock = -1;
	int r;

	r = folder_lock(settings->state, &lock, err);
	if (r == -EBUSY)
		return take(settings, to, err);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/fqcluster.db", folder) < 0)
		return error_oom(err);
	r = store_copy_closed(settings->state, path, err);
	return r < 0 ? r : copies_add(settings, folder, err);
}

int backup_command(const struct coord_settings *settings, struct error *err)
{
	_cleanup_(closep) int to = -1;
	mode_t mask;
	int r;

	if (access(settings->state, F_OK) < 0)
		return error_set(err, -errno, ERROR_NO_INPUT, "there is no state folder %s: %s", TEXT(settings->state), strerror(errno));
	mask = umask(0077);
	r = folder_at(settings->backup, true, &to, err);
	if (r == -EEXIST)
		r = error_set(err, r, ERROR_CANT_CREATE, "%s is there already: right is a new folder for each backup", TEXT(settings->backup));
	if (r < 0) {
		(void)umask(mask);
		return r;
	}
	r = backup_into(settings, settings->backup, to, err);
	if (r == 0)
		r = sync_folder(to, settings->backup, err);
	(void)umask(mask);
	if (r < 0) {
		(void)copies_remove(settings->backup, NULL); /* half of a copy is none */
		return r;
	}
	(void)printf("the state of %s is in %s\n", TEXT(settings->state), TEXT(settings->backup));
	return 0;
}

/* ---- --restore: a ladder; until the database's new file has its name, a start is refused */

/* The copy, in the state folder, checked, and belonging to whom that belongs. */
static int stage(const struct coord_settings *settings, int state, const char *staging, struct error *err)
{
	_cleanup_(closep) int from = -1, to = -1;
	struct stat owner;
	int r = folder_at(settings->restore, false, &from, err);

	if (r == 0)
		r = copies_remove(staging, err);
	if (r == 0)
		r = folder_at(staging, true, &to, err);
	for (size_t i = 0; r >= 0 && i < NAMES; i++) {
		r = copy_file(from, names[i], to, names[i], settings->restore, err);
		if (i == 0 && r == STORE_NONE)
			r = error_set(err, -ENOENT, ERROR_NO_INPUT, "there is no fqcluster.db in %s: it is no backup", TEXT(settings->restore));
	}
	if (r >= 0)
		r = store_copy_adopt(staging, settings->state, err);
	if (r < 0)
		return r;
	if (geteuid() == 0 && fstat(state, &owner) == 0) {
		for (size_t i = 0; i < NAMES; i++)
			if (fchownat(to, names[i], owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
				return fail("given to the owner of the state folder", staging, names[i], err);
		if (fchownat(state, "fqcluster.db-mark", owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		    fchownat(state, "lock", owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail("given to the owner of the state folder", settings->state, "lock", err);
	}
	return sync_folder(to, staging, err);
}

/* What was there goes into STATE/before-restore-N. */
static int put_aside(const struct coord_settings *settings, int state, int staged, char **ret, struct error *err)
{
	_cleanup_(closep) int aside = -1;
	struct stat st;
	int r = -EEXIST;

	for (unsigned i = 1; r == -EEXIST && i < RESTORES_MAX; i++) {
		free(TAKE(*ret));
		if (asprintf(ret, "%s/before-restore-%u", settings->state, i) < 0) {
			*ret = NULL;
			return error_oom(err);
		}
		r = folder_at(*ret, true, &aside, err);
	}
	for (size_t i = 0; r == 0 && i < NAMES; i++) {
		/* A key or a list of peers that the copy lacks stays. */
		if (i > 1 && fstatat(staged, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (renameat(state, names[i], aside, names[i]) < 0 && errno != ENOENT)
			r = fail("moved", settings->state, names[i], err);
	}
	if (r == 0)
		r = sync_folder(aside, *ret, err);
	return r < 0 ? r : sync_folder(state, settings->state, err);
}

static int put_in_place(const struct coord_settings *settings, int state, int staged, struct error *err)
{
	for (size_t i = NAMES; i-- > 0;) /* the database last */
		if (renameat(staged, names[i], state, names[i]) < 0 && errno != ENOENT)
			return fail("moved", settings->state, names[i], err);
	return sync_folder(state, settings->state, err);
}

static int restore(const struct coord_settings *settings, char **ret_aside, struct error *err)
{
	_cleanup_(freep) char *staging = NULL;
	_cleanup_(closep) int lock = -1, state = -1, staged = -1;
	int r;

	if (asprintf(&staging, "%s/" STAGING, settings->state) < 0)
		return error_oom(err);
	if (mkdir(settings->state, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, ERROR_CANT_CREATE, "the state folder %s cannot be made: %s", TEXT(settings->state),
		                 strerror(errno));
	r = folder_lock(settings->state, &lock, err);
	if (r == -EBUSY)
		return error_set(err, r, ERROR_CONFIG, "a coordinator runs on %s; stop it, then restore", TEXT(settings->state));
	if (r == 0)
		r = folder_at(settings->state, false, &state, err);
	if (r == 0)
		r = stage(settings, state, staging, err);
	if (r == 0)
		r = folder_at(staging, false, &staged, err);
	if (r == 0)
		r = put_aside(settings, state, staged, ret_aside, err);
	if (r == 0)
		r = put_in_place(settings, state, staged, err);
	return r < 0 ? r : copies_remove(staging, err);
}

int restore_command(const struct coord_settings *settings, struct error *err)
{
	_cleanup_(freep) char *aside = NULL;
	mode_t mask = umask(0077);
	int r = restore(settings, &aside, err);

	(void)umask(mask);
	if (r < 0)
		return r;
	(void)printf("%s has the state of %s; what was there is in %s\nstart fqcoordd once with --accept-rollback\n", TEXT(settings->state),
	             TEXT(settings->restore), TEXT(aside));
	return 0;
}
