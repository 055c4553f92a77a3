/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of reads by their share of G and C, as FastQC counts it (FASTQC.md section 1.6): each read of
 * truncated length L adds 1/c, a double, to each of the percentages that it claims, in the order of the file. The
 * sums are exact: the same doubles as those additions give, however the file was cut (section 2.4).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GC_BINS 101

struct gc;

/* The sums, by per cent. False: these are not the counters of a file from its beginning, which alone have sums. */
bool gc_bins(const struct gc *gc, double ret[GC_BINS]);

int gc_follow(void *state); /* follow.h */
