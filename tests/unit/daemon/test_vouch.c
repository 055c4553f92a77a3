/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqcoordd, and workers of a few lines that vouch for users of their hosts: who may, for whom, as what, under which name, how
 * many, and how it ends. And a worker without slots, which is no node. Whatever cannot be set up ends the program.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/counters.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"
#include "tests/unit/daemon/coord_real.h"
#include "tests/unit/tap.h"

#define WORKERS 3

static void connection_freep(struct connection **connection)
{
	(void)connection_free(*connection); /* always NULL */
}

/* ---- what the coordinator is told */

/* With the key of worker i (or of the client: WORKERS). 0, or what the coordinator says. */
static int greet_as(struct setup *setup, size_t i, fq_Role role, const char *name, uint32_t uid, struct connection **ret,
                    fq_Welcome *ret_welcome, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	int r;

	hello->role = role;
	hello->vouched = true;
	hello->uid = uid;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = 1;
	(void)snprintf(hello->name, sizeof hello->name, "%s", name);
	*ret = worker_dial(setup, i);
	r = dial_hello(*ret, hello, WAIT_MS, ret_welcome, err);
	if (r < 0)
		*ret = connection_free(*ret);
	return r;
}

static struct connection *user_of(struct setup *setup, size_t i, const char *name, uint32_t uid)
{
	struct connection *connection;
	struct error err = {0};
	fq_Welcome welcome;

	must(greet_as(setup, i, fq_Role_ROLE_CLIENT, name, uid, &connection, &welcome, &err), &err);
	return connection;
}

static void no_user(struct setup *setup, size_t i, fq_Role role, const char *name, uint32_t uid, const char *words)
{
	_cleanup_(connection_freep) struct connection *connection = NULL;
	struct error err = {0};
	fq_Welcome welcome;

	ok(greet_as(setup, i, role, name, uid, &connection, &welcome, &err) < 0 && err.class == ERROR_DENIED && strstr(err.text, words),
	   "%s (%u) as %s by key %zu: %s", name, uid, role_name(role), i, err.text);
}

/* Workers 1 and 2 may vouch, or not; and the coordinator knows. */
static void let_vouch(struct setup *setup, bool vouch)
{
	struct peers peers = {0};
	struct error err = {0};
	char path[96];
	size_t reloads = setup_log(setup, "peers file");

	(void)snprintf(path, sizeof path, "%s/peers", setup->state);
	must(peers_load(path, &peers, &err), &err);
	for (size_t i = 0; i < 2; i++) {
		struct peer_row row = {.role = fq_Role_ROLE_WORKER, .vouch = vouch};

		memcpy(row.pin, setup->sides[i].pin, sizeof row.pin);
		(void)snprintf(row.name, sizeof row.name, "node%zu", i + 1);
		must(peers_add(path, &peers, &row, &err), &err);
	}
	peers_deinit(&peers);
	(void)kill(setup->pid, SIGHUP);
	for (int waited = 0; setup_log(setup, "peers file") == reloads && waited < WAIT_MS; waited += 10)
		(void)poll(NULL, 0, 10);
}

/* ---- who, and as what */

static void test_who(struct setup *setup)
{
	struct connection *connection;
	struct error err = {0};
	fq_Welcome welcome;

	no_user(setup, 0, fq_Role_ROLE_CLIENT, "alice", 1000,
	        "worker node1 may not vouch for users of its host; an administrator can let it");
	let_vouch(setup, true);
	ok(greet_as(setup, 0, fq_Role_ROLE_CLIENT, "alice", 1000, &connection, &welcome, &err) == 0 &&
	       welcome.role == fq_Role_ROLE_CLIENT,
	   "where the peers file says so he is a client: %s", err.text);
	connection = connection_free(connection);
	no_user(setup, 2, fq_Role_ROLE_CLIENT, "alice", 1000, "worker node3 may not vouch");
	no_user(setup, WORKERS, fq_Role_ROLE_CLIENT, "alice", 1000, "only a worker's key vouches for others");
	no_user(setup, 0, fq_Role_ROLE_ADMIN, "root", 0, "a client and nothing else");
	no_user(setup, 0, fq_Role_ROLE_WORKER, "node1", 1000, "a client and nothing else");
	no_user(setup, 0, fq_Role_ROLE_NONE, "alice", 1000, "a client and nothing else");
	no_user(setup, 0, fq_Role_ROLE_CLIENT, "nobody", 65534, "cannot tell who you are");
	no_user(setup, 0, fq_Role_ROLE_CLIENT, "x", UINT32_MAX, "cannot tell who you are");
	no_user(setup, 0, fq_Role_ROLE_CLIENT, "", 1000, "without a name");
	no_user(setup, 0, fq_Role_ROLE_CLIENT, "a234567890123456789012345678901234567890123456789012345678901234", 1000, "too long");
}

static void test_unix_socket(struct setup *setup)
{
	_cleanup_(connection_freep) struct connection *connection = client_open(setup);
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct error err = {0};
	fq_Welcome welcome;

	hello->role = fq_Role_ROLE_CLIENT;
	hello->vouched = true;
	hello->uid = 1000;
	(void)snprintf(hello->name, sizeof hello->name, "alice");
	ok(dial_hello(connection, hello, WAIT_MS, &welcome, &err) < 0 && strstr(err.text, "the unix socket has none"),
	   "nobody vouches by the unix socket: %s", err.text);
}

static bool is_refused(struct connection *connection, uint16_t type)
{
	_cleanup_(freep) void *message = calloc(1, message_struct_size(type) + 1);
	struct error err = {0};
	struct frame frame;

	return connection_send(connection, type, 7, message) == 0 && dial_wait(connection, WAIT_MS, &frame, &err) < 0 &&
	       strstr(err.text, "is not permitted to a");
}

static void test_root(struct setup *setup)
{
	static const uint16_t types[] = {fq_Type_TOKEN, fq_Type_PEERS, fq_Type_TOKENS, fq_Type_REVOKE, fq_Type_BACKUP, fq_Type_NODE_DRAIN,
	                                 fq_Type_NODE_RESUME, fq_Type_RESULT, fq_Type_DRAINING, fq_Type_HELLO};
	_cleanup_(connection_freep) struct connection *root = user_of(setup, 0, "root", 0);
	size_t n = 0;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		n += is_refused(root, types[i]);
	is_u64(n, sizeof types / sizeof *types, "root of a worker's host is no administrator, and no worker");
}

/* ---- under which name */

static void submit(struct setup *setup, struct connection *client, fq_Accepted *ret)
{
	client_submit(setup, client, COUNT_LENGTHS, (const uint8_t[1]){0}, 0);
	expect(client, fq_Type_ACCEPTED, ret);
}

static void is_owner(struct setup *setup, struct connection *client, uint64_t job, const char *owner)
{
	_cleanup_(connection_freep) struct connection *admin = client_new(setup);
	fq_Empty end;
	fq_Job row;

	(void)client;
	(void)connection_send(admin, fq_Type_STATUS, 0, &(fq_JobsRequest){.job = job});
	expect(admin, fq_Type_JOB, &row);
	expect(admin, fq_Type_END, &end);
	is_str(row.owner, owner, "the owner");
}

/* Whether the job is his: to others it is not there. */
static bool has(struct connection *client, uint64_t job)
{
	struct error err = {0};
	struct frame frame;
	int r;

	if (connection_send(client, fq_Type_SHOW, 9, &(fq_JobsRequest){.job = job}) < 0)
		return false;
	do
		r = dial_wait(client, WAIT_MS, &frame, &err);
	while (r == 0 && frame.type != fq_Type_END);
	return r == 0;
}

static void test_names(struct setup *setup)
{
	_cleanup_(connection_freep) struct connection *here = user_of(setup, 0, "alice", 1000), *there = user_of(setup, 1, "alice", 1000);
	_cleanup_(connection_freep) struct connection *number = user_of(setup, 1, "alice", 1001), *bob = user_of(setup, 0, "bob", 1000);
	_cleanup_(connection_freep) struct connection *root = user_of(setup, 0, "root", 0), *keyed = user_of(setup, 0, "user4@host", 4);
	_cleanup_(connection_freep) struct connection *admin = client_new(setup), *key = client_dial(setup);
	struct error err = {0};
	fq_Accepted accepted;

	submit(setup, here, &accepted);
	is_owner(setup, here, accepted.job, "alice:1000");
	ok(has(here, accepted.job) && has(there, accepted.job), "through another worker she has the same jobs");
	ok(!has(number, accepted.job) && !has(bob, accepted.job), "who has her name or her number alone does not");
	ok(!has(root, accepted.job) && has(admin, accepted.job), "nor root of a worker's host; an administrator has");
	submit(setup, admin, &accepted);
	ok(!has(root, accepted.job), "root's jobs by the coordinator's own socket are not his");
	must(client_greet(key, &err), &err);
	submit(setup, key, &accepted);
	is_owner(setup, key, accepted.job, "user4@host");
	ok(!has(keyed, accepted.job), "a user by the name of a key is not its owner");
	submit(setup, keyed, &accepted);
	is_owner(setup, keyed, accepted.job, "user4_host:4");
}

/* ---- the end of it */

/* What comes until nothing comes, or the end. */
static int hear_out(struct connection *connection, struct error *err)
{
	struct frame frame;
	int r;

	do
		r = dial_wait(connection, 300, &frame, err);
	while (r == 0);
	return r;
}

static void test_revoked(struct setup *setup)
{
	struct connection *alice = user_of(setup, 0, "alice", 1000), *worker = worker_new(setup, 0);
	_cleanup_(connection_freep) struct connection *bob = user_of(setup, 1, "bob", 1001), *admin = client_new(setup);
	struct error err = {0};
	fq_Revoked revoked;

	let_vouch(setup, false);
	refused(&alice, "this key was revoked or enrolled anew as something else", "without the word its users' connections end");
	refused(&bob, "this key was revoked", "those of both");
	ok(hear_out(worker, &err) == -ETIMEDOUT, "the worker stays: %s", err.text);
	let_vouch(setup, true);
	alice = user_of(setup, 0, "alice", 1000);
	(void)connection_send(admin, fq_Type_REVOKE, 0, &(fq_RevokeRequest){.what = "node1"});
	expect(admin, fq_Type_REVOKED, &revoked);
	refused(&alice, "this key was revoked", "the worker's key is revoked: his users' connections end");
	ok(hear_out(worker, &err) < 0 && strstr(err.text, "this key was revoked"), "and its own: %s", err.text);
	worker = connection_free(worker);
}

static void test_distrusted(struct setup *setup)
{
	_cleanup_(connection_freep) struct connection *worker = worker_new(setup, 1), *admin = client_new(setup);
	struct connection *alice = user_of(setup, 1, "alice", 1000);
	struct error err = {0};
	fq_Empty done;

	(void)connection_send(worker, fq_Type_JOINED, 0, &(fq_Joined){0});
	ok(hear_out(worker, &err) < 0 && strstr(err.text, "JOINED is not for a coordinator"), "a worker sends what cannot be: %s",
	   err.text);
	refused(&alice, "worker node2 is not trusted any more", "its users' connections end");
	no_user(setup, 1, fq_Role_ROLE_CLIENT, "alice", 1000, "vouches for nobody until an administrator resumes it");
	(void)connection_send(admin, fq_Type_NODE_RESUME, 0, &(fq_NodeRequest){.name = "node2"});
	expect(admin, fq_Type_DONE, &done);
	alice = user_of(setup, 1, "alice", 1000);
	ok(alice, "and then it may again");
	alice = connection_free(alice);
}

/* ---- how many */

static void test_places(void)
{
	const char *const options[] = {"--connections-max", "32", NULL};
	struct connection *users[8] = {0}, *more;
	struct error err = {0};
	struct setup setup;
	fq_Welcome welcome;
	char name[16];

	setup_start(&setup, WORKERS, 0, options);
	let_vouch(&setup, true);
	for (uint32_t i = 0; i < 8; i++) {
		(void)snprintf(name, sizeof name, "user%u", i / 2);
		users[i] = user_of(&setup, 0, name, 1000 + i / 2);
	}
	ok(greet_as(&setup, 1, fq_Role_ROLE_CLIENT, "user0", 1000, &more, &welcome, &err) < 0 && err.class == ERROR_TEMPORARY &&
	       strstr(err.text, "user0:1000 has as many connections"),
	   "of 32 places one user has at most two, through whatever workers: %s", err.text);
	ok(greet_as(&setup, 0, fq_Role_ROLE_CLIENT, "user9", 1009, &more, &welcome, &err) < 0 && err.class == ERROR_TEMPORARY &&
	       strstr(err.text, "as one worker may bring"),
	   "and all users of one worker eight: %s", err.text);
	more = user_of(&setup, 1, "user9", 1009);
	ok(more, "another worker's have places");
	more = connection_free(more);
	more = worker_new(&setup, 0);
	ok(more, "and the worker itself, to count");
	more = connection_free(more);
	for (size_t i = 0; i < 8; i++)
		users[i] = connection_free(users[i]);
	setup_stop(&setup);
}

/* ---- a worker without slots */

static void test_gate_only(struct setup *setup)
{
	_cleanup_(connection_freep) struct connection *worker = worker_dial(setup, 1), *admin = client_new(setup);
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct error err = {0};
	fq_Welcome welcome;
	fq_Empty end;

	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	(void)snprintf(hello->name, sizeof hello->name, "login");
	must(dial_hello(worker, hello, WAIT_MS, &welcome, &err), &err);
	ok(welcome.role == fq_Role_ROLE_WORKER, "a worker without slots is welcome");
	ok(is_refused(worker, fq_Type_DRAINING), "it may say nothing");
	(void)connection_send(admin, fq_Type_NODES, 0, NULL);
	expect(admin, fq_Type_END, &end);
	ok(true, "it is no node");
	worker = connection_free(worker);
	(void)connection_send(admin, fq_Type_NODES, 0, NULL);
	expect(admin, fq_Type_END, &end);
	ok(true, "nor one that is down, when it has gone");
}

int main(void)
{
	const char *const options[] = {NULL};
	struct setup setup;

	setup_start(&setup, WORKERS, 0, options);
	test_gate_only(&setup);
	test_who(&setup);
	test_unix_socket(&setup);
	test_root(&setup);
	test_names(&setup);
	test_distrusted(&setup);
	test_revoked(&setup);
	setup_stop(&setup);
	test_places();
	return done_testing();
}
