/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slurm as fqctl speaks to it: sbatch, squeue and scancel are run as programs with an array of arguments, never by a shell, and what
 * they print is read strictly and bounded. Slurm hands out nodes; jobs of ours are not its jobs.
 *
 * Arrays of workers are known by name and comment, and so are found again by whoever looks: name SLURM_NAME, comment
 * "fqcluster:HOST:PORT:ID" (the coordinator, and which array of it).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/base/text.h"

#define SLURM_NAME "fqcluster"
#define SLURM_ID_MAX 17          /* of an array: letters and digits */
#define SLURM_COMMENT_MAX (TEXT_HOST_MAX + 40)
#define SLURM_JOBS_MAX 20000     /* lines of squeue */
#define SLURM_WORKERS_MAX 10000  /* of one array */
#define SLURM_OUTPUT_MAX (8u << 20)

/* What one task of an array is to Slurm. */
struct slurm_job {
	uint64_t array;               /* number of the job array */
	uint32_t task;                /* in it; 0: it is none */
	char state[24];               /* PENDING, RUNNING, COMPLETING, ... */
	char reason[64];              /* why it waits, or "None" */
	char node[128];               /* empty until it runs */
	char left[24];                /* time that is left, as Slurm writes it */
	char host[TEXT_HOST_MAX];     /* of its comment */
	uint16_t port;
	char id[SLURM_ID_MAX];
};

struct slurm_jobs {
	struct slurm_job *jobs;
	size_t n;
};

/* "fqcluster:HOST:PORT:ID" of an array; and whether a text is one (the host may have colons). */
void slurm_comment(char ret[SLURM_COMMENT_MAX], const char *host, uint16_t port, const char *id);
bool slurm_comment_parse(const char *text, char ret_host[TEXT_HOST_MAX], uint16_t *ret_port, char ret_id[SLURM_ID_MAX]);

/* Whether it may be the ID of an array. */
bool slurm_id_valid(const char *id);

bool slurm_is_pending(const struct slurm_job *job);

/* "ARRAY_TASK", by which its worker says whose job it is (fq_Node.batch_job, of the engine "slurm"). */
#define SLURM_NUMBER_MAX 40
const char *slurm_number(const struct slurm_job *job, char out[SLURM_NUMBER_MAX]);

/*
 * What squeue printed in the format of slurm_find(): those lines that are ours. -EPROTO with a sentence for anything else.
 * sbatch's: "1234" or "1234;CLUSTER" and a line feed, and nothing else.
 */
int slurm_parse_jobs(const char *text, size_t n, struct slurm_jobs *ret, struct error *err);
int slurm_parse_submitted(const char *text, size_t n, uint64_t *ret_array, struct error *err);
void slurm_jobs_deinit(struct slurm_jobs *jobs);

/* This user's tasks that have not ended, of all coordinators; the caller frees. ERROR_UNAVAILABLE where Slurm does not answer. */
int slurm_find(struct slurm_jobs *ret, struct error *err);

/* Hands in the script. arguments: NULL-terminated, "sbatch" first (slurm_argv()). */
int slurm_submit(char *const *arguments, const char *script, uint64_t *ret_array, struct error *err);

enum slurm_cancel {
	SLURM_CANCEL_PENDING, /* only what waits */
	SLURM_CANCEL_DRAIN,   /* TERM to the script of what runs: its worker drains */
	SLURM_CANCEL_ALL,
};
/* Of a whole array (task 0), or of one task. That there is nothing any more is no error. */
int slurm_cancel(enum slurm_cancel how, uint64_t array, uint32_t task, struct error *err);

/* ---- the programs behind it (ctl/slurm/run.c) */

struct slurm_output {
	char *out;       /* standard output, with a zero byte behind it */
	size_t out_n;
	char said[512];  /* the first line of standard error, made fit */
	int status;      /* exit status; 128 + N: killed by signal N */
};

/*
 * Runs a program of PATH with input (may be NULL) on its standard input. 0 when it has ended, however; negative with a sentence:
 * it is not there (ERROR_UNAVAILABLE), takes longer than limit_ms (it is killed) or prints more than SLURM_OUTPUT_MAX. The caller
 * frees ret->out.
 */
int slurm_run(const char *const *arguments, const char *input, uint64_t limit_ms, struct slurm_output *ret, struct error *err);
