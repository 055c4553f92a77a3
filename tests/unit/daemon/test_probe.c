/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PROBE at a real fqcoordd, with clients and workers of a few lines: who is told what of a path, which answers are believed, how many
 * questions may be on their way, and how they end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/fastq/proof.h"
#include "lib/wire/dial.h"
#include "tests/unit/daemon/coord_real.h"
#include "tests/unit/tap.h"

#define PATH "/secret/reads.fq"
#define SESSION_MAX 4 /* as in probe.c */
#define LOOKS_MAX 8

struct asker {
	struct connection *connection;
	fq_Welcome welcome;
};

/* One who has to prove what he reads. */
static struct asker person(struct setup *setup)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct asker asker = {.connection = client_dial(setup)};
	struct error err = {0};

	hello->role = fq_Role_ROLE_CLIENT;
	must(dial_hello(asker.connection, hello, WAIT_MS, &asker.welcome, &err), &err);
	return asker;
}

static fq_Probe probe_of(const char *node, bool proven)
{
	fq_Probe probe = {.path = PATH, .size = 4711, .uuid = {.size = 16, .bytes = {9, 8, 7}}};

	(void)snprintf(probe.node, sizeof probe.node, "%s", node);
	if (proven) {
		probe.proof.size = PROOF_SIZE;
		memset(probe.proof.bytes, 5, PROOF_SIZE);
	}
	return probe;
}

static void ask(struct connection *client, const char *node, bool proven)
{
	const fq_Probe probe = probe_of(node, proven);

	send_message(client, fq_Type_PROBE, &probe);
}

/* The worker says that it cannot, in words that not everybody may know. */
static void say_no(struct connection *worker, const fq_Look *look, bool unproven)
{
	fq_Looked looked = {.number = look->number, .clock_ms = clock_wall_ms() + 60000, .has_error = true, .unproven = unproven,
	                    .error_number = unproven ? EPERM : EACCES};

	(void)snprintf(looked.error.text, sizeof looked.error.text, unproven ? "other bytes" : PATH ": Permission denied");
	send_message(worker, fq_Type_LOOKED, &looked);
}

static void say_yes(struct connection *worker, const fq_Look *look)
{
	const fq_Looked looked = {.number = look->number, .clock_ms = clock_wall_ms(), .size = 4711, .kind = 1};

	send_message(worker, fq_Type_LOOKED, &looked);
}

static void told(struct connection *client, fq_Probed *ret)
{
	fq_Empty end;

	expect(client, fq_Type_PROBED, ret);
	expect(client, fq_Type_END, &end);
}

/* Asks until the node is not busy any more: the coordinator may hear of its answers behind the question. */
static void ask_until(struct connection *client, const char *node)
{
	struct error err = {0};
	struct frame frame;
	fq_Empty end;

	for (ask(client, node, false); dial_wait(client, 300, &frame, &err) == 0; ask(client, node, false))
		expect(client, fq_Type_END, &end);
}

static void is_error(struct connection *client, const char *sentence)
{
	struct error err = {0};
	struct frame frame;

	ok(dial_wait(client, WAIT_MS, &frame, &err) == -EREMOTEIO && strstr(err.text, sentence), "%s", err.text);
}

/* ---- who may know what */

static void test_person(struct setup *setup, struct connection *worker)
{
	struct asker asker = person(setup);
	uint8_t key[PROOF_SIZE];
	fq_Probed first, second, third;
	fq_Look look;

	is_u64(asker.welcome.nonce.size, PROOF_NONCE_SIZE, "a client has to prove");
	ask(asker.connection, "node1", false);
	is_error(asker.connection, "no proof that you can read");
	ask(asker.connection, "node1", true);
	expect(worker, fq_Type_LOOK, &look);
	ok(proof_key(asker.welcome.nonce.bytes, probe_of("", true).uuid.bytes, 0, key) == 0 && look.proof_wanted && look.size == 4711 &&
	       memcmp(look.proof_key.bytes, key, PROOF_SIZE) == 0 && look.proof.bytes[31] == 5 && strcmp(look.path, PATH) == 0,
	   "the worker gets his proof, and the key of this connection");
	say_no(worker, &look, false);
	told(asker.connection, &first);
	ok(first.answer == fq_ProbeAnswer_PROBE_FAILED && first.error_number == 0 && !strstr(first.text, "Permission"),
	   "one that cannot: he is not told why: %s", first.text);
	ok(first.clock_told && first.clock_ms > 50000 && first.clock_ms < 70000, "but how late it is there");
	ask(asker.connection, "node1", true);
	expect(worker, fq_Type_LOOK, &look);
	say_no(worker, &look, true);
	told(asker.connection, &second);
	ok(second.answer == first.answer && strcmp(second.text, first.text) == 0 && second.error_number == 0 && second.size == 0,
	   "one that has another: in the same words");
	ask(asker.connection, "", true);
	expect(worker, fq_Type_LOOK, &look);
	say_yes(worker, &look);
	told(asker.connection, &third);
	ok(third.answer == fq_ProbeAnswer_PROBE_OPENED && third.size == 4711 && strcmp(third.node, "node1") == 0, "one that can: so");
	ask(asker.connection, "node7", true);
	is_error(asker.connection, "there is no node 'node7'");
	connection_free(asker.connection);
}

static void test_admin(struct setup *setup, struct connection *worker)
{
	struct connection *admin = client_new(setup);
	fq_Probed probed;
	fq_Look look;

	ask(admin, "node1", false);
	expect(worker, fq_Type_LOOK, &look);
	ok(!look.proof_wanted, "of an administrator no proof is wanted");
	say_no(worker, &look, false);
	told(admin, &probed);
	ok(probed.answer == fq_ProbeAnswer_PROBE_FAILED && probed.error_number == EACCES && strstr(probed.text, "Permission denied"),
	   "and he is told why: %s", probed.text);
	connection_free(admin);
}

/* ---- what is believed */

static void test_believed(struct setup *setup, struct connection *worker)
{
	struct connection *admin = client_new(setup), *other = worker_new(setup, 1);
	fq_Look look, stray = {.number = 4000000};
	fq_Probed probed;

	say_yes(worker, &stray);
	ask(admin, "node1", false);
	expect(worker, fq_Type_LOOK, &look);
	say_yes(other, &look);
	say_no(worker, &look, true);
	told(admin, &probed);
	ok(probed.answer == fq_ProbeAnswer_PROBE_OTHER && strcmp(probed.node, "node1") == 0,
	   "neither an answer to nothing nor that of a node that was not asked is believed");
	say_yes(worker, &look);
	ask(admin, "", false);
	expect(worker, fq_Type_LOOK, &look);
	expect(other, fq_Type_LOOK, &look);
	connection_free(other);
	expect(admin, fq_Type_PROBED, &probed);
	ok(probed.answer == fq_ProbeAnswer_PROBE_DOWN && strcmp(probed.node, "node2") == 0, "a node that goes away has not answered: %s",
	   probed.text);
	say_yes(worker, &look);
	told(admin, &probed);
	is_int(probed.answer, fq_ProbeAnswer_PROBE_OPENED, "the other one has");
	connection_free(admin);
}

/* ---- bounds */

static void test_bounds(struct setup *setup, struct connection *worker)
{
	struct connection *admin = client_new(setup);
	uint64_t began = clock_monotonic_ms();
	fq_Look looks[LOOKS_MAX];
	fq_Probed probed;
	fq_Empty end;

	for (size_t i = 0; i < SESSION_MAX; i++) {
		ask(admin, "node1", false);
		expect(worker, fq_Type_LOOK, &looks[i]);
	}
	ask(admin, "node1", false);
	is_error(admin, "one connection can ask for 4 paths at a time");
	connection_free(admin); /* its questions go on to count */
	admin = client_new(setup);
	for (size_t i = SESSION_MAX; i < LOOKS_MAX; i++) {
		ask(admin, "node1", false);
		expect(worker, fq_Type_LOOK, &looks[i]);
	}
	for (size_t i = SESSION_MAX; i < LOOKS_MAX; i++) {
		told(admin, &probed);
		if (probed.answer != fq_ProbeAnswer_PROBE_SILENT)
			ok(false, "answer %d", (int)probed.answer);
	}
	ok(clock_monotonic_ms() - began < 15000, "a node that is silent is told as such, in time: %s", probed.text);
	ask(admin, "node1", false);
	told(admin, &probed);
	is_int(probed.answer, fq_ProbeAnswer_PROBE_BUSY, "and asked no more, until it has answered: %s", probed.text);
	for (size_t i = 0; i < LOOKS_MAX; i++)
		say_yes(worker, &looks[i]);
	ask_until(admin, "node1");
	expect(worker, fq_Type_LOOK, &looks[0]);
	say_yes(worker, &looks[0]);
	expect(admin, fq_Type_PROBED, &probed);
	is_int(probed.answer, fq_ProbeAnswer_PROBE_OPENED, "then it is; late answers have gone nowhere");
	expect(admin, fq_Type_END, &end);
	connection_free(admin);
}

static void test_health(struct setup *setup)
{
	struct asker asker = person(setup);
	const fq_Empty empty = {0};
	uint64_t now = clock_wall_ms();
	fq_HealthTold told;
	fq_Probed probed;

	send_message(asker.connection, fq_Type_HEALTH, &empty);
	expect(asker.connection, fq_Type_HEALTH_TOLD, &told);
	ok(told.clock_ms >= now && told.clock_ms < now + WAIT_MS && strcmp(told.name, "user3@host") == 0, "HEALTH: the time, and who I am");
	ok(told.disk_size > 0 && told.disk_free <= told.disk_size && !told.disk_full, "the disk");
	ok(told.proof == fq_ProofOf_PROOF_CLIENT && told.slices == 0, "of whom proofs are wanted, and no troubles");
	ask(asker.connection, "node2", true);
	told = (fq_HealthTold){0};
	expect(asker.connection, fq_Type_PROBED, &probed);
	is_int(probed.answer, fq_ProbeAnswer_PROBE_DOWN, "a node that is not connected: %s", probed.text);
	connection_free(asker.connection);
}

int main(void)
{
	static const char *const options[] = {"--proof", "client", "--dead", "60s", NULL};
	struct setup setup;

	setup_start(&setup, 2, 0, options);
	setup.worker = worker_new(&setup, 0);
	test_person(&setup, setup.worker);
	test_admin(&setup, setup.worker);
	test_believed(&setup, setup.worker);
	test_health(&setup);
	test_bounds(&setup, setup.worker);
	setup_stop(&setup);
	return done_testing();
}
