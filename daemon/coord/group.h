/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of groups of files (core_group.c): an assembly (lib/qc/follow.h) of the results of its members, which the store has, and
 * of those of their second counts.
 */
#pragma once

#include "daemon/coord/context.h"

/*
 * What lies before a second count's first slice, by its row; tracked is the caller's to free. It takes members' results from the first on
 * until the tracked sequences are complete, where the row's modules need them. 0 or negative with a sentence.
 */
int group_begin(struct store *store, const struct coord *coord, const struct job_row *job, const struct file_row *second, struct prior *ret,
                struct error *err);

/*
 * All members, and the second counts that are there. What is still to be counted again is told by *ret_lacks of the assembly's list, whose
 * last entries they are: nothing behind the first one that is not there is patched. *ret_records: reads of all members.
 */
int group_assemble(struct store *store, const struct coord *coord, const struct job_row *job, const struct file_row *group,
                   struct assembly **ret, uint64_t *ret_records, struct error *err);

/* The group's result is saved: those of its second counts go. */
int group_forget(struct store *store, const struct file_row *group, struct error *err);
