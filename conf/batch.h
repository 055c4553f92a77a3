/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a batch system tells a job through its environment: which system it is, its name for the job, how much of the host is the job's,
 * and when that ends.
 */
#pragma once

#include <stdint.h>

#include "lib/base/error.h"

#define BATCH_ENGINE_MAX 16
#define BATCH_JOB_MAX 64
#define BATCH_NONE "batch" /* the engine where none is known */

struct batch_job {
	char engine[BATCH_ENGINE_MAX]; /* "slurm", ... or BATCH_NONE */
	char job[BATCH_JOB_MAX];       /* "123_4"; letters, digits and . _ - [ ] @ :, and empty where nothing is told */
	uint64_t ends;                 /* seconds since 1970; 0: not told */
	uint64_t cores;                /* that are the job's here; 0: not told */
	uint64_t memory;               /* bytes; 0: not told, or all of the host's */
};

/* 0, or -EINVAL with the variable that makes no sense (ERROR_USAGE). */
int batch_read(struct batch_job *ret, struct error *err);

/*
 * A name for the node, of this job alone: HOST-JOB, or HOST-PID where there is no job; of the host what is before its first dot, and
 * of both as much as a name may have (ret_size, at least 2).
 */
void batch_name(const struct batch_job *job, const char *host, char *ret, uint64_t ret_size);
