/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker as a job: what batch systems say, what is left of the machine, and where its files are. */
#include "conf/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/worker_room.h"
#include "tests/unit/tap.h"

#define MIB (UINT64_C(1) << 20)
#define CASE_MAX 8

static const char *const variables[] = {
	"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "SLURM_MEM_PER_NODE",
	"SLURM_MEM_PER_CPU", "SLURM_JOB_END_TIME", "FLUX_JOB_ID", "PBS_JOBID", "SGE_ROOT", "JOB_ID", "SGE_TASK_ID", "LSB_JOBID",
	"LSB_JOBINDEX", "_CONDOR_SCRATCH_DIR", "KUBERNETES_SERVICE_HOST", "HOSTNAME", "FQ_BATCH_JOB"};

/* Nothing but these: NAME=VALUE, up to a NULL. */
static void environment(const char *const *pairs)
{
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		(void)unsetenv(variables[i]);
	for (; *pairs; pairs++) {
		char pair[256], *value;

		(void)snprintf(pair, sizeof pair, "%s", *pairs);
		value = strchr(pair, '=');
		*value++ = '\0';
		(void)setenv(pair, value, 1);
	}
}

#define ENVIRONMENT(...) environment((const char *const[]){__VA_ARGS__ __VA_OPT__(,) NULL})

static void test_engines(void)
{
	static const struct {
		const char *pairs[CASE_MAX];
		const char *engine, *job;
	} cases[] = {
		{{NULL}, "batch", ""},
		{{"FQ_BATCH_JOB=mine"}, "batch", "mine"},
		{{"SLURM_JOB_ID=124", "SLURM_ARRAY_JOB_ID=123", "SLURM_ARRAY_TASK_ID=4"}, "slurm", "123_4"},
		{{"SLURM_JOB_ID=124", "SLURM_ARRAY_JOB_ID=123", "SLURM_ARRAY_TASK_ID=0"}, "slurm", "123_0"},
		{{"SLURM_JOB_ID=124"}, "slurm", "124"},
		{{"SLURM_JOB_ID=124", "SLURM_ARRAY_TASK_ID=4"}, "slurm", "124"},
		{{"SLURM_JOB_ID="}, "batch", ""},
		{{"FLUX_JOB_ID=\xC6\x92" "2yzUy4"}, "flux", "f2yzUy4"},
		{{"PBS_JOBID=12[3].pbs.example.org"}, "pbs", "12[3].pbs.example.org"},
		{{"SGE_ROOT=/opt/sge", "JOB_ID=7", "SGE_TASK_ID=undefined"}, "gridengine", "7"},
		{{"SGE_ROOT=/opt/sge", "JOB_ID=7", "SGE_TASK_ID=2"}, "gridengine", "7_2"},
		{{"JOB_ID=7"}, "batch", ""},
		{{"LSB_JOBID=9", "LSB_JOBINDEX=0"}, "lsf", "9"},
		{{"LSB_JOBID=9", "LSB_JOBINDEX=3"}, "lsf", "9_3"},
		{{"_CONDOR_SCRATCH_DIR=/x", "FQ_BATCH_JOB=12.0"}, "condor", "12.0"},
		{{"KUBERNETES_SERVICE_HOST=10.0.0.1", "HOSTNAME=fqworker-x7b2p"}, "kubernetes", "fqworker-x7b2p"},
		{{"SLURM_JOB_ID=a b;c\n\xC6"}, "slurm", "a_b_c__"},
	};
	struct batch_job job;
	struct error err;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		environment(cases[i].pairs);
		is_int(batch_read(&job, &err), 0, "case %zu is read", i);
		is_str(job.engine, cases[i].engine, "case %zu: of %s", i, cases[i].engine);
		is_str(job.job, cases[i].job, "case %zu: is job \"%s\"", i, cases[i].job);
	}
	ENVIRONMENT("SLURM_JOB_ID=1234567890123456789012345678901234567890123456789012345678901234567890");
	is_int(batch_read(&job, &err), 0, "a long one");
	is_u64(strlen(job.job), BATCH_JOB_MAX - 1, "is cut");
}

static void test_slurm(void)
{
	static const char *const wrong[] = {"SLURM_CPUS_PER_TASK=0", "SLURM_CPUS_PER_TASK=four", "SLURM_CPUS_PER_TASK=-1", "SLURM_CPUS_PER_TASK=4 ",
	                                    "SLURM_CPUS_ON_NODE=2(x3)", "SLURM_MEM_PER_NODE=2G", "SLURM_MEM_PER_CPU=99999999999999999999",
	                                    "SLURM_JOB_END_TIME=tomorrow", "SLURM_JOB_END_TIME=0"};
	struct batch_job job;
	struct error err;

	ENVIRONMENT("SLURM_JOB_ID=1", "SLURM_CPUS_PER_TASK=4", "SLURM_CPUS_ON_NODE=6", "SLURM_MEM_PER_CPU=512", "SLURM_JOB_END_TIME=1800000000");
	is_int(batch_read(&job, &err), 0, "a Slurm job");
	is_u64(job.cores, 4, "its processors are those of the task");
	is_u64(job.memory, 3072 * MIB, "its memory is that of all its processors on the node");
	is_u64(job.ends, 1800000000, "and when it ends");
	ENVIRONMENT("SLURM_JOB_ID=1", "SLURM_CPUS_ON_NODE=6", "SLURM_MEM_PER_NODE=2000");
	is_int(batch_read(&job, &err), 0, "without --cpus-per-task");
	is_u64(job.cores, 6, "those of the node");
	is_u64(job.memory, 2000 * MIB, "memory by node");
	ENVIRONMENT("SLURM_JOB_ID=1", "SLURM_MEM_PER_NODE=0");
	is_int(batch_read(&job, &err), 0, "--mem=0");
	is_u64(job.memory, 0, "is all of the node");
	is_u64(job.cores, 0, "and nothing is said of processors");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ENVIRONMENT("SLURM_JOB_ID=1", wrong[i]);
		is_int(batch_read(&job, &err), -EINVAL, "%s is refused", wrong[i]);
		ok(err.class == ERROR_USAGE && strncmp(err.text, wrong[i], strcspn(wrong[i], "=")) == 0, "by name: %s", err.text);
	}
	ENVIRONMENT("PBS_JOBID=1", "SLURM_CPUS_PER_TASK=four");
	is_int(batch_read(&job, &err), 0, "what is no Slurm job has no Slurm's variables");
}

static void test_names(void)
{
	struct batch_job job = {.job = "123_4"};
	char name[65], host[256];

	batch_name(&job, "node7.example.org", name, sizeof name);
	is_str(name, "node7-123_4", "host and job");
	job = (struct batch_job){.job = "12[3].pbs:1"};
	batch_name(&job, "node7", name, sizeof name);
	is_str(name, "node7-12_3_.pbs_1", "with what a node's name may have");
	job = (struct batch_job){.job = "fqworker-x7b2p"};
	batch_name(&job, "fqworker-x7b2p", name, sizeof name);
	is_str(name, "fqworker-x7b2p", "a pod is named once");
	memset(host, 'h', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	memset(job.job, 'j', sizeof job.job - 1);
	batch_name(&job, host, name, sizeof name);
	is_u64(strlen(name), 64, "a long host and a long job are cut");
	ok(strncmp(name, "hhhhhhhhhhhhhhhhhhhhhhh-jjjj", 28) == 0, "both are still to be seen: %s", name);
	job = (struct batch_job){.job = ""};
	batch_name(&job, "node7", name, sizeof name);
	(void)snprintf(host, sizeof host, "node7-%ld", (long)getpid());
	is_str(name, host, "without a job it is the process");
}

/* Slots and memory of a worker that was told so. */
static struct worker_settings room(uint64_t slots, uint64_t slot_memory, uint64_t told, uint64_t told_memory, struct confines confines)
{
	struct worker_settings settings = {.slots = slots, .slot_memory = slot_memory, .batch = true};

	settings.job = (struct batch_job){.engine = "slurm", .cores = told, .memory = told_memory};
	worker_room(&settings, &confines);
	return settings;
}

static void test_room(void)
{
	struct worker_settings settings;

	is_u64(room(0, 0, 0, 0, (struct confines){.cores = 8}).slots, 8, "a slot for each core of the mask");
	is_u64(room(3, 0, 0, 0, (struct confines){.cores = 8}).slots, 3, "what was said wins");
	is_u64(room(0, 0, 4, 0, (struct confines){.cores = 8}).slots, 4, "as many as the batch system says");
	is_u64(room(9, 0, 4, 0, (struct confines){.cores = 8}).cores, 4, "which are the cores that it has,");
	is_u64(room(9, 0, 0, 0, (struct confines){.cores = 8, .quota = 1500}).cores, 2, "however many slots they are");
	settings = room(0, 0, 16, 0, (struct confines){.cores = 8});
	is_u64(settings.slots, 8, "never more than the mask has");
	ok(strstr(settings.confined, "slurm says that 16 processors") && strstr(settings.confined, "may use 8"), "and that is said: %s",
	   settings.confined);
	is_u64(room(0, 0, 0, 0, (struct confines){.cores = 8, .quota = 2001}).slots, 3, "a quota of two processors and a bit is three slots");
	is_u64(room(0, 0, 0, 0, (struct confines){.cores = 8, .quota = 1}).slots, 1, "there is always one");
	is_u64(room(0, 0, 0, 0, (struct confines){.cores = 4000}).slots, 1024, "and never more than may be");
	settings = room(0, 0, 0, 0, (struct confines){.cores = 4, .memory = 2176 * MIB});
	is_u64(settings.slots, 4, "memory that is enough");
	is_u64(settings.slot_limit, 512 * MIB, "is shared out");
	is_str(settings.confined, "", "without a word");
	settings = room(0, 0, 0, 1000 * MIB, (struct confines){.cores = 4, .memory = 2176 * MIB});
	is_u64(settings.slots, 3, "the batch system's bound, where it is the smaller one");
	is_u64(settings.slot_limit, (1000 - 128) * MIB / 3, "with what each may have");
	ok(strstr(settings.confined, "too little for 4 slots") && strstr(settings.confined, "there are 3"), "and a sentence: %s", settings.confined);
	settings = room(8, 0, 0, 0, (struct confines){.cores = 8, .memory = 128 * MIB});
	is_u64(settings.slots, 1, "with far too little there is one");
	is_u64(settings.slot_limit, 256 * MIB, "that may have what it needs");
	ok(strstr(settings.confined, "there is 1"), "and a sentence: %s", settings.confined);
	settings = room(0, 1024 * MIB, 0, 0, (struct confines){.cores = 8, .memory = 4096 * MIB});
	is_u64(settings.slots, 3, "as many as there can be with the memory that each was said to have");
	is_u64(settings.slot_limit, 1024 * MIB, "which it has");
	settings = (struct worker_settings){.slots = 0};
	worker_room(&settings, &(struct confines){.cores = 8, .quota = 4000, .memory = 1});
	is_u64(settings.slots, 4, "a service has the quota's slots");
	is_u64(settings.slot_limit, 0, "and no share of memory");
	is_u64(settings.text_memory, 512 * MIB, "but for text, as much as usual");
	settings = (struct worker_settings){.gate_only = true};
	worker_room(&settings, &(struct confines){.cores = 8});
	is_u64(settings.slots, 0, "who counts nothing has no slots");
}

/* Settings by a command line; words parted by spaces. */
static int start(struct worker_settings *settings, const char *line, struct error *err)
{
	char buffer[512], *words[24] = {(char[]){"fqworkerd"}}, *save = NULL;
	int n = 1;

	(void)snprintf(buffer, sizeof buffer, "%s", line);
	for (char *word = strtok_r(buffer, " ", &save); word && n < 24; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	*err = (struct error){0};
	return conf_start(&worker_program, n, words, settings, NULL, err);
}

static void test_options(void)
{
	struct worker_settings settings;
	char key[64] = "/tmp/fq-batch-XXXXXX", text[128];
	struct error err;
	FILE *file;

	ENVIRONMENT("SLURM_JOB_ID=5", "SLURM_CPUS_PER_TASK=1");
	is_int(start(&settings, "--config /dev/null --batch -h coord --token-file /t", &err), 0, "--batch (%s)", err.text);
	ok(settings.private_state, "has a state folder of its own");
	is_u64(settings.slots, 1, "the slots of the job");
	is_u64(settings.drain_timeout_ms, 25000, "leaves within 25 s");
	is_str(settings.gate, "none", "has no gate");
	ok(strstr(settings.name, "-5"), "and the job's name: %s", settings.name);
	worker_settings_deinit(&settings);
	is_int(start(&settings, "--config /dev/null --batch -h coord --state /s --drain-timeout 9s --name n", &err), 0, "with a state folder");
	ok(!settings.private_state && settings.drain_timeout_ms == 9000, "it is the one that was said, and so is the time");
	is_str(settings.name, "n", "and the name");
	is_str(settings.known, "/s/known", "in which coordinators are known");
	worker_settings_deinit(&settings);
	if (mkdtemp(key)) {
		(void)snprintf(text, sizeof text, "%s/host", key);
		file = fopen(text, "we");
		ok(file && fputs("coord:77\n", file) >= 0 && fclose(file) == 0, "a shared folder, joined before");
		(void)snprintf(text, sizeof text, "--config /dev/null --batch --key %s/key.pem", key);
		is_int(start(&settings, text, &err), 0, "--batch with its key (%s)", err.text);
		is_str(settings.host.host, "coord", "has the coordinator that is noted beside it");
		is_u64(settings.host.port, 77, "and its port");
		(void)snprintf(text, sizeof text, "%s/known", key);
		is_str(settings.known, text, "and knows its key from there");
		ok(settings.private_state, "but writes nothing there");
		worker_settings_deinit(&settings);
		(void)snprintf(text, sizeof text, "%s/host", key);
		(void)unlink(text);
		(void)rmdir(key);
	}
	is_int(start(&settings, "--config /dev/null --batch", &err), -EINVAL, "without a coordinator: %s", err.text);
	worker_settings_deinit(&settings);
	is_int(start(&settings, "--config /dev/null -h c --token-file /t", &err), -EINVAL, "a token's file without --batch: %s", err.text);
	worker_settings_deinit(&settings);
	is_int(start(&settings, "--config /dev/null -h c --batch --gate-only", &err), -EINVAL, "a gate alone: %s", err.text);
	worker_settings_deinit(&settings);
	ENVIRONMENT("SLURM_JOB_ID=5", "SLURM_CPUS_PER_TASK=all");
	is_int(start(&settings, "--config /dev/null -h c", &err), 0, "without --batch nobody looks at that");
	worker_settings_deinit(&settings);
	is_int(start(&settings, "--config /dev/null -h c --batch", &err), -EINVAL, "with it they do: %s", err.text);
	worker_settings_deinit(&settings);
}

int main(void)
{
	test_engines();
	test_slurm();
	test_names();
	test_room();
	test_options();
	return done_testing();
}
