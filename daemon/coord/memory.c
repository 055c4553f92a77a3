/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all sessions together may keep in memory: results that come in, results that go out, and submissions whose files come.
 *
 *   in      A worker's result is taken when there is room for all of it (results_memory); until then nothing is read from that
 *           worker, which keeps it waiting without a word and without a loss: peer_pause(). Its turn comes in the order of asking.
 *   out     One result a session, as many as there is room for; the next one waits until it is read.
 *   submit  Paths and proofs of all sessions: a quarter of results_memory; who begins and does not go on makes room for others.
 *
 * Who holds room while others wait has to use it: a result that stands still for a while, or is read too slowly, ends its
 * connection.
 */
#include <errno.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define PACE_MS 1000                   /* how often it is looked whether those who hold room use it */
#define READ_GRACE_MS 30000            /* before a reader is too slow */
#define READ_LEAST 64                  /* bytes a millisecond */
#define SUBMITTING_PART 4               /* of results_memory */

static void pace_arm(struct server *server)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(server->pace, &enabled);
	if (enabled == SD_EVENT_OFF && sd_event_source_set_time_relative(server->pace, PACE_MS * 1000) >= 0)
		(void)sd_event_source_set_enabled(server->pace, SD_EVENT_ONESHOT);
}

static void give_back(struct server *server, struct budget *budget, struct claim *claim)
{
	if (budget_return(budget, claim))
		(void)sd_event_source_set_enabled(server->grants, SD_EVENT_ONESHOT); /* its source exists: cannot fail */
}

/* ---- results that come in */

bool memory_in(struct session *session, uint64_t bytes)
{
	struct server *server = session->server;

	if (budget_ask(&server->incoming, &session->receiving.claim, bytes, session))
		return true;
	if (server->incoming.waiting == 1)
		log_event(LOG_NOTICE, &(struct log_about){.node = session->name},
		          "worker %s has to wait with a result of %llu bytes: results of %llu bytes are coming in, and results_memory is "
		          "%llu", session->name, (unsigned long long)bytes, (unsigned long long)server->incoming.used,
		          (unsigned long long)server->incoming.max);
	peer_pause(session->peer);
	pace_arm(server);
	return false;
}

void memory_in_done(struct session *session)
{
	give_back(session->server, &session->server->incoming, &session->receiving.claim);
}

/* ---- results that go out */

bool memory_out(struct session *session, uint64_t bytes)
{
	struct server *server = session->server;

	if (budget_ask(&server->outgoing, &session->sending.claim, bytes, session))
		return true;
	pace_arm(server);
	return false;
}

void memory_out_done(struct session *session)
{
	session->sending.busy = false;
	give_back(session->server, &session->server->outgoing, &session->sending.claim);
}

/* ---- submissions */

static uint64_t submitting_bytes(const struct submitting *submitting)
{
	return submitting->bytes + submitting->message.files * (sizeof *submitting->paths + sizeof *submitting->proofs);
}

static uint64_t submitting_all(const struct server *server)
{
	uint64_t bytes = 0;

	for (const struct session *session = server->sessions; session; session = session->next)
		if (session->submitting.open)
			bytes += submitting_bytes(&session->submitting);
	return bytes;
}

/*
 * Whether all together are within the bound. They are added up only when what came since the last time could exceed it: a job of
 * thousands of files is as many messages, and there may be thousands of sessions.
 */
static bool submitting_fits(struct session *session)
{
	struct server *server = session->server;
	uint64_t most = server->settings->results_memory / SUBMITTING_PART, all;
	uint64_t more = submitting_bytes(&session->submitting) - session->submitting.counted;

	session->submitting.counted += more;
	if (more <= server->submitting_room) {
		server->submitting_room -= more;
		return true;
	}
	all = submitting_all(server);
	server->submitting_room = all <= most ? most - all : 0;
	return all <= most;
}

int memory_submitting(struct session *session, struct error *err)
{
	struct server *server = session->server;
	uint64_t now = server_now(server);

	session->submitting.moved_ms = now;
	if (session->submitting.bytes > SUBMIT_PATHS_MAX)
		return error_set(err, -E2BIG, ERROR_USAGE, "the paths of the job's files are too long altogether");
	if (submitting_fits(session))
		return 0;
	for (struct session *other = server->sessions; other; other = other->next) {
		struct error error;

		if (!other->submitting.open || now - other->submitting.moved_ms < server->settings->dead_ms)
			continue;
		(void)error_set(&error, -ETIMEDOUT, ERROR_TEMPORARY, "the files of this job did not come, and others wait");
		submitting_clear(&other->submitting);
		peer_refuse(other->peer, &error);
	}
	return submitting_all(server) <= server->settings->results_memory / SUBMITTING_PART
	           ? 0
	           : error_set(err, -EBUSY, ERROR_TEMPORARY, "too many jobs are being submitted at once; submit again later");
}

/* ---- in the loop */

static int on_grants(sd_event_source *source, void *userdata)
{
	struct server *server = userdata;
	struct claim *claim;

	(void)source;
	if (server->fallen)
		return 0; /* all sessions are about to end */
	while ((claim = budget_next(&server->incoming))) {
		struct session *session = claim->owner;

		result_begin(session);
		peer_resume(session->peer);
	}
	while ((claim = budget_next(&server->outgoing)))
		listing_more(claim->owner);
	(void)drive_check(server);
	return 0;
}

/* A worker that was told to send, and does not. */
static void pace_in(struct session *session, uint64_t now)
{
	const struct coord_settings *settings = session->server->settings;
	uint64_t most = settings->stall_ms / 4 > settings->dead_ms ? settings->stall_ms / 4 : settings->dead_ms;
	struct error error;

	if (session->receiving.claim.state == CLAIM_WAITS)
		result_coming(session);
	if (session->receiving.claim.state != CLAIM_GRANTED || now - session->receiving.moved_ms < most)
		return;
	(void)error_set(&error, -ETIMEDOUT, ERROR_UNAVAILABLE, "nothing of a result came for %llu ms, and others wait",
	                (unsigned long long)(now - session->receiving.moved_ms));
	log_event(LOG_WARNING, &(struct log_about){.event = TOLD_PEER_DROPPED, .node = session->name, .peer = session->name},
	          "worker %s is dropped: %s", session->name, error.text);
	peer_refuse(session->peer, &error);
}

static void pace_out(struct session *session, uint64_t now)
{
	const struct sending *sending = &session->sending;
	uint64_t passed = now - sending->since_ms;
	struct error error;

	if (!sending->busy || passed < READ_GRACE_MS ||
	    connection_bytes_out(peer_connection(session->peer)) - sending->from >= passed * READ_LEAST)
		return;
	(void)error_set(&error, -ETIMEDOUT, ERROR_TEMPORARY, "results are read too slowly, and others wait for theirs");
	log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_PEER_DROPPED, .peer = session->name},
	          "%s is dropped: %s", session->name, error.text);
	peer_refuse(session->peer, &error);
}

static int on_pace(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t now = server_now(server);

	(void)source;
	(void)usec;
	for (struct session *session = server->sessions; session; session = session->next) {
		if (server->incoming.waiting > 0)
			pace_in(session, now);
		if (server->outgoing.waiting > 0)
			pace_out(session, now);
	}
	if (server->incoming.waiting > 0 || server->outgoing.waiting > 0)
		pace_arm(server);
	return 0;
}

int memory_init(struct server *server, struct error *err)
{
	int r;

	server->incoming.max = server->outgoing.max = server->contexts.bytes_max = server->contexts.groups.bytes_max = server->settings->results_memory;
	r = sd_event_add_defer(service_event(server->service), &server->grants, on_grants, server);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->grants, SD_EVENT_OFF);
	return r < 0 ? error_set(err, r, ERROR_OS, "event source: %s", strerror(-r))
	             : timer_add(server, &server->pace, on_pace, false, err);
}

void memory_deinit(struct server *server)
{
	(void)sd_event_source_unref(server->grants);
	(void)sd_event_source_unref(server->pace);
}
