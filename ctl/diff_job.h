/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a job, for 'fqctl diff'. */
#pragma once

#include "ctl/verb.h"

/* Whether the word is a job's number, and no file has this name. */
bool diff_job_named(const char *word, uint64_t *ret_job);

/*
 * Fetches the report of the job's only file as fastqc_data.txt, with FastQC's limits: n bytes and a zero byte, to free. call gets
 * output and reporting of its own. 0 or negative with a sentence.
 */
int diff_job_text(struct call *call, uint64_t job, char **ret, size_t *ret_n, struct error *err);
