/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inputs of one name from different folders, as run1/s.fastq.gz and run2/s.fastq.gz: with an output folder D their results go into
 * folders below it, D/run1 and D/run2: the part of an input's folder that is below the longest folder which all inputs of its name share.
 */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/rules.h"

struct apart_item {
	char *path;
	char *name;       /* NAME of NAME_fastqc.zip */
	char *folder;     /* of the path, in full */
	size_t below;     /* what of it names the folder for results begins here */
};

/* All zero bytes: none. Items by path. */
struct output_apart {
	struct apart_item *items;
	size_t n;
};

/* Of all inputs of one call. 0 or -ENOMEM. */
int output_apart_find(struct output_apart *apart, const char *const *paths, size_t n, enum compat compat);
void output_apart_deinit(struct output_apart *apart);

/* The folder below that of the results, or "". */
const char *output_apart_of(const struct output_apart *apart, const char *path);

/* Makes that folder, and those above it, below `folder`. 0 or negative with a sentence. */
int output_apart_make(const struct output_apart *apart, const char *folder, const char *path, struct error *err);
