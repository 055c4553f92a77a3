/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of nodes as people of clusters write them: "node[01-04,07]". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HOSTLIST_NAMES_MAX 256 /* of a text that are folded; those behind are counted */

/*
 * Folds names: those that differ in the number at their end alone come together, in order, each once. What does not fit into size bytes is
 * left out from some whole name on, and the end says how many names that are: "node[01-04],+13". Returns out. Without memory: "+13".
 */
char *hostlist_fold_names(char *out, size_t size, const char *const *names, size_t n);

/*
 * The same of a text with commas between. cut: the last name may be a part of one and is left out, nobody knows how many there were, and
 * "..." says so. One that is folded already stays as it is.
 */
char *hostlist_fold(char *out, size_t size, const char *names, bool cut);
