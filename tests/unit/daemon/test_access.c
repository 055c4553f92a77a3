/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqcoordd, and peers of a few lines that try what their key does not allow: every message of another role, submissions without
 * proof or by an old protocol; and what a worker is given of a proof. Whatever cannot be set up ends the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/proof.h"
#include "lib/qc/counters.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define WAIT_MS 20000

enum who { WORKER, CLIENT, ADMIN, WHO_MAX };

struct setup {
	char base[32], state[64];
	struct side sides[WHO_MAX];
	uint8_t pin[PIN_SIZE];
	uint16_t port;
	pid_t pid;
};

static void must(int r, const struct error *err)
{
	if (r >= 0)
		return;
	printf("Bail out! %s\n", err->text[0] ? err->text : strerror(-r));
	exit(1);
}

/* ---- the coordinator */

static void make_state(struct setup *setup)
{
	static const fq_Role roles[] = {fq_Role_ROLE_WORKER, fq_Role_ROLE_CLIENT, fq_Role_ROLE_ADMIN};
	struct peers peers = {0};
	struct key *key = NULL;
	struct error err = {0};
	char path[96];

	(void)snprintf(setup->state, sizeof setup->state, "%s/state", setup->base);
	must(mkdir(setup->state, 0700), &err);
	(void)snprintf(path, sizeof path, "%s/key.pem", setup->state);
	must(key_load_or_make(path, &key, NULL, &err), &err);
	key_pin(key, setup->pin);
	key_free(key);
	(void)snprintf(path, sizeof path, "%s/peers", setup->state);
	for (int i = 0; i < WHO_MAX; i++) {
		struct peer_row row = {.role = roles[i]};

		side_init(&setup->sides[i]);
		memcpy(row.pin, setup->sides[i].pin, sizeof row.pin);
		(void)snprintf(row.name, sizeof row.name, "%s", role_name(roles[i]));
		must(peers_add(path, &peers, &row, &err), &err);
	}
	peers_deinit(&peers);
}

static void run_coordinator(const struct setup *setup)
{
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], log[96];
	int fd;

	(void)snprintf(program, sizeof program, "%s/daemon/fqcoordd", top ? top : ".");
	(void)snprintf(log, sizeof log, "%s/log", setup->base);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		(void)execl(program, "fqcoordd", "--config", "/dev/null", "--state", setup->state, "--listen", "127.0.0.1:0",
		            (char *)NULL);
	_exit(127);
}

static void start(struct setup *setup)
{
	const struct error late = {.text = "the coordinator does not listen"};
	unsigned int port = 0;
	char path[96];

	*setup = (struct setup){.base = "/tmp/fqaccess.XXXXXX"};
	(void)signal(SIGPIPE, SIG_IGN);
	must(mkdtemp(setup->base) ? 0 : -errno, &(struct error){0});
	make_state(setup);
	(void)fflush(stdout);
	setup->pid = fork();
	if (setup->pid == 0)
		run_coordinator(setup);
	(void)snprintf(path, sizeof path, "%s/listening", setup->state);
	for (int waited = 0; port == 0; waited += 10) {
		_cleanup_(fclosep) FILE *f = fopen(path, "re");

		must(waited > WAIT_MS ? -ETIMEDOUT : 0, &late);
		if (!f || fscanf(f, "127.0.0.1:%u", &port) != 1)
			(void)poll(NULL, 0, 10);
	}
	setup->port = (uint16_t)port;
}

static void stop(struct setup *setup)
{
	(void)kill(setup->pid, SIGKILL);
	(void)waitpid(setup->pid, NULL, 0);
	for (int i = 0; i < WHO_MAX; i++)
		side_deinit(&setup->sides[i]);
	folder_remove(setup->state);
	folder_remove(setup->base);
}

/* ---- peers */

static void connection_freep(struct connection **connection)
{
	(void)connection_free(*connection); /* always NULL */
}

static struct connection *dialled(struct setup *setup, enum who who)
{
	struct connection *connection;
	struct error err = {0};
	int fd = -1;

	must(dial_tcp("127.0.0.1", setup->port, WAIT_MS, &fd, &err), &err);
	must(connection_new_client(setup->sides[who].tls, fd, setup->pin, &connection, &err), &err);
	return connection;
}

/* The greeting with this protocol as the highest. 0, or what the coordinator says. */
static int greet(struct connection *connection, fq_Role role, uint32_t proto, fq_Welcome *ret, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct frame frame;
	int r;

	hello->role = role;
	hello->proto_min = PROTO_VERSION_OLDEST;
	hello->proto_max = proto;
	hello->slots = 1;
	hello->algorithm = COUNTERS_ALGORITHM;
	(void)snprintf(hello->name, sizeof hello->name, "node1");
	(void)snprintf(hello->version, sizeof hello->version, "0.0.9");
	must(connection_send(connection, fq_Type_HELLO, 0, hello), err);
	r = dial_wait(connection, WAIT_MS, &frame, err);
	return r < 0 ? r : message_decode(fq_Type_WELCOME, frame.payload, frame.n, ret, err);
}

static struct connection *begin(struct setup *setup, enum who who, uint32_t proto, fq_Welcome *ret)
{
	struct connection *connection = dialled(setup, who);
	struct error err = {0};

	must(greet(connection, who == WORKER ? fq_Role_ROLE_WORKER : fq_Role_ROLE_CLIENT, proto, ret, &err), &err);
	return connection;
}

/* Whether the message, empty, is answered by a sentence with these words. */
static bool is_refused(struct connection *connection, uint16_t type, const char *words)
{
	_cleanup_(freep) void *message = calloc(1, message_struct_size(type) + 1);
	struct error err = {0};
	struct frame frame;

	if (connection_send(connection, type, 7, message) < 0)
		return false;
	if (dial_wait(connection, WAIT_MS, &frame, &err) < 0 && strstr(err.text, words))
		return true;
	diag("%s: %s", message_name(type), err.text);
	return false;
}

/* ---- roles */

static const uint16_t for_workers[] = {fq_Type_OPENED, fq_Type_PROGRESS, fq_Type_RESULT, fq_Type_CRASHED, fq_Type_IO_ERROR,
                                       fq_Type_RETURN, fq_Type_DRAINING},
                      for_clients[] = {fq_Type_SUBMIT, fq_Type_SUBMIT_FILE, fq_Type_STATUS, fq_Type_SHOW, fq_Type_WAIT,
                                       fq_Type_FETCH, fq_Type_CANCEL, fq_Type_NODES},
                      for_admins[] = {fq_Type_NODE_DRAIN, fq_Type_NODE_RESUME, fq_Type_TOKEN, fq_Type_PEERS, fq_Type_TOKENS,
                                      fq_Type_REVOKE, fq_Type_BACKUP};
#define N(list) (sizeof(list) / sizeof *(list))

static size_t refusals(struct connection *connection, const uint16_t *types, size_t n)
{
	size_t refused = 0;

	for (size_t i = 0; i < n; i++)
		refused += is_refused(connection, types[i], "is not permitted to a");
	return refused;
}

/* Who asks for what an administrator may hears what that is, not the name of a message. */
static bool is_told(struct connection *connection, uint16_t type)
{
	_cleanup_(freep) void *message = calloc(1, message_struct_size(type) + 1);
	struct error err = {0};
	struct frame frame;

	return connection_send(connection, type, 7, message) == 0 && dial_wait(connection, WAIT_MS, &frame, &err) < 0 &&
	       strstr(err.text, "is not permitted to a client; it takes an administrator's key") && !strstr(err.text, message_name(type));
}

static void test_roles(struct setup *setup)
{
	struct error err = {0};
	fq_Welcome welcome;

	for (int who = 0; who < WHO_MAX; who++) {
		_cleanup_(connection_freep) struct connection *connection = begin(setup, (enum who)who, PROTO_VERSION, &welcome);
		const char *name = role_name(who == WORKER ? fq_Role_ROLE_WORKER : who == CLIENT ? fq_Role_ROLE_CLIENT : fq_Role_ROLE_ADMIN);

		if (who != WORKER)
			is_u64(refusals(connection, for_workers, N(for_workers)), N(for_workers), "%s: no worker's message", name);
		else
			is_u64(refusals(connection, for_clients, N(for_clients)), N(for_clients), "%s: no client's message", name);
		if (who != ADMIN)
			is_u64(refusals(connection, for_admins, N(for_admins)), N(for_admins), "%s: no administrator's message", name);
		if (who == CLIENT)
			for (size_t i = 0; i < N(for_admins); i++)
				ok(is_told(connection, for_admins[i]), "%s: in a person's words", message_name(for_admins[i]));
	}
	for (int who = 0; who < WHO_MAX; who++) {
		_cleanup_(connection_freep) struct connection *connection = dialled(setup, (enum who)who);

		ok(greet(connection, who == WORKER ? fq_Role_ROLE_CLIENT : fq_Role_ROLE_WORKER, PROTO_VERSION, &welcome, &err) < 0 &&
		       err.class == ERROR_DENIED,
		   "as something else than its key is: %s", err.text);
	}
	for (size_t i = 0; i < N(for_clients); i++) {
		_cleanup_(connection_freep) struct connection *connection = dialled(setup, ADMIN);

		ok(is_refused(connection, for_clients[i], "before it said who it is"), "%s before HELLO", message_name(for_clients[i]));
	}
}

/* ---- proofs */

static void submit(struct connection *client, uint8_t number, uint32_t files, size_t proof_n)
{
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	_cleanup_(freep) fq_SubmitFile *file = calloc(1, sizeof *file);

	message->uuid[0] = number;
	message->files = files;
	message->modules = COUNT_LENGTHS;
	(void)connection_send(client, fq_Type_SUBMIT, 3, message);
	for (uint32_t i = 0; i < files; i++) {
		(void)snprintf(file->path, sizeof file->path, "/data/%u.fq", i);
		file->size = 1000 + i;
		file->proof.size = (pb_size_t)proof_n;
		memset(file->proof.bytes, 'p' + (int)i, proof_n);
		(void)connection_send(client, fq_Type_SUBMIT_FILE, 3, file);
	}
}

static bool is_accepted(struct connection *client, uint64_t job, bool known)
{
	fq_Accepted accepted;
	struct error err = {0};
	struct frame frame;

	must(dial_wait(client, WAIT_MS, &frame, &err), &err);
	return frame.type == fq_Type_ACCEPTED && message_decode(frame.type, frame.payload, frame.n, &accepted, &err) == 0 &&
	       accepted.job == job && accepted.known == known;
}

static void refused(struct connection *client, const char *words)
{
	struct error err = {0};
	struct frame frame;

	ok(dial_wait(client, WAIT_MS, &frame, &err) < 0 && strstr(err.text, words), "refused: %s", err.text);
}

/* What the worker is given of file i. */
static void is_open(struct connection *worker, const fq_Welcome *client, uint8_t number, uint32_t i)
{
	_cleanup_(freep) fq_Open *open = calloc(1, sizeof *open);
	uint8_t uuid[16] = {number}, key[PROOF_SIZE], proof[PROOF_SIZE];
	struct error err = {0};
	struct frame frame;

	must(dial_wait(worker, WAIT_MS, &frame, &err), &err);
	must(message_decode(fq_Type_OPEN, frame.payload, frame.n, open, &err), &err);
	must(proof_key(client->nonce.bytes, uuid, i, key), &err);
	memset(proof, 'p' + (int)i, sizeof proof);
	ok(open->file == i && open->proof_wanted && open->size == 1000 + i, "the worker is asked for file %u with the size", i);
	is_mem(open->proof_key.bytes, key, sizeof key, "the key of this connection, job and file");
	is_mem(open->proof.bytes, proof, sizeof proof, "and the proof");
}

static void test_proofs(struct setup *setup)
{
	fq_Welcome welcomes[4], of_worker;
	_cleanup_(connection_freep) struct connection *old = begin(setup, CLIENT, 1, &welcomes[0]);
	_cleanup_(connection_freep) struct connection *lazy = begin(setup, CLIENT, PROTO_VERSION, &welcomes[1]);
	_cleanup_(connection_freep) struct connection *good = begin(setup, ADMIN, PROTO_VERSION, &welcomes[2]);
	_cleanup_(connection_freep) struct connection *again = begin(setup, ADMIN, PROTO_VERSION, &welcomes[3]);
	_cleanup_(connection_freep) struct connection *worker = begin(setup, WORKER, PROTO_VERSION, &of_worker);

	ok(welcomes[0].nonce.size == 0 && of_worker.nonce.size == 0, "no nonce for an old client, nor for a worker");
	ok(welcomes[1].nonce.size == PROOF_NONCE_SIZE && welcomes[2].nonce.size == PROOF_NONCE_SIZE &&
	       memcmp(welcomes[2].nonce.bytes, welcomes[3].nonce.bytes, PROOF_NONCE_SIZE) != 0,
	   "a nonce for each connection");
	submit(old, 1, 1, 0);
	refused(old, "your fqctl (version 0.0.9) is too old to give one");
	submit(lazy, 1, 1, 0);
	refused(lazy, "there is no proof that the submitter can read file 1");
	submit(good, 1, 2, PROOF_SIZE);
	ok(is_accepted(good, 1, false), "with proofs it is accepted");
	is_open(worker, &welcomes[2], 1, 0);
	submit(again, 1, 2, PROOF_SIZE);
	ok(is_accepted(again, 1, true), "over another connection the same job is known");
	submit(again, 1, 1, PROOF_SIZE);
	refused(again, "under this id with other files");
}

int main(void)
{
	struct setup setup;

	start(&setup);
	test_roles(&setup);
	test_proofs(&setup);
	stop(&setup);
	return done_testing();
}
