/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: gzip files of the kinds that there are, larger than those of made.h: of records as a sequencer writes them, and damaged. */
#pragma once

#include "tests/unit/fastq/made.h"

struct maker {
	const char *name;
	int level, window_bits, memory, strategy;
	size_t flush;   /* bytes of text between flushes of kind */
	int flush_kind;
	size_t member;  /* bytes of text of a member, about; 0: all */
	bool libdeflate;
	bool padding;
};

/* The kinds. */
extern const struct maker makers[];
extern const size_t makers_n;

/* Records of about `size` bytes of text, whose names and sequences are like each other as those of a sequencer are. */
void make_records(struct bytes *text, size_t size, uint64_t *random);

void make_gzip_file(struct bytes *file, const struct maker *maker, const struct bytes *text, uint64_t *random);

/* Bits turned, bytes cut, zeroed or put in, of more than 20. */
void damage(struct bytes *file, uint64_t *random);
