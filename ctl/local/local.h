/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counting without a coordinator: the files' slices on all cores of this machine, with the same library, chain and
 * counters as the cluster, so with the same result to the bit.
 *
 * Memory: threads x (slice reader + counters), plus the counters of slices that are counted and not yet proven (at most
 * some a thread), plus the text of slices of gzip (ctl/local/split.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/fingerprint.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"

/* Cores that this process may use; at least 1. */
uint32_t local_cores(void);

/* Whether an ordinary gzip stream is cut into slices (ctl/local/split.h): where that pays, or so that it can be tried. */
enum split_gzip { SPLIT_GZIP_AUTO, SPLIT_GZIP_ALWAYS, SPLIT_GZIP_NEVER };

struct local_options {
	uint32_t threads;    /* at least 1 */
	uint32_t modules;    /* COUNT_* */
	const struct count_rules *rules;
	uint64_t read_max;   /* bases */
	uint64_t slice_size; /* bytes; 0: chosen by the file's size */
	bool lenient;
	enum split_gzip split_gzip;
};

struct local_result {
	struct file_facts facts;    /* as far as the file could be opened */
	uint64_t records;
	uint64_t again;             /* slices that were counted a second time */
	bool anew;                  /* it was begun in slices of gzip, and read once more as one slice */
	char why[160];              /* how an ordinary gzip stream was read, and why; empty for others */
	struct counters *counters;  /* NULL where error says why, and when it was written; stays local_count()'s */
	struct error error;         /* class ERROR_NONE: counted */
};

struct local_watch {
	/*
	 * May be NULL. For each file that was counted, as soon as it was, in a thread of its own: several at once. What it returns
	 * becomes the file's result; its counters are gone afterwards.
	 */
	int (*write)(void *data, size_t i, const struct local_result *result, struct error *err);
	/* For each file in the order of paths, as soon as it and all before it have ended, in the thread of local_count(). */
	void (*done)(void *data, size_t i, const struct local_result *result);
	/*
	 * May be NULL. In that thread, too, about ten times a second: files ended, bytes of the files opened so far, bytes of
	 * these counted.
	 */
	void (*progress)(void *data, size_t ended, uint64_t bytes, uint64_t bytes_done);
	void *data;
};

/* A file to be counted in another way than all of options->modules from its beginning: for a group (ctl/local/groups.h). */
struct local_input {
	const char *path;
	uint32_t modules;
	struct prior begin; /* what lies before it (assembly_new_at()); tracked stays the caller's */
};

/* As local_count(), of files that have modules and beginnings of their own. */
int local_count_at(const struct local_input *inputs, size_t n, const struct local_options *options, const struct local_watch *watch,
                   struct error *err);

/* Counts n files. 0 (also when some files failed: see their results), or negative errno with a sentence. */
int local_count(const char *const *paths, size_t n, const struct local_options *options, const struct local_watch *watch,
                struct error *err);
