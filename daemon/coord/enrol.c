/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is it: HELLO of a key that is enrolled (or of a user of this host's unix socket), JOIN of a key that has a token's
 * secret. Of a secret only its SHA-256 is kept.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/coord/session.h"
#include "daemon/events.h"
#include "lib/base/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define SLOTS_MAX 4096
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Whom the kernel cannot name because he is of another user namespace; a host may have another number for him. */
#define UID_OVERFLOW 65534

/* A name that may stand in tables, lists and files: letters, digits, and . _ - @ : */
static bool name_valid(const char *name)
{
	return name[0] && strspn(name, NAME_LETTERS "._-@:") == strlen(name);
}

/* Nobody who is not let in fills the journal. */
static void refuse(struct session *session, const char *what, const struct error *error)
{
	peer_refuse(session->peer, error);
	stranger_line(session->server, LOG_NOTICE, "%s from %s was turned away: %s", what,
	              session->secured ? session->address : "the unix socket", error->text);
}

/* ---- HELLO: a ladder; each step refuses with its sentence */

static int hello_version(const fq_Hello *hello, struct error *err)
{
	if (hello->proto_min <= message_version() && hello->proto_max >= PROTO_VERSION_OLDEST && hello->proto_min <= hello->proto_max)
		return 0;
	return error_set(err, -EPROTO, ERROR_PROTOCOL, "this coordinator speaks protocol %u to %u, you %u to %u; use the same "
	                 "version of fqcluster", PROTO_VERSION_OLDEST, message_version(), hello->proto_min, hello->proto_max);
}

static bool uid_is_nobody(uint32_t uid)
{
	unsigned int number;
	FILE *file = fopen("/proc/sys/kernel/overflowuid", "re"); /* hidden from a service with ProcSubset=pid */
	bool told = file && fscanf(file, "%u", &number) == 1;

	if (file)
		(void)fclose(file);
	return uid == UID_OVERFLOW || uid == (uint32_t)-1 || (told && uid == number);
}

/*
 * The user behind the unix socket. The kernel gives his uid as this process's user namespace knows it; all that it does not know
 * (users of the host where the coordinator runs in a container, or under PrivateUsers=) share one number, which therefore is nobody.
 * A name that could be that of a key (with @), or does not fit, is not used.
 */
static int hello_user(struct session *session, fq_Role *ret_role, struct error *err)
{
	const struct passwd *user;

	if (uid_is_nobody(session->uid))
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "the system does not tell who you are (user %u, of another user namespace?); join with a key: get a "
		                 "token from the coordinator's administrator and say 'fqctl join HOST TOKEN'", session->uid);
	user = getpwuid(session->uid);
	if (user && strlen(user->pw_name) < sizeof session->name && name_valid(user->pw_name) && !strchr(user->pw_name, '@'))
		(void)snprintf(session->name, sizeof session->name, "%s", user->pw_name);
	else
		(void)snprintf(session->name, sizeof session->name, "uid:%u", session->uid);
	*ret_role = session->uid == 0 || session->uid == geteuid() ? fq_Role_ROLE_ADMIN : fq_Role_ROLE_CLIENT;
	return 0;
}

/*
 * A user of a worker's host, for whom the worker vouches. He is NAME:UID: the same through every worker whose host knows him by the
 * same name and number, and nobody else, since neither the name of a key that has joined (it has an @, which is not taken over)
 * nor that of a user of the unix socket is made like that. So root of such a host is a plain user, root:0.
 */
static int hello_vouched(struct session *session, const struct peer_row *row, const fq_Hello *hello, struct error *err)
{
	char name[PEER_NAME_MAX], *c;

	if (row->role != fq_Role_ROLE_WORKER)
		return error_set(err, -EPERM, ERROR_DENIED, "only a worker's key vouches for others, this one is %s's", row->name);
	if (!row->vouch)
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "worker %s may not vouch for users of its host; an administrator can let it: the word vouch behind its "
		                 "line in the coordinator's peers file, and SIGHUP; or join with a key of your own: 'fqctl join HOST TOKEN'",
		                 row->name);
	if (hello->role != fq_Role_ROLE_CLIENT)
		return error_set(err, -EPERM, ERROR_DENIED, "a user for whom a worker vouches is a client and nothing else");
	if (distrust_reason(session, NULL, false))
		return error_set(err, -EPERM, ERROR_DENIED, "worker %s %s, and vouches for nobody until an administrator resumes it",
		                 row->name, distrust_reason(session, NULL, false));
	if (uid_is_nobody(hello->uid) || hello->name[0] == '\0')
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "worker %s cannot tell who you are (user %u, without a name); join with a key of your own: "
		                 "'fqctl join HOST TOKEN'", row->name, hello->uid);
	(void)snprintf(name, sizeof name, "%s", hello->name);
	for (c = name; *c; c++)
		if (!strchr(NAME_LETTERS "._-", *c))
			*c = '_';
	if ((size_t)snprintf(session->name, sizeof session->name, "%s:%u", name, hello->uid) >= sizeof session->name)
		return error_set(err, -EINVAL, ERROR_DENIED, "your user name is too long (%zu bytes); join with a key of your own",
		                 strlen(name));
	session->vouched = true;
	return 0;
}

/* By its key, or by the user behind the unix socket. */
static int hello_identity(struct session *session, const fq_Hello *hello, fq_Role *ret_role, struct error *err)
{
	char pin[PIN_TEXT_MAX];
	const struct peer_row *row;

	if (!session->secured && hello->vouched)
		return error_set(err, -EPERM, ERROR_DENIED, "only a worker's key vouches for others; the unix socket has none");
	if (!session->secured)
		return hello_user(session, ret_role, err);
	if (!connection_peer_pin(peer_connection(session->peer), session->pin))
		return error_set(err, -EPERM, ERROR_DENIED, "there is no key");
	row = peers_find(&session->server->peers, session->pin);
	if (!row)
		return error_set(err, -EPERM, ERROR_DENIED,
		                 "this key (%.16s...) is not enrolled here; get a token from the coordinator's administrator and join",
		                 text_hex(pin, session->pin, PIN_SIZE));
	*ret_role = hello->vouched ? fq_Role_ROLE_CLIENT : row->role;
	if (hello->vouched)
		return hello_vouched(session, row, hello, err);
	(void)snprintf(session->name, sizeof session->name, "%s", row->name);
	return 0;
}

static int hello_role(const fq_Hello *hello, fq_Role role, struct error *err)
{
	bool worker = hello->role == fq_Role_ROLE_WORKER;

	if (worker == (role == fq_Role_ROLE_WORKER) && role != fq_Role_ROLE_NONE)
		return 0;
	return error_set(err, -EPERM, ERROR_DENIED, worker ? "this key may not be a worker's; join with a token of role worker"
	                                                   : "this key is a worker's and may not be a client's");
}

/* Whether what it says of generations and slices is of this state. A worker of protocol 1 does not say of which. */
static bool is_ours(const struct session *session, const fq_Hello *hello)
{
	const uint8_t *uuid = store_uuid(session->server->store);

	return hello->coordinator.size == 0 || (hello->coordinator.size == 16 && memcmp(hello->coordinator.bytes, uuid, 16) == 0);
}

/* Said once, however often workers come and whatever they say. What a worker claims is no proof of anything: nothing else follows from it. */
static void say_older(struct server *server, const fq_Hello *hello)
{
	const struct log_about about = {
		.event = TOLD_STATE_IS_OLD, .node = hello->name, .generation = LOG_ID(store_generation(server->store))};

	if (server->told_older)
		return;
	server->told_older = true;
	log_event(LOG_ERR, &about,
	          "worker %s has seen start %llu of this coordinator, which is at start %llu: its state was put back from an old backup, "
	          "or another coordinator runs with a copy; end that one, or start this one once with --accept-rollback", hello->name,
	          (unsigned long long)hello->generation_seen, (unsigned long long)store_generation(server->store));
}

/* By JOIN, and by no other name: a worker of one key may run on several nodes. */
static bool name_of_other_key(const struct session *session, const char *name)
{
	const struct peers *peers = &session->server->peers;
	bool other = false;

	for (size_t i = 0; i < peers->n; i++) {
		if (peers->rows[i].role != fq_Role_ROLE_WORKER || strcmp(peers->rows[i].name, name) != 0)
			continue;
		if (digest_equal(peers->rows[i].pin, session->pin, PIN_SIZE))
			return false;
		other = true;
	}
	return other;
}

/* A name that another key has, or is there with: else any worker could take the place of any other. */
static int hello_name(const struct session *session, const char *name, struct error *err)
{
	bool other = name_of_other_key(session, name);

	for (const struct session *there = session->server->sessions; there && !other; there = there->next)
		other = there->welcome && there->role == fq_Role_ROLE_WORKER && strcmp(there->name, name) == 0 &&
		        !digest_equal(there->pin, session->pin, PIN_SIZE);
	if (!other)
		return 0;
	return error_set(err, -EEXIST, ERROR_TEMPORARY,
	                 "the node name %s belongs to another key; join again under that name, or give this node one of its own", name);
}

/* What a batch system calls itself and its job stands in tables and lists, too. */
static int hello_batch(const fq_Hello *hello, struct error *err)
{
	const char *engine = hello->batch_engine, *job = hello->batch_job;

	if (engine[strspn(engine, NAME_LETTERS "_-")] != '\0')
		return error_set(err, -EINVAL, ERROR_CONFIG, "'%s' is no name of a batch system; it has letters, digits, _ and -", TEXT(engine));
	if (job[strspn(job, NAME_LETTERS "._-[]@:")] != '\0')
		return error_set(err, -EINVAL, ERROR_CONFIG, "'%s' is no name of a batch job; it has letters, digits and . _ - [ ] @ :", TEXT(job));
	if (engine[0] == '\0' && (job[0] != '\0' || hello->batch_ends != 0))
		return error_set(err, -EINVAL, ERROR_CONFIG, "a batch job of no batch system");
	if (hello->batch_ends > INT64_MAX / 1000)
		return error_set(err, -EINVAL, ERROR_CONFIG, "%llu is no time at which a batch job ends", (unsigned long long)hello->batch_ends);
	return 0;
}

static int hello_worker(const struct session *session, const fq_Hello *hello, struct error *err)
{
	const char *distrusted;

	if (!name_valid(hello->name))
		return error_set(err, -EINVAL, ERROR_CONFIG,
		                 "'%s' is no name for a node; it has letters, digits and . _ - @ : and at most %d of them",
		                 TEXT(hello->name), PEER_NAME_MAX - 1);
	if (hello_batch(hello, err) < 0)
		return -EINVAL;
	distrusted = distrust_reason(session, hello->name, hello->batch_engine[0] != '\0');
	if (distrusted)
		return error_set(err, -EPERM, ERROR_DENIED, "this worker %s; an administrator can let it in again: fqctl resume %s",
		                 distrusted, hello->name);
	if (hello->slots > SLOTS_MAX)
		return error_set(err, -EINVAL, ERROR_CONFIG, "%u slots are too many for a node; the most is %d", hello->slots,
		                 SLOTS_MAX);
	if (is_ours(session, hello) && hello->generation_seen > store_generation(session->server->store)) {
		say_older(session->server, hello);
		return error_set(err, -ESTALE, ERROR_DENIED,
		                 "this worker has seen start %llu of the coordinator, which now is at start %llu: its state was "
		                 "put back from an old backup, or it is a copy; its administrator has to look",
		                 (unsigned long long)hello->generation_seen,
		                 (unsigned long long)store_generation(session->server->store));
	}
	return hello_name(session, hello->name, err);
}

/*
 * What a worker brings from before this start is of use only when the plan it was counted by was committed then: a TASK may
 * leave up to 50 ms before its plan is, and a plan that was lost is made anew, perhaps of a file that has changed. Such
 * slices are taken out of hello->held and named in welcome->drop; so are all that it holds for another state, whose jobs have
 * other numbers.
 */
static void hello_held(const struct session *session, fq_Hello *hello, fq_Welcome *welcome)
{
	struct store *store = session->server->store;
	uint32_t kept = 0;

	if (!is_ours(session, hello))
		hello->generation_seen = 0;
	if (hello->generation_seen >= store_generation(store))
		return;
	for (uint32_t i = 0; i < hello->held_count; i++) {
		const fq_SliceRef ref = hello->held[i];
		struct error error;
		uint64_t planned;

		if (store_find_plan(store, ref.job, ref.file, &planned, &error) == 0 && planned <= hello->generation_seen)
			hello->held[kept++] = ref;
		else
			welcome->drop[welcome->drop_count++] = ref;
	}
	hello->held_count = (pb_size_t)kept;
}

static int hello_nonce(struct session *session, struct error *err)
{
	int r = digest_random(session->nonce, sizeof session->nonce);

	return r < 0 ? error_set(err, r, ERROR_OS, "no random bytes: %s", strerror(-r)) : 0;
}

void from_hello(struct session *session, uint16_t tag, const void *message)
{
	const struct server *server = session->server;
	fq_Hello hello_copy = *(const fq_Hello *)message, *hello = &hello_copy;
	fq_Role role = fq_Role_ROLE_NONE;
	struct error error;
	fq_Welcome welcome = {
		.generation = store_generation(server->store),
		.ping_ms = (uint32_t)server->settings->ping_ms,
		.dead_ms = (uint32_t)server->settings->dead_ms,
		.version = PACKAGE_VERSION,
	};

	if (hello_version(hello, &error) < 0 || hello_identity(session, hello, &role, &error) < 0 ||
	    hello_role(hello, role, &error) < 0 ||
	    (role != fq_Role_ROLE_ADMIN && session_room(session, &error) < 0) ||
	    (role == fq_Role_ROLE_WORKER && hello_worker(session, hello, &error) < 0) || hello_nonce(session, &error) < 0) {
		refuse(session, "a connection", &error);
		return;
	}
	session->role = role;
	session->gate_only = role == fq_Role_ROLE_WORKER && hello->slots == 0;
	session->welcome = true;
	session->proto = welcome.proto = hello->proto_max < message_version() ? hello->proto_max : message_version();
	(void)snprintf(session->version, sizeof session->version, "%.31s", hello->version);
	welcome.role = role;
	memcpy(welcome.coordinator, store_uuid(server->store), sizeof welcome.coordinator);
	if (role != fq_Role_ROLE_WORKER && session->proto >= 2 && session_proves(session)) {
		welcome.nonce.size = sizeof session->nonce;
		memcpy(welcome.nonce.bytes, session->nonce, sizeof session->nonce);
	}
	if (role == fq_Role_ROLE_WORKER)
		hello_held(session, hello, &welcome);
	session_send(session, fq_Type_WELCOME, tag, &welcome);
	FAILPOINT("welcomed");
	peer_set_times(session->peer, server->settings->ping_ms, server->settings->dead_ms);
	if (session->vouched)
		log_debug("client %s through worker %s", session->name, peers_find(&session->server->peers, session->pin)->name);
	if (role == fq_Role_ROLE_WORKER)
		from_worker_hello(session, hello);
}

/* ---- JOIN */

static bool name_taken(const struct peers *peers, const struct peer_row *row)
{
	for (size_t i = 0; i < peers->n; i++)
		if (peers->rows[i].role != fq_Role_ROLE_WORKER && strcmp(peers->rows[i].name, row->name) == 0 &&
		    !digest_equal(peers->rows[i].pin, row->pin, PIN_SIZE))
			return true;
	return false;
}

/*
 * A person's name owns jobs, and he chooses it himself: it is never that of another key, nor (without its @) that of a user
 * of the unix socket.
 */
static int join_name(const struct peers *peers, const char *wish, struct peer_row *row, struct error *err)
{
	const char *at = strchr(wish, '@');

	(void)snprintf(row->name, sizeof row->name, "%s", wish);
	if (row->role == fq_Role_ROLE_WORKER) /* no node has an @ in its name */
		return !at ? 0
		           : error_set(err, -EINVAL, ERROR_USAGE, "this token is for a worker, which joins by 'fqworkerd --join' (it is still good), and %s would "
		                       "join as a person; get a token by 'fqctl token --role client'", TEXT(wish));
	if (!at || at == wish || at[1] == '\0')
		return error_set(err, -EINVAL, ERROR_USAGE, "this token is for a person, who joins by 'fqctl join' as USER@HOST (it is still good), and not as '%s'; "
		                 "a worker's comes from 'fqctl token --role worker'", TEXT(wish));
	for (unsigned i = 2; name_taken(peers, row); i++)
		(void)snprintf(row->name, sizeof row->name, "%.54s.%u", wish, i);
	return 0;
}

/* What the token makes of the key; who came with the wrong one, or the wrong way, has not used it. */
static int token_fits(struct server *server, const uint8_t hash[DIGEST_SIZE], const char *wish, struct peer_row *row, struct error *err)
{
	uint32_t role = 0;
	int r = store_find_token(server->store, hash, clock_wall_ms(), &role, err);

	if (r < 0)
		return r;
	if (r == STORE_NONE)
		return error_set(err, -EPERM, ERROR_DENIED, "this token is unknown, used up or expired; get a new one");
	row->role = (fq_Role)(role & ~TOKEN_VOUCH);
	row->vouch = role & TOKEN_VOUCH;
	return join_name(&server->peers, wish, row, err);
}

static int join(struct session *session, const fq_Join *message, struct peer_row *ret, struct error *err)
{
	struct server *server = session->server;
	struct peer_row row = {0};
	uint8_t hash[DIGEST_SIZE];
	uint32_t role;
	int r;

	if (!session->secured || !connection_peer_pin(peer_connection(session->peer), row.pin))
		return error_set(err, -EPERM, ERROR_DENIED, "only a key can join; the unix socket needs none");
	if (!name_valid(message->name))
		return error_set(err, -EINVAL, ERROR_USAGE, "'%s' is no name to join with; it has letters, digits and . _ - @ :",
		                 TEXT(message->name));
	r = digest_sha256(message->secret, strlen(message->secret), NULL, 0, hash);
	if (r < 0)
		return error_set(err, r, ERROR_OS, "no digest: %s", strerror(-r));
	r = token_fits(server, hash, message->name, &row, err);
	if (r < 0)
		return r;
	r = store_use_token(server->store, hash, clock_wall_ms(), &role, err);
	if (r < 0)
		return r;
	if (r == STORE_NONE) /* it was good when it was looked at */
		return error_set(err, -EPERM, ERROR_DENIED, "this token has just expired; get a new one");
	FAILPOINT("token-used");
	if (drive_commit(server) < 0) /* the use counts, whatever comes */
		return error_set(err, -ENOSPC, ERROR_TEMPORARY, "the coordinator's disk is full; join again later");
	FAILPOINT("token-committed");
	r = peers_add(server->peers_path, &server->peers, &row, err);
	if (r == 0)
		*ret = row;
	return r;
}

void from_join(struct session *session, uint16_t tag, const void *message)
{
	fq_Joined joined = {0};
	struct peer_row row;
	struct error error;

	if (join(session, message, &row, &error) < 0) {
		refuse(session, "a key that would join", &error);
		return;
	}
	FAILPOINT("joined");
	joined.role = row.role;
	log_event(LOG_NOTICE, &(struct log_about){.event = TOLD_KEY_ENROLLED, .peer = row.name, .address = session->address},
	          "%s joined as %s%s from %s", row.name, role_name(row.role),
	          row.vouch ? ", which vouches for users of its host," : "", session->address);
	sessions_check(session->server); /* it may have been enrolled as something else */
	session_send(session, fq_Type_JOINED, tag, &joined);
	peer_end(session->peer, "has joined");
}
