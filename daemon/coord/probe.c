/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PROBE: whether nodes can open a path, asked of them by LOOK, without a job and without the core.
 *
 *     client -- PROBE --> probe --> LOOK to each node of protocol 3 or later --> LOOKED --> PROBED, and END behind the last
 *                                    `-- down, older, busy, or silent for PROBE_MS: PROBED at once, then
 *
 * Who may know what: who has to prove that he can read a file (the option `proof`) gives a proof here, too, and where that is not
 * found right he is told the one sentence; the errno, other sizes and the node's own words are for those who need not prove, and for
 * administrators.
 *
 * Bounds: PROBES_SESSION_MAX of a session, PROBES_MAX of all; LOOKS_MAX questions that a node has not answered, also where nobody
 * waits for them any more. An answer that nobody waits for is passed over. A probe ends with its client's session, and its part at a
 * node with that node's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define PROBE_MS 5000
#define PROBES_MAX 64
#define PROBES_SESSION_MAX 4
#define LOOKS_MAX 8
#define PROTO_LOOKS 3

/* A node that was asked. */
struct asked {
	uint64_t peer;     /* 0: it has answered, or was told of otherwise */
	uint64_t asked_ms; /* monotonic */
};

struct probe {
	struct probe *next;
	struct session *session; /* of the client */
	uint16_t tag;
	uint32_t number;         /* of its LOOKs */
	bool trusted;            /* the asker may know why */
	uint64_t until_ms;       /* monotonic */
	struct asked *asked;
	size_t n, left;
};

/* ---- answers */

static void tell(const struct probe *probe, const fq_Probed *probed)
{
	session_send(probe->session, fq_Type_PROBED, probe->tag, probed);
}

static void tell_without(const struct probe *probe, const char *node, fq_ProbeAnswer answer, const char *text)
{
	fq_Probed probed = {.answer = answer};

	(void)snprintf(probed.node, sizeof probed.node, "%s", node);
	(void)snprintf(probed.text, sizeof probed.text, "%s", text);
	tell(probe, &probed);
}

/* Takes it out of the list; END, unless its client is gone. */
static void probe_end(struct server *server, struct probe *probe, bool say)
{
	struct probe **at = &server->probes;

	while (*at != probe)
		at = &(*at)->next;
	*at = probe->next;
	if (say)
		listing_end(probe->session, probe->tag, 0, NULL);
	free(probe->asked);
	free(probe);
}

static void answered(struct server *server, struct probe *probe, struct asked *asked)
{
	asked->peer = 0;
	if (--probe->left == 0)
		probe_end(server, probe, true);
}

/* What the asker may know of what the worker said. */
static void put_answer(const struct probe *probe, const fq_Looked *looked, fq_Probed *probed)
{
	if (looked->has_error && looked->busy) {
		probed->answer = fq_ProbeAnswer_PROBE_BUSY;
		(void)snprintf(probed->text, sizeof probed->text, "this node still looks at other paths that were asked for");
		return;
	}
	if (looked->has_error && !probe->trusted) {
		probed->answer = fq_ProbeAnswer_PROBE_FAILED;
		(void)snprintf(probed->text, sizeof probed->text,
		               "this node cannot open it, or what is there is not what you have read; its journal says which");
		return;
	}
	if (looked->has_error) {
		probed->answer = looked->unproven ? fq_ProbeAnswer_PROBE_OTHER : fq_ProbeAnswer_PROBE_FAILED;
		probed->error_number = looked->error_number;
		(void)text_sentence(probed->text, sizeof probed->text, looked->error.text);
		return;
	}
	probed->answer = fq_ProbeAnswer_PROBE_OPENED;
	probed->size = looked->size;
	probed->kind = looked->kind;
	probed->ends.size = looked->ends.size;
	memcpy(probed->ends.bytes, looked->ends.bytes, sizeof probed->ends.bytes);
}

/* The node's clock less ours, if the answer took half of the round trip; what cannot be a time is cut. */
static void put_clock(const struct asked *asked, const fq_Looked *looked, fq_Probed *probed)
{
	const uint64_t round = clock_monotonic_ms() - asked->asked_ms;
	const uint64_t there = looked->clock_ms < INT64_MAX / 4 ? looked->clock_ms : INT64_MAX / 4;

	probed->clock_told = true;
	probed->round_ms = round < UINT32_MAX ? (uint32_t)round : UINT32_MAX;
	probed->clock_ms = (int64_t)there + (int64_t)(round / 2) - (int64_t)clock_wall_ms();
	probed->hung = looked->hung;
}

static struct probe *probe_find(const struct server *server, uint32_t number)
{
	struct probe *probe = server->probes;

	while (probe && probe->number != number)
		probe = probe->next;
	return probe;
}

static struct asked *asked_find(const struct probe *probe, uint64_t peer)
{
	for (size_t i = 0; i < probe->n; i++)
		if (probe->asked[i].peer == peer)
			return &probe->asked[i];
	return NULL;
}

void from_looked(struct session *session, uint16_t tag, const void *message)
{
	const fq_Looked *looked = message;
	struct probe *probe = probe_find(session->server, looked->number);
	struct asked *asked = probe ? asked_find(probe, session->number) : NULL;
	fq_Probed probed = {0};

	(void)tag;
	if (session->looks > 0)
		session->looks--;
	if (!asked)
		return; /* too late, or nobody asked */
	(void)snprintf(probed.node, sizeof probed.node, "%s", session->name);
	put_answer(probe, looked, &probed);
	put_clock(asked, looked, &probed);
	tell(probe, &probed);
	answered(session->server, probe, asked);
}

/* ---- the end of waiting */

static void probe_silent(struct server *server, struct probe *probe)
{
	for (size_t i = 0; i < probe->n; i++) {
		struct session *worker = probe->asked[i].peer ? session_find(server, probe->asked[i].peer) : NULL;

		if (worker)
			tell_without(probe, worker->name, fq_ProbeAnswer_PROBE_SILENT,
			             "this node has not answered in time; it is busy or cut off, or its storage does not answer");
	}
	probe_end(server, probe, true);
}

static void timer_set(struct server *server)
{
	uint64_t now = clock_monotonic_ms(), first = UINT64_MAX;

	for (const struct probe *probe = server->probes; probe; probe = probe->next)
		if (probe->until_ms < first)
			first = probe->until_ms;
	if (!server->probes)
		(void)sd_event_source_set_enabled(server->probing, SD_EVENT_OFF); /* switching off does not fail */
	else if (sd_event_source_set_time_relative(server->probing, first > now ? (first - now) * 1000 : 0) < 0 ||
	         sd_event_source_set_enabled(server->probing, SD_EVENT_ONESHOT) < 0)
		log_error("a timer of questions to nodes cannot be set");
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *server = userdata;
	uint64_t now = clock_monotonic_ms();

	(void)source;
	(void)usec;
	for (struct probe *probe = server->probes, *next; probe; probe = next) {
		next = probe->next;
		if (now >= probe->until_ms)
			probe_silent(server, probe);
	}
	timer_set(server);
	return 0;
}

void probes_gone(struct session *session)
{
	struct server *server = session->server;

	for (struct probe *probe = server->probes, *next; probe; probe = next) {
		struct asked *asked = asked_find(probe, session->number);

		next = probe->next;
		if (probe->session == session) {
			probe_end(server, probe, false);
		} else if (asked) {
			tell_without(probe, session->name, fq_ProbeAnswer_PROBE_DOWN, "this node went away before it answered");
			answered(server, probe, asked);
		}
	}
}

void probes_end(struct server *server)
{
	while (server->probes)
		probe_end(server, server->probes, false);
}

int probe_init(struct server *server, struct error *err)
{
	return timer_add(server, &server->probing, on_time, false, err);
}

/* ---- asking: a ladder */

static int check_room(const struct session *session, struct error *err)
{
	size_t own = 0, all = 0;

	for (const struct probe *probe = session->server->probes; probe; probe = probe->next) {
		own += probe->session == session;
		all++;
	}
	if (own < PROBES_SESSION_MAX && all < PROBES_MAX)
		return 0;
	return error_set(err, -EBUSY, ERROR_TEMPORARY, own < PROBES_SESSION_MAX
	                 ? "this coordinator already asks nodes as much as it does at a time; ask again in some seconds"
	                 : "one connection can ask for %d paths at a time", PROBES_SESSION_MAX);
}

static int check_path(const fq_Probe *message, struct error *err)
{
	if (message->path[0] == '\0' || message->path[0] == '/')
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no path that nodes could open; it begins with /", TEXT(message->path));
}

/* The question, with the proof where one is demanded or given. */
static int make_look(const struct session *session, const fq_Probe *message, fq_Look *look, struct error *err)
{
	const bool trusted = session->role == fq_Role_ROLE_ADMIN || !session_proves(session);
	int r;

	(void)snprintf(look->path, sizeof look->path, "%s", message->path);
	if (!message->path[0])
		return 0;
	if (message->proof.size == 0 || !session_proves(session)) /* without a nonce there is no proof */
		return trusted ? 0 : error_set(err, -EPERM, ERROR_DENIED, "there is no proof that you can read %s", TEXT(message->path));
	look->proof_wanted = true;
	look->size = message->size;
	look->proof_key.size = look->proof.size = PROOF_SIZE;
	memcpy(look->proof.bytes, message->proof.bytes, PROOF_SIZE);
	r = proof_key(session->nonce, message->uuid.bytes, 0, look->proof_key.bytes);
	return r < 0 ? error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r)) : 0;
}

static int probe_new(struct session *session, uint16_t tag, struct probe **ret, struct error *err)
{
	struct server *server = session->server;
	struct probe *probe = calloc(1, sizeof *probe);

	if (probe)
		probe->asked = calloc(server->sessions_n, sizeof *probe->asked);
	if (!probe || !probe->asked) {
		free(probe);
		return error_oom(err);
	}
	probe->session = session;
	probe->tag = tag;
	probe->number = ++server->probes_made;
	probe->trusted = session->role == fq_Role_ROLE_ADMIN || !session_proves(session);
	probe->until_ms = clock_monotonic_ms() + PROBE_MS;
	probe->next = server->probes;
	server->probes = probe;
	*ret = probe;
	return 0;
}

static void ask_worker(struct probe *probe, struct session *worker, const fq_Look *look)
{
	if (worker->proto < PROTO_LOOKS) {
		tell_without(probe, worker->name, fq_ProbeAnswer_PROBE_OLD,
		             "the program of this node is older and cannot be asked; jobs use it all the same");
	} else if (worker->looks >= LOOKS_MAX) {
		tell_without(probe, worker->name, fq_ProbeAnswer_PROBE_BUSY, "this node has not answered earlier questions yet");
	} else {
		worker->looks++;
		probe->asked[probe->n++] = (struct asked){.peer = worker->number, .asked_ms = clock_monotonic_ms()};
		probe->left++;
		session_send(worker, fq_Type_LOOK, 0, look);
	}
}

/* One node, or all of them; a worker that counts nothing opens nothing either. -ENOENT: there is no such node. */
static int ask(struct probe *probe, const char *name, const fq_Look *look, struct error *err)
{
	const struct server *server = probe->session->server;
	struct node_view node;
	uint64_t cursor = 0;
	bool found = false;

	for (struct session *worker = server->sessions; worker; worker = worker->next) {
		if (!worker->welcome || worker->role != fq_Role_ROLE_WORKER || worker->gate_only ||
		    (name[0] && strcmp(worker->name, name) != 0))
			continue;
		found = true;
		ask_worker(probe, worker, look);
	}
	while (coord_next_node(server->coord, &cursor, &node)) {
		if (node.peer || (name[0] && strcmp(node.name, name) != 0))
			continue;
		found = true;
		tell_without(probe, node.name, fq_ProbeAnswer_PROBE_DOWN, "this node is not connected");
	}
	if (found || !name[0])
		return 0;
	return error_set(err, -ENOENT, ERROR_USAGE, "there is no node '%s'; 'fqctl nodes' lists them", TEXT(name));
}

void from_probe(struct session *session, uint16_t tag, const void *message)
{
	const fq_Probe *request = message;
	struct server *server = session->server;
	fq_Look look = {0};
	struct probe *probe = NULL;
	struct error error;
	int r = check_room(session, &error);

	if (r == 0)
		r = check_path(request, &error);
	if (r == 0)
		r = make_look(session, request, &look, &error);
	if (r == 0)
		r = probe_new(session, tag, &probe, &error);
	if (r == 0) {
		look.number = probe->number;
		r = ask(probe, request->node, &look, &error);
	}
	if (r < 0)
		session_fail(session, tag, &error);
	if (probe && (r < 0 || probe->left == 0))
		probe_end(server, probe, r == 0);
	timer_set(server);
}
