/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a batch system tells a job: see batch.h. */
#include "conf/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"

#define MIB (UINT64_C(1) << 20)
#define CORES_MAX (UINT64_C(1) << 20)
#define MIB_MAX (UINT64_C(1) << 40)
#define SECONDS_MAX (UINT64_C(1) << 40)
#define NAMED_MAX 40 /* bytes of a job's name in that of its node */
#define FIT "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-[]@:"

/* How each of them is known, and where it names its jobs. The job's name may be given by hand as FQ_BATCH_JOB. */
struct engine {
	const char *name;
	const char *known;       /* a variable that no other one sets */
	const char *job;         /* NULL: it names none in the environment */
	const char *array, *task; /* instead of job where both are there; array NULL: job is it */
};

static const struct engine engines[] = {
	{.name = "slurm", .known = "SLURM_JOB_ID", .job = "SLURM_JOB_ID", .array = "SLURM_ARRAY_JOB_ID", .task = "SLURM_ARRAY_TASK_ID"},
	{.name = "flux", .known = "FLUX_JOB_ID", .job = "FLUX_JOB_ID"},
	{.name = "pbs", .known = "PBS_JOBID", .job = "PBS_JOBID"},
	{.name = "gridengine", .known = "SGE_ROOT", .job = "JOB_ID", .task = "SGE_TASK_ID"},
	{.name = "lsf", .known = "LSB_JOBID", .job = "LSB_JOBID", .task = "LSB_JOBINDEX"},
	{.name = "condor", .known = "_CONDOR_SCRATCH_DIR"},
	{.name = "kubernetes", .known = "KUBERNETES_SERVICE_HOST", .job = "HOSTNAME"},
};

/* A variable's text, or NULL where there is none. */
static const char *told(const char *name)
{
	const char *text = name ? getenv(name) : NULL;

	return text && text[0] ? text : NULL;
}

/* 0 where it is not there. */
static int told_number(const char *name, uint64_t smallest, uint64_t largest, uint64_t *ret, struct error *err)
{
	const char *text = told(name);

	*ret = 0;
	if (!text || (text_to_number(text, ret) == 0 && *ret >= smallest && *ret <= largest))
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE,
	                 "%s: \"%s\" is not what a batch system sets: right is a whole number from %" PRIu64 " to %" PRIu64
	                 ", or to unset the variable", name, TEXT(text), smallest, largest);
}

/* Appends what may stand in a name; Flux writes a letter of its own for its f. */
static void append(char *ret, size_t size, const char *text)
{
	size_t n = strlen(ret);

	for (; *text && n + 1 < size; text++) {
		if (strncmp(text, "\xC6\x92", 2) == 0) {
			ret[n++] = 'f';
			text++;
			continue;
		}
		ret[n++] = *text;
		if (!strchr(FIT, *text))
			ret[n - 1] = '_';
	}
	ret[n] = '\0';
}

static void name_job(const struct engine *engine, struct batch_job *ret)
{
	const char *job = told(engine->job), *array = told(engine->array), *task = told(engine->task);
	bool none = !task || strcmp(task, "undefined") == 0 || (!engine->array && strcmp(task, "0") == 0); /* no array */

	if (array && !none)
		job = array;
	else if (engine->array)
		none = true;
	if (!job)
		return;
	append(ret->job, sizeof ret->job, job);
	if (none)
		return;
	append(ret->job, sizeof ret->job, "_");
	append(ret->job, sizeof ret->job, task);
}

static int read_slurm(struct batch_job *ret, struct error *err)
{
	uint64_t task, node, memory, each, cores;
	int r;

	r = told_number("SLURM_CPUS_PER_TASK", 1, CORES_MAX, &task, err);
	if (r == 0)
		r = told_number("SLURM_CPUS_ON_NODE", 1, CORES_MAX, &node, err);
	if (r == 0)
		r = told_number("SLURM_MEM_PER_NODE", 0, MIB_MAX, &memory, err);
	if (r == 0)
		r = told_number("SLURM_MEM_PER_CPU", 0, MIB_MAX, &each, err);
	if (r == 0)
		r = told_number("SLURM_JOB_END_TIME", 1, SECONDS_MAX, &ret->ends, err);
	if (r < 0)
		return r;
	ret->cores = task ? task : node;
	cores = node ? node : task;
	ret->memory = (memory ? memory : each * (cores ? cores : 1)) * MIB;
	return 0;
}

int batch_read(struct batch_job *ret, struct error *err)
{
	const struct engine *engine = NULL;
	const char *by_hand = told("FQ_BATCH_JOB");

	*ret = (struct batch_job){.engine = BATCH_NONE};
	for (size_t i = 0; !engine && i < sizeof engines / sizeof *engines; i++)
		if (told(engines[i].known))
			engine = &engines[i];
	if (by_hand)
		append(ret->job, sizeof ret->job, by_hand);
	if (!engine)
		return 0;
	(void)snprintf(ret->engine, sizeof ret->engine, "%s", engine->name);
	if (!by_hand)
		name_job(engine, ret);
	return strcmp(engine->name, "slurm") == 0 ? read_slurm(ret, err) : 0;
}

void batch_name(const struct batch_job *job, const char *host, char *ret, uint64_t ret_size)
{
	char tail[NAMED_MAX + 2] = "-";
	int n = (int)strcspn(host, "."), room;

	if (job->job[0])
		append(tail, sizeof tail, job->job);
	else
		(void)snprintf(tail + 1, sizeof tail - 1, "%ld", (long)getpid());
	for (char *c = tail; *c; c++) /* no name of a node has these */
		if (strchr("[]@:", *c))
			*c = '_';
	if (strncmp(tail + 1, host, (size_t)n) == 0 && tail[1 + n] == '\0')
		tail[0] = '\0'; /* a host for the job alone, of its name */
	room = (int)ret_size - 1 - (int)strlen(tail);
	(void)snprintf(ret, ret_size, "%.*s%s", n < room ? n : room > 0 ? room : 0, host, tail);
}
