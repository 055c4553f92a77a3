/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: a whole gzip file through the chain of its slices (split_chain.h), by workers that do things in any order. */
#pragma once

#include "tests/unit/fastq/drive.h"

struct split_options {
	uint64_t slice_size, text_max;
	uint64_t seed;     /* of the order */
	uint64_t read_max; /* 0: READ_MAX_DEFAULT */
	bool lenient;
	bool lose;         /* those who hold slices are lost now and then */
	bool ahead;
};

struct split_tally {
	uint64_t inflated, placed, pointed, unsure, large, empty, rests;
	uint64_t held_most; /* bytes that one slice held for each byte of text that it may, at most, in thousandths */
};

/* As drive(); ret->counts is of counts. */
void drive_split(int fd, const char *path, const struct split_options *options, struct driven *ret, struct split_tally *tally);
