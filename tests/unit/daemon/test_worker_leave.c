/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqworkerd against a coordinator of a few lines (worker_fake.h): when it leaves without being told, that nothing is lost which
 * was on its way to it then, and what it says of the batch job that it is.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/base/clock.h"
#include "lib/qc/count.h"
#include "tests/unit/daemon/worker_fake.h"
#include "tests/unit/tap.h"

#define IDLE_MS 600
#define BUSY_MS 4000 /* in which a busy machine starts a worker and gives it something to do */
#define LATE_MS 5000 /* on a machine that is busy */

static fq_Task task_of(const struct fake *fake, uint64_t lease)
{
	fq_Task task = {.has_ref = true, .has_fingerprint = true};
	struct file_facts facts;
	struct error err = {0};
	FILE *file;
	int fd;

	(void)snprintf(task.path, sizeof task.path, "%s/reads.fq", fake->folder);
	file = fopen(task.path, "ae");
	if (!file || (ftell(file) == 0 && fputs("@r\nACGT\n+\nIIII\n", file) < 0) || fclose(file) != 0)
		bail_out("no file");
	fd = open(task.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || file_facts_take(fd, &facts, &err) < 0)
		bail_out("no facts");
	(void)close(fd);
	task.ref = (fq_SliceRef){.job = 3, .file = 1, .slice = 2, .lease = lease};
	fingerprint_to_message(&facts.fingerprint, &task.fingerprint);
	task.kind = facts.kind;
	task.end = facts.fingerprint.size;
	task.modules = COUNT_MEAN;
	task.algorithm = COUNTERS_ALGORITHM;
	return task;
}

static void begin(struct fake *fake, const char *extra, fq_Hello *ret)
{
	fake_start(fake, extra);
	fake_accept(fake, ret);
	fake_welcome(fake);
}

/* What the coordinator gives before it hears that the worker drains comes back, however idle that was, and whether or not it was up. */
static void test_race(struct fake *fake)
{
	fq_Task task = task_of(fake, 5);
	fq_Hello hello;
	fq_Empty empty;
	fq_Ref returned;

	fake_start(fake, NULL);
	fake_accept(fake, &hello);
	is_str(hello.batch_engine, "", "a worker that is no job says so");
	(void)kill(fake->pid, SIGTERM); /* most often it comes before WELCOME */
	fake_welcome(fake);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_RETURN, &returned);
	is_u64(returned.ref.lease, 5, "a slice that was on its way to an idle worker is returned");
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "and then it leaves");
}

/* A coordinator that hangs is not waited for for ever. */
static void test_deaf(struct fake *fake)
{
	uint64_t began;
	fq_Hello hello;
	fq_Empty empty;

	begin(fake, "--drain-timeout=2s", &hello);
	(void)fake_child(fake, 0);
	(void)kill(fake->pid, SIGTERM);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	began = clock_monotonic_ms();
	is_int(fake_wait_end(fake), 0, "a coordinator that takes no notice: exit 0");
	ok(clock_monotonic_ms() - began < 2000 + LATE_MS, "within the time of the drain (%llu ms)",
	   (unsigned long long)(clock_monotonic_ms() - began));
	fake_cut(fake);
}

static void test_idle(struct fake *fake)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Task task = task_of(fake, 6);
	uint64_t began = clock_monotonic_ms(), took;
	fq_Result result;
	fq_Hello hello;
	fq_Empty empty;

	begin(fake, "--idle-exit=600ms", &hello);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	took = clock_monotonic_ms() - began;
	ok(took >= IDLE_MS && took < IDLE_MS + LATE_MS, "without anything to do it leaves after its time (%llu ms)", (unsigned long long)took);
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "with exit status 0");
	ok(fake_logged(fake, "nothing was to be done for"), "and says why");

	begin(fake, "--idle-exit=4s", &hello);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	(void)poll(NULL, 0, BUSY_MS + IDLE_MS); /* not acknowledged: in hand */
	ok(kill(fake->pid, 0) == 0 && !fake_logged(fake, "nothing was to be done for"), "a result that is not acknowledged is something in hand");
	began = clock_monotonic_ms();
	fake_acknowledge(fake, &result.ref);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	took = clock_monotonic_ms() - began;
	ok(took >= BUSY_MS - 50 && took < BUSY_MS + LATE_MS, "its time begins behind it (%llu ms)", (unsigned long long)took);
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "exit status 0");
}

/* Nobody answers it. */
static void test_idle_alone(struct fake *fake)
{
	uint64_t began = clock_monotonic_ms();

	fake_start(fake, "--idle-exit=600ms");
	is_int(fake_wait_end(fake), 0, "without a coordinator it leaves, too");
	ok(clock_monotonic_ms() - began >= IDLE_MS, "not before its time");
}

/* Its time begins when there is somebody who could give it work. */
static void test_idle_late(struct fake *fake)
{
	fq_Hello hello;
	fq_Empty empty;
	uint64_t began;

	fake_start(fake, "--idle-exit=4s");
	(void)poll(NULL, 0, BUSY_MS / 2);
	fake_accept(fake, &hello);
	began = clock_monotonic_ms();
	fake_welcome(fake);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	ok(clock_monotonic_ms() - began >= BUSY_MS - 50, "a coordinator that answers late: not before its time from then on (%llu ms)",
	   (unsigned long long)(clock_monotonic_ms() - began));
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "exit status 0");
}

static void test_idle_abandoned(struct fake *fake)
{
	_cleanup_(blob_deinit) struct blob blob = {0};
	fq_Task task = task_of(fake, 6);
	fq_Result result;
	fq_Hello hello;
	uint64_t began;

	begin(fake, "--idle-exit=4s", &hello);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect_result(fake, &result, &blob);
	fake_cut(fake);
	began = clock_monotonic_ms();
	is_int(fake_wait_end(fake), 0, "with a result that no coordinator takes it leaves, too");
	ok(clock_monotonic_ms() - began >= BUSY_MS - 50, "not before its time (%llu ms)", (unsigned long long)(clock_monotonic_ms() - began));
}

static void test_batch(struct fake *fake)
{
	uint64_t began = clock_monotonic_ms(), ends = clock_wall_ms() / 1000 + 32;
	char text[32];
	fq_Hello hello;
	fq_Empty empty;

	(void)setenv("SLURM_JOB_ID", "124", 1);
	(void)setenv("SLURM_ARRAY_JOB_ID", "123", 1);
	(void)setenv("SLURM_ARRAY_TASK_ID", "4", 1);
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)ends);
	(void)setenv("SLURM_JOB_END_TIME", text, 1);
	begin(fake, "--batch", &hello);
	is_str(hello.batch_engine, "slurm", "a job says of which system it is,");
	is_str(hello.batch_job, "123_4", "what that calls it,");
	is_u64(hello.batch_ends, ends, "and when its time is over");
	ok(hello.cores >= 1, "it says how many cores it may use: %u", (unsigned)hello.cores);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	ok(clock_monotonic_ms() - began < 32000 - 25000 + LATE_MS, "so long before that it leaves (%llu ms)",
	   (unsigned long long)(clock_monotonic_ms() - began));
	ok(fake_logged(fake, "the time of the slurm job is over soon"), "and says why");
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "with exit status 0");

	(void)setenv("SLURM_JOB_END_TIME", "1000", 1);
	begin(fake, "--batch", &hello);
	(void)fake_child(fake, 0);
	ok(fake_logged(fake, "ends before now"), "a time that is over is not gone by");
	(void)kill(fake->pid, SIGTERM);
	(void)kill(fake->pid, SIGTERM);
	fake_expect(fake, fq_Type_DRAINING, &empty);
	(void)kill(fake->pid, SIGTERM); /* the script's, which passes on what it got */
	fake_wait_close(fake);
	is_int(fake_wait_end(fake), 0, "SIGTERM to it and to its script at once is one SIGTERM");
}

int main(void)
{
	struct fake fake;

	fake_init(&fake);
	test_race(&fake);
	test_deaf(&fake);
	test_idle(&fake);
	test_idle_late(&fake);
	test_batch(&fake);
	test_idle_abandoned(&fake); /* at the end: connections are not taken */
	test_idle_alone(&fake);
	fake_deinit(&fake);
	return done_testing();
}
