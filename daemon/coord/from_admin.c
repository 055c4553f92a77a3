/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For administrators: tokens are made; who is enrolled and which tokens are out; and that a key or a token is so no longer. The peers file is the truth: a line taken out
 * of it by hand does the same at the next reload.
 */
#include <errno.h>
#include <string.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define DIGITS_MIN 16 /* of a pin or a hash, to name it */

#define TOKEN_TTL_MS (3600ULL * 1000) /* where the request says nothing */
#define TOKEN_TTL_MAX_MS (366ULL * 86400 * 1000)
#define TOKEN_USES_MAX 100000
#define TOKENS_MAX 1000 /* that are good at a time */

/* ---- TOKEN */

static int tokens_room(struct server *server, struct error *err)
{
	uint64_t n = 0;
	int r;

	room_check(server);
	if (server->hold)
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full; try again later");
	r = store_count_tokens(server->store, clock_wall_ms(), &n, err);
	if (r < 0)
		return r;
	return n < TOKENS_MAX ? 0 : error_set(err, -EDQUOT, ERROR_TEMPORARY,
	                                      "%d tokens are good at this time, which is the most; 'fqctl token --list' lists "
	                                      "them, and 'fqctl revoke' takes one back", TOKENS_MAX);
}

void from_token(struct session *session, uint16_t tag, const void *message)
{
	const fq_TokenRequest *request = message;
	struct server *server = session->server;
	uint64_t ttl = request->ttl_ms ? request->ttl_ms : TOKEN_TTL_MS;
	uint32_t uses = request->uses ? request->uses : 1;
	uint8_t random[TOKEN_SECRET_BYTES], hash[DIGEST_SIZE], pin[PIN_SIZE];
	char secret[TOKEN_SECRET_MAX];
	fq_TokenMade made = {0};
	struct error error;

	if (request->role < fq_Role_ROLE_WORKER || request->role > fq_Role_ROLE_ADMIN || ttl > TOKEN_TTL_MAX_MS ||
	    uses > TOKEN_USES_MAX || (request->vouch && request->role != fq_Role_ROLE_WORKER)) {
		(void)error_set(&error, -EINVAL, ERROR_USAGE, "a token has a role, at most %d uses, and is good for a year at most; to "
		                "vouch is a worker's", TOKEN_USES_MAX);
		session_fail(session, tag, &error);
		return;
	}
	if (tokens_room(server, &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	made.expires_ms = clock_wall_ms() + ttl;
	if (digest_random(random, sizeof random) < 0) {
		(void)error_set(&error, -EIO, ERROR_OS, "no random bytes for a token");
		session_fail(session, tag, &error);
		return;
	}
	(void)text_hex(secret, random, sizeof random);
	if (digest_sha256(secret, strlen(secret), NULL, 0, hash) < 0 ||
	    store_save_token(server->store, hash, (uint32_t)request->role | (request->vouch ? TOKEN_VOUCH : 0), uses, made.expires_ms,
	                     &error) < 0) {
		session_fail(session, tag, &error);
		return;
	}
	if (drive_commit(server) < 0)
		return;
	log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_TOKEN_MADE, .peer = session->name},
	          "%s makes a token for %u keys of role %s%s", session->name, uses, role_name(request->role),
	          request->vouch ? ", which vouch for users of their hosts" : "");
	key_pin(server->key, pin);
	token_format(pin, secret, made.token);
	session_send(session, fq_Type_TOKEN_MADE, tag, &made);
}

/* ---- PEERS, TOKENS */

static int peers_more(struct session *session, struct listing *listing, struct error *err)
{
	const struct server *server = session->server;
	const struct peer_row *row;
	fq_Peer peer = {0};

	(void)err;
	if (listing->cursor >= server->peers.n)
		return 1;
	row = &server->peers.rows[listing->cursor++];
	peer.role = row->role;
	memcpy(peer.pin, row->pin, sizeof peer.pin);
	(void)snprintf(peer.name, sizeof peer.name, "%s", row->name);
	peer.vouch = row->vouch;
	for (const struct session *other = server->sessions; other; other = other->next) {
		if (!other->welcome || !other->secured || memcmp(other->pin, row->pin, PIN_SIZE) != 0)
			continue;
		peer.connections++;
		(void)snprintf(peer.address, sizeof peer.address, "%s", other->address);
		if (other->role == fq_Role_ROLE_WORKER)
			(void)snprintf(peer.node, sizeof peer.node, "%s", other->name);
	}
	session_send(session, fq_Type_PEER, listing->tag, &peer);
	return 0;
}

void from_peers(struct session *session, uint16_t tag, const void *message)
{
	const struct listing listing = {.more = peers_more, .tag = tag};

	(void)message;
	listing_begin(session, &listing);
}

/* At most TOKENS_MAX: all at once. */
void from_tokens(struct session *session, uint16_t tag, const void *message)
{
	const uint64_t now = clock_wall_ms();
	struct token_row row = {0};
	struct error error;
	int r;

	(void)message;
	while ((r = store_next_token(session->server->store, row.hash, now, &row, &error)) == 0) {
		fq_TokenInfo info = {.role = (fq_Role)(row.role & ~TOKEN_VOUCH), .vouch = row.role & TOKEN_VOUCH, .uses = row.uses,
		                     .expires_ms = row.expires_ms};

		memcpy(info.hash, row.hash, sizeof info.hash);
		session_send(session, fq_Type_TOKEN_INFO, tag, &info);
	}
	listing_end(session, tag, r, &error);
}

/* ---- REVOKE */

static bool begins_with(const uint8_t bytes[PIN_SIZE], const char *digits)
{
	char hex[PIN_TEXT_MAX];

	return strlen(digits) >= DIGITS_MIN && strncmp(text_hex(hex, bytes, PIN_SIZE), digits, strlen(digits)) == 0;
}

/* What is named: by its name, or where nothing has that name by the pin. */
static bool is_named(const struct peer_row *row, const char *what, bool by_pin)
{
	return by_pin ? begins_with(row->pin, what) : strcmp(row->name, what) == 0;
}

/* How many keys went. */
static int revoke_keys(struct server *server, const char *what, bool by_pin, uint32_t *ret, struct error *err)
{
	*ret = 0;
	for (size_t i = server->peers.n; i-- > 0;) {
		const struct peer_row row = server->peers.rows[i];
		int r;

		if (!is_named(&row, what, by_pin))
			continue;
		r = peers_remove(server->peers_path, &server->peers, row.pin, err);
		if (r < 0)
			return r;
		++*ret;
	}
	return 0;
}

static int revoke_tokens(struct server *server, const char *what, uint32_t *ret, struct error *err)
{
	const uint64_t now = clock_wall_ms();
	struct token_row row = {0};
	int r;

	*ret = 0;
	while ((r = store_next_token(server->store, row.hash, now, &row, err)) == 0) {
		if (!begins_with(row.hash, what))
			continue;
		r = store_forget_token(server->store, row.hash, err);
		if (r < 0)
			return r;
		++*ret;
	}
	return r < 0 ? r : 0;
}

static int revoke_named(struct server *server, const char *what, fq_Revoked *ret, struct error *err)
{
	char shown[256];
	int r = revoke_keys(server, what, false, &ret->keys, err);

	if (r == 0 && ret->keys == 0)
		r = revoke_keys(server, what, true, &ret->keys, err);
	if (r == 0 && ret->keys == 0)
		r = revoke_tokens(server, what, &ret->tokens, err);
	if (r == 0 && ret->keys + ret->tokens == 0)
		r = error_set(err, -ENOENT, ERROR_USAGE,
		              "nobody is enrolled as '%s', and no pin or token begins so; 'fqctl peers' and 'fqctl token --list' tell "
		              "who is (of a pin or a token at least %d digits)",
		              text_escape(shown, sizeof shown, what), DIGITS_MIN);
	return r;
}

void from_revoke(struct session *session, uint16_t tag, const void *message)
{
	const fq_RevokeRequest *request = message;
	fq_Revoked revoked = {0};
	struct error error;
	int r = revoke_named(session->server, request->what, &revoked, &error);

	sessions_check(session->server); /* also when only some could be taken out */
	if (r < 0) {
		session_fail(session, tag, &error);
		return;
	}
	log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_KEY_REVOKED, .peer = session->name},
	          "%s revokes %s: %u keys, %u tokens", session->name, TEXT(request->what), revoked.keys, revoked.tokens);
	if (drive_commit(session->server) < 0)
		return;
	session_send(session, fq_Type_REVOKED, tag, &revoked);
}

/* ---- live sessions */

static bool is_enrolled(const struct server *server, const struct session *session)
{
	const struct peer_row *row = peers_find(&server->peers, session->pin);

	if (session->vouched)
		return row && row->role == fq_Role_ROLE_WORKER && row->vouch;
	/* A worker names its node itself; whoever owns jobs does so under the name of his row. */
	return row && row->role == session->role && (row->role == fq_Role_ROLE_WORKER || strcmp(row->name, session->name) == 0);
}

void sessions_check(struct server *server)
{
	for (struct session *session = server->sessions; session; session = session->next) {
		struct error error;

		if (!session->welcome || !session->secured || is_enrolled(server, session))
			continue;
		(void)error_set(&error, -EPERM, ERROR_DENIED,
		                "this key was revoked or enrolled anew as something else; the coordinator's administrator knows");
		log_event(LOG_NOTICE,
		          &(struct log_about){.event = TOLD_SESSION_REVOKED, .peer = session->name, .address = session->address},
		          "%s from %s: its key was revoked", session->name, session->address);
		session_cut(session, &error);
	}
}
