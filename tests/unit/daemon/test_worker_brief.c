/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real fqworkerd and its briefs (worker_fake.h): what is told about a file reaches the count, is kept as long as it was agreed,
 * and nothing is counted without what it needs.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/briefs.h"
#include "daemon/convert.h"
#include "lib/base/cleanup.h"
#include "lib/qc/count.h"
#include "tests/unit/daemon/worker_fake.h"
#include "tests/unit/tap.h"

#define READS 500
#define MODULES (COUNT_LENGTHS | COUNT_SEQUENCES)

static void make_file(const struct fake *fake, char path[128])
{
	FILE *f;

	(void)snprintf(path, 128, "%s/reads.fq", fake->folder);
	f = fopen(path, "we");
	if (!f)
		bail_out("no file");
	for (int i = 0; i < READS; i++)
		(void)fprintf(f, "@r%03d\nACGTACGTA%c\n+\nIIIIIHHHHH\n", i, "ACGT"[i % 4]);
	if (fclose(f) != 0)
		bail_out("no file");
}

/* ---- what is told */

static void rules_of(struct count_rules *rules, uint32_t dup_length)
{
	rules_default(rules, COMPAT_0_11_9);
	rules->dup_length = dup_length;
}

/* Rules of a length of keys, and a list of one sequence where tracked is not NULL. */
static void brief_pack(uint32_t dup_length, struct tracked *tracked, struct packer *ret)
{
	struct count_rules rules;

	rules_of(&rules, dup_length);
	rules_pack(&rules, ret);
	if (tracked)
		tracked_pack(tracked, ret);
	if (ret->oom)
		bail_out("out of memory");
}

static void send_brief(struct fake *fake, uint32_t file, uint32_t number, const struct packer *brief)
{
	fq_Brief message = {.job = 3, .file = file, .number = number, .blob_bytes = brief->n};

	if (digest_sha256(brief->bytes, brief->n, NULL, 0, message.blob_sha256) < 0)
		bail_out("no digest");
	fake_send_blob(fake, fq_Type_BRIEF, &message, brief->bytes, brief->n);
}

static void send_rules(struct fake *fake, uint32_t file, uint32_t dup_length)
{
	struct packer brief = {0};

	brief_pack(dup_length, NULL, &brief);
	send_brief(fake, file, 1, &brief);
	free(brief.bytes);
}

/* A task of the file's part from byte `begin`, which must be that of a record. */
static fq_Task task_of(const char *path, uint64_t begin, uint32_t file, uint32_t brief, uint64_t lease)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	fq_Task task = {.has_ref = true, .has_fingerprint = true, .has_start = true, .start_known = true};
	struct file_facts facts;
	struct error err = {0};

	if (fd < 0 || file_facts_take(fd, &facts, &err) < 0)
		bail_out("no facts");
	task.ref = (fq_SliceRef){.job = 3, .file = file, .slice = 2, .lease = lease};
	(void)snprintf(task.path, sizeof task.path, "%s", path);
	fingerprint_to_message(&facts.fingerprint, &task.fingerprint);
	task.kind = facts.kind;
	task.begin = task.start.block = begin;
	task.end = facts.fingerprint.size;
	task.modules = MODULES;
	task.algorithm = COUNTERS_ALGORITHM;
	task.brief = brief;
	return task;
}

/* The next result is what this process counts by these rules and this prior. */
static void is_counted(struct fake *fake, const fq_Task *task, uint32_t dup_length, struct tracked *tracked, const char *what)
{
	_cleanup_(closep) int fd = open(task->path, O_RDONLY | O_CLOEXEC);
	_cleanup_(blob_deinit) struct blob blob = {0};
	_cleanup_(freep) uint8_t *bytes = NULL;
	fq_Ref message = {.has_ref = true};
	struct count_rules rules;
	struct slice_count count;
	struct slice_task slice;
	struct prior prior;
	struct error err = {0};
	fq_Result result;
	size_t n = 0;

	fake_expect_result(fake, &result, &blob);
	message.ref = result.ref;
	fake_send(fake, fq_Type_RESULT_ACK, &message);
	rules_of(&rules, dup_length);
	if (task_from_message(task, READ_MAX_DEFAULT, &slice, &err) < 0 || prior_from_message(task, &prior, &err) < 0)
		bail_out(err.text);
	prior.tracked = tracked;
	if (count_slice(fd, &slice, task->modules, &rules, &prior, NULL, NULL, &count, &err) < 0 || !count.counters ||
	    counters_pack(count.counters, &bytes, &n) < 0)
		bail_out("no count to compare with");
	slice_count_deinit(&count);
	ok(result.ref.lease == task->ref.lease && blob.n == n && memcmp(blob.bytes, bytes, n) == 0, "%s", what);
}

static struct tracked *tracked_of(const char *key)
{
	const struct tracked_key keys[] = {{(const uint8_t *)key, (uint32_t)strlen(key)}};
	struct tracked *tracked;

	if (tracked_new(keys, 1, &tracked) < 0)
		bail_out("out of memory");
	return tracked;
}

static void connect_anew(struct fake *fake)
{
	fq_Hello hello;

	fake_accept(fake, &hello);
	fake_welcome(fake);
}

/* The worker says so and closes; then it comes back. */
static void is_refused(struct fake *fake, const char *sentence, const char *what)
{
	struct error err = {0};

	fake_wait_refusal(fake, &err);
	ok(strstr(err.text, sentence), "%s: %s", what, err.text);
	connect_anew(fake);
}

/* ---- the facts */

static void test_rules(struct fake *fake, const char *path)
{
	fq_Task task = task_of(path, 0, 1, 1, 1);

	send_rules(fake, 1, 4);
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 4, NULL, "counted by the rules of its brief");
	task.ref.lease = 2;
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 4, NULL, "and once more by the same");
	task = task_of(path, 0, 2, 1, 3);
	send_rules(fake, 2, 9);
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 9, NULL, "those of another file are other rules");
	task = task_of(path, 0, 1, 1, 4);
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 4, NULL, "the first ones are still there");
	task.ref.lease = 5;
	task.ref.again = true;
	task.modules = COUNT_LENGTHS;
	task.brief = 0;
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 4, NULL, "who needs no rules needs no brief");
}

/* 30 bytes a record: 250 lie before the slice. */
static void test_tracked(struct fake *fake, const char *path)
{
	struct tracked *tracked = tracked_of("ACGTACGTAC");
	struct packer brief = {0};
	fq_Task task = task_of(path, 250 * 30, 1, 2, 6);

	brief_pack(0, tracked, &brief);
	send_brief(fake, 1, 2, &brief);
	task.prior_known = true;
	task.prior_reads = task.prior_qualities = 250;
	task.tile_field = -1;
	task.ref.again = true;
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 0, tracked, "counted by the tracked sequences and what lies before");
	free(brief.bytes);
	(void)tracked_free(tracked);
}

static void test_kept(struct fake *fake, const char *path)
{
	fq_Task running = task_of(path, 0, 1, 1, 10), waiting = task_of(path, 0, 2, 1, 11);
	pid_t child = fake_child(fake, 0);

	(void)kill(child, SIGSTOP);
	fake_send(fake, fq_Type_TASK, &running);
	fake_send(fake, fq_Type_TASK, &waiting);
	for (uint32_t i = 0; i < BRIEFS_MAX; i++)
		send_rules(fake, 100 + i, 5);
	running.ref.lease = 12;
	fake_send(fake, fq_Type_TASK, &running);
	is_refused(fake, "a task whose brief 1 is not there", "a brief that has dropped out is not there");
	(void)kill(child, SIGCONT);
	running.ref.lease = 10;
	is_counted(fake, &running, 4, NULL, "a slice that runs keeps its own");
	is_counted(fake, &waiting, 9, NULL, "and so does one that waits");
	waiting.ref.lease = 13;
	waiting.ref.file = 100;
	fake_send(fake, fq_Type_TASK, &waiting);
	is_refused(fake, "a task whose brief 1 is not there", "those of another connection are not there");
}

static void test_nonsense(struct fake *fake, const char *path)
{
	fq_Brief message = {.job = 3, .file = 1, .number = 1, .blob_bytes = 3};
	fq_Task task = task_of(path, 0, 1, 1, 20);
	struct packer brief = {0};
	fq_IoError failed;

	pack_bytes(&brief, "not rules", 9);
	send_brief(fake, 1, 1, &brief);
	fake_send(fake, fq_Type_TASK, &task);
	fake_expect(fake, fq_Type_IO_ERROR, &failed);
	fake_acknowledge(fake, &failed.ref);
	ok(strstr(failed.text, "brief makes no sense"), "a brief that cannot be read: %s", failed.text);
	free(brief.bytes);
	send_rules(fake, 1, 4);
	task.ref.lease = 21;
	fake_send(fake, fq_Type_TASK, &task);
	is_counted(fake, &task, 4, NULL, "the child goes on with the next one");
	fake_send_blob(fake, fq_Type_BRIEF, &message, (const uint8_t *)"abc", 3);
	is_refused(fake, "another hash than its own", "a brief of another hash is refused");
	task.brief = 0;
	fake_send(fake, fq_Type_TASK, &task);
	is_refused(fake, "without the rules", "and so is a task that needs one and says it does not");
	task.modules = COUNT_LENGTHS;
	task.prior_known = true;
	task.prior_reads = 7;
	fake_send(fake, fq_Type_TASK, &task);
	is_refused(fake, "a number of reads before it that cannot be", "and one with reads before the file");
}

int main(void)
{
	struct fake fake;
	char path[128];

	fake_init(&fake);
	make_file(&fake, path);
	fake_start(&fake, NULL);
	connect_anew(&fake);
	test_rules(&fake, path);
	test_tracked(&fake, path);
	test_kept(&fake, path);
	test_nonsense(&fake, path);
	fake_deinit(&fake);
	return done_testing();
}
