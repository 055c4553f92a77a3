/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqcoordd with a client and a worker of a few lines: rules are checked at submit and travel to the worker before the task
 * that needs them, once a connection; what comes back must be counted by them. Whatever cannot be set up ends the program.
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

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "lib/wire/trust.h"
#include "tests/unit/daemon/store_made.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define WAIT_MS 20000
#define MODULES (COUNT_LENGTHS | COUNT_SEQUENCES)
#define READS 300ULL
#define RECORD 30ULL /* bytes */
#define SLICES 3ULL

struct setup {
	char base[32], state[64], path[64];
	struct side side; /* the worker's key */
	uint8_t pin[PIN_SIZE];
	uint16_t port;
	pid_t pid;
	struct file_facts facts;
	struct connection *worker, *client;
	uint8_t uuids;
};

static void bail_out(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(1);
}

static void must(int r, const struct error *err)
{
	if (r < 0)
		bail_out(err->text[0] ? err->text : strerror(-r));
}

/* ---- the coordinator */

static void make_file(struct setup *setup)
{
	_cleanup_(closep) int fd = -1;
	struct error err = {0};
	FILE *f;

	(void)snprintf(setup->path, sizeof setup->path, "%s/reads.fq", setup->base);
	f = fopen(setup->path, "we");
	for (unsigned int i = 0; f && i < READS; i++)
		(void)fprintf(f, "@r%03u\nACGTACGTA%c\n+\nIIIIIHHHHH\n", i, "ACGT"[i % 4]);
	if (!f || fclose(f) != 0)
		bail_out("no file");
	fd = open(setup->path, O_RDONLY | O_CLOEXEC);
	must(file_facts_take(fd, &setup->facts, &err), &err);
}

/* Its key is known before it starts, and the worker's is enrolled. */
static void make_state(struct setup *setup)
{
	struct peer_row row = {.role = fq_Role_ROLE_WORKER, .name = "node1"};
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
	memcpy(row.pin, setup->side.pin, sizeof row.pin);
	(void)snprintf(path, sizeof path, "%s/peers", setup->state);
	must(peers_add(path, &peers, &row, &err), &err);
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
		            "--proof", "none", (char *)NULL);
	_exit(127);
}

static void start(struct setup *setup)
{
	unsigned int port = 0;
	char path[96];

	*setup = (struct setup){.base = "/tmp/fqcoord.XXXXXX"};
	(void)signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(setup->base))
		bail_out("no temporary folder");
	side_init(&setup->side);
	make_file(setup);
	make_state(setup);
	(void)fflush(stdout);
	setup->pid = fork();
	if (setup->pid == 0)
		run_coordinator(setup);
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

static void stop(struct setup *setup)
{
	setup->worker = connection_free(setup->worker);
	setup->client = connection_free(setup->client);
	(void)kill(setup->pid, SIGKILL);
	(void)waitpid(setup->pid, NULL, 0);
	side_deinit(&setup->side);
	folder_remove(setup->state);
	folder_remove(setup->base);
}

/* ---- both peers */

static void send_message(struct connection *connection, uint16_t type, const void *message)
{
	struct error err = {0};

	must(connection_send(connection, type, 0, message), &err);
	must(dial_wait(connection, WAIT_MS, NULL, &err), &err);
}

static void expect(struct connection *connection, uint16_t type, void *ret)
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

static void refused(struct connection **connection, const char *sentence, const char *what)
{
	struct error err = {0};
	struct frame frame;

	ok(dial_wait(*connection, WAIT_MS, &frame, &err) < 0 && strstr(err.text, sentence), "%s: %s", what, err.text);
	*connection = connection_free(*connection);
}

/* ---- the client */

static void client_begin(struct setup *setup)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	struct error err = {0};
	fq_Welcome welcome;
	char path[96];
	int fd = -1, r;

	(void)snprintf(path, sizeof path, "%s/ctl.sock", setup->state);
	for (int waited = 0; (r = dial_unix(path, &fd, &err)) < 0 && waited < WAIT_MS; waited += 10)
		(void)poll(NULL, 0, 10); /* it comes behind the other one, which start() saw */
	must(r, &err);
	must(connection_new_plain(fd, &setup->client, &err), &err);
	hello->role = fq_Role_ROLE_CLIENT;
	must(dial_hello(setup->client, hello, WAIT_MS, &welcome, &err), &err);
}

static void submit(struct setup *setup, uint32_t modules, const uint8_t *rules, size_t n)
{
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	_cleanup_(freep) fq_SubmitFile *file = calloc(1, sizeof *file);

	message->uuid[0] = ++setup->uuids;
	message->files = 1;
	message->modules = modules;
	message->slice_size = READS / SLICES * RECORD;
	message->rules.size = (pb_size_t)n;
	memcpy(message->rules.bytes, rules, n);
	(void)snprintf(file->path, sizeof file->path, "%s", setup->path);
	(void)connection_send(setup->client, fq_Type_SUBMIT, 0, message); /* it may be refused before the file comes */
	(void)connection_send(setup->client, fq_Type_SUBMIT_FILE, 0, file);
}

static void rules_of(uint32_t dup_length, struct count_rules *ret, struct packer *ret_packed)
{
	rules_default(ret, COMPAT_0_11_9);
	ret->dup_length = dup_length;
	rules_pack(ret, ret_packed);
}

static void test_submit(struct setup *setup, const struct packer *rules)
{
	uint8_t longer[2048] = {0};
	fq_Accepted accepted;

	client_begin(setup);
	submit(setup, MODULES, (const uint8_t *)"", 0);
	refused(&setup->client, "by which rules", "a job without the rules that it needs");
	client_begin(setup);
	submit(setup, MODULES, (const uint8_t *)"nonsense", 8);
	refused(&setup->client, "the job's rules make no sense", "rules that are none");
	memcpy(longer, rules->bytes, rules->n);
	client_begin(setup);
	submit(setup, MODULES, longer, rules->n + 1);
	refused(&setup->client, "bytes behind its end", "rules with more behind them");
	client_begin(setup);
	submit(setup, COUNT_SEQUENCES, rules->bytes, rules->n);
	refused(&setup->client, "lengths of reads", "modules that need another one");
	client_begin(setup);
	submit(setup, MODULES, rules->bytes, rules->n);
	expect(setup->client, fq_Type_ACCEPTED, &accepted);
	is_u64(accepted.job, 1, "a job with its rules is accepted");
}

/* ---- the worker */

static void dial_worker(struct setup *setup)
{
	struct error err = {0};
	int fd = -1;

	must(dial_tcp("127.0.0.1", setup->port, WAIT_MS, &fd, &err), &err);
	must(connection_new_client(setup->side.tls, fd, setup->pin, &setup->worker, &err), &err);
}

static fq_Hello *hello_made(void)
{
	fq_Hello *hello = calloc(1, sizeof *hello);

	if (!hello)
		bail_out("no memory");
	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = 1;
	(void)snprintf(hello->name, sizeof hello->name, "node1");
	return hello;
}

static void worker_begin(struct setup *setup)
{
	_cleanup_(freep) fq_Hello *hello = hello_made();
	struct error err = {0};
	fq_Welcome welcome;

	dial_worker(setup);
	must(dial_hello(setup->worker, hello, WAIT_MS, &welcome, &err), &err);
}

/* A worker that said what cannot be is not let in again, until an administrator says so. */
static void resume(struct setup *setup)
{
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	fq_NodeRequest request = {.name = "node1"};
	struct error err = {0};
	fq_Welcome welcome;
	fq_Empty done;
	int fd = -1;

	must(dial_tcp("127.0.0.1", setup->port, WAIT_MS, &fd, &err), &err);
	must(connection_new_client(setup->side.tls, fd, setup->pin, &setup->worker, &err), &err);
	hello->role = fq_Role_ROLE_WORKER;
	(void)snprintf(hello->name, sizeof hello->name, "another");
	ok(dial_hello(setup->worker, hello, WAIT_MS, &welcome, &err) < 0 && strstr(err.text, "fqctl resume"),
	   "after that its key is not let in, by any name: %s", err.text);
	setup->worker = connection_free(setup->worker);
	send_message(setup->client, fq_Type_NODE_RESUME, &request);
	expect(setup->client, fq_Type_DONE, &done);
}

static void open_file(struct setup *setup)
{
	fq_Opened opened = {0};
	fq_Open message;

	expect(setup->worker, fq_Type_OPEN, &message);
	opened.job = message.job;
	opened.file = message.file;
	facts_to_message(&setup->facts, &opened);
	send_message(setup->worker, fq_Type_OPENED, &opened);
}

static void is_brief(struct setup *setup, const struct packer *rules, const char *what)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	struct error err = {0};
	struct frame frame;
	fq_Brief brief;
	int r = 0;

	expect(setup->worker, fq_Type_BRIEF, &brief);
	must(blob_begin(&blob, brief.blob_bytes, BRIEF_MAX, &err), &err);
	while (r == 0) {
		must(dial_wait(setup->worker, WAIT_MS, &frame, &err), &err);
		r = blob_add(&blob, &frame, &err);
		must(r, &err);
	}
	ok(brief.job == 1 && brief.file == 0 && brief.number == 1 && blob.n == rules->n &&
	       memcmp(blob.bytes, rules->bytes, rules->n) == 0,
	   "%s", what);
}

/* Counts the task, by these rules, and sends what came out. */
static void send_result(struct setup *setup, const fq_Task *task, const struct count_rules *rules)
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
	must(connection_send_blob(setup->worker, fq_Type_RESULT, 0, &result, bytes, n), &err);
	must(dial_wait(setup->worker, WAIT_MS, NULL, &err), &err);
}

static void test_tasks(struct setup *setup, const struct count_rules *rules, const struct packer *packed)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	struct count_rules others = *rules;
	fq_Ref acknowledged;

	worker_begin(setup);
	open_file(setup);
	is_brief(setup, packed, "the rules come as a brief");
	expect(setup->worker, fq_Type_TASK, task);
	ok(task->ref.slice == 0 && task->brief == 1 && task->modules == MODULES, "before the first task that needs it");
	send_result(setup, task, rules);
	expect(setup->worker, fq_Type_TASK, task);
	ok(task->ref.slice == 1 && task->brief == 1, "the next task comes without it");
	ok(task->prior_known && task->prior_reads == READS / SLICES && task->prior_qualities == READS / SLICES,
	   "and tells what lies before its slice");
	expect(setup->worker, fq_Type_RESULT_ACK, &acknowledged);
	others.dup_length = 7;
	send_result(setup, task, &others);
	refused(&setup->worker, "by other rules than the job's", "counters of other rules");
	resume(setup);
	worker_begin(setup);
	is_brief(setup, packed, "over another connection the brief comes again");
	expect(setup->worker, fq_Type_TASK, task);
	task->modules = COUNT_LENGTHS;
	send_result(setup, task, rules);
	refused(&setup->worker, "counters of modules", "counters of other modules");
	resume(setup);
}

/* What a worker says of another state's starts and slices is of no use here; of this one's, it must not be ahead. */
static void test_states(struct setup *setup)
{
	_cleanup_(freep) fq_Hello *hello = hello_made();
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);
	struct error err = {0};

	hello->coordinator.size = sizeof hello->coordinator.bytes;
	memset(hello->coordinator.bytes, 0xee, sizeof hello->coordinator.bytes);
	hello->generation_seen = UINT64_MAX;
	hello->held_count = 1;
	hello->held[0] = (fq_SliceRef){.job = 1, .slice = 1, .lease = 1};
	dial_worker(setup);
	must(dial_hello(setup->worker, hello, WAIT_MS, welcome, &err), &err);
	ok(welcome->drop_count == 1 && welcome->drop[0].slice == 1, "what a worker holds for another state it is told to drop");
	setup->worker = connection_free(setup->worker);
	memcpy(hello->coordinator.bytes, welcome->coordinator, sizeof welcome->coordinator);
	dial_worker(setup);
	ok(dial_hello(setup->worker, hello, WAIT_MS, welcome, &err) < 0 && strstr(err.text, "its state was put back"),
	   "one that has seen a later start of this state is turned away: %s", err.text);
	setup->worker = connection_free(setup->worker);
	ok(kill(setup->pid, 0) == 0, "and that is all that comes of it");
}

static void test_end(struct setup *setup, const struct count_rules *rules, const struct packer *packed)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	fq_JobsRequest request = {.job = 1};
	fq_Ref acknowledged;
	fq_Job job;

	worker_begin(setup);
	is_brief(setup, packed, "and once more");
	expect(setup->worker, fq_Type_TASK, task);
	send_result(setup, task, rules);
	expect(setup->worker, fq_Type_TASK, task);
	is_u64(task->ref.slice, 2, "the right counters are taken");
	expect(setup->worker, fq_Type_RESULT_ACK, &acknowledged);
	send_result(setup, task, rules);
	expect(setup->worker, fq_Type_RESULT_ACK, &acknowledged);
	send_message(setup->client, fq_Type_WAIT, &request);
	expect(setup->client, fq_Type_JOB, &job);
	ok(job.state == fq_JobState_JOB_COMPLETED && job.records == READS && job.bases == 10 * READS, "and the job completes");
}

int main(void)
{
	struct packer packed = {0};
	struct count_rules rules;
	struct setup setup;

	start(&setup);
	rules_of(4, &rules, &packed);
	test_submit(&setup, &packed);
	test_tasks(&setup, &rules, &packed);
	test_states(&setup);
	test_end(&setup, &rules, &packed);
	stop(&setup);
	free(packed.bytes);
	return done_testing();
}
