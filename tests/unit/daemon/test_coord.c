/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqcoordd with a client and a worker of a few lines: rules are checked at submit and travel to the worker before the task
 * that needs them, once a connection; what comes back must be counted by them. Whatever cannot be set up ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "lib/wire/dial.h"
#include "tests/unit/daemon/coord_real.h"
#include "tests/unit/tap.h"
#include "tests/unit/wire/pair.h"

#define MODULES (COUNT_LENGTHS | COUNT_SEQUENCES)

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

	setup->client = client_new(setup);
	client_submit(setup, setup->client, MODULES, (const uint8_t *)"", 0);
	refused(&setup->client, "by which rules", "a job without the rules that it needs");
	setup->client = client_new(setup);
	client_submit(setup, setup->client, MODULES, (const uint8_t *)"nonsense", 8);
	refused(&setup->client, "the job's rules make no sense", "rules that are none");
	memcpy(longer, rules->bytes, rules->n);
	setup->client = client_new(setup);
	client_submit(setup, setup->client, MODULES, longer, rules->n + 1);
	refused(&setup->client, "bytes behind its end", "rules with more behind them");
	setup->client = client_new(setup);
	client_submit(setup, setup->client, COUNT_SEQUENCES, rules->bytes, rules->n);
	refused(&setup->client, "lengths of reads", "modules that need another one");
	setup->client = client_new(setup);
	client_submit(setup, setup->client, MODULES, rules->bytes, rules->n);
	expect(setup->client, fq_Type_ACCEPTED, &accepted);
	is_u64(accepted.job, 1, "a job with its rules is accepted");
}

/* ---- the worker */

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
	must(connection_new_client(setup->sides[0].tls, fd, setup->pin, &setup->worker, &err), &err);
	hello->role = fq_Role_ROLE_WORKER;
	(void)snprintf(hello->name, sizeof hello->name, "another");
	ok(dial_hello(setup->worker, hello, WAIT_MS, &welcome, &err) < 0 && strstr(err.text, "fqctl resume"),
	   "after that its key is not let in, by any name: %s", err.text);
	setup->worker = connection_free(setup->worker);
	send_message(setup->client, fq_Type_NODE_RESUME, &request);
	expect(setup->client, fq_Type_DONE, &done);
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
	struct error err = {0};
	uint8_t *bytes;
	fq_Result result;

	worker_count(setup, task, rules, &result, &bytes);
	must(connection_send_blob(setup->worker, fq_Type_RESULT, 0, &result, bytes, result.blob_bytes), &err);
	must(dial_wait(setup->worker, WAIT_MS, NULL, &err), &err);
}

static void test_tasks(struct setup *setup, const struct count_rules *rules, const struct packer *packed)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	struct count_rules others = *rules;
	fq_Ref acknowledged;

	setup->worker = worker_new(setup, 0);
	worker_open(setup, setup->worker);
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
	setup->worker = worker_new(setup, 0);
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
	_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);
	struct error err = {0};

	hello->role = fq_Role_ROLE_WORKER;
	hello->algorithm = COUNTERS_ALGORITHM;
	hello->slots = 1;
	(void)snprintf(hello->name, sizeof hello->name, "node1");
	hello->coordinator.size = sizeof hello->coordinator.bytes;
	memset(hello->coordinator.bytes, 0xee, sizeof hello->coordinator.bytes);
	hello->generation_seen = UINT64_MAX;
	hello->held_count = 1;
	hello->held[0] = (fq_SliceRef){.job = 1, .slice = 1, .lease = 1};
	setup->worker = worker_dial(setup, 0);
	must(dial_hello(setup->worker, hello, WAIT_MS, welcome, &err), &err);
	ok(welcome->drop_count == 1 && welcome->drop[0].slice == 1, "what a worker holds for another state it is told to drop");
	setup->worker = connection_free(setup->worker);
	memcpy(hello->coordinator.bytes, welcome->coordinator, sizeof welcome->coordinator);
	setup->worker = worker_dial(setup, 0);
	ok(dial_hello(setup->worker, hello, WAIT_MS, welcome, &err) < 0 && strstr(err.text, "its state was put back"),
	   "one that has seen a later start of this state is turned away: %s", err.text);
	setup->worker = connection_free(setup->worker);
	is_u64(setup_log(setup, "another coordinator runs with a copy"), 1, "and one line is all that comes of it");
}

/* A worker that is a job of a batch system: what it says of that is held to what may stand in a table. */
static void test_batch(struct setup *setup)
{
	static const struct {
		const char *engine, *job;
		uint64_t ends;
		const char *wrong; /* NULL: nothing */
	} cases[] = {
		{"sl urm", "1", 0, "no name of a batch system"}, {"slurm;", "1", 0, "no name of a batch system"},
		{"slurm", "1\n2", 0, "no name of a batch job"}, {"slurm", "\x1b[2J", 0, "no name of a batch job"},
		{"", "1", 0, "a batch job of no batch system"}, {"", "", 5, "a batch job of no batch system"},
		{"slurm", "1", UINT64_MAX, "is no time"},       {"slurm", "123_4[5].x@y:z-", 1800000000, NULL},
	};
	_cleanup_(freep) fq_Welcome *welcome = calloc(1, sizeof *welcome);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		_cleanup_(freep) fq_Hello *hello = calloc(1, sizeof *hello);
		struct error err = {0};
		int r;

		hello->role = fq_Role_ROLE_WORKER;
		hello->algorithm = COUNTERS_ALGORITHM;
		hello->slots = 1;
		(void)snprintf(hello->name, sizeof hello->name, "job1");
		(void)snprintf(hello->batch_engine, sizeof hello->batch_engine, "%s", cases[i].engine);
		(void)snprintf(hello->batch_job, sizeof hello->batch_job, "%s", cases[i].job);
		hello->batch_ends = cases[i].ends;
		setup->worker = worker_dial(setup, 0);
		r = dial_hello(setup->worker, hello, WAIT_MS, welcome, &err);
		if (cases[i].wrong)
			ok(r < 0 && strstr(err.text, cases[i].wrong), "a batch job that cannot be: %s", err.text);
		else
			is_int(r, 0, "one that can is welcome: %s", err.text);
		setup->worker = connection_free(setup->worker);
	}
}

static void test_end(struct setup *setup, const struct count_rules *rules, const struct packer *packed)
{
	_cleanup_(freep) fq_Task *task = calloc(1, sizeof *task);
	fq_JobsRequest request = {.job = 1};
	fq_Ref acknowledged;
	fq_Job job;

	setup->worker = worker_new(setup, 0);
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

	setup_start(&setup, 1, 0, (const char *const[]){NULL});
	rules_of(4, &rules, &packed);
	test_submit(&setup, &packed);
	test_tasks(&setup, &rules, &packed);
	test_states(&setup);
	test_batch(&setup);
	test_end(&setup, &rules, &packed);
	setup_stop(&setup);
	free(packed.bytes);
	return done_testing();
}
