/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqworkerd against a coordinator of a few lines (worker_fake.h): opening, counting, faults, crashes, lost connections,
 * old generations, drains. A slice is held "in the middle" by stopping the child before it gets it: no moment is guessed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/fastq/proof.h"
#include "lib/qc/count.h"
#include "lib/wire/trust.h"
#include "tests/unit/daemon/worker_fake.h"
#include "tests/unit/tap.h"

#define READS 500
#define LEASE_BEFORE 1000 /* of what is counted so that a child is known to wait */

static void make_file(const struct fake *fake, char path[128])
{
	FILE *f;

	(void)snprintf(path, 128, "%s/reads.fq", fake->folder);
	f = fopen(path, "we");
	if (!f)
		bail_out("no file");
	for (int i = 0; i < READS; i++)
		(void)fprintf(f, "@r%d\nACGTACGTAC\n+\nIIIIIHH%c##\n", i, '#' + i % 40);
	if (fclose(f) != 0)
		bail_out("no file");
}

static void facts_of(const char *path, struct file_facts *ret)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct error err = {0};

	if (fd < 0 || file_facts_take(fd, ret, &err) < 0)
		bail_out("no facts");
}

/* A task for the whole file. */
static fq_Task task_of(const char *path, uint64_t lease)
{
	fq_Task task = {.has_ref = true, .has_fingerprint = true};
	struct file_facts facts;

	facts_of(path, &facts);
	task.ref = (fq_SliceRef){.job = 3, .file = 1, .slice = 2, .lease = lease};
	(void)snprintf(task.path, sizeof task.path, "%s", path);
	fingerprint_to_message(&facts.fingerprint, &task.fingerprint);
	task.kind = facts.kind;
	task.end = facts.fingerprint.size;
	task.modules = COUNT_MEAN;
	task.algorithm = COUNTERS_ALGORITHM;
	return task;
}

/* Connected, with a child that is stopped and has the task. */
static pid_t hold_task(struct fake *fake, const fq_Task *task)
{
	fq_Task before = *task;
	pid_t child;

	before.ref.lease = LEASE_BEFORE;
	child = fake_stop_child(fake, &before);
	fake_send(fake, fq_Type_TASK, task);
	fake_wait_given(fake, task->path);
	return child;
}

/* ---- the facts ---- */

static void test_open(struct fake *fake, const char *path)
{
	fq_Open open = {.job = 5, .file = 6};
	struct file_facts facts, got = {0};
	struct error err = {0};
	fq_Opened opened;
	char link[160];

	facts_of(path, &facts);
	(void)snprintf(open.path, sizeof open.path, "%s", path);
	fake_send(fake, fq_Type_OPEN, &open);
	fake_expect(fake, fq_Type_OPENED, &opened);
	ok(opened.job == 5 && opened.file == 6 && !opened.has_error, "OPENED of a file");
	ok(facts_from_message(&opened, &got, &err) == 0 && got.kind == FILE_PLAIN &&
	       fingerprint_equal(&got.fingerprint, &facts.fingerprint),
	   "with its facts");

	(void)snprintf(open.path, sizeof open.path, "%s.not", path);
	fake_send(fake, fq_Type_OPEN, &open);
	fake_expect(fake, fq_Type_OPENED, &opened);
	ok(opened.has_error && opened.error_number == ENOENT &&
	       strstr(opened.error.text, "No such file"),
	   "a file that is not there: %s", opened.error.text);

	(void)snprintf(link, sizeof link, "%s.link", path);
	if (symlink(path, link) < 0)
		bail_out("symlink");
	(void)snprintf(open.path, sizeof open.path, "%s", link);
	fake_send(fake, fq_Type_OPEN, &open);
	fake_expect(fake, fq_Type_OPENED, &opened);
	ok(opened.has_error && opened.error_number == ELOOP, "a symbolic link: %s",
	   opened.error.text);
}

/* ---- questions that belong to no job ---- */

static void test_look(struct fake *fake, const char *path)
{
	static const uint8_t key[PROOF_SIZE] = {1, 2, 3};
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	fq_Look look = {.number = 77};
	struct file_facts facts;
	struct error err = {0};
	fq_Looked looked;
	uint64_t now = clock_wall_ms();

	facts_of(path, &facts);
	fake_send(fake, fq_Type_LOOK, &look);
	fake_expect(fake, fq_Type_LOOKED, &looked);
	ok(looked.number == 77 && !looked.has_error && looked.size == 0 && looked.clock_ms >= now && looked.clock_ms < now + WAIT_MS,
	   "LOOK without a path: the time");
	(void)snprintf(look.path, sizeof look.path, "%s", path);
	fake_send(fake, fq_Type_LOOK, &look);
	fake_expect(fake, fq_Type_LOOKED, &looked);
	ok(!looked.has_error && looked.size == facts.fingerprint.size && looked.kind == FILE_PLAIN && looked.ends.size == DIGEST_SIZE &&
	       memcmp(looked.ends.bytes, facts.fingerprint.ends, DIGEST_SIZE) == 0,
	   "of a file: what it is");
	look.proof_wanted = true;
	look.size = facts.fingerprint.size;
	look.proof_key.size = look.proof.size = PROOF_SIZE;
	memcpy(look.proof_key.bytes, key, PROOF_SIZE);
	fake_send(fake, fq_Type_LOOK, &look);
	fake_expect(fake, fq_Type_LOOKED, &looked);
	ok(looked.has_error && looked.unproven && looked.size == 0 && looked.ends.size == 0, "with a wrong proof nothing: %s",
	   looked.error.text);
	ok(proof_compute(fd, look.size, key, look.proof.bytes, &err) == 0, "the right one");
	fake_send(fake, fq_Type_LOOK, &look);
	fake_expect(fake, fq_Type_LOOKED, &looked);
	ok(!looked.has_error && looked.size == look.size, "is taken");
	(void)snprintf(look.path, sizeof look.path, "%s.not", path);
	fake_send(fake, fq_Type_LOOK, &look);
	fake_expect(fake, fq_Type_LOOKED, &looked);
	ok(looked.has_error && !looked.unproven && looked.error_number == ENOENT, "not there: %s", looked.error.text);
}

static void test_count(struct fake *fake, const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	fq_Task task = task_of(path, 1);
	_cleanup_(blob_deinit) struct blob blob = {0};
	_cleanup_(freep) uint8_t *bytes = NULL;
	struct slice_count count;
	struct slice_task slice;
	struct error err = {0};
	uint8_t digest[DIGEST_SIZE];
	fq_Result result;
	size_t n = 0;

	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	if (task_from_message(&task, READ_MAX_DEFAULT, &slice, &err) < 0 ||
	    count_slice(fd, &slice, COUNT_MEAN, NULL, NULL, NULL, NULL, &count, &err) < 0 ||
	    counters_pack(count.counters, &bytes, &n) < 0)
		bail_out("no count to compare with");
	slice_count_deinit(&count);
	ok(result.outcome == SLICE_END && result.seam.records == READS &&
	       result.bases == READS * 10,
	   "RESULT of a slice");
	ok(blob.n == n && memcmp(blob.bytes, bytes, n) == 0,
	   "its counters are those of one process");
	ok(digest_sha256(bytes, n, NULL, 0, digest) == 0 &&
	       memcmp(digest, result.blob_sha256, sizeof digest) == 0,
	   "and their hash is right");
}

static void test_faults(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 2);
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_IoError failed;
	fq_Result result;
	char bad[160];
	FILE *f;

	task.fingerprint.mtime_ns++;
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	ok(result.outcome == SLICE_FAULT && result.fault.kind == FAULT_CHANGED && blob.n == 0,
	   "another fingerprint than planned: the file has changed");

	(void)snprintf(bad, sizeof bad, "%s/bad.fq", fake->folder);
	f = fopen(bad, "we");
	if (!f || fputs("@a\nACGT\n+\nIII\n", f) < 0 || fclose(f) != 0)
		bail_out("no file");
	task = task_of(bad, 3);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	ok(result.outcome == SLICE_FAULT && result.fault.kind == FAULT_LENGTHS,
	   "a record at fault");

	task = task_of(path, 4);
	(void)snprintf(task.path, sizeof task.path, "%s.not", path);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_IO_ERROR, &failed);
	ok(failed.error_number == ENOENT && failed.ref.lease == 4,
	   "a file that cannot be opened: %s", failed.text);
	fake_acknowledge(fake, &failed.ref);
}

static void test_changed_meanwhile(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 5);
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;
	pid_t child = hold_task(fake, &task);

	make_file(fake, (char[128]){0});
	(void)kill(child, SIGCONT);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	ok(result.outcome == SLICE_FAULT && result.fault.kind == FAULT_CHANGED,
	   "a file that changes while it is counted");
}

static void test_crash(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 6);
	_cleanup_(blob_deinit) struct blob blob = {0};
	pid_t child = hold_task(fake, &task);
	fq_Crashed crashed;
	fq_Result result;

	(void)kill(child, SIGKILL);
	fake_expect(fake, fq_Type_CRASHED, &crashed);
	ok(crashed.ref.lease == 6 && crashed.signal == SIGKILL,
	   "CRASHED when the child is killed with a slice");
	fake_acknowledge(fake, &crashed.ref);
	task.ref.lease = 7;
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	ok(result.ref.lease == 7 && result.outcome == SLICE_END, "a new child counts it");
	ok(fake_child(fake, 0) != child, "which is another one");
}

static void test_drop(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 8);
	const fq_Ref drop = {.has_ref = true, .ref = task.ref};
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Result result;

	(void)hold_task(fake, &task);
	fake_send(fake, fq_Type_DROP, &drop);
	task.ref.lease = 9;
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_acknowledge(fake, &result.ref);
	ok(result.ref.lease == 9, "a dropped slice is forgotten, the next one counted");
}

static void test_reconnect(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 10);
	_cleanup_(blob_deinit) struct blob first = {0}, second = {0};
	pid_t child = hold_task(fake, &task);
	fq_Hello hello;
	fq_Result result;

	fake->generation++;
	fake_accept(fake, &hello);
	ok(hello.held_count == 1 && hello.held[0].lease == 10,
	   "after a cut HELLO tells the slice that runs");
	is_u64(hello.generation_seen, fake->generation - 1, "and the generation");
	fake_welcome(fake);
	(void)kill(child, SIGCONT);
	fake_expect_result(fake, &result, &first);
	fake_accept(fake, &hello);
	ok(hello.held_count == 1 && hello.held[0].lease == 10,
	   "a result without RESULT_ACK is held on");
	fake_welcome(fake);
	fake_expect_result(fake, &result, &second);
	ok(second.n == first.n && memcmp(second.bytes, first.bytes, first.n) == 0,
	   "and sent again, the same");
	fake_acknowledge(fake, &result.ref);
	fake_settle(fake);
	fake_accept(fake, &hello);
	is_u64(hello.held_count, 0, "after RESULT_ACK nothing is held");
	fake_welcome(fake);
}

static void test_drain(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 11);
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Empty empty;
	fq_Result result;
	pid_t child = hold_task(fake, &task);
	fq_Ref returned;

	(void)kill(fake->pid, SIGTERM);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	task.ref.lease = 12;
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_RETURN, &returned);
	is_u64(returned.ref.lease, 12, "SIGTERM: DRAINING, and a task that comes late is returned");
	(void)kill(child, SIGCONT);
	fake_expect_result(fake, &result, &blob);
	is_u64(result.ref.lease, 11, "what can be finished is finished");
	fake_acknowledge(fake, &result.ref);
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "exit status 0");
}

static void test_drain_late(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 13);
	fq_Empty empty;
	fq_Hello hello;
	fq_Ref returned;

	fake_start(fake, "--drain-timeout=1s");
	fake_accept(fake, &hello);
	fake_welcome(fake);
	(void)hold_task(fake, &task);
	(void)kill(fake->pid, SIGTERM);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	fake_expect(fake, fq_Type_RETURN, &returned);
	is_u64(returned.ref.lease, 13, "what cannot be finished in time is returned");
	fake_cut(fake);
	is_int(fake_wait_end(fake), 0, "exit status 0");
}

/* The children are the test's own when their supervisor is gone. */
static void test_killed(struct fake *fake)
{
	fq_Hello hello;
	pid_t child;
	int status;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	fake_start(fake, NULL);
	fake_accept(fake, &hello);
	fake_welcome(fake);
	child = fake_child(fake, 0);
	(void)kill(child, SIGSTOP); /* so that only the kernel can end it */
	(void)kill(fake->pid, SIGKILL);
	is_int(fake_wait_end(fake), -SIGKILL, "the supervisor is killed");
	ok(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "its children die with it");
}

static void test_refusals(struct fake *fake)
{
	fq_Error no = {.class = ERROR_DENIED, .text = "this key is not enrolled here"};
	uint8_t other[PIN_SIZE] = {1};
	struct error err = {0};
	fq_Hello hello;
	char known[128];

	fake->generation = 2;
	fake_start(fake, NULL);
	fake_accept(fake, &hello);
	fake_welcome(fake);
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), ERROR_DENIED,
	       "an older generation than was seen: exit 77 at the first connection");
	ok(fake_logged(fake, "old copy"), "with a sentence");

	fake_start(fake, NULL);
	fake_accept(fake, &hello);
	fake_send(fake, fq_Type_ERROR, &no);
	fake_cut(fake);
	is_int(fake_wait_end(fake), ERROR_DENIED, "a coordinator that does not want it: exit 77");
	ok(fake_logged(fake, no.text), "with the coordinator's sentence");

	(void)snprintf(known, sizeof known, "%s/known", fake->folder);
	if (known_add(known, "127.0.0.1", fake->port, other, &err) < 0)
		bail_out(err.text);
	fake_start(fake, NULL);
	fake_refused(fake);
	is_int(fake_wait_end(fake), ERROR_DENIED, "another key than the known one: exit 77");

	(void)unlink(known);
	fake_start(fake, NULL);
	is_int(fake_wait_end(fake), ERROR_CONFIG, "not enrolled: exit 78");
	ok(fake_logged(fake, "fqctl token --role worker"), "the sentence says how to enrol");
}

int main(void)
{
	struct fake fake;
	fq_Hello hello;
	char path[128];

	fake_init(&fake);
	make_file(&fake, path);
	fake_start(&fake, NULL);
	fake_accept(&fake, &hello);
	ok(strcmp(hello.name, "node1") == 0 && hello.slots == 1 &&
	       hello.role == fq_Role_ROLE_WORKER && hello.algorithm == COUNTERS_ALGORITHM &&
	       hello.held_count == 0 && hello.generation_seen == 0,
	   "HELLO of a new worker");
	fake_welcome(&fake);
	test_open(&fake, path);
	test_look(&fake, path);
	test_count(&fake, path);
	test_faults(&fake, path);
	test_changed_meanwhile(&fake, path);
	test_crash(&fake, path);
	test_drop(&fake, path);
	test_reconnect(&fake, path);
	test_drain(&fake, path);
	test_drain_late(&fake, path);
	test_killed(&fake);
	test_refusals(&fake);
	fake_deinit(&fake);
	return done_testing();
}
