/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the name of a FASTQ file says: sample, lane, which read of a pair or index, and the number of a file that is one of a set. A pure
 * function of the name; fqcluster.report(5), NAMES, has the forms that are known.
 */
#pragma once

#include <stdint.h>

#define NAME_SAMPLE_MAX 256

struct name_parts {
	char sample[NAME_SAMPLE_MAX]; /* may hold foreign bytes; never empty unless the path ends in a slash; cut where it is longer */
	char read[3];                 /* "R1" to "R4", "I1", "I2"; empty: the name does not say */
	uint32_t lane, set;           /* 0: the name does not say */
};

/* Takes a path or a name; only what is behind the last slash counts. */
void name_parse(const char *path, struct name_parts *ret);

/* In the order of people: by sample (runs of digits as numbers), lane, read, set. */
int name_order(const struct name_parts *a, const struct name_parts *b);
