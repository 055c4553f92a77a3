/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of a group (one sample on several lanes) as one file that comes out as `cat` of them would: what each module's numbers depend
 * on besides the reads, and what becomes of the counters of a file that was counted for itself when others come before it.
 *
 *     lengths, sums and tables of qualities, bases, scores, adapters   nothing: added
 *     gc           doubles are added in the order of reads             counted again; its segments are folded in, files in order
 *     tiles        0.12.1: the first 10,000 reads, then every tenth;   counted again, unless none of its reads is sampled in the group;
 *                  the first sampled read tells where a name has it    the group's number of reads before it is known then
 *     k-mers       every 50th read                                     the same
 *     sequences    the first 100,000 different ones are tracked, of    a file with fewer than 100,000: added. Otherwise its first
 *                  all reads                                           100,000 in order (with the ordinals of their first reads) tell
 *                                                                      which join the group's; counted again by the group's list
 *
 * So a group is an assembly (assembly.h) whose slices are whole files: the first one as it is, each other one after counters_follow().
 * What lacked something is told by assembly_again(), is counted by an assembly of its own that begins behind the files before
 * (assembly_new_at() with assembly_again_prior()), and is patched in, in the order of the files. Where a file ends a record ends,
 * also where `cat` would join two lines because the last one has no end.
 */
#pragma once

#include "lib/qc/counters.h"

/* Modules that may have to be counted again for a file that follows others. */
#define COUNT_FOLLOWING (COUNT_ORDERED | COUNT_GC)

/*
 * The counters of a whole file, counted with prior.ordinals, become those of a file behind others: they can only be taken by an
 * assembly then. 0, or -EINVAL where they are not such counters.
 */
int counters_follow(struct counters *counters);
