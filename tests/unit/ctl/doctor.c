/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fqctl doctor thinks of what it has seen: for each kind of fault the mark, the sentence and the advice. */
#include "ctl/doctor/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "tests/unit/tap.h"

#define NODES 3

/* All is well: three nodes, of which the tests make something else. */
struct world {
	struct doctor_facts facts;
	fq_Node nodes[NODES];
	fq_Probed looks[NODES];
	struct doctor_file file;
	fq_Probed answers[NODES];
	struct findings findings;
};

static void node_make(fq_Node *node, fq_Probed *look, size_t i)
{
	*node = (fq_Node){.slots = 4, .busy = 1, .proto = 3, .roots_n = 1, .roots_count = 1};
	(void)snprintf(node->name, sizeof node->name, "w%zu", i + 1);
	(void)snprintf(node->state, sizeof node->state, "mixed");
	(void)snprintf(node->version, sizeof node->version, "1.0");
	(void)snprintf(node->roots[0], sizeof node->roots[0], "/data");
	*look = (fq_Probed){.clock_told = true, .clock_ms = 120, .round_ms = 2};
	(void)snprintf(look->node, sizeof look->node, "%s", node->name);
}

static struct world *world_make(void)
{
	struct world *world = calloc(1, sizeof *world);
	struct doctor_facts *facts = &world->facts;

	*facts = (struct doctor_facts){
	    .way = WAY_HOST, .source = "FQ_HOST", .host = "coord", .port = 5381, .address = "coord:5381", .known = "/home/u/known",
	    .proto = 3, .version = "1.0", .name = {.done = true}, .connect = {.done = true}, .greet = {.done = true},
	    .welcome = {.proto = 3, .version = "1.0", .role = fq_Role_ROLE_CLIENT}, .health = {.done = true},
	    .told = {.name = "u@h", .disk_free = 50ULL << 30, .disk_size = 100ULL << 30}, .clock_ms = -300, .round_ms = 3,
	    .list = {.done = true}, .looked = {.done = true}, .nodes = world->nodes, .nodes_n = NODES,
	    .looks = {.rows = world->looks, .n = NODES}, .files = &world->file, .files_n = 0};
	for (size_t i = 0; i < NODES; i++)
		node_make(&world->nodes[i], &world->looks[i], i);
	world->file = (struct doctor_file){.name = "a.fq", .file = {.path = (char *)"/data/a.fq", .here = true, .size = 1000},
	                                   .step = {.done = true}, .asked = {.done = true},
	                                   .answers = {.rows = world->answers, .n = NODES}};
	for (size_t i = 0; i < NODES; i++)
		(void)snprintf(world->answers[i].node, sizeof world->answers[i].node, "w%zu", i + 1);
	return world;
}

static void world_freep(struct world **world)
{
	findings_deinit(&(*world)->findings);
	free(*world);
}
#define WORLD(name)                                                                                                          \
	_cleanup_(world_freep) struct world *name = world_make();                                                            \
	struct doctor_facts *facts __attribute__((unused)) = &name->facts

/* The finding of this check with this in its sentence, or NULL. */
static const struct finding *find(const struct world *world, const char *check, const char *found)
{
	for (size_t i = 0; i < world->findings.n; i++)
		if (strcmp(world->findings.rows[i].check, check) == 0 && strstr(world->findings.rows[i].found, found))
			return &world->findings.rows[i];
	return NULL;
}

/* Judges anew: such a finding with this mark and this in its advice; and nothing is worse. */
static void says(struct world *world, const char *check, enum mark mark, const char *found, const char *advice)
{
	const struct finding *row;

	findings_deinit(&world->findings);
	doctor_judge(&world->facts, &world->findings);
	row = find(world, check, found);
	if (!ok(row && row->mark == mark && strstr(row->advice, advice), "%s: %s -> %s", check, found, advice))
		for (size_t i = 0; i < world->findings.n; i++)
			diag("%d %s: %s -> %s", (int)world->findings.rows[i].mark, world->findings.rows[i].check,
			     world->findings.rows[i].found, world->findings.rows[i].advice);
	is_int(findings_worst(&world->findings), mark > MARK_OK ? mark : MARK_OK, "%s: and nothing is worse", check);
}

static void test_well(void)
{
	static const char *const order[] = {"config", "host",  "name",  "connect", "trust", "key",      "versions",
	                                    "clocks", "nodes", "slots", "roots",   "disk",  "troubles", "proof"};
	WORLD(world);
	size_t n = 0;

	says(world, "clocks", MARK_OK, "3 nodes within 5 s", "");
	for (size_t i = 0; i < world->findings.n; i++) {
		const struct finding *row = &world->findings.rows[i];

		n += i < sizeof order / sizeof *order && strcmp(row->check, order[i]) == 0 && row->mark == MARK_OK && !row->advice[0];
	}
	is_u64(n, sizeof order / sizeof *order, "all questions, in the order in which things fail");
	is_u64(world->findings.n, n, "and no others");
}

static void test_before(void)
{
	WORLD(world);

	(void)error_set(&facts->config, -EINVAL, ERROR_CONFIG, "fqctl.conf:3: hosst: there is no such key");
	says(world, "config", MARK_BAD, "fqctl.conf:3: hosst", "--check-config");
	facts->config = (struct error){0};
	facts->way = WAY_NONE;
	facts->name.done = facts->connect.done = facts->greet.done = false;
	says(world, "host", MARK_BAD, "no coordinator", "fqctl doctor -h HOST");
	ok(find(world, "cluster", "nobody to ask") && !find(world, "nodes", ""), "what needs one is told as not asked");
}

/* A way that ends at this step. */
static void ends(struct doctor_facts *facts, struct doctor_step *step, int r, enum error_class class, const char *text)
{
	bool found = false;
	struct doctor_step *steps[] = {&facts->name, &facts->connect, &facts->greet};

	for (size_t i = 0; i < 3; i++) {
		*steps[i] = (struct doctor_step){.done = !found};
		found = found || steps[i] == step;
	}
	step->r = error_set(&step->error, r, class, "%s", text);
}

static void test_way(void)
{
	WORLD(world);

	ends(facts, &facts->name, -EADDRNOTAVAIL, ERROR_NO_HOST, "Name or service not known");
	says(world, "name", MARK_BAD, "Name or service not known", "getent hosts coord");
	ends(facts, &facts->name, -ETIMEDOUT, ERROR_NO_HOST, "late");
	says(world, "name", MARK_BAD, "does not answer", "/etc/resolv.conf");
	ends(facts, &facts->connect, -ECONNREFUSED, ERROR_UNAVAILABLE, "Connection refused");
	says(world, "connect", MARK_BAD, "refused", "nobody listens");
	ends(facts, &facts->connect, -ETIMEDOUT, ERROR_UNAVAILABLE, "timed out");
	says(world, "connect", MARK_BAD, "timed out", "firewall");
	ends(facts, &facts->connect, -EHOSTUNREACH, ERROR_UNAVAILABLE, "No route");
	says(world, "connect", MARK_BAD, "No route", "ip route get coord");
	facts->way = WAY_SOCKET;
	ends(facts, &facts->connect, -EACCES, ERROR_DENIED, "denied");
	says(world, "connect", MARK_BAD, "denied", "SocketMode");
}

static void test_greeting(void)
{
	WORLD(world);

	ends(facts, &facts->greet, -ENOKEY, ERROR_DENIED, "is not known here");
	says(world, "trust", MARK_BAD, "not known", "fqctl join coord:5381 TOKEN");
	ends(facts, &facts->greet, -EKEYREJECTED, ERROR_DENIED, "not the pinned one");
	says(world, "trust", MARK_BAD, "not the pinned", "sed -i '/^coord:5381 /d' /home/u/known");
	ends(facts, &facts->greet, -EREMOTEIO, ERROR_DENIED, "this key is not enrolled here");
	says(world, "key", MARK_BAD, "not enrolled", "fqctl token --role client");
	ok(find(world, "trust", "known here")->mark == MARK_OK, "the coordinator's own key was right");
	ends(facts, &facts->greet, -EREMOTEIO, ERROR_TEMPORARY, "all places are taken");
	says(world, "greeting", MARK_BAD, "all places", "systemctl status fqcoordd");
	ends(facts, &facts->greet, -EREMOTEIO, ERROR_PROTOCOL, "speaks protocol 7 to 9");
	says(world, "versions", MARK_BAD, "protocol 7", "apt install");
	ends(facts, &facts->greet, -ETIMEDOUT, ERROR_UNAVAILABLE, "no answer came");
	says(world, "greeting", MARK_BAD, "no answer", "is the port right?");
	ends(facts, &facts->greet, -EPERM, ERROR_DENIED, "the key file is readable by others");
	says(world, "trust", MARK_BAD, "readable by others", "ls -la /home/u: all of it yours");
	ends(facts, &facts->greet, -EINVAL, ERROR_CONFIG, "the key file holds no key");
	says(world, "trust", MARK_BAD, "holds no key", "or move it away and join again");
}

static void test_versions(void)
{
	WORLD(world);

	facts->welcome.proto = 2;
	facts->health = facts->looked = (struct doctor_step){0};
	facts->looks.n = 0;
	says(world, "versions", MARK_WARN, "speaks protocol 2", "coordinator");
	ok(find(world, "health", "too old")->mark == MARK_SKIP, "what it cannot be asked is told as not asked");
	facts->welcome.proto = 3;
	facts->health.done = true;
	(void)snprintf(facts->welcome.version, sizeof facts->welcome.version, "0.9");
	says(world, "versions", MARK_WARN, "of version 0.9", "");
	(void)snprintf(facts->welcome.version, sizeof facts->welcome.version, "1.0");
	world->nodes[1].proto = 1;
	says(world, "versions", MARK_WARN, "older than the coordinator (protocol 3): w2 (1.0, protocol 1)", "fqcluster-{common,worker}");
	world->nodes[1].proto = 3;
	(void)snprintf(world->nodes[2].version, sizeof world->nodes[2].version, "1.1");
	says(world, "versions", MARK_WARN, "of another version than the coordinator (1.0): w3 (1.1)", "apt install");
}

static void test_clocks(void)
{
	WORLD(world);

	facts->clock_ms = -90500;
	says(world, "clocks", MARK_WARN, "the clock of the coordinator is slow by 90.5 s against that of this machine", "set-ntp true");
	facts->clock_ms = 5001;
	facts->round_ms = 2;
	says(world, "clocks", MARK_OK, "within 5 s", "");
	facts->clock_ms = 0;
	world->looks[2].clock_ms = 3600000;
	says(world, "clocks", MARK_WARN, "the clock of w3 is fast by 3600.0 s against that of the coordinator", "set-ntp true");
	world->looks[2].clock_told = false;
	says(world, "clocks", MARK_OK, "2 nodes", "");
	facts->clock_ms = INT64_MIN;
	says(world, "clocks", MARK_WARN, "slow by 9223372036854775.8 s", "");
}

static void state(struct world *world, size_t i, const char *state, const char *reason)
{
	(void)snprintf(world->nodes[i].state, sizeof world->nodes[i].state, "%s", state);
	(void)snprintf(world->nodes[i].reason, sizeof world->nodes[i].reason, "%s", reason);
}

static void test_nodes(void)
{
	WORLD(world);

	state(world, 0, "down", "lost");
	says(world, "nodes", MARK_WARN, "w1 is down", "systemctl status fqworkerd");
	state(world, 0, "drain", "disk swap");
	says(world, "nodes", MARK_WARN, "w1 is drained and is given nothing new: disk swap", "fqctl resume w1");
	state(world, 0, "suspect", "");
	says(world, "nodes", MARK_WARN, "w1 hangs", "findmnt");
	state(world, 1, "down", "");
	state(world, 2, "drng", "");
	says(world, "nodes", MARK_BAD, "none of 3 nodes works", "");
	is_int(find(world, "nodes", "w2 is down")->mark, MARK_BAD, "each of them is why");
	facts->nodes_n = facts->looks.n = 0;
	says(world, "nodes", MARK_BAD, "no node has ever connected", "fqworkerd --join HOST TOKEN");
	facts->list.r = error_set(&facts->list.error, -ECONNRESET, ERROR_UNAVAILABLE, "cut off");
	says(world, "nodes", MARK_BAD, "cut off", "systemctl status fqcoordd");
}

static void test_answers(void)
{
	WORLD(world);

	world->looks[0] = (fq_Probed){.node = "w1", .answer = fq_ProbeAnswer_PROBE_SILENT, .text = "has not answered in time"};
	says(world, "answers", MARK_WARN, "w1: has not answered", "on w1: uptime");
	world->looks[0] = (fq_Probed){.node = "w1", .hung = 2};
	says(world, "answers", MARK_WARN, "w1: 2 of its processes that open files", "findmnt");
	facts->looked.r = error_set(&facts->looked.error, -EREMOTEIO, ERROR_TEMPORARY, "ask again");
	facts->looks.n = 0;
	says(world, "answers", MARK_WARN, "ask again", "try again");
}

static void test_slots_and_roots(void)
{
	WORLD(world);

	for (size_t i = 0; i < NODES; i++)
		world->nodes[i].slots = world->nodes[i].busy = 0;
	says(world, "slots", MARK_BAD, "there is no slot", "slots = 4;");
	for (size_t i = 0; i < NODES; i++)
		(void)snprintf(world->nodes[i].state, sizeof world->nodes[i].state, "down");
	says(world, "nodes", MARK_BAD, "none of 3 nodes works", "");
	ok(find(world, "slots", "there is no node that works") && find(world, "slots", "")->mark == MARK_SKIP, "and no word about how many slots one has");
	for (size_t i = 0; i < NODES; i++)
		(void)snprintf(world->nodes[i].state, sizeof world->nodes[i].state, "idle");
	for (size_t i = 0; i < NODES; i++)
		world->nodes[i].slots = world->nodes[i].busy = 4;
	says(world, "slots", MARK_OK, "0 of 12 are free: new jobs wait", "");
	says(world, "roots", MARK_OK, "w1, w2, w3: /data", "");
	(void)snprintf(world->nodes[1].roots[0], sizeof world->nodes[1].roots[0], "/scratch");
	world->nodes[1].roots_n = 20;
	says(world, "roots", MARK_WARN, "w2: /scratch and 19 more", "different folders");
	ok(find(world, "roots", "w1, w3: /data"), "a line for each set");
}

static void test_coordinator(void)
{
	WORLD(world);

	facts->told.disk_free = 3ULL << 30;
	says(world, "disk", MARK_WARN, "nearly full: 3.2 GB of 107 GB", "df -h");
	facts->told.disk_size = 4ULL << 30;
	says(world, "disk", MARK_OK, "3.2 GB of 4.3 GB", "");
	facts->told.disk_full = true;
	says(world, "disk", MARK_BAD, "is full", "make room");
	facts->told.disk_full = false;
	facts->told.slices = 2;
	facts->told.crashes = 1;
	facts->told.losses = 3;
	says(world, "troubles", MARK_WARN, "2 slices of running jobs ended badly: 1 crashes, 3 losses", "journalctl -u fqcoordd");
	facts->told.slices = 0;
	facts->told.proof = fq_ProofOf_PROOF_NONE;
	says(world, "proof", MARK_OK, "nobody has to prove", "");
	facts->health.r = error_set(&facts->health.error, -ETIMEDOUT, ERROR_TIMEOUT, "no answer");
	says(world, "health", MARK_BAD, "no answer", "systemctl status fqcoordd");
	ok(!find(world, "disk", ""), "what it did not tell is not judged");
}

/* ---- files */

static void answer(struct world *world, size_t i, fq_ProbeAnswer answer, int number, const char *text)
{
	world->answers[i].answer = answer;
	world->answers[i].error_number = number;
	(void)snprintf(world->answers[i].text, sizeof world->answers[i].text, "%s", text);
}

static void test_file_there(void)
{
	static const struct {
		fq_ProbeAnswer answer;
		int number;
		const char *advice;
	} faults[] = {
	    {fq_ProbeAnswer_PROBE_FAILED, ENOENT, "mounts.conf"},   {fq_ProbeAnswer_PROBE_FAILED, EACCES, "groups.conf"},
	    {fq_ProbeAnswer_PROBE_FAILED, ETIMEDOUT, "storage"},    {fq_ProbeAnswer_PROBE_FAILED, ELOOP, ":links"},
	    {fq_ProbeAnswer_PROBE_OTHER, EPERM, "same file system"}, {fq_ProbeAnswer_PROBE_FAILED, 0, "fqctl probe w2 /data/a.fq"},
	    {fq_ProbeAnswer_PROBE_SILENT, 0, "journalctl"},
	};
	WORLD(world);

	facts->files_n = 1;
	says(world, "file", MARK_OK, "3 of 3 nodes can open it, and it is the same", "");
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		answer(world, 1, faults[i].answer, faults[i].number, "why");
		says(world, "file", MARK_WARN, "/data/a.fq on w2: why", faults[i].advice);
	}
	ok(find(world, "file", "2 of 3 nodes can open it as it is here; the others cannot help"), "how many can");
	answer(world, 1, fq_ProbeAnswer_PROBE_DOWN, 0, "not connected");
	says(world, "file", MARK_OK, "2 of 2 nodes", "");
	for (size_t i = 0; i < NODES; i++)
		answer(world, i, fq_ProbeAnswer_PROBE_FAILED, ENOENT, "why");
	says(world, "file", MARK_BAD, "0 of 3 nodes can open it as it is here: a job on it fails", "");
	for (size_t i = 0; i < NODES; i++)
		answer(world, i, fq_ProbeAnswer_PROBE_OLD, 0, "why");
	says(world, "file", MARK_SKIP, "there is no node that could be asked", "");
}

static void test_file_roots(void)
{
	WORLD(world);

	facts->files_n = 1;
	world->file.file.path = (char *)"/data2/x/a.fq";
	answer(world, 0, fq_ProbeAnswer_PROBE_FAILED, 0, "cannot open it, or");
	says(world, "file", MARK_WARN, "/data2/x/a.fq on w1: it is beneath none of this node's roots", "add \"/data2\" to roots");
	(void)snprintf(world->nodes[0].roots[0], sizeof world->nodes[0].roots[0], "/");
	says(world, "file", MARK_WARN, "on w1: cannot open it, or", "fqctl probe w1");
	(void)snprintf(world->nodes[0].roots[0], sizeof world->nodes[0].roots[0], "/data");
	world->nodes[0].roots_n = 30;
	says(world, "file", MARK_WARN, "on w1: cannot open it, or", "fqctl probe w1");
}

static void test_file_here(void)
{
	WORLD(world);

	facts->files_n = 1;
	world->file.file.here = false;
	world->file.asked = (struct doctor_step){0};
	world->file.file.why = error_set(&world->file.file.error, -EACCES, ERROR_DENIED, "Permission denied");
	says(world, "file", MARK_BAD, "Permission denied", "namei -l /data/a.fq");
	world->file.file.why = -ENOENT;
	says(world, "file", MARK_BAD, "", "findmnt -T /data/a.fq");
	world->file.file.why = -ETIMEDOUT;
	says(world, "file", MARK_BAD, "", "the server of this storage");
	world->file.file.path = NULL;
	(void)error_set(&world->file.step.error, -ENAMETOOLONG, ERROR_NO_INPUT, "the path is too long");
	says(world, "file", MARK_BAD, "too long", "ls -l a.fq");
	world->file.file = (struct probe_file){.path = (char *)"/data/a.fq", .here = true};
	world->file.asked = (struct doctor_step){.done = true, .r = -EREMOTEIO, .error = {.text = "ask again"}};
	says(world, "file", MARK_WARN, "the nodes could not be asked: ask again", "fqctl doctor a.fq");
}

static void test_print(void)
{
	WORLD(world);
	_cleanup_(freep) char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	finding_advise(finding_add(&world->findings, "disk", MARK_BAD, "a \"b\"\n\033[2J"), "do");
	(void)finding_add(&world->findings, "key", MARK_SKIP, "k");
	is_int(doctor_print(&world->findings, false, out), 0, "printed");
	is_int(doctor_json(&world->findings, out), 0, "and as JSON");
	(void)fclose(out);
	is_str(text,
	       "bad   disk      a \"b\"\\x0a\\x1b[2J\n                -> do\nskip  key       k\n"
	       "{\"schema\":\"fqcluster.doctor/1\",\"mark\":\"bad\",\"rows\":[{\"check\":\"disk\",\"mark\":\"bad\",\"found\":"
	       "\"a \\\"b\\\"\\\\x0a\\\\x1b[2J\",\"advice\":\"do\"},"
	       "{\"check\":\"key\",\"mark\":\"skip\",\"found\":\"k\",\"advice\":\"\"}]}\n",
	       "what others said fools no terminal");
}

int main(void)
{
	test_well();
	test_before();
	test_way();
	test_greeting();
	test_versions();
	test_clocks();
	test_nodes();
	test_answers();
	test_slots_and_roots();
	test_coordinator();
	test_file_there();
	test_file_roots();
	test_file_here();
	test_print();
	return done_testing();
}
