/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CACHE: results that are kept for later jobs (store_kept.c). Who asks sees those of his own jobs, an administrator all; only an
 * administrator takes them away. Jobs that have such a result keep it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/cleanup.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

static int list_more(struct session *session, struct listing *listing, struct error *err)
{
	_cleanup_(freep) fq_Cached *cached = calloc(1, sizeof *cached);
	const char *owner = session->role == fq_Role_ROLE_ADMIN ? NULL : session->name;
	struct kept_row row;
	int r;

	if (!cached)
		return error_oom(err);
	r = store_next_kept(session->server->store, owner, &listing->cursor, &row, err);
	if (r != 0)
		return r;
	cached->id = row.id;
	(void)snprintf(cached->path, sizeof cached->path, "%s", row.path);
	cached->records = row.records;
	cached->bytes = row.bytes;
	cached->made_ms = row.made_ms;
	cached->used_ms = row.used_ms;
	cached->uses = row.uses;
	r = store_seek_bytes(session->server->store, row.id, &cached->index_bytes, err); /* row.path was the store's until here */
	if (r < 0)
		return r;
	session_send(session, fq_Type_CACHED, listing->tag, cached);
	return 0;
}

static int send_stats(struct session *session, uint16_t tag, struct error *err)
{
	_cleanup_(freep) fq_Cached *cached = calloc(1, sizeof *cached);
	const struct server *server = session->server;
	int r;

	if (!cached)
		return error_oom(err);
	r = store_sum_kept(server->store, &cached->entries, &cached->bytes, err);
	if (r < 0)
		return r;
	cached->hits = server->cache_hits;
	cached->misses = server->cache_misses;
	cached->bytes_max = server->settings->cache_size;
	cached->age_max_ms = server->settings->cache_age_ms;
	session_send(session, fq_Type_CACHED, tag, cached);
	return 0;
}

/* Taking away is a labour: there may be very many of them, and gigabytes. */
struct removing {
	struct server *server;
	uint64_t id;      /* 0: not one of them */
	const char *path; /* NULL: of any */
	uint64_t n, bytes;
};

static int remove_work(void *data, struct error *err)
{
	struct removing *removing = data;
	struct kept_row row = {0};
	int r;

	do {
		r = store_remove_kept(removing->server->store, removing->id, removing->path, &row, err);
		removing->n += r == 0;
		removing->bytes += r == 0 ? row.bytes : 0;
		atomic_fetch_add(&removing->server->contexts.taken, 1); /* it comes on */
	} while (r == 0 && removing->id == 0);
	return r;
}

/* How many, and their bytes; committed before that is told. */
static int send_removed(struct session *session, uint16_t tag, const fq_CacheRequest *request, struct error *err)
{
	_cleanup_(freep) fq_Cached *cached = calloc(1, sizeof *cached);
	const char *path = request->path[0] ? request->path : NULL;
	const bool all = request->what == fq_CacheWhat_CACHE_REMOVE_ALL;
	struct removing removing = {.server = session->server, .id = all || path ? 0 : request->id, .path = all ? NULL : path};
	char id[24];

	if (!cached)
		return error_oom(err);
	(void)snprintf(id, sizeof id, "%llu", (unsigned long long)request->id);
	if (session->role != fq_Role_ROLE_ADMIN)
		return error_set(err, -EPERM, ERROR_DENIED, "results that are kept are taken away by an administrator only");
	if (!all && !path && request->id == 0)
		return error_set(err, -EINVAL, ERROR_PROTOCOL, "it does not say which result is to be taken away");
	if (labour(session->server, remove_work, &removing, err) < 0)
		return -EIO; /* from_cache() sees what has failed */
	if (removing.n == 0 && !all)
		return error_set(err, -ENOENT, ERROR_NO_INPUT, "no result %s%s is kept; 'fqctl cache list' shows those that are",
		                 path ? "of " : "", path ? TEXT(path) : id);
	if (drive_commit(session->server) < 0)
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full");
	cached->entries = removing.n;
	cached->bytes = removing.bytes;
	log_notice("%s takes away %llu kept results of %llu bytes", session->name, (unsigned long long)cached->entries,
	           (unsigned long long)cached->bytes);
	session_send(session, fq_Type_CACHED, tag, cached);
	return 0;
}

void from_cache(struct session *session, uint16_t tag, const void *message)
{
	const fq_CacheRequest *request = message;
	const struct listing listing = {.more = list_more, .tag = tag};
	struct error error;
	int r;

	if (session->server->fallen)
		return; /* its session is about to end */
	if (request->what == fq_CacheWhat_CACHE_LIST) {
		listing_begin(session, &listing);
		return;
	}
	r = request->what == fq_CacheWhat_CACHE_STATS ? send_stats(session, tag, &error) : send_removed(session, tag, request, &error);
	if (drive_check(session->server) == 0)
		listing_end(session, tag, r, &error);
}
