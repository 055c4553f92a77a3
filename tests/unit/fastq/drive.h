/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a whole file through the chain, in slices of any size and any order, to a digest of its records. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/fastq/chain.h"

/* A small generator of numbers, the same for the same seed. */
uint64_t random_next(uint64_t *state);
uint64_t random_below(uint64_t *state, uint64_t n);

/* Adds one record to a digest of records in order (FNV-1a over lengths and bytes). */
#define DIGEST_START 0xcbf29ce484222325u
uint64_t digest_record(uint64_t digest, const struct record *record);

uint64_t digest_join(uint64_t digest, uint64_t next); /* a digest of digests, in order */

struct drive_options {
	uint64_t slice_size; /* 0: one slice */
	uint64_t seed;       /* order of the slices */
	uint64_t read_max;   /* 0: READ_MAX_DEFAULT */
	bool lenient;
	bool ahead;          /* sources run in threads of their own */
};

struct driven {
	int code; /* negative errno: the kind or something of ours is broken; else an enum chain_outcome */
	enum file_kind kind;
	uint64_t records; /* complete ones before the fault, or all */
	uint64_t digest;  /* of those */
	struct slice_fault fault;
	uint64_t counts;  /* slices that were counted, each time */
	struct error err; /* the sentence of code < 0 or CHAIN_FAULT */
};

/* Counts the file behind fd. `path` is for the sentence only. */
void drive(int fd, const char *path, const struct drive_options *options, struct driven *ret);

/* An anonymous file that holds these bytes. */
int memory_file(const void *bytes, size_t n);
