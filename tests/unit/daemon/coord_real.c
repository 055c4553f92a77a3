/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real fqcoordd with clients and workers of a few lines: see coord_real.h. */
#include "tests/unit/daemon/coord_real.h"

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

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"

#define WORDS_MAX 64 /* of the command line */

void bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

void must(int r, const struct error *err)
{
	if (r < 0)
		bail_out(err->text[0] ? err->text : strerror(-r));
}

/* ---- the coordinator */

static void make_read(FILE *f, size_t bases)
{
	(void)fputs("@A:1:F:1:1101:5:1\n", f);
	for (size_t i = 0; i < bases; i++)
		(void)putc("ACGT"[i * 7 / 3 % 4], f);
	(void)fputs("\n+\n", f);
	for (size_t i = 0; i < bases; i++)
		(void)putc('!' + (int)(i * i % 41), f);
	(void)putc('\n', f);
}

static void make_file(struct setup *setup, size_t bases)
{
	_cleanup_(closep) int fd = -1;
	struct error err = {0};
	FILE *f;

	(void)snprintf(setup->path, sizeof setup->path, "%s/reads.fq", setup->base);
	f = fopen(setup->path, "we");
	if (f && bases > 0)
		make_read(f, bases);
	for (unsigned int i = 0; f && bases == 0 && i < READS; i++)
		(void)fprintf(f, "@r%03u\nACGTACGTA%c\n+\nIIIIIHHHHH\n", i, "ACGT"[i % 4]);
	if (!f || fclose(f) != 0)
		bail_out("no file");
	fd = open(setup->path, O_RDONLY | O_CLOEXEC);
	must(file_facts_take(fd, &setup->facts, &err), &err);
}

/* Its key is known before it starts, and the workers' are enrolled. */
static void make_state(struct setup *setup)
{
	struct peers peers = {0};
	struct key *key = NULL;
	struct error err = {0};
	char path[96];

	(void)snprintf(setup->state, sizeof setup->state, "%s/state", setup->base);
	if (mkdir(setup->state, 0700) < 0)
		bail_out("no state folder");
	(void)snprintf(path, sizeof path, "%s/key.pem", setup->state);
	must(key_load_or_make(path, &key, NULL, &err), &err);
	key_pin(key, setup->pin);
	key_free(key);
	(void)snprintf(path, sizeof path, "%s/peers", setup->state);
	for (size_t i = 0; i <= setup->workers; i++) {
		bool worker = i < setup->workers;
		struct peer_row row = {.role = worker ? fq_Role_ROLE_WORKER : fq_Role_ROLE_CLIENT};

		side_init(&setup->sides[i]);
		(void)snprintf(row.name, sizeof row.name, worker ? "node%zu" : "user%zu@host", i + 1);
		memcpy(row.pin, setup->sides[i].pin, sizeof row.pin);
		must(peers_add(path, &peers, &row, &err), &err);
	}
	peers_deinit(&peers);
}

static void run_coordinator(const struct setup *setup, const char *const *options)
{
	const char *words[WORDS_MAX] = {"fqcoordd", "--config", "/dev/null", "--state", setup->state, "--listen", "127.0.0.1:0",
	                                "--proof", "none"};
	const char *top = getenv("FQ_TOP_BUILDDIR");
	char program[4096], log[96];
	size_t n = 0;
	int fd;

	while (words[n])
		n++;
	while (*options && n < WORDS_MAX - 1)
		words[n++] = *options++;
	(void)snprintf(program, sizeof program, "%s/daemon/fqcoordd", top ? top : ".");
	(void)snprintf(log, sizeof log, "%s/log", setup->base);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0)
		(void)execv(program, (char **)words);
	_exit(127);
}

void setup_start(struct setup *setup, size_t workers, size_t bases, const char *const *options)
{
	unsigned int port = 0;
	char path[96];

	*setup = (struct setup){.base = "/tmp/fqcoord.XXXXXX"};
	(void)signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(setup->base))
		bail_out("no temporary folder");
	setup->workers = workers;
	setup->sides = calloc(workers + 1, sizeof *setup->sides);
	if (!setup->sides)
		bail_out("no memory");
	make_file(setup, bases);
	make_state(setup);
	(void)fflush(stdout);
	setup->pid = fork();
	if (setup->pid == 0)
		run_coordinator(setup, options);
	(void)snprintf(path, sizeof path, "%s/listening", setup->state);
	for (int waited = 0; port == 0; waited += 10) {
		_cleanup_(fclosep) FILE *f = fopen(path, "re");

		if (waited > WAIT_MS)
			bail_out("the coordinator does not listen");
		if (!f || fscanf(f, "127.0.0.1:%u", &port) != 1)
			(void)poll(NULL, 0, 10);
	}
	setup->port = (uint16_t)port;
}

void setup_stop(struct setup *setup)
{
	setup->worker = connection_free(setup->worker);
	setup->client = connection_free(setup->client);
	(void)kill(setup->pid, SIGKILL);
	(void)waitpid(setup->pid, NULL, 0);
	for (size_t i = 0; i <= setup->workers; i++)
		side_deinit(&setup->sides[i]);
	free(setup->sides);
	folder_remove(setup->state);
	folder_remove(setup->base);
}

unsigned long setup_memory(const struct setup *setup)
{
	_cleanup_(fclosep) FILE *f = NULL;
	unsigned long kib = 0;
	char line[256];

	(void)snprintf(line, sizeof line, "/proc/%d/status", (int)setup->pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	return kib;
}

size_t setup_log(const struct setup *setup, const char *text)
{
	_cleanup_(fclosep) FILE *f = NULL;
	char line[4096];
	size_t n = 0;

	(void)snprintf(line, sizeof line, "%s/log", setup->base);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof line, f))
		n += strstr(line, text) != NULL;
	return n;
}

/* ---- both peers */

void send_message(struct connection *connection, uint16_t type, const void *message)
{
	struct error err = {0};

	must(connection_send(connection, type, 0, message), &err);
	must(dial_wait(connection, WAIT_MS, NULL, &err), &err);
}

void expect(struct connection *connection, uint16_t type, void *ret)
{
	struct error err = {0};
	struct frame frame;

	must(dial_wait(connection, WAIT_MS, &frame, &err), &err);
	if (frame.type != type) {
		printf("# got %s, wanted %s\n", message_name(frame.type), message_name(type));
		bail_out("the coordinator says something else");
	}
	must(message_decode(type, frame.payload, frame.n, ret, &err), &err);
}

void refused(struct connection **connection, const char *sentence, const char *what)
{
	struct error err = {0};
	struct frame frame;

	ok(dial_wait(*connection, WAIT_MS, &frame, &err) < 0 && strstr(err.text, sentence), "%s: %s", what, err.text);
	*connection = connection_free(*connection);
}

/* ---- the client */

struct connection *client_open(struct setup *setup)
{
	struct connection *client = NULL;
	struct error err = {0};
	char path[96];
	int fd = -1, r;

	(void)snprintf(path, sizeof path, "%s/ctl.sock", setup->state);
	for (int waited = 0; (r = dial_unix(path, &fd, &err)) < 0 && waited < WAIT_MS; waited += 10)
		(void)poll(NULL, 0, 10); /* it comes behind the other one, which setup_start() saw */
	must(r, &err);
	must(connection_new_plain(fd, &client, &err), &err);
	return client;
}

struct connection *client_dial(struct setup *setup)
{
	struct connection *client = NULL;
	struct error err = {0};
	int fd = -1;

	must(dial_tcp("127.0.0.1", setup->port, WAIT_MS, &fd, &err), &err);
	must(connection_new_client(setup->sides[setup->workers].tls, fd, setup->pin, &client, &err), &err);
	return client;
}

int client_greet(struct connection *client, struct error *err)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	fq_Welcome welcome;

	hello->role = fq_Role_ROLE_CLIENT;
	return dial_hello(client, hello, WAIT_MS, &welcome, err);
}

struct connection *client_new(struct setup *setup)
{
	struct connection *client = client_open(setup);
	struct error err = {0};

	must(client_greet(client, &err), &err);
	return client;
}

void client_submit(struct setup *setup, struct connection *client, uint32_t modules, const uint8_t *rules, size_t n)
{
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	_cleanup_(freep) fq_SubmitFile *file = calloc(1, sizeof *file);

	message->uuid[0] = ++setup->uuids;
	message->files = 1;
	message->modules = modules;
	message->slice_size = setup->slice_size ? setup->slice_size : READS / SLICES * RECORD;
	message->rules.size = (pb_size_t)n;
	if (n > 0)
		memcpy(message->rules.bytes, rules, n);
	(void)snprintf(file->path, sizeof file->path, "%s", setup->path);
	(void)connection_send(client, fq_Type_SUBMIT, 0, message); /* it may be refused before the file comes */
	(void)connection_send(client, fq_Type_SUBMIT_FILE, 0, file);
}

/* ---- a worker */

struct connection *worker_dial(struct setup *setup, size_t i)
{
	struct connection *worker = NULL;
	struct error err = {0};
	int fd = -1;

	must(dial_tcp("127.0.0.1", setup->port, WAIT_MS, &fd, &err), &err);
	must(connection_new_client(setup->sides[i].tls, fd, setup->pin, &worker, &err), &err);
	return worker;
}

struct connection *worker_new(struct setup *setup, size_t i)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct connection *worker = worker_dial(setup, i);
	struct error err = {0};
	fq_Welcome welcome;

	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = 1;
	(void)snprintf(hello->name, sizeof hello->name, "node%zu", i + 1);
	must(dial_hello(worker, hello, WAIT_MS, &welcome, &err), &err);
	return worker;
}

void worker_open(struct setup *setup, struct connection *worker)
{
	fq_Opened opened = {0};
	fq_Open message;

	expect(worker, fq_Type_OPEN, &message);
	opened.job = message.job;
	opened.file = message.file;
	facts_to_message(&setup->facts, &opened);
	send_message(worker, fq_Type_OPENED, &opened);
}

void worker_count(struct setup *setup, const fq_Task *task, const struct count_rules *rules, fq_Result *ret, uint8_t **ret_bytes)
{
	_cleanup_(closep) int fd = open(setup->path, O_RDONLY | O_CLOEXEC);
	fq_Result result = {.has_ref = true, .ref = task->ref, .outcome = SLICE_END, .has_seam = true, .has_start = task->has_start};
	struct slice_count count;
	struct slice_task slice;
	struct prior prior;
	struct error err = {0};
	uint8_t *bytes = NULL;
	size_t n = 0;

	must(task_from_message(task, READ_MAX_DEFAULT, &slice, &err), &err);
	must(prior_from_message(task, &prior, &err), &err);
	must(count_slice(fd, &slice, task->modules, rules, &prior, NULL, NULL, &count, &err), &err);
	must(counters_pack(count.counters, &bytes, &n), &err);
	result.start_known = task->start_known;
	result.start = task->start;
	seam_to_message(&count.seam, &result.seam);
	result.bases = counters_bases(count.counters);
	result.blob_bytes = n;
	must(digest_sha256(bytes, n, NULL, 0, result.blob_sha256), &err);
	slice_count_deinit(&count);
	*ret = result;
	*ret_bytes = bytes;
}
