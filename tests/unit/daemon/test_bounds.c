/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What peers of a real fqcoordd may take of it: memory of results that come in and go out, of answers that nobody reads, of
 * submissions; places; jobs and files of one owner.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "tests/unit/daemon/coord_real.h"
#include "tests/unit/daemon/many.h"
#include "tests/unit/tap.h"

#define MODULES COUNT_MEAN
#define MODULES_LARGE (COUNT_MEAN | COUNT_QUALITY_TABLE | COUNT_BASES)
#define MIB 1024UL /* KiB */
#define SLACK (32 * MIB) /* what the allocator, the database and the sessions take beside */

static bool sanitized(void)
{
	const char *text = getenv("FQ_SANITIZERS");

	return text && strcmp(text, "yes") == 0;
}

/* ---- results that come in */

static void send_part(struct connection *worker, uint64_t job, uint64_t slice, uint64_t announced, size_t sent)
{
	fq_Result result = {.has_ref = true, .outcome = SLICE_END, .has_seam = true, .blob_bytes = announced};

	result.ref.job = job;
	result.ref.slice = slice;
	(void)connection_send_blob(worker, fq_Type_RESULT, 0, &result, calloc(1, sent), sent);
}

static void job_begin(struct setup *setup, struct connection *client, struct many *workers, fq_Task tasks[2])
{
	fq_Accepted accepted;

	client_submit(setup, client, MODULES, (const uint8_t *)"", 0);
	expect(client, fq_Type_ACCEPTED, &accepted);
	worker_open(setup, workers->of[0]);
	for (int i = 0; i < 2; i++)
		expect(workers->of[i], fq_Type_TASK, &tasks[i]);
}

static void send_honest(struct setup *setup, struct connection *worker, const fq_Task *task)
{
	struct count_rules rules;
	uint8_t *bytes;
	fq_Result result;

	rules_default(&rules, COMPAT_0_12_1);
	worker_count(setup, task, &rules, &result, &bytes);
	(void)connection_send_blob(worker, fq_Type_RESULT, 0, &result, bytes, result.blob_bytes);
}

/* A worker that holds all the room and stands still; an honest one that has to wait for many times the dead time. */
static void test_room(void)
{
	const char *const options[] = {"--result-max", "64K", "--results-memory", "64K", "--ping", "100ms", "--dead", "1s",
	                               "--stall", "28s", "--straggler", "1h", NULL};
	struct many workers = {.n = 2};
	struct setup setup;
	fq_Task tasks[2];

	setup_start(&setup, 2, 0, options);
	setup.client = client_new(&setup);
	workers.of[0] = worker_new(&setup, 0);
	workers.of[1] = worker_new(&setup, 1);
	job_begin(&setup, setup.client, &workers, tasks);
	send_part(workers.of[0], tasks[0].ref.job, tasks[0].ref.slice, 65536, 30000);
	attend(&workers, 100);
	send_honest(&setup, workers.of[1], &tasks[1]);
	attend(&workers, 4000); /* four times dead, less than a quarter of stall by what a busy machine may take */
	is_u64(ended(&workers), 0, "a result that waits for room costs nobody the connection");
	is_u64(workers.got[1], 0, "it is not taken");
	is_u64(setup_log(&setup, "has to wait with a result"), 1, "one line in the log says why");
	ATTEND_UNTIL(&workers, workers.ended[0]);
	ATTEND_UNTIL(&workers, workers.ended[1] || workers.got[1] > 0);
	ok(workers.ended[0] && strstr(workers.told[0], "nothing of a result came"), "who holds the room and stands still is dropped: %s",
	   workers.told[0]);
	ok(!workers.ended[1] && workers.got[1] > 0, "then the other's is taken");
	is_u64(setup_log(&setup, "made no progress"), 0, "and no slice was lost for having waited");
	many_free(&workers);
	setup_stop(&setup);
}

static void test_too_large(void)
{
	const char *const options[] = {"--result-max", "64K", "--straggler", "1h", NULL};
	struct many workers = {.n = 2};
	struct setup setup;
	fq_Task tasks[2];
	fq_Ref ref;

	setup_start(&setup, 2, 0, options);
	setup.client = client_new(&setup);
	workers.of[0] = worker_new(&setup, 0);
	workers.of[1] = worker_new(&setup, 1);
	job_begin(&setup, setup.client, &workers, tasks);
	send_part(workers.of[0], tasks[0].ref.job, tasks[0].ref.slice, 200000, 200000);
	(void)connection_send(workers.of[0], fq_Type_DRAINING, 0, NULL);
	expect(workers.of[0], fq_Type_RESULT_ACK, &ref);
	ok(ref.ref.slice == tasks[0].ref.slice, "a result above result_max is acknowledged");
	attend(&workers, 100);
	is_u64(ended(&workers), 0, "its worker stays");
	is_u64(setup_log(&setup, "more than result_max"), 1, "the log says why it is of no use");
	many_free(&workers);
	setup_stop(&setup);
}

#define FLOODERS 24

/* Many workers send large nonsense at once. */
static void test_memory_in(void)
{
	const char *const options[] = {"--result-max", "16M", "--results-memory", "32M", "--ping", "200ms", "--dead", "10s", NULL};
	struct many workers = {.n = FLOODERS};
	unsigned long before, most = 0, now;
	struct setup setup;

	setup_start(&setup, FLOODERS, 0, options);
	for (size_t i = 0; i < FLOODERS; i++)
		workers.of[i] = worker_new(&setup, i);
	before = setup_memory(&setup);
	for (size_t i = 0; i < FLOODERS; i++)
		send_part(workers.of[i], 999, i, 16 << 20, 16 << 20);
	for (int i = 0; i < 600 && ended(&workers) < FLOODERS; i++) {
		attend(&workers, 50);
		now = setup_memory(&setup);
		most = now > most ? now : most;
	}
	is_u64(ended(&workers), FLOODERS, "%d workers with 16 MiB of nonsense each are dropped, one after the other", FLOODERS);
	diag("memory: %lu MiB, and at most %lu MiB", before / MIB, most / MIB);
	ok(sanitized() || most < before + 32 * MIB + SLACK, "memory stays within results_memory");
	many_free(&workers);
	setup_stop(&setup);
}

/* ---- answers and results that nobody reads */

#define DEAF 40
#define QUESTIONS 20000

static void test_unread_answers(void)
{
	const char *const options[] = {"--ping", "200ms", "--dead", "2s", "--unauthenticated-per-address", "64", NULL};
	const fq_JobsRequest request = {.job = 1};
	struct many deaf = {.n = DEAF, .deaf = true};
	unsigned long before, most = 0, now;
	struct setup setup;

	setup_start(&setup, 0, 0, options);
	for (size_t i = 0; i < DEAF; i++) {
		deaf.of[i] = client_new(&setup);
		connection_set_reading(deaf.of[i], false);
	}
	before = setup_memory(&setup);
	for (size_t i = 0; i < DEAF; i++)
		for (int k = 0; k < QUESTIONS; k++)
			(void)connection_send(deaf.of[i], fq_Type_STATUS, 1, &request); /* of a job that is not there: a sentence each */
	for (int i = 0; i < 1200 && ended(&deaf) < DEAF; i++) {
		attend(&deaf, 50);
		now = setup_memory(&setup);
		most = now > most ? now : most;
	}
	is_u64(ended(&deaf), DEAF, "%d clients that ask %d times and read nothing are ended", DEAF, QUESTIONS);
	diag("memory: %lu MiB, and at most %lu MiB", before / MIB, most / MIB);
	ok(sanitized() || most < before + DEAF * MIB / 2 + SLACK, "half a MiB each is the most that waits for them");
	many_free(&deaf);
	setup_stop(&setup);
}

/* A job whose result is of 7 bytes a base. */
static void make_result(struct setup *setup)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	struct error err = {0};
	fq_Accepted accepted;
	fq_JobsRequest request = {.job = 1};
	fq_Job job = {0};
	struct many both = {.n = 2};
	struct count_rules rules;
	fq_Result result;
	uint8_t *bytes;

	rules_default(&rules, COMPAT_0_12_1);
	setup->client = client_new(setup);
	setup->worker = worker_new(setup, 0);
	client_submit(setup, setup->client, MODULES_LARGE, (const uint8_t *)"", 0);
	expect(setup->client, fq_Type_ACCEPTED, &accepted);
	worker_open(setup, setup->worker);
	expect(setup->worker, fq_Type_TASK, task);
	setup->worker = connection_free(setup->worker);
	setup->client = connection_free(setup->client);
	worker_count(setup, task, &rules, &result, &bytes); /* perhaps for longer than connections live of which nobody hears */
	setup->client = client_new(setup);
	setup->worker = worker_new(setup, 0);
	expect(setup->worker, fq_Type_TASK, task);
	result.ref = task->ref;
	must(connection_send_blob(setup->worker, fq_Type_RESULT, 0, &result, bytes, result.blob_bytes), &err);
	both.of[0] = setup->worker;
	both.of[1] = setup->client;
	ATTEND_UNTIL(&both, both.ended[0] || both.last[0] == fq_Type_RESULT_ACK); /* perhaps for longer than the dead time */
	send_message(setup->client, fq_Type_WAIT, &request);
	do
		expect(setup->client, fq_Type_JOB, &job);
	while (job.state <= fq_JobState_JOB_RUNNING);
	ok(job.state == fq_JobState_JOB_COMPLETED, "a job with a large result: %s", job.error.text);
}

static void test_unread_results(void)
{
	const char *const options[] = {"--result-max", "8M", "--results-memory", "16M", "--ping", "200ms", "--dead", "2s",
	                               "--unauthenticated-per-address", "64", NULL};
	const fq_JobsRequest request = {.job = 1};
	struct many deaf = {.n = DEAF, .deaf = true}, reader = {.n = 1};
	unsigned long before, most = 0, now;
	struct setup setup;

	setup_start(&setup, 1, 1 << 20, options);
	make_result(&setup);
	for (size_t i = 0; i < DEAF; i++)
		deaf.of[i] = client_new(&setup);
	reader.of[0] = client_new(&setup);
	before = setup_memory(&setup);
	for (size_t i = 0; i < DEAF; i++) {
		connection_set_reading(deaf.of[i], false);
		(void)connection_send(deaf.of[i], fq_Type_FETCH, 1, &request);
	}
	attend(&deaf, 200);
	(void)connection_send(reader.of[0], fq_Type_FETCH, 1, &request);
	for (int i = 0; i < 6000 && reader.last[0] != fq_Type_END; i++) {
		attend(&deaf, 10);
		attend(&reader, 10);
		now = setup_memory(&setup);
		most = now > most ? now : most;
	}
	ok(reader.last[0] == fq_Type_END && reader.got[0] > 100, "who reads has the result, behind %d who do not", DEAF);
	diag("memory: %lu MiB, and at most %lu MiB", before / MIB, most / MIB);
	ok(sanitized() || most < before + 16 * MIB + SLACK, "results that nobody reads stay within results_memory");
	many_free(&deaf);
	many_free(&reader);
	setup_stop(&setup);
}

/* ---- submissions, jobs, waits */

static void test_submissions(void)
{
	const char *const options[] = {"--result-max", "64K", "--results-memory", "256K", "--ping", "200ms", "--dead", "2s",
	                               "--jobs-max", "3", "--files-max", "50", NULL};
	_cleanup_(freep) fq_Submit *message = calloc(1, sizeof *message);
	_cleanup_(freep) fq_SubmitFile *file = calloc(1, sizeof *file);
	struct many clients = {.n = 3};
	struct setup setup;
	fq_Accepted accepted;

	setup_start(&setup, 1, 0, options);
	message->files = 50;
	message->modules = MODULES;
	memset(file->path, 'x', 2000);
	file->path[0] = '/';
	for (size_t i = 0; i < 2; i++) {
		clients.of[i] = client_new(&setup);
		message->uuid[0] = (uint8_t)(100 + i);
		(void)connection_send(clients.of[i], fq_Type_SUBMIT, 1, message);
		for (int k = 0; k < 20; k++)
			(void)connection_send(clients.of[i], fq_Type_SUBMIT_FILE, 1, file);
	}
	clients.of[2] = client_new(&setup);
	ATTEND_UNTIL(&clients, clients.ended[1]);
	ok(clients.ended[1] && strstr(clients.told[1], "too many jobs are being submitted"), "two submissions above the bound: %s",
	   clients.told[1]);
	ok(!clients.ended[0], "the first may go on");
	attend(&clients, 3000); /* which it does not, for longer than the dead time */
	message->uuid[0] = 102;
	(void)connection_send(clients.of[2], fq_Type_SUBMIT, 1, message);
	for (int k = 0; k < 20; k++)
		(void)connection_send(clients.of[2], fq_Type_SUBMIT_FILE, 1, file);
	ATTEND_UNTIL(&clients, clients.ended[0]);
	ok(clients.ended[0] && strstr(clients.told[0], "did not come"), "it has to make room: %s", clients.told[0]);
	ok(!clients.ended[2], "for another one");
	many_free(&clients);

	setup.client = client_new(&setup);
	for (int i = 0; i < 3; i++) {
		client_submit(&setup, setup.client, MODULES, (const uint8_t *)"", 0);
		expect(setup.client, fq_Type_ACCEPTED, &accepted);
	}
	client_submit(&setup, setup.client, MODULES, (const uint8_t *)"", 0);
	refused(&setup.client, "unfinished jobs", "a fourth job of an owner who may have three");
	setup.client = client_new(&setup);
	message->files = 51;
	message->uuid[0] = 103;
	(void)connection_send(setup.client, fq_Type_SUBMIT, 1, message);
	refused(&setup.client, "from 1 to 50 files", "more files than a job may have");
	setup.client = client_new(&setup);
	for (int i = 0; i < 65; i++)
		(void)connection_send(setup.client, fq_Type_WAIT, (uint16_t)(i + 1), &(fq_JobsRequest){.job = accepted.job});
	clients = (struct many){.n = 1, .of = {setup.client}};
	ATTEND_UNTIL(&clients, clients.got[0] == 65 || clients.ended[0]);
	ok(clients.got[0] == 65 && strstr(clients.told[0], "can wait for 64 jobs"), "the 65th WAIT of a connection: %s", clients.told[0]);
	setup_stop(&setup);
}

/* ---- places */

static void test_places(void)
{
	const char *const options[] = {"--connections-max", "16", "--unauthenticated-per-address", "4", "--unauthenticated-max", "8",
	                               "--ping", "200ms", "--dead", "10s", NULL};
	struct many silent = {.n = 10}, keys = {.n = 4};
	struct connection *one;
	struct error err = {0};
	struct setup setup;

	setup_start(&setup, 1, 0, options);
	for (size_t i = 0; i < silent.n; i++)
		silent.of[i] = client_open(&setup);
	ATTEND_UNTIL(&silent, ended(&silent) >= 6);
	attend(&silent, 100);
	is_u64(ended(&silent), 6, "of ten connections of a user that say nothing four have a place");
	attend(&silent, 2000);
	one = client_new(&setup);
	ATTEND_UNTIL(&silent, ended(&silent) >= 7);
	is_u64(ended(&silent), 7, "after a second one of them makes room for another");
	one = connection_free(one);
	many_free(&silent);

	for (size_t i = 0; i < keys.n; i++) {
		keys.of[i] = client_dial(&setup);
		must(client_greet(keys.of[i], &err), &err);
	}
	one = client_dial(&setup);
	ok(client_greet(one, &err) < 0 && strstr(err.text, "as many connections as one may have"),
	   "a key has a quarter of the places: %s", err.text);
	one = connection_free(one);
	keys.of[0] = connection_free(keys.of[0]);
	keys.of[0] = client_dial(&setup);
	for (int i = 0; i < 50 && client_greet(keys.of[0], &err) < 0; i++) {
		keys.of[0] = connection_free(keys.of[0]);
		(void)poll(NULL, 0, 20);
		keys.of[0] = client_dial(&setup);
	}
	ok(connection_ready(keys.of[0]), "one that ends makes room for the next");
	many_free(&keys);
	setup_stop(&setup);
}

int main(void)
{
	test_room();
	test_too_large();
	test_memory_in();
	test_unread_answers();
	test_unread_results();
	test_submissions();
	test_places();
	return done_testing();
}
