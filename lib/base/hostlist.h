/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of nodes as people of clusters write them: "node[01-04,07]". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

#define HOSTLIST_NAMES_MAX 256 /* of a text that are folded; those behind are counted */
#define HOSTLIST_TEXT_MAX 2048
#define HOSTLIST_UNFOLD_MAX 4096
#define HOSTLIST_UNFOLD_MAX_TEXT "4096"

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

/*
 * The names of "node[01-04,07],login", a NULL at their end, for hostlist_free(): what is folded above, and as Slurm has it brackets
 * also in the middle (rack[1-2]n[1-8]). Numbers are as wide as the first one of their range. -EINVAL with a sentence: it is no such list,
 * it tells of names that were left out, or it has more than HOSTLIST_UNFOLD_MAX.
 */
int hostlist_unfold(const char *text, char ***ret, struct error *err);
char **hostlist_free(char **names); /* returns NULL */
