/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session's life and its table of messages: see session.h. */
#include "daemon/coord/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/events.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define MAY_STRANGER (1u << fq_Role_ROLE_NONE) /* before WELCOME */
#define MAY_WORKER (1u << fq_Role_ROLE_WORKER)
#define MAY_CLIENT ((1u << fq_Role_ROLE_CLIENT) | (1u << fq_Role_ROLE_ADMIN))
#define MAY_ADMIN (1u << fq_Role_ROLE_ADMIN)

/*
 * Bytes that may wait to be sent: the largest result of a file that the database holds (for which memory.c has room), and what
 * comes before it.
 */
#define QUEUE_MAX ((1UL << 30) + (64UL << 20))

/* What is taken before it is known who it is. */
static const uint16_t stranger_types[] = {fq_Type_HELLO, fq_Type_JOIN, fq_Type_TYPE_NONE};

struct verb_row {
	uint16_t type;
	unsigned may;
	const char *what; /* as a person would say what he asks for; NULL: that is no person's to ask */
	void (*handle)(struct session *session, uint16_t tag, const void *message);
};

/* Every message that may come, who may send it, and who takes it. Sizes are the message table's (lib/wire/message.c). */
static const struct verb_row verb_rows[] = {
	{fq_Type_HELLO, MAY_STRANGER, NULL, from_hello},
	{fq_Type_JOIN, MAY_STRANGER, NULL, from_join},
	{fq_Type_OPENED, MAY_WORKER, NULL, from_opened},
	{fq_Type_PROGRESS, MAY_WORKER, NULL, from_progress},
	{fq_Type_RESULT, MAY_WORKER, NULL, from_result},
	{fq_Type_CRASHED, MAY_WORKER, NULL, from_crashed},
	{fq_Type_IO_ERROR, MAY_WORKER, NULL, from_io_error},
	{fq_Type_RETURN, MAY_WORKER, NULL, from_return},
	{fq_Type_DRAINING, MAY_WORKER, NULL, from_draining},
	{fq_Type_LOOKED, MAY_WORKER, NULL, from_looked},
	{fq_Type_SUBMIT, MAY_CLIENT, "submitting files", from_submit},
	{fq_Type_SUBMIT_FILE, MAY_CLIENT, "submitting files", from_submit_file},
	{fq_Type_STATUS, MAY_CLIENT, "listing jobs", from_status},
	{fq_Type_SHOW, MAY_CLIENT, "showing a job", from_show},
	{fq_Type_WAIT, MAY_CLIENT, "waiting for a job", from_wait},
	{fq_Type_FETCH, MAY_CLIENT, "fetching results", from_fetch},
	{fq_Type_CANCEL, MAY_CLIENT, "cancelling a job", from_cancel},
	{fq_Type_NODES, MAY_CLIENT, "listing nodes", from_nodes},
	{fq_Type_PROBE, MAY_CLIENT, "probing a node", from_probe},
	{fq_Type_HEALTH, MAY_CLIENT, "asking for the coordinator's health", from_health},
	{fq_Type_CACHE, MAY_CLIENT, "asking for kept results", from_cache},
	{fq_Type_PROFILES, MAY_CLIENT, "asking for profiles", from_profiles},
	{fq_Type_NODE_DRAIN, MAY_ADMIN, "draining a node", from_node_drain},
	{fq_Type_NODE_RESUME, MAY_ADMIN, "resuming a node", from_node_resume},
	{fq_Type_TOKEN, MAY_ADMIN, "making a token", from_token},
	{fq_Type_BACKUP, MAY_ADMIN, "backing up the state", from_backup},
	{fq_Type_PEERS, MAY_ADMIN, "listing keys", from_peers},
	{fq_Type_TOKENS, MAY_ADMIN, "listing tokens", from_tokens},
	{fq_Type_REVOKE, MAY_ADMIN, "taking back keys and tokens", from_revoke},
};

bool session_proves(const struct session *session)
{
	enum coord_proof whom = session->server->settings->proof;

	return whom == PROOF_OF_ALL || (whom == PROOF_OF_CLIENTS && session->role == fq_Role_ROLE_CLIENT);
}

void session_send(struct session *session, uint16_t type, uint16_t tag, const void *message)
{
	(void)peer_send(session->peer, type, tag, message); /* a peer that does not read ends by itself */
}

void session_fail(struct session *session, uint16_t tag, const struct error *error)
{
	(void)peer_send_error(session->peer, tag, error);
}

/* Whose connection ends because of what it said. Of a stranger nothing is said aloud: there may be many, and they cost nothing. */
static void blame(struct session *session, const struct error *error)
{
	bool worker = session->role == fq_Role_ROLE_WORKER;

	if (!session->welcome) {
		log_debug("connection from %s: %.150s", session->secured ? session->address : "the unix socket", error->text);
		return;
	}
	log_event(LOG_WARNING,
	          &(struct log_about){.event = TOLD_PEER_DROPPED, .node = worker ? session->name : NULL, .peer = session->name},
	          "%s %s is dropped: %s", worker ? "worker" : "client", session->name, error->text);
	if (worker && error->class == ERROR_PROTOCOL)
		distrust_add(session, error);
}

void session_refuse(struct session *session, const struct error *error)
{
	peer_refuse(session->peer, error); /* before it is drained: it need not hear of that */
	blame(session, error);
}

void session_cut(struct session *session, const struct error *error)
{
	session->listing.more = NULL;
	session->server->watches_n -= session->watches_n;
	session->watches_n = 0;
	peer_refuse(session->peer, error);
	worker_gone(session);
}

struct session *session_find(const struct server *server, uint64_t number)
{
	struct session *session = server->numbered[number % SESSION_BUCKETS];

	while (session && session->number != number)
		session = session->same_bucket;
	return session;
}

static const struct verb_row *verb_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof verb_rows / sizeof *verb_rows; i++)
		if (verb_rows[i].type == type)
			return &verb_rows[i];
	return NULL;
}

/* Whose key it takes, and how a person comes by it. */
static void deny(struct session *session, const struct frame *frame, const struct verb_row *row)
{
	const char *name = message_name(frame->type);
	struct error error;

	if (!session->welcome) {
		(void)error_set(&error, -EPERM, ERROR_DENIED, "%s comes before HELLO", name);
		session_refuse(session, &error);
		return;
	}
	(void)error_set(&error, -EPERM, ERROR_DENIED, "%s is not permitted to %s; %s", row->what ? row->what : name,
	                session->role == fq_Role_ROLE_ADMIN ? "an administrator"
	                : session->role == fq_Role_ROLE_CLIENT ? "a client" : "a worker",
	                row->may == MAY_ADMIN    ? "it takes an administrator's key ('fqctl token --role admin'), or --socket as root on "
	                                           "the coordinator's host"
	                : row->may == MAY_WORKER ? "it is for workers"
	                : row->may == MAY_STRANGER ? "it comes first, and once"
	                                         : "it is for clients, whom 'fqctl token --role client' lets join");
	session_fail(session, frame->tag, &error);
}

/* The dispatcher: type, role, decoding, handler. */
static void dispatch(struct session *session, const struct frame *frame)
{
	struct server *server = session->server;
	const struct verb_row *row;
	_cleanup_(freep) void *message = NULL;
	struct error error;

	if (server->fallen) { /* its sessions are about to end; later ones are turned away */
		(void)error_set(&error, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full; come again later");
		if (!server->coord)
			peer_refuse(session->peer, &error);
		return;
	}
	if (frame->type == fq_Type_DATA) {
		from_result_data(session, frame);
		return;
	}
	row = verb_find(frame->type);
	if (!row) {
		(void)error_set(&error, -EPROTO, ERROR_PROTOCOL, "%s is not for a coordinator", message_name(frame->type));
		session_refuse(session, &error);
		return;
	}
	if (!(row->may & (1u << session->role)) || (session->gate_only && session->welcome)) {
		deny(session, frame, row);
		return;
	}
	message = malloc(message_struct_size(frame->type));
	if (!message)
		(void)error_oom(&error);
	else if (message_decode(frame->type, frame->payload, frame->n, message, &error) == 0) {
		row->handle(session, frame->tag, message);
		(void)drive_check(server); /* it may have read, or written without an event */
		return;
	}
	session_refuse(session, &error);
}

/* A client that asks and does not read is not asked for more, nor is one whose result is being read for it. */
void session_pace(struct session *session)
{
	if (session->role == fq_Role_ROLE_WORKER)
		return;
	if (session->sending.reading.waits || connection_queued(peer_connection(session->peer)) >= ANSWERS_MAX)
		peer_pause(session->peer);
	else
		peer_resume(session->peer);
}

static void on_frame(struct peer *peer, const struct frame *frame, void *userdata)
{
	struct session *session = userdata;

	(void)peer;
	dispatch(session, frame);
	session_pace(session);
}

static void on_end(struct peer *peer, int r, const struct error *err, void *userdata)
{
	struct session *session = userdata;

	(void)peer;
	if (r == -EBADMSG)
		blame(session, err); /* what came was no frame */
	else if (r < 0 && session->welcome && session->role == fq_Role_ROLE_WORKER)
		log_event(LOG_INFO, &(struct log_about){.node = session->name}, "worker %s: %s", session->name, err->text);
	else if (r < 0 && r != -ECONNRESET)
		stranger_line(session->server, LOG_DEBUG, "connection from %s: %s",
		              session->secured ? session->address : "the unix socket", err->text);
	worker_gone(session);
	session_free(session);
}

static void on_flushed(struct peer *peer, void *userdata)
{
	struct session *session = userdata;
	struct server *server = session->server;

	(void)peer;
	listing_more(session);
	(void)drive_check(server);
}

static const struct peer_callbacks callbacks = {.on_frame = on_frame, .on_end = on_end, .on_flushed = on_flushed};

/* Whether both have the same key, or are the same user of the unix socket; a worker is another one than those it vouches for. */
static bool is_same_peer(const struct session *a, const struct session *b)
{
	if (a->secured != b->secured || a->vouched != b->vouched)
		return false;
	return a->secured ? memcmp(a->pin, b->pin, PIN_SIZE) == 0 : a->uid == b->uid;
}

/*
 * One key, or user, has at most a quarter of the places, and all together leave some to those who are still to come: so that
 * who is let in does not keep out others. All users of a worker's host together are as one key, beside the worker itself; each of
 * them, whatever hosts he is on, has at most a sixteenth. An administrator always has a place.
 */
int session_room(const struct session *session, struct error *err)
{
	const struct server *server = session->server;
	uint64_t all = 0, own = 0, user = 0, most = server->connections_max;

	for (const struct session *other = server->sessions; other; other = other->next) {
		all += other->welcome;
		own += other->welcome && is_same_peer(other, session);
		user += other->welcome && other->vouched && session->vouched && strcmp(other->name, session->name) == 0;
	}
	if (user >= (most + 15) / 16)
		return error_set(err, -EBUSY, ERROR_TEMPORARY,
		                 "%s has as many connections as a user may have through workers; end some of them", session->name);
	if (own >= (most + 3) / 4)
		return error_set(err, -EBUSY, ERROR_TEMPORARY, session->vouched
		                 ? "the users of this host have as many connections as one worker may bring; try again later"
		                 : "this key has as many connections as one may have; end some of them");
	if (all >= most - most / 8)
		return error_set(err, -EBUSY, ERROR_TEMPORARY,
		                 "all places of this coordinator are taken; try again later, or raise connections_max");
	return 0;
}

int session_new(struct server *server, struct connection *connection, const char *address, const char *network, uint32_t uid,
                bool secured, struct error *err)
{
	const struct coord_settings *settings = server->settings;
	struct session *session = calloc(1, sizeof *session);
	int r;

	if (!session) {
		connection_free(connection);
		return error_oom(err);
	}
	session->server = server;
	session->number = server->next_session++;
	session->since_ms = clock_monotonic_ms();
	session->uid = uid;
	session->secured = secured;
	(void)snprintf(session->address, sizeof session->address, "%s", address);
	(void)snprintf(session->network, sizeof session->network, "%s", network);
	connection_set_queue_max(connection, QUEUE_MAX);
	connection_restrict(connection, stranger_types);
	r = peer_new(service_event(server->service), connection, &callbacks, settings->ping_ms, settings->dead_ms, session,
	             &session->peer, err);
	if (r < 0) {
		free(session);
		return r;
	}
	peer_must_read(session->peer);
	session->next = server->sessions;
	if (session->next)
		session->next->previous = session;
	server->sessions = session;
	session->same_bucket = server->numbered[session->number % SESSION_BUCKETS];
	server->numbered[session->number % SESSION_BUCKETS] = session;
	server->sessions_n++;
	return 0;
}

struct session *session_free(struct session *session)
{
	struct server *server = session->server;
	struct session **at = &server->numbered[session->number % SESSION_BUCKETS];

	while (*at != session)
		at = &(*at)->same_bucket;
	*at = session->same_bucket;
	if (session->previous)
		session->previous->next = session->next;
	else
		server->sessions = session->next;
	if (session->next)
		session->next->previous = session->previous;
	server->sessions_n--;
	probes_gone(session);
	reading_drop(server, &session->sending.reading);
	server->watches_n -= session->watches_n;
	memory_in_done(session);
	memory_out_done(session);
	submitting_clear(&session->submitting);
	blob_deinit(&session->receiving.blob);
	peer_free(session->peer);
	free(session->roots);
	free(session);
	return NULL;
}

/* ---- requests that the core answers */

uint64_t request_number(const struct session *session, uint16_t tag, uint16_t type)
{
	return session->number << 24 | (uint64_t)tag << 8 | type;
}

void request_answer(struct server *server, uint64_t request, uint64_t job, const struct error *error)
{
	struct session *session = session_find(server, request >> 24);
	uint16_t tag = (uint16_t)(request >> 8), type = (uint8_t)request;
	const fq_Empty done = {0};
	fq_Accepted accepted = {.job = job};

	if (!session)
		return; /* a client that vanished */
	if (error->class != ERROR_NONE)
		session_fail(session, tag, error);
	else if (type == fq_Type_SUBMIT)
		session_send(session, fq_Type_ACCEPTED, tag, &accepted);
	else
		session_send(session, fq_Type_DONE, tag, &done);
}
