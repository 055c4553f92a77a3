/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of nodes as people of clusters write them: "node[01-04,07]". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HOSTLIST_NAMES_MAX 256 /* that are folded; those behind stay away, and "..." says so */

/*
 * Folds names with commas between: those that differ in the number at their end alone come together, in order, each once. cut: the
 * last name may be a part of one and is left out; "..." stands for it. What does not fit into size bytes ends in "..." too.
 * Returns out.
 */
char *hostlist_fold(char *out, size_t size, const char *names, bool cut);
