/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One submission, for the verbs submit and qc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/verb.h"
#include "lib/qc/groups.h"
#include "lib/wire/fqcluster.pb.h"

struct submission {
	const char *name;    /* NULL: the first file */
	const uint8_t *uuid; /* 16 bytes: the job's, as an earlier fqctl that came to no end may have sent it; NULL: a new one */
	bool lenient;
	fq_SplitGzip split_gzip;
	bool fresh;          /* count it even where the result is kept */
	uint64_t slice_size; /* bytes; 0: the coordinator chooses */
	enum merge_level merge;
	bool wait;           /* stay with the job and write its results */
	bool one_of_many;    /* the caller has other jobs, and says himself that this one was not submitted */
};

/*
 * Submits call->arguments as one job, whose results must be writable (output_check()). *ret_job is its number once it is
 * accepted. With wait: 0 when all files were counted and written; of several files those that could be counted are written even if
 * others failed, of which each is told, and an exit status is returned. Without it nothing is submitted where a file is not to be
 * read here: of several that are told an exit status is returned then, too.
 */
int submit(struct call *call, const struct submission *submission, uint64_t *ret_job, struct error *err);
