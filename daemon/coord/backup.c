/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BACKUP, of an administrator on this host: a copy of the state in STATE/backup, which the one who asked takes away from there.
 *
 *     fqcluster.db   in pieces between other events (store_backup.c), so that nobody is kept waiting
 *     key.pem, peers copied in the end: they are small
 *
 * One at a time; what an earlier one left is removed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/coord/copies.h"
#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define LATER 100 /* behind all other events */

struct backup {
	uint64_t session; /* who asked */
	uint16_t tag;
	char *folder;
	struct store_copy *copy;
	sd_event_source *source;
};

void backup_end(struct server *server)
{
	struct backup *backup = TAKE(server->backup);

	if (!backup)
		return;
	(void)store_copy_end(backup->copy); /* always NULL */
	(void)sd_event_source_disable_unref(backup->source);
	free(backup->folder);
	free(backup);
}

static int begin(struct server *server, struct backup *backup, struct error *err)
{
	_cleanup_(freep) char *path = NULL;
	int r;

	if (asprintf(&backup->folder, "%s/" BACKUP_FOLDER, server->settings->state) < 0) {
		backup->folder = NULL;
		return error_oom(err);
	}
	if (asprintf(&path, "%s/fqcluster.db.new", backup->folder) < 0)
		return error_oom(err);
	r = copies_remove(backup->folder, err);
	if (r == 0 && mkdir(backup->folder, 0700) < 0)
		r = error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be made: %s", TEXT(backup->folder), strerror(errno));
	return r < 0 ? r : store_copy_begin(server->store, path, &backup->copy, err);
}

static int finish(struct server *server, struct backup *backup, struct error *err)
{
	_cleanup_(freep) char *from = NULL, *to = NULL;

	backup->copy = store_copy_end(backup->copy);
	if (asprintf(&from, "%s/fqcluster.db.new", backup->folder) < 0 || asprintf(&to, "%s/fqcluster.db", backup->folder) < 0)
		return error_oom(err);
	if (rename(from, to) < 0)
		return error_set(err, -errno, ERROR_CANT_CREATE, "%s cannot be made: %s", TEXT(to), strerror(errno));
	return copies_add(server->settings, backup->folder, err);
}

static void answer(struct server *server, const struct backup *backup, int r, const struct error *error)
{
	struct session *session = session_find(server, backup->session);
	fq_BackupMade made = {0};

	if (r < 0) {
		log_event(LOG_WARNING, &(struct log_about){.event = TOLD_BACKUP_FAILED}, "a backup was not made: %s", error->text);
		(void)copies_remove(backup->folder, NULL); /* the next one tries again */
	} else {
		log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_BACKUP_MADE, .path = backup->folder},
		          "a backup was made in %s", TEXT(backup->folder));
	}
	if (!session)
		return;
	(void)snprintf(made.path, sizeof made.path, "%s", backup->folder);
	if (r < 0)
		session_fail(session, backup->tag, error);
	else
		session_send(session, fq_Type_BACKUP_MADE, backup->tag, &made);
}

/* One piece: outside of a transaction, which is committed before it. */
static int on_backup(sd_event_source *source, void *userdata)
{
	struct server *server = userdata;
	struct backup *backup = server->backup;
	struct error error;
	int r;

	(void)source;
	if (drive_commit(server) < 0)
		return 0; /* it ends with all that has fallen */
	r = store_copy_more(backup->copy, &error);
	if (r == STORE_MORE)
		return 0;
	if (r == 0)
		r = finish(server, backup, &error);
	answer(server, backup, r, &error);
	backup_end(server);
	return 0;
}

static int refused(const struct session *session, struct error *err)
{
	struct server *server = session->server;

	if (session->secured)
		return error_set(err, -EPERM, ERROR_DENIED, "a backup is made by fqcoordd --backup on the coordinator's own host");
	if (server->backup)
		return error_set(err, -EBUSY, ERROR_TEMPORARY, "a backup is being made; try again later");
	room_check(server);
	if (server->hold)
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full; there is no room for a copy beside the state");
	return 0;
}

void from_backup(struct session *session, uint16_t tag, const void *message)
{
	struct server *server = session->server;
	struct backup *backup;
	struct error error;
	int r;

	(void)message;
	if (refused(session, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	backup = server->backup = calloc(1, sizeof *backup);
	r = backup ? begin(server, backup, &error) : error_oom(&error);
	if (r == 0) {
		backup->session = session->number;
		backup->tag = tag;
		r = sd_event_add_defer(service_event(server->service), &backup->source, on_backup, server);
		if (r >= 0)
			r = sd_event_source_set_enabled(backup->source, SD_EVENT_ON);
		if (r >= 0)
			r = sd_event_source_set_priority(backup->source, LATER);
		if (r < 0)
			r = error_set(&error, r, ERROR_OS, "event source: %s", strerror(-r));
	}
	if (r >= 0)
		return;
	backup_end(server);
	session_fail(session, tag, &error);
}
