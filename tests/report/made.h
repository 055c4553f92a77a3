/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random FASTQ for tests of merging: a file in memory, by a seed, that dwells on what depends on the order of reads. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/qc/rules.h"

struct made_kind {
	uint64_t reads;
	uint32_t shortest, longest; /* bases */
	uint64_t different;         /* sequences to draw from; 0: each read has its own */
	uint64_t same_first;        /* so many reads at first have one of ten sequences */
	uint32_t tiles;             /* 0: headers without tiles */
	uint32_t odd_header;        /* one of so many headers has other fields; 0: none */
	uint32_t adapter;           /* one of so many reads has an adapter; 0: none */
};

/* A kind of up to so many reads, by a seed. */
void made_kind_draw(struct made_kind *kind, uint64_t reads, uint64_t *seed);

/* The file; aborts where it cannot be made. The caller closes it. */
int made_file(const struct made_kind *kind, const struct count_rules *rules, uint64_t *seed);

/* Rules of either version, now and then with other adapters, lengths of k-mers and of keys. */
void made_rules(struct count_rules *rules, uint64_t *seed);
