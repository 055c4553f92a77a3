/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqworkerd against a coordinator of a few lines (worker_fake.h): what it keeps until it is acknowledged, what it says it
 * knows of its coordinator, what it tells of a file that nobody has shown he can read, and of a child that does not end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/fastq/proof.h"
#include "lib/qc/count.h"
#include "tests/unit/daemon/debugger.h"
#include "tests/unit/daemon/worker_fake.h"
#include "tests/unit/tap.h"

#define LEASE_BEFORE 1000 /* of what is counted so that a child is known to wait */

static void make_file(const struct fake *fake, const char *name, const char *text, int times, char path[128])
{
	FILE *f;

	(void)snprintf(path, 128, "%s/%s", fake->folder, name);
	f = fopen(path, "we");
	for (int i = 0; f && i < times; i++)
		(void)fputs(text, f);
	if (!f || fclose(f) != 0)
		bail_out("no file");
}

static fq_Task task_of(const char *path, uint64_t lease)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	fq_Task task = {.has_ref = true, .has_fingerprint = true};
	struct file_facts facts;
	struct error err = {0};

	if (fd < 0 || file_facts_take(fd, &facts, &err) < 0)
		bail_out("no facts");
	task.ref = (fq_SliceRef){.job = 3, .file = 1, .slice = 2, .lease = lease};
	(void)snprintf(task.path, sizeof task.path, "%s", path);
	fingerprint_to_message(&facts.fingerprint, &task.fingerprint);
	task.kind = facts.kind;
	task.end = facts.fingerprint.size;
	task.modules = COUNT_MEAN;
	task.algorithm = COUNTERS_ALGORITHM;
	return task;
}

/* The child is stopped while it waits. */
static pid_t stop_child(struct fake *fake, const char *path)
{
	const fq_Task task = task_of(path, LEASE_BEFORE);

	return fake_stop_child(fake, &task);
}

static void connect_anew(struct fake *fake, fq_Hello *ret)
{
	fake_accept(fake, ret);
	fake_welcome(fake);
}

/* Gives the task to a child that stands still. */
static pid_t give_to_stopped(struct fake *fake, const char *path, uint64_t lease)
{
	fq_Task task = task_of(path, lease);
	pid_t child = stop_child(fake, path);

	fake_send(fake, fq_Type_TASK, &task);
	fake_wait_given(fake, path);
	return child;
}

static void crash(struct fake *fake, const char *path, uint64_t lease)
{
	(void)kill(give_to_stopped(fake, path, lease), SIGKILL);
}

static bool holds(const fq_Hello *hello, uint64_t lease)
{
	return hello->held_count == 1 && hello->held[0].lease == lease;
}

/* ---- what is kept ---- */

static void test_crashed_kept(struct fake *fake, const char *path)
{
	fq_Crashed crashed;
	fq_Hello hello;

	crash(fake, path, 1);
	fake_expect(fake, fq_Type_CRASHED, &crashed);
	ok(fake_logged(fake, "ended its process"), "a crash is in the log with file and bytes");
	connect_anew(fake, &hello);
	ok(holds(&hello, 1), "a crash that was not acknowledged is held");
	fake_expect(fake, fq_Type_CRASHED, &crashed);
	ok(crashed.ref.lease == 1 && crashed.signal == SIGKILL, "and told again");
	fake_acknowledge(fake, &crashed.ref);
	fake_settle(fake);
	connect_anew(fake, &hello);
	is_u64(hello.held_count, 0, "until it is acknowledged");
	fake_settle(fake);
	ok(true, "then it is told no more");
}

static void test_io_error_kept(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 2);
	fq_IoError failed;
	fq_Hello hello;

	(void)strcat(task.path, ".not");
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_IO_ERROR, &failed);
	connect_anew(fake, &hello);
	ok(holds(&hello, 2), "an I/O error that was not acknowledged is held");
	fake_expect(fake, fq_Type_IO_ERROR, &failed);
	ok(failed.ref.lease == 2 && failed.error_number == ENOENT, "and told again");
	fake_acknowledge(fake, &failed.ref);
}

/* A child that dies while there is no connection. */
static void test_crashed_alone(struct fake *fake, const char *path)
{
	pid_t child = give_to_stopped(fake, path, 3);
	fq_Crashed crashed;
	fq_Hello hello;

	fake_cut(fake);
	(void)kill(child, SIGKILL);
	connect_anew(fake, &hello);
	ok(holds(&hello, 3), "a child that died without a connection");
	fake_expect(fake, fq_Type_CRASHED, &crashed);
	is_u64(crashed.ref.lease, 3, "is told over the next one");
	fake_acknowledge(fake, &crashed.ref);
	fake_settle(fake);
}

static void test_old_protocol(struct fake *fake, const char *path)
{
	fq_Crashed crashed;
	fq_Hello hello;

	fake->proto = 1;
	connect_anew(fake, &hello);
	crash(fake, path, 4);
	fake_expect(fake, fq_Type_CRASHED, &crashed);
	fake_settle(fake);
	fake->proto = PROTO_VERSION;
	connect_anew(fake, &hello);
	is_u64(hello.held_count, 0, "a coordinator of protocol 1 acknowledges no crash: it is told once");
}

/* ---- what it knows ---- */

static void test_another_state(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 5);
	uint64_t before = fake->generation;
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;
	fq_Hello hello;

	(void)stop_child(fake, path);
	fake_send(fake, fq_Type_TASK, &task);
	fake_settle(fake);
	(void)snprintf((char *)fake->id, sizeof fake->id, "%s", "coordinator two");
	fake->generation = 1;
	connect_anew(fake, &hello);
	ok(holds(&hello, 5) && hello.coordinator.size == 16 && memcmp(hello.coordinator.bytes, "coordinator one", 15) == 0 &&
	       hello.generation_seen == before,
	   "HELLO names the state whose slices it holds, and its start");
	fake_wait_close(fake);
	ok(fake_logged(fake, "another state under the same key") && fake_logged(fake, "slices of the former one are forgotten"),
	   "another state under the same key: what is held is forgotten, and it is said");
	connect_anew(fake, &hello);
	ok(hello.held_count == 0 && memcmp(hello.coordinator.bytes, "coordinator two", 15) == 0 && hello.generation_seen == 1,
	   "from then on it knows that one");
	task.ref.lease = 6;
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	is_u64(result.ref.lease, 6, "and works for it");
	(void)kill(fake->pid, SIGKILL);
	(void)fake_wait_end(fake);
	fake_start(fake, NULL);
	connect_anew(fake, &hello);
	ok(hello.coordinator.size == 16 && memcmp(hello.coordinator.bytes, "coordinator two", 15) == 0 && hello.generation_seen == 1,
	   "also when it was started anew");
}

/* ---- proof of reading ---- */

static void ask(struct fake *fake, fq_Open *open, fq_Opened *ret)
{
	fake_send(fake, fq_Type_OPEN, open);
	fake_expect(fake, fq_Type_OPENED, ret);
}

static void test_proof(struct fake *fake, const char *path, const char *other)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	fq_Open open = {.job = 5, .proof_wanted = true, .proof_key.size = PROOF_SIZE, .proof.size = PROOF_SIZE};
	struct error err = {0};
	fq_Opened opened;

	(void)snprintf(open.path, sizeof open.path, "%s", path);
	open.size = (uint64_t)lseek(fd, 0, SEEK_END);
	memset(open.proof_key.bytes, 7, PROOF_SIZE);
	if (proof_compute(fd, open.size, open.proof_key.bytes, open.proof.bytes, &err) < 0)
		bail_out("no proof");
	ask(fake, &open, &opened);
	ok(!opened.has_error && opened.has_fingerprint, "who has read a file is told about it");

	open.proof.bytes[3] ^= 1;
	ask(fake, &open, &opened);
	ok(opened.has_error && opened.unproven && !opened.has_fingerprint && opened.kind == 0,
	   "who has read something else is told nothing: %s", opened.error.text);
	ok(fake_logged(fake, "proof is of other bytes"), "the log says why");
	open.size++;
	ask(fake, &open, &opened);
	ok(opened.has_error && opened.unproven, "another size than he saw");
	ok(fake_logged(fake, "the submitter saw"), "the log says why");

	(void)snprintf(open.path, sizeof open.path, "%s", other);
	ask(fake, &open, &opened);
	ok(opened.unproven && !strstr(opened.error.text, "gzip") && !strstr(opened.error.text, "bzip2"),
	   "nor whether it is FASTQ at all: %s", opened.error.text);
	(void)strcat(open.path, ".not");
	ask(fake, &open, &opened);
	ok(opened.has_error && !opened.unproven && opened.error_number == ENOENT, "a file that is not there has no proof");
}

/* ---- a count without progress whose child does not end ---- */

/* It goes in circles, and is killed in the hands of a debugger. */
static void test_stalls(struct fake *fake, const char *path)
{
	const char *failpoints = getenv("FQ_FAILPOINTS");
	const fq_Task task = task_of(path, 7);
	struct debugger debugger;
	fq_IoError failed;
	fq_Hello hello;

	if (!failpoints || strcmp(failpoints, "yes") != 0) {
		skip("a count that makes no progress: this build has no failpoints");
		return;
	}
	(void)kill(fake->pid, SIGKILL);
	(void)fake_wait_end(fake);
	(void)setenv("FQ_FAILPOINT", "child-loop-at-0:on", 1);
	fake_start(fake, "--stall=1s");
	(void)unsetenv("FQ_FAILPOINT");
	connect_anew(fake, &hello);
	if (debugger_hold(&debugger, fake_child(fake, 0)) < 0) {
		skip("a child that is killed in a debugger's hands: this user may not hold one");
		return;
	}
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_IO_ERROR, &failed);
	is_u64(failed.ref.lease, 7, "a slice whose child was killed and does not end is given back: %s", failed.text);
	ok(fake_logged(fake, "has computed for 1000 ms without progress; it is killed"), "it was killed before");
	fake_acknowledge(fake, &failed.ref);
	debugger_let_go(&debugger);
}

int main(void)
{
	struct fake fake;
	fq_Hello hello;
	char path[128], other[128];

	fake_init(&fake);
	make_file(&fake, "reads.fq", "@r\nACGTACGTAC\n+\nIIIIIHHHHH\n", 4000, path);
	make_file(&fake, "other.bz2", "BZh91AY&SY", 10, other);
	fake_start(&fake, NULL);
	connect_anew(&fake, &hello);
	is_u64(hello.coordinator.size, 0, "a new worker knows no coordinator");
	test_crashed_kept(&fake, path);
	test_io_error_kept(&fake, path);
	test_crashed_alone(&fake, path);
	test_old_protocol(&fake, path);
	test_another_state(&fake, path);
	test_proof(&fake, path, other);
	test_stalls(&fake, path);
	fake_deinit(&fake);
	return done_testing();
}
